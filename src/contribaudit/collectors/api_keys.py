"""The admin API keys and when they end: an audit that dies because its key expired is the commonest silent failure.

`GET /admin/api-access/v1/orgs/{orgId}/api-keys`, scope `read:keys:admin`. The list does not say which key asks.
https://developer.atlassian.com/cloud/admin/api-access/rest/
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from contribaudit.atlassian.calls import LIST_API_KEYS
from contribaudit.catalogue.organization import API_KEY_EXPIRY, NEXT_KEY_EXPIRY
from contribaudit.collectors.interface import Collector, Reading
from contribaudit.core.observation import Observation


async def read(reading: Reading) -> AsyncIterator[Observation]:
    """Yield when the first key of the organization ends, and when ours does.

    Ours is the key with the configured label, or the only one in the list; else it is unavailable.
    """
    keys: list[tuple[dict[str, Any], str]] = []
    async for page in reading.client.pages(LIST_API_KEYS):
        reading.pages += 1
        for entry in page.items:
            reading.entries += 1
            keys.append((entry, reading.keep(entry)))
    reading.unique = len({entry.get("id") for entry, _ in keys if isinstance(entry.get("id"), str)})
    running = [(moment, response) for entry, response in keys if (moment := _expiry(entry, reading.started_at))]
    if running:
        moment, response = min(running)
        yield reading.observed(NEXT_KEY_EXPIRY, reading.organization, moment, response)
    else:
        yield reading.unavailable(NEXT_KEY_EXPIRY, reading.organization, "no_keys", "the list holds no running key")
    yield _own(reading, keys)


def _own(reading: Reading, keys: list[tuple[dict[str, Any], str]]) -> Observation:
    label = reading.key_label
    candidates = [(entry, response) for entry, response in keys if not label or entry.get("label") == label]
    if len(candidates) != 1:
        told = f"{len(candidates)} keys have the label {label!r}" if label else f"{len(keys)} keys are listed"
        reason = f"{told}; set api_key_label in the configuration to the label of the one that audits"
        return reading.unavailable(API_KEY_EXPIRY, reading.organization, "own_key_not_told", reason)
    entry, response = candidates[0]
    return reading.text(API_KEY_EXPIRY, reading.organization, entry, "expiresAt", response)


def _expiry(entry: dict[str, Any], now: datetime) -> str | None:
    """The key's end as the API writes it, None for one that has none, has ended or cannot be read."""
    text = entry.get("expiresAt")
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return text if aware > now else None


API_KEYS = Collector(
    name="api_keys",
    call=LIST_API_KEYS,
    promises=(NEXT_KEY_EXPIRY.id, API_KEY_EXPIRY.id),
    read=read,
    proves="When the organization's admin API keys end. Which of them asks is told only by its label.",
)
