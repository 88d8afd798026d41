"""`contribaudit audit`: reads the organization, saves the run, judges it and reports."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from contribaudit import exit_codes
from contribaudit.cli.arguments import check_ids, past_moment
from contribaudit.cli.console import Console, pass_console
from contribaudit.cli.options import (
    PATH,
    api_key_options,
    format_option,
    organization_option,
    output_options,
    policy_option,
    store_option,
)
from contribaudit.cli.render import FORMATS, check_format, of_report
from contribaudit.core.model.finding import Finding, Severity
from contribaudit.errors import ContribauditError, NothingRead, OutputError, UsageError

if TYPE_CHECKING:
    from contribaudit.audit.job import Job, Operator
    from contribaudit.core.advise.report import Report, RunLine
    from contribaudit.settings.model import Sites

METRICS = "Write Prometheus gauges for a textfile collector."
_RUNS_LOOKED_AT = 1000
SEVERITIES = ("critical", "high", "medium", "low", "info")


@click.command()
@organization_option(multiple=True)
@policy_option
@format_option(*FORMATS)
@output_options
@click.option(
    "--fail-on",
    type=click.Choice(SEVERITIES),
    help="Lowest severity of a finding that makes the exit code 1; default: fail_on in the configuration, or high.",
)
@click.option(
    "--only",
    multiple=True,
    metavar="CHECK",
    help="Run only this check: an ID, a slug, or a wildcard ('DC-*'). Repeatable.",
)
@click.option("--skip", multiple=True, metavar="CHECK", help="Skip this check, named in the same way. Repeatable.")
@click.option("--all", "everything", is_flag=True, help="List passes in the table and in SARIF too.")
@click.option("--offline", is_flag=True, help="Judge the last saved run; read nothing.")
@click.option("--at", metavar="RUN|DATE", help="With --offline: as of that run, or of the end of that day (UTC).")
@click.option("--metrics", "metrics_path", type=PATH, metavar="FILE", help=METRICS)
@click.option(
    "--json-summary",
    "summary_path",
    type=PATH,
    metavar="FILE",
    help="Write the run's figures as JSON.",
)
@click.option("--no-notify", is_flag=True, help="Send no messages for this run.")
@click.option(
    "--planned",
    metavar="HH:MM",
    help="For schedulers: the time of day, on this machine's clock, at which the audit starts daily.",
)
@click.option("--list-calls", is_flag=True, help="Print every call that an audit makes, and make none.")
@store_option
@api_key_options
@pass_console
def command(
    console: Console,
    *,
    fail_on: str | None,
    only: tuple[str, ...],
    skip: tuple[str, ...],
    everything: bool,
    offline: bool,
    at: str | None,
    metrics_path: Path | None,
    summary_path: Path | None,
    no_notify: bool,
    planned: str | None,
    list_calls: bool,
) -> None:
    """Read the organization, compare it with the policy, report.

    Without --policy and without a policy in the configuration, the pack "essentials" applies.
    """
    console.check_output()
    if list_calls:
        console.write(calls_text(console.output_format, console.settings().sites))
        return
    check_format(console)
    check_combination(offline=offline, at=at, planned=planned)
    from contribaudit import wiring
    from contribaudit.audit.replay import judge_last
    from contribaudit.core.judge.evaluate import Selection

    console.warn_of_unmatched_environment()
    selection = Selection(check_ids(only), check_ids(skip))
    planned_at = planned_start(console, wiring.operator(), planned) if planned is not None else None
    with console.job(live=not offline, keeps=not offline) as job:
        job = replace(
            job,
            fail_on=Severity(fail_on) if fail_on else job.fail_on,
            selection=selection,
            attestations=wiring.load_attestations(console.settings()),
            planned_at=planned_at,
        )
        unexported = None
        if offline:
            report = judge_last(job, past_moment(job, at))
        else:
            report, unexported = audited(console, job, silent=no_notify or bool(str(selection)))
        success = last_success(job, report) if metrics_path is not None else None
    try:
        for_machines(console, report, metrics_path, summary_path, success)
        finish(console, report, everything=everything)
    finally:
        if unexported is not None:
            raise unexported


def check_combination(*, offline: bool, at: str | None, planned: str | None) -> None:
    """Raise UsageError for options that cannot be combined."""
    if at is not None and not offline:
        raise UsageError("--at asks about the past", hint="Add --offline: nothing is read then.")
    if planned is not None and offline:
        raise UsageError("--planned needs a new run", hint="Leave it out: --offline starts none.")


def audited(console: Console, job: Job, *, silent: bool) -> tuple[Report, OutputError | None]:
    """Run and save an audit. Returns its report, and the error if its evidence could not be exported.

    People are notified unless `silent`.
    """
    import asyncio

    from contribaudit.audit.pipeline import audit
    from contribaudit.cli.notify import notify_of_failure, notify_of_run

    try:
        report = asyncio.run(audit(job, console.diagnostics))
    except NothingRead as error:
        if not silent:
            notify_of_failure(console, error, {target.organization: target.name for target in job.targets}, job.store)
        raise
    console.diagnostics.run = report.run.id
    report, unexported = with_evidence(console, job, report)
    if not silent:
        notify_of_run(console, report, job.policy, job.store)
    return report, unexported


def planned_start(console: Console, operator: Operator, time: str) -> datetime | None:
    """When the schedule with this time of day was to start this run; None when a person started it.

    Raises UsageError for an invalid time of day.
    """
    from contribaudit.operations.schedules import at, newest

    hour, minute = at(time)
    if operator.trigger != "schedule":
        console.diagnostics.note(
            "--planned is ignored: a person started this run (a schedule sets CONTRIBAUDIT_TRIGGER=schedule)"
        )
        return None
    return newest(hour, minute, datetime.now(UTC))


def with_evidence(console: Console, job: Job, report: Report) -> tuple[Report, OutputError | None]:
    """The report with the digest of the configured evidence export, and the error if the export failed.

    The audit is saved either way.
    """
    from contribaudit.cli.evidence import export_configured

    settings = console.settings()
    if settings.evidence.folder is not None and str(job.selection):
        console.diagnostics.warning(f"evidence of a run that is limited by {job.selection} is not exported")
        return report, None
    try:
        exported = export_configured(settings, job, report)
    except ContribauditError as error:
        return report, OutputError(
            f"The audit was saved, but its evidence was not exported: {error.message}", hint=error.hint
        )
    return replace(report, manifest_sha256=exported.manifest.sha256) if exported else report, None


def last_success(job: Job, report: Report) -> datetime | None:
    """The end of the newest run of these organizations with exit code 0, this one included; None for none.

    A run that was limited by --only or --skip is none: what it left out may fail.
    """
    if report.run.exit_code == exit_codes.OK and not str(job.selection):
        return report.run.finished_at
    good = (
        one
        for one in job.store.runs(limit=_RUNS_LOOKED_AT)
        if one.exit_code == exit_codes.OK and not one.selection and set(one.organizations).issuperset(job.organizations)
    )
    return next((one.finished_at for one in good), None)


def for_machines(
    console: Console,
    report: Report,
    metrics_path: Path | None,
    summary_path: Path | None,
    success: datetime | None,
) -> None:
    """Write the files for monitoring, each one whole or not at all."""
    if metrics_path is None and summary_path is None:
        return

    from contribaudit.exporters import json_v1, monitoring

    document = json_v1.as_document(report)
    if metrics_path is not None:
        console.write(monitoring.metrics(document, report.manifest_sha256, success), metrics_path)
    if summary_path is not None:
        console.write(json.dumps(monitoring.summary(document, report.manifest_sha256), indent=2) + "\n", summary_path)


def finish(console: Console, report: Report, *, everything: bool = False) -> None:
    """Write the report and a concluding sentence, and end with the run's exit code."""
    console.write(of_report(console, report, console.output_format, everything=everything))
    if console.output_format != "table":
        for warning in report.warnings:
            console.diagnostics.warning(warning)
    shown = console.output_format == "table" and console.on_terminal
    console.end(_conclusion(report, shown=shown), report.run.exit_code)


