"""Whom AI serves: groups (AI-06), and apps that hold health data (AI-19)."""

from __future__ import annotations

from dataclasses import replace

from contribaudit.catalogue import ai_access as ai
from contribaudit.catalogue import ai_tools as tools
from contribaudit.catalogue import hipaa
from contribaudit.checks.ai_access.reach import exposure, nothing_to_ask, on_its_screen
from contribaudit.checks.parts import WORKSPACES, app_of, evidence_of, list_evidence
from contribaudit.checks.reading import (
    ATTESTED,
    apps_of,
    beyond,
    fragile_in_trial,
    gravest,
    highest_plan,
    list_of,
    unless_no_screen,
    word_of,
)
from contribaudit.core.alias import alias_of
from contribaudit.core.effective_ai_switches import BLOCKED, LIMITED
from contribaudit.core.judge.check import Case, Check, Expectation, Shape, Verdict
from contribaudit.core.model import names
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.setting import Family
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.core.resolve.state import State


def approved_groups(case: Case) -> Verdict:
    """AI-06: Rovo access is limited to the groups of the rule's `expect`, or blocked, in every app.

    `not_achievable` on a plan whose console cannot limit access by group.
    Source: https://support.atlassian.com/organization-administration/docs/manage-rovo-access-for-enterprise/
    """
    plan = highest_plan(case, case.rule.expect)
    if isinstance(plan, Verdict):
        return plan
    able = case.state.rulebook.plan_with("rovo_by_group")
    if not able:
        reason = "the rulebook names no plan on which Rovo can be limited by group: set rovo_by_group in plans.toml"
        return Verdict(Outcome.UNKNOWN, "plan_with_groups_not_known", reason, ai.ACCESS_GROUPS.id, case.rule.expect)
    if not plan.rovo_by_group:
        reason = f"the {plan.name} plan cannot limit Rovo by group, {able} can"
        evidence = evidence_of(case.state.read(case.subject, names.HIGHEST_PLAN))
        return Verdict(
            Outcome.NOT_ACHIEVABLE,
            "plan_without_groups",
            reason,
            ai.ACCESS_GROUPS.id,
            case.rule.expect,
            None,
            evidence,
        )
    apps = apps_of(case, ai.ACCESS)
    if isinstance(apps, Verdict):
        return apps
    answers = [_limited(case, app) for app in apps if on_its_screen(case.state, app)]
    worst = gravest(answers)
    if worst is None:
        return nothing_to_ask(ai.ACCESS_GROUPS, case.rule.expect)
    if worst.outcome is not Outcome.PASS:
        return worst
    evidence = (
        *list_evidence(case.state, case.subject.organization, WORKSPACES),
        *(evidence for answer in answers for evidence in answer.evidence),
    )
    reason = f"Rovo is blocked or limited to approved groups in all {len(answers)} apps"
    return Verdict(Outcome.PASS, "approved_groups", reason, ai.ACCESS.id, case.rule.expect, None, evidence)


def _limited(case: Case, app: Subject) -> Verdict:
    """Blocked, or limited to approved groups; a switch of the app's own that is limited is so by no group."""
    called = alias_of(case.state, app)
    answer = exposure(case, app, LIMITED)
    if answer.outcome is not Outcome.PASS:
        code = "open_to_everyone" if answer.outcome is Outcome.FAIL else answer.reason_code
        return replace(answer, reason_code=code, reason=f"{called}: {answer.reason}")
    evidence = answer.evidence
    own = case.state.value(app, names.AI_OWN_SETTING)
    if own is not None and word_of(case.state, app, tools.OWN_SETTING) == LIMITED:
        reason = f"{called}: its own AI switch is limited, and not by group"
        setting = tools.OWN_SETTING.id
        return Verdict(Outcome.FAIL, "not_limited_by_group", reason, setting, "off", LIMITED, evidence)
    if word_of(case.state, app, ai.ACCESS) == BLOCKED:
        return Verdict(Outcome.PASS, BLOCKED, f"Rovo is blocked in {called}", ai.ACCESS.id, LIMITED, BLOCKED, evidence)
    approved = case.rule.expect
    if not isinstance(approved, tuple):
        reason = "the policy names no group: set expect in its rule"
        return Verdict(Outcome.UNKNOWN, "policy_names_no_group", reason, ai.ACCESS_GROUPS.id)
    groups = list_of(case.state, app, ai.ACCESS_GROUPS, approved)
    if isinstance(groups, Verdict):
        return groups
    evidence += evidence_of(case.state.read(app, ai.ACCESS_GROUPS.id))
    strangers = beyond(case, groups, approved)
    outcome = Outcome.FAIL if strangers else Outcome.PASS
    reason = f"in {called} Rovo serves {', '.join(strangers)}, not approved" if strangers else f"approved in {called}"
    code = "group_not_approved" if strangers else "approved_groups"
    return Verdict(outcome, code, reason, ai.ACCESS_GROUPS.id, approved, groups, evidence)


def health_data(case: Case) -> Verdict:
    """AI-19: in an app that is tagged for HIPAA, AI is off: by the last text that we have, no agreement covers AI."""
    tagged = word_of(case.state, case.subject, hipaa.TAGGED)
    if isinstance(tagged, Verdict):
        return unless_no_screen(case, hipaa.TAGGED, tagged)
    evidence = evidence_of(case.state.read(case.subject, hipaa.TAGGED.id))
    if tagged == "no":
        reason = "it is not tagged for HIPAA, so it is to hold no health data"
        return Verdict(Outcome.PASS, "not_tagged", reason, hipaa.TAGGED.id, None, tagged, evidence)
    answer = exposure(case, case.subject)
    code = {Outcome.PASS: "ai_off", Outcome.FAIL: "ai_on"}.get(answer.outcome) or answer.reason_code
    reason = f"it is tagged for HIPAA: {answer.reason}"
    return replace(answer, reason_code=code, reason=reason, evidence=(*evidence, *answer.evidence))


def _may_hold_health_data(state: State, subject: Subject) -> bool:
    app = app_of(state, subject)
    return app is None or app.rovo_block != "none"


AI_06 = Check(
    id="AI-06",
    family=Family.AI_ACCESS,
    kind=Kind.ORGANIZATION,
    reads=(ai.ACCESS.id, ai.ACCESS_GROUPS.id, tools.OWN_SETTING.id, names.HIGHEST_PLAN),
    outcomes=ATTESTED | {Outcome.NOT_ACHIEVABLE},
    judge=fragile_in_trial(approved_groups),
    expectation=Expectation(Shape.WORDS, means="approved groups", example='["ai-users"]'),
)
AI_19 = Check(
    id="AI-19",
    family=Family.AI_ACCESS,
    kind=Kind.APP,
    reads=(hipaa.TAGGED.id, ai.ACCESS.id, tools.OWN_SETTING.id, names.APP_TYPE_KEY),
    outcomes=ATTESTED | {Outcome.NO_SUCH_SETTING},
    judge=fragile_in_trial(health_data),
    applies=_may_hold_health_data,
)
