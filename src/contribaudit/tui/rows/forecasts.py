"""What can be assumed, and what would change then, as text. Every line of it is a prediction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from rich.text import Text

from contribaudit.core.advise.forecast import NOT_ASKED, Forecast, ForecastRow, Hypothesis
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.rulebook import Plan
from contribaudit.core.model.several import and_more, counted
from contribaudit.exporters.forecast import alike
from contribaudit.exporters.text import Cell, safe_text
from contribaudit.tui.rows import keys
from contribaudit.tui.widgets.grid import Column

CHOICES = (Column("What if …", 30, flexible=True),)
COLUMNS = (
    Column("when", 10, drop_below=84),
    Column("subject", 18, flexible=True),
    Column("check", 7),
    Column("now", 15),
    Column("then (predicted)", 16),
    Column("why", 22, flexible=True, drop_below=110),
)
SHEET = (
    "label",
    "when",
    "organization_id",
    "subject_kind",
    "subject_id",
    "check",
    "setting",
    "severity",
    "from",
    "to",
    "why",
)
_DAYS = (30, 90)
_RISKS = ("contributed", "exposed")
_OUTCOMES = {one.value: one for one in Outcome}


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to assume."""

    told: str
    hypothesis: Hypothesis


def choices(plans: Sequence[Plan], highest: Sequence[str | None], today: date) -> list[Choice]:
    """The end of trials, every plan that is not the highest one of all organizations, and time passing.

    `highest` are the plan words of the organizations.
    """
    found = [Choice("every running trial ends", Hypothesis(trial_ends=True))]
    now = {word.casefold() for word in highest if word}
    for plan in sorted(plans, key=lambda one: -one.rank):
        if now != {plan.name.casefold()}:
            found.append(Choice(f"the highest plan becomes {plan.name}, by trial or purchase", Hypothesis(plan=plan)))
    for days in _DAYS:
        day = today + timedelta(days=days)
        found.append(Choice(f"nothing is done for {counted(days, 'day')}, until {day}", Hypothesis(until=day)))
    return found


@dataclass(frozen=True, slots=True)
class Line:
    """Rows that differ in their subject alone, shown as one."""

    row: ForecastRow
    """The first of them."""
    number: int


def lines(found: Forecast) -> list[Line]:
    """What would be otherwise, day by day, the gravest first."""
    made = []
    for _, group in groupby(found.rows, alike):
        first, *others = group
        made.append(Line(first, 1 + len(others)))
    return sorted(made, key=lambda one: (one.row.when or date.min, _gravity(one.row)))


def _gravity(row: ForecastRow) -> int:
    """0 for what would fail or be contributed, 1 for what would be unverified, 2 for the rest."""
    after = _OUTCOMES.get(row.after)
    if after is None:
        return 0 if row.after in _RISKS else 2
    return 0 if after.violates else 1 if after.unproven else 2


def _worse(row: ForecastRow) -> bool:
    before = _OUTCOMES.get(row.before)
    return _gravity(row) < 2 and not (before is not None and before.violates)


def cells(line: Line) -> list[Text]:
    """The texts of one line."""
    row = line.row
    name = safe_text(row.name).removeprefix("app:").replace(".atlassian.net", "", 1)
    return [
        Text(row.when.isoformat() if row.when else "at once"),
        Text(f"{name} {and_more(line.number - 1)}".rstrip()),
        Text(safe_text(row.check) or "answer"),
        _word(row.before),
        _word(row.after),
        Text(safe_text(row.why)),
    ]


def _word(word: str) -> Text:
    if word in _OUTCOMES:
        return keys.outcome_sign(_OUTCOMES[word])
    return Text("not asked", "dim") if word == NOT_ASKED else Text(safe_text(word.replace("_", " ")))


def detail(line: Line) -> Text:
    """One line in full."""
    row = line.row
    setting = f" ({row.setting})" if row.setting else ""
    said = Text(safe_text(f"{row.check or 'effective answer'}{setting}: {row.why}"))
    if row.predicted:
        said.append(safe_text(f"; the plan's default is {row.predicted.replace('_', ' ')}: predicted, not evidence"))
    return said


def banner(found: Forecast | None, called: Mapping[str, str]) -> Text:
    """That it is a prediction, what is assumed, and what could not be looked at; `called` are organizations by ID."""
    said = Text(" PREDICTION ", "bold reverse").append(" ")
    if found is None:
        return said.append("Nothing is read or saved, and this is not evidence. Choose what to assume and press Enter.")
    if found.assumptions:
        said.append(safe_text("if " + "; ".join(found.assumptions)), "bold")
    for note in found.notes:
        identity, colon, rest = note.partition(":")
        said.append(f"  {safe_text(called.get(identity, identity) + colon + rest)}", "yellow")
    if not found.rows:
        said.append(" No outcome would change.", "bold")
        return said
    worse = sum(1 for row in found.rows if _worse(row))
    return said.append(f": {counted(len(found.rows), 'answer')} would change, {worse:,} of them for the worse")


def query_of(row: ForecastRow) -> str:
    """The filter of the finding as it is today; "" where a line is about no finding."""
    return f"check:{row.check} id:{row.subject.id}" if row.check else ""


def sheet_rows(found: Forecast) -> list[tuple[Cell, ...]]:
    """For a CSV file, each labelled a prediction."""
    return [
        (
            found.label,
            row.when,
            row.organization,
            row.subject.kind.value,
            row.subject.id,
            row.check,
            row.setting,
            row.severity.value if row.severity else None,
            row.before,
            row.after,
            row.why,
        )
        for row in found.rows
    ]
