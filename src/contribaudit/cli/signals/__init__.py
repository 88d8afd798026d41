"""`contribaudit signals`: the raw API objects that anchor attestations, and what their states were seen to mean."""

from __future__ import annotations

import click

from contribaudit.cli.signals.listing import diff_signal, list_signals, show_signal
from contribaudit.cli.signals.propose import propose


@click.group(commands=[list_signals, show_signal, diff_signal, propose])
def command() -> None:
    """Raw API objects whose meaning is not published. They show that something changed, not what it means.

    What a person attests while a signal is in a state shows what that state means here; a decoder carries the meaning
    to other organizations.
    """
