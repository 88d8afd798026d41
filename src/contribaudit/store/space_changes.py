"""Spaces that are new, gone or renamed between two runs, as `changes.py` does for values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Connection, Tuple, and_, literal, or_, select, tuple_

from contribaudit.catalogue import spaces as catalogue
from contribaudit.core.model.change import Change
from contribaudit.core.model.observation import SettingId
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.errors import UsageError
from contribaudit.store.facts import organization_number, run_starts
from contribaudit.store.schema import spaces
from contribaudit.store.spaces import Reading, apps_with_spaces, first_whole_runs

_PAGE = 1_000
_SETTINGS: tuple[tuple[str, SettingId], ...] = tuple(
    (setting.id.rpartition(".")[2], setting.id) for setting in catalogue.ALL
)
"""Column and setting."""


def space_changes(reading: Reading, organization: str, since: int, until: int) -> Iterator[Change]:
    """What differs between the spaces known after run `since` and after run `until`, app by app, by ID.

    A space that the first whole listing of its app shows is not new: how long it was there, nobody can tell. Read page
    by page. Raises UsageError when `since` is the newer one.
    """
    if since > until:
        raise UsageError(f"Run {since} is newer than run {until}", hint="Name the older run first")
    first, ended = spaces.c.first_run, spaces.c.ended_run
    moved = or_(and_(first > since, first <= until), and_(ended > since, ended <= until))
    with reading() as connection:
        apps = apps_with_spaces(connection, organization, organization_number(connection, organization))
        first_whole = first_whole_runs(connection, apps)
    if not apps or since == until:
        return
    identity = tuple_(spaces.c.app, spaces.c.space)
    moved = and_(moved, spaces.c.app.in_(list(apps)))
    after: ColumnElement[bool] | None = None
    while True:
        keys = select(spaces.c.app, spaces.c.space).where(moved).distinct().order_by(spaces.c.app, spaces.c.space)
        with reading() as connection:
            some = connection.execute((keys if after is None else keys.where(after)).limit(_PAGE)).all()
            found = list(_page(connection, organization, first_whole, since, until, some, moved)) if some else []
        yield from found
        if len(some) < _PAGE:
            return
        after = identity > _place(some[-1])


def _page(
    connection: Connection,
    organization: str,
    first_whole: Mapping[int, int],
    since: int,
    until: int,
    keys: Sequence[Any],
    moved: ColumnElement[bool],
) -> Iterator[Change]:
    """The changes of the spaces from the first of the keys to the last."""
    identity = tuple_(spaces.c.app, spaces.c.space)
    within = moved, identity >= _place(keys[0]), identity <= _place(keys[-1])
    rows = connection.execute(
        select(spaces).where(*within).order_by(spaces.c.app, spaces.c.space, spaces.c.first_run)
    ).all()
    runs_named = {run for row in rows for run in (row.first_run, row.last_run, row.ended_run) if run}
    started_at = run_starts(connection, runs_named)
    for (app, space), group in groupby(rows, key=lambda row: (row.app, row.space)):
        intervals = list(group)
        before = next((row for row in intervals if _holds(row, since)), None)
        after = next((row for row in intervals if _holds(row, until)), None)
        if before is None and (after is None or after.first_run <= first_whole.get(app, until)):
            continue
        for column, setting in _SETTINGS:
            old, new = _told(before, column), _told(after, column)
            if old == new:
                continue
            last = None if old is None else _run_on(before, intervals, column).last_run
            fresh = _run_on(after, intervals[::-1], column).first_run if new is not None else _end(intervals, until)
            yield Change(
                subject=Subject(organization, Kind.SPACE, space),
                setting=setting,
                before=old,
                after=new,
                existed_before=old is not None,
                exists_after=new is not None,
                first_seen=started_at[fresh],
                last_seen=None if last is None else started_at[last],
                name=_told(after or before, "name") or "",
            )


def _place(key: Any) -> Tuple:
    """A row's app and space to compare with, written as the columns write them: some characters are escaped there."""
    return tuple_(literal(key.app, spaces.c.app.type), literal(key.space, spaces.c.space.type))


def _holds(row: Any, run: int) -> bool:
    """True when the space was known so when the run had ended."""
    return bool(row.first_run <= run and (row.ended_run is None or row.ended_run > run))


def _told(row: Any, column: str) -> str | None:
    """The value, None where there is none."""
    return None if row is None else getattr(row, column) or None


def _run_on(row: Any, intervals: Sequence[Any], column: str) -> Any:
    """The last of the intervals that follow `row` without a gap and hold the same value."""
    for other in intervals[intervals.index(row) + 1 :]:
        adjoining = row.ended_run == other.first_run or other.ended_run == row.first_run
        if not adjoining or _told(other, column) != _told(row, column):
            break
        row = other
    return row


def _end(intervals: Sequence[Any], until: int) -> int:
    """The run that saw the last of them no more."""
    return max(int(row.ended_run) for row in intervals if row.ended_run is not None and row.ended_run <= until)
