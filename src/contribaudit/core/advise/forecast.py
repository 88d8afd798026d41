"""Forecasts: what would change with another plan, after a trial, or in time, predicted from the rulebook.

Nothing here is evidence. The kept observations are changed as the assumption says, judged like any other state, and
compared with the present state.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from functools import partial

from contribaudit.core.advise.expiry import days_of_change
from contribaudit.core.judge.check import Check
from contribaudit.core.judge.evaluate import EVERYTHING, Selection, evaluate
from contribaudit.core.model import names
from contribaudit.core.model.finding import Finding, Severity
from contribaudit.core.model.observation import Grade, Observation, Observed, SettingId, Unavailable
from contribaudit.core.model.phrases import counted
from contribaudit.core.model.policy import AuditPolicy
from contribaudit.core.model.provisions import NO_DOCUMENTS, Archive
from contribaudit.core.model.rulebook import Plan, Rulebook
from contribaudit.core.model.setting import Setting
from contribaudit.core.model.subject import Kind, Subject, organization_subject
from contribaudit.core.resolve.aliases import alias_of, called
from contribaudit.core.resolve.effective import effective_of
from contribaudit.core.resolve.gateway import RUNNING, SOME_TRIAL, runs
from contribaudit.core.resolve.plans import TRIALS, highest_plan
from contribaudit.core.resolve.reasons import Effective
from contribaudit.core.resolve.resolve import SeenOrganization, resolve
from contribaudit.core.resolve.state import State

SOURCE = "assumed"
"""The source of the values that a forecast assumes. No report of an audit has any."""
AFTER_TRIAL = "plan_after_trial"


@dataclass(frozen=True, slots=True)
class Assumed:
    """The input of a state under an assumption."""

    seen: tuple[SeenOrganization, ...]
    plans: Mapping[str, Observation] = field(default_factory=dict)
    """The highest plan by organization, in place of the one that follows from its apps."""
    sentences: tuple[str, ...] = ()
    """What is assumed, for people; empty when nothing is."""
    notes: tuple[str, ...] = ()
    """What could not be assumed, and why."""


def plan_becomes(seen: Sequence[SeenOrganization], state: State, plan: Plan) -> Assumed:
    """Assume that every organization's highest plan becomes this one.

    A lower plan replaces the plan of every app above it; a higher one replaces that of the apps on today's highest
    plan. Where today's highest plan is not known, every app whose plan is not known gets this one.
    """
    made: list[SeenOrganization] = []
    plans: dict[str, Observation] = {}
    notes: list[str] = []
    for audited in seen:
        if audited.snapshot is None or audited.place.left_out:
            made.append(audited)
            continue
        old = _highest(state, audited.place.id)
        if old == plan:
            made.append(audited)
            continue
        made.append(
            _with_changed_plans(audited, partial(_with_moved_plan, rulebook=state.rulebook, old=old, plan=plan))
        )
        place, name = state.organizations[audited.place.id], state.organization_name(audited.place.id)
        if not place.completed(names.WORKSPACES):
            notes.append(f"{name}: not every app was read, so its highest plan stays unknown.")
            continue
        plans[audited.place.id] = Observed(
            names.HIGHEST_PLAN,
            organization_subject(audited.place.id),
            plan.name.casefold(),
            Grade.DOCUMENTED,
            state.as_of,
            SOURCE,
        )
    return Assumed(tuple(made), plans, (f"the highest plan becomes {plan.name}",), tuple(notes))


def trials_end(organizations: Sequence[SeenOrganization], state: State) -> Assumed:
    """Assume that every trial recorded as running has ended.

    Atlassian does not document the plan of an app after its trial, so that becomes unknown. The highest plan becomes
    that of the other apps, which is the lowest that it can be.
    """
    made: list[SeenOrganization] = []
    plans: dict[str, Observation] = {}
    sentences: list[str] = []
    notes: list[str] = []
    for audited in organizations:
        apps = [] if audited.snapshot is None or audited.place.left_out else state.subjects(Kind.APP, audited.place.id)
        if not apps and not audited.place.completed(names.WORKSPACES):
            notes.append(f"{state.organization_name(audited.place.id)}: its apps were not read, so nothing is known.")
            made.append(audited)
            continue
        words = {app: _trial(state, app) for app in apps}
        running = [app for app, word in words.items() if word == RUNNING]
        name = state.organization_name(audited.place.id)
        silent = sum(1 for word in words.values() if word == "")
        if silent:
            apps_counted = counted(silent, "app")
            notes.append(f"{name}: whether a trial is running is unknown for {apps_counted}.")
        if not running:
            notes.append(f"{name}: no app is known to be on trial, so nothing is assumed.")
            made.append(audited)
            continue
        ended = frozenset(running)
        made.append(_with_changed_plans(audited, partial(_with_ended_trial, ended=ended), ended))
        plans[audited.place.id], sentence = _next_highest(state, audited.place.id, running)
        sentences.append(sentence)
    return Assumed(tuple(made), plans, tuple(sentences), tuple(notes))


def _next_highest(state: State, organization: str, running: Sequence[Subject]) -> tuple[Observation, str]:
    listed = ", ".join(alias_of(state, app) for app in sorted(running))
    highest = highest_plan(state, organization, frozenset(running))
    unsaid = "which plan apps get after a trial is not documented"
    if isinstance(highest, Observed):
        plan = state.rulebook.plan(str(highest.value))
        word = plan.name if plan is not None else str(highest.value)
        same = "stays" if plan is not None and plan == _highest(state, organization) else "is"
        sentence = f"without the trial of {listed} the highest plan {same} {word}, that of the other apps; {unsaid}"
        return replace(highest, source=SOURCE), sentence
    why = "every app is on trial" if highest.code == "no_apps" else highest.reason
    reason = f"the highest plan without {listed} is not known: {why}; {unsaid}"
    return replace(highest, code=AFTER_TRIAL, reason=reason, source=SOURCE), reason


def _trial(state: State, app: Subject) -> str:
    """ "none", "running", or "" where it is not known."""
    word = state.word(app, names.TRIAL).strip()
    return word if word in TRIALS else ""


def _highest(state: State, organization: str) -> Plan | None:
    return state.rulebook.plan(state.word(organization_subject(organization), names.HIGHEST_PLAN))


def _with_changed_plans(
    seen: SeenOrganization, change: Callable[[Observation], Observation], ended: frozenset[Subject] = frozenset()
) -> SeenOrganization:
    """The organization with every app's plan changed, and without the gateway's editions, which no longer fit."""
    assert seen.snapshot is not None

    def changed(observation: Observation) -> Observation:
        if (
            observation.setting == names.GATEWAY_TRIAL
            and observation.subject in ended
            and isinstance(observation, Observed)
            and runs(observation)
        ):
            return replace(observation, value=SOME_TRIAL)
        return change(observation) if observation.setting == names.PLAN else observation

    by_collector = {
        collector: tuple(changed(one) for one in observations if one.setting != names.GATEWAY_EDITION)
        for collector, observations in seen.snapshot.by_collector.items()
    }
    return replace(seen, snapshot=replace(seen.snapshot, by_collector=by_collector))


def _with_moved_plan(observation: Observation, rulebook: Rulebook, old: Plan | None, plan: Plan) -> Observation:
    word = plan.name if plan.name.casefold() in plan.words else min(plan.words)
    if not isinstance(observation, Observed) or observation.value is None:
        if old is not None:
            return observation
        when = observation.observed_at if isinstance(observation, Observed) else observation.attempted_at
        return Observed(observation.setting, observation.subject, word, Grade.DOCUMENTED, when, SOURCE)
    words = (word if _plan_moves(rulebook.plan(one), old, plan) else one for one in observation.texts)
    moved = tuple(dict.fromkeys(words))
    if moved == observation.texts:
        return observation
    return replace(
        observation, value=moved if isinstance(observation.value, tuple) else moved[0], source=SOURCE, response=""
    )


def _plan_moves(app_plan: Plan | None, old: Plan | None, plan: Plan) -> bool:
    """Whether an app's plan becomes the assumed one."""
    if app_plan is None:
        return old is None
    return app_plan.rank > plan.rank or app_plan == old


