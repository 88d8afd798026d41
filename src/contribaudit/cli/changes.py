"""`contribaudit changes`: what is not as it was."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from contribaudit.cli.options import Console, format_option, organization_option, pass_console, store_option

if TYPE_CHECKING:
    from contribaudit.core.drift import Change
    from contribaudit.exporters.cells import Cell
    from contribaudit.store.history import History

COLUMNS = (
    "organization_id", "subject_kind", "subject_id", "subject_name", "setting", "before", "after", "existed_before",
    "exists_after", "last_seen", "first_seen", "cause", "actor", "event_id",
)  # fmt: skip
TABLE = ("subject_name", "setting", "before", "after", "last_seen", "first_seen")


@click.command()
@organization_option(multiple=True)
@click.option("--since", metavar="RUN|DATE", help="A run's number or a date; default: the run before the last.")
@click.option("--until", metavar="RUN|DATE", help="A run's number or a date; default: the last run.")
@format_option(("table", "json", "csv"), "table")
@store_option
@pass_console
def command(
    console: Console,
    *,
    organizations: tuple[str, ...],
    since: str | None,
    until: str | None,
    output_format: str,
    store_location: str | None,
) -> None:
    """What changed between two runs, from the history alone. Ends with 0 whatever it found.

    A change happened between `last seen` (the old value) and `first seen` (the new one). What a partial run did not
    see counts neither as gone nor as new.
    """
    from contribaudit import wiring
    from contribaudit.exporters.tabular import render

    settings = console.settings()
    rows: list[tuple[Cell, ...]] = []
    with wiring.open_store(settings, store_location) as store:
        for organization in organizations or [one.id for one in settings.organizations()] or _kept(store):
            span = _span(store, organization, since, until)
            if span is not None:
                rows += [_row(organization, change) for change in store.changes(organization, *span)]
    console.write(render(output_format, COLUMNS, rows, flexible="after", only=TABLE, terminal=console.on_terminal))
    if not rows:
        console.diagnostics.conclusion("Nothing changed.")
    else:
        changed = "1 value" if len(rows) == 1 else f"{len(rows)} values"
        console.diagnostics.conclusion(f"{changed} changed; causes are not looked for in this version.")


def _kept(store: History) -> list[str]:
    return list(dict.fromkeys(one for record in store.runs() for one in record.organizations))


def _span(store: History, organization: str, since: str | None, until: str | None) -> tuple[int, int] | None:
    """The two runs to compare; None when there is no second one yet."""
    last = (
        _run(store, organization, until)
        if until
        else next((record.id for record in store.runs(organization=organization, limit=1)), None)
    )
    if last is None:
        return None
    first = _run(store, organization, since) if since else store.previous(organization, last)
    return None if first is None else (first, last)


def _run(store: History, organization: str, text: str) -> int:
    from contribaudit.errors import UsageError

    if text.isdecimal() and len(text) < 8:
        return store.run(int(text)).id
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is neither a run's number nor a date", hint="Write 12, or 2026-11-21.") from None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    record = store.run_at(aware, organization)
    if record is None:
        raise UsageError(f"There is no run of {organization} at or before {text}", hint="contribaudit runs list")
    return record.id


def _row(organization: str, change: Change) -> tuple[Cell, ...]:
    return (
        organization,
        change.subject.kind.value,
        change.subject.id,
        change.name or change.subject.id,
        change.setting,
        change.before,
        change.after,
        change.existed_before,
        change.exists_after,
        change.last_seen,
        change.first_seen,
        change.cause,
        change.actor,
        change.event_id,
    )
