"""What the lists of spaces of Jira and Confluence have in common: who sees what, and bytes without detours.

An audit of a large organization asks for hundreds of pages, so an entry is not built and dumped each time: one of its
kind was, with marks in the places of what is an entry's own, and the others are that text with the marks replaced. A
test holds the bytes to what `json.dumps` gives.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from json.encoder import encode_basestring
from operator import itemgetter
from typing import TypeAlias

from contribaudit.simulator.endpoint import Call
from contribaudit.simulator.values import Json, SiteToken, Space

EntryJson: TypeAlias = Callable[[Space, str, str], Json]
"""A space, its UUID, and the base of every address in it, as one entry of the API."""
Kind: TypeAlias = tuple[str, str, bool, datetime]
"""What spaces have in common that are rendered alike: type, status, private, created_at."""

_MARKS = ("<0>", "<1>", "<2>", "<3>", "<4>", "<5>")
_MARK = re.compile("<([0-5])>")


def sees(token: SiteToken, space: Space) -> bool:
    """Whether a space is listed for the account behind a token."""
    if token.sees == "everything" or space.owner == token.account:
        return True
    return not space.private and space.type != "personal"


def uuid_of(identifier: str) -> str:
    """The UUID that goes with the ID of a space. Made up."""
    return f"b0000000-0000-4000-8000-{identifier.zfill(12)}"


def time(moment: datetime) -> str:
    """A moment as both APIs write it."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000Z"


class Renderer:
    """Renders the entries of one API, each as `entry_json` has it."""

    def __init__(self, entry_json: EntryJson) -> None:
        self._entry_json = entry_json
        self._template = lru_cache(maxsize=4096)(self._make_template)

    def items(self, spaces: list[Space], base: str) -> list[Json]:
        """The entries as JSON objects, for a fault to change."""
        return [self._entry_json(space, uuid_of(space.id), base) for space in spaces]

    def body(self, spaces: list[Space], base: str, answer: Json, under: str) -> bytes:
        """The whole answer's bytes: `answer`, in which the list named `under` is still empty, with these spaces."""
        address, shown = _quoted(base), []
        # Asked once for the page: hardly any space has a name that JSON must escape.
        plain = _is_plain("".join([f"{space.id}{space.key}{space.name}{space.owner}" for space in spaces]))
        for _, number, key, name, kind, status, private, created_at, owner in spaces:
            template, own = self._template((kind, status, private, created_at))
            texts = (number, key, name, owner) if plain else (*map(_quoted, (number, key, name, owner)),)
            shown.append(template % own((*texts, uuid_of(number), address)))
        head, empty, tail = _compact(answer).partition(f'"{under}":[]')
        return f"{head}{empty[:-1]}{','.join(shown)}]{tail}".encode()

    def _make_template(self, kind: Kind) -> tuple[str, Callable[[tuple[str, ...]], tuple[str, ...]]]:
        """A text with %s for every mark, and what takes the values in that order."""
        kind_word, status, private, created_at = kind
        identifier, key, name, owner, uuid, base = _MARKS
        marked = Space("", identifier, key, name, kind_word, status, private, created_at, owner)
        text = _compact(self._entry_json(marked, uuid, base)).replace("%", "%%")
        return _MARK.sub("%s", text), itemgetter(*(int(mark[1]) for mark in _MARK.finditer(text)))


def _is_plain(text: str) -> bool:
    return text.isprintable() and '"' not in text and "\\" not in text


def _quoted(text: str) -> str:
    return encode_basestring(text)[1:-1]


def _compact(body: Json) -> str:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def base_of(call: Call, family: str) -> str:
    """The address of a site's API at the gateway."""
    return f"{call.options.link_host}/ex/{family}/{call.path_params['cloud_id']}"
