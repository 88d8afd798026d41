"""What a run is doing now, for the live board of the command line and the dashboard's Run screen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil
from time import monotonic

from contribaudit.progress import Progress


@dataclass(slots=True)
class Reading:
    """The progress of one collector for one organization."""

    organization: str
    collector: str
    began: float
    state: str = "reading"
    """ "reading", "ok", "partial" or "failed"."""
    read: int = 0
    announced: int | None = None
    pages: int = 0
    ended: float | None = None
    reason: str = ""


@dataclass(slots=True)
class Watch(Progress):
    """Records its calls from any thread, for a screen that reads it at intervals."""

    clock: Callable[[], float] = monotonic
    readings: dict[tuple[str, str], Reading] = field(default_factory=dict)
    waits: dict[str, tuple[float, str]] = field(default_factory=dict)
    """For each call: the end of the wait by `clock`, and the reason."""
    waited: int = 0
    """How often the API asked to wait or an attempt failed."""

    def collector_started(self, organization: str, collector: str) -> None:
        """Add a line for the collector."""
        self.readings[organization, collector] = Reading(organization, collector, self.clock())

    def page_read(self, organization: str, collector: str, read: int, announced: int | None) -> None:
        """Count the page in the collector's line."""
        reading = self.readings.get((organization, collector))
        if reading is not None:
            reading.read, reading.announced, reading.pages = read, announced, reading.pages + 1

    def waiting(self, call: str, seconds: float, reason: str) -> None:
        """Add a wait, shown until its time is over."""
        self.waited += 1
        self.waits[call] = (self.clock() + seconds, reason)

    def collector_finished(self, organization: str, collector: str, status: str, reason: str) -> None:
        """Record in the collector's line how it ended."""
        reading = self.readings.get((organization, collector))
        if reading is not None:
            reading.state, reading.reason, reading.ended = str(status), reason, self.clock()

    def present_waits(self, now: float) -> list[tuple[int, str]]:
        """The waits that last beyond `now`: the seconds left, and what is tried again then and why."""
        return [
            (ceil(until - now), reason if call in reason else f"{call}: {reason}")
            for call, (until, reason) in sorted(self.waits.items())
            if until > now
        ]
