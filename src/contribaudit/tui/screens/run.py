"""The Run screen: starts an audit, shows its readings, waits and problems, and then what is new."""

from __future__ import annotations

import asyncio
from collections import Counter
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

from contribaudit.core.model.finding import Finding, Outcome
from contribaudit.core.model.phrases import and_more, counted
from contribaudit.core.resolve.aliases import called
from contribaudit.errors import ContribauditError, StoreBusy
from contribaudit.exporters.changed import grouped_changes
from contribaudit.exporters.text import safe_text
from contribaudit.tui.files import Sheet
from contribaudit.tui.rows.signs import check_of, outcome_sign, severity_sign
from contribaudit.tui.screens.base import BoardScreen
from contribaudit.tui.source import Board
from contribaudit.tui.widgets.grid import Column, Grid
from contribaudit.watch import Reading, Watch

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


def ordered(watch: Watch) -> list[Reading]:
    """The readings by organization, in the order in which they began."""
    return sorted(watch.readings.values(), key=lambda one: one.organization)


def reading_cells(reading: Reading, name: str, now: float) -> list[Text]:
    """The texts of one reading's line."""
    label, style = _STATES.get(reading.state, (reading.state, ""))
    entries = f"{reading.read:,}" if reading.announced is None else f"{reading.read:,} of {reading.announced:,}"
    return [
        Text(safe_text(name)),
        Text(safe_text(reading.collector)),
        Text(label, style),
        Text(entries, justify="right"),
        Text(str(reading.pages)),
        Text(f"{(reading.ended or now) - reading.began:.0f}"),
        Text(safe_text(reading.reason)),
    ]


def waits(watch: Watch, now: float) -> Text:
    """The present waits, each with its remaining seconds."""
    text = Text()
    for seconds, message in watch.present_waits(now):
        text.append(f"waiting {seconds} s  ", "bold yellow").append(f"{safe_text(message)}\n")
    return text


def counts(watch: Watch, seconds: float) -> Text:
    """The sentence that says how far the run is."""
    readings = list(watch.readings.values())  # a copy, since another thread adds to them
    states = Counter(one.state for one in readings)
    pages = sum(one.pages for one in readings)
    done = len(readings) - states["reading"]
    text = Text(f"{done} of {len(readings)} readings done, {counted(pages, 'page')}, {seconds:.0f} s")
    if watch.waited:
        text.append(f", waited {counted(watch.waited, 'time')}", "yellow")
    if states["failed"] or states["partial"]:
        text.append(f", {states['failed']} failed, {states['partial']} partial", "bold red")
    return text


def news(before: Board | None, after: Board) -> tuple[list[Finding], list[Finding]]:
    """What differs from the board that was shown before a run, most severe first.

    Findings that fail or are unverified, with another outcome than before; and those that did so before, and no longer
    do.
    """
    was = _outcomes(before)
    worse: list[Finding] = []
    better: list[Finding] = []
    for finding in sorted(after.report.findings, key=lambda one: one.severity.rank) if before is not None else ():
        old = was.get(finding.id)
        if old is finding.outcome:
            continue
        if finding.outcome.is_open:
            worse.append(finding)
        elif old is not None and old.is_open:
            better.append(finding)
    return worse, better


def _outcomes(board: Board | None) -> dict[str, Outcome]:
    return {one.id: one.outcome for one in board.report.findings} if board is not None else {}


def news_text(before: Board | None, after: Board) -> Text:
    """The differences in words."""
    report = after.report
    text = Text().append(f"Run #{report.run.id} is saved. ", "bold").append(report.headline, "bold")
    requests = sum(one.requests for one in report.collections)
    text.append(f"   {counted(requests, 'request')}\n" if requests else "\n")
    if not report.run.complete:
        text.append("Not everything could be read: what is missing counts as unknown.\n", "yellow")
    if before is None:
        text.append("This is the first run shown here: everything is new.\n")
        return text
    text.append(f"{counted(len(grouped_changes(report.changes)), 'change')} since the previous run.\n")
    worse, better = news(before, after)
    was = _outcomes(before)
    for what, findings in (("Newly failing or unverified", worse), ("No longer failing or unverified", better)):
        if not findings:
            continue
        text.append(f"\n{what}: {counted(len(findings), 'finding')}\n", "bold")
        for finding in findings[:_MOST_SHOWN]:
            text.append("  ").append_text(severity_sign(finding.severity)).append(f"  {check_of(finding)}, ")
            text.append(f"{safe_text(called(report.state, finding.subject))}: ")
            text.append_text(outcome_sign(was[finding.id]) if finding.id in was else Text("new", "bold"))
            text.append(" -> ").append_text(outcome_sign(finding.outcome)).append("\n")
        if len(findings) > _MOST_SHOWN:
            text.append(f"  {and_more(len(findings) - _MOST_SHOWN, 'f, then is:new')}\n", "dim")
    if not worse and not better:
        text.append("No finding changed.\n")
    return text


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
        self._ended("Done.")
        panel = self.query_one("#told", VerticalScroll)
        panel.query_one(Static).update(news_text(before, after))
        panel.add_class("-shown")
        self.dashboard.accept(after)
        if not self.is_current:
            worse, _ = news(before, after)
            more = f"; newly failing or unverified: {counted(len(worse), 'finding')}" if worse else ""
            self.dashboard.say(f"Run #{after.report.run.id} is done{more}", warning=bool(worse))

    def _ended(self, text: str, *, wrong: bool = False) -> None:
        if self._ticks is not None:
            self._ticks.stop()
        if not self.is_mounted:
            return
        self._enable(running=False)
        self._watch.waits.clear()
        self._paint(still=True)
        state = Text.assemble((safe_text(text, keep_lines=True), "bold red" if wrong else "bold"))
        if self._watch.readings:
            state.append("\n").append_text(counts(self._watch, monotonic() - self._began))
        self._show_state(state)
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
            text = Text().append("Running. ", "bold").append_text(counts(self._watch, now - self._began))
            self._show_state(text.append("\nPress Escape to stop it; the history then stays unchanged.", "dim"))

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
