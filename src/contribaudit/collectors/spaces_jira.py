"""Jira's spaces, which its API calls projects; archived ones too.

`GET /rest/api/3/project/search`, scope `read:jira-work`, with a person's or service account's token. It lists what that
account may browse, and says how many those are.
https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-projects/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contribaudit.atlassian.calls import SEARCH_PROJECTS
from contribaudit.collectors.space_entry import SpaceEntry, SpaceSource, identity, texts

TYPE_KEY = "projectTypeKey"


def parse(entry: Mapping[str, Any]) -> SpaceEntry:
    """A project. Whether it is archived is told by a flag that an answer may leave out: the status is then ""."""
    found, missing = texts(entry, ("key", "name", TYPE_KEY))
    archived = entry.get("archived")
    status = {True: "archived", False: "live"}[archived] if type(archived) is bool else ""
    return SpaceEntry(identity(entry), found["key"], found["name"], found[TYPE_KEY], status, missing=missing)


SPACES_JIRA = SpaceSource(
    name="spaces_jira",
    apps="jira",
    call=SEARCH_PROJECTS,
    ari="ari:cloud:jira:{site}:project/{id}",
    announces=True,
    parse=parse,
    proves="Every Jira space, archived ones too, that the token's account may browse. It does not tell of others.",
)
