"""What evidence needs from the history: each run's requests, raw objects byte for byte, and exported manifests."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable
from operator import attrgetter

from sqlalchemy import ColumnElement, Connection, select

from contribaudit.core.model.snapshot import LedgerEntry
from contribaudit.errors import StoreDamaged
from contribaudit.store import ids
from contribaudit.store.columns import fields_of, read_moment, write_moment
from contribaudit.store.facts import organization_number
from contribaudit.store.records import ExportedManifest, RunLedger
from contribaudit.store.schema import ledgers, manifests, responses


def save_ledger(
    connection: Connection, run: int, organization: int, entries: Iterable[LedgerEntry], skew: float | None
) -> None:
    """Store every request that a run made about one organization; no row when there were none."""
    lines = [json.dumps([write_moment(one.at), *_rest_of(one)], separators=(",", ":")) for one in entries]
    if lines:
        values = {"run": run, "organization": organization, "clock_skew_seconds": skew}
        body = zlib.compress("\n".join(lines).encode("ascii"))
        ids.add(connection, ledgers, entries=body, **values)


def read_ledger(connection: Connection, run: int, organization: str) -> RunLedger | None:
    """Every request of the run; None when none were stored. Raises StoreDamaged when they cannot be read."""
    number = organization_number(connection, organization)
    c = ledgers.c
    query = select(c.clock_skew_seconds, c.entries).where(c.run == run, c.organization == number)
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    try:
        lines = zlib.decompress(row.entries).decode("ascii").split("\n")
        rows = map(json.loads, lines)
        entries = tuple(LedgerEntry(read_moment(at), *rest) for at, *rest in rows)
    except (zlib.error, ValueError, TypeError) as error:
        raise StoreDamaged(f"The ledger of run {run} cannot be read", hint="Restore the history") from error
    return RunLedger(entries, row.clock_skew_seconds)


_rest_of = attrgetter(*LedgerEntry.__slots__[1:])
"""Everything of an entry but its time."""
_AS_THEY_ARE = tuple(name for name in ExportedManifest.__slots__ if name != "organizations")


def record_manifest(connection: Connection, manifest: ExportedManifest) -> None:
    """Record an exported manifest; the next one of the same organizations names it as its predecessor."""
    ids.add(connection, manifests, scope=_scope(manifest.organizations), **fields_of(manifest, _AS_THEY_ARE))


def read_manifests(connection: Connection, organizations: Iterable[str]) -> tuple[ExportedManifest, ...]:
    """Every exported manifest of exactly these organizations, oldest first."""
    return _manifests(connection, manifests.c.scope == _scope(organizations))


def read_manifests_about(connection: Connection, organization: str) -> tuple[ExportedManifest, ...]:
    """Every exported manifest of this organization, alone or with others, oldest first."""
    return tuple(one for one in _manifests(connection) if organization in one.organizations)


def _manifests(connection: Connection, *conditions: ColumnElement[bool]) -> tuple[ExportedManifest, ...]:
    rows = connection.execute(select(manifests).where(*conditions).order_by(manifests.c.id))
    return tuple(ExportedManifest(tuple(row.scope.split("\n")), **fields_of(row, _AS_THEY_ARE)) for row in rows)


def _scope(organizations: Iterable[str]) -> str:
    return "\n".join(sorted(organizations))


_RAW = "The raw object"
_HINT = "The evidence for this finding is lost; restore the history from a backup"


def read_kept(connection: Connection, digests: Iterable[str]) -> dict[str, bytes]:
    """The canonical JSON of those digests that are stored. Raises StoreDamaged for an object that was altered."""
    query = select(responses.c.digest, responses.c.body).where(responses.c.body.is_not(None))
    rows = ids.rows_among(connection, query, responses.c.digest, sorted(set(digests)))
    return {digest: ids.open_body(body, digest, _RAW, _HINT) for digest, body in rows}


def read_raw(connection: Connection, digest: str) -> bytes:
    """The canonical JSON behind a digest. Raises StoreDamaged when it is missing or was altered."""
    return ids.read_body(connection, responses, digest, _RAW, _HINT)
