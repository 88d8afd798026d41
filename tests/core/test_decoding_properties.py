"""No sequence lets a decoder give a value that nobody agreed with, that somebody contradicted, or that is not so.

The world is that of the attested properties; its signal is an object now, and a decoder looks at one place of it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from contribaudit.core.model.attestation import Attestation
from contribaudit.core.model.canonical import canonical_json, digest
from contribaudit.core.model.decoder import Decoder, ValueCondition
from contribaudit.core.model.observation import Grade, Observation, Observed, SettingId
from contribaudit.core.model.subject import Kind
from tests.builders import NOW

from .attesting import EXCLUDED, HIPAA, METADATA, ORGANIZATION, RULES, SWITCH, USE, States
from .test_attested_properties import BEGINNINGS, EVENTS, World, kind_of

PLACE = "/switch"


def decoder(kind: str) -> Decoder:
    """One that is right, one that is wrong, one that says only what counts."""
    words = {"right": ("off", "on"), "wrong": ("on", "off"), "pointers": ()}[kind]
    values = tuple(
        ValueCondition(word, equal=((PLACE, canonical_json(stands)),))
        for word, stands in zip(words, ("off", "on"), strict=False)
    )
    return Decoder("ours.toml", SWITCH.id, USE, Kind.ORGANIZATION, (PLACE,), values, sha256="d" * 64)


@dataclass
class DecodedWorld(World):
    kind: str = "right"

    @property
    def shown(self) -> dict[str, Any]:
        listed = self.real[EXCLUDED.id]
        assert isinstance(listed, tuple)
        return {
            "switch": self.real[SWITCH.id],
            "metadata": self.real[METADATA.id],
            "list": list(listed),
            "unrelated": self.unrelated,
        }

    @property
    def states(self) -> States:
        body = canonical_json(self.shown)
        self.objects[digest(body)] = self.shown
        return {USE: (digest(body),), HIPAA: ("h",) if self.hipaa else None}

    def at_anchor(self, one: Attestation) -> object:
        """What stood at the place while they looked."""
        held = next(anchor.state for anchor in one.anchors if anchor.signal == USE)
        assert held is not None
        return self.objects[held[0]]["switch"]

    def check(self, setting: SettingId, found: Observation, event: str) -> None:
        if setting != SWITCH.id:
            super().check(setting, found, event)
            return
        if not isinstance(found, Observed):
            return
        mine = [one for one in self.attestations if one.setting == setting]
        bound = [one for one in mine if one.anchors and one.revoked is None]
        last = max(one.observed_at for one in mine)
        newest = [one for one in mine if one.observed_at == last and one.revoked is None]
        assert found.witness is not None
        assert event != "plan unread"
        if found.grade is Grade.DECODED:
            self.check_decoded(found, bound, newest, event)
            return
        assert newest
        assert len({one.value for one in newest}) == 1
        words = {seen.words for seen in self.plans if seen.since >= last} | {(self.plan,)}
        assert all(words == {one.plan_words} for one in newest)
        if any(one.anchors for one in newest):
            assert event not in ("unread", "applying")
        if self.truthful and found.grade is Grade.INFERRED:
            assert found.value == self.real[setting]
        elif self.truthful:
            assert found.value == self.real_at(last)[setting]
            assert not found.witness.anchored or found.value == self.real[setting]

    def check_decoded(self, found: Observed, bound: list[Attestation], newest: list[Attestation], event: str) -> None:
        assert self.kind == "right", "a wrong one is contradicted by whoever looked, one of pointers reads nothing"
        assert event == "run"
        assert found.observed_at == NOW, "when the builders read every signal"
        assert found.value == self.real[SWITCH.id], "what stands there now"
        assert found.subject == ORGANIZATION
        assert all(one.value == self.at_anchor(one) for one in bound), "nothing that stands contradicts it"
        agreed = [
            one
            for one in bound
            if {seen.words for seen in self.plans if seen.since >= one.observed_at} | {(self.plan,)} == {one.plan_words}
        ]
        assert agreed, "somebody agreed under this plan"
        for one in newest:
            if one.value != found.value:
                assert self.switch_moved(one), "an attestation in force says otherwise, and nothing moved since"

    def switch_moved(self, one: Attestation) -> bool:
        if one.anchors:
            return self.at_anchor(one) != self.real[SWITCH.id]
        held = self.signals[ORGANIZATION, USE]
        before = [state for since, state in held if since <= one.observed_at][-1:]
        later = [state for since, state in held if since > one.observed_at]
        return any(self.objects[state[0]]["switch"] != self.real[SWITCH.id] for state in (*before, *later))


REACHED: Counter[str] = Counter()


@settings(max_examples=500, derandomize=True, database=None)
@given(
    st.lists(st.sampled_from(EVENTS), min_size=8, max_size=30),
    st.sampled_from(BEGINNINGS),
    st.booleans(),
    st.booleans(),
    st.sampled_from(("right", "right", "wrong", "pointers")),
    st.integers(0, 2**32),
)
def sequences(
    events: list[str], first: tuple[str, ...], truthful: bool, tells_revision: bool, kind: str, seed: int
) -> None:
    rules = replace(RULES, decoders=(decoder(kind),))
    world = DecodedWorld(truthful, tells_revision, Random(seed), rules=rules, kind=kind)
    outcomes = [world.happen(event) for event in (*first, *events, "run")]
    REACHED["sequences"] += 1
    for reached in {f"{kind}: {kind_of(one)}" for one in outcomes if one is not None}:
        REACHED[reached] += 1


def test_no_sequence_lets_a_decoder_give_a_value_that_nobody_may_rely_on() -> None:
    """And enough of the sequences reach each outcome, so that this says something."""
    REACHED.clear()
    sequences()
    wanted = ("right: decoded", "right: stale", "right: attested", "right: !revoked", "wrong: attested, anchored")
    for outcome in (*wanted, "pointers: attested, anchored", "pointers: stale", "right: !signal_unread"):
        assert REACHED[outcome] * 100 >= REACHED["sequences"], REACHED
    assert not REACHED["wrong: decoded"]
    assert not REACHED["pointers: decoded"]
