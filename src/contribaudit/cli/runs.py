"""`contribaudit runs`: shows the history of audits, and removes old runs."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from contribaudit.cli.arguments import check_named, moment
from contribaudit.cli.console import Console, pass_console
from contribaudit.cli.options import agreed, format_option, organization_option, store_option, yes_option
from contribaudit.core.model.phrases import counted
from contribaudit.errors import StoreBusy
from contribaudit.exporters.text import Cell, row_of, safe_text, words

if TYPE_CHECKING:
    from contribaudit.store.history import History
    from contribaudit.store.records import RunRecord

COLUMNS = (
    "run", "started_at", "finished_at", "complete", "exit_code", "outcomes", "organizations", "policy", "trigger",
    "account", "host", "tool_version", "policy_sha256", "rulebook_sha256", "selection",
    "planned_at", "late_minutes",
)  # fmt: skip
BEFORE = ("organization", "run_before", "finished_at", "hours_between", "in_between")
GAPS = ("organization", "collector", "since", "until", "hours", "open", "in_between")
SPANS = (
    "organization", "check", "finding", "outcome", "since", "last", "ended", "observations", "longest_gap_hours",
)  # fmt: skip
TABLE = ("run", "started_at", "late_minutes", "complete", "exit_code", "selection", "outcomes", "policy", "trigger")


@click.group()
def command() -> None:
    """Show the history of audits."""


@command.command("list")
@organization_option()
@click.option(
    "--limit", type=click.IntRange(min=1), metavar="N", default=30, show_default=True, help="Maximum number of runs."
)
@format_option()
@store_option
@pass_console
def list_runs(console: Console, *, limit: int) -> None:
    """List the runs, newest first."""
    with console.history() as store:
        spoken = console.output_format == "table"
        rows = [_row(one, spoken=spoken) for one in store.runs(organization=console.organization, limit=limit)]
    limited = any(one[COLUMNS.index("selection")] for one in rows)
    shown = [column for column in TABLE if limited or column != "selection"]
    console.table(COLUMNS, rows, flexible="outcomes", only=shown)
    if not rows:
        console.diagnostics.conclusion("There is no run yet: run `contribaudit audit` first.")


@command.command("show", short_help="Show one run: who ran it, and how much it read.")
@click.argument("run", type=click.IntRange(min=1), metavar="N")
@format_option("text", "json")
@store_option
@pass_console
def show_run(console: Console, *, run: int) -> None:
    """Show one run: who ran it, under which policy, and how much each collector read."""
    from contribaudit.exporters.json_v1 import collection_row
    from contribaudit.exporters.tabular import cell_text, json_object, render

    with console.history() as store:
        record = store.run(run)
        collections = [
            one for organization in record.organizations for one in store.snapshot(organization, run).collections
        ]
        before = [_run_before(store, record, organization) for organization in record.organizations]
    row = _row(record, spoken=console.output_format != "json")
    if console.output_format == "json":
        document = json_object(COLUMNS, row)
        document["collection"] = [collection_row(one) for one in collections]
        document["before"] = [json_object(BEFORE, one) for one in before]
        console.write(json.dumps(document, indent=2) + "\n")
        return
    width = max(len(column) for column in COLUMNS) + 2
    lines = [f"{name.replace('_', ' '):{width}}{cell_text(cell)}" for name, cell in zip(COLUMNS, row, strict=True)]
    columns = ("organization", "collector", "status", "read", "requests", "why")
    cells = [row_of(columns, one, status=one.status.value, why=safe_text(one.reason)) for one in collections]
    table = render("table", columns, cells, flexible="why", terminal=console.on_terminal)
    since = render("table", BEFORE, before, flexible="in_between", terminal=console.on_terminal)
    console.write("\n".join(lines) + "\n\n" + table + "\n" + since)


def _run_before(store: History, record: RunRecord, organization: str) -> tuple[Cell, ...]:
    """The organization's previous run, the hours between the two, and the removed runs in between."""
    number = store.previous(organization, record.id)
    if number is None:
        return (organization, None, None, None, "the first saved run")
    earlier = store.run(number)
    hours = round((record.started_at - earlier.finished_at).total_seconds() / 3600, 1)
    between = [
        seen
        for seen in store.runs_seen(organization, since=earlier.finished_at, until=record.started_at)
        if seen.removed and number < seen.run < record.id
    ]
    removals = "; ".join(dict.fromkeys(seen.removed for seen in between))
    return (
        organization,
        number,
        earlier.finished_at,
        hours,
        f"{counted(len(between), 'run')} {removals}" if between else "",
    )


