"""The highest active plan of an organization, and what stays possible where a word or an app leaves it open.

Defaults follow it: https://support.atlassian.com/security-and-access-policies/docs/data-contribution-settings/
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from contribaudit.core.model import names
from contribaudit.core.model.observation import Observation, Observed, Unavailable
from contribaudit.core.model.rulebook import Plan
from contribaudit.core.model.subject import Kind, Subject, organization_subject
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
