"""What the AI policy item of each app reads as, by a decoder of the rulebook, and of which type and shape it is.

How far a reading counts, `rovo` says.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from contribaudit.core.model import names
from contribaudit.core.model.decoder import Decoder, Objects, decode
from contribaudit.core.model.observation import Grade, Observation, Observed, Unavailable
from contribaudit.core.model.subject import Kind
from contribaudit.core.resolve.state import State

READ_DIRECTLY = frozenset((names.AI_POLICY_ITEM,))
"""Settings that decoders read without waiting for an attestation of them: nobody can attest what no screen shows."""
_TYPES = {
    bool: "boolean",
    int: "number",
    float: "number",
    str: "text",
    list: "list",
    dict: "object",
    type(None): "null",
}


def item_decoder(state: State) -> Decoder | None:
    """The decoder of AI policy items; None where the rulebook has none."""
    return next((one for one in state.rulebook.decoders if one.setting == names.AI_POLICY_ITEM), None)


def item_readings(state: State, organization: str, objects: Objects) -> Iterator[Observation]:
    """The reading and the shape of each app's item, as of when it was read. Apps without an item have none.

    `objects` are those behind the digests of this run's signals.
    """
    decoder = item_decoder(state)
    if decoder is None:
        return
    source = f"{decoder.signal}, by the decoder {decoder.called}"
    for app in state.subjects(Kind.APP, organization):
        seen = state.value(app, decoder.signal)
        if seen is None or not isinstance(seen.value, tuple):
            continue
        value, why_not = decode(decoder, seen.value, objects)
        if why_not:
            yield Unavailable(names.AI_POLICY_ITEM, app, "unknown_word", why_not, seen.observed_at, source)
            continue
        yield Observed(names.AI_POLICY_ITEM, app, value, Grade.DECODED, seen.observed_at, source, seen.response)
        shape = "; ".join(sorted({_shape(objects[name]) for name in seen.value}))
        yield Observed(
            names.AI_POLICY_ITEM_SHAPE, app, shape, Grade.DOCUMENTED, seen.observed_at, seen.source, seen.response
        )


def _shape(found: Any) -> str:
    """ "policies ai: enabled boolean, suspended text, type text"."""
    attributes = found.get("attributes") if isinstance(found, dict) else None
    if not isinstance(attributes, dict):
        return _type(found)
    fields = ", ".join(f"{name} {_type(value)}" for name, value in sorted(attributes.items()))
    return f"{found.get('type')} {attributes.get('type')}: {fields}"


def _type(value: Any) -> str:
    return "null" if value is None else _TYPES.get(type(value), type(value).__name__)
