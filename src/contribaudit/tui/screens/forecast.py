"""The What if screen: predicts what a plan, the end of trials or a date would change, and labels it a prediction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, timedelta
from itertools import groupby
from typing import ClassVar

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, Static

from contribaudit.audit.job import Job
from contribaudit.audit.replay import forecast_last
from contribaudit.core.advise.forecast import NOT_ASKED, Forecast, ForecastRow, Hypothesis
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.phrases import and_more, counted
from contribaudit.core.model.rulebook import Plan
from contribaudit.core.resolve.effective import RISKS
from contribaudit.errors import ContribauditError, UsageError
from contribaudit.exporters import forecast as exported
from contribaudit.exporters.text import safe_text
from contribaudit.tui.files import Sheet
from contribaudit.tui.rows.signs import outcome_sign, short_host
from contribaudit.tui.screens.base import BoardScreen
from contribaudit.tui.source import Board
from contribaudit.tui.widgets.field import PlainInput, day_of
from contribaudit.tui.widgets.grid import Column, Grid

CHOICES = (Column("What if …", 30, flexible=True),)
COLUMNS = (
    Column("when", 10, drop_below=84),
    Column("subject", 18, flexible=True),
    Column("check", 7),
    Column("now", 15),
    Column("then (predicted)", 16),
    Column("why", 22, flexible=True, drop_below=110),
)
_DAYS = (30, 90)
_OUTCOMES = {one.value: one for one in Outcome}


@dataclass(frozen=True, slots=True)
class Choice:
    """An assumption that the person can choose."""

    sentence: str
    hypothesis: Hypothesis


def choices(plans: Sequence[Plan], highest: Sequence[str | None], today: date) -> list[Choice]:
    """The assumptions: trials end, each plan that is not every organization's highest one, and time passes.

    `highest` are the organizations' highest plans.
    """
    options = [Choice("every running trial ends", Hypothesis(trial_ends=True))]
    current = {word.casefold() for word in highest if word}
    for plan in sorted(plans, key=lambda one: -one.rank):
        if current != {plan.name.casefold()}:
            options.append(Choice(f"the highest plan becomes {plan.name}, by trial or purchase", Hypothesis(plan=plan)))
    for days in _DAYS:
        day = today + timedelta(days=days)
        options.append(Choice(f"nothing is done for {counted(days, 'day')}, until {day}", Hypothesis(until=day)))
    return options


@dataclass(frozen=True, slots=True)
class Line:
    """Rows that differ only in their subject, shown as one line."""

    row: ForecastRow
    """The first of the rows."""
    number: int


def lines(forecast: Forecast) -> list[Line]:
    """The predicted changes by day, most serious first."""
    made = []
    for _, group in groupby(forecast.rows, exported.alike):
        first, *others = group
        made.append(Line(first, 1 + len(others)))
    return sorted(made, key=lambda one: (one.row.when or date.min, _gravity(one.row)))


def _gravity(row: ForecastRow) -> int:
    """0 for an answer that would fail or be contributed, 1 for one that would be unverified, 2 for others."""
    after = _OUTCOMES.get(row.after)
    if after is None:
        return 0 if row.after in RISKS else 2
    return 0 if after.violates else 1 if after.unproven else 2


def _worse(row: ForecastRow) -> bool:
    before = _OUTCOMES.get(row.before)
    return _gravity(row) < 2 and not (before is not None and before.violates)


def cells(line: Line) -> list[Text]:
    """The texts of one line."""
    row = line.row
    name = short_host(safe_text(row.called), 1)
    return [
        Text(row.when.isoformat() if row.when else "at once"),
        Text(f"{name} {and_more(line.number - 1)}".rstrip()),
        Text(safe_text(row.check) or "answer"),
        _outcome_cell(row.before),
        _outcome_cell(row.after),
        Text(safe_text(row.why)),
    ]


def _outcome_cell(word: str) -> Text:
    if word in _OUTCOMES:
        return outcome_sign(_OUTCOMES[word])
    return Text("not asked", "dim") if word == NOT_ASKED else Text(exported.in_words(word))


def detail(line: Line) -> Text:
    """One line in full: the check, the reason, and the plan's default."""
    row = line.row
    text = Text(safe_text(f"{row.called}, {exported.about(row)}: {row.why}"))
    if row.predicted:
        text.append(f"; the plan's default is {exported.in_words(row.predicted)}: predicted, not evidence")
    return text


