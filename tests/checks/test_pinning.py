"""DR-02 and DR-04: from what the API says of residency policies to the answer."""

from __future__ import annotations

import pytest

from contribaudit.core.judge.check import Verdict
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.observation import Observation, Value
from contribaudit.core.model.snapshot import Collection
from tests.builders import (
    ABSENT,
    SETTINGS,
    UNLISTED,
    UNREAD,
    Gone,
    app,
    collection,
    collections,
    evaluated,
    facts,
    judge,
    observed,
    policy_list,
    policy_of,
    rule,
    state_of,
)
from tests.checks.attested import seen

PASS, FAIL, UNKNOWN, PENDING = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN, Outcome.PENDING
NOT_ACHIEVABLE, CONFLICT = Outcome.NOT_ACHIEVABLE, Outcome.CONFLICT


@pytest.mark.parametrize(
    ("said", "outcome", "code"),
    [
        ({}, PASS, "pinned"),
        ({"policy_realms": ("european union",)}, PASS, "pinned"),
        ({"move": "APPLIED"}, PASS, "pinned"),
        ({"realm": "eu"}, PASS, "pinned"),
        ({"realm": None}, UNKNOWN, "null"),
        ({"realm": UNREAD}, UNKNOWN, "wrong_type"),
        ({"realm": "Atlantis"}, UNKNOWN, "unknown_realm"),
        ({"realm": "Atlantis", "policy_realms": ("Atlantis",)}, UNKNOWN, "unknown_realm"),
        ({"realm": "DE"}, CONFLICT, "policy_and_realm_differ"),
        ({"realm": "EU", "policy_realms": ("DE",)}, CONFLICT, "policy_and_realm_differ"),
        ({"realm": "Global"}, CONFLICT, "policy_and_realm_differ"),
        ({"realm": "Global", "policy_realms": ("Global",)}, FAIL, "not_pinned"),
        ({"policy_realms": ("EU", "US")}, UNKNOWN, "several_realms"),
        ({"policy_realms": ("EU", "european union")}, PASS, "pinned"),
        ({"policy_realms": ("EU", "Atlantis")}, UNKNOWN, "unknown_realm"),
        ({"policy_realms": ("EEA",)}, UNKNOWN, "unknown_realm"),
        ({"policy_realms": ()}, UNKNOWN, "unknown_realm"),
        ({"policy_realms": None}, UNKNOWN, "null"),
        ({"policy_realms": UNREAD}, UNKNOWN, "wrong_type"),
        ({"policy_realms": ABSENT}, UNKNOWN, "not_read"),
        ({"move": UNREAD}, UNKNOWN, "wrong_type"),
        ({"move": None}, UNKNOWN, "unknown_word"),
        ({"move": ""}, UNKNOWN, "unknown_word"),
        ({"move": "enabled"}, UNKNOWN, "unknown_word"),
        ({"scheduled": "2026-11-20"}, PASS, "pinned"),
        ({"scheduled": "2026-11-21"}, UNKNOWN, "move_to_come"),
        ({"starts": "2026-11-21T12:00:00Z"}, PASS, "pinned"),
        ({"starts": "2026-11-21T11:30:00-01:00"}, UNKNOWN, "move_to_come"),
        ({"ends": "soon"}, UNKNOWN, "unreadable_date"),
        ({"ends": UNREAD}, UNKNOWN, "unreadable_date"),
        ({"ends": None}, PASS, "pinned"),
        ({"ends": " "}, PASS, "pinned"),
        ({"move": "scheduled"}, FAIL, "not_pinned"),
        ({"move": "removing"}, FAIL, "not_pinned"),
        ({"move": "failed"}, FAIL, "not_pinned"),
        ({"move": "applying"}, UNKNOWN, "moving_without_time"),
        ({"move": "applying", "ends": "2026-11-22T00:00:00Z"}, PENDING, "moving"),
        ({"move": "applying", "ends": "2026-11-20T00:00:00Z"}, UNKNOWN, "moving_overdue"),
        (UNLISTED, UNKNOWN, "located_not_pinned"),
        ({**UNLISTED, "realm": "Global"}, FAIL, "not_pinned"),
        ({**UNLISTED, "realm": None}, UNKNOWN, "null"),
        ({"plan": "Free"}, NOT_ACHIEVABLE, "no_residency"),
        ({"plan": "Free", "realm": None}, NOT_ACHIEVABLE, "no_residency"),
        ({"plan": UNREAD}, UNKNOWN, "wrong_type"),
        ({"plan": None}, UNKNOWN, "null"),
        ({"plan": "Platinum"}, UNKNOWN, "unknown_plan_word"),
        ({"plan": ("Free", "Standard")}, UNKNOWN, "unknown_plan_word"),
        ({"plan": ("Standard", "Enterprise")}, PASS, "pinned"),
        ({"plan": UNREAD, "move": "applying", "ends": "2026-11-22T00:00:00Z"}, UNKNOWN, "wrong_type"),
        ({"plan": UNREAD, "move": "failed"}, FAIL, "not_pinned"),
        ({"type_key": "assets", **UNLISTED}, UNKNOWN, "located_not_pinned"),
    ],
)
def test_dr_02_pinned(said: dict[str, Value | Gone], outcome: Outcome, code: str) -> None:
    """Only an applied policy that names the one realm which the app reports holds it there."""
    verdict = judge("DR-02", state_of(*facts(app(), **said)), app())
    assert (verdict.outcome, verdict.reason_code) == (outcome, code), verdict.reason


