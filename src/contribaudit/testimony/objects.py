"""What states of signals consist of, fetched for those that decoders look into: from this run, and from the history."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from contribaudit.core.model.decoder import Decoder
from contribaudit.core.model.observation import Observed
from contribaudit.core.renew import wanted_objects
from contribaudit.core.resolve.attested import Testimony
from contribaudit.core.snapshot import Snapshot
from contribaudit.store.history import History


def with_objects(told: Testimony, store: History, decoders: Sequence[Decoder], snapshot: Snapshot | None) -> Testimony:
    """The testimony with the objects that weighing it needs; as it was where nothing looks into any.

    One that is neither in the snapshot nor in the history is left out: what it consists of is not known any more.
    Raises StoreDamaged for one that was altered.
    """
    by_key = wanted_objects(decoders, told.attestations, told.signals)
    signals = {one.signal for one in decoders} | {signal for _, signal in by_key}
    if not signals:
        return told
    wanted = {name for names in by_key.values() for name in names}
    for one in snapshot.observations if snapshot is not None else ():
        if one.setting in signals and isinstance(one, Observed) and isinstance(one.value, tuple):
            wanted.update(one.value)
    raw = snapshot.raw if snapshot is not None else {}
    bodies = {name: raw[name] for name in wanted if name in raw}
    bodies |= store.objects(wanted - bodies.keys())
    return replace(told, objects={name: json.loads(body) for name, body in bodies.items()})
