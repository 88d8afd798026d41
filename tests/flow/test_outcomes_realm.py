"""DR-01, DR-03, DR-06, DR-13: every outcome about realms and what residency reaches, from API bytes to the finding."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from contribaudit.core.model.finding import Outcome
from contribaudit.simulator import Organization
from tests.flow.outcomes import OutcomeCase, Stage, assert_as_said, only_outside, set_stage, together

UNKNOWN = Outcome.UNKNOWN
WORKSPACES = "read:workspaces:admin"
CONFLUENCE = "tidy.atlassian.net/confluence"
SANDBOX = "tidy-sandbox.atlassian.net/jira-software"
EU = 'expect = ["EU"]'


def list_again_in_the_us(organization: Organization) -> None:
    """Confluence comes a second time, in another realm."""
    organization.add(replace(organization.app("tidy/confluence"), realm="US"))


CASES = (
    OutcomeCase("DR-01", Outcome.PASS, "realm_allowed", about=CONFLUENCE, rule=EU),
    OutcomeCase(
        "DR-01",
        Outcome.PASS,
        "realm_allowed",
        about=CONFLUENCE,
        rule='expect = ["EEA"]',
        edit=lambda o: o.set_realm("tidy/confluence", "DE"),
    ),
    OutcomeCase("DR-01", Outcome.FAIL, "realm_not_allowed", about=CONFLUENCE, rule='expect = ["DE"]'),
    OutcomeCase(
        "DR-01",
        Outcome.FAIL,
        "realm_not_allowed",
        about=CONFLUENCE,
        rule='expect = ["EEA"]',
        edit=lambda o: o.set_realm("tidy/confluence", "CH"),
    ),
    OutcomeCase(
        # Its residency policy says that it is held in the EU; where it says that it is, counts.
        "DR-01",
        Outcome.FAIL,
        "realm_not_allowed",
        about=CONFLUENCE,
        rule=EU,
        edit=lambda o: o.set_realm("tidy/confluence", "Global", ("eu-central-1",)),
    ),
    OutcomeCase(
        "DR-01",
        Outcome.NOT_ACHIEVABLE,
        "no_residency",
        about="corner-shop.atlassian.net/confluence",
        rule=EU,
        scenario="small",
    ),
    OutcomeCase("DR-01", Outcome.NOT_ACHIEVABLE, "no_residency", about="trello", rule=EU, scenario="small"),
    OutcomeCase(
        "DR-01", UNKNOWN, "null", about="tidy.atlassian.net/jira-software", rule=EU, fault="null-realm@workspaces"
    ),
    OutcomeCase(
        "DR-01",
        UNKNOWN,
        "missing_key",
        about="tidy.atlassian.net/jira-software",
        rule=EU,
        fault="missing-key@workspaces",
    ),
    OutcomeCase(
        "DR-01",
        UNKNOWN,
        "unknown_realm",
        about=CONFLUENCE,
        rule=EU,
        edit=lambda o: o.set_realm("tidy/confluence", "Atlantis"),
    ),
    OutcomeCase(
        # The first is of Brazil, the second of the US government: no realm has them.
        "DR-01",
        UNKNOWN,
        "unknown_region",
        about=CONFLUENCE,
        rule=EU,
        edit=lambda o: o.set_realm("tidy/confluence", "EU", ("sa-east-1", "us-gov-west-1")),
    ),
    OutcomeCase(
        # The app is listed twice, and the two entries disagree.
        "DR-01",
        UNKNOWN,
        "contradicting_entries",
        about=CONFLUENCE,
        rule=EU,
        edit=list_again_in_the_us,
    ),
    OutcomeCase("DR-01", UNKNOWN, "policy_names_no_realm", about=CONFLUENCE),
    OutcomeCase("DR-01", UNKNOWN, "nothing_looked_at", rule=EU, fault="403-bare@workspaces", scope=WORKSPACES),
    OutcomeCase("DR-01", UNKNOWN, "nothing_looked_at", rule=EU, fault="empty-list@workspaces"),
    OutcomeCase("DR-01", Outcome.STALE, "evidence_too_old", about=CONFLUENCE, rule=EU, days_later=3),
    OutcomeCase("DR-03", Outcome.PASS, "plan_allows", about=CONFLUENCE),
    OutcomeCase(
        "DR-03",
        Outcome.NOT_ACHIEVABLE,
        "plan_without_residency",
        about=CONFLUENCE,
        edit=lambda o: o.set_plan("tidy/confluence", "Free"),
    ),
    OutcomeCase(
        "DR-03",
        UNKNOWN,
        "unknown_plan_word",
        about=CONFLUENCE,
        edit=lambda o: o.set_plan("tidy/confluence", "Platinum"),
    ),
    OutcomeCase("DR-03", UNKNOWN, "null", about=CONFLUENCE, edit=lambda o: o.set_plan("tidy/confluence", None)),
    OutcomeCase(
        "DR-03",
        UNKNOWN,
        "unknown_app",
        about="sim-novelty",
        edit=lambda o: o.set_app("tidy/confluence", type_key="sim-novelty"),
    ),
    OutcomeCase("DR-03", Outcome.NO_SUCH_SETTING, "none_among_apps", edit=only_outside, scenario="small"),
    OutcomeCase("DR-03", UNKNOWN, "nothing_looked_at", fault="403-bare@workspaces", scope=WORKSPACES),
    OutcomeCase("DR-03", Outcome.STALE, "evidence_too_old", about=CONFLUENCE, days_later=3),
    OutcomeCase("DR-06", Outcome.PASS, "none_among_apps"),
    OutcomeCase("DR-06", Outcome.PASS, "accepted", about="trello", rule='expect = ["trello"]', scenario="small"),
    OutcomeCase("DR-06", Outcome.NOT_ACHIEVABLE, "outside_residency", about="trello", scenario="small"),
    OutcomeCase(
        "DR-06", Outcome.NOT_ACHIEVABLE, "outside_residency", about="trello", rule='expect = ["loom"]', scenario="small"
    ),
    OutcomeCase(
        "DR-06",
        UNKNOWN,
        "unknown_app",
        about="sim-novelty",
        edit=lambda o: o.set_app("tidy/confluence", type_key="sim-novelty"),
    ),
    OutcomeCase("DR-06", UNKNOWN, "nothing_looked_at", fault="403-bare@workspaces", scope=WORKSPACES),
    OutcomeCase("DR-06", Outcome.STALE, "evidence_too_old", days_later=3),
    OutcomeCase("DR-13", Outcome.PASS, "same_realm"),
    OutcomeCase("DR-13", Outcome.PASS, "none_among_apps", edit=lambda o: o.remove_app("tidy-sandbox/jira-software")),
    OutcomeCase("DR-13", Outcome.FAIL, "other_realm", edit=lambda o: o.set_realm("tidy-sandbox/jira-software", "US")),
    OutcomeCase(
        # Two apps could be its parent, in two realms.
        "DR-13",
        UNKNOWN,
        "parent_not_known",
        edit=lambda o: o.set_realm("tidy-labs/jira-software", "US"),
    ),
    OutcomeCase(
        "DR-13",
        UNKNOWN,
        "parent_not_known",
        about=SANDBOX,
        edit=together(lambda o: o.remove_app("tidy/jira-software"), lambda o: o.remove_app("tidy-labs/jira-software")),
    ),
    OutcomeCase("DR-13", UNKNOWN, "null", edit=lambda o: o.set_realm("tidy-sandbox/jira-software", None)),
    OutcomeCase(
        "DR-13", UNKNOWN, "unknown_word", edit=lambda o: o.set_app("tidy-sandbox/jira-software", sandbox="COPY")
    ),
    OutcomeCase("DR-13", UNKNOWN, "nothing_looked_at", fault="403-bare@workspaces", scope=WORKSPACES),
    OutcomeCase("DR-13", Outcome.STALE, "evidence_too_old", days_later=3),
)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Where this file's cases play."""
    with set_stage(tmp_path_factory) as opened:
        yield opened


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_realm_check_says(case: OutcomeCase, stage: Stage) -> None:
    """The outcome, its reason, and evidence for everything but `unknown`."""
    assert_as_said(case, stage.find(case))
