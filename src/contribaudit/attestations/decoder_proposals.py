"""Proposes a decoder from the fields that changed in a signal between two states of known meaning, without using it.

The objects of both states come from this run and from the history, and are compared by JSON pointer (RFC 6901). Fields
that change without meaning are never proposed. When any part of a list differs, the whole list is proposed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import zip_longest
from typing import Any

import tomlkit
from tomlkit.items import InlineTable

from contribaudit.core.model.attestation import Attestation, SignalKey, by_age
from contribaudit.core.model.canonical import NOTHING, canonical_json, digest, found_at, stable
from contribaudit.core.model.decoder import Candidate, Decoder, Digests, decode
from contribaudit.core.model.observation import Observed, SettingId, Value
from contribaudit.core.model.phrases import some
from contribaudit.core.model.setting import Setting
from contribaudit.core.model.snapshot import Snapshot
from contribaudit.core.model.subject import Subject
from contribaudit.core.resolve.attested import AttestationHistory
from contribaudit.core.resolve.calibration import form, known_digests, wanted_objects
from contribaudit.core.resolve.policy_items import READ_DIRECTLY
from contribaudit.errors import UsageError, meant
from contribaudit.rulebook import decoders
from contribaudit.store.history import History

_LISTED = 20
"""How many changed fields an error lists."""


def with_objects(
    history: AttestationHistory,
    store: History,
    decoders: Sequence[Decoder],
    snapshot: Snapshot | None,
    candidates: Sequence[Candidate] = (),
) -> AttestationHistory:
    """The attestation history with the raw objects that decoding and comparing need; unchanged when none are needed.

    An object that is neither in the snapshot nor in the history is left out, because its content is no longer known.
    Raises StoreDamaged for an object that was altered.
    """
    looking_back = [one for one in decoders if one.setting not in READ_DIRECTLY]
    by_key = wanted_objects(looking_back, history.attestations, history.signals)
    beside_looks = {one.signal for one in candidates} | {one.signal for one in decoders if one.setting in READ_DIRECTLY}
    read = beside_looks if history.attestations else set()
    for key, names in known_digests({}, history.attestations).items() if read else ():
        if key[1] in read:
            by_key.setdefault(key, set()).update(names)
    signals = read | {one.signal for one in decoders} | {signal for _, signal in by_key}
    if not signals:
        return history
    needed = {name for names in by_key.values() for name in names}
    for one in snapshot.observations if snapshot is not None else ():
        if one.setting in signals and isinstance(one, Observed) and isinstance(one.value, tuple):
            needed.update(one.value)
    raw = snapshot.raw if snapshot is not None else {}
    bodies = {name: raw[name] for name in needed if name in raw}
    bodies |= store.objects(needed - bodies.keys())
    return replace(history, objects={name: json.loads(body) for name, body in bodies.items()})


Moved = tuple[str, Any, Any]
"""Pointer, and the values before and after; NOTHING when there was none."""


def differences(before: Any, after: Any, pointer: str = "", *, into_lists: bool = True) -> Iterator[Moved]:
    """Every difference between two objects; without `into_lists`, lists are compared as a whole."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted(before.keys() | after.keys()):
            place = f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}"
            yield from differences(before.get(key, NOTHING), after.get(key, NOTHING), place, into_lists=into_lists)
    elif isinstance(before, list) and isinstance(after, list):
        items = enumerate(zip_longest(before, after, fillvalue=NOTHING))
        within = [one for index, sides in items for one in differences(*sides, f"{pointer}/{index}")]
        if into_lists:
            yield from within
        elif within:
            yield pointer, before, after
    elif type(before) is not type(after) or before != after:
        yield pointer, before, after


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two states."""

    label: str
    """A short description of where the state comes from."""
    object: Any
    """The signal's object without volatile fields; None when the API held none."""
    value: Value
    """The setting's value in this state."""
    told_by: str
    """Who recorded that value."""

    @property
    def sha256(self) -> str:
        """The digest of the object's canonical form; "" without an object."""
        return digest(canonical_json(self.object)) if self.object is not None else ""

    @property
    def state(self) -> Digests:
        """The state in the form of anchors and runs."""
        return (self.sha256,) if self.object is not None else None


def own_object(value: Any) -> Any:
    """The object as its owner's signal has it: without volatile fields, and without resources that are signals of apps.

    The output of `signals show` is not affected.
    """
    settled = stable(value)
    attributes = settled.get("attributes") if isinstance(settled, dict) else None
    listed = attributes.get("resources") if isinstance(attributes, dict) else None
    if not isinstance(attributes, dict) or not isinstance(listed, list):
        return settled
    own = [one for one in listed if not (isinstance(one, dict) and isinstance(one.get("id"), str))]
    return {**settled, "attributes": {**attributes, "resources": own}}


def values_at(
    attestations: Iterable[Attestation], subject: Subject, setting: Setting, key: SignalKey, state: Digests
) -> list[Attestation]:
    """What people recorded of the setting while the signal had this state, one attestation per value, newest first."""
    by_value: dict[object, Attestation] = {}
    for one in sorted(attestations, key=by_age, reverse=True):
        fits = any(anchor.key == key and anchor.state == state for anchor in one.anchors)
        if one.bound and fits and one.subject == subject and one.setting == setting.id:
            by_value.setdefault(form(setting, one.value), one)
    return list(by_value.values())


