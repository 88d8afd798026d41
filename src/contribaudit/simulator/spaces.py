"""The spaces of every site: those listed in a scenario, and those computed on demand.

A site has two lists, one for all its Jira apps and one for Confluence. A large organization stores none of its spaces:
they are computed from their number, the same in every run and at every size. Only edited lists are stored.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from string import hexdigits
from typing import Any, Literal, TypeAlias, overload

from contribaudit.simulator.values import App, Space

Family: TypeAlias = Literal["jira", "confluence"]
Place: TypeAlias = tuple[str, Family]
"""A cloud ID and the product whose list it is."""


def place_of(ari: str) -> Place:
    """The place of the list that holds an app's spaces."""
    return ari.rsplit("/", 1)[-1], "confluence" if ari.startswith("ari:cloud:confluence:") else "jira"


class Spaces:
    """Every space of an organization."""

    def __init__(self, numbered: Callable[[Place], Sequence[Space]] | None = None, count: int = 0) -> None:
        """Take `numbered`, which gives the unedited list of a place, and `count`, the number of all such spaces."""
        self._numbered = numbered
        self._count = count
        self._lists: dict[Place, list[Space]] = {}
        self._picked: dict[tuple[object, ...], array[int]] = {}

    def __len__(self) -> int:
        return self._count + sum(map(len, self._lists.values()))

    def at(self, place: Place) -> Sequence[Space]:
        """The spaces of one list, in order of creation."""
        listed = self._lists.get(place)
        if listed is not None:
            return listed
        return () if self._numbered is None else self._numbered(place)

    def pick(
        self, place: Place, question: tuple[object, ...], wanted: Callable[[Space], bool], order: Callable[[Space], Any]
    ) -> array[int]:
        """The numbers of the wanted spaces of a list, in order; cached for each question until an edit."""
        numbers = self._picked.get((place, question))
        if numbers is None:
            ordered = [(order(space), number) for number, space in enumerate(self.at(place)) if wanted(space)]
            ordered.sort()
            numbers = self._picked[place, question] = array("L", [number for _, number in ordered])
        return numbers

    def find(self, which: str, apps: Sequence[App]) -> Space:
        """A space by its short name, `acme/HR` (first label of its site's host, key); raises `KeyError` without one."""
        label, _, key = which.partition("/")
        for place in dict.fromkeys(place_of(app.id) for app in apps if app.host_url and app.name == label):
            for space in self.at(place):
                if space.key == key:
                    return space
        raise KeyError(f"the organization has no space {which!r}")

    def add(self, space: Space) -> None:
        """Add a space at the end of its list."""
        self._edited(place_of(space.app)).append(space)

    def replace(self, old: Space, new: Space | None) -> None:
        """Replace a space with another; None removes it."""
        listed = self._edited(place_of(old.app))
        index = listed.index(old)
        listed[index : index + 1] = [] if new is None else [new]

    def _edited(self, place: Place) -> list[Space]:
        """The list of a place as a stored copy that can be edited."""
        self._picked.clear()
        if place not in self._lists:
            self._lists[place] = list(self.at(place))
            self._count -= len(self._lists[place]) if self._numbered is not None else 0
        return self._lists[place]


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
    """The entries at these indexes."""
    if isinstance(spaces, Numbered):
        return list(map(spaces.make, numbers))  # the indexes are known to exist
    return [spaces[number] for number in numbers]


@dataclass(frozen=True, slots=True)
class Even:
    """`spaces` spread evenly over `sites` sites: half belong to Jira, and a third of Confluence's are personal."""

    spaces: int
    sites: int
    now: datetime
    cloud_id: Callable[[int], str]

    def at(self, place: Place) -> Sequence[Space]:
        """The list of a place; empty for an unknown site."""
        cloud_id, family = place
        digits = cloud_id[:8]
        site = int(digits, 16) if set(digits) <= set(hexdigits) and digits else self.sites
        if site >= self.sites or cloud_id != self.cloud_id(site):
            return ()
        count = self.spaces // self.sites + (site < self.spaces % self.sites)
        if family == "jira":
            return Numbered((count + 1) // 2, _projects(cloud_id, self.now))
        return Numbered(count // 2, _wiki_spaces(cloud_id, self.now))


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
