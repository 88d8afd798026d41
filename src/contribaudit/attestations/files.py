"""Attestations from a CSV or TOML file: all are recorded or none, and recorded ones are left alone.

CSV has a header row with `subject`, `setting` and `value`; a row with an empty value was not looked at and is skipped.
TOML has `by` and `observed_at` for all, and an `[[attestation]]` for each value. Every mistake is reported with its
line. Attached files are exported with the attestation, so secrets, keys and system files are refused.
"""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from contribaudit import files
from contribaudit.attestations.anchoring import PastLooks, ReadingsAround
from contribaudit.attestations.recording import (
    ConsoleVisit,
    EnteredValue,
    exact_time,
    find_subject,
    raise_all,
    record,
    refuse_two_answers,
    short,
)
from contribaudit.collectors.workspaces import WORKSPACES
from contribaudit.core.model.attestation import Attachment, Attestation, Signature
from contribaudit.core.model.canonical import canonical_json, digest
from contribaudit.core.model.observation import Value
from contribaudit.core.model.phrases import repeated, some
from contribaudit.core.resolve.state import State
from contribaudit.errors import AmbiguousSubject, UsageError
from contribaudit.files import NotToml, Unreadable
from contribaudit.policy_file.problems import line_of, locate, nearest, quoted
from contribaudit.store.history import History

REQUIRED = ("subject", "setting", "value")
OPTIONAL = ("by", "observed_at", "screen", "console_path", "note", "attach")
IGNORED = ("needed", "allowed", "title", "carried")
"""Template columns that only help the person who fills it in."""
TEMPLATE = ("subject", "setting", "value", "needed", "allowed", "screen", "console_path", "note")
LARGEST_BYTES = 20_000_000
_OURS = frozenset((*REQUIRED, *OPTIONAL))


@dataclass(frozen=True, slots=True)
class Row:
    """One value of a file. What the file does not give is "" or None."""

    entered: EnteredValue
    by: str = ""
    observed_at: datetime | None = None
    screen: str = ""
    console_path: str = ""
    note: str = ""
    attach: tuple[Path, ...] = ()
    within: Path | None = field(default=None, compare=False)
    """The folder of attestation files that holds the row; its attachments must be inside."""
    content: str = field(default="", compare=False)
    """Digest of the row's content, regardless of its line: the same content is the same attestation."""


def load(path: Path) -> tuple[Row, ...]:
    """The file's rows. Raises UsageError with every mistake in the file, by line."""
    text = _read_form(path)
    wrong: list[str] = []
    rows: list[Row] = []
    for line, entry in list(_toml(path, text) if path.suffix.casefold() == ".toml" else _csv(path, text)):
        try:
            rows.append(_row(path, line, entry))
        except UsageError as error:
            wrong.append(f"{path}:{line}: {error}")
    raise_all(wrong)
    if not rows:
        raise UsageError(f"{path} has no values", hint="`contribaudit attest --template` prints a file to fill in")
    return tuple(rows)


def load_folder(folder: Path) -> tuple[Row, ...]:
    """The rows of every CSV and TOML file in and below the folder; each needs `by` and `observed_at`.

    Raises UsageError with every mistake in any of them.
    """
    if not folder.is_dir():
        raise UsageError(f"The folder of attestation files {folder} does not exist", hint="Check `attestations`")
    rows_by_content: dict[str, Row] = {}
    wrong: list[str] = []
    paths = [path for path in sorted(folder.rglob("*")) if path.suffix.casefold() in (".csv", ".toml")]
    for path in paths:
        try:
            for row in load(path):
                if not row.by or row.observed_at is None:
                    wrong.append(
                        f"{row.entered.where}: `by` and `observed_at` are required in the folder of attestation files"
                    )
                rows_by_content.setdefault(row.content, replace(row, within=folder))
        except UsageError as error:
            wrong += [line for line in error.message.splitlines() if line.startswith(str(path))] or [str(error)]
    raise_all(wrong)
    return tuple(rows_by_content.values())


