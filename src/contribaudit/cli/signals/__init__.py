"""`contribaudit signals`: shows the raw API objects that anchor attestations, and the meaning seen for their states."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from contribaudit.cli.console import Console, pass_console
from contribaudit.cli.options import format_option, output_options, session_options
from contribaudit.core.model.observation import Observed, SettingId
from contribaudit.core.model.phrases import counted
from contribaudit.errors import UsageError
from contribaudit.exporters.text import Cell, raw_text, safe_text

if TYPE_CHECKING:
    from contribaudit.cli.attest.session import Session
    from contribaudit.core.model.decoder import Trust
    from contribaudit.core.model.subject import Subject
    from contribaudit.core.resolve.state import State

COLUMNS = (
    "owner", "signal", "state", "since", "revision", "seen_to_mean", "digests", "raw_sha256", "owner_id", "decoders",
    "decoders_sha256", "candidates",
)  # fmt: skip
TABLE = ("owner", "signal", "state", "since", "revision", "seen_to_mean", "decoders", "candidates")


@click.group()
def command() -> None:
    """Raw API objects whose meaning is not published. They show that something changed, not what it means.

    What a person attests while a signal is in a state shows what that state means here; a decoder carries the meaning
    to other organizations.
    """


@command.command("list", short_help="List the signals of the last run.")
@format_option()
@session_options
@pass_console
def list_signals(console: Console) -> None:
    """List the signals of the last run: owner, state, since when, and what people attested in that state."""
    from contribaudit.cli.attest.session import open_session

    with open_session(console, reading=True) as session:
        rows = _rows(session, session.read())
    console.table(COLUMNS, rows, flexible="seen_to_mean", only=TABLE)
    message = (
        f"{counted(len(rows), 'signal')}; `contribaudit signals show SIGNAL` prints the raw object."
        if rows
        else "No signals."
    )
    console.diagnostics.conclusion(message)


@command.command("show")
@click.argument("signal")
@click.option("--subject", metavar="S", default="organization", show_default=True, help="Whose signal.")
@session_options
@pass_console
def show_signal(console: Console, *, signal: str, subject: str) -> None:
    """Print a signal's object from the last run, without volatile fields.

    The pointers of a decoder begin here. Where the object belongs to no single owner, it is shown as the API gave it.
    """
    from contribaudit.attestations.recording import find_subject
    from contribaudit.cli.attest.session import open_session

    with open_session(console, reading=True) as session:
        state = session.read()
        owner = find_subject(state, subject)
        seen = _observed_signal(state, owner, signal)
        raw = _object_of(session, seen)
        for note in _decoder_notes(state, owner, seen.setting):
            console.diagnostics.note(note)
    console.write(json.dumps(raw, indent=2) + "\n")


@command.command("diff", short_help="Compare a signal's raw object in two runs.")
@click.argument("signal")
@click.argument("before", type=click.IntRange(min=1))
@click.argument("after", type=click.IntRange(min=1))
@click.option("--subject", metavar="S", default="organization", show_default=True, help="Whose signal.")
@format_option()
@session_options
@pass_console
def diff_signal(console: Console, *, signal: str, before: int, after: int, subject: str) -> None:
    """Compare a signal's raw object in the runs BEFORE and AFTER, by JSON pointer."""
    from contribaudit.attestations.decoder_proposals import differences
    from contribaudit.attestations.recording import find_subject
    from contribaudit.cli.attest.session import open_session

    with open_session(console, reading=True) as session:
        state = session.read()
        owner = find_subject(state, subject)
        old_object, new_object = (_object_of_run(session, run, owner, signal) for run in (before, after))
        if old_object is None and new_object is None:
            _observed_signal(state, owner, signal)  # refuses a name that no signal has
    rows = [
        (pointer, raw_text(old), raw_text(new), ", ".join(_looking_at(state, owner, signal, pointer)))
        for pointer, old, new in differences(old_object, new_object)
    ]
    columns = ("pointer", "before", "after", "decoders")
    console.table(columns, rows, flexible="after")
    count = counted(len(rows), "pointer differs", "pointers differ")
    console.diagnostics.conclusion(f"{count} between run {before} and run {after}.")


