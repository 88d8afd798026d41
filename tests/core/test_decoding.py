"""When an organization may rely on a decoder, rule by rule."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from contribaudit.core.model.attestation import Anchor, Attestation
from contribaudit.core.model.canonical import VERSION, canonical_json, digest
from contribaudit.core.model.decoder import Decoder, ValueCondition
from contribaudit.core.model.observation import Observation, Observed
from contribaudit.core.model.setting import Setting
from contribaudit.core.model.subject import Kind
from contribaudit.core.resolve import attested
from contribaudit.core.resolve.attested import AttestedValues
from contribaudit.core.resolve.attested_plans import PlanSeen
from contribaudit.core.resolve.calibration import OTHER_FORM
from tests.builders import NOW, ORG, collection, collections

from .attesting import (
    BERT,
    BY_ID,
    EXCLUDED,
    HIPAA,
    METADATA,
    ORGANIZATION,
    RULES,
    SWITCH,
    USE,
    States,
    days,
    look,
    said,
    screen,
    signed,
    state_of,
    worth,
)

READS = Decoder(
    "ours.toml",
    SWITCH.id,
    USE,
    Kind.ORGANIZATION,
    ("/switch",),
    tuple(ValueCondition(word, equal=(("/switch", canonical_json(word)),)) for word in ("on", "off")),
    sha256="d" * 64,
)
PLACES = replace(READS, name="places.toml", values=())
OBJECTS: dict[str, Any] = {}


def holding(switch: object = "off", **rest: object) -> States:
    """The signals while the object says this."""
    found = {"switch": switch, **rest}
    name = digest(canonical_json(found))
    OBJECTS[name] = found
    return {USE: (name,), HIPAA: None}


OFF, ON, ODD = holding("off"), holding("on"), holding("maybe")
ELSE = holding("off", other=1)


def heard_now(
    attestations: list[Attestation], states: States, *decoders: Decoder, setting: Setting = SWITCH, **more: Any
) -> Observation:
    """What a run makes of it that finds the signals so."""
    told = {name: more.pop(name) for name in ("signals", "plans") if name in more}
    objects = more.pop("objects", OBJECTS)
    state = state_of(states, rules=replace(RULES, decoders=decoders or (READS,)), **more)
    return worth(attestations, state, setting, objects=objects, **told)


def now(attestations: list[Attestation], states: States, *decoders: Decoder, **more: Any) -> str:
    return said(heard_now(attestations, states, *decoders, **more))


def test_it_counts_once_an_attestation_agrees() -> None:
    """In both states then; an attestation without an anchor agrees with nothing."""
    assert now([look("off", 2, OFF)], OFF) == "decoded off"
    assert now([look("off", 2, OFF)], ON) == "decoded on"
    assert now([look("off", 2, None)], OFF) == "attested off"
    assert now([look("off", 2, ODD)], OFF) == "!signal_moved"


def test_its_value_is_as_old_as_the_reading_and_names_decoder_and_witness() -> None:
    found = heard_now([look("off", 2, OFF), look("off", 1, OFF, confirmed=(signed(BERT),), id="b")], ON)
    assert isinstance(found, Observed)
    assert found.observed_at == NOW
    assert f"ours.toml (sha256 {'d' * 64})" in found.source
    assert found.witness is not None
    assert found.witness.confirmed_by == BERT
    assert not found.witness.anchored


def test_a_state_that_it_has_no_value_for_is_an_unknown_word() -> None:
    """Unless somebody looked in that very state."""
    assert now([look("off", 2, OFF)], ODD) == "!unknown_word"
    assert now([look("off", 2, OFF), look("on", 1, ODD)], ODD) == "attested on, anchored"


def test_one_attestation_that_it_contradicts_sets_it_aside() -> None:
    """A superseded one too, until it is taken back; then the whole object counts again."""
    told = [look("on", 3, OFF), look("off", 2, OFF)]
    assert now(told, ON) == "attested off"
    assert now([look("on", 2, OFF)], ON) == "!signal_moved"
    assert now([look("on", 2, OFF)], ELSE) == "!signal_moved"
    assert now([replace(told[0], revoked=signed()), told[1]], ON) == "decoded on"


def test_what_agrees_may_be_superseded_but_not_taken_back() -> None:
    assert now([look("off", 3, OFF), look("on", 2, None)], ON) == "decoded on"
    assert now([look("off", 3, OFF), look("on", 2, ON)], OFF) == "decoded off"
    assert now([look("off", 3, OFF, revoked=signed())], ON) == "!revoked"
    assert now([look("off", 3, OFF), look("off", 2, OFF, revoked=signed())], ON) == "decoded on"


def test_after_a_plan_change_it_waits_for_a_new_agreement() -> None:
    plans = (PlanSeen(days(9), "standard", ("Standard",)), PlanSeen(days(4), "premium", ("Premium",)))
    assert now([look("off", 5, OFF)], ON, plan="Premium", plans=plans) == "!plan_changed"
    again = look("on", 1, ON, highest_plan="premium", plan_words=("Premium",))
    assert now([look("off", 5, OFF), again], OFF, plan="Premium", plans=plans) == "decoded off"


def test_a_signal_that_could_not_be_read_has_no_value() -> None:
    failed = collections(collection("policies", "forbidden"))
    assert now([look("off", 2, OFF)], {}, runs=failed) == "!signal_unread"
    assert now([look("off", 2, OFF)], ON, unsettled=[USE]) == "!signal_unread"


HELD = ((days(9), OFF[USE]),)


@pytest.mark.parametrize(
    ("history", "states", "expected"),
    [
        (((days(9), OFF[USE]), (days(1), ON[USE])), ON, "decoded on"),
        (((days(9), OFF[USE]), (days(1), ON[USE])), OFF, "decoded off"),
        (((days(9), ON[USE]),), ON, "!attestations_differ"),
        (((days(9), ON[USE]), (days(1), holding("on", other=1)[USE])), holding("on", other=1), "!attestations_differ"),
        ((), ON, "!signal_moved"),
        (((days(1), ON[USE]),), ON, "!signal_moved"),
    ],
)
def test_against_an_unanchored_attestation_the_newer_one_wins_if_a_run_shows_that_it_is(
    history: Any, states: States, expected: str
) -> None:
    """The signal moved since: decoded. It did not: conflict. Nobody knows: look again."""
    told = [look("off", 7, OFF), look("off", 3, None)]
    assert now(told, states, signals={(ORGANIZATION, USE): history}) == expected


def test_two_people_at_the_same_moment_stay_a_conflict() -> None:
    told = [look("off", 7, OFF), look("off", 3, None), look("on", 3, None, by=BERT)]
    assert now(told, ON) == "!attestations_differ"


def test_two_decoders_that_differ_are_a_conflict() -> None:
    other = replace(
        READS,
        name="other.toml",
        signal=HIPAA,
        values=(ValueCondition("off", absent=True), ValueCondition("off", equal=(("/switch", b'"h"'),))),
    )
    there = {**ON, HIPAA: holding("h")[USE]}
    assert now([look("off", 2, OFF)], there, READS, other) == "!attestations_differ"


def test_an_absent_object_is_a_state_that_a_decoder_can_name() -> None:
    gone: States = {USE: None, HIPAA: None}
    decoder = replace(READS, values=(*READS.values, ValueCondition("off", absent=True)))
    assert now([look("on", 2, ON)], gone, decoder) == "decoded off"
    assert now([look("on", 2, ON)], gone, READS) == "!unknown_word"
    assert now([look("on", 2, ON)], gone, PLACES) == "!signal_moved"


def test_a_list_is_decoded_where_the_decoder_takes_it_as_it_stands() -> None:
    """Agreement is by the setting's own comparison."""
    lists = replace(READS, setting=EXCLUDED.id, pointers=("/list",), values=(), texts="/list")
    one, other = holding("off", list=["b", "a"]), holding("off", list=[])
    told = [look(("a", "b"), 2, one, EXCLUDED)]
    found = heard_now(told, other, lists, setting=EXCLUDED)
    assert said(found) == "decoded ()"
    assert now([look((), 2, one, EXCLUDED)], other, lists, setting=EXCLUDED) == "!signal_moved"


