"""Persons in the history, and what stands for one whose name was erased."""

from __future__ import annotations

import re
from hashlib import sha256

_PSEUDONYM = re.compile(r"person-[0-9a-f]{6}")


def pseudonym(person: str) -> str:
    """What takes the place of a name: "person-" and six hex digits of its digest, the same for the same person.

    Whoever guesses a mail address can tell whether it may be the one: it is a pseudonym and not anonymous.
    """
    folded = person.strip().casefold()
    if _PSEUDONYM.fullmatch(folded):
        return folded
    return f"person-{sha256(folded.encode('utf-8', 'surrogatepass')).hexdigest()[:6]}"


def same_person(one: str, other: str) -> bool:
    """Whether both may be one person, by name without case or by what stands for an erased one."""
    first, second = one.strip().casefold(), other.strip().casefold()
    if _PSEUDONYM.fullmatch(first) or _PSEUDONYM.fullmatch(second):
        return pseudonym(first) == pseudonym(second)
    return first == second