@command.command("propose", short_help="Print a decoder for SETTING from what changed in its signal.")
@click.argument("setting")
@click.option("--subject", metavar="S", default="organization", show_default=True, help="Whose setting it is.")
@click.option("--signal", metavar="NAME", help="The signal, if several apply.")
@click.option("--owner", type=click.Choice(["organization", "app"]), help="Whose signal; default: the subject's own.")
@click.option("--before", metavar="RUN|DATE|FILE", help="First state; default: one attested with another value.")
@click.option("--after", metavar="RUN|DATE|FILE", help="Second state; default: the newest attested one.")
@click.option("--before-value", metavar="V", help="Value in the first state; default: as attested.")
@click.option("--after-value", metavar="V", help="Value in the second state; default: as attested.")
@click.option(
    "--pointer", "pointers", metavar="POINTER", multiple=True, help="Field that decides the value; repeatable."
)
@output_options
@session_options
@pass_console
def propose(
    console: Console,
    *,
    setting: str,
    subject: str,
    signal: str | None,
    owner: str | None,
    before: str | None,
    after: str | None,
    before_value: str | None,
    after_value: str | None,
    pointers: tuple[str, ...],
) -> None:
    """Print a decoder for SETTING from what changed in its signal between two states.

    In a throwaway organization: attest, audit, flip the setting, audit, attest. Or name two files with the object of a
    colleague's organization, as `signals show` prints it, and both values. Nothing is put into use: read it, then save
    it into the folder that `decoders` in the configuration names. There it counts once an attestation of that
    organization agrees with it.
    """
    from contribaudit.attestations.decoder_proposals import chosen, differences, written
    from contribaudit.attestations.recording import find_setting, find_subject
    from contribaudit.cli.attest.session import open_session
    from contribaudit.cli.signals.propose import Search, find_key

    console.check_output()
    if (before is None) != (after is None):
        raise UsageError("--before and --after go together", hint="Give both states, or neither.")
    with open_session(console) as session:
        state = session.remembered()
        about = find_subject(state, subject)
        info = find_setting(setting, about)
        key = find_key(state, info, about, signal, owner)
        attestations = [one for one in session.attestations() if one.revoked is None]
        search = Search(session, info, about, key, attestations)
        if before is not None and after is not None:
            sides = (
                search.side(before, before_value, "--before-value"),
                search.side(after, after_value, "--after-value"),
            )
        else:
            sides = search.attested_sides()
        notes = search.origin(sides)
    one, other = sides
    comparable = one.object is not None and other.object is not None
    changed = list(differences(one.object, other.object, into_lists=False)) if comparable else []
    for pointer, old, new in changed:
        console.diagnostics.note(f"changed: {pointer} from {raw_text(old)} to {raw_text(new)}")
    places = chosen(pointers, changed, one.object, other.object)
    others = [pointer for pointer, _, _ in changed if pointer not in places]
    notes += [f"Also changed, not used: {pointer}" for pointer in others]
    lines = [safe_text(line) for line in notes]
    by = session.settings.attested_by or ""
    text = written(info, key, sides, places, comments=lines, by=by, today=datetime.now(UTC).date())
    console.write(text)
    console.diagnostics.conclusion(
        f"A proposal, not in use: it counts once `decoders` names its folder and an attestation of {info.id} agrees."
    )


