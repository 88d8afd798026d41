"""DR-02, DR-04, DR-10 to DR-12, DR-14: every outcome about residency policies and limits, from API bytes on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from contribaudit.core.model.finding import Outcome
from contribaudit.simulator import Organization
from contribaudit.simulator.values import Policy, Resource
from tests.flow.outcomes import (
    NOW,
    Edit,
    OutcomeCase,
    Stage,
    assert_as_said,
    every_plan,
    only_outside,
    set_stage,
    together,
)

UNKNOWN = Outcome.UNKNOWN
FAIL = Outcome.FAIL
CONFLUENCE = "tidy.atlassian.net/confluence"
EU = "tidy-residency-eu"
POLICIES = "read:policies:admin"
SOON, PAST = NOW + timedelta(days=4), NOW - timedelta(days=4)


def move(status: str, **values: object) -> Edit:
    """The residency policy's state on Confluence."""
    return lambda organization: organization.set_resource(EU, "tidy/confluence", status, **values)


def rule_in(*realms: str) -> Edit:
    """The realms that the residency policy names."""
    return lambda organization: organization.set_rule(EU, {"in": list(realms)})


def unlist(organization: Organization) -> None:
    """Confluence leaves its residency policy."""
    organization.remove_resource(EU, "tidy/confluence")


def list_twice(organization: Organization) -> None:
    """A second residency policy lists Confluence too."""
    resource = Resource(organization.app("tidy/confluence").id, "applied")
    organization.add(Policy("second", "data-residency", rule={"in": ["US"]}, resources=(resource,)))


def retype(organization: Organization) -> None:
    """The policy is of a type that nobody knows: it may be a residency policy by another name, of the apps it lists."""
    organization.change(organization.policy(EU), type="data-residency-2")


def list_in_a_successor(organization: Organization) -> None:
    """Beside the residency policy, one of a like type says that the move failed."""
    resource = Resource(organization.app("tidy/confluence").id, "failed")
    organization.add(Policy("second", "data_residency", rule={"in": ["EU"]}, resources=(resource,)))


def no_policies(organization: Organization) -> None:
    """The list of policies is empty."""
    for policy in list(organization.policies):
        organization.remove(organization.policy(policy.id))


