"""The limits of data residency: by plan (DR-03), by app (DR-06), for AI (DR-09), for aggregated data (DR-10) and more.

Also the audit log (DR-11), customer-managed keys (DR-12) and the organization's residency policies (DR-14).
"""

from __future__ import annotations

from dataclasses import replace

from contribaudit.catalogue import ai_access as ai
from contribaudit.catalogue import ai_tools as tools
from contribaudit.catalogue import data_contribution as contribution
from contribaudit.catalogue.data_residency import APP_POLICIES, BYOK, POLICIES
from contribaudit.checks.ai_access.apps import exposure
from contribaudit.checks.contributed import BEFORE
from contribaudit.checks.data_contribution.switches import in_app_off, metadata_off
from contribaudit.checks.data_residency.pinning import may_have_residency, no_policy_at_all, none_within
from contribaudit.checks.data_residency.realm import allowed_realms, realm_of, realm_unclear, realms, without_residency
from contribaudit.checks.reading import (
    attested_choice,
    attested_list,
    code_of,
    fragile,
    fragile_in_own_trial,
    fragile_in_trial,
    list_evidence,
    most_severe,
    none_among_apps,
    of_apps,
    plan_of,
    plan_unclear,
    rulebook_evidence,
    unknown_app,
    unless_no_screen,
    unread,
)
from contribaudit.core.judge.check import ATTESTED, Check, CheckContext, Expectation, Shape, Verdict, check
from contribaudit.core.model import names
from contribaudit.core.model.finding import Evidence, Outcome
from contribaudit.core.model.observation import Observed
from contribaudit.core.model.rulebook import Plan
from contribaudit.core.model.setting import Setting
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.core.resolve.aliases import alias_of, called
from contribaudit.core.resolve.state import State


@check(
    "DR-09",
    "no-ai-processing-outside-location",
    reads=(
        ai.ACCESS.id,
        tools.OWN_SETTING.id,
        tools.MCP_SUPPORTED_DOMAINS.id,
        tools.MCP_DOMAINS.id,
        tools.MCP_API_TOKENS.id,
        tools.WEB_SEARCH.id,
    ),
    outcomes=ATTESTED | {Outcome.NO_SUCH_SETTING},
)
@fragile_in_trial
def ai_processing(case: CheckContext) -> Verdict:
    """DR-09: AI is off everywhere, because residency covers stored data and not the data that models process.

    Third-party tools that connect over MCP process data wherever they run, and web searches leave the location, so both
    must be off too. No documented option keeps this processing in a region; a waiver accepts it.
    """
    answer = exposure(case, case.subject)
    if answer.outcome is Outcome.FAIL:
        reason = f"{answer.reason}, and {case.state.rulebook.ai_processing.text}"
        return replace(answer, reason_code="ai_leaves_realm", reason=reason)
    parts = [answer, *(_choice_verdict(case, *way) for way in _WAYS_OUT), _own_domains(case)]
    if answer.outcome is Outcome.NO_SUCH_SETTING:
        # Only Rovo searches the web, but what a person saw outweighs a list of plans.
        parts = [one for one in parts if one.setting != tools.WEB_SEARCH.id or one.outcome is Outcome.FAIL]
    worst = most_severe(parts)
    if worst is None or worst.outcome is not Outcome.PASS:
        return worst or answer
    evidence = tuple(evidence for one in parts for evidence in one.evidence)
    if answer.outcome is not Outcome.PASS:
        return replace(answer, evidence=evidence)
    reason = f"AI is off everywhere ({answer.reason}), no tool connects over MCP, and web search is off"
    return replace(answer, reason_code="ai_off", reason=reason, evidence=evidence)


_WAYS_OUT = (
    (
        tools.MCP_SUPPORTED_DOMAINS,
        "blocked",
        "mcp_open",
        "tools of the domains that Atlassian supports can connect over MCP and process data wherever they run",
    ),
    (
        tools.MCP_API_TOKENS,
        "off",
        "mcp_open",
        "tools that sign in with an API token can connect over MCP and process data wherever they run",
    ),
    (tools.WEB_SEARCH, "off", "web_search_on", "the web search option is on: queries leave for the web"),
)


