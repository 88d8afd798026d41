"""Calibration: which states of its signals an organization has itself given a meaning, setting by setting.

A state becomes proven for a setting when two states each have attested values for every setting and list of the
family that the console shows there, and exactly one setting differs between the two: each state then decodes to its
value. If two unrevoked attestations gave different values to one state, the signal does not determine that setting,
which is then set aside. Each run computes everything from what is not revoked, so that a typo can be taken back.

Digests can be compared only if the same code made them. The history keeps the objects, so a digest of an older
canonical form can be computed again; where an object was not kept, its digest cannot be compared, and an anchor on it
holds nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from contribaudit.core.model.attestation import Anchor, Attestation, SignalKey, by_age
from contribaudit.core.model.canonical import VERSION, canonical_json, digest, stable
from contribaudit.core.model.decoder import Decoder, Digests, Objects
from contribaudit.core.model.observation import SettingId, Value
from contribaudit.core.model.rulebook import AskedIf
from contribaudit.core.model.setting import Family, Setting, comparable
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.core.resolve.signals import Select, SignalHistory, SignalReading, whole

SignalState: TypeAlias = tuple[tuple[Subject, SettingId, tuple[str, ...] | None], ...]
"""The states of all signals of one subject and family together, sorted."""
NO_CONDITIONS: Mapping[SettingId, AskedIf] = {}
_Form: TypeAlias = tuple[str, Value]
_AttestedValues: TypeAlias = Mapping[SettingId, Mapping[_Form, Sequence[Attestation]]]


@dataclass(frozen=True, slots=True)
class Proof:
    """The value that a state decodes to, and the attestation that supports it."""

    value: Value
    confirmed: Attestation
    """The newest attestation of this setting in either state of the pair, from which the value's age counts."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """What the states of some signals together are known to mean."""

    proven: Mapping[tuple[SettingId, SignalState], Proof]
    set_aside: frozenset[SettingId]
    """Settings that these signals do not determine."""


def settings_of(settings: Iterable[Setting], family: Family, kind: Kind) -> tuple[Setting, ...]:
    """Every setting and list of the family that a person can read on this kind of subject."""
    return tuple(one for one in settings if one.attestable and one.family is family and kind in one.kinds)


def state_of(
    signals: Iterable[Anchor | SignalReading], only: Collection[SignalKey], select: Select = whole
) -> SignalState:
    """The combined state of the signals that are in `only`, each reduced to what `select` keeps of it."""
    states = [(*one.key, select(one.key, one.state)) for one in signals if one.key in only]
    return tuple(sorted(states, key=lambda one: one[:2]))


def calibrate(
    attestations: Iterable[Attestation],
    settings: Sequence[Setting],
    signals: Collection[SignalKey],
    select: Select = whole,
    conditions: Mapping[SettingId, AskedIf] = NO_CONDITIONS,
) -> Calibration:
    """What unrevoked attestations of one subject and family, superseded ones included, show about these signals.

    `settings` are all those of the family and kind (`settings_of`). An attestation counts when every one of `signals`
    anchors it; its other anchors are left out of the state. With a `select` made for one setting, the answer is about
    that setting alone. A setting that the console does not show with some value of another (`conditions`) need not be
    attested there: nobody can see both an include and an exclude list.
    """
    by_id = {one.id: one for one in settings}
    states: dict[SignalState, dict[SettingId, dict[_Form, list[Attestation]]]] = defaultdict(dict)
    for attestation in attestations:
        state = state_of(attestation.anchors, signals, select) if attestation.bound else ()
        if state and len(state) == len(signals):
            values = states[state].setdefault(attestation.setting, {})
            values.setdefault(form(by_id.get(attestation.setting), attestation.value), []).append(attestation)
    set_aside = frozenset(setting for values in states.values() for setting, forms in values.items() if len(forms) > 1)
    full = {
        state: values
        for state, values in states.items()
        if all(len(values.get(one, ())) == 1 or _ruled_out(values, conditions.get(one)) for one in by_id)
    }
    proven: dict[tuple[SettingId, SignalState], Proof] = {}
    for setting in settings:
        if setting.id not in set_aside and not _holds_a_list(setting, full.values()):
            proven.update(_pairs(setting.id, full, by_id, conditions))
    return Calibration(proven, set_aside)


