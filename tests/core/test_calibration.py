"""What an organization has itself shown of the states of its signals."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

from contribaudit.core.model.attestation import Attestation
from contribaudit.core.model.observation import SettingId, Value
from contribaudit.core.model.rulebook import AskedIf
from contribaudit.core.model.setting import Family
from contribaudit.core.model.subject import Kind
from contribaudit.core.resolve.calibration import Calibration, calibrate, settings_of, state_of

from .attesting import (
    ELSEWHERE,
    EXCLUDED,
    FAMILY,
    HIPAA,
    METADATA,
    ORGANIZATION,
    SETTINGS,
    SWITCH,
    USE,
    A,
    B,
    C,
    States,
    anchors,
    days,
    look,
    screen,
)

SIGNALS = frozenset(((ORGANIZATION, USE), (ORGANIZATION, HIPAA)))
WANTED = settings_of(SETTINGS, FAMILY, Kind.ORGANIZATION)
PAIR = [*screen("off", 9, A), *screen("on", 8, B)]
NAMES = {state_of(anchors(states), SIGNALS): name for name, states in (("A", A), ("B", B), ("C", C))}


def calibrated(attestations: list[Attestation]) -> Calibration:
    return calibrate(attestations, WANTED, SIGNALS)


def proven(attestations: list[Attestation]) -> dict[tuple[str, str], Value]:
    """By setting and state: what it decodes to."""
    return {(setting, NAMES[state]): proof.value for (setting, state), proof in calibrated(attestations).proven.items()}


def test_two_whole_states_that_differ_in_one_setting_decode_to_its_values() -> None:
    assert proven(PAIR) == {(SWITCH.id, "A"): "off", (SWITCH.id, "B"): "on"}
    assert calibrated(PAIR).set_aside == frozenset()


def test_every_setting_and_list_of_the_family_must_be_attested_in_both() -> None:
    """Whichever is missing, in either state; one look at a time will do."""
    for left_out in range(len(PAIR)):
        assert proven(PAIR[:left_out] + PAIR[left_out + 1 :]) == {}
    spread = [replace(one, observed_at=days(20 + place)) for place, one in enumerate(PAIR)]
    assert len(proven(spread)) == 2


SHOWN = {EXCLUDED.id: AskedIf(SWITCH.id, frozenset(("on",)))}


def test_a_list_that_the_console_does_not_show_need_not_be_attested() -> None:
    """What is excluded it shows only while the switch is on."""

    def found(attestations: list[Attestation]) -> dict[tuple[str, str], Value]:
        proofs = calibrate(attestations, WANTED, SIGNALS, conditions=SHOWN).proven
        return {(setting, NAMES[state]): one.value for (setting, state), one in proofs.items()}

    off, on = [one for one in screen("off", 9, A) if one.setting != EXCLUDED.id], screen("on", 8, B)
    assert proven([*off, *on]) == {}, "by a rulebook that does not say so"
    assert found([*off, *on]) == found(PAIR) == proven(PAIR)
    for place in range(len(on)):
        assert found([*off, *on[:place], *on[place + 1 :]]) == {}, "what is shown is needed"
    for place in range(len(off)):
        assert found([*off[:place], *off[place + 1 :], *on]) == {}
    assert found([*off, *screen("on", 8, B, metadata="off")]) == {}, "two settings differ"


def test_exactly_one_setting_differs() -> None:
    assert proven([*screen("off", 9, A), *screen("off", 8, B)]) == {}
    assert proven([*screen("off", 9, A), *screen("on", 8, B, metadata="off")]) == {}
    assert proven([*screen("off", 9, A), *screen("on", 8, B, excluded=("x",))]) == {}
    assert proven(screen("off", 9, A)) == {}


def test_a_third_state_is_proven_by_either_of_the_two() -> None:
    three = [*PAIR, *screen("off", 7, C, metadata="off")]
    assert proven(three) == {
        (SWITCH.id, "A"): "off",
        (SWITCH.id, "B"): "on",
        (METADATA.id, "A"): "on",
        (METADATA.id, "C"): "off",
    }


def test_lists_are_never_inferred() -> None:
    """Neither what the catalogue calls a list nor what was attested as one."""
    pair = [*screen("off", 9, A, excluded=("x",)), *screen("off", 8, B, excluded=("y",))]
    assert proven(pair) == {}
    unmarked = [replace(one, is_list=False) for one in WANTED]
    assert calibrate(pair, unmarked, SIGNALS).proven == {}


def test_a_value_is_as_old_as_the_newest_confirmation_of_its_pair() -> None:
    """In either state; other settings, and states outside the pair, confirm nothing."""
    more = [look("on", 3, B), look("off", 2, C), look("on", 1, B, METADATA)]
    found = {state: proof.confirmed for (_, state), proof in calibrated([*PAIR, *more]).proven.items()}
    assert {one.observed_at for one in found.values()} == {days(3)}


def test_two_values_in_one_state_set_a_setting_aside() -> None:
    """For itself in every state; and a state that says two things proves nothing of the others."""
    odd = [*PAIR, look("on", 7, A), *screen("on", 6, C, metadata="off")]
    assert calibrated(odd).set_aside == {SWITCH.id}
    assert proven(odd) == {(METADATA.id, "B"): "on", (METADATA.id, "C"): "off"}
    assert calibrated([*PAIR, look("OFF", 7, A)]).set_aside == frozenset()
    assert proven([*PAIR, look("on", 7, C), look("off", 6, C)]) == {}
    assert proven([*screen("off", 9, A), look("on", 8, A), *screen("off", 7, B, metadata="off")]) == {}


def test_what_no_signal_anchors_shows_nothing() -> None:
    unanchored = [look("on", 7, None), look("on", 7, A, unanchored_reason="it moved")]
    assert proven([*PAIR, *unanchored]) == proven(PAIR)
    assert calibrate(PAIR, WANTED, frozenset()).proven == {}


def test_a_state_is_the_combination_of_all_its_signals() -> None:
    """Signals beside the wanted ones are left out; an attestation that lacks one of them says nothing."""
    more: States = {**A, SettingId("signal.policy.new"): ("n",)}
    assert proven([*screen("off", 9, more), *screen("on", 8, B)]) == proven(PAIR)
    assert calibrated([look("on", 5, more), look("off", 4, A)]).set_aside == {SWITCH.id}
    assert proven([*screen("off", 9, {USE: ("a",)}), *screen("on", 8, B)]) == {}


def test_the_settings_are_those_that_a_person_can_read_on_that_kind() -> None:
    assert [one.id for one in WANTED] == [SWITCH.id, METADATA.id, EXCLUDED.id]
    assert settings_of(SETTINGS, FAMILY, Kind.APP) == (SWITCH,)
    assert settings_of(SETTINGS, Family.GOVERNANCE, Kind.ORGANIZATION) == (ELSEWHERE,)
    assert settings_of([replace(SWITCH, attestable=False)], FAMILY, Kind.APP) == ()


def test_the_order_changes_nothing() -> None:
    everything: list[Any] = [*PAIR, *screen("off", 7, C, metadata="off"), look("on", 3, B)]
    for seed in range(20):
        mixed = Random(seed).sample(everything, len(everything))
        assert calibrated(mixed) == calibrated(everything)
