"""The vendor's sub-processors: the list in force, which apps each touches, and who reviewed what by then."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from contribaudit.core.model.subprocessors import SUBPROCESSOR_COLUMNS
from contribaudit.core.resolve.subprocessor_exposure import exposures, list_in_force, processors
from contribaudit.evidence.dossier import Dossier
from contribaudit.evidence.sheet import Row, Sheet
from contribaudit.exporters.subprocessors import EXPOSURE_COLUMNS, exposure_cells, list_cells


def _list(dossier: Dossier) -> Iterable[Row]:
    state = dossier.report.state
    listed = list_in_force(state)
    return list_cells(listed, processors(state, listed)) if listed is not None else ()


SUBPROCESSORS = Sheet("subprocessors.csv", SUBPROCESSOR_COLUMNS, _list, frozenset(("imported_by",)))


def _exposure(dossier: Dossier) -> Iterator[Row]:
    state = dossier.report.state
    return exposure_cells(state, exposures(state, processors(state)))


EXPOSURE = Sheet("subprocessor_exposure.csv", EXPOSURE_COLUMNS, _exposure)


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
