"""Rovo access app by app: AI-01, AI-03, AI-20, and for the Jira family of a site AI-02."""

from __future__ import annotations

from collections.abc import Mapping

from contribaudit.catalogue import ai_access as ai
from contribaudit.catalogue import ai_tools as tools
from contribaudit.checks.ai_access.reach import exposure, in_rovo_access, no_more_than, stopped_by
from contribaudit.checks.parts import app_of, evidence_of, none_among_apps, plan_of, plan_unclear
from contribaudit.checks.reading import ATTESTED, apps_of, fragile_in_trial, unless_no_screen, word_of
from contribaudit.core.alias import alias_of
from contribaudit.core.effective_ai_switches import BLOCKED, EXPOSED, LIMITED, NOT_EXPOSED, alone
from contribaudit.core.judge.baseline import uncovered
from contribaudit.core.judge.check import Case, Check, Expectation, Shape, Verdict
from contribaudit.core.model import names
from contribaudit.core.model.finding import Evidence, Outcome
from contribaudit.core.model.observation import Grade
from contribaudit.core.model.rulebook import Plan
from contribaudit.core.model.setting import Family
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.core.resolve.inventory import sites_of
from contribaudit.core.resolve.reasons import gravest as gravest_answer
from contribaudit.core.resolve.state import State


def access(case: Case) -> Verdict:
    """AI-01: AI reaches the app no further than the rule's `expect`, which is `blocked` where it says nothing.

    Where any access is `allowed`, no other switch and no sibling could open it further.
    """
    wanted = case.rule.expect.casefold() if isinstance(case.rule.expect, str) else BLOCKED
    answer = (
        exposure(case, case.subject, wanted) if wanted in (BLOCKED, LIMITED) else no_more_than(case, ai.ACCESS, BLOCKED)
    )
    return unless_no_screen(case, ai.ACCESS, answer)


def family_blocked_together(case: Case) -> Verdict:
    """AI-02: the Jira apps of a site are all blocked, or none is: search, chat and create stay while one is open.

    Each by its own switches: one that is blocked under Rovo access and on in its own administration is open.
    """
    state = case.state
    apps = apps_of(case, ai.ACCESS)
    if isinstance(apps, Verdict):
        return apps
    families = state.once(("families", case.subject.organization), lambda: _families(state, case.subject))
    family = families.get(case.subject)
    if family is None:
        reason = "on which site it is was not read, so its family is not known"
        return Verdict(Outcome.UNKNOWN, "site_not_known", reason, ai.ACCESS.id)
    answers = [alone(state, app) for app in family]
    still_open = sorted(alias_of(state, one.subject) for one in answers if one.value == EXPOSED)
    blocked = [one for one in answers if one.value == NOT_EXPOSED]
    evidence = evidence_of(*(seen for one in answers for seen in one.rests_on))
    observed = tuple(sorted({one.value for one in answers if one.value is not None}))
    if still_open and blocked:
        reason = f"Jira apps of its site are blocked, and these are not: {', '.join(still_open)}"
        return Verdict(Outcome.FAIL, "family_split", reason, names.EFFECTIVE_AI, None, observed, evidence)
    not_known = gravest_answer(answers)
    if not_known is not None:
        return stopped_by(not_known)
    if not still_open and not blocked:
        return stopped_by(answers[0])
    strange = next((app for app in family if app_of(state, app) is None), None)
    if strange is not None:
        reason = f"whether {alias_of(state, strange)} is of the Jira family is not known"
        return Verdict(Outcome.UNKNOWN, "unknown_app", reason, ai.ACCESS.id, None, observed, evidence)
    what = "none of the Jira apps of its site is blocked" if still_open else "all Jira apps of its site are blocked"
    code = "none_blocked" if still_open else "all_blocked"
    return Verdict(Outcome.PASS, code, what, names.EFFECTIVE_AI, None, observed, evidence)


def _families(state: State, one: Subject) -> Mapping[Subject, tuple[Subject, ...]]:
    """The Jira apps of each app's site, and those of which the type is not known."""
    found: dict[Subject, tuple[Subject, ...]] = {}
    for site in sites_of(state, one.organization):
        family = tuple(app for app in site.apps if _may_be_family(state, app))
        found.update(dict.fromkeys(family, family))
    return found


def _may_be_family(state: State, subject: Subject) -> bool:
    app = app_of(state, subject)
    return app is None or app.jira_family


