"""Waivers: what each covers, until when, and why one that was written does not count."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from contribaudit.core.model.finding import Finding, Outcome
from contribaudit.core.model.policy import Waiver, Where
from contribaudit.core.resolve.state import State
from tests.builders import (
    NOW,
    ORG,
    UNREAD,
    Gone,
    app,
    collection,
    collections,
    evaluated,
    facts,
    policy_list,
    policy_of,
    rule,
    state_of,
    waiver,
)

ALIAS = "app:acme-us.atlassian.net/confluence"
US = app("us")


def american(as_of: datetime = NOW, /, **how: Any) -> State:
    """Confluence in the US, under an alias."""
    holders = how.pop("alias_holders", None)
    said = {"realm": "US", "alias": ALIAS, "host": "acme-us.atlassian.net", **how}
    return state_of(*facts(US, **said), policy_list("p-eu"), as_of=as_of, at=as_of, alias_holders=holders)


def waived(state: State, *waivers: Waiver) -> tuple[Finding, tuple[str, ...]]:
    """The only finding of DR-01, EU expected, under the waivers; and the warnings."""
    found = evaluated(state, policy_of(rule("DR-01", expect=("EU",)), waivers=waivers))
    assert len(found.findings) == 1
    return found.findings[0], found.warnings


def test_a_waived_finding_keeps_the_outcome_under_it() -> None:
    """With the waiver's reason, approver, ticket and end."""
    found, warnings = waived(american(), waiver("DR-01", subject=ALIAS, ticket="GRC-311"))
    assert (found.outcome, found.underlying_outcome) == (Outcome.WAIVED, Outcome.FAIL)
    assert found.waiver is not None
    assert (found.waiver.ticket, found.waiver.approved_by) == ("GRC-311", "ciso@acme.example")
    assert (found.reason_code, found.observed, warnings) == ("realm_not_allowed", "US", ())


@pytest.mark.parametrize(
    ("about", "covers"),
    [
        ({"subject": ALIAS}, True),
        ({"subject": ALIAS.upper()}, True),
        ({"subject": US.id}, True),
        ({"subject": f"{ORG}:{ALIAS}"}, True),
        ({"subject": "app:acme.atlassian.net/confluence"}, False),
        ({"subject": "organization"}, False),
        ({"where": Where(site=("acme-us*",))}, True),
        ({"where": Where(site=("acme-us*",), app=("jira*",))}, False),
        ({"where": Where(plan=("standard",), sandbox=False)}, True),
        ({"where": Where(organization=("globex",))}, False),
    ],
)
def test_a_waiver_covers_its_subject_alone(about: dict[str, Any], *, covers: bool) -> None:
    """By alias, ARI or selector; one that matches nothing is a warning."""
    found, warnings = waived(american(), waiver("DR-01", **about))
    assert (found.outcome is Outcome.WAIVED) is covers
    assert any("matches nothing" in one for one in warnings) is not covers


def test_a_waiver_of_another_check_is_none() -> None:
    """And is reported as matching nothing."""
    found, warnings = waived(american(), waiver("DR-02", subject=ALIAS))
    assert found.outcome is Outcome.FAIL
    assert warnings == ("The waiver policy.toml:9 on DR-02 matches nothing.",)


@pytest.mark.parametrize("unread", ["host", "plan", "sandbox"])
def test_an_unread_attribute_lets_nobody_off(unread: str) -> None:
    """A selector on what was not read does not waive."""
    where = {"host": Where(site=("acme*",)), "plan": Where(plan=("*",)), "sandbox": Where(sandbox=False)}
    found, _ = waived(american(**{unread: UNREAD}), waiver("DR-01", where=where[unread]))
    assert found.outcome is Outcome.FAIL


