"""Reads an evidence folder or archive without trusting its author: files by path, nothing outside it.

`report.json` is read in the form in which it was written, indented, one finding at a time: a report of a million
findings is never entirely in memory, and no other parser can see a different document in the same bytes.

Raw answers are in at most sixteen files of JSON lines, by the first digit of each answer's SHA-256. A line is
`{"sha256": …, "body": …}`: `body` is the answer's canonical JSON as a text, so that
`jq -rj 'select(.sha256 == "DIGEST").body' responses/D.jsonl | sha256sum` gives the digest back.
"""

from __future__ import annotations

import csv
import io
import json
import stat
import struct
import zipfile
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from itertools import groupby, islice
from pathlib import Path
from typing import IO, Any

from contribaudit.core.model.phrases import repeated
from contribaudit.errors import EvidenceDamaged, StoreDamaged, UsageError
from contribaudit.evidence.manifest import ASK, NAME, Entry, Manifest
from contribaudit.exporters.json_v1 import indented
from contribaudit.exporters.saved import no_number
from contribaudit.exporters.text import safe_text

LONGEST_MANIFEST = 1 << 28
"""In bytes; the manifest of a million files is smaller."""
_KINDS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
DAMAGE = (OSError, zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError, ValueError, OverflowError)
"""Errors that zipfile raises for an altered archive."""
WRONG_SHAPE = (KeyError, TypeError, ValueError, AttributeError, OverflowError)
"""Errors caused by a value whose type differs from the published one."""


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A point on which two files disagree."""

    what: str
    """A sentence, without a full stop."""
    finding: str = ""
    """ID of the finding concerned; "" for none."""
    uncompared: str = ""
    """The file, when this build cannot determine whether it disagrees; otherwise ""."""


class Pack:
    """The files of an evidence folder or `.zip`."""

    def __init__(self, place: Path, archive: zipfile.ZipFile | None) -> None:
        self.place, self._archive = place, archive

    def sizes(self) -> Iterator[tuple[str, int]]:
        """Path, with slashes, and announced size in bytes of every file, whether the manifest lists it or not.

        Raises EvidenceDamaged for a link or a device, and for a name that occurs twice in an archive.
        """
        if self._archive is not None:
            seen: set[str] = set()
            for info in self._archive.infolist():
                kind = stat.S_IFMT(info.external_attr >> 16)
                if info.filename in seen or kind not in (0, stat.S_IFREG) or info.compress_type not in _KINDS:
                    raise EvidenceDamaged(
                        f"{shown(info.filename)} is in the archive twice, or is not a regular file", hint=ASK
                    )
                seen.add(info.filename)
                yield info.filename, info.file_size
            return
        for path in sorted(self.place.rglob("*")):
            name = path.relative_to(self.place).as_posix()
            if path.is_symlink() or not (path.is_file() or path.is_dir()):
                raise EvidenceDamaged(f"{shown(name)} is not a regular file", hint=ASK)
            if path.is_file():
                yield name, path.stat().st_size

    @contextmanager
    def open(self, path: str) -> Iterator[IO[bytes]]:
        """The file's bytes. Raises EvidenceDamaged when it is missing or cannot be read."""
        try:
            if self._archive is not None:
                with self._archive.open(path) as file:
                    yield file
            else:
                with (self.place / path).open("rb") as plain_file:
                    yield plain_file
        except (KeyError, FileNotFoundError):
            raise EvidenceDamaged(f"{shown(path)} is missing", hint=ASK) from None
        except DAMAGE as error:
            raise EvidenceDamaged(f"{shown(path)} cannot be read: {_error_words(error)}", hint=ASK) from error

    def read(self, path: str, longest: int = LONGEST_MANIFEST) -> bytes:
        """The whole content of a small file. Raises EvidenceDamaged when it is longer than `longest` bytes."""
        with self.open(path) as file:
            data = file.read(longest + 1)
        if len(data) > longest:
            raise EvidenceDamaged(f"{shown(path)} is too long", hint=ASK)
        return data

    def table(self, name: str) -> Iterator[Mapping[str, str]]:
        """The rows of a CSV file by column. Raises EvidenceDamaged when it is not a table with one header."""
        with self.open(name) as file, io.TextIOWrapper(file, encoding="utf-8-sig", newline="") as text:
            reader = csv.reader(text, strict=True)
            try:
                columns = next(reader, [])
                if len(set(columns)) != len(columns) or not columns:
                    raise EvidenceDamaged(f"{name} has no header, or a column twice", hint=ASK)
                for number, row in enumerate(reader, 1):
                    if len(row) != len(columns):
                        raise EvidenceDamaged(
                            f"{name}, row {number}: {len(row)} cells, {len(columns)} columns", hint=ASK
                        )
                    yield dict(zip(columns, row, strict=True))
            except csv.Error as error:
                raise EvidenceDamaged(f"{name} is not a table: {error}", hint=ASK) from None


