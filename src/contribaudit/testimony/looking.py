"""The API before a look at the console, taken from kept runs, and after it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from contribaudit import collectors
from contribaudit.attestations.anchoring import Held
from contribaudit.collectors.interface import promises_of
from contribaudit.collectors.policies import POLICIES
from contribaudit.collectors.workspaces import WORKSPACES
from contribaudit.core.model.observation import Observation
from contribaudit.core.resolve.resolve import Seen, resolve
from contribaudit.core.resolve.state import State
from contribaudit.core.snapshot import CollectionStatus, Snapshot
from contribaudit.store.history import History
from contribaudit.store.records import RunRecord

SOURCES = (WORKSPACES, POLICIES)
"""What anchors attestations: two small readings."""
_NEEDED = frozenset(source.name for source in SOURCES)
_RUNS_BACK = 400


@dataclass(slots=True)
class PastLooks:
    """What holds a look that was earlier than this command. Each kept run is read once."""

    store: History
    now: State
    """The newest reading."""
    _runs: dict[str, list[RunRecord]] = field(default_factory=dict, init=False)
    _states: dict[tuple[str, int], State | None] = field(default_factory=dict, init=False)

    def held(self, organization: str, looked_at: datetime) -> Held:
        """The last complete run before the look, and the newest reading, if that began after the look."""
        if self._began(organization) < looked_at:
            return Held(None, self.now, True, "the API was not read after the look")
        if organization not in self._runs:
            self._runs[organization] = self.store.runs(organization=organization, limit=_RUNS_BACK)
        for record in self._runs[organization]:
            if record.finished_at <= looked_at:
                state = self._state(organization, record)
                if state is not None:
                    return Held(state, self.now, True)
        return Held(None, self.now, True, "no complete run was kept from before the look")

    def _state(self, organization: str, record: RunRecord) -> State | None:
        """What the run saw; None when it did not read everything that anchors attestations."""
        key = (organization, record.id)
        if key not in self._states:
            snapshot = self.store.snapshot(organization, record.id)
            self._states[key] = self._resolved(snapshot, record.id) if _whole(snapshot) else None
        return self._states[key]

    def _resolved(self, snapshot: Snapshot, run: int) -> State:
        known: dict[str, list[Observation]] = {}
        for fact in self.store.known(snapshot.organization, before=run).facts:
            known.setdefault(fact.collector, []).append(fact.observation)
        seen = Seen(snapshot.organization, "", snapshot, known=known)
        return resolve([seen], self.now.rulebook, snapshot.finished_at, promises_of(collectors.ALL))

    def _began(self, organization: str) -> datetime:
        """When the newest reading of what anchors attestations began."""
        made = self.now.organizations[organization].collections
        return min((made[name].started_at for name in _NEEDED if name in made), default=self.now.as_of)


def _whole(snapshot: Snapshot) -> bool:
    good = {one.collector for one in snapshot.collections if one.status is CollectionStatus.OK}
    return good >= _NEEDED