CASES = (
    OutcomeCase("DR-02", Outcome.PASS, "pinned", about=CONFLUENCE),
    OutcomeCase("DR-02", FAIL, "not_pinned", about=CONFLUENCE, edit=move("scheduled", scheduled=SOON)),
    OutcomeCase("DR-02", FAIL, "not_pinned", about=CONFLUENCE, edit=move("removing")),
    OutcomeCase("DR-02", FAIL, "not_pinned", about=CONFLUENCE, edit=move("failed")),
    OutcomeCase(
        "DR-02",
        FAIL,
        "not_pinned",
        about=CONFLUENCE,
        edit=together(unlist, lambda o: o.set_realm("tidy/confluence", "Global")),
    ),
    OutcomeCase(
        # Global is no place that anything could be held in.
        "DR-02",
        FAIL,
        "not_pinned",
        about=CONFLUENCE,
        edit=together(rule_in("Global"), lambda o: o.set_realm("tidy/confluence", "Global")),
    ),
    OutcomeCase("DR-02", Outcome.PENDING, "moving", about=CONFLUENCE, edit=move("applying", window_end=SOON)),
    OutcomeCase(
        "DR-02",
        Outcome.NOT_ACHIEVABLE,
        "no_residency",
        about=CONFLUENCE,
        edit=lambda o: o.set_plan("tidy/confluence", "Free"),
    ),
    OutcomeCase(
        "DR-02",
        Outcome.CONFLICT,
        "policy_and_realm_differ",
        about=CONFLUENCE,
        edit=lambda o: o.set_realm("tidy/confluence", "US"),
    ),
    OutcomeCase(
        "DR-02",
        Outcome.CONFLICT,
        "policy_and_realm_differ",
        about=CONFLUENCE,
        edit=lambda o: o.set_realm("tidy/confluence", "Global"),
    ),
    OutcomeCase("DR-02", UNKNOWN, "located_not_pinned", about=CONFLUENCE, edit=unlist),
    OutcomeCase("DR-02", UNKNOWN, "moving_without_time", about=CONFLUENCE, edit=move("applying")),
    OutcomeCase("DR-02", UNKNOWN, "moving_overdue", about=CONFLUENCE, edit=move("applying", window_end=PAST)),
    OutcomeCase("DR-02", UNKNOWN, "unknown_word", about=CONFLUENCE, edit=move("thinking")),
    OutcomeCase("DR-02", UNKNOWN, "several_realms", about=CONFLUENCE, edit=rule_in("EU", "US")),
    OutcomeCase("DR-02", UNKNOWN, "unknown_realm", about=CONFLUENCE, edit=rule_in("Atlantis")),
    OutcomeCase("DR-02", UNKNOWN, "unknown_realm", about=CONFLUENCE, edit=rule_in()),
    OutcomeCase("DR-02", UNKNOWN, "wrong_type", about=CONFLUENCE, edit=lambda o: o.set_rule(EU, ["EU"])),
    OutcomeCase("DR-02", UNKNOWN, "several_policies", about=CONFLUENCE, edit=list_twice),
    OutcomeCase("DR-02", UNKNOWN, "unknown_policy_type", about=CONFLUENCE, edit=retype),
    OutcomeCase("DR-02", UNKNOWN, "unknown_policy_type", about=CONFLUENCE, edit=list_in_a_successor),
    OutcomeCase(
        "DR-02",
        UNKNOWN,
        "policy_not_enabled",
        about=CONFLUENCE,
        edit=lambda o: o.change(o.policy(EU), status="disabled"),
    ),
    OutcomeCase("DR-02", UNKNOWN, "forbidden", about=CONFLUENCE, fault="403-a@policies", scope=POLICIES),
    OutcomeCase("DR-02", UNKNOWN, "nothing_looked_at", fault="403-bare@workspaces", scope="read:workspaces:admin"),
    OutcomeCase("DR-02", UNKNOWN, "null", about="tidy.atlassian.net/jira-software", fault="null-realm@workspaces"),
    OutcomeCase(
        "DR-02",
        UNKNOWN,
        "unknown_plan_word",
        about=CONFLUENCE,
        edit=lambda o: o.set_plan("tidy/confluence", "Platinum"),
    ),
    OutcomeCase("DR-02", Outcome.NO_SUCH_SETTING, "none_among_apps", edit=only_outside, scenario="small"),
    OutcomeCase("DR-02", Outcome.STALE, "evidence_too_old", about=CONFLUENCE, days_later=3),
    OutcomeCase("DR-04", Outcome.PASS, "applied", about=CONFLUENCE),
    OutcomeCase("DR-04", Outcome.PASS, "no_moves", edit=lambda o: o.remove(o.policy(EU))),
    OutcomeCase("DR-04", FAIL, "move_failed", about=CONFLUENCE, edit=move("failed", ticket="https://x.example/1")),
    OutcomeCase("DR-04", FAIL, "pin_lifted", about=CONFLUENCE, edit=move("removing")),
    OutcomeCase(
        "DR-04",
        Outcome.PENDING,
        "scheduled",
        about=CONFLUENCE,
        edit=move("scheduled", window_start=SOON, scheduled=PAST),
    ),
    OutcomeCase("DR-04", Outcome.PENDING, "scheduled", about=CONFLUENCE, edit=move("scheduled", scheduled=SOON)),
    OutcomeCase("DR-04", Outcome.PENDING, "moving", about=CONFLUENCE, edit=move("applying", window_end=SOON)),
    OutcomeCase("DR-04", UNKNOWN, "scheduled_without_time", about=CONFLUENCE, edit=move("scheduled")),
    OutcomeCase("DR-04", UNKNOWN, "scheduled_overdue", about=CONFLUENCE, edit=move("scheduled", scheduled=PAST)),
    OutcomeCase("DR-04", UNKNOWN, "unknown_word", about=CONFLUENCE, edit=move("thinking")),
    OutcomeCase("DR-04", UNKNOWN, "nothing_looked_at", edit=no_policies),
    OutcomeCase("DR-04", UNKNOWN, "unknown_policy_type", about=CONFLUENCE, edit=retype),
    OutcomeCase("DR-04", UNKNOWN, "unknown_policy_type", about=CONFLUENCE, edit=list_in_a_successor),
    OutcomeCase("DR-04", UNKNOWN, "forbidden", about=CONFLUENCE, fault="403-a@policies", scope=POLICIES),
    OutcomeCase(
        # The policies were read and list moves; of which apps, nobody can say.
        "DR-04",
        UNKNOWN,
        "nothing_looked_at",
        edit=move("failed"),
        fault="403-bare@workspaces",
        scope="read:workspaces:admin",
    ),
    OutcomeCase("DR-04", Outcome.STALE, "evidence_too_old", about=CONFLUENCE, days_later=3),
    OutcomeCase("DR-11", Outcome.NOT_ACHIEVABLE, "no_residency"),
    OutcomeCase("DR-14", Outcome.PASS, "all_listed"),
    OutcomeCase(
        # A policy of another kind may name an app that is gone.
        "DR-14",
        Outcome.PASS,
        "all_listed",
        edit=lambda o: o.add(Policy("x", "generative-ai", resources=(Resource("ari:gone", "enabled"),))),
    ),
    OutcomeCase("DR-14", FAIL, "policy_and_inventory_differ", edit=unlist),
    OutcomeCase("DR-14", FAIL, "policy_and_inventory_differ", edit=lambda o: o.remove_app("tidy/confluence")),
    OutcomeCase("DR-14", FAIL, "no_residency_policy", edit=lambda o: o.remove(o.policy(EU))),
    OutcomeCase("DR-14", UNKNOWN, "policies_not_shown", edit=no_policies),
    OutcomeCase("DR-14", UNKNOWN, "unknown_policy_type", edit=retype),
    OutcomeCase("DR-14", UNKNOWN, "unknown_policy_type", edit=list_in_a_successor),
    OutcomeCase("DR-14", Outcome.CONFLICT, "several_policies", edit=list_twice),
    OutcomeCase("DR-14", Outcome.NOT_ACHIEVABLE, "plan_without_residency", edit=every_plan("Free"), scenario="small"),
    OutcomeCase(
        "DR-14",
        UNKNOWN,
        "unclear_apps",
        edit=together(every_plan("Free"), lambda o: o.set_plan("corner-shop/confluence", "Platinum")),
        scenario="small",
    ),
    OutcomeCase(
        "DR-14",
        UNKNOWN,
        "unclear_apps",
        edit=together(unlist, lambda o: o.set_app("tidy/confluence", type_key="assets")),
    ),
    OutcomeCase("DR-14", UNKNOWN, "forbidden", fault="403-a@policies", scope=POLICIES),
    OutcomeCase("DR-14", UNKNOWN, "inventory_not_whole", fault="403-bare@workspaces", scope="read:workspaces:admin"),
    OutcomeCase("DR-14", Outcome.STALE, "evidence_too_old", days_later=3),
)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Where this file's cases play."""
    with set_stage(tmp_path_factory) as opened:
        yield opened


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_residency_policy_check_says(case: OutcomeCase, stage: Stage) -> None:
    """The outcome, its reason, and evidence for everything but `unknown`."""
    assert_as_said(case, stage.find(case))
