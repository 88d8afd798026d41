"""Writes a forecast as a table, JSON or CSV. Each form states that it is a prediction."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from itertools import groupby

from contribaudit import catalogue
from contribaudit.core.advise.forecast import Forecast, ForecastRow
from contribaudit.core.model.phrases import some
from contribaudit.exporters.tabular import json_object
from contribaudit.exporters.tabular import render as render_rows
from contribaudit.exporters.text import Cell, rfc3339, safe_text, words

SCHEMA = "contribaudit.forecast/1"
COLUMNS = (
    "label", "organization_id", "subject_kind", "subject_id", "subject_name", "check", "setting", "severity",
    "from", "to", "predicted", "when", "why",
)  # fmt: skip
"""`label` is "prediction" in every row; `from` is the outcome today or on the day before the change."""
_TABLE = ("when", "subject", "check", "severity", "from", "to_(predicted)", "why")


def render(forecast: Forecast, output_format: str, *, terminal: bool = False) -> str:
    """The forecast in one of tabular.FORMATS."""
    if output_format == "json":
        return json.dumps(_document(forecast), indent=2) + "\n"
    if output_format == "csv":
        return render_rows("csv", COLUMNS, [row_cells(forecast, row) for row in forecast.rows])
    return _head(forecast) + _table(forecast, terminal=terminal)


def _head(forecast: Forecast) -> str:
    """The lines above the rows: what a forecast is, its assumptions and its notes."""
    lines = [
        f"PREDICTION, not evidence: from the last saved run, rulebook {safe_text(forecast.rulebook)}, "
        f"policy {safe_text(forecast.policy)}; nothing was read or saved.",
        *(f"If {safe_text(sentence)}." for sentence in forecast.assumptions),
        *(safe_text(note) for note in forecast.notes),
    ]
    if not forecast.rows:
        lines.append("No outcome would change.")
    return "\n".join(lines) + "\n\n"


def _table(forecast: Forecast, *, terminal: bool) -> str:
    """The rows as a table. Neighbours that differ only in their subject are one row, which names the first."""
    if not forecast.rows:
        return ""
    rows = [_forecast_row(list(group)) for _, group in groupby(forecast.rows, alike)]
    return render_rows("table", _TABLE, rows, flexible="why", terminal=terminal)


def alike(row: ForecastRow) -> tuple[object, ...]:
    """A key that is equal for rows that can be shown as one."""
    return (
        row.when,
        row.subject.organization,
        row.check,
        row.setting,
        row.severity,
        row.before,
        row.after,
        row.why,
        row.predicted,
    )


_WORD = re.compile("[a-z_]+")


def in_words(text: str) -> str:
    """An outcome, a value, or counts of these, as people read them: "8 contributed, 3 no setting"."""
    return _WORD.sub(lambda found: words(found[0]).replace("_", " "), safe_text(text))


def about(row: ForecastRow) -> str:
    """Title and ID of the check, or the title of the effective answer."""
    return f"{row.title} ({row.check})" if row.check else catalogue.find(row.setting).title if row.setting else ""


def _forecast_row(group: Sequence[ForecastRow]) -> tuple[Cell, ...]:
    row = group[0]
    return (
        row.when.isoformat() if row.when else "at once",
        some([one.called for one in group], 1),
        about(row),
        row.severity.value if row.severity else "",
        in_words(row.before),
        in_words(row.after),
        row.why if row.predicted is None else f"{row.why}; {in_words(row.predicted)}: predicted, not evidence",
    )


def row_cells(forecast: Forecast, row: ForecastRow) -> tuple[Cell, ...]:
    """The cells of a row in the order of COLUMNS."""
    return (
        forecast.label,
        row.subject.organization,
        row.subject.kind.value,
        row.subject.id,
        row.name,
        row.check,
        row.setting,
        row.severity.value if row.severity else None,
        row.before,
        row.after,
        row.predicted,
        row.when,
        row.why,
    )


def _document(forecast: Forecast) -> dict[str, object]:
    hypothesis = forecast.hypothesis
    return {
        "schema": SCHEMA,
        "label": forecast.label,
        "as_of": rfc3339(forecast.as_of),
        "rulebook": forecast.rulebook,
        "policy": forecast.policy,
        "hypothesis": {
            "plan": hypothesis.plan.name if hypothesis.plan else None,
            "trial_ends": hypothesis.trial_ends,
            "until": hypothesis.until.isoformat() if hypothesis.until else None,
        },
        "assumptions": list(forecast.assumptions),
        "notes": list(forecast.notes),
        "days": [day.isoformat() for day in forecast.days],
        "rows": [json_object(COLUMNS, row_cells(forecast, row)) for row in forecast.rows],
    }
