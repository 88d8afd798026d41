"""`contribaudit demo`: the whole job, with nothing configured."""

from __future__ import annotations

from pathlib import Path

import click

from contribaudit.cli.audit import FORMATS, rendered
from contribaudit.cli.options import Console, force_option, format_option, output_option, pass_console

SCENARIOS = ("drifted", "tidy", "small")


@click.command()
@click.option(
    "--scenario", type=click.Choice(SCENARIOS), default="drifted", show_default=True, help="Which organization."
)
@click.option("--out", "folder", type=click.Path(path_type=Path), metavar="DIR", help="Write CSV evidence there too.")
@format_option(FORMATS, "table")
@output_option
@force_option
@click.option("--all", "everything", is_flag=True, help="List passes in the table too.")
@pass_console
def command(
    console: Console,
    *,
    scenario: str,
    folder: Path | None,
    output_format: str,
    output_path: Path | None,
    force: bool,
    everything: bool,
) -> None:
    """Audit a simulated organization: real HTTP on this machine, no key, no network, nothing kept.

    It is audited as of yesterday and as of now, so that there is a change to see. Ends with 0 when the demonstration
    worked, and says how an audit would have ended.
    """
    from contribaudit.demo.run import run_demo
    from contribaudit.exporters import csv_evidence

    console.check_output(output_path, overwrite=force)
    if folder is not None:
        csv_evidence.check_folder(folder)
    report = run_demo(scenario, console.diagnostics)
    console.write(rendered(console, report, output_format, output_path, everything=everything), output_path)
    written = ""
    if folder is not None:
        paths = csv_evidence.write_folder(report, folder)
        written = f" {len(paths)} CSV files are in {folder}."
    console.diagnostics.conclusion(
        f"An audit would have ended with exit code {report.run.exit_code}.{written}"
        " For your own organization: contribaudit init."
    )
