"""The Next screen: every step of the queue, its findings beside it. Enter does what the step is for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from contribaudit.attestations.due import DueScreen
from contribaudit.core.advise.steps import NextStep, StepKind
from contribaudit.core.model.finding import Finding
from contribaudit.tui.files import Sheet
from contribaudit.tui.host import ShowFindings, missing
from contribaudit.tui.rows import queue as rows
from contribaudit.tui.rows.overview import query_of_step
from contribaudit.tui.rows.queue import Entry
from contribaudit.tui.screens.base import BoardScreen
from contribaudit.tui.source import Board
from contribaudit.tui.widgets.detail import hand_over
from contribaudit.tui.widgets.grid import Grid
from contribaudit.tui.widgets.listing import Listing


class QueueScreen(BoardScreen):
    """Steps kind by kind; the cursor stays on its step, or goes to the one that is new."""

    NAME: ClassVar[str] = "Next"
    FIRST = "Grid"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "mark", "Mark", tooltip="Mark findings for one waiver"),
        Binding("w", "app.waive", "Waive"),
        Binding("F", "findings", "Its findings"),
        Binding("y", "copy", "Copy the command", show=False),
        *(Binding(str(n), f"step({n})", f"Step {n}", show=False) for n in range(1, 10)),
        Binding("escape", "back", "Back", show=False),
    ]
    DEFAULT_CSS: ClassVar[str] = """
    QueueScreen.-narrow Listing > .sides { layout: vertical; }
    QueueScreen.-narrow Listing > .sides > Grid { width: 1fr; height: 3fr; }
    QueueScreen.-narrow Listing > .sides > VerticalScroll {
        width: 1fr; height: 2fr; border-left: none; border-top: solid $primary 40%;
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._marked: set[object] = set()
        self._wanted: int | None = None
        """The step to stand on once there is a board."""
        self._list: Listing[Entry] = Listing(
            rows.COLUMNS, id="queue", empty="", key=lambda one: one.key, sortable=False
        )

    def body(self) -> ComposeResult:
        """The list, and the step under the cursor."""
        yield self._list

    def show_board(self, board: Board) -> None:
        """List the steps anew."""
        before, now = self._list.rows, rows.entries(board.steps)
        self._marked &= {one.key for one in now}
        at = rows.newest(before, now) or (None if before else next((one for one in now if one.step), None))
        self._fill(now, at)
        if self._wanted is not None:
            self.action_step(self._wanted)

    def _fill(self, listed: Sequence[Entry], at: Entry | None = None) -> None:
        board = self._board
        assert board is not None
        self._list.say(rows.line(board))
        self._list.show(
            listed,
            lambda one: rows.cells(board, one, marked=one.key in self._marked),
            lambda one: [rows.detail(board, one)],
            at=at,
        )

    def sheet(self) -> Sheet | None:
        """The steps."""
        if self._board is None:
            return None
        state = self._board.report.state
        found = [rows.sheet_row(one, state) for one in self._list.rows if one.step is not None]
        return Sheet("next-steps", rows.SHEET, found)

    @property
    def step(self) -> NextStep | None:
        """The step under the cursor; None on a heading."""
        return self._list.here.step if self._list.here is not None else None

    @property
    def findings(self) -> Sequence[Finding]:
        """What a waiver is asked for: what is marked, else what the step under the cursor decides."""
        chosen = [one.step for one in self._list.rows if one.key in self._marked] or [self.step]
        return [finding for step in chosen if step is not None for finding in rows.waivable(step)]

    def action_step(self, number: int) -> None:
        """Stand on a step by its number; once there is a board."""
        if self._board is None:
            self._wanted = number
            return
        self._wanted = None
        at = next((one for one in self._list.rows if one.place == number), None)
        if at is None:
            self.dashboard.say(f"There is no step {number}")
        else:
            self._fill(self._list.rows, at)

    def action_mark(self) -> None:
        """Take the step into the waiver, or out of it."""
        here = self._list.here
        if here is None or here.step is None or not rows.waivable(here.step):
            self.dashboard.say("Only what a waiver can accept is marked: the findings of a decision", warning=True)
            return
        self._marked ^= {here.key}
        self._fill(self._list.rows)

    def action_findings(self) -> None:
        """What the step settles, in the table of findings."""
        if self.step is not None and self._board is not None:
            self.post_message(ShowFindings(query_of_step(self._board, self.step)))

    def action_copy(self) -> None:
        """The command of the step, into the clipboard."""
        if self.step is not None:
            self.app.copy_to_clipboard(self.step.command)
            self.dashboard.say(f"Copied: {self.step.command}")

    def on_grid_chosen(self, message: Grid.Chosen) -> None:
        """Do what the step is for."""
        message.stop()
        step = self.step
        if step is None or self._board is None:
            return
        verb = rows.verb_of(step)
        if step.screen:
            self._look(self._board, step)
        elif verb == "confirm":
            self.app.run_worker(self._waiting(), group="go")
        elif verb == "baseline":
            self.app.switch_mode("approve")
        elif verb == "changes":
            self.app.switch_mode("timeline")
        elif self.findings and rows.waivable(step):
            self.app.run_worker(self.app.run_action("waive"), group="act")
        elif step.kind is StepKind.FIX and self._open_console(self._board, step):
            return
        else:
            self.action_copy()

    async def _waiting(self) -> None:
        from contribaudit.tui.screens.attestations import DeskScreen

        await self.app.switch_mode("desk")
        if isinstance(self.app.screen, DeskScreen):
            self.app.screen.show_waiting()

    def _open_console(self, board: Board, step: NextStep) -> bool:
        """Hand the console's address over, with the way from there; False where none is known."""
        way, start = rows.console_path(board, step), board.report.state.rulebook.console
        if not way:
            return False
        if start is None or not start.leads_to(way):
            self.dashboard.say(f"In the console: {way}")
        else:
            hand_over(self.dashboard, start.address, f" (then {way.partition('>')[2].strip()})")
        return True

    @work(exclusive=True, group="act", description="look")
    async def _look(self, board: Board, step: NextStep) -> None:
        from contribaudit.tui.screens.attestations import walk

        if not self.dashboard.may_write(missing(self.dashboard.source, board)):
            return
        due: list[DueScreen] = []
        with self.dashboard.telling():
            due = await self.dashboard.in_thread(self._waits, board, step)
        if due:
            await walk(self.dashboard, board, due)
        else:
            self.dashboard.say("Nothing on this screen is waiting any more: press R to read the history again")

    def _waits(self, board: Board, step: NextStep) -> list[DueScreen]:
        """In a worker thread. Raises ContribauditError."""
        from contribaudit.attestations.due import due_screens

        source, policy = self.dashboard.source, board.policy
        if source is None or source.job is None or policy is None:
            return []
        known = source.job.store.attestations(step.organization)
        found = due_screens(board.report.state, board.report.findings, policy, known)
        return [one for one in found if (one.screen.id, one.organization) == (step.screen, step.organization)]
