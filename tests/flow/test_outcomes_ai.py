"""AI and DR: access, agents, tools, connectors and what residency does not reach, with what people attested."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from contribaudit.audit.replay import last_state
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.subject import Kind
from contribaudit.simulator import Organization
from tests.administrator import set_ai_role
from tests.flow.audits import of_check, simulated
from tests.flow.outcomes import (
    EVERY_APP,
    NOW,
    OutcomeCase,
    Said,
    Stage,
    assert_as_said,
    attestations,
    doubted,
    only_on_free,
    set_stage,
)
from tests.flow.test_outcomes_lists import DRIVE
from tests.flow.test_outcomes_switches import (
    BLOCKED,
    DESK_OFF,
    IN_APP_OFF,
    INCLUDED,
    METADATA_OFF,
    NONE_INCLUDED,
    WORKSPACES,
    before_it_counts,
)

PASS, FAIL, UNKNOWN, STALE = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN, Outcome.STALE
NOT_ACHIEVABLE, PENDING = Outcome.NOT_ACHIEVABLE, Outcome.PENDING
WIKI = "app:tidy.atlassian.net/confluence"
DESK = "app:tidy.atlassian.net/jira-servicedesk"
BOARD = "app:tidy.atlassian.net/jira-software"
DESK_ON = replace(DESK_OFF, value="on")
TRELLO = "trello"
JIRA_FAMILY = tuple(
    Said("ai.access", "blocked", f"app:tidy.atlassian.net/{key}")
    for key in ("jira-software", "jira-servicedesk", "jira-product-discovery")
)
LIMITED = Said("ai.access", "limited", EVERY_APP)
GROUPS = Said("ai.access.groups", ("ai-users",), EVERY_APP)
APPROVED_GROUPS = 'expect = ["AI-users"]'
CREATORS = Said("ai.agents.creators", "groups")
CREATOR_GROUPS = Said("ai.agents.creators.groups", ("builders",))
SUPPORTED_BLOCKED = Said("ai.mcp.supported_domains", "blocked")
OWN_DOMAIN = Said("ai.mcp.domains", ("mcp.acme.example",))
TOKENS_OFF = Said("ai.mcp.api_tokens", "off")
OUR_DOMAIN = 'expect = ["mcp.acme.example"]'
AI_USERS = "b1000000-0000-4000-8000-000000000002"
GROUPS_SCOPE = "read:groups:admin"
ROVO_PATH = "Atlassian Administration > Rovo > Rovo access"
WEB_SEARCH = Said("ai.web_search", "off", path="Atlassian Administration > Rovo > Rovo settings > Web search")
MCP_CLOSED = (SUPPORTED_BLOCKED, Said("ai.mcp.domains", ()), TOKENS_OFF)
WAYS_CLOSED = (*MCP_CLOSED, WEB_SEARCH)
WAYS_OPEN = (
    (replace(SUPPORTED_BLOCKED, value="allowed"), "mcp_open"),
    (OWN_DOMAIN, "mcp_open"),
    (replace(TOKENS_OFF, value="on"), "mcp_open"),
    (replace(WEB_SEARCH, value="on"), "web_search_on"),
)
TAGGED = Said("hipaa.tagged", "yes", WIKI)
EEA = 'expect = ["EEA"]'


def one_word(
    check: str, setting: str, good: str, bad: str, about: str = "organization", scenario: str = "tidy"
) -> tuple[OutcomeCase, ...]:
    """A check that one word of one setting answers."""
    leaf = setting.rpartition(".")[2]
    shown = "" if about == "organization" else about.removeprefix("app:").removeprefix("connector:")
    case = OutcomeCase(
        check, PASS, f"{leaf}_{good}", about=shown, said=(Said(setting, good, about),), scenario=scenario
    )
    return (
        case,
        OutcomeCase(check, FAIL, f"{leaf}_{bad}", about=shown, said=(Said(setting, bad, about),), scenario=scenario),
        *doubted(
            OutcomeCase(check, PASS, "", about=shown if about != DRIVE else "", scenario=scenario),
            Said(setting, good, about),
            bad,
        ),
    )


def role_of_nobody(organization: Organization) -> None:
    """No group holds the role for AI."""
    set_ai_role(organization, "ai-users", "tidy/jira-software", False)


def another_of_the_same_name(organization: Organization) -> None:
    """The name that the policy approves stands for two groups."""
    organization.change(organization.group("org-admins"), name="AI-Users")
    set_ai_role(organization, "AI-Users", "tidy/confluence", True)


def and_a_status_page(organization: Organization) -> None:
    """An app that Rovo access does not list."""
    one = organization.app("tidy/confluence")
    organization.add(replace(one, id="ari:cloud:statuspage::site/7", type_key="statuspage", type="Statuspage"))


def and_work_management(organization: Organization) -> None:
    """An app with residency that the screen of Marketplace apps does not list."""
    one = organization.app("tidy/jira-software")
    organization.add(replace(one, id="ari:cloud:jira-core::site/7", type_key="jira-core", type="Jira Work Management"))


LISTED_BLOCKED = tuple(
    Said("ai.access", "blocked", f"app:{place}")
    for place in (
        "tidy.atlassian.net/jira-software",
        "tidy.atlassian.net/jira-servicedesk",
        "tidy.atlassian.net/confluence",
        "tidy.atlassian.net/jira-product-discovery",
        "tidy-labs.atlassian.net/jira-software",
        "tidy-labs.atlassian.net/confluence",
        "tidy-sandbox.atlassian.net/jira-software",
    )
)
NO_SCREEN = (Outcome.NO_SUCH_SETTING, "no_screen")

ACCESS_CASES = (
    OutcomeCase("AI-01", *NO_SCREEN, about="statuspage", edit=and_a_status_page),
    OutcomeCase("AI-03", *NO_SCREEN, about="statuspage", edit=and_a_status_page),
    OutcomeCase("AI-19", *NO_SCREEN, about="jira-product-discovery"),
    OutcomeCase("DR-12", *NO_SCREEN, about="jira-product-discovery", rule=EEA),
    OutcomeCase(
        "DR-09", UNKNOWN, "no_statement_on_ai", said=(*LISTED_BLOCKED, DESK_OFF, *WAYS_CLOSED), edit=and_a_status_page
    ),
    *one_word("AI-01", "ai.access", "blocked", "allowed", WIKI),
    OutcomeCase("AI-01", PASS, "access_limited", about=WIKI[4:], said=(LIMITED,), rule='expect = "limited"'),
    OutcomeCase("AI-01", FAIL, "access_limited", about=WIKI[4:], said=(LIMITED,)),
    OutcomeCase("AI-01", FAIL, "jira_family_not_blocked", about=BOARD[4:], said=(*JIRA_FAMILY, DESK_ON)),
    OutcomeCase("AI-01", UNKNOWN, "not_read", about=BOARD[4:], said=JIRA_FAMILY),
    OutcomeCase("AI-01", PASS, "jira_family_blocked", about=BOARD[4:], said=(*JIRA_FAMILY, DESK_OFF)),
    OutcomeCase("AI-01", FAIL, "own_setting_on", about=DESK[4:], said=(*JIRA_FAMILY, DESK_ON)),
    OutcomeCase(
        "AI-01",
        Outcome.NO_SUCH_SETTING,
        "plan_without_ai",
        about="corner-shop.atlassian.net/confluence",
        scenario="small",
        edit=only_on_free,
    ),
    OutcomeCase("AI-02", PASS, "all_blocked", about=DESK[4:], said=(*JIRA_FAMILY, DESK_OFF)),
    OutcomeCase("AI-02", UNKNOWN, "not_read", about=DESK[4:], said=JIRA_FAMILY),
    OutcomeCase("AI-02", FAIL, "family_split", about=DESK[4:], said=(*JIRA_FAMILY, DESK_ON)),
    OutcomeCase(
        "AI-02",
        Outcome.NO_SUCH_SETTING,
        "plan_without_ai",
        about="corner-shop.atlassian.net/jira-software",
        scenario="small",
        edit=only_on_free,
    ),
    OutcomeCase("AI-02", PASS, "none_blocked", about=DESK[4:], said=(LIMITED,)),
    OutcomeCase(
        "AI-02",
        FAIL,
        "family_split",
        about=DESK[4:],
        said=(*JIRA_FAMILY[:2], Said("ai.access", "allowed", DESK.replace("servicedesk", "product-discovery"))),
    ),
    *doubted(
        OutcomeCase("AI-02", PASS, "", about=DESK[4:], said=(*JIRA_FAMILY[:2], DESK_OFF)), JIRA_FAMILY[2], "limited"
    ),
    OutcomeCase("AI-03", PASS, "reviewed", about=WIKI[4:], said=(Said("ai.access", "allowed", WIKI),)),
    *doubted(OutcomeCase("AI-03", PASS, "", about=WIKI[4:]), Said("ai.access", "allowed", WIKI), "blocked"),
    *one_word("AI-04", "ai.own_setting", "off", "on", DESK),
    OutcomeCase(
        "AI-04",
        PASS,
        "own_setting_limited",
        about=DESK[4:],
        said=(Said("ai.own_setting", "limited", DESK),),
        rule='expect = "limited"',
    ),
    *(
        OutcomeCase("AI-05", outcome, code, about=TRELLO, said=said, scenario="small")
        for outcome, code, said in (
            (
                PASS,
                "own_setting_off",
                (Said("ai.own_setting", "off", "ari:cloud:trello::workspace/5f0000000000000000000002"),),
            ),
            (
                FAIL,
                "own_setting_on",
                (Said("ai.own_setting", "on", "ari:cloud:trello::workspace/5f0000000000000000000002"),),
            ),
            (UNKNOWN, "not_read", ()),
        )
    ),
    OutcomeCase("AI-05", PASS, "none_among_apps"),
    *doubted(
        OutcomeCase("AI-05", PASS, "", about=TRELLO, scenario="small"),
        Said("ai.own_setting", "off", "ari:cloud:trello::workspace/5f0000000000000000000002"),
        "on",
    ),
    OutcomeCase("AI-06", PASS, "approved_groups", said=(BLOCKED, DESK_OFF)),
    OutcomeCase("AI-06", FAIL, "open_to_everyone", said=(BLOCKED, DESK_ON)),
    OutcomeCase("AI-06", FAIL, "not_limited_by_group", said=(BLOCKED, replace(DESK_ON, value="limited"))),
    OutcomeCase("AI-06", UNKNOWN, "not_read", said=(BLOCKED,)),
    OutcomeCase("AI-06", PASS, "approved_groups", said=(LIMITED, GROUPS, DESK_OFF), rule=APPROVED_GROUPS),
    OutcomeCase("AI-06", FAIL, "group_not_approved", said=(LIMITED, GROUPS, DESK_OFF), rule='expect = ["others"]'),
    OutcomeCase("AI-06", FAIL, "open_to_everyone", said=(Said("ai.access", "allowed", EVERY_APP),)),
    OutcomeCase("AI-06", UNKNOWN, "policy_names_no_group", said=(LIMITED, GROUPS, DESK_OFF)),
    OutcomeCase("AI-06", NOT_ACHIEVABLE, "plan_without_groups", scenario="small"),
    *doubted(OutcomeCase("AI-06", PASS, "", said=(LIMITED, DESK_OFF), rule=APPROVED_GROUPS), GROUPS, ("others",)),
    OutcomeCase("AI-07", PASS, "approved_groups", said=(LIMITED,), rule=APPROVED_GROUPS),
    OutcomeCase("AI-07", PASS, "approved_groups", said=(LIMITED,), rule=f'expect = ["{AI_USERS}"]'),
    OutcomeCase("AI-07", PASS, "blocked_everywhere", said=(BLOCKED,), rule=APPROVED_GROUPS),
    OutcomeCase("AI-07", PASS, "blocked_everywhere", said=(BLOCKED,), edit=role_of_nobody),
    OutcomeCase("AI-07", FAIL, "group_not_approved", said=(LIMITED,), rule='expect = ["others"]'),
    OutcomeCase("AI-07", FAIL, "group_not_approved", said=(BLOCKED,), rule="expect = []"),
    OutcomeCase(
        "AI-07", FAIL, "group_not_approved", said=(LIMITED,), rule=APPROVED_GROUPS, edit=another_of_the_same_name
    ),
    OutcomeCase(
        "AI-07", FAIL, "open_to_everyone", said=(Said("ai.access", "allowed", EVERY_APP),), rule=APPROVED_GROUPS
    ),
    OutcomeCase("AI-07", UNKNOWN, "policy_names_no_group", said=(LIMITED,)),
    OutcomeCase("AI-07", UNKNOWN, "no_group_shown", said=(LIMITED,), rule=APPROVED_GROUPS, edit=role_of_nobody),
    OutcomeCase(
        "AI-07",
        UNKNOWN,
        "forbidden",
        said=(LIMITED,),
        rule=APPROVED_GROUPS,
        fault="403-bare@groups-search",
        scope=GROUPS_SCOPE,
    ),
    OutcomeCase(
        "AI-07",
        UNKNOWN,
        "server_failed",
        said=(LIMITED,),
        rule='expect = ["others"]',
        fault="500@group-role-assignments",
    ),
    OutcomeCase(
        "AI-07",
        UNKNOWN,
        "apps_unread",
        said=(LIMITED,),
        rule=APPROVED_GROUPS,
        fault="403-bare@workspaces",
        scope=WORKSPACES,
    ),
    *doubted(OutcomeCase("AI-07", PASS, "", rule=APPROVED_GROUPS), LIMITED, "allowed"),
    *one_word("AI-08", "ai.portal_customers", "off", "on", DESK),
    OutcomeCase("AI-08", PASS, "none_among_apps", scenario="small"),
)
AGENT_CASES = (
    *one_word("AI-09", "ai.agents.creators", "admins", "everyone"),
    OutcomeCase("AI-09", PASS, "creators_groups", said=(CREATORS, CREATOR_GROUPS)),
    OutcomeCase("AI-09", FAIL, "group_not_approved", said=(CREATORS, CREATOR_GROUPS), rule='expect = ["others"]'),
    OutcomeCase("AI-09", UNKNOWN, "not_read", said=(CREATORS,)),
    OutcomeCase("AI-10", PASS, "access_approved", said=(Said("ai.agents.default_access", ()),)),
    OutcomeCase(
        "AI-10", PASS, "access_approved", said=(Said("ai.agents.default_access", ("Jira",)),), rule='expect = ["jira"]'
    ),
    OutcomeCase("AI-10", FAIL, "access_not_approved", said=(Said("ai.agents.default_access", ("Jira",)),)),
    *doubted(OutcomeCase("AI-10", PASS, ""), Said("ai.agents.default_access", ()), ("Jira",)),
    *one_word("AI-11", "ai.web_search", "off", "on"),
    OutcomeCase("AI-16", PASS, "domains_approved", said=(SUPPORTED_BLOCKED, OWN_DOMAIN, TOKENS_OFF), rule=OUR_DOMAIN),
    OutcomeCase("AI-16", FAIL, "domain_not_approved", said=(SUPPORTED_BLOCKED, OWN_DOMAIN, TOKENS_OFF)),
    OutcomeCase("AI-16", FAIL, "domain_not_approved", said=(Said("ai.mcp.supported_domains", "allowed"),)),
    OutcomeCase(
        "AI-16",
        FAIL,
        "tokens_pass_domains",
        said=(SUPPORTED_BLOCKED, Said("ai.mcp.domains", ()), Said("ai.mcp.api_tokens", "on")),
    ),
    *doubted(OutcomeCase("AI-16", PASS, "", said=(SUPPORTED_BLOCKED, OWN_DOMAIN), rule=OUR_DOMAIN), TOKENS_OFF, "on"),
    *one_word("AI-17", "ai.mcp.api_tokens", "off", "on"),
    *one_word("AI-18", "ai.mcp.write", "blocked", "allowed"),
    OutcomeCase(
        "AI-18", NOT_ACHIEVABLE, "not_per_sandbox", said=(Said("ai.mcp.write", "limited"),), rule='expect = "sandbox"'
    ),
    OutcomeCase("AI-19", PASS, "not_tagged", about=WIKI[4:], said=(Said("hipaa.tagged", "no", WIKI),)),
    OutcomeCase("AI-19", PASS, "ai_off", about=WIKI[4:], said=(TAGGED, BLOCKED)),
    OutcomeCase("AI-19", FAIL, "ai_on", about=WIKI[4:], said=(TAGGED, LIMITED)),
    OutcomeCase("AI-19", UNKNOWN, "not_read", about=WIKI[4:], said=(TAGGED,)),
    *doubted(OutcomeCase("AI-19", PASS, "", about=WIKI[4:], said=(BLOCKED,)), TAGGED, "no"),
    OutcomeCase("AI-21", NOT_ACHIEVABLE, "content_stays"),
    OutcomeCase("AI-22", PASS, "retention_allowed", rule='expect = "30"'),
    OutcomeCase("AI-22", NOT_ACHIEVABLE, "kept_longer", rule='expect = "7"'),
    OutcomeCase("AI-22", UNKNOWN, "policy_names_no_days"),
    *one_word("AI-23", "ai.beta_features", "off", "on"),
    OutcomeCase("AI-23", UNKNOWN, "no_switch", said=(Said("ai.beta_features", "no_switch"),)),
    OutcomeCase("AI-24", PASS, "not_claimed"),
    OutcomeCase("AI-24", NOT_ACHIEVABLE, "provider_claimed", rule='expect = ["OpenAI"]'),
    OutcomeCase("AI-25", PASS, "generation_named", said=(replace(LIMITED, path=ROVO_PATH), WEB_SEARCH)),
    OutcomeCase("AI-25", PASS, "generation_named", said=(replace(BLOCKED, screen="rovo-access", path=ROVO_PATH),)),
    OutcomeCase("AI-25", FAIL, "path_not_recorded", said=(replace(LIMITED, path=ROVO_PATH), GROUPS)),
    OutcomeCase("AI-25", UNKNOWN, "generation_not_known", said=(replace(LIMITED, path="Somewhere > Rovo"),)),
    OutcomeCase(
        "AI-25", UNKNOWN, "generation_not_known", said=(replace(LIMITED, path=ROVO_PATH, screen="web-search"),)
    ),
    OutcomeCase("AI-25", UNKNOWN, "nothing_attested"),
    OutcomeCase("AI-25", STALE, "plan_changed", said=(replace(LIMITED, path=ROVO_PATH, highest_plan="free"),)),
    OutcomeCase(
        "AI-25", Outcome.CONFLICT, "attestations_differ", said=(replace(LIMITED, path=ROVO_PATH, or_else="allowed"),)
    ),
)


def state_said(word: str, days_ago: int = 0) -> tuple[Said, ...]:
    """The connector's state."""
    return (Said("connector.state", word, DRIVE, days_ago=days_ago),)


