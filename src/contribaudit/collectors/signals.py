"""Raw objects of one owner as a signal: the digests of their canonical forms, when they were written, whether in force.

Fields that change without meaning are left out of the digest, on the object and in its `attributes`. What the digest
is made of is kept under it: whoever has the state of a signal can look up what it consists of.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from contribaudit.catalogue.signals import revision, settled
from contribaudit.collectors.interface import Reading
from contribaudit.core.canonical import stable
from contribaudit.core.model.observation import Observation
from contribaudit.core.model.setting import Setting
from contribaudit.core.model.subject import Subject
from contribaudit.core.resolve.signals import UNSETTLED_WORDS, newest


def signal(
    reading: Reading, setting: Setting, owner: Subject, objects: Sequence[Any], response: str
) -> Iterator[Observation]:
    """The signal of these objects; beside it its revision and that it is not settled, where that is so."""
    updates: list[str] = []
    states = [reading.keep(stable(one, updates)) for one in objects]
    yield reading.observed(setting, owner, tuple(sorted(states)), response)
    if updates:
        yield reading.observed(revision(setting), owner, newest(updates), response)
    for one in objects:
        if _being_applied(one):
            yield reading.observed(settled(setting), owner, False, response)
            break


def _being_applied(found: Any) -> bool:
    """True for a resource with a change under way, and for a policy that keeps such a one among its own.

    The resource of an app unsettles the signal of that app alone; one without an ID belongs to its policy, and so
    unsettles the organization's.
    """
    if type(found) is not dict:
        return False
    status = found.get("applicationStatus")
    if status is not None:
        return isinstance(status, str) and status.casefold() in UNSETTLED_WORDS
    attributes = found.get("attributes")
    own = attributes.get("resources") if type(attributes) is dict else None
    return isinstance(own, list) and any(map(_being_applied, own))