def _choice_verdict(case: CheckContext, setting: Setting, closed: str, code: str, opened: str) -> Verdict:
    word = attested_choice(case.state, case.subject, setting, closed)
    if isinstance(word, Verdict):
        return word
    evidence = case.evidence(setting.id)
    if word == closed:
        return Verdict(Outcome.PASS, code_of(setting, word), "", setting.id, closed, word, evidence)
    return Verdict(Outcome.FAIL, code, opened, setting.id, closed, word, evidence)


def _own_domains(case: CheckContext) -> Verdict:
    setting = tools.MCP_DOMAINS
    listed = attested_list(case, setting, ())
    if isinstance(listed, Verdict):
        return listed
    evidence = case.evidence(setting.id)
    if not listed:
        return Verdict(Outcome.PASS, "no_domains", "", setting.id, (), listed, evidence)
    reason = f"tools can connect over MCP from {', '.join(listed)} and process data wherever they run"
    return Verdict(Outcome.FAIL, "mcp_open", reason, setting.id, (), listed, evidence)


@check(
    "DR-10",
    "no-aggregates-outside-location",
    reads=(contribution.METADATA.id, contribution.IN_APP.id, names.INCLUDED, names.HIGHEST_PLAN, names.EXEMPTION),
    outcomes=ATTESTED | BEFORE | {Outcome.NOT_ACHIEVABLE},
)
def aggregates(case: CheckContext) -> Verdict:
    """DR-10: nothing is contributed, because de-identified and aggregated data is not kept in any realm."""
    answers = (metadata_off(case), in_app_off(case))
    settled = next((one for one in answers if one.outcome in BEFORE), None)
    impossible = next((one for one in answers if one.outcome is Outcome.NOT_ACHIEVABLE), None)
    worst = settled or impossible or most_severe(answers)
    if worst is not None and worst.outcome is not Outcome.PASS:
        also = [one.reason for one in answers if one is not worst and one.outcome is Outcome.FAIL]
        return replace(worst, reason="; ".join((worst.reason, *also)))
    evidence = tuple(evidence for one in answers for evidence in one.evidence)
    reason = "nothing is contributed, so nothing is aggregated outside the location from now on"
    verdict = Verdict(Outcome.PASS, "contribution_off", reason, contribution.METADATA.id, "off", "off", evidence)
    return fragile(verdict, "; ".join(one.reason for one in answers if one.fragile))


@check("DR-11", "audit-log-location-accepted", outcomes={Outcome.NOT_ACHIEVABLE})
def audit_log(case: CheckContext) -> Verdict:
    """DR-11: no plan offers data residency for the audit log; a waiver accepts that."""
    reason = "data residency is not available for the audit log on any plan"
    return Verdict(Outcome.NOT_ACHIEVABLE, "no_residency", reason, None, None, None, rulebook_evidence(case))


@check(
    "DR-12",
    "customer-key-apps-location-allowed",
    Kind.APP,
    reads=(BYOK.id, names.REALM, names.APP_TYPE_KEY),
    outcomes=(ATTESTED - {Outcome.FAIL}) | {Outcome.NOT_ACHIEVABLE, Outcome.NO_SUCH_SETTING},
    applies=may_have_residency,
    expectation=realms("locations in which apps with a customer-managed key may be kept"),
)
def own_key(case: CheckContext) -> Verdict:
    """DR-12: an app with a customer-managed key is in a realm of the rule's `expect`, because it can no longer move."""
    setting = BYOK
    key = attested_choice(case.state, case.subject, setting)
    if isinstance(key, Verdict):
        return unless_no_screen(case, setting, key)
    evidence = case.evidence(setting.id)
    if key == "none":
        reason = "no customer-managed key, so its location can still be chosen"
        return Verdict(Outcome.PASS, "no_key", reason, setting.id, None, key, evidence)
    expected, allowed = case.listed, allowed_realms(case)
    if isinstance(allowed, Verdict):
        return allowed
    realm, seen = realm_of(case.state, case.subject)
    if realm is None:
        return realm_unclear(seen, expected)
    evidence += Evidence.of(seen)
    if realm.code in allowed:
        reason = f"stored in {realm.code}, with a customer-managed key"
        return Verdict(Outcome.PASS, "location_first", reason, names.REALM, expected, realm.code, evidence)
    reason = f"stored in {realm.code}; with a customer-managed key it can no longer be moved"
    return Verdict(Outcome.NOT_ACHIEVABLE, "cannot_be_moved", reason, names.REALM, expected, realm.code, evidence)


