"""User directories.

    GET /admin/v2/orgs/{orgId}/directories?accountId=&directoryIds=&searchTerm=&cursor=&limit=
        {data: [{directoryId, name, icon}], links: {self, prev, next}}

Links are bare cursors, not URLs. A cursor brings its own limit and filter: every other parameter is ignored beside it.
No user belongs to a directory here, so `accountId` finds nothing.
"""

from __future__ import annotations

from contribaudit.simulator.endpoint import AnswerError, Call, Endpoint, Page, Position, bare_cursors, cut, resume
from contribaudit.simulator.values import Directory, Json


def read(call: Call) -> Page:
    """The directories that match, 20 a page unless `limit` (1..100) says otherwise."""
    if "cursor" in call.query:
        position = resume("directories", call.query["cursor"])
    else:
        position = Position(0, _limit(call), memory={n: v for n, v in call.query.items() if n != "limit"})
    found = [directory for directory in call.organization.directories if _matches(directory, position.memory)]
    entries, page = cut("directories", found, position)
    page.items = [{"directoryId": d.id, "name": d.name, "icon": d.icon} for d in entries]
    return page


def _limit(call: Call) -> int:
    text = call.query.get("limit", "20")
    if not text.isdecimal() or not 1 <= int(text) <= 100:
        raise AnswerError(400, "ADMIN-400-4", "limit must be a number from 1 to 100.")
    return int(text)


def _matches(directory: Directory, wanted: Json) -> bool:
    if "accountId" in wanted:
        return False
    if "directoryIds" in wanted and directory.id not in wanted["directoryIds"].split(","):
        return False
    return wanted.get("searchTerm", "").casefold() in directory.name.casefold()


LIST = Endpoint(
    "directories",
    "GET",
    "/admin/v2/orgs/{org_id}/directories",
    "read:directories:admin",
    "directories",
    "b",
    read,
    bare_cursors,
    paged=True,
)
