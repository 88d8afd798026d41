"""`contribaudit audit`: read, keep, judge, report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from contribaudit.cli.options import (
    Console,
    api_key_options,
    force_option,
    format_option,
    organization_option,
    output_option,
    pass_console,
    policy_option,
    store_option,
)

if TYPE_CHECKING:
    from contribaudit.core.finding import Severity
    from contribaudit.core.report import Report

FORMATS = ("table", "json", "csv", "line")
SEVERITIES = ("critical", "high", "medium", "low", "info")


@click.command()
@organization_option(multiple=True)
@policy_option
@format_option(FORMATS, "table")
@output_option
@force_option
@click.option("--fail-on", type=click.Choice(SEVERITIES), help="From which severity a finding makes exit code 1.")
@click.option("--only", multiple=True, metavar="CHECK", help="Look at this check alone; may be repeated.")
@click.option("--skip", multiple=True, metavar="CHECK", help="Leave this check out; may be repeated.")
@click.option("--all", "everything", is_flag=True, help="List passes in the table too.")
@click.option("--offline", is_flag=True, help="Judge the last kept run; read nothing.")
@click.option("--no-notify", is_flag=True, help="Tell nobody (this version tells nobody yet).")
@click.option("--list-calls", is_flag=True, help="Print every call that an audit makes, and make none.")
@store_option
@api_key_options
@pass_console
def command(
    console: Console,
    *,
    organizations: tuple[str, ...],
    policy_path: Path | None,
    output_format: str,
    output_path: Path | None,
    force: bool,
    fail_on: str | None,
    only: tuple[str, ...],
    skip: tuple[str, ...],
    everything: bool,
    offline: bool,
    no_notify: bool,  # noqa: ARG001  taken already, so that a schedule written today keeps working
    list_calls: bool,
    store_location: str | None,
    api_key_file: Path | None,
    api_key_fd: int | None,
) -> None:
    """Read the organization, compare it with the policy, report.

    Without --policy and without one in the configuration, the pack "essentials" is asked.
    """
    console.check_output(output_path, overwrite=force)
    if list_calls:
        console.write(calls_text(output_format), output_path)
        return
    from contribaudit import wiring
    from contribaudit.core.evaluate import Selection
    from contribaudit.core.finding import Severity
    from contribaudit.pipeline import Job, audit, judge_last

    settings = console.settings()
    console.warn_of_unmatched_environment()
    rulebook = wiring.load_rulebook(settings)
    policy = wiring.load_policy(policy_path or settings.policy, rulebook)
    selection = Selection(check_ids(only), check_ids(skip))
    severity = Severity(fail_on) if fail_on else settings.fail_on
    targets = (
        wiring.unread_targets(settings, organizations)
        if offline
        else wiring.targets(
            settings,
            organizations,
            key_file=api_key_file,
            key_fd=api_key_fd,
            progress=console.diagnostics,
            on_key=console.diagnostics.hide,
        )
    )
    with wiring.open_store(settings, store_location) as store:
        job = Job(
            targets,
            store,
            rulebook,
            policy,
            severity,
            selection,
            wiring.operator(),
            attestations=wiring.load_attestations(settings),
        )
        if offline:
            report = judge_last(job)
        else:
            import asyncio

            report = asyncio.run(audit(job, console.diagnostics))
    finish(console, report, severity, output_format, output_path, everything=everything)


def finish(
    console: Console,
    report: Report,
    fail_on: Severity,
    output_format: str,
    output_path: Path | None,
    *,
    everything: bool = False,
) -> None:
    """Write the report, say what it means, and end with its exit code."""
    from contribaudit.cli.sentences import conclusion

    console.write(rendered(console, report, output_format, output_path, everything=everything), output_path)
    if output_format != "table":
        for warning in report.warnings:
            console.diagnostics.warning(warning)
    code = report.run.exit_code
    console.diagnostics.conclusion(conclusion(report, fail_on), code=code)
    console.exit(code)


def rendered(
    console: Console, report: Report, output_format: str, output_path: Path | None, *, everything: bool = False
) -> str:
    """The report in one of the formats."""
    import io

    if output_format == "table":
        from contribaudit.exporters import text_table

        to_screen = output_path is None and console.on_terminal
        return text_table.render(
            report, everything=everything, terminal=to_screen, color=to_screen and console.colored_output
        )
    out = io.StringIO(newline="")
    if output_format == "json":
        from contribaudit.exporters import json_v1

        json_v1.write(report, out)
    elif output_format == "csv":
        from contribaudit.exporters import csv_evidence

        csv_evidence.write(report, out)
    else:
        from contribaudit.exporters import line

        line.write(report, out)
    return out.getvalue()


def check_ids(words: tuple[str, ...]) -> tuple[str, ...]:
    """The check IDs as they are spelt. Raises UsageError for one that this version does not have."""
    from difflib import get_close_matches

    from contribaudit import checks
    from contribaudit.errors import UsageError

    known = {check.id.casefold(): check.id for check in checks.ALL}
    for word in words:
        if word.casefold() not in known:
            near = get_close_matches(word.casefold(), known, n=1)
            meant = f"Did you mean {known[near[0]]}? " if near else ""
            raise UsageError(f"There is no check {word!r}", hint=f"{meant}contribaudit checks list names them all.")
    return tuple(known[word.casefold()] for word in words)


def calls_text(output_format: str) -> str:
    """Every call of an audit with the scope that a key needs for it."""
    from contribaudit import collectors
    from contribaudit.exporters.tabular import FORMATS as TABULAR
    from contribaudit.exporters.tabular import render

    rows = [(one.call.method, one.call.path, one.call.scope or None, one.call.documented_at) for one in collectors.ALL]
    form = output_format if output_format in TABULAR else "table"
    return render(form, ("method", "path", "scope", "documented_at"), rows, only=("method", "path", "scope"))
