"""HTML: one file that holds everything and fetches nothing; the overview, plots, and a list of findings to filter.

`page.html.jinja` is the page, `report.css` how it looks, `report.js` the list; a Content-Security-Policy with their
digests lets no other style or script run. Without script it shows the overview and what fails or is unverified. The
findings are a JSON block of rows, in which a text that recurs is written once. Plots are inline SVG: stacked bars of
five groups of outcomes, told apart by pattern as well as colour.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, TextIO

from contribaudit.core.model.finding import Outcome, Severity
from contribaudit.exporters.report_v1 import FindingV1, JsonValue, ReportV1
from contribaudit.exporters.summary import Overview, gravest_first, group, label, told, words
from contribaudit.exporters.text import display, safe_text

if TYPE_CHECKING:
    from jinja2 import Template

_CHUNK = 500
_UNSAFE = re.compile("[<>&]")
SEVERITIES = [one.value for one in Severity]
OUTCOMES = [one.value for one in Outcome]


class Texts:
    """Texts by number, in the order in which they were first needed."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def __call__(self, text: str | None) -> int:
        """The text's number; None is the empty text."""
        clean = "" if text is None else text
        return self.numbers.setdefault(clean, len(self.numbers))


def chunks(findings: Iterable[FindingV1], document: ReportV1) -> Iterator[str]:
    """The block's text, piece by piece; `<`, `>` and `&` are escaped, so that it can stand inside a script element."""
    texts, new = Texts(), frozenset(document["newly"])
    called = {one["id"]: one["name"] for one in document["organizations"]}
    head = {
        "severities": SEVERITIES,
        "outcomes": [words(one) for one in OUTCOMES],
        "groups": [group(one) for one in OUTCOMES],
    }
    yield json.dumps(head)[:-1] + ', "rows": ['
    rows: list[str] = []
    before = "\n"
    for one in findings:
        rows.append(safe(json.dumps(_row(one, texts, called, one["id"] in new), separators=(",", ":"))))
        if len(rows) == _CHUNK:
            yield before + ",\n".join(rows)
            rows, before = [], ",\n"
    yield (before + ",\n".join(rows) if rows else "") + '\n], "texts": '
    yield safe(json.dumps([safe_text(text, keep_lines=True) for text in texts.numbers])) + "}"


def safe(text: str) -> str:
    """ASCII JSON without a character that HTML knows."""
    return _UNSAFE.sub(lambda match: f"\\u{ord(match.group()):04x}", text)


def _value(value: JsonValue) -> str:
    return display(tuple(value) if isinstance(value, list) else value)


def _row(one: FindingV1, texts: Texts, called: dict[str, str], new: bool) -> list[object]:
    """In the order of COLUMNS in report.js."""
    subject, waiver = one["subject"], one["waiver"]
    return [
        one["id"],
        texts(safe_text(one["check"])),
        texts(one["title"]),
        SEVERITIES.index(one["severity"]),
        OUTCOMES.index(one["outcome"]),
        OUTCOMES.index(one["underlying_outcome"]),
        int(one["fragile"]) + 2 * int(new),
        texts(called.get(one["organization"]) or one["organization"] or "company"),
        label(subject),
        safe_text(subject["name"]),
        safe_text(subject["id"]),
        texts(subject["kind"]),
        texts(subject["site"]),
        texts(subject["app"]),
        texts(one["setting"]),
        texts(_value(one["expected"])),
        texts(_value(one["observed"])),
        texts(one["reason"]),
        texts(one["reason_code"]),
        texts(one["due_at"]),
        texts(one["remediation"]),
        texts(one["console_path"]),
        texts(", ".join(one["controls"])),
        [
            [
                texts(seen["grade"]),
                texts(seen["source"]),
                texts(seen["observed_at"]),
                texts(seen["attested_by"]),
                texts(seen["confirmed_by"]),
                seen["sha256"],
            ]
            for seen in one["evidence"]
        ],
        None
        if waiver is None
        else [texts(waiver["reason"]), texts(waiver["approved_by"]), texts(waiver["ticket"]), texts(waiver["expires"])],
    ]


GROUPS: dict[str, tuple[str, ...]] = {
    "fail": ("fail", "conflict"),
    "not achievable": ("not_achievable",),
    "unverified": ("unknown", "stale"),
    "settled": ("waived", "exempt", "pending", "not_yet_effective"),
    "pass": ("pass",),
}
"""What no app has is left out, as among what applies."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One piece of a bar; places are percent of the widest bar."""

    group: str
    number: int
    start: float
    width: float

    @property
    def style(self) -> str:
        """The class that paints it."""
        return f"bar-{self.group.replace(' ', '-')}"


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar with what it is of."""

    title: str
    total: int
    segments: tuple[Segment, ...]

    @property
    def told(self) -> str:
        """The bar in words."""
        return ", ".join(f"{one.number} {one.group}" for one in self.segments) or "nothing applies"


def bars(counts: Iterable[tuple[str, Counter[str]]]) -> list[Bar]:
    """A bar for each title, as long as it has findings that apply, the longest over the whole width."""
    grouped = [
        (title, {name: sum(counter[one] for one in outcomes) for name, outcomes in GROUPS.items()})
        for title, counter in counts
    ]
    widest = max((sum(groups.values()) for _, groups in grouped), default=0) or 1
    return [_bar(title, groups, widest) for title, groups in grouped]


def _bar(title: str, groups: dict[str, int], widest: int) -> Bar:
    segments: list[Segment] = []
    start = 0.0
    for name, number in groups.items():
        if number:
            width = 100 * number / widest
            segments.append(Segment(name, number, round(start, 3), round(width, 3)))
            start += width
    return Bar(title, sum(groups.values()), tuple(segments))


MOST_WITHOUT_SCRIPT = 500
MOST_TASKS = 8
MOST_CHANGES = 50
_PIECES = 200


def write(document: ReportV1, out: TextIO) -> None:
    """The page, UTF-8."""
    out.writelines(pieces(document))


def pieces(document: ReportV1) -> Iterator[str]:
    """The same, piece by piece."""
    from markupsafe import Markup

    style, script = _text("report.css"), _text("report.js")
    about = Overview(document)
    ordered = gravest_first(document["findings"])
    wrong = [one for one in ordered if group(one["outcome"]) < 2]
    stream = _template().stream(
        document=document,
        about=about,
        called=defaultdict(str, {one["id"]: one["name"] for one in document["organizations"]}),
        family_bars=bars(about.by_family()),
        severity_bars=bars(about.by_severity()),
        wrong=wrong[:MOST_WITHOUT_SCRIPT],
        hidden=max(0, len(wrong) - MOST_WITHOUT_SCRIPT),
        most_tasks=MOST_TASKS,
        most_changes=MOST_CHANGES,
        new=frozenset(document["newly"]),
        # Ours alone: everything else on the page is escaped.
        style=Markup(style),  # noqa: S704
        script=Markup(script),  # noqa: S704
        chunks=map(Markup, chunks(ordered, document)),
        policy=f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
        "base-uri 'none'; form-action 'none'",
    )
    stream.enable_buffering(_PIECES)
    yield from stream


@cache
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    environment.filters |= {"words": words, "label": label, "plain": safe_text, "told": told}
    return environment.from_string(_text("page.html.jinja"))


def _text(name: str) -> str:
    return resources.files(__name__).joinpath(name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