@command.command("gaps", short_help="List the periods without a complete reading.")
@organization_option()
@click.option("--since", metavar="DATE", help="Start; default: the first saved run.")
@click.option(
    "--every",
    "every_hours",
    type=click.FloatRange(min=0, min_open=True),
    metavar="HOURS",
    help="Longest accepted time between two complete runs; default: one day plus two hours.",
)
@click.option("--collector", metavar="NAME", help="Only this collector.")
@format_option()
@store_option
@pass_console
def list_gaps(console: Console, *, since: str | None, every_hours: float | None, collector: str | None) -> None:
    """List the periods without a complete reading, for the whole run and for each collector.

    A partial run does not close the gap of what it did not read; neither does a removed run. The exit code is
    always 0.
    """
    from contribaudit.core.advise.gaps import EVERY_HOURS, gaps, gaps_by_collector

    expected = EVERY_HOURS if every_hours is None else every_hours
    now = datetime.now(UTC)
    begin = moment(since) if since else None
    all_gaps = []
    number = 0
    with console.history() as store:
        for one in [console.organization] if console.organization else kept_organizations(store):
            runs = store.runs_seen(one, until=now)
            number += sum(1 for run in runs if run.run)
            if collector is None:
                all_gaps += gaps_by_collector(one, runs, begin, now, expected_every_hours=expected)
            else:
                all_gaps += gaps(one, runs, begin, now, expected_every_hours=expected, collector=collector)
    rows = [row_of(GAPS, one, in_between=one.why) for one in all_gaps]
    console.table(GAPS, rows, flexible="in_between")
    message = f"{counted(len(all_gaps), 'gap')} of more than {expected:g} hours."
    console.diagnostics.conclusion(message if number else "No run is saved yet: run `contribaudit audit` first.")


@command.command("outcomes", short_help="Show the outcomes of a check or finding over the runs.")
@click.argument("check", metavar="CHECK|FINDING")
@organization_option()
@click.option("--since", metavar="DATE", help="Start of the period.")
@click.option("--until", metavar="DATE", help="End of the period.")
@format_option()
@store_option
@pass_console
def list_outcomes(console: Console, *, check: str, since: str | None, until: str | None) -> None:
    """Show the outcomes of a check, or of one finding by its ID, over time.

    Each row is a period from the first run with an outcome to the last. Nothing is known between two runs; the
    longest such interval is shown.
    """
    finding = check if re.fullmatch("[0-9a-f]{16}", check) else None
    identity = None if finding else check_named(check).id
    spans = []
    with console.history() as store:
        for one in [console.organization] if console.organization else [*kept_organizations(store), ""]:
            spans += store.outcome_history(
                one,
                finding=finding,
                check=identity,
                since=moment(since) if since else None,
                until=moment(until) if until else None,
            )
    rows = [row_of(SPANS, one) for one in spans]
    console.table(SPANS, rows, only=SPANS[1:])
    if not rows:
        console.diagnostics.conclusion(f"No saved run judged {check}.")


@command.command("prune", short_help="Remove old runs.")
@click.option(
    "--keep-daily", metavar="SPAN", default="90d", show_default=True, help="Keep one run a day for this long."
)
@click.option(
    "--keep-weekly",
    metavar="SPAN",
    default="15mo",
    show_default=True,
    help="Then keep one a week for this long; older runs are removed.",
)
@click.option("--dry-run", is_flag=True, help="Show what would be removed, and remove nothing.")
@yes_option
@format_option()
@store_option
@pass_console
def prune(console: Console, *, keep_daily: str, keep_weekly: str, dry_run: bool, yes: bool) -> None:
    """Remove old runs: keep one a day for 90 days, then one a week for 15 months.

    What the remaining runs saw, knew and judged does not change. The history records that a run was removed, when
    and by whom, and never reuses its number. Always kept: the newest run, each organization's first and last run,
    runs that a baseline refers to, runs between which a signal or an app's plan changed or an app was added, removed
    or renamed, the first run that saw an annotated change, and what a partial run relies on. Write durations as 90d,
    12w, 15mo, 2y.
    """
    from contribaudit.store.pruning import Retention, parse_span

    rule = Retention(parse_span(keep_daily), parse_span(keep_weekly))
    signature = console.signature()
    with console.open_history() as store:
        pruned = store.prune(rule, signature.at, signature, dry_run=True)
        going = counted(len(pruned.removed), "run")
        if pruned.removed and not dry_run:
            agreed(f"Remove {going} of {len(pruned.removed) + pruned.kept} for good ({rule})?", yes=yes)
            pruned = store.prune(rule, signature.at, signature)
        rows = [(one.organization, one.removed, one.kept, one.intervals) for one in pruned.organizations]
        freed = _compact(console, store) if pruned.removed and not dry_run else ""
    columns = ("organization", "runs_removed", "runs_kept", "values_removed")
    console.table(columns, rows, flexible="organization")
    if not pruned.removed:
        console.diagnostics.conclusion(f"Nothing to remove: {rule}.")
        return
    also = f"{counted(pruned.outcomes, 'outcome')} and {counted(pruned.raw_objects, 'raw answer')} that only they used"
    verb = "would be removed" if dry_run else "removed"
    console.diagnostics.conclusion(f"{going} {verb}, with {also}; {rule}.{freed}")


def _compact(console: Console, store: History) -> str:
    """Compact the history; returns a sentence about the space that was freed."""
    before = store.size_bytes()
    try:
        if not store.compact():
            return ""
    except StoreBusy:
        console.diagnostics.warning("the file keeps its size for now: another process is using the history")
        return ""
    return f" The file is {max(before - store.size_bytes(), 0) // 1024} KB smaller."


def kept_organizations(store: History) -> list[str]:
    """Every organization in the saved runs, those of the newest run first."""
    return list(dict.fromkeys(one for record in store.runs() for one in record.organizations))


def _row(record: RunRecord, *, spoken: bool) -> tuple[Cell, ...]:
    """The cells of COLUMNS, with outcomes as people read them if `spoken`."""
    outcomes = ", ".join(
        f"{count} {words(outcome) if spoken else outcome}" for outcome, count in record.summary.items()
    )
    return row_of(COLUMNS, record, run=record.id, outcomes=outcomes, policy=record.policy_name)
