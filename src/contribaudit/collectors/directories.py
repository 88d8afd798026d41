"""The organization's user directories.

`GET /admin/v2/orgs/{orgId}/directories`, scope `read:directories:admin`.
https://developer.atlassian.com/cloud/admin/organization/rest/api-group-directory/
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from contribaudit.atlassian.calls import LIST_DIRECTORIES
from contribaudit.catalogue.organization import DIRECTORIES as SETTING
from contribaudit.collectors.interface import Collector, Reading, ids_of
from contribaudit.core.model.observation import Observation

_KEYS = frozenset(("directoryId", "name", "icon"))


async def read(reading: Reading) -> AsyncIterator[Observation]:
    """Yield the directories' IDs."""
    ids = await ids_of(reading, "directoryId", _KEYS)
    if ids is not None:
        yield reading.observed(SETTING, reading.organization, ids)


DIRECTORIES = Collector(
    name="directories",
    call=LIST_DIRECTORIES,
    promises=(SETTING.id,),
    read=read,
    proves="The number of user directories, not what their users have access to.",
)
