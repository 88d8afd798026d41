"""Everything on stderr: progress, notes, warnings, errors, and the concluding sentence.

stdout carries only the result. On a terminal, progress is a live board (live.py), otherwise one line per finished
collector; with --log-format json, each line is a JSON object.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import traceback
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TextIO

from contribaudit.core.model.redaction import Redaction
from contribaudit.errors import ContribauditError, NothingRead
from contribaudit.progress import Progress

if TYPE_CHECKING:
    from pydantic import SecretStr

    from contribaudit.cli.live import Board

_COLORS = {"error": "31", "warning": "33", "next": "36"}
_COLORED = re.compile("\x1b\\[[0-9;]*m")
_LEAST_WIDTH = 40
_LEAST_OF_LETTERS = 20
_SOON_SECONDS = 3.0
"""Shorter waits are not logged."""


class Diagnostics(Progress):
    """Writes to stderr, the progress of a run included. A key given to `hide` is never written.

    `quiet` leaves warnings, errors and a conclusion that is not a PASS; `verbose` adds details and tracebacks of bugs.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self.quiet = False
        self.verbose = False
        self.as_json = False
        self.run_id = os.environ.get("INVOCATION_ID") or os.urandom(16).hex()
        """The ID in every line of a JSON log.

        It is systemd's ID of the start, with which its journal finds the lines, or else a random one.
        """
        self.run: int | None = None
        """The run's number in the history; None before the run is saved."""
        self.color: bool | None = None
        """False with --no-color. None otherwise: a terminal then has colours unless NO_COLOR is set."""
        self.runnable: Callable[[str], str] = str
        """Completes the commands in a text with this command line's options, so that they can be pasted."""
        self._stream = stream
        self._hidden: set[str] = set()
        self._redaction = Redaction(())
        self._running: set[tuple[str, str]] = set()
        self._organizations: set[str] = set()
        self._read: dict[tuple[str, str], tuple[int, int | None]] = {}
        self._reached: set[str] = set()
        """Organizations that could be read, at least in part."""
        self._failed: dict[str, list[tuple[str, str, dict[str, Any]]]] = {}
        """Failures by organization that could not be read so far: reason, line, fields. Each cause is written once."""
        self._wait_written = False
        self._board: Board | None = None

    @property
    def stream(self) -> TextIO:
        # Looked up each time, because tests and CliRunner replace sys.stderr.
        return self._stream or sys.stderr

    @property
    def interactive(self) -> bool:
        """True when stderr is a terminal that can redraw lines."""
        return _redraws(self.stream)

    def colors(self, stream: TextIO) -> bool:
        """True when the stream gets colours: on a terminal that has them, without NO_COLOR and --no-color."""
        if self.color is not None:
            return self.color
        return _redraws(stream) and not os.environ.get("NO_COLOR")

    def hide(self, *keys: SecretStr) -> None:
        """Never write these keys, whatever text contains them.

        A short one of letters alone ("wrong") is ignored: no key looks like that, and hiding the word would garble
        messages.
        """
        secrets = [key.get_secret_value() for key in keys]
        self._hidden |= {one for one in secrets if one and not (one.isalpha() and len(one) < _LEAST_OF_LETTERS)}
        self._redaction = Redaction(sorted(self._hidden))

    def detail(self, text: str) -> None:
        """Write a detail; only with --verbose."""
        if self.verbose:
            self._write_line("debug", "detail", text)

    def note(self, text: str) -> None:
        """Write a note on the work in progress; not with --quiet."""
        if not self.quiet and (text or not self.as_json):
            self._write_line("info", "note", text)

    def warning(self, text: str, *, hint: str = "") -> None:
        """Write a warning about something that did not stop the work."""
        plain = f"contribaudit: {self._paint('warning:', 'warning')} {clean(text)}"
        self._write_line("warning", "warning", text, plain=plain, hint=hint)

    def error(self, error: ContribauditError) -> None:
        """Write the error that stopped the work, with the next step in the last line."""
        self.settle()
        if isinstance(error, NothingRead):
            self._failed.clear()  # the error states the reason
        self._write_failed()
        message = clean(error.message, lines=True)
        self._problem("error", error.code, message, message, error.hint)

    def usage(self, message: str, hint: str) -> None:
        """Write an error in the command line."""
        self._problem("error", "usage", message, clean(message), hint)

    def conclusion(self, sentence: str, *, code: int = 0) -> None:
        """Write the last line: one sentence that a person can act on. With --quiet, only if `code` is not 0."""
        self.settle()
        self._write_failed()
        if code or not self.quiet:
            self._write_line("error" if code else "info", "conclusion", sentence, exit_code=code)

    def last_words(self, sentence: str, code: int) -> None:
        """Write the conclusion of a process that a signal ends, possibly while another method of this class runs.

        It bypasses Python's buffers, which may contain half a line. It imports nothing: the signal may have come in
        the middle of the same import.
        """
        if self.stream is None:
            return
        number = self.stream.fileno()
        if self._board is not None:
            with suppress(Exception):  # the board may be drawing, and the process ends anyway
                self._board.stop()
            os.write(number, b"\r\x1b[?25h")
        line = self._entry("error", "conclusion", sentence, exit_code=code) if self.as_json else sentence
        os.write(number, f"{line}\n".encode("utf-8", "backslashreplace"))

    def bug(self, error: BaseException) -> None:
        """Write a bug: with --verbose its traceback, without the values of variables; otherwise one line."""
        self.settle()
        kind = type(error).__name__
        if self.verbose:
            self._traceback(error)
        text = f"This is a bug in contribaudit ({kind})"
        hint = "Report it with the lines above" if self.verbose else "Run it again with --verbose and report its output"
        self._problem("bug", "bug", text, text, hint)

    def _problem(self, event: str, code: str, message: str, shown: str, hint: str) -> None:
        hint = hint if hint.endswith("..") else hint.removesuffix(".")  # keep the dots of a path
        plain = f"{self._paint('contribaudit:', 'error')} {shown}"
        self._write_line("error", event, message, plain=plain, hint=hint, code=code)

    def settle(self) -> None:
        """Remove the live board from the terminal, so that a result can be written."""
        if self._board is not None:
            self._board.stop()
            self._board = None

    # Progress

    def collector_started(self, organization: str, collector: str) -> None:
        self._running.add((organization, collector))
        self._organizations.add(organization)
        if self.quiet or self.as_json or not self.interactive:
            return
        if self._board is None:
            from contribaudit.cli.live import Board

            self._board = Board(self.stream, color=self.colors(self.stream))
        self._board.collector_started(organization, clean(collector))

    def page_read(self, organization: str, collector: str, read: int, announced: int | None) -> None:
        self._read[organization, collector] = (read, announced)
        self._mark_reached(organization)
        if self._board is not None:
            self._board.page_read(organization, clean(collector), read, announced)

    def waiting(self, call: str, seconds: float, reason: str) -> None:
        if self._board is not None:
            self._board.waiting(clean(call), seconds, self._redaction.text(clean(reason)))
        elif not self.quiet and (self.verbose or seconds >= _SOON_SECONDS):
            if self._groups_failures and not self._reached:
                if not self._wait_written:
                    self._wait_written = True
                    plain = f"nothing could be read yet, trying again: {reason}"
                    self._write_line("info", "waiting", reason, plain=plain)
                return
            text = f"waiting {seconds:.0f} s before {call}: {reason}"
            self._write_line("info", "waiting", text, call=call, seconds=round(seconds, 1), reason=reason)

    def collector_finished(self, organization: str, collector: str, status: str, reason: str) -> None:
        self._running.discard((organization, collector))
        read, announced = self._read.pop((organization, collector), (None, None))
        if self._board is not None:
            self._board.collector_finished(organization, clean(collector), status, reason)
        if not self.quiet and (self._board is None or status != "ok"):
            count = f", {read} read" if read is not None else ""
            whose = f"{organization} " if len(self._organizations) > 1 else ""
            text = f"{whose}{collector}: {status}{count}{f': {reason}' if reason else ''}"
            if self.interactive and len(text) > terminal_width():
                text = f"{text[: terminal_width() - 1]}…"
            fields = {"organization": organization, "collector": collector, "status": str(status), "reason": reason}
            if status != "failed":
                self._mark_reached(organization)
            if self._groups_failures and organization not in self._reached:
                self._failed.setdefault(organization, []).append((reason, text, fields))
            else:
                self._write_line("info", "collector_finished", text, **fields, read=read, announced=announced)
        if not self._running:
            self.settle()

    @property
    def _groups_failures(self) -> bool:
        """True when failures with the same cause are written once."""
        return not (self.verbose or self.as_json)

    def _mark_reached(self, organization: str) -> None:
        if organization not in self._reached:
            self._reached.add(organization)
            for _, text, fields in self._failed.pop(organization, ()):
                self._write_line("info", "collector_finished", text, **fields)

    def _write_failed(self) -> None:
        """Write the failures of organizations that could not be read, in one line if they have the same cause."""
        for organization, failed in self._failed.items():
            causes = {reason.partition(": ")[0] for reason, _, _ in failed}
            whose = f"{organization}: " if len(self._organizations) > 1 else ""
            text = f"{whose}nothing could be read: {failed[0][0]}"
            lines = [text] if len(causes) == 1 and len(failed) > 1 else [line for _, line, _ in failed]
            for line in lines:
                self._write_line("info", "collector_finished", line, organization=organization)
        self._failed.clear()

    def collector_broke(self, organization: str, collector: str, error: Exception) -> None:
        self.detail(f"{organization} {collector}: a bug in contribaudit ended it")
        if self.verbose:
            self._traceback(error)

    def _traceback(self, error: BaseException) -> None:
        for line in "".join(traceback.format_exception(error)).splitlines():
            self._write_line("error", "traceback", line)

    def _write_line(self, level: str, event: str, message: str, **more: Any) -> None:
        line = self._worded(level, event, message, **more)
        if self._board is not None:
            self._board.print(line)
            return
        try:
            print(line, file=self.stream, flush=True)
        except (OSError, ValueError):
            return  # stderr is closed, so nothing can be reported

    def _worded(self, level: str, event: str, message: str, plain: str = "", hint: str = "", **fields: Any) -> str:
        """The line: `plain` (by default `message`) with the hint; in a JSON log, `message` with the fields."""
        message, plain, hint = self.runnable(message), self.runnable(plain or message), self.runnable(hint)
        if self.as_json:
            return self._entry(level, event, message, **fields, **({"next": hint} if hint else {}))
        line = plain if event in ("error", "warning", "bug") else clean(plain)
        if hint:
            line += f"\n  {self._paint('next:', 'next')} {clean(hint)}"
        line = self._redaction.text(line)
        return wrapped(line, terminal_width()) if self.interactive else line

    def _entry(self, level: str, event: str, message: str, **fields: Any) -> str:
        time = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        entry = {"time": time, "level": level, "event": event, "run_id": self.run_id, "run": self.run}
        return self._redaction.text(json.dumps(entry | {"message": message} | fields, ensure_ascii=True, default=str))

    def _paint(self, text: str, role: str) -> str:
        return f"\x1b[{_COLORS[role]}m{text}\x1b[0m" if self.colors(self.stream) and not self.as_json else text


