"""The traps: defaults that pass for decisions, lists that reopen, plans that cannot, exemptions that do not reach."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from contribaudit.core.judge.check import CheckContext, Verdict
from contribaudit.core.judge.evaluate import apply_terms
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.observation import Observation, SettingId, Value
from contribaudit.core.model.policy import Decision
from contribaudit.core.model.subject import COMPANY, Kind, Subject
from contribaudit.core.resolve.exposure import residue_until
from contribaudit.core.resolve.state import State
from tests.builders import CHECKS, ORG, RULEBOOK, app, facts, judge, policy_of, rule, state_of
from tests.checks.attested import ORGANIZATION, gone, seen

PASS, FAIL, UNKNOWN, NOT_ACHIEVABLE = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN, Outcome.NOT_ACHIEVABLE
METADATA, IN_APP, EXEMPTION = "contribution.metadata", "contribution.in_app", "contribution.exemption"
INCLUDED, EXCLUDED = "contribution.in_app.included", "contribution.in_app.excluded"
NONE_INCLUDED = seen(INCLUDED, ())
WIKI, BOARD, DESK = app("wiki"), app("board"), app("desk")


def decision(setting: str, value: str, day: date = date(2026, 11, 1), second: str = "ciso@acme.example") -> Decision:
    """A decision of the policy."""
    return Decision(SettingId(setting), value, "dpo@acme.example", second, day, "GRC-1", "policy.toml:30")


def under(
    check: str,
    state: State,
    *decisions: Decision,
    subject: Subject = ORGANIZATION,
    expect: Value = None,
    written_for_plan: str | None = None,
) -> Verdict:
    """The check's verdict under a policy with these decisions."""
    wanted = rule(check, expect=expect)
    policy = policy_of(wanted, decisions=decisions, written_for_plan=written_for_plan)
    case = CheckContext(subject, state, wanted, policy)
    return apply_terms(CHECKS[check].judge(case), case)


def on(plan: str, *observations: Observation) -> State:
    """An organization with one app on this plan."""
    return state_of(*facts(WIKI, plan=plan, type_key="confluence", host="acme.example"), *observations)


@pytest.mark.parametrize("check", ["DC-01", "DC-02", "DR-10"])
@pytest.mark.parametrize("plan", ["Free", "Standard", "Premium"])
@pytest.mark.parametrize("word", ["off", "on", "always", None])
def test_below_the_plan_with_the_switch_metadata_cannot_be_off(check: str, plan: str, word: str | None) -> None:
    """The reason names the plan that has it, from the rulebook; a switch that was seen off there contradicts that."""
    verdict = judge(check, on(plan, seen(METADATA, word), seen(IN_APP, "off"), NONE_INCLUDED), ORGANIZATION)
    if word == "off":
        assert (verdict.outcome, verdict.reason_code) == (Outcome.CONFLICT, "switch_against_plan")
        assert f"attested as off, but the {plan} plan always contributes metadata" in verdict.reason
    else:
        assert verdict.outcome is NOT_ACHIEVABLE
        assert "Enterprise has the switch" in verdict.reason
    changed = replace(
        RULEBOOK, plans=tuple(replace(one, metadata=replace(one.metadata, changeable=True)) for one in RULEBOOK.plans)
    )
    both_off = (seen(METADATA, "off"), seen(IN_APP, "off"), NONE_INCLUDED)
    state = state_of(*facts(WIKI, plan=plan), *both_off, rulebook=changed)
    assert judge(check, state, ORGANIZATION).outcome is PASS


@pytest.mark.parametrize(
    ("plan", "decided", "fragile"),
    [
        ("Enterprise", None, True),
        ("Premium", None, True),
        ("Standard", None, False),
        ("Free", None, False),
        ("Platinum", None, True),
        ("Premium", decision(IN_APP, "off"), False),
        ("Premium", decision(IN_APP, "on"), True),
        ("Premium", decision(METADATA, "off"), True),
        ("Premium", decision(IN_APP, "off", date(2026, 12, 1)), True),
    ],
)
def test_dc_03_off_by_default_is_no_decision(plan: str, decided: Decision | None, *, fragile: bool) -> None:
    """Fragile where off is, or may be, the plan's default, unless a decision of today or before says off."""
    verdict = under("DC-03", on(plan, seen(IN_APP, "off"), NONE_INCLUDED), *([decided] if decided else []))
    assert (verdict.outcome, verdict.fragile) == (PASS, fragile)


