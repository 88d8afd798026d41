"""`contribaudit render`: a saved report in any format, without history or network."""

from __future__ import annotations

from pathlib import Path

import click

from contribaudit.cli.options import Console, force_option, format_option, output_option, pass_console
from contribaudit.cli.written import FORMATS, FROM_REPORT, check_format, of_document, of_report


@click.command()
@click.argument("place", type=click.Path(path_type=Path), metavar="REPORT")
@format_option(FORMATS, "table")
@output_option
@force_option
@click.option("--all", "everything", is_flag=True, help="List passes in the table and in SARIF too.")
@pass_console
def command(
    console: Console, *, place: Path, output_format: str, output_path: Path | None, force: bool, everything: bool
) -> None:
    """Write a saved report in any format: REPORT is the JSON of an audit, or an evidence folder or .zip.

    Needs neither history nor network, and does not check the evidence: `contribaudit evidence verify` does. Ends with 0
    whatever the report says.
    """
    console.check_output(output_path, overwrite=force)
    check_format(console, output_format, output_path)
    from contribaudit.exporters.saved_file import load
    from contribaudit.exporters.summary import Overview

    document = load(place)
    run = document["run"]
    if output_format in FROM_REPORT:
        from contribaudit.exporters.saved import report_of

        result = of_report(console, report_of(document), output_format, output_path, everything=everything)
    else:
        result = of_document(document, output_format, everything=everything)
    console.write(result, output_path)
    if output_format != "table":
        for warning in document["warnings"]:
            console.diagnostics.warning(warning)
    console.diagnostics.conclusion(
        f"Run {run['id']} of {run['finished_at']} ended with exit code {run['exit_code']}:"
        f" {Overview(document).headline}."
    )
