"""The highest active plan, which decides for the whole organization, and the possible ones while it is unknown.

Trials count as active, and defaults follow the plan:
https://support.atlassian.com/security-and-access-policies/docs/data-contribution-settings/
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from contribaudit.core.model import names
from contribaudit.core.model.observation import SOURCES_DIFFER, Observation, Observed, Unavailable
from contribaudit.core.model.rulebook import Plan
from contribaudit.core.model.subject import Kind, Subject, organization_subject
from contribaudit.core.resolve.aliases import called
from contribaudit.core.resolve.gateway import NO_TRIAL, RUNNING, SOME_TRIAL, runs
from contribaudit.core.resolve.reasons import Reason, Stop, fact, never_recorded, read_word, stop_by
from contribaudit.core.resolve.state import State, once_per_state

MAY_NOT_COUNT = "plan_may_not_count"
NOT_ONLINE = "plan_of_inactive_app"
"""This code and the one above are for a highest plan that is unknown because it is open which apps count."""


@dataclass(frozen=True, slots=True)
class _PlansSeen:
    """The plans of all apps, as far as they are known."""

    ranked: tuple[tuple[int, Observed], ...]
    """Ranks of the known plan words, each with its observation."""
    strange: tuple[Subject, str] | None
    """The first app with a plan word that the rulebook does not know, and the word."""
    silent: Subject | None
    """The first app without a plan."""
    differ: tuple[Subject, str] | None
    """The first app on whose plan the sources disagree, and the reason."""
    active: int
    """The highest known rank among apps that are online and count; -1 without any."""
    uncounted: Subject | None
    """The first app with the highest known rank of which no page says whether its plan counts."""

    @property
    def top(self) -> int:
        """The highest known rank; -1 without any."""
        return max((rank for rank, _ in self.ranked), default=-1)


def highest_plan(state: State, organization: str, without: Collection[Subject] = ()) -> Observation:
    """The highest plan over all apps of the organization, or all but those in `without`; or why it is unknown.

    An app with no plan, or with a plan word that the rulebook does not know, makes it unknown, unless another app
    already has the highest plan of all. It is also unknown where only apps that are not online would decide, since
    Atlassian says "highest active plan" and not whether theirs is active, or only an app that may not count.
    """
    subject = organization_subject(organization)

    def unknown(code: str, reason: str) -> Unavailable:
        return Unavailable(names.HIGHEST_PLAN, subject, code, reason, state.as_of, names.WORKSPACES)

    if unread := state.organizations[organization].apps_unread:
        return unknown("apps_unread", unread)
    apps = [app for app in state.subjects(Kind.APP, organization) if app not in without]
    if not apps:
        return unknown("no_apps", "the list of apps is empty, as it is for a key without the right scope")
    seen = _plans_seen(state, apps)
    if seen.active < len(state.rulebook.plans) - 1:
        least = f"; it is at least {state.rulebook.plans[seen.active].name}" if seen.active >= 0 else ""
        if seen.differ is not None:
            app, reason = seen.differ
            return unknown(SOURCES_DIFFER, f"plan of {_app_name(state, app)}: {reason}{least}")
        if seen.strange is not None:
            app, word = seen.strange
            return unknown(
                "unknown_plan_word", f"the plan word {word!r} of {_app_name(state, app)} is not in the rulebook{least}"
            )
        if seen.silent is not None:
            return unknown("plan_not_told", f"the plan of {_app_name(state, seen.silent)} could not be read{least}")
        if seen.active != seen.top and seen.uncounted is not None:
            name = _app_name(state, seen.uncounted)
            return unknown(
                MAY_NOT_COUNT,
                f"only {name} has the {state.rulebook.plans[seen.top].name} plan, and Atlassian does not say whether"
                f" that counts; the Data contribution screen shows it{least}",
            )
        if seen.active != seen.top:
            return unknown(NOT_ONLINE, f"only an app that is not online has the highest plan{least}")
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
    """The plans that may be the highest, lowest first: one where it is known, none where nothing is known.

    A plan below that of an app that is online and counts is never among them.
    """
    highest = state.read(organization_subject(organization), names.HIGHEST_PLAN)
    plans = state.rulebook.plans
    if isinstance(highest, Observed):
        plan = state.rulebook.plan(highest.value) if isinstance(highest.value, str) else None
        return () if plan is None else (plan,)
    if not state.organization(organization).completed(names.WORKSPACES):
        return ()
    seen = _plans_seen(state, state.subjects(Kind.APP, organization))
    open_above = seen.strange is not None or seen.silent is not None or seen.differ is not None
    if seen.active < 0 and seen.uncounted is None:
        return ()
    return plans[max(seen.active, 0) :] if open_above else plans[max(seen.active, 0) : seen.top + 1]


def plans_by_console(state: State, organization: str) -> tuple[Plan, ...]:
    """The possible plans; where it is open which apps count, only those that fit what the console was seen to show.

    Metadata that is always contributed fits a plan without the choice, a switch one with it. No screen decides what
    an unknown plan word means.
    """
    plans = possible_plans(state, organization)
    highest = state.read(organization_subject(organization), names.HIGHEST_PLAN)
    if isinstance(highest, Observed) or highest.code not in (MAY_NOT_COUNT, NOT_ONLINE):
        return plans
    word = read_word(state, organization_subject(organization), names.METADATA, ("on", "off", _ALWAYS), "metadata")
    if isinstance(word, Stop):
        return plans
    return tuple(plan for plan in plans if offers_choice(plan) == (word[0] != _ALWAYS)) or plans


def highest_known(state: State, organization: str) -> Reason:
    """The highest plan that an app reports, whether or not it counts. The organization must have possible plans."""
    seen = _plans_seen(state, state.subjects(Kind.APP, organization))
    holder = next(plan for rank, plan in seen.ranked if rank == seen.top)
    return fact(f"the highest plan that an app reports is {state.rulebook.plans[seen.top].name}", holder)


def offers_choice(plan: Plan) -> bool:
    """Whether the console shows a switch for metadata on the plan."""
    return plan.metadata.changeable or plan.metadata.default != _ALWAYS


def _plans_seen(state: State, apps: Iterable[Subject]) -> _PlansSeen:
    ranked: list[tuple[int, Observed]] = []
    strange: tuple[Subject, str] | None = None
    differ: tuple[Subject, str] | None = None
    silent: Subject | None = None
    for app in apps:
        plan = state.read(app, names.PLAN)
        if isinstance(plan, Unavailable) and plan.code == SOURCES_DIFFER:
            differ = differ or (app, plan.reason)
            continue
        own_ranks, unknown_words = _ranks(state, plan)
        edition, _ = _ranks(state, state.read(app, names.GATEWAY_EDITION))
        trial, unknown_trials = _ranks(state, state.read(app, names.GATEWAY_TRIAL))
        ranked += [*own_ranks, *edition, *trial]
        if unknown_trials and unknown_trials[0].casefold() not in (NO_TRIAL, SOME_TRIAL):
            strange = strange or (app, unknown_trials[0])
        if unknown_words and not edition:  # the gateway's word for the same app says which plan it is
            strange = strange or (app, unknown_words[0])
        elif not own_ranks and not unknown_words and not edition:
            silent = silent or app
    online = [(rank, plan.subject) for rank, plan in ranked if _is_online(state, plan.subject)]
    active = max((rank for rank, app in online if not _perhaps_uncounted(state, app)), default=-1)
    top = max((rank for rank, _ in ranked), default=-1)
    uncounted = next((app for rank, app in online if rank == top > active), None)
    return _PlansSeen(tuple(ranked), strange, silent, differ, active, uncounted)


def _perhaps_uncounted(state: State, app: Subject) -> bool:
    entry = state.app(app)
    return entry is not None and entry.type_key in state.rulebook.may_not_count


def _ranks(state: State, seen: Observation) -> tuple[list[tuple[int, Observed]], list[str]]:
    """The observation with the rank of each known plan word in it, and the words that the rulebook does not know."""
    if not isinstance(seen, Observed) or seen.value is None:
        return [], []
    plans = {word: state.rulebook.plan(word) for word in seen.texts}
    return [(plan.rank, seen) for plan in plans.values() if plan], [word for word, plan in plans.items() if not plan]


def _is_online(state: State, app: Subject) -> bool:
    return state.word(app, names.APP_STATUS) == "online"


def _app_name(state: State, app: Subject) -> str:
    return state.recall(app, names.APP_ALIAS) or app.id


TRIALS = ("none", "running")
"""The words that a person records about an app's trial."""
_ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class Deciding:
    """The highest plan, where it is known."""

    plan: Plan
    reason: Reason
    trial: str
    """A sentence about the trial without which the highest plan may be another; "" where none is known."""