@pytest.mark.parametrize(
    ("observed", "covers"),
    [
        ("US", True),
        (("US",), True),
        ("us", True),
        (("us",), True),
        ("CA", False),
        (("US", "CA"), False),
        ((), False),
        (True, False),
    ],
)
def test_a_bound_waiver_covers_its_value_alone(observed: Any, *, covers: bool) -> None:
    """As a list or alone, by the setting's own comparison; another value fails again and says why."""
    found, warnings = waived(american(), waiver("DR-01", subject=ALIAS, observed=observed))
    assert (found.outcome is Outcome.WAIVED) is covers
    assert any("but US was observed" in one for one in warnings) is not covers


def test_a_truth_value_is_no_number_without_a_setting_either() -> None:
    """DR-11 has no setting and observes nothing: no bound waiver covers it."""
    policy = policy_of(rule("DR-11"), waivers=(waiver("DR-11", observed=False), waiver("DR-11", observed=0)))
    (found,) = evaluated(state_of(), policy).findings
    assert found.outcome is Outcome.NOT_ACHIEVABLE


END = date(2026, 12, 31)


@pytest.mark.parametrize(
    ("moment", "covers"),
    [
        (datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC), True),
        (datetime(2027, 1, 1, tzinfo=UTC), False),
        # Still New Year's Eve in New York, no longer in UTC; and the other way round in Tokyo.
        (datetime(2026, 12, 31, 20, tzinfo=timezone(timedelta(hours=-5))), False),
        (datetime(2027, 1, 1, 8, tzinfo=timezone(timedelta(hours=9))), True),
    ],
)
def test_a_waiver_is_valid_through_its_last_day_in_utc(moment: datetime, *, covers: bool) -> None:
    """And says when it ended."""
    found, warnings = waived(american(moment), waiver("DR-01", subject=ALIAS, expires=END))
    assert (found.outcome is Outcome.WAIVED) is covers
    assert any("it expired on 2026-12-31" in one for one in warnings) is not covers


def test_a_waiver_begins_on_the_day_of_its_approval() -> None:
    """Not before."""
    today = NOW.date()
    assert waived(american(), waiver("DR-01", subject=ALIAS, approved_at=today))[0].outcome is Outcome.WAIVED
    found, warnings = waived(american(), waiver("DR-01", subject=ALIAS, approved_at=today + timedelta(days=1)))
    assert found.outcome is Outcome.FAIL
    assert "in the future" in warnings[0]


NOT_ACHIEVABLE = {"type_key": "trello"}
UNREAD_REALM: dict[str, Gone] = {"realm": UNREAD}


@pytest.mark.parametrize(
    ("said", "outcomes", "outcome"),
    [
        ({}, None, Outcome.WAIVED),
        (NOT_ACHIEVABLE, None, Outcome.WAIVED),
        (UNREAD_REALM, None, Outcome.UNKNOWN),
        (UNREAD_REALM, (Outcome.UNKNOWN,), Outcome.WAIVED),
        ({}, (Outcome.UNKNOWN,), Outcome.FAIL),
        ({}, (Outcome.NOT_ACHIEVABLE,), Outcome.FAIL),
        ({"realm": "EU"}, None, Outcome.PASS),
    ],
)
def test_a_waiver_covers_fail_and_not_achievable_unless_it_names_others(
    said: dict[str, Any], outcomes: tuple[Outcome, ...] | None, outcome: Outcome
) -> None:
    """`unknown` only where it is named."""
    named = {} if outcomes is None else {"outcomes": outcomes}
    assert waived(american(**said), waiver("DR-01", subject=ALIAS, **named))[0].outcome is outcome


def test_stale_is_waived_only_by_name() -> None:
    """What was right and is old is not what the waiver was about."""
    later = state_of(*facts(US, alias=ALIAS), as_of=NOW + timedelta(days=3))
    assert waived(later, waiver("DR-01", subject=ALIAS))[0].outcome is Outcome.STALE
    named = waiver("DR-01", subject=ALIAS, outcomes=(Outcome.STALE,))
    assert waived(later, named)[0].outcome is Outcome.WAIVED


