"""Writes reports in any format: that of an audit that just ended, or a saved one (`contribaudit render`).

A saved report needs neither history nor network.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TextIO, TypeAlias

import click

from contribaudit.cli.console import Console, pass_console
from contribaudit.cli.options import PATH, format_option, output_options
from contribaudit.errors import UsageError

if TYPE_CHECKING:
    from contribaudit.core.advise.report import Report
    from contribaudit.exporters.report_v1 import ReportV1


FORMATS = ("table", "json", "csv", "line", "markdown", "html", "xlsx", "junit", "sarif")
_SORTING = ("html", "junit", "markdown")
"""Formats that iterate over the findings more than once."""
Result: TypeAlias = str | Iterator[str] | Iterator[bytes]
_PIECE = 1 << 20


def check_format(console: Console) -> None:
    """Check in advance that the format can be written here. Raises UsageError."""
    if console.output_format == "xlsx" and console.on_terminal:
        raise UsageError("A workbook cannot be shown in a terminal", hint="Name a file with --output")


def of_report(
    console: Console, report: Report, output_format: str, *, everything: bool = False, kept: bool = True
) -> Result:
    """The report in one of FORMATS; long ones piece by piece. `kept` is true when a history contains the run."""
    from contribaudit.exporters import json_v1, monitoring

    several = output_format in _SORTING or (output_format == "table" and everything)
    document = json_v1.as_document(report) if several else json_v1.lean_document(report)
    if output_format == "line":
        return monitoring.one_line(document, report.manifest_sha256) + "\n"
    return of_document(console, document, output_format, everything=everything, kept=kept)


def of_document(
    console: Console, document: ReportV1, output_format: str, *, everything: bool = False, kept: bool = True
) -> Result:
    """The published document in one of FORMATS."""
    from contribaudit.exporters import csv_evidence, html, json_v1, junit, markdown, monitoring, sarif, text_table, xlsx

    match output_format:
        case "table":
            to_screen = console.on_terminal
            colored = to_screen and console.colored_output
            return text_table.render(
                document,
                everything=everything,
                terminal=to_screen,
                color=colored,
                kept=kept,
                typed=console.runnable,
            )
        case "json":
            return json_v1.pieces(document)
        case "csv":
            return spooled(lambda out: csv_evidence.write(document, out))
        case "line":
            return monitoring.one_line(document) + "\n"
        case "html":
            return html.pieces(document)
        case "junit":
            return junit.pieces(document)
        case "sarif":
            return sarif.pieces(document, everything=everything)
        case "markdown":
            return markdown.render(document)
        case _:
            return spooled_bytes(lambda out: xlsx.write(document, out))


def spooled(write: Callable[[TextIO], None]) -> Iterator[str]:
    """What `write` writes, through a temporary file, so that it is never all in memory."""
    with tempfile.TemporaryFile("w+", encoding="utf-8", newline="") as file:
        write(file)
        file.seek(0)
        yield from iter(lambda: file.read(_PIECE), "")


def spooled_bytes(write: Callable[[BinaryIO], None]) -> Iterator[bytes]:
    """The bytes that `write` writes, through a temporary file."""
    with tempfile.TemporaryFile() as file:
        write(file)
        file.seek(0)
        yield from iter(lambda: file.read(_PIECE), b"")


@click.command()
@click.argument("place", type=PATH, metavar="REPORT")
@format_option(*FORMATS)
@output_options
@click.option("--all", "everything", is_flag=True, help="List passes in the table and in SARIF too.")
@pass_console
def command(console: Console, *, place: Path, everything: bool) -> None:
    """Write a saved report in any format: REPORT is the JSON of an audit, or an evidence folder or .zip.

    Needs neither history nor network, and does not check the evidence: `contribaudit evidence verify` does. The exit
    code is 0 whatever the report says.
    """
    console.check_output()
    check_format(console)
    from contribaudit.exporters.saved import load
    from contribaudit.exporters.summary import Overview

    document = load(place)
    run = document["run"]
    result = of_document(console, document, console.output_format, everything=everything)
    console.write(result)
    if console.output_format != "table":
        for warning in document["warnings"]:
            console.diagnostics.warning(warning)
    console.diagnostics.conclusion(
        f"Run {run['id']} of {run['finished_at']} ended with exit code {run['exit_code']}:"
        f" {Overview(document).headline}."
    )