def rests_on_default(state: State, plan: Plan, word: str) -> str:
    """What would change an in-app switch that is at its plan's default; "" where it differs from the default.

    No observation distinguishes a choice from a default that nobody touched; only a recorded decision does.
    """
    others = [other.name for other in state.rulebook.plans if other.in_app.default != plan.in_app.default]
    if word != plan.in_app.default or not others:
        return ""
    return (
        f"{word} is the default of the {plan.name} plan, and nothing shows that anybody chose it; "
        f"the default differs on {', '.join(others)}"
    )


@once_per_state
def deciding_plan(state: State, organization: str) -> Deciding | Stop:
    """The highest plan, or the stop where it is unknown. Computed once for the whole organization."""
    seen = state.read(organization_subject(organization), names.HIGHEST_PLAN)
    plan = state.rulebook.plan(state.word(seen.subject, seen.setting))
    usable = stop_by(seen, "the highest plan")
    if plan is None or usable.code == "only_predicted":
        return usable
    return Deciding(plan, fact(f"the highest active plan is {plan.name}", seen), _trial(state, organization, plan))


def trial_behind(state: State, organization: str) -> str:
    """A sentence about the trial that gives, or may give, the highest plan; "" where no such trial is known."""
    plan = deciding_plan(state, organization)
    return plan.trial if isinstance(plan, Deciding) else trial_running(state, organization)


