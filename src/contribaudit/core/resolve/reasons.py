"""Effective answers, the chains of reasons behind them, and the stops that unknown inputs make.

`together` combines many answers into one: a site or an organization is at risk as soon as one of its apps is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal, TypeAlias

from contribaudit.core.model import names
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.observation import (
    CONFLICT_CODES,
    STALE_CODES,
    Grade,
    Observation,
    Observed,
    SettingId,
    Unavailable,
    weakest,
)
from contribaudit.core.model.phrases import counted, every
from contribaudit.core.model.subject import Subject
from contribaudit.core.resolve.aliases import called
from contribaudit.core.resolve.state import State

VALUE: Final = "value"
Answer: TypeAlias = Outcome | Literal["value"]
"""What kind of answer it is: a value, or the outcome that takes its place."""
NOBODY = "nobody"
"""The source of a value that no source gave."""
NEVER_RECORDED = frozenset(("not_read", "revoked"))
"""Codes of a setting for which no source gives anything."""
_MOST_SEVERE_FIRST = (Outcome.CONFLICT, Outcome.STALE, Outcome.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Reason:
    """One link in a chain of reasons: a rule of the rulebook, or something observed."""

    sentence: str
    """For people, without a full stop."""
    observation: Observation | None
    """What was seen, or why nothing was; None for a rule."""
    source: str
    """ "rulebook 2026.11", or the observation's source."""
    decisive: bool = True
    """False for a link without which the answer would be the same; it is shown all the same."""


@dataclass(frozen=True, slots=True)
class Effective:
    """The effective answer for a subject after all rules were applied, and why."""

    subject: Subject
    setting: SettingId
    outcome: Answer
    """VALUE where there is a value; else exempt, no_such_setting, not_yet_effective, unknown, stale or conflict."""
    value: str | None
    code: str
    """A stable word for programs that says why; for unknown, stale and conflict the code of what stopped it."""
    chain: tuple[Reason, ...]
    """From the general to the particular; the last link decides."""
    predicted: str | None = None
    """The plan's default, only where the value is not known. A prediction, never evidence."""
    changeable: bool | None = None
    """Whether the plan lets the customer change it; None where that is not known or does not apply."""
    fragile_because: str = ""
    """What would undo it; "" where nothing known does."""

    @property
    def word(self) -> str:
        """The value, or the outcome that takes its place, as a stable word."""
        return self.value if self.value is not None else str(self.outcome)

    @property
    def in_words(self) -> str:
        """The value or the outcome as people read it: "not contributed", "no setting"."""
        return self.value.replace("_", " ") if self.value is not None else Outcome(self.outcome).words

    @property
    def fragile(self) -> bool:
        """True for a value that rests only on a plan default or a running trial."""
        return bool(self.fragile_because)

    @property
    def known(self) -> bool:
        """False for unknown, stale and conflict."""
        return self.outcome not in _MOST_SEVERE_FIRST

    @property
    def reason(self) -> str:
        """The sentence of the link that decides."""
        return self.chain[-1].sentence

    @property
    def rests_on(self) -> tuple[Observed, ...]:
        """Every observed value that decides, so that age and grade can be judged link by link."""
        return observed_in(self.chain)

    @property
    def grade(self) -> Grade | None:
        """The grade of the weakest link; None where the answer is not known or rests on the rulebook alone."""
        return weakest(one.grade for one in self.rests_on) if self.known and self.rests_on else None

    @property
    def observed_at(self) -> datetime | None:
        """When the oldest link was seen; None where `grade` is."""
        return min(one.observed_at for one in self.rests_on) if self.known and self.rests_on else None


@dataclass(frozen=True, slots=True)
class Stop:
    """The outcome that an answer has in place of a value, and why."""

    outcome: Outcome
    code: str
    reason: Reason
    before: tuple[Reason, ...] = ()
    """The links before the reason."""


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
    """An answer with a value."""
    return Effective(
        subject, setting, VALUE, value, code, chain, changeable=changeable, fragile_because=fragile_because
    )


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
    """An answer without a value."""
    chain = (*before, *stop.before, stop.reason)
    return Effective(subject, setting, stop.outcome, None, stop.code, chain, predicted, changeable, fragile_because)


def most_severe(stops: Iterable[Effective]) -> Effective | None:
    """The most serious of the answers that are not known, among equals the first by subject; None if all are known."""
    unknown = [one for one in stops if not one.known]
    return min(unknown, key=lambda one: (rank_of(one.outcome), one.subject), default=None)


def fact(sentence: str, observation: Observation, *, decisive: bool = True) -> Reason:
    """A link that rests on an observation, or on the lack of one."""
    return Reason(sentence, observation, observation.source or NOBODY, decisive)


def rule(state: State, sentence: str) -> Reason:
    """A link that rests on the rulebook."""
    return Reason(sentence, None, f"rulebook {state.rulebook.version}")


def stop_by(observation: Observation, what: str) -> Stop:
    """The stop that an unusable observation makes: stale, conflict or unknown."""
    if isinstance(observation, Observed):
        shown = "null" if observation.value is None else repr(observation.value)
        if observation.grade is Grade.PREDICTED:
            return Stop(Outcome.UNKNOWN, "only_predicted", fact(f"{what} is only predicted", observation))
        code = "null" if observation.value is None else "unknown_word"
        return Stop(Outcome.UNKNOWN, code, fact(f"{what} is {shown}, which is not a known value", observation))
    if observation.code in STALE_CODES:
        return Stop(Outcome.STALE, observation.code, fact(f"{what} is stale: {observation.reason}", observation))
    if observation.code in CONFLICT_CODES:
        return Stop(Outcome.CONFLICT, observation.code, fact(f"{what}: {observation.reason}", observation))
    return Stop(Outcome.UNKNOWN, observation.code, fact(f"{what} is unknown: {observation.reason}", observation))