def _redraws(stream: TextIO) -> bool:
    return stream.isatty() and os.environ.get("TERM", "") not in ("dumb", "unknown")


def terminal_width() -> int:
    """The width of the terminal in columns, at least 40."""
    return max(_LEAST_WIDTH, shutil.get_terminal_size().columns)


def wrapped(text: str, width: int) -> str:
    """The text in lines of at most `width` columns, broken at blanks; further lines are indented like their first.

    Colours take no room, and a word that is longer than a line stays whole.
    """
    from rich.cells import cell_len

    lines: list[str] = []
    for line in text.split("\n"):
        indent = " " * (len(line) - len(line.lstrip(" ")))
        first, *words = line.split(" ")
        for word in words:
            if first.strip() and cell_len(_COLORED.sub("", f"{first} {word}")) > width:
                lines.append(first)
                first = indent + word
            else:
                first += f" {word}"
        lines.append(first)
    return "\n".join(lines)


def clean(text: str, *, lines: bool = False) -> str:
    """The text with control characters escaped; line breaks stay with `lines`, otherwise they become blanks."""
    rows: Iterable[str] = text.splitlines() if lines else [" ".join(text.split("\n"))]
    return "\n".join("".join(char if char.isprintable() else _escaped(char) for char in line) for line in rows)


def _escaped(char: str) -> str:
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
