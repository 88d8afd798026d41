"""Decoders and candidates: our readings of signals whose meaning Atlassian does not publish.

A decoder names JSON pointers into a signal's object, volatile fields apart. What the pointers select is the signal's
whole state for one setting, so that unrelated fields of the object do not disturb it. With a map of values the
decoder also reads the setting from the object; what the map does not name has no value, never a default.

A candidate is a likely reading. It never makes a value: it makes an alarm readable. Each attestation made while the
object was known agrees with the candidate or contradicts it, which gives its score.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from contribaudit.core.model.attestation import Attestation
from contribaudit.core.model.canonical import NOTHING, canonical_json, digest, found_at, holder_at, parts
from contribaudit.core.model.observation import SettingId, Value
from contribaudit.core.model.phrases import counted
from contribaudit.core.model.subject import Kind, Subject, organization_subject

Objects: TypeAlias = Mapping[str, Any]
"""Objects of signals by their digest, as far as they were kept."""
Digests: TypeAlias = tuple[str, ...] | None
"""The state of a signal: digests of its objects, sorted; None when the API holds none."""


@dataclass(frozen=True, slots=True)
class ValueCondition:
    """A condition on a signal's object, and the value that a state which meets it means."""

    value: Value
    equal: tuple[tuple[str, bytes], ...] = ()
    """Pointers, each with the canonical JSON that must be found there."""
    without: tuple[str, ...] = ()
    """Pointers at which nothing may be found."""
    absent: bool = False
    """True for the state in which the API holds no object at all."""

    def holds(self, item: Any) -> bool:
        """Whether the object meets the condition."""
        return (
            not self.absent
            and all(_canonical_at(item, pointer) == expected for pointer, expected in self.equal)
            and all(found_at(item, pointer) is NOTHING for pointer in self.without)
        )


@dataclass(frozen=True, slots=True)
class Decoder:
    """A rule that selects one setting's state in the object of one signal, and may read its value."""

    name: str
    """The file, and its place in it where there are several: "ours.toml", "ours.toml[2]"."""
    setting: SettingId
    signal: SettingId
    owner: Kind
    """Who owns the signal: the organization, or the app that has the setting."""
    pointers: tuple[str, ...]
    """The places in the object that make up its state for this setting, with all that `values` and `texts` read."""
    values: tuple[ValueCondition, ...] = ()
    texts: str = ""
    """For a setting that is a list, the pointer to the list of texts that is taken as its value; "" for none."""
    sha256: str = ""
    """Digest of the file's bytes."""
    origin: str = ""
    """In which organization the decoder was found, by whom and when."""

    @property
    def reads(self) -> bool:
        """False for a decoder that only selects pointers and gives no value."""
        return bool(self.values or self.texts)

    @property
    def called(self) -> str:
        """The name of the decoder in evidence."""
        return f"{self.name} (sha256 {self.sha256})"

    def owner_of(self, subject: Subject) -> Subject | None:
        """The subject whose object holds this subject's setting; None when the decoder is not for such subjects."""
        if self.owner is Kind.ORGANIZATION:
            return organization_subject(subject.organization)
        return subject if subject.kind is self.owner else None


def decode(decoder: Decoder, state: Digests, objects: Objects) -> tuple[Value, str]:
    """The value and "", or None and the reason why there is none. Several objects must give the same value."""
    if state is None:
        words = [one.value for one in decoder.values if one.absent]
        return (words[0], "") if words else (None, "it has no value for an object that is absent")
    values: dict[tuple[str, Value], Value] = {}
    for name in state:
        if name not in objects:
            return None, "the object behind the digest was not kept"
        value, why_not = _decoded_value(decoder, objects[name])
        if why_not:
            return None, why_not
        values[type(value).__name__, value] = value
    if len(values) != 1:
        return None, "the objects of the signal disagree" if values else "the signal has no object"
    return next(iter(values.values())), ""


def selected(pointers: Sequence[str], state: Digests, objects: Objects) -> Digests:
    """The state reduced to what the pointers select. That a pointer finds nothing is part of the state too.

    The digest of an object that was not kept stays as it is, since the object can no longer be read.
    """
    if state is None:
        return None
    return tuple(sorted(_selection(pointers, objects[one]) if one in objects else one for one in state))


def reaches(pointers: Sequence[str], items: Sequence[Any]) -> bool:
    """Whether some object can hold a value at each pointer: a misspelt pointer would hide every change."""
    return all(any(holder_at(item, pointer) is not NOTHING for item in items) for pointer in pointers)


def _selection(pointers: Sequence[str], item: Any) -> str:
    pairs = [(pointer, _canonical_at(item, pointer)) for pointer in sorted(pointers)]
    return digest(canonical_json([[pointer, value.decode("utf-8", "surrogatepass")] for pointer, value in pairs]))


def _canonical_at(item: Any, pointer: str) -> bytes:
    """The canonical JSON at the pointer; b"", which is no JSON value, where nothing is found."""
    value = found_at(item, pointer)
    return b"" if value is NOTHING else canonical_json(value)