def read_word(
    state: State, subject: Subject, setting: SettingId, words: Collection[str], what: str
) -> tuple[str, Observed] | Stop:
    """The setting's value if it is one of the words, in lower case, with its observation; else a stop."""
    seen = state.read(subject, setting)
    if isinstance(seen, Observed) and isinstance(seen.value, str) and seen.grade is not Grade.PREDICTED:
        word = seen.value.strip().casefold()
        if word in words:
            return word, seen
    return not_seen(seen, what) or stop_by(seen, what)


def not_seen(seen: Observation, what: str) -> Stop | None:
    """The stop for a setting that was never recorded, or was revoked; None for any other."""
    if not isinstance(seen, Unavailable) or seen.code not in NEVER_RECORDED:
        return None
    return Stop(Outcome.UNKNOWN, seen.code, fact(f"{what} is not attested yet", seen))


def never_recorded(state: State, subject: Subject, setting: SettingId) -> bool:
    """True where no source ever gave a value of the setting, or the only one was revoked."""
    seen = state.read(subject, setting)
    return isinstance(seen, Unavailable) and seen.code in NEVER_RECORDED


def rank_of(outcome: Answer) -> int:
    """The answer's place by seriousness: 0 for conflict, then stale, unknown, and all that is known."""
    return _MOST_SEVERE_FIRST.index(outcome) if isinstance(outcome, Outcome) else len(_MOST_SEVERE_FIRST)


def observed_in(chain: Iterable[Reason]) -> tuple[Observed, ...]:
    """The observed values among the links that decide."""
    return tuple(one.observation for one in chain if one.decisive and isinstance(one.observation, Observed))


_SETTLED = (Outcome.EXEMPT, Outcome.NOT_YET_EFFECTIVE, Outcome.NO_SUCH_SETTING)


def together(
    state: State, subject: Subject, setting: SettingId, parts: Sequence[Effective], *, risk: str, safe: str
) -> Effective:
    """One answer for many apps: `risk` if one part has it; `safe` only if every part is known and one is safe.

    `safe` also needs a completely read list of apps. The order of the parts does not matter.
    """
    predicted = risk if any(risk in (one.value, one.predicted) for one in parts) else None
    at_risk = [one for one in parts if one.value == risk]
    if at_risk:
        first = min(at_risk, key=lambda one: (len(one.chain), one.subject))
        among = f"1 of {len(at_risk)} among {counted(len(parts), 'app')}"
        count = rule(state, f"{called(state, first.subject)} is {risk}, {among}")
        return answered(subject, setting, risk, first.code, (count, *first.chain), changeable=first.changeable)
    unread = list_unread(state, subject.organization)
    if unread is not None:
        return stopped(subject, setting, unread, predicted=predicted)
    open_one = most_severe(parts)
    if open_one is not None:
        assert isinstance(open_one.outcome, Outcome)
        last = replace(open_one.chain[-1], sentence=f"{called(state, open_one.subject)}: {open_one.reason}")
        return stopped(
            subject, setting, Stop(open_one.outcome, open_one.code, last), open_one.chain[:-1], predicted=predicted
        )
    if not any(one.outcome == VALUE for one in parts):
        return _answer_without_value(state, subject, setting, parts)
    fragile = sorted(one.fragile_because for one in parts if one.fragile)
    summary = rule(state, f"none of {len(parts)} apps is {risk}" if len(parts) > 1 else f"its only app is not {risk}")
    return answered(
        subject, setting, safe, "every_app", (*_links(parts), summary), fragile_because=fragile[0] if fragile else ""
    )


def list_unread(state: State, organization: str) -> Stop | None:
    """The stop for an incomplete list of apps, since a missing app may change the answer; None for a complete list."""
    unread = state.organization(organization).apps_unread
    return Stop(Outcome.UNKNOWN, "apps_unread", Reason(unread, None, names.WORKSPACES)) if unread else None


def _answer_without_value(state: State, subject: Subject, setting: SettingId, parts: Sequence[Effective]) -> Effective:
    """The answer where no part has a value: all are exempt, not in force yet, or without the setting."""
    for outcome in _SETTLED:
        of_outcome = [one for one in parts if one.outcome is outcome]
        if of_outcome:
            first = min(of_outcome, key=lambda one: one.subject)
            links = _links(parts)
            last = rule(state, f"the same holds for {every(len(parts), 'app').replace('the only', 'its only')}")
            return stopped(subject, setting, Stop(outcome, first.code, last), links)
    return stopped(subject, setting, Stop(Outcome.UNKNOWN, "no_apps", rule(state, "it has no app in the list")))


def _links(parts: Sequence[Effective]) -> tuple[Reason, ...]:
    """Every link of every part, each once, part by part in the order of subjects."""
    chains = {id(one.chain): one.chain for one in sorted(parts, key=lambda part: part.subject)}
    return tuple({id(link): link for chain in chains.values() for link in chain}.values())