@pytest.mark.parametrize("check", ["DC-11", "DC-14", "DC-15"])
def test_what_rests_on_off_by_default_is_fragile_too(check: str) -> None:
    """Spaces, platform apps and site-wide configuration follow the switch; a decision, and Standard, make it firm."""
    said = seen(IN_APP, "off"), NONE_INCLUDED
    expect = ("space:acme.example/confluence/HR",) if check == "DC-11" else None
    by_default = under(check, on("Premium", *said), expect=expect)
    assert (by_default.outcome, by_default.fragile) == (PASS, True)
    assert "off is the default of the Premium plan" in by_default.reason
    for state, chosen in ((on("Premium", *said), [decision(IN_APP, "off")]), (on("Standard", *said), [])):
        verdict = under(check, state, *chosen, expect=expect)
        assert (verdict.outcome, verdict.fragile) == (PASS, False)


def test_dc_05_the_newest_decision_counts() -> None:
    """An older one that agrees does not cover what was decided since."""
    state = on("Standard", seen(IN_APP, "off"), NONE_INCLUDED)
    old, new = decision(IN_APP, "off", date(2026, 10, 1)), decision(IN_APP, "on")
    assert under("DC-05", state, old).outcome is PASS
    assert under("DC-05", state, old, new).outcome is FAIL
    assert under("DC-05", state, decision(IN_APP, "off", date(2027, 1, 1))).outcome is FAIL
    one_day = decision(IN_APP, "on"), decision(IN_APP, "off")
    assert under("DC-05", state, *one_day).outcome is PASS, "of one day the last in the file counts"
    assert under("DC-05", state, *reversed(one_day)).outcome is FAIL


def test_gv_04_one_person_in_two_spellings_is_one() -> None:
    """Neither a blank nor a capital makes a second person."""
    alone = decision(IN_APP, "off", second=" DPO@acme.example ")
    verdict = under("GV-04", on("Standard"), alone)
    assert (verdict.outcome, verdict.reason_code) == (FAIL, "one_person")


def test_gv_05_a_record_from_before_the_use_names_another_use() -> None:
    """On the first day it counts, on the day before not, and a record of tomorrow is none."""
    effective = RULEBOOK.effective
    for day, outcome in (
        (effective, PASS),
        (effective.replace(day=effective.day - 1), FAIL),
        (date(2027, 1, 1), UNKNOWN),
    ):
        found = under("GV-05", on("Standard"), decision("governance.records", "updated", day), subject=COMPANY)
        assert found.outcome is outcome


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("signal_moved", Outcome.STALE),
        ("plan_changed", Outcome.STALE),
        ("attestations_differ", Outcome.CONFLICT),
        ("signal_unread", UNKNOWN),
        ("not_read", FAIL),
        ("revoked", FAIL),
    ],
)
def test_an_exemption_that_may_hold_leaves_the_question_open(code: str, outcome: Outcome) -> None:
    """As long as one stands that was recorded; where nobody recorded any, the switch answers. DC-20 says the same."""
    state = on("Enterprise", gone(EXEMPTION, code), seen(IN_APP, "on"))
    assert judge("DC-03", state, ORGANIZATION).outcome is outcome
    assert judge("DC-20", state, ORGANIZATION).outcome in (Outcome.STALE, Outcome.CONFLICT, UNKNOWN)


def test_an_old_exemption_is_stale_and_hides_no_answer_as_good() -> None:
    """Nothing passes on an exemption that was last seen long ago."""
    key = seen("byok", "active", WIKI)
    state = on("Enterprise", seen(EXEMPTION, "byok", days_ago=31), key, seen(IN_APP, "off"))
    for check in ("DC-01", "DC-03", "DC-20"):
        assert judge(check, state, ORGANIZATION).outcome is Outcome.STALE


@pytest.mark.parametrize(
    ("tags", "outcome"),
    [
        (("yes", "yes"), Outcome.EXEMPT),
        (("yes", "no"), FAIL),
        (("yes", None), UNKNOWN),
        (("no", "no"), FAIL),
    ],
)
def test_dc_20_hipaa_exempts_only_with_every_tag(tags: tuple[str | None, str | None], outcome: Outcome) -> None:
    """An app that cannot be tagged needs none; a signed agreement alone is no exemption."""
    state = state_of(
        *facts(WIKI),
        *facts(BOARD, type_key="jira-software"),
        *facts(app("cards"), type_key="trello"),
        seen(EXEMPTION, "hipaa"),
        *(seen("hipaa.tagged", tag, one) for one, tag in zip((WIKI, BOARD), tags, strict=True)),
    )
    assert judge("DC-20", state, ORGANIZATION).outcome is outcome


