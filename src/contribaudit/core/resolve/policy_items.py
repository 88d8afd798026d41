"""AI policy items: how a decoder of the rulebook reads each app's item, and how far the reading counts.

A reading is our own, of an object whose meaning is not published. It counts in an organization while the gateway or
an anchored attestation agrees with it for an app whose item has the same reading, type and shape, and neither
contradicts it for any app. It then also answers for apps that the gateway does not cover. Where gateway and item
differ, a person who looks decides. An attestation contradicts the reading that its app's item had at the look,
whatever happened to the item or was attested since, until the attestation is revoked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from contribaudit.core.model import decoder as decoders
from contribaudit.core.model import names
from contribaudit.core.model.attestation import Attestation, unrevoked_by
from contribaudit.core.model.decoder import Decoder, Digests, Objects, decode
from contribaudit.core.model.observation import Grade, Observation, Observed, Unavailable
from contribaudit.core.model.phrases import grouped
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.core.resolve.ai_sources import (
    CALLED,
    WORDS,
    explained_by_family,
    gateway,
    is_shut,
    main_switch,
    nobody_alone,
    policy_item,
    recorded,
)
from contribaudit.core.resolve.aliases import called
from contribaudit.core.resolve.reasons import Reason, Stop, fact
from contribaudit.core.resolve.state import State

READ_DIRECTLY = frozenset((names.AI_POLICY_ITEM,))
"""Settings whose decoders need no attestation, since nobody can attest what no screen shows."""
CONFIRMED, UNCONFIRMED = "confirmed", "unconfirmed"
CONTRADICTED, BY_PERSON = "contradicted", "contradicted_by_person"
"""How far the readings of AI policy items count, by the gateway or an anchored attestation about any app."""
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
    """Yield the reading and the shape of each app's item, as of when it was read; nothing for apps without an item.

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
        shape = _shape_of(seen.value, objects)
        yield Observed(
            names.AI_POLICY_ITEM_SHAPE, app, shape, Grade.DOCUMENTED, seen.observed_at, seen.source, seen.response
        )


def _shape_of(state: Digests, objects: Objects) -> str:
    return "; ".join(sorted({_shape(objects[name]) for name in state or () if name in objects}))


def _shape(item: Any) -> str:
    """ "policies ai: enabled boolean, suspended text, type text"."""
    attributes = item.get("attributes") if isinstance(item, dict) else None
    if not isinstance(attributes, dict):
        return _type(item)
    fields = ", ".join(f"{name} {_type(value)}" for name, value in sorted(attributes.items()))
    return f"{item.get('type')} {attributes.get('type')}: {fields}"


def _type(value: Any) -> str:
    return "null" if value is None else _TYPES.get(type(value), type(value).__name__)


@dataclass(frozen=True, slots=True)
class Trust:
    """How far the readings of AI policy items count in one organization."""

    agreed: Mapping[tuple[bool, str], Reason]
    """By reading and shape: the reason that agrees, which names the app."""
    against: Reason | None
    """What contradicts a reading, so that none counts; None if nothing does."""
    by_person: bool
    """Whether a person decided against a reading."""
    shapes: Mapping[Subject, tuple[bool, str]]
    """Each app's reading (True for on), with the item's type and shape."""

    def counts(self, app: Subject) -> tuple[str, str]:
        """How far the reading of the app's item counts, and the sentence that says why; "" where nothing does."""
        if self.against is not None:
            return BY_PERSON if self.by_person else CONTRADICTED, self.against.sentence
        agreeing = self.agreed.get(self.shapes[app])
        return (CONFIRMED, agreeing.sentence) if agreeing is not None else (UNCONFIRMED, "")


def item_trust(state: State, organization: str, objects: Objects) -> Trust:
    """How far AI policy items count in the organization. Attested values must already be in the state.

    `objects` are those behind the digests of this run's signals and of the anchors, as far as they were kept.
    """
    agreed: dict[tuple[bool, str], Reason] = {}
    against: list[tuple[bool, Reason]] = []
    shapes: dict[Subject, tuple[bool, str]] = {}
    for app in state.subjects(Kind.APP, organization):
        item = policy_item(state, app)
        if item is None:
            continue
        shape = state.value(app, names.AI_POLICY_ITEM_SHAPE)
        shapes[app] = item[0], str(shape.value) if shape is not None else ""
        for is_open, by_person, link in _compared(state, app, item[0]):
            if is_open == item[0]:
                agreed.setdefault(shapes[app], link)
            else:
                against.append((by_person, link))
    against.extend(_contrary_looks(state, organization, shapes, objects))
    return Trust(
        agreed,
        next((link for _, link in against), None),
        any(by_person for by_person, _ in against),
        shapes,
    )


