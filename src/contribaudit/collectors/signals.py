"""Raw objects of one owner as a signal: the digests of their canonical forms, when they were written, whether in force.

Fields that change without meaning are left out of the digest, on the object and in its `attributes`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from contribaudit.catalogue.signals import revision, settled
from contribaudit.collectors.interface import Reading
from contribaudit.core.canonical import canonical_json, digest
from contribaudit.core.observation import Observation
from contribaudit.core.setting import Setting
from contribaudit.core.signal import UNSETTLED_WORDS, newest
from contribaudit.core.subject import Subject

_VOLATILE = frozenset(("updatedAt", "links"))


def signal(
    reading: Reading, setting: Setting, owner: Subject, objects: Sequence[Any], response: str
) -> Iterator[Observation]:
    """The signal of these objects; beside it its revision and that it is not settled, where that is so."""
    updates: list[str] = []
    states = [digest(canonical_json(_stable(one, updates) if type(one) is dict else one)) for one in objects]
    yield reading.observed(setting, owner, tuple(sorted(states)), response)
    if updates:
        yield reading.observed(revision(setting), owner, newest(updates), response)
    for one in objects:
        if _being_applied(one):
            yield reading.observed(settled(setting), owner, False, response)
            break


def _stable(found: Mapping[str, Any], updates: list[str]) -> Mapping[str, Any]:
    """The object without its volatile fields; its `updatedAt`, and that of its attributes, are put into `updates`."""
    attributes = found.get("attributes")
    if isinstance(attributes, dict) and not _VOLATILE.isdisjoint(attributes):
        found = {**found, "attributes": _stable(attributes, updates)}
    if _VOLATILE.isdisjoint(found):
        return found
    if found.get("updatedAt"):
        updates.append(str(found["updatedAt"]))
    return {key: value for key, value in found.items() if key not in _VOLATILE}


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
