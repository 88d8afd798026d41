"""`contribaudit terms`: archives the vendor's documents, compares provisions, and shows which facts rest on them."""

from __future__ import annotations

import click

from contribaudit.cli.terms.looking import diff_command, list_command, show_command, timeline_command
from contribaudit.cli.terms.recording import add_command, check_command, note_command


@click.group(
    commands=[
        list_command,
        add_command,
        check_command,
        diff_command,
        timeline_command,
        show_command,
        note_command,
    ]
)
def command() -> None:
    """Watch the documents that the vendor publishes: archive them, compare them, see what rests on them.

    Nothing is fetched until you ask for it with `terms check --fetch`. This compares wording; it is not legal advice.
    """
