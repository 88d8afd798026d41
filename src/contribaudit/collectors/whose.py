"""Whose an entry is: what it names as its organization, under whichever key.

Only an app's `owner` is documented, as text or null; elsewhere it is the organization's ARI. Whatever else an entry
names is no proof that it is ours, and may show that it is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from contribaudit.atlassian.paging import one_spelling
from contribaudit.core.model import names

_OWNER = re.compile(r"^owner(id|ari)?$")
_ORGANIZATION_KEY = re.compile(r"^(owner|owning|parent|tenant)?org(ani[sz]ation)?s?(id|ari|uuid)?$")
_SELF = re.compile(r"/orgs/([^/?#]+)")
_IN_TEXT = re.compile(r"(?:\borg(?:anization)?s?[:/]+|/o/)([^:/?#\s]+)(?=[/?#]|$)", re.IGNORECASE)
_BARE = re.compile(r"[^:/?#\s]+")
_LONG_ID = re.compile(r"[0-9a-z]{8}(-[0-9a-z]{4}){3}-[0-9a-z]{12}", re.IGNORECASE)
_LONGEST_SHOWN = 60
_LINK = "links.self"


def not_ours(organization: str, entry: Mapping[str, Any], *, owner_is_organization: bool) -> tuple[str, str] | None:
    """Code and reason why the entry may not be one of this organization's; None where nothing says so.

    `owner_is_organization` says that any word as the entry's owner is an organization, as it is of an app. Whose ID the
    owner of another entry is (a person's, a site's) is not documented: only what has an organization's form is taken
    for one.
    """
    for key, value in _telling(entry):
        folded = _folded(key)
        owner = _OWNER.match(folded) is not None
        strict = owner and owner_is_organization
        for text in (value if isinstance(value, str) else None,) if strict else _texts(value):
            if text is None:
                return "wrong_type", f"the `{key}` of an entry is not a text, so whose it is is not known"
            word = text.strip()
            found = (_SELF if key == _LINK else _IN_TEXT).search(word)
            if found is not None:
                named = found.group(1)
            elif strict or (not owner and folded.endswith(("id", "ari"))):
                named = word if _BARE.fullmatch(word) else ""
            elif not owner and _LONG_ID.fullmatch(word):
                named = word
            else:
                continue
            if named and one_spelling(named) != one_spelling(organization):
                what = f"an entry's `{key}` names another organization, {named[:_LONGEST_SHOWN]!r}"
                return names.OTHER_ORGANIZATION, what
    return None


def _telling(entry: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    holders = [entry, *(entry[name] for name in ("attributes", "relationships") if isinstance(entry.get(name), dict))]
    for holder in holders:
        for key, value in holder.items():
            if value is not None and (_OWNER.match(_folded(key)) or _ORGANIZATION_KEY.match(_folded(key))):
                yield key, value
    links = entry.get("links")
    if isinstance(links, dict) and isinstance(links.get("self"), str):
        yield _LINK, links["self"]


def _folded(key: str) -> str:
    return re.sub(r"[\W_]+", "", key).casefold()


def _texts(value: Any) -> Iterator[str | None]:
    """The texts that name somebody: the value, or the `id` of an object or of each in a list; None for what is none."""
    if isinstance(value, list):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, dict):
        held = value.get("data", value)
        found = held.get("id") if isinstance(held, dict) else None
        yield found if isinstance(found, str) else None
    else:
        yield value if isinstance(value, str) else None
