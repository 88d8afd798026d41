"""What people recorded, and how signals and plans stood meanwhile. Everything is added, nothing is changed."""

from __future__ import annotations

import json
import zlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from difflib import get_close_matches
from hashlib import sha256

from sqlalchemy import Connection, Table, insert, select

from contribaudit.core.model.attestation import Attestation, Signature
from contribaudit.core.plan_moves import PlanSeen
from contribaudit.errors import StoreDamaged, UsageError
from contribaudit.store import ids as interns
from contribaudit.store.rows import organization_number
from contribaudit.store.testimony_rows import read_attestation, read_signature, write_attestation
from contribaudit.store.testimony_schema import attachments, attestations, confirmations, plans, revocations

_PER_QUERY = 500


def add_attestations(connection: Connection, coming: Sequence[Attestation], bodies: Mapping[str, bytes]) -> None:
    """Add them all with their screenshots. Raises UsageError for an ID that is there already."""
    interns.one_writer(connection)
    ids = [one.id for one in coming]
    twice = [identity for identity, count in Counter(ids).items() if count > 1]
    for known in (*twice, *sorted(recorded_ids(connection, ids))):
        raise UsageError(f"The attestation {known} is already recorded", hint="contribaudit attest list shows it")
    _keep_attachments(connection, coming, bodies)
    numbers = {name: interns.organization_id(connection, name) for name in {one.subject.organization for one in coming}}
    first = interns.next_id(connection, attestations)
    rows = [
        {"id": number, "organization": numbers[one.subject.organization]} | write_attestation(one)
        for number, one in enumerate(coming, first)
    ]
    if rows:
        connection.execute(insert(attestations), rows)
    for number, one in enumerate(coming, first):
        for signature in one.confirmed:
            _sign(connection, confirmations, number, signature)
        if one.revoked is not None:
            _sign(connection, revocations, number, one.revoked, note="")


def _keep_attachments(connection: Connection, coming: Sequence[Attestation], bodies: Mapping[str, bytes]) -> None:
    """Keep each screenshot once. Raises ValueError for one that is neither handed in nor there, or another one."""
    for digest in dict.fromkeys(shot.sha256 for one in coming for shot in one.attachments):
        there = select(attachments.c.id).where(attachments.c.digest == digest)
        if connection.execute(there).scalar() is not None:
            continue
        if digest not in bodies or sha256(bodies[digest]).hexdigest() != digest:
            raise ValueError(f"the attachment {digest} was not handed in")
        values = {"id": interns.next_id(connection, attachments), "digest": digest}
        connection.execute(insert(attachments).values(body=zlib.compress(bodies[digest]), **values))


def recorded_ids(connection: Connection, ids: Sequence[str]) -> set[str]:
    """Those of the IDs that are there."""
    found: set[str] = set()
    column = attestations.c.attestation
    for start in range(0, len(ids), _PER_QUERY):
        found |= set(connection.execute(select(column).where(column.in_(ids[start : start + _PER_QUERY]))).scalars())
    return found


def confirm(connection: Connection, attestation: str, signature: Signature) -> None:
    """Add a confirmation. Raises UsageError for an unknown ID, and for one that is revoked."""
    interns.one_writer(connection)
    _sign(connection, confirmations, _standing(connection, attestation), signature)


def revoke(connection: Connection, attestation: str, signature: Signature, note: str) -> None:
    """Take one back. Raises UsageError for an unknown ID, and for one that is revoked already."""
    interns.one_writer(connection)
    _sign(connection, revocations, _standing(connection, attestation), signature, note=note)


def revocation_note(connection: Connection, attestation: str) -> str:
    """Why it was taken back; "" when nobody said, or nobody did."""
    query = select(revocations.c.note).join(attestations, revocations.c.attestation == attestations.c.id)
    return connection.execute(query.where(attestations.c.attestation == attestation)).scalar() or ""


