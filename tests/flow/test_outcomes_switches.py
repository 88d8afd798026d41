"""DC and GV: switches, decisions, exemptions and what follows from them, with what people attested."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from contribaudit.core.model.finding import Outcome
from contribaudit.simulator import Organization
from tests.flow.outcomes import (
    EVERY_APP,
    TODAY,
    USED_SINCE,
    OutcomeCase,
    Said,
    Stage,
    assert_as_said,
    doubted,
    only_on_free,
    set_stage,
)

PASS, FAIL, UNKNOWN, STALE = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN, Outcome.STALE
NOT_ACHIEVABLE, EXEMPT, PENDING = Outcome.NOT_ACHIEVABLE, Outcome.EXEMPT, Outcome.PENDING
WORKSPACES = "read:workspaces:admin"
METADATA, IN_APP = "contribution.metadata", "contribution.in_app"
METADATA_OFF, IN_APP_OFF, IN_APP_ON = Said(METADATA, "off"), Said(IN_APP, "off"), Said(IN_APP, "on")
BYOK, KEYS = Said("contribution.exemption", "byok"), Said("byok", "active", EVERY_APP)
INCLUDED = "contribution.in_app.included"
NONE_INCLUDED = Said(INCLUDED, ())
WIKI = "app:tidy.atlassian.net/confluence"
HIPAA = Said("contribution.exemption", "hipaa")
TAGGED = Said("hipaa.tagged", "yes", EVERY_APP)
BLOCKED = Said("ai.access", "blocked", EVERY_APP)
DESK_OFF = Said("ai.own_setting", "off", "app:tidy.atlassian.net/jira-servicedesk")
"""Its own AI switch, beside Rovo access."""
CONTRIBUTION_PATH = "Atlassian Administration > Security > Data contribution"
AUDIT_LOG_PATH = "Atlassian Administration > Security > Audit log > Settings"
BEFORE = -30


ADMINISTRATORS = 'expect = ["557058:0000", "557058:0001"]'


def a_group_that_administers(organization: Organization) -> None:
    """The members of a group are organization administrators."""
    organization.change(
        organization.group("org-admins"), roles={f"ari:cloud:platform::org/{organization.id}": ("atlassian/org-admin",)}
    )


def nobody_listed(organization: Organization) -> None:
    """As a key sees it that may not see administrators."""
    organization.users.clear()


def decision(setting: str, value: str, days_ago: int = 5) -> str:
    """A decision of the policy."""
    day = TODAY - timedelta(days=days_ago)
    return (
        f'[[decision]]\nsetting = "{setting}"\nvalue = "{value}"\nby = "dpo@acme.example"\n'
        f'second = "ciso@acme.example"\ndate = {day}\nticket = "GRC-1"\n'
    )


BOTH_DECIDED = decision(METADATA, "off") + decision(IN_APP, "off")


def before_it_counts(check: str, *said: Said, rule: str = "", policy: str = "") -> tuple[OutcomeCase, ...]:
    """Before data is used, and where the console shows an exemption."""
    return (
        OutcomeCase(
            check, Outcome.NOT_YET_EFFECTIVE, "before_effective_date", days_later=BEFORE, rule=rule, policy=policy
        ),
        OutcomeCase(check, EXEMPT, "exempt", said=(*said, BYOK, KEYS), rule=rule, policy=policy),
    )


METADATA_CASES = tuple(
    case
    for check in ("DC-01", "DC-02")
    for case in (
        *before_it_counts(check),
        OutcomeCase(check, PASS, "metadata_off", said=(METADATA_OFF,)),
        OutcomeCase(check, FAIL, "metadata_on", said=(Said(METADATA, "on"),)),
        OutcomeCase(check, NOT_ACHIEVABLE, "metadata_always", said=(Said(METADATA, "always"),)),
        OutcomeCase(check, NOT_ACHIEVABLE, "plan_without_switch", scenario="small"),
        OutcomeCase(check, NOT_ACHIEVABLE, "plan_without_switch", scenario="small", said=(Said(METADATA, "always"),)),
        OutcomeCase(check, UNKNOWN, "apps_unread", fault="403-bare@workspaces", scope=WORKSPACES),
        OutcomeCase(check, STALE, "evidence_too_old", said=(Said(METADATA, "off", days_ago=31),)),
        *doubted(OutcomeCase(check, PASS, ""), METADATA_OFF, "on"),
    )
)

CASES = (
    *METADATA_CASES,
    *before_it_counts("DC-03"),
    OutcomeCase("DC-03", PASS, "in_app_off", said=(IN_APP_OFF, NONE_INCLUDED), policy=decision(IN_APP, "off")),
    OutcomeCase("DC-03", PASS, "off_by_default", said=(IN_APP_OFF, NONE_INCLUDED)),
    OutcomeCase("DC-03", FAIL, "opened_by_list", said=(IN_APP_OFF, Said(INCLUDED, (WIKI,)))),
    OutcomeCase("DC-03", FAIL, "opened_by_list", said=(IN_APP_OFF, Said(INCLUDED, (f"space:{WIKI[4:]}/ENG",)))),
    OutcomeCase("DC-03", FAIL, "opened_by_list", said=(IN_APP_OFF, Said(INCLUDED, ("connector:drive",)))),
    OutcomeCase("DC-03", UNKNOWN, "unknown_entry", said=(IN_APP_OFF, Said(INCLUDED, ("app:gone.example/wiki",)))),
    OutcomeCase("DC-03", UNKNOWN, "not_read", said=(IN_APP_OFF,)),
    OutcomeCase("DC-03", FAIL, "in_app_on", said=(IN_APP_ON,)),
    OutcomeCase("DC-03", STALE, "evidence_too_old", said=(Said(IN_APP, "off", days_ago=31), NONE_INCLUDED)),
    OutcomeCase("DC-03", STALE, "evidence_too_old", said=(IN_APP_OFF, Said(INCLUDED, (), days_ago=31))),
    *doubted(OutcomeCase("DC-03", PASS, "", said=(NONE_INCLUDED,)), IN_APP_OFF, "on"),
    *doubted(OutcomeCase("DC-03", PASS, "", said=(IN_APP_OFF,)), NONE_INCLUDED, (WIKI,)),
    *before_it_counts("DC-05"),
    OutcomeCase("DC-05", PASS, "as_decided", said=(IN_APP_OFF, METADATA_OFF, NONE_INCLUDED), policy=BOTH_DECIDED),
    OutcomeCase(
        "DC-05",
        FAIL,
        "other_than_decided",
        said=(IN_APP_OFF, METADATA_OFF, Said(INCLUDED, (WIKI,))),
        policy=BOTH_DECIDED,
    ),
    OutcomeCase("DC-05", UNKNOWN, "not_read", said=(IN_APP_OFF, METADATA_OFF), policy=BOTH_DECIDED),
    OutcomeCase("DC-05", FAIL, "no_decision", said=(IN_APP_OFF, METADATA_OFF)),
    OutcomeCase("DC-05", FAIL, "no_decision", said=(IN_APP_OFF, METADATA_OFF), policy=decision(IN_APP, "off")),
    OutcomeCase("DC-05", FAIL, "other_than_decided", said=(IN_APP_ON, METADATA_OFF), policy=BOTH_DECIDED),
    OutcomeCase(
        "DC-05",
        PASS,
        "as_decided",
        said=(IN_APP_OFF, NONE_INCLUDED),
        policy=decision(IN_APP, "off"),
        scenario="small",
    ),
    *doubted(OutcomeCase("DC-05", PASS, "", said=(METADATA_OFF,), policy=BOTH_DECIDED), IN_APP_OFF, "on"),
    OutcomeCase("DC-09", PASS, "seen_under_this_plan", said=(IN_APP_ON, METADATA_OFF)),
    OutcomeCase("DC-09", UNKNOWN, "not_read", said=(IN_APP_ON,)),
    OutcomeCase("DC-09", PASS, "seen_under_this_plan", said=(IN_APP_ON,), scenario="small"),
    OutcomeCase("DC-09", UNKNOWN, "apps_unread", fault="403-bare@workspaces", scope=WORKSPACES),
    *doubted(OutcomeCase("DC-09", PASS, "", said=(METADATA_OFF,)), IN_APP_OFF, "on"),
    *before_it_counts("DC-15"),
    OutcomeCase("DC-15", PASS, "in_app_off", said=(IN_APP_OFF,)),
    OutcomeCase("DC-15", FAIL, "in_app_on", said=(IN_APP_ON,)),
    *doubted(OutcomeCase("DC-15", PASS, ""), IN_APP_OFF, "on"),
    *before_it_counts("DC-17"),
    OutcomeCase("DC-17", PASS, "metadata_off", said=(METADATA_OFF,)),
    OutcomeCase("DC-17", PASS, "rovo_blocked", said=(BLOCKED, DESK_OFF)),
    OutcomeCase("DC-17", UNKNOWN, "not_read", said=(BLOCKED,)),
    OutcomeCase("DC-17", Outcome.NO_SUCH_SETTING, "plan_without_ai", scenario="small", edit=only_on_free),
    OutcomeCase("DC-17", FAIL, "ai_on", said=(Said("ai.access", "limited", EVERY_APP), Said(METADATA, "on"))),
    *doubted(OutcomeCase("DC-17", PASS, "", said=(DESK_OFF,)), BLOCKED, "allowed"),
    OutcomeCase("DC-20", PASS, "no_exemption", said=(Said("contribution.exemption", "none"),)),
    OutcomeCase("DC-20", EXEMPT, "exempt", said=(BYOK, KEYS)),
    OutcomeCase("DC-20", FAIL, "exemption_on_no_app", said=(BYOK, replace(KEYS, value="none"))),
    OutcomeCase("DC-20", Outcome.CONFLICT, "exemption_not_on_plan", said=(BYOK, KEYS), scenario="small"),
    OutcomeCase("DC-20", UNKNOWN, "exemption_on_another_screen", said=(replace(BYOK, screen="encryption"), KEYS)),
    OutcomeCase("DC-20", EXEMPT, "exempt", said=(HIPAA, TAGGED), rule='expect = "hipaa"'),
    OutcomeCase("DC-20", FAIL, "other_exemption", said=(BYOK,), rule='expect = "hipaa"'),
    OutcomeCase("DC-20", FAIL, "exemption_on_no_app", said=(HIPAA, Said("hipaa.tagged", "no", EVERY_APP))),
    OutcomeCase("DC-20", UNKNOWN, "not_read", said=(HIPAA,)),
    *doubted(OutcomeCase("DC-20", PASS, ""), BYOK, "none"),
    *before_it_counts("DC-21"),
    OutcomeCase(
        "DC-21",
        PASS,
        "off_before_effective_date",
        said=(Said(IN_APP, "off", days_ago=25), Said(INCLUDED, (), days_ago=25)),
    ),
    OutcomeCase("DC-21", UNKNOWN, "day_of_change_not_known", said=(Said(IN_APP, "off", days_ago=25), NONE_INCLUDED)),
    OutcomeCase("DC-21", FAIL, "still_on", said=(Said(IN_APP, "off", days_ago=25), Said(INCLUDED, (WIKI,)))),
    OutcomeCase("DC-21", FAIL, "still_on", said=(IN_APP_ON,)),
    OutcomeCase(
        "DC-21",
        UNKNOWN,
        "day_of_change_not_known",
        said=(IN_APP_OFF, NONE_INCLUDED),
        policy=decision(IN_APP, "off", 25),
    ),
    *doubted(OutcomeCase("DC-21", PASS, "", said=(NONE_INCLUDED,)), IN_APP_OFF, "on"),
    *before_it_counts("DC-22"),
    OutcomeCase(
        "DC-22",
        PENDING,
        "deletion_runs",
        said=(IN_APP_OFF, NONE_INCLUDED, Said(METADATA, "on")),
        policy=decision(IN_APP, "off"),
    ),
    OutcomeCase("DC-22", PENDING, "deletion_runs", said=(IN_APP_OFF, NONE_INCLUDED, METADATA_OFF), policy=BOTH_DECIDED),
    OutcomeCase(
        "DC-22",
        PENDING,
        "deletion_runs",
        said=(IN_APP_OFF, NONE_INCLUDED),
        policy=decision(IN_APP, "off"),
        scenario="small",
    ),
    OutcomeCase("DC-22", FAIL, "still_on", said=(IN_APP_ON,)),
    OutcomeCase("DC-22", UNKNOWN, "not_read", said=(IN_APP_OFF, NONE_INCLUDED), policy=decision(IN_APP, "off")),
    OutcomeCase("DC-22", UNKNOWN, "opt_out_not_dated", said=(IN_APP_OFF, NONE_INCLUDED), scenario="small"),
    OutcomeCase(
        "DC-22",
        UNKNOWN,
        "opt_out_not_dated",
        said=(IN_APP_OFF, NONE_INCLUDED, METADATA_OFF),
        policy=decision(IN_APP, "off"),
    ),
    OutcomeCase(
        "DC-22",
        UNKNOWN,
        "opt_out_not_dated",
        said=(IN_APP_OFF, NONE_INCLUDED),
        policy=decision(IN_APP, "off", 25),
        scenario="small",
    ),
    *doubted(OutcomeCase("DC-22", PASS, "", said=(METADATA_OFF, NONE_INCLUDED)), IN_APP_OFF, "on"),
    OutcomeCase("DC-24", PASS, "right_screen", said=(replace(IN_APP_OFF, screen="data-contribution"),)),
    OutcomeCase("DC-24", PASS, "right_screen", said=(replace(IN_APP_ON, path=CONTRIBUTION_PATH.upper()),)),
    OutcomeCase("DC-24", FAIL, "other_screen", said=(replace(IN_APP_OFF, screen="in-app-connectors"),)),
    OutcomeCase(
        "DC-24",
        FAIL,
        "other_screen",
        said=(replace(IN_APP_OFF, path=f"{CONTRIBUTION_PATH} > Include or Exclude > Teamwork Graph connectors"),),
    ),
    OutcomeCase("DC-24", UNKNOWN, "screen_not_recorded", said=(IN_APP_OFF,)),
    OutcomeCase("DC-24", UNKNOWN, "screen_not_known", said=(replace(IN_APP_OFF, path=AUDIT_LOG_PATH),)),
    *doubted(OutcomeCase("DC-24", PASS, ""), replace(IN_APP_OFF, screen="data-contribution"), "on"),
    OutcomeCase("GV-04", PASS, "decided_by_two", policy=BOTH_DECIDED),
    OutcomeCase("GV-04", PASS, "decided_by_two", policy=decision(IN_APP, "on"), scenario="small"),
    OutcomeCase("GV-04", FAIL, "no_decision", policy=decision(IN_APP, "off")),
    OutcomeCase("GV-04", UNKNOWN, "apps_unread", policy=BOTH_DECIDED, fault="403-bare@workspaces", scope=WORKSPACES),
    OutcomeCase("GV-04", STALE, "evidence_too_old", policy=BOTH_DECIDED, days_later=3),
    OutcomeCase("GV-05", PASS, "records_updated", policy=decision("governance.records", "updated")),
    OutcomeCase("GV-05", UNKNOWN, "no_record", policy=decision("governance.records", "postponed")),
    OutcomeCase("GV-05", FAIL, "records_from_before", policy=decision("governance.records", "updated", 25)),
    OutcomeCase("GV-05", UNKNOWN, "no_record"),
    OutcomeCase("GV-02", PASS, "administrators_approved", rule=ADMINISTRATORS),
    OutcomeCase("GV-02", FAIL, "administrator_not_approved", rule='expect = ["557058:0001"]'),
    OutcomeCase("GV-02", FAIL, "administrator_not_approved", rule=ADMINISTRATORS, edit=a_group_that_administers),
    OutcomeCase("GV-02", FAIL, "administrator_not_approved", rule="expect = []", fault="500@groups-search"),
    OutcomeCase("GV-02", UNKNOWN, "policy_names_nobody"),
    OutcomeCase("GV-02", UNKNOWN, "empty_list", rule=ADMINISTRATORS, edit=nobody_listed),
    OutcomeCase("GV-02", UNKNOWN, "server_failed", rule=ADMINISTRATORS, fault="500@groups-search"),
    OutcomeCase(
        "GV-02",
        UNKNOWN,
        "forbidden",
        rule=ADMINISTRATORS,
        fault="403-b@users-search",
        scope="read:directories:admin",
    ),
    OutcomeCase("GV-02", STALE, "evidence_too_old", rule=ADMINISTRATORS, days_later=3),
)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Where this file's cases play."""
    with set_stage(tmp_path_factory) as opened:
        yield opened


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_check_of_switches_and_decisions_says(case: OutcomeCase, stage: Stage) -> None:
    """The outcome, its reason, and evidence for what claims something of a value."""
    assert_as_said(case, stage.find(case))


def test_the_cases_stand_on_both_sides_of_the_first_day() -> None:
    """Twenty-five days ago was before data was used, five days ago was not."""
    assert TODAY - timedelta(days=25) < USED_SINCE < TODAY - timedelta(days=5)