@check(
    "DR-03",
    "plan-offers-residency",
    Kind.APP,
    reads=(names.PLAN, names.APP_TYPE_KEY),
    outcomes={Outcome.PASS, Outcome.NOT_ACHIEVABLE, Outcome.NO_SUCH_SETTING, Outcome.UNKNOWN, Outcome.STALE},
    applies=may_have_residency,
    when_none=none_within,
)
@fragile_in_own_trial
def plan_allows(case: CheckContext) -> Verdict:
    """DR-03: the app's plan offers data residency."""
    app = case.state.app(case.subject)
    if app is None or app.residency != "yes":
        return unknown_app(case, "data residency")
    plan = plan_of(case.state, case.subject)
    if not isinstance(plan, Plan):
        return plan_unclear(plan)
    needed = f"{case.state.rulebook.plan_with('residency')} or higher"
    about = names.PLAN, needed, plan.name, case.evidence(names.PLAN)
    if plan.residency:
        return Verdict(Outcome.PASS, "plan_allows", f"the {plan.name} plan offers data residency", *about)
    return Verdict(Outcome.NOT_ACHIEVABLE, "plan_without_residency", without_residency(case.state, plan), *about)


@check(
    "DR-06",
    "apps-without-residency-accepted",
    Kind.APP,
    reads=(names.APP_TYPE_KEY,),
    outcomes={Outcome.PASS, Outcome.NOT_ACHIEVABLE, Outcome.UNKNOWN, Outcome.STALE},
    applies=of_apps(lambda app: app.residency != "yes"),
    expectation=Expectation(
        Shape.WORDS,
        "apps",
        means="apps that are accepted although they offer no data residency",
        default="none is accepted",
        example='["bitbucket", "trello"]',
    ),
    when_none=none_among_apps("lacks data residency"),
)
def outside_accepted(case: CheckContext) -> Verdict:
    """DR-06: the rule's `expect` accepts, by name, every app without data residency."""
    type_key = case.state.read(case.subject, names.APP_TYPE_KEY)
    app = case.state.app(case.subject)
    if app is None or app.residency != "none":
        return unknown_app(case, "data residency")
    if not isinstance(type_key, Observed):
        return unread(type_key)
    about = names.APP_TYPE_KEY, case.listed, app.type_key, Evidence.of(type_key)
    reason = f"Atlassian offers no data residency for {app.title}"
    if any(case.state.rulebook.app(word) == app for word in case.listed):
        return Verdict(Outcome.PASS, "accepted", f"{reason}; the policy accepts that", *about)
    return Verdict(Outcome.NOT_ACHIEVABLE, "outside_residency", reason, *about)


