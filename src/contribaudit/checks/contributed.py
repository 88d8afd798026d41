"""What a check on contribution says: the effective answer is its verdict, the switch and the lists its reason."""

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
"""What comes before every answer about contribution."""
_CALLED = {names.EFFECTIVE_METADATA: "metadata", names.EFFECTIVE_IN_APP: "in-app data"}


def once_in_force(setting: Setting, expected: Value = None) -> Callable[[Judge], Judge]:
    """Puts what comes before every question of contribution before this one: its first day, and an exemption.

    An exemption that was recorded and does not count leaves the question open: whether data is used depends on it.
    `expected` is what the rule expects where it is None.
    """

    def after_the_first_day(judge: Judge) -> Judge:
        def judged(case: CheckContext) -> Verdict:
            first = first_of_all(case.state, case.subject.organization)
            wanted = case.rule.expect if expected is None else expected
            return _verdict_of_stop(first, setting.id, wanted) if isinstance(first, Stop) else judge(case)

        return judged

    return after_the_first_day


def contributed(answer: Effective, expected: Value) -> Verdict:
    """The verdict of a question that wants nothing contributed.

    `pass` where nothing is, else `fail`; where the plan lets nobody change it `not_achievable`. What is not known
    keeps its outcome, its code and its reason.
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
    return passing(Verdict(outcome, answer.code, sentence_of(answer), setting, expected, observed, evidence), answer)


def passing(verdict: Verdict, answer: Effective) -> Verdict:
    """The pass, fragile where something known would undo the answer, which the reason then names."""
    if verdict.outcome is not Outcome.PASS or not answer.fragile:
        return verdict
    return fragile(verdict, answer.fragile_because)


def worded(verdict: Verdict, code: str, reason: str) -> Verdict:
    """The same verdict in a check's own words."""
    return replace(verdict, reason_code=code, reason=reason)


def sentence_of(answer: Effective) -> str:
    """The answer in a sentence, with what decides: "in-app data is contributed: the include list names ..."."""
    what = _CALLED[answer.setting]
    decisive = [one.sentence for one in answer.chain if one.observation is not None and one.decisive]
    why = ", and ".join(dict.fromkeys((*decisive[-2:], answer.reason)))
    if answer.value is None:
        return f"unknown whether {what} is contributed: {why}"
    return f"{what} is {'contributed' if answer.value == CONTRIBUTED else 'not contributed'}: {why}"


def _verdict_of_stop(stop: Stop, setting: SettingId, expected: Value) -> Verdict:
    """The verdict where the date or the exemption settles it, or leaves it open."""
    about = setting if stop.outcome in (Outcome.NOT_YET_EFFECTIVE, Outcome.EXEMPT) else names.EXEMPTION
    evidence = Evidence.of(*observed_in((*stop.before, stop.reason)))
    return Verdict(stop.outcome, stop.code, stop.reason.sentence, about, expected, None, evidence)


def _last_decisive(links: tuple[Reason, ...]) -> Observation | None:
    """What was seen, or not seen, last on the way to the answer."""
    return next((one.observation for one in reversed(links) if one.observation is not None and one.decisive), None)
