"""`attest`, recording: the guided walk, `attest record` by flags, by screen or from a file, and `attest --template`.

The walk has one form for each console screen, nothing prefilled, and reads the API before and after each. What is given
by flags or by file is recorded all or none. A template is what is due, as a CSV whose values are empty: nothing
suggests an answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from contribaudit.attestations import files, recording
from contribaudit.attestations.anchoring import PastLooks, ReadingsAround, described
from contribaudit.attestations.due import Row, find_screen, path_of
from contribaudit.attestations.files import TEMPLATE, take_in
from contribaudit.attestations.recording import (
    ConsoleVisit,
    EnteredValue,
    allowed,
    doubt,
    doubts,
    mail,
    moment,
    new_id,
    parse_value,
    record_all,
)
from contribaudit.audit.attesting import Form, minutes
from contribaudit.cli.attest.options import Desk, Given, desk_options, name_of, open_desk
from contribaudit.cli.options import (
    Console,
    api_key_options,
    ask,
    format_option,
    in_lines,
    pass_console,
    person_there,
)
from contribaudit.core.model.attestation import Attestation
from contribaudit.core.resolve.state import State
from contribaudit.errors import UsageError
from contribaudit.exporters.tabular import render
from contribaudit.exporters.text import display, plural, rfc3339, safe_text
from contribaudit.settings import file

if TYPE_CHECKING:
    from contribaudit.core.model.attestation import Attachment, Attestation
    from contribaudit.core.model.observation import Value
    from contribaudit.core.model.rulebook import Screen
    from contribaudit.core.resolve.state import State


COLUMNS = ("id", "subject", "setting", "value", "observed_at", "by", "held_by", "not_held_because")
_TABLE = ("id", "subject", "setting", "value", "held_by", "not_held_because")


def by_flags(desk: Desk, told: Sequence[tuple[str, str, str]], given: Given) -> None:
    """Record the values of one look: subject, setting and value of each."""
    by = mail(given.by or desk.settings.attested_by)
    look_at = _past(desk, given)
    shots, bodies = recording.read_all(given.attach)
    screen = find_screen(desk.job.rulebook.screens, given.screen) if given.screen else None
    for _, setting, _ in told:
        if screen is not None and setting.strip().casefold() not in screen.settings:
            shown = ", ".join(screen.settings)
            raise UsageError(f"The screen {screen.id} does not show {setting[:80]}", hint=f"It has: {shown}.")
    state, held, looked_at = _read(desk, look_at)
    past = PastLooks(desk.job.store, state)
    recorded = desk.signature(desk.settings.attested_by or by)
    name = screen.id if screen else ""
    look = ConsoleVisit(by, looked_at, recorded, new_id(), name, given.console_path, given.note, shots)

    def hold(organization: str) -> ReadingsAround:
        return held or past.held(organization, looked_at)

    made = record_all(state, [(hold, EnteredValue(*one), look) for one in told])
    desk.job.store.add_attestations(made, bodies)
    tell(desk, state, made, given.output_format)


def from_file(desk: Desk, source: Path, given: Given) -> None:
    """Record a file's values; those that the history has already are left alone."""
    rows = files.load(source)
    look_at = _past(desk, given)
    name = find_screen(desk.job.rulebook.screens, given.screen).id if given.screen else ""
    shots, bodies = recording.read_all(given.attach)
    if look_at is None and all(row.observed_at is not None for row in rows):
        look_at = desk.now()  # nothing looks at the default, so that one reading is enough
    state, held, looked_at = _read(desk, look_at)
    recorded = desk.signature(desk.settings.attested_by or "")
    by = given.by or desk.settings.attested_by or ""
    common = ConsoleVisit(by, looked_at, recorded, new_id(), name, given.console_path, given.note, shots)
    live = (lambda _organization: held) if held is not None else None
    made = take_in(desk.job.store, rows, state, recorded, live=live, common=common, bodies=bodies)
    there = len(rows) - len(made)
    tell(desk, state, made, given.output_format, more=f"; {there} of the rows were there already" if there else "")


def tell(desk: Desk, state: State, made: Sequence[Attestation], output_format: str, *, more: str = "") -> None:
    """Write what was recorded, and say what holds it."""
    rows = [
        (
            one.id,
            name_of(state, one.subject),
            str(one.setting),
            one.value,
            one.observed_at,
            one.by,
            described(one.anchors),
            one.unanchored_reason,
        )
        for one in made
    ]
    terminal = desk.console.on_terminal
    desk.console.write(render(output_format, COLUMNS, rows, flexible="held_by", only=_TABLE, terminal=terminal))
    for warning in doubts(state, ((one.subject.organization, one.setting, one.value) for one in made)):
        desk.console.diagnostics.warning(warning)
    loose = [one for one in made if not one.anchors]
    count = "1 attestation was" if len(made) == 1 else f"{len(made)} attestations were"
    if not made:
        how = ""
    elif not loose:
        how = f", anchored by {described(made[0].anchors)}" if len(made) == 1 else ", each anchored"
    elif len(made) == 1:
        how = f", not anchored: {loose[0].unanchored_reason}"
    else:
        how = f", {len(loose)} of them not anchored: {loose[0].unanchored_reason}"
    desk.console.diagnostics.conclusion(f"{count} recorded{how}{more}.")


