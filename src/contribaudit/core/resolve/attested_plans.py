"""Whether the plans, and the app itself, are still those under which a person looked.

Defaults follow the highest plan, so no attested value outlives a change of that plan:
https://support.atlassian.com/security-and-access-policies/docs/data-contribution-settings/
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from contribaudit.core.model import names
from contribaudit.core.model.attestation import Attestation
from contribaudit.core.model.observation import Unavailable
from contribaudit.core.model.subject import Kind, Subject, organization_subject
from contribaudit.core.resolve.state import State

PLAN_CHANGED = "plan_changed"
PLAN_UNREAD = "plan_unread"
PLAN_NOT_RECORDED = "plan_not_recorded"
APP_LEFT = "app_left"
_OF_THE_PLAN = frozenset((names.TRIAL, names.TRIAL_ENDS))


@dataclass(frozen=True, slots=True)
class PlanSeen:
    """The highest plan from a run on until the next entry. Only a run that read every app makes an entry."""

    since: datetime
    highest: str | None
    """None where the run could not determine it; `words` is compared instead."""
    words: tuple[str, ...]
    """Every plan word of the organization's apps, sorted."""


def plan_now(state: State, organization: str) -> PlanSeen | str:
    """The highest plan, or the plan words where it is unknown, as this run read them; else why they are unread."""
    place = state.organizations[organization]
    if not place.completed(names.WORKSPACES):
        return place.why_not(names.WORKSPACES)
    words: set[str] = set()
    unread = ""
    for app in state.subjects(Kind.APP, organization):
        plan = state.read(app, names.PLAN)
        if isinstance(plan, Unavailable):
            unread = unread or f"the plan of {state.recall(app, names.APP_ALIAS) or app.id}: {plan.reason}"
        elif plan.value is not None:
            words.update(plan.texts)
    sorted_words = tuple(sorted(words))
    highest = state.text(organization_subject(organization), names.HIGHEST_PLAN)
    if highest is not None:
        return PlanSeen(state.as_of, highest, sorted_words)
    if unread or not sorted_words:
        return unread or "no app shows a plan"
    return PlanSeen(state.as_of, None, sorted_words)


def plan_moved(
    attestation: Attestation, now: PlanSeen | str, plans: Iterable[PlanSeen], as_of: datetime
) -> tuple[str, str] | None:
    """Code and reason why the plan no longer carries the attestation; None when it does.

    Another highest plan now, or in any run since, makes it stale; going back to the old plan revives nothing. Where a
    plan is unknown, another set of plan words does the same. Plans that could not be read make it unknown.
    """
    plans_since = [seen for seen in plans if attestation.observed_at <= seen.since <= as_of]
    for seen in (*sorted(plans_since, key=lambda one: one.since), *([now] if isinstance(now, PlanSeen) else ())):
        same = _same_plan(attestation, seen)
        if same is False:
            before, after = (
                _plan_name(attestation.highest_plan, attestation.plan_words),
                _plan_name(seen.highest, seen.words),
            )
            when = f"{seen.since:%Y-%m-%d %H:%M}Z"
            reason = f"the highest plan was {before} when this was attested, and {after} on {when}; attest it again"
            return PLAN_CHANGED, reason
        if same is None and seen is now:
            return PLAN_NOT_RECORDED, "the highest plan was unknown when this was attested; attest it again"
    if isinstance(now, str):
        return PLAN_UNREAD, f"the highest plan is unknown now: {now}"
    return None


AppPlans = Mapping[Subject, tuple[tuple[datetime, tuple[str, ...] | None], ...]]
"""By app: since when a run read which plan words, oldest first; None from the complete run that did not list it."""


def app_moved(attestation: Attestation, plans: AppPlans, as_of: datetime) -> tuple[str, str] | None:
    """Code and reason why the app is no longer the one that a person looked at; None when it is.

    An app that any later run did not list may have been set up again under the same ARI, which is that of its site. An
    attestation of a trial holds for the plan that the app had at the time.
    """
    then: tuple[str, ...] | None = None
    for since, words in plans.get(attestation.subject, ()):
        if since > as_of:
            break
        if since <= attestation.observed_at or (then is None and words is not None):
            then = words
        elif words is None:
            reason = f"the app was gone on {since:%Y-%m-%d %H:%M}Z, after {attestation.by} attested it; attest it again"
            return APP_LEFT, reason
        elif then is not None and attestation.setting in _OF_THE_PLAN and _folded(words) != _folded(then):
            before, after = (", ".join(one) for one in (then, words))
            reason = (
                f"the app's plan was {before} when this was attested, and {after} on {since:%Y-%m-%d %H:%M}Z; "
                "attest it again"
            )
            return PLAN_CHANGED, reason
    return None


def _same_plan(attestation: Attestation, seen: PlanSeen) -> bool | None:
    """Whether the plan is the same; None where one side has a plan and the other only plan words."""
    if attestation.highest_plan is not None and seen.highest is not None:
        return attestation.highest_plan.casefold() == seen.highest.casefold()
    if attestation.plan_words and seen.words:
        return _folded(attestation.plan_words) == _folded(seen.words)
    return None


def _folded(words: Iterable[str]) -> set[str]:
    return {word.strip().casefold() for word in words}


def _plan_name(highest: str | None, words: tuple[str, ...]) -> str:
    return highest if highest is not None else f"known only by the plan words {', '.join(words)}"
