"""User directories, their groups and accounts, and the roles of those.

    GET /admin/v2/orgs/{orgId}/directories?accountId=&directoryIds=&searchTerm=&cursor=&limit=
        {data: [{directoryId, name, icon}], links: {self, prev, next}}
    POST /admin/v2/orgs/{orgId}/directories/{directoryId}/groups/search
        {limit?, cursor?, searchTerm?, groupIds?, groupNames?, directoryIds?, accountIds?, resourceIds?,
         resourceOwners?, roleIds?, expand?, sortBy?}
        {data: [{id, name, description, directoryId, externalSynced, managedBy, managementAccess, links, counts?}],
         links: {self, prev, next}}
    GET /admin/v2/orgs/{orgId}/directories/{directoryId}/groups/{groupId}/role-assignments
        ?cursor=&limit=&directoryIds=&resourceOwners=&resourceIds=&roleIds=
        {data: [{resourceId, resourceOwner, roles, defaultRole}], links: {self, prev, next}}
    POST /admin/v2/orgs/{orgId}/directories/{directoryId}/users/search
        {limit?, cursor?, roleIds?, accountIds?, directoryIds?, accountStatus?}
        {data: [{accountId, accountType, accountStatus, name, email, claimStatus}], links: {self, prev, next}}

`-` as directory means all of them. Links are bare cursors. A cursor carries its own limit and filters, and every other
parameter is ignored with it. `counts` are present only when `expand` asks for them. The simulator does not know
members, so `accountId` finds no directory and `accountIds` no group. The account search supports only the filters above
and refuses any other. No scope is published for that search: it has the scope of the other calls on the users of a
directory.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from contribaudit.simulator.endpoint import (
    DIRECTORIES_ENDPOINT,
    AnswerError,
    Call,
    Page,
    Position,
    cut,
    page_size,
    resume,
)
from contribaudit.simulator.values import Directory, Group, Json, User

LISTS = {
    "accountIds": 10,
    "directoryIds": 10,
    "expand": 2,
    "groupIds": 10,
    "groupNames": 100,
    "resourceIds": 20,
    "resourceOwners": 10,
    "roleIds": 10,
    "sortBy": 1,
}
"""The lists that a search accepts, with the most entries of each."""
ROLE_FILTERS = ("directoryIds", "resourceOwners", "resourceIds", "roleIds")
USER_FILTERS = ("roleIds", "accountIds", "directoryIds", "accountStatus")


def read_directories(call: Call) -> Page:
    """The directories that match."""
    asked = {name: value for name, value in call.query.items() if name != "limit"}
    position = _position("directories", call.query) or _first(call.query, asked, "ADMIN-400-4")
    directories = [
        directory for directory in call.organization.directories if _directory_matches(directory, position.memory)
    ]
    return cut("directories", directories, position, lambda d: {"directoryId": d.id, "name": d.name, "icon": d.icon})


def _directory_matches(directory: Directory, filters: Json) -> bool:
    if "accountId" in filters:
        return False
    if "directoryIds" in filters and directory.id not in filters["directoryIds"].split(","):
        return False
    return filters.get("searchTerm", "").casefold() in directory.name.casefold()


def read_groups(call: Call) -> Page:
    """The groups that match."""
    directory = _directory(call)
    position = _position("groups-search", call.body) or _first(call.body, _search(call.body))
    memory = position.memory
    groups = [group for group in _in(call, directory) if _group_matches(group, memory)]
    for order in memory.get("sortBy", []):
        groups.sort(key=lambda group: group.name.casefold(), reverse=order.get("direction") == "desc")
    return cut("groups-search", groups, position, lambda group: _group(group, memory.get("expand", [])))


def read_roles(call: Call) -> Page:
    """The resources that a group has roles for."""
    directory, group_id = _directory(call), call.path_params["group_id"]
    group = next((group for group in _in(call, directory) if group.id == group_id), None)
    if group is None:
        raise AnswerError(404, "ADMIN-404-10", f"The directory has no group {group_id}.")
    memory = {name: call.query[name].split(",") for name in ROLE_FILTERS if call.query.get(name)}
    position = _position("group-role-assignments", call.query)
    if position is None:
        _check_lists(memory)
        position = _first(call.query, memory)
    elsewhere = not _matches({"directoryIds": [group.directory]}, position.memory)
    assignments = [] if elsewhere else _assignments(group, position.memory)
    return cut("group-role-assignments", assignments, position, dict)


def _directory(call: Call) -> str:
    """The directory from the path; raises a 404 when it does not exist."""
    directory_id = call.path_params["directory_id"]
    if directory_id != "-" and all(directory.id != directory_id for directory in call.organization.directories):
        raise AnswerError(404, "ADMIN-404-1", f"The organization has no directory {directory_id}.")
    return directory_id


def _in(call: Call, directory: str) -> list[Group]:
    return [group for group in call.organization.groups if directory in ("-", group.directory)]


def _position(endpoint: str, sent: Mapping[str, Any]) -> Position | None:
    """The position of the request's cursor, None without one."""
    cursor = sent.get("cursor")
    return None if cursor is None else resume(endpoint, cursor)


def _first(sent: Mapping[str, Any], memory: Json, code: str = "ADMIN-400-24") -> Position:
    """The position of the first page, of 20 entries or of `limit`. Raises a 400 with `code` unless it is 1 to 100."""
    return Position(0, page_size(sent.get("limit", "20"), 100, code), memory=memory)


