"""`contribaudit inventory`: what there is, read now or taken from the last run."""

from __future__ import annotations

from pathlib import Path

import click

from contribaudit.cli import exit_codes
from contribaudit.cli.options import (
    Console,
    api_key_options,
    force_option,
    format_option,
    organization_option,
    output_option,
    pass_console,
    store_option,
)

TABLE = ("kind", "name", "site", "type_key", "plan", "status", "realm", "pinned", "note")


@click.command()
@organization_option(multiple=True)
@format_option(("table", "json", "csv"), "table")
@output_option
@force_option
@click.option("--offline", is_flag=True, help="Show the last kept run; read nothing.")
@store_option
@api_key_options
@pass_console
def command(
    console: Console,
    *,
    organizations: tuple[str, ...],
    output_format: str,
    output_path: Path | None,
    force: bool,
    offline: bool,
    store_location: str | None,
    api_key_file: Path | None,
    api_key_fd: int | None,
) -> None:
    """List organizations, sites and apps with plan and realm.

    Apps that an earlier run saw and this one could not read are listed and say so. Ends with 3 when the list is not
    whole. Spaces and connectors have no documented listing for an organization key.
    """
    import asyncio

    from contribaudit import wiring
    from contribaudit.collectors import INVENTORY as SOURCES
    from contribaudit.core.subject import Kind
    from contribaudit.exporters.csv_evidence import INVENTORY, inventory_cells
    from contribaudit.exporters.tabular import render
    from contribaudit.pipeline import Job, last_state, look

    console.check_output(output_path, overwrite=force)
    settings = console.settings()
    console.warn_of_unmatched_environment()
    rulebook = wiring.load_rulebook(settings)
    policy = wiring.load_policy(None, rulebook)
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
        job = Job(targets, store, rulebook, policy)
        state = last_state(job) if offline else asyncio.run(look(job, SOURCES, console.diagnostics))
    to_screen = output_path is None and console.on_terminal
    rows = inventory_cells(state)
    result = render(output_format, INVENTORY.columns, rows, flexible="name", only=TABLE, terminal=to_screen)
    console.write(result, output_path)
    unread = [
        f"{state.organization_name(place.id)}: {place.why_not('workspaces')}"
        for place in state.looked_at
        if not place.completed("workspaces")
    ]
    if unread:
        console.diagnostics.conclusion(f"The inventory is not whole: {'; '.join(unread)}.", code=exit_codes.UNVERIFIED)
        console.exit(exit_codes.UNVERIFIED)
    apps = len(state.subjects(Kind.APP))
    console.diagnostics.conclusion(f"{apps} apps were read, every one that the API announced.")
