"""A run from the dashboard: what is being read, what is waited for, what went wrong, and what is new afterwards."""

from __future__ import annotations

import asyncio
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

from contribaudit.errors import ContribauditError, StoreBusy
from contribaudit.exporters.text import safe_text
from contribaudit.tui.files import Sheet
from contribaudit.tui.rows import run as rows
from contribaudit.tui.screens.base import BoardScreen
from contribaudit.tui.source import Board
from contribaudit.tui.widgets.grid import Grid

_PAINT_SECONDS = 0.2
_IDLE = (
    "Reads every configured organization, saves what it saw and evaluates it. It only reads: nothing is ever "
    "changed at Atlassian. You can use the other screens meanwhile."
)


class RunScreen(BoardScreen):
    """One run at a time. It goes on while other screens are in front, and Escape here stops it."""

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
        self._watch = rows.Watch()
        self._run: Worker[None] | None = None
        self._began = 0.0
        self._stopping = False
        self._ticks: Timer | None = None

    def body(self) -> ComposeResult:
        """State, buttons, readings, waits, and in the end the news."""
        yield Static(Text(_IDLE), id="state")
        with Horizontal(classes="buttons"):
            yield Button("Start (Enter)", id="start", variant="primary", compact=True)
            yield Button("Stop (Esc)", id="stop", compact=True, disabled=True)
        yield Grid(rows.COLUMNS, id="readings", empty="No run was started here yet.", reading="")
        yield Static(id="waits", markup=False)
        with VerticalScroll(id="told", can_focus=True):
            yield Static(markup=False)

    @property
    def running(self) -> bool:
        """Whether a run goes on."""
        return self._run is not None and not self._run.is_finished

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """By mouse, or by Enter on it."""
        if event.button.id == "start":
            self.action_start()
        else:
            self._stop()

    def on_grid_chosen(self) -> None:
        """Enter, once the run goes on."""
        self.action_start()

    def action_start(self) -> None:
        """Start, unless one goes on."""
        source = self.dashboard.source
        if self.running:
            self.dashboard.say("A run is in progress; press Escape to stop it", warning=True)
        elif source is None or not source.can_audit:
            self._say(
                Text.assemble(
                    ("No API key here. To run an audit, open the dashboard on the machine with the key.", "yellow")
                )
            )
        elif self.dashboard.may_write():
            self._run = self._audit()

    def action_back(self) -> None:
        """Stop the run; without one, away."""
        if self.running:
            self._stop()
        else:
            super().action_back()

    def _stop(self) -> None:
        if self._run is not None and self.running and not self._stopping:
            self._stopping = True
            self._say(Text.assemble(("Stopping. The history stays unchanged.", "bold yellow")))
            self._run.cancel()

    @work(exclusive=True, group="run", exit_on_error=False)
    async def _audit(self) -> None:
        source, before = self.dashboard.source, self.dashboard.board
        assert source is not None
        self._watch, self._began, self._stopping = rows.Watch(), monotonic(), False
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
            self._done(before, board)

    def _done(self, before: Board | None, after: Board) -> None:
        found = rows.news(before, after)
        self._ended("Done.")
        said = self.query_one("#told", VerticalScroll)
        said.query_one(Static).update(rows.told(found, before, after))
        said.add_class("-shown")
        self.dashboard.accept(after)
        if not self.is_current:
            worse = f"; {rows.report_words('newly failing or unverified', found.worse)}" if found.worse else ""
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
            said.append("\n").append_text(rows.counts(self._watch, monotonic() - self._began))
        self._say(said)
        if wrong and not self.is_current:
            self.dashboard.say(text, warning=True)

    def _enable(self, *, running: bool) -> None:
        start, stop = self.query_one("#start", Button), self.query_one("#stop", Button)
        start.disabled, stop.disabled = running, not running
        if self.is_current:
            (self.query_one(Grid) if running else start).focus()  # Enter again stops nothing

    def _say(self, text: Text) -> None:
        self.query_one("#state", Static).update(text)

    def _paint(self, *, still: bool = False) -> None:
        """Show how far it is."""
        now, listed = monotonic(), rows.ordered(self._watch)
        names = dict(self.dashboard.source.organizations) if self.dashboard.source is not None else {}
        if self.dashboard.board is not None:
            names |= {one.id: one.name for one in self.dashboard.board.report.organizations}

        def cells(row: int) -> list[Text]:
            return rows.cells(listed[row], names.get(listed[row].organization, listed[row].organization), now)

        self.query_one("#readings", Grid).show(len(listed), cells)
        self.query_one("#waits", Static).update(rows.waits(self._watch, now))
        if not still and not self._stopping:
            told = Text().append("Running. ", "bold").append_text(rows.counts(self._watch, now - self._began))
            self._say(told.append("\nPress Escape to stop it; the history then stays unchanged.", "dim"))

    def sheet(self) -> Sheet | None:
        """How each reading ended."""
        listed = rows.ordered(self._watch)
        if not listed:
            return None
        columns = ("organization", "collector", "state", "read", "announced", "pages", "reason")
        return Sheet(
            "run",
            columns,
            [(o.organization, o.collector, o.state, o.read, o.announced, o.pages, o.reason) for o in listed],
        )
