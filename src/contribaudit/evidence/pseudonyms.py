"""How people appear in evidence: by name, by a stand-in that is stable within one folder, or not at all."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from enum import StrEnum
from hashlib import blake2b
from typing import Any

OMITTED = "[person]"
_SHORTEST_PART = 2
_LOCAL = r"[\w.!#$%&'*+/=?^`{|}~-]"
_MAIL = rf"(?<!{_LOCAL}){_LOCAL}+@[\w-]+(?:\.[\w-]+)+"
_ACCOUNT = r"(?<!\w)(?:\d{4,7}:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{24}|qm:[0-9a-f-]+:[\w-]+)(?!\w)"
"""IDs of Atlassian accounts, in the three spellings that were seen."""


class NameHandling(StrEnum):
    """The three ways."""

    NAMED = "named"
    PSEUDONYM = "pseudonym"
    OMIT = "omit"


def mails_in(text: str) -> set[str]:
    """Every mail address in a text."""
    return set(re.findall(_MAIL, text))


def parts_of(name: str) -> set[str]:
    """What of a name or mail address people would write alone: "ann.looker" and "looker" of ann.looker@acme.example."""
    local, at, _host = name.partition("@")
    words = {word for word in re.split(r"[\W_\d]+", local) if len(word) > _SHORTEST_PART}
    if any(character.isdigit() for character in local) and not at:
        return set()  # an account's ID, or a machine's name: its pieces are no names
    return words | ({local} if at else set())


class Pseudonymizer:
    """Replaces people in texts. The key of the stand-ins is made anew for each folder and kept nowhere."""

    def __init__(self, people: NameHandling, known: Iterable[str] = (), vocabulary: Iterable[str] = ()) -> None:
        """`known` are names, mail addresses and account IDs, whether or not they stand in texts as they are.

        Their parts go too, where they stand alone: the local part of an address and its pieces, each word of a name.
        A part that is a word of the `vocabulary`, without case, stays: it would be found in every text.
        """
        self.people = people
        self._key = secrets.token_bytes(32)
        whole, words = set(known), {word.casefold() for word in vocabulary}
        parts = {part for one in whole for part in parts_of(one) if part.casefold() not in words}
        # Of one or two letters a name would be found in every text; whole cells are replaced all the same.
        wanted = sorted({one for one in whole | parts if len(one) > 2}, key=lambda one: (-len(one), one))
        names = [rf"(?<!\w){re.escape(one)}(?!\w)" for one in wanted]
        self._pattern = re.compile("|".join([*names, _MAIL, _ACCOUNT]), re.IGNORECASE)

    @property
    def named(self) -> bool:
        """True when everybody stays who they are."""
        return self.people is NameHandling.NAMED

    def text(self, text: str) -> str:
        """The text with nobody's name in it, unless people are named."""
        return text if self.named else self._pattern.sub(lambda match: self._stand_in(match.group()), text)

    def person(self, name: str) -> str:
        """What stands for a text that is nothing but a person, an account or a machine; "" stays."""
        return name if self.named or not name.strip() else self._stand_in(name)

    def document(self, value: Any) -> Any:
        """The same as `text` for every text of a JSON document, the keys left as they are."""
        if self.named:
            return value
        if isinstance(value, dict):
            return {key: self.document(one) for key, one in value.items()}
        if isinstance(value, list):
            return [self.document(one) for one in value]
        return self.text(value) if isinstance(value, str) else value

    def _stand_in(self, name: str) -> str:
        if self.people is NameHandling.OMIT:
            return OMITTED
        folded = name.strip().casefold().encode("utf-8", "surrogatepass")
        return f"person-{blake2b(folded, key=self._key, digest_size=6).hexdigest()}"
