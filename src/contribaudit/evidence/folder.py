"""Writes an evidence folder or `.zip` file by file, then moves it into place whole or not at all."""

from __future__ import annotations

import io
import os
import shutil
import zipfile
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self, TextIO, cast

from contribaudit import termination
from contribaudit.errors import OutputError, UsageError
from contribaudit.evidence.manifest import NAME, PUBLIC_KEY, SIGNATURE, SUMS, Entry, Manifest, plain_path
from contribaudit.evidence.signing import Signer
from contribaudit.files import unfinished

_COPY_BYTES = 1 << 20
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)  # constant, so that the same files make the same archive


class EvidenceFolder:
    """Takes files one by one; `finish` adds the manifest and moves the folder into place.

    Used in a `with`: if anything interrupts it, nothing is left behind. Raises UsageError when the place exists,
    OutputError when the disk refuses.
    """

    def __init__(self, place: Path, *, archive: bool = False, mode: int = 0o700) -> None:
        """`place` is the folder to create, or the `.zip` file if `archive` is true; `mode` is the mode of folders."""
        self._place, self._archive = place, archive
        self._mode, self._file_mode = mode, mode & 0o666
        self._entries: dict[str, Entry] = {}
        self._made: set[Path] = set()
        self._working: Path | None = None
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        if os.path.lexists(self._place):
            raise self._exists_error()
        try:
            self._place.parent.mkdir(parents=True, exist_ok=True)
            self._working = self._stack.enter_context(unfinished(self._place, folder=True))
        except OSError as error:
            raise self._write_error(error) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()
        if isinstance(error, OSError):
            raise self._write_error(error) from error

    @contextmanager
    def binary(self, path: str) -> Iterator[BinaryIO]:
        """A new file to write once, from beginning to end."""
        if path in self._entries or not plain_path(path):
            raise ValueError(f"not a new plain path: {path!r}")
        target = self._folder / path
        if target.parent not in self._made:
            target.parent.mkdir(parents=True, exist_ok=True)
            self._made.add(target.parent)
        with target.open("xb") as file:
            out = _Digesting(file)
            yield cast("BinaryIO", out)
        self._entries[path] = Entry(path=path, size_bytes=out.size_bytes, sha256=out.digest.hexdigest())

    @contextmanager
    def text(self, path: str) -> Iterator[TextIO]:
        """A new UTF-8 text file whose newlines are written unchanged."""
        with self.binary(path) as raw:
            out = io.TextIOWrapper(raw, encoding="utf-8", newline="", write_through=False)
            try:
                yield out
                out.flush()
            finally:
                out.detach()

    def put(self, path: str, data: bytes) -> None:
        """Add a file with this content."""
        with self.binary(path) as out:
            out.write(data)

    @property
    def paths(self) -> Collection[str]:
        """The paths of all files so far."""
        return self._entries.keys()

    def sha256_of(self, path: str) -> str | None:
        """The digest of a file in the folder; None if there is no such file."""
        entry = self._entries.get(path)
        return entry.sha256 if entry is not None else None

    def entries(self) -> list[Entry]:
        """All files so far, sorted by path; adds the list of digests first."""
        if SUMS not in self._entries:
            lines = (f"{one.sha256}  {one.path}\n" for one in self._sorted_entries())
            self.put(SUMS, "".join(lines).encode())
        return self._sorted_entries()

    def finish(self, manifest: Manifest, signer: Signer | None = None, note: Callable[[], None] = lambda: None) -> None:
        """Write manifest and signature, move the pack into its place, call `note`; remove the pack if `note` fails."""
        data = manifest.canonical()
        (self._folder / NAME).write_bytes(data)
        if signer is not None:
            (self._folder / SIGNATURE).write_bytes(signer.sign(data))
            (self._folder / PUBLIC_KEY).write_bytes(signer.public_pem())
        if self._archive:
            with unfinished(self._place) as draft:
                self._zip(draft)
                # A hard link fails if the place exists by now; a rename would replace it.
                self._put_in_place(lambda: os.link(draft, self._place), note)
        else:
            self._folder.chmod(self._mode)
            for path in self._folder.rglob("*"):  # a copy of the folder keeps these modes, but not those of its parents
                path.chmod(self._mode if path.is_dir() else self._file_mode)
            self._put_in_place(lambda: self._folder.rename(self._place), note)

    def _put_in_place(self, put: Callable[[], object], note: Callable[[], None]) -> None:
        with termination.held():
            if os.path.lexists(self._place):  # a rename would replace an empty folder
                raise self._exists_error()
            try:
                put()
            except FileExistsError as error:
                raise self._exists_error() from error
            with termination.undoing(self._remove_again):
                try:
                    note()
                except BaseException:
                    self._remove_again()
                    raise

    def _remove_again(self) -> None:
        if self._archive:
            self._place.unlink()
        else:
            shutil.rmtree(self._place)

    def _zip(self, draft: Path) -> None:
        names = sorted(path.relative_to(self._folder).as_posix() for path in self._folder.rglob("*") if path.is_file())
        with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in names:
                info = zipfile.ZipInfo(name, _ZIP_TIME)
                info.compress_type = zipfile.ZIP_DEFLATED
                info.external_attr = self._file_mode << 16
                with (self._folder / name).open("rb") as source, archive.open(info, "w") as target:
                    shutil.copyfileobj(source, target, _COPY_BYTES)
        draft.chmod(self._file_mode)

    def _sorted_entries(self) -> list[Entry]:
        return [self._entries[path] for path in sorted(self._entries)]

    @property
    def _folder(self) -> Path:
        assert self._working is not None, "used outside of its `with`"
        return self._working

    def _exists_error(self) -> UsageError:
        return UsageError(f"{self._place} exists", hint="Evidence is never overwritten: name another place")

    def _write_error(self, error: OSError) -> OutputError:
        hint = "Free some space, or name another place"
        return OutputError(f"{self._place} could not be written: {error.strerror or error}", hint=hint)


class _Digesting(io.RawIOBase):
    """Passes bytes on to a file and computes their digest."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.digest = sha256()
        self.size_bytes = 0

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        view = memoryview(data)  # type: ignore[arg-type]
        self.digest.update(view)
        self._file.write(view)
        self.size_bytes += view.nbytes
        return view.nbytes