def _with_ended_trial(observation: Observation, ended: frozenset[Subject]) -> Observation:
    if observation.subject not in ended:
        return observation
    when = observation.observed_at if isinstance(observation, Observed) else observation.attempted_at
    reason = "the plan of an app after its trial is not documented"
    return Unavailable(observation.setting, observation.subject, AFTER_TRIAL, reason, when, SOURCE)


LABEL = "prediction"
"""The label of everything that a forecast says."""
MOST_DAYS = 60
"""The most days that a forecast checks: each takes a whole evaluation."""
_SHOWN = (names.EFFECTIVE_METADATA, names.EFFECTIVE_IN_APP)
NOT_ASKED = "not_asked"
"""In place of an outcome: there is no such finding."""


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What a forecast assumes."""

    plan: Plan | None = None
    """The highest plan of every organization becomes this one."""
    trial_ends: bool = False
    """Every trial that is known to be running has ended."""
    until: date | None = None
    """Time passes up to the end of this day, UTC, and nobody does anything."""


@dataclass(frozen=True, slots=True)
class ForecastRow:
    """One finding, effective answer or count that would differ."""

    subject: Subject
    name: str
    """The subject's alias; for a count over apps, "apps"."""
    called: str
    """What people call the subject, as in "Jira on acme.atlassian.net" or "apps of Acme"."""
    check: str
    """"" for an effective answer."""
    setting: SettingId | None
    severity: Severity | None
    """None for an effective answer."""
    before: str
    after: str
    """An outcome, an effective value, or how many apps have which. Never evidence."""
    when: date | None
    """The day on which it changes by itself; None for what the assumption changes at once."""
    why: str
    predicted: str | None = None
    """The plan's default, where the effective value would not be known. Predicted, not evidence."""
    title: str = ""
    """The title of the check."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What would change, the assumption's own changes first, then day by day."""

    as_of: datetime
    hypothesis: Hypothesis
    rulebook: str
    policy: str
    assumptions: tuple[str, ...]
    notes: tuple[str, ...]
    """What the forecast could not take into account, as sentences."""
    rows: tuple[ForecastRow, ...]
    days: tuple[date, ...] = ()
    """The days that were checked."""
    label: str = LABEL


