"""The spaces of every site: those that were listed, and those that are computed when somebody looks.

A site has two lists, one of its Jira apps together and one of Confluence. A large organization holds none of its spaces
(`numbered.py`): only the lists that were edited are held.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeAlias

from contribaudit.simulator.values import App, Space

Family: TypeAlias = Literal["jira", "confluence"]
Place: TypeAlias = tuple[str, Family]
"""A cloud ID and one of its two lists."""


def place_of(ari: str) -> Place:
    """Where the spaces of an app are listed."""
    return ari.rsplit("/", 1)[-1], "confluence" if ari.startswith("ari:cloud:confluence:") else "jira"


class Spaces:
    """Every space of an organization."""

    def __init__(self, numbered: Callable[[Place], Sequence[Space]] | None = None, count: int = 0) -> None:
        """`numbered` gives the list of a place that was never edited; `count` is how many such spaces there are."""
        self._numbered = numbered
        self._count = count
        self._lists: dict[Place, list[Space]] = {}
        self._picked: dict[tuple[object, ...], array[int]] = {}

    def __len__(self) -> int:
        return self._count + sum(map(len, self._lists.values()))

    def at(self, place: Place) -> Sequence[Space]:
        """The spaces of one list, in the order in which they were made."""
        listed = self._lists.get(place)
        if listed is not None:
            return listed
        return () if self._numbered is None else self._numbered(place)

    def pick(
        self, place: Place, question: tuple[object, ...], wanted: Callable[[Space], bool], order: Callable[[Space], Any]
    ) -> array[int]:
        """The numbers of the spaces of a list that are wanted, in order; found once for a question, until an edit."""
        known = self._picked.get((place, question))
        if known is None:
            found = [(order(space), number) for number, space in enumerate(self.at(place)) if wanted(space)]
            found.sort()
            known = self._picked[place, question] = array("L", [number for _, number in found])
        return known

    def find(self, which: str, apps: Sequence[App]) -> Space:
        """A space by the first label of its site's host, a slash and its key, `acme/HR`; raises `KeyError`."""
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
        """Put a space in another's place; None removes it."""
        listed = self._edited(place_of(old.app))
        index = listed.index(old)
        listed[index : index + 1] = [] if new is None else [new]

    def _edited(self, place: Place) -> list[Space]:
        """The list of a place, held from now on."""
        self._picked.clear()
        if place not in self._lists:
            self._lists[place] = list(self.at(place))
            self._count -= len(self._lists[place]) if self._numbered is not None else 0
        return self._lists[place]
