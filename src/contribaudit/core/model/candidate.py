"""Readings of undocumented objects that look likely. They never make a value: they make an alarm readable.

Each attestation that stood beside the object agrees with a reading or contradicts it, which is its score.
"""

from __future__ import annotations

from dataclasses import dataclass

from contribaudit.core.model.canonical import NOTHING, canonical_json, found_at, parts
from contribaudit.core.model.decoder import Digests, Objects
from contribaudit.core.model.observation import SettingId, Value
from contribaudit.core.model.several import counted
from contribaudit.core.model.subject import Kind, Subject

_SHOWN = 60
_TURNED = {"on": "turned on", "off": "turned off"}


@dataclass(frozen=True, slots=True)
class Candidate:
    """What one place of a signal's object may be."""

    signal: SettingId
    owner: Kind
    """Whose signal: the organization's own, or that of an app."""
    pointer: str
    setting: SettingId
    called: str
    """The setting in a sentence: "the in-app switch"."""
    reads: tuple[tuple[bytes, Value], ...]
    """Canonical JSON that may stand there, and the value that it would be."""
    otherwise: Value = None
    """What anything else there would be; None for nothing known."""
    absent: Value = None
    """What it would be that the API holds no such object; None for nothing known."""
    why: str = ""
    source: str = ""
    grade: str = ""

    @property
    def name(self) -> str:
        """The last part of the pointer, as people name a field."""
        return parts(self.pointer)[-1]

    def value_in(self, state: Digests, objects: Objects) -> Value:
        """What the state would mean; None where the reading has no value for it."""
        if state is None:
            return self.absent
        place = self.place_in(state, objects)
        if place is None or place == b"":
            return None
        return next((value for held, value in self.reads if held == place), self.otherwise)

    def place_in(self, state: Digests, objects: Objects) -> bytes | None:
        """Canonical JSON at the pointer, b"" where nothing stands; None where it cannot be told."""
        if state is None:
            return b""
        if len(state) != 1 or state[0] not in objects:
            return None
        found = found_at(objects[state[0]], self.pointer)
        return b"" if found is NOTHING else canonical_json(found)

    def told(self, before: Digests, after: Digests, objects: Objects) -> str:
        """What moved there, and what that would be; "" where nothing did.

        "`consented` false -> true; if that is the in-app switch, it was turned on".
        """
        was, now = self.place_in(before, objects), self.place_in(after, objects)
        if was is None or now is None or was == now:
            return ""
        value = self.value_in(after, objects)
        moved = f"`{self.name}` {_shown(was)} -> {_shown(now)}"
        if value is None or value == self.value_in(before, objects):
            return f"{moved}, which may be {self.called}"
        done = _TURNED.get(value) if isinstance(value, str) else None
        return f"{moved}; if that is {self.called}, it was {done or f'set to {value}'}"


@dataclass(frozen=True, slots=True)
class Score:
    """How a reading did against the attestations beside one owner's object."""

    candidate: Candidate
    owner: Subject
    agreed: int
    contradicted: int

    def sentence(self) -> str:
        """ "`consented` as contribution.in_app: 2 attestations agree, 0 contradict"."""
        some = counted(self.agreed, "attestation agrees", "attestations agree")
        other = counted(self.contradicted, "contradicts", "contradict")
        return f"`{self.candidate.name}` as {self.candidate.setting}: {some}, {other}"


def _shown(place: bytes) -> str:
    text = place.decode("utf-8", "replace") or "(nothing)"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
