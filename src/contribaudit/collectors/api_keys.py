"""When the admin API keys expire: an expired key is the most common way in which an audit silently stops.

`GET /admin/api-access/v1/orgs/{orgId}/api-keys`, scope `read:keys:admin`. The list does not say which key asks.
https://developer.atlassian.com/cloud/admin/api-access/rest/
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from contribaudit.atlassian.calls import LIST_API_KEYS
from contribaudit.catalogue.organization import API_KEY_EXPIRY, NEXT_KEY_EXPIRY
from contribaudit.collectors.interface import Collector, Reading, id_in
from contribaudit.core.model.observation import Observation
from contribaudit.core.model.times import parse_utc

_KEYS = frozenset(
    (
        "id",
        "label",
        "keyType",
        "createdAt",
        "expiresAt",
        "lastActiveAt",
        "createdBy",
        "scopes",
        "orgId",
        "resource",
    )
)
_KEY_TYPE = "CLOUD_ADMIN"


async def read(reading: Reading) -> AsyncIterator[Observation]:
    """Yield when the organization's first key expires, and when the key of this audit does.

    This audit's key is the active key with the configured label, or the only active key in the list; in every other
    case its expiry is unavailable.
    """
    keys: list[tuple[dict[str, Any], str]] = []
    seen: dict[str, dict[str, Any]] = {}
    async for entry, response in reading.listed(_KEYS):
        if entry.get("keyType") != _KEY_TYPE:
            reading.surprise(f"keyType={str(entry.get('keyType'))[:60]}", response)
        if not id_in(entry):
            reading.fall_short("entry_without_id", "a key has no `id`, so it cannot be identified")
        elif (first := seen.setdefault(entry["id"], entry)) is entry:
            keys.append((entry, response))
        elif first != entry:
            reading.fall_short("contradicting_entries", "a key is listed twice, with different contents")
    reading.unique = len(seen)
    if reading.shortfalls:
        return
    yield _next_expiry(reading, keys)
    yield _own_expiry(reading, keys)


def _next_expiry(reading: Reading, keys: list[tuple[dict[str, Any], str]]) -> Observation:
    """The earliest expiry among the active keys; unavailable when one of them has no valid expiry date."""
    running: list[tuple[datetime, str, str]] = []
    for entry, response in keys:
        text = entry.get("expiresAt")
        if "expiresAt" in entry and text is None:
            continue  # it never expires
        moment = parse_utc(text)
        if moment is None:
            reason = "a key in the list has no valid expiry date"
            return reading.unavailable(NEXT_KEY_EXPIRY, reading.organization, "expiry_not_told", reason)
        if moment > reading.started_at:
            running.append((moment, str(text), response))
    if not running:
        return reading.unavailable(NEXT_KEY_EXPIRY, reading.organization, "no_keys", "the list has no active key")
    _, text, response = min(running)
    return reading.observed(NEXT_KEY_EXPIRY, reading.organization, text, response)


def _own_expiry(reading: Reading, keys: list[tuple[dict[str, Any], str]]) -> Observation:
    label = reading.key_label
    # An expired key reads nothing, and the key that replaced it often has the same label.
    alive = [one for one in keys if (end := parse_utc(one[0].get("expiresAt"))) is None or end > reading.started_at]
    candidates = [(entry, response) for entry, response in alive if not label or entry.get("label") == label]
    if len(candidates) != 1:
        fact = f"{len(candidates)} keys have the label {label!r}" if label else f"{len(alive)} active keys are listed"
        reason = f"{fact}; set api_key_label in the configuration to the label of the key used for audits"
        return reading.unavailable(API_KEY_EXPIRY, reading.organization, "own_key_not_told", reason)
    entry, response = candidates[0]
    return reading.text(API_KEY_EXPIRY, reading.organization, entry, "expiresAt", response)


API_KEYS = Collector(
    name="api_keys",
    call=LIST_API_KEYS,
    promises=(NEXT_KEY_EXPIRY.id, API_KEY_EXPIRY.id),
    read=read,
    proves="When the organization's admin API keys expire. Only the label shows which key is in use.",
)
