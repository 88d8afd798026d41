"""How far an organization may rely on a decoder: what agrees with it here, and what speaks against it.

A decoder that somebody else found counts here once an attestation of this organization, made while the signal stood
in a state that the decoder reads as the attested value, agrees with it for that subject. One attestation that it
contradicts sets it aside for the whole organization, until that is taken back. Superseded attestations speak for and
against it too, as they do in calibration; they never give a value.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from contribaudit.core.model.attestation import Attestation
from contribaudit.core.model.decoder import Decoder, Digests, Objects, Trust, decode, reaches, selected
from contribaudit.core.model.observation import SettingId
from contribaudit.core.model.setting import Setting
from contribaudit.core.model.subject import Subject
from contribaudit.core.renew import known_digests
from contribaudit.core.resolve.calibration import form
from contribaudit.core.resolve.signals import Select, SignalHistory, SignalKey

_Told: TypeAlias = dict[tuple[Subject, Digests], dict[tuple[str, object], Attestation]]


class Decoders:
    """The decoders of one organization, each weighed against everything that was not taken back."""

    def __init__(
        self,
        organization: str,
        decoders: Iterable[Decoder],
        attestations: Iterable[Attestation],
        history: SignalHistory,
        objects: Objects,
        find: Callable[[SettingId], Setting],
    ) -> None:
        """`attestations` are those standing: superseded ones included, revoked ones not."""
        self.objects = objects
        said = list(attestations)
        mine = list(decoders)
        held = known_digests(history, said) if mine else {}
        about: dict[SettingId, list[Attestation]] = defaultdict(list)
        for one in said:
            about[one.setting].append(one)
        self.trusts = [
            _trust(organization, decoder, about[decoder.setting], held, objects, find(decoder.setting))
            for decoder in mine
        ]

    def for_setting(self, setting: SettingId) -> list[Trust]:
        """Those that may be used for it, in the order of the rulebook."""
        return [one for one in self.trusts if one.decoder.setting == setting and one.against is None]

    def select(self, setting: SettingId, subject: Subject) -> Select:
        """How the states of signals are compared for this setting of this subject."""
        chosen: dict[SignalKey, Decoder] = {}
        for one in self.for_setting(setting):
            owner = one.decoder.owner_of(subject)
            if owner is not None and owner not in one.nowhere:
                chosen[owner, one.decoder.signal] = one.decoder

        def compared(key: SignalKey, state: Digests) -> Digests:
            decoder = chosen.get(key)
            if decoder is not None:
                return selected(decoder.pointers, state, self.objects)
            return state

        return compared


def _trust(
    organization: str,
    decoder: Decoder,
    attestations: Iterable[Attestation],
    held: Mapping[SignalKey, set[str]],
    objects: Objects,
    setting: Setting,
) -> Trust:
    agreed: dict[Subject, list[Attestation]] = defaultdict(list)
    against: list[Attestation] = []
    told: _Told = defaultdict(dict)
    for one in sorted(attestations, key=_age):
        owner = decoder.owner_of(one.subject)
        anchor = next((a for a in one.anchors if (a.subject, a.signal) == (owner, decoder.signal)), None)
        if owner is None or anchor is None or not one.bound:
            continue
        stands = form(setting, one.value)
        said = told[one.subject, selected(decoder.pointers, anchor.state, objects)]
        said.setdefault(stands, one)
        if len(said) > 1:
            against.append(one)
        value, why_not = decode(decoder, anchor.state, objects)
        if decoder.reads and not why_not:
            if form(setting, value) == stands:
                agreed[one.subject].append(one)
            else:
                against.append(one)
    nowhere = []
    for (owner, signal), names in sorted(held.items()):
        found = [objects[name] for name in sorted(names) if name in objects]
        mine = signal == decoder.signal and owner.kind is decoder.owner
        if mine and found and not reaches(decoder.pointers, found):
            nowhere.append(owner)
    return Trust(
        organization,
        decoder,
        {subject: tuple(sorted(found, key=_best_first)) for subject, found in agreed.items()},
        max(against, key=_age, default=None),
        tuple(nowhere),
    )


def _age(one: Attestation) -> tuple[object, ...]:
    return one.observed_at, one.id


def _best_first(one: Attestation) -> tuple[object, ...]:
    return one.second_person is None, not one.attachments, -one.observed_at.timestamp(), one.id