def test_with_pointers_what_is_unrelated_moves_nothing() -> None:
    """Nor does the `updatedAt` that such a move brings; one that nothing explains does."""
    told = [look("off", 2, OFF)]
    assert now(told, ELSE, PLACES) == "attested off, anchored"
    assert now(told, ON, PLACES) == "!signal_moved"
    assert now(told, ELSE, PLACES, revision="2026-11-09") == "attested off, anchored"
    assert now(told, OFF, PLACES, revision="2026-11-09") == "!signal_moved"
    back = {(ORGANIZATION, USE): ((days(9), OFF[USE]), (days(1), ELSE[USE]))}
    assert now(told, OFF, PLACES, revision="2026-11-09", signals=back) == "attested off, anchored"
    moved = {(ORGANIZATION, USE): ((days(9), OFF[USE]), (days(1), ON[USE]))}
    assert now(told, OFF, PLACES, signals=moved) == "!signal_moved"


def test_a_place_that_comes_and_goes_is_a_move() -> None:
    assert now([look("off", 2, OFF)], holding_without(), PLACES) == "!signal_moved"
    assert now([look("off", 2, holding_without())], holding_without(x=1), PLACES) == "attested off, anchored"


def holding_without(**rest: object) -> States:
    found = {"whatever": 1, **rest}
    name = digest(canonical_json(found))
    OBJECTS[name] = found
    return {USE: (name,), HIPAA: None}


