"""Which groups hold the AI role, and for which resources, and which groups administer the organization.

`POST /admin/v2/orgs/{orgId}/directories/-/groups/search` for the groups, then the role assignments of each, scope
`read:groups:admin`. A key may lack that scope: then only the holders of the roles stay unknown.
https://developer.atlassian.com/cloud/admin/organization/rest/api-group-groups/
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

from contribaudit.atlassian.calls import LIST_GROUP_ROLES, SEARCH_ADMINISTRATOR_GROUPS, SEARCH_AI_GROUPS
from contribaudit.catalogue.ai_access import GROUP_ACCESS, GROUP_NAME, ROLE_GROUPS
from contribaudit.catalogue.organization import ADMINISTRATOR_GROUPS
from contribaudit.collectors.interface import Collector, Reading
from contribaudit.core.model.observation import Observation
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.errors import AdminApiError, ListNotWhole

AI_ROLE = "atlassian/ai-access"
EVERY_DIRECTORY = "-"
"""Stands for all directories that the key may manage, when a group names no directory."""
AT_ONCE = 50
"""Groups whose roles are requested together; the client keeps fewer requests in flight."""
_GROUP_KEYS = frozenset(
    ("id", "name", "description", "directoryId", "externalSynced", "managedBy", "managementAccess", "counts", "links")
)
_ASSIGNMENT_KEYS = frozenset(("resourceId", "resourceOwner", "roles", "defaultRole"))


@dataclass(frozen=True, slots=True)
class _Roles:
    """A group's role assignments, as far as they could be read."""

    entries: tuple[dict[str, Any], ...] = ()
    error: AdminApiError | None = None


async def read(reading: Reading) -> AsyncIterator[Observation]:
    """Yield each group's name as its page arrives, then the list of groups, then where each holds the AI role."""
    groups: dict[str, dict[str, Any]] = {}
    try:
        async for entry, response in reading.listed(_GROUP_KEYS):
            identity = reading.identity(entry, what="a group")
            if not identity:
                continue
            if identity not in groups:
                groups[identity] = entry
                yield reading.text(GROUP_NAME, _subject(reading, identity), entry, "name", response)
            elif groups[identity] != entry:
                reading.fall_short("contradicting_entries", "a group is listed twice, with different contents")
    except ListNotWhole as error:  # the groups that the list does have are still read
        reading.fall_short(error.code, error.message)
    reading.unique = len(groups)
    if not reading.shortfalls:
        yield reading.observed(ROLE_GROUPS, reading.organization, tuple(sorted(groups)))
    async for observation in _administrators(reading):
        yield observation
    ids = list(groups)
    for start in range(0, len(ids), AT_ONCE):
        batch = ids[start : start + AT_ONCE]
        async with asyncio.TaskGroup() as together:
            tasks = [together.create_task(_roles_of(reading, groups[identity])) for identity in batch]
        answers = [task.result() for task in tasks]
        for identity, answer in zip(batch, answers, strict=True):
            yield _access(reading, identity, answer)
        if all(answer.error is not None for answer in answers):
            # An error of the whole batch would hit the others too: they are not requested, and reported as unread.
            for identity in ids[start + AT_ONCE :]:
                yield _access(reading, identity, answers[0])
            return


async def _administrators(reading: Reading) -> AsyncIterator[Observation]:
    """Yield the list of groups that administer the organization; nothing when it has a gap, which is a shortfall."""
    ids: set[str] = set()
    try:
        async for page in reading.client.pages(SEARCH_ADMINISTRATOR_GROUPS):
            for entry in page.items:
                if not (identity := reading.identity(entry, what="a group of administrators")):
                    return
                ids.add(identity)
    except AdminApiError as error:
        reading.fall_short(error.code, f"the groups of administrators were not read: {error.message}")
        if not isinstance(error, ListNotWhole):
            lost = reading.unavailable(ADMINISTRATOR_GROUPS, reading.organization, error.code, error.message)
            yield replace(lost, missing_scope=error.missing_scope)
        return
    groups = tuple(sorted(ids))
    yield reading.observed(ADMINISTRATOR_GROUPS, reading.organization, groups, reading.keep(list(groups)))


async def _roles_of(reading: Reading, group: dict[str, Any]) -> _Roles:
    directory = group.get("directoryId")
    where = {
        "directoryId": directory if isinstance(directory, str) and directory else EVERY_DIRECTORY,
        "groupId": group["id"],
    }
    entries: list[dict[str, Any]] = []
    try:
        async for page in reading.client.pages(LIST_GROUP_ROLES, where=where):
            entries += page.items
    except AdminApiError as error:
        return _Roles(error=error)
    return _Roles(tuple(entries))


def _access(reading: Reading, identity: str, answer: _Roles) -> Observation:
    """The resources for which the group holds the role; unavailable when a page or a part of it was not read."""
    group = _subject(reading, identity)
    source = LIST_GROUP_ROLES.title
    if answer.error is not None:
        reason = f"the roles of a group were not read: {answer.error.message}"
        reading.fall_short(answer.error.code, reason)
        lost = reading.unavailable(GROUP_ACCESS, group, answer.error.code, answer.error.message)
        return replace(lost, source=source, missing_scope=answer.error.missing_scope)
    resources: set[str] = set()
    response = reading.keep(list(answer.entries))
    for entry in answer.entries:
        reading.known_keys("role-assignments", entry, _ASSIGNMENT_KEYS, response)
        resource, roles = entry.get("resourceId"), entry.get("roles")
        if not isinstance(roles, list) or not isinstance(resource, str) or not resource:
            reading.fall_short("wrong_type", "a role assignment of a group names no resource or no roles")
            return replace(
                reading.unavailable(GROUP_ACCESS, group, "wrong_type", "an assignment names no resource or no roles"),
                source=source,
            )
        if AI_ROLE in roles:
            resources.add(resource)
    return replace(reading.observed(GROUP_ACCESS, group, tuple(sorted(resources)), response), source=source)


def _subject(reading: Reading, identity: str) -> Subject:
    return Subject(reading.client.organization, Kind.GROUP, identity)


AI_ROLES = Collector(
    name="ai_roles",
    call=SEARCH_AI_GROUPS,
    further=(SEARCH_ADMINISTRATOR_GROUPS, LIST_GROUP_ROLES),
    promises=(ADMINISTRATOR_GROUPS.id, ROLE_GROUPS.id, GROUP_NAME.id, GROUP_ACCESS.id),
    read=read,
    proves=(
        "The groups that hold the AI role, and for which resources. Users who hold it individually are not "
        "listed, and a list of groups does not show that others have no AI: where an app is open to everyone, "
        "nobody needs the role. Also the groups whose members administer the organization."
    ),
)
