"""What decoders read from today's signals, and how far an organization may rely on each decoder.

A decoder that somebody else found counts for a subject once an attestation of this organization agrees with it: the
signal was then in a state that the decoder reads as the attested value. A single attestation that the decoder
contradicts sets it aside for the whole organization, until that attestation is revoked. Superseded attestations
also count for and against a decoder, as in calibration, but never give a value.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from contribaudit.core.model.attestation import Attestation, SignalKey, by_age
from contribaudit.core.model.decoder import Decoder, Digests, Objects, Trust, decode, reaches, selected
from contribaudit.core.model.observation import (
    CONFLICT_CODE,
    STALE_CODES,
    Grade,
    Observation,
    Observed,
    SettingId,
    Unavailable,
    Value,
)
from contribaudit.core.model.phrases import grouped
from contribaudit.core.model.setting import Setting
from contribaudit.core.model.subject import Subject
from contribaudit.core.resolve.calibration import form, known_digests
from contribaudit.core.resolve.signals import Select, SignalHistory, SignalReading, signal_name
from contribaudit.core.resolve.state import State

_ByState: TypeAlias = dict[tuple[Subject, Digests], dict[tuple[str, object], Attestation]]


class Decoders:
    """The decoders of one organization, each compared with all unrevoked attestations."""

    def __init__(
        self,
        organization: str,
        decoders: Iterable[Decoder],
        attestations: Iterable[Attestation],
        history: SignalHistory,
        objects: Objects,
        find: Callable[[SettingId], Setting],
    ) -> None:
        """`attestations` are the unrevoked ones, superseded ones included."""
        self.objects = objects
        recorded = list(attestations)
        decoder_list = list(decoders)
        digests = known_digests(history, recorded) if decoder_list else {}
        by_setting = grouped(recorded, lambda one: one.setting)
        self.trusts = [
            _trust(organization, decoder, by_setting.get(decoder.setting, []), digests, objects, find(decoder.setting))
            for decoder in decoder_list
        ]

    def for_setting(self, setting: SettingId) -> list[Trust]:
        """The decoders that may be used for the setting, in the order of the rulebook."""
        return [one for one in self.trusts if one.decoder.setting == setting and one.against is None]

    def select(self, setting: SettingId, subject: Subject) -> Select:
        """A function that reduces a signal's state to what is compared for this setting of this subject."""
        chosen: dict[SignalKey, Decoder] = {}
        for trust in self.for_setting(setting):
            owner = trust.decoder.owner_of(subject)
            if owner is not None and owner not in trust.nowhere:
                chosen[owner, trust.decoder.signal] = trust.decoder

        def compared(key: SignalKey, state: Digests) -> Digests:
            decoder = chosen.get(key)
            if decoder is not None:
                return selected(decoder.pointers, state, self.objects)
            return state

        return compared


def _trust(
    organization: str,
    decoder: Decoder,
    attestations: Iterable[Attestation],
    digests: Mapping[SignalKey, set[str]],
    objects: Objects,
    setting: Setting,
) -> Trust:
    agreed: dict[Subject, list[Attestation]] = defaultdict(list)
    against: list[Attestation] = []
    by_state: _ByState = defaultdict(dict)
    for attestation in sorted(attestations, key=by_age):
        owner = decoder.owner_of(attestation.subject)
        anchor = next((a for a in attestation.anchors if (a.subject, a.signal) == (owner, decoder.signal)), None)
        if owner is None or anchor is None or not attestation.bound:
            continue
        attested_form = form(setting, attestation.value)
        first_by_form = by_state[attestation.subject, selected(decoder.pointers, anchor.state, objects)]
        first_by_form.setdefault(attested_form, attestation)
        if len(first_by_form) > 1:
            against.append(attestation)
        value, why_not = decode(decoder, anchor.state, objects)
        if decoder.reads and not why_not:
            if form(setting, value) == attested_form:
                agreed[attestation.subject].append(attestation)
            else:
                against.append(attestation)
    nowhere = []
    for (owner, signal), of_owner in sorted(digests.items()):
        items = [objects[name] for name in sorted(of_owner) if name in objects]
        is_read = signal == decoder.signal and owner.kind is decoder.owner
        if is_read and items and not reaches(decoder.pointers, items):
            nowhere.append(owner)
    return Trust(
        organization,
        decoder,
        {subject: tuple(sorted(looks, key=_best_first)) for subject, looks in agreed.items()},
        max(against, key=by_age, default=None),
        tuple(nowhere),
    )


def _best_first(attestation: Attestation) -> tuple[object, ...]:
    return (
        attestation.second_person is None,
        not attestation.attachments,
        -attestation.observed_at.timestamp(),
        attestation.id,
    )


UNKNOWN_WORD = "unknown_word"
_MOVED = "signal_moved"


