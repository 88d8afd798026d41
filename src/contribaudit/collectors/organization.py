"""The organization itself, its user directories, and its individual administrators.

`GET /admin/v1/orgs/{orgId}`, scope `read:orgs:admin`. It returns a name, but no plan or edition.
https://developer.atlassian.com/cloud/admin/organization/rest/api-group-orgs/

`GET /admin/v2/orgs/{orgId}/directories`, scope `read:directories:admin`.
https://developer.atlassian.com/cloud/admin/organization/rest/api-group-directory/

`POST /admin/v2/orgs/{orgId}/directories/-/users/search` with the role of organization administrators; `ai_roles` reads
the groups whose members administer. Atlassian states no scope for this search; the other calls on users of a directory
take `read:directories:admin`. A key may be refused: then only the administrators stay unknown. Of a person, only the
account ID is kept, neither name nor mail address.
https://developer.atlassian.com/cloud/admin/organization/rest/api-group-users/
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from contribaudit.atlassian.calls import GET_ORGANIZATION, LIST_DIRECTORIES, SEARCH_ADMINISTRATORS
from contribaudit.catalogue import organization as settings
from contribaudit.collectors.interface import Collector, Reading
from contribaudit.core.model.observation import Observation

_ORGANIZATION_KEYS = frozenset(("id", "type", "attributes", "relationships", "links"))


async def read_organization(reading: Reading) -> AsyncIterator[Observation]:
    """Yield the organization's name."""
    answer = await reading.client.read(GET_ORGANIZATION)
    reading.pages += 1
    data = answer.get("data")
    if not isinstance(data, dict):
        reading.fall_short("wrong_type", "the answer contains no organization")
        return
    reading.entries = reading.unique = reading.announced = 1
    response = reading.keep(data)
    reading.known_keys("", data, _ORGANIZATION_KEYS, response)
    if data.get("id") != reading.client.organization:
        reading.fall_short("wrong_organization", "the answer is about a different organization")
        return
    attributes = data.get("attributes")
    holder = attributes if isinstance(attributes, dict) else {}
    reading.known_keys("attributes", holder, frozenset(("name",)), response)
    yield reading.text(settings.ORGANIZATION_NAME, reading.organization, holder, "name", response)


ORGANIZATION = Collector(
    name="organization",
    call=GET_ORGANIZATION,
    promises=(settings.ORGANIZATION_NAME.id,),
    read=read_organization,
    proves="The organization exists and the key belongs to it. No plan is returned.",
)


_DIRECTORY_KEYS = frozenset(("directoryId", "name", "icon"))


async def read_directories(reading: Reading) -> AsyncIterator[Observation]:
    """Yield the directories' IDs."""
    ids: set[str] = set()
    async for entry, _ in reading.listed(_DIRECTORY_KEYS):
        if identity := reading.identity(entry, "directoryId"):
            ids.add(identity)
    reading.unique = len(ids)
    if not reading.shortfalls:  # in a list with a gap, missing entries would seem removed
        yield reading.observed(settings.DIRECTORIES, reading.organization, tuple(sorted(ids)))


DIRECTORIES = Collector(
    name="directories",
    call=LIST_DIRECTORIES,
    promises=(settings.DIRECTORIES.id,),
    read=read_directories,
    proves="The number of user directories, not what their users have access to.",
)


_NOBODY = "no administrator is listed, as for a key that may not see them"


async def read_administrators(reading: Reading) -> AsyncIterator[Observation]:
    """Yield the administrators. An empty list is no answer, because an administrator created the key."""
    ids: set[str] = set()
    async for page in reading.client.pages(reading.call):
        reading.pages += 1
        for entry in page.items:
            reading.entries += 1
            if identity := reading.identity(entry, "accountId"):
                ids.add(identity)
    reading.unique = len(ids)
    if reading.shortfalls:
        return
    if ids:
        people = tuple(sorted(ids))
        yield reading.observed(settings.ADMINISTRATORS, reading.organization, people, reading.keep(list(people)))
    else:
        reading.fall_short("empty_list", _NOBODY)
        yield reading.unavailable(settings.ADMINISTRATORS, reading.organization, "empty_list", _NOBODY)


ADMINISTRATORS = Collector(
    name="administrators",
    call=SEARCH_ADMINISTRATORS,
    promises=(settings.ADMINISTRATORS.id,),
    read=read_administrators,
    proves=("Who holds the role of organization administrator in person, by account ID. Not which API keys can write."),
)
