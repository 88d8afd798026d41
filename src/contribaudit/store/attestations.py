"""Tables of attestations, and the states that signals and plans had over time. Rows are added and never changed.

A signal is a raw API object; a change of it may invalidate an attestation.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Row, Table, bindparam, insert, select

from contribaudit.core.model import names
from contribaudit.core.model.attestation import Anchor, Attachment, Attestation, Signature
from contribaudit.core.model.observation import SettingId
from contribaudit.core.model.phrases import repeated
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.core.resolve.attested import AttestationHistory
from contribaudit.core.resolve.attested_plans import AppPlans, PlanSeen
from contribaudit.core.resolve.signals import REVISION_PREFIX, SIGNAL_PREFIX, SignalHistory
from contribaudit.errors import UsageError, meant
from contribaudit.store import ids
from contribaudit.store.columns import fields_of, read_texts, read_value, signature_in, signed, write_value
from contribaudit.store.facts import StoredFact, organization_number, run_starts, stored_facts, whole_runs
from contribaudit.store.schema import attachments, attestations, confirmations, plans, revocations
from contribaudit.store.transactions import asked_once

_AS_THEY_ARE = ("observed_at", "look", "screen", "console_path", "note", "unanchored_reason", "highest_plan")


def write_attestation(attestation: Attestation) -> dict[str, Any]:
    """The columns of an attestation, except its own number and its organization's."""
    anchors = [
        {
            "signal": anchor.signal,
            "organization": anchor.subject.organization,
            "kind": anchor.subject.kind.value,
            "subject": anchor.subject.id,
            "state": anchor.state,
            "revision": anchor.revision,
            "canonical": anchor.canonical,
        }
        for anchor in attestation.anchors
    ]
    return fields_of(attestation, _AS_THEY_ARE) | {
        "attestation": attestation.id,
        "kind": attestation.subject.kind.value,
        "subject": attestation.subject.id,
        "setting": attestation.setting,
        "value": write_value(attestation.value),
        "looked_by": attestation.by,
        **signed(attestation.recorded, "recorded"),
        "attachments": json.dumps([asdict(shot) for shot in attestation.attachments]),
        "anchors": json.dumps(anchors),
        "plan_words": json.dumps(attestation.plan_words),
    }


def read_attestation(
    organization: str, row: Row[Any], confirmed: tuple[Signature, ...], revoked: Signature | None
) -> Attestation:
    """The attestation that `write_attestation` wrote, with its confirmations and its revocation."""
    anchors = tuple(
        Anchor(
            SettingId(anchor["signal"]),
            Subject(anchor["organization"], Kind(anchor["kind"]), anchor["subject"]),
            None if anchor["state"] is None else tuple(anchor["state"]),
            anchor["revision"],
            anchor.get("canonical", 1),  # the first version did not record it
        )
        for anchor in json.loads(row.anchors)
    )
    return Attestation(
        id=row.attestation,
        setting=SettingId(row.setting),
        subject=Subject(organization, Kind(row.kind), row.subject),
        value=read_value(row.value),
        by=row.looked_by,
        recorded=signature_in(row, "recorded"),
        attachments=tuple(Attachment(**shot) for shot in json.loads(row.attachments)),
        anchors=anchors,
        plan_words=read_texts(row.plan_words),
        confirmed=confirmed,
        revoked=revoked,
        **fields_of(row, _AS_THEY_ARE),
    )


def add_attestations(
    connection: Connection,
    coming: Sequence[Attestation],
    screenshots: Mapping[str, bytes] | None = None,
    *,
    skip_recorded: bool = False,
) -> None:
    """Store attestations and their screenshots by digest; store nothing when this raises.

    Raises UsageError when an ID is already recorded (unless `skip_recorded` is set, which skips it), when an ID occurs
    twice, or when a screenshot was not handed in.
    """
    recorded = recorded_ids(connection, [entry.id for entry in coming])
    if skip_recorded:
        coming, recorded = [entry for entry in coming if entry.id not in recorded], set()
    for duplicate in (*repeated(entry.id for entry in coming), *sorted(recorded)):
        raise UsageError(
            f"The attestation {duplicate} is already recorded", hint="Run `contribaudit attest list` to see it"
        )
    _keep_attachments(connection, coming, screenshots or {})
    numbers = {name: ids.organization_id(connection, name) for name in {entry.subject.organization for entry in coming}}
    first = ids.next_id(connection, attestations)
    rows = [
        {"id": number, "organization": numbers[entry.subject.organization]} | write_attestation(entry)
        for number, entry in enumerate(coming, first)
    ]
    if rows:
        connection.execute(insert(attestations), rows)
    for number, entry in enumerate(coming, first):
        for signature in entry.confirmed:
            _sign(connection, confirmations, number, signature)
        if entry.revoked is not None:
            _sign(connection, revocations, number, entry.revoked, note="")


