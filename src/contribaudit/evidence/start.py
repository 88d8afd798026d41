"""00-START.html and 00-START.xlsx: the first two files that whoever opens a folder sees; what is open comes first.

Both are made from the same rows as the CSV files, and hold nothing that those do not.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, BinaryIO, TextIO

from contribaudit.core.model.finding import Finding, Outcome
from contribaudit.core.resolve.aliases import called
from contribaudit.evidence.dossier import Dossier
from contribaudit.evidence.sheets.controls import RANK, by_control, order, split
from contribaudit.evidence.sheets.findings import basis, due_dates
from contribaudit.exporters.text import Cell, display, rfc3339, safe_text
from contribaudit.exporters.xlsx import Page, write_pages

if TYPE_CHECKING:
    from jinja2 import Template

PAGE, BOOK = "00-START.html", "00-START.xlsx"
MOST_ON_PAGE = 500
"""Open findings on the page; the workbook and findings.csv hold the rest."""
MOST_IN_BOOK = 10_000
COLUMNS = (
    "outcome", "severity", "check_id", "check_title", "subject", "expected", "observed", "reason", "remediation",
    "owner", "due_on", "controls", "waiver_reason", "waiver_expires", "attestation_id", "evidence_file",
    "evidence_sha256", "finding_id",
)  # fmt: skip
INDEX = (
    "framework", "control", "state", "open", "fail", "unverified", "waived", "pass", "other", "checks", "check_titles",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Control:
    """What the run says of one control: how many findings of the checks that bear on it came out how."""

    framework: str
    control: str
    counts: Counter[str]
    checks: tuple[str, ...]
    titles: tuple[str, ...]

    def count(self, *outcomes: Outcome) -> int:
        """How many came out as one of these."""
        return sum(self.counts[one.value] for one in outcomes)

    @property
    def fails(self) -> int:
        """How many fail, are in conflict or not achievable."""
        return sum(self.counts[one.value] for one in Outcome if one.violates)

    @property
    def unverified(self) -> int:
        """How many are unknown or stale."""
        return sum(self.counts[one.value] for one in Outcome if one.unproven)

    @property
    def state(self) -> str:
        """The worst word of it; "nothing open" never means that the control is met."""
        return "fail" if self.fails else "unverified" if self.unverified else "nothing open"


class Start:
    """Everything that the two files show. Texts have people replaced where the folder has no names."""

    def __init__(self, dossier: Dossier, held: Collection[str]) -> None:
        """`held` are the digests of the raw answers in the folder."""
        self.dossier, self._held, self._due = dossier, held, due_dates(dossier)

    def open(self) -> list[Finding]:
        """What fails or is not verified: by outcome, the worst first, then by severity, check and subject."""
        found = [one for one in self.dossier.report.findings if one.outcome.violates or one.outcome.unproven]
        return sorted(found, key=self._order)

    def settled_by_waiver(self) -> list[Finding]:
        """What somebody accepted."""
        found = [one for one in self.dossier.report.findings if one.outcome is Outcome.WAIVED]
        return sorted(found, key=self._order)

    def _order(self, one: Finding) -> tuple[int, int, str, str, str]:
        return RANK[one.outcome], one.severity.rank, one.check, self.subject(one), one.id

    def subject(self, one: Finding) -> str:
        """What people call it."""
        return called(self.dossier.report.state, one.subject)

    def row(self, one: Finding) -> tuple[Cell, ...]:
        """Its cells, in the order of COLUMNS."""
        first = one.evidence[0] if one.evidence else None
        told: dict[str, Cell] = {
            "evidence_sha256": first.sha256 if first else None,
            "attestation_id": first.attestation_id if first else None,
            "evidence_source": first.source if first else None,
            "reason_code": one.reason_code,
            "setting": one.setting,
        }
        waiver = one.waiver
        cells: tuple[Cell, ...] = (
            one.outcome.words,
            one.severity.value,
            one.check,
            one.title,
            self.subject(one),
            display(one.expected) if one.expected is not None else None,
            display(one.observed) if one.observed is not None else None,
            one.reason,
            one.remediation,
            self.dossier.cast.person(one.owner),
            self._due.get(one.id),
            "; ".join(one.controls),
            waiver.reason if waiver else None,
            waiver.expires if waiver else None,
            told["attestation_id"],
            basis(told, self._held),
            told["evidence_sha256"],
            one.id,
        )
        text = self.dossier.cast.text
        return tuple(text(cell) if isinstance(cell, str) else cell for cell in cells)

    @property
    def verdict(self) -> str:
        """The headline with its threshold."""
        return self.dossier.report.headline

    def controls(self) -> list[Control]:
        """Every control that a check of this run bears on, framework by framework."""
        counts: dict[str, Counter[str]] = {}
        bearing: dict[str, list[tuple[str, str]]] = {}
        for control, check, title, _severity, outcomes in by_control(self.dossier.report):
            counts.setdefault(control, Counter()).update(outcomes)
            bearing.setdefault(control, []).append((check, title))
        return [
            Control(
                *split(control),
                counts[control],
                tuple(check for check, _ in bearing[control]),
                tuple(title for _, title in bearing[control]),
            )
            for control in sorted(counts, key=order)
        ]

    def facts(self) -> list[tuple[str, str]]:
        """What the folder is about: name and value."""
        dossier, report = self.dossier, self.dossier.report
        names = [safe_text(report.state.organization_name(one)) for one in dossier.organizations]
        about = [
            f"{name} ({one})" if name != one else one for name, one in zip(names, dossier.organizations, strict=True)
        ]
        period = f"{rfc3339(dossier.since)} to {rfc3339(dossier.until)}, {len(dossier.runs)} runs"
        runner = report.run.id
        person = dossier.cast.person
        ran = [(person(one.account), person(one.host), one.trigger) for one in dossier.runs if one.id == runner]
        facts = [
            ("Organization", "; ".join(about)),
            ("Run", f"{runner}, {rfc3339(report.run.started_at)} to {rfc3339(report.run.finished_at)}"),
            ("Period", period if dossier.since is not None else "one run"),
            ("Read whole", "yes" if report.run.complete else "no: collection.csv says what was not read, and why"),
            ("Started by", "; ".join(", ".join(filter(None, words)) for words in ran)),
            ("Sites", ", ".join(dossier.sites) or "all"),
            ("Policy", f"{report.policy_name}, SHA-256 {report.policy_sha256}"),
            ("Rulebook", f"{report.state.rulebook.version}, SHA-256 {report.state.rulebook.sha256}"),
            ("Exit code", str(report.run.exit_code)),
        ]
        return [(name, dossier.cast.text(safe_text(value))) for name, value in facts if value]


def write_book(start: Start, out: BinaryIO) -> None:
    """The workbook: what it is about, what is open, the same by control, the index by control, what was accepted."""
    found = start.open()
    facts = [*start.facts(), ("Verdict", start.verdict)]
    guide = [
        ("Sheet: open", "what fails or is not verified, the worst first"),
        ("Sheet: open by control", "the same, once for each control that the check bears on"),
        ("Sheet: controls", "every control with how its findings came out; nothing open never means that it is met"),
        ("Sheet: waived", "what somebody accepted"),
        ("All findings", "findings.csv; this workbook holds what is open and what is waived"),
        ("To check the folder", "README.txt"),
    ]
    if len(found) > MOST_IN_BOOK:
        guide.append(
            ("Cut", f"{MOST_IN_BOOK:,} of {len(found):,} open findings are here; findings.csv has all of them")
        )
    shown = found[:MOST_IN_BOOK]
    pages = [
        Page("start", ("what", "value"), [*facts, *guide]),
        Page("open", COLUMNS, map(start.row, shown)),
        Page("open by control", ("framework", "control", *COLUMNS), _exploded(start, shown)),
        Page("controls", INDEX, map(_index, start.controls())),
        Page("waived", COLUMNS, map(start.row, start.settled_by_waiver()[:MOST_IN_BOOK])),
    ]
    run = start.dossier.report.run
    write_pages(out, pages, title=f"contribaudit, run {run.id}", created=run.finished_at, wrap=True)


def _exploded(start: Start, found: list[Finding]) -> Iterator[tuple[Cell, ...]]:
    pairs = [(order(control), number, control) for number, one in enumerate(found) for control in one.controls]
    for _, number, control in sorted(pairs)[:MOST_IN_BOOK]:
        yield (*split(control), *start.row(found[number]))


def _index(one: Control) -> tuple[Cell, ...]:
    passed, waived = one.count(Outcome.PASS), one.count(Outcome.WAIVED)
    other = one.counts.total() - one.fails - one.unverified - passed - waived
    numbers = (one.fails + one.unverified, one.fails, one.unverified, waived, passed, other)
    return (one.framework, one.control, one.state, *numbers, ", ".join(one.checks), "; ".join(one.titles))


def write_page(start: Start, files: Mapping[str, str], out: TextIO) -> None:
    """The page; `files` are names of the folder with what they hold."""
    found = start.open()
    frameworks: dict[str, list[Control]] = {}
    for one in start.controls():
        frameworks.setdefault(one.framework, []).append(one)
    style = _text("start.css")
    rows, waived = ([_told(start, one) for one in some[:MOST_ON_PAGE]] for some in (found, start.settled_by_waiver()))
    stream = _template().stream(
        facts=start.facts(),
        verdict=start.verdict,
        word=start.verdict.partition(" ")[0].strip(":").casefold(),
        rows=rows,
        more=len(found) - len(rows),
        number=len(found),
        frameworks=frameworks,
        waived=waived,
        files=files,
        style=style,
        policy=f"default-src 'none'; style-src '{_digest(style)}'; base-uri 'none'; form-action 'none'",
    )
    out.writelines(stream)


def _told(start: Start, one: Finding) -> dict[str, str]:
    return {name: _shown(cell) for name, cell in zip(COLUMNS, start.row(one), strict=True)}


def _shown(cell: Cell) -> str:
    if isinstance(cell, (date, datetime)):
        return cell.isoformat()
    return "" if cell is None else safe_text(str(cell))


def _digest(style: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()


def _text(name: str) -> str:
    return resources.files("contribaudit.evidence").joinpath(name).read_text(encoding="utf-8")


@cache
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(_text("start.html.jinja"))
