"""One entry of a list of spaces, and what a list of them is."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contribaudit.atlassian.calls import Call

_ID = re.compile(r"[A-Za-z0-9-]{1,64}")


@dataclass(frozen=True, slots=True)
class SpaceEntry:
    """What an entry says. `id` is "" for one that cannot be told apart; a text is "" where the entry gives none."""

    id: str
    key: str
    name: str
    type: str
    status: str
    created_at: datetime | None = None
    missing: tuple[str, ...] = ()
    """The keys that every entry should have and this one has not, or not as a text."""


@dataclass(frozen=True, slots=True)
class SpaceSource:
    """Where the spaces of one kind of app are listed, site by site."""

    name: str
    """The collector's name; its call is called the same."""
    apps: str
    """The rulebook's word for the apps whose spaces these are."""
    call: Call
    ari: str
    """A space's ARI, with {site} and {id}."""
    announces: bool
    """Whether the API says how many there are."""
    parse: Callable[[Mapping[str, Any]], SpaceEntry]
    proves: str
    """What its answer shows, and what not: for the documentation."""


def identity(entry: Mapping[str, Any]) -> str:
    """The entry's ID, "" where there is none."""
    found = entry.get("id")
    text = str(found) if type(found) in (str, int) else ""
    return text if _ID.fullmatch(text) else ""


def texts(entry: Mapping[str, Any], names: tuple[str, ...]) -> tuple[dict[str, str], tuple[str, ...]]:
    """The texts under these keys, "" where there is none, and the keys where there is none."""
    found = {name: entry.get(name) for name in names}
    missing = tuple(name for name, value in found.items() if not isinstance(value, str))
    return {name: value if isinstance(value, str) else "" for name, value in found.items()}, missing
