"""One CSV file of an evidence folder."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TextIO

from contribaudit.core.subject import Kind, Subject
from contribaudit.evidence.dossier import Dossier
from contribaudit.evidence.people import Cast
from contribaudit.exporters.cells import Cell, csv_cell

Row = tuple[Cell, ...]
_SUBJECTS = (("organization_id", "subject_kind", "subject_id"), ("organization_id", "kind", "id"))


@dataclass(frozen=True, slots=True)
class Sheet:
    """Its columns, which only ever grow at the end, and its rows from a dossier, made as they are written."""

    name: str
    columns: tuple[str, ...]
    rows: Callable[[Dossier], Iterable[Row]]
    people: frozenset[str] = frozenset()
    """Columns that hold nothing but a person, an account or a machine."""

    def write(self, dossier: Dossier, out: TextIO) -> None:
        """Header and rows; `out` must not translate newlines."""
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow(self.columns)
        whole = [name in self.people for name in self.columns]
        shown = self._shown(dossier)
        for row in self.rows(dossier):
            if shown(row):
                cells = row if dossier.cast.named else map(_unnamed, [dossier.cast] * len(row), row, whole)
                writer.writerow([csv_cell(cell) for cell in cells])

    def _shown(self, dossier: Dossier) -> Callable[[Row], bool]:
        """Whether a row is of the sites that the dossier is limited to."""
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

        return of_sites if dossier.sites else lambda _row: True


def _unnamed(cast: Cast, cell: Cell, whole: bool) -> Cell:
    replaced = cast.person if whole else cast.text
    match cell:
        case str():
            return replaced(cell)
        case tuple():
            return tuple(replaced(one) for one in cell)
        case _:
            return cell
