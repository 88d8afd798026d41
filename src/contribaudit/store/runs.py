"""Runs: listed, found, and given their verdict."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, insert, select, update

from contribaudit.core.model.names import OPTIONAL_COLLECTORS
from contribaudit.core.snapshot import CollectionStatus
from contribaudit.errors import UsageError
from contribaudit.store import ids as interns
from contribaudit.store.records import RunRecord
from contribaudit.store.rows import organization_number
from contribaudit.store.schema import collections, organizations, policies, runs, snapshots, unreached


def list_runs(connection: Connection, organization: str | None, limit: int | None) -> list[RunRecord]:
    """Runs (of one organization), newest first."""
    query = _runs_of(connection, organization).order_by(runs.c.id.desc())
    return _records(connection, query if limit is None else query.limit(limit))


def find_run(connection: Connection, run: int) -> RunRecord:
    """The run. Raises UsageError when there is none."""
    found = _records(connection, select(runs).where(runs.c.id == run))
    if found:
        return found[0]
    raise no_run(connection, run)


def no_run(connection: Connection, run: int) -> UsageError:
    """What to say when there is no such run."""
    newest = connection.execute(select(func.max(runs.c.id))).scalar()
    hint = "The history is empty: run an audit first" if newest is None else f"The newest run is {newest}"
    return UsageError(f"There is no run {run}", hint=hint)


def run_at(connection: Connection, moment: datetime, organization: str | None) -> RunRecord | None:
    """The last run (of one organization) that began at or before the moment."""
    query = _runs_of(connection, organization).where(runs.c.started_at <= moment)
    found = _records(connection, query.order_by(runs.c.started_at.desc(), runs.c.id.desc()).limit(1))
    return found[0] if found else None


def previous_run(connection: Connection, organization: str, run: int) -> int | None:
    """The organization's run before this one."""
    number = organization_number(connection, organization)
    query = select(func.max(snapshots.c.run)).where(snapshots.c.organization == number, snapshots.c.run < run)
    return connection.execute(query).scalar()


def compared_run(connection: Connection, organization: str, run: int) -> int | None:
    """The organization's last run before this one that read it whole, or the run before where none did."""
    number = organization_number(connection, organization)
    c, s = collections.c, snapshots.c
    cut = select(c.run).where(
        c.organization == number, c.status != CollectionStatus.OK.value, c.collector.not_in(OPTIONAL_COLLECTORS)
    )
    query = select(func.max(s.run)).where(s.organization == number, s.run < run, s.run.not_in(cut))
    whole = connection.execute(query).scalar()
    return whole if whole is not None else previous_run(connection, organization, run)


def record_verdict(connection: Connection, run: int, exit_code: int, summary: Mapping[str, int]) -> None:
    """Note how the run ended. Raises UsageError when there is no such run."""
    text = json.dumps({str(outcome): count for outcome, count in summary.items()})
    values = {"exit_code": exit_code, "summary": text}
    if connection.execute(update(runs).where(runs.c.id == run).values(values)).rowcount != 1:
        raise no_run(connection, run)


def record_unreached(connection: Connection, organization: str, started_at: datetime, reason: str) -> None:
    """Note that an audit could read nothing of the organization."""
    interns.one_writer(connection)
    number = interns.organization_id(connection, organization)
    values = {"organization": number, "started_at": started_at, "reason": reason}
    connection.execute(insert(unreached).values(id=interns.next_id(connection, unreached), **values))


def keep_policy(connection: Connection, sha256: str, resolved: str) -> None:
    """Keep the resolved policy, once."""
    if read_policy(connection, sha256) is None:
        connection.execute(insert(policies).values(sha256=sha256, resolved=resolved))


def read_policy(connection: Connection, sha256: str) -> str | None:
    """The resolved policy; None where it is not kept."""
    return connection.execute(select(policies.c.resolved).where(policies.c.sha256 == sha256)).scalar()


def _runs_of(connection: Connection, organization: str | None) -> Select[Any]:
    if organization is None:
        return select(runs)
    number = organization_number(connection, organization)
    mine: ColumnElement[bool] = runs.c.id.in_(select(snapshots.c.run).where(snapshots.c.organization == number))
    return select(runs).where(mine)


def _records(connection: Connection, query: Select[Any]) -> list[RunRecord]:
    rows = connection.execute(query).mappings().all()
    if not rows:
        return []
    ids = [row["id"] for row in rows]
    names: dict[int, list[str]] = defaultdict(list)
    audited = select(snapshots.c.run, organizations.c.organization).join(organizations)
    audited = audited.where(snapshots.c.run.between(min(ids), max(ids))).order_by(snapshots.c.run, snapshots.c.position)
    for run, organization in connection.execute(audited):
        names[run].append(organization)
    return [
        RunRecord(
            **{**row, "summary": json.loads(row["summary"]) if row["summary"] else {}},
            organizations=tuple(names[row["id"]]),
        )
        for row in rows
    ]
