"""`contribaudit demo`: a complete audit with nothing configured."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from contribaudit.cli.console import Console, pass_console
from contribaudit.cli.options import PATH, format_option, output_options
from contribaudit.cli.render import FORMATS, check_format, of_report
from contribaudit.errors import UsageError

if TYPE_CHECKING:
    from contribaudit.audit.job import Job
    from contribaudit.core.advise.report import Report

SCENARIOS = ("acme", "tidy", "small", "drifted")


@click.command()
@click.option("--scenario", type=click.Choice(SCENARIOS), default="acme", show_default=True, help="Which organization.")
@click.option("--out", "folder", type=PATH, metavar="DIR", help="Write a signed evidence folder too.")
@click.option("--html", "html_path", type=PATH, metavar="FILE", help="Write the HTML report too.")
@format_option(*FORMATS)
@output_options
@click.option("--dashboard", is_flag=True, help="Show the organization in the dashboard, where `r` audits it again.")
@click.option("--all", "everything", is_flag=True, help="List passes in the table and in SARIF too.")
@pass_console
def command(
    console: Console, *, scenario: str, folder: Path | None, html_path: Path | None, dashboard: bool, everything: bool
) -> None:
    """Audit a simulated organization: real HTTP on this machine, no key, no network, nothing kept.

    The organization has a history: in the weeks before, people attested settings and changed some, as in yours. The
    exit code is 0 if the demonstration worked; the last line says how an audit would have ended.
    """
    if dashboard:
        from contribaudit.cli.dashboard import require_terminal, show_demo

        require_terminal()
        show_demo(console, scenario)
        return
    from contribaudit.audit.replay import judge_last
    from contribaudit.demo import demonstration

    console.check_output()
    if html_path is not None:
        console.check_output(html_path)
    check_format(console)
    if folder is not None and os.path.lexists(folder):
        raise UsageError(f"{folder} exists", hint="Evidence is never overwritten: name another folder")
    files = ""
    with demonstration(scenario, console.diagnostics) as shown:
        report = judge_last(shown.job)  # rendered while the history is still open, since it reads what is due from it
        if folder is not None:
            _export_evidence(shown.job, report, folder)
            files = f" Signed evidence is in {folder}."
        result = of_report(console, report, console.output_format, everything=everything, kept=False)
        console.write(result)
        if html_path is not None:
            console.write(of_report(console, report, "html", everything=True, kept=False), html_path)
            files += f" Open the HTML report {html_path} in a browser."
    console.diagnostics.conclusion(
        f"An audit would have ended with exit code {report.run.exit_code}.{files}"
        " For your own organization: contribaudit init."
    )


def _export_evidence(job: Job, report: Report, folder: Path) -> None:
    """Export a pack signed with a temporary key. It shows what a pack looks like, and proves nothing."""
    from contribaudit.evidence.dossier import of_report
    from contribaudit.evidence.export import Form, export
    from contribaudit.evidence.signing import Signer

    export(of_report(job, report), folder, now=job.clock(), operator=job.operator, form=Form(signer=Signer.new()))
