"""Where the next page is: one function per habit of Atlassian's admin APIs.

Documented at https://developer.atlassian.com/cloud/admin/organization/rest/ ; bare tokens and URLs are both seen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from contribaudit.atlassian.calls import Call, Paging
from contribaudit.errors import UnexpectedAnswer

MAX_PAGES = 10_000


@dataclass(frozen=True, slots=True)
class Request:
    """What a page is asked for with; `body` is None where nothing is posted."""

    query: tuple[tuple[str, str], ...]
    body: dict[str, str | int] | None


def first_request(call: Call) -> Request:
    return Request(call.query, dict(call.body) if call.method == "POST" else None)


def cursor_alone_in_body(_call: Call, cursor: str) -> Request:
    return Request((), {"cursor": cursor})


def cursor_replaces_query(_call: Call, cursor: str) -> Request:
    return Request((("cursor", cursor),), None)


def cursor_with_query(call: Call, cursor: str) -> Request:
    return Request((*call.query, ("cursor", cursor)), None)


_NEXT: dict[Paging, Callable[[Call, str], Request]] = {
    Paging.CURSOR_ALONE_IN_BODY: cursor_alone_in_body,
    Paging.CURSOR_REPLACES_QUERY: cursor_replaces_query,
    Paging.CURSOR_WITH_QUERY: cursor_with_query,
    Paging.META_NEXT: cursor_with_query,
}


def next_cursor(call: Call, document: dict[str, Any]) -> str | None:
    """The cursor of the page after `document`, None at the end (`next` null, empty or absent).

    Raises UnexpectedAnswer where there is a next page that cannot be asked for: that must not pass for the end.
    """
    if call.paging is Paging.NONE:
        return None
    link = _member(call, document, "meta") if call.paging is Paging.META_NEXT else None
    link = link or _member(call, document, "links")
    return _token(call, link) if link else None


def announced(document: dict[str, Any]) -> int | None:
    """How many entries the API says there are in all pages, None where it does not tell."""
    meta = document.get("meta")
    total = meta.get("total") if isinstance(meta, dict) else None
    # type() rather than isinstance(): True is an int.
    return total if type(total) is int and total >= 0 else None


@dataclass(slots=True)
class Chain:
    """One walk from the first page to the last, which neither turns in circles nor goes on for ever."""

    call: Call
    max_pages: int = MAX_PAGES
    _seen: set[str] = field(default_factory=set)

    def after(self, document: dict[str, Any]) -> Request | None:
        """The request for the next page, None at the end. Raises UnexpectedAnswer."""
        cursor = next_cursor(self.call, document)
        if cursor is None:
            return None
        if cursor in self._seen:
            raise _broken(self.call, "named a next page that was read before (repeated cursor)")
        self._seen.add(cursor)
        if len(self._seen) >= self.max_pages:
            raise _broken(self.call, f"goes on after {self.max_pages} pages")
        return _NEXT[self.call.paging](self.call, cursor)


def _member(call: Call, document: dict[str, Any], name: str) -> str | None:
    holder = document.get(name)
    if holder is None:
        return None
    link = holder.get("next") if isinstance(holder, dict) else holder
    if link is None or (isinstance(link, str) and isinstance(holder, dict)):
        return link
    raise _broken(call, f"has a {name}.next that is not text")


def _token(call: Call, link: str) -> str:
    # No base64 alphabet has "?" or ":", but "/" may begin a token.
    if "?" not in link and "://" not in link and not link.startswith("/admin/"):
        return link
    try:
        query = urlsplit(link).query
    except ValueError:
        query = ""
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        # unquote, not unquote_plus: "+" belongs to base64, a space does not.
        if name == "cursor" and value:
            return unquote(value)
    raise _broken(call, "has a next link without a cursor")


def _broken(call: Call, what: str) -> UnexpectedAnswer:
    hint = "The pages read so far are kept and the rest counts as unread. Try again; if it stays, report it"
    return UnexpectedAnswer(f"{call.title} {what}", call=call.title, hint=hint)