def confounded(
    attestations: Sequence[Attestation],
    subject: Subject,
    others: Iterable[Setting],
    key: SignalKey,
    states: tuple[Digests, Digests],
) -> tuple[list[SettingId], list[SettingId]]:
    """Settings of the family attested with different values at the two states, and those not attested at both."""
    changed: list[SettingId] = []
    unknown: list[SettingId] = []
    for other in others:
        before, after = (
            {form(other, one.value) for one in values_at(attestations, subject, other, key, state)} for state in states
        )
        if not before or not after:
            unknown.append(other.id)
        elif len(before | after) > 1:
            changed.append(other.id)
    return changed, unknown


def chosen(pointers: Sequence[str], among: Sequence[Moved], before: Any, after: Any) -> tuple[str, ...]:
    """The pointers to propose: those requested, or the only one that changed.

    Raises UsageError for a pointer that did not change, and when several changed but none was chosen.
    """
    changed = [pointer for pointer, _, _ in among]
    if not pointers:
        if len(changed) == 1:
            return (changed[0],)
        if not changed:
            raise UsageError(
                "The object exists in only one of the two states, so nothing in it can be compared",
                hint="Choose the field with --pointer; `contribaudit signals show` prints the object.",
            )
        listed = some(changed, _LISTED)
        raise UsageError(
            f"{len(changed)} fields changed, and some may belong to other settings",
            hint=f"Choose with --pointer (repeatable): {listed}.",
        )
    present = [one for one in (before, after) if one is not None]
    for pointer in pointers:
        if pointer in changed or (len(present) == 1 and _pointer_exists(present[0], pointer)):
            continue
        hint = f"{meant(pointer, changed)}Changed: {some(changed, _LISTED) or 'nothing'}."
        raise UsageError(f"{pointer[:80]!r} did not change", hint=hint)
    return tuple(dict.fromkeys(pointers))


def written(
    setting: Setting,
    key: SignalKey,
    sides: tuple[Side, Side],
    pointers: Sequence[str],
    *,
    comments: Sequence[str],
    by: str,
    today: date,
) -> str:
    """The decoder file, with comments on its origin. It is checked to decode both states to their values.

    Raises UsageError for fields that do not distinguish the two values, and for values that TOML cannot hold.
    """
    document = tomlkit.document()
    for line in comments:
        document.add(tomlkit.comment(line))
    document.add("reviewed", tomlkit.item(today))
    document.add("source", tomlkit.item("contribaudit signals propose: what moved in one organization, not published"))
    document.add("grade", tomlkit.item("C, our own reading"))
    entry = tomlkit.table()
    entry.add("setting", setting.id)
    entry.add("signal", key[1])
    entry.add("owner", key[0].kind.value)
    entry.add("pointers", list(pointers))
    entry.add("from", f"{key[0].organization}, {today}{f', {by}' if by else ''}")
    if setting.is_list:
        if len(pointers) != 1:
            raise UsageError("A list is read from one field", hint="Choose it with --pointer.")
        entry.add("texts", pointers[0])
    else:
        values = tomlkit.aot()
        for side in sides:
            values.append(_row(side, pointers))
        entry.add("value", values)
    entries = tomlkit.aot()
    entries.append(entry)
    document.add("decoder", entries)
    text = tomlkit.dumps(document)
    _check_proposal(text, setting, sides)
    return text


def _row(side: Side, pointers: Sequence[str]) -> Any:
    row = tomlkit.table()
    row.add("value", side.value)
    if side.object is None:
        row.add("absent", True)
        return row
    when: InlineTable = tomlkit.inline_table()
    null: list[str] = []
    without: list[str] = []
    for pointer in pointers:
        value = found_at(side.object, pointer)
        if value is NOTHING:
            without.append(pointer)
        elif value is None:
            null.append(pointer)
        else:
            when.add(pointer, _item(value, pointer))
    if when:
        row.add("when", when)
    for name, listed in (("null", null), ("without", without)):
        if listed:
            row.add(name, listed)
    return row


def _item(value: Any, pointer: str) -> Any:
    if _holds_null(value):
        raise UsageError(
            f"The value at {pointer} contains a null, which TOML cannot express", hint="Choose a field inside it."
        )
    if isinstance(value, dict):
        table = tomlkit.inline_table()
        for name, item in value.items():
            table.add(name, _item(item, pointer))
        return table
    if isinstance(value, list):
        array = tomlkit.array()
        for item in value:
            array.append(_item(item, pointer))
        return array
    return value


def _holds_null(value: Any) -> bool:
    if isinstance(value, dict | list):
        return any(map(_holds_null, value.values() if isinstance(value, dict) else value))
    return value is None


def _check_proposal(text: str, setting: Setting, sides: Sequence[Side]) -> None:
    """Read the proposal back, and raise UsageError unless it decodes both states correctly."""
    (decoder,) = decoders.of_file(decoders.parse(text.encode("utf-8"), "proposal"), "proposal", "")
    for side in sides:
        value, why_not = decode(decoder, side.state, {side.sha256: side.object})
        if why_not or form(setting, value) != form(setting, side.value):
            reason = why_not or f"it reads {value!r} there"
            raise UsageError(
                f"These fields do not decode {setting.id} as {side.value!r} in {side.label}: {reason}",
                hint="Choose others with --pointer, or check the values.",
            )


def _pointer_exists(document: Any, pointer: str) -> bool:
    try:
        return found_at(document, pointer) is not NOTHING
    except ValueError as error:
        raise UsageError(
            f"{pointer[:80]!r} is not a JSON pointer: {error}", hint="Write it like /attributes/status."
        ) from None
