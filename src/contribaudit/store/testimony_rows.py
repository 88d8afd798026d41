"""Attestations as rows, and back to the letter."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Row

from contribaudit.core.model.attestation import Anchor, Attachment, Attestation, Signature
from contribaudit.core.model.observation import SettingId
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.store.columns import read_value, write_value

_AS_THEY_ARE = ("observed_at", "look", "screen", "console_path", "note", "unanchored_reason", "highest_plan")


def write_attestation(one: Attestation) -> dict[str, Any]:
    """The columns of an attestation, but for its number and its organization's."""
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
        for anchor in one.anchors
    ]
    shots = [{"name": shot.name, "sha256": shot.sha256, "size_bytes": shot.size_bytes} for shot in one.attachments]
    return {name: getattr(one, name) for name in _AS_THEY_ARE} | {
        "attestation": one.id,
        "kind": one.subject.kind.value,
        "subject": one.subject.id,
        "setting": one.setting,
        "value": write_value(one.value),
        "looked_by": one.by,
        "recorded_by": one.recorded.by,
        "recorded_at": one.recorded.at,
        "account": one.recorded.account,
        "host": one.recorded.host,
        "attachments": json.dumps(shots),
        "anchors": json.dumps(anchors),
        "plan_words": json.dumps(one.plan_words),
    }


def read_attestation(
    organization: str, row: Row[Any], confirmed: tuple[Signature, ...], revoked: Signature | None
) -> Attestation:
    """The attestation that `write_attestation` was given, with what came of it."""
    anchors = tuple(
        Anchor(
            SettingId(anchor["signal"]),
            Subject(anchor["organization"], Kind(anchor["kind"]), anchor["subject"]),
            None if anchor["state"] is None else tuple(anchor["state"]),
            anchor["revision"],
            anchor.get("canonical", 1),  # the first version did not say so
        )
        for anchor in json.loads(row.anchors)
    )
    return Attestation(
        id=row.attestation,
        setting=SettingId(row.setting),
        subject=Subject(organization, Kind(row.kind), row.subject),
        value=read_value(row.value),
        by=row.looked_by,
        recorded=Signature(row.recorded_by, row.recorded_at, row.account, row.host),
        attachments=tuple(Attachment(**shot) for shot in json.loads(row.attachments)),
        anchors=anchors,
        plan_words=tuple(json.loads(row.plan_words)),
        confirmed=confirmed,
        revoked=revoked,
        **{name: getattr(row, name) for name in _AS_THEY_ARE},
    )


def read_signature(row: Row[Any]) -> Signature:
    """Who signed, of a confirmation or a revocation."""
    return Signature(row.signed_by, row.signed_at, row.account, row.host)
