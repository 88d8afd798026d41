"""Turns an effective answer about contribution into a verdict, with the switch and the lists as its reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from contribaudit.checks.reading import fragile
from contribaudit.core.judge.check import CheckContext, Judge, Verdict
from contribaudit.core.model import names
from contribaudit.core.model.finding import Evidence, Outcome
from contribaudit.core.model.observation import Observation, Observed, SettingId, Value
from contribaudit.core.model.setting import Setting
from contribaudit.core.resolve.contribution_scope import first_of_all
from contribaudit.core.resolve.effective_contribution import CONTRIBUTED
from contribaudit.core.resolve.reasons import Effective, Reason, Stop, observed_in

BEFORE = frozenset((Outcome.NOT_YET_EFFECTIVE, Outcome.EXEMPT))
"""Outcomes that take precedence over every answer about contribution."""
_CALLED = {names.EFFECTIVE_METADATA: "metadata", names.EFFECTIVE_IN_APP: "in-app data"}


def once_in_force(setting: Setting, expected: Value = None) -> Callable[[Judge], Judge]:
    """Decorates a judge so that the first day of data use and an exemption take precedence over its own answer.

    An exemption that is recorded but does not count makes the verdict `unknown`, because data use depends on it.
    `expected` is the verdict's expected value; None takes it from the rule's `expect`.
    """

    def after_the_first_day(judge: Judge) -> Judge:
        def judged(case: CheckContext) -> Verdict:
            first = first_of_all(case.state, case.subject.organization)
            expected_value = case.rule.expect if expected is None else expected
            return _verdict_of_stop(first, setting.id, expected_value) if isinstance(first, Stop) else judge(case)

        return judged

    return after_the_first_day


def contributed(answer: Effective, expected: Value) -> Verdict:
    """The verdict of a check that wants nothing contributed.

    `pass` when nothing is contributed, `fail` when something is, `not_achievable` when the plan does not allow a
    change. An answer without a value keeps its outcome, code and reason.
    """
    seen = _last_decisive(answer.chain)
    setting = seen.setting if seen is not None else answer.setting
    observed = seen.value if isinstance(seen, Observed) else None
    if answer.value is None:
        assert isinstance(answer.outcome, Outcome)
        outcome = answer.outcome
    elif answer.value == CONTRIBUTED:
        outcome = Outcome.NOT_ACHIEVABLE if answer.changeable is False else Outcome.FAIL
    else:
        outcome = Outcome.PASS
    evidence = Evidence.of(*answer.rests_on)
    verdict = Verdict(outcome, answer.code, sentence_of(answer), setting, expected, observed, evidence)
    return fragile(verdict, answer.fragile_because)


def worded(verdict: Verdict, code: str, reason: str) -> Verdict:
    """The same verdict with a check's own code and reason."""
    return replace(verdict, reason_code=code, reason=reason)


def sentence_of(answer: Effective) -> str:
    """The answer as a sentence with its reasons: "in-app data is contributed: the include list names ..."."""
    what = _CALLED[answer.setting]
    decisive = [one.sentence for one in answer.chain if one.observation is not None and one.decisive]
    why = ", and ".join(dict.fromkeys((*decisive[-2:], answer.reason)))
    if answer.value is None:
        return f"unknown whether {what} is contributed: {why}"
    return f"{what} is {'contributed' if answer.value == CONTRIBUTED else 'not contributed'}: {why}"


def _verdict_of_stop(stop: Stop, setting: SettingId, expected: Value) -> Verdict:
    """The verdict when the first day or the exemption decides, or leaves the question open."""
    about = setting if stop.outcome in (Outcome.NOT_YET_EFFECTIVE, Outcome.EXEMPT) else names.EXEMPTION
    evidence = Evidence.of(*observed_in((*stop.before, stop.reason)))
    return Verdict(stop.outcome, stop.code, stop.reason.sentence, about, expected, None, evidence)


def _last_decisive(links: tuple[Reason, ...]) -> Observation | None:
    """The observation of the last decisive link; None when no decisive link has one."""
    return next((one.observation for one in reversed(links) if one.observation is not None and one.decisive), None)
