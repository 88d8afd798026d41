"""Attested values as observations: in force, held by their anchors, proven by signals, stale or contradicted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from contribaudit.core.attestation import Attestation, in_force, known_by, standing
from contribaudit.core.calibrate import Calibration, Proof, calibrate, form, settings_of, state_of
from contribaudit.core.observation import CONFLICT_CODE, Grade, Observation, Observed, SettingId, Unavailable
from contribaudit.core.plan_moves import PlanSeen as PlanSeen
from contribaudit.core.plan_moves import plan_moved, plan_now
from contribaudit.core.setting import Family, Setting, same_value
from contribaudit.core.signal import SignalHistory, SignalKey, SignalReading, Standing, readings, what_moved
from contribaudit.core.state import State
from contribaudit.core.subject import Subject

REVOKED = "revoked"
SIGNAL_UNREAD = "signal_unread"
SIGNAL_MOVED = "signal_moved"
BEING_APPLIED = "a change is being applied"


@dataclass(frozen=True, slots=True)
class Testimony:
    """What people recorded of one organization, and how signals and plans stood meanwhile."""

    attestations: tuple[Attestation, ...] = ()
    """All of them, revoked and superseded ones included."""
    signals: SignalHistory = field(default_factory=dict)
    plans: tuple[PlanSeen, ...] = ()
    """Oldest first."""


EMPTY = Testimony()


def attested_observations(
    state: State,
    testimony: Mapping[str, Testimony],
    find_setting: Callable[[SettingId], Setting],
    settings: Sequence[Setting] = (),
) -> Iterator[Observation]:
    """One observation per subject and setting that anybody attested, by the rules of evidence.

    `testimony` is by organization; `settings` is the whole catalogue, without which no signal can be proven. Yields
    `Observed` of grade attested or inferred, or `Unavailable` with a code that says why the value does not count:
    STALE_CODES, CONFLICT_CODE, "signal_unread", "plan_unread", "revoked".
    """
    for organization, told in testimony.items():
        if told.attestations and organization in state.organizations:
            yield from _Hearing(state, organization, told, find_setting, settings).observations()


class _Hearing:
    """One organization's testimony, weighed."""

    def __init__(
        self,
        state: State,
        organization: str,
        told: Testimony,
        find_setting: Callable[[SettingId], Setting],
        settings: Sequence[Setting],
    ) -> None:
        self.state, self.told, self.find, self.settings = state, told, find_setting, settings
        self.plan = plan_now(state, organization)
        self.standing: dict[tuple[Subject, Family], list[Attestation]] = defaultdict(list)
        for one in standing(told.attestations, state.as_of):
            self.standing[one.subject, find_setting(one.setting).family].append(one)
        self._readings: dict[tuple[Subject, Family], dict[SignalKey, SignalReading]] = {}
        self._calibrations: dict[tuple[Subject, Family, frozenset[SignalKey]], Calibration] = {}

    def observations(self) -> Iterator[Observation]:
        """By subject and setting, sorted."""
        heard: dict[tuple[Subject, SettingId], list[Attestation]] = defaultdict(list)
        for one in known_by(self.told.attestations, self.state.as_of):
            heard[one.subject, one.setting].append(one)
        valid = in_force(self.told.attestations, self.state.as_of)
        for key in sorted(heard):
            if key in valid:
                yield self.judge(sorted(valid[key], key=_best_first))
            else:
                last = max(heard[key], key=lambda one: (one.observed_at, one.id))
                by = f", by {last.revoked.by}" if last.revoked else ""
                yield self.refuse(last, REVOKED, f"the newest attestation was taken back{by}; look again")

    def judge(self, newest: Sequence[Attestation]) -> Observation:
        """What the attestations of the newest moment are worth; none of several may be doubtful."""
        setting = self.find(newest[0].setting)
        if len({form(setting, one.value) for one in newest}) > 1:
            who = " and ".join(sorted({one.by for one in newest}))
            return self.refuse(newest[0], CONFLICT_CODE, f"{who} recorded different values for the same moment")
        weighed = [self.weigh(setting, one) for one in newest]
        return next((one for one in weighed if isinstance(one, Unavailable)), weighed[0])

    def weigh(self, setting: Setting, one: Attestation) -> Observation:
        """The rules, in their order: plan, signals that cannot be compared, what they say."""
        changed = self.plan_change(one)
        if changed is not None:
            return self.refuse(one, *changed)
        read = self.readings(one.subject, setting.family)
        if not one.bound:
            return self.unanchored(setting, one, read)
        for anchor in one.anchors:
            doubt = _doubt(read.get((anchor.subject, anchor.signal)))
            if doubt:
                return self.refuse(one, SIGNAL_UNREAD, f"{anchor.signal} cannot be compared: {doubt}")
        signals = frozenset((anchor.subject, anchor.signal) for anchor in one.anchors)
        if setting.id in self.calibration(one.subject, setting.family, signals).set_aside:
            return self.accept(one)
        moved = what_moved(self.told.signals, one, read, self.state.as_of)
        if not moved:
            return self.accept(one, anchored=True)
        proof = self.proof(setting, one.subject, signals)
        if proof is None:
            return self.refuse(one, SIGNAL_MOVED, f"{moved}, after {one.by} looked; a new attestation is due")
        names = ", ".join(dict.fromkeys(anchor.signal for anchor in one.anchors))
        who = proof.confirmed
        source = f"{names}, in a state that {who.by} attested"
        witness = who.witness(self.state.as_of)
        return Observed(one.setting, one.subject, proof.value, Grade.INFERRED, who.observed_at, source, witness=witness)

    def unanchored(self, setting: Setting, one: Attestation, read: Mapping[SignalKey, SignalReading]) -> Observation:
        """Plainly attested, unless signals that are proven for the setting say otherwise now."""
        if read and not any(_doubt(reading) for reading in read.values()):
            proof = self.proof(setting, one.subject, frozenset(read))
            if proof is not None and not same_value(setting, proof.value, one.value):
                said = f"{one.by} attested it without an anchor, and the signals stand in a state proven for another"
                return self.refuse(one, SIGNAL_MOVED, f"{said} value; a new attestation is due")
        return self.accept(one)

    def proof(self, setting: Setting, subject: Subject, signals: frozenset[SignalKey]) -> Proof | None:
        """What the present state is proven to mean. After a plan change a pair waits for one that agrees with it."""
        present = state_of(self.readings(subject, setting.family).values(), signals)
        found = self.calibration(subject, setting.family, signals).proven.get((setting.id, present))
        return found if found is not None and self.plan_change(found.confirmed) is None else None

    def plan_change(self, one: Attestation) -> tuple[str, str] | None:
        """Why the plan does not carry it any more."""
        return plan_moved(one, self.plan, self.told.plans, self.state.as_of)

    def readings(self, subject: Subject, family: Family) -> Mapping[SignalKey, SignalReading]:
        """The signals of a subject and family as this run found them."""
        if (subject, family) not in self._readings:
            found = readings(self.state, subject, family)
            self._readings[subject, family] = {(one.owner, one.signal): one for one in found}
        return self._readings[subject, family]

    def calibration(self, subject: Subject, family: Family, signals: frozenset[SignalKey]) -> Calibration:
        """What the organization has shown of these signals."""
        key = (subject, family, signals)
        if key not in self._calibrations:
            wanted = settings_of(self.settings, family, subject.kind)
            self._calibrations[key] = calibrate(self.standing.get(key[:2], ()), wanted, signals)
        return self._calibrations[key]

    def accept(self, one: Attestation, *, anchored: bool = False) -> Observed:
        """The attested value, with its own age: nothing prolongs it."""
        witness = one.witness(self.state.as_of, anchored=anchored)
        source = _source(one)
        return Observed(one.setting, one.subject, one.value, Grade.ATTESTED, one.observed_at, source, witness=witness)

    def refuse(self, one: Attestation, code: str, reason: str) -> Unavailable:
        """No value, and why."""
        return Unavailable(one.setting, one.subject, code, reason, self.state.as_of, _source(one))


def _doubt(reading: SignalReading | None) -> str:
    """Why a signal cannot be compared; "" when it can. One that the rulebook no longer names is not read."""
    if reading is None:
        return "the rulebook does not name it as a signal of this any more"
    if reading.standing is Standing.UNREAD:
        return reading.reason
    return "" if reading.settled else BEING_APPLIED


def _best_first(one: Attestation) -> tuple[object, ...]:
    return not one.bound, one.second_person is None, not one.attachments, one.id


def _source(one: Attestation) -> str:
    return f"attested by {one.by}"
