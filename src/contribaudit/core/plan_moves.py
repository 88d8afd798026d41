"""Whether the highest plan is still what it was when somebody looked: defaults follow it, so no value outlives it.

Source: https://support.atlassian.com/security-and-access-policies/docs/data-contribution-settings/
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from contribaudit.core.model import names
from contribaudit.core.model.attestation import Attestation
from contribaudit.core.model.observation import Observed, Unavailable
from contribaudit.core.model.subject import Kind, organization_subject
from contribaudit.core.resolve.state import State

PLAN_CHANGED = "plan_changed"
PLAN_UNREAD = "plan_unread"
_WORKSPACES = "workspaces"


@dataclass(frozen=True, slots=True)
class PlanSeen:
    """The highest plan from a run on, until the next entry. Only a run that read every app makes one."""

    since: datetime
    highest: str | None
    """None where a run could not tell; `words` then stands for it."""
    words: tuple[str, ...]
    """Every plan word of the organization's apps, sorted."""


def plan_now(state: State, organization: str) -> PlanSeen | str:
    """The highest plan, or the plan words where it cannot be told, as this run read them; else why they are unread."""
    place = state.organizations[organization]
    if not place.completed(_WORKSPACES):
        return place.why_not(_WORKSPACES)
    words: set[str] = set()
    unread = ""
    for app in state.subjects(Kind.APP, organization):
        plan = state.read(app, names.PLAN)
        if isinstance(plan, Unavailable):
            unread = unread or f"the plan of {state.recall(app, names.APP_ALIAS) or app.id}: {plan.reason}"
        elif plan.value is not None:
            words.update(plan.value if isinstance(plan.value, tuple) else (str(plan.value),))
    seen = tuple(sorted(words))
    highest = state.value(organization_subject(organization), names.HIGHEST_PLAN)
    if isinstance(highest, Observed) and isinstance(highest.value, str):
        return PlanSeen(state.as_of, highest.value, seen)
    if unread or not seen:
        return unread or "no app shows a plan"
    return PlanSeen(state.as_of, None, seen)


def plan_moved(
    attestation: Attestation, now: PlanSeen | str, plans: Iterable[PlanSeen], as_of: datetime
) -> tuple[str, str] | None:
    """Code and reason why the plan no longer carries the attestation; None when it does.

    Another highest plan now, or in any run since, makes it stale; going back to the old plan revives nothing. Where a
    plan is unknown, another set of plan words does the same. Plans that could not be read make it unknown.
    """
    since = [seen for seen in plans if attestation.observed_at <= seen.since <= as_of]
    for seen in (*sorted(since, key=lambda one: one.since), *([now] if isinstance(now, PlanSeen) else ())):
        same = _same(attestation, seen)
        if same is False:
            before, after = _call(attestation.highest_plan, attestation.plan_words), _call(seen.highest, seen.words)
            when = f"{seen.since:%Y-%m-%d %H:%M}Z"
            return PLAN_CHANGED, f"the highest plan was {before} at the look and {after} on {when}; look again"
        if same is None and seen is now:
            return PLAN_UNREAD, "the attestation does not say under which plan it was made, or not so that it compares"
    if isinstance(now, str):
        return PLAN_UNREAD, f"the highest plan is not known now: {now}"
    return None


def _same(attestation: Attestation, seen: PlanSeen) -> bool | None:
    """None where there is nothing to compare: the highest plan of one side and the words of the other."""
    if attestation.highest_plan is not None and seen.highest is not None:
        return attestation.highest_plan.casefold() == seen.highest.casefold()
    if attestation.plan_words and seen.words:
        return _folded(attestation.plan_words) == _folded(seen.words)
    return None


def _folded(words: Iterable[str]) -> set[str]:
    return {word.casefold() for word in words}


def _call(highest: str | None, words: tuple[str, ...]) -> str:
    return highest if highest is not None else f"told by the words {', '.join(words)}"