def reviewed(case: Case) -> Verdict:
    """AI-03: somebody looked at the app's Rovo access, whatever it is: a new app comes with AI.

    Where there is a baseline, it is the review of what it holds; what is outside of it was reviewed by nobody.
    """
    approved = case.state.baseline(case.subject.organization)
    if approved is not None:
        outside = uncovered(case.state, case.subject)
        if outside is not None:
            return Verdict(Outcome.UNKNOWN, outside.code, outside.reason, ai.ACCESS.id)
        signed = approved.baseline.approved
        told = f"baseline of run {approved.baseline.run}, approved by {signed.by} on {signed.at:%Y-%m-%d}"
        held = (Evidence(Grade.DOCUMENTED, told, case.as_of),)
        return Verdict(Outcome.PASS, "in_baseline", f"it is in the {told}", ai.ACCESS.id, evidence=held)
    word = word_of(case.state, case.subject, ai.ACCESS)
    if isinstance(word, Verdict):
        return unless_no_screen(case, ai.ACCESS, word)
    evidence = evidence_of(case.state.read(case.subject, ai.ACCESS.id))
    reason = f"its Rovo access was looked at: {word}"
    return Verdict(Outcome.PASS, "reviewed", reason, ai.ACCESS.id, None, word, evidence)


def free_plan(case: Case) -> Verdict:
    """AI-20: an app on a plan for which Rovo is not listed. Beside a paid app nothing says that Rovo cannot read it."""
    plan = plan_of(case.state, case.subject)
    if not isinstance(plan, Plan):
        return plan_unclear(plan)
    seen = case.state.read(case.subject, names.PLAN)
    if case.state.once(("paid apps", case.subject.organization), lambda: _no_paid_apps(case)):
        reason = f"Rovo is not listed for the {plan.name} plan, and no app of the organization has another"
        return Verdict(
            Outcome.NO_SUCH_SETTING, "plan_without_rovo", reason, names.PLAN, None, plan.name, evidence_of(seen)
        )
    reason = f"whether Rovo reads a {plan.name} app beside paid ones is not documented"
    return Verdict(Outcome.UNKNOWN, "free_beside_paid", reason, names.PLAN, None, plan.name, evidence_of(seen))


def _no_paid_apps(case: Case) -> bool:
    """True when the whole inventory is on plans for which Rovo is not listed."""
    organization = case.subject.organization
    plans = (plan_of(case.state, app) for app in case.state.subjects(Kind.APP, organization))
    whole = case.state.organizations[organization].completed("workspaces")
    return whole and all(isinstance(plan, Plan) and not plan.rovo for plan in plans)


def _may_lack_rovo(state: State, subject: Subject) -> bool:
    plan = plan_of(state, subject)
    return not isinstance(plan, Plan) or not plan.rovo


AI_01 = Check(
    id="AI-01",
    family=Family.AI_ACCESS,
    kind=Kind.APP,
    reads=(ai.ACCESS.id, tools.OWN_SETTING.id, names.APP_TYPE_KEY),
    outcomes=ATTESTED | {Outcome.NO_SUCH_SETTING},
    judge=fragile_in_trial(access),
    applies=in_rovo_access,
    expectation=Expectation(Shape.WORD, words=ai.ACCESS.words),
)
AI_02 = Check(
    id="AI-02",
    family=Family.AI_ACCESS,
    kind=Kind.APP,
    reads=(ai.ACCESS.id, tools.OWN_SETTING.id, names.APP_TYPE_KEY, names.APP_SITE),
    outcomes=ATTESTED | {Outcome.NO_SUCH_SETTING},
    judge=fragile_in_trial(family_blocked_together),
    applies=_may_be_family,
    when_none=none_among_apps("is of the Jira family"),
)
AI_03 = Check(
    id="AI-03",
    family=Family.AI_ACCESS,
    kind=Kind.APP,
    reads=(ai.ACCESS.id, names.APP_TYPE_KEY),
    outcomes=(ATTESTED - {Outcome.FAIL}) | {Outcome.NO_SUCH_SETTING},
    judge=fragile_in_trial(reviewed),
    applies=in_rovo_access,
)
AI_20 = Check(
    id="AI-20",
    family=Family.AI_ACCESS,
    kind=Kind.APP,
    reads=(names.PLAN,),
    outcomes=frozenset((Outcome.NO_SUCH_SETTING, Outcome.PASS, Outcome.UNKNOWN, Outcome.STALE)),
    judge=free_plan,
    applies=_may_lack_rovo,
    when_none=none_among_apps("is on a plan without Rovo"),
)
