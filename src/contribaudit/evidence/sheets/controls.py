"""controls.csv: what the run says of each control of each framework, a row for each check that bears on it."""

from __future__ import annotations

from collections.abc import Iterator

from contribaudit.evidence.controls import COUNTED, ByControl, split
from contribaudit.evidence.dossier import Dossier
from contribaudit.evidence.sheet import Row, Sheet


def _rows(dossier: Dossier) -> Iterator[Row]:
    counted = ByControl()
    for one in dossier.report.findings:
        counted.take(one.check, one.title, one.severity, one.outcome.value, one.controls)
    for row in counted.rows():
        numbers = (row.outcomes[one] for one in COUNTED)
        severity, worst = row.severity.value, row.worst.value
        yield (*split(row.control), row.check, row.title, severity, worst, row.outcomes.total(), *numbers)


CONTROLS = Sheet(
    "controls.csv",
    ("framework", "control", "check_id", "check_title", "severity", "worst_outcome", "findings", *COUNTED),
    _rows,
)
