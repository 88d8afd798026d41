"""The days on which an outcome changes by itself: above all, when evidence becomes too old."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from contribaudit.core.judge.check import Check
from contribaudit.core.judge.selectors import Attributes, attributes_of, rule_among
from contribaudit.core.model import names
from contribaudit.core.model.finding import Severity
from contribaudit.core.model.observation import Grade, Observed, SettingId
from contribaudit.core.model.policy import AuditPolicy, Rule, Terms, fresh_until, limits_of
from contribaudit.core.model.subject import Subject
from contribaudit.core.model.times import later, parse_utc, utc_day
from contribaudit.core.resolve.effective import COMPUTED
from contribaudit.core.resolve.exposure import SWITCHES, clocks_of
from contribaudit.core.resolve.state import State


@dataclass(frozen=True, slots=True)
class Expiry:
    """One attested value, and the last moment at which it counts."""

    observation: Observed
    ends_at: datetime
    check: str
    """The check whose rule rejects the value first; "" where only the policy's general limit applies."""


def attested_expiries(state: State, policy: AuditPolicy, checks: Iterable[Check]) -> Iterator[Expiry]:
    """Yield when each value that rests on people and that the policy accepts first becomes too old, or became so.

    The policy's general limit applies to a value that no rule reads. Predictions and grades that no rule accepts have
    no end, since they never counted.
    """
    readers = _readers(policy, checks)
    special = {
        setting
        for setting, asking in readers.items()
        if any(
            rule.enabled and (rule.max_age_days is not None or rule.accept is not None)
            for _, own_rules in asking
            for rule in own_rules
        )
    }
    general = (("", Terms.of(policy, None, Severity.INFO)),)
    terms = {id(rule): (rule.check, Terms.of(policy, rule, Severity.INFO)) for rule in policy.rules}
    of_subject: dict[Subject, Attributes] = {}
    for seen in state.everything():
        if not isinstance(seen, Observed) or seen.witness is None or seen.grade is Grade.PREDICTED:
            continue
        if seen.setting in COMPUTED:
            continue  # the values behind it are listed, and nobody can attest a computed one
        judging: Sequence[tuple[str, Terms]] = general
        if seen.setting in special:
            attributes = of_subject.get(seen.subject)
            if attributes is None:
                attributes = of_subject[seen.subject] = attributes_of(state, seen.subject)
            rules = _rules(readers[seen.setting], seen.subject, attributes)
            judging = [terms[id(rule)] for rule in rules] or general
        ends = [
            (fresh_until(seen.observed_at, seen.grade, one.max_age_days, anchored=seen.witness.anchored), check)
            for check, one in judging
            if seen.grade in one.accept
        ]
        if ends:
            yield Expiry(seen, *min(ends))


def every_end(state: State, policy: AuditPolicy) -> set[datetime]:
    """Every moment after which a rule considers a value, or a list that was read, too old."""
    limits = {tuple(sorted(limits_of(policy, rule).items())) for rule in (None, *policy.rules)}
    day_limits = [dict(one) for one in limits]
    ends: set[datetime] = set()
    for seen in state.everything():
        if isinstance(seen, Observed) and seen.grade is not Grade.PREDICTED:
            anchored = seen.witness is not None and seen.witness.anchored
            ends.update(fresh_until(seen.observed_at, seen.grade, one, anchored=anchored) for one in day_limits)
    for place in state.looked_at:
        for run in place.collections.values():
            ends.update(fresh_until(run.started_at, Grade.DOCUMENTED, one, anchored=False) for one in day_limits)
    return ends


def _readers(policy: AuditPolicy, checks: Iterable[Check]) -> Mapping[SettingId, list[tuple[Check, list[Rule]]]]:
    """For each setting, the checks that read it and that an enabled rule asks for, with all rules of each check."""
    readers: dict[SettingId, list[tuple[Check, list[Rule]]]] = defaultdict(list)
    for check in checks:
        rules = [rule for rule in policy.rules if rule.check == check.id]
        for setting in check.reads if any(rule.enabled for rule in rules) else ():
            readers[setting].append((check, rules))
    return readers


def _rules(asking: Iterable[tuple[Check, list[Rule]]], subject: Subject, attributes: Attributes) -> list[Rule]:
    """The enabled rules that may use a subject's value: its own per check, or all of a check about another kind."""
    holding: list[Rule] = []
    for check, rules in asking:
        if check.kind is not subject.kind:
            holding += [rule for rule in rules if rule.enabled]
            continue
        rule = rule_among(rules, attributes)
        if rule is not None and rule.enabled:
            holding.append(rule)
    return holding


_INSTANT = timedelta(microseconds=1)
"""Evidence still counts at the very moment of its end."""
_DAY = timedelta(days=1)


def days_of_change(state: State, policy: AuditPolicy, until: date) -> set[date]:
    """The days from the state's own up to `until`, in UTC, at whose end a judgment may differ from the day before.

    A date in an observation counts on its day and the day after: ends of trials and moves, and dates that only a
    later version reads.
    """
    today = utc_day(state.as_of)
    return {day for day in _days(state, policy) if today <= day <= until}


def _days(state: State, policy: AuditPolicy) -> Iterator[date]:
    rulebook = state.rulebook
    yield rulebook.effective
    for file in rulebook.files:
        yield file.reviewed
        for days in (rulebook.review_within_days, rulebook.scope_review_within_days):
            yield later(file.reviewed, timedelta(days=days) + _DAY)
    for end in every_end(state, policy):
        yield utc_day(later(end, _INSTANT))
    for waiver in policy.waivers:
        yield waiver.approved_at
        yield waiver.expires + _DAY
    for decision in policy.decisions:
        yield decision.date
        if decision.setting in SWITCHES:
            yield from (utc_day(one.due_at) for one in clocks_of(rulebook.clocks, decision))
    for moment in _moments(state):
        yield utc_day(moment)
        yield utc_day(moment) + _DAY


def _moments(state: State) -> Iterator[datetime]:
    """The times of attestations and observations, and every date that an observation holds as its value."""
    for place in state.looked_at:
        for one in place.attestations:
            yield from (one.observed_at, one.recorded.at, *(signed.at for signed in one.confirmed))
            if one.revoked is not None:
                yield one.revoked.at
    for seen in state.everything():
        if isinstance(seen, Observed):
            yield seen.observed_at
            if seen.setting == names.CONNECTOR_STATE:
                yield later(seen.observed_at, timedelta(hours=state.rulebook.clocks.disconnect_hours.amount))
            if isinstance(seen.value, str) and 10 <= len(seen.value) <= 35 and seen.value[:4].isdecimal():
                moment = parse_utc(seen.value)
                if moment is not None:
                    yield moment