def _keep_attachments(connection: Connection, coming: Sequence[Attestation], bodies: Mapping[str, bytes]) -> None:
    """Store each screenshot once. Raises UsageError when its bytes are not stored and were not handed in intact."""
    for digest in dict.fromkeys(shot.sha256 for one in coming for shot in one.attachments):
        stored = select(attachments.c.id).where(attachments.c.digest == digest)
        if connection.execute(stored).scalar() is not None:
            continue
        if digest not in bodies or sha256(bodies[digest]).hexdigest() != digest:
            raise UsageError(f"The attachment {digest} was not provided", hint="Attach the file again")
        ids.keep_body(connection, attachments, digest, bodies[digest])


def recorded_ids(connection: Connection, names: Sequence[str]) -> set[str]:
    """Those of the IDs that the history already contains."""
    column = attestations.c.attestation
    return {name for (name,) in ids.rows_among(connection, select(column), column, names)}


def confirm(connection: Connection, attestation: str, signature: Signature) -> None:
    """Add a confirmation. Raises UsageError for an attestation that is unknown or revoked."""
    _sign(connection, confirmations, _standing(connection, attestation), signature)


def revoke(connection: Connection, attestation: str, signature: Signature, note: str = "") -> None:
    """Revoke an attestation; it stays in the history. Raises UsageError when it is unknown or already revoked."""
    _sign(connection, revocations, _standing(connection, attestation), signature, note=note)


def revocation_note(connection: Connection, attestation: str) -> str:
    """The note of a revocation; "" when it has no note, and when the attestation is not revoked."""
    query = select(revocations.c.note).join(attestations, revocations.c.attestation == attestations.c.id)
    return connection.execute(query.where(attestations.c.attestation == attestation)).scalar() or ""


_RECORDED = (
    select(attestations).where(attestations.c.organization == bindparam("organization")).order_by(attestations.c.id)
)


def read_attestations(connection: Connection, organization: str) -> tuple[Attestation, ...]:
    """All attestations of the organization, revoked and superseded ones included, in the order of recording."""
    number = organization_number(connection, organization)
    rows = connection.execute(_RECORDED, {"organization": number}).all()
    if not rows:
        return ()
    own_ids = select(attestations.c.id).where(attestations.c.organization == number)
    confirmed: dict[int, list[Signature]] = defaultdict(list)
    c = confirmations.c
    for row in connection.execute(select(confirmations).where(c.attestation.in_(own_ids)).order_by(c.id)):
        confirmed[row.attestation].append(signature_in(row))
    taken = connection.execute(select(revocations).where(revocations.c.attestation.in_(own_ids)))
    revoked = {row.attestation: signature_in(row) for row in taken}
    return tuple(read_attestation(organization, row, tuple(confirmed[row.id]), revoked.get(row.id)) for row in rows)


def read_attachment(connection: Connection, digest: str) -> bytes:
    """The screenshot with this digest. Raises StoreDamaged when it is missing or was altered."""
    hint = "The screenshot is lost; restore the history from a backup, or attest it again"
    return ids.read_body(connection, attachments, digest, "The attachment", hint)


def record_plan(
    connection: Connection, organization: str, run: int, moment: datetime, highest: str | None, words: Sequence[str]
) -> None:
    """Record the highest plan and all plan words that a run saw; nothing is added while both stay the same."""
    recorded = read_plans(connection, organization)
    if recorded and (recorded[-1].highest, recorded[-1].words) == (highest, tuple(words)):
        return
    number, listed = ids.organization_id(connection, organization), json.dumps(list(words))
    ids.add(connection, plans, organization=number, run=run, since=moment, highest=highest, words=listed)


