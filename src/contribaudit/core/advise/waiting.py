"""Which attested values the policy's rules wait for: those that an unverified finding asked for and did not get.

A check is put to its subject once more, and what it reads on the way is noted. So the answer follows the rules of the
checks themselves, and a value that a better source gives is never asked of a person.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from contribaudit.core.advise.remedies import Remedy, way_of
from contribaudit.core.judge.check import Check, CheckContext, by_id
from contribaudit.core.judge.evaluate import attributes_of
from contribaudit.core.judge.selectors import rule_for
from contribaudit.core.model.finding import Finding, Severity
from contribaudit.core.model.observation import Observation, Observed, SettingId
from contribaudit.core.model.policy import AuditPolicy
from contribaudit.core.model.setting import Setting
from contribaudit.core.model.subject import Subject
from contribaudit.core.resolve.effective import COMPUTED, KINDS, effective_of
from contribaudit.core.resolve.state import State

_TOO_WEAK = ("evidence_too_old", "evidence_from_the_future", "screenshot_missing", "grade_not_accepted")
"""Codes of findings whose values were all read and do not count."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What findings wait for, and what the checks of those findings read beside it."""

    values: Mapping[tuple[Subject, SettingId], Severity]
    """Values that are missing or do not count, with the gravest finding that waits for one of the kind."""
    beside: frozenset[SettingId]
    """What the same checks may ask for once they have those."""
    read: frozenset[SettingId]
    """What any rule of the policy reads."""


class _Noting(State):
    """The same state, which notes what is read. It computes anew what the other has computed already."""

    def __init__(self, state: State) -> None:
        self.__dict__.update(state.__dict__)
        self._computed = {}
        self.noted: dict[tuple[Subject, SettingId], Observation] = {}

    def read(self, subject: Subject, setting: SettingId) -> Observation:
        found = super().read(subject, setting)
        self.noted[subject, setting] = found
        return found


def waiting(
    state: State,
    findings: Iterable[Finding],
    policy: AuditPolicy,
    checks: Iterable[Check],
    find_setting: Callable[[SettingId], Setting],
) -> Waiting:
    """What a look at the console has to tell before these findings can come out otherwise."""
    known = by_id(checks)
    missing, weak = _Noting(state), _Noting(state)
    wanted: dict[bool, dict[SettingId, Severity]] = {False: {}, True: {}}
    beside: set[SettingId] = set()
    for one in findings:
        check = known.get(one.check)
        if check is None or one.setting is None:
            continue
        if way_of(state, one) is not Remedy.LOOK and not (one.outcome.unproven and one.setting in COMPUTED):
            continue
        own = find_setting(one.setting)
        counts_not = one.reason_code in _TOO_WEAK or (
            own.attestable and isinstance(state.read(one.subject, own.id), Observed)
        )
        rule = rule_for(policy, check.id, attributes_of(state, one.subject))
        if rule is not None and check.kind is one.subject.kind:
            noting = weak if counts_not else missing
            check.judge(CheckContext(one.subject, noting, rule, policy))
            if own.id in COMPUTED and one.subject.kind in KINDS:
                effective_of(noting, one.subject, own.id)
            else:
                noting.read(one.subject, own.id)
        asked = (own.id,) if own.attestable and check.answers is None else check.reads
        for setting in asked:
            severities = wanted[counts_not]
            severities[setting] = min(severities.get(setting, one.severity), one.severity, key=lambda each: each.rank)
        beside.update(check.reads)
    unread = {setting for (_, setting), seen in missing.noted.items() if not isinstance(seen, Observed)}
    conditional = {setting for screen in state.rulebook.screens for setting in screen.asked_if}
    values: dict[tuple[Subject, SettingId], Severity] = {}
    for counts_not, noting in ((False, missing), (True, weak)):
        for (subject, setting), seen in noting.noted.items():
            observed = seen if isinstance(seen, Observed) else None
            relevant = observed is not None and observed.witness is not None if counts_not else observed is None
            if relevant and setting in wanted[counts_not] and find_setting(setting).attestable:
                values[subject, setting] = wanted[counts_not][setting]
    enabled = {rule.check for rule in policy.rules if rule.enabled}
    read = {setting for name in enabled & known.keys() for setting in known[name].reads}
    return Waiting(values, frozenset(beside & (unread | conditional)), frozenset(read))
