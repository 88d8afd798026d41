"""What was kept, as it would be if the highest plan were another or trials had ended. For forecasts alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from contribaudit.core.alias import alias_of
from contribaudit.core.model import names
from contribaudit.core.model.observation import Grade, Observation, Observed, Unavailable
from contribaudit.core.model.rulebook import Plan, Rulebook
from contribaudit.core.model.subject import Kind, Subject, organization_subject
from contribaudit.core.resolve.plans import highest_plan
from contribaudit.core.resolve.resolve import Seen
from contribaudit.core.resolve.state import State

SOURCE = "assumed"
"""Where a forecast's own values come from. No report of an audit holds one."""
AFTER_TRIAL = "plan_after_trial"
_RUNNING, _TRIALS = "running", ("none", "running")


@dataclass(frozen=True, slots=True)
class Assumed:
    """What a state is made of under an assumption."""

    seen: tuple[Seen, ...]
    plans: Mapping[str, Observation] = field(default_factory=dict)
    """Highest plans by organization, in place of those that follow from its apps."""
    sentences: tuple[str, ...] = ()
    """What is assumed, for people; empty when nothing is."""
    notes: tuple[str, ...] = ()
    """What could not be assumed, and why."""


def as_it_is(seen: Sequence[Seen]) -> Assumed:
    """No assumption."""
    return Assumed(tuple(seen))


def plan_becomes(seen: Sequence[Seen], state: State, plan: Plan) -> Assumed:
    """Every organization's highest plan becomes this one.

    A fall takes every app on a higher plan with it; a rise lifts the apps that have the highest plan today. Where
    the highest plan is not known today, every app whose plan is not known gets this one.
    """
    made: list[Seen] = []
    plans: dict[str, Observation] = {}
    notes: list[str] = []
    for one in seen:
        if one.snapshot is None or one.left_out:
            made.append(one)
            continue
        now = _highest(state, one.organization)
        if now == plan:
            made.append(one)
            continue
        made.append(_changed(one, partial(_moved, rulebook=state.rulebook, now=now, plan=plan)))
        place = state.organizations[one.organization]
        if not place.completed("workspaces"):
            notes.append(f"{one.organization}: not every app was read, so that its highest plan stays unknown.")
            continue
        plans[one.organization] = Observed(
            names.HIGHEST_PLAN,
            organization_subject(one.organization),
            plan.name.casefold(),
            Grade.DOCUMENTED,
            state.as_of,
            SOURCE,
        )
    return Assumed(tuple(made), plans, (f"the highest plan becomes {plan.name}",), tuple(notes))


def trials_end(seen: Sequence[Seen], state: State) -> Assumed:
    """Every trial that somebody recorded as running has ended.

    To which plan an app falls then is not documented, so its plan becomes unknown. The highest plan becomes the next
    highest among the other apps where only apps on trial have the present one; it is the least that it can be.
    """
    made: list[Seen] = []
    plans: dict[str, Observation] = {}
    sentences: list[str] = []
    notes: list[str] = []
    for one in seen:
        apps = [] if one.snapshot is None or one.left_out else state.subjects(Kind.APP, one.organization)
        words = {app: _trial(state, app) for app in apps}
        running = [app for app, word in words.items() if word == _RUNNING]
        silent = sum(1 for word in words.values() if word == "")
        if silent:
            called = "1 app" if silent == 1 else f"{silent} apps"
            notes.append(f"{one.organization}: whether a trial runs is not known of {called}.")
        if not running:
            notes.append(f"{one.organization}: no app is known to be on trial, so nothing is assumed of it.")
            made.append(one)
            continue
        ended = frozenset(running)
        made.append(_changed(one, partial(_ended, ended=ended)))
        plans[one.organization], sentence = _next_highest(state, one.organization, running)
        sentences.append(sentence)
    return Assumed(tuple(made), plans, tuple(sentences), tuple(notes))


def _next_highest(state: State, organization: str, running: Sequence[Subject]) -> tuple[Observation, str]:
    listed = ", ".join(alias_of(state, app) for app in sorted(running))
    found = highest_plan(state, organization, frozenset(running))
    unsaid = "what the apps on trial fall to is not documented"
    if isinstance(found, Observed):
        plan = state.rulebook.plan(str(found.value))
        word = plan.name if plan is not None else str(found.value)
        same = "stays" if plan is not None and plan == _highest(state, organization) else "is"
        sentence = f"without the trial of {listed} the highest plan {same} {word}, that of the other apps; {unsaid}"
        return replace(found, source=SOURCE), sentence
    why = "every app is on trial" if found.code == "no_apps" else found.reason
    reason = f"the highest plan without {listed} cannot be told: {why}; {unsaid}"
    return replace(found, code=AFTER_TRIAL, reason=reason, source=SOURCE), reason


def _trial(state: State, app: Subject) -> str:
    """ "none", "running", or "" where it is not known."""
    seen = state.value(app, names.TRIAL)
    word = seen.value.strip().casefold() if seen is not None and isinstance(seen.value, str) else ""
    return word if word in _TRIALS else ""


def _highest(state: State, organization: str) -> Plan | None:
    seen = state.value(organization_subject(organization), names.HIGHEST_PLAN)
    return state.rulebook.plan(seen.value) if seen is not None and isinstance(seen.value, str) else None


def _changed(seen: Seen, change: Callable[[Observation], Observation]) -> Seen:
    """The organization with every app's plan changed."""
    assert seen.snapshot is not None
    told = {
        collector: tuple(change(one) if one.setting == names.PLAN else one for one in observations)
        for collector, observations in seen.snapshot.by_collector.items()
    }
    return replace(seen, snapshot=replace(seen.snapshot, by_collector=told))


def _moved(told: Observation, rulebook: Rulebook, now: Plan | None, plan: Plan) -> Observation:
    word = plan.name if plan.name.casefold() in plan.words else min(plan.words)
    if not isinstance(told, Observed) or told.value is None:
        if now is not None:
            return told
        when = told.observed_at if isinstance(told, Observed) else told.attempted_at
        return Observed(told.setting, told.subject, word, Grade.DOCUMENTED, when, SOURCE)
    words = told.value if isinstance(told.value, tuple) else (str(told.value),)
    moved = tuple(dict.fromkeys(word if _moves(rulebook.plan(one), now, plan) else one for one in words))
    if moved == words:
        return told
    return replace(told, value=moved if isinstance(told.value, tuple) else moved[0], source=SOURCE, response="")


def _moves(known: Plan | None, now: Plan | None, plan: Plan) -> bool:
    """Whether an app's plan becomes the assumed one."""
    if known is None:
        return now is None
    return known.rank > plan.rank or known == now


def _ended(told: Observation, ended: frozenset[Subject]) -> Observation:
    if told.subject not in ended:
        return told
    when = told.observed_at if isinstance(told, Observed) else told.attempted_at
    reason = "the plan of an app after its trial is not documented"
    return Unavailable(told.setting, told.subject, AFTER_TRIAL, reason, when, SOURCE)
