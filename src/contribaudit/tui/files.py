"""What is on the screen, as a file in the present folder. Nothing is ever overwritten."""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from contribaudit.errors import OutputError
from contribaudit.exporters.text import Cell, csv_cell


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is on the screen as rows, for a CSV file."""

    name: str
    """For the file's name: letters and dashes."""
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    """Observed text as it was observed: the exporter makes it harmless."""


def write_sheet(sheet: Sheet) -> str:
    """The rows as CSV that no spreadsheet runs; returns the file's path. Raises OutputError."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow([csv_cell(column) for column in sheet.columns])
    writer.writerows([csv_cell(cell) for cell in row] for row in sheet.rows)
    return _write(sheet.name, "csv", out.getvalue())


def write_picture(name: str, svg: str) -> str:
    """The screen as SVG; returns the file's path. Raises OutputError."""
    return _write(name, "svg", svg)


def _write(name: str, kind: str, text: str) -> str:
    safe = re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")[:40] or "screen"
    stem = f"contribaudit-{safe}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    for number in range(1, 100):
        path = Path.cwd() / (f"{stem}.{kind}" if number == 1 else f"{stem}-{number}.{kind}")
        try:
            # For this account only: it holds what an organization looks like inside.
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace", newline="") as file:
                file.write(text)
        except FileExistsError:
            continue
        except OSError as error:
            raise OutputError(
                f"{path} could not be written: {error.strerror}", hint="Start from a folder of yours"
            ) from error
        return str(path)
    raise OutputError(f"{stem} exists a hundred times", hint="Wait a second")
