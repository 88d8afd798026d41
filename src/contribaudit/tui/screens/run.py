"""The Run screen: starts an audit, shows its readings, waits and problems, and then what is new."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import ceil
from time import monotonic
from typing import ClassVar

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.timer import Timer
from textual.widgets import Button, Static
from textual.worker import Worker

from contribaudit.core.model.finding import Finding
from contribaudit.core.model.phrases import and_more, counted
from contribaudit.core.resolve.aliases import called
from contribaudit.errors import ContribauditError, StoreBusy
from contribaudit.exporters.changed import grouped_changes
from contribaudit.exporters.text import safe_text
from contribaudit.tui.files import Sheet
from contribaudit.tui.rows.signs import outcome_sign, severity_sign
from contribaudit.tui.screens.base import BoardScreen
from contribaudit.tui.source import Board
from contribaudit.tui.widgets.grid import Column, Grid

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
    """The progress of one collector for one organization."""

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
    """A `Progress` that records its calls from any thread; the screen reads it at intervals."""

    clock: Callable[[], float] = monotonic
    readings: dict[tuple[str, str], Reading] = field(default_factory=dict)
    waits: dict[str, tuple[float, str]] = field(default_factory=dict)
    """For each call: the end of the wait by `clock`, and the reason."""
    waited: int = 0
    """How often the API asked to wait or an attempt failed."""

    def collector_started(self, organization: str, collector: str) -> None:
        """Add a line for the collector."""
        self.readings[organization, collector] = Reading(organization, collector, self.clock())

    def page_read(self, organization: str, collector: str, read: int, announced: int | None) -> None:
        """Count the page in the collector's line."""
        one = self.readings.get((organization, collector))
        if one is not None:
            one.read, one.announced, one.pages = read, announced, one.pages + 1

    def waiting(self, call: str, seconds: float, reason: str) -> None:
        """Add a wait, shown until its time is over."""
        self.waited += 1
        self.waits[call] = (self.clock() + seconds, reason)

    def collector_broke(self, organization: str, collector: str, error: Exception) -> None:
        """Do nothing: `collector_finished` follows with the reason."""

    def collector_finished(self, organization: str, collector: str, status: str, reason: str) -> None:
        """Record in the collector's line how it ended."""
        one = self.readings.get((organization, collector))
        if one is not None:
            one.state, one.reason, one.ended = str(status), reason, self.clock()


def ordered(watch: Watch) -> list[Reading]:
    """The readings by organization, in the order in which they began."""
    return sorted(watch.readings.values(), key=lambda one: one.organization)


def reading_cells(one: Reading, name: str, now: float) -> list[Text]:
    """The texts of one reading's line."""
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
    """The present waits, each with its remaining seconds."""
    said = Text()
    for call, (until, reason) in sorted(watch.waits.items()):
        if until > now:
            told = reason if call in reason else f"{call}: {reason}"
            said.append(f"waiting {ceil(until - now)} s  ", "bold yellow").append(f"{safe_text(told)}\n")
    return said


def counts(watch: Watch, seconds: float) -> Text:
    """The sentence that says how far the run is."""
    readings = list(watch.readings.values())  # a copy, since another thread adds to them
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
    """The differences between the boards before and after a run."""

    worse: tuple[Finding, ...]
    """Findings that fail or are unverified, with another outcome than before, most severe first."""
    better: tuple[Finding, ...]
    """Findings that failed or were unverified before, and are neither now."""
    changes: int
    requests: int


def news(before: Board | None, after: Board) -> News:
    """The differences between a board and the one shown before the run."""
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
        len(grouped_changes(after.report.changes)),
        sum(one.requests for one in collections),
    )


def news_text(found: News, before: Board | None, after: Board) -> Text:
    """The differences in words."""
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
    """A heading with the number of findings."""
    return f"{what}: {counted(len(found), 'finding')}"


def _list(said: Text, heading: str, found: Sequence[Finding], before: Board, after: Board) -> None:
    if not found:
        return
    was = {one.id: one.outcome for one in before.report.findings}
    said.append(f"\n{heading}\n", "bold")
    for one in found[:_MOST_SHOWN]:
        said.append("  ").append_text(severity_sign(one.severity)).append(f"  {one.check}  ")
        said.append(f"{safe_text(called(after.report.state, one.subject))}: ")
        said.append_text(outcome_sign(was[one.id]) if one.id in was else Text("new", "bold"))
        said.append(" -> ").append_text(outcome_sign(one.outcome)).append("\n")
    if len(found) > _MOST_SHOWN:
        said.append(f"  {and_more(len(found) - _MOST_SHOWN, 'f, then is:new')}\n", "dim")


_PAINT_SECONDS = 0.2
_IDLE = (
    "Reads every configured organization, saves what it saw and evaluates it. It only reads: nothing is ever "
    "changed at Atlassian. You can use the other screens meanwhile."
)


