"""Confluence's spaces, personal and archived ones too.

`GET /wiki/api/v2/spaces`, scope `read:space:confluence`, with a person's or service account's token. It lists what that
account may view, and does not say how many those are.
https://developer.atlassian.com/cloud/confluence/rest/v2/api-group-space/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contribaudit.atlassian.calls import LIST_SPACES
from contribaudit.collectors.space_entry import SpaceEntry, SpaceSource, identity, texts
from contribaudit.core.model.times import parse_utc


def parse(entry: Mapping[str, Any]) -> SpaceEntry:
    """A space, with the time when it was created where the entry tells it."""
    found, missing = texts(entry, ("key", "name", "type", "status"))
    return SpaceEntry(identity(entry), **found, created_at=parse_utc(entry.get("createdAt")), missing=missing)


SPACES_CONFLUENCE = SpaceSource(
    name="spaces_confluence",
    apps="confluence",
    call=LIST_SPACES,
    ari="ari:cloud:confluence:{site}:space/{id}",
    announces=False,
    parse=parse,
    proves="Every Confluence space, personal and archived ones too, that the token's account may view. Not how many"
    " others there are.",
)
