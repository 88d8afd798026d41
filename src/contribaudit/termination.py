"""Ends the process when it is told to: at any moment, at once, with one sentence and the code of the signal.

An exception that a signal handler raises can be lost in a finalizer, a callback or an import, or come out as a
traceback. So nothing is raised: what is unfinished is undone, the sentence is written, and the process is gone. The
history needs no more than that, since a transaction that was not committed never was.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn

from contribaudit import exit_codes

CODES = {signal.SIGINT: exit_codes.INTERRUPTED, signal.SIGTERM: exit_codes.TERMINATED}
SENTENCES = {
    signal.SIGINT: "Interrupted; nothing unfinished was saved.",
    signal.SIGTERM: "Terminated; nothing unfinished was saved.",
}
if os.name == "posix":  # a terminal window that is closed
    CODES[signal.SIGHUP] = CODES[signal.SIGTERM]
    SENTENCES[signal.SIGHUP] = SENTENCES[signal.SIGTERM]
_SOON_SECONDS = 1.0
"""The main thread answers by then, unless it is inside a library that does not come back."""
_HELD_SECONDS = 5.0
"""How long a signal waits for what must not be cut in two."""
_UNDO_SECONDS = 10.0
"""How long undoing may take."""

_undo: dict[object, Callable[[], None]] = {}
_once = threading.Lock()
_begun = threading.Event()
_ending_thread: int | None = None
_listening = False
_held = 0
_waiting: int | None = None


def _plain(sentence: str, _code: int) -> None:
    os.write(2, f"{sentence}\n".encode())


_announce: Callable[[str, int], None] = _plain


def listen() -> None:
    """From now on SIGINT, SIGTERM and SIGHUP end this process. Called first, before anything else is imported.

    A signal that whoever started the process told it to ignore stays ignored.
    """
    global _listening
    if _listening:
        return
    _listening = True
    for number in CODES:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _on_signal)
    if os.name == "posix":
        with suppress(OSError):  # no descriptor is left: the main thread alone answers
            _listen_in_thread()
        _keep_terminal()


def _keep_terminal() -> None:
    """Restore the terminal's modes of now when a signal comes: a question for a key turns the echo off."""
    import termios

    try:
        found = termios.tcgetattr(0)
    except (OSError, termios.error):
        return

    def undo() -> None:
        # From the background that would stop the process.
        if os.tcgetpgrp(0) == os.getpgrp() and termios.tcgetattr(0) != found:
            termios.tcsetattr(0, termios.TCSANOW, found)

    _undo[undo] = undo


def _listen_in_thread() -> None:
    import fcntl

    ends = os.pipe()
    # Where a standard stream is closed its number is free, and would be written to as that stream.
    reading, writing = (fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 3) if end < 3 else end for end in ends)
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    threading.Thread(target=_watch, args=(reading,), name="signals", daemon=True).start()


def announce_through(announce: Callable[[str, int], None]) -> None:
    """Set the function that writes the sentence and is given the exit code. It may run between any two steps."""
    global _announce
    _announce = announce


@contextmanager
def undoing(undo: Callable[[], None]) -> Iterator[None]:
    """Call `undo` when a signal ends the process within the block, whose own end does not call it."""
    key = object()
    _undo[key] = undo
    try:
        yield
    finally:
        del _undo[key]


@contextmanager
def held() -> Iterator[None]:
    """Delay a signal until the end of the block: for two short steps that belong together.

    After some seconds it waits no longer, and what `undoing` names is undone.
    """
    global _held
    _held += 1
    try:
        yield
    finally:
        _held -= 1
        if _waiting is not None and not _held:
            _end(_waiting)


def within(seconds: float, number: int) -> None:
    """End the process by this signal unless it has ended by itself by then."""
    timer = threading.Timer(seconds, _end, (number,))
    timer.daemon = True
    timer.start()


def leave(code: int) -> NoReturn:
    """End the process with this code now that everything is written: threads that still work are not waited for."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(code)


def _on_signal(number: int, _frame: FrameType | None) -> None:
    global _waiting
    if _held:
        _waiting = number
    else:
        _end(number)


def _watch(reading: int) -> None:
    """End the process for a main thread that is stuck in a library."""
    while True:
        for number in os.read(reading, 64):
            if number in CODES and not _begun.wait(_SOON_SECONDS) and not (_held and _begun.wait(_HELD_SECONDS)):
                _end(number)


def _end(number: int) -> None:
    global _ending_thread
    if not _once.acquire(blocking=False):
        if _ending_thread != threading.get_ident():  # another thread is at it; else this is one more Ctrl-C
            threading.Event().wait()
        return
    _ending_thread = threading.get_ident()
    _begun.set()
    guard = threading.Timer(_UNDO_SECONDS, os._exit, (CODES[signal.Signals(number)],))
    guard.daemon = True
    with suppress(RuntimeError):  # the interpreter is on its way out, and starts no thread any more
        guard.start()
    for undo in reversed(list(_undo.values())):
        with suppress(Exception):
            undo()
    with suppress(Exception):
        _announce(SENTENCES[signal.Signals(number)], CODES[signal.Signals(number)])
    os._exit(CODES[signal.Signals(number)])