def banner(forecast: Forecast | None) -> Text:
    """The prediction's label, assumptions, notes and totals."""
    text = Text(" PREDICTION ", "bold reverse").append(" ")
    if forecast is None:
        return text.append("Nothing is read or saved, and this is not evidence. Choose what to assume and press Enter.")
    if forecast.assumptions:
        text.append(safe_text("if " + "; ".join(forecast.assumptions)), "bold")
    for note in forecast.notes:
        text.append(f"  {safe_text(note)}", "yellow")
    if not forecast.rows:
        text.append(" No outcome would change.", "bold")
        return text
    worse = sum(1 for row in forecast.rows if _worse(row))
    return text.append(f": {counted(len(forecast.rows), 'answer')} would change, {worse:,} of them for the worse")


def query_of(row: ForecastRow) -> str:
    """The filter for today's finding; "" if the line is not about a finding."""
    return f"check:{row.check} id:{row.subject.id}" if row.check else ""


class ForecastScreen(BoardScreen):
    """The assumptions above, the predicted changes below. Enter on an assumption computes its changes."""

    NAME: ClassVar[str] = "What if"
    FIRST = "#choices"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "until", "Until a day", key_display="/"),
        Binding("tab", "app.focus_next", "Next part"),
    ]
    DEFAULT_CSS: ClassVar[str] = """
    ForecastScreen {
        & #banner { height: auto; max-height: 4; padding: 0 1; }
        & #choices { height: 8; }
        & #changes { height: 1fr; }
        & #told { height: 2; padding: 0 1; background: $boost; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._choices: list[Choice] = []
        self._forecast: Forecast | None = None
        self._lines: list[Line] = []

    def body(self) -> ComposeResult:
        """Yield the prediction banner, the assumptions, the box for a day, the changes, and one in full."""
        yield Static(banner(None), id="banner", markup=False)
        yield Grid(CHOICES, id="choices", empty="")
        yield PlainInput(placeholder="/ and nothing is done until: 2027-01-31, +90d; empty: at once", id="until")
        yield Grid(COLUMNS, id="changes", empty="Choose what to assume and press Enter.")
        yield Static(id="told", markup=False)

    def show_board(self, board: Board) -> None:
        """Offer the assumptions for this board, and remove an earlier prediction."""
        report = board.report
        today = board.now.astimezone(UTC).date()
        self._choices = choices(report.state.rulebook.plans, [one.highest_plan for one in report.organizations], today)
        self._grid("choices").show(len(self._choices), lambda row: [Text(self._choices[row].sentence)])
        self._show_forecast(None)

    def sheet(self) -> Sheet | None:
        """The predicted changes, each row labelled a prediction."""
        forecast = self._forecast
        if forecast is None:
            return None
        return Sheet("forecast", exported.COLUMNS, [exported.row_cells(forecast, row) for row in forecast.rows])

    def action_until(self) -> None:
        """Focus the box for the day."""
        self.query_one(Input).focus()

    def action_back(self) -> None:
        """Return from the day or the changes to the assumptions, or else go to the overview."""
        choices = self._grid("choices")
        if choices.has_focus:
            super().action_back()
        else:
            choices.focus()

    def on_input_submitted(self) -> None:
        """Compute the changes with the typed day."""
        self._choose(self._grid("choices").cursor)

    def on_grid_chosen(self, message: Grid.Chosen) -> None:
        """Compute the changes of an assumption, or show today's finding or subject of a change."""
        if message.grid.id == "choices":
            self._choose(message.row)
        elif self._lines:
            query = query_of(self._lines[message.row].row)
            if query:
                self.dashboard.show_findings(query)
            else:
                self.dashboard.show_subject(self._lines[message.row].row.subject)

    def on_grid_moved(self, message: Grid.Moved) -> None:
        """Show the change under the cursor in full."""
        if message.grid.id == "changes":
            line = self._lines[message.row] if message.row is not None and message.row < len(self._lines) else None
            self.query_one("#told", Static).update(detail(line) if line is not None else Text())

    def _choose(self, row: int | None) -> None:
        job, board = self.dashboard.job, self.dashboard.board
        if row is None or board is None:
            return
        if job is None:
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
        self._work_out(job, hypothesis)

    @work(exclusive=True, group="forecast")
    async def _work_out(self, job: Job, hypothesis: Hypothesis) -> None:
        try:
            forecast = await self.dashboard.in_thread(forecast_last, job, hypothesis)
        except ContribauditError as error:
            self.dashboard.say_error(error)
            self._show_forecast(None)
            return
        self._show_forecast(forecast)
        if forecast.rows:
            self._grid("changes").focus()

    def _show_forecast(self, forecast: Forecast | None) -> None:
        self._forecast, self._lines = forecast, lines(forecast) if forecast is not None else []
        grid = self._grid("changes")
        grid.empty = "No outcome would change." if forecast is not None else "Choose what to assume and press Enter."
        self.query_one("#banner", Static).update(banner(forecast))
        grid.show(len(self._lines), lambda row: cells(self._lines[row]), cursor=0)

    def _grid(self, name: str) -> Grid:
        return self.query_one(f"#{name}", Grid)