def _conclusion(report: Report, *, shown: bool = False) -> str:
    """The verdict, the first thing to do about it, and the digest of the exported evidence.

    The verdict is left out if it is `shown` just above, in the last line of a table on the same terminal.
    """
    anchor = f" Evidence {report.manifest_sha256}." if report.manifest_sha256 else ""
    todo = _first_step(report)
    if shown and todo:
        return f"{todo[:1].upper()}{todo[1:]}{anchor}"
    return f"{report.headline}{f'; {todo}' if todo else '.'}{anchor}"


def _first_step(report: Report) -> str:
    """The first thing to do, as a sentence; "" after a PASS."""
    at_threshold = [finding for finding in report.findings if finding.severity.at_least(report.run.fail_on)]
    match report.run.exit_code:
        case exit_codes.OK:
            return ""
        case exit_codes.USAGE:
            of = _organizations_with(report, "organization_not_found")
            return f"compare {f'the ID of {of}' if of else 'its ID'} with admin.atlassian.com/o/ID."
        case exit_codes.KEY:
            of = _organizations_with(report, "key_refused", "forbidden")
            advice = f"give {of} a new key" if of else "put a new one in its place"
            return f"{advice}, with the scopes that `contribaudit doctor` names. {_saved(report.run)}"
        case exit_codes.FINDINGS:
            return _step_for(report, [finding for finding in at_threshold if finding.outcome.violates])
        case _:
            unproven = [finding for finding in at_threshold if finding.outcome.unproven]
            cause = _first_unread(report, optional=not unproven)
            return f"not everything was read: {cause}" if cause else _step_for(report, unproven)


