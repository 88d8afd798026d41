"""The anchors of an attestation: signals that were the same before and after a look, or why there are none.

The state before a look comes from saved runs, the state after it from the API.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from contribaudit import collectors
from contribaudit.collectors.interface import promises_of
from contribaudit.collectors.policies import POLICIES
from contribaudit.collectors.workspaces import WORKSPACES
from contribaudit.core.model.attestation import Anchor, Attestation
from contribaudit.core.model.phrases import counted
from contribaudit.core.model.setting import Family
from contribaudit.core.model.snapshot import Snapshot
from contribaudit.core.model.subject import Subject
from contribaudit.core.model.times import parse_utc
from contribaudit.core.resolve.resolve import SeenOrganization, resolve
from contribaudit.core.resolve.signals import Presence, SignalReading, readings, signal_name
from contribaudit.core.resolve.state import OrganizationState, State
from contribaudit.store.history import History
from contribaudit.store.records import RunRecord


@dataclass(frozen=True, slots=True)
class ReadingsAround:
    """The API's state before and after a look."""

    before: State | None
    """None when nothing was read before the look; `why_not` then says why."""
    after: State | None
    past: bool = False
    """True when the look was earlier than this command: `before` is then the last complete run before the look."""
    why_not: str = ""


def anchors(
    around: ReadingsAround, subject: Subject, family: Family, looked_at: datetime
) -> tuple[tuple[Anchor, ...], str]:
    """Every signal of the subject and family as anchors, and ""; or no anchors, and the reason.

    A single signal that moved or could not be read prevents all anchors, because it may be the one that matters.
    """
    if around.before is None or around.after is None:
        return (), around.why_not or "the API was not read both before and after the attestation"
    earlier = readings(around.before, subject, family)
    later = {one.key: one for one in readings(around.after, subject, family)}
    if not earlier:
        return (), f"no API signal is known for {family.replace('_', ' ').replace('ai ', 'AI ')}"
    for one in earlier:
        reason = _why_not_binding(one, later.get(one.key), looked_at, past=around.past)
        if reason:
            return (), reason
    confirmed = [later[one.key] for one in earlier]
    return tuple(Anchor(one.signal, one.owner, one.state, one.revision) for one in confirmed), ""


def described(listed: Iterable[Anchor]) -> str:
    """A short list of the anchors."""
    return ", ".join(
        f"{signal_name(anchor.signal)} of the {anchor.subject.kind}{' (absent)' if anchor.state is None else ''}"
        for anchor in listed
    )


def recorded_words(made: Sequence[Attestation]) -> str:
    """How many attestations were recorded, and what anchors them, without a full stop."""
    count = counted(len(made), "attestation was recorded", "attestations were recorded")
    loose = [one for one in made if not one.bound]
    if not loose:
        how = f", anchored by {described(made[0].anchors)}" if len(made) == 1 else ", each anchored" if made else ""
    elif len(loose) == len(made):
        how = f", not anchored: {loose[0].unanchored_reason}"
    else:
        how = f", {len(loose)} of them not anchored: {loose[0].unanchored_reason}"
    return f"{count}{how}"


def _why_not_binding(before: SignalReading, after: SignalReading | None, looked_at: datetime, *, past: bool) -> str:
    """Why this signal cannot be an anchor; "" when it can."""
    name = f"{signal_name(before.signal)} of the {before.owner.kind}"
    for reading in (before, after):
        if reading is None or reading.presence is Presence.UNREAD:
            return f"{name} could not be read{f': {reading.reason}' if reading is not None and reading.reason else ''}"
        if not reading.settled:
            return f"a change to {name} is still being applied"
    assert after is not None
    if before.presence is not after.presence or before.state != after.state:
        return f"{name} changed while you looked"
    if before.revision != after.revision and not (past and _no_later_than(after.revision, looked_at)):
        return f"{name} was updated while you looked"
    return ""


def _no_later_than(revision: str, looked_at: datetime) -> bool:
    """True when the revision is certainly no later than the look."""
    moment = parse_utc(revision)
    return moment is not None and moment <= looked_at


SOURCES = (WORKSPACES, POLICIES)
"""The collectors that read anchor signals; both are quick."""
_NEEDED = frozenset(source.name for source in SOURCES)
_RUNS_BACK = 400


@dataclass(slots=True)
class PastLooks:
    """The anchors for looks that were earlier than this command. Each saved run is read once."""

    store: History
    now: State
    """The newest reading."""
    _runs: dict[str, list[RunRecord]] = field(default_factory=dict, init=False)
    _states: dict[tuple[str, int], State | None] = field(default_factory=dict, init=False)

    def held(self, organization: str, looked_at: datetime) -> ReadingsAround:
        """The last complete run before the look, and the newest reading if that began after the look."""
        if self._newest_start(organization) < looked_at:
            return ReadingsAround(None, self.now, True, "the API was not read after the attestation")
        if organization not in self._runs:
            self._runs[organization] = self.store.runs(organization=organization, limit=_RUNS_BACK)
        for record in self._runs[organization]:
            if record.finished_at <= looked_at:
                state = self._state_of_run(organization, record)
                if state is not None:
                    return ReadingsAround(state, self.now, True)
        return ReadingsAround(None, self.now, True, "no complete run was saved before the attestation")

    def _state_of_run(self, organization: str, record: RunRecord) -> State | None:
        """The state that the run saw; None when it did not read every anchor signal."""
        key = (organization, record.id)
        if key not in self._states:
            snapshot = self.store.snapshot(organization, record.id)
            self._states[key] = self._resolve_snapshot(snapshot, record.id) if snapshot.completed >= _NEEDED else None
        return self._states[key]

    def _resolve_snapshot(self, snapshot: Snapshot, run: int) -> State:
        known = self.store.known(snapshot.organization, before=run).by_collector
        seen = SeenOrganization(OrganizationState(snapshot.organization, ""), snapshot, known=known)
        return resolve([seen], self.now.rulebook, snapshot.finished_at, promises_of(collectors.ALL))

    def _newest_start(self, organization: str) -> datetime:
        """When the newest reading of the anchor signals began."""
        made = self.now.organizations[organization].collections
        return min((made[name].started_at for name in _NEEDED if name in made), default=self.now.as_of)
