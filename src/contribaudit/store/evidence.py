"""Ledgers of runs, and manifests of exported evidence, in and out of their tables."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, insert, select

from contribaudit.errors import StoreDamaged
from contribaudit.ledger_entry import LedgerEntry
from contribaudit.store import ids
from contribaudit.store.columns import read_moment, write_moment
from contribaudit.store.evidence_schema import ledgers, manifests
from contribaudit.store.records import ExportedManifest, RunLedger
from contribaudit.store.rows import organization_number


def save_ledger(
    connection: Connection, run: int, organization: int, entries: Iterable[LedgerEntry], skew: float | None
) -> None:
    """Keep every request of a run of one organization; nothing when there was none."""
    lines = [json.dumps(_row(one), separators=(",", ":")) for one in entries]
    if lines:
        values = {"run": run, "organization": organization, "clock_skew_seconds": skew}
        body = zlib.compress("\n".join(lines).encode("ascii"))
        connection.execute(insert(ledgers).values(id=ids.next_id(connection, ledgers), entries=body, **values))


def read_ledger(connection: Connection, run: int, organization: str) -> RunLedger | None:
    """Every request of the run, None where none were kept. Raises StoreDamaged when they cannot be read."""
    number = organization_number(connection, organization)
    c = ledgers.c
    query = select(c.clock_skew_seconds, c.entries).where(c.run == run, c.organization == number)
    found = connection.execute(query).one_or_none()
    if found is None:
        return None
    try:
        lines = zlib.decompress(found.entries).decode("ascii").split("\n")
        entries = tuple(_entry(json.loads(line)) for line in lines)
    except (zlib.error, ValueError, TypeError) as error:
        raise StoreDamaged(f"The ledger of run {run} cannot be read", hint="Restore the history") from error
    return RunLedger(entries, found.clock_skew_seconds)


def record_manifest(connection: Connection, one: ExportedManifest) -> None:
    """Note an exported manifest: the next of the same organizations names it."""
    ids.one_writer(connection)
    values = {name: getattr(one, name) for name in ExportedManifest.__slots__ if name != "organizations"}
    number = ids.next_id(connection, manifests)
    connection.execute(insert(manifests).values(id=number, scope=_scope(one.organizations), **values))


def read_manifests(connection: Connection, organizations: Iterable[str]) -> tuple[ExportedManifest, ...]:
    """Every exported manifest of exactly these organizations, oldest first."""
    scope = _scope(organizations)
    fields = [manifests.c[name] for name in ExportedManifest.__slots__ if name != "organizations"]
    rows = connection.execute(select(*fields).where(manifests.c.scope == scope).order_by(manifests.c.id))
    return tuple(ExportedManifest(organizations=tuple(scope.split("\n")), **row) for row in rows.mappings())


def read_manifests_about(connection: Connection, organization: str) -> tuple[ExportedManifest, ...]:
    """Every exported manifest of this organization, alone or with others, oldest first."""
    fields = [manifests.c[name] for name in ExportedManifest.__slots__ if name != "organizations"]
    rows = connection.execute(select(manifests.c.scope, *fields).order_by(manifests.c.id)).mappings()
    found = ((tuple(row["scope"].split("\n")), row) for row in rows)
    return tuple(
        ExportedManifest(organizations=scope, **{name: value for name, value in row.items() if name != "scope"})
        for scope, row in found
        if organization in scope
    )


def _scope(organizations: Iterable[str]) -> str:
    return "\n".join(sorted(organizations))


def _row(one: LedgerEntry) -> list[object]:
    times = (one.seconds, one.waited_seconds)
    return [write_moment(one.at), one.call, one.method, one.path, one.status, one.bytes, one.sha256, *times]


def _entry(row: list[Any]) -> LedgerEntry:
    at, *rest = row
    return LedgerEntry(read_moment(at), *rest)
