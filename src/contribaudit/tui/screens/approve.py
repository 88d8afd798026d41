"""The Baseline screen: subjects outside the approved baseline, and the form to approve the newest run."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Static

from contribaudit.audit import baselines
from contribaudit.audit.attesting import AttestationSession, sessions
from contribaudit.audit.baselines import OUTSIDE_COLUMNS, Approvable, outside_now
from contribaudit.core.judge.baseline import Uncovered
from contribaudit.core.model.attestation import Baseline
from contribaudit.core.model.phrases import and_more, counted
from contribaudit.core.model.subject import Subject
from contribaudit.core.resolve.aliases import called
from contribaudit.core.resolve.state import State
from contribaudit.exporters.text import Cell, safe_text
from contribaudit.tui.files import Sheet
from contribaudit.tui.host import NOT_IN_A_FOLDER, missing
from contribaudit.tui.rows.signs import short_host
from contribaudit.tui.screens.base import BoardScreen
from contribaudit.tui.screens.dialogs import FormScreen, QuestionScreen
from contribaudit.tui.source import Board
from contribaudit.tui.widgets.field import DAY_FORMS, Field, spelled
from contribaudit.tui.widgets.grid import Column, Grid

COLUMNS = (
    Column("organization", 16, flexible=True),
    Column("kind", 9),
    Column("not in the baseline", 24, flexible=True),
    Column("why", 24, flexible=True, drop_below=80),
)
_MOST_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the list: a subject outside the baseline, or an organization without such subjects."""

    organization: str
    subject: Subject | None = None
    why: Uncovered | None = None


def outside_lines(state: State) -> list[Line]:
    """The subjects outside, by organization; one without any has a line too, from which it can be approved."""
    lines: list[Line] = []
    for place in state.looked_at:
        outside = [Line(place.id, subject, why) for subject, why in outside_now(state, place.id)]
        lines += outside or [Line(place.id)]
    return lines


def cells(state: State, line: Line) -> list[Text]:
    """The texts of one line."""
    name = Text(safe_text(state.organization_name(line.organization)))
    if line.subject is None or line.why is None:
        coverage = "everything is covered" if state.baseline(line.organization) is not None else "no baseline yet"
        return [name, Text(""), Text(coverage, "dim"), Text("")]
    return [
        name,
        Text(line.subject.kind.value),
        Text(short_host(safe_text(called(state, line.subject)))),
        Text(safe_text(line.why.reason)),
    ]


def sheet_row(state: State, line: Line) -> tuple[Cell, ...]:
    """The cells of a line in a CSV file."""
    if line.subject is None or line.why is None:
        return (line.organization, None, None, None, None, None)
    return baselines.outside_row(state, line.subject, line.why)


def approval_line(state: State) -> Text:
    """The baseline in force in each organization."""
    text = Text()
    for place in state.looked_at:
        approved = state.baseline(place.id)
        text.append(f"{safe_text(state.organization_name(place.id))}  ", "bold")
        if approved is None:
            text.append("no baseline yet: press p to approve the first one.\n")
            continue
        record = approved.baseline
        text.append(f"run {record.run}, approved by {safe_text(record.approved.by)} on {record.approved.at:%Y-%m-%d}")
        if record.until is not None:
            ended = approved.expired(state.as_of)
            text.append(f", {'ENDED' if ended else 'until'} {record.until:%Y-%m-%d}", "bold red" if ended else "")
        text.append(f": {safe_text(record.reason)}\n")
    if any(state.baseline(place.id) is None for place in state.looked_at):
        return text.append(
            "From the first approval on, a pass for a subject outside the baseline counts as unknown.", "dim"
        )
    return text.append("A pass for a subject outside the baseline counts as unknown until a new approval.", "dim")


def outside_text(what: Approvable) -> Text:
    """The subjects that the approval would add to the baseline."""
    text = Text(f"{counted(what.apps, 'app')} are in the run.\n")
    if what.standing is None:
        text.append("There is no baseline yet: everything in this run becomes the approved state.\n")
        return text
    if not what.outside:
        text.append("The current baseline covers everything.\n")
        return text
    text.append(f"\nNot in the baseline yet; this approves them ({len(what.outside)})\n", "bold")
    for subject, why in what.outside[:_MOST_SHOWN]:
        text.append("  + ", "bold green").append(f"{safe_text(called(what.state, subject))}\n")
        text.append(f"      {safe_text(why.reason)}\n", "dim")
    if len(what.outside) > _MOST_SHOWN:
        left = and_more(len(what.outside) - _MOST_SHOWN)
        text.append(f"  {left}; the screen behind this form lists them all\n", "dim")
    return text