def _past(desk: Desk, given: Given) -> datetime | None:
    """--observed-at. Raises UsageError when it is still to come."""
    found = moment(given.observed_at) if given.observed_at else None
    if found is not None and found > desk.now():
        raise UsageError(f"The look at {found:%Y-%m-%d %H:%M}Z is still to come", hint="Check the time and its zone")
    return found


def _read(desk: Desk, look_at: datetime | None) -> tuple[State, ReadingsAround | None, datetime]:
    """The newest state; what holds a look of now, which is between two readings; when the look was."""
    before = desk.read()
    if look_at is not None or desk.offline:
        return before, None, look_at or desk.now()
    looked_at = desk.now()
    after = desk.read()
    return after, ReadingsAround(before, after), looked_at


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
        screens = plural(len({row.screen.id for row in due}), "screen")
        _say(f"{plural(len(due), 'value')} on {screens}, about {minutes(due)} minutes. Enter alone leaves a row out.")
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
    told = [EnteredValue(row.subject.id, row.setting.id, value) for row, value in answers]
    form = Form(screen.id, told, by, path, given.note, shots)
    made = desk.filled(looked, form, desk.settings.attested_by or "")
    desk.job.store.add_attestations(made, bodies)
    return made, looked.state


def _answer(state: State, row: Row) -> Value:
    """What the screen shows for the row; None when it was left out."""
    name = safe_text(name_of(state, row.subject))
    question = f"  {name}, {row.setting.title} ({allowed(row.setting)})"
    if row.last is not None:
        when = (rfc3339(row.last.observed_at) or "")[:10]
        carried = f"{safe_text(row.last.by)}: {display(row.last.value)}"
        question += f" [carried from {when}, {carried}; {KEEP} if it still shows that]"
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
        return recording.read_all(given.attach)
    while True:
        text = ask("Screenshot, a file (Enter: none)", default="")
        if not text:
            return (), {}
        try:
            return recording.read_all([file.expanded(text)])
        except UsageError as error:
            _say(f"    {error}")


def _mail(desk: Desk, given: Given) -> str:
    told = given.by or desk.settings.attested_by
    return mail(told or ask("Your mail address"))


def _say(line: str) -> None:
    click.echo(in_lines(line), err=True)


_PATH = click.Path(path_type=Path)


@click.command("record")
@click.argument("setting", required=False)
@click.argument("value", required=False)
@click.option("--subject", metavar="S", default="organization", show_default=True, help="Whose setting it is.")
@click.option("--by", metavar="MAIL", help="Who looked; default: attested_by of the configuration.")
@click.option("--observed-at", metavar="TIME", help="When, with zone (UTC without one); default: now.")
@click.option("--console-path", metavar="TEXT", default="", help="The menu path that was taken.")
@click.option("--note", metavar="TEXT", default="", help="A remark, kept with it.")
@click.option("--attach", type=_PATH, metavar="FILE", multiple=True, help="A screenshot; repeat it for several.")
@click.option("--screen", metavar="NAME", help="The console screen that shows all these values in one look.")
@click.option("--set", "pairs", metavar="SETTING=VALUE", multiple=True, help="One value; repeat it.")
@click.option("--from", "source", type=_PATH, metavar="FILE", help="Many values, from a CSV or TOML file.")
@click.option("--template", is_flag=True, help="Print a CSV of what is due, to be filled in.")
@click.option("--offline", is_flag=True, help="Read nothing: take the last kept run for the newest reading.")
@format_option(("table", "json", "csv"), "table")
@desk_options
@api_key_options
@pass_console
def record(
    console: Console,
    /,
    *,
    setting: str | None,
    value: str | None,
    subject: str,
    pairs: tuple[str, ...],
    source: Path | None,
    template: bool,
    offline: bool,
    organization: str | None,
    store_location: str | None,
    **flags: Any,
) -> None:
    """Record SETTING VALUE, as the administration console shows it.

    A list is written with commas, the empty one as none. The API's signals are read before and after: they hold the
    value in place while they do not move. With --observed-at in the past, the last complete run before that time and
    the reading now must agree. Without anything, walk through what is due.
    """
    from contribaudit.errors import UsageError

    given = Given(**flags)
    told = _told(setting, value, pairs, subject)
    if sum((bool(told), source is not None, template)) > 1:
        raise UsageError("Values, --from and --template exclude each other", hint="contribaudit attest record --help")
    walking = not told and source is None and not template
    if walking:
        require_person()
    with open_desk(console, organization, store_location, offline=offline or template, reading=template) as desk:
        if template:
            print_template(desk, given.screen)
        elif walking:
            walk(desk, given)
        elif source is not None:
            from_file(desk, source, given)
        else:
            by_flags(desk, told, given)


def _told(setting: str | None, value: str | None, pairs: tuple[str, ...], subject: str) -> list[tuple[str, str, str]]:
    """Subject, setting and value of each value on the command line."""
    from contribaudit.errors import UsageError

    if setting is not None and value is None:
        raise UsageError(f"{setting} needs a value", hint="Write contribaudit attest SETTING VALUE")
    found = [(subject, setting, value)] if setting is not None and value is not None else []
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"`{pair[:80]}` is no SETTING=VALUE", hint="Write --set contribution.in_app=off")
        found.append((subject, name, text))
    return found


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
        screens = plural(len({row.screen.id for row in found}), "screen")
        told = f"{plural(len(found), 'value')} on {screens}; fill in `value` and give the file to --from."
    else:
        told = "Nothing is due." if wanted is None else f"Nothing is known that the screen {wanted.id} shows."
    desk.console.diagnostics.conclusion(told)