@asked_once
def read_attestation_history(connection: Connection, organization: str) -> AttestationHistory:
    """All attestations of the organization, and the states that its signals and plans had over time."""
    recorded = read_attestations(connection, organization)
    about_apps = any(one.subject.kind is Kind.APP for one in recorded)
    return AttestationHistory(
        recorded,
        read_signals(connection, organization),
        read_plans(connection, organization),
        read_app_plans(connection, organization) if about_apps else {},
    )


_PLANS = select(plans).where(plans.c.organization == bindparam("organization")).order_by(plans.c.id)


def read_plans(connection: Connection, organization: str) -> tuple[PlanSeen, ...]:
    """The highest plan and the plan words, one entry per change, oldest first."""
    number = organization_number(connection, organization)
    rows = connection.execute(_PLANS, {"organization": number})
    return tuple(PlanSeen(row.since, row.highest, read_texts(row.words)) for row in rows)


def _standing(connection: Connection, attestation: str) -> int:
    """The number of an attestation. Raises UsageError when it is unknown or revoked."""
    query = select(attestations.c.id).where(attestations.c.attestation == attestation)
    number = connection.execute(query).scalar()
    if number is None:
        identities = list(connection.execute(select(attestations.c.attestation)).scalars())
        hint = f"{meant(attestation, identities)}`contribaudit attest list` shows them all"
        raise UsageError(f"There is no attestation {attestation}", hint=hint)
    taken = connection.execute(select(revocations).where(revocations.c.attestation == number)).one_or_none()
    if taken is not None:
        message = f"{taken.signed_by} revoked the attestation {attestation} on {taken.signed_at:%Y-%m-%d}"
        raise UsageError(message, hint="Look again and record what the console shows now")
    return int(number)


def _sign(connection: Connection, table: Table, number: int, signature: Signature, **more: str) -> None:
    ids.add(connection, table, attestation=number, **signed(signature), **more)


_State = tuple[str, ...] | None


def read_signals(connection: Connection, organization: str) -> SignalHistory:
    """By owner and signal, each state and since when the API returned it; None since a run saw the signal gone.

    Revisions are listed in the same way. A moment is the start of the first run that saw the state. A signal that a run
    saw for the first time is recorded as absent (None) in the last earlier run that read its whole list: an attestation
    anchored before that run refers to an object that has since disappeared.
    """
    return _state_history(connection, organization, prefixes=(SIGNAL_PREFIX, REVISION_PREFIX))


def read_app_plans(connection: Connection, organization: str) -> AppPlans:
    """By app, since when runs read which plan words; None from the complete run that did not list the app."""
    history = _state_history(connection, organization, settings=(names.PLAN,))
    return {subject: states for (subject, _), states in history.items()}


def _state_history(
    connection: Connection, organization: str, *, settings: Sequence[str] = (), prefixes: tuple[str, ...] = ("",)
) -> SignalHistory:
    number = organization_number(connection, organization)
    whole = whole_runs(connection, number)
    intervals: defaultdict[tuple[Subject, SettingId], list[StoredFact]] = defaultdict(list)
    for fact in stored_facts(connection, number, settings=settings, prefixes=prefixes):
        intervals[fact.subject, fact.setting].append(fact)
    changes = {key: _state_changes(stored, whole) for key, stored in intervals.items()}
    started_at = run_starts(connection, {run for states in changes.values() for run, _ in states})
    return {key: tuple((started_at[run], state) for run, state in states) for key, states in changes.items() if states}


def _state_changes(intervals: list[StoredFact], whole: Mapping[str, Sequence[int]]) -> list[tuple[int, _State]]:
    """Each state with the run that first saw it, without repetitions."""
    changes: list[tuple[int, _State]] = []
    first = intervals[0]
    before = bisect_left(whole.get(first.collector, ()), first.first_run)
    if before:
        changes.append((whole[first.collector][before - 1], None))

    def add(run: int, state: _State) -> None:
        if not changes or changes[-1][1] != state:
            changes.append((run, state))

    for fact, following in zip(intervals, [*intervals[1:], None], strict=True):
        if fact.value is not None:
            value = read_value(fact.value)
            add(fact.first_run, value if isinstance(value, tuple) else (str(value),))
        if fact.ended_run is not None and (following is None or following.first_run != fact.ended_run):
            add(fact.ended_run, None)  # only a complete list ends an interval that no other follows
    return changes
