"""Where the next page is: one function for each way of Atlassian's APIs.

Documented at https://developer.atlassian.com/cloud/admin/organization/rest/ ; bare tokens and URLs have both been seen.
Only the cursor of a URL is used.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote, urlsplit

from contribaudit.atlassian.calls import Call, Paging
from contribaudit.atlassian.envelope import HINT, Answer, check_envelope, check_headers, other_totals, page_counts
from contribaudit.core.model.phrases import counted
from contribaudit.errors import (
    CountMismatch,
    ListNotWhole,
    NoTotal,
    RepeatedEntries,
    TotalChanged,
    UnexpectedAnswer,
)

MAX_PAGES = 10_000
START_AT = "startAt"
LONGEST_CURSOR = 8_192
"""In characters; a cursor is part of an address, and no server accepts a longer one."""
MOST_ANNOUNCED = 2**53
"""Largest believable number of entries in a list; a larger one is ignored."""


@dataclass(frozen=True, slots=True)
class Request:
    """The parameters that request a page; `body` is None when nothing is posted.

    `where` fills the rest of the call's path, without `{orgId}`: ("groupId", "8c1f...") for `{groupId}`.
    """

    query: tuple[tuple[str, str], ...]
    body: Mapping[str, str | int | tuple[str, ...] | Mapping[str, str]] | None
    where: tuple[tuple[str, str], ...] = ()


def first_request(call: Call) -> Request:
    """The request for the first page."""
    return Request(call.query, dict(call.body) if call.method == "POST" else None)


def cursor_with_query(call: Call, cursor: str) -> Request:
    """The request for the page at a cursor, when the call's parameters are sent again with it."""
    return Request((*call.query, ("cursor", cursor)), None)


_NEXT: dict[Paging, Callable[[Call, str], Request]] = {
    Paging.CURSOR_ALONE_IN_BODY: lambda _, cursor: Request((), {"cursor": cursor}),
    Paging.CURSOR_WITH_BODY: lambda call, cursor: Request((), {**dict(call.body), "cursor": cursor}),
    Paging.CURSOR_REPLACES_QUERY: lambda _, cursor: Request((("cursor", cursor),), None),
    Paging.OFFSET: lambda call, offset: Request((*call.query, (START_AT, offset)), None),
}
"""The request for the next page, for calls that do not use `cursor_with_query`."""


def next_cursor(call: Call, document: dict[str, Any]) -> str | None:
    """The cursor of the page after `document`, None at the end (`next` null, empty or absent).

    Raises UnexpectedAnswer for a next page that cannot be requested, since that must not pass for the end.
    """
    if call.paging is Paging.NONE:
        return None
    link = _link_at(call, document, "meta") if call.paging in (Paging.META_NEXT, Paging.STREAM) else None
    link = link or _link_at(call, document, "_links" if call.paging is Paging.LINK_CURSOR else "links")
    cursor = _token(call, link) if link else None
    if cursor is not None and not is_cursor(cursor):
        raise _broken_list(call, f"returned a cursor of {len(cursor)} characters that cannot be sent back")
    return cursor


def is_cursor(text: str) -> bool:
    """Whether the text can be sent as a cursor: printable, and no longer than an address may be."""
    return 0 < len(text) <= LONGEST_CURSOR and text.isprintable()


def next_offset(call: Call, document: dict[str, Any], asked: Request) -> str | None:
    """The number of entries before the page after `document`, None at the end.

    Raises UnexpectedAnswer for a different page than requested, and when the end is not given or never comes.
    """
    start, last, total = (document.get(name) for name in ("startAt", "isLast", "total"))
    if start != int(dict(asked.query).get(START_AT, "0")):
        raise _broken_list(call, "returned a different page than the one requested")
    items = document.get(call.entries)
    after = start + (len(items) if isinstance(items, list) else 0)
    if type(last) is not bool:
        if type(total) is not int:
            raise _broken_list(call, "does not say whether there is a next page")
        last = after >= total
    if last:
        return None
    if after == start:
        raise _broken_list(call, "has an empty page before its last one")
    return str(after)


def one_spelling(identity: str) -> str:
    """The ID in a normalized spelling, without differences in case or surrounding spaces."""
    return unicodedata.normalize("NFKC", identity).strip().casefold()


def _total(document: dict[str, Any]) -> Any:
    holder = document.get("meta", document)  # Jira's `total` is at the top level
    return holder.get("total") if isinstance(holder, dict) else None


def _beyond_entries(document: dict[str, Any], number: int) -> str:
    """A clause for a page whose indexes cover more entries than it has; "" for any other.

    Whether the last index is that of the last entry or the one after it is not published.
    """
    holder = document.get("meta")
    first, last = (
        (holder.get(name) for name in ("startIndex", "endIndex")) if isinstance(holder, dict) else (None, None)
    )
    if type(first) is not int or type(last) is not int or last - first <= number:
        return ""
    return f"returned {counted(number, 'entry', 'entries')} for the places {first} to {last}"


def _unit_of(call: Call, item: dict[str, Any]) -> tuple[str, ...]:
    attributes = item.get("attributes")
    # An entry without readable attributes is no unit of its own: it would stand in for an app that never came.
    values = attributes if isinstance(attributes, dict) else {}
    return tuple(str(values.get(name)) for name in call.apart)


