"""The spaces of a large organization: computed from their number, the same in every run and at every size."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from string import hexdigits
from typing import overload

from contribaudit.simulator.spaces import Place
from contribaudit.simulator.values import Space

KINDS = (
    ("jira-software", "software"),
    ("jira-servicedesk", "service_desk"),
    ("jira-software", "business"),
    ("jira-product-discovery", "product_discovery"),
)
WIKI_KINDS = (
    "personal",
    "global",
    "collaboration",
    "personal",
    "global",
    "knowledge_base",
    "personal",
    "global",
    "global",
)


@dataclass(frozen=True, slots=True)
class Numbered(Sequence[Space]):
    """A list whose entries are computed from their number."""

    size: int
    make: Callable[[int], Space]

    def __len__(self) -> int:
        return self.size

    @overload
    def __getitem__(self, index: int) -> Space: ...
    @overload
    def __getitem__(self, index: slice) -> list[Space]: ...
    def __getitem__(self, index: int | slice) -> Space | list[Space]:
        if isinstance(index, slice):
            return [self.make(number) for number in range(*index.indices(self.size))]
        if not 0 <= index < self.size:
            raise IndexError(index)
        return self.make(index)


def take(spaces: Sequence[Space], numbers: Iterable[int]) -> list[Space]:
    """The entries with these numbers."""
    if isinstance(spaces, Numbered):
        return list(map(spaces.make, numbers))  # an index that is known to exist need not be checked again
    return [spaces[number] for number in numbers]


@dataclass(frozen=True, slots=True)
class Even:
    """`spaces` spread evenly over `sites` sites: half of a site's are Jira's, a third of Confluence's are personal."""

    spaces: int
    sites: int
    now: datetime
    cloud_id: Callable[[int], str]

    def at(self, place: Place) -> Sequence[Space]:
        """The list of a site; empty for a site that has none."""
        cloud_id, family = place
        digits = cloud_id[:8]
        site = int(digits, 16) if set(digits) <= set(hexdigits) and digits else self.sites
        if site >= self.sites or cloud_id != self.cloud_id(site):
            return ()
        here = self.spaces // self.sites + (site < self.spaces % self.sites)
        if family == "jira":
            return Numbered((here + 1) // 2, _projects(cloud_id, self.now))
        return Numbered(here // 2, _wiki_spaces(cloud_id, self.now))


OWNERS = tuple(f"557058:{number:04}" for number in range(500))


def _projects(cloud_id: str, now: datetime) -> Callable[[int], Space]:
    kinds = tuple((f"ari:cloud:{owner}::site/{cloud_id}", kind) for owner, kind in KINDS)

    def project(number: int) -> Space:
        app, kind = kinds[number % 4]
        digits = f"{number:06}"
        status = "archived" if number % 12 == 11 else "live"
        owner = OWNERS[number % 500]
        return Space(
            app, str(10_000 + number), f"P{digits}", f"Project {digits}", kind, status, number % 9 == 8, now, owner
        )

    return project


def _wiki_spaces(cloud_id: str, now: datetime) -> Callable[[int], Space]:
    app, people = f"ari:cloud:confluence::site/{cloud_id}", f"~{cloud_id[:8]}"

    def space(number: int) -> Space:
        kind, digits = WIKI_KINDS[number % 9], f"{number:06}"
        personal = kind == "personal"
        key, name = (f"{people}{digits}", f"Person {digits}") if personal else (f"W{digits}", f"Space {digits}")
        status = "archived" if number % 12 == 11 else "current"
        return Space(app, str(65_536 + number), key, name, kind, status, number % 10 == 9, now, OWNERS[number % 500])

    return space
