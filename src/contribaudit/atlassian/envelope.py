"""What a page holds besides its entries, in body and headers, and what among that shows an incomplete list.

Documented are `links` and `meta` with `next` and `total`, and the equivalents of Jira and Confluence. Other names for a
next page, an error next to the entries or a second total are not documented, and count as a sign that the list is
incomplete. Headers may repeat what the body says, as Confluence's `Link` does, but must not go beyond it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from contribaudit.atlassian.calls import Call, Paging
from contribaudit.core.model.canonical import letters
from contribaudit.errors import MoreThanRead, NoEnvelope

HINT = "The pages read so far are kept and the rest counts as unread. Try again; if it happens again, report it"
_HOLDERS = ("meta", "links", "_links")
_READ = {
    "meta": frozenset(("next", "total")),
    "links": frozenset(("next",)),
    "_links": frozenset(("next",)),
}
_NEXT_IN: Mapping[Paging, tuple[str, ...]] = {
    Paging.META_NEXT: ("meta", "links"),
    Paging.STREAM: ("meta", "links"),
    Paging.LINK_CURSOR: ("_links",),
    Paging.OFFSET: (),
    Paging.NONE: (),
}
"""Where `paging` looks for the next page of a call; in `links` for any other."""
_OFFSET = frozenset(("startAt", "isLast", "nextPage", "total"))
"""Documented keys for where a list continues, which `paging` reads."""
_LONGEST_NAME = 60
_FAILED = re.compile(r"^(errors?|warnings?|faults?|exceptions?|problems?|failures?)$")
_FURTHER = re.compile(r"next|more|cursor|continu")
_PART = re.compile(r"partial|truncat|incomplete|timedout|degraded|unavailable|failed|skipped|omitted|hidden|missing")
_STATUS = re.compile(r"^(status|state|result|outcome|completeness|message)$")
_NOT_WHOLE = re.compile(rf"{_PART.pattern}|error|couldnot")
"""Parts of the value of such a key that mean that something is missing."""
_WHOLE = re.compile(r"^(is)?(last|complete|whole|success|successful|ok)(page)?$")
_TOTAL = re.compile(r"^total(?!page)")
_PAGES = re.compile(r"^totalpage|^pagecount$")
_LISTS = re.compile(r"^(pagination|page|results?|items?|records?|list|wp)(?=total)")
"""The parts of a header's name before a total."""
_REL = re.compile(r';\s*rel\s*=\s*(?:"([^"]*)"|([^;,\s]+))', re.IGNORECASE)
_EMPTY = frozenset(("", "0", "false", "no", "none", "null"))
_RANGE = re.compile(r"\s*(\w+)\s+(?:(\d+)\s*-\s*(\d+)|\*)\s*/\s*(\d+)\s*")
_STALE = re.compile(r"\b11[0-3]\b|stale|partial|incomplete|truncat", re.IGNORECASE)
_OLD_COPY = re.compile(r"stale|updating|\bttl\s*=\s*-", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Answer:
    """The JSON object of an answer, and its headers."""

    document: dict[str, Any]
    headers: httpx.Headers = field(default_factory=httpx.Headers)


def why_incomplete(headers: httpx.Headers) -> str:
    """Why an answer is incomplete or out of date, by its headers; "" when nothing says so."""
    for name, value in headers.multi_items():
        if name == "content-range" and not _covers_all(value):
            return "a part of an answer (`Content-Range`)"
        if name == "warning" and _STALE.search(value):
            return "a copy that is out of date or incomplete (`Warning`)"
        if "cache" in name and not name.endswith("control") and _OLD_COPY.search(value):
            return "a copy that a cache calls out of date"
    return ""


def _covers_all(content_range: str) -> bool:
    match = _RANGE.fullmatch(content_range)
    if match is None:
        return False
    first, last, total = match[2], match[3], int(match[4])
    return total == 0 if first is None else int(first) == 0 and int(last) + 1 == total


def check_headers(call: Call, answer: Answer, *, goes_on: bool) -> None:
    """Raise MoreThanRead when a header says that something is missing, or names a next page that the body does not.

    `goes_on` says that the body names a next page.
    """
    for name, word, value in _of_headers(answer.headers):
        text = value.strip().casefold()
        if (_FAILED.search(word) or _PART.search(word)) and text not in _EMPTY:
            what = f"sent a header `{name}`, so some entries may be missing"
        elif _WHOLE.search(word) and text == "false" and not goes_on:
            what = f"sent a header `{name}` that announces more entries, but no next page"
        elif not goes_on and (_is_next_link(value) if word == "link" else _FURTHER.search(word) and text not in _EMPTY):
            what = f"sent a header `{name}` that names a next page, which the answer itself does not"
        else:
            continue
        raise MoreThanRead(f"{call.title} {what}", call=call.title, hint=HINT)


def _is_next_link(link: str) -> bool:
    return any("next" in (quoted or bare).casefold().split() for quoted, bare in _REL.findall(link))


def _of_headers(headers: httpx.Headers) -> Iterator[tuple[str, str, str]]:
    """Every header: its name, its letters in lower case without `x-`, and its value."""
    for name, value in headers.multi_items():
        if name != "warning":
            yield name[:_LONGEST_NAME], letters(name.removeprefix("x-")), value


def check_envelope(call: Call, document: dict[str, Any]) -> None:
    """Raise NoEnvelope for a page that lacks the keys that its endpoint always returns with the entries.

    Raises MoreThanRead for a page that says that something is missing from it.
    """
    for name in call.envelope:
        if not isinstance(document.get(name), dict):
            what = f"{call.title} returned a page without `{name}`, so there may be a next page"
            raise NoEnvelope(what, call=call.title, hint=HINT)
    named = [name for name in _HOLDERS if isinstance(document.get(name), dict) and document[name].get("next")]
    if named and not set(named) & set(_NEXT_IN.get(call.paging, ("links",))):
        what = f"returned `{named[0]}.next`, where it does not name its next page, so there may be one"
        raise MoreThanRead(f"{call.title} {what}", call=call.title, hint=HINT)
    for name, word, value in _unexpected_keys(call, document):
        if _FAILED.search(word) and value:
            what = f"returned `{name}` beside its entries, so some may be missing"
        elif ((_FURTHER.search(word) or word.startswith("remaining") or _PART.search(word)) and value) or (
            _WHOLE.search(word) and value is False
        ):
            what = f"returned `{name}`, which is not documented and may mean that there is more"
        elif _STATUS.search(word) and isinstance(value, str) and _NOT_WHOLE.search(letters(value)):
            what = f"returned `{name}` with a word that may mean that there is more"
        else:
            continue
        raise MoreThanRead(f"{call.title} {what}", call=call.title, hint=HINT)


def other_totals(call: Call, answer: Answer) -> Iterator[tuple[str, int]]:
    """The total numbers of entries under other names than `total`, each with its name."""
    yield from _counts(call, answer, _TOTAL)
    for name, word, text in _of_headers(answer.headers):
        if word == "contentrange" and (match := _RANGE.fullmatch(text)) and match[1].casefold() != "bytes":
            yield name, int(match[4])


def page_counts(call: Call, answer: Answer) -> Iterator[tuple[str, int]]:
    """The total numbers of pages, each with the name that the page gives it."""
    return _counts(call, answer, _PAGES)


def _counts(call: Call, answer: Answer, named: re.Pattern[str]) -> Iterator[tuple[str, int]]:
    """The whole numbers under names that match, in the body and in the headers."""
    for name, word, value in _unexpected_keys(call, answer.document):
        if named.search(word) and type(value) is int:
            yield name, value
    for name, word, text in _of_headers(answer.headers):
        if named.search(_LISTS.sub("", word)) and (number := _parsed_count(text)) is not None:
            yield name, number


def _parsed_count(text: str) -> int | None:
    match = re.fullmatch(r"\s*(\d{1,15})\s*\+?\s*", text, re.ASCII)
    return int(match[1]) if match else None


def _unexpected_keys(call: Call, document: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Every other key next to the entries, or in an object there: a printable name, its letters in lower case, a value.

    A `pageInfo` is nobody's documented object here, and yet it may say that there is another page.
    """
    read = {**_READ, "": _OFFSET if call.paging is Paging.OFFSET else frozenset()}
    beside = ((name, value) for name, value in document.items() if name != call.entries and isinstance(value, dict))
    for where, holder in (("", document), *beside):
        for key, value in holder.items():
            if key not in read.get(where, ()) and (where or key not in (call.entries, *_HOLDERS)):
                yield ".".join(_printable(one) for one in (where, key) if one), letters(key), value


def _printable(key: str) -> str:
    return key if key.isprintable() and len(key) <= _LONGEST_NAME else letters(key)[:_LONGEST_NAME]
