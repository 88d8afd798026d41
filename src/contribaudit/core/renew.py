"""Digests by the present canonical form, for states that another version of it wrote.

Both sides of a comparison must be made by the same code. What a digest is made of is kept with the history, so an older
one can be made anew; where it was not kept the two cannot be compared, and an anchor of it holds nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from contribaudit.core.canonical import VERSION, canonical_json, digest, stable
from contribaudit.core.model.attestation import Anchor, Attestation
from contribaudit.core.model.decoder import Decoder, Digests, Objects
from contribaudit.core.resolve.signals import SignalHistory, SignalKey

OTHER_FORM = "its digest was made by another version of the canonical form, and what it is made of was not kept"


def outdated(attestations: Iterable[Attestation]) -> bool:
    """Whether any anchor was made by another version than this one."""
    return any(anchor.canonical != VERSION for one in attestations for anchor in one.anchors)


def renewed(state: Digests, objects: Objects) -> Digests:
    """The state by the present form, as far as its objects were kept."""
    if state is None:
        return None
    return tuple(sorted(digest(canonical_json(stable(objects[one]))) if one in objects else one for one in state))


def renewed_history(history: SignalHistory, objects: Objects) -> SignalHistory:
    """The same for how signals stood from run to run."""
    return {key: tuple((since, renewed(state, objects)) for since, state in held) for key, held in history.items()}


def renewed_anchors(one: Attestation, objects: Objects) -> Attestation:
    """The attestation with anchors of the present form; those that cannot be made anew stay as they are."""
    return replace(one, anchors=tuple(_renewed(anchor, objects) for anchor in one.anchors))


def wanted_objects(
    decoders: Iterable[Decoder], attestations: Iterable[Attestation], history: SignalHistory
) -> dict[SignalKey, set[str]]:
    """By owner and signal: digests of the objects that decoders, and anchors of another form, need to look into."""
    said = list(attestations)
    signals = {one.signal for one in decoders}
    signals |= {anchor.signal for one in said for anchor in one.anchors if anchor.canonical != VERSION}
    held = known_digests(history, said) if signals else {}
    return {key: names for key, names in held.items() if key[1] in signals}


def known_digests(history: SignalHistory, attestations: Iterable[Attestation]) -> dict[SignalKey, set[str]]:
    """By owner and signal: every digest that a run or an anchor knows."""
    held: dict[SignalKey, set[str]] = defaultdict(set)
    for key, states in history.items():
        held[key].update(name for _, state in states for name in state or ())
    for one in attestations:
        for anchor in one.anchors:
            held[anchor.subject, anchor.signal].update(anchor.state or ())
    return held


def _renewed(anchor: Anchor, objects: Objects) -> Anchor:
    if anchor.canonical == VERSION or not all(name in objects for name in anchor.state or ()):
        return anchor
    return replace(anchor, state=renewed(anchor.state, objects), canonical=VERSION)