def read_attestations(connection: Connection, organization: str) -> tuple[Attestation, ...]:
    """All of the organization's, in the order in which they were recorded."""
    number = organization_number(connection, organization)
    mine = select(attestations.c.id).where(attestations.c.organization == number)
    confirmed: dict[int, list[Signature]] = defaultdict(list)
    c = confirmations.c
    for row in connection.execute(select(confirmations).where(c.attestation.in_(mine)).order_by(c.id)):
        confirmed[row.attestation].append(read_signature(row))
    taken = connection.execute(select(revocations).where(revocations.c.attestation.in_(mine)))
    revoked = {row.attestation: read_signature(row) for row in taken}
    rows = connection.execute(
        select(attestations).where(attestations.c.organization == number).order_by(attestations.c.id)
    )
    return tuple(read_attestation(organization, row, tuple(confirmed[row.id]), revoked.get(row.id)) for row in rows)


def read_attachment(connection: Connection, digest: str) -> bytes:
    """The screenshot's bytes. Raises StoreDamaged when they are not there, or not what the digest says."""
    hint = "The screenshot is lost; restore the history from a backup, or look again"
    body = connection.execute(select(attachments.c.body).where(attachments.c.digest == digest)).scalar()
    if body is None:
        raise StoreDamaged(f"The attachment {digest} is not in the history", hint=hint)
    try:
        data = zlib.decompress(body)
    except zlib.error as error:
        raise StoreDamaged(f"The attachment {digest} cannot be decompressed", hint=hint) from error
    if sha256(data).hexdigest() != digest:
        raise StoreDamaged(f"The attachment {digest} was altered", hint=hint)
    return data


def record_plan(
    connection: Connection, organization: str, run: int, moment: datetime, highest: str | None, words: Sequence[str]
) -> None:
    """Add an entry, if the run saw another plan than the newest entry says."""
    interns.one_writer(connection)
    known = read_plans(connection, organization)
    if known and (known[-1].highest, known[-1].words) == (highest, tuple(words)):
        return
    values = {
        "id": interns.next_id(connection, plans),
        "organization": interns.organization_id(connection, organization),
        "run": run,
        "since": moment,
        "highest": highest,
        "words": json.dumps(list(words)),
    }
    connection.execute(insert(plans).values(values))


def read_plans(connection: Connection, organization: str) -> tuple[PlanSeen, ...]:
    """The highest plan from run to run, oldest first."""
    number = organization_number(connection, organization)
    rows = connection.execute(select(plans).where(plans.c.organization == number).order_by(plans.c.id))
    return tuple(PlanSeen(row.since, row.highest, tuple(json.loads(row.words))) for row in rows)


def _standing(connection: Connection, attestation: str) -> int:
    """The number of an attestation that is not revoked."""
    query = select(attestations.c.id).where(attestations.c.attestation == attestation)
    number = connection.execute(query).scalar()
    if number is None:
        known = list(connection.execute(select(attestations.c.attestation)).scalars())
        near = get_close_matches(attestation, known, n=1)
        hint = f"Did you mean {near[0]}? " if near else ""
        raise UsageError(
            f"There is no attestation {attestation}", hint=f"{hint}contribaudit attest list names them all"
        )
    taken = connection.execute(select(revocations).where(revocations.c.attestation == number)).one_or_none()
    if taken is not None:
        said = f"{taken.signed_by} revoked the attestation {attestation} on {taken.signed_at:%Y-%m-%d}"
        raise UsageError(said, hint="Look again and record what the console shows now")
    return int(number)


def _sign(connection: Connection, table: Table, number: int, signature: Signature, **more: str) -> None:
    signed = {"signed_by": signature.by, "signed_at": signature.at}
    machine = {"account": signature.account, "host": signature.host}
    values = {"id": interns.next_id(connection, table), "attestation": number} | signed | machine | more
    connection.execute(insert(table).values(values))