def test_a_misspelt_way_hides_no_move() -> None:
    wrong = replace(PLACES, pointers=("/rule/switch",))
    assert now([look("off", 2, OFF)], ELSE, wrong) == "!signal_moved"
    rules = replace(RULES, decoders=(wrong,))
    state = state_of(OFF, rules=rules)
    told = attested.AttestationHistory((look("off", 2, OFF),), objects=OBJECTS)
    (trust,) = AttestedValues(state, ORG, told, BY_ID.__getitem__).decoders.trusts
    assert trust.nowhere == (ORGANIZATION,)
    assert "never had" in trust.sentence("Acme")


def test_two_values_in_what_the_pointers_select_set_them_aside() -> None:
    """They leave out what matters, so the whole object counts again."""
    assert now([look("on", 3, ELSE), look("off", 2, OFF)], ELSE, PLACES) == "!signal_moved"


def test_an_object_that_was_not_kept_counts_whole() -> None:
    told = [look("off", 2, OFF)]
    assert now(told, ELSE, PLACES, objects={}) == "!signal_moved"
    assert now(told, OFF, PLACES, objects={}) == "attested off, anchored"
    assert now(told, OFF, READS, objects={}) == "attested off, anchored"


def test_pairs_are_proven_by_what_the_pointers_select() -> None:
    """An unrelated move between the two looks, or after them, disturbs no proof; without pointers it does."""
    told = [*screen("off", 9, OFF), *screen("on", 8, holding("on", other=1))]
    there = holding("off", other=2)
    assert now(told, there, PLACES) == "inferred off"
    assert now(told, there, replace(PLACES, setting=METADATA.id)) == "!signal_moved"


def test_the_sentence_tells_what_a_person_should_know() -> None:
    def sentence(*attestations: Attestation) -> str:
        rules = replace(RULES, decoders=(READS,))
        told = attested.AttestationHistory(attestations, objects=OBJECTS)
        (trust,) = AttestedValues(state_of(OFF, rules=rules), ORG, told, BY_ID.__getitem__).decoders.trusts
        return trust.sentence("Acme")

    assert "no attestation of x.switch agrees" in sentence()
    assert sentence(look("off", 2, OFF)) == ""
    assert "is set aside" in sentence(look("on", 2, OFF))


def of_version(one: Attestation, version: int, state: tuple[str, ...]) -> Attestation:
    return replace(one, anchors=(Anchor(USE, ORGANIZATION, state, "", version), Anchor(HIPAA, ORGANIZATION, None)))


def test_digests_of_another_canonical_form_are_made_anew_or_not_compared() -> None:
    """From what they are made of, which is kept; where it was not, the anchor holds nothing and says so."""
    old = {"old": {"switch": "off", "updatedAt": "2026-01-01"}}
    one = of_version(look("off", 2, OFF), VERSION + 1, ("old",))
    state = state_of(OFF)
    lost = worth([one], state)
    assert said(lost) == "!signal_unread"
    assert OTHER_FORM in getattr(lost, "reason", "")
    assert said(worth([one], state, objects=old)) == "attested off, anchored"
    moved = {"old": {"switch": "on"}}
    assert said(worth([one], state, objects=moved)) == "!signal_moved"
    history = {(ORGANIZATION, USE): ((days(9), ("old",)), (days(1), OFF[USE]))}
    assert said(worth([one], state, objects=old, signals=history)) == "attested off, anchored"
    assert said(worth([one], state_of(OFF, revision="2026-11-09"), objects=old)) == "!signal_moved"
