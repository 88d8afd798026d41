"""What differs between what was known after two runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import Connection, and_, or_

from contribaudit import catalogue
from contribaudit.core.drift import Change
from contribaudit.core.observation import Value
from contribaudit.core.setting import same_value
from contribaudit.errors import UsageError
from contribaudit.store.read import run_starts
from contribaudit.store.rows import StoredFact, organization_number, stored_facts
from contribaudit.store.schema import facts
from contribaudit.store.texts import read_value


def read_changes(connection: Connection, organization: str, since: int, until: int) -> list[Change]:
    """Values that are not what they were, by subject and setting as they were first seen.

    A value that could not be read counts as one that is not there. A value that changed and changed back is none, and
    so is one that changes without anybody changing a setting.
    """
    if since > until:
        raise UsageError(f"Run {since} is newer than run {until}", hint="Name the older run first")
    number = organization_number(connection, organization)
    if number is None or since == until:
        return []
    first, ended = facts.c.first_run, facts.c.ended_run
    opened = and_(ended.is_(None), first > since, first <= until)
    closed = and_(ended > since, first <= until)  # some only after `until`: they lead from the before to the after
    changed: list[_Move] = []
    for _, intervals in groupby(
        stored_facts(connection, number, or_(opened, closed)),
        key=lambda fact: (fact.subject, fact.setting, fact.collector),
    ):
        its = list(intervals)
        if not catalogue.find(its[0].setting).volatile:
            changed.extend(_moves(its, since, until))
    started_at = run_starts(connection, {run for move in changed for run in (move.seen_before, move.seen_after) if run})
    return [
        Change(
            subject=move.fact.subject,
            setting=move.fact.setting,
            before=move.before,
            after=move.after,
            existed_before=move.seen_before is not None,
            exists_after=move.exists_after,
            first_seen=started_at[move.seen_after],
            last_seen=None if move.seen_before is None else started_at[move.seen_before],
        )
        for move in changed
    ]


@dataclass(frozen=True, slots=True)
class _Move:
    fact: StoredFact
    before: Value
    after: Value
    exists_after: bool
    seen_before: int | None
    """The last run that saw `before`, None when it was not there."""
    seen_after: int
    """The first run that saw `after`, or saw the value gone."""


def _moves(intervals: list[StoredFact], since: int, until: int) -> Iterator[_Move]:
    """What became of one value, given its intervals from `since` to `until`: one move, or none."""
    read = [fact for fact in intervals if fact.value is not None]
    before = next((fact for fact in read if _holds(fact, since)), None)
    after = next((fact for fact in read if _holds(fact, until)), None)
    if before is not None and (after is None or not _same(before, after)):
        seen_before = _run_on(before, read).last_run
    elif before is None and after is not None:
        seen_before = None
    else:
        return
    if after is not None:
        seen_after = _run_on(after, read[::-1]).first_run
    else:
        seen_after = max(fact.ended_run for fact in read if fact.ended_run is not None and fact.ended_run <= until)
    yield _Move(read[0], _value(before), _value(after), after is not None, seen_before, seen_after)


def _holds(fact: StoredFact, run: int) -> bool:
    """True when the fact was known when the run had ended."""
    return fact.first_run <= run and (fact.ended_run is None or fact.ended_run > run)


def _run_on(fact: StoredFact, intervals: list[StoredFact]) -> StoredFact:
    """The last of the intervals that follow `fact` without a gap and hold the same value (at another grade, say)."""
    for other in intervals[intervals.index(fact) + 1 :]:
        if not (fact.ended_run == other.first_run or other.ended_run == fact.first_run) or not _same(fact, other):
            break
        fact = other
    return fact


def _same(one: StoredFact, other: StoredFact) -> bool:
    return same_value(catalogue.find(one.setting), _value(one), _value(other))


def _value(fact: StoredFact | None) -> Value:
    return None if fact is None or fact.value is None else read_value(fact.value)
