"""What became of an organization's exported evidence: whether its manifests are whole, and the newest pack in reach."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Chain:
    """The manifests that the history noted, and what was found where packs were written."""

    exported: int = 0
    """How many packs were ever written of the organization."""
    broken: str = ""
    """The first link that does not hold, as a clause; "" while all do."""
    place: str = ""
    """The newest pack that could be looked at; "" when none is in reach."""
    digest: str = ""
    """SHA-256 of its manifest, as the history noted it."""
    written_at: datetime | None = None
    damage: str = ""
    """What does not fit in that pack, as a clause; "" when everything does."""


NEVER_EXPORTED = Chain()