@dataclass(frozen=True, slots=True)
class Ground:
    """Everything from which states are made and judged. It is kept data: a forecast reads nothing again."""

    seen: Sequence[SeenOrganization]
    rulebook: Rulebook
    promises: Mapping[str, Iterable[SettingId]]
    settings: Sequence[Setting]
    policy: AuditPolicy
    checks: Sequence[Check]
    find_setting: Callable[[SettingId], Setting]
    selection: Selection = EVERYTHING
    documents: Callable[[], Archive] = lambda: NO_DOCUMENTS
    """Returns the archive of watched documents."""

    def state(self, as_of: datetime, assumed: Assumed | None = None) -> State:
        """The state at this moment under the assumption, from what was kept."""
        seen, plans = (assumed.seen, assumed.plans) if assumed is not None else (self.seen, {})
        return resolve(seen, self.rulebook, as_of, self.promises, self.settings, plans, documents=self.documents)

    def findings(self, state: State) -> tuple[Finding, ...]:
        """The findings about the state. Raises UsageError when the policy asks for no check."""
        return evaluate(state, self.policy, self.checks, self.find_setting, self.selection).findings


def end_of(day: date) -> datetime:
    """The last moment of the day, UTC, when all that happens on it has happened."""
    return datetime.combine(day, time.max, UTC)


