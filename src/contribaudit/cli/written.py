"""A report in any format, on its way out: of an audit that just ended, or out of a saved file."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TextIO, TypeAlias

from contribaudit.cli.options import Console
from contribaudit.errors import UsageError

if TYPE_CHECKING:
    from contribaudit.core.advise.report import Report
    from contribaudit.exporters.report_v1 import ReportV1

FORMATS = ("table", "json", "csv", "line", "markdown", "html", "xlsx", "junit", "sarif")
FROM_REPORT = ("table", "json", "csv", "line")
"""The others are written from the published document."""
Result: TypeAlias = str | Iterator[str] | Iterator[bytes]
_PIECE = 1 << 20


def check_format(console: Console, output_format: str, output_path: Path | None) -> None:
    """Refuse, before the work, a format that cannot be written here. Raises UsageError."""
    from importlib.util import find_spec

    if output_format != "xlsx":
        return
    if find_spec("xlsxwriter") is None:
        raise UsageError(
            "This installation cannot write XLSX", hint='Install the extra: pip install "contribaudit[xlsx]"'
        )
    if output_path is None and console.on_terminal:
        raise UsageError("A workbook is no text for a terminal", hint="Name a file with --output")


def of_report(
    console: Console, report: Report, output_format: str, output_path: Path | None, *, everything: bool = False
) -> Result:
    """The report in one of FORMATS; long ones piece by piece."""
    if output_format == "table":
        from contribaudit.exporters import text_table

        to_screen = output_path is None and console.on_terminal
        return text_table.render(
            report, everything=everything, terminal=to_screen, color=to_screen and console.colored_output
        )
    if output_format == "line":
        from contribaudit.exporters import line

        return line.one_line(report) + "\n"
    if output_format == "csv":
        from contribaudit.exporters import csv_evidence

        return spooled(lambda out: csv_evidence.write(report, out))
    from contribaudit.exporters import json_v1

    if output_format == "json":
        return json_v1.pieces(report)
    lean = output_format in ("sarif", "xlsx")  # the others go through the findings more than once, or sort them
    document: ReportV1 = json_v1.lean_document(report) if lean else json_v1.as_document(report)  # type: ignore[assignment]
    return of_document(document, output_format, report, everything=everything)


def of_document(
    document: ReportV1, output_format: str, report: Report | None = None, *, everything: bool = False
) -> Result:
    """The document in one of the formats that are written from it; `report` is what it was made of, if it was."""
    from contribaudit.exporters import html, junit, markdown, sarif, xlsx

    match output_format:
        case "html":
            return html.pieces(document)
        case "junit":
            return junit.pieces(document)
        case "sarif":
            return sarif.pieces(document, everything=everything)
        case "markdown":
            return markdown.render(document)
        case _:
            return spooled_bytes(lambda out: xlsx.write(document, out, report))


def spooled(write: Callable[[TextIO], None]) -> Iterator[str]:
    """What `write` writes, by way of a temporary file, so that it is never all in memory."""
    with tempfile.TemporaryFile("w+", encoding="utf-8", newline="") as file:
        write(file)
        file.seek(0)
        while piece := file.read(_PIECE):
            yield piece


def spooled_bytes(write: Callable[[BinaryIO], None]) -> Iterator[bytes]:
    """The same of what is no text."""
    with tempfile.TemporaryFile() as file:
        write(file)
        file.seek(0)
        while piece := file.read(_PIECE):
            yield piece
