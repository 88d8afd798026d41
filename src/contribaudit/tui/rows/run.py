"""The progress of a run, and what is new when it is done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import ceil
from time import monotonic

from rich.text import Text

from contribaudit.core.model.finding import Finding
from contribaudit.core.model.several import and_more, counted
from contribaudit.core.resolve.aliases import alias_of
from contribaudit.exporters.changed import happenings
from contribaudit.exporters.text import safe_text
from contribaudit.tui.rows.signs import outcome_sign, severity_sign
from contribaudit.tui.source import Board
from contribaudit.tui.widgets.grid import Column

COLUMNS = (
    Column("organization", 16, drop_below=100),
    Column("source", 22),
    Column("state", 9),
    Column("entries", 17),
    Column("pages", 5),
    Column("seconds", 7, drop_below=90),
    Column("problem", 20, flexible=True),
)
_STATES = {
    "reading": ("reading", "bold"),
    "ok": ("read", "green"),
    "partial": ("PARTIAL", "yellow"),
    "failed": ("FAILED", "bold red"),
}
_MOST_SHOWN = 12


@dataclass(slots=True)
class Reading:
    """One collector of one organization."""

    organization: str
    collector: str
    began: float
    state: str = "reading"
    """ "reading", "ok", "partial" or "failed"."""
    read: int = 0
    announced: int | None = None
    pages: int = 0
    ended: float | None = None
    reason: str = ""


@dataclass(slots=True)
class Watch:
    """A `Progress` that keeps what it is told, from whichever thread; a screen looks at it now and then."""

    clock: Callable[[], float] = monotonic
    readings: dict[tuple[str, str], Reading] = field(default_factory=dict)
    waits: dict[str, tuple[float, str]] = field(default_factory=dict)
    """By call: until when, and why."""
    waited: int = 0
    """How often the API asked to wait, or a try failed."""

    def collector_started(self, organization: str, collector: str) -> None:
        """A line more."""
        self.readings[organization, collector] = Reading(organization, collector, self.clock())

    def page_read(self, organization: str, collector: str, read: int, announced: int | None) -> None:
        """Its line counts on."""
        one = self.readings.get((organization, collector))
        if one is not None:
            one.read, one.announced, one.pages = read, announced, one.pages + 1

    def waiting(self, call: str, seconds: float, reason: str) -> None:
        """A line below the others until the time is over."""
        self.waited += 1
        self.waits[call] = (self.clock() + seconds, reason)

    def collector_broke(self, organization: str, collector: str, error: Exception) -> None:
        """What it says follows with its end."""

    def collector_finished(self, organization: str, collector: str, status: str, reason: str) -> None:
        """Its line says how it ended."""
        one = self.readings.get((organization, collector))
        if one is not None:
            one.state, one.reason, one.ended = str(status), reason, self.clock()


def ordered(watch: Watch) -> list[Reading]:
    """By organization, in the order in which they began."""
    return sorted(watch.readings.values(), key=lambda one: one.organization)


def cells(one: Reading, name: str, now: float) -> list[Text]:
    """One line of the run."""
    said, style = _STATES.get(one.state, (one.state, ""))
    entries = f"{one.read:,}" if one.announced is None else f"{one.read:,} of {one.announced:,}"
    return [
        Text(safe_text(name)),
        Text(safe_text(one.collector)),
        Text(said, style),
        Text(entries, justify="right"),
        Text(str(one.pages)),
        Text(f"{(one.ended or now) - one.began:.0f}"),
        Text(safe_text(one.reason)),
    ]


def waits(watch: Watch, now: float) -> Text:
    """What is waited for, and for how long still."""
    said = Text()
    for call, (until, reason) in sorted(watch.waits.items()):
        if until > now:
            told = reason if call in reason else f"{call}: {reason}"
            said.append(f"waiting {ceil(until - now)} s  ", "bold yellow").append(f"{safe_text(told)}\n")
    return said


def counts(watch: Watch, seconds: float) -> Text:
    """How far the run is."""
    readings = list(watch.readings.values())  # at once: another thread adds to them
    states = Counter(one.state for one in readings)
    pages = sum(one.pages for one in readings)
    done = len(readings) - states["reading"]
    said = Text(f"{done} of {len(readings)} readings done, {counted(pages, 'page')}, {seconds:.0f} s")
    if watch.waited:
        said.append(f", waited {counted(watch.waited, 'time')}", "yellow")
    if states["failed"] or states["partial"]:
        said.append(f", {states['failed']} failed, {states['partial']} partial", "bold red")
    return said


@dataclass(frozen=True, slots=True)
class News:
    """What a run brought that was not there before."""

    worse: tuple[Finding, ...]
    """Fails or is unverified, with another outcome than before, gravest first."""
    better: tuple[Finding, ...]
    """Failed or was unverified before, and not any more."""
    changes: int
    requests: int


def news(before: Board | None, after: Board) -> News:
    """What is new of a board, against the one that was shown before the run."""
    was = {one.id: one.outcome for one in before.report.findings} if before is not None else {}
    worse, better = [], []
    for one in after.report.findings:
        old = was.get(one.id)
        if before is None or old is one.outcome:
            continue
        if one.outcome.violates or one.outcome.unproven:
            worse.append(one)
        elif old is not None and (old.violates or old.unproven):
            better.append(one)
    collections = [each for place in after.report.state.looked_at for each in place.collections.values()]
    return News(
        tuple(sorted(worse, key=lambda one: one.severity.rank)),
        tuple(sorted(better, key=lambda one: one.severity.rank)),
        len(happenings(after.report.changes)),
        sum(one.requests for one in collections),
    )


def told(found: News, before: Board | None, after: Board) -> Text:
    """The news in words."""
    report = after.report
    said = Text().append(f"Run #{report.run.id} is saved. ", "bold").append(report.headline, "bold")
    said.append(f"   {counted(found.requests, 'request')}\n" if found.requests else "\n")
    if not report.run.complete:
        said.append("Not everything could be read: what is missing counts as unknown.\n", "yellow")
    if before is None:
        said.append("This is the first run shown here: everything is new.\n")
        return said
    said.append(f"{counted(found.changes, 'change')} since the previous run.\n")
    _list(said, report_words("Newly failing or unverified", found.worse), found.worse, before, after)
    _list(said, report_words("No longer failing or unverified", found.better), found.better, before, after)
    if not found.worse and not found.better:
        said.append("No finding changed.\n")
    return said


def report_words(what: str, found: Sequence[Finding]) -> str:
    """A heading with its count."""
    return f"{what}: {counted(len(found), 'finding')}"


def _list(said: Text, heading: str, found: Sequence[Finding], before: Board, after: Board) -> None:
    if not found:
        return
    was = {one.id: one.outcome for one in before.report.findings}
    said.append(f"\n{heading}\n", "bold")
    for one in found[:_MOST_SHOWN]:
        said.append("  ").append_text(severity_sign(one.severity)).append(f"  {one.check}  ")
        said.append(f"{safe_text(alias_of(after.report.state, one.subject))}: ")
        said.append_text(outcome_sign(was[one.id]) if one.id in was else Text("new", "bold"))
        said.append(" -> ").append_text(outcome_sign(one.outcome)).append("\n")
    if len(found) > _MOST_SHOWN:
        said.append(f"  {and_more(len(found) - _MOST_SHOWN, 'f, then is:new')}\n", "dim")
