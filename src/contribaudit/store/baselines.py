"""Baselines: rows are added and never changed."""

from __future__ import annotations

from sqlalchemy import Connection, insert, or_, select

from contribaudit.core.approval import Approved, Baseline
from contribaudit.core.judge.baseline import approved_of
from contribaudit.core.model import names
from contribaudit.core.model.attestation import Signature
from contribaudit.errors import UsageError
from contribaudit.store import ids
from contribaudit.store.approval_schema import baselines
from contribaudit.store.attestations import read_attestations
from contribaudit.store.facts import run_starts
from contribaudit.store.rows import organization_number, stored_facts
from contribaudit.store.schema import facts, snapshots


def add_baseline(connection: Connection, coming: Baseline) -> None:
    """Add it. Raises UsageError when its run did not audit the organization."""
    ids.one_writer(connection)
    number = organization_number(connection, coming.organization)
    audited = select(snapshots.c.run).where(snapshots.c.organization == number, snapshots.c.run == coming.run)
    if number is None or connection.execute(audited).scalar() is None:
        raise UsageError(
            f"Run {coming.run} did not audit organization {coming.organization}", hint="contribaudit runs list"
        )
    values = {
        "id": ids.next_id(connection, baselines),
        "organization": number,
        "run": coming.run,
        "approved_by": coming.approved.by,
        "approved_at": coming.approved.at,
        "account": coming.approved.account,
        "host": coming.approved.host,
        "reason": coming.reason,
        "until": coming.until,
    }
    connection.execute(insert(baselines).values(values))


def read_baselines(connection: Connection, organization: str) -> tuple[Baseline, ...]:
    """All of the organization's, oldest first."""
    number = organization_number(connection, organization)
    query = select(baselines).where(baselines.c.organization == number).order_by(baselines.c.id)
    return tuple(
        Baseline(
            organization,
            row.run,
            Signature(row.approved_by, row.approved_at, row.account, row.host),
            row.reason,
            row.until,
        )
        for row in connection.execute(query)
    )


def read_approvals(connection: Connection, organization: str) -> tuple[Approved, ...]:
    """The organization's baselines with what their runs knew, oldest first."""
    found = read_baselines(connection, organization)
    number = organization_number(connection, organization)
    if not found or number is None:
        return ()
    attestations = read_attestations(connection, organization)
    started_at = run_starts(connection, {one.run for one in found})
    made: list[Approved] = []
    for one in found:
        open_then = facts.c.first_run <= one.run, or_(facts.c.ended_run.is_(None), facts.c.ended_run > one.run)
        known = [
            fact.observation(started_at[one.run])
            for setting in (names.APP_TYPE_KEY, names.APP_SITE, names.APP_HOST)
            for fact in stored_facts(connection, number, *open_then, setting=setting)
        ]
        made.append(approved_of(one, started_at[one.run], known, attestations))
    return tuple(made)
