"""The plan that decides for an organization, and what holds it up.

The highest active plan over all apps decides, and trials count as active:
https://support.atlassian.com/security-and-access-policies/docs/data-contribution-settings/
"""

from __future__ import annotations

from dataclasses import dataclass

from contribaudit.core.alias import alias_of
from contribaudit.core.model import names
from contribaudit.core.model.observation import Observed
from contribaudit.core.model.rulebook import Plan
from contribaudit.core.model.subject import Kind, Subject, organization_subject
from contribaudit.core.resolve.reasons import Reason, Stop, read_word, stop_by, told
from contribaudit.core.resolve.state import State

_TRIALS = ("none", "running")


@dataclass(frozen=True, slots=True)
class Deciding:
    """The highest plan, as observed."""

    plan: Plan
    reason: Reason
    trial: str
    """A sentence on the trial without which the highest plan may be another; "" where none is known."""


def deciding_plan(state: State, organization: str) -> Deciding | Stop:
    """The highest plan; the stop that its lack makes. Looked up once for the whole organization."""
    return state.once(("deciding plan", organization), lambda: _deciding(state, organization))


def rests_on_default(state: State, plan: Plan, word: str) -> str:
    """What would undo an in-app switch that stands as its plan's default has it; "" where it was moved on purpose.

    Nothing that is observed tells a choice from a default that nobody touched; a recorded decision does.
    """
    others = [other.name for other in state.rulebook.plans if other.in_app_default != plan.in_app_default]
    if word != plan.in_app_default or not others:
        return ""
    return (
        f"{word} is the default of the {plan.name} plan and nothing observed shows that anybody chose it; "
        f"on {', '.join(others)} the default is another"
    )


def _deciding(state: State, organization: str) -> Deciding | Stop:
    seen = state.read(organization_subject(organization), names.HIGHEST_PLAN)
    plan = state.rulebook.plan(seen.value) if isinstance(seen, Observed) and isinstance(seen.value, str) else None
    usable = stop_by(seen, "the highest plan")
    if plan is None or usable.code == "only_predicted":
        return usable
    return Deciding(plan, told(f"the highest active plan is {plan.name}", seen), _trial(state, organization, plan))


def trial_behind(state: State, organization: str) -> str:
    """A sentence on the trial that gives the highest plan, or may; "" where none is known to."""
    plan = deciding_plan(state, organization)
    return plan.trial if isinstance(plan, Deciding) else trial_running(state, organization)


def trial_running(state: State, organization: str) -> str:
    """A sentence on the first app of the organization that is known to be on trial; "" where none is."""
    running = [
        app
        for app in state.subjects(Kind.APP, organization)
        if not isinstance(word := read_word(state, app, names.TRIAL, _TRIALS, "the trial"), Stop)
        and word[0] == "running"
    ]
    if not running:
        return ""
    return f"a trial runs on {alias_of(state, min(running))}: when it ends, the highest plan may be another"


def _trial(state: State, organization: str, plan: Plan) -> str:
    """The first running trial among the apps that have the plan, unless one of them has it without a trial."""
    running: list[Subject] = []
    for app in state.subjects(Kind.APP, organization):
        if not _has(state, app, plan):
            continue
        trial = read_word(state, app, names.TRIAL, _TRIALS, "the trial")
        if isinstance(trial, Stop):
            continue
        if trial[0] == "running":
            running.append(app)
        elif _online(state, app):
            return ""
    if not running:
        return ""
    return f"a trial runs on {alias_of(state, min(running))}: when it ends, {plan.name} may not be the highest plan"


def _has(state: State, app: Subject, plan: Plan) -> bool:
    seen = state.value(app, names.PLAN)
    if seen is None:
        return False
    words = seen.value if isinstance(seen.value, tuple) else (seen.value,)
    return any(isinstance(word, str) and word.strip().casefold() in plan.words for word in words)


def _online(state: State, app: Subject) -> bool:
    status = state.value(app, names.APP_STATUS)
    return status is not None and isinstance(status.value, str) and status.value.casefold() == "online"
