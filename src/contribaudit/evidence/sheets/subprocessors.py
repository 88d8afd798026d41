"""The vendor's sub-processors: the list in force, which apps each touches, and who reviewed what by then."""

from __future__ import annotations

from collections.abc import Iterator

from contribaudit.evidence.dossier import Dossier
from contribaudit.evidence.sheet import Row, Sheet
from contribaudit.exporters import subprocessors as exported

SUBPROCESSORS = Sheet(
    exported.SUBPROCESSORS.name,
    exported.SUBPROCESSORS.columns,
    lambda dossier: exported.SUBPROCESSORS.rows(dossier.report.state),
    frozenset(("imported_by",)),
)
EXPOSURE = Sheet(
    exported.EXPOSURE.name, exported.EXPOSURE.columns, lambda dossier: exported.EXPOSURE.rows(dossier.report.state)
)


def _reviews(dossier: Dossier) -> Iterator[Row]:
    for one in dossier.report.state.subprocessors.reviews:
        signed = one.signed
        yield one.effective.isoformat(), one.row, signed.by, signed.at, signed.account, signed.host, one.note


REVIEWS = Sheet(
    "subprocessor_reviews.csv",
    ("effective", "row", "reviewed_by", "reviewed_at", "account", "host", "note"),
    _reviews,
    frozenset(("reviewed_by", "account", "host")),
)
