"""Attestations from a file, CSV or TOML: every row is understood, or every mistake is told by line and nothing is used.

CSV has a header row with `subject`, `setting` and `value`; a row whose value is empty was not looked at and is left
out. TOML has `by` and `observed_at` for all, and an `[[attestation]]` for each value.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from contribaudit import files as named_file
from contribaudit.attestations.recording import moment
from contribaudit.core.canonical import canonical_json, digest
from contribaudit.core.model.observation import Value
from contribaudit.errors import UsageError
from contribaudit.files import NotToml, Unreadable
from contribaudit.policy_file.locate import line_of, locate
from contribaudit.policy_file.problems import nearest, quoted
from contribaudit.testimony.recording import Told, raise_all

REQUIRED = ("subject", "setting", "value")
OPTIONAL = ("by", "observed_at", "screen", "console_path", "note", "attach")
IGNORED = ("allowed", "title", "carried")
"""Columns of a template that help whoever fills it in."""
TEMPLATE = ("subject", "setting", "value", "allowed", "screen", "console_path", "note")
LARGEST_BYTES = 20_000_000
_OURS = frozenset((*REQUIRED, *OPTIONAL))


@dataclass(frozen=True, slots=True)
class Row:
    """One value of a file. What it does not say is "" or None."""

    told: Told
    by: str = ""
    observed_at: datetime | None = None
    screen: str = ""
    console_path: str = ""
    note: str = ""
    attach: tuple[Path, ...] = ()
    within: Path | None = field(default=None, compare=False)
    """The folder of attestation files that it came from: its attachments must lie below."""
    content: str = field(default="", compare=False)
    """Digest of what the row says, whichever line it stands on: the same again is the same attestation."""


def load(path: Path) -> tuple[Row, ...]:
    """The file's rows. Raises UsageError with every mistake in it, by line."""
    text = _read(path)
    wrong: list[str] = []
    found: list[Row] = []
    for line, entry in list(_toml(path, text) if path.suffix.casefold() == ".toml" else _csv(path, text)):
        try:
            found.append(_row(path, line, entry))
        except UsageError as error:
            wrong.append(f"{path}:{line}: {error}")
    raise_all(wrong)
    if not found:
        raise UsageError(f"{path} holds no value", hint="contribaudit attest --template prints what to fill in")
    return tuple(found)


def load_folder(folder: Path) -> tuple[Row, ...]:
    """The rows of every CSV and TOML file in it and below. Each says who looked and when. Raises UsageError."""
    if not folder.is_dir():
        raise UsageError(f"The folder of attestations {folder} does not exist", hint="Check `attestations`")
    found: dict[str, Row] = {}
    wrong: list[str] = []
    files = [path for path in sorted(folder.rglob("*")) if path.suffix.casefold() in (".csv", ".toml")]
    for path in files:
        try:
            for row in load(path):
                if not row.by or row.observed_at is None:
                    wrong.append(f"{row.told.where}: `by` and `observed_at` are required in a folder of attestations")
                found.setdefault(row.content, replace(row, within=folder))
        except UsageError as error:
            wrong += [line for line in error.message.splitlines() if line.startswith(str(path))] or [str(error)]
    raise_all(wrong)
    return tuple(found.values())


def _read(path: Path) -> str:
    try:
        return named_file.read_text(path, most=LARGEST_BYTES)
    except Unreadable as error:
        hint = "Check the path; contribaudit attest --template prints what such a file holds"
        raise UsageError(f"{path} cannot be read: {error.reason}", hint=hint if error.missing else error.hint) from None


def _csv(path: Path, text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Line and cells of each row that has a value."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip().casefold() for name in next(reader, [])]
        _known(f"{path}:1", header, "column")
        missing = [name for name in REQUIRED if name not in header]
        if missing:
            raise UsageError(f"{path}:1: the column `{missing[0]}` is missing", hint="contribaudit attest --template")
        line = reader.line_num + 1
        for cells in reader:
            if len(cells) > len(header):
                yield line, {"": f"{len(cells)} cells, where the header has {len(header)}"}
            else:
                entry = {name: cell for name, cell in zip(header, cells, strict=False) if cell.strip()}
                if "value" in entry:
                    yield line, entry
            line = reader.line_num + 1
    except csv.Error as error:
        raise UsageError(f"{path}:{reader.line_num}: not valid CSV: {error}", hint="Correct that line") from None


def _toml(path: Path, text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Line and keys of each [[attestation]], with the file's own `by` and so on beneath."""
    try:
        document = named_file.toml(text)
    except NotToml as error:
        where = f"{path}:{error.line}"
        raise UsageError(f"{where}: not valid TOML: {error.what}", hint="Correct that line") from None
    lines = locate(text)
    entries = document.pop("attestation", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise UsageError(f"{path}: write [[attestation]], in double brackets", hint="One for each value")
    for key in document:
        if key not in OPTIONAL:
            raise UsageError(f"{path}:{line_of(lines, (key,))}: unknown key `{quoted(key)}`{nearest(key, OPTIONAL)}")
    for index, entry in enumerate(entries):
        yield line_of(lines, ("attestation", index)), {**document, **entry}


def _row(path: Path, line: int, entry: Mapping[str, Any]) -> Row:
    if "" in entry:
        raise UsageError(str(entry[""]), hint="Put a cell with a comma in quotes")
    _known("", entry, "key")
    for name in REQUIRED:
        if name not in entry:
            raise UsageError(f"`{name}` is missing")
    texts = {name: _text(entry, name) for name in ("subject", "setting", "by", "screen", "console_path", "note")}
    when = entry.get("observed_at")
    if isinstance(when, date):  # a time too
        when = when.isoformat()
    observed_at = moment(_text({"observed_at": when}, "observed_at")) if when else None
    value, shots = _value(entry["value"]), entry.get("attach", ())
    if not isinstance(shots, str) and not (
        isinstance(shots, list | tuple) and all(isinstance(one, str) for one in shots)
    ):
        raise UsageError("`attach` is neither a text nor a list of texts")
    names = [one.strip() for one in shots.split(";")] if isinstance(shots, str) else list(shots)
    told = Told(texts.pop("subject"), texts.pop("setting"), value, f"{path}:{line}")
    said = {**texts, "subject": told.subject, "setting": told.setting, "value": value, "attach": names}
    content = digest(canonical_json({**said, "at": observed_at.isoformat() if observed_at else ""}))
    try:
        attach = tuple(path.parent / Path(str(one)).expanduser() for one in names if one)
    except RuntimeError:
        raise UsageError("`attach` starts with a home folder that nobody knows") from None
    return Row(
        told,
        by=texts["by"],
        observed_at=observed_at,
        screen=texts["screen"],
        console_path=texts["console_path"],
        note=texts["note"],
        attach=attach,
        content=content,
    )


def _value(value: Any) -> Value:
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return tuple(value)
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise UsageError("`value` is a number that does not fit into 64 bits")
    if isinstance(value, str | bool | int):
        return value
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    raise UsageError("`value` is neither a text, nor a number, nor a list of texts")


def _text(entry: Mapping[str, Any], name: str) -> str:
    value = entry.get(name, "")
    if not isinstance(value, str):
        raise UsageError(f"`{name}` is not a text in quotes")
    return value.strip()


def _known(where: str, found: Iterable[str], what: str) -> None:
    for name in found:
        if name not in _OURS and name not in IGNORED:
            place = f"{where}: " if where else ""
            raise UsageError(f"{place}unknown {what} {quoted(name)}{nearest(name, _OURS)}")