@check(
    "DR-14",
    "residency-policies-complete",
    reads=(POLICIES.id, APP_POLICIES.id, names.PLAN, names.APP_TYPE_KEY),
    outcomes={Outcome.PASS, Outcome.FAIL, Outcome.CONFLICT, Outcome.NOT_ACHIEVABLE, Outcome.UNKNOWN, Outcome.STALE},
)
@fragile_in_trial
def policies_list_apps(case: CheckContext) -> Verdict:
    """DR-14: every eligible app is in exactly one residency policy, and the policies name no app that does not exist.

    An empty list of policies proves too little, as does a list that holds a policy of an unknown type.
    """
    state, organization = case.state, case.subject.id
    listed_ids = state.read(case.subject, POLICIES.id)
    inventory = list_evidence(state, organization, names.WORKSPACES)
    if not isinstance(listed_ids, Observed):
        return unread(listed_ids)
    if not inventory or not list_evidence(state, organization, names.POLICIES):
        place = state.organizations[organization]
        reason = place.why_not(names.WORKSPACES) or place.why_not(names.POLICIES)
        return Verdict(Outcome.UNKNOWN, "inventory_not_whole", f"the lists are incomplete: {reason}", POLICIES.id)
    apps = state.subjects(Kind.APP, organization)
    able = [app for app in apps if _can_be_pinned(state, app)]
    unclear = [app for app in apps if _is_unclear(state, app)]
    evidence = (*Evidence.of(listed_ids), *inventory)
    if not listed_ids.value:
        about = POLICIES.id, None, (), evidence
        if able and not no_policy_at_all(state, organization):
            reason = "the list of policies shows no residency policy, which does not prove that there is none"
            return Verdict(Outcome.UNKNOWN, "policies_not_shown", reason, *about)
        if able:
            reason = f"there is no residency policy; eligible apps: {len(able)}"
            return Verdict(Outcome.FAIL, "no_residency_policy", reason, *about)
        if unclear:
            return _unclear_apps(state, unclear, (), evidence)
        reason = "no app is on a plan with data residency"
        return Verdict(Outcome.NOT_ACHIEVABLE, "plan_without_residency", reason, *about)
    twice = [app for app in apps if _policies_of(state, app) > 1]
    missing = [app for app in able if not _policies_of(state, app)]
    absent = [
        app_named
        for app_named in state.apps_named_anywhere(organization)
        if _policies_of(state, app_named) and not state.in_inventory(app_named)
    ]
    wrong = tuple(sorted(alias_of(state, app) for app in (*twice, *missing, *absent)))
    if twice:
        reason = f"two residency policies list {called(state, twice[0])}"
        return Verdict(Outcome.CONFLICT, "several_policies", reason, POLICIES.id, (), wrong, evidence)
    if missing or absent:
        verb = "is" if len(missing) == 1 else "are"
        parts = [f"{len(missing)} of {len(able)} eligible apps {verb} in no residency policy"] * bool(missing)
        parts += [f"apps in residency policies that are not in the inventory: {len(absent)}"] * bool(absent)
        return Verdict(Outcome.FAIL, "policy_and_inventory_differ", "; ".join(parts), POLICIES.id, (), wrong, evidence)
    if unclear:
        return _unclear_apps(state, unclear, wrong, evidence)
    reason = "residency policies list every app that can be pinned"
    return Verdict(Outcome.PASS, "all_listed", reason, POLICIES.id, (), (), evidence)


def _unclear_apps(
    state: State, unclear: list[Subject], wrong: tuple[str, ...], evidence: tuple[Evidence, ...]
) -> Verdict:
    reason = f"unknown whether {called(state, unclear[0])} can be in a residency policy"
    return Verdict(Outcome.UNKNOWN, "unclear_apps", reason, POLICIES.id, (), wrong, evidence)


def _policies_of(state: State, app: Subject) -> int:
    seen = state.value(app, APP_POLICIES.id)
    return len(seen.value) if seen is not None and isinstance(seen.value, tuple) else 0


def _can_be_pinned(state: State, app: Subject) -> bool:
    rulebook_app, plan = state.app(app), plan_of(state, app)
    return rulebook_app is not None and rulebook_app.residency == "yes" and isinstance(plan, Plan) and plan.residency


def _is_unclear(state: State, app: Subject) -> bool:
    if _policies_of(state, app):
        return False
    rulebook_app = state.app(app)
    if rulebook_app is None or rulebook_app.residency == "unknown":
        return True
    return rulebook_app.residency == "yes" and not isinstance(plan_of(state, app), Plan)


ALL: tuple[Check, ...] = (
    plan_allows,
    outside_accepted,
    ai_processing,
    aggregates,
    audit_log,
    own_key,
    policies_list_apps,
)
