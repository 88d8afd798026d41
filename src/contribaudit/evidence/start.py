"""00-START.html and 00-START.xlsx, the first two files in a folder; both list open findings first.

Both are made from report.json, findings.csv and the manifest alone, so that `verify` can remake them.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources
from operator import itemgetter
from typing import TYPE_CHECKING, Any, BinaryIO, TextIO

from contribaudit.core.model.finding import Outcome, Severity
from contribaudit.core.model.phrases import grouped
from contribaudit.evidence.controls import RANK, ByControl, Control, order, split
from contribaudit.evidence.readme import About
from contribaudit.exporters.report_v1 import FindingV1, reading_order
from contribaudit.exporters.text import Cell, called, csp_digest, safe_text, value_text
from contribaudit.exporters.xlsx import Page, write_pages

if TYPE_CHECKING:
    from jinja2 import Template

PAGE, BOOK = "00-START.html", "00-START.xlsx"
MOST_ON_PAGE = 500
"""Open findings on the page; the workbook has up to MOST_IN_BOOK, findings.csv all."""
MOST_IN_BOOK = 10_000
COLUMNS = (
    "outcome", "severity", "check_id", "check_title", "subject", "expected", "observed", "reason", "remediation",
    "owner", "due_on", "controls", "waiver_reason", "waiver_expires", "attestation_id", "evidence_file",
    "evidence_sha256", "finding_id",
)  # fmt: skip
_CONTROLS = COLUMNS.index("controls")
INDEX = (
    "framework", "control", "state", "open", "fail", "unverified", "waived", "pass", "other", "checks", "check_titles",
)  # fmt: skip


Basis = Callable[[FindingV1], tuple[Cell, str]]
"""Gets the due date of a finding and the file that it rests on."""


class _WorstFindings:
    """The worst MOST_IN_BOOK of the findings that were added; few are in memory, however many are added."""

    def __init__(self) -> None:
        self.number = 0
        """How many findings were added."""
        self._kept: list[tuple[tuple[Any, ...], FindingV1]] = []
        """Each with its sort key, the worst first."""

    def add(self, finding: FindingV1) -> None:
        self.number += 1
        rank = RANK[Outcome(finding["outcome"])], Severity(finding["severity"]).rank
        key = (*rank, *reading_order(finding))
        if len(self._kept) < MOST_IN_BOOK or key < self._kept[-1][0]:
            insort(self._kept, (key, finding), key=itemgetter(0))
            del self._kept[MOST_IN_BOOK:]

    def findings(self) -> list[FindingV1]:
        """The findings kept, worst outcome first, then by severity, check and subject."""
        return [one for _, one in self._kept]


class Start:
    """Takes the findings of a report one by one and keeps what the two files show."""

    def __init__(self) -> None:
        self.counted = ByControl()
        self._open, self._waived = _WorstFindings(), _WorstFindings()

    def take(self, finding: FindingV1) -> None:
        """Count the finding, and keep it if it is open or waived and among the most severe."""
        outcome = Outcome(finding["outcome"])
        self.counted.take(
            finding["check"], finding["title"], Severity(finding["severity"]), outcome.value, finding["controls"]
        )
        if outcome.is_open:
            self._open.add(finding)
        elif outcome is Outcome.WAIVED:
            self._waived.add(finding)

    def taking(self, findings: Iterable[FindingV1]) -> Iterator[FindingV1]:
        """Yield the findings unchanged, and take each one on the way."""
        for one in findings:
            self.take(one)
            yield one

    def shown(self, about: About, basis: Basis) -> StartContents:
        """The contents of the two files for a folder with these facts."""
        rows, waived = ([_row(one, *basis(one)) for one in group.findings()] for group in (self._open, self._waived))
        return StartContents(about, rows, self._open.number, waived, self.counted.controls())

    @property
    def ids(self) -> set[str]:
        """IDs of the findings that are shown."""
        return {one["id"] for group in (self._open, self._waived) for one in group.findings()}


@dataclass(frozen=True, slots=True)
class StartContents:
    """The contents of the two start files."""

    about: About
    open: list[tuple[Cell, ...]]
    """Findings that fail or are not verified, one row each with the cells of COLUMNS."""
    number: int
    """The number of open findings, including those without a row."""
    waived: list[tuple[Cell, ...]]
    controls: list[Control]
    """Every control that a check of this run bears on, framework by framework."""


def _row(finding: FindingV1, due_on: Cell, evidence_file: str) -> tuple[Cell, ...]:
    first = finding["evidence"][0] if finding["evidence"] else None
    waiver = finding["waiver"]
    return (
        Outcome(finding["outcome"]).words,
        finding["severity"],
        finding["check"],
        finding["title"],
        called(finding["subject"]),
        value_text(finding["expected"]) if finding["expected"] is not None else None,
        value_text(finding["observed"]) if finding["observed"] is not None else None,
        finding["reason"],
        finding["remediation"],
        finding["owner"],
        due_on,
        "; ".join(finding["controls"]),
        waiver["reason"] if waiver else None,
        waiver["expires"] if waiver else None,
        first["attestation_id"] if first else None,
        evidence_file,
        first["sha256"] if first else None,
        finding["id"],
    )


def write_book(shown: StartContents, out: BinaryIO) -> None:
    """Write the workbook: facts, open findings, the same by control, an index of controls, and waived findings."""
    about = shown.about
    guide = [
        ("Sheet: open", "what fails or is not verified, the worst first"),
        ("Sheet: open by control", "the same, once for each control that the check bears on"),
        (
            "Sheet: controls",
            "every control with the outcomes of its findings; nothing open does not mean that the control is met",
        ),
        ("Sheet: waived", "what somebody accepted"),
        ("All findings", "findings.csv; this workbook holds what is open and what is waived"),
        ("To check the folder", "README.txt"),
    ]
    if shown.number > MOST_IN_BOOK:
        guide.append(
            ("Cut", f"{MOST_IN_BOOK:,} of {shown.number:,} open findings are here; findings.csv has all of them")
        )
    pages = [
        Page("start", ("what", "value"), [*about.facts(), ("Verdict", about.verdict), *guide]),
        Page("open", COLUMNS, shown.open),
        Page("open by control", ("framework", "control", *COLUMNS), _row_per_control(shown.open)),
        Page("controls", INDEX, map(_index, shown.controls)),
        Page("waived", COLUMNS, shown.waived),
    ]
    run = about.head["run"]
    created = datetime.fromisoformat(run["finished_at"])
    write_pages(out, pages, title=f"contribaudit, run {run['id']}", created=created, wrap=True)


def _row_per_control(rows: list[tuple[Cell, ...]]) -> Iterator[tuple[Cell, ...]]:
    places: dict[str, list[int]] = {}
    for number, row in enumerate(rows):
        for control in str(row[_CONTROLS]).split("; ") if row[_CONTROLS] else ():
            places.setdefault(control, []).append(number)
    left = MOST_IN_BOOK
    for control in sorted(places, key=order):
        for number in places[control][:left]:
            yield (*split(control), *rows[number])
        left = max(left - len(places[control]), 0)


def _index(one: Control) -> tuple[Cell, ...]:
    passed, waived = one.count(Outcome.PASS), one.count(Outcome.WAIVED)
    other = one.counts.total() - one.fails - one.unverified - passed - waived
    numbers = (one.fails + one.unverified, one.fails, one.unverified, waived, passed, other)
    return (one.framework, one.control, one.state, *numbers, ", ".join(one.checks), "; ".join(one.titles))


def write_page(shown: StartContents, files: Mapping[str, str], out: TextIO) -> None:
    """Write the page. `files` maps the names in the folder to descriptions."""
    style, verdict = _read_asset("start.css"), shown.about.verdict
    rows, waived = ([_texts(row) for row in some[:MOST_ON_PAGE]] for some in (shown.open, shown.waived))
    stream = _template().stream(
        facts=shown.about.facts(),
        verdict=verdict,
        word=verdict.partition(" ")[0].strip(":").casefold(),
        rows=rows,
        more=shown.number - len(rows),
        number=shown.number,
        frameworks=grouped(shown.controls, lambda one: one.framework),
        waived=waived,
        files=files,
        style=style,
        policy=f"default-src 'none'; style-src '{csp_digest(style)}'; base-uri 'none'; form-action 'none'",
    )
    out.writelines(stream)


def _texts(row: tuple[Cell, ...]) -> dict[str, str]:
    return {name: "" if cell is None else safe_text(str(cell)) for name, cell in zip(COLUMNS, row, strict=True)}


def _read_asset(name: str) -> str:
    return resources.files("contribaudit.evidence").joinpath(name).read_text(encoding="utf-8")


@cache
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(_read_asset("start.html.jinja"))
