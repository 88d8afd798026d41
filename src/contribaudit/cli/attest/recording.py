"""The work of `attest record`: values from options, by screen or from a file, and `--template`. The walk is in walk.py.

All values of one command are recorded, or none. A template is a CSV of what is due; its values are empty, so that
nothing suggests an answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path

from contribaudit import catalogue
from contribaudit.attestations import files
from contribaudit.attestations.due import find_screen, path_of, rows
from contribaudit.attestations.files import TEMPLATE, take_in
from contribaudit.attestations.recording import (
    ConsoleVisit,
    EnteredValue,
    allowed,
    covering_note,
    exact_time,
    mail,
    new_id,
)
from contribaudit.audit.attesting import Form
from contribaudit.cli.attest.session import LookFlags, Session, write_recorded
from contribaudit.core.model.phrases import counted
from contribaudit.core.model.rulebook import Screen
from contribaudit.core.resolve.aliases import alias_of
from contribaudit.core.resolve.state import State
from contribaudit.errors import UsageError
from contribaudit.operations.clipboard import pictures

TypedValue = tuple[str, str, str]
"""Subject, setting and value as typed. A subject with `*` is a pattern; the setting is "" if the screen implies it."""


def by_flags(session: Session, values: Sequence[TypedValue], given: LookFlags) -> None:
    """Record the values of one look."""
    by = mail(given.by or session.settings.attested_by)
    look_at = _past_moment(session, given)
    shots, bodies = pictures(given.attach)
    screen = find_screen(session.job.rulebook.screens, given.screen) if given.screen else None
    for _, setting, _ in values:
        if screen is not None and setting and setting.strip().casefold() not in screen.settings:
            shown = ", ".join(screen.settings)
            raise UsageError(f"The screen {screen.id} does not show {setting[:80]}", hint=f"It has: {shown}.")
    looked = session.looked(session.read(), look_at)
    entered = [value for one in values for value in _entries_for(session, looked.state, one, screen)]
    form = Form(screen.id if screen else "", entered, by, given.console_path, given.note, shots)
    attestations = session.filled(looked, form, session.settings.attested_by or "")
    session.job.store.add_attestations(attestations, bodies)
    write_recorded(session, looked.state, attestations)


def _entries_for(session: Session, state: State, typed: TypedValue, screen: Screen | None) -> Iterator[EnteredValue]:
    """The value for its subject, or for each row that a pattern matches. Raises UsageError if no row matches."""
    subject, setting, value = typed
    if "*" not in subject:
        yield EnteredValue(subject, setting or _setting_of(screen, value), value)
        return
    name = (setting or _setting_of(screen, value)).strip().casefold()
    pattern = subject.casefold()
    covered = [
        row
        for row in rows(state, session.attestations(), session.job.policy)
        if row.setting.id == name
        and (screen is None or row.screen is screen)
        and any(fnmatchcase(one.casefold(), pattern) for one in (alias_of(state, row.subject), row.subject.id))
    ]
    if not covered:
        where = f"the screen {screen.id}" if screen is not None else "any screen"
        raise UsageError(
            f"`{subject[:80]}` matches no row of {where} with {name[:80]}",
            hint="Write app:* for all apps, or app:HOST/*; `contribaudit attest --template` lists the rows",
        )
    subjects = dict.fromkeys(row.subject for row in covered)
    note = covering_note(name, value, len(subjects), subject)
    yield from (EnteredValue(one.id, name, value, note=note) for one in subjects)


def _setting_of(screen: Screen | None, value: str) -> str:
    """The setting of the screen that can have the value. Raises UsageError when that is ambiguous."""
    if screen is None:
        raise UsageError(
            "It is not clear which setting this is about",
            hint="Write SETTING@SUBJECT=VALUE, or name the screen with --screen",
        )
    possible = [one for one in map(catalogue.find, screen.settings) if value.strip().casefold() in one.folded_words]
    if len(possible) != 1:
        listed = ", ".join(screen.settings)
        raise UsageError(
            f"It is not clear to which setting of the screen {screen.id} the value `{value[:80]}` belongs",
            hint=f"Write SETTING@SUBJECT=VALUE with one of {listed}",
        )
    return possible[0].id


def from_file(session: Session, source: Path, given: LookFlags) -> None:
    """Record the values of a file; those that are already in the history are skipped."""
    entries = files.load(source)
    by = given.by or session.settings.attested_by or ""
    nobody = [row for row in entries if not row.by]
    if nobody and not by:
        raise UsageError(
            f"{source}: {counted(len(nobody), 'row')} do not say who looked",
            hint="Add --by MAIL, fill in the column `by`, or set `attested_by` in the configuration",
        )
    look_at = _past_moment(session, given)
    name = find_screen(session.job.rulebook.screens, given.screen).id if given.screen else ""
    shots, bodies = pictures(given.attach)
    if look_at is None and all(row.observed_at is not None for row in entries):
        look_at = session.now()  # every row has its own time, so one reading is enough
    looked = session.looked(session.read(), look_at)
    recorded = session.signature(session.settings.attested_by or "")
    common = ConsoleVisit(by, looked.at, recorded, new_id(), name, given.console_path, given.note, shots)
    new = take_in(session.job.store, entries, looked.state, common, live=looked.hold, bodies=bodies)
    skipped = len(entries) - len(new)
    more = f"; {counted(skipped, 'row')} already recorded" if skipped else ""
    write_recorded(session, looked.state, new, more=more)


def _past_moment(session: Session, given: LookFlags) -> datetime | None:
    """The time of --observed-at. Raises UsageError when it is in the future."""
    exact = exact_time(given.observed_at) if given.observed_at else None
    if exact is not None and exact > session.now():
        raise UsageError(f"{exact:%Y-%m-%d %H:%M}Z is in the future", hint="Check --observed-at and its time zone")
    return exact


def typed_values(
    setting: str | None, value: str | None, pairs: tuple[str, ...], subject: str, screen: str | None
) -> list[TypedValue]:
    """The values on the command line. Raises UsageError for an incomplete one."""
    if setting is not None and value is None:
        raise UsageError(f"{setting} needs a value", hint="Write `contribaudit attest SETTING VALUE`")
    values: list[TypedValue] = [(subject, setting, value)] if setting is not None and value is not None else []
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"`{pair[:80]}` is not SETTING=VALUE", hint="Write --set contribution.in_app=off")
        own, at, about = name.partition("@")
        if at:
            values.append((about.strip(), own, text))
        elif screen and (":" in name or "*" in name):
            values.append((name.strip(), "", text))
        else:
            values.append((subject, name, text))
    return values


def print_template(session: Session, screen: str | None) -> None:
    """Print all that is due, or all rows of one screen. Rows that the policy waits for are marked and come first."""
    chosen = find_screen(session.job.rulebook.screens, screen) if screen else None
    state = session.remembered()
    needed = {row.key for one in session.due(state) for row in one.rows}
    entries = [row for one in session.due(state, chosen, everything=True) for row in one.rows]
    entries.sort(key=lambda row: row.key not in needed)
    cells = [
        (
            alias_of(state, row.subject),
            str(row.setting.id),
            "",
            "yes" if row.key in needed else "",
            allowed(row.setting),
            row.screen.id,
            path_of(row.screen),
            "",
        )
        for row in entries
    ]
    session.console.output_format = "csv"
    session.console.table(TEMPLATE, cells)
    if entries:
        screens = counted(len({row.screen.id for row in entries}), "screen")
        waiting = counted(sum(1 for row in entries if row.key in needed), "value")
        message = (
            f"{counted(len(entries), 'value')} on {screens}; the policy waits for {waiting} (column `needed`)."
            " Fill in `value` and record the file with --from."
        )
    else:
        message = "Nothing is due." if chosen is None else f"Nothing that was read is shown on the screen {chosen.id}."
    session.console.diagnostics.conclusion(message)
