"""Everything on stderr: progress, notes, warnings, errors, and the sentence at the end.

stdout carries the result and nothing else. On a terminal progress is a live board (live.py), otherwise one plain line
per finished collector; with --log-format json each line is a JSON object.
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

if TYPE_CHECKING:
    from pydantic import SecretStr

    from contribaudit.cli.live import Board

_COLORS = {"error": "31", "warning": "33", "next": "36"}
_COLORED = re.compile("\x1b\\[[0-9;]*m")
_LEAST_WIDTH = 40
_LEAST_OF_LETTERS = 20
_SOON_SECONDS = 3.0
"""A shorter wait is not worth a line in a log."""


class Diagnostics:
    """Writes to stderr, as `contribaudit.progress.Progress` too. A key given to `hide` never appears in it.

    `quiet` leaves warnings, errors and a conclusion that is no PASS; `verbose` adds details and a bug's traceback.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self.quiet = False
        self.verbose = False
        self.as_json = False
        self.run_id = os.environ.get("INVOCATION_ID") or os.urandom(16).hex()
        """In every line of a JSON log: systemd's own ID of the start, so that its journal finds the lines, else one of
        this process.
        """
        self.run: int | None = None
        """The run's number in the history, once there is one."""
        self.color: bool | None = None
        """False with --no-color; None otherwise: then a terminal gets colours unless NO_COLOR is set."""
        self.runnable: Callable[[str], str] = str
        """Completes the commands that a text names, so that they run as they stand."""
        self._stream = stream
        self._hidden: set[str] = set()
        self._redaction = Redaction(())
        self._running: set[tuple[str, str]] = set()
        self._organizations: set[str] = set()
        self._read: dict[tuple[str, str], tuple[int, int | None]] = {}
        self._reached: set[str] = set()
        """Organizations of which something was read."""
        self._failed: dict[str, list[tuple[str, str, dict[str, Any]]]] = {}
        """By organization, what failed before that: reason, line and fields. One cause is written once."""
        self._wait_written = False
        self._board: Board | None = None

    @property
    def stream(self) -> TextIO:
        # Looked up late: tests and CliRunner replace sys.stderr.
        return self._stream or sys.stderr

    @property
    def interactive(self) -> bool:
        """Whether a person watches stderr on a terminal that can redraw lines."""
        return _redraws(self.stream)

    def colors(self, stream: TextIO) -> bool:
        """Whether the stream gets colours: it is a terminal that has them, without NO_COLOR and --no-color."""
        if self.color is not None:
            return self.color
        return _redraws(stream) and not os.environ.get("NO_COLOR")

    def hide(self, *keys: SecretStr) -> None:
        """Never write these keys, whatever text they occur in.

        A short one of letters alone ("wrong") is a word: no key looks like that, and hiding it would garble messages.
        """
        told = [key.get_secret_value() for key in keys]
        self._hidden |= {one for one in told if one and not (one.isalpha() and len(one) < _LEAST_OF_LETTERS)}
        self._redaction = Redaction(sorted(self._hidden))

    def detail(self, text: str, **fields: Any) -> None:
        """Something that only --verbose shows."""
        if self.verbose:
            self._write_line("debug", "detail", text, text, fields)

    def note(self, text: str, **fields: Any) -> None:
        """Something good to know while it runs; --quiet leaves it out."""
        if not self.quiet and (text or not self.as_json):
            self._write_line("info", "note", text, text, fields)

    def warning(self, text: str, *, hint: str = "") -> None:
        """Something that did not stop the work but that a person should see."""
        plain = f"contribaudit: {self._paint('warning:', 'warning')} {clean(text)}"
        self._write_line("warning", "warning", text, plain + self._hint_line(hint), {"next": hint} if hint else {})

    def error(self, error: ContribauditError) -> None:
        """What stopped the work, and what to do next, which is the last line."""
        self.settle()
        if isinstance(error, NothingRead):
            self._failed.clear()  # the error says why
        self._write_failed()
        message = clean(error.message, lines=True)
        self._problem("error", error.code, message, message, error.hint)

    def usage(self, message: str, hint: str) -> None:
        """What is wrong with the command line."""
        self._problem("error", "usage", message, clean(message), hint)

    def conclusion(self, sentence: str, *, code: int = 0) -> None:
        """The last line: one sentence that a person can act on. With --quiet only when `code` is not 0."""
        self.settle()
        self._write_failed()
        if code or not self.quiet:
            self._write_line("error" if code else "info", "conclusion", sentence, sentence, {"exit_code": code})

    def last_words(self, sentence: str, code: int) -> None:
        """Write the conclusion of a process that a signal ends, possibly in the middle of another method of this class.

        Past Python's buffers: what is in them may be half of a line.
        """
        if self.stream is None:
            return
        number = self.stream.fileno()
        if self._board is not None:
            with suppress(Exception):  # it may be at work itself, and the process ends all the same
                self._board.stop()
            os.write(number, b"\r\x1b[?25h")
        line = self._worded("error", "conclusion", sentence, sentence, {"exit_code": code})
        os.write(number, f"{line}\n".encode("utf-8", "backslashreplace"))

    def bug(self, error: BaseException) -> None:
        """A bug: its traceback with --verbose, without the values of variables; else one line."""
        self.settle()
        kind = type(error).__name__
        if self.verbose:
            self._traceback(error)
        text = f"This is a bug in contribaudit ({kind})"
        hint = "Report it with the lines above" if self.verbose else "Run it again with --verbose and report its output"
        self._problem("bug", "bug", text, text, hint)

    def _problem(self, event: str, code: str, message: str, shown: str, hint: str) -> None:
        hint = hint if hint.endswith("..") else hint.removesuffix(".")  # as a path does
        plain = f"{self._paint('contribaudit:', 'error')} {shown}{self._hint_line(hint)}"
        self._write_line("error", event, message, plain, {"code": code} | ({"next": hint} if hint else {}))

    def settle(self) -> None:
        """Take the live board off the terminal, so that a result can be written."""
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
        self._board.started(organization, clean(collector))

    def page_read(self, organization: str, collector: str, read: int, announced: int | None) -> None:
        self._read[organization, collector] = (read, announced)
        self._mark_reached(organization)
        if self._board is not None:
            self._board.page_read(organization, clean(collector), read, announced)

    def waiting(self, call: str, seconds: float, reason: str) -> None:
        if self._board is not None:
            self._board.waiting(clean(call), seconds, self._safe(clean(reason)))
        elif not self.quiet and (self.verbose or seconds >= _SOON_SECONDS):
            if self._groups_failures and not self._reached:
                if not self._wait_written:
                    self._wait_written = True
                    self._write_line(
                        "info", "waiting", reason, f"nothing could be read yet, trying again: {reason}", {}
                    )
                return
            text = f"waiting {seconds:.0f} s before {call}: {reason}"
            fields = {"call": call, "seconds": round(seconds, 1), "reason": reason}
            self._write_line("info", "waiting", text, text, fields)

    def collector_finished(self, organization: str, collector: str, status: str, reason: str) -> None:
        self._running.discard((organization, collector))
        read, announced = self._read.pop((organization, collector), (None, None))
        if self._board is not None:
            self._board.finished(organization, clean(collector))
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
                self._write_line(
                    "info", "collector_finished", text, text, fields | {"read": read, "announced": announced}
                )
        if not self._running:
            self.settle()

    @property
    def _groups_failures(self) -> bool:
        """Whether failures of the same cause are written once."""
        return not (self.verbose or self.as_json)

    def _mark_reached(self, organization: str) -> None:
        if organization not in self._reached:
            self._reached.add(organization)
            for _, text, fields in self._failed.pop(organization, ()):
                self._write_line("info", "collector_finished", text, text, fields)

    def _write_failed(self) -> None:
        """Write the failures of organizations of which nothing was read: one line where they have the same cause."""
        for organization, failed in self._failed.items():
            causes = {reason.partition(": ")[0] for reason, _, _ in failed}
            whose = f"{organization}: " if len(self._organizations) > 1 else ""
            text = f"{whose}nothing could be read: {failed[0][0]}"
            lines = [text] if len(causes) == 1 and len(failed) > 1 else [line for _, line, _ in failed]
            for line in lines:
                self._write_line("info", "collector_finished", line, line, {"organization": organization})
        self._failed.clear()

    def collector_broke(self, organization: str, collector: str, error: Exception) -> None:
        self.detail(f"{organization} {collector}: a bug in contribaudit ended it")
        if self.verbose:
            self._traceback(error)

    def _traceback(self, error: BaseException) -> None:
        for line in "".join(traceback.format_exception(error)).splitlines():
            self._write_line("error", "traceback", line, line, {})

    def _worded(self, level: str, event: str, message: str, plain: str, fields: dict[str, Any]) -> str:
        message, plain = self.runnable(message), self.runnable(plain)
        if "next" in fields:
            fields = fields | {"next": self.runnable(fields["next"])}
        if self.as_json:
            now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            entry = {"time": now, "level": level, "event": event, "run_id": self.run_id, "run": self.run}
            entry |= {"message": message} | fields
            line = json.dumps(entry, ensure_ascii=True, default=str)
        else:
            line = plain if event in ("error", "warning", "bug") else clean(plain)
        line = self._safe(line)
        return wrapped(line, terminal_width()) if self.interactive and not self.as_json else line

    def _write_line(self, level: str, event: str, message: str, plain: str, fields: dict[str, Any]) -> None:
        line = self._worded(level, event, message, plain, fields)
        if self._board is not None:
            self._board.print(line)
            return
        try:
            print(line, file=self.stream, flush=True)
        except (OSError, ValueError):
            return  # stderr is gone; there is nobody left to tell

    def _hint_line(self, hint: str) -> str:
        return f"\n  {self._paint('next:', 'next')} {clean(hint)}" if hint else ""

    def _paint(self, text: str, role: str) -> str:
        return f"\x1b[{_COLORS[role]}m{text}\x1b[0m" if self.colors(self.stream) and not self.as_json else text

    def _safe(self, line: str) -> str:
        return self._redaction.text(line)


def _redraws(stream: TextIO) -> bool:
    return stream.isatty() and os.environ.get("TERM", "") not in ("dumb", "unknown")


def terminal_width() -> int:
    """The width of the terminal, in columns; at least 40, however narrow it is."""
    return max(_LEAST_WIDTH, shutil.get_terminal_size().columns)


def wrapped(text: str, width: int) -> str:
    """The text in lines of at most so many columns, broken at blanks; what follows is indented like the line it ends.

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
    """The text with everything that a terminal would obey escaped; line breaks stay with `lines`, else are blanks."""
    kept: Iterable[str] = text.splitlines() if lines else [" ".join(text.split("\n"))]
    return "\n".join("".join(char if char.isprintable() else _escaped(char) for char in line) for line in kept)


def _escaped(char: str) -> str:
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
