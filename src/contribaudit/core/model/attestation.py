"""Attestations: what a person saw in the administration console, and the signals that anchor it; and baselines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from contribaudit.core.model.canonical import VERSION
from contribaudit.core.model.observation import Attester, SettingId, Value
from contribaudit.core.model.subject import Subject, same_person


@dataclass(frozen=True, slots=True)
class Attachment:
    """A screenshot, kept with the history by its digest."""

    name: str
    sha256: str
    size_bytes: int


SignalKey: TypeAlias = tuple[Subject, SettingId]
"""An owner and its signal."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A signal's state while a person looked at the console. Absence from a completely read list is a state too."""

    signal: SettingId
    subject: Subject
    state: tuple[str, ...] | None
    """Digests of the signal's objects, sorted; None when the API held no object."""
    revision: str = ""
    """The newest `updatedAt` of the objects; "" where they have none."""
    canonical: int = VERSION
    """The version of the canonical form on which the digests are based."""

    @property
    def key(self) -> SignalKey:
        """The signal's owner, and the signal."""
        return self.subject, self.signal


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signed a record and when, from which machine account and host."""

    by: str
    at: datetime
    account: str
    host: str


@dataclass(frozen=True, slots=True)
class Attestation:
    """One value that a person recorded. It is never edited: a newer one supersedes it, and both are kept."""

    id: str
    setting: SettingId
    subject: Subject
    value: Value
    by: str
    """The email address of the person who looked."""
    observed_at: datetime
    recorded: Signature
    """Who entered it, and when: `recorded.at` is never before `observed_at`."""
    look: str
    """An ID shared by all values recorded in one look at one screen."""
    screen: str = ""
    console_path: str = ""
    note: str = ""
    attachments: tuple[Attachment, ...] = ()
    anchors: tuple[Anchor, ...] = ()
    unanchored_reason: str = ""
    """Why no signal anchors the value; "" when the anchors bind."""
    highest_plan: str | None = None
    """The highest plan at the time; None where it was unknown, and `plan_words` is compared instead."""
    plan_words: tuple[str, ...] = ()
    confirmed: tuple[Signature, ...] = ()
    revoked: Signature | None = None

    @property
    def second_person(self) -> Signature | None:
        """The first confirmation by somebody who neither looked nor recorded the value; None without one."""
        return self._second(self.confirmed)

    def witness(self, as_of: datetime, *, anchored: bool = False, generation: str = "") -> Attester:
        """Who vouched for the value at that moment; a later confirmation does not count yet.

        `generation` is the console generation that the rulebook derives from screen and path.
        """
        second = self._second(one for one in self.confirmed if one.at <= as_of)
        return Attester(
            self.by,
            second.by if second else None,
            bool(self.attachments),
            anchored,
            self.screen,
            self.console_path,
            generation,
            self.id,
        )

    @property
    def bound(self) -> bool:
        """True when signals were the same before and after the look, so that they anchor the value."""
        return bool(self.anchors) and not self.unanchored_reason

    def _second(self, signatures: Iterable[Signature]) -> Signature | None:
        authors = (self.by, self.recorded.by)
        return next((one for one in signatures if not any(same_person(one.by, author) for author in authors)), None)


def by_age(attestation: Attestation) -> tuple[datetime, str]:
    """The sort key that puts the oldest look first."""
    return attestation.observed_at, attestation.id


def known_by(attestations: Iterable[Attestation], as_of: datetime) -> list[Attestation]:
    """The attestations observed and recorded by `as_of`, including revoked and superseded ones."""
    return [one for one in attestations if one.observed_at <= as_of and one.recorded.at <= as_of]


def unrevoked_by(attestations: Iterable[Attestation], as_of: datetime) -> list[Attestation]:
    """The attestations known and not revoked by `as_of`, including superseded ones: the input of calibration."""
    return [one for one in known_by(attestations, as_of) if one.revoked is None or one.revoked.at > as_of]


def in_force(
    attestations: Iterable[Attestation], as_of: datetime
) -> dict[tuple[Subject, SettingId], list[Attestation]]:
    """The newest unrevoked attestations by subject and setting: one each, or several for the very same moment.

    A time without seconds may be any moment of its minute: it is the same moment as every other one in that minute.
    What was observed or recorded after `as_of` is left out. A superseded attestation never comes back: when the
    newest is revoked the one before it stays superseded, unless it was recorded for the same moment.
    """
    newest: dict[tuple[Subject, SettingId], datetime] = {}
    known = known_by(attestations, as_of)
    for attestation in known:
        key = (attestation.subject, attestation.setting)
        newest[key] = max(newest.get(key, attestation.observed_at), attestation.observed_at)
    valid: dict[tuple[Subject, SettingId], list[Attestation]] = {}
    for attestation in known:
        key = (attestation.subject, attestation.setting)
        same = _may_be_same_moment(attestation.observed_at, newest[key])
        if same and (attestation.revoked is None or attestation.revoked.at > as_of):
            valid.setdefault(key, []).append(attestation)
    return valid


def _may_be_same_moment(one: datetime, newest: datetime) -> bool:
    """Whether both are the same moment, as far as the less precise of them says."""
    if one == newest:
        return True
    less_precise = max((one, newest), key=lambda moment: (moment.microsecond == 0, moment.second == 0))
    if less_precise.microsecond:
        return False
    whole_second, whole_newest = one.replace(microsecond=0), newest.replace(microsecond=0)
    if less_precise.second:
        return whole_second == whole_newest
    return whole_second.replace(second=0) == whole_newest.replace(second=0)


@dataclass(frozen=True, slots=True)
class Baseline:
    """The state of one organization after one run, approved by a person."""

    organization: str
    run: int
    """The run whose sites, apps, spaces and connectors are approved. Pruning never removes it."""
    approved: Signature
    reason: str
    until: datetime | None
    """When the approval ends; None when it has no end."""


@dataclass(frozen=True, slots=True)
class Approved:
    """A baseline and the subjects that its run knew, by ID: another app can take over a name."""

    baseline: Baseline
    looked_at: datetime
    """Start of the baseline's run."""
    apps: frozenset[str]
    """IDs of the apps in the inventory."""
    sites: frozenset[str]
    """Cloud IDs of the apps' sites; the host for an app without a cloud ID."""
    named: frozenset[Subject]
    """Spaces and connectors about which people had recorded something."""

    def expired(self, as_of: datetime) -> bool:
        """True when the approval has ended: the baseline then covers nothing until somebody approves again."""
        return self.baseline.until is not None and self.baseline.until < as_of
