"""What holds an attestation in place: signals that were the same before and after a look, or why nothing does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from contribaudit.core.model.attestation import Anchor
from contribaudit.core.model.setting import Family
from contribaudit.core.model.subject import Subject
from contribaudit.core.model.times import parse_utc
from contribaudit.core.resolve.signals import SignalReading, Standing, readings
from contribaudit.core.resolve.state import State


@dataclass(frozen=True, slots=True)
class Held:
    """The API before and after a look."""

    before: State | None
    """None when nothing was read before it; `why_not` then says why."""
    after: State | None
    past: bool = False
    """True when the look was earlier than this command: `before` is then the last complete run before the look."""
    why_not: str = ""


def anchors(held: Held, subject: Subject, family: Family, looked_at: datetime) -> tuple[tuple[Anchor, ...], str]:
    """Every signal of the subject and family, with ""; or none, and why nothing anchors it.

    One signal that moved, or that could not be read, is enough that nothing binds: it may be the one that matters.
    """
    if held.before is None or held.after is None:
        return (), held.why_not or "the API was not read before and after the look"
    earlier = readings(held.before, subject, family)
    later = {(one.signal, one.owner): one for one in readings(held.after, subject, family)}
    if not earlier:
        return (), f"no signal of the API is known for {family.replace('_', ' ')}"
    for one in earlier:
        reason = _loose(one, later.get((one.signal, one.owner)), looked_at, past=held.past)
        if reason:
            return (), reason
    found = [later[one.signal, one.owner] for one in earlier]
    return tuple(Anchor(one.signal, one.owner, one.state, one.revision) for one in found), ""


def described(found: Iterable[Anchor]) -> str:
    """The anchors in a few words."""
    return ", ".join(
        f"{anchor.signal} of the {anchor.subject.kind}{' (absent)' if anchor.state is None else ''}" for anchor in found
    )


def _loose(before: SignalReading, after: SignalReading | None, looked_at: datetime, *, past: bool) -> str:
    """Why this signal does not bind; "" when it does."""
    name = f"{before.signal} of the {before.owner.kind}"
    for one in (before, after):
        if one is None or one.standing is Standing.UNREAD:
            return f"{name} could not be read{f': {one.reason}' if one is not None and one.reason else ''}"
        if not one.settled:
            return f"a change of {name} is still being applied"
    assert after is not None
    if before.standing is not after.standing or before.state != after.state:
        return f"{name} moved between the reading before the look and the one after it"
    if before.revision != after.revision and not (past and _not_after(after.revision, looked_at)):
        return f"{name} was updated between the reading before the look and the one after it"
    return ""


def _not_after(revision: str, looked_at: datetime) -> bool:
    """True when the revision is surely no later than the look."""
    found = parse_utc(revision)
    return found is not None and found <= looked_at
