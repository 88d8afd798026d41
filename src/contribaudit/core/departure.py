"""Apps and sites that are not in the inventory any more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from contribaudit.core.model.subject import Subject


@dataclass(frozen=True, slots=True)
class Departure:
    """One app that a whole reading of the list did not hold any more."""

    app: Subject
    alias: str
    """What people called it; its ID where no name is known."""
    type_key: str
    site: str
    """Cloud ID of its site, or its host; "" where neither was told."""
    with_site: bool
    """True when no app of the site is left."""
    last_seen: datetime
    """Start of the last run that saw it."""
    first_missing: datetime
    """Start of the first run whose whole list was without it: it left in between."""


@dataclass(frozen=True, slots=True)
class Departures:
    """What left one organization, as far as its history reaches back."""

    apps: tuple[Departure, ...] = ()
    """Oldest first. One that came back is not among them."""
    readings: tuple[datetime, ...] = ()
    """When the list of apps was read to its end, oldest first; runs that were removed since are among them."""


NOTHING_LEFT = Departures()
