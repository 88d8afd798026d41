"""What people said of changes and of the present state: annotations and baselines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from contribaudit.core.attestation import Signature


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
class Annotation:
    """What a person noted of a change; the newest of several counts."""

    organization: str
    change: str
    """`Change.id`."""
    ticket: str
    note: str
    signed: Signature