class RunScreen(BoardScreen):
    """The screen for one run at a time. A run continues behind other screens; Escape on this screen stops it."""

    NAME: ClassVar[str] = "Run"
    FIRST = "#start"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "start", "Start"),
        Binding("escape", "back", "Stop / back"),
    ]
    DEFAULT_CSS: ClassVar[str] = """
    RunScreen {
        & #state { height: auto; padding: 0 1; margin-top: 1; }
        & .buttons { height: auto; padding: 0 1; margin: 1 0; }
        & .buttons Button { margin-right: 2; }
        & #readings { height: 1fr; max-height: 24; }
        & #waits { height: auto; max-height: 6; padding: 0 1; }
        & #told { height: 1fr; padding: 0 1; display: none; scrollbar-size-vertical: 1; }
        & #told.-shown { display: block; }
        & #told > Static { height: auto; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._watch = Watch()
        self._run: Worker[None] | None = None
        self._began = 0.0
        self._stopping = False
        self._ticks: Timer | None = None

    def body(self) -> ComposeResult:
        """Yield the state, the buttons, the readings, the waits, and a place for the news."""
        yield Static(Text(_IDLE), id="state")
        with Horizontal(classes="buttons"):
            yield Button("Start (Enter)", id="start", variant="primary", compact=True)
            yield Button("Stop (Esc)", id="stop", compact=True, disabled=True)
        yield Grid(COLUMNS, id="readings", empty="No run has been started here yet.", reading="")
        yield Static(id="waits", markup=False)
        with VerticalScroll(id="told", can_focus=True):
            yield Static(markup=False)

    @property
    def running(self) -> bool:
        """Whether a run is in progress."""
        return self._run is not None and not self._run.is_finished

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Start or stop the run."""
        if event.button.id == "start":
            self.action_start()
        else:
            self._stop()

    def on_grid_chosen(self) -> None:
        """Handle Enter on the readings."""
        self.action_start()

    def action_start(self) -> None:
        """Start a run, unless one is in progress."""
        source = self.dashboard.source
        if self.running:
            self.dashboard.say("A run is in progress; press Escape to stop it", warning=True)
        elif source is None or not source.can_audit:
            self._show_state(
                Text.assemble(
                    ("No API key here. To run an audit, open the dashboard on the machine with the key.", "yellow")
                )
            )
        elif self.dashboard.may_write():
            self._run = self._audit()

    def action_back(self) -> None:
        """Stop the run, or else return to the overview."""
        if self.running:
            self._stop()
        else:
            super().action_back()

    def _stop(self) -> None:
        if self._run is not None and self.running and not self._stopping:
            self._stopping = True
            self._show_state(Text.assemble(("Stopping. The history stays unchanged.", "bold yellow")))
            self._run.cancel()

    @work(exclusive=True, group="run", exit_on_error=False)
    async def _audit(self) -> None:
        source, before = self.dashboard.source, self.dashboard.board
        assert source is not None
        self._watch, self._began, self._stopping = Watch(), monotonic(), False
        self._enable(running=True)
        self.query_one("#told").remove_class("-shown")
        self._ticks = self.set_interval(_PAINT_SECONDS, self._paint)
        self._paint()
        try:
            board = await source.audit(self._watch)
        except asyncio.CancelledError:
            self._ended("Stopped. Nothing of this run was saved.")
            raise
        except StoreBusy as error:
            self._ended(f"Not started: {error}", wrong=True)
        except ContribauditError as error:
            self._ended(f"The run failed, and nothing of it was saved.\n{error}", wrong=True)
        else:
            self._show_news(before, board)

    def _show_news(self, before: Board | None, after: Board) -> None:
        found = news(before, after)
        self._ended("Done.")
        said = self.query_one("#told", VerticalScroll)
        said.query_one(Static).update(news_text(found, before, after))
        said.add_class("-shown")
        self.dashboard.accept(after)
        if not self.is_current:
            worse = f"; {report_words('newly failing or unverified', found.worse)}" if found.worse else ""
            self.dashboard.say(f"Run #{after.report.run.id} is done{worse}", warning=bool(found.worse))

    def _ended(self, text: str, *, wrong: bool = False) -> None:
        if self._ticks is not None:
            self._ticks.stop()
        if not self.is_mounted:
            return
        self._enable(running=False)
        self._watch.waits.clear()
        self._paint(still=True)
        said = Text.assemble((safe_text(text, keep_lines=True), "bold red" if wrong else "bold"))
        if self._watch.readings:
            said.append("\n").append_text(counts(self._watch, monotonic() - self._began))
        self._show_state(said)
        if wrong and not self.is_current:
            self.dashboard.say(text, warning=True)

    def _enable(self, *, running: bool) -> None:
        start, stop = self.query_one("#start", Button), self.query_one("#stop", Button)
        start.disabled, stop.disabled = running, not running
        if self.is_current:
            (self.query_one(Grid) if running else start).focus()  # so that a second Enter does not press Stop

    def _show_state(self, text: Text) -> None:
        self.query_one("#state", Static).update(text)

    def _paint(self, *, still: bool = False) -> None:
        """Show how far the run is."""
        now, listed = monotonic(), ordered(self._watch)
        names = dict(self.dashboard.source.organizations) if self.dashboard.source is not None else {}
        if self.dashboard.board is not None:
            names |= {one.id: one.name for one in self.dashboard.board.report.organizations}

        def cells(row: int) -> list[Text]:
            return reading_cells(listed[row], names.get(listed[row].organization, listed[row].organization), now)

        self.query_one("#readings", Grid).show(len(listed), cells)
        self.query_one("#waits", Static).update(waits(self._watch, now))
        if not still and not self._stopping:
            told = Text().append("Running. ", "bold").append_text(counts(self._watch, now - self._began))
            self._show_state(told.append("\nPress Escape to stop it; the history then stays unchanged.", "dim"))

    def sheet(self) -> Sheet | None:
        """The readings, each with its state."""
        listed = ordered(self._watch)
        if not listed:
            return None
        columns = ("organization", "collector", "state", "read", "announced", "pages", "reason")
        return Sheet(
            "run",
            columns,
            [(o.organization, o.collector, o.state, o.read, o.announced, o.pages, o.reason) for o in listed],
        )