@pytest.mark.parametrize("check", ["DR-01", "DR-02", "DR-03", "DR-04"])
def test_what_a_trial_of_the_app_holds_up_is_fragile(check: str) -> None:
    """The reason says what undoes it; a trial of another app, and one that was seen not to run, undo nothing here."""

    def judged(*trials: Observation) -> Verdict:
        return judge(check, state_of(*facts(app()), *facts(app("other")), *trials), app(), ("EU",))

    on_trial = judged(seen("trial", "running", app()))
    assert (on_trial.outcome, on_trial.fragile) == (PASS, True)
    assert (
        "a trial is running on it: when it ends, its plan may be Free, which has no data residency" in on_trial.reason
    )
    for said in ([], [seen("trial", "none", app())], [seen("trial", "running", app("other"))]):
        assert (judged(*said).outcome, judged(*said).fragile) == (PASS, False)


@pytest.mark.parametrize("code", ["forbidden", "entry_without_id"])
@pytest.mark.parametrize("realm", ["EU", "Global"])
def test_dr_02_an_app_that_no_read_policy_lists_may_be_in_an_unread_one(code: str, realm: str) -> None:
    """With the policies unread, an app without a policy is unknown, wherever it is, and the scope is named."""
    runs = collections(collection("policies", code, scope="read:policies:admin"))
    verdict = judge("DR-02", state_of(*facts(app(), **{**UNLISTED, "realm": realm}), runs=runs), app())
    assert (verdict.outcome, verdict.reason_code) == (UNKNOWN, code)
    assert "read:policies:admin" in verdict.reason


