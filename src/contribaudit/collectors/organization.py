"""The organization itself.

`GET /admin/v1/orgs/{orgId}`, scope `read:orgs:admin`. It has a name, and no plan or edition.
https://developer.atlassian.com/cloud/admin/organization/rest/api-group-orgs/
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from contribaudit.atlassian.calls import GET_ORGANIZATION
from contribaudit.catalogue.organization import ORGANIZATION_NAME
from contribaudit.collectors.interface import Collector, Reading
from contribaudit.core.model.observation import Observation

_KEYS = frozenset(("id", "type", "attributes", "relationships", "links"))


async def read(reading: Reading) -> AsyncIterator[Observation]:
    """Yield the organization's name."""
    answer = await reading.client.read(GET_ORGANIZATION)
    reading.pages += 1
    data = answer.get("data")
    if not isinstance(data, dict):
        reading.fall_short("wrong_type", "the answer contains no organization")
        return
    reading.entries = reading.unique = reading.announced = 1
    response = reading.keep(data)
    reading.known_keys("", data, _KEYS, response)
    if data.get("id") != reading.client.organization:
        reading.fall_short("wrong_organization", "the answer is about a different organization")
        return
    attributes = data.get("attributes")
    holder = attributes if isinstance(attributes, dict) else {}
    reading.known_keys("attributes", holder, frozenset(("name",)), response)
    yield reading.text(ORGANIZATION_NAME, reading.organization, holder, "name", response)


ORGANIZATION = Collector(
    name="organization",
    call=GET_ORGANIZATION,
    promises=(ORGANIZATION_NAME.id,),
    read=read,
    proves="The organization exists and the key belongs to it. No plan is returned.",
)
