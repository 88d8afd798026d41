"""What a person saw in the administration console, with its anchors; annotations and baselines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from contribaudit.core.model.canonical import VERSION
from contribaudit.core.model.observation import Attester, SettingId, Value
from contribaudit.core.model.subject import Subject, same_person


@dataclass(frozen=True, slots=True)
class Attachment:
    """A screenshot, kept with the history by its digest."""

    name: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Anchor:
    """A signal as it was while a person looked. That it was absent from a whole list is a state too."""

    signal: SettingId
    subject: Subject
    state: tuple[str, ...] | None
    """Digests of its objects, sorted; None when the API held none."""
    revision: str = ""
    """The newest `updatedAt` of its objects, "" where they have none."""
    canonical: int = VERSION
    """The version of the canonical form that the digests were made by."""


@dataclass(frozen=True, slots=True)
class Signature:
    """Who did something with an attestation, from which machine account and host."""

    by: str
    at: datetime
    account: str
    host: str


@dataclass(frozen=True, slots=True)
class Attestation:
    """One value that a person recorded. Never edited: a newer one takes its place, and both stay."""

    id: str
    setting: SettingId
    subject: Subject
    value: Value
    by: str
    """The email address of the person who looked."""
    observed_at: datetime
    recorded: Signature
    """Who typed it in, and when: `recorded.at` is never before `observed_at`."""
    look: str
    """Shared by all values recorded in one look at one screen."""
    screen: str = ""
    console_path: str = ""
    note: str = ""
    attachments: tuple[Attachment, ...] = ()
    anchors: tuple[Anchor, ...] = ()
    unanchored_reason: str = ""
    """Why nothing anchors it; "" when anchors bind."""
    highest_plan: str | None = None
    """The highest plan at the time; None where it was unknown, and then `plan_words` stands for it."""
    plan_words: tuple[str, ...] = ()
    confirmed: tuple[Signature, ...] = ()
    revoked: Signature | None = None

    @property
    def second_person(self) -> Signature | None:
        """The first confirmation by a third person: neither who looked nor who recorded it."""
        return self._second(self.confirmed)

    def witness(self, as_of: datetime, *, anchored: bool = False, generation: str = "") -> Attester:
        """Who stood behind it at that moment: what was confirmed later does not count yet.

        `generation` is the console's, as the rulebook tells it from screen and path.
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
        """True when signals were the same before and after the look, so that they anchor it."""
        return bool(self.anchors) and not self.unanchored_reason

    def _second(self, signatures: Iterable[Signature]) -> Signature | None:
        own = (self.by, self.recorded.by)
        return next((one for one in signatures if not any(same_person(one.by, each) for each in own)), None)


def by_age(attestation: Attestation) -> tuple[datetime, str]:
    """The oldest look first."""
    return attestation.observed_at, attestation.id


def known_by(attestations: Iterable[Attestation], as_of: datetime) -> list[Attestation]:
    """The attestations observed and recorded by then, revoked and superseded ones included."""
    return [one for one in attestations if one.observed_at <= as_of and one.recorded.at <= as_of]


def standing(attestations: Iterable[Attestation], as_of: datetime) -> list[Attestation]:
    """The attestations known and not revoked by then, superseded ones included: the input of calibration."""
    return [one for one in known_by(attestations, as_of) if one.revoked is None or one.revoked.at > as_of]


def in_force(
    attestations: Iterable[Attestation], as_of: datetime
) -> dict[tuple[Subject, SettingId], list[Attestation]]:
    """The newest unrevoked attestations by subject and setting: one each, or several of the very same moment.

    What was observed or recorded after `as_of` is left out. A superseded attestation never comes back: when the
    newest is revoked the one before it stays superseded, unless it was recorded for the same moment.
    """
    newest: dict[tuple[Subject, SettingId], datetime] = {}
    known = known_by(attestations, as_of)
    for one in known:
        key = (one.subject, one.setting)
        newest[key] = max(newest.get(key, one.observed_at), one.observed_at)
    found: dict[tuple[Subject, SettingId], list[Attestation]] = {}
    for one in known:
        key = (one.subject, one.setting)
        if one.observed_at == newest[key] and (one.revoked is None or one.revoked.at > as_of):
            found.setdefault(key, []).append(one)
    return found


@dataclass(frozen=True, slots=True)
class Baseline:
    """The state of one organization after one run, approved by a person."""

    organization: str
    run: int
    """What this run knew is approved: its sites, apps, spaces and connectors. Pruning never removes it."""
    approved: Signature
    reason: str
    until: datetime | None
    """The end of its validity, None while it has none."""


@dataclass(frozen=True, slots=True)
class Approved:
    """A baseline with what its run knew, by identity: a name can be taken over by another app."""

    baseline: Baseline
    looked_at: datetime
    """Start of its run."""
    apps: frozenset[str]
    """IDs of the apps in the inventory."""
    sites: frozenset[str]
    """Their cloud IDs, and the host of an app that told none."""
    named: frozenset[Subject]
    """Spaces and connectors that people had recorded something of."""

    def expired(self, as_of: datetime) -> bool:
        """True when its validity has ended: it then covers nothing, until somebody approves anew."""
        return self.baseline.until is not None and self.baseline.until < as_of
