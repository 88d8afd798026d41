"""How each finding came out, as intervals: a run in which nothing came out otherwise adds nothing."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, bindparam, or_, select, update

from contribaudit.store import ids
from contribaudit.store.columns import escape
from contribaudit.store.records import Judged
from contribaudit.store.schema import outcomes


def save_outcomes(connection: Connection, run: int, judged: Iterable[Judged]) -> None:
    """Open an interval for each outcome that is new, and close those that it replaces.

    A finding that is not there any more ends too, where its check was put to its organization in this run: a run
    that leaves a check or an organization out says nothing of them.
    """
    coming = {one.finding: one for one in judged}
    asked = {(one.organization, one.check) for one in coming.values()}
    c = outcomes.c
    query = select(c.id, c.organization, c.check, c.finding, c.outcome).where(c.ended_run.is_(None))
    ended: list[int] = []
    for number, organization, check, finding, outcome in connection.execute(query):
        now = coming.get(finding)
        if now is not None and now.outcome == outcome:
            del coming[finding]
        elif now is not None or (organization, check) in asked:
            ended.append(number)
    if ended:
        statement = update(outcomes).where(c.id == bindparam("number")).values(ended_run=run)
        connection.execute(statement, [{"number": number} for number in ended])
    first = ids.next_id(connection, outcomes)
    rows = [
        (number, escape(one.organization), escape(one.check), escape(one.finding), one.outcome, run, None)
        for number, one in enumerate(coming.values(), first)
    ]
    ids.bulk_insert(connection, outcomes, rows)


def read_outcomes(connection: Connection, run: int) -> dict[str, str]:
    """Outcome by finding ID, as of the run."""
    c = outcomes.c
    query = select(c.finding, c.outcome).where(c.first_run <= run, or_(c.ended_run.is_(None), c.ended_run > run))
    return {row.finding: row.outcome for row in connection.execute(query)}
