"""Finds what `signals propose` needs: two states of a signal with different values, and their origin."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from contribaudit import catalogue
from contribaudit.attestations.decoder_proposals import Side, confounded, own_object, values_at
from contribaudit.attestations.recording import parse_value
from contribaudit.cli.arguments import run_number, run_of
from contribaudit.cli.attest.session import Session
from contribaudit.core.model.attestation import Attestation, SignalKey
from contribaudit.core.model.decoder import Digests
from contribaudit.core.model.observation import Observed, Value
from contribaudit.core.model.setting import Setting
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.core.model.times import parse_utc
from contribaudit.core.resolve.aliases import alias_of
from contribaudit.core.resolve.calibration import form, settings_of
from contribaudit.core.resolve.signals import readings
from contribaudit.core.resolve.state import State
from contribaudit.errors import UsageError
from contribaudit.exporters.text import raw_text
from contribaudit.files import unreadable

_LARGEST_FILE_BYTES = 10_000_000


def find_key(state: State, setting: Setting, about: Subject, signal: str | None, owner: str | None) -> SignalKey:
    """The owner and the signal to use. Raises UsageError when none is known, or when several may show the setting."""
    kind = Kind(owner) if owner is not None else about.kind
    keys = [one.key for one in readings(state, about, setting.family) if one.owner.kind is kind]
    if not keys:
        raise UsageError(
            f"No signal is known for {setting.id} of this {kind}, so no decoder can read it",
            hint="Attest it instead; `contribaudit signals list` shows the signals.",
        )
    names = ", ".join(name for _, name in keys)
    if signal is not None:
        if signal not in [name for _, name in keys]:
            raise UsageError(f"{signal[:80]!r} is not a signal of {setting.id}", hint=f"Signals: {names}.")
        return next(key for key in keys if key[1] == signal)
    if len(keys) > 1:
        raise UsageError(f"{setting.id} has several signals", hint=f"Choose one with --signal: {names}.")
    return keys[0]


@dataclass(frozen=True, slots=True)
class Search:
    """The search for a decoder: a setting of a subject, the signal that may hold it, and its attestations."""

    session: Session
    setting: Setting
    about: Subject
    key: SignalKey
    attestations: Sequence[Attestation]

    def side(self, place: str, typed: str | None, flag: str) -> Side:
        """The state in a run, at a date or in a file, and the setting's value in it."""
        path = Path(place)
        label, raw = _of_file(path) if path.is_file() else self._of_run(place)
        by = f"as {flag} says"
        value: Value
        if typed is not None:
            value = parse_value(self.setting, typed)
        else:
            state = Side(label, raw, None, "").state
            seen = [] if path.is_file() else values_at(self.attestations, self.about, self.setting, self.key, state)
            if len(seen) != 1:
                why = "different values were attested" if seen else f"nobody attested {self.setting.id}"
                raise UsageError(f"In {label} {why}", hint=f"Give its value with {flag}, or attest it.")
            value, by = seen[0].value, f"attested by {seen[0].by} on {seen[0].observed_at:%Y-%m-%d %H:%M}Z"
        return Side(label, raw, value, by)

    def _of_run(self, text: str) -> tuple[str, Any]:
        """A label, and the signal's object in a saved run, None for no object. Raises UsageError if it was not read."""
        store = self.session.job.store
        if run_number(text) is None and parse_utc(text) is None:
            message = f"{text[:80]!r} is not a run number, a date or a file"
            raise UsageError(message, hint="Write 12, 2026-11-21 or a file name.")
        record = run_of(store, self.session.organization, text)
        snapshot = store.snapshot(self.session.organization, record.id)
        label = f"run {record.id} of {record.started_at:%Y-%m-%d %H:%M}Z"
        seen = next((one for one in snapshot.observations if (one.subject, one.setting) == self.key), None)
        if isinstance(seen, Observed) and isinstance(seen.value, tuple):
            return label, self._single_object(seen.value, label)
        collectors = {rule.collector for rule in self.session.job.rulebook.signals if rule.signal == self.key[1]}
        if seen is not None or not collectors <= snapshot.completed:
            raise UsageError(f"{self.key[1]} was not read in {label}", hint="Choose a run that read it.")
        return label, None

    def _single_object(self, state: Digests, label: str) -> Any:
        """The single object behind the state. Raises UsageError when there are several, or when it was not stored."""
        if state is None:
            return None
        if len(state) != 1:
            raise UsageError(f"The signal has {len(state)} objects in {label}; a decoder needs exactly one")
        bodies = self.session.job.store.objects(state)
        if not bodies:
            message = f"The object of the signal in {label} was not kept"
            raise UsageError(message, hint="Audit, then attest, in each state.")
        return json.loads(bodies[state[0]])

    def attested_sides(self) -> tuple[Side, Side]:
        """The newest earlier state with another attested value, and the newest attested state.

        Raises UsageError when there are no two.
        """
        attested: list[tuple[Attestation, Digests]] = []
        for one in sorted(self.attestations, key=lambda one: (one.observed_at, one.id), reverse=True):
            anchor = next((a for a in one.anchors if (a.subject, a.signal) == self.key), None)
            if one.bound and anchor is not None and (one.subject, one.setting) == (self.about, self.setting.id):
                attested.append((one, anchor.state))
        newest = attested[0] if attested else None
        newest_form = form(self.setting, newest[0].value) if newest else None
        earlier = next((one for one in attested if newest and form(self.setting, one[0].value) != newest_form), None)
        if newest is None or earlier is None:
            raise UsageError(
                f"{self.setting.id} was not attested with two different values while {self.key[1]} was read",
                hint="Attest it, audit, change it, audit and attest again; or give both states and values.",
            )

        def side(one: Attestation, state: Digests) -> Side:
            moment = f"{one.observed_at:%Y-%m-%d %H:%M}Z"
            label = f"the state when it was attested on {moment}"
            return Side(label, self._single_object(state, label), one.value, f"attested by {one.by} on {moment}")

        return side(*earlier), side(*newest)

    def origin(self, sides: tuple[Side, Side]) -> list[str]:
        """Lines about the origin of the proposal. Raises UsageError if the two states show nothing, or too much."""
        before, after = sides
        setting, about = self.setting, self.about
        if before.sha256 == after.sha256:
            between = f"between {before.label} and {after.label}"
            raise UsageError(f"{self.key[1]} did not change {between}, so it does not show the setting")
        if form(setting, before.value) == form(setting, after.value):
            raise UsageError(f"{setting.id} is the same in both states", hint="Two different values are needed.")
        family = [one for one in settings_of(catalogue.ALL, setting.family, about.kind) if one.id != setting.id]
        changed, unknown = confounded(self.attestations, about, family, self.key, (before.state, after.state))
        if changed:
            raise UsageError(
                f"{', '.join(changed)} changed between the two states too, so the change may belong to either",
                hint="Change one setting at a time, and propose from two states that differ in it alone.",
            )
        name = alias_of(self.session.remembered(), about)
        notes = [
            f"Proposed by `contribaudit signals propose` from {self.key[1]} of {name} in {about.organization}.",
            *(
                f"{setting.id} = {raw_text(one.value)} in {one.label}, {one.told_by}; object "
                + (f"sha256 {one.sha256}" if one.sha256 else "absent")
                for one in sides
            ),
            "The meaning of the object is not published. This is one organization's reading; in any organization it "
            "counts once an attestation made there agrees with it.",
        ]
        if unknown:
            notes.append(f"Not attested in both states, so they may have changed too: {', '.join(unknown)}")
        return notes


def _of_file(path: Path) -> tuple[str, Any]:
    try:
        if path.stat().st_size > _LARGEST_FILE_BYTES:
            raise UsageError(f"{path} is too large for a signal's object: more than {_LARGEST_FILE_BYTES} bytes")
        body = path.read_bytes()
        raw = json.loads(body)
    except OSError as error:
        problem = unreadable(error)
        raise UsageError(f"{path} cannot be read: {problem.reason}", hint=problem.hint) from None
    except (ValueError, RecursionError):
        raise UsageError(f"{path} is not JSON", hint="Write it with `contribaudit signals show`.") from None
    if raw is not None and not isinstance(raw, dict):
        raise UsageError(f"{path} does not hold one object", hint="Write it with `contribaudit signals show`.")
    return f"the file {path.name} (sha256 {sha256(body).hexdigest()})", own_object(raw) if raw is not None else None