def summary(what: Approvable, by: str, reason: str, until: datetime | None) -> Text:
    """The approval that is recorded if the person agrees."""
    text = Text()
    text.append("run     ", "dim").append(f"{what.run.id} of {what.run.started_at:%Y-%m-%d %H:%M}Z\n")
    text.append("by      ", "dim").append(f"{safe_text(by)}\n")
    text.append("reason  ", "dim").append(f"{safe_text(reason)}\n")
    text.append("until   ", "dim").append(f"{until:%Y-%m-%d}\n\n" if until else "the next approval\n\n")
    return text.append_text(outside_text(what))


class ApproveScreen(BoardScreen):
    """The subjects outside each organization's baseline. Enter or p approves for the organization of the row."""

    NAME: ClassVar[str] = "Baseline"
    FIRST = "Grid"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("p", "approve", "Approve…")]
    DEFAULT_CSS: ClassVar[str] = "ApproveScreen .line { height: auto; padding: 0 1; margin-bottom: 1; }"

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[Line] = []
        self._asked = False
        """Whether the person asked for an approval before the rows were read."""

    def body(self) -> ComposeResult:
        """Yield the line on the baselines, then the list of subjects outside."""
        yield Static(id="standing", classes="line", markup=False)
        yield Grid(COLUMNS, id="outside", empty="Nothing is outside the baseline.")

    def show_board(self, board: Board) -> None:
        """Compare the state with the baselines; an evidence folder holds none."""
        known = board.policy is not None
        self.query_one(Grid).empty = "Nothing is outside the baseline." if known else NOT_IN_A_FOLDER
        line = approval_line(board.report.state) if known else Text("The baseline is not known here.")
        self.query_one("#standing", Static).update(line)
        self.call_after_refresh(self._load_lines, board)

    @work(exclusive=True, group="read")
    async def _load_lines(self, board: Board) -> None:
        """Load the lines in a thread, since the new spaces of each app are read from the history."""
        with self.dashboard.showing_errors():
            known = board.policy is not None
            lines = await self.dashboard.in_thread(outside_lines, board.report.state) if known else []
            self._lines = lines
            self.query_one(Grid).show(len(lines), lambda row: cells(board.report.state, lines[row]))
        if self._asked and self.is_current:
            self.action_approve()

    def on_grid_chosen(self) -> None:
        """Approve for the organization of the row."""
        self.action_approve()

    def action_approve(self) -> None:
        """Approve for the organization of the row under the cursor, or once the rows are read."""
        grid = self.query_one(Grid)
        cursor, self._asked = grid.cursor, grid.is_reading
        if (
            not self._asked
            and self.dashboard.may_write(missing(self.dashboard.source, self._board))
            and cursor is not None
        ):
            self._approve(self._lines[cursor].organization)

    @work(exclusive=True, group="act")
    async def _approve(self, organization: str) -> None:
        job, board = self.dashboard.job, self._board
        if job is None or board is None:
            return
        session = sessions(job)[organization]
        with self.dashboard.showing_errors():
            baselines.require_person(session)
            what = await self.dashboard.in_thread(baselines.approvable, session)
            made = await self.app.push_screen_wait(ApproveForm(session, what, board.you))
            if made is not None:
                self.dashboard.say(f"{made.approved.by} approved run {made.run} as the baseline")
                self.dashboard.action_reload()

    def sheet(self) -> Sheet | None:
        """The lines of the list."""
        if self._board is None or self.query_one(Grid).is_reading:
            return None
        return Sheet("outside", OUTSIDE_COLUMNS, [sheet_row(self._board.report.state, one) for one in self._lines])


class ApproveForm(FormScreen[Baseline]):
    """The form for an approval. Its result is the baseline, or None if the person left."""

    SEND = "Review"
    DEFAULT_CSS: ClassVar[str] = "ApproveForm #what { height: auto; margin-top: 1; }"

    def __init__(self, session: AttestationSession, what: Approvable, by: str) -> None:
        super().__init__()
        self._session, self._what, self._by = session, what, by

    def heading(self) -> Text:
        """The run, and who approves it."""
        run = self._what.run
        text = Text(f"Approve the state in run {run.id} of {run.started_at:%Y-%m-%d %H:%M}Z?")
        return text.append(f"\nas {self._by}", "not bold dim")

    def fields(self) -> Iterable[Widget]:
        """The reason and the last day, then the subjects that the approval would add."""
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
        yield Static(outside_text(self._what), id="what")

    def _until(self, text: str) -> datetime | None:
        now = self._session.now()
        return baselines.last_moment(spelled(text, now.date()), now)

    async def finish(self) -> None:
        """Show the approval once more, and record it if the person agrees."""
        reason, ends = self.field("reason").value, self._until(self.field("until").value)
        body = summary(self._what, self._by, reason, ends)
        if await self.app.push_screen_wait(QuestionScreen("Approve this?", body, yes="Approve", no="Back")):
            self.dismiss(
                await asyncio.to_thread(
                    baselines.approve, self._session, self._what, by=self._by, reason=reason, until=ends
                )
            )