class ListedPack(Pack):
    """A pack with its manifest."""

    def __init__(self, pack: Pack, manifest: Manifest) -> None:
        super().__init__(pack.place, pack._archive)
        self.manifest = manifest
        self.files: Mapping[str, Entry] = {one.path: one for one in manifest.files}
        """The files in the manifest, by path."""

    @property
    def named(self) -> bool:
        """True when people appear by name."""
        return self.manifest.scope.people == "named"

    def sha256_of(self, path: str) -> str | None:
        """The digest (hex) of a file according to the manifest; None if the manifest does not list the file."""
        return self.files[path].sha256 if path in self.files else None


@contextmanager
def open_pack(place: Path) -> Iterator[Pack]:
    """The evidence at this place. Raises UsageError when there is none, EvidenceDamaged for an unreadable archive."""
    if place.is_dir():
        if not (place / NAME).is_file():
            raise UsageError(f"{place} holds no {NAME}", hint="Name the folder or the .zip that was exported")
        yield Pack(place, None)
        return
    if not place.is_file():
        raise UsageError(f"{place} does not exist", hint="Name the folder or the .zip that was exported")
    try:
        archive = zipfile.ZipFile(place)
    except (*DAMAGE, NotImplementedError) as error:
        hint = f"Name an exported folder or .zip. If this is one: {ASK[:1].lower()}{ASK[1:]}"
        raise EvidenceDamaged(f"{place} is not a readable .zip archive", hint=hint) from error
    with archive:
        yield Pack(place, archive)


def shown(path: str) -> str:
    """An untrusted path or text, made safe and short for a message."""
    text = safe_text(path)
    return text if len(text) <= 120 else f"{text[:117]}..."


def _error_words(error: Exception) -> str:
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)


# ── report.json ───────────────────────────────────────────────────────────────────────────────────────

REPORT = "report.json"
_LONGEST_LINE = 1 << 20
_MOST_LINES = 1 << 24
"""Lines of one finding, or of everything before or after the findings: the steps may name millions of them."""


def strict_json(text: str | bytes) -> Any:
    """The parsed document. Raises ValueError for invalid JSON, a duplicate key, and absurdly deep nesting."""
    try:
        return json.loads(text, object_pairs_hook=_unique_keys, parse_constant=no_number)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    unique = dict(pairs)
    if len(unique) < len(pairs):
        raise ValueError(f"it has the key {repeated(key for key, _ in pairs)[0][:40]!r} twice")
    return unique


def report_pieces(pack: Pack) -> Iterator[tuple[str, Any]]:
    """Each key of report.json with its value, in order; for a list, the key with each entry.

    An empty list yields nothing. Raises EvidenceDamaged when the bytes are not what this tool writes for these values.
    """
    with pack.open(REPORT) as file:  # `open` reports a ValueError as damage
        if file.readline(_LONGEST_LINE) != b"{\n":
            raise ValueError("it does not begin with an object")
        yield from _read_members(map(_read_line, iter(lambda: file.readline(_LONGEST_LINE), b"")))


def _read_members(lines: Iterator[str]) -> Iterator[tuple[str, Any]]:
    """The keys before the findings, each finding, and the keys after them."""
    head, opening = _until(lines, ('  "findings": [', '  "findings": [],'))
    before = _parse_exact(["{", *head, '  "findings": []', "}"], "\n")
    yield from _each_entry(before)
    if opening.endswith("["):
        yield from _findings(lines)
    after = _parse_exact(["{", '  "findings": [],', *islice(lines, _MOST_LINES)], "\n")
    if twice := before.keys() & after.keys() - {"findings"}:
        raise ValueError(f"it has the key {min(twice)[:40]!r} twice")
    yield from _each_entry(after)


