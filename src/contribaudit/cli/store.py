"""`contribaudit store`: copies and upgrades the history."""

from __future__ import annotations

import click

from contribaudit.cli.console import Console, pass_console
from contribaudit.cli.options import format_option, store_option
from contribaudit.core.model.phrases import counted


@click.group()
def command() -> None:
    """Copy or upgrade the whole history."""


@command.command("upgrade", short_help="Create the tables of a history, or renew those of an older one.")
@store_option
@pass_console
def upgrade(console: Console) -> None:
    """Create the tables of a new history, or bring those of an older version up to date.

    On PostgreSQL the owner of the tables runs this once for each version; runners and readers need no such right.
    """
    with console.open_history() as opened:
        console.diagnostics.conclusion(f"The history {opened.shown} has the tables of this version.")


@command.command("copy", short_help="Copy the history into an empty one at TO.")
@click.argument("to", metavar="TO")
@format_option()
@store_option
@pass_console
def copy(console: Console, *, to: str) -> None:
    """Copy the history into an empty one at TO, a file or a postgresql:// URL, and read it back.

    The history is copied completely or not at all. Run no audit meanwhile: what it saves after the copy began is not
    copied. Do not put a password into TO: PGPASSWORD and ~/.pgpass are read.
    """
    from contribaudit.store.history import History

    with console.history() as source, History.open(to) as target:
        copied = source.copy_into(target)
        console.table(("table", "rows", "sha256"), [(one.name, one.rows, one.sha256) for one in copied])
        rows = sum(one.rows for one in copied)
        console.diagnostics.conclusion(f"Copied {counted(rows, 'row')} into {target.shown}, and read the same back.")