def _search(body: Json) -> Json:
    unknown = [name for name in body if name not in (*LISTS, "limit", "cursor", "searchTerm")]
    if unknown:
        raise AnswerError(400, "ADMIN-400-24", f"Unknown property {unknown[0]}.")
    memory = {name: value for name, value in body.items() if name != "limit" and value is not None}
    _check_lists(memory)
    if not isinstance(memory.get("searchTerm", ""), str):
        raise AnswerError(400, "ADMIN-400-24", "searchTerm must be a text.")
    if "groupNames" in memory and {"searchTerm", "groupIds"} & memory.keys():
        raise AnswerError(400, "ADMIN-400-24", "groupNames goes with neither searchTerm nor groupIds.")
    return memory


def _check_lists(memory: Json) -> None:
    for name, most in LISTS.items():
        listed = memory.get(name, [""])
        element = dict if name == "sortBy" else str
        sound = isinstance(listed, list) and all(isinstance(entry, element) for entry in listed if entry != "")
        if not sound or not 1 <= len(listed) <= most:
            raise AnswerError(400, "ADMIN-400-24", f"{name} must be a list of 1 to {most}.")


def _group_matches(group: Group, filters: Json) -> bool:
    name = group.name.casefold()
    own: dict[str, Sequence[str]] = {"groupIds": [group.id], "directoryIds": [group.directory], "accountIds": []}
    return (
        _matches(own, filters)
        and name in map(str.casefold, filters.get("groupNames", [group.name]))
        and filters.get("searchTerm", "").casefold() in name
        and (not filters.keys() & {"resourceIds", "resourceOwners", "roleIds"} or bool(_assignments(group, filters)))
    )


def _matches(own: Mapping[str, Sequence[str]], filters: Json) -> bool:
    """Whether each filter on something that `own` lists names one of the entry's own values."""
    return all(set(values) & set(filters[name]) for name, values in own.items() if name in filters)


def _group(group: Group, expand: Iterable[str]) -> Json:
    external = group.managed_by == "external"
    shown: Json = {
        "id": group.id,
        "name": group.name,
        "directoryId": group.directory,
        "externalSynced": external,
        "managedBy": group.managed_by,
        "managementAccess": {"deletable": not external, "modifiable": not external, "readable": True},
    }
    if group.description is not None:
        shown["description"] = group.description
    counts = {"counts.resources": ("resources", len(group.roles)), "counts.users": ("users", group.users)}
    asked = dict(counts[name] for name in expand if name in counts)
    return shown | {"counts": asked} if asked else shown


def _assignments(group: Group, filters: Json) -> list[Json]:
    """The matching role assignments of a group."""
    return [
        {"resourceId": resource, "resourceOwner": _owner(resource), "roles": list(roles), "defaultRole": None}
        for resource, roles in group.roles.items()
        if _matches({"resourceIds": [resource], "resourceOwners": [_owner(resource)], "roleIds": roles}, filters)
    ]


def _owner(resource: str) -> str:
    """The type key in an ARI: `jira-core` of `ari:cloud:jira-core::site/1`."""
    parts = resource.split(":")
    return parts[2] if len(parts) > 2 else resource


def read_users(call: Call) -> Page:
    """The accounts that match."""
    directory = _directory(call)
    position = _position("users-search", call.body) or _first(call.body, _filters(call.body))
    users = [one for one in call.organization.users if directory in ("-", one.directory)]
    return cut("users-search", [one for one in users if _user_matches(one, position.memory)], position, _user)


def _filters(body: Json) -> Json:
    memory = {name: value for name, value in body.items() if name != "limit"}
    for name, values in memory.items():
        sound = isinstance(values, list) and 1 <= len(values) <= 10 and all(isinstance(one, str) for one in values)
        if name not in USER_FILTERS or not sound:
            raise AnswerError(400, "ADMIN-400-24", f"{name} is no list of 1 to 10 that is known here.")
    return memory


def _user_matches(user: User, filters: Json) -> bool:
    own = {"accountIds": [user.id], "directoryIds": [user.directory], "accountStatus": [user.status]}
    return _matches({**own, "roleIds": user.roles}, filters)


def _user(user: User) -> Json:
    return {
        "accountId": user.id,
        "accountType": "atlassian",
        "accountStatus": user.status,
        "name": user.name,
        "email": user.email,
        "claimStatus": "managed",
    }


_PATH = "/admin/v2/orgs/{org_id}/directories"
_GROUPS = f"{_PATH}/{{directory_id}}/groups"
LIST = DIRECTORIES_ENDPOINT("directories", "GET", _PATH, "read:directories:admin", read=read_directories)
GROUPS = DIRECTORIES_ENDPOINT("groups-search", "POST", f"{_GROUPS}/search", "read:groups:admin", read=read_groups)
ROLES = DIRECTORIES_ENDPOINT(
    "group-role-assignments", "GET", f"{_GROUPS}/{{group_id}}/role-assignments", "read:groups:admin", read=read_roles
)
USERS = DIRECTORIES_ENDPOINT(
    "users-search", "POST", f"{_PATH}/{{directory_id}}/users/search", "read:directories:admin", read=read_users
)