def test_dc_04_an_alias_and_an_id_name_the_same_app() -> None:
    """Approved by alias, included by ID; another app is a stranger."""
    alias = "app:acme.example/confluence"
    state = state_of(*facts(WIKI, alias=alias), *facts(BOARD), seen(IN_APP, "off"), seen(INCLUDED, (WIKI.id,)))
    assert judge("DC-04", state, ORGANIZATION, (alias.upper(),)).outcome is PASS
    assert judge("DC-04", state, ORGANIZATION, (BOARD.id,)).outcome is FAIL


def test_dc_13_the_other_list_is_not_the_one_that_counts() -> None:
    """With the switch on, a look at the include list tells nothing."""
    state = on("Standard", seen(IN_APP, "on"), seen(INCLUDED, ()))
    assert judge("DC-13", state, ORGANIZATION).outcome is UNKNOWN


def test_dc_07_asks_apps_that_can_move_the_defaults() -> None:
    """An app below the plan that the policy was written for need not be looked at; a trial seen there still counts."""
    state = state_of(*facts(WIKI, plan="Premium"), *facts(BOARD, plan="Free"), seen("trial", "none", WIKI))
    assert under("DC-07", state, written_for_plan="premium").outcome is PASS
    assert under("DC-07", state).outcome is UNKNOWN
    state.add(seen("trial", "running", BOARD))
    assert under("DC-07", state, written_for_plan="premium").outcome is FAIL


def test_dc_08_the_trial_that_ends_first_is_named() -> None:
    """`pending`, with its last day."""
    state = state_of(
        *facts(WIKI),
        *facts(BOARD),
        *(seen("trial", "running", one) for one in (WIKI, BOARD)),
        seen("trial.ends_on", "2026-12-24", WIKI),
        seen("trial.ends_on", "2026-12-01", BOARD),
    )
    verdict = judge("DC-08", state, ORGANIZATION)
    assert verdict.outcome is Outcome.PENDING
    assert verdict.due_at is not None
    assert verdict.due_at.date() == date(2026, 12, 1)


@pytest.mark.parametrize(
    ("day", "outcome", "due"),
    [
        (date(2026, 11, 20), Outcome.PENDING, date(2026, 12, 20)),
        (date(2026, 10, 1), Outcome.PENDING, date(2026, 12, 30)),
        (date(2026, 8, 18), UNKNOWN, None),
        (date(2026, 8, 16), UNKNOWN, None),
    ],
)
def test_dc_22_a_deletion_is_never_verified(day: date, outcome: Outcome, due: date | None) -> None:
    """30 days, then 90, then `unknown` for ever: nobody outside can see it."""
    verdict = under("DC-22", on("Standard", seen(IN_APP, "off"), NONE_INCLUDED), decision(IN_APP, "off", day))
    assert verdict.outcome is outcome
    assert (verdict.due_at.date() if verdict.due_at else None) == due


def test_dc_22_both_opt_outs_run_side_by_side() -> None:
    """The first end that is still ahead counts, and the reason names all of them and what may stay."""
    state = on("Enterprise", seen(IN_APP, "off"), seen("contribution.metadata", "off"), NONE_INCLUDED)
    both = decision(IN_APP, "off", date(2026, 10, 1)), decision("contribution.metadata", "off", date(2026, 11, 1))
    verdict = under("DC-22", state, *both)
    assert (verdict.outcome, verdict.setting) == (Outcome.PENDING, IN_APP)
    assert verdict.due_at is not None
    assert verdict.due_at.date() == date(2026, 12, 30)
    for day in ("2026-10-31", "2026-12-30", "2027-01-30", "until 2033-10-01", "until 2033-11-01"):
        assert day in verdict.reason
    early = under("DC-22", state, decision(IN_APP, "off", date(2026, 8, 1)), both[1])
    assert (early.outcome, early.setting) == (Outcome.PENDING, "contribution.metadata")
    assert "nothing was contributed" in early.reason