def forecast(ground: Ground, hypothesis: Hypothesis, as_of: datetime) -> Forecast:
    """What would change under the hypothesis, from the state as of a moment.

    Raises UsageError when the policy asks for no check.
    """
    state = ground.state(as_of)
    before = _JudgedState(state, ground.findings(state))
    assumed = _assume(ground, hypothesis, state)
    rows: list[ForecastRow] = []
    notes = list(assumed.notes)
    if assumed.sentences:
        state = ground.state(as_of, assumed)
        after = _JudgedState(state, ground.findings(state))
        rows += _differences(before, after, None)
        before = after
    days: list[date] = []
    if hypothesis.until is not None:
        days, left_out = _days(state, ground.policy, hypothesis.until)
        if left_out:
            notes.append(f"{counted(left_out, 'more day')} may bring changes; only the first {len(days)} were checked.")
        for day in days:
            state = ground.state(end_of(day), assumed)
            after = _JudgedState(state, ground.findings(state))
            rows += _differences(before, after, day)
            before = after
    sentences = [*assumed.sentences]
    if hypothesis.until is not None:
        sentences.append(f"nobody changes or attests anything until the end of {hypothesis.until}")
    return Forecast(
        as_of,
        hypothesis,
        ground.rulebook.version,
        ground.policy.name,
        tuple(sentences),
        tuple(notes),
        tuple(rows),
        tuple(days),
    )


def _assume(ground: Ground, hypothesis: Hypothesis, state: State) -> Assumed:
    if hypothesis.plan is not None:
        return plan_becomes(ground.seen, state, hypothesis.plan)
    return trials_end(ground.seen, state) if hypothesis.trial_ends else Assumed(tuple(ground.seen))


def _days(state: State, policy: AuditPolicy, until: date) -> tuple[list[date], int]:
    """The days to check, which always include `until`, and how many were left out."""
    days = sorted({*days_of_change(state, policy, until), until})
    if len(days) <= MOST_DAYS:
        return days, 0
    return [*days[: MOST_DAYS - 1], until], len(days) - MOST_DAYS


class _JudgedState:
    """One judged state, in the form in which two states are compared."""

    def __init__(self, state: State, findings: Iterable[Finding]) -> None:
        self.state = state
        self.findings = {one.id: one for one in findings}
        self.answers: dict[tuple[Subject, SettingId], Effective] = {}
        self.apps: dict[tuple[Subject, SettingId], str] = {}
        for organization in state.subjects(Kind.ORGANIZATION):
            for setting in _SHOWN:
                self.answers[organization, setting] = effective_of(state, organization, setting)
                apps = state.subjects(Kind.APP, organization.id)
                words = Counter(effective_of(state, app, setting).word for app in apps)
                self.apps[organization, setting] = (
                    ", ".join(f"{words[word]} {word}" for word in sorted(words)) or "none"
                )


def _differences(before: _JudgedState, after: _JudgedState, when: date | None) -> Iterator[ForecastRow]:
    """The rows that differ: effective answers first, then findings by severity, check and subject."""
    for (subject, setting), answer in after.answers.items():
        old = before.answers[subject, setting]
        if (old.word, old.predicted) != (answer.word, answer.predicted):
            name, name_said = alias_of(after.state, subject), called(after.state, subject)
            words, why = (old.word, answer.word), answer.reason
            yield ForecastRow(subject, name, name_said, "", setting, None, *words, when, why, answer.predicted)
        apps = before.apps[subject, setting], after.apps[subject, setting]
        if apps[0] != apps[1]:
            said = f"apps of {called(after.state, subject)}"
            why = "how many of the organization's apps have which answer"
            yield ForecastRow(subject, "apps", said, "", setting, None, *apps, when, why)
    changed = [
        (before.findings.get(one), after.findings.get(one))
        for one in dict.fromkeys((*before.findings, *after.findings))
        if _outcome(before.findings.get(one)) != _outcome(after.findings.get(one))
    ]
    rows = [_row(old, new, after.state, when) for old, new in changed]
    yield from sorted(rows, key=lambda one: (one.severity.rank if one.severity else 0, one.check, one.subject))


def _row(old: Finding | None, new: Finding | None, state: State, when: date | None) -> ForecastRow:
    one = new or old
    assert one is not None  # it is in one of the two
    name, name_said = alias_of(state, one.subject), called(state, one.subject)
    why = new.reason if new is not None else "the check then applies to other subjects"
    before, after = _outcome(old), _outcome(new)
    return ForecastRow(
        one.subject, name, name_said, one.check, one.setting, one.severity, before, after, when, why, title=one.title
    )


def _outcome(finding: Finding | None) -> str:
    return finding.outcome.value if finding is not None else NOT_ASKED
