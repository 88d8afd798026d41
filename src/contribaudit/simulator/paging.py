"""Cursors, and the page that every endpoint cuts from its list.

A cursor is the base64 of a small JSON text: which endpoint it belongs to, where the page starts, how long it is, which
page it is, and whatever else the endpoint wants to remember (its filter, say). Real cursors are opaque; so must these
be to a client. Padding is kept, so that a client which forgets to unquote a link is caught.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from contribaudit.simulator.values import Json

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page starts. `number` counts pages from 1; `memory` is what the endpoint keeps between pages."""

    start: int
    size: int
    number: int = 1
    memory: Json = field(default_factory=dict)


@dataclass(slots=True)
class Page:
    """One page on its way out. Faults change it before it gets the endpoint's shape.

    `items` are already in the API's shape, `total` counts the whole list, a cursor is None where there is no such page.
    A page without `with_links` loses its `links` altogether.
    """

    items: list[Json]
    position: Position
    total: int
    self_cursor: str
    next_cursor: str | None
    prev_cursor: str | None
    with_links: bool = True


def encode(endpoint: str, position: Position) -> str:
    """The cursor of a position."""
    text = json.dumps([endpoint, position.start, position.size, position.number, position.memory])
    return base64.b64encode(text.encode()).decode()


def decode(endpoint: str, cursor: str) -> Position | None:
    """The position of a cursor, None when it is none of this endpoint's."""
    try:
        kind, start, size, number, memory = json.loads(base64.b64decode(cursor, validate=True))
    except (binascii.Error, ValueError, TypeError):
        return None
    if kind != endpoint or not isinstance(memory, dict):
        return None
    if not all(isinstance(value, int) and value >= 0 for value in (start, size, number)):
        return None
    return Position(start, size, number, memory)


def cut(endpoint: str, entries: Sequence[Item], position: Position) -> tuple[Sequence[Item], Page]:
    """The entries of a page and the page itself, its `items` still empty."""
    start, size, number = position.start, position.size, position.number
    after = replace(position, start=start + size, number=number + 1)
    before = replace(position, start=max(0, start - size), number=max(1, number - 1))
    page = Page(
        items=[],
        position=position,
        total=len(entries),
        self_cursor=encode(endpoint, position),
        next_cursor=encode(endpoint, after) if after.start < len(entries) else None,
        prev_cursor=encode(endpoint, before) if start > 0 else None,
    )
    return entries[start : start + size], page


def single(item: Json) -> Page:
    """A page that holds the one thing asked for."""
    return Page([item], Position(0, 1), 1, self_cursor="", next_cursor=None, prev_cursor=None)


def whole(items: list[Json]) -> Page:
    """A list that is never cut."""
    return Page(items, Position(0, len(items)), len(items), self_cursor="", next_cursor=None, prev_cursor=None)


def links(**shown: str | None) -> Json:
    """`links` with the entries that are there."""
    return {name: value for name, value in shown.items() if value is not None}
