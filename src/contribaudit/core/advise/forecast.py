"""What would change if the plan were another, a trial ended, or time passed: a prediction, from the rulebook.

Nothing here is evidence. A state under an assumption is made anew from what was kept, judged like any other, and
compared with the state as it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time

from contribaudit.core.alias import alias_of
from contribaudit.core.assume import Assumed, as_it_is, plan_becomes, trials_end
from contribaudit.core.happens import days_of_change
from contribaudit.core.judge.check import Check
from contribaudit.core.judge.evaluate import EVERYTHING, Selection, evaluate
from contribaudit.core.model import names
from contribaudit.core.model.finding import Finding, Severity
from contribaudit.core.model.observation import SettingId
from contribaudit.core.model.policy import AuditPolicy
from contribaudit.core.model.rulebook import Plan, Rulebook
from contribaudit.core.model.setting import Setting
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.core.resolve.effective import Effective, effective_of
from contribaudit.core.resolve.resolve import Seen, resolve
from contribaudit.core.resolve.state import State

LABEL = "prediction"
"""What everything that a forecast says is called."""
MOST_DAYS = 60
"""How many days a forecast looks at, at most: each is a whole evaluation."""
_SHOWN = (names.EFFECTIVE_METADATA, names.EFFECTIVE_IN_APP)
NOT_ASKED = "not_asked"
"""In place of an outcome: the finding is not there."""


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What is assumed."""

    plan: Plan | None = None
    """The highest plan of every organization becomes this one."""
    trial_ends: bool = False
    """Every trial that is known to run has ended."""
    until: date | None = None
    """Time passes up to the end of this day, UTC, and nobody does anything."""


@dataclass(frozen=True, slots=True)
class ForecastRow:
    """One thing that would be otherwise."""

    organization: str
    subject: Subject
    name: str
    """What people call the subject; for a count over apps, "apps"."""
    check: str
    """"" for an effective answer."""
    setting: SettingId | None
    severity: Severity | None
    """None for an effective answer."""
    before: str
    after: str
    """An outcome, an effective value, or how many apps have which. Never evidence."""
    when: date | None
    """The day on which it happens by itself; None for what the assumption itself changes, at once."""
    why: str
    predicted: str | None = None
    """The plan's default, where the effective value would not be known. Predicted, not evidence."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What would change, the assumption's own changes first, then day by day."""

    as_of: datetime
    hypothesis: Hypothesis
    rulebook: str
    policy: str
    assumptions: tuple[str, ...]
    notes: tuple[str, ...]
    """What the forecast could not look at, as sentences."""
    rows: tuple[ForecastRow, ...]
    days: tuple[date, ...] = ()
    """The days that were looked at."""
    label: str = LABEL


@dataclass(frozen=True, slots=True)
class Ground:
    """All that a state is made of and judged by; nothing in it is read anew."""

    seen: Sequence[Seen]
    rulebook: Rulebook
    promises: Mapping[str, Iterable[SettingId]]
    settings: Sequence[Setting]
    policy: AuditPolicy
    checks: Sequence[Check]
    find_setting: Callable[[SettingId], Setting]
    selection: Selection = EVERYTHING

    def state(self, as_of: datetime, assumed: Assumed | None = None) -> State:
        """What was kept means at this moment, under the assumption."""
        seen, plans = (assumed.seen, assumed.plans) if assumed is not None else (self.seen, {})
        return resolve(seen, self.rulebook, as_of, self.promises, self.settings, plans)

    def findings(self, state: State) -> tuple[Finding, ...]:
        """The state judged. Raises UsageError when the policy asks for no check."""
        return evaluate(state, self.policy, self.checks, self.find_setting, self.selection).findings


def end_of(day: date) -> datetime:
    """The last moment of the day, UTC: all that happens on it has happened."""
    return datetime.combine(day, time.max, UTC)


