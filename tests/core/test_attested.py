"""What an attestation is worth: each rule of evidence by its name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from contribaudit.core.model import names
from contribaudit.core.model.observation import Observed, SettingId, Unavailable
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.core.resolve import attested as evidence
from contribaudit.core.resolve.attested_plans import PlanSeen, app_moved
from contribaudit.core.resolve.resolve import SeenOrganization, resolve
from contribaudit.core.resolve.signals import revision_of
from contribaudit.core.resolve.state import OrganizationState
from tests.builders import ABSENT, NOW, ORG, PROMISES, UNREAD, app, collection, collections, facts, observed, snapshot

from .attesting import (
    ANNA,
    BERT,
    ELSEWHERE,
    EXCLUDED,
    HIPAA,
    METADATA,
    ORGANIZATION,
    RULES,
    SETTINGS,
    SWITCH,
    USE,
    A,
    B,
    C,
    anchors,
    days,
    heard,
    look,
    said,
    screen,
    signed,
    state_of,
    worth,
)

PAIR = [*screen("off", 9, A), *screen("on", 8, B)]
"""Two states that differ in the switch alone."""
USE_KEY = (ORGANIZATION, USE)


def test_the_witness_says_where_the_look_was() -> None:
    """Screen and menu path as recorded, and the console generation that the rulebook has for them."""
    path = "Atlassian Administration > Security > Data contribution"
    found = worth([look("off", 3, screen="data-contribution", console_path=path)], state_of(A))
    assert isinstance(found, Observed)
    assert found.witness is not None
    assert (found.witness.screen, found.witness.console_path) == ("data-contribution", path)
    assert found.witness.generation == "since May 2026"


def plan(ago: float, highest: str | None, *words: str) -> PlanSeen:
    return PlanSeen(days(ago), highest, words)


def test_same_digest_keeps_grade_and_its_own_age() -> None:
    """Nothing is prolonged; the witness says who, with what, and that signals hold it."""
    shot = look("off", 3, confirmed=(signed(BERT, days(2)),))
    found = worth([shot], state_of(A))
    assert isinstance(found, Observed)
    assert said(found) == "attested off, anchored"
    assert found.observed_at == days(3)
    assert found.witness is not None
    assert (found.witness.by, found.witness.confirmed_by, found.witness.screenshot) == (ANNA, BERT, False)
    assert ANNA in found.source


def test_digest_moved_makes_it_stale_from_that_moment_on() -> None:
    """The reason names the signal and when a run first saw it move; before that moment the value held."""
    history = {USE_KEY: ((days(9), ("a",)), (days(1), ("b",)))}
    found = worth([look("off", 3)], state_of(B), signals=history)
    assert isinstance(found, Unavailable)
    assert found.code == "signal_moved"
    assert "the signal use moved" in found.reason
    assert f"{days(1):%Y-%m-%d %H:%M}Z" in found.reason
    assert "attest it again" in found.reason
    before = worth([look("off", 3)], state_of(A, as_of=days(1.5)), signals=history)
    assert said(before) == "attested off, anchored"


def test_a_move_that_this_run_sees_first_makes_it_stale() -> None:
    found = worth([look("off", 3)], state_of(B))
    assert said(found) == "!signal_moved"
    assert isinstance(found, Unavailable)
    assert "in this run" in found.reason


def test_moved_and_back_is_a_move() -> None:
    """Nobody knows what was done in between, while the state is not proven."""
    history = {USE_KEY: ((days(9), ("a",)), (days(2), ("b",)), (days(1), ("a",)))}
    assert said(worth([look("off", 3)], state_of(A), signals=history)) == "!signal_moved"
    assert said(worth([look("off", 0.5)], state_of(A), signals=history)) == "attested off, anchored"


@pytest.mark.parametrize(
    ("then", "now", "expected"),
    [
        ("2026-11-01T00:00:00Z", "2026-11-01T00:00:00Z", "attested off, anchored"),
        ("2026-11-01T00:00:00Z", "2026-11-01T00:00:00.000+00:00", "attested off, anchored"),
        ("2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z", "!signal_moved"),
        ("", "2026-11-02T00:00:00Z", "!signal_moved"),
        ("2026-11-01T00:00:00Z", "soon", "!signal_moved"),
        ("2026-11-01T00:00:00Z", "", "attested off, anchored"),
    ],
)
def test_a_newer_updated_at_while_not_proven_makes_it_stale(then: str, now: str, expected: str) -> None:
    shot = look("off", 3, anchors=anchors(A, then))
    assert said(worth([shot], state_of(A, revision=now))) == expected


@pytest.mark.parametrize(
    ("ago", "between", "expected"),
    [
        (2, "2026-11-20T00:00:00Z", "!signal_moved"),
        (2, "some day", "!signal_moved"),
        (2, "2026-11-01T00:00:00Z", "attested off, anchored"),
        (2, "2026-10-01T00:00:00Z", "attested off, anchored"),
        (4, "2026-11-20T00:00:00Z", "attested off, anchored"),
        (-1, "2026-11-20T00:00:00Z", "attested off, anchored"),
    ],
)
def test_a_newer_updated_at_in_a_run_since_is_a_move_whatever_stands_there_now(
    ago: float, between: str, expected: str
) -> None:
    """An older answer may come back, from a copy that lags behind; what was written stays written."""
    shot = look("off", 3, anchors=anchors(A, "2026-11-01T00:00:00Z"))
    history = {(ORGANIZATION, revision_of(USE)): ((days(ago), (between,)),)}
    assert said(worth([shot], state_of(A, revision="2026-11-01T00:00:00Z"), signals=history)) == expected


def test_a_newer_updated_at_of_a_proven_state_is_inferred() -> None:
    found = worth([*PAIR, look("off", 3)], state_of(A, revision="2026-11-20T00:00:00Z"))
    assert said(found) == "inferred off"


@pytest.mark.parametrize(("then", "now"), [(None, ("a",)), (("a",), None), (("a",), ("a", "a2"))])
def test_absent_from_a_complete_list_is_a_state(then: Any, now: Any) -> None:
    """Present where it was absent, or the reverse, is a move; absent as before is none."""
    shot = look("off", 3, {USE: then, HIPAA: None})
    assert said(worth([shot], state_of({USE: now}))) == "!signal_moved"
    assert said(worth([shot], state_of({USE: then}))) == "attested off, anchored"


@pytest.mark.parametrize("code", ["forbidden", "count_mismatch"])
def test_signal_unreadable_is_unknown_with_the_reason(code: str) -> None:
    """Absent from half a list is no state."""
    unread = state_of({}, runs=collections(collection("policies", code)))
    found = worth([look("off", 3, {USE: None, HIPAA: None})], unread)
    assert isinstance(found, Unavailable)
    assert found.code == "signal_unread"
    assert code in found.reason


def test_a_signal_that_the_rulebook_no_longer_names_is_unread() -> None:
    gone = {**A, SettingId("signal.policy.gone"): ("g",)}
    assert said(worth([look("off", 3, gone)], state_of(A))) == "!signal_unread"


def test_a_change_being_applied_is_not_compared_as_settled() -> None:
    """Whether the digest is the old one or another."""
    for states in (A, B):
        found = worth([look("off", 3)], state_of(states, unsettled=[USE]))
        assert isinstance(found, Unavailable)
        assert found.code == "signal_unread"
        assert "a change is being applied" in found.reason


def test_a_signal_unknown_at_the_look_anchors_nothing_and_makes_no_move() -> None:
    """The rulebook learned of it since."""
    only_use = {USE: ("a",)}
    assert said(worth([look("off", 3, only_use)], state_of({USE: ("a",), HIPAA: ("new",)}))) == "attested off, anchored"


def test_unanchored_is_plainly_attested() -> None:
    """With or without a reason, whether its signals can be read or not; a setting without signals is that always."""
    unread = state_of({}, runs=collections(collection("policies", "forbidden")))
    for state in (state_of(A), unread):
        assert said(worth([look("off", 3, None)], state)) == "attested off"
        assert said(worth([look("off", 3, None, unanchored_reason="")], state)) == "attested off"
        assert said(worth([look("off", 3, None, ELSEWHERE)], state, ELSEWHERE)) == "attested off"
    doubted = look("off", 3, A, unanchored_reason="the signals moved during the look")
    assert said(worth([doubted], state_of(B))) == "attested off"


def test_unanchored_against_a_proven_state_is_not_accepted() -> None:
    """The person and the proven signal disagree, and one of them is older."""
    assert said(worth([*PAIR, look("off", 3, None)], state_of(B))) == "!signal_moved"
    assert said(worth([*PAIR, look("on", 3, None)], state_of(B))) == "attested on"


def test_back_in_a_proven_state_decodes_by_itself_with_the_age_of_the_newest_confirmation() -> None:
    """Either state of the pair; what confirmed the pair last was seen in the other one."""
    found = worth(PAIR, state_of(A))
    assert isinstance(found, Observed)
    assert said(found) == "inferred off"
    assert found.observed_at == days(8)
    assert found.witness is not None
    assert (found.witness.by, found.witness.anchored) == (ANNA, False)
    assert USE in found.source
    again = worth([*PAIR, look("off", 2, A)], state_of(B))
    assert isinstance(again, Observed)
    assert (said(again), again.observed_at) == ("inferred on", days(2))


def test_a_state_never_seen_before_stays_stale() -> None:
    assert said(worth(PAIR, state_of(C))) == "!signal_moved"
    assert said(worth(PAIR, state_of(A), METADATA)) == "!signal_moved"


def test_lists_are_never_inferred() -> None:
    """Though exactly one of them differs between two whole states."""
    pair = [*screen("off", 9, A, excluded=("one",)), *screen("off", 8, B, excluded=("two",))]
    assert said(worth(pair, state_of(A), EXCLUDED)) == "!signal_moved"
    assert said(worth(pair, state_of(B), EXCLUDED)) == "attested ('two',), anchored"


def test_two_values_in_one_state_set_the_signal_aside_and_the_newest_counts_as_plainly_attested() -> None:
    """In that state and in every other; for that setting alone; and it proves nothing any more."""
    odd = look("on", 7, A)
    for states in (A, B, C):
        assert said(worth([*PAIR, odd], state_of(states))) == "attested on"
    assert said(worth([*PAIR, odd], state_of(B), METADATA)) == "attested on, anchored"


def test_a_typo_can_be_taken_back() -> None:
    typo = look("on", 8.5, A, revoked=signed(at=days(1)))
    assert said(worth([*PAIR, typo], state_of(A))) == "inferred off"
    assert said(worth([*PAIR, typo], state_of(A, as_of=days(1.5)))) == "attested on"


def test_conflict_is_only_for_two_values_of_the_same_moment() -> None:
    """Values that the setting holds for equal are none, and neither is one that was taken back or superseded."""
    anna, bert = look("off", 3, by=ANNA), look("on", 3, by=BERT)
    found = worth([anna, bert], state_of(A))
    assert isinstance(found, Unavailable)
    assert found.code == "attestations_differ"
    assert ANNA in found.reason
    assert BERT in found.reason
    assert said(worth([anna, replace(bert, value="OFF")], state_of(A))) == "attested off, anchored"
    assert said(worth([anna, replace(bert, revoked=signed())], state_of(A))) == "attested off, anchored"
    assert said(worth([anna, bert, look("off", 2, C)], state_of(C))) == "attested off"
    assert said(worth([anna, replace(bert, observed_at=days(2.9))], state_of(A))) == "attested on"


def test_of_several_of_one_moment_none_may_be_doubtful() -> None:
    assert said(worth([look("off", 3, A), look("off", 3, None)], state_of(B))) == "!signal_moved"
    assert said(worth([look("off", 3, A), look("off", 3, None)], state_of(A))) == "attested off, anchored"


def test_a_revoked_attestation_leaves_nothing_and_a_superseded_one_never_comes_back() -> None:
    newest = look("on", 2, revoked=signed(BERT, days(1)))
    found = worth([look("off", 3), newest], state_of(A))
    assert isinstance(found, Unavailable)
    assert found.code == "revoked"
    assert BERT in found.reason
    assert said(worth([look("off", 3), newest], state_of(A, as_of=days(1.5)))) == "attested on"


@pytest.mark.parametrize(
    ("now", "history", "code"),
    [
        ("Standard", (), "attested off, anchored"),
        ("standard", (plan(9, "premium", "Premium"), plan(5, "standard", "Standard")), "attested off, anchored"),
        ("Premium", (), "!plan_changed"),
        ("Standard", (plan(2, "premium", "Premium"), plan(1, "standard", "Standard")), "!plan_changed"),
        ("Standard", (plan(2, None, "Standard", "Ultra"), plan(1, "standard", "Standard")), "!plan_changed"),
        ("Standard", (plan(2, None, "STANDARD"),), "attested off, anchored"),
        ("Ultra", (), "!plan_changed"),
        (UNREAD, (), "!plan_unread"),
        (None, (), "!plan_unread"),
        (UNREAD, (plan(2, "premium", "Premium"),), "!plan_changed"),
    ],
)
def test_another_highest_plan_makes_it_stale_and_going_back_revives_nothing(now: Any, history: Any, code: str) -> None:
    """Anchored or not; plans that could not be read make it unknown."""
    assert said(worth([look("off", 3)], state_of(A, plan=now), plans=history)) == code
    assert said(worth([look("off", 3, None)], state_of(A, plan=now), plans=history)) == code.removesuffix(", anchored")


def test_a_plan_in_the_future_of_the_judged_moment_changes_nothing() -> None:
    later = (plan(1, "premium", "Premium"),)
    assert said(worth([look("off", 3)], state_of(A, as_of=days(2)), plans=later)) == "attested off, anchored"


@pytest.mark.parametrize(
    ("then", "now", "code"),
    [
        (("Ultra",), "Ultra", "attested off, anchored"),
        (("ultra",), "Ultra", "attested off, anchored"),
        (("Ultra",), "Mega", "!plan_changed"),
        (("Ultra", "Free"), "Ultra", "!plan_changed"),
        ((), "Ultra", "!plan_not_recorded"),
        (("Standard",), "Standard", "attested off, anchored"),
    ],
)
def test_where_a_plan_word_is_unknown_another_set_of_words_makes_it_stale(then: Any, now: str, code: str) -> None:
    """The rulebook may have learned the word meanwhile: words are compared then too."""
    shot = look("off", 3, highest_plan=None, plan_words=then)
    assert said(worth([shot], state_of(A, plan=now))) == code


def test_apps_that_could_not_be_read_leave_the_plan_unknown() -> None:
    unread = state_of(A, runs=collections(collection("workspaces", "count_mismatch")))
    found = worth([look("off", 3)], unread)
    assert isinstance(found, Unavailable)
    assert found.code == "plan_unread"
    assert "count_mismatch" in found.reason


def test_one_new_attestation_that_agrees_with_a_proven_pair_puts_it_back_in_service() -> None:
    """After a plan change; one that says nothing of the pair does not."""
    premium: dict[str, Any] = {"highest_plan": "premium", "plan_words": ("Premium",)}
    history = (plan(20, "standard", "Standard"), plan(5, "premium", "Premium"))

    def now(*more: Any) -> str:
        return said(worth([*PAIR, *more], state_of(A, plan="Premium"), plans=history))

    assert now() == "!plan_changed"
    assert now(look("on", 2, C, **premium)) == "!signal_moved"
    assert now(look("on", 2, B, **premium)) == "inferred off"
    assert now(look("on", 3, B, **premium), look("off", 2, C, **premium)) == "inferred off"
    assert now(look("off", 2, B, **premium)) == "attested off"


def test_an_app_is_anchored_by_its_own_signal_beside_the_organizations() -> None:
    own = (*anchors(A), *(replace(one, subject=app()) for one in anchors({USE: ("app",)})))
    shot = replace(look("off", 3), subject=app(), anchors=own)
    assert said(heard([shot], state_of(A, more=[observed(USE, app(), ("app",))]))[app(), SWITCH.id]).endswith(
        "anchored"
    )
    for state in (
        state_of(A),
        state_of(A, more=[observed(USE, app(), ("moved",))]),
        state_of(B, more=[observed(USE, app(), ("app",))]),
    ):
        assert said(heard([shot], state)[app(), SWITCH.id]) == "!signal_moved"


def test_what_is_recorded_or_seen_later_than_the_judged_moment_is_not_heard() -> None:
    assert heard([look("off", -1)], state_of(A)) == {}
    assert heard([look("off", 3, recorded=signed(at=days(-1)))], state_of(A)) == {}


def test_other_organizations_are_not_heard() -> None:
    assert heard([], state_of(A)) == {}
    seen = SeenOrganization(
        OrganizationState(ORG, "Acme", left_out=True),
        snapshot(facts(app()), at=NOW),
        recorded=evidence.AttestationHistory((look("off", 3, None),)),
    )
    state = resolve([seen], RULES, NOW, PROMISES, SETTINGS)
    assert state.read(ORGANIZATION, SWITCH.id) == Unavailable(
        SWITCH.id, ORGANIZATION, "not_read", "nothing was read of it in this run", NOW, ""
    )


def resolved(*attestations: Any, **facts_of: Any) -> Any:
    seen = SeenOrganization(
        OrganizationState(ORG, "Acme"),
        snapshot(facts(app(), **facts_of)),
        recorded=evidence.AttestationHistory(attestations),
    )
    return resolve([seen], RULES, NOW, PROMISES, SETTINGS)


def test_resolve_adds_what_was_attested() -> None:
    assert said(resolved(look("off", 3, None)).read(ORGANIZATION, SWITCH.id)) == "attested off"
    assert said(resolved(look("off", 3, A)).read(ORGANIZATION, SWITCH.id)) == "!signal_moved"


@pytest.mark.parametrize(
    ("api", "attested", "expected"),
    [
        ("EU", "US", "documented EU"),
        (UNREAD, "US", "attested US"),
        (ABSENT, "US", "attested US"),
    ],
)
def test_a_value_that_an_api_gave_stays(api: Any, attested: str, expected: str) -> None:
    shot = replace(look(attested, 3, None), setting=SettingId("residency.realm"), subject=app())
    assert said(resolved(shot, realm=api).read(app(), SettingId("residency.realm"))) == expected


def test_why_an_api_gave_nothing_stays_where_no_attested_value_replaces_it() -> None:
    shot = replace(look("US", 3, None, revoked=signed(at=days(1))), setting=SettingId("residency.realm"), subject=app())
    assert said(resolved(shot, realm=UNREAD).read(app(), SettingId("residency.realm"))) == "!wrong_type"
    assert said(resolved(shot, realm=ABSENT).read(app(), SettingId("residency.realm"))) == "!revoked"


def test_a_space_is_anchored_by_the_organizations_signals() -> None:
    space = Subject(ORG, Kind.SPACE, "ari:space")
    shot = replace(look("off", 3), subject=space)
    assert said(heard([shot], state_of(A))[space, SWITCH.id]) == "attested off, anchored"
    assert said(heard([shot], state_of(B))[space, SWITCH.id]) == "!signal_moved"


LOOKED_AT = Subject(ORG, Kind.APP, "ari:one")


@pytest.mark.parametrize(
    ("setting", "held", "code"),
    [
        (names.TRIAL, ((9, ("Standard",)), (1, ("Premium",))), "plan_changed"),
        (names.TRIAL, ((9, ("Standard",)), (2, ("Premium",)), (1, ("Standard",))), "plan_changed"),
        (names.TRIAL_ENDS, ((9, ("Standard",)), (1, ("Odd",))), "plan_changed"),
        (names.TRIAL, ((9, ("Standard",)), (1, ("STANDARD ",))), None),
        (names.TRIAL, ((9, ("Premium",)), (4, ("Standard",))), None),
        (names.TRIAL, ((9, ("Standard",)), (-1, ("Premium",))), None),
        (names.TRIAL, ((2, ("Standard",)), (1, ("Premium",))), "plan_changed"),
        (names.AI_ACCESS, ((9, ("Standard",)), (1, ("Premium",))), None),
        (names.AI_ACCESS, ((9, ("Standard",)), (2, None), (1, ("Standard",))), "app_left"),
        (names.TRIAL, ((9, None), (4, ("Standard",))), None),
        (names.TRIAL, (), None),
    ],
)
def test_an_app_is_looked_at_again_after_it_was_away_or_its_trial_may_have_changed(
    setting: SettingId, held: tuple[tuple[float, tuple[str, ...] | None], ...], code: str | None
) -> None:
    """The look was three days ago; `held` says how many days ago a run read which plan, None for an absent app."""
    seen = replace(look("none", 3), subject=LOOKED_AT, setting=setting)
    plans = {LOOKED_AT: tuple((days(ago), words) for ago, words in held)}
    found = app_moved(seen, plans, NOW)
    assert (found and found[0]) == code


@pytest.mark.parametrize(
    ("first", "second", "said_now"),
    [
        ({"ago": 3}, {"ago": -1}, "!evidence_from_the_future"),
        ({"ago": 3}, {"ago": 1, "recorded": signed(at=days(-1))}, "!evidence_from_the_future"),
        ({"ago": 3}, {"ago": -1, "revoked": signed(BERT, NOW)}, "!evidence_from_the_future"),
        ({"ago": 3}, {"ago": 1, "revoked": signed(BERT, days(-1))}, "!evidence_from_the_future"),
        ({"ago": 3, "revoked": signed(BERT, days(-1))}, {"ago": 1}, "attested on"),
        ({"ago": -1}, {"ago": 3}, "attested on, anchored"),
        ({"ago": 3}, {"ago": 2}, "attested on"),
    ],
)
def test_what_a_wrong_clock_dated_ahead_is_not_replaced_by_what_was_recorded_before(
    first: dict[str, Any], second: dict[str, Any], said_now: str
) -> None:
    """The order of recording tells what is newer, and a new look counts whatever was dated ahead before it."""
    looks = [look(value, **when) for value, when in (("off", first), ("on", second))]
    assert said(worth(looks, state_of(A), ahead=evidence.dated_ahead(looks, NOW))) == said_now