def _step_for(report: Report, findings: Sequence[Finding]) -> str:
    """The first step that resolves one of the findings, as in the report; if none does, the most severe finding."""
    ids = {finding.id for finding in findings}
    for step in report.steps:
        if step.minutes and any(finding.id in ids for finding in step.findings):
            return f"first step ({step.kind.value}): {step.text}."
    first = min(findings, key=lambda finding: finding.severity.rank)
    return f"see {_title_and_app(report, first)}: {first.reason}."


def _saved(run: RunLine) -> str:
    """A sentence that the run is saved although its key was refused, and which run was the last complete one."""
    sentence = f"Run #{run.id} is saved"
    if not run.previous_complete or run.previous_finished_at is None:
        return f"{sentence}."
    return f"{sentence}; the last complete run is #{run.previous}, of {run.previous_finished_at:%Y-%m-%d %H:%M}Z."


def _title_and_app(report: Report, finding: Finding) -> str:
    from contribaudit.core.model.subject import Kind
    from contribaudit.core.resolve.aliases import called

    title = f"{finding.title} ({finding.check})"
    return f"{title} on {called(report.state, finding.subject)}" if finding.subject.kind is Kind.APP else title


def _organizations_with(report: Report, *codes: str) -> str:
    """The organizations that could not be read at all, for one of these reasons; "" if only one is configured."""
    if len(report.state.organizations) < 2:
        return ""
    runs = {one.id: [call for call in one.collections.values() if not call.optional] for one in report.state.looked_at}
    unread = [one for one, ran in runs.items() if ran and all(call.code in codes for call in ran)]
    return ", ".join(report.state.organization_name(one) for one in unread)


def _first_unread(report: Report, *, optional: bool = False) -> str:
    """The first thing that could not be read, with what would help; "" when everything was read.

    `optional` includes sources that an organization need not have: one of them broke off if no finding is unverified.
    """
    for place in report.state.looked_at:
        if not place.collections:
            return f"{report.state.organization_name(place.id)}: {place.unread_reason}."
    for one in report.collections:
        if not one.complete and (optional or not one.optional):
            return f"{one.collector}: {one.reason}. `contribaudit doctor` shows more."
    return ""


def calls_text(output_format: str, sites: Sites | None) -> str:
    """Every call of an audit, with the scope that it needs, and whether it is sent with the API key or a site token."""
    from contribaudit import collectors
    from contribaudit.exporters.tabular import FORMATS as TABULAR
    from contribaudit.exporters.tabular import render

    calls = [(call, "API key") for one in collectors.ALL for call in one.calls]
    reads = set(sites.read) if sites is not None else set()
    calls += [(collectors.SITE_AI.call, "site token")] if reads - {"spaces"} else []
    calls += [(one.call, "site token") for one in collectors.SPACES] if "spaces" in reads else []
    rows = [(call.method, call.path, call.scope or None, call.documented_at, with_) for call, with_ in calls]
    form = output_format if output_format in TABULAR else "table"
    return render(
        form,
        ("method", "path", "scope", "documented_at", "sent_with"),
        rows,
        only=("method", "path", "scope", "sent_with"),
    )
