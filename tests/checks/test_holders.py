"""AI-07, AI-25 and DC-24: who holds the role for AI, and where people looked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contribaudit.core.judge.check import Verdict
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.observation import Attester, Observation, Observed, SettingId, Value
from contribaudit.core.model.subject import COMPANY, Kind, Subject
from tests.builders import ORG, app, collection, collections, facts, judge, observed, state_of, unavailable
from tests.checks.attested import ORGANIZATION, said, seen

PASS, FAIL, UNKNOWN = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN
WIKI, BOARD = app("wiki"), app("board")
ARI = "ari:cloud:confluence::site/1"
GROUPS, ACCESS, NAME = SettingId("ai.access.role_groups"), SettingId("group.ai_access"), SettingId("group.name")
CONTRIBUTION = "Atlassian Administration > Security > Data contribution"


def group(identity: str) -> Subject:
    return Subject(ORG, Kind.GROUP, identity)


def held(identity: str, name: str = "", *resources: str) -> list[Observation]:
    """A group, and what it holds the role on; without a name it was not read."""
    named = observed(NAME, group(identity), name) if name else unavailable(NAME, group(identity))
    return [named, observed(ACCESS, group(identity), resources)]


def listed(*ids: str) -> Observed:
    return observed(GROUPS, ORGANIZATION, ids)


def holders(*more: Observation, wiki: Value | str = "limited", expect: Value = ("ai-users",)) -> Verdict:
    """AI-07 for an organization whose other app is blocked."""
    apps = [*facts(WIKI, plan="Enterprise"), *facts(BOARD, plan="Enterprise", type_key="jira-software")]
    words = [said("ai.access", wiki, WIKI), seen("ai.access", "blocked", BOARD)]
    return judge("AI-07", state_of(*apps, *words, *more), ORGANIZATION, expect)


GOOD = (listed("g1"), *held("g1", "AI-Users", ARI))


def test_what_passes_passes() -> None:
    """So that the tests below lose exactly one thing; the reason says what a pass leaves open."""
    for expect in (("ai-users",), ("G1",), ("others", " ai-users ")):
        verdict = holders(*GOOD, expect=expect)
        assert (verdict.outcome, verdict.reason_code) == (PASS, "approved_groups")
        assert "directly" in verdict.reason


@pytest.mark.parametrize("check", ["AI-06", "AI-07"])
def test_where_no_app_is_in_rovo_access_nothing_was_looked_at(check: str) -> None:
    """That Rovo is blocked in all of no apps is no answer; nor is it where the only app has a switch of its own."""
    code = facts(app("code"), plan="Enterprise", type_key="bitbucket")
    verdict = judge(check, state_of(*code, *GOOD), ORGANIZATION, ("ai-users",))
    assert (verdict.outcome, verdict.reason_code) == (UNKNOWN, "nothing_looked_at")


def test_where_no_app_can_have_ai_there_is_nothing_to_block() -> None:
    """DC-17 rests on AI being off somewhere: an organization without such an app has no setting, which is no pass."""
    pages = facts(app("pages"), plan="Enterprise", type_key="guard")
    verdict = judge("DC-17", state_of(*pages, said("contribution.metadata", "on", ORGANIZATION)), ORGANIZATION)
    assert (verdict.outcome, verdict.reason_code) == (Outcome.NO_SUCH_SETTING, "no_ai")


@pytest.mark.parametrize(
    ("more", "outcome", "code"),
    [
        ((listed("g1"), *held("g1", "", ARI)), FAIL, "group_not_approved"),
        ((*GOOD[1:], listed("g1", "g2"), *held("g2", "ai-users", ARI)), FAIL, "group_not_approved"),
        ((*GOOD[1:], listed("g1", "g2"), *held("g2", "others")), UNKNOWN, "holding_not_shown"),
        ((*GOOD[1:], listed("g1", "g2"), unavailable(ACCESS, group("g2"))), UNKNOWN, "wrong_type"),
        ((*GOOD[1:], unavailable(GROUPS, ORGANIZATION)), UNKNOWN, "wrong_type"),
        (GOOD[1:], UNKNOWN, "not_read"),
        ((listed(),), UNKNOWN, "no_group_shown"),
        ((observed(GROUPS, ORGANIZATION, None),), UNKNOWN, "null"),
    ],
)
def test_nothing_less_passes(more: tuple[Observation, ...], outcome: Outcome, code: str) -> None:
    """A name of two groups approves neither, an unread name none; an unread or empty list is no proof."""
    verdict = holders(*more)
    assert (verdict.outcome, verdict.reason_code) == (outcome, code), verdict.reason


def test_a_stranger_that_was_seen_counts_though_the_list_is_not_whole() -> None:
    """A partial reading proves what it shows."""
    verdict = holders(*held("g9", "others", ARI), unavailable(GROUPS, ORGANIZATION))
    assert (verdict.outcome, verdict.observed) == (FAIL, ("others",))


@pytest.mark.parametrize(
    ("word", "outcome", "code"),
    [
        ("allowed", FAIL, "open_to_everyone"),
        ("blocked", PASS, "blocked_everywhere"),
        ("<not_read>", UNKNOWN, "not_read"),
        ("<signal_moved>", Outcome.STALE, "signal_moved"),
        ("some", UNKNOWN, "unknown_word"),
    ],
)
def test_the_role_alone_proves_nothing(word: str, outcome: Outcome, code: str) -> None:
    """Where everybody has access nobody needs it; only limited and blocked apps make it the whole answer."""
    verdict = holders(*GOOD, wiki=word)
    assert (verdict.outcome, verdict.reason_code) == (outcome, code), verdict.reason


def test_blocked_apps_need_no_holders_but_the_list_must_have_been_read() -> None:
    assert holders(listed(), wiki="blocked").outcome is PASS
    assert holders(wiki="blocked").outcome is UNKNOWN
    assert holders(*GOOD, wiki="blocked", expect=()).outcome is FAIL


def test_the_missing_scope_is_named() -> None:
    scope = "read:groups:admin"
    runs = collections(collection("ai_roles", "forbidden", scope=scope))
    verdict = judge("AI-07", state_of(*facts(WIKI), runs=runs), ORGANIZATION, ("ai-users",))
    assert (verdict.outcome, verdict.reason_code) == (UNKNOWN, "forbidden")
    assert scope in verdict.reason


@pytest.mark.parametrize("check", ["DC-10", "GV-01"])
def test_an_optional_scope_leaves_no_organization_uncovered(check: str) -> None:
    """It is named where the question is what was read, and any other refusal leaves the question open."""
    subject = COMPANY if check == "DC-10" else ORGANIZATION
    runs = collections(collection("ai_roles", "forbidden", scope="read:groups:admin"))
    verdict = judge(check, state_of(*facts(WIKI), runs=runs), subject)
    assert verdict.outcome is PASS
    assert not any("ai_roles" in one.source for one in verdict.evidence)
    if check == "DC-10":
        assert "ai_roles (read:groups:admin)" in verdict.reason
    needed = collections(collection("policies", "forbidden", scope="read:policies:admin"))
    assert judge(check, state_of(*facts(WIKI), runs=needed), subject).outcome is UNKNOWN


def looked(
    setting: str,
    value: Value,
    subject: Subject = ORGANIZATION,
    *,
    screen: str = "",
    console_path: str = "",
    generation: str = "",
) -> Observed:
    """A look at a screen."""
    who = Attester("ann@acme.example", screen=screen, console_path=console_path, generation=generation)
    return replace(seen(setting, value, subject), witness=who)


@pytest.mark.parametrize(
    ("screen", "path", "outcome", "code"),
    [
        ("data-contribution", "", PASS, "right_screen"),
        ("", CONTRIBUTION, PASS, "right_screen"),
        ("data-contribution", CONTRIBUTION.lower(), PASS, "right_screen"),
        ("", "", UNKNOWN, "screen_not_recorded"),
        ("audit-log", "", UNKNOWN, "screen_not_known"),
        ("", "Atlassian Administration > Security > Audit log > Settings", UNKNOWN, "screen_not_known"),
        ("data-contribution", "Security > Audit log > Settings > In-app data", UNKNOWN, "screen_not_known"),
        ("audit-log", CONTRIBUTION, UNKNOWN, "screen_not_known"),
        ("web-search", CONTRIBUTION, FAIL, "other_screen"),
        ("data-contribution", f"{CONTRIBUTION} > Include or Exclude > Teamwork Graph connectors", FAIL, "other_screen"),
    ],
)
def test_dc_24_screen_and_path_both_lead_to_data_contribution(
    screen: str, path: str, outcome: Outcome, code: str
) -> None:
    """The audit log's setting of the same name never passes for it."""
    state = state_of(*facts(WIKI), looked("contribution.in_app", "off", screen=screen, console_path=path))
    verdict = judge("DC-24", state, ORGANIZATION)
    assert (verdict.outcome, verdict.reason_code) == (outcome, code), verdict.reason


