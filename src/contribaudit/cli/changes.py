"""`contribaudit changes`: what changed, when, and who or what caused it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from contribaudit.cli.arguments import run_of
from contribaudit.cli.console import Console, pass_console
from contribaudit.cli.options import format_option, organization_option, store_option
from contribaudit.cli.runs import kept_organizations
from contribaudit.core.model.change import Change
from contribaudit.core.model.phrases import counted
from contribaudit.errors import UsageError, meant
from contribaudit.exporters.changed import ChangeGroup, called_in, grouped_changes, setting_and_values
from contribaudit.exporters.text import Cell

if TYPE_CHECKING:
    from collections.abc import Iterable

    from contribaudit.audit.changes import Span
    from contribaudit.store.history import History

COLUMNS = (
    "organization_id", "subject_kind", "subject_id", "subject_name", "setting", "before", "after", "existed_before",
    "exists_after", "last_seen", "first_seen", "cause", "actor", "event_id", "change_id", "cause_code", "match",
    "other_events", "ticket",
)  # fmt: skip
TABLE = ("id", "changed", "subject", "what", "cause", "ticket")


@click.group(invoke_without_command=True)
@organization_option(multiple=True)
@click.option(
    "--since", metavar="RUN|DATE|7d", help="Start: a run number, a date, or how long ago; default: the previous run."
)
@click.option(
    "--until", metavar="RUN|DATE|7d", help="End: a run number, a date, or how long ago; default: the last run."
)
@click.option("--unseen", is_flag=True, help="Start where you last used this option, on this account and host.")
@click.option("--steps", is_flag=True, help="Show every change in between, including those that were undone.")
@click.option(
    "--setting", "settings_named", metavar="NAME", multiple=True, help="Only settings whose IDs start with this."
)
@format_option()
@store_option
@click.pass_context
def command(
    context: click.Context,
    *,
    since: str | None,
    until: str | None,
    unseen: bool,
    steps: bool,
    settings_named: tuple[str, ...],
) -> None:
    """Show what changed between two runs, and the cause of each change, from the history alone.

    A change happened between `last seen` (the old value) and `first seen` (the new one). What a partial run did not
    see counts neither as gone nor as new; what could not be read keeps its last known value. The exit code is
    always 0.
    """
    if context.invoked_subcommand is not None:
        return
    from contribaudit.audit.changes import explained_changes

    console = context.ensure_object(Console)
    if unseen and (since or until):
        raise UsageError("--unseen sets the period", hint="Remove --since and --until")
    _check_names(settings_named)
    with console.history() as store:
        organizations = _organizations(console, store)
        signature = console.signature()
        seen = store.last_look(signature.account, signature.host) if unseen else None
        spans = [span for one in organizations if (span := _span(store, one, since, until, seen)) is not None]
        explained = explained_changes(store, console.rulebook(), spans, steps=steps)
        if unseen and spans and store.read_only:
            console.diagnostics.warning("changes could not be marked as seen: the history cannot be written")
        elif unseen and spans:
            store.record_look(signature.account, signature.host, max(span.until for span in spans), signature.at)
    changes = [one for one in explained if not settings_named or one.setting.startswith(settings_named)]
    _write_changes(console, changes, compared=bool(spans))


@command.command("annotate")
@click.argument("change")
@click.option("--ticket", required=True, metavar="T", help="The change ticket.")
@click.option("--note", default="", metavar="TEXT", help="Additional information.")
@click.option("--by", default="", metavar="MAIL", help="Your email address; account and host are always recorded.")
@organization_option(multiple=True)
@store_option
@pass_console
def annotate(console: Console, *, change: str, ticket: str, note: str, by: str) -> None:
    """Record the ticket of CHANGE (its ID, as `changes` prints it). All notes are kept; the newest ticket counts."""
    from contribaudit.audit.changes import annotate as note_ticket

    with console.open_history() as store:
        organizations = _organizations(console, store)
        signature = console.signature(by)
        note_ticket(store, console.rulebook(), organizations, change, ticket, note, signature)
    console.diagnostics.conclusion(f"The change {change} now has the ticket {ticket.strip()}.")


def _check_names(settings_named: Iterable[str]) -> None:
    """Raise UsageError for a name with which no setting's ID begins: nothing would ever change under it."""
    from contribaudit import catalogue
    from contribaudit.core.resolve.signals import SIGNAL_PREFIX

    known = [one.id for one in catalogue.ALL]
    for name in settings_named:
        if not name.startswith(SIGNAL_PREFIX) and not any(one.startswith(name) for one in known):
            hint = meant(name, known) or "`contribaudit changes` without --setting shows the settings that changed"
            raise UsageError(f"No setting begins with {name[:80]!r}", hint=hint.strip())


def _organizations(console: Console, store: History) -> list[str]:
    configured = list(console.organizations) or [one.id for one in console.settings().organizations()]
    return configured or kept_organizations(store)


def _span(store: History, organization: str, since: str | None, until: str | None, seen: int | None) -> Span | None:
    """The two runs to compare; None when there is no earlier run."""
    from contribaudit.audit.changes import Span

    if seen is not None:
        return Span.unseen(store, organization, seen)
    runs = [record.id for record in store.runs(organization=organization)]
    last = run_of(store, organization, until).id if until else max(runs, default=None)
    if last is None:
        return None
    first = run_of(store, organization, since).id if since else store.compared(organization, last)
    return None if first is None else Span(organization, first, last)


def _write_changes(console: Console, changes: list[Change], *, compared: bool) -> None:
    """Write a row for each value in JSON and CSV; in the table, a new or removed app or space is one row."""
    from contribaudit.exporters.csv_evidence import change_row

    groups = grouped_changes(changes)
    if console.output_format == "table":
        shown = [_group_row(one) for one in groups]
        console.table(TABLE, shown, flexible="cause")
    else:
        console.table(COLUMNS, [change_row(COLUMNS, one) for one in changes])
    without = sum(1 for one in groups if not one.has_cause)
    if not compared:
        console.diagnostics.conclusion("There are no two runs to compare yet: run `contribaudit audit`.")
    elif not groups:
        console.diagnostics.conclusion("Nothing changed.")
    else:
        console.diagnostics.conclusion(f"{counted(len(groups), 'change')}, {without} without a known cause.")


def _group_row(group: ChangeGroup) -> tuple[Cell, ...]:
    from contribaudit import catalogue  # too slow to import for the help of a command

    main, first = group.main, group.changes[0]
    kind, values = setting_and_values(group)
    if not group.appeared and not group.vanished:
        kind = catalogue.find(first.setting).title
    until = f"{first.first_seen:%Y-%m-%d %H:%M}Z"
    since = f"{first.last_seen:%Y-%m-%d %H:%M}Z to " if first.last_seen is not None else "by "
    return main.id, since + until, called_in(first), f"{kind}: {values}", main.cause, group.ticket