def _decoded_value(decoder: Decoder, item: Any) -> tuple[Value, str]:
    if decoder.texts:
        listed = found_at(item, decoder.texts)
        if isinstance(listed, list) and all(isinstance(one, str) for one in listed):
            return tuple(listed), ""
        return None, f"there is no list of texts at {decoder.texts}"
    values = {(type(one.value).__name__, one.value): one.value for one in decoder.values if one.holds(item)}
    if len(values) == 1:
        return next(iter(values.values())), ""
    shown = ", ".join(
        f"{pointer} = {_shortened_text(_canonical_at(item, pointer), 80)}" for pointer in decoder.pointers
    )
    return None, f"it has {'several values' if values else 'no value'} for {shown}"


def _shortened_text(canonical: bytes, most: int) -> str:
    text = canonical.decode("utf-8", "replace") or NOTHING.value
    return text if len(text) <= most else f"{text[:most]}..."


@dataclass(frozen=True, slots=True)
class Trust:
    """Whether a decoder counts in one organization, and why."""

    organization: str
    decoder: Decoder
    agreed: Mapping[Subject, tuple[Attestation, ...]] = field(default_factory=dict)
    """By subject: the attestations that agree with it, best supported first. Plan changes are not considered here."""
    against: Attestation | None = None
    """The newest attestation that contradicts the decoder, which then neither reads nor selects anything; else None."""
    nowhere: tuple[Subject, ...] = ()
    """Owners whose objects have no place for its pointers: for them the whole object counts."""
    standing: str = ""
    """How the decoder counts, where sources other than attestations decide that; "" where attestations do."""
    contradicted: str = ""
    """What sources other than attestations say that contradicts it; "" where nothing does."""

    def sentence(self, organization: str) -> str:
        """A warning about the decoder, with the name of the organization; "" when it works as intended."""
        title = f"The decoder {self.decoder.name}"
        if self.standing:
            return f"{title} is set aside in {organization}: {self.contradicted}." if self.contradicted else ""
        if self.against is not None:
            look = self.against
            what = f"{look.setting} is {look.value!r} by the attestation {look.id[:12]} of {look.by}"
            return f"{title} is set aside in {organization}: {what}, which it contradicts."
        if self.nowhere:
            places = f"{self.decoder.signal} never had for {len(self.nowhere)} of its owners in {organization}"
            return f"{title} points at places that {places}: the whole object counts there."
        if self.decoder.reads and not self.agreed:
            missing = f"no attestation of {self.decoder.setting} agrees with it"
            return f"{title} does not count in {organization} yet: {missing}."
        return ""


_TURNED = {"on": "turned on", "off": "turned off"}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A likely reading of one place in a signal's object."""

    signal: SettingId
    owner: Kind
    """Who owns the signal: the organization, or an app."""
    pointer: str
    setting: SettingId
    called: str
    """The setting in a sentence: "the in-app switch"."""
    reads: tuple[tuple[bytes, Value], ...]
    """Canonical JSON that may be found there, each with the value that it would mean."""
    otherwise: Value = None
    """The value that anything else there would mean; None if unknown."""
    absent: Value = None
    """The value that a missing object would mean; None if unknown."""
    why: str = ""
    source: str = ""
    grade: str = ""

    @property
    def name(self) -> str:
        """The last part of the pointer, which people know as the field's name."""
        return parts(self.pointer)[-1]

    def value_in(self, state: Digests, objects: Objects) -> Value:
        """The value that the state would mean; None where the candidate has none for it."""
        if state is None:
            return self.absent
        place = self.place_in(state, objects)
        if place is None or place == b"":
            return None
        return next((value for canonical, value in self.reads if canonical == place), self.otherwise)

    def place_in(self, state: Digests, objects: Objects) -> bytes | None:
        """Canonical JSON at the pointer, b"" where nothing is found; None unless the state is one object, and kept."""
        if state is None:
            return b""
        if len(state) != 1 or state[0] not in objects:
            return None
        return _canonical_at(objects[state[0]], self.pointer)

    def meaning_of_move(self, before: Digests, after: Digests, objects: Objects) -> str:
        """What moved at the candidate's pointer, and what that would mean; "" if nothing moved.

        "`consented` false -> true; if that is the in-app switch, it was turned on".
        """
        was, now = self.place_in(before, objects), self.place_in(after, objects)
        if was is None or now is None or was == now:
            return ""
        value = self.value_in(after, objects)
        moved = f"`{self.name}` {_shortened_text(was, 60)} -> {_shortened_text(now, 60)}"
        if value is None or value == self.value_in(before, objects):
            return f"{moved}, which may be {self.called}"
        done = _TURNED.get(value) if isinstance(value, str) else None
        return f"{moved}; if that is {self.called}, it was {done or f'set to {value}'}"


@dataclass(frozen=True, slots=True)
class Score:
    """How many attestations agree with a candidate for one owner's object, and how many contradict it."""

    candidate: Candidate
    owner: Subject
    agreed: int
    contradicted: int

    def sentence(self) -> str:
        """ "`consented` as contribution.in_app: 2 attestations agree, 0 contradict"."""
        some = counted(self.agreed, "attestation agrees", "attestations agree")
        other = counted(self.contradicted, "contradicts", "contradict")
        return f"`{self.candidate.name}` as {self.candidate.setting}: {some}, {other}"
