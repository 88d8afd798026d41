"""AI: who may use Atlassian Intelligence and Rovo, as far as the API tells."""

from __future__ import annotations

from contribaudit.checks.parts import evidence_of, none_among_apps, plan_of, plan_unclear
from contribaudit.core import names
from contribaudit.core.check import Case, Check, Verdict
from contribaudit.core.finding import Outcome
from contribaudit.core.rules import Plan
from contribaudit.core.setting import Family
from contribaudit.core.state import State
from contribaudit.core.subject import Kind, Subject


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

ALL: tuple[Check, ...] = (AI_20,)