def test_a_second_waiver_may_cover_what_the_first_does_not() -> None:
    """The first is still named in the warnings."""
    ended = waiver("DR-01", subject=ALIAS, expires=date(2026, 11, 20))
    found, warnings = waived(american(), ended, waiver("DR-01", subject=ALIAS))
    assert found.outcome is Outcome.WAIVED
    assert len(warnings) == 1


@pytest.mark.parametrize(("days", "due"), [(19, True), (20, False), (90, False)])
def test_a_review_that_is_overdue_is_a_warning(days: int, *, due: bool) -> None:
    """Approved on the first, today is the twenty-first; the waiver still counts."""
    found, warnings = waived(american(), waiver("DR-01", subject=ALIAS, review_every_days=days))
    assert found.outcome is Outcome.WAIVED
    assert any("has been due for review since" in one for one in warnings) is due


OLD_HOLDER = "ari:cloud:before"
AUTUMN, TODAY = datetime(2026, 9, 1, tzinfo=UTC), NOW


@pytest.mark.parametrize(
    ("holders", "approved_at", "covers"),
    [
        (((US.id, AUTUMN),), date(2026, 11, 1), True),
        (((OLD_HOLDER, AUTUMN), (US.id, TODAY)), date(2026, 11, 1), False),
        (((OLD_HOLDER, AUTUMN), (US.id, TODAY)), date(2026, 11, 21), True),
        (((US.id, AUTUMN), (OLD_HOLDER, TODAY)), date(2026, 11, 1), True),
    ],
)
def test_a_waiver_is_void_when_its_alias_comes_to_name_another(
    holders: tuple[tuple[str, datetime], ...], approved_at: date, *, covers: bool
) -> None:
    """Until it is approved anew for that one; a waiver by ARI is never in doubt."""
    state = american(alias_holders={ALIAS.casefold(): holders})
    found, warnings = waived(state, waiver("DR-01", subject=ALIAS, approved_at=approved_at))
    assert (found.outcome is Outcome.WAIVED) is covers
    assert any("approve it again" in one and US.id in one for one in warnings) is not covers
    assert waived(state, waiver("DR-01", subject=US.id, approved_at=approved_at))[0].outcome is Outcome.WAIVED


@pytest.mark.parametrize("text", [ALIAS, f"{ORG}:{ALIAS}", ALIAS.upper()])
def test_a_waiver_whose_alias_became_ambiguous_does_not_count(text: str) -> None:
    """Nobody is let off by a guess, a warning lists the IDs, and everything else is judged."""
    twins = (*facts(app("a"), alias=ALIAS, realm="US"), *facts(app("b"), alias=ALIAS, realm="US"))
    state = state_of(*twins, *facts(app("c"), alias="app:else/jira", realm="US"))
    waivers = (waiver("DR-01", subject=text), waiver("DR-01", subject=app("c").id))
    found = evaluated(state, policy_of(rule("DR-01", expect=("EU",)), waivers=waivers))
    outcomes = {one.subject: one.outcome for one in found.findings}
    assert outcomes == {app("a"): Outcome.FAIL, app("b"): Outcome.FAIL, app("c"): Outcome.WAIVED}
    (told,) = [one for one in found.warnings if "does not count" in one]
    assert app("a").id in told
    assert app("b").id in told
    assert not [one for one in found.warnings if "matches nothing" in one]


def test_the_answer_of_an_organization_without_apps_can_be_waived() -> None:
    """By its own name, where the waiver says that it covers `unknown`."""
    state = state_of(runs=collections(collection("workspaces", "forbidden")))
    plain, warnings = waived(state, waiver("DR-01"))
    assert plain.outcome is Outcome.UNKNOWN
    assert not any("matches nothing" in one for one in warnings)
    named, _ = waived(state, waiver("DR-01", outcomes=(Outcome.UNKNOWN,)))
    assert (named.outcome, named.underlying_outcome) == (Outcome.WAIVED, Outcome.UNKNOWN)
