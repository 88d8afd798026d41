"""What really happened in the simulated organization, and what a history must therefore say. Knows no tool code.

Every deed says which values it wrote. What is real is put together from deeds alone, never asked of the simulator.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any, TypeAlias

Key: TypeAlias = tuple[str, str, str]
"""Who reads it, subject, setting."""
Held: TypeAlias = Any
"""A value; of a signal, its object as text."""
OK, SEEN, UNREAD = "ok", "seen", "unread"
"""Everything was read; all that is there was seen, though nobody can tell that it is all; nothing was."""
PLANS = ("Free", "Standard", "Premium", "Enterprise")
ORG = "5a5a5a5a-5a5a-4a5a-8a5a-5a5a5a5a5a5a"
HIGHEST = ("plans", ORG, "plan.highest")


def shown(found: object) -> str:
    """An object of the API as text."""
    return json.dumps(found, sort_keys=True)


@dataclass(frozen=True, repr=False)
class Deed:
    """Something that was done."""

    at: datetime
    keys: frozenset[Key]
    event: str | None
    """None when it left no event."""
    processed_at: datetime | None
    subjects: frozenset[str] = frozenset()
    """Whose values it wrote, be it as they were, and what its event names beside them."""

    def __repr__(self) -> str:
        return f"<{self.at:%d %H:%M} {self.event} {sorted(key[1:] for key in self.keys)[:4]}>"

    def about(self, subject: str) -> bool:
        """True when it wrote a value of the subject, or names it."""
        return subject in self.subjects


@dataclass(frozen=True)
class Run:
    """One audit, as it must have gone."""

    id: int
    at: datetime
    came: Mapping[str, str]
    """How far each collector came."""
    real: Mapping[Key, Held]
    """What was real at that moment."""
    known: Mapping[Key, Held]
    """What a history knows from then on."""

    @property
    def whole(self) -> bool:
        return all(word == OK for word in self.came.values())


@dataclass(frozen=True)
class Difference:
    """What must be told between two runs."""

    key: Key
    before: Held
    after: Held


ABSENT = object()


@dataclass
class Model:
    """What is real now, and all that was."""

    real: dict[Key, Held] = field(default_factory=dict)
    deeds: list[Deed] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    gone: set[int] = field(default_factory=set)
    """Runs that were pruned."""
    read_events: set[str] = field(default_factory=set)
    """Events that some whole reading of the log must have met."""
    new_with: dict[str, int] = field(default_factory=dict)
    """By app, the run that first listed all of its spaces."""

    def wrote(
        self, at: datetime, event: str | None, late: datetime | None, values: Mapping[Key, Held], named: str = ""
    ) -> None:
        """Somebody wrote these values; ABSENT takes one away."""
        touched = {key for key, value in values.items() if self.real.get(key, ABSENT) != value}
        for key, value in values.items():
            if value is ABSENT:
                self.real.pop(key, None)
            else:
                self.real[key] = value
        self.deeds.append(Deed(at, frozenset(touched), event, late, frozenset((named, *(key[1] for key in values)))))

    def audited(self, run: int, at: datetime, came: Mapping[str, str], *, filled: bool) -> None:
        """A run that came as far as that; where there is no log, the list of events is empty and not `filled`."""
        before = dict(self.runs[-1].known) if self.runs else {}
        known = {key: value for key, value in before.items() if came.get(key[0], UNREAD) != OK}
        known |= {key: value for key, value in self.real.items() if came.get(key[0], UNREAD) != UNREAD}
        for collector, word in came.items():
            if word == OK and not collector.startswith("spaces "):
                known[collector, ORG, f"shapes.{collector}"] = ()
        if came["workspaces"] == OK:
            known[HIGHEST] = highest(self.real)
        elif HIGHEST in before:
            known[HIGHEST] = before[HIGHEST]
        self.runs.append(Run(run, at, dict(came), dict(self.real), known))
        if came["events"] == OK and filled:
            self.read_events |= {
                deed.event for deed in self.deeds if deed.event and deed.processed_at and deed.processed_at <= at
            }

    @property
    def kept(self) -> list[Run]:
        return [run for run in self.runs if run.id not in self.gone]

    def run(self, number: int) -> Run:
        return next(run for run in self.runs if run.id == number)

    def differences(self, since: int, until: int) -> dict[Key, Difference]:
        """Every value that is known otherwise after the one run than after the other."""
        before, after = self.run(since).known, self.run(until).known
        return {
            key: Difference(key, before.get(key, ABSENT), after.get(key, ABSENT))
            for key in before.keys() | after.keys()
            if before.get(key, ABSENT) != after.get(key, ABSENT)
        }

    def steps(self, since: int, until: int) -> Iterator[Difference]:
        """The same from each kept run to the next."""
        kept = [run.id for run in self.kept if since <= run.id <= until]
        for one, other in pairwise(kept):
            yield from self.differences(one, other).values()

    def wrote_between(self, key: Key, after: datetime | None, until: datetime) -> list[Deed]:
        """Deeds that wrote the value after the first moment and not later than the second."""
        return [
            deed for deed in self.deeds if key in deed.keys and (after is None or deed.at > after) and deed.at <= until
        ]

    def by_event(self, event: str) -> Deed:
        return next(deed for deed in self.deeds if deed.event == event)

    def gaps(self, until: datetime, hours: float) -> list[tuple[datetime, datetime, bool]]:
        """Stretches of more than so many hours without a whole run that is kept; True for one that lasts."""
        whole = [run.at for run in self.kept if run.whole]
        ends = [*whole[1:], until]
        return [
            (one, other, index == len(whole) - 1)
            for index, (one, other) in enumerate(zip(whole, ends, strict=False))
            if (other - one).total_seconds() > hours * 3600
        ]


def highest(real: Mapping[Key, Held]) -> str:
    """The highest plan of all apps, as people write it."""
    plans: Iterable[str] = (value for key, value in real.items() if key[2] == "plan")
    return max(plans, key=PLANS.index).casefold()