def forecast(ground: Ground, hypothesis: Hypothesis, as_of: datetime) -> Forecast:
    """What would change under the hypothesis, from the state as of a moment.

    Raises UsageError when the policy asks for no check.
    """
    state = ground.state(as_of)
    before = _View(state, ground.findings(state))
    assumed = _assume(ground, hypothesis, state)
    rows: list[ForecastRow] = []
    notes = list(assumed.notes)
    if assumed.sentences:
        state = ground.state(as_of, assumed)
        after = _View(state, ground.findings(state))
        rows += _differences(before, after, None)
        before = after
    days: list[date] = []
    if hypothesis.until is not None:
        days, left_out = _days(state, ground.policy, hypothesis.until)
        if left_out:
            notes.append(f"Something may happen on {left_out} days more: only {len(days)} of them were looked at.")
        for day in days:
            state = ground.state(end_of(day), assumed)
            after = _View(state, ground.findings(state))
            rows += _differences(before, after, day)
            before = after
    sentences = [*assumed.sentences]
    if hypothesis.until is not None:
        sentences.append(f"nobody does or reads anything until the end of {hypothesis.until}")
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
    return trials_end(ground.seen, state) if hypothesis.trial_ends else as_it_is(ground.seen)


def _days(state: State, policy: AuditPolicy, until: date) -> tuple[list[date], int]:
    """The days to look at, the last one always among them, and how many were left out."""
    found = sorted({*days_of_change(state, policy, until), until})
    if len(found) <= MOST_DAYS:
        return found, 0
    return [*found[: MOST_DAYS - 1], until], len(found) - MOST_DAYS


class _View:
    """One state, judged, in the form in which two of them are compared."""

    def __init__(self, state: State, findings: Iterable[Finding]) -> None:
        self.state = state
        self.findings = {one.id: one for one in findings}
        self.answers: dict[tuple[Subject, SettingId], Effective] = {}
        self.apps: dict[tuple[Subject, SettingId], str] = {}
        for organization in state.subjects(Kind.ORGANIZATION):
            for setting in _SHOWN:
                self.answers[organization, setting] = effective_of(state, organization, setting)
                apps = state.subjects(Kind.APP, organization.id)
                words = Counter(_word(effective_of(state, app, setting)) for app in apps)
                self.apps[organization, setting] = (
                    ", ".join(f"{words[word]} {word}" for word in sorted(words)) or "none"
                )


def _word(answer: Effective) -> str:
    return answer.value if answer.value is not None else str(answer.outcome)


def _differences(before: _View, after: _View, when: date | None) -> Iterator[ForecastRow]:
    """Effective answers first, then findings by severity, check and subject."""
    for (subject, setting), answer in after.answers.items():
        was = before.answers[subject, setting]
        if (_word(was), was.predicted) != (_word(answer), answer.predicted):
            name = alias_of(after.state, subject)
            row = ForecastRow(
                subject.organization, subject, name, "", setting, None, _word(was), _word(answer), when, ""
            )
            yield replace(row, why=answer.reason, predicted=answer.predicted)
        apps = before.apps[subject, setting], after.apps[subject, setting]
        if apps[0] != apps[1]:
            why = f"the effective {setting.partition('.')[2]} of the organization's apps"
            yield ForecastRow(subject.organization, subject, "apps", "", setting, None, *apps, when, why)
    changed = [
        (before.findings.get(one), after.findings.get(one))
        for one in dict.fromkeys((*before.findings, *after.findings))
        if _outcome(before.findings.get(one)) != _outcome(after.findings.get(one))
    ]
    rows = [_row(was, now, after.state, when) for was, now in changed]
    yield from sorted(rows, key=lambda one: (one.severity.rank if one.severity else 0, one.check, one.subject))


def _row(was: Finding | None, now: Finding | None, state: State, when: date | None) -> ForecastRow:
    one = now or was
    assert one is not None  # it is in one of the two
    name = alias_of(state, one.subject)
    why = now.reason if now is not None else "the check is asked of others then"
    organization = one.subject.organization
    return ForecastRow(
        organization, one.subject, name, one.check, one.setting, one.severity, _outcome(was), _outcome(now), when, why
    )


def _outcome(finding: Finding | None) -> str:
    return finding.outcome.value if finding is not None else NOT_ASKED
