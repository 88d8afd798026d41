"""DC: lists, trials, coverage and connectors, with what people attested."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

import pytest

from contribaudit.core.model.finding import Outcome
from tests.flow.archived import MORE_APPS, archived
from tests.flow.outcomes import EVERY_APP, TODAY, OutcomeCase, Said, Stage, assert_as_said, doubted, set_stage
from tests.flow.test_outcomes_switches import BEFORE, BYOK, IN_APP_OFF, IN_APP_ON, KEYS, WORKSPACES, before_it_counts

PASS, FAIL, UNKNOWN, STALE = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN, Outcome.STALE
NOT_ACHIEVABLE, PENDING = Outcome.NOT_ACHIEVABLE, Outcome.PENDING
WIKI = "app:tidy.atlassian.net/confluence"
INCLUDED, EXCLUDED = "contribution.in_app.included", "contribution.in_app.excluded"
NONE_INCLUDED, NONE_EXCLUDED = Said(INCLUDED, ()), Said(EXCLUDED, ())
NO_TRIAL = Said("trial", "none", EVERY_APP)
DRIVE = "connector:drive"
OFFERED = Said("contribution.offered", "yes", DRIVE)


def ends(days: int) -> Said:
    """The last day of the wiki's trial."""
    return Said("trial.ends_on", f"{TODAY + timedelta(days=days)}", WIKI)


ON_TRIAL = Said("trial", "running", WIKI)
OTHERS_NOT = tuple(
    Said("trial", "none", f"app:{app}")
    for app in (
        "tidy.atlassian.net/jira-software",
        "tidy.atlassian.net/jira-servicedesk",
        "tidy.atlassian.net/jira-product-discovery",
        "tidy-labs.atlassian.net/jira-software",
        "tidy-labs.atlassian.net/confluence",
        "tidy-sandbox.atlassian.net/jira-software",
    )
)

