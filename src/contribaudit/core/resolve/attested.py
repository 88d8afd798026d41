"""Turns attestations into observations: in force, anchored, proven by signals, stale or in conflict."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from contribaudit.core.model.attestation import Attestation, SignalKey, by_age, in_force, known_by, unrevoked_by
from contribaudit.core.model.canonical import VERSION
from contribaudit.core.model.decoder import Objects, Score
from contribaudit.core.model.observation import (
    CONFLICT_CODE,
    Attester,
    Grade,
    Observation,
    Observed,
    SettingId,
    Unavailable,
)
from contribaudit.core.model.phrases import grouped
from contribaudit.core.model.setting import Family, Setting, same_value
from contribaudit.core.model.subject import Subject
from contribaudit.core.resolve.attested_plans import (
    AppPlans,
    PlanSeen,
    app_moved,
    plan_moved,
    plan_now,
)
from contribaudit.core.resolve.calibration import (
    OTHER_FORM,
    Calibration,
    Proof,
    calibrate,
    form,
    outdated,
    renewed,
    renewed_anchor,
    settings_of,
    state_of,
)
from contribaudit.core.resolve.decoding import Decoders, Decoding, Present
from contribaudit.core.resolve.policy_items import READ_DIRECTLY
from contribaudit.core.resolve.signals import (
    Move,
    Presence,
    SignalHistory,
    SignalReading,
    readings,
    signal_name,
    what_moved,
)
from contribaudit.core.resolve.state import State, conditions

FROM_THE_FUTURE = "evidence_from_the_future"
REVOKED = "revoked"
ATTESTED_BY = "attested by "
"""The prefix of the source of an attested value; the person's email address follows."""
SIGNAL_UNREAD = "signal_unread"
SIGNAL_MOVED = "signal_moved"
BEING_APPLIED = "a change is being applied"


@dataclass(frozen=True, slots=True)
class AttestationHistory:
    """What people recorded about one organization, and its signals and plans over the same time."""

    attestations: tuple[Attestation, ...] = ()
    """All of them, revoked and superseded ones included."""
    signals: SignalHistory = field(default_factory=dict)
    plans: tuple[PlanSeen, ...] = ()
    """Oldest first."""
    app_plans: AppPlans = field(default_factory=dict)
    objects: Objects = field(default_factory=dict)
    """The objects behind states of signals, as far as decoders and anchors of another canonical form need them."""
    ahead: Mapping[tuple[Subject, SettingId], tuple[Attestation, datetime]] = field(default_factory=dict)
    """The newest attestations that are dated in the future, as `dated_ahead` finds them."""


EMPTY = AttestationHistory()


def dated_ahead(
    attestations: Iterable[Attestation], present: datetime
) -> dict[tuple[Subject, SettingId], tuple[Attestation, datetime]]:
    """By subject and setting, the attestation that was recorded last and its date, if that date is in the future.

    A clock was or is wrong, so the order of recording decides: nothing recorded earlier counts, since this attestation
    may have superseded it. A revocation dated in the future counts as well.
    """
    last = {(one.subject, one.setting): one for one in attestations}
    dated = {
        key: (one, max(one.observed_at, one.recorded.at, *([one.revoked.at] if one.revoked else ())))
        for key, one in last.items()
    }
    return {key: (one, at) for key, (one, at) in dated.items() if at > present}


