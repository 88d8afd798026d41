"""Who administers the organization in person; the groups whose members do are read with the other groups.

`POST /admin/v2/orgs/{orgId}/directories/-/users/search` with the role of organization administrators. Atlassian states
no scope for it; the other calls on users of a directory take `read:directories:admin`. A key may be refused: then who
administers stays unknown, and nothing else does.
https://developer.atlassian.com/cloud/admin/organization/rest/api-group-users/

Of a person the account ID is kept, and neither name nor mail address.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from contribaudit.atlassian.calls import SEARCH_ADMINISTRATORS
from contribaudit.catalogue.organization import ADMINISTRATORS as PEOPLE
from contribaudit.collectors.interface import Collector, Reading, told_id
from contribaudit.core.model.observation import Observation

_NOBODY = "no administrator is listed, which a key that may not see them is answered too"


async def read(reading: Reading) -> AsyncIterator[Observation]:
    """Yield the list. An empty one is no answer: somebody made the key."""
    ids: set[str] = set()
    async for page in reading.client.pages(reading.call):
        reading.pages += 1
        for entry in page.items:
            reading.entries += 1
            if identity := told_id(entry, "accountId"):
                ids.add(identity)
            else:
                reading.fall_short("entry_without_id", "an entry has no `accountId`")
    reading.unique = len(ids)
    if reading.shortfalls:
        return
    if ids:
        people = tuple(sorted(ids))
        yield reading.observed(PEOPLE, reading.organization, people, reading.keep(list(people)))
    else:
        reading.fall_short("empty_list", _NOBODY)
        yield reading.unavailable(PEOPLE, reading.organization, "empty_list", _NOBODY)


ADMINISTRATORS = Collector(
    name="administrators",
    call=SEARCH_ADMINISTRATORS,
    promises=(PEOPLE.id,),
    read=read,
    proves=("Who holds the role of organization administrator in person, by account ID. Not which API keys can write."),
)
