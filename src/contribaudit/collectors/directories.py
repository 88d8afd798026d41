"""The organization's user directories.

`GET /admin/v2/orgs/{orgId}/directories`, scope `read:directories:admin`.
https://developer.atlassian.com/cloud/admin/organization/rest/api-group-directory/
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from contribaudit.atlassian.calls import LIST_DIRECTORIES
from contribaudit.catalogue.organization import DIRECTORIES as SETTING
from contribaudit.collectors.interface import Collector, Reading, told_id
from contribaudit.core.model.observation import Observation

_KEYS = frozenset(("directoryId", "name", "icon"))


async def read(reading: Reading) -> AsyncIterator[Observation]:
    """Yield the directories' IDs."""
    ids: set[str] = set()
    async for entry, _ in reading.listed(_KEYS):
        if identity := told_id(entry, "directoryId"):
            ids.add(identity)
        else:
            reading.fall_short("entry_without_id", "an entry has no `directoryId`")
    reading.unique = len(ids)
    if not reading.shortfalls:  # what is missing from a list with a gap would look gone
        yield reading.observed(SETTING, reading.organization, tuple(sorted(ids)))


DIRECTORIES = Collector(
    name="directories",
    call=LIST_DIRECTORIES,
    promises=(SETTING.id,),
    read=read,
    proves="The number of user directories, not what their users have access to.",
)