def _read_form(path: Path) -> str:
    try:
        text = files.read_text(path, most=LARGEST_BYTES)
    except Unreadable as error:
        hint = "Check the path; `contribaudit attest --template` prints what such a file holds"
        raise UsageError(f"{path} cannot be read: {error.reason}", hint=hint if error.missing else error.hint) from None
    if is_secret(path, text.encode()):
        raise UsageError(f"{path} holds a configured secret", hint="Remove it: attestations are exported")
    return text


def _csv(path: Path, text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Line and cells of each row that has a value. Commas, semicolons or tabs separate cells, as in the header."""
    first = "".join(text[:4096].splitlines()[:1])
    delimiter = max(",;\t", key=first.count)  # spreadsheets choose by language
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=delimiter)
    try:
        header = [name.strip().casefold() for name in next(reader, [])]
        _refuse_unknown(f"{path}:1", header, "column")
        if twice := repeated(header):
            raise UsageError(f"{path}:1: the column `{twice[0]}` occurs twice", hint="Keep one of them")
        missing = [name for name in REQUIRED if name not in header]
        if missing:
            raise UsageError(f"{path}:1: the column `{missing[0]}` is missing", hint="contribaudit attest --template")
        line = reader.line_num + 1
        for cells in reader:
            if len(cells) > len(header):
                yield line, {"": f"{len(cells)} cells; the header has {len(header)}"}
            else:
                entry = {name: cell for name, cell in zip(header, cells, strict=False) if cell.strip()}
                if "value" in entry:
                    yield line, entry
            line = reader.line_num + 1
    except csv.Error as error:
        raise UsageError(f"{path}:{reader.line_num}: not valid CSV: {error}", hint="Correct that line") from None


def _toml(path: Path, text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Line and keys of each [[attestation]], with the file's own `by` and so on as defaults."""
    try:
        document = files.toml(text)
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
    _refuse_unknown("", entry, "key")
    for name in REQUIRED:
        if name not in entry:
            raise UsageError(f"`{name}` is missing")
    subject, setting = _text_field(entry, "subject"), _text_field(entry, "setting")
    texts = {name: _text_field(entry, name) for name in ("by", "screen", "console_path", "note")}
    when = entry.get("observed_at")
    if isinstance(when, date):  # also a datetime
        when = when.isoformat()
    observed_at = exact_time(_text_field({"observed_at": when}, "observed_at")) if when else None
    value, shots = _checked_value(entry["value"]), entry.get("attach", ())
    if not isinstance(shots, str) and not (
        isinstance(shots, list | tuple) and all(isinstance(one, str) for one in shots)
    ):
        raise UsageError("`attach` must be a string or a list of strings")
    names = [one.strip() for one in shots.split(";")] if isinstance(shots, str) else list(shots)
    entered = EnteredValue(subject, setting, value, f"{path}:{line}")
    fields = {**texts, "subject": subject, "setting": setting, "value": value, "attach": names}
    content = digest(canonical_json({**fields, "at": observed_at.isoformat() if observed_at else ""}))
    try:
        attach = tuple(path.parent / Path(str(one)).expanduser() for one in names if one)
    except RuntimeError:
        raise UsageError("`attach` starts with an unknown home folder") from None
    return Row(entered, observed_at=observed_at, attach=attach, within=None, content=content, **texts)


def _checked_value(value: Any) -> Value:
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return tuple(value)
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise UsageError("`value` is a number beyond 64 bits")
    if isinstance(value, str | bool | int):
        return value
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    raise UsageError("`value` must be a string, a number or a list of strings")


def _text_field(entry: Mapping[str, Any], name: str) -> str:
    value = entry.get(name, "")
    if not isinstance(value, str):
        raise UsageError(f"`{name}` must be a string in quotes")
    return value.strip()


def _refuse_unknown(where: str, keys: Iterable[str], what: str) -> None:
    for name in keys:
        if name not in _OURS and name not in IGNORED:
            place = f"{where}: " if where else ""
            raise UsageError(f"{place}unknown {what} {quoted(name)}{nearest(name, _OURS)}")


def take_in_folder(store: History, rows: Sequence[Row], now: State, signature: Signature) -> list[str]:
    """Record the new rows of the configured folder; returns warnings about rows that were skipped or have to wait.

    A row whose subject has become ambiguous is skipped. A row waits while its subject is unknown and not every
    organization's apps were read, because a failing network is no mistake of the file. Raises UsageError that names
    every wrong row.
    """
    recorded_ids = store.recorded([_id(row) for row in rows])
    read = all(place.completed(WORKSPACES.name) for place in now.looked_at)
    ready: list[Row] = []
    waiting: list[str] = []
    warnings: list[str] = []
    for row in rows:
        if _id(row) in recorded_ids:
            continue
        problem = _subject_problem(now, row)
        if isinstance(problem, AmbiguousSubject):
            warnings.append(f"Attestation skipped: {row.entered.where}: {problem}")
        elif problem is not None and not read:
            waiting.append(row.entered.where)
        else:
            ready.append(row)
    take_in(store, ready, now, ConsoleVisit("", signature.at, signature, ""))
    if waiting:
        where = some(waiting, 1)
        warnings.append(
            f"Attestations wait until all apps can be read, because they name subjects not seen yet: {where}."
        )
    return warnings


def take_in(
    store: History,
    rows: Sequence[Row],
    now: State,
    common: ConsoleVisit,
    *,
    live: Callable[[str], ReadingsAround] | None = None,
    bodies: Mapping[str, bytes] | None = None,
) -> tuple[Attestation, ...]:
    """Record the new rows. `common` fills in what rows leave out; its `by` and `recorded.by` may be "".

    A row that says who looked and when is recorded only once. `live` gives the readings around rows without their own
    time; `bodies` holds the bytes of the screenshots of `common`. Raises UsageError that names every wrong row.
    """
    recorded_ids = store.recorded([_id(row) for row in rows if _has_who_and_when(row)])
    past = PastLooks(store, now)
    made: list[Attestation] = []
    wrong: list[str] = []
    bodies_by_digest = dict(bodies or {})
    for row in rows:
        if _has_who_and_when(row) and _id(row) in recorded_ids:
            continue
        try:
            shots, read = read_attachments(row.attach, row.within)
            made.append(_recorded(row, shots, now, common, past, live))
        except UsageError as error:
            wrong.append(f"{row.entered.where}: {error}")
        else:
            bodies_by_digest |= read
    raise_all(wrong)
    refuse_two_answers(made)
    if made:
        store.add_attestations(made, bodies_by_digest, skip_recorded=True)  # another process may have been faster
    return tuple(made)


def _recorded(
    row: Row,
    shots: tuple[Attachment, ...],
    now: State,
    common: ConsoleVisit,
    past: PastLooks,
    live: Callable[[str], ReadingsAround] | None,
) -> Attestation:
    by, observed_at = row.by or common.by, row.observed_at or common.observed_at
    look = ConsoleVisit(
        by=by,
        observed_at=observed_at,
        recorded=replace(common.recorded, by=common.recorded.by or by),
        id=_look_id(by, observed_at, row.screen),
        screen=row.screen or common.screen,
        console_path=row.console_path or common.console_path,
        note=row.note or common.note,
        attachments=tuple(dict.fromkeys((*shots, *common.attachments))),
    )

    def hold(organization: str) -> ReadingsAround:
        if row.observed_at is None and live is not None:
            return live(organization)
        return past.held(organization, observed_at)

    made = record(now, hold, row.entered, look)
    return replace(made, id=_id(row)) if _has_who_and_when(row) else made


def _subject_problem(state: State, row: Row) -> UsageError | None:
    """Why the row's subject cannot be found; None when it can."""
    try:
        find_subject(state, row.entered.subject)
    except UsageError as error:
        return error
    return None


def _has_who_and_when(row: Row) -> bool:
    return bool(row.by) and row.observed_at is not None


def _id(row: Row) -> str:
    return row.content[:16]


def _look_id(by: str, observed_at: datetime, screen: str) -> str:
    """The ID of a look, shared by all values that one person saw on one screen at one moment."""
    return digest(canonical_json([by.casefold(), observed_at.isoformat(), screen]))[:16]


# ── Attachments ───────────────────────────────────────────────────────────────────────────────────────

_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"BM", b"II*\0", b"MM\0*", b"%PDF-")
_KEY = re.compile(rb"\s*[!-~]{16,8192}\s*")
_SHORTEST_SECRET = 8
"""A shorter value could occur in any picture by chance."""
_SYSTEM = ("/proc", "/sys", "/dev")

