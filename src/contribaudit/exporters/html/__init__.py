"""HTML for an auditor: one self-contained file with title, map, answers, list of findings and sign-off.

`page.html.jinja` is the page, `report.css` its style, `report.js` the list; a Content-Security-Policy with their
digests blocks any other style or script. Without script the page shows everything but the list, of which it then shows
what fails or is unverified. The findings are a JSON block (`rows.py`). Colour is never the only sign: bars and cells
have a pattern or a character too.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import chain
from typing import TYPE_CHECKING

from contribaudit import checks
from contribaudit.core.model.phrases import and_more, counted
from contribaudit.exporters import csv_evidence
from contribaudit.exporters.html.answers import (
    GROUPS,
    NAMED,
    apps_by_location,
    attestations,
    by_deed,
    known,
    parts,
    sections,
    some,
    waivers,
)
from contribaudit.exporters.html.picture import drawing
from contribaudit.exporters.html.rows import FindingSets, chosen, chunks
from contribaudit.exporters.json_v1 import report_digest
from contribaudit.exporters.report_v1 import ReportV1
from contribaudit.exporters.saved import map_of
from contribaudit.exporters.site_map import LETTERS, MEANINGS
from contribaudit.exporters.summary import QUESTIONS, Overview
from contribaudit.exporters.tally import most_severe_first
from contribaudit.exporters.text import called, csp_digest, group, label, safe_text, words

if TYPE_CHECKING:
    from jinja2 import Template


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment of a bar; `start` and `width` are percentages of the widest bar."""

    group: str
    number: int
    start: float
    width: float


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of outcomes with its title."""

    title: str
    total: int
    segments: tuple[Segment, ...]

    @property
    def in_words(self) -> str:
        """The bar in words."""
        return ", ".join(f"{one.number} {one.group}" for one in self.segments) or "nothing applies"


def bars(counts: Iterable[tuple[str, Counter[str]]]) -> list[Bar]:
    """A bar for each title, proportional to the number of applicable findings; the longest has the whole width."""
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
MOST_TASKS = 20
"""Steps that are shown on the page and in print; the rest is folded."""
MOST_CHANGES = 50
MOST_ROWS = 100
"""The most rows of attestations, and of waivers."""
MOST_REASONS = 4
"""The most reasons listed for the open findings of one check."""
_PIECES = 200


def findings_digest(document: ReportV1) -> str:
    """SHA-256 (hex) of the findings as `--format csv` writes them; the table of an evidence folder has more columns."""
    digest = hashlib.sha256()
    sheet = csv_evidence.FINDINGS
    for line in csv_evidence.lines(chain([sheet.columns], sheet.rows(document))):
        digest.update(line.encode())
    return digest.hexdigest()


def pieces(document: ReportV1) -> Iterator[str]:
    """The page, piece by piece."""
    from markupsafe import Markup

    about, digest = Overview(document), report_digest(document)
    style = _read_asset("report.css") + _on_each_sheet(document["run"]["id"], digest)
    script = _read_asset("report.js")
    ordered = most_severe_first(document["findings"])
    wrong = [one for one in ordered if group(one["outcome"]) < 2]
    sets = FindingSets()
    organizations = {one["id"]: one["name"] for one in document["organizations"]}
    families = about.families | {key: title for key, title in QUESTIONS.items() if key in about.families}
    chapters = sections(ordered, about.chapter)
    stream = _template().stream(
        document=document,
        about=about,
        digest=digest,
        findings_digest=findings_digest(document),
        sets=sets,
        picture=drawing(map_of(document["map"]), organizations),
        letters=LETTERS,
        meanings=MEANINGS,
        sections=chapters,
        checks_of=defaultdict(list, {one.family: [answer.check for answer in one.answers] for one in chapters}),
        waivers=waivers(document),
        attestations=attestations(document),
        held=apps_by_location(document),
        processors=document["subprocessors"],
        called_org=defaultdict(str, organizations),
        families=families,
        family_bars=bars(zip(families.values(), (counts for _, counts in about.by_family()), strict=True)),
        severity_bars=bars(about.by_severity()),
        wrong=wrong[:MOST_WITHOUT_SCRIPT],
        hidden=max(0, len(wrong) - MOST_WITHOUT_SCRIPT),
        most_tasks=MOST_TASKS,
        most_changes=MOST_CHANGES,
        most_rows=MOST_ROWS,
        most_reasons=MOST_REASONS,
        most_named=NAMED,
        slugs=defaultdict(str, {one.id: one.slug for one in checks.ALL}),
        # Only our own files are marked safe; everything else on the page is escaped.
        style=Markup(style),  # noqa: S704
        script=Markup(script),  # noqa: S704
        chunks=map(Markup, chunks(ordered, document, sets)),
        policy=f"default-src 'none'; style-src '{csp_digest(style)}'; script-src '{csp_digest(script)}'; "
        "base-uri 'none'; form-action 'none'",
    )
    stream.enable_buffering(_PIECES)
    yield from stream


def _on_each_sheet(run: int, digest: str) -> str:
    """Style that prints run and digest at the bottom of every sheet. Both are safe: a number, and hex digits."""
    return (
        f'\n@page {{ @bottom-left {{ content: "contribaudit run {run:d} \\b7  report SHA-256 {digest}"; }}'
        ' @bottom-right { content: "page " counter(page) " of " counter(pages); } }\n'
    )


@cache
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    environment.filters |= {
        "words": words, "label": label, "called": called, "plain": safe_text, "some": some,
        "counted": counted, "parts": parts, "by_deed": by_deed,
        "minute": _minute, "day": lambda moment: moment[:10],
    }  # fmt: skip
    environment.globals |= {"chosen": chosen, "and_more": and_more, "known": known}
    return environment.from_string(_read_asset("page.html.jinja"))


def _minute(moment: str) -> str:
    """The time "2026-11-21T08:00:00Z" as people read it: "2026-11-21 08:00 UTC"."""
    return f"{moment[:10]} {moment[11:16]} UTC"


def _read_asset(name: str) -> str:
    return resources.files(__name__).joinpath(name).read_text(encoding="utf-8")
