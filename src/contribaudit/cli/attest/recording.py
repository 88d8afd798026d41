"""The guided walk: one form per console screen, nothing prefilled, the API read before and after each."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

import click

from contribaudit import paths
from contribaudit.attestations.due import Row, find_screen, path_of
from contribaudit.attestations.recording import allowed, parse_value
from contribaudit.audit.attesting import Form, minutes
from contribaudit.cli.ask import ask, person_there
from contribaudit.cli.attest.options import Desk, Given, name_of
from contribaudit.cli.attest.values import tell
from contribaudit.errors import UsageError
from contribaudit.exporters.text import plain, rfc3339, shown
from contribaudit.exporters.words import counted
from contribaudit.testimony import attachment
from contribaudit.testimony.doubts import doubt
from contribaudit.testimony.mail import mail
from contribaudit.testimony.recording import Told

if TYPE_CHECKING:
    from contribaudit.core.model.attestation import Attachment, Attestation
    from contribaudit.core.model.observation import Value
    from contribaudit.core.model.rulebook import Screen
    from contribaudit.core.resolve.state import State

KEEP = "="


def require_person() -> None:
    """Raise UsageError where nobody can answer."""
    if not person_there():
        raise UsageError(
            "There is no terminal to ask what the console shows",
            hint="Give SETTING VALUE with --subject and --by, or --from FILE; --template prints what is due",
        )


def walk(desk: Desk, given: Given) -> None:
    """Every screen on which something is due (or the one of --screen), each kept as soon as it is answered."""
    by = _mail(desk, given)
    wanted = find_screen(desk.job.rulebook.screens, given.screen) if given.screen else None
    state = desk.read()
    due = desk.due(state, wanted)
    made: list[Attestation] = []
    if due:
        screens = counted(len({row.screen.id for row in due}), "screen")
        _say(f"{counted(len(due), 'value')} on {screens}, about {minutes(due)} minutes. Enter alone leaves a row out.")
    for screen, group in groupby(due, key=lambda row: row.screen):
        recorded, state = _screen(desk, state, screen, list(group), by, given)
        made += recorded
    if due:
        tell(desk, state, made, given.output_format)
    else:
        desk.console.diagnostics.conclusion("Nothing is due.")


def _screen(
    desk: Desk, before: State, screen: Screen, due: list[Row], by: str, given: Given
) -> tuple[tuple[Attestation, ...], State]:
    """One form. Gives what was recorded, and the newest reading."""
    _say("")
    _say(screen.title)
    for generation, path in screen.paths.items():
        _say(f"  {generation}: {path}")
    if screen.note:
        _say(f"  {screen.note}")
    answers = [(row, value) for row in due if (value := _answer(before, row)) is not None]
    if not answers:
        return (), before
    path = given.console_path or ask("Menu path that you took", default=path_of(screen))
    shots, bodies = _shots(given)
    looked = desk.looked(before)
    told = [Told(row.subject.id, row.setting.id, value) for row, value in answers]
    form = Form(screen.id, told, by, path, given.note, shots)
    made = desk.filled(looked, form, desk.settings.attested_by or "")
    desk.job.store.add_attestations(made, bodies)
    return made, looked.state


def _answer(state: State, row: Row) -> Value:
    """What the screen shows for the row; None when it was left out."""
    name = plain(name_of(state, row.subject))
    question = f"  {name}, {row.setting.title} ({allowed(row.setting)})"
    if row.last is not None:
        when = (rfc3339(row.last.observed_at) or "")[:10]
        question += (
            f" [carried from {when}, {plain(row.last.by)}: {shown(row.last.value)}; {KEEP} if it still shows that]"
        )
    while True:
        text = ask(question, default="")
        if not text:
            return None
        if text == KEEP and row.last is not None:
            return row.last.value
        try:
            value = parse_value(row.setting, text)
        except UsageError as error:
            _say(f"    {error}")
            continue
        doubted = doubt(state, row.subject.organization, row.setting.id, value)
        if not doubted:
            return value
        _say(f"    {doubted}")
        if ask("    Record it all the same (yes, or Enter to answer again)", default="").casefold() in ("y", "yes"):
            return value


def _shots(given: Given) -> tuple[tuple[Attachment, ...], dict[str, bytes]]:
    """The screenshots of one screen: --attach, or what is asked for."""
    if given.attach:
        return attachment.read_all(given.attach)
    while True:
        text = ask("Screenshot, a file (Enter: none)", default="")
        if not text:
            return (), {}
        try:
            return attachment.read_all([paths.expanded(text)])
        except UsageError as error:
            _say(f"    {error}")


def _mail(desk: Desk, given: Given) -> str:
    told = given.by or desk.settings.attested_by
    return mail(told or ask("Your mail address"))


def _say(line: str) -> None:
    click.echo(line, err=True)
