"""What became of each attestation, and which values people saw for each state of a signal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from contribaudit import catalogue
from contribaudit.core.model.attestation import Anchor, Attestation, in_force
from contribaudit.core.model.observation import SettingId, Value
from contribaudit.core.model.setting import Family
from contribaudit.core.model.subject import Kind, Subject, organization_subject
from contribaudit.core.resolve.attested import AttestationHistory, dated_ahead
from contribaudit.core.resolve.calibration import form
from contribaudit.core.resolve.signals import Presence, SignalReading, newer, own_readings, readings
from contribaudit.core.resolve.state import State


class AttestationStatus(StrEnum):
    """What became of an attestation."""

    IN_FORCE = "in force"
    SUPERSEDED = "superseded"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class SignalLine:
    """One signal of one owner: its state, since when, and what people saw during that state."""

    reading: SignalReading
    since: datetime | None
    """Start of the first run that found this state; None when no run did."""
    meant: tuple[tuple[SettingId, Value], ...]
    """Values attested during this state by unrevoked attestations, sorted."""
    earlier: tuple[tuple[datetime, tuple[str, ...] | None], ...]
    """The states before this one, oldest first; None means that the API held none."""


@dataclass(frozen=True, slots=True)
class Hold:
    """The current state of one anchor of an attestation."""

    anchor: Anchor
    holds: bool
    told: str
    """"unmoved", or the reason why the anchor does not hold."""


def statuses_of(attestations: Iterable[Attestation], now: datetime) -> dict[str, AttestationStatus]:
    """The status of each attestation, by ID."""
    listed = list(attestations)
    ahead = dated_ahead(listed, now)
    newest = {**in_force(listed, now), **{key: [one] for key, (one, _) in ahead.items()}}
    current = {one.id for answers in newest.values() for one in answers}
    return {
        one.id: AttestationStatus.REVOKED
        if one.revoked
        else AttestationStatus.IN_FORCE
        if one.id in current
        else AttestationStatus.SUPERSEDED
        for one in listed
    }


def signal_lines(state: State, history: AttestationHistory, organization: str) -> list[SignalLine]:
    """Every signal of the organization and its apps, without signals that an app never had."""
    owners = [organization_subject(organization), *state.subjects(Kind.APP, organization)]
    lines: list[SignalLine] = []
    for owner in owners:
        for reading in sorted(own_readings(state, owner), key=lambda each: each.signal):
            states = history.signals.get((owner, reading.signal), ())
            if reading.presence is Presence.ABSENT and not states and owner.kind is Kind.APP:
                continue  # most apps never have most signals
            values = seen_to_mean(history.attestations, owner, reading.signal, reading.state)
            lines.append(SignalLine(reading, states[-1][0] if states else None, values, tuple(states[:-1])))
    return lines


def seen_to_mean(
    attestations: Iterable[Attestation], owner: Subject, signal: SettingId, state: tuple[str, ...] | None
) -> tuple[tuple[SettingId, Value], ...]:
    """The values that unrevoked attestations give for a state of a signal, each once, sorted."""
    values = {
        (attestation.setting, attestation.value)
        for attestation in attestations
        if attestation.revoked is None
        for anchor in attestation.anchors
        if (anchor.subject, anchor.signal, anchor.state) == (owner, signal, state)
    }
    return tuple(sorted(values, key=lambda entry: (entry[0], str(entry[1]))))


def holding(state: State, attestation: Attestation, family: Family) -> list[Hold]:
    """How the attestation's anchors compare with this state, in their order."""
    current = {reading.key: reading for reading in readings(state, attestation.subject, family)}
    return [_check_anchor(anchor, current.get(anchor.key)) for anchor in attestation.anchors]


def contradictions(attestations: Iterable[Attestation], now: datetime) -> list[Sequence[Attestation]]:
    """Attestations in force for the same subject, setting and moment that disagree."""
    return [
        answers
        for (_, setting), answers in in_force(attestations, now).items()
        if len({form(catalogue.find(setting), one.value) for one in answers}) > 1
    ]


def _check_anchor(anchor: Anchor, reading: SignalReading | None) -> Hold:
    if reading is None:
        return Hold(anchor, False, "the rulebook no longer lists it as a signal of this setting")
    if reading.presence is Presence.UNREAD:
        return Hold(anchor, False, f"not read: {reading.reason}")
    if not reading.settled:
        return Hold(anchor, False, "a change is being applied")
    if reading.state != anchor.state:
        return Hold(anchor, False, "moved since the attestation")
    if newer(reading.revision, anchor.revision):
        return Hold(anchor, False, f"updated on {reading.revision}")
    return Hold(anchor, True, "unmoved")
