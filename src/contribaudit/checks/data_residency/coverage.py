"""Which apps residency reaches: by plan (DR-03), at all (DR-06), and by the organization's own policies (DR-14)."""

from __future__ import annotations

from contribaudit.catalogue.data_residency import APP_POLICIES, POLICIES
from contribaudit.checks.data_residency.pinning import may_have_residency, no_policy_at_all, none_within
from contribaudit.checks.parts import POLICIES as POLICY_LIST
from contribaudit.checks.parts import (
    WORKSPACES,
    app_of,
    evidence_of,
    list_evidence,
    none_among_apps,
    plan_of,
    plan_unclear,
    unread,
)
from contribaudit.checks.reading import fragile_in_own_trial, fragile_in_trial
from contribaudit.core.alias import alias_of
from contribaudit.core.judge.check import Case, Check, Expectation, Shape, Verdict
from contribaudit.core.model import names
from contribaudit.core.model.finding import Evidence, Outcome
from contribaudit.core.model.observation import Observed
from contribaudit.core.model.rulebook import Plan
from contribaudit.core.model.setting import Family
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.core.resolve.state import State


def plan_allows(case: Case) -> Verdict:
    """DR-03: the app's plan offers data residency."""
    app = app_of(case.state, case.subject)
    if app is None or app.residency != "yes":
        return _unknown_app(case)
    plan = plan_of(case.state, case.subject)
    if not isinstance(plan, Plan):
        return plan_unclear(plan)
    evidence = evidence_of(case.state.read(case.subject, names.PLAN))
    needed = case.state.rulebook.plan_with("residency")
    if plan.residency:
        reason = f"the {plan.name} plan offers data residency"
        return Verdict(Outcome.PASS, "plan_allows", reason, names.PLAN, f"{needed} or higher", plan.name, evidence)
    reason = f"the {plan.name} plan has no data residency, {needed} has"
    return Verdict(
        Outcome.NOT_ACHIEVABLE, "plan_without_residency", reason, names.PLAN, f"{needed} or higher", plan.name, evidence
    )


def outside_accepted(case: Case) -> Verdict:
    """DR-06: an app that residency does not reach is accepted by name in the rule's `expect`."""
    type_key = case.state.read(case.subject, names.APP_TYPE_KEY)
    app = app_of(case.state, case.subject)
    if app is None or app.residency != "none":
        return _unknown_app(case)
    if not isinstance(type_key, Observed):
        return unread(type_key)
    wanted = case.rule.expect if isinstance(case.rule.expect, tuple) else ()
    accepted = {known.type_key for word in wanted if (known := case.state.rulebook.app(word)) is not None}
    evidence = evidence_of(type_key)
    reason = f"Atlassian offers no data residency for {app.title}"
    if app.type_key in accepted:
        return Verdict(
            Outcome.PASS,
            "accepted",
            f"{reason}, which the policy accepts",
            names.APP_TYPE_KEY,
            wanted,
            app.type_key,
            evidence,
        )
    return Verdict(
        Outcome.NOT_ACHIEVABLE, "outside_residency", reason, names.APP_TYPE_KEY, wanted, app.type_key, evidence
    )


def _unknown_app(case: Case) -> Verdict:
    type_key = case.state.read(case.subject, names.APP_TYPE_KEY)
    if not isinstance(type_key, Observed) or not isinstance(type_key.value, str):
        return unread(type_key)
    reason = f"the rulebook does not know whether data residency reaches {type_key.value}"
    return Verdict(
        Outcome.UNKNOWN, "unknown_app", reason, names.APP_TYPE_KEY, None, type_key.value, evidence_of(type_key)
    )