CASES = (
    *before_it_counts("DC-04"),
    OutcomeCase("DC-04", PASS, "nothing_unapproved", said=(IN_APP_OFF, NONE_INCLUDED)),
    OutcomeCase(
        "DC-04", PASS, "nothing_unapproved", said=(IN_APP_OFF, Said(INCLUDED, (WIKI,))), rule=f'expect = ["{WIKI}"]'
    ),
    OutcomeCase("DC-04", FAIL, "included_not_approved", said=(IN_APP_OFF, Said(INCLUDED, (WIKI,)))),
    OutcomeCase("DC-04", FAIL, "switch_on", said=(IN_APP_ON, NONE_INCLUDED)),
    *doubted(OutcomeCase("DC-04", PASS, "", said=(IN_APP_OFF,)), NONE_INCLUDED, (WIKI,)),
    OutcomeCase("DC-07", PASS, "no_trial", said=(NO_TRIAL,)),
    OutcomeCase("DC-07", PASS, "trials_approved", said=(*OTHERS_NOT, ON_TRIAL), rule=f'expect = ["{WIKI}"]'),
    OutcomeCase("DC-07", FAIL, "trial_running", said=(ON_TRIAL,)),
    OutcomeCase("DC-07", UNKNOWN, "not_read", said=OTHERS_NOT),
    OutcomeCase("DC-07", UNKNOWN, "apps_unread", said=(NO_TRIAL,), fault="403-bare@workspaces", scope=WORKSPACES),
    *doubted(OutcomeCase("DC-07", PASS, "", said=OTHERS_NOT), Said("trial", "none", WIKI), "running"),
    OutcomeCase("DC-08", PASS, "no_trial", said=(NO_TRIAL,)),
    OutcomeCase("DC-08", PENDING, "trial_ends", said=(*OTHERS_NOT, ON_TRIAL, ends(9))),
    OutcomeCase("DC-08", STALE, "trial_ended", said=(*OTHERS_NOT, ON_TRIAL, ends(-1))),
    OutcomeCase("DC-08", UNKNOWN, "not_read", said=(*OTHERS_NOT, ON_TRIAL)),
    *doubted(OutcomeCase("DC-08", PASS, "", said=OTHERS_NOT), Said("trial", "none", WIKI), "running"),
    *before_it_counts("DC-13"),
    OutcomeCase("DC-13", PASS, "list_of_this_position", said=(IN_APP_OFF, NONE_INCLUDED)),
    OutcomeCase("DC-13", STALE, "list_older_than_switch", said=(IN_APP_ON, Said(EXCLUDED, (), days_ago=1))),
    OutcomeCase("DC-13", UNKNOWN, "not_read", said=(IN_APP_ON, NONE_INCLUDED)),
    *doubted(OutcomeCase("DC-13", PASS, "", said=(IN_APP_OFF,)), NONE_INCLUDED, (WIKI,)),
    *before_it_counts("DC-14"),
    OutcomeCase("DC-14", PASS, "switch_off", said=(IN_APP_OFF,)),
    OutcomeCase("DC-14", PASS, "not_claimed", said=(IN_APP_ON, Said(EXCLUDED, (WIKI,)))),
    OutcomeCase("DC-14", NOT_ACHIEVABLE, "platform_app_excluded", said=(IN_APP_ON,), rule='expect = ["rovo"]'),
    OutcomeCase(
        "DC-14",
        NOT_ACHIEVABLE,
        "platform_app_excluded",
        said=(IN_APP_ON, Said(EXCLUDED, ("app:tidy.atlassian.net/assets",))),
    ),
    *doubted(OutcomeCase("DC-14", PASS, "", said=(IN_APP_ON,)), NONE_EXCLUDED, (WIKI,)),
    OutcomeCase(
        "DC-16",
        Outcome.NOT_YET_EFFECTIVE,
        "before_effective_date",
        about="drive",
        said=(Said("contribution.offered", "yes", DRIVE, days_ago=40),),
        days_later=BEFORE,
    ),
    OutcomeCase("DC-16", Outcome.EXEMPT, "exempt", about="drive", said=(OFFERED, BYOK, KEYS)),
    OutcomeCase("DC-16", PASS, "kept_out", about="drive", said=(OFFERED, IN_APP_OFF, NONE_INCLUDED)),
    OutcomeCase("DC-16", PASS, "kept_out", about="drive", said=(OFFERED, IN_APP_ON, Said(EXCLUDED, (DRIVE,)))),
    OutcomeCase("DC-16", PASS, "not_offered", about="drive", said=(Said("contribution.offered", "no", DRIVE),)),
    OutcomeCase(
        "DC-16", PASS, "approved", about="drive", said=(OFFERED, IN_APP_ON, NONE_EXCLUDED), rule=f'expect = ["{DRIVE}"]'
    ),
    OutcomeCase("DC-16", FAIL, "connector_contributes", about="drive", said=(OFFERED, IN_APP_ON, NONE_EXCLUDED)),
    OutcomeCase("DC-16", UNKNOWN, "nothing_looked_at"),
    *doubted(OutcomeCase("DC-16", PASS, "", about="drive", said=(OFFERED, IN_APP_OFF)), NONE_INCLUDED, (DRIVE,)),
    OutcomeCase("DC-19", PASS, "reviewed", exports=archived, days_later=30),
    OutcomeCase("DC-19", STALE, "review_overdue", exports=archived, days_later=31),
    OutcomeCase("DC-19", UNKNOWN, "pages_not_archived"),
    OutcomeCase("DC-19", STALE, "pages_read_long_ago", exports=partial(archived, days_ago=31)),
    OutcomeCase("DC-19", STALE, "provision_changed", exports=partial(archived, faq=MORE_APPS)),
    OutcomeCase("DC-23", UNKNOWN, "not_documented", about="tidy-sandbox"),
    OutcomeCase("DC-23", PASS, "none_among_apps", edit=lambda o: o.remove_app("tidy-sandbox/jira-software")),
    OutcomeCase("DC-23", UNKNOWN, "nothing_looked_at", fault="403-bare@workspaces", scope=WORKSPACES),
    OutcomeCase(
        "DC-23",
        STALE,
        "evidence_too_old",
        edit=lambda o: o.remove_app("tidy-sandbox/jira-software"),
        days_later=3,
    ),
)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Where this file's cases play."""
    with set_stage(tmp_path_factory) as opened:
        yield opened


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_check_of_lists_and_trials_says(case: OutcomeCase, stage: Stage) -> None:
    """The outcome, its reason, and evidence for what claims something of a value."""
    assert_as_said(case, stage.find(case))
