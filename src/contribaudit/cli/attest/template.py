"""`attest --template`: what is due as a CSV to be filled in. Its values are empty: nothing suggests an answer."""

from __future__ import annotations

from contribaudit.attestations.due import find_screen, path_of
from contribaudit.attestations.files import TEMPLATE
from contribaudit.attestations.recording import allowed
from contribaudit.cli.attest.options import Desk, name_of
from contribaudit.exporters.tabular import render
from contribaudit.exporters.words import counted


def print_template(desk: Desk, screen: str | None) -> None:
    """Everything that is due, or all rows of one screen."""
    wanted = find_screen(desk.job.rulebook.screens, screen) if screen else None
    state = desk.remembered()
    found = desk.due(state, wanted)
    cells = [
        (
            name_of(state, row.subject),
            str(row.setting.id),
            "",
            allowed(row.setting),
            row.screen.id,
            path_of(row.screen),
            "",
        )
        for row in found
    ]
    desk.console.write(render("csv", TEMPLATE, cells))
    if found:
        screens = counted(len({row.screen.id for row in found}), "screen")
        told = f"{counted(len(found), 'value')} on {screens}; fill in `value` and give the file to --from."
    else:
        told = "Nothing is due." if wanted is None else f"Nothing is known that the screen {wanted.id} shows."
    desk.console.diagnostics.conclusion(told)
