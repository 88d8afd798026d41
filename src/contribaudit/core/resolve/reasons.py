"""A computed answer, the chain of reasons behind it, and how an input that is not known stops it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TypeAlias

from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.observation import (
    CONFLICT_CODE,
    STALE_CODES,
    Grade,
    Observation,
    Observed,
    SettingId,
    Unavailable,
    weakest,
)
from contribaudit.core.model.subject import Subject
from contribaudit.core.resolve.state import State

VALUE: Final = "value"
Answer: TypeAlias = Outcome | Literal["value"]
"""What an effective answer is: a value, or the outcome in whose name there is none."""
NEVER_RECORDED = frozenset(("not_read", "revoked"))
"""Codes of a setting of which nobody says anything."""
_GRAVEST_FIRST = (Outcome.CONFLICT, Outcome.STALE, Outcome.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Reason:
    """A link of a chain: a rule of the rulebook, or something observed."""

    sentence: str
    """For people, without a full stop."""
    observation: Observation | None
    """What was seen, or why it was not; None for a rule."""
    source: str
    """ "rulebook 2026.11", or where the observation comes from."""
    decisive: bool = True
    """False for a link that is told although the answer would be the same without it."""


@dataclass(frozen=True, slots=True)
class Effective:
    """What holds for a subject when all rules are applied, and why."""

    subject: Subject
    setting: SettingId
    outcome: Answer
    """VALUE where there is one; else exempt, no_such_setting, not_yet_effective, unknown, stale or conflict."""
    value: str | None
    code: str
    """A stable word for programs: why it is so. For unknown, stale and conflict the code of what stopped it."""
    predicted: str | None
    """The plan's default, only where the value is not known. A prediction, never evidence."""
    changeable: bool | None
    """Whether the plan lets the customer change it; None where that is not known or no question."""
    grade: Grade | None
    """That of the weakest link; None where the answer is not known or rests on the rulebook alone."""
    observed_at: datetime | None
    """When the oldest link was seen; None as above."""
    fragile_because: str
    """What would undo it; "" where nothing known does."""
    chain: tuple[Reason, ...]
    """From the general to the particular; the last link decides."""

    @property
    def fragile(self) -> bool:
        """True for a value that a plan default alone, or a running trial, holds up."""
        return bool(self.fragile_because)

    @property
    def known(self) -> bool:
        """False for unknown, stale and conflict."""
        return self.outcome not in _GRAVEST_FIRST

    @property
    def reason(self) -> str:
        """The sentence of the link that decides."""
        return self.chain[-1].sentence

    @property
    def rests_on(self) -> tuple[Observed, ...]:
        """Every value that decides, for a judgement by age and grade link by link."""
        return _observed(self.chain)


@dataclass(frozen=True, slots=True)
class Stop:
    """Why an answer is no value."""

    outcome: Outcome
    code: str
    reason: Reason
    before: tuple[Reason, ...] = ()
    """The links that lead to the reason."""


def answered(
    subject: Subject,
    setting: SettingId,
    value: str,
    code: str,
    chain: tuple[Reason, ...],
    *,
    changeable: bool | None = None,
    fragile_because: str = "",
) -> Effective:
    """An answer that is a value, as well known as its weakest link and as old as its oldest."""
    grade, oldest = _standing(chain)
    return Effective(subject, setting, VALUE, value, code, None, changeable, grade, oldest, fragile_because, chain)


def stopped(
    subject: Subject,
    setting: SettingId,
    stop: Stop,
    before: tuple[Reason, ...] = (),
    *,
    predicted: str | None = None,
    changeable: bool | None = None,
    fragile_because: str = "",
) -> Effective:
    """An answer that is no value. What is unknown, stale or contradicted carries a prediction and no grade."""
    chain = (*before, *stop.before, stop.reason)
    if stop.outcome in _GRAVEST_FIRST:
        return Effective(subject, setting, stop.outcome, None, stop.code, predicted, changeable, None, None, "", chain)
    grade, oldest = _standing(chain)
    return Effective(
        subject, setting, stop.outcome, None, stop.code, None, changeable, grade, oldest, fragile_because, chain
    )


def gravest(stops: Iterable[Effective]) -> Effective | None:
    """Of the answers that are not known the gravest, of equals the first by subject; None where all are known."""
    unknown = [one for one in stops if not one.known]
    return min(unknown, key=lambda one: (rank_of(one.outcome), one.subject), default=None)


def told(sentence: str, observation: Observation, *, decisive: bool = True) -> Reason:
    """A link that rests on what was seen, or not seen."""
    return Reason(sentence, observation, observation.source or "nobody", decisive)


def rule(state: State, sentence: str) -> Reason:
    """A link that rests on the rulebook."""
    return Reason(sentence, None, f"rulebook {state.rulebook.version}")


def stop_by(observation: Observation, what: str) -> Stop:
    """The stop that an unusable input makes: stale, conflict, or unknown."""
    if isinstance(observation, Observed):
        shown = "null" if observation.value is None else repr(observation.value)
        if observation.grade is Grade.PREDICTED:
            return Stop(Outcome.UNKNOWN, "only_predicted", told(f"{what} is only predicted", observation))
        code = "null" if observation.value is None else "unknown_word"
        return Stop(Outcome.UNKNOWN, code, told(f"{what} is {shown}, which says nothing known", observation))
    if observation.code in STALE_CODES:
        return Stop(Outcome.STALE, observation.code, told(f"{what} is stale: {observation.reason}", observation))
    if observation.code == CONFLICT_CODE:
        return Stop(
            Outcome.CONFLICT, observation.code, told(f"{what} is contradicted: {observation.reason}", observation)
        )
    return Stop(Outcome.UNKNOWN, observation.code, told(f"{what} is not known: {observation.reason}", observation))


def read_word(
    state: State, subject: Subject, setting: SettingId, words: Collection[str], what: str
) -> tuple[str, Observed] | Stop:
    """One of the words, without case, and the observation that says it; else the stop that its lack makes."""
    seen = state.read(subject, setting)
    if isinstance(seen, Observed) and isinstance(seen.value, str) and seen.grade is not Grade.PREDICTED:
        word = seen.value.strip().casefold()
        if word in words:
            return word, seen
    return not_seen(seen, what) or stop_by(seen, what)


def not_seen(seen: Observation, what: str) -> Stop | None:
    """The stop that a setting makes of which nobody says anything; None for any other."""
    if not isinstance(seen, Unavailable) or seen.code not in NEVER_RECORDED:
        return None
    return Stop(
        Outcome.UNKNOWN, seen.code, told(f"{what} was not seen: nobody has recorded what the console shows", seen)
    )


def never_recorded(state: State, subject: Subject, setting: SettingId) -> bool:
    """True where nobody says anything of the setting: neither that it is so nor that it was."""
    seen = state.read(subject, setting)
    return isinstance(seen, Unavailable) and seen.code in NEVER_RECORDED


def rank_of(outcome: Answer) -> int:
    """Gravest first: conflict, stale, unknown, then all that is known."""
    return _GRAVEST_FIRST.index(outcome) if isinstance(outcome, Outcome) else len(_GRAVEST_FIRST)


def _observed(chain: Iterable[Reason]) -> tuple[Observed, ...]:
    return tuple(one.observation for one in chain if one.decisive and isinstance(one.observation, Observed))


def _standing(chain: tuple[Reason, ...]) -> tuple[Grade | None, datetime | None]:
    """The weakest grade and the oldest time of what decides."""
    seen = _observed(chain)
    if not seen:
        return None, None
    return weakest(one.grade for one in seen), min(one.observed_at for one in seen)
