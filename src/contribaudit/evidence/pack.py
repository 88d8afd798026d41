"""An evidence folder or archive as it is read: files by their path, and nothing beside it is touched."""

from __future__ import annotations

import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from contribaudit.errors import EvidenceDamaged, UsageError
from contribaudit.evidence.manifest import NAME
from contribaudit.exporters.text import plain

LONGEST_MANIFEST = 1 << 28
"""Bytes; a manifest of a million files is smaller."""
_KINDS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_DAMAGE = (OSError, zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError, ValueError, OverflowError)
"""What zipfile raises for an archive that somebody altered."""


class Pack:
    """The files of one folder, or of one `.zip` of it."""

    def __init__(self, place: Path, archive: zipfile.ZipFile | None) -> None:
        self.place, self._archive = place, archive

    def __str__(self) -> str:
        return str(self.place)

    def sizes(self) -> Iterator[tuple[str, int]]:
        """Every file in it, with slashes, whether the manifest lists it or not, and its size in bytes as announced.

        Raises EvidenceDamaged for what is no plain file: a link, a device, a name twice in an archive.
        """
        if self._archive is not None:
            seen: set[str] = set()
            for info in self._archive.infolist():
                kind = stat.S_IFMT(info.external_attr >> 16)
                if info.filename in seen or kind not in (0, stat.S_IFREG) or info.compress_type not in _KINDS:
                    raise EvidenceDamaged(
                        f"{shown(info.filename)} is in the archive twice, or is no plain file", hint=ASK
                    )
                seen.add(info.filename)
                yield info.filename, info.file_size
            return
        for path in sorted(self.place.rglob("*")):
            name = path.relative_to(self.place).as_posix()
            if path.is_symlink() or not (path.is_file() or path.is_dir()):
                raise EvidenceDamaged(f"{shown(name)} is no plain file", hint=ASK)
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
        except _DAMAGE as error:
            raise EvidenceDamaged(f"{shown(path)} cannot be read: {_said(error)}", hint=ASK) from error

    def read(self, path: str, longest: int = LONGEST_MANIFEST) -> bytes:
        """A small file, whole. Raises EvidenceDamaged for one that is longer."""
        with self.open(path) as file:
            data = file.read(longest + 1)
        if len(data) > longest:
            raise EvidenceDamaged(f"{shown(path)} is too long", hint=ASK)
        return data


@contextmanager
def open_pack(place: Path) -> Iterator[Pack]:
    """The evidence at this place. Raises UsageError where there is none."""
    if place.is_dir():
        if not (place / NAME).is_file():
            raise UsageError(f"{place} holds no {NAME}", hint="Name the folder or the .zip that was exported")
        yield Pack(place, None)
        return
    if not place.is_file():
        raise UsageError(f"{place} does not exist", hint="Name the folder or the .zip that was exported")
    try:
        archive = zipfile.ZipFile(place)
    except (*_DAMAGE, NotImplementedError) as error:
        raise EvidenceDamaged(f"{place} is no readable .zip archive", hint=ASK) from error
    with archive:
        yield Pack(place, archive)


def shown(path: str) -> str:
    """A path that somebody else chose, as a message may show it."""
    text = plain(path)
    return text if len(text) <= 120 else f"{text[:117]}..."


def _said(error: Exception) -> str:
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)


ASK = "Ask whoever made the evidence for the original"
