"""The approved state: what is outside the baseline now, and a person's approval of the newest run."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Static

from contribaudit.audit import baselines
from contribaudit.audit.attesting import AttestationSession, desks
from contribaudit.audit.baselines import Approvable
from contribaudit.core.model.attestation import Baseline
from contribaudit.progress import SILENT
from contribaudit.tui.files import Sheet
from contribaudit.tui.host import missing
from contribaudit.tui.rows import approvals as rows
from contribaudit.tui.screens.base import BoardScreen
from contribaudit.tui.screens.dialogs import FormScreen, QuestionScreen
from contribaudit.tui.source import Board
from contribaudit.tui.widgets.field import DAY_FORMS, Field, spelled
from contribaudit.tui.widgets.grid import Grid


class ApproveScreen(BoardScreen):
    """What each organization's baseline does not hold. Enter, or p, approves the organization of the row."""

    NAME: ClassVar[str] = "Baseline"
    FIRST = "Grid"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("p", "approve", "Approve…")]
    DEFAULT_CSS: ClassVar[str] = "ApproveScreen .line { height: auto; padding: 0 1; margin-bottom: 1; }"

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[rows.Line] = []
        self._wanted = False
        """An approval was asked for before it was known what of."""

    def body(self) -> ComposeResult:
        """Which baselines there are, then what is outside of them."""
        yield Static(id="standing", classes="line", markup=False)
        yield Grid(rows.COLUMNS, id="outside", empty="No data to show.")

    def show_board(self, board: Board) -> None:
        """Compare the state with the baselines."""
        self.query_one("#standing", Static).update(rows.standing_line(board.report.state))
        self.call_after_refresh(self._read, board)

    @work(exclusive=True, group="read")
    async def _read(self, board: Board) -> None:
        """In a thread: the history is asked for the new spaces of each app."""
        with self.dashboard.telling():
            self._lines = lines = await self.dashboard.in_thread(rows.lines, board.report.state)
            self.query_one(Grid).show(len(lines), lambda row: rows.cells(board.report.state, lines[row]))
        if self._wanted and self.is_current:
            self.action_approve()

    def on_grid_chosen(self) -> None:
        """Enter approves."""
        self.action_approve()

    def action_approve(self) -> None:
        """The organization of the row under the cursor."""
        grid = self.query_one(Grid)
        cursor, self._wanted = grid.cursor, grid.is_reading
        if (
            not self._wanted
            and self.dashboard.may_write(missing(self.dashboard.source, self._board))
            and cursor is not None
        ):
            self._approve(self._lines[cursor].organization)

    @work(exclusive=True, group="act")
    async def _approve(self, organization: str) -> None:
        source, board = self.dashboard.source, self._board
        if source is None or source.job is None or board is None:
            return
        desk = desks(source.job, SILENT)[organization]
        with self.dashboard.telling():
            baselines.require_person(desk)
            what = await self.dashboard.in_thread(baselines.approvable, desk)
            made = await self.app.push_screen_wait(ApproveForm(desk, what, board.you))
            if made is not None:
                self.dashboard.say(f"{made.approved.by} approved run {made.run} as the baseline")
                self.dashboard.action_reload()

    def sheet(self) -> Sheet | None:
        """What is outside."""
        if self._board is None or self.query_one(Grid).is_reading:
            return None
        return Sheet("outside", rows.SHEET, [rows.sheet_row(self._board.report.state, one) for one in self._lines])


class ApproveForm(FormScreen[Baseline]):
    """Ends with the baseline, None when the person left."""

    SEND = "Review"
    DEFAULT_CSS: ClassVar[str] = "ApproveForm #what { height: auto; margin-top: 1; }"

    def __init__(self, desk: AttestationSession, what: Approvable, by: str) -> None:
        super().__init__()
        self._desk, self._what, self._by = desk, what, by

    def heading(self) -> Text:
        """The run, and who approves it."""
        run = self._what.run
        said = Text(f"Approve the state in run {run.id} of {run.started_at:%Y-%m-%d %H:%M}Z?")
        return said.append(f"\nas {self._by}", "not bold dim")

    def fields(self) -> Iterable[Widget]:
        """Why, and until when; then what is approved beside what stood so far."""
        yield Field(
            "Reason for accepting the present state",
            id="reason",
            required=True,
            check=baselines.checked_reason,
            long=True,
        )
        yield Field(
            "Valid through (UTC)",
            id="until",
            placeholder=f"{DAY_FORMS}; none: until the next approval",
            check=self._until,
        )
        yield Static(rows.outside_text(self._what), id="what")

    def _until(self, text: str) -> datetime | None:
        now = self._desk.now()
        return baselines.last_moment(spelled(text, now.date()), now)

    @work(exclusive=True, group="send")
    async def send(self) -> None:
        """Show what is approved once more, then keep it."""
        reason, until = self.field("reason").value, self.field("until").value
        with self.telling():
            ends = self._until(until)
            body = rows.summary(self._what, self._by, reason, ends)
            if await self.app.push_screen_wait(QuestionScreen("Approve this?", body, yes="Approve", no="Back")):
                self.dismiss(
                    await asyncio.to_thread(
                        baselines.approve, self._desk, self._what, by=self._by, reason=reason, until=ends
                    )
                )
