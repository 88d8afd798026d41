"""The subject that a value is about, and the pseudonym of a person whose name was erased."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from unicodedata import normalize


class Kind(StrEnum):
    """The kinds of subject, widest first. `company` spans the organizations named in the configuration."""

    COMPANY = "company"
    ORGANIZATION = "organization"
    SITE = "site"
    APP = "app"
    SPACE = "space"
    CONNECTOR = "connector"
    GROUP = "group"
    USER = "user"


@dataclass(frozen=True, slots=True, order=True)
class Subject:
    """One thing that has settings. Its identity is `id`; names are aliases, and are kept in observations.

    `organization` is the organization's ID, "" for the company. `id` is an ARI (apps, spaces), a cloud ID or host
    (sites), or the ID that the API gives.
    """

    organization: str
    kind: Kind
    id: str

    def __hash__(self) -> int:
        # Subjects are keys of nearly every mapping in a run, and few that share an ID differ in the rest.
        return hash(self.id)


COMPANY = Subject("", Kind.COMPANY, "company")


@lru_cache(maxsize=1024)
def organization_subject(organization: str) -> Subject:
    """The organization itself as a subject."""
    return Subject(organization, Kind.ORGANIZATION, organization)


_PSEUDONYM = re.compile(r"person-[0-9a-f]{6}")


def pseudonym(person: str) -> str:
    """The pseudonym of a person: "person-" and six hex digits of the name's digest, always the same for one person.

    It does not make anybody anonymous: whoever guesses the email address can check whether it matches.
    """
    folded = folded_name(person)
    if _PSEUDONYM.fullmatch(folded):
        return folded
    return f"person-{sha256(folded.encode('utf-8', 'surrogatepass')).hexdigest()[:6]}"


def folded_name(person: str) -> str:
    """The name without case, width, hidden characters and surrounding blanks: equal for spellings of one name."""
    seen = "".join(sign for sign in normalize("NFKC", person) if sign.isprintable())
    return seen.strip().casefold()


_LOOKS_LIKE = str.maketrans(
    "аеорсухіѕјһԁԛԝӏкαονρικυıɡɑ",  # Cyrillic, Greek and IPA
    "aeopcyxisjhdqwlkaovpikuiga",
)
"""Letters that nobody can tell from a Latin one in an address."""
_ADDRESS = re.compile(r"[^\s<>()\[\]:;,\"']+@[^\s<>()\[\]:;,\"']+")


def same_person(one: str, other: str) -> bool:
    """Whether both names may mean one person; case, width and look-alike letters are ignored, and a pseudonym matches.

    In a name with an email address only the address counts, so "Ann <ann@acme.example>" is "mailto:ann@acme.example".
    """
    first, second = _called(one), _called(other)
    if any(_PSEUDONYM.fullmatch(name) for name in first | second):
        return not {pseudonym(name) for name in first}.isdisjoint(pseudonym(name) for name in second)
    return not first.isdisjoint(second)


def _called(person: str) -> set[str]:
    folded = folded_name(person)
    names = _ADDRESS.findall(folded) or [folded]
    return {*names, *(name.translate(_LOOKS_LIKE) for name in names)}