def test_dc_22_metadata_that_is_off_without_a_date_leaves_it_open() -> None:
    """An opt-out that nobody dated is not covered by the clock of the other."""
    state = on("Enterprise", seen(IN_APP, "off"), seen("contribution.metadata", "off"), NONE_INCLUDED)
    verdict = under("DC-22", state, decision(IN_APP, "off", date(2026, 11, 1)))
    assert (verdict.outcome, verdict.reason_code) == (UNKNOWN, "opt_out_not_dated")
    unread = on("Enterprise", seen(IN_APP, "off"), NONE_INCLUDED)
    assert under("DC-22", unread, decision(IN_APP, "off", date(2026, 11, 1))).outcome is UNKNOWN


def test_dc_22_a_leap_day_has_its_residue_on_the_first_of_march() -> None:
    assert residue_until(RULEBOOK.clocks, date(2028, 2, 29)) == date(2035, 3, 1)


@pytest.mark.parametrize(
    ("words", "outcome", "code"),
    [
        (("blocked", "blocked"), PASS, "all_blocked"),
        (("allowed", "limited"), PASS, "none_blocked"),
        (("blocked", "limited"), FAIL, "family_split"),
        (("blocked", "allowed"), FAIL, "family_split"),
        (("blocked", None), UNKNOWN, "null"),
    ],
)
def test_ai_02_one_open_app_opens_the_site(words: tuple[str, str | None], outcome: Outcome, code: str) -> None:
    """On its own site only, and whatever Confluence has."""
    state = state_of(
        *facts(BOARD, type_key="jira-software", host="a.example"),
        *facts(DESK, type_key="jira-servicedesk", host="a.example"),
        *facts(WIKI, host="a.example"),
        *facts(app("far"), type_key="jira-software", host="b.example"),
        *(seen("ai.access", word, one) for one, word in zip((BOARD, DESK), words, strict=True)),
        seen("ai.own_setting", "off", DESK),
        seen("ai.access", "allowed", WIKI),
        seen("ai.access", "allowed", app("far")),
    )
    for one in (BOARD, DESK):
        verdict = judge("AI-02", state, one)
        assert (verdict.outcome, verdict.reason_code) == (outcome, code)


def test_ai_11_promises_nothing_about_other_ways_out() -> None:
    """With web search off an address can still be fetched: no text says that nothing leaves."""
    words = RULEBOOK.words["AI-11"]
    verdict = judge("AI-11", on("Standard", seen("ai.web_search", "off")), ORGANIZATION)
    for text in (words.title, words.question, words.remediation, verdict.reason):
        assert "egress" not in text.casefold()
        assert "nothing leaves" not in text.casefold()
    assert "fetch" in verdict.reason
    assert "fetch" in words.trap


def test_ai_16_approved_domains_with_tokens_on_are_an_open_door() -> None:
    """The domain rules bind no token, so the answer needs both."""
    said = [seen("ai.mcp.supported_domains", "allowed"), seen("ai.mcp.domains", ("x.example",))]
    approved = ("Atlassian-supported", "X.example")
    for tokens, outcome in (("off", PASS), ("on", FAIL), (None, UNKNOWN)):
        state = on("Standard", *said, seen("ai.mcp.api_tokens", tokens))
        assert judge("AI-16", state, ORGANIZATION, approved).outcome is outcome
    assert judge("AI-16", on("Standard", *said), ORGANIZATION, approved).outcome is UNKNOWN


def test_ai_14_a_word_left_out_copies_no_permissions() -> None:
    """Omitted counts as false."""
    connector = Subject(ORG, Kind.CONNECTOR, "drive")
    for word, outcome in (("true", PASS), ("false", FAIL), ("omitted", FAIL)):
        state = on("Standard", seen("connector.replicates_permissions", word, connector))
        assert judge("AI-14", state, connector).outcome is outcome


def test_dc_14_an_entry_for_a_platform_app_excludes_nothing() -> None:
    """By its ID as by its alias."""
    assets = app("assets")
    for entry in (assets.id, "app:acme.example/assets"):
        state = state_of(
            *facts(WIKI),
            *facts(assets, type_key="assets", alias="app:acme.example/assets"),
            seen(IN_APP, "on"),
            seen(EXCLUDED, (entry,)),
        )
        assert judge("DC-14", state, ORGANIZATION).outcome is NOT_ACHIEVABLE


def test_a_word_that_no_policy_file_may_hold_proves_nothing() -> None:
    """A rule that was made otherwise than by a file."""
    state = state_of(*facts(WIKI, host="a.example"), seen("ai.access", "blocked", WIKI))
    verdict = judge("AI-01", state, WIKI, "opt-in")
    assert (verdict.outcome, verdict.reason_code) == (UNKNOWN, "policy_word_unknown")
