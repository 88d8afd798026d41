"""The sheets that a report alone fills: those of `--out`, and the spaces, one by one."""

from __future__ import annotations

from collections.abc import Iterable

from contribaudit.evidence.dossier import Dossier
from contribaudit.evidence.sheet import Row, Sheet
from contribaudit.exporters import csv_evidence, spaces

_PEOPLE = frozenset(("attested_by", "waiver_approved_by"))


def _of(sheet: csv_evidence.Sheet) -> Sheet:
    def rows(dossier: Dossier) -> Iterable[Row]:
        return sheet.rows(dossier.report)

    return Sheet(sheet.name, sheet.columns, rows, _PEOPLE.intersection(sheet.columns))


FROM_REPORT = tuple(_of(sheet) for sheet in csv_evidence.ALL)
SPACES = Sheet("spaces.csv", spaces.COLUMNS, lambda dossier: spaces.space_rows(dossier.report.state))
