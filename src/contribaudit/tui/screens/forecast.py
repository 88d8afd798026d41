"""What if: a plan, the end of trials or a date, and what would then be otherwise. A prediction, and called one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from typing import ClassVar

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, Static

from contribaudit.audit.replay import forecast_last
from contribaudit.core.advise.forecast import Forecast, Hypothesis
from contribaudit.errors import ContribauditError, UsageError
from contribaudit.tui.files import Sheet
from contribaudit.tui.host import ShowFindings, ShowSubject
from contribaudit.tui.rows import forecasts as rows
from contribaudit.tui.rows.dates import day_of
from contribaudit.tui.screens.base import BoardScreen
from contribaudit.tui.source import Board
from contribaudit.tui.widgets.field import PlainInput
from contribaudit.tui.widgets.grid import Grid


class ForecastScreen(BoardScreen):
    """Above what can be assumed, below what it would change. Enter on an assumption works it out."""

    NAME: ClassVar[str] = "What if"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "until", "Until a day", key_display="/"),
        Binding("tab", "app.focus_next", "Next part"),
        Binding("escape", "back", "Back", show=False),
    ]
    DEFAULT_CSS: ClassVar[str] = """
    ForecastScreen {
        & #banner { height: auto; max-height: 4; padding: 0 1; }
        & #choices { height: 8; }
        & #until { height: 1; border: none; padding: 0 1; background: $boost; }
        & #until:focus { background: $primary 20%; }
        & #changes { height: 1fr; }
        & #told { height: 2; padding: 0 1; background: $boost; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._choices: list[rows.Choice] = []
        self._found: Forecast | None = None
        self._lines: list[rows.Line] = []
        self._called: dict[str, str] = {}

    def body(self) -> ComposeResult:
        """That it is a prediction comes first."""
        yield Static(rows.banner(None, {}), id="banner", markup=False)
        yield Grid(rows.CHOICES, id="choices", empty="")
        yield PlainInput(placeholder="/ and nothing is done until: 2027-01-31, +90d; empty: at once", id="until")
        yield Grid(rows.COLUMNS, id="changes", empty="Choose what to assume and press Enter.")
        yield Static(id="told", markup=False)

    def on_mount(self) -> None:
        """The assumptions have the keys."""
        super().on_mount()
        self._grid("choices").focus()

    def show_board(self, board: Board) -> None:
        """Offer what can be assumed of this state; what was worked out of another one goes."""
        report = board.report
        self._called = {one.id: one.name for one in report.organizations}
        today = board.now.astimezone(UTC).date()
        self._choices = rows.choices(
            report.state.rulebook.plans, [one.highest_plan for one in report.organizations], today
        )
        self._grid("choices").show(len(self._choices), lambda row: [Text(self._choices[row].told)])
        self._show(None)

    def sheet(self) -> Sheet | None:
        """What would change, each row labelled a prediction."""
        return Sheet("forecast", rows.SHEET, rows.sheet_rows(self._found)) if self._found is not None else None

    def action_until(self) -> None:
        """Type the day."""
        self.query_one(Input).focus()

    def action_back(self) -> None:
        """From the day or the changes to the assumptions, then away."""
        choices = self._grid("choices")
        if choices.has_focus:
            super().action_back()
        else:
            choices.focus()

    def on_input_submitted(self) -> None:
        """Work it out with this day."""
        self._choose(self._grid("choices").cursor)

    def on_grid_chosen(self, message: Grid.Chosen) -> None:
        """An assumption is worked out; a change leads to what it is today."""
        if message.grid.id == "choices":
            self._choose(message.row)
        elif self._lines:
            query = rows.query_of(self._lines[message.row].row)
            if query:
                self.post_message(ShowFindings(query))
            else:
                self.post_message(ShowSubject(self._lines[message.row].row.subject))

    def on_grid_moved(self, message: Grid.Moved) -> None:
        """One change in full."""
        if message.grid.id == "changes":
            line = self._lines[message.row] if message.row is not None and message.row < len(self._lines) else None
            self.query_one("#told", Static).update(rows.detail(line) if line is not None else Text())

    def _choose(self, row: int | None) -> None:
        source, board = self.dashboard.source, self.dashboard.board
        if row is None or source is None or board is None:
            return
        if source.job is None:
            self.dashboard.say("A forecast needs the history; an evidence pack holds too little for one", warning=True)
            return
        hypothesis = self._choices[row].hypothesis
        text = self.query_one(Input).value.strip()
        try:
            if text:
                day = day_of(text, today := board.now.astimezone(UTC).date())
                if day < today:
                    raise UsageError(f"{day} has passed", hint="Choose today or a later day")
                hypothesis = replace(hypothesis, until=day)
        except UsageError as error:
            self.dashboard.say_error(error)
            self.query_one(Input).focus()
            return
        self.query_one("#banner", Static).update(Text(" PREDICTION ", "bold reverse").append(" working it out …"))
        self._work_out(hypothesis)

    @work(exclusive=True, group="forecast")
    async def _work_out(self, hypothesis: Hypothesis) -> None:
        source = self.dashboard.source
        if source is None or source.job is None:
            return
        try:
            found = await self.dashboard.in_thread(forecast_last, source.job, hypothesis)
        except ContribauditError as error:
            self.dashboard.say_error(error)
            self._show(None)
            return
        self._show(found)
        if found.rows:
            self._grid("changes").focus()

    def _show(self, found: Forecast | None) -> None:
        self._found, self._lines = found, rows.lines(found) if found is not None else []
        grid = self._grid("changes")
        grid.empty = "No outcome would change." if found is not None else "Choose what to assume and press Enter."
        self.query_one("#banner", Static).update(rows.banner(found, self._called))
        grid.show(len(self._lines), lambda row: rows.cells(self._lines[row]), cursor=0)

    def _grid(self, name: str) -> Grid:
        return self.query_one(f"#{name}", Grid)