CONNECTED = Said("connector.state", "connected", DRIVE)
CONNECTOR_CASES = (
    OutcomeCase("AI-12", PASS, "disconnected", about="drive", said=state_said("disconnected")),
    OutcomeCase("AI-12", PASS, "approved", about="drive", said=state_said("hidden"), rule='expect = ["drive"]'),
    OutcomeCase("AI-12", FAIL, "connector_not_approved", about="drive", said=state_said("hidden")),
    OutcomeCase("AI-12", PENDING, "disconnecting", about="drive", said=state_said("disconnecting")),
    OutcomeCase("AI-12", UNKNOWN, "nothing_looked_at"),
    OutcomeCase(
        "AI-12",
        STALE,
        "plan_changed",
        about="drive",
        said=(Said("connector.state", "hidden", DRIVE, highest_plan="free"),),
    ),
    OutcomeCase(
        "AI-12",
        Outcome.CONFLICT,
        "attestations_differ",
        about="drive",
        said=(Said("connector.state", "hidden", DRIVE, or_else="connected"),),
    ),
    OutcomeCase("AI-13", PASS, "disconnected", about="drive", said=state_said("disconnected")),
    OutcomeCase("AI-13", PENDING, "disconnecting", about="drive", said=state_said("disconnecting", 1)),
    OutcomeCase("AI-13", UNKNOWN, "disconnect_not_seen_done", about="drive", said=state_said("disconnecting", 3)),
    OutcomeCase("AI-13", STALE, "evidence_too_old", about="drive", said=state_said("disconnected", 31)),
    OutcomeCase(
        "AI-13",
        Outcome.CONFLICT,
        "attestations_differ",
        about="drive",
        said=(Said("connector.state", "hidden", DRIVE, or_else="connected"),),
    ),
    *one_word("AI-14", "connector.replicates_permissions", "true", "omitted", DRIVE)[:2],
    *doubted(
        OutcomeCase("AI-14", PASS, "", about="drive", said=(CONNECTED,)),
        Said("connector.replicates_permissions", "true", DRIVE),
        "false",
    ),
    OutcomeCase(
        "AI-15",
        PASS,
        "entries_valid",
        about="drive",
        said=(Said("connector.blocklist", ("https://drive.example/a",), DRIVE),),
    ),
    *(
        OutcomeCase(
            "AI-15", FAIL, "entry_is_no_address", about="drive", said=(Said("connector.blocklist", (entry,), DRIVE),)
        )
        for entry in ("a folder", "https://", "https:///sites/hr", "https://hr", "https://drive.example/a b")
    ),
    OutcomeCase(
        "AI-15",
        FAIL,
        "too_many_entries",
        about="drive",
        said=(Said("connector.blocklist", tuple(f"https://drive.example/{n}" for n in range(51)), DRIVE),),
    ),
    *doubted(
        OutcomeCase("AI-15", PASS, "", about="drive", said=(CONNECTED,)), Said("connector.blocklist", (), DRIVE), ("x",)
    ),
)
RESIDENCY_CASES = (
    OutcomeCase("DR-05", PASS, "realm_allowed", said=(Said("residency.default_realm", "EU"),), rule=EEA),
    OutcomeCase("DR-05", FAIL, "realm_not_allowed", said=(Said("residency.default_realm", "US"),), rule=EEA),
    OutcomeCase("DR-05", UNKNOWN, "unknown_realm", said=(Said("residency.default_realm", "Mars"),), rule=EEA),
    OutcomeCase("DR-05", UNKNOWN, "policy_names_no_realm", said=(Said("residency.default_realm", "EU"),)),
    *doubted(OutcomeCase("DR-05", PASS, "", rule=EEA), Said("residency.default_realm", "EU"), "US"),
    OutcomeCase(
        "DR-07", PASS, "marketplace_apps_held", about=WIKI[4:], said=(Said("residency.marketplace.unpinned", (), WIKI),)
    ),
    OutcomeCase(
        "DR-07",
        FAIL,
        "marketplace_app_unpinned",
        about=WIKI[4:],
        said=(Said("residency.marketplace.unpinned", ("Draw",), WIKI),),
    ),
    OutcomeCase(
        "DR-07",
        PASS,
        "marketplace_apps_held",
        about=WIKI[4:],
        said=(Said("residency.marketplace.unpinned", ("Draw",), WIKI),),
        rule='expect = ["draw"]',
    ),
    *doubted(
        OutcomeCase("DR-07", PASS, "", about=WIKI[4:]), Said("residency.marketplace.unpinned", (), WIKI), ("Draw",)
    ),
    OutcomeCase("DR-07", *NO_SCREEN, about="jira-core", edit=and_work_management),
    OutcomeCase("DR-08", UNKNOWN, "not_verifiable_today"),
    OutcomeCase("DR-09", PASS, "ai_off", said=(BLOCKED, DESK_OFF, *WAYS_CLOSED)),
    OutcomeCase("DR-09", FAIL, "ai_leaves_realm", said=(LIMITED,)),
    OutcomeCase("DR-09", FAIL, "ai_leaves_realm", said=(BLOCKED, DESK_ON, *WAYS_CLOSED)),
    OutcomeCase("DR-09", UNKNOWN, "not_read", said=(BLOCKED, *WAYS_CLOSED)),
    OutcomeCase("DR-09", UNKNOWN, "not_read", said=(BLOCKED, DESK_OFF)),
    *(
        OutcomeCase(
            "DR-09",
            FAIL,
            code,
            said=(BLOCKED, DESK_OFF, *(one for one in WAYS_CLOSED if one.setting != open_one.setting), open_one),
        )
        for open_one, code in WAYS_OPEN
    ),
    *(
        OutcomeCase(
            "DR-09", UNKNOWN, "not_read", said=(BLOCKED, DESK_OFF, *(one for one in WAYS_CLOSED if one is not unseen))
        )
        for unseen in WAYS_CLOSED
    ),
    OutcomeCase(
        "DR-09", Outcome.NO_SUCH_SETTING, "plan_without_ai", scenario="small", edit=only_on_free, said=MCP_CLOSED
    ),
    OutcomeCase("DR-09", FAIL, "mcp_open", scenario="small", edit=only_on_free, said=(WAYS_OPEN[2][0],)),
    OutcomeCase("DR-09", UNKNOWN, "apps_unread", said=(BLOCKED,), fault="403-bare@workspaces", scope=WORKSPACES),
    *doubted(OutcomeCase("DR-09", PASS, "", said=(DESK_OFF, *WAYS_CLOSED)), BLOCKED, "allowed"),
    *before_it_counts("DR-10"),
    OutcomeCase("DR-10", PASS, "contribution_off", said=(METADATA_OFF, IN_APP_OFF, NONE_INCLUDED)),
    OutcomeCase("DR-10", FAIL, "opened_by_list", said=(METADATA_OFF, IN_APP_OFF, Said(INCLUDED, (WIKI,)))),
    OutcomeCase("DR-10", UNKNOWN, "not_read", said=(METADATA_OFF, IN_APP_OFF)),
    OutcomeCase("DR-10", FAIL, "in_app_on", said=(METADATA_OFF, Said("contribution.in_app", "on"))),
    OutcomeCase("DR-10", NOT_ACHIEVABLE, "plan_without_switch", scenario="small", said=(IN_APP_OFF,)),
    *doubted(OutcomeCase("DR-10", PASS, "", said=(METADATA_OFF, NONE_INCLUDED)), IN_APP_OFF, "on"),
    OutcomeCase("DR-12", PASS, "no_key", about=WIKI[4:], said=(Said("byok", "none", WIKI),), rule=EEA),
    OutcomeCase("DR-12", PASS, "location_first", about=WIKI[4:], said=(Said("byok", "active", WIKI),), rule=EEA),
    OutcomeCase(
        "DR-12",
        NOT_ACHIEVABLE,
        "cannot_be_moved",
        about=WIKI[4:],
        said=(Said("byok", "active", WIKI),),
        rule='expect = ["US"]',
    ),
    OutcomeCase("DR-12", UNKNOWN, "policy_names_no_realm", about=WIKI[4:], said=(Said("byok", "active", WIKI),)),
    *doubted(OutcomeCase("DR-12", PASS, "", about=WIKI[4:], rule=EEA), Said("byok", "active", WIKI), "none"),
)
CASES = (*ACCESS_CASES, *AGENT_CASES, *CONNECTOR_CASES, *RESIDENCY_CASES)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Where this file's cases play."""
    with set_stage(tmp_path_factory) as opened:
        yield opened


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_check_of_ai_and_its_reach_says(case: OutcomeCase, stage: Stage) -> None:
    """The outcome, its reason, and evidence for what claims something of a value."""
    assert_as_said(case, stage.find(case))


def test_a_connector_that_only_people_named_is_asked(tmp_path: Path) -> None:
    """An audit has a finding on it, as it has on an app."""
    with simulated(tmp_path) as bench:
        rule = '[[rule]]\ncheck = "AI-12"\n'
        bench.audit(rule, now=NOW)
        bench.store.add_attestations(attestations(last_state(bench.job(rule, now=NOW)), (CONNECTED,)))
        found = of_check(bench.offline(rule, now=NOW), "AI-12")
        assert [(one.subject.kind, one.outcome) for one in found] == [(Kind.CONNECTOR, FAIL)]
