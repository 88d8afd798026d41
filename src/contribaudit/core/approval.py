"""What people said of changes and of the present state: annotations and baselines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from contribaudit.core.model.attestation import Signature
from contribaudit.core.model.subject import Subject


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


@dataclass(frozen=True, slots=True)
class Annotation:
    """What a person noted of a change; the newest of several counts."""

    organization: str
    change: str
    """`Change.id`."""
    ticket: str
    note: str
    signed: Signature
