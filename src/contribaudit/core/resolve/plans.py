"""The highest active plan, which decides for the whole organization, and what is possible while it is not known.

Trials count as active, and defaults follow the plan:
https://support.atlassian.com/security-and-access-policies/docs/data-contribution-settings/
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from contribaudit.core.model import names
from contribaudit.core.model.observation import Observation, Observed, Unavailable
from contribaudit.core.model.rulebook import Plan
from contribaudit.core.model.subject import Kind, Subject, organization_subject
from contribaudit.core.resolve.aliases import alias_of
from contribaudit.core.resolve.reasons import Reason, Stop, read_word, stop_by, told
from contribaudit.core.resolve.state import State

WORKSPACES = "workspaces"
"""The collector that promises every app and its plan."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """The plans of all apps, as far as they tell one."""

    ranked: tuple[tuple[int, Observed], ...]
    """Ranks of the known words, each with the plan that holds it."""
    strange: tuple[Subject, str] | None
    """The first app with a plan word that the rulebook does not know, and the word."""
    silent: Subject | None
    """The first app that tells no plan."""
    active: int
    """The highest known rank among apps that are online; -1 without any."""

    @property
    def top(self) -> int:
        """The highest known rank; -1 without any."""
        return max((rank for rank, _ in self.ranked), default=-1)


def highest_plan(state: State, organization: str, without: Collection[Subject] = ()) -> Observation:
    """The highest plan over all apps of the organization, or over all but some, or why it cannot be told.

    An app whose plan word the rulebook does not know, or that tells none, makes it unknown, unless another app
    already has the highest plan of all. Where apps that are not online would decide, it is unknown too: Atlassian says
    "highest active plan", and does not say whether theirs is active.
    """
    subject = organization_subject(organization)

    def unknown(code: str, reason: str) -> Unavailable:
        return Unavailable(names.HIGHEST_PLAN, subject, code, reason, state.as_of, WORKSPACES)

    place = state.organizations[organization]
    if not place.completed(WORKSPACES):
        return unknown("apps_unread", f"not every app was read: {place.why_not(WORKSPACES)}")
    apps = [app for app in state.subjects(Kind.APP, organization) if app not in without]
    if not apps:
        return unknown("no_apps", "the workspace list is empty, which a key without the right scope also sees")
    seen = _seen(state, apps)
    if seen.active < len(state.rulebook.plans) - 1:
        least = f"; it is at least {state.rulebook.plans[seen.active].name}" if seen.active >= 0 else ""
        if seen.strange is not None:
            app, word = seen.strange
            return unknown(
                "unknown_plan_word", f"the plan word {word!r} of {_call(state, app)} is not in the rulebook{least}"
            )
        if seen.silent is not None:
            return unknown("plan_not_told", f"the plan of {_call(state, seen.silent)} could not be read{least}")
        if seen.active != seen.top:
            return unknown("plan_of_inactive_app", f"only an app that is not online has the highest plan{least}")
    holder = next(plan for rank, plan in seen.ranked if rank == seen.top)
    return Observed(
        names.HIGHEST_PLAN,
        subject,
        state.rulebook.plans[seen.top].name.casefold(),
        holder.grade,
        min(plan.observed_at for _, plan in seen.ranked),
        holder.source,
        holder.response,
    )


def possible_plans(state: State, organization: str) -> tuple[Plan, ...]:
    """The plans of which one is the highest, lowest first: one where it is known, none where nothing is.

    A plan below that of an app which is online is never among them.
    """
    told = state.read(organization_subject(organization), names.HIGHEST_PLAN)
    plans = state.rulebook.plans
    if isinstance(told, Observed):
        known = state.rulebook.plan(told.value) if isinstance(told.value, str) else None
        return () if known is None else (known,)
    place = state.organizations.get(organization)
    if place is None or not place.completed(WORKSPACES):
        return ()
    seen = _seen(state, state.subjects(Kind.APP, organization))
    open_above = seen.strange is not None or seen.silent is not None
    if seen.active < 0:
        return ()
    return plans[seen.active :] if open_above else plans[seen.active : seen.top + 1]


def _seen(state: State, apps: Iterable[Subject]) -> _Seen:
    ranked: list[tuple[int, Observed]] = []
    strange: tuple[Subject, str] | None = None
    silent: Subject | None = None
    for app in apps:
        plan = state.value(app, names.PLAN)
        if plan is None or plan.value is None:
            silent = silent or app
            continue
        for word in plan.value if isinstance(plan.value, tuple) else (str(plan.value),):
            known = state.rulebook.plan(word)
            if known is None:
                strange = strange or (app, word)
            else:
                ranked.append((known.rank, plan))
    active = max((rank for rank, plan in ranked if _online(state, plan.subject)), default=-1)
    return _Seen(tuple(ranked), strange, silent, active)


def _online(state: State, app: Subject) -> bool:
    status = state.value(app, names.APP_STATUS)
    return status is not None and isinstance(status.value, str) and status.value.casefold() == "online"


def _call(state: State, app: Subject) -> str:
    return state.recall(app, names.APP_ALIAS) or app.id


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
