"""Differences between two runs, in values and in spaces; also the intervals of runs, and the names of apps."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Connection, Tuple, and_, bindparam, literal, or_, select, tuple_

from contribaudit import catalogue
from contribaudit.catalogue.organization import SPACES as OF_SPACES
from contribaudit.core.model import names
from contribaudit.core.model.change import Change, RunInterval, SubjectNames
from contribaudit.core.model.observation import SettingId, Value
from contribaudit.core.model.setting import same_value
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.errors import UsageError
from contribaudit.store.columns import read_value, write_value
from contribaudit.store.facts import StoredFact, organization_number, run_starts, stored_facts, whole_runs
from contribaudit.store.schema import facts, runs, snapshots, spaces
from contribaudit.store.spaces import Reading, apps_with_spaces, first_whole_runs
from contribaudit.store.transactions import asked_once


def read_changes(
    connection: Connection, organization: str, since: int, until: int, *, steps: bool = False
) -> list[Change]:
    """The changes between what was known after run `since` and after run `until`.

    One per collector, subject and setting, in the order in which those were first seen, without cause and name. An
    unreadable value counts as last read: becoming unreadable is no change, and becoming readable again is none. A value
    that changed and changed back is no change, unless `steps` asks for every change in between. A new grade is no
    change, nor is a value that moves without anybody changing a setting. Raises UsageError when `since` is the newer
    run.
    """
    _require_order(since, until)
    number = organization_number(connection, organization)
    if since == until:
        return []
    first, ended = facts.c.first_run, facts.c.ended_run
    opened = and_(ended.is_(None), first > since, first <= until)
    closed = and_(ended > since, first <= until)  # some end after `until`: they connect the values before and after
    stories = {
        key: list(its)
        for key, its in groupby(stored_facts(connection, number, or_(opened, closed)), key=_topic_of)
        if not catalogue.find(key[1]).volatile
    }
    unread = {key for key, its in stories.items() if its[0].value is None and its[0].first_run <= since}
    if unread:
        for key, its in groupby(stored_facts(connection, number, ended <= since), key=_topic_of):
            if key in unread:
                stories[key] = [*its, *stories[key]]
    moves = [move for its in stories.values() for move in (_steps if steps else _net)(_held_values(its), since, until)]
    started_at = run_starts(connection, {run for move in moves for run in move.runs})
    return [move.change(started_at) for move in moves]


def _require_order(since: int, until: int) -> None:
    if since > until:
        raise UsageError(f"Run {since} is newer than run {until}", hint="Name the older run first")


def _topic_of(fact: StoredFact) -> tuple[Subject, SettingId, str]:
    return fact.subject, fact.setting, fact.collector


@dataclass(frozen=True, slots=True)
class _HeldValue:
    """A value and the runs during which it was held, including runs that could not read it."""

    fact: StoredFact
    from_run: int
    last_seen: int
    """The last run that read the value; meaningless while it is held."""
    until_run: int | None
    """The run that saw another value or none; None while the value is held."""
    unread_from: int | None = None
    """Since which run the setting was unreadable before this value; None when it was absent or had another value."""

    @property
    def value(self) -> Value:
        return read_value(self.fact.value or "null")

    def at(self, run: int) -> bool:
        """True when the value was held at the end of the run."""
        return self.from_run <= run and (self.until_run is None or self.until_run > run)

    def new_since(self, run: int) -> bool:
        """False when the subject existed at the run but was unreadable, so that its value at the time is unknown."""
        return self.unread_from is None or self.unread_from > run

    def has_value_of(self, other: _HeldValue) -> bool:
        return same_value(catalogue.find(self.fact.setting), self.value, other.value)


def _held_values(intervals: Iterable[StoredFact]) -> list[_HeldValue]:
    """The values that were read, oldest first. The same value read again, or with another grade, extends the last."""
    values: list[_HeldValue] = []
    unread_from, unread_until = 0, -1
    for fact in intervals:
        last = values[-1] if values and values[-1].until_run == fact.first_run else None
        if fact.value is None:
            unread_from = unread_from if unread_until == fact.first_run else fact.first_run
            unread_until = fact.ended_run if fact.ended_run is not None else -1
            if last is not None:
                values[-1] = replace(last, until_run=fact.ended_run)
            continue
        seen = fact.last_run if fact.last_run is not None else fact.first_run
        value = _HeldValue(fact, fact.first_run, seen, fact.ended_run)
        if last is not None and last.has_value_of(value):
            values[-1] = replace(last, last_seen=seen, until_run=fact.ended_run)
        elif last is None and unread_until == fact.first_run:
            values.append(replace(value, unread_from=unread_from))
        else:
            # A subject that existed unread keeps that mark for every value that follows without a gap.
            values.append(value if last is None else replace(value, unread_from=last.unread_from))
    return values


@dataclass(frozen=True, slots=True)
class _Move:
    before: _HeldValue | None
    after: _HeldValue | None
    seen_after: int
    """The first run that saw `after`, or saw that the value was gone."""

    @property
    def runs(self) -> tuple[int, ...]:
        return (self.seen_after,) if self.before is None else (self.before.last_seen, self.seen_after)

    def change(self, started_at: Mapping[int, datetime]) -> Change:
        ends = [one for one in (self.before, self.after) if one is not None]
        return Change(
            subject=ends[0].fact.subject,
            setting=ends[0].fact.setting,
            before=None if self.before is None else self.before.value,
            after=None if self.after is None else self.after.value,
            existed_before=self.before is not None,
            exists_after=self.after is not None,
            first_seen=started_at[self.seen_after],
            last_seen=None if self.before is None else started_at[self.before.last_seen],
            collector=ends[0].fact.collector,
            responses=tuple(one.fact.response for one in ends if one.fact.response),
        )


def _net(story: list[_HeldValue], since: int, until: int) -> Iterator[_Move]:
    """The difference of one setting between `since` and `until`: one move, or none."""
    before = next((value for value in story if value.at(since)), None)
    after = next((value for value in story if value.at(until)), None)
    if before is not None and after is None:
        yield _Move(before, None, max(h.until_run for h in story if h.until_run is not None and h.until_run <= until))
    elif after is not None and (after.new_since(since) if before is None else not before.has_value_of(after)):
        yield _Move(before, after, after.from_run)


def _steps(story: list[_HeldValue], since: int, until: int) -> Iterator[_Move]:
    """Every change from `since` to `until`; a value that disappears and returns yields two."""
    earlier: _HeldValue | None = None
    for value in story:
        adjoining = earlier is not None and earlier.until_run == value.from_run
        if earlier is not None and not adjoining:
            yield from _removal(earlier, since, until)
        if since < value.from_run <= until and (adjoining or value.new_since(since)):
            yield _Move(earlier if adjoining else None, value, value.from_run)
        earlier = value
    if earlier is not None:
        yield from _removal(earlier, since, until)


def _removal(value: _HeldValue, since: int, until: int) -> Iterator[_Move]:
    if value.until_run is not None and since < value.until_run <= until:
        yield _Move(value, None, value.until_run)


_RUN_INTERVALS = (
    select(runs.c.id, runs.c.started_at, snapshots.c.finished_at)
    .add_columns(runs.c.tool_version, runs.c.policy_sha256, runs.c.rulebook_sha256)
    .join(snapshots, snapshots.c.run == runs.c.id)
    .where(snapshots.c.organization == bindparam("organization"))
    .order_by(runs.c.id)
)


@asked_once
def read_run_intervals(connection: Connection, organization: str) -> Mapping[int, RunInterval]:
    """Every run of the organization, oldest first: when it read, and with which tool, policy and rulebook."""
    number = organization_number(connection, organization)
    whole: dict[int, set[str]] = defaultdict(set)
    for collector, complete in whole_runs(connection, number).items():
        for run in complete:
            whole[run].add(collector)
    return {
        run: RunInterval(run, started_at, finished_at, frozenset(whole[run]), *judged_with)
        for run, started_at, finished_at, *judged_with in connection.execute(_RUN_INTERVALS, {"organization": number})
    }


@asked_once
def read_names(connection: Connection, organization: str) -> Mapping[Subject, SubjectNames]:
    """The last known names of the organization and its apps, including apps that have left."""
    number = organization_number(connection, organization)
    naming = (names.APP_NAME, names.ORGANIZATION_NAME, names.APP_ALIAS, names.APP_HOST, names.APP_SITE)
    texts: dict[Subject, dict[str, str]] = {}
    for fact in stored_facts(connection, number, facts.c.value.is_not(None), settings=naming):
        value = read_value(fact.value or "null")
        if isinstance(value, str) or fact.setting == names.ORGANIZATION_NAME:
            texts.setdefault(fact.subject, {})[fact.setting] = str(value or "")  # intervals come by age
    return {
        subject: SubjectNames(
            newest.get(names.APP_NAME) or newest.get(names.ORGANIZATION_NAME, ""),
            *(newest.get(setting, "") for setting in naming[2:]),
        )
        for subject, newest in texts.items()
    }


_PAGE = 1_000
_SETTINGS: tuple[tuple[str, SettingId], ...] = tuple(
    (setting.id.rpartition(".")[2], setting.id) for setting in OF_SPACES
)
"""Pairs of a column of `spaces` and its setting."""


def space_changes(reading: Reading, organization: str, since: int, until: int) -> Iterator[Change]:
    """The changes between the spaces known after run `since` and after run `until`, app by app, by ID.

    A space in the first complete listing of its app is not new, since its age is unknown. Read page by page. Raises
    UsageError when `since` is the newer run.
    """
    _require_order(since, until)
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
            batch = connection.execute((keys if after is None else keys.where(after)).limit(_PAGE)).all()
            changes = list(_page(connection, organization, first_whole, since, until, batch, moved)) if batch else []
        yield from changes
        if len(batch) < _PAGE:
            return
        after = identity > _space_position(batch[-1])


def _page(
    connection: Connection,
    organization: str,
    first_whole: Mapping[int, int],
    since: int,
    until: int,
    keys: Sequence[Any],
    moved: ColumnElement[bool],
) -> Iterator[Change]:
    """The changes of the spaces between the first and the last of the keys, both included."""
    identity = tuple_(spaces.c.app, spaces.c.space)
    within = moved, identity >= _space_position(keys[0]), identity <= _space_position(keys[-1])
    rows = connection.execute(
        select(spaces).where(*within).order_by(spaces.c.app, spaces.c.space, spaces.c.first_run)
    ).all()
    runs_named = {run for row in rows for run in (row.first_run, row.last_run, row.ended_run) if run}
    started_at = run_starts(connection, runs_named)
    for (_, space), group in groupby(rows, key=lambda row: (row.app, row.space)):
        intervals = list(group)
        before = next((row for row in intervals if _known_at(row, since)), None)
        after = next((row for row in intervals if _known_at(row, until)), None)
        newest = after or before
        if newest is None or (before is None and newest.first_run <= first_whole.get(newest.app, until)):
            continue
        subject = Subject(organization, Kind.SPACE, space)
        for column, setting in _SETTINGS:
            if getattr(before, column, None) == getattr(after, column, None):
                continue
            story = _held_values(_facts_of_column(subject, setting, column, intervals))
            for move in _net(story, since, until):
                yield replace(move.change(started_at), name=newest.name)


def _facts_of_column(subject: Subject, setting: SettingId, column: str, rows: Iterable[Any]) -> Iterator[StoredFact]:
    """The intervals of a column as facts; an empty column has none."""
    for row in rows:
        if text := getattr(row, column):
            ends = row.first_run, row.last_run, row.ended_run
            yield StoredFact(row.id, "", setting, subject, write_value(text), None, None, *ends, "", "")


def _space_position(key: Any) -> Tuple:
    """A row's app and space as a value to compare with, escaped as the columns store them."""
    return tuple_(literal(key.app, spaces.c.app.type), literal(key.space, spaces.c.space.type))


def _known_at(row: Any, run: int) -> bool:
    """True when the row described its space at the end of the run."""
    return bool(row.first_run <= run and (row.ended_run is None or row.ended_run > run))
