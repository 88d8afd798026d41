"""`contribaudit baseline`: approves a state, and lists what is outside the approved one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from contribaudit.cli.console import Console, pass_console
from contribaudit.cli.options import agreed, by_option, format_option, session_options
from contribaudit.core.model.phrases import counted

if TYPE_CHECKING:
    from datetime import datetime

    from contribaudit.core.model.attestation import Baseline
    from contribaudit.exporters.text import Cell

COLUMNS = (
    "organization_id", "run", "standing", "approved_by", "approved_at", "until", "reason", "account", "host",
)  # fmt: skip
_NONE = "There is no baseline: run `contribaudit baseline approve` to create one."


@click.group()
def command() -> None:
    """Manage the approved state: a subject outside it never passes.

    Without a baseline, nothing changes. With one, a pass for a site, app, space or connector that is not in the
    baseline becomes `unknown`, until a new baseline is approved. An expired baseline covers nothing.
    """


@command.command("approve")
@click.option("--reason", required=True, metavar="TEXT", help="Reason for accepting the present state.")
@by_option
@click.option("--until", metavar="DATE", help="Valid through this date (UTC); default: until the next approval.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation. A scheduled run still cannot approve.")
@session_options
@pass_console
def approve(console: Console, *, reason: str, by: str | None, until: str | None, yes: bool) -> None:
    """Approve the state in the newest saved run. Only a person can do this, never a schedule or a pipeline."""
    from contribaudit.attestations.recording import mail
    from contribaudit.audit import baselines
    from contribaudit.cli.attest.session import open_session

    with open_session(console) as session:
        baselines.require_person(session)
        person = mail(by or session.settings.attested_by, "the person who approves")
        why = baselines.checked_reason(reason)
        ends = baselines.last_moment(until or "", session.now())
        approvable = baselines.approvable(session)
        new = len(approvable.outside)
        more = f", {new} of its subjects not in the baseline yet" if new else ""
        run, apps = approvable.run, counted(approvable.apps, "app")
        agreed(f"Approve the state in run {run.id} of {run.started_at:%Y-%m-%d %H:%M}Z: {apps}{more}?", yes=yes)
        baselines.approve(session, approvable, by=person, reason=why, until=ends)
    console.diagnostics.conclusion(
        f"{person} approved run {run.id} as the baseline: {apps}{f', until {ends:%Y-%m-%d}' if ends else ''}."
    )


@command.command("list", short_help="List the baselines of the organization, oldest first.")
@format_option()
@session_options
@pass_console
def list_baselines(console: Console) -> None:
    """List the baselines of the organization, oldest first; the newest counts."""
    _write_baselines(console, newest=False)


@command.command("show")
@format_option()
@session_options
@pass_console
def show_baseline(console: Console) -> None:
    """Show the current baseline, even if it has expired."""
    _write_baselines(console, newest=True)


@command.command("diff", short_help="List what is in the newest run and not in the baseline.")
@format_option()
@session_options
@pass_console
def diff(console: Console) -> None:
    """List what is in the newest run and not in the baseline: sites, apps, spaces and connectors.

    The exit code is always 0.
    """
    from contribaudit.audit import baselines
    from contribaudit.cli.attest.session import open_session

    with open_session(console, reading=True) as session:
        state = session.remembered()
        approved = state.baseline(session.organization)
        rows = [baselines.outside_row(state, *one) for one in baselines.outside_now(state, session.organization)]
    console.table(baselines.OUTSIDE_COLUMNS, rows, flexible="reason", only=("subject_kind", "subject_name", "reason"))
    if approved is None:
        console.diagnostics.conclusion(_NONE)
    else:
        count = counted(len(rows), "subject")
        console.diagnostics.conclusion(f"{count} not in the baseline of run {approved.baseline.run}.")


def _write_baselines(console: Console, *, newest: bool) -> None:
    from contribaudit.cli.attest.session import open_session

    with open_session(console, reading=True) as session:
        baselines = session.job.store.baselines(session.organization)
        now = session.now()
    last = baselines[-1] if baselines else None
    rows = [_row(one, one is last, now) for one in baselines if not newest or one is last]
    console.table(COLUMNS, rows, flexible="reason", only=COLUMNS[1:7])
    if not rows:
        console.diagnostics.conclusion(_NONE)


def _row(baseline: Baseline, counts: bool, now: datetime) -> tuple[Cell, ...]:
    standing = (
        "superseded" if not counts else "ended" if baseline.until is not None and baseline.until < now else "in force"
    )
    signed = baseline.approved
    by, host = (signed.by, signed.at), (signed.account, signed.host)
    return baseline.organization, baseline.run, standing, *by, baseline.until, baseline.reason, *host
