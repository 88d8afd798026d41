"""Rovo access app by app: AI-01, AI-03, AI-20, and for the Jira family of a site AI-02."""

from __future__ import annotations

from collections.abc import Mapping

from contribaudit.catalogue import ai_access as ai
from contribaudit.checks.ai_access.reach import in_rovo_access, no_more_than
from contribaudit.checks.answers import ATTESTED, apps_of, fragile_in_trial, gravest, word_of
from contribaudit.checks.parts import app_of, evidence_of, none_among_apps, plan_of, plan_unclear
from contribaudit.core import names
from contribaudit.core.alias import alias_of
from contribaudit.core.baseline import uncovered
from contribaudit.core.check import Case, Check, Expectation, Shape, Verdict
from contribaudit.core.finding import Evidence, Outcome
from contribaudit.core.inventory import sites_of
from contribaudit.core.observation import Grade
from contribaudit.core.rules import Plan
from contribaudit.core.setting import Family
from contribaudit.core.state import State
from contribaudit.core.subject import Kind, Subject


def access(case: Case) -> Verdict:
    """AI-01: Rovo access of the app is no wider than the rule's `expect`, which is `blocked` where it says nothing."""
    return no_more_than(case, ai.ACCESS, "blocked")


def family_blocked_together(case: Case) -> Verdict:
    """AI-02: the Jira apps of a site are all blocked, or none is: search, chat and create stay while one is open."""
    apps = apps_of(case, ai.ACCESS)
    if isinstance(apps, Verdict):
        return apps
    families = case.state.once(("families", case.subject.organization), lambda: _families(case.state, case.subject))
    family = families.get(case.subject)
    if family is None:
        reason = "on which site it is was not read, so its family is not known"
        return Verdict(Outcome.UNKNOWN, "site_not_known", reason, ai.ACCESS.id)
    words = {app: word_of(case.state, app, ai.ACCESS) for app in family}
    read = {app: word for app, word in words.items() if isinstance(word, str)}
    evidence = evidence_of(*(case.state.read(app, ai.ACCESS.id) for app in read))
    observed = tuple(sorted(set(read.values())))
    still_open = [alias_of(case.state, app) for app, word in read.items() if word != "blocked"]
    if still_open and "blocked" in observed:
        reason = f"Jira apps of its site are blocked, and these are not: {', '.join(sorted(still_open))}"
        return Verdict(Outcome.FAIL, "family_split", reason, ai.ACCESS.id, None, observed, evidence)
    unread = gravest(word for word in words.values() if isinstance(word, Verdict))
    if unread is not None:
        return unread
    strange = [app for app in family if app_of(case.state, app) is None]
    if strange:
        reason = f"whether {alias_of(case.state, strange[0])} is of the Jira family is not known"
        return Verdict(Outcome.UNKNOWN, "unknown_app", reason, ai.ACCESS.id, None, observed, evidence)
    what = "none of the Jira apps of its site is blocked" if still_open else "all Jira apps of its site are blocked"
    code = "none_blocked" if still_open else "all_blocked"
    return Verdict(Outcome.PASS, code, what, ai.ACCESS.id, None, observed, evidence)


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
        return word
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
    reads=(ai.ACCESS.id,),
    outcomes=ATTESTED,
    judge=fragile_in_trial(access),
    applies=in_rovo_access,
    expectation=Expectation(Shape.WORD),
)
AI_02 = Check(
    id="AI-02",
    family=Family.AI_ACCESS,
    kind=Kind.APP,
    reads=(ai.ACCESS.id, names.APP_TYPE_KEY, names.APP_SITE),
    outcomes=ATTESTED,
    judge=fragile_in_trial(family_blocked_together),
    applies=_may_be_family,
    when_none=none_among_apps("is of the Jira family"),
)
AI_03 = Check(
    id="AI-03",
    family=Family.AI_ACCESS,
    kind=Kind.APP,
    reads=(ai.ACCESS.id,),
    outcomes=ATTESTED - {Outcome.FAIL},
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
