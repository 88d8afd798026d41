"""The CSV files of an evidence folder. This module defines a sheet; each other module has the sheets of one source.

`export.py` lists them all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TextIO

from contribaudit.core.model.subject import Kind, Subject
from contribaudit.evidence.dossier import Dossier
from contribaudit.evidence.pseudonyms import Pseudonymizer
from contribaudit.exporters import csv_evidence
from contribaudit.exporters.csv_evidence import lines
from contribaudit.exporters.text import Cell

Row = tuple[Cell, ...]
_SUBJECTS = (("organization_id", "subject_kind", "subject_id"), ("organization_id", "kind", "id"))


@dataclass(frozen=True, slots=True)
class Sheet(csv_evidence.Sheet[Dossier]):
    """A CSV file that is made from a dossier. New columns are only appended."""

    people: frozenset[str] = frozenset()
    """Columns that contain only a person, an account or a machine."""

    def write(self, dossier: Dossier, out: TextIO) -> None:
        """Write header and rows; `out` must not translate newlines."""
        rows = self.rows(dossier)
        if dossier.sites:
            rows = filter(self._row_filter(dossier), rows)
        if not dossier.cast.named:
            casts, whole = [dossier.cast] * len(self.columns), [name in self.people for name in self.columns]
            rows = (tuple(map(_pseudonymize, casts, row, whole)) for row in rows)
        out.writelines(lines([self.columns]))
        out.writelines(lines(rows))

    def _row_filter(self, dossier: Dossier) -> Callable[[Row], bool]:
        """A filter for rows that belong to the sites that the dossier is limited to."""
        places = {name: place for place, name in enumerate(self.columns)}
        subject = next((named for named in _SUBJECTS if all(name in places for name in named)), None)

        def of_sites(row: Row) -> bool:
            site = row[places["site"]] if "site" in places else None
            if site and isinstance(site, str):
                return site.casefold() in dossier.sites
            if subject is None:
                return True
            organization, kind, identity = (str(row[places[name]] or "") for name in subject)
            return not kind or dossier.shows(Subject(organization, Kind(kind), identity))

        return of_sites


def _pseudonymize(cast: Pseudonymizer, cell: Cell, whole: bool) -> Cell:
    replaced = cast.person if whole else cast.text
    match cell:
        case str():
            return replaced(cell)
        case tuple():
            return tuple(replaced(one) for one in cell)
        case _:
            return cell
