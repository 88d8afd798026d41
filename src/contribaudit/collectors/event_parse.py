"""One entry of the audit log, read for what may tell the cause of a change: who, when, by which action, about what."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from contribaudit.core.model.audit_log import AuditEvent
from contribaudit.core.model.times import parse_utc

_MOST_NAMES = 100
_LONGEST = 500
_IDENTIFIER = re.compile(
    r"ari:\S+|https?://\S+|[\w-]+(?:\.[\w-]+)+|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE
)
_HOST = re.compile(r"^https?://([^/\s]+)", re.IGNORECASE)


def parse(organization: str, entry: Mapping[str, Any]) -> AuditEvent | None:
    """The event, its raw digest still missing; None for an entry without ID, usable time or action.

    One whose time cannot be is taken to have happened when the log took it in.
    """
    attributes = _object(entry.get("attributes"))
    identity, action = _text(entry.get("id")), _text(attributes.get("action"))
    processed = parse_utc(attributes.get("processedAt"))
    time = parse_utc(attributes.get("time")) or processed
    if not identity or not action or time is None:
        return None
    actor = _object(attributes.get("actor"))
    message = _object(entry.get("message")).get("content")
    return AuditEvent(
        organization=organization,
        id=identity,
        time=time,
        processed_at=processed,
        action=action,
        actor_id=_text(actor.get("id")),
        actor_name=_text(actor.get("name")),
        actor_email=_text(actor.get("email")),
        via=_via(actor),
        named=tuple(dict.fromkeys(_named(attributes)))[:_MOST_NAMES],
        message=_text(message),
    )


def _via(actor: Mapping[str, Any]) -> str:
    """How the actor acted, where it was not a person in a browser."""
    auth, behalf, app = (_object(actor.get(name)) for name in ("auth", "onBehalfOf", "app"))
    parts: list[str] = []
    if auth.get("authType"):
        label = _text(auth.get("tokenLabel")) or _text(auth.get("tokenId"))
        parts.append(f"{_text(auth['authType'])} {label}".strip())
    person = _text(behalf.get("email")) or _text(behalf.get("name")) or _text(behalf.get("id"))
    if person:
        parts.append(f"on behalf of {person}")
    if app.get("id"):
        parts.append(f"app {_text(app['id'])}")
    return ", ".join(parts)


def _named(attributes: Mapping[str, Any]) -> Iterator[str]:
    """IDs of what it was done to and where, and identifiers among their free attributes: ARIs, hosts, UUIDs."""
    for place in ("context", "container"):
        listed = attributes.get(place)
        for one in listed if isinstance(listed, list) else ():
            found = _object(one)
            if identity := _text(found.get("id")):
                yield identity
            for value in _object(found.get("attributes")).values():
                text = _text(value)
                if _IDENTIFIER.fullmatch(text):
                    host = _HOST.match(text)
                    yield host[1] if host else text


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return value[:_LONGEST] if isinstance(value, str) else ""