def _rows(session: Session, state: State) -> list[tuple[Cell, ...]]:
    from contribaudit.attestations.status import signal_lines
    from contribaudit.core.resolve.aliases import alias_of

    rows: list[tuple[Cell, ...]] = []
    for line in signal_lines(state, session.job.store.attestation_history(session.organization), session.organization):
        reading = line.reading
        seen = state.value(reading.owner, reading.signal)
        standing = reading.presence.value if reading.settled else "being applied"
        rows.append(
            (
                alias_of(state, reading.owner),
                str(reading.signal),
                f"{standing}: {reading.reason}" if reading.reason else standing,
                line.since,
                reading.revision,
                ", ".join(f"{setting}={raw_text(value)}" for setting, value in line.meant),
                reading.state or (),
                seen.response if seen is not None else "",
                reading.owner.id,
                "; ".join(_decoder_notes(state, reading.owner, reading.signal)),
                tuple(trust.decoder.sha256 for trust in _decoders_of(state, reading.owner, reading.signal)),
                "; ".join(_candidate_notes(state, reading.owner, reading.signal)),
            )
        )
    return rows


def _observed_signal(state: State, owner: Subject, signal: str) -> Observed:
    """The signal as the run saw it. Raises UsageError when the API returned none."""
    from contribaudit.core.resolve.aliases import alias_of
    from contribaudit.core.resolve.signals import SIGNAL_PREFIX

    seen = state.value(owner, SettingId(signal)) if signal.startswith(SIGNAL_PREFIX) else None
    if seen is None or not seen.response:
        signals = sorted(str(one.setting) for one in state.of(owner) if one.setting.startswith(SIGNAL_PREFIX))
        hint = f"Signals: {', '.join(signals)}." if signals else "`contribaudit signals list` shows the signals."
        raise UsageError(f"{alias_of(state, owner)} has no signal {signal[:80]!r} in this run", hint=hint)
    return seen


def _object_of_run(session: Session, run: int, owner: Subject, signal: str) -> Any:
    """The signal's object in a run, or a list if there are several; None when the run saw none."""
    snapshot = session.job.store.snapshot(session.organization, run)
    for one in snapshot.observations:
        if isinstance(one, Observed) and one.response and (one.subject, one.setting) == (owner, signal):
            return _object_of(session, one)
    return None


def _object_of(session: Session, seen: Any) -> Any:
    """The object behind the digests of a signal; the API's whole answer if the object was not stored."""
    bodies = session.job.store.objects(seen.value)
    if len(bodies) < len(seen.value):
        return json.loads(session.job.store.raw(seen.response))
    objects = [json.loads(bodies[name]) for name in seen.value]
    return objects[0] if len(objects) == 1 else objects


def _decoders_of(state: State, owner: Subject, signal: str) -> list[Trust]:
    """The decoders that read this signal, with their standing in its organization."""
    return [
        trust
        for trust in state.decoders
        if (trust.organization, trust.decoder.signal, trust.decoder.owner) == (owner.organization, signal, owner.kind)
    ]


def _decoder_notes(state: State, owner: Subject, signal: str) -> list[str]:
    """For each decoder of the signal: the setting, the file, and whether it counts."""
    return [
        f"{one.decoder.setting} by {one.decoder.name}: {_trust_words(one, owner)}"
        for one in _decoders_of(state, owner, signal)
    ]


def _candidate_notes(state: State, owner: Subject, signal: str) -> list[str]:
    """How the rulebook's candidate readings of the signal compare with attestations; they never yield a value."""
    return [one.sentence() for one in state.candidates if (one.owner, one.candidate.signal) == (owner, signal)]


def _trust_words(trust: Trust, owner: Subject) -> str:
    if trust.standing:
        return trust.standing
    if trust.against is not None:
        return f"set aside, {trust.against.by} attested {raw_text(trust.against.value)}"
    if owner in trust.nowhere:
        return "points at nothing there"
    if not trust.decoder.reads:
        return "says what counts"
    agreed = [subject for subject in trust.agreed if trust.decoder.owner_of(subject) == owner]
    return "agreed" if agreed else "no attestation agrees yet"


def _looking_at(state: State, owner: Subject, signal: str, pointer: str) -> list[str]:
    return [
        trust.decoder.name
        for trust in _decoders_of(state, owner, signal)
        if any(pointer == p or pointer.startswith(f"{p}/") for p in trust.decoder.pointers)
    ]