@dataclass(frozen=True, slots=True)
class Present:
    """A decoder that counts, and the signal that it reads, as this run found it."""

    decoder: Decoder
    reading: SignalReading
    agreed: Attestation
    """The best supported attestation of this organization that agrees with it."""


@dataclass(frozen=True, slots=True)
class Decoding:
    """One organization's decoders at the moment of a run."""

    state: State
    history: SignalHistory
    objects: Objects

    def weigh(
        self, setting: Setting, present: Sequence[Present], newest: Sequence[Attestation], attested: Observation
    ) -> Observation:
        """The decoded value where it may replace `attested`, which people's attestations gave.

        It is newer than any look, so it replaces one after which the signal moved. It is a conflict where an
        attestation in force says something else although the signal has not moved since, or where decoders differ.
        Where no decoder has a value, `attested` stays, but a stale or revoked one becomes `unknown_word`.
        """
        if not present or (isinstance(attested, Unavailable) and attested.code == CONFLICT_CODE):
            return attested
        decoded = [(one, *decode(one.decoder, one.reading.state, self.objects)) for one in present]
        values = {form(setting, value) for _, value, why_not in decoded if not why_not}
        if len(values) > 1:
            names = " and ".join(sorted(one.decoder.name for one, _, why_not in decoded if not why_not))
            return self.refuse(attested, present[0], CONFLICT_CODE, f"the decoders {names} read different values")
        if not values:
            one, _, why_not = decoded[0]
            if isinstance(attested, Observed) or attested.code not in (*STALE_CODES, "revoked"):
                return attested
            return self.refuse(attested, one, UNKNOWN_WORD, f"the decoder {one.decoder.name} cannot read it: {why_not}")
        one, value = next((one, value) for one, value, why_not in decoded if not why_not)
        return self.contradiction(setting, one, value, newest, attested) or self.accept(attested, one, value)

    def contradiction(
        self, setting: Setting, present: Present, value: Value, newest: Sequence[Attestation], attested: Observation
    ) -> Unavailable | None:
        """The refusal if an attestation in force contradicts the value; those that this signal anchors are skipped."""
        for look in newest:
            if form(setting, look.value) == form(setting, value):
                continue
            key = present.reading.key
            if look.bound and any(anchor.key == key for anchor in look.anchors):
                continue
            stood, signal = self.stood(present, look.observed_at), signal_name(present.reading.signal)
            if stood is None:
                reason = f"{look.by} attested another value, and no run shows whether {signal} moved since"
                return self.refuse(attested, present, _MOVED, f"{reason}; attest it again")
            if stood:
                reason = f"{look.by} attested another value while {signal} was in its present state"
                return self.refuse(attested, present, CONFLICT_CODE, reason)
        return None

    def stood(self, present: Present, since: datetime) -> bool | None:
        """Whether the part that the decoder reads is unchanged since `since`; None where no run shows it."""
        pointers = present.decoder.pointers
        present_part = selected(pointers, present.reading.state, self.objects)
        seen = sorted(self.history.get(present.reading.key, ()), key=lambda entry: entry[0])
        past = [(moment, state) for moment, state in seen if moment <= self.state.as_of]
        later = [state for moment, state in past if moment > since]
        if any(selected(pointers, state, self.objects) != present_part for state in later):
            return False
        before = [state for moment, state in past if moment <= since]
        if not before:
            return None
        return selected(pointers, before[-1], self.objects) == present_part

    def accept(self, attested: Observation, present: Present, value: Value) -> Observed:
        """The decoded value, as of this run's reading."""
        seen = self.state.value(*present.reading.key)
        source = f"{present.reading.signal}, by the decoder {present.decoder.called}"
        generation = self.state.rulebook.generation(present.agreed.console_path, present.agreed.screen)
        witness = present.agreed.witness(self.state.as_of, generation=generation)
        response = seen.response if seen is not None else ""
        at = seen.observed_at if seen is not None else self._listed_at(present)
        return Observed(attested.setting, attested.subject, value, Grade.DECODED, at, source, response, witness)

    def refuse(self, attested: Observation, present: Present, code: str, reason: str) -> Unavailable:
        """An `Unavailable` in place of a value, with code and reason."""
        source = f"{present.reading.signal}, by the decoder {present.decoder.called}"
        return Unavailable(attested.setting, attested.subject, code, reason, self.state.as_of, source)

    def _listed_at(self, present: Present) -> datetime:
        """When the list was read that does not have the object."""
        runs = self.state.organizations[present.reading.owner.organization].collections
        collectors = {rule.collector for rule in self.state.rulebook.signals if rule.signal == present.reading.signal}
        return min((runs[name].started_at for name in collectors if name in runs), default=self.state.as_of)
