"""Accounts, and the roles that they have in the organization.

    POST /admin/v2/orgs/{orgId}/directories/{directoryId}/users/search
        {limit?, cursor?, roleIds?, accountIds?, directoryIds?, accountStatus?}
        {data: [{accountId, accountType, accountStatus, name, email, claimStatus}], links: {self, prev, next}}

`-` as directory means all of them. Links are bare cursors, and a cursor brings its own limit and filters. Of the many
filters these are known here; any other is refused. No scope is published: this one is that of the other calls on the
users of a directory.
"""

from __future__ import annotations

from contribaudit.simulator.endpoint import AnswerError, Call, Endpoint, Page, Position, bare_cursors, cut
from contribaudit.simulator.routes.groups import directory_of, limit_of, position_of
from contribaudit.simulator.values import Json, User

FILTERS = ("roleIds", "accountIds", "directoryIds", "accountStatus")


def read(call: Call) -> Page:
    """The accounts that match, 20 a page unless `limit` (1..100) says otherwise."""
    directory = directory_of(call)
    position = position_of(call.body, "users-search") or Position(
        0, limit_of(call.body.get("limit", 20)), memory=_filters(call.body)
    )
    found = [one for one in call.organization.users if directory in ("-", one.directory)]
    entries, page = cut("users-search", [one for one in found if _matches(one, position.memory)], position)
    page.items = [_user(one) for one in entries]
    return page


def _filters(body: Json) -> Json:
    memory = {name: value for name, value in body.items() if name != "limit"}
    for name, wanted in memory.items():
        sound = isinstance(wanted, list) and 1 <= len(wanted) <= 10 and all(isinstance(one, str) for one in wanted)
        if name not in FILTERS or not sound:
            raise AnswerError(400, "ADMIN-400-24", f"{name} is no list of 1 to 10 that is known here.")
    return memory


def _matches(user: User, wanted: Json) -> bool:
    told = {"accountIds": {user.id}, "directoryIds": {user.directory}, "accountStatus": {user.status}}
    told["roleIds"] = set(user.roles)
    return all(told[name] & set(values) for name, values in wanted.items())


def _user(user: User) -> Json:
    return {
        "accountId": user.id,
        "accountType": "atlassian",
        "accountStatus": user.status,
        "name": user.name,
        "email": user.email,
        "claimStatus": "managed",
    }


SEARCH = Endpoint(
    "users-search",
    "POST",
    "/admin/v2/orgs/{org_id}/directories/{directory_id}/users/search",
    "read:directories:admin",
    "directories",
    "b",
    read,
    bare_cursors,
    paged=True,
)