@pytest.mark.parametrize(
    ("said", "outcome", "code"),
    [
        ({"move": "applied"}, PASS, "applied"),
        ({"move": "Applied "}, PASS, "applied"),
        ({"move": UNREAD}, UNKNOWN, "wrong_type"),
        ({"move": None}, UNKNOWN, "null"),
        ({"move": "done"}, UNKNOWN, "unknown_word"),
        ({"move": "failed"}, FAIL, "move_failed"),
        ({"move": "failed", "ticket": "ACME-1"}, FAIL, "move_failed"),
        ({"move": "removing"}, FAIL, "pin_lifted"),
        ({"move": "scheduled"}, UNKNOWN, "scheduled_without_time"),
        ({"move": "scheduled", "scheduled": None}, UNKNOWN, "scheduled_without_time"),
        ({"move": "scheduled", "scheduled": UNREAD}, UNKNOWN, "scheduled_without_time"),
        ({"move": "scheduled", "scheduled": "soon"}, UNKNOWN, "scheduled_without_time"),
        ({"move": "scheduled", "scheduled": "2026-11-22"}, PENDING, "scheduled"),
        ({"move": "scheduled", "scheduled": "2026-11-21"}, PENDING, "scheduled"),
        ({"move": "applied", "scheduled": "2026-11-21"}, UNKNOWN, "move_to_come"),
        ({"move": "scheduled", "scheduled": "2026-11-20"}, UNKNOWN, "scheduled_overdue"),
        (
            {"move": "scheduled", "starts": "2026-11-20T00:00:00Z", "scheduled": "2026-12-01"},
            UNKNOWN,
            "scheduled_overdue",
        ),
        ({"move": "applying"}, UNKNOWN, "moving_without_time"),
        # A time without a zone is read as UTC: noon is now.
        ({"move": "applying", "ends": "2026-11-21T12:00:00"}, PENDING, "moving"),
        ({"move": "applying", "ends": "2026-11-21T11:59:59"}, UNKNOWN, "moving_overdue"),
        ({"move": "applying", "ends": "2026-11-21T13:30:00+02:00"}, UNKNOWN, "moving_overdue"),
        ({"move": "applying", "ends": "2026-11-21T11:30:00-01:00"}, PENDING, "moving"),
    ],
)
def test_dr_04_moves(said: dict[str, Value | Gone], outcome: Outcome, code: str) -> None:
    """A move is done when the policy is applied; it is pending only towards a time that is still to come."""
    verdict = judge("DR-04", state_of(*facts(app(), **said)), app())
    assert (verdict.outcome, verdict.reason_code) == (outcome, code), verdict.reason
    assert (verdict.due_at is not None) is (outcome is PENDING or code.endswith("overdue"))


def test_dr_04_names_the_ticket_of_a_failed_move() -> None:
    """Whoever reads the finding can follow it up."""
    assert "ACME-1" in judge("DR-04", state_of(*facts(app(), move="failed", ticket="ACME-1")), app()).reason


def outcomes_of_dr_04(
    *observations: Observation, runs: tuple[Collection, ...] | None = None
) -> list[tuple[str, Outcome]]:
    """What DR-04 says of the whole organization, by kind of subject."""
    state = state_of(*observations, runs=runs)
    return [(str(one.subject.kind), one.outcome) for one in evaluated(state, policy_of(rule("DR-04"))).findings]


def test_dr_04_passes_where_a_whole_policy_list_names_no_app() -> None:
    """No app under a policy, no move."""
    assert outcomes_of_dr_04(*facts(app(), **UNLISTED), policy_list()) == [("organization", PASS)]


def test_dr_04_an_empty_policy_list_says_too_little() -> None:
    """A key without the right may see an empty list too."""
    runs = collections(collection("policies", read=0))
    assert outcomes_of_dr_04(*facts(app(), **UNLISTED), policy_list(), runs=runs) == [("organization", UNKNOWN)]


def test_dr_04_an_app_that_only_a_policy_names_is_no_proof_that_nothing_moves() -> None:
    """It is in no list of apps, so nobody is asked; then nothing passes either."""
    stranger = app("stranger")
    listed = [observed(SETTINGS["policies"], stranger, ("p",)), observed(SETTINGS["move"], stranger, "failed")]
    assert outcomes_of_dr_04(*facts(app(), **UNLISTED), *listed, policy_list("p")) == [("organization", UNKNOWN)]
    runs = collections(collection("workspaces", "forbidden"))
    assert outcomes_of_dr_04(*listed, policy_list("p"), runs=runs) == [("organization", UNKNOWN)]


def test_dr_04_asks_nobody_outside_data_residency() -> None:
    """Trello is no subject of it, and leaves the rest of the organization answered."""
    found = outcomes_of_dr_04(*facts(app()), *facts(app("two"), type_key="trello", move=ABSENT), policy_list("p-eu"))
    assert found == [("app", PASS)]
