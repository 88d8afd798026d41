"""Which values the policy's rules wait for: those that an unverified finding needs and that a person can attest.

Also here: a console screen on which somebody should look at values, and the questions that it answers.

Each check is run again on its subject to record what it reads; then again as if the console had shown the best
possible values, until it needs nothing more. So the result follows the checks' own rules, one visit to the console is
enough, and nobody is asked for a value that a better source gives.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from contribaudit.core.advise.remedies import Remedy, remedy_of
from contribaudit.core.judge.check import Check, CheckContext, Verdict, by_id
from contribaudit.core.judge.selectors import attributes_of, rule_for
from contribaudit.core.model.attestation import Attestation
from contribaudit.core.model.finding import Finding, Severity
from contribaudit.core.model.observation import Attester, Grade, Observation, Observed, SettingId, Value
from contribaudit.core.model.policy import AuditPolicy, Rule
from contribaudit.core.model.rulebook import Screen
from contribaudit.core.model.setting import Setting
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.core.resolve.effective import COMPUTED, KINDS, effective_of
from contribaudit.core.resolve.state import State, screen_for

Key = tuple[Subject, SettingId]
T = TypeVar("T")
_ROUNDS = 3
"""How many times assumed answers may lead to further questions."""
_TRIED = 10
"""How many questions about one setting are used to find its best answer: the others follow the same rules."""
_OTHERS = 3
"""How many questions about apps that no screen lists are asked again, each of which reads the whole inventory."""
_WIDE = (Kind.COMPANY, Kind.ORGANIZATION)
_PLAIN: Mapping[str, Value] = {"": "none", "date": "2100-01-01"}
"""An assumed answer by the setting's unit, for a text and for a day; every other unit gets 1."""
_SOMEBODY = Attester("somebody@example.com", "another@example.com", screenshot=True, anchored=True)
_TOO_WEAK = ("evidence_too_old", "evidence_from_the_future", "screenshot_missing", "grade_not_accepted")
"""Codes of findings whose values were all read but do not count."""


@dataclass(frozen=True, slots=True)
class Row:
    """One question that a screen answers, with the newest answer."""

    screen: Screen
    subject: Subject
    setting: Setting
    last: Attestation | None
    """None when the value was never attested, or its attestation was revoked."""
    due_at: datetime | None
    """None when the value was never looked at, and is due."""

    @property
    def key(self) -> tuple[Subject, SettingId]:
        """The subject and setting of the question."""
        return self.subject, self.setting.id

    def is_due(self, now: datetime) -> bool:
        """True when somebody should look now."""
        return self.due_at is None or self.due_at <= now


@dataclass(frozen=True, slots=True)
class DueScreen:
    """One console screen of one organization on which somebody should look at something now."""

    screen: Screen
    organization: str
    rows: tuple[Row, ...]
    severity: Severity | None
    """The highest severity of the findings that wait for the screen; None when a look is only to be renewed."""

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """The subjects of its rows, each once."""
        return tuple(dict.fromkeys(row.subject for row in self.rows))

    @property
    def minutes(self) -> int:
        """The estimated duration of the look, from the rulebook."""
        return self.screen.minutes(self.values)

    @property
    def values(self) -> int:
        """The number of values that are certainly asked for."""
        sure = self.screen.surely_asked(dict.fromkeys(row.setting.id for row in self.rows))
        return sum(1 for row in self.rows if row.setting.id in sure)

    @property
    def due_at(self) -> datetime | None:
        """When the first previously attested value is due; None when none was attested."""
        return min((row.due_at for row in self.rows if row.due_at is not None), default=None)


@dataclass(frozen=True, slots=True)
class Waiting:
    """The values that findings wait for, and what else their checks read."""

    values: Mapping[tuple[Subject, SettingId], Severity]
    """Values that are missing or do not count, with the highest severity of the findings that wait for such a value."""
    read_with_them: frozenset[SettingId]
    """The settings that the checks of these findings read."""
    read: frozenset[SettingId]
    """The settings that the checks of all enabled rules read."""


class _RecordingState(State):
    """A copy of the state that assumes some answers, computes everything again, and records what is read."""

    def __init__(self, state: State, assumed: Mapping[Key, Value]) -> None:
        self.__dict__.update(state.__dict__)
        self._computed = {}
        self._assumed = assumed
        self.noted: dict[Key, Observation] = {}

    def read(self, subject: Subject, setting: SettingId) -> Observation:
        key = subject, setting
        observation = self.noted.get(key)
        if observation is not None:
            return observation
        if key in self._assumed:
            return Observed(setting, subject, self._assumed[key], Grade.ATTESTED, self.as_of, "", witness=_SOMEBODY)
        observation = self.noted[key] = super().read(subject, setting)
        return observation

    def missing(self) -> Iterator[Key]:
        """The values that a check asked for and that are missing."""
        return (key for key, seen in self.noted.items() if not isinstance(seen, Observed))


@dataclass(frozen=True, slots=True)
class _Question:
    """A finding that a look may resolve, with everything needed to run its check again."""

    finding: Finding
    check: Check
    rule: Rule
    policy: AuditPolicy

    def put(self, state: State) -> Verdict:
        """The check's verdict in the given state."""
        return self.check.judge(CheckContext(self.finding.subject, state, self.rule, self.policy))


