"""DC: spaces, by listings of real histories, the lists that people attested, and what they counted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.snapshot import CollectionStatus
from contribaudit.simulator import Organization
from tests.flow.outcomes import NOW, OutcomeCase, Said, Stage, assert_as_said, doubted, set_stage
from tests.flow.test_outcomes_lists import EXCLUDED, INCLUDED, NONE_EXCLUDED, NONE_INCLUDED, WIKI
from tests.flow.test_outcomes_switches import IN_APP_OFF, IN_APP_ON, before_it_counts
from tests.listed import Listing, space_id

PASS, FAIL, UNKNOWN = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN
PARTIAL, FAILED = CollectionStatus.PARTIAL, CollectionStatus.FAILED
SPACE = "space:tidy.atlassian.net/confluence/SEC"
SPACES = f'expect = ["{SPACE}"]'
JIRA = "app:tidy.atlassian.net/jira-software"
SANDBOX = "app:tidy-sandbox.atlassian.net/jira-software"
IN_SANDBOX = "space:tidy-sandbox.atlassian.net/jira-software/SEC"
ON, OFF = replace(IN_APP_ON, days_ago=3), replace(IN_APP_OFF, days_ago=3)
NOTHING_EXCLUDED, NOTHING_INCLUDED = replace(NONE_EXCLUDED, days_ago=3), replace(NONE_INCLUDED, days_ago=3)


def excluded(*entries: str) -> Said:
    return Said(EXCLUDED, entries, days_ago=3)


def included(*entries: str) -> Said:
    return Said(INCLUDED, entries, days_ago=3)


def listed(*keys: str, days_ago: int = 0, app: str = WIKI, **other: object) -> tuple[int, tuple[Listing, ...]]:
    """A run that listed these spaces of the wiki."""
    return days_ago, (Listing(app, keys, **other),)  # type: ignore[arg-type]


def count(number: int, days_ago: int = 0) -> Said:
    return Said("spaces.count", number, WIKI, days_ago=days_ago)


def sensitive(outcome: Outcome, code: str, *said: Said, listings: object = (), space: str = SPACE) -> OutcomeCase:
    return OutcomeCase("DC-11", outcome, code, said=said, rule=f'expect = ["{space}"]', listings=listings)  # type: ignore[arg-type]


def fresh(outcome: Outcome, code: str, *said: Said, listings: object = ()) -> OutcomeCase:
    return OutcomeCase(
        "DC-12",
        outcome,
        code,
        about="tidy.atlassian.net/confluence",
        said=said,
        listings=listings,  # type: ignore[arg-type]
    )


def _without_sandbox(organization: Organization) -> None:
    organization.remove_app("tidy-sandbox/jira-software")


SEC = (listed("SEC", days_ago=5), listed("SEC", "ENG"))
ENG = (listed("ENG", days_ago=5), listed("ENG"))
GROWN = (listed("ENG", days_ago=5), listed("ENG", "NEW"))
UNSEEN = (
    listed("ENG", days_ago=5),
    listed("ENG", days_ago=1),
    listed("ENG", "NEW", made=NOW - timedelta(days=2)),
)
PASSED_ON = (listed("SEC=1", days_ago=5), listed("SEC=2"))
KEPT_OUT, CONTRIBUTES = "sensitive_spaces_kept_out", "sensitive_space_contributes"

CASES = (
    *before_it_counts("DC-11", rule=SPACES),
    OutcomeCase("DC-11", UNKNOWN, "policy_names_no_space", said=(IN_APP_OFF, NONE_INCLUDED)),
    # without a listing, what is the same for every space of the app
    sensitive(PASS, KEPT_OUT, ON, excluded(WIKI)),
    sensitive(PASS, KEPT_OUT, OFF, NOTHING_INCLUDED),
    sensitive(PASS, KEPT_OUT, OFF, included(JIRA)),
    sensitive(FAIL, CONTRIBUTES, ON, NOTHING_EXCLUDED),
    sensitive(FAIL, CONTRIBUTES, ON, excluded(JIRA)),
    sensitive(FAIL, CONTRIBUTES, OFF, included(WIKI)),
    sensitive(UNKNOWN, "spaces_not_read", ON, excluded(SPACE)),
    sensitive(UNKNOWN, "spaces_not_read", OFF, included(SPACE)),
    sensitive(UNKNOWN, "spaces_not_read", OFF, included("a typing error")),
    sensitive(UNKNOWN, "spaces_not_read", ON, excluded(SPACE), listings=(listed(status=FAILED),)),
    sensitive(UNKNOWN, "spaces_not_read", ON, excluded(SPACE), listings=(SEC[0], listed("SEC", status=PARTIAL))),
    # of a sandbox no page tells, but a list that names it does
    sensitive(UNKNOWN, "sandbox", OFF, NOTHING_INCLUDED, space=IN_SANDBOX),
    sensitive(UNKNOWN, "sandbox", ON, NOTHING_EXCLUDED, space=IN_SANDBOX),
    sensitive(PASS, KEPT_OUT, ON, excluded(SANDBOX), space=IN_SANDBOX),
    sensitive(FAIL, CONTRIBUTES, OFF, included(SANDBOX), space=IN_SANDBOX),
    sensitive(UNKNOWN, "sandbox", OFF, NOTHING_INCLUDED, listings=(listed("SEC", app=SANDBOX),), space=IN_SANDBOX),
    sensitive(UNKNOWN, "sandbox", OFF, NOTHING_INCLUDED, space="SEC"),
    # nor of an app that nobody knows, and of a site that is not there
    replace(
        sensitive(UNKNOWN, "unknown_app", OFF, NOTHING_INCLUDED, space="space:tidy.atlassian.net/made-up/SEC"),
        edit=lambda organization: organization.set_app("tidy/confluence", type_key="made-up"),
    ),
    sensitive(UNKNOWN, "space_not_found", OFF, NOTHING_INCLUDED, space="space:elsewhere.atlassian.net/confluence/SEC"),
    # a name without its site may be in any app
    *(
        replace(sensitive(outcome, code, *said, space=name), edit=_without_sandbox)
        for name in ("SEC", "HR / people", "ari:cloud:confluence:x:space/77")
        for outcome, code, *said in (
            (PASS, KEPT_OUT, OFF, NOTHING_INCLUDED),
            (UNKNOWN, "spaces_not_read", OFF, included(WIKI)),
            (UNKNOWN, "spaces_not_read", ON, excluded(WIKI)),
            (FAIL, CONTRIBUTES, ON, NOTHING_EXCLUDED),
        )
    ),
    # with one, by identity
    sensitive(PASS, KEPT_OUT, ON, excluded(SPACE), listings=SEC),
    sensitive(PASS, KEPT_OUT, ON, excluded(space_id("SEC")), listings=SEC),
    sensitive(PASS, KEPT_OUT, ON, excluded(WIKI), listings=SEC),
    sensitive(PASS, KEPT_OUT, OFF, included("space:tidy.atlassian.net/confluence/ENG"), listings=SEC),
    sensitive(FAIL, CONTRIBUTES, ON, excluded("space:tidy.atlassian.net/confluence/ENG"), listings=SEC),
    sensitive(FAIL, CONTRIBUTES, OFF, included(SPACE), listings=SEC),
    sensitive(FAIL, CONTRIBUTES, OFF, included(f"space:{space_id('SEC')}"), listings=SEC),
    sensitive(UNKNOWN, "unknown_entry", OFF, included("a typing error"), listings=SEC),
    sensitive(UNKNOWN, "space_not_found", ON, excluded(SPACE), listings=ENG),
    sensitive(UNKNOWN, "space_not_found", OFF, NOTHING_INCLUDED, listings=ENG),
    sensitive(UNKNOWN, "space_ambiguous", ON, excluded(SPACE), listings=(listed("SEC=1", "sec=2"),)),
    sensitive(
        UNKNOWN, "space_key_reused", ON, excluded(SPACE), listings=(listed("SEC=1", days_ago=5), listed("SEC=2"))
    ),
    sensitive(
        PASS,
        KEPT_OUT,
        ON,
        excluded(SPACE),
        listings=(listed("SEC", days_ago=5), listed("SAFE=SEC")),
        space="space:tidy.atlassian.net/confluence/safe",
    ),
    sensitive(
        PASS,
        KEPT_OUT,
        ON,
        excluded("space:tidy.atlassian.net/jira-software/hr"),
        listings=(listed("HR", app="app:tidy.atlassian.net/jira-servicedesk"),),
        space="space:tidy.atlassian.net/jira-software/HR",
    ),
    *doubted(OutcomeCase("DC-11", PASS, "", said=(IN_APP_ON,), rule=SPACES), NONE_EXCLUDED, (WIKI,)),
    *(replace(case, about="tidy.atlassian.net/confluence") for case in before_it_counts("DC-12")),
    OutcomeCase("DC-12", UNKNOWN, "sandbox", about="tidy-sandbox.", said=(OFF, NOTHING_INCLUDED)),
    OutcomeCase("DC-12", UNKNOWN, "sandbox", about="tidy-sandbox.", said=(ON, NOTHING_EXCLUDED)),
    fresh(PASS, "no_new_spaces", ON, NOTHING_EXCLUDED, count(1), listings=ENG),
    fresh(PASS, "no_new_spaces", OFF, NOTHING_INCLUDED, count(1), listings=ENG),
    fresh(PASS, "no_new_spaces", OFF, included(WIKI), count(1), listings=ENG),
    fresh(PASS, "new_spaces_kept_out", OFF, NOTHING_INCLUDED, count(2), listings=GROWN),
    fresh(PASS, "new_spaces_kept_out", ON, excluded(WIKI), count(2), listings=GROWN),
    fresh(PASS, "new_spaces_kept_out", OFF, NOTHING_INCLUDED, count(1, days_ago=4), listings=GROWN),
    fresh(FAIL, "new_spaces_contribute", ON, NOTHING_EXCLUDED, count(2), listings=GROWN),
    fresh(FAIL, "new_spaces_contribute", OFF, included(WIKI), count(2), listings=GROWN),
    replace(fresh(PASS, "no_new_spaces", ON, NOTHING_EXCLUDED, count(2), listings=GROWN), approved=3),
    replace(fresh(FAIL, "new_spaces_contribute", ON, NOTHING_EXCLUDED, count(2), listings=GROWN), approved=2),
    # made before the baseline's run, which did not see it, and after the look
    replace(fresh(FAIL, "new_spaces_contribute", ON, NOTHING_EXCLUDED, count(2), listings=UNSEEN), approved=3),
    fresh(FAIL, "new_spaces_contribute", ON, NOTHING_EXCLUDED, listings=GROWN),
    fresh(
        FAIL,
        "new_spaces_contribute",
        ON,
        NOTHING_EXCLUDED,
        listings=(ENG[0], listed("NEW", status=PARTIAL)),
    ),
    fresh(FAIL, "new_spaces_contribute", ON, NOTHING_EXCLUDED, listings=(listed("NEW", made=NOW - timedelta(1)),)),
    fresh(
        PASS, "no_new_spaces", ON, NOTHING_EXCLUDED, count(1), listings=(listed("OLD", made=NOW - timedelta(days=9)),)
    ),
    fresh(UNKNOWN, "review_before_first_listing", ON, NOTHING_EXCLUDED, count(1), listings=(listed("OLD"),)),
    fresh(UNKNOWN, "spaces_not_read", ON, NOTHING_EXCLUDED, count(1)),
    fresh(UNKNOWN, "spaces_not_read", ON, NOTHING_EXCLUDED, count(1), listings=(ENG[0], listed("ENG", status=PARTIAL))),
    fresh(UNKNOWN, "spaces_not_read", ON, NOTHING_EXCLUDED, count(1), listings=(ENG[0], listed(status=FAILED))),
    fresh(UNKNOWN, "spaces_not_counted", ON, NOTHING_EXCLUDED, listings=ENG),
    fresh(UNKNOWN, "spaces_not_counted", ON, NOTHING_EXCLUDED, count(1, days_ago=31), listings=ENG),
    fresh(UNKNOWN, "spaces_unseen", ON, NOTHING_EXCLUDED, count(5), listings=ENG),
    # with the switch off and an empty include list no listing decides anything
    fresh(PASS, "new_spaces_kept_out", OFF, NOTHING_INCLUDED, count(2, days_ago=4), listings=GROWN),
    fresh(PASS, "new_spaces_kept_out", OFF, NOTHING_INCLUDED),
    fresh(PASS, "new_spaces_kept_out", OFF, NOTHING_INCLUDED, listings=(listed(status=FAILED),)),
    fresh(UNKNOWN, "spaces_not_read", OFF, included("a typing error")),
    fresh(UNKNOWN, "unknown_entry", OFF, included("a typing error"), count(1), listings=ENG),
    *(
        replace(case, about="tidy.atlassian.net/confluence")
        for case in doubted(
            OutcomeCase("DC-12", PASS, "", said=(ON, count(1)), listings=ENG), NOTHING_EXCLUDED, (WIKI,)
        )
    ),
)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with set_stage(tmp_path_factory) as opened:
        yield opened


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_outcome(stage: Stage, case: OutcomeCase) -> None:
    assert_as_said(case, stage.find(case))


def test_a_reason_names_five_and_the_number(stage: Stage) -> None:
    """Of nine new spaces."""
    grown = (listed("A", days_ago=5), listed("A", *(f"N{number}" for number in range(9))))
    finding = stage.find(fresh(FAIL, "", ON, NOTHING_EXCLUDED, listings=grown))
    assert "9 spaces are new" in finding.reason
    assert "N0, N1, N2, N3, N4 and others" in finding.reason


def test_what_is_missing_is_told_with_what_to_add(stage: Stage) -> None:
    """A table of the configuration, a token, a count."""
    for case in (fresh(UNKNOWN, "", ON, NOTHING_EXCLUDED), sensitive(UNKNOWN, "", ON, excluded(SPACE))):
        assert "[sites]" in stage.find(case).reason
        assert "contribaudit login --site all" in stage.find(case).reason
    counted = stage.find(fresh(UNKNOWN, "", ON, NOTHING_EXCLUDED, listings=ENG))
    assert "attest spaces.count of app:tidy.atlassian.net/confluence" in counted.reason
    short = stage.find(fresh(UNKNOWN, "", ON, NOTHING_EXCLUDED, count(5), listings=ENG))
    assert "auditor@acme.example cannot see 4 of 5 spaces" in short.reason


def test_a_pass_says_whose_eyes_it_was_read_with(stage: Stage) -> None:
    finding = stage.find(fresh(PASS, "", ON, NOTHING_EXCLUDED, count(1), listings=ENG))
    assert any("auditor@acme.example" in one.source for one in finding.evidence)
    assert "auditor@acme.example" in finding.reason