def form(setting: Setting | None, value: Value) -> _Form:
    """The value with its type, as calibration compares it: a number never equals a truth value."""
    compared = comparable(setting, value) if setting is not None else value
    return type(compared).__name__, compared


def _ruled_out(values: _AttestedValues, condition: AskedIf | None) -> bool:
    """True where the state's value of another setting means that the console does not show this one."""
    if condition is None or len(values.get(condition.setting, ())) != 1:
        return False
    return condition.rules_out(next(iter(values[condition.setting]))[1])


def _pairs(
    setting: SettingId,
    full: Mapping[SignalState, _AttestedValues],
    by_id: Mapping[SettingId, Setting],
    conditions: Mapping[SettingId, AskedIf],
) -> dict[tuple[SettingId, SignalState], Proof]:
    """Proofs for the states that differ from another state in this setting alone.

    A setting that the console shows only with some values of this one is compared where both states have it.
    """
    follows = {one for one in by_id if one in conditions and conditions[one].setting == setting}
    valued = {state: values for state, values in full.items() if setting in values}
    newest = {state: max(next(iter(values[setting].values())), key=by_age) for state, values in valued.items()}

    def alike(one: _AttestedValues, other: _AttestedValues) -> bool:
        return all(
            next(iter(one.get(key, ())), None) == next(iter(other.get(key, ())), None)
            for key in by_id
            if key != setting and not (key in follows and (key not in one or key not in other))
        )

    proven: dict[tuple[SettingId, SignalState], Proof] = {}
    for state, values in valued.items():
        value = next(iter(values[setting]))
        partners = [
            newest[other]
            for other, other_values in valued.items()
            if next(iter(other_values[setting])) != value and alike(values, other_values)
        ]
        if partners:
            confirmed = max((newest[state], *partners), key=by_age)
            proven[setting, state] = Proof(newest[state].value, confirmed)
    return proven


def _holds_a_list(setting: Setting, full: Iterable[_AttestedValues]) -> bool:
    """Whether the setting is a list by the catalogue or by an attested value. Lists are never inferred."""
    return setting.is_list or any(name == "tuple" for values in full for name, _ in values.get(setting.id, ()))


OTHER_FORM = "its digest was computed by another version of contribaudit, and the object itself was not kept"


def outdated(attestations: Iterable[Attestation]) -> bool:
    """Whether any anchor has another version of the canonical form than this code."""
    return any(anchor.canonical != VERSION for one in attestations for anchor in one.anchors)


def renewed(state: Digests, objects: Objects) -> Digests:
    """The state in the present canonical form, as far as its objects were kept."""
    if state is None:
        return None
    return tuple(sorted(digest(canonical_json(stable(objects[one]))) if one in objects else one for one in state))


def wanted_objects(
    decoders: Iterable[Decoder], attestations: Iterable[Attestation], history: SignalHistory
) -> dict[SignalKey, set[str]]:
    """Digests, by owner and signal, of the objects that decoders and anchors of another form need to read."""
    recorded = list(attestations)
    signals = {one.signal for one in decoders}
    signals |= {anchor.signal for one in recorded for anchor in one.anchors if anchor.canonical != VERSION}
    digests = known_digests(history, recorded) if signals else {}
    return {key: names for key, names in digests.items() if key[1] in signals}


def known_digests(history: SignalHistory, attestations: Iterable[Attestation]) -> dict[SignalKey, set[str]]:
    """Every digest that a run or an anchor recorded, by owner and signal."""
    digests: dict[SignalKey, set[str]] = defaultdict(set)
    for key, states in history.items():
        digests[key].update(name for _, state in states for name in state or ())
    for one in attestations:
        for anchor in one.anchors:
            digests[anchor.key].update(anchor.state or ())
    return digests


def renewed_anchor(anchor: Anchor, objects: Objects) -> Anchor:
    """The anchor in the present canonical form; unchanged where one of its objects was not kept."""
    if anchor.canonical == VERSION or not all(name in objects for name in anchor.state or ()):
        return anchor
    return replace(anchor, state=renewed(anchor.state, objects), canonical=VERSION)