def waiting(
    state: State,
    findings: Iterable[Finding],
    policy: AuditPolicy,
    checks: Iterable[Check],
    find_setting: Callable[[SettingId], Setting],
) -> Waiting:
    """The values that a look at the console must give before the outcomes of these findings can change."""
    checks_by_id = by_id(checks)
    questions: list[_Question] = []
    weak = _RecordingState(state, {})
    too_weak: dict[SettingId, Severity] = {}
    for finding in findings:
        check = checks_by_id.get(finding.check)
        if check is None or finding.setting is None or check.kind is not finding.subject.kind:
            continue
        if remedy_of(state, finding) is not Remedy.LOOK and not (
            finding.outcome.unproven and finding.setting in COMPUTED
        ):
            continue
        rule = rule_for(policy, check.id, attributes_of(state, finding.subject))
        if rule is None:
            continue
        question = _Question(finding, check, rule, policy)
        questions.append(question)
        own = find_setting(finding.setting)
        if finding.reason_code in _TOO_WEAK or (
            own.attestable and isinstance(state.read(finding.subject, own.id), Observed)
        ):
            question.put(weak)
            _add(too_weak, _settings_read(question, own.id), finding.severity)
    values = _missing_values(state, questions, find_setting)
    for (subject, setting), seen in weak.noted.items():
        if isinstance(seen, Observed) and seen.witness is not None and setting in too_weak:
            values[subject, setting] = too_weak[setting]
    enabled = {rule.check for rule in policy.rules if rule.enabled}
    read = {setting for name in enabled & checks_by_id.keys() for setting in checks_by_id[name].reads}
    read_with_them = {setting for question in questions for setting in question.check.reads}
    return Waiting(values, frozenset(read_with_them), frozenset(read))


def _missing_values(
    state: State, questions: Sequence[_Question], find_setting: Callable[[SettingId], Setting]
) -> dict[Key, Severity]:
    """The values that the questions need and do not have, including those they need once the first are known."""
    values: dict[Key, Severity] = {}
    assumed: dict[Key, Value] = {}
    still_open = questions
    for first in (True, *[False] * _ROUNDS):
        noting = _RecordingState(state, assumed)
        by_key: dict[Key, Severity] = {}
        by_setting: dict[SettingId, Severity] = {}
        unlisted: Counter[SettingId] = Counter()
        asking: dict[SettingId, list[_Question]] = defaultdict(list)
        put, still_open = still_open, []
        for question in put:
            verdict = question.put(noting)
            setting = question.finding.setting if first else verdict.setting
            if not (first or verdict.outcome.unproven):
                continue  # settled: it needs nothing more
            still_open.append(question)
            if setting is None:
                continue
            if setting in COMPUTED and first and question.finding.subject.kind in KINDS:
                effective_of(noting, question.finding.subject, setting)
            elif first:
                noting.read(question.finding.subject, setting)
            for needed in _settings_read(question, setting):
                asking[needed].append(question)
            key = question.finding.subject, setting
            if key in noting.noted and not isinstance(noting.noted[key], Observed):
                missing_keys = [key]
                if screen_for(state, *key) is None:
                    unlisted[setting] += 1
                    few = unlisted[setting] <= _OTHERS
                    missing_keys = _missing_elsewhere(question, state, assumed, find_setting(setting)) if few else []
                _add(by_key, missing_keys, question.finding.severity)
            else:
                _add(by_setting, _settings_read(question, setting), question.finding.severity)
        new: dict[SettingId, list[Key]] = defaultdict(list)
        for key in noting.missing():
            severity = by_key.get(key) or by_setting.get(key[1])
            if severity is not None and find_setting(key[1]).attestable:
                new[key[1]].append(key)
                values[key] = severity
        if not new:
            break
        for setting, keys in new.items():
            # A question about an app reads little; one about the whole organization reads every app for each answer.
            tried = sorted(asking[setting], key=lambda one: one.finding.subject.kind in _WIDE)[:_TRIED]
            assumed.update(_best_answer(state, assumed, find_setting(setting), keys, tried))
    return values


def _best_answer(
    state: State, assumed: Mapping[Key, Value], setting: Setting, keys: Sequence[Key], asking: Sequence[_Question]
) -> dict[Key, Value]:
    """For these keys the answer with which the fewest checks fail; among equals, the fewest stay unverified."""

    def cost(answer: Value) -> tuple[int, int]:
        trial = _RecordingState(state, {**assumed, **dict.fromkeys(keys, answer)})
        outcomes = [question.put(trial).outcome for question in asking]
        return sum(one.violates for one in outcomes), sum(one.unproven for one in outcomes)

    answers: tuple[Value, ...] = setting.words or (_PLAIN.get(setting.unit, 1) if not setting.is_list else (),)
    best = min(answers, key=cost) if len(answers) > 1 else answers[0]
    return dict.fromkeys(keys, best)


def _missing_elsewhere(question: _Question, state: State, assumed: Mapping[Key, Value], setting: Setting) -> list[Key]:
    """Other subjects whose values of the setting would settle the question; empty where no answer would."""
    noting = _RecordingState(state, assumed)
    question.put(noting)
    keys = [key for key in noting.missing() if key[1] == setting.id and key[0] != question.finding.subject]
    for answer in setting.words:
        if not question.put(_RecordingState(state, {**assumed, **dict.fromkeys(keys, answer)})).outcome.unproven:
            return keys
    return []


def _settings_read(question: _Question, setting: SettingId) -> tuple[SettingId, ...]:
    """The settings that a verdict needs: everything the check reads for a computed setting, else the setting itself."""
    return question.check.reads if setting in COMPUTED else (setting,)


def _add(severities: dict[T, Severity], keys: Iterable[T], severity: Severity) -> None:
    for key in keys:
        severities[key] = min(severities.get(key, severity), severity, key=lambda level: level.rank)
