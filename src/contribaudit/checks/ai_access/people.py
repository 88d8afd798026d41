"""Whom AI serves: groups with Rovo access (AI-06), groups with the AI role (AI-07), apps with health data (AI-19)."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from contribaudit.catalogue import ai_access as ai
from contribaudit.catalogue import ai_tools as tools
from contribaudit.checks.ai_access.apps import access_read, exposure, nothing_to_ask, on_its_screen
from contribaudit.checks.reading import (
    apps_of,
    attested_choice,
    attested_list,
    fragile_in_trial,
    highest_plan,
    list_evidence,
    most_severe,
    of_apps,
    only_approved,
    unless_no_screen,
    unread,
)
from contribaudit.core.judge.check import ATTESTED, Check, CheckContext, Expectation, Shape, Verdict, check
from contribaudit.core.model import names
from contribaudit.core.model.finding import Evidence, Outcome
from contribaudit.core.model.observation import Observed
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.core.resolve.ai_sources import BLOCKED, LIMITED
from contribaudit.core.resolve.aliases import alias_of, called


@check(
    "AI-06",
    "rovo-limited-to-groups",
    reads=(ai.ACCESS.id, ai.ACCESS_GROUPS.id, tools.OWN_SETTING.id, names.HIGHEST_PLAN),
    outcomes=ATTESTED | {Outcome.NOT_ACHIEVABLE},
    expectation=Expectation(
        Shape.WORDS,
        means="groups that may use Rovo",
        default="none: an app that is limited to groups is unknown until its rule names them",
        example='["ai-users"]',
    ),
)
@fragile_in_trial
def approved_groups(case: CheckContext) -> Verdict:
    """AI-06: in every app, Rovo access is blocked or limited to the groups in the rule's `expect`.

    `not_achievable` on a plan whose console cannot limit access by group.
    Source: https://support.atlassian.com/organization-administration/docs/manage-rovo-access-for-enterprise/
    """
    plan = highest_plan(case, case.rule.expect)
    if isinstance(plan, Verdict):
        return plan
    able = case.state.rulebook.plan_with("rovo_by_group")
    if not able:
        reason = "the rulebook names no plan that can limit Rovo by group; set rovo_by_group in plans.toml"
        return Verdict(Outcome.UNKNOWN, "plan_with_groups_not_known", reason, ai.ACCESS_GROUPS.id, case.rule.expect)
    if not plan.rovo_by_group:
        reason = f"the {plan.name} plan cannot limit Rovo by group; {able} can"
        about = ai.ACCESS_GROUPS.id, case.rule.expect, None, case.evidence(names.HIGHEST_PLAN)
        return Verdict(Outcome.NOT_ACHIEVABLE, "plan_without_groups", reason, *about)
    apps = apps_of(case, ai.ACCESS)
    if isinstance(apps, Verdict):
        return apps
    answers = [_limited_verdict(case, app) for app in apps if on_its_screen(case.state, app)]
    worst = most_severe(answers)
    if worst is None:
        return nothing_to_ask(ai.ACCESS_GROUPS, case.rule.expect)
    if worst.outcome is not Outcome.PASS:
        return worst
    evidence = (
        *list_evidence(case.state, case.subject.organization, names.WORKSPACES),
        *(evidence for answer in answers for evidence in answer.evidence),
    )
    reason = "Rovo is blocked or limited to approved groups in every app"
    return Verdict(Outcome.PASS, "approved_groups", reason, ai.ACCESS.id, case.rule.expect, None, evidence)


def _limited_verdict(case: CheckContext, app: Subject) -> Verdict:
    """`pass` for an app that is blocked or limited to approved groups; its own AI switch cannot be limited by group."""
    name = called(case.state, app)
    answer = exposure(case, app, LIMITED)
    if answer.outcome is not Outcome.PASS:
        code = "open_to_everyone" if answer.outcome is Outcome.FAIL else answer.reason_code
        return replace(answer, reason_code=code, reason=f"{name}: {answer.reason}")
    evidence = answer.evidence
    own = case.state.value(app, names.AI_OWN_SETTING)
    if own is not None and attested_choice(case.state, app, tools.OWN_SETTING) == LIMITED:
        reason = f"{name}: its own AI switch is limited, but not by group"
        setting = tools.OWN_SETTING.id
        return Verdict(Outcome.FAIL, "not_limited_by_group", reason, setting, "off", LIMITED, evidence)
    access = access_read(case, app)
    if not isinstance(access, Verdict) and access[0] == BLOCKED:
        return Verdict(Outcome.PASS, BLOCKED, f"Rovo is blocked in {name}", ai.ACCESS.id, LIMITED, BLOCKED, evidence)
    if not isinstance(case.rule.expect, tuple):
        reason = "the policy names no group; set expect in its rule"
        return Verdict(Outcome.UNKNOWN, "policy_names_no_group", reason, ai.ACCESS_GROUPS.id)
    return only_approved(
        case,
        ai.ACCESS_GROUPS,
        ("group_not_approved", f"{name}: Rovo is open to groups that are not approved"),
        ("approved_groups", f"{name}: Rovo is limited to approved groups"),
        subject=app,
        evidence=evidence,
    )


@check(
    "AI-19",
    "health-data-ai-off",
    Kind.APP,
    reads=(ai.HIPAA_TAGGED.id, ai.ACCESS.id, tools.OWN_SETTING.id, names.APP_TYPE_KEY),
    outcomes=ATTESTED | {Outcome.NO_SUCH_SETTING},
    applies=of_apps(lambda app: app.rovo_block != "none"),
)
@fragile_in_trial
def health_data(case: CheckContext) -> Verdict:
    """AI-19: AI is off in an app tagged for HIPAA, because no agreement covers AI in the newest text on record."""
    tagged = attested_choice(case.state, case.subject, ai.HIPAA_TAGGED)
    if isinstance(tagged, Verdict):
        return unless_no_screen(case, ai.HIPAA_TAGGED, tagged)
    evidence = case.evidence(ai.HIPAA_TAGGED.id)
    if tagged == "no":
        reason = "not tagged for HIPAA, so it must hold no health data"
        return Verdict(Outcome.PASS, "not_tagged", reason, ai.HIPAA_TAGGED.id, None, tagged, evidence)
    answer = exposure(case, case.subject)
    code = {Outcome.PASS: "ai_off", Outcome.FAIL: "ai_on"}.get(answer.outcome) or answer.reason_code
    reason = f"tagged for HIPAA: {answer.reason}"
    return replace(answer, reason_code=code, reason=reason, evidence=(*evidence, *answer.evidence))


_ROLE = "atlassian/ai-access"


@check(
    "AI-07",
    "ai-role-groups-approved",
    reads=(ai.ROLE_GROUPS.id, ai.GROUP_NAME.id, ai.GROUP_ACCESS.id, ai.ACCESS.id),
    expectation=Expectation(
        Shape.WORDS,
        means="groups that may hold the AI role, by name or ID",
        default="none: the check is unknown where a group holds the role",
        example='["ai-users"]',
    ),
)
@fragile_in_trial
def approved_holders(case: CheckContext) -> Verdict:
    """AI-07: only groups in the rule's `expect`, by name or ID, hold the AI role.

    Roles limit nothing while everybody has access, so a pass requires Rovo access to be attested as limited or blocked
    in each app that has it. An empty list proves nothing unless all of these apps are blocked. No API call lists the
    people who hold the role directly.
    """
    groups = case.state.subjects(Kind.GROUP, case.subject.organization)
    unapproved = _not_approved(case, groups)
    holding = [group for group in unapproved if _holds_role(case, group)]
    if holding:
        return _holders_verdict(case, holding)
    listed = attested_list(case, ai.ROLE_GROUPS, case.rule.expect)
    if isinstance(listed, Verdict):
        return listed
    unclear = [group for group in unapproved if group.id in listed]
    if unclear:
        return _unclear_verdict(case, unclear[0])
    apps = apps_of(case, ai.ACCESS)
    if isinstance(apps, Verdict):
        return apps
    access_by_app = {app: access_read(case, app, LIMITED) for app in apps if on_its_screen(case.state, app)}
    if not access_by_app:
        return nothing_to_ask(ai.ACCESS, case.rule.expect)
    words = {app: one for app, one in access_by_app.items() if not isinstance(one, Verdict)}
    opened = [app for app, (word, _) in words.items() if word == "allowed"]
    if opened:
        aliases = tuple(sorted(alias_of(case.state, app) for app in opened))
        first = called(case.state, min(opened, key=lambda app: alias_of(case.state, app)))
        reason = f"Rovo is allowed in {first}: everybody has AI there, with or without the role"
        evidence = tuple(one for app in opened for one in words[app][1])
        return Verdict(Outcome.FAIL, "open_to_everyone", reason, ai.ACCESS.id, "limited", aliases, evidence)
    not_known = most_severe(one for one in access_by_app.values() if isinstance(one, Verdict))
    if not_known is not None:
        return not_known
    seen = tuple(one for _, evidence in words.values() for one in evidence)
    return _closed_verdict(case, listed, seen, blocked=all(word == BLOCKED for word, _ in words.values()))


def _closed_verdict(
    case: CheckContext, listed: tuple[str, ...], seen: tuple[Evidence, ...], *, blocked: bool
) -> Verdict:
    """The verdict when every app is limited or blocked and every listed group is approved."""
    listed_apps = list_evidence(case.state, case.subject.organization, names.WORKSPACES)
    evidence = (*case.evidence(ai.ROLE_GROUPS.id), *listed_apps, *seen)
    about = ai.ROLE_GROUPS.id, case.rule.expect, listed, evidence
    if blocked:
        reason = "Rovo is blocked in every app, so the role opens none of them"
        return Verdict(Outcome.PASS, "blocked_everywhere", reason, *about)
    if not listed:
        reason = (
            "Rovo is limited to groups, but no group is shown to hold the role; a key without the right "
            "to see groups sees none"
        )
        return Verdict(Outcome.UNKNOWN, "no_group_shown", reason, *about)
    reason = f"every group that holds {_ROLE} is approved; people who hold it directly are not listed"
    return Verdict(Outcome.PASS, "approved_groups", reason, *about)


def _not_approved(case: CheckContext, groups: list[Subject]) -> list[Subject]:
    """Groups that the rule names neither by ID nor by a name that no other group shares."""
    approved_names = {text.strip().casefold() for text in case.listed}
    # As read in this run: a group whose name was not read matches no approved name.
    called_groups = {group: case.state.word(group, names.GROUP_NAME).strip() for group in groups}
    shared = Counter(called_groups.values())
    return [
        group
        for group, name in called_groups.items()
        if group.id.casefold() not in approved_names and not (name and name in approved_names and shared[name] == 1)
    ]


def _holds_role(case: CheckContext, group: Subject) -> bool:
    seen = case.state.value(group, ai.GROUP_ACCESS.id)
    return seen is not None and isinstance(seen.value, tuple) and bool(seen.value)


def _holders_verdict(case: CheckContext, holding: list[Subject]) -> Verdict:
    approved, setting = case.rule.expect, ai.ROLE_GROUPS.id
    group_names = tuple(sorted(case.state.place(group).name for group in holding))
    evidence = Evidence.of(*(case.state.read(group, ai.GROUP_ACCESS.id) for group in holding))
    if not isinstance(approved, tuple):
        reason = f"groups hold {_ROLE}, and the policy names none; set expect in its rule"
        return Verdict(Outcome.UNKNOWN, "policy_names_no_group", reason, setting, None, group_names, evidence)
    reason = f"groups that are not approved hold {_ROLE}: {', '.join(group_names)}"
    return Verdict(Outcome.FAIL, "group_not_approved", reason, setting, approved, group_names, evidence)


def _unclear_verdict(case: CheckContext, group: Subject) -> Verdict:
    """`unknown` for a group that is listed for the role when the apps it may use are not known."""
    seen, expected = case.state.read(group, ai.GROUP_ACCESS.id), case.rule.expect
    if not isinstance(seen, Observed):
        return unread(seen, expected)
    reason = f"{case.state.place(group).name} is listed for {_ROLE}, but not for which apps"
    setting, evidence = ai.GROUP_ACCESS.id, Evidence.of(seen)
    return Verdict(Outcome.UNKNOWN, "holding_not_shown", reason, setting, expected, seen.value, evidence)


ALL: tuple[Check, ...] = (
    approved_groups,
    approved_holders,
    health_data,
)
