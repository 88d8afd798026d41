"""What a baseline holds, by identity, and what becomes of a pass outside of it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from contribaudit.core.judge.baseline import approved_of, outside, uncovered
from contribaudit.core.model.attestation import Approved, Baseline, Signature
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.observation import Observation
from contribaudit.core.model.subject import Kind, Subject, organization_subject
from contribaudit.core.resolve.resolve import SeenOrganization, resolve
from contribaudit.core.resolve.state import OrganizationState, State
from tests.builders import NOW, ORG, PROMISES, RULEBOOK, app, evaluated, facts, judge, policy_of, rule, snapshot

DAY = timedelta(days=1)


def told(identity: str, host: str, cloud: str) -> list[Observation]:
    return facts(app(identity), alias=f"app:{host}/confluence", host=host, site=cloud)


OLD = told("old", "acme.atlassian.net", "c-1")
NEW = told("new", "lab.atlassian.net", "c-2")


def approval(*known: Observation, run: int = 1, days_ago: int = 5, until: datetime | None = None) -> Approved:
    """Approved so many days ago, by Anna."""
    at = NOW - days_ago * DAY
    signed = Signature("anna@acme.example", at, "auditor", "here")
    return approved_of(Baseline(ORG, run, signed, "reviewed", until), at - DAY, known, ())


def state(*observations: Observation, approvals: tuple[Approved, ...] = ()) -> State:
    seen = SeenOrganization(OrganizationState(ORG, "Acme", approvals=approvals), snapshot(observations))
    return resolve([seen], RULEBOOK, NOW, PROMISES)


def outcomes(seen: State) -> dict[str, tuple[Outcome, str]]:
    found = evaluated(seen, policy_of(rule("DR-01", expect=("EU",))))
    return {one.subject.id: (one.outcome, one.reason_code) for one in found.findings}


def test_without_a_baseline_nothing_changes() -> None:
    seen = state(*OLD, *NEW)
    assert {outcome for outcome, _ in outcomes(seen).values()} == {Outcome.PASS}
    assert list(outside(seen, ORG)) == []


def test_a_pass_outside_of_it_is_unknown() -> None:
    seen = state(*OLD, *NEW, approvals=(approval(*OLD),))
    found = outcomes(seen)
    assert found[app("old").id][0] is Outcome.PASS
    assert found[app("new").id] == (Outcome.UNKNOWN, "not_in_baseline")
    assert list(outside(seen, ORG)) == [Subject(ORG, Kind.SITE, "lab.atlassian.net"), app("new")]


def test_a_fail_outside_of_it_stays_a_fail() -> None:
    seen = state(*OLD, *facts(app("new"), realm="US"), approvals=(approval(*OLD),))
    assert outcomes(seen)[app("new").id][0] is Outcome.FAIL


def test_a_name_that_another_app_took_over_is_not_covered() -> None:
    """Identity counts, of the app and of its site."""
    other = told("other", "acme.atlassian.net", "c-9")
    seen = state(*other, approvals=(approval(*OLD),))
    assert uncovered(seen, app("other")) is not None
    assert uncovered(seen, Subject(ORG, Kind.SITE, "acme.atlassian.net")) is not None


def test_the_newest_one_counts() -> None:
    """Also where an older one held more."""
    first, second = approval(*OLD, *NEW, days_ago=9), approval(*OLD, run=2, days_ago=5)
    seen = state(*OLD, *NEW, approvals=(first, second))
    assert seen.baseline(ORG) is second
    assert uncovered(seen, app("new")) is not None


def test_one_of_tomorrow_does_not_count_yet() -> None:
    assert state(*OLD, approvals=(approval(*OLD, days_ago=-1),)).baseline(ORG) is None


def test_an_ended_baseline_covers_nothing() -> None:
    """Its end makes nothing better: what was outside of it does not come to pass."""
    seen = state(*OLD, *NEW, approvals=(approval(*OLD, until=NOW - DAY),))
    assert set(outcomes(seen).values()) == {(Outcome.UNKNOWN, "baseline_expired")}


@pytest.mark.parametrize("kind", [Kind.CONNECTOR, Kind.SPACE])
def test_what_nobody_had_recorded_by_then_is_outside(kind: Kind) -> None:
    assert uncovered(state(*OLD, approvals=(approval(*OLD),)), Subject(ORG, kind, "github")) is not None


def test_the_organization_is_not_part_of_it() -> None:
    seen = state(*OLD, approvals=(approval(until=NOW - DAY),))
    assert uncovered(seen, organization_subject(ORG)) is None


def test_the_baseline_is_the_review_of_what_it_holds() -> None:
    """AI-03 asks it in place of a look at each app; one that is new was reviewed by nobody."""
    plain = judge("AI-03", state(*OLD), app("old"))
    assert (plain.outcome, plain.reason_code) == (Outcome.UNKNOWN, "not_read")
    seen = state(*OLD, *NEW, approvals=(approval(*OLD),))
    held, new = judge("AI-03", seen, app("old")), judge("AI-03", seen, app("new"))
    assert (held.outcome, held.reason_code) == (Outcome.PASS, "in_baseline")
    assert "anna@acme.example" in held.evidence[0].source
    assert (new.outcome, new.reason_code) == (Outcome.UNKNOWN, "not_in_baseline")
    ended = judge("AI-03", state(*OLD, approvals=(approval(*OLD, until=NOW - DAY),)), app("old"))
    assert (ended.outcome, ended.reason_code) == (Outcome.UNKNOWN, "baseline_expired")