class AttestedValues:
    """Judges the attestations of one organization by plan, signals, proofs and decoders."""

    def __init__(
        self,
        state: State,
        organization: str,
        history: AttestationHistory,
        find_setting: Callable[[SettingId], Setting],
        settings: Sequence[Setting] = (),
    ) -> None:
        """`settings` is the whole catalogue, without which no signal can be proven."""
        self.foreign = outdated(history.attestations)
        self.history = history = _in_present_form(history) if self.foreign else history
        self.state, self.find, self.settings = state, find_setting, settings
        self.plan = plan_now(state, organization)
        unrevoked = unrevoked_by(history.attestations, state.as_of)
        decoders = [one for one in state.rulebook.decoders if one.setting not in READ_DIRECTLY]
        self.decoders = Decoders(organization, decoders, unrevoked, history.signals, history.objects, find_setting)
        self.unrevoked = grouped(unrevoked, lambda one: (one.subject, find_setting(one.setting).family))
        self._readings: dict[tuple[Subject, Family], dict[SignalKey, SignalReading]] = {}
        self._calibrations: dict[tuple[Subject, Family, frozenset[SignalKey], SettingId], Calibration] = {}

    def observations(self) -> Iterator[Observation]:
        """Yield one observation for each subject and setting that anybody attested, sorted.

        Yields `Observed` of grade decoded, attested or inferred, or `Unavailable` with a code that says why no value
        counts: STALE_CODES, CONFLICT_CODE, "signal_unread", "plan_unread", "plan_not_recorded", "revoked",
        "unknown_word", "evidence_from_the_future".
        """
        recorded = known_by(self.history.attestations, self.state.as_of)
        recorded_by_key = grouped(recorded, lambda one: (one.subject, one.setting))
        valid = in_force(self.history.attestations, self.state.as_of)
        for key in sorted({*recorded_by_key, *self.history.ahead}):
            if key in self.history.ahead:
                yield self.from_the_future(*self.history.ahead[key])
                continue
            newest = sorted(valid.get(key, ()), key=_best_first)
            if newest:
                observation = self.judge(newest)
            else:
                last = max(recorded_by_key[key], key=by_age)
                by = f" by {last.revoked.by}" if last.revoked else ""
                observation = self.refuse(last, REVOKED, f"the newest attestation was revoked{by}; attest it again")
            yield self.decoded(newest, observation)

    def decoded(self, newest: Sequence[Attestation], attested: Observation) -> Observation:
        """What decoders read from the signals now, where they count; else `attested`, computed without them."""
        setting = self.find(attested.setting)
        trusts = [one for one in self.decoders.for_setting(setting.id) if attested.subject in one.agreed]
        if not trusts:
            return attested
        present_readings = self.readings(attested.subject, setting.family)
        present: list[Present] = []
        for trust in trusts:
            owner = trust.decoder.owner_of(attested.subject)
            agreed = [one for one in trust.agreed[attested.subject] if self.plan_change(one) is None]
            reading = present_readings.get((owner, trust.decoder.signal)) if owner is not None else None
            if agreed and reading is not None and not _doubt(reading):
                present.append(Present(trust.decoder, reading, agreed[0]))
        return Decoding(self.state, self.history.signals, self.history.objects).weigh(
            setting, present, newest, attested
        )

    def judge(self, newest: Sequence[Attestation]) -> Observation:
        """The observation from the attestations of the newest moment; if one of them does not count, none does."""
        setting = self.find(newest[0].setting)
        if len({form(setting, one.value) for one in newest}) > 1:
            who = " and ".join(sorted({one.by for one in newest}))
            return self.refuse(newest[0], CONFLICT_CODE, f"{who} recorded different values for the same moment")
        observations = [self.weigh(setting, one) for one in newest]
        return next((one for one in observations if isinstance(one, Unavailable)), observations[0])

    def weigh(self, setting: Setting, attestation: Attestation) -> Observation:
        """The observation from one attestation, by the plan, the signals (if they can be compared) and their proofs."""
        changed = self.plan_change(attestation)
        if changed is not None:
            return self.refuse(attestation, *changed)
        present_readings = self.readings(attestation.subject, setting.family)
        if not attestation.bound:
            return self.unanchored(setting, attestation, present_readings)
        for anchor in attestation.anchors:
            doubt = _doubt(present_readings.get(anchor.key)) or (OTHER_FORM if anchor.canonical != VERSION else "")
            if doubt:
                reason = f"{signal_name(anchor.signal)} cannot be compared: {doubt}"
                return self.refuse(attestation, SIGNAL_UNREAD, reason)
        signals = frozenset(anchor.key for anchor in attestation.anchors)
        if setting.id in self.calibration(setting, attestation.subject, signals).set_aside:
            return self.accept(attestation)
        select = self.decoders.select(setting.id, attestation.subject)
        moved = what_moved(self.history.signals, attestation, present_readings, self.state.as_of, select)
        if moved is None:
            return self.accept(attestation, anchored=True)
        proof = self.proof(setting, attestation.subject, signals)
        if proof is None:
            mover, what = self.who_moved(attestation, moved), self.what_it_may_be(attestation, present_readings)
            return self.refuse(
                attestation,
                SIGNAL_MOVED,
                f"{moved.what}{mover}, after {attestation.by} attested it{what}; attest it again",
            )
        signal_names = ", ".join(dict.fromkeys(anchor.signal for anchor in attestation.anchors))
        confirmed = proof.confirmed
        source = f"{signal_names}, in a state that {confirmed.by} attested"
        witness = self.witness(confirmed)
        return Observed(
            attestation.setting,
            attestation.subject,
            proof.value,
            Grade.INFERRED,
            confirmed.observed_at,
            source,
            witness=witness,
        )

    def what_it_may_be(self, attestation: Attestation, present_readings: Mapping[SignalKey, SignalReading]) -> str:
        """What the move may mean by the rulebook's candidate readings, after a colon; "" where they say nothing."""
        sentences = [
            candidate.meaning_of_move(anchor.state, present_readings[anchor.key].state, self.history.objects)
            for anchor in attestation.anchors
            for candidate in self.state.rulebook.candidates
            if (candidate.signal, candidate.owner) == (anchor.signal, anchor.subject.kind)
        ]
        distinct = list(dict.fromkeys(sentence for sentence in sentences if sentence))
        return f": {'; '.join(distinct)}" if distinct else ""

    def scores(self) -> Iterator[Score]:
        """The score of each candidate reading against unrevoked attestations, by owner."""
        for candidate in self.state.rulebook.candidates:
            setting = self.find(candidate.setting)
            by_owner: dict[Subject, list[bool]] = defaultdict(list)
            for one in unrevoked_by(self.history.attestations, self.state.as_of):
                for anchor in one.anchors if one.setting == candidate.setting and one.bound else ():
                    if (anchor.signal, anchor.subject.kind) != (candidate.signal, candidate.owner):
                        continue
                    value = candidate.value_in(anchor.state, self.history.objects)
                    if value is not None:
                        by_owner[anchor.subject].append(form(setting, value) == form(setting, one.value))
            for owner, agreed in by_owner.items():
                yield Score(candidate, owner, sum(agreed), len(agreed) - sum(agreed))

    def who_moved(self, attestation: Attestation, moved: Move) -> str:
        """Who moved the signal, according to the audit log: ", changed by ops@acme.example"; "" where unknown."""
        # From midnight on, so that the looks of one day share one search.
        since = attestation.observed_at.replace(hour=0, minute=0, second=0, microsecond=0)
        for change in self.state.changes(attestation.subject.organization, since):
            anchored = (change.subject, change.setting) == (moved.anchor.subject, moved.anchor.signal)
            if anchored and change.first_seen > attestation.observed_at and change.actor:
                return f", changed by {change.actor}"
        return ""

    def unanchored(
        self, setting: Setting, attestation: Attestation, present_readings: Mapping[SignalKey, SignalReading]
    ) -> Observation:
        """The value of an attestation without anchors, unless signals that are proven for the setting contradict it."""
        if present_readings and not any(_doubt(reading) for reading in present_readings.values()):
            proof = self.proof(setting, attestation.subject, frozenset(present_readings))
            if proof is not None and not same_value(setting, proof.value, attestation.value):
                why = f"{attestation.by} attested it without an anchor, and the signals are now in a state proven for"
                return self.refuse(attestation, SIGNAL_MOVED, f"{why} another value; attest it again")
        return self.accept(attestation)

    def proof(self, setting: Setting, subject: Subject, signals: frozenset[SignalKey]) -> Proof | None:
        """The proven meaning of the present state, or None. After a plan change it needs an attestation that agrees."""
        select = self.decoders.select(setting.id, subject)
        present = state_of(self.readings(subject, setting.family).values(), signals, select)
        proof = self.calibration(setting, subject, signals).proven.get((setting.id, present))
        return proof if proof is not None and self.plan_change(proof.confirmed) is None else None

    def plan_change(self, attestation: Attestation) -> tuple[str, str] | None:
        """Code and reason why a plan no longer carries the attestation; None when all do.

        The plans are the organization's highest and the app's own; an app that left counts as well.
        """
        as_of = self.state.as_of
        moved = plan_moved(attestation, self.plan, self.history.plans, as_of)
        return moved or app_moved(attestation, self.history.app_plans, as_of)

    def readings(self, subject: Subject, family: Family) -> Mapping[SignalKey, SignalReading]:
        """The signals of a subject and family as this run found them."""
        if (subject, family) not in self._readings:
            signals = readings(self.state, subject, family)
            if self.foreign:
                signals = tuple(replace(one, state=renewed(one.state, self.history.objects)) for one in signals)
            self._readings[subject, family] = {one.key: one for one in signals}
        return self._readings[subject, family]

    def calibration(self, setting: Setting, subject: Subject, signals: frozenset[SignalKey]) -> Calibration:
        """The calibration of these signals; where a decoder has pointers for the setting, for that setting alone."""
        decoded_alone = setting.id if self.decoders.for_setting(setting.id) else SettingId("")
        key = (subject, setting.family, signals, decoded_alone)
        if key not in self._calibrations:
            family_settings = settings_of(self.settings, setting.family, subject.kind)
            unrevoked = self.unrevoked.get(key[:2], ())
            select = self.decoders.select(decoded_alone, subject)
            self._calibrations[key] = calibrate(unrevoked, family_settings, signals, select, conditions(self.state))
        return self._calibrations[key]

    def accept(self, attestation: Attestation, *, anchored: bool = False) -> Observed:
        """The attested value with its own age, which nothing prolongs."""
        witness = self.witness(attestation, anchored=anchored)
        source = _source(attestation)
        return Observed(
            attestation.setting,
            attestation.subject,
            attestation.value,
            Grade.ATTESTED,
            attestation.observed_at,
            source,
            witness=witness,
        )

    def witness(self, attestation: Attestation, *, anchored: bool = False) -> Attester:
        """Who looked, and in which generation of the console."""
        generation = self.state.rulebook.generation(attestation.console_path, attestation.screen)
        return attestation.witness(self.state.as_of, anchored=anchored, generation=generation)

    def from_the_future(self, attestation: Attestation, dated: datetime) -> Unavailable:
        """`Unavailable` for a newest attestation dated in the future: earlier ones may be outdated."""
        what = "the revocation of the newest attestation is" if attestation.revoked else "the newest attestation is"
        reason = f"{what} dated {dated:%Y-%m-%d %H:%M}Z, which is in the future; "
        return self.refuse(attestation, FROM_THE_FUTURE, f"{reason}check this machine's clock, then attest it again")

    def refuse(self, attestation: Attestation, code: str, reason: str) -> Unavailable:
        """An `Unavailable` in place of the attested value, with code and reason."""
        return Unavailable(
            attestation.setting, attestation.subject, code, reason, self.state.as_of, _source(attestation)
        )


def _in_present_form(history: AttestationHistory) -> AttestationHistory:
    return replace(
        history,
        attestations=tuple(
            replace(one, anchors=tuple(renewed_anchor(anchor, history.objects) for anchor in one.anchors))
            for one in history.attestations
        ),
        signals={
            key: tuple((since, renewed(state, history.objects)) for since, state in states)
            for key, states in history.signals.items()
        },
    )


def _doubt(reading: SignalReading | None) -> str:
    """Why a signal cannot be compared; "" when it can. None is a signal that the rulebook no longer lists."""
    if reading is None:
        return "the rulebook no longer lists it as a signal of this setting"
    if reading.presence is Presence.UNREAD:
        return reading.reason
    return "" if reading.settled else BEING_APPLIED


def _best_first(attestation: Attestation) -> tuple[object, ...]:
    return not attestation.bound, attestation.second_person is None, not attestation.attachments, attestation.id


def _source(attestation: Attestation) -> str:
    return f"{ATTESTED_BY}{attestation.by}"
