"""`contribaudit runs`: the history of audits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from contribaudit.cli.options import Console, format_option, organization_option, pass_console, store_option

if TYPE_CHECKING:
    from contribaudit.exporters.cells import Cell
    from contribaudit.store.records import RunRecord

COLUMNS = (
    "run", "started_at", "finished_at", "complete", "exit_code", "outcomes", "organizations", "policy", "trigger",
    "account", "host", "tool_version", "policy_sha256", "rulebook_sha256", "selection",
)  # fmt: skip
TABLE = ("run", "started_at", "complete", "exit_code", "outcomes", "policy", "trigger")


@click.group()
def command() -> None:
    """The history of audits."""


@command.command("list")
@organization_option()
@click.option("--limit", type=click.IntRange(min=1), default=30, show_default=True, help="How many, newest first.")
@format_option(("table", "json", "csv"), "table")
@store_option
@pass_console
def list_runs(
    console: Console, *, organization: str | None, limit: int, output_format: str, store_location: str | None
) -> None:
    """Runs, newest first."""
    from contribaudit import wiring
    from contribaudit.exporters.tabular import render

    with wiring.open_store(console.settings(), store_location) as store:
        rows = [_row(record) for record in store.runs(organization=organization, limit=limit)]
    console.write(render(output_format, COLUMNS, rows, flexible="outcomes", only=TABLE, terminal=console.on_terminal))
    if not rows:
        console.diagnostics.conclusion("There is no run yet: contribaudit audit makes the first.")


@command.command("show")
@click.argument("run", type=click.IntRange(min=1))
@format_option(("text", "json"), "text")
@store_option
@pass_console
def show_run(console: Console, *, run: int, output_format: str, store_location: str | None) -> None:
    """One run: who ran it, under which policy, and how far each collector came."""
    from contribaudit import wiring
    from contribaudit.exporters.cells import plain
    from contribaudit.exporters.json_v1 import collection_row
    from contribaudit.exporters.tabular import cell_text, render

    with wiring.open_store(console.settings(), store_location) as store:
        record = store.run(run)
        collections = [
            one for organization in record.organizations for one in store.snapshot(organization, run).collections
        ]
    row = _row(record)
    if output_format == "json":
        import json

        document = json.loads(render("json", COLUMNS, [row]))[0]
        document["collection"] = [collection_row(one) for one in collections]
        console.write(json.dumps(document, indent=2) + "\n")
        return
    width = max(len(column) for column in COLUMNS) + 2
    lines = []
    for column, value in zip(COLUMNS, row, strict=True):
        lines.append(f"{column.replace('_', ' '):{width}}{cell_text(value)}")
    columns = ("organization", "collector", "status", "read", "requests", "why")
    cells = [
        (one.organization, one.collector, one.status.value, one.read, one.requests, plain(one.reason))
        for one in collections
    ]
    table = render("table", columns, cells, flexible="why", terminal=console.on_terminal)
    console.write("\n".join(lines) + "\n\n" + table)


def _row(record: RunRecord) -> tuple[Cell, ...]:
    return (
        record.id,
        record.started_at,
        record.finished_at,
        record.complete,
        record.exit_code,
        ", ".join(f"{count} {outcome}" for outcome, count in record.summary.items()),
        record.organizations,
        record.policy_name,
        record.trigger,
        record.account,
        record.host,
        record.tool_version,
        record.policy_sha256,
        record.rulebook_sha256,
        record.selection,
    )