def item_standings(state: State, trust: Trust) -> Iterator[Observed]:
    """Yield how far the reading of each app's item counts, for `position`."""
    for app in trust.shapes:
        item = policy_item(state, app)
        assert item is not None
        word, why = trust.counts(app)
        source = f"{item[1].source}: {why}" if why else item[1].source
        yield replace(item[1], setting=names.AI_POLICY_ITEM_COUNTS, value=word, source=source)


def item_decoders(state: State, trusts: Mapping[str, Trust]) -> Iterator[decoders.Trust]:
    """Yield whether the decoder of policy items counts in each organization that has any."""
    decoder = item_decoder(state)
    for organization, trust in trusts.items():
        if decoder is not None and trust.shapes:
            contradicted = trust.against.sentence if trust.against is not None else ""
            yield decoders.Trust(organization, decoder, standing=_standing(trust), contradicted=contradicted)


def _standing(trust: Trust) -> str:
    if trust.against is not None:
        return f"set aside, {trust.against.sentence}"
    if not trust.agreed:
        return "does not count yet: neither the gateway nor an anchored attestation agrees with it"
    words = " and ".join(sorted({"on" if is_on else "off" for is_on, _ in trust.agreed}))
    return f"counts for {words}"


def _compared(state: State, app: Subject, item_on: bool) -> Iterator[tuple[bool, bool, Reason]]:
    """Yield what the gateway and an anchored attestation say: open or not, whether a person says so, and a link.

    A no that may be about one account confirms an item that is off, but does not contradict one that is on.
    """
    name = called(state, app)
    answer = gateway(state, app)
    if answer is not None and answer.yes is not None and not (not item_on and explained_by_family(state, app, answer)):
        limited = answer.yes is False and item_on and nobody_alone(state, app.organization) is None
        if not limited:
            yield answer.yes, False, replace(answer.link, sentence=f"for {name} {answer.link.sentence}")
    switch = main_switch(state.app(app))
    attested = recorded(state, app, switch)
    if not isinstance(attested, Stop) and attested[1].witness is not None and attested[1].witness.anchored:
        link = fact(f"{CALLED[switch]} of {name} is {attested[0]}", attested[1])
        yield not is_shut(attested[0]), True, link


def _contrary_looks(
    state: State, organization: str, shapes: Mapping[Subject, tuple[bool, str]], objects: Objects
) -> Iterator[tuple[bool, Reason]]:
    """Yield, for each unrevoked look that contradicts a present reading, whether a person decides, and a link.

    Such a look counts even when its value does not: because its item or another signal moved or was not read, because
    the signals do not determine the value, or because a later look superseded it. A person decides by a look in force
    at an item that still reads the same, unless people saw the app both open and shut with that reading.
    """
    unrevoked = unrevoked_by(state.organization(organization).attestations, state.as_of)
    present = frozenset(shapes.values())
    for (app, switch), looks in grouped(unrevoked, lambda one: (one.subject, one.setting)).items():
        if switch != main_switch(state.app(app)):
            continue
        for reading, with_reading in grouped(_with_readings(state, looks, objects), lambda one: one[0]).items():
            contrary = [(word, look) for _, word, look in with_reading if is_shut(word) is reading[0]]
            if not contrary or reading not in present:
                continue
            decides = len(contrary) == len(with_reading) and shapes.get(app) == reading
            newest = state.in_force(organization).get((app, switch), ()) if decides else ()
            for word, look in contrary:
                sentence = f"{CALLED[switch]} of {called(state, app)} was {word} when {look.by} attested it"
                sentence += f", while its AI policy item was {'on' if reading[0] else 'off'}"
                yield look in newest, fact(sentence, state.read(app, switch))


def _with_readings(
    state: State, looks: Sequence[Attestation], objects: Objects
) -> Iterator[tuple[tuple[bool, str], str, Attestation]]:
    """Yield the reading and the shape of the app's item at each look, the word that was seen, and the look.

    Looks without a binding anchor are left out, and so are those at which the item read as neither on nor off.
    """
    decoder = item_decoder(state)
    if decoder is None:
        return
    for look in looks:
        word = look.value.strip().casefold() if isinstance(look.value, str) else ""
        if not look.bound or word not in WORDS[look.setting]:
            continue
        for anchor in look.anchors:
            if (anchor.signal, anchor.subject) == (decoder.signal, look.subject):
                value, _ = decode(decoder, anchor.state, objects)
                if value in ("on", "off"):
                    yield (value == "on", _shape_of(anchor.state, objects)), word, look
