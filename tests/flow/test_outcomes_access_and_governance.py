"""AI and GV: every outcome that an access or governance check claims, from API bytes to the finding."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest

from contribaudit.core.model.finding import Outcome
from tests.flow.archived import ONE_PROVIDER, REWORDED, archived, one_archived
from tests.flow.outcomes import OutcomeCase, Said, Stage, assert_as_said, every_plan, set_stage

UNKNOWN = Outcome.UNKNOWN
CONFLUENCE = "corner-shop.atlassian.net/confluence"
WIKI = f"app:{CONFLUENCE}"

CASES = (
    OutcomeCase("AI-20", Outcome.PASS, "none_among_apps"),
    OutcomeCase(
        "AI-20",
        Outcome.NO_SUCH_SETTING,
        "plan_without_rovo",
        about=CONFLUENCE,
        scenario="small",
        edit=every_plan("Free"),
    ),
    *(
        OutcomeCase(
            # The plan on trial may have what none of the plans has.
            "AI-20",
            outcome,
            code,
            about=CONFLUENCE,
            scenario="small",
            edit=every_plan("Free"),
            said=(said,),
        )
        for outcome, code, said in (
            (UNKNOWN, "trial_may_include_ai", Said("trial", "running", WIKI)),
            (Outcome.CONFLICT, "attestations_differ", Said("trial", "none", WIKI, or_else="running")),
            (Outcome.NO_SUCH_SETTING, "plan_without_rovo", Said("trial", "none", WIKI)),
        )
    ),
    OutcomeCase("AI-20", UNKNOWN, "free_beside_paid", about=CONFLUENCE, scenario="small"),
    OutcomeCase(
        # A neighbour without a plan word may be a paid one.
        "AI-20",
        UNKNOWN,
        "free_beside_paid",
        about=CONFLUENCE,
        scenario="small",
        edit=lambda o: o.set_plan("corner-shop/jira-software", None),
    ),
    OutcomeCase(
        "AI-20",
        UNKNOWN,
        "unknown_plan_word",
        about="tidy.atlassian.net/confluence",
        edit=lambda o: o.set_plan("tidy/confluence", "Platinum"),
    ),
    OutcomeCase(
        "AI-20",
        UNKNOWN,
        "null",
        about="tidy.atlassian.net/confluence",
        edit=lambda o: o.set_plan("tidy/confluence", None),
    ),
    OutcomeCase("AI-20", UNKNOWN, "nothing_looked_at", fault="403-bare@workspaces", scope="read:workspaces:admin"),
    OutcomeCase("AI-20", UNKNOWN, "nothing_looked_at", fault="empty-list@workspaces"),
    OutcomeCase("AI-20", Outcome.STALE, "evidence_too_old", days_later=3),
    OutcomeCase("GV-01", Outcome.PASS, "fresh"),
    OutcomeCase("GV-01", Outcome.PASS, "fresh", days_later=2),
    OutcomeCase("GV-01", Outcome.STALE, "evidence_too_old", days_later=3),
    OutcomeCase("GV-01", Outcome.PASS, "fresh", days_later=3, rule="max_age_days = { documented = 3 }"),
    OutcomeCase("GV-01", UNKNOWN, "collector_failed", fault="403-a@policies", scope="read:policies:admin"),
    OutcomeCase("GV-01", UNKNOWN, "collector_failed", fault="403-a@event-actions", scope="read:events:admin"),
    OutcomeCase("GV-01", UNKNOWN, "collector_failed", fault="html@directories"),
    OutcomeCase("GV-06", Outcome.PASS, "reviewed", exports=archived),
    OutcomeCase("GV-06", Outcome.PASS, "reviewed", exports=archived, days_later=60),
    OutcomeCase("GV-06", Outcome.STALE, "review_overdue", exports=archived, days_later=61),
    OutcomeCase("GV-06", UNKNOWN, "pages_not_archived"),
    OutcomeCase("GV-06", Outcome.STALE, "provision_changed", exports=partial(archived, settings=REWORDED)),
    OutcomeCase("GV-06", Outcome.STALE, "pages_read_long_ago", exports=partial(archived, days_ago=61)),
    OutcomeCase("GV-08", Outcome.PASS, "nothing_overtaken", exports=archived),
    OutcomeCase("GV-08", Outcome.FAIL, "overtaken_cited", rule='reason = "AI features are opt-in"', exports=archived),
    OutcomeCase("GV-08", Outcome.CONFLICT, "documents_disagree", exports=partial(archived, faq=ONE_PROVIDER)),
    OutcomeCase("GV-08", UNKNOWN, "no_documents"),
    OutcomeCase("GV-08", UNKNOWN, "pages_not_archived", exports=one_archived),
)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Where this file's cases play."""
    with set_stage(tmp_path_factory) as opened:
        yield opened


@pytest.mark.parametrize("case", CASES, ids=str)
def test_an_access_or_governance_check_says(case: OutcomeCase, stage: Stage) -> None:
    """The outcome, its reason, and evidence for everything but `unknown`."""
    assert_as_said(case, stage.find(case))
