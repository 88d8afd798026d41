"""Reads decoders, the rulebook's and those in a user's folder, and refuses one that fits no setting or signal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from contribaudit import files
from contribaudit.core.model.canonical import VOLATILE, canonical_json, parts
from contribaudit.core.model.decoder import Decoder, ValueCondition
from contribaudit.core.model.observation import SettingId
from contribaudit.core.model.rulebook import Rulebook, RulebookFile
from contribaudit.core.model.setting import Setting
from contribaudit.core.model.subject import Kind
from contribaudit.core.resolve.policy_items import READ_DIRECTLY
from contribaudit.errors import RulebookError, invalid, or_meant
from contribaudit.files import NotToml, Unreadable
from contribaudit.rulebook import shapes

_HINT = "rulebook/data/decoders.toml describes the form, and `contribaudit signals propose` writes it."


def of_file(file: shapes.DecodersFile, name: str, digest: str) -> tuple[Decoder, ...]:
    """The decoders of a file, in its order. Raises RulebookError for one that is ambiguous or says nothing.

    Whether its setting and signal exist is checked by `with_folder`.
    """
    decoders = []
    for place, entry in enumerate(file.decoder):
        where = f"{name}, key `decoder.{place}`"
        decoders.append(_decoder(entry, where, name if len(file.decoder) == 1 else f"{name}[{place}]", digest))
    return tuple(decoders)


def with_folder(rulebook: Rulebook, folder: Path | None, settings: Sequence[Setting]) -> Rulebook:
    """The rulebook with the decoders of a user's folder, which its digest then covers too.

    A decoder of the folder replaces a shipped one for the same setting, signal and owner. Raises RulebookError, which
    names file and key, for a folder or file that cannot be read, a file of the wrong form, a decoder that is there
    twice, and one that does not fit the settings and signals.
    """
    own_decoders: list[Decoder] = []
    own_files: list[RulebookFile] = []
    for path in _paths(folder) if folder is not None else ():
        body = _read(path)
        digest = sha256(body).hexdigest()
        file = parse(body, str(path))
        own_decoders += [
            replace(one, name=one.name.replace(str(path), path.name, 1)) for one in of_file(file, str(path), digest)
        ]
        own_files.append(RulebookFile(f"decoders/{path.name}", digest, file.reviewed, shipped=False))
    _no_two(own_decoders)
    own_keys = {_key(one) for one in own_decoders}
    decoders = (*(one for one in rulebook.decoders if _key(one) not in own_keys), *own_decoders)
    for one in decoders:
        _check_fit(one, rulebook, settings)
    if not own_files:
        return replace(rulebook, decoders=decoders)
    lines = f"{rulebook.sha256}  rulebook\n" + "".join(f"{file.sha256}  {file.name}\n" for file in own_files)
    return replace(
        rulebook, decoders=decoders, files=(*rulebook.files, *own_files), sha256=sha256(lines.encode()).hexdigest()
    )


def sources(folder: Path | None) -> Iterator[tuple[str, bytes]]:
    """Name and content of every file that `with_folder` reads, in its order. Raises RulebookError."""
    for path in _paths(folder) if folder is not None else ():
        yield path.name, _read(path)


def parse(body: bytes, name: str) -> shapes.DecodersFile:
    """The parsed file of decoders. Raises RulebookError, which names the line or key at fault."""
    try:
        return shapes.DecodersFile.of(files.toml(files.decoded(body)))
    except NotToml as error:
        raise RulebookError(f"{name}:{error.line}: not valid TOML: {error.what}", hint=_HINT) from None
    except Unreadable as error:
        raise RulebookError(f"{name}: {error.reason}", hint=error.hint) from None
    except ValidationError as error:
        raise RulebookError(f"{name}, {invalid(error)}", hint=_HINT) from None


def _paths(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise RulebookError(f"The folder of decoders {folder} does not exist", hint="Check `decoders` in config.toml.")
    return sorted(folder.glob("*.toml"))


def _read(path: Path) -> bytes:
    try:
        return files.read_bytes(path)
    except Unreadable as error:
        raise RulebookError(f"The file of decoders {path} cannot be read: {error.reason}", hint=error.hint) from None


def _decoder(entry: shapes.DecoderEntry, where: str, name: str, digest: str) -> Decoder:
    if entry.texts and entry.value:
        raise RulebookError(f"{where}: `texts` takes the whole list, so `value` is not allowed", hint=_HINT)
    values = tuple(_value_condition(one, f"{where}.value.{place}") for place, one in enumerate(entry.value))
    looked_at = dict.fromkeys(
        (entry.texts,) if entry.texts else (p for one in values for p in (*(p for p, _ in one.equal), *one.without))
    )
    pointers = tuple(dict.fromkeys(entry.pointers)) or tuple(looked_at)
    if not pointers:
        raise RulebookError(f"{where}: `pointers`, `texts` or `value` must name a place in the object", hint=_HINT)
    for pointer in (*pointers, *looked_at):
        _check_pointer(pointer, where)
        if pointer not in pointers:
            raise RulebookError(f"{where}: `pointers` does not list {pointer}, which is read", hint="Add it there.")
    seen: list[ValueCondition] = []
    for one in values:
        for other in seen:
            if replace(one, value=None) == replace(other, value=None):
                raise RulebookError(f"{where}: one state has two values", hint=_HINT)
        seen.append(one)
    return Decoder(
        name=name,
        setting=SettingId(entry.setting),
        signal=SettingId(entry.signal),
        owner=Kind(entry.owner),
        pointers=pointers,
        values=values,
        texts=entry.texts,
        sha256=digest,
        origin=entry.found_in,
    )


def _value_condition(entry: shapes.DecodedValueEntry, where: str) -> ValueCondition:
    equal = [(pointer, canonical_json(_json(value, where))) for pointer, value in sorted(entry.when.items())]
    equal += [(pointer, b"null") for pointer in entry.null]
    named = [*(pointer for pointer, _ in equal), *entry.without]
    if entry.absent == bool(named):
        wrong = (
            "an object that is absent has no places to look at" if named else "a value that always holds is a default"
        )
        raise RulebookError(f"{where}: {wrong}", hint=_HINT)
    if len(set(named)) < len(named):
        raise RulebookError(f"{where}: a pointer is listed twice", hint=_HINT)
    return ValueCondition(entry.value, tuple(sorted(equal)), tuple(sorted(entry.without)), entry.absent)


def _json(value: Any, where: str) -> Any:
    """The TOML value, if JSON can hold it too. Raises RulebookError for a date or time."""
    if isinstance(value, datetime | date | time):
        raise RulebookError(f"{where}: JSON has no dates; write it as text, in quotes", hint=_HINT)
    if isinstance(value, list):
        return [_json(one, where) for one in value]
    if isinstance(value, dict):
        return {key: _json(one, where) for key, one in value.items()}
    return value


def _check_pointer(pointer: str, where: str) -> None:
    try:
        way = parts(pointer)
    except ValueError as error:
        raise RulebookError(
            f"{where}: {pointer!r} is not a pointer: {error}", hint="Write it like /attributes/status."
        ) from None
    if way[0] in VOLATILE or (way[0] == "attributes" and len(way) > 1 and way[1] in VOLATILE):
        raise RulebookError(f"{where}: {pointer} changes without meaning, and is not part of a signal's state")


def _check_fit(decoder: Decoder, rulebook: Rulebook, settings: Iterable[Setting]) -> None:
    by_id = {setting.id: setting for setting in settings if setting.attestable or setting.id in READ_DIRECTLY}
    setting = by_id.get(decoder.setting)
    if setting is None:
        raise RulebookError(
            f"{decoder.name}: no setting that a person can attest is called `{decoder.setting}`"
            f"{or_meant(decoder.setting, by_id)}"
        )
    anchors = [rule for rule in rulebook.signals if rule.family == setting.family]
    signals = {rule.signal for rule in anchors}
    if decoder.signal not in signals:
        listed = ", ".join(sorted(signals)) or "none"
        near = or_meant(decoder.signal, signals)
        raise RulebookError(
            f"{decoder.name}: `{decoder.signal}` is not a signal of {decoder.setting}{near}", hint=f"It has: {listed}."
        )
    owners = {kind.value for rule in anchors if rule.signal == decoder.signal for kind in rule.kinds}
    if decoder.owner.value not in owners or (decoder.owner is Kind.APP and Kind.APP not in setting.kinds):
        raise RulebookError(
            f"{decoder.name}: no {decoder.owner} has a `{decoder.signal}` that is about {decoder.setting}"
        )
    if decoder.texts and not setting.is_list:
        raise RulebookError(f"{decoder.name}: {decoder.setting} is not a list, so `texts` cannot read it", hint=_HINT)
    if decoder.values and setting.is_list:
        raise RulebookError(f"{decoder.name}: {decoder.setting} is a list, which only `texts` can read", hint=_HINT)
    for condition in decoder.values:
        word = condition.value
        if setting.words and not (isinstance(word, str) and word in setting.words):
            near = or_meant(str(word), setting.words)
            listed = ", ".join(setting.words)
            raise RulebookError(
                f"{decoder.name}: {decoder.setting} cannot be `{word}`{near}", hint=f"It can be: {listed}."
            )


def _no_two(decoders: Iterable[Decoder]) -> None:
    seen: dict[tuple[str, str, Kind], Decoder] = {}
    for decoder in decoders:
        other = seen.setdefault(_key(decoder), decoder)
        if other is not decoder:
            raise RulebookError(
                f"{decoder.name}: {other.name} already reads {decoder.setting} from {decoder.signal}"
                f" of the {decoder.owner}"
            )


def _key(decoder: Decoder) -> tuple[str, str, Kind]:
    return decoder.setting, decoder.signal, decoder.owner
