"""Spaces one by one, app by app: too many to hold, so every row is made as it is written."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from contribaudit.core.model.subject import Kind, Subject
from contribaudit.core.resolve.aliases import holds_spaces
from contribaudit.core.resolve.state import State
from contribaudit.exporters.tabular import render
from contribaudit.exporters.text import Cell

COLUMNS = (
    "organization_id", "app_id", "site", "type_key", "id", "key", "name", "type", "status", "created_at", "first_seen",
    "from_the_start",
)  # fmt: skip


TABLE = ("site", "type_key", "key", "name", "type", "status", "created_at", "first_seen")
MOST_IN_TABLE = 1000
"""A table has to be held and measured as a whole."""


def apps_with_spaces(state: State) -> list[Subject]:
    """The apps that have spaces by the rulebook, and those of which a listing tells."""
    listed = [app for place in state.looked_at for app in state.spaces(place.id).lists()]
    known = [app for app in state.subjects(Kind.APP) if holds_spaces(state, app)]
    return list(dict.fromkeys([*known, *listed]))


def space_rows(state: State) -> Iterator[tuple[Cell, ...]]:
    """A row for each known space, in the order of the apps, by key."""
    for app in apps_with_spaces(state):
        for one in state.spaces(app.organization).of(app):
            space = one.space
            yield (
                app.organization,
                app.id,
                one.host,
                one.type_key,
                space.id,
                space.key,
                space.name,
                space.type,
                space.status,
                space.created_at,
                one.first_seen,
                one.from_the_start,
            )


def space_table(state: State, *, most: int = MOST_IN_TABLE, terminal: bool = False) -> str:
    """The first spaces as a table, and in a last line how many more there are."""
    rows = list(islice(space_rows(state), most))
    table = render("table", COLUMNS, rows, flexible="name", only=TABLE, terminal=terminal)
    left = sum(state.spaces(app.organization).count(app) for app in apps_with_spaces(state)) - len(rows)
    return f"{table}and {left:,} more: --format csv, or json, lists every one\n" if left > 0 else table
