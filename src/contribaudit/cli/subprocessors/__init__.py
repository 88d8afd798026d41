"""`contribaudit subprocessors`: the vendor's list, what changed in it, and which of our apps and data it touches."""

from __future__ import annotations

import click

from contribaudit.cli.subprocessors.looking import diff, exposure, show_list
from contribaudit.cli.subprocessors.recording import review, take_in_list


@click.group(commands=[take_in_list, show_list, diff, exposure, review])
def command() -> None:
    """Atlassian's sub-processors: who else works on your data, in which apps, and what changed.

    Until a list is imported, the one of September 2024 that the rulebook ships is shown; no check takes it for current.
    """