@once_per_state
def trial_running(state: State, organization: str) -> str:
    """A sentence about the first app of the organization that is known to be on trial; "" where none is."""
    running = [app for app in state.subjects(Kind.APP, organization) if trial_on(state, app)]
    if not running:
        return ""
    return f"a trial is running on {called(state, min(running))}; when it ends, the highest plan may change"


def _trial(state: State, organization: str, plan: Plan) -> str:
    """A sentence about the first running trial among apps with the plan; "" if one of them has it without a trial."""
    running: list[Subject] = []
    for app in state.subjects(Kind.APP, organization):
        if all(rank != plan.rank for rank, _ in plans_of(state, app)):
            continue
        on_trial = trial_on(state, app)
        if on_trial:
            running.append(app)
        elif on_trial is False and _is_online(state, app):
            return ""
    if not running:
        return ""
    name = called(state, min(running))
    return f"a trial is running on {name}; when it ends, {plan.name} may no longer be the highest plan"


def trial_on(state: State, app: Subject) -> bool | None:
    """Whether a trial is running, by the setting or else by the gateway's edition on trial; None where unknown."""
    word = read_word(state, app, names.TRIAL, TRIALS, "the trial")
    if not isinstance(word, Stop):
        return word[0] == "running"
    trial = state.value(app, names.GATEWAY_TRIAL)
    return True if trial is not None and runs(trial) else None


def trial_of_any_plan(state: State, organization: str) -> bool:
    """Whether a trial runs, or may run, whose plan no source names, so that it may be of any plan.

    A recorded trial that no longer counts or is contested may run; one that nobody looked for is not assumed.
    """
    return any(_may_be_of_any_plan(state, app) for app in state.subjects(Kind.APP, organization))


def _may_be_of_any_plan(state: State, app: Subject) -> bool:
    word = read_word(state, app, names.TRIAL, TRIALS, "the trial")
    if isinstance(word, Stop):
        return not never_recorded(state, app, names.TRIAL)
    return word[0] == RUNNING and not _ranks(state, state.read(app, names.GATEWAY_TRIAL))[0]


def plans_of(state: State, app: Subject) -> list[tuple[int, Observed]]:
    """The ranks of an app's known plans, bought or on trial, each with the observation that names it."""
    sources = (state.read(app, setting) for setting in (names.PLAN, names.GATEWAY_EDITION, names.GATEWAY_TRIAL))
    return [one for seen in sources for one in _ranks(state, seen)[0]]
