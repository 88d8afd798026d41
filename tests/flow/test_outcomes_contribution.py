"""DC: every outcome that a data contribution check claims, from API bytes to the finding."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from contribaudit.audit.job import Target
from contribaudit.core.model.finding import Outcome
from tests.flow.outcomes import OutcomeCase, Stage, assert_as_said, every_plan, set_stage, together

ENTERPRISE = 'written_for_plan = "enterprise"'
WORKSPACES = "read:workspaces:admin"
UNKNOWN = Outcome.UNKNOWN

CASES = (
    OutcomeCase("DC-06", Outcome.PASS, "plan_as_expected", policy=ENTERPRISE),
    OutcomeCase(
        "DC-06", Outcome.PASS, "plan_as_expected", policy='written_for_plan = "free"', rule='expect = "Enterprise"'
    ),
    OutcomeCase(
        # The highest of all plans is known even where one app does not tell its own.
        "DC-06",
        Outcome.PASS,
        "plan_as_expected",
        policy=ENTERPRISE,
        edit=lambda o: o.set_plan("tidy/confluence", None),
    ),
    OutcomeCase("DC-06", Outcome.FAIL, "other_plan", policy='written_for_plan = "standard"'),
    OutcomeCase(
        # One forgotten app decides for all of them.
        "DC-06",
        Outcome.FAIL,
        "other_plan",
        policy='written_for_plan = "standard"',
        edit=every_plan("Standard", "tidy-labs/confluence"),
    ),
    OutcomeCase("DC-06", UNKNOWN, "apps_unread", policy=ENTERPRISE, fault="403-bare@workspaces", scope=WORKSPACES),
    OutcomeCase("DC-06", UNKNOWN, "apps_unread", policy=ENTERPRISE, fault="empty-list@workspaces"),
    OutcomeCase("DC-06", UNKNOWN, "apps_unread", policy=ENTERPRISE, fault="total-too-large@workspaces"),
    OutcomeCase("DC-06", UNKNOWN, "policy_names_no_plan"),
    OutcomeCase(
        "DC-06",
        UNKNOWN,
        "unknown_plan_word",
        policy=ENTERPRISE,
        edit=together(every_plan("Premium"), lambda o: o.set_plan("tidy/confluence", "Platinum")),
    ),
    OutcomeCase(
        "DC-06",
        Outcome.FAIL,
        "plan_above_expected",
        policy='written_for_plan = "standard"',
        edit=together(every_plan("Premium"), lambda o: o.set_plan("tidy/confluence", "Platinum")),
    ),
    OutcomeCase(
        "DC-06",
        Outcome.PASS,
        "plan_as_expected",
        policy=ENTERPRISE,
        edit=lambda o: o.set_plan("tidy/confluence", "Business + AI"),
    ),
    OutcomeCase(
        "DC-06",
        UNKNOWN,
        "plan_not_told",
        policy='written_for_plan = "premium"',
        edit=together(every_plan("Premium"), lambda o: o.set_plan("tidy/confluence", None)),
    ),
    OutcomeCase(
        "DC-06",
        UNKNOWN,
        "plan_of_inactive_app",
        policy=ENTERPRISE,
        edit=together(
            every_plan("Standard", "tidy/confluence"), lambda o: o.set_app("tidy/confluence", status="offline")
        ),
    ),
    OutcomeCase("DC-06", Outcome.STALE, "evidence_too_old", policy=ENTERPRISE, days_later=3),
    OutcomeCase("DC-10", Outcome.PASS, "all_covered"),
    OutcomeCase(
        "DC-10",
        UNKNOWN,
        "organization_not_covered",
        others=(Target("0f1e2d3c-0000-4000-8000-000000000000", "Sister", unread_reason="no key"),),
    ),
    OutcomeCase(
        "DC-10", UNKNOWN, "organization_not_covered", fault="403-a@directories", scope="read:directories:admin"
    ),
    OutcomeCase("DC-10", UNKNOWN, "organization_not_covered", fault="empty-list@workspaces"),
    OutcomeCase("DC-10", Outcome.STALE, "evidence_too_old", days_later=3),
    OutcomeCase("DC-18", Outcome.NO_SUCH_SETTING, "no_setting", about="jira-product-discovery"),
    OutcomeCase("DC-18", Outcome.PASS, "none_among_apps", edit=lambda o: o.remove_app("tidy/jira-product-discovery")),
    OutcomeCase(
        "DC-18",
        UNKNOWN,
        "unknown_app",
        about="sim-novelty",
        edit=lambda o: o.set_app("tidy/confluence", type_key="sim-novelty"),
    ),
    OutcomeCase("DC-18", UNKNOWN, "nothing_looked_at", fault="403-bare@workspaces", scope=WORKSPACES),
    OutcomeCase(
        "DC-18",
        UNKNOWN,
        "missing_key",
        about="ari:cloud:confluence::site/b1111111",
        edit=lambda o: o.set_app("tidy/confluence", absent=frozenset({"typeKey"})),
    ),
    OutcomeCase("DC-18", Outcome.STALE, "evidence_too_old", about="jira-product-discovery", days_later=3),
)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Where this file's cases play."""
    with set_stage(tmp_path_factory) as opened:
        yield opened


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_contribution_check_says(case: OutcomeCase, stage: Stage) -> None:
    """The outcome, its reason, and evidence for everything but `unknown`."""
    assert_as_said(case, stage.find(case))
