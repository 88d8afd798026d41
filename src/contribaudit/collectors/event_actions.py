"""Which audit-log actions exist in this organization. Their names are not published, so nothing hard-codes one.

`GET /admin/v1/orgs/{orgId}/event-actions`, scope `read:events:admin`, 10 requests a minute.
https://developer.atlassian.com/cloud/admin/organization/rest/api-group-events/
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from contribaudit.atlassian.calls import LIST_EVENT_ACTIONS
from contribaudit.catalogue.organization import EVENT_ACTIONS as SETTING
from contribaudit.collectors.interface import Collector, Reading
from contribaudit.collectors.lists import take_ids
from contribaudit.core.model.audit_log import EventAction
from contribaudit.core.model.observation import Observation

_KEYS = frozenset(("id", "type", "attributes"))
_ATTRIBUTE_KEYS = frozenset(("displayName", "groupDisplayName"))


async def read(reading: Reading) -> AsyncIterator[Observation]:
    """Yield the actions' IDs."""
    entries = await _entries(reading)
    reading.pages += 1
    ids: set[str] = set()
    take_ids(reading, entries, ids, "id", _KEYS, _ATTRIBUTE_KEYS)
    if not reading.shortfalls:
        yield reading.observed(SETTING, reading.organization, tuple(sorted(ids)))


async def actions_of(reading: Reading) -> tuple[EventAction, ...]:
    """Every action with its names, in server order; an entry without an ID is left out. Raises AdminApiError."""
    found: list[EventAction] = []
    for entry in await _entries(reading):
        identity, attributes = entry.get("id"), entry.get("attributes")
        names = attributes if isinstance(attributes, dict) else {}
        title, group = names.get("displayName"), names.get("groupDisplayName")
        if isinstance(identity, str) and identity:
            found.append(
                EventAction(identity, title if isinstance(title, str) else "", group if isinstance(group, str) else "")
            )
    return tuple(found)


async def _entries(reading: Reading) -> list[dict[str, Any]]:
    """The raw catalogue, asked for once in a run: ten requests a minute are all that there are."""

    async def ask() -> list[dict[str, Any]]:
        return [entry async for page in reading.client.pages(LIST_EVENT_ACTIONS) for entry in page.items]

    return await reading.together(LIST_EVENT_ACTIONS, ask)


EVENT_ACTIONS = Collector(
    name="event_actions",
    call=LIST_EVENT_ACTIONS,
    promises=(SETTING.id,),
    read=read,
    proves="Which actions the audit log can hold. Whether it holds any needs Guard or Enterprise, and is not told.",
)