def _count_words(total: int | None) -> str:
    return "no number of" if total is None else str(total)


def announced(document: dict[str, Any]) -> int | None:
    """The total number of entries that the API announces, None when it does not."""
    total = _total(document)
    # type() rather than isinstance(): True is an int.
    return total if type(total) is int and 0 <= total <= MOST_ANNOUNCED else None


@dataclass(slots=True)
class Chain:
    """One walk from the first page to the last, which detects loops and never-ending lists."""

    call: Call
    max_pages: int = MAX_PAGES
    where: tuple[tuple[str, str], ...] = ()
    _seen: set[str] = field(default_factory=set)
    _ids: set[str] = field(default_factory=set)
    _rows: set[tuple[str, ...]] = field(default_factory=set)
    _read: int = 0
    _announced: int | None = None
    _others: set[tuple[str, int]] = field(default_factory=set)
    _page_counts: set[tuple[str, int]] = field(default_factory=set)
    _pages: int = 0
    _doubt: tuple[type[ListNotWhole], str] | None = None

    def first(self) -> Request:
        """The request for the first page."""
        return replace(first_request(self.call), where=self.where)

    def count(self, answer: Answer, items: Sequence[dict[str, Any]]) -> int | None:
        """Count the page's entries, and return the total that it announces; see `announced`."""
        document = answer.document
        total = announced(document)
        self._pages += 1
        if total is None and _total(document) is not None:
            self._doubt = self._doubt or (NoTotal, "returned a total that is not a number")
        elif self._pages > 1 and total != self._announced:
            what = f"first announced {_count_words(self._announced)} entries and then {_count_words(total)}"
            self._doubt = self._doubt or (TotalChanged, what)
        beyond = _beyond_entries(document, len(items))
        if beyond:
            self._doubt = self._doubt or (CountMismatch, beyond)
        self._announced = total
        self._others.update(other_totals(self.call, answer))
        self._page_counts.update(page_counts(self.call, answer))
        for item in items if self.call.identity else ():
            identity = item.get(self.call.identity)
            self._read += 1
            # The reader reports an entry without an ID; it repeats no other entry.
            key = one_spelling(identity) if isinstance(identity, str) and identity else f" {self._read}"
            self._ids.add(key)
            if self.call.apart:
                self._rows.add((key, *_unit_of(self.call, item)))
        return total

    def doubt(self) -> ListNotWhole | None:
        """Why a list that was read to its end is incomplete by its own numbers; None when nothing says so.

        A repeated entry may stand in place of one that never came, so only distinct entries count.
        """
        if self._doubt is None and self.call.identity:
            distinct = len(self._ids)
            rows = len(self._rows) if self.call.apart else distinct
            if self._announced is not None and self._announced not in (distinct, rows):
                what = f"announced {self._announced} entries and returned {distinct} different ones"
                self._doubt = (CountMismatch, what)
            elif self._announced is None and self._read > distinct:
                self._doubt = (RepeatedEntries, "repeated entries, and did not say how many there are")
            for name, number in sorted(self._others):
                if self._doubt is None and number not in (distinct, rows):
                    self._doubt = (
                        CountMismatch,
                        f"says {number} in `{name}` and returned {distinct} different entries",
                    )
        for name, number in sorted(self._page_counts):
            if self._doubt is None and number > self._pages:
                self._doubt = (CountMismatch, f"says {number} in `{name}` and returned {self._pages} pages")
        if self._doubt is None:
            return None
        kind, what = self._doubt
        return kind(f"{self.call.title} {what}", call=self.call.title, hint=HINT)

    def after(self, answer: Answer, asked: Request) -> Request | None:
        """The request for the page after `answer`, which `asked` got; None at the end. Raises UnexpectedAnswer."""
        document = answer.document
        check_envelope(self.call, document)
        if self.call.paging is Paging.OFFSET:
            cursor = next_offset(self.call, document, asked)
        else:
            cursor = next_cursor(self.call, document)
        check_headers(self.call, answer, goes_on=cursor is not None)
        if cursor is None:
            return None
        if cursor in self._seen:
            raise _broken_list(self.call, "named a next page that was read before (repeated cursor)")
        self._seen.add(cursor)
        if len(self._seen) >= self.max_pages:
            raise _broken_list(self.call, f"has more than {self.max_pages} pages")
        return replace(_NEXT.get(self.call.paging, cursor_with_query)(self.call, cursor), where=self.where)


def _link_at(call: Call, document: dict[str, Any], name: str) -> str | None:
    holder = document.get(name)
    if holder is None:
        return None
    link = holder.get("next") if isinstance(holder, dict) else holder
    if link is None or (isinstance(link, str) and isinstance(holder, dict)):
        return link
    raise _broken_list(call, f"has a {name}.next that is not text")


def _token(call: Call, link: str) -> str:
    # No base64 alphabet has "?" or ":", but a token may begin with "/".
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
    raise _broken_list(call, "has a next link without a cursor")


def _broken_list(call: Call, what: str) -> UnexpectedAnswer:
    return UnexpectedAnswer(f"{call.title} {what}", call=call.title, hint=HINT)
