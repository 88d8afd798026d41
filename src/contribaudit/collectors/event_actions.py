"""Which audit-log actions exist in this organization. Their names are not published, so nothing hard-codes one.

`GET /admin/v1/orgs/{orgId}/event-actions`, scope `read:events:admin`, 10 requests a minute.
https://developer.atlassian.com/cloud/admin/organization/rest/api-group-events/
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from contribaudit.atlassian.calls import LIST_EVENT_ACTIONS
from contribaudit.catalogue.organization import EVENT_ACTIONS as SETTING
from contribaudit.collectors.interface import Collector, Reading
from contribaudit.collectors.lists import ids_of
from contribaudit.core.observation import Observation

_KEYS = frozenset(("id", "type", "attributes"))
_ATTRIBUTE_KEYS = frozenset(("displayName", "groupDisplayName"))


async def read(reading: Reading) -> AsyncIterator[Observation]:
    """Yield the actions' IDs."""
    ids = await ids_of(reading, "id", _KEYS, _ATTRIBUTE_KEYS)
    if ids is not None:
        yield reading.observed(SETTING, reading.organization, ids)


EVENT_ACTIONS = Collector(
    name="event_actions",
    call=LIST_EVENT_ACTIONS,
    promises=(SETTING.id,),
    read=read,
    proves="Which actions the audit log can hold. Whether it holds any needs Guard or Enterprise, and is not told.",
)
