"""No sequence of signals, attestations, plans and dates makes an accepted value out of one that nobody may rely on.

A hidden organization has a real switch, a real metadata setting and a real list, which alone determine its signal.
People look at it, truthfully or not; runs read it, or fail to. Each value that comes out is compared with what was
real, and with a second, slow statement of the rules.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import combinations
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from contribaudit.core.model.attestation import Anchor, Attestation
from contribaudit.core.model.observation import STALE_CODES, Grade, Observation, Observed, SettingId, Value
from contribaudit.core.model.rulebook import Rulebook
from contribaudit.core.model.subject import Subject
from contribaudit.core.resolve.attested_plans import PlanSeen
from tests.builders import NOW, UNREAD, collection, collections

from .attesting import (
    ANNA,
    BERT,
    EXCLUDED,
    HIPAA,
    METADATA,
    ORGANIZATION,
    RULES,
    SWITCH,
    USE,
    States,
    heard,
    look,
    said,
    signed,
    state_of,
)

ALL = (SWITCH, METADATA, EXCLUDED)
PLANS = ("Standard", "Premium", "Ultra")
"""The last is a word that the rulebook does not know."""
EVENTS = (
    *("flip", "screen", "run") * 6,
    *("flip metadata", "move list", "unrelated", "hipaa", "plan", "unread", "plan unread", "applying", "back-dated"),
    *("one", "unanchored", "unanchored", "lie", "revoke", "revoke any", "two at once", "flip and back"),
)
PAIR = ("screen", "flip", "screen")
BEGINNINGS = (
    *((), PAIR),
    (*PAIR, "unanchored", "flip", "run"),
    (*PAIR, "plan", "run", "unrelated", "screen", "unrelated", "run"),
)
"""Of random events alone, too few come to a proven pair."""
HOUR = timedelta(hours=1)


@dataclass
class World:
    """What is real, and what was written down of it."""

    truthful: bool
    tells_revision: bool
    random: Random
    now: datetime = NOW
    real: dict[SettingId, Value] = field(default_factory=lambda: {SWITCH.id: "off", METADATA.id: "on", EXCLUDED.id: ()})
    unrelated: int = 0
    hipaa: bool = False
    written: datetime = NOW
    plan: str = "Standard"
    past: list[tuple[datetime, dict[SettingId, Value]]] = field(default_factory=list)
    attestations: list[Attestation] = field(default_factory=list)
    signals: dict[tuple[Subject, SettingId], tuple[Any, ...]] = field(default_factory=dict)
    plans: list[PlanSeen] = field(default_factory=list)
    rules: Rulebook = RULES
    objects: dict[str, Any] = field(default_factory=dict)
    """What the states of signals consist of; empty where nobody looks into them."""

    @property
    def states(self) -> States:
        shown = repr((sorted(self.real.items()), self.unrelated))
        return {USE: (shown,), HIPAA: ("h",) if self.hipaa else None}

    @property
    def revision(self) -> str:
        return self.written.isoformat() if self.tells_revision else ""

    def real_at(self, moment: datetime) -> dict[SettingId, Value]:
        return [real for since, real in self.past if since <= moment][-1]

    def write(self, setting: SettingId, value: Value) -> None:
        self.real[setting] = value
        self.written = self.now

    def attest(
        self, setting: Any, value: Value, at: datetime | None = None, *, bound: bool = True, by: str = ANNA
    ) -> None:
        at = at or self.now
        anchors = tuple(
            Anchor(signal, ORGANIZATION, held, self.revision if held else "") for signal, held in self.states.items()
        )
        made = look(value, 0, None, setting, by=by, id=f"{len(self.attestations):03}", recorded=signed(by, self.now))
        known = self.plan.casefold() if self.plan != "Ultra" else None
        made = replace(made, observed_at=at, highest_plan=known, plan_words=(self.plan,))
        if bound:
            made = replace(made, anchors=anchors, unanchored_reason="")
        self.attestations.append(made)

    def happen(self, event: str) -> Observation | None:
        """One thing after the other; what the switch is worth after a run, None after anything else."""
        self.now += HOUR
        self.act(event)
        self.past.append((self.now, dict(self.real)))
        return self.run(event) if event in ("run", "unread", "plan unread", "applying") else None

    def act(self, event: str) -> None:
        random = self.random
        setting = random.choice(ALL)
        other: dict[SettingId, Value] = {SWITCH.id: "maybe", METADATA.id: "always", EXCLUDED.id: ("lie",)}
        match event:
            case "flip":
                self.write(SWITCH.id, "on" if self.real[SWITCH.id] == "off" else "off")
            case "flip and back":
                self.written = self.now
            case "flip metadata":
                self.write(METADATA.id, "on" if self.real[METADATA.id] == "off" else "off")
            case "move list":
                self.write(EXCLUDED.id, random.choice([(), ("a",), ("a", "b")]))
            case "unrelated":
                self.unrelated, self.written = random.randrange(3), self.now
            case "hipaa":
                self.hipaa, self.written = not self.hipaa, self.now
            case "plan":
                self.plan = random.choice(PLANS)
            case "screen":
                for each in ALL:
                    self.attest(each, self.real[each.id])
            case "one":
                self.attest(setting, self.real[setting.id])
            case "unanchored":
                self.attest(setting, self.real[setting.id], bound=False)
            case "back-dated" if self.past:
                then, real = random.choice(self.past)
                self.attest(setting, real[setting.id], then, bound=False)
            case "lie" if not self.truthful:
                self.attest(setting, other[setting.id])
            case "two at once":
                self.attest(SWITCH, self.real[SWITCH.id])
                if not self.truthful:
                    self.attest(SWITCH, "maybe", by=BERT)
            case "revoke" | "revoke any" if self.attestations:
                place = -1 if event == "revoke" else random.randrange(len(self.attestations))
                taken = self.attestations[place]
                self.attestations[place] = replace(taken, revoked=taken.revoked or signed(BERT, self.now))

    def run(self, event: str) -> Observation | None:
        """What a run keeps, and what it then makes of the testimony."""
        readable = event != "unread"
        if readable:
            for signal, held in self.states.items():
                kept = self.signals.get((ORGANIZATION, signal), ())
                if not kept or kept[-1][1] != held:
                    self.signals[ORGANIZATION, signal] = (*kept, (self.now, held))
        if event != "plan unread":
            highest = self.plan.casefold() if self.plan != "Ultra" else None
            if not self.plans or (self.plans[-1].highest, self.plans[-1].words) != (highest, (self.plan,)):
                self.plans.append(PlanSeen(self.now, highest, (self.plan,)))
        state = state_of(
            self.states if readable else {},
            plan=self.plan if event != "plan unread" else UNREAD,
            revision=self.revision,
            unsettled=[USE] if event == "applying" else [],
            runs=None if readable else collections(collection("policies", "forbidden")),
            as_of=self.now,
            rules=self.rules,
        )
        found = heard(self.attestations, state, signals=self.signals, plans=tuple(self.plans), objects=self.objects)
        shuffled = self.random.sample(self.attestations, len(self.attestations))
        turned = dict(reversed(self.signals.items()))
        plans = tuple(self.plans[::-1])
        assert heard(shuffled, state, signals=turned, plans=plans, objects=self.objects) == found
        for (_, setting), one in found.items():
            self.check(SettingId(setting), one, event)
        return found.get((ORGANIZATION, SWITCH.id))

    def check(self, setting: SettingId, found: Observation, event: str) -> None:
        """The value is real, and the rules allow it."""
        if not isinstance(found, Observed):
            return
        mine = [one for one in self.attestations if one.setting == setting]
        last = max(one.observed_at for one in mine)
        newest = [one for one in mine if one.observed_at == last and one.revoked is None]
        assert newest, "what was taken back, or superseded, is not accepted"
        assert len({one.value for one in newest}) == 1, "nor what is contradicted"
        assert event != "plan unread"
        words = {seen.words for seen in self.plans if seen.since >= last} | {(self.plan,)}
        assert all(words == {one.plan_words} for one in newest), "nor what was seen under another plan"
        assert found.witness is not None
        if any(one.anchors for one in newest):
            assert event not in ("unread", "applying"), "nor what rests on an unread signal"
        if found.grade is Grade.INFERRED:
            assert self.proven(setting), "nor a state that was not proven"
            assert found.observed_at in {one.observed_at for one in mine if one.anchors and one.revoked is None}
            assert not found.witness.anchored
            since = {seen.words for seen in self.plans if seen.since >= found.observed_at} | {(self.plan,)}
            confirmed = [one.plan_words for one in mine if one.observed_at == found.observed_at]
            assert any(since == {words} for words in confirmed), "nor a pair that nobody confirmed under this plan"
            assert not self.truthful or found.value == self.real[setting]
            return
        assert found.grade is Grade.ATTESTED
        assert (found.value, found.observed_at) == (newest[0].value, last), "only the newest counts"
        bound = [one for one in newest if one.anchors]
        moved = any(self.moved(one) for one in bound)
        assert not (found.witness.anchored and moved)
        assert not moved or self.ambiguous(setting), "nor what moved"
        plans = {one.plan_words for one in self.attestations} | {seen.words for seen in self.plans}
        if not bound and event == "run" and plans == {(self.plan,)} and self.proven(setting):
            said_now = self.told()[frozenset(self.states.items())][setting]
            assert said_now == {found.value}, "nor what a proven signal contradicts"
        if self.truthful:
            assert found.value == self.real_at(last)[setting]
            assert not found.witness.anchored or found.value == self.real[setting]

    def moved(self, one: Attestation) -> bool:
        """Whether a signal is not what it was at the look, or was anything else in a run since."""
        for anchor in one.anchors:
            later = {held for since, held in self.signals[ORGANIZATION, anchor.signal] if since > one.observed_at}
            now = self.states[anchor.signal]
            if later - {anchor.state} or now != anchor.state or (now and self.revision != anchor.revision):
                return True
        return False

    def told(self) -> dict[Any, dict[SettingId, set[Value]]]:
        """By state: what was ever attested of each setting and not taken back."""
        found: dict[Any, dict[SettingId, set[Value]]] = {}
        for one in self.attestations:
            if one.anchors and one.revoked is None:
                state = frozenset((anchor.signal, anchor.state) for anchor in one.anchors)
                found.setdefault(state, {}).setdefault(one.setting, set()).add(one.value)
        return found

    def ambiguous(self, setting: SettingId) -> bool:
        return any(len(said.get(setting, ())) > 1 for said in self.told().values())

    def proven(self, setting: SettingId) -> bool:
        """Whether two whole states, one of them the present one, differ in this setting alone."""
        if setting == EXCLUDED.id or self.ambiguous(setting):
            return False
        told, present = self.told(), frozenset(self.states.items())
        whole = [state for state, said in told.items() if all(len(said.get(one.id, ())) == 1 for one in ALL)]
        return any(
            present in pair and [one.id for one in ALL if told[pair[0]][one.id] != told[pair[1]][one.id]] == [setting]
            for pair in combinations(whole, 2)
        )


REACHED: Counter[str] = Counter()


def kind_of(found: Observation) -> str:
    if isinstance(found, Observed):
        held = found.witness is not None and found.witness.anchored
        return f"{found.grade}{', anchored' if held else ''}"
    return "stale" if found.code in STALE_CODES else said(found)


def note(outcomes: Iterable[Observation]) -> None:
    """Count the sequence once for each outcome that it reached."""
    REACHED["sequences"] += 1
    for kind in {kind_of(one) for one in outcomes}:
        REACHED[kind] += 1


@settings(max_examples=900, derandomize=True, database=None)
@given(
    st.lists(st.sampled_from(EVENTS), min_size=8, max_size=30),
    st.sampled_from(BEGINNINGS),
    st.booleans(),
    st.booleans(),
    st.integers(0, 2**32),
)
def sequences(events: list[str], first: tuple[str, ...], truthful: bool, tells_revision: bool, seed: int) -> None:
    world = World(truthful, tells_revision, Random(seed))
    outcomes = [world.happen(event) for event in (*first, *events, "run")]
    note(one for one in outcomes if one is not None)


def test_no_sequence_makes_an_accepted_value_out_of_one_that_nobody_may_rely_on() -> None:
    """And enough of the sequences reach each outcome, so that this says something."""
    REACHED.clear()
    sequences()
    for outcome in ("attested", "attested, anchored", "inferred", "stale", "!attestations_differ", "!signal_unread"):
        assert REACHED[outcome] * 100 >= REACHED["sequences"], REACHED
