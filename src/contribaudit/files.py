"""Reads files that people name, within limits, and writes our own files and folders completely or not at all.

A named file may hold anything, so nothing in it ends the program with another error than `Unreadable` or `NotToml`, and
reading never blocks. An unfinished file lies next to its final place, under a name of ours. A killed process cannot
clean up, so the next process that writes to the same folder removes its leftovers: files with our naming pattern that
belong to this account and are no longer locked, since a lock ends with its process.
"""

from __future__ import annotations

import codecs
import os
import re
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from contribaudit import termination
from contribaudit.errors import CredentialError

MOST_BYTES = 1_000_000
_DEEPEST = 32
_LARGEST = 10**40
"""Far beyond any key's own limit, whose message is better, and far below what Python refuses to print."""
_POSITION = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_LONG_KEY = re.compile(r"""(?<![\w"'-])(?:[\w"'-]++[ \t]*+\.[ \t]*+){200}""")
"""tomllib takes quadratic time for a long dotted key."""
_BY_MARK = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark is a prefix of this one
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class Unreadable(Exception):
    """The file cannot be read, or is not text. `reason` and `hint` are for people; `missing` means no such file."""

    def __init__(self, reason: str, hint: str, *, missing: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint
        self.missing = missing


class NotToml(Exception):
    """The text is not usable TOML. `line` counts from 1; `column` is None if unknown."""

    def __init__(self, what: str, line: int, column: int | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.line = line
        self.column = column


def read_bytes(path: Path, *, most: int = MOST_BYTES, follow: bool = True) -> bytes:
    """The content of a regular file of at most `most` bytes; `follow` False refuses a symbolic link.

    A named pipe or a device is refused right away, since it may never end. Raises Unreadable.
    """
    try:
        # Without O_NONBLOCK, opening a named pipe would wait for a writer.
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        descriptor = os.open(path, flags | (0 if follow else getattr(os, "O_NOFOLLOW", 0)))
        with os.fdopen(descriptor, "rb") as file:
            if problem := _no_file(os.fstat(file.fileno())):
                raise Unreadable(problem, "Name a file that holds the text itself")
            content = file.read(most + 1)
    except (OSError, ValueError) as error:  # ValueError: a null byte in the path
        raise unreadable(error) from None
    if len(content) > most:
        raise Unreadable(f"it is larger than {most // 1_000_000} MB", "Is this the right file?")
    return content


def unreadable(error: OSError | ValueError) -> Unreadable:
    """The `Unreadable` for an error of opening or reading a file."""
    match error:
        case FileNotFoundError():
            return Unreadable("there is no such file", "Is the path right?", missing=True)
        case IsADirectoryError():
            return Unreadable("this is a folder", "Name a file in the folder")
        case PermissionError():
            return Unreadable("it is not readable for this account", "Give this account the right to read it")
        case _:
            reason = (error.strerror if isinstance(error, OSError) else None) or "the path cannot be opened"
            return Unreadable(f"it cannot be read ({reason})", "Is the path right?")


def _no_file(status: os.stat_result) -> str:
    mode = status.st_mode
    if stat.S_ISREG(mode):
        return ""
    if stat.S_ISDIR(mode):
        return "this is a folder"
    if stat.S_ISCHR(mode) and status.st_rdev == Path(os.devnull).stat().st_rdev:
        return ""  # the null device stands for an empty file, as in shells
    return "this is a named pipe" if stat.S_ISFIFO(mode) else "this is a device, not a file"


def decoded(content: bytes) -> str:
    """The text without its byte order mark: UTF-8, or the encoding of the mark. Raises Unreadable."""
    encoding = next((name for mark, name in _BY_MARK if content.startswith(mark)), "utf-8-sig")
    if encoding == "utf-8-sig" and (guess := _encoding_without_mark(content)):
        raise Unreadable(f"it is {guess} without a byte order mark", "Save the file as UTF-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding != "utf-8-sig":
            raise Unreadable(f"it starts like {encoding.upper()} but is not valid", "Save the file as UTF-8") from None
        line = content.count(b"\n", 0, error.start) + 1
        raise Unreadable(f"line {line} is not UTF-8", "Save the file as UTF-8") from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise Unreadable(f"line {line} holds a NUL byte, so this is not text", "Is this the right file?")
    return text


def _encoding_without_mark(content: bytes) -> str:
    """UTF-32 or UTF-16 where the NUL bytes stand as in a text of mostly Latin letters; "" elsewhere."""
    if len(content) % 4 == 0 and any(content[::4]) is not any(content[3::4]):
        return "UTF-32"
    fewer, more = sorted((content[::2].count(0), content[1::2].count(0)))
    return "UTF-16" if more * 6 > len(content) and fewer * 10 < more else ""


def read_text(path: Path, *, most: int = MOST_BYTES) -> str:
    """The file's text, in any Unicode encoding that a Windows editor may write. Raises Unreadable."""
    return decoded(read_bytes(path, most=most))


def toml(text: str) -> dict[str, Any]:
    """The text as TOML, at most 32 levels deep and without extreme numbers. Raises NotToml."""
    import tomllib

    if long := _LONG_KEY.search(text):
        raise NotToml("a key has too many parts", text.count("\n", 0, long.start()) + 1)
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        position, what = _POSITION.search(str(error)), _POSITION.sub("", str(error))
        what = what[:1].lower() + what[1:]
        if position and position[1]:
            raise NotToml(what, int(position[1]), int(position[2])) from None
        raise NotToml(f"{what}, and the file ends", text.rstrip("\n").count("\n") + 1) from None
    except ValueError:  # more digits than Python converts
        raise NotToml("a number has too many digits", _first_line(text, re.compile(r"[0-9_]{1000}"))) from None
    except RecursionError:
        raise NotToml("lists or tables are nested too deeply", _deepest_line(text)) from None
    _refuse_extremes(document, text)
    return document


def _refuse_extremes(document: dict[str, Any], text: str) -> None:
    """Refuse deep nesting and extreme numbers, level by level, because recursion could exhaust Python's stack."""
    level: list[Any] = [document]
    for _ in range(_DEEPEST):
        inner: list[Any] = []
        for value in level:
            inner += value.values() if isinstance(value, dict) else value
        if any(isinstance(value, int) and abs(value) > _LARGEST for value in inner):
            raise NotToml("a number has too many digits", _first_line(text, re.compile(r"[0-9A-Fa-f_]{30}")))
        level = [value for value in inner if isinstance(value, dict | list)]
        if not level:
            return
    raise NotToml("lists or tables are nested too deeply", _deepest_line(text))


def _first_line(text: str, pattern: re.Pattern[str]) -> int:
    match = pattern.search(text)
    return text.count("\n", 0, match.start()) + 1 if match else 1


def _deepest_line(text: str) -> int:
    """The line with the most opening brackets or key parts: a good place to start looking."""
    lines = text.split("\n")
    return max(range(len(lines)), key=lambda at: lines[at].count("[") + lines[at].count("{") + lines[at].count(".")) + 1


def refuse_shared(what: str, path: Path, status: os.stat_result) -> None:
    """Raise CredentialError for a secret's file that other accounts can read or change.

    A file mounted by an orchestrator cannot be changed here, so others may be able to read it. It must then belong to
    root or this account, be writable for nobody else, and be read-only, on a read-only mount, or behind a `..data`
    link.
    """
    if os.name != "posix" or not stat.S_ISREG(status.st_mode):
        return
    others = stat.S_IMODE(status.st_mode) & 0o077
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    if folder and path.absolute().parent == Path(folder).absolute():
        others &= ~stat.S_IRGRP  # systemd gives these files to its service, and nobody else can enter their folder
    if others and not (status.st_uid in (0, os.geteuid()) and not others & 0o022 and _mounted(path, status)):
        hint = "Hand it over by descriptor: --api-key-fd N, with N<FILE in the shell"
        if status.st_uid == os.geteuid():
            hint = f"Run: chmod 600 {path}"
        raise CredentialError(f"The {what} {path} can be read or changed by others", hint=hint)


def _mounted(path: Path, status: os.stat_result) -> bool:
    read_only = not status.st_mode & stat.S_IWUSR or status.st_uid != os.geteuid()
    with suppress(OSError):
        read_only = read_only or bool(os.statvfs(path).f_flag & os.ST_RDONLY) or "..data" in path.readlink().parts
    return read_only


try:
    import fcntl
except ImportError:  # Windows: leftovers of a killed process stay
    fcntl = None  # type: ignore[assignment]

_NAME = re.compile(r"\..*\.contribaudit\.partial-[0-9a-f]{12}", re.DOTALL)
_TRIES = 5


@contextmanager
def unfinished(place: Path, *, folder: bool = False) -> Iterator[Path]:
    """A new empty file or folder next to `place`, for this account only: fill it, and rename it to its place.

    Whatever was not renamed by the end of the block is removed. Raises OSError.
    """
    _remove_leftovers(place.parent)
    for _ in range(_TRIES):
        path = place.parent / f".{place.name[:40]}.contribaudit.partial-{os.urandom(6).hex()}"
        with termination.undoing(lambda path=path: _remove(path)):  # type: ignore[misc]
            lock = _open_locked(path, folder=folder)
            if lock is None:  # another process removed it as a leftover before it was locked
                continue
            try:
                yield path
            finally:
                _remove(path)
                os.close(lock)
            return
    raise OSError(f"{place.parent} does not keep what is made in it")


def write_whole(path: Path, text: str) -> None:
    """Write a file, in place of an older one, completely or not at all; creates its folder. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with unfinished(path) as draft:
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)


def write_new(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Write a file that does not exist yet, completely or not at all. Raises FileExistsError and OSError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
    except BaseException:
        _remove(path)
        raise


def _open_locked(path: Path, *, folder: bool) -> int | None:
    """The descriptor that locks the path while it is open; None when another process has locked or removed the path."""
    if folder:
        path.mkdir(mode=0o700)
        if fcntl is None:
            return os.open(os.devnull, os.O_RDONLY)
        try:
            descriptor = os.open(path, os.O_RDONLY)
        except FileNotFoundError:
            return None
    else:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    if fcntl is not None:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        except OSError:
            return descriptor  # a file system without locks, where nothing is removed as a leftover either
        if not path.exists():
            os.close(descriptor)
            return None
    return descriptor


def _remove_leftovers(folder: Path) -> None:
    """Remove unfinished files of processes that have ended; what cannot be removed stays."""
    if fcntl is None:
        return
    with suppress(OSError), os.scandir(folder) as entries:
        for name in [entry.name for entry in entries if _NAME.fullmatch(entry.name)]:
            with suppress(OSError):
                _remove_leftover(folder / name)


def _remove_leftover(path: Path) -> None:
    status = path.lstat()
    if status.st_uid != os.geteuid() or not (stat.S_ISDIR(status.st_mode) or stat.S_ISREG(status.st_mode)):
        return
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _remove(path)
    finally:
        os.close(descriptor)


def _remove(path: Path) -> None:
    with suppress(OSError):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