def policies_list_apps(case: Case) -> Verdict:
    """DR-14: every app that can be held is in one residency policy, and policies name no app that is not there.

    An empty list of policies says too little, as does one with a policy of a type that this version does not know.
    """
    state, organization = case.state, case.subject.id
    listed_ids = state.read(case.subject, POLICIES.id)
    inventory = list_evidence(state, organization, WORKSPACES)
    if not isinstance(listed_ids, Observed):
        return unread(listed_ids)
    if not inventory or not list_evidence(state, organization, POLICY_LIST):
        place = state.organizations[organization]
        reason = place.why_not(WORKSPACES) or place.why_not(POLICY_LIST)
        return Verdict(Outcome.UNKNOWN, "inventory_not_whole", f"the lists are not whole: {reason}", POLICIES.id)
    apps = state.subjects(Kind.APP, organization)
    able = [app for app in apps if _able(state, app)]
    unclear = [app for app in apps if _unclear(state, app)]
    evidence = (*evidence_of(listed_ids), *inventory)
    if not listed_ids.value:
        if able and not no_policy_at_all(state, organization):
            reason = "the list of policies shows no residency policy, and does not show that there is none"
            return Verdict(Outcome.UNKNOWN, "policies_not_shown", reason, POLICIES.id, None, (), evidence)
        if able:
            reason = f"there is no residency policy, though {len(able)} apps could be in one"
            return Verdict(Outcome.FAIL, "no_residency_policy", reason, POLICIES.id, None, (), evidence)
        if unclear:
            return _unclear_apps(state, unclear, (), evidence)
        reason = "no app is on a plan with data residency"
        return Verdict(Outcome.NOT_ACHIEVABLE, "plan_without_residency", reason, POLICIES.id, None, (), evidence)
    twice = [app for app in apps if _policies_of(state, app) > 1]
    missing = [app for app in able if not _policies_of(state, app)]
    strangers = [
        one
        for one in state.apps_named_anywhere(organization)
        if _policies_of(state, one) and not state.in_inventory(one)
    ]
    wrong = tuple(sorted(alias_of(state, app) for app in (*twice, *missing, *strangers)))
    if twice:
        reason = f"two residency policies list {alias_of(state, twice[0])}"
        return Verdict(Outcome.CONFLICT, "several_policies", reason, POLICIES.id, (), wrong, evidence)
    if missing or strangers:
        parts = [f"{len(missing)} apps are in no residency policy"] * bool(missing)
        parts += [f"policies list {len(strangers)} apps that are not in the inventory"] * bool(strangers)
        return Verdict(Outcome.FAIL, "policy_and_inventory_differ", "; ".join(parts), POLICIES.id, (), wrong, evidence)
    if unclear:
        return _unclear_apps(state, unclear, wrong, evidence)
    reason = f"residency policies list all {len(able)} apps that can be held"
    return Verdict(Outcome.PASS, "all_listed", reason, POLICIES.id, (), (), evidence)


def _unclear_apps(
    state: State, unclear: list[Subject], wrong: tuple[str, ...], evidence: tuple[Evidence, ...]
) -> Verdict:
    reason = f"whether {alias_of(state, unclear[0])} can be in a residency policy is not known"
    return Verdict(Outcome.UNKNOWN, "unclear_apps", reason, POLICIES.id, (), wrong, evidence)


def _policies_of(state: State, app: Subject) -> int:
    seen = state.value(app, APP_POLICIES.id)
    return len(seen.value) if seen is not None and isinstance(seen.value, tuple) else 0


def _able(state: State, app: Subject) -> bool:
    known, plan = app_of(state, app), plan_of(state, app)
    return known is not None and known.residency == "yes" and isinstance(plan, Plan) and plan.residency


def _unclear(state: State, app: Subject) -> bool:
    if _policies_of(state, app):
        return False
    known = app_of(state, app)
    if known is None or known.residency == "unknown":
        return True
    return known.residency == "yes" and not isinstance(plan_of(state, app), Plan)


def _may_be_outside(state: State, subject: Subject) -> bool:
    app = app_of(state, subject)
    return app is None or app.residency != "yes"


DR_03 = Check(
    id="DR-03",
    family=Family.DATA_RESIDENCY,
    kind=Kind.APP,
    reads=(names.PLAN, names.APP_TYPE_KEY),
    outcomes=frozenset((Outcome.PASS, Outcome.NOT_ACHIEVABLE, Outcome.NO_SUCH_SETTING, Outcome.UNKNOWN, Outcome.STALE)),
    judge=fragile_in_own_trial(plan_allows),
    applies=may_have_residency,
    when_none=none_within,
)
DR_06 = Check(
    id="DR-06",
    family=Family.DATA_RESIDENCY,
    kind=Kind.APP,
    reads=(names.APP_TYPE_KEY,),
    outcomes=frozenset((Outcome.PASS, Outcome.NOT_ACHIEVABLE, Outcome.UNKNOWN, Outcome.STALE)),
    judge=outside_accepted,
    applies=_may_be_outside,
    expectation=Expectation(Shape.WORDS, "apps"),
    when_none=none_among_apps("is outside data residency"),
)
DR_14 = Check(
    id="DR-14",
    family=Family.DATA_RESIDENCY,
    kind=Kind.ORGANIZATION,
    reads=(POLICIES.id, APP_POLICIES.id, names.PLAN, names.APP_TYPE_KEY),
    outcomes=frozenset(
        (Outcome.PASS, Outcome.FAIL, Outcome.CONFLICT, Outcome.NOT_ACHIEVABLE, Outcome.UNKNOWN, Outcome.STALE)
    ),
    judge=fragile_in_trial(policies_list_apps),
)
