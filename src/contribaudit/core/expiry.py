"""When evidence that counts today becomes too old, rule by rule."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from contribaudit.core.check import Check
from contribaudit.core.effective import COMPUTED
from contribaudit.core.evaluate import attributes_of
from contribaudit.core.observation import Grade, Observed, SettingId
from contribaudit.core.policy import AuditPolicy, Rule
from contribaudit.core.select import Attributes, rule_for
from contribaudit.core.state import State
from contribaudit.core.subject import Subject
from contribaudit.core.terms import fresh_until, limits_of


@dataclass(frozen=True, slots=True)
class Expiry:
    """One value, and the last moment at which it counts."""

    observation: Observed
    ends_at: datetime
    check: str
    """The check whose rule calls it too old first; "" where all go by the policy's general limit."""


def attested_expiries(state: State, policy: AuditPolicy, checks: Iterable[Check]) -> Iterator[Expiry]:
    """The first end of each value that people stand behind and the policy accepts, overdue ones included.

    A value that no rule reads ends by the policy's general limit. Predictions and grades that no rule accepts have
    no end, since they never counted.
    """
    readers = _readers(policy, checks)
    special = {
        setting for setting, asking in readers.items() if any(_has_terms(rule) for _, known in asking for rule in known)
    }
    of_subject: dict[Subject, Attributes] = {}
    for seen in state.everything():
        if not isinstance(seen, Observed) or seen.witness is None or seen.grade is Grade.PREDICTED:
            continue
        if seen.setting in COMPUTED:
            continue  # what it rests on is listed, and nobody can look at it
        rules: list[Rule | None] = [None]
        asking = readers.get(seen.setting, ())
        if seen.setting in special:
            if seen.subject not in of_subject:
                of_subject[seen.subject] = attributes_of(state, seen.subject)
            rules = _rules(policy, asking, seen.subject, of_subject[seen.subject])
        ends = [
            Expiry(seen, _end(seen, policy, rule), rule.check if rule is not None else "")
            for rule in rules
            if seen.grade in (policy.evidence.accept if rule is None or rule.accept is None else rule.accept)
        ]
        if ends:
            yield min(ends, key=lambda one: (one.ends_at, one.check))


def every_end(state: State, policy: AuditPolicy) -> set[datetime]:
    """Every moment after which some rule calls some value, or some list that was read, too old."""
    limits = {tuple(sorted(limits_of(policy, rule).items())) for rule in (None, *policy.rules)}
    known = [dict(one) for one in limits]
    ends: set[datetime] = set()
    for seen in state.everything():
        if isinstance(seen, Observed) and seen.grade is not Grade.PREDICTED:
            anchored = seen.witness is not None and seen.witness.anchored
            ends.update(fresh_until(seen.observed_at, seen.grade, one, anchored=anchored) for one in known)
    for place in state.looked_at:
        for run in place.collections.values():
            ends.update(fresh_until(run.started_at, Grade.DOCUMENTED, one, anchored=False) for one in known)
    return ends


def _end(seen: Observed, policy: AuditPolicy, rule: Rule | None) -> datetime:
    anchored = seen.witness is not None and seen.witness.anchored
    return fresh_until(seen.observed_at, seen.grade, limits_of(policy, rule), anchored=anchored)


def _readers(policy: AuditPolicy, checks: Iterable[Check]) -> Mapping[SettingId, list[tuple[Check, list[Rule]]]]:
    """For each setting the checks that read it, with the policy's rules that ask them."""
    found: dict[SettingId, list[tuple[Check, list[Rule]]]] = defaultdict(list)
    for check in checks:
        rules = [rule for rule in policy.rules if rule.check == check.id and rule.enabled]
        for setting in check.reads if rules else ():
            found[setting].append((check, rules))
    return found


def _has_terms(rule: Rule) -> bool:
    """False for a rule under which evidence ends by the policy's general limit."""
    return rule.max_age_days is not None or rule.accept is not None


def _rules(
    policy: AuditPolicy, asking: Iterable[tuple[Check, list[Rule]]], subject: Subject, attributes: Attributes
) -> list[Rule | None]:
    """The rules that may judge by a value of the subject: the one for it, or every rule of a check of another kind."""
    found: list[Rule | None] = []
    for check, rules in asking:
        if check.kind is not subject.kind:
            found += rules
            continue
        rule = rule_for(policy, check.id, attributes)
        if rule is not None and rule.enabled:
            found.append(rule)
    return found or [None]
