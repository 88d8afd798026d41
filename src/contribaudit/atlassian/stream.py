"""A stream that hands out a cursor with every page, the last included: for going on where the last reading ended.

https://developer.atlassian.com/cloud/admin/organization/poll-events-migration
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contribaudit.atlassian import paging, responses
from contribaudit.atlassian.calls import Call
from contribaudit.atlassian.transport import Sender
from contribaudit.core.model.redaction import SHOWN
from contribaudit.errors import UnexpectedAnswer


@dataclass(frozen=True, slots=True)
class StreamPage:
    """One page: raw JSON objects in the order of their processing."""

    items: tuple[dict[str, Any], ...]
    cursor: str
    """Where to go on after it; "" when the API gave none."""
    last: bool
    """True when there was no more to read: the page was empty, or gave no way on though it was not full."""


async def stream_pages(
    sender: Sender, call: Call, cursor: str, since: datetime | None, max_pages: int
) -> AsyncGenerator[StreamPage, None]:
    """Pages until one is empty, or `max_pages`. A short page is no end: a server may give fewer than it is asked for.

    Raises AdminApiError, also for a cursor that does not move on.
    """
    limit = int(dict(call.query)["limit"])
    request = _from(call, since) if not cursor else paging.cursor_with_query(call, cursor)
    for _ in range(max_pages):
        document = await sender.document(call, request)
        items = responses.entries(call, document, sender.quote)
        paging.check_envelope(call, document)
        following = paging.next_cursor(call, document) or ""
        if sender.redaction.reveals(following) or SHOWN in following:
            what = f"{call.title} gave the credential itself as the place to go on from, which is not kept"
            raise UnexpectedAnswer(what, call=call.title, hint="Check api_url and any proxy")
        last = not items or (not following and len(items) < limit)
        yield StreamPage(items, following or cursor, last)
        if last:
            return
        if following in ("", cursor):
            what = f"{call.title} gave entries and no way on"
            raise UnexpectedAnswer(what, call=call.title, hint="Try again; if it stays, the API has changed: report it")
        cursor = following
        request = paging.cursor_with_query(call, cursor)


def _from(call: Call, since: datetime | None) -> paging.Request:
    """The first page; times are milliseconds since 1970, written as text."""
    start = () if since is None else (("from", str(int(since.timestamp() * 1000))),)
    return paging.Request((*call.query, *start), None)