def test_dc_24_what_an_api_said_was_looked_up_nowhere() -> None:
    state = state_of(*facts(WIKI), observed(SettingId("contribution.in_app"), ORGANIZATION, "off"))
    assert judge("DC-24", state, ORGANIZATION).reason_code == "screen_not_recorded"


def test_ai_25_one_look_without_a_path_is_one_too_many() -> None:
    """Looks at other families do not count, nor do looks that do not count themselves."""
    path, menu = "Atlassian Administration > Rovo > Rovo access", "Rovo menu"
    good = [
        *facts(WIKI),
        looked("ai.access", "limited", WIKI, console_path=path, generation=menu),
        looked("ai.web_search", "off", console_path=path, generation=menu),
    ]
    assert judge("AI-25", state_of(*good), ORGANIZATION).observed == ("Rovo menu",)
    assert judge("AI-25", state_of(*good, looked("contribution.in_app", "off")), ORGANIZATION).outcome is PASS
    assert judge("AI-25", state_of(*good, said("ai.mcp.write", "<signal_moved>")), ORGANIZATION).outcome is PASS
    silent = judge("AI-25", state_of(*good, looked("ai.mcp.write", "blocked")), ORGANIZATION)
    assert (silent.outcome, silent.setting) == (FAIL, "ai.mcp.write")
    strange = looked("ai.mcp.write", "blocked", console_path="somewhere")
    assert judge("AI-25", state_of(*good, strange), ORGANIZATION).reason_code == "generation_not_known"
