"""`contribaudit inventory`: lists sites, apps and spaces, read now or taken from the last run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from contribaudit import exit_codes
from contribaudit.cli.console import Console, pass_console
from contribaudit.cli.options import api_key_options, format_option, organization_option, output_options, store_option
from contribaudit.core.model.phrases import counted, some
from contribaudit.core.model.subject import Kind

if TYPE_CHECKING:
    from contribaudit.core.resolve.state import State

TABLE = ("kind", "name", "site", "type_key", "plan", "status", "location", "pinned", "spaces", "note")


@click.command()
@organization_option(multiple=True)
@format_option()
@output_options
@click.option("--spaces", is_flag=True, help="List spaces instead, as of the last run.")
@click.option("--offline", is_flag=True, help="Show the last saved run; read nothing from the API.")
@store_option
@api_key_options
@pass_console
def command(console: Console, *, spaces: bool, offline: bool) -> None:
    """List organizations, sites, apps with plan and location, and connectors.

    Apps that an earlier run saw and this one could not read are listed and marked. The exit code is 3 when the list
    is incomplete. Spaces are counted per app, as of the last audit; --spaces lists them: the first thousand as a
    table, or all of them as CSV or JSON. No API lists connectors: they appear once someone has attested a value for
    them.
    """
    import asyncio

    from contribaudit.audit.pipeline import look
    from contribaudit.audit.replay import last_state
    from contribaudit.collectors import INVENTORY as SOURCES
    from contribaudit.exporters.csv_evidence import INVENTORY

    if spaces:
        _spaces(console)
        return
    console.check_output()
    console.warn_of_unmatched_environment()
    with console.job(judges=False, live=not offline) as job:
        state = last_state(job) if offline else asyncio.run(look(job, SOURCES, console.diagnostics))
    columns = INVENTORY.columns
    if console.output_format == "table":
        columns = tuple("location" if one == "realm" else one for one in columns)
    console.table(columns, INVENTORY.rows(state), flexible="name", only=TABLE)
    unread = unread_apps(state)
    if unread:
        console.end(f"The inventory is incomplete: {unread}.", exit_codes.UNVERIFIED)
    apps = len(state.subjects(Kind.APP))
    console.diagnostics.conclusion(f"{counted(apps, 'app was', 'apps were')} read: all that the API announced.")


def unread_apps(state: State) -> str:
    """The organizations whose list of apps is incomplete, each with the reason; "" for none."""
    from contribaudit.core.model import names

    return "; ".join(
        f"{state.organization_name(place.id)}: {place.why_not(names.WORKSPACES)}"
        for place in state.looked_at
        if not place.completed(names.WORKSPACES)
    )


def _spaces(console: Console) -> None:
    """Write every space of the last saved run; ends with exit code 3 when a list is missing or incomplete."""
    from contribaudit.audit.replay import last_state
    from contribaudit.core.resolve.aliases import alias_of
    from contribaudit.exporters.tabular import COLUMNS, apps_with_spaces, space_rows, space_table, stream

    console.check_output()
    with console.job(judges=False) as job:
        state = last_state(job)
        if console.output_format == "table":
            console.write(space_table(state, terminal=console.on_terminal))
        else:
            console.write(stream(console.output_format, COLUMNS, space_rows(state)))
        lists = {app: state.spaces(app.organization).lists().get(app) for app in apps_with_spaces(state)}
        missing = [
            f"{alias_of(state, app)}: {(listed.reason or listed.code) if listed else 'not read'}"
            for app, listed in lists.items()
            if listed is None or not listed.complete
        ]
    if missing or not lists:
        why = some(missing, 3, "; ") or "no app that has spaces was read"
        console.end(f"The list of spaces is incomplete: {why}.", exit_codes.UNVERIFIED)
    read = sum(listed.read for listed in lists.values() if listed is not None)
    console.diagnostics.conclusion(f"{counted(read, 'space')}, as visible to the token's owner.")
