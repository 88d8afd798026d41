"""Values on the command line and in a file: read before and after, recorded all or none, and told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from contribaudit.attestations import files
from contribaudit.attestations.anchoring import Held, described
from contribaudit.attestations.due import find_screen
from contribaudit.attestations.recording import moment
from contribaudit.cli.attest.options import Desk, Given, name_of
from contribaudit.core.model.attestation import Attestation
from contribaudit.core.resolve.state import State
from contribaudit.errors import UsageError
from contribaudit.exporters.tabular import render
from contribaudit.testimony import attachment
from contribaudit.testimony.doubts import doubts
from contribaudit.testimony.importing import take_in
from contribaudit.testimony.looking import PastLooks
from contribaudit.testimony.mail import mail
from contribaudit.testimony.recording import Look, Told, new_id, record_all

COLUMNS = ("id", "subject", "setting", "value", "observed_at", "by", "held_by", "not_held_because")
_TABLE = ("id", "subject", "setting", "value", "held_by", "not_held_because")


def by_flags(desk: Desk, told: Sequence[tuple[str, str, str]], given: Given) -> None:
    """Record the values of one look: subject, setting and value of each."""
    by = mail(given.by or desk.settings.attested_by)
    look_at = _past(desk, given)
    shots, bodies = attachment.read_all(given.attach)
    screen = find_screen(desk.job.rulebook.screens, given.screen) if given.screen else None
    for _, setting, _ in told:
        if screen is not None and setting.strip().casefold() not in screen.settings:
            shown = ", ".join(screen.settings)
            raise UsageError(f"The screen {screen.id} does not show {setting[:80]}", hint=f"It has: {shown}.")
    state, held, looked_at = _read(desk, look_at)
    past = PastLooks(desk.job.store, state)
    recorded = desk.signature(desk.settings.attested_by or by)
    name = screen.id if screen else ""
    look = Look(by, looked_at, recorded, new_id(), name, given.console_path, given.note, shots)

    def hold(organization: str) -> Held:
        return held or past.held(organization, looked_at)

    made = record_all(state, [(hold, Told(*one), look) for one in told])
    desk.job.store.add_attestations(made, bodies)
    tell(desk, state, made, given.output_format)


def from_file(desk: Desk, source: Path, given: Given) -> None:
    """Record a file's values; those that the history has already are left alone."""
    rows = files.load(source)
    look_at = _past(desk, given)
    name = find_screen(desk.job.rulebook.screens, given.screen).id if given.screen else ""
    shots, bodies = attachment.read_all(given.attach)
    if look_at is None and all(row.observed_at is not None for row in rows):
        look_at = desk.now()  # nothing looks at the default, so that one reading is enough
    state, held, looked_at = _read(desk, look_at)
    recorded = desk.signature(desk.settings.attested_by or "")
    by = given.by or desk.settings.attested_by or ""
    common = Look(by, looked_at, recorded, new_id(), name, given.console_path, given.note, shots)
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


def _read(desk: Desk, look_at: datetime | None) -> tuple[State, Held | None, datetime]:
    """The newest state; what holds a look of now, which is between two readings; when the look was."""
    before = desk.read()
    if look_at is not None or desk.offline:
        return before, None, look_at or desk.now()
    looked_at = desk.now()
    after = desk.read()
    return after, Held(before, after), looked_at
