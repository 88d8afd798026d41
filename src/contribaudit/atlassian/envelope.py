"""What a page holds beside its entries: what each page must have, and what shows that the list is not complete.

Documented are `links` and `meta` with `next` and `total`, and Jira's and Confluence's own names for the same. Another
name for a next page, an error beside the entries or another total is not documented: whatever it means, it is no proof
of a whole list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from contribaudit.atlassian.calls import Call, Paging
from contribaudit.errors import MoreThanRead, NoEnvelope

HINT = "The pages read so far are kept and the rest counts as unread. Try again; if it happens again, report it"
_HOLDERS = ("meta", "links", "_links")
_READ = {
    "meta": frozenset(("next", "total")),
    "links": frozenset(("next",)),
    "_links": frozenset(("next",)),
}
_OFFSET = frozenset(("startAt", "isLast", "nextPage", "total"))
"""Keys that say where the list goes on, as far as they are documented: whoever turns pages reads them."""
_LONGEST_NAME = 60
_FAILED = re.compile(r"^(errors?|warnings?)$")
_GOES_ON = re.compile(r"next|more|cursor|continu|partial|truncat|incomplete|timedout")
_WHOLE = re.compile(r"^(is)?(last|complete|whole)(page)?$")
_TOTAL = re.compile(r"^total(?!page)")


def check_envelope(call: Call, document: dict[str, Any]) -> None:
    """Raises NoEnvelope for a page without what its endpoint always has beside the entries.

    Raises MoreThanRead for one that says that something is missing from it.
    """
    for name in call.envelope:
        if not isinstance(document.get(name), dict):
            what = f"{call.title} returned a page without `{name}`, so it is not known whether there is a next page"
            raise NoEnvelope(what, call=call.title, hint=HINT)
    for name, word, value in _beside(call, document):
        if _FAILED.search(word) and value:
            what = f"returned `{name}` beside its entries, so some may be missing"
        elif (_GOES_ON.search(word) and value) or (_WHOLE.search(word) and value is False):
            what = f"returned `{name}`, which is not documented and may mean that there is more"
        else:
            continue
        raise MoreThanRead(f"{call.title} {what}", call=call.title, hint=HINT)


def other_totals(call: Call, document: dict[str, Any]) -> Iterator[tuple[str, int]]:
    """Numbers of entries that the page tells under other names than `total`, each with its name."""
    for name, word, value in _beside(call, document):
        if _TOTAL.search(word) and type(value) is int:
            yield name, value


def _beside(call: Call, document: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Every key beside the entries that is not read elsewhere: fit to be shown, its letters without case, its value."""
    read = {**_READ, "": _OFFSET if call.paging is Paging.OFFSET else frozenset()}
    holders = [("", document), *((name, document[name]) for name in _HOLDERS if isinstance(document.get(name), dict))]
    for where, holder in holders:
        for key, value in holder.items():
            if key not in read[where] and (where or key not in (call.entries, *_HOLDERS)):
                word = re.sub(r"[\W_]+", "", key).casefold()
                name = key if key.isprintable() and len(key) <= _LONGEST_NAME else word[:_LONGEST_NAME]
                yield (f"{where}.{name}" if where else name), word, value