def _each_entry(members: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in members.items():
        if isinstance(value, list):
            yield from ((key, entry) for entry in value)
        else:
            yield key, value


def _findings(lines: Iterator[str]) -> Iterator[tuple[str, Any]]:
    """Each finding, up to the end of their list; other keys follow it."""
    end = "    },"
    while end == "    },":
        if next(lines, "") != "    {":
            raise ValueError("the list of findings is not in the form in which it is written")
        body, end = _until(lines, ("    }", "    },"))
        yield "findings", _parse_exact(["{", *body, "    }"], "\n    ")
    if next(lines, "") != "  ],":
        raise ValueError("the list of findings is not in the form in which it is written")


def _until(lines: Iterator[str], ends: Collection[str]) -> tuple[list[str], str]:
    """The lines before the first of the ends, and that end."""
    body: list[str] = []
    for line in lines:
        if line in ends:
            return body, line
        body.append(line)
        if len(body) > _MOST_LINES:
            raise ValueError("an entry has too many lines")
    raise ValueError("it is cut off")


def _read_line(line: bytes) -> str:
    if not line.endswith(b"\n"):
        raise ValueError("it is cut off" if len(line) < _LONGEST_LINE else "a line is too long")
    return line[:-1].decode("ascii")


def _parse_exact(lines: list[str], line: str) -> Any:
    """The value in these lines, the first of which is the rest of a line that begins as `line`."""
    text = "\n".join(lines)
    value = strict_json(text)
    try:
        if indented(value, line) != text:
            raise ValueError("a value is not in the form in which it is written")
    except (RecursionError, OverflowError):
        raise ValueError("a value is nested too deep") from None
    return value


# ── Raw answers ───────────────────────────────────────────────────────────────────────────────────────

ANSWERS = "responses"
_LONGEST_ANSWER = 1 << 26
"""In bytes, for one answer as written."""


def file_of(digest: str) -> str:
    """The path in the pack of the file that contains the answer."""
    return f"{ANSWERS}/{digest[0]}.jsonl"


def bundles(answers: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Path and lines of each file. `answers` must be sorted by digest; take each file's lines before the next file.

    Lone surrogates, which JSON can carry, are kept.
    """
    for path, group in groupby(answers, key=lambda one: file_of(one[0])):
        yield path, (_answer_line(digest, body) for digest, body in group)


def _answer_line(digest: str, body: bytes) -> bytes:
    text = json.dumps({"sha256": digest, "body": body.decode("utf-8", "surrogatepass")})
    return f"{text}\n".encode()


def is_bundle(path: str) -> bool:
    """True when the file contains answers as JSON lines."""
    folder, _, name = path.rpartition("/")
    return folder == ANSWERS and name.endswith(".jsonl")


def digests(pack: Pack, paths: Iterable[str]) -> Iterator[str]:
    """The digest of each answer in those of the files that contain answers.

    Raises EvidenceDamaged for a line that this tool does not write, and for an answer that does not match its digest.
    """
    for path in paths:
        if is_bundle(path):
            last = ""
            for digest, _ in _read_answers(pack, path):
                if not digest > last:
                    raise EvidenceDamaged(f"{path} holds an answer twice, or out of order", hint=ASK)
                last = digest
                yield digest


def _read_answers(pack: Pack, path: str) -> Iterator[tuple[str, bytes]]:
    with pack.open(path) as file:
        number = 0
        while line := file.readline(_LONGEST_ANSWER):
            number += 1
            digest, body = _parse_answer(line)
            if not digest or file_of(digest) != path or sha256(body).hexdigest() != digest:
                raise EvidenceDamaged(f"{shown(path)}, line {number}, does not hold what its digest says", hint=ASK)
            yield digest, body


def _parse_answer(line: bytes) -> tuple[str, bytes]:
    """Digest and answer; "" and b"" for a line that this tool does not write."""
    try:
        entry = json.loads(line)
        digest, body = entry["sha256"], entry["body"].encode("utf-8", "surrogatepass")
        whole = isinstance(digest, str) and _answer_line(digest, body) == line
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        whole = False
    return (digest, body) if whole else ("", b"")


def answer(pack: Pack, digest: str) -> bytes:
    """The raw answer with this digest.

    Raises StoreDamaged when the pack lacks it, EvidenceDamaged when it was altered.
    """
    if digest.isalnum() and file_of(digest) in {name for name, _ in pack.sizes()}:
        for stored, body in _read_answers(pack, file_of(digest)):
            if stored == digest:
                return body
    raise StoreDamaged(
        f"The raw response {digest} is not in this evidence",
        hint="Packs without names of people contain none; open it on the machine with the history",
    )