_secret_files: set[Path] = set()
_secrets: set[bytes] = set()


def never_attach(places: Iterable[Path], values: Iterable[str]) -> None:
    """Refuse these files from now on, under any name, and every file that contains one of the values."""
    _secret_files.update(places)
    encoded = (value.strip().encode(errors="surrogatepass") for value in values)
    _secrets.update(value for value in encoded if len(value) >= _SHORTEST_SECRET)


def is_secret(path: Path, body: bytes) -> bool:
    """Whether the file, whose content is `body`, is a refused file, links to one, or contains a refused value."""
    for place in _secret_files:
        with suppress(OSError):
            if path.samefile(place):
                return True
    return any(value in body for value in _secrets)


def read_attachment(path: Path, within: Path | None = None) -> tuple[Attachment, bytes]:
    """The attachment and its bytes.

    `within` is the folder of attestation files that names it, to which others may have written: the attachment must
    then be a picture or PDF inside that folder, reached without a link. Raises UsageError, also for a file that is
    missing, empty, not a plain file, larger than 20 MB, or looks like a key, because attachments are exported.
    """
    hint = "Name a file, a screenshot for instance"
    try:
        real = path.resolve()
        if within is not None and real != within.resolve() / _inside_folder(path, within):
            raise UsageError(f"The attachment {path} is a link", hint="Put the picture itself there")
        if str(real).startswith(tuple(f"{folder}/" for folder in _SYSTEM)):
            raise UsageError(f"The attachment {path} is a system file", hint=hint)
        body = files.read_bytes(path, most=LARGEST_BYTES, follow=within is None)
    except Unreadable as error:
        raise UsageError(f"The attachment {path} cannot be read: {error.reason}", hint=hint) from None
    except (OSError, ValueError, RuntimeError):  # a NUL in the path, a loop of links
        raise UsageError(f"The attachment {path} cannot be read: this is not a valid path", hint=hint) from None
    if not body:
        raise UsageError(f"The attachment {path} is empty", hint=hint)
    if is_secret(path, body):
        raise UsageError(f"The attachment {path} holds a configured secret, and attachments are exported", hint=hint)
    if within is not None and not (body.startswith(_PICTURES) or (body[:4] == b"RIFF" and body[8:12] == b"WEBP")):
        raise UsageError(f"The attachment {path} is neither a picture nor a PDF", hint="Attach a screenshot")
    if _KEY.fullmatch(body) or b"PRIVATE KEY-----" in body:
        raise UsageError(f"The attachment {path} looks like a key, and attachments are exported", hint=hint)
    return Attachment(short(path.name, "The attachment's name"), sha256(body).hexdigest(), len(body)), body


def _inside_folder(path: Path, within: Path) -> Path:
    """The path relative to the folder. Raises UsageError when it leads outside."""
    folder, place = Path(os.path.abspath(within)), Path(os.path.abspath(path))  # noqa: PTH100  it follows no link
    if not place.is_relative_to(folder):
        raise UsageError(f"The attachment {path} is not below {within}", hint="Put the picture into that folder")
    return place.relative_to(folder)


def read_attachments(
    paths: Iterable[Path], within: Path | None = None
) -> tuple[tuple[Attachment, ...], dict[str, bytes]]:
    """All attachments, each content once, and their bytes by digest."""
    by_digest = {one.sha256: (one, body) for one, body in (read_attachment(path, within) for path in paths)}
    return tuple(one for one, _ in by_digest.values()), {digest: body for digest, (_, body) in by_digest.items()}
