"""Ends the process on a signal: at any moment, at once, with one sentence and the signal's exit code.

An exception raised by a signal handler can be lost in a finalizer, a callback or an import, or appear as a traceback.
So nothing is raised: unfinished work is undone, the sentence is written, and the process exits. The history needs
nothing more, because an uncommitted transaction leaves no trace.
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
if os.name == "posix":  # sent when a terminal window is closed
    CODES[signal.SIGHUP] = CODES[signal.SIGTERM]
    SENTENCES[signal.SIGHUP] = SENTENCES[signal.SIGTERM]
_SOON_SECONDS = 1.0
"""How long the main thread may take to react; only a blocked library call takes longer."""
_HELD_SECONDS = 5.0
"""How long a signal waits for steps that must not be separated."""
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
    """Make SIGINT, SIGTERM and SIGHUP end this process. Called first, before anything else is imported.

    A signal that the parent process set to be ignored stays ignored.
    """
    global _listening
    if _listening:
        return
    _listening = True
    for number in CODES:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _on_signal)
    if os.name == "posix":
        with suppress(OSError):  # without a free descriptor, only the main thread reacts
            _listen_in_thread()
        _keep_terminal()


def _keep_terminal() -> None:
    """Restore the current terminal modes when a signal comes, because a prompt for a key turns echo off."""
    import termios

    try:
        modes = termios.tcgetattr(0)
    except (OSError, termios.error):
        return

    def undo() -> None:
        # A background process would be stopped by this.
        if os.tcgetpgrp(0) == os.getpgrp() and termios.tcgetattr(0) != modes:
            termios.tcsetattr(0, termios.TCSANOW, modes)

    _undo[undo] = undo


def _listen_in_thread() -> None:
    import fcntl

    ends = os.pipe()
    # A closed standard stream leaves its number free; the pipe must not take it, or be written to as that stream.
    reading, writing = (fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 3) if end < 3 else end for end in ends)
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    threading.Thread(target=_watch, args=(reading,), name="signals", daemon=True).start()


def announce_through(announce: Callable[[str, int], None]) -> None:
    """Set the function that writes the sentence; it gets sentence and exit code, and may run at any moment.

    It must not import: the signal may have come in the middle of the same import.
    """
    global _announce
    _announce = announce


@contextmanager
def undoing(undo: Callable[[], None]) -> Iterator[None]:
    """Call `undo` when a signal ends the process within the block; a normal end of the block does not call it."""
    key = object()
    _undo[key] = undo
    try:
        yield
    finally:
        del _undo[key]


@contextmanager
def held() -> Iterator[None]:
    """Delay a signal until the end of the block, for two short steps that belong together.

    After a few seconds the signal waits no longer, and the functions registered with `undoing` run.
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
    """End the process with this signal unless it has ended by itself by then."""
    timer = threading.Timer(seconds, _end, (number,))
    timer.daemon = True
    timer.start()


def leave(code: int) -> NoReturn:
    """End the process with this code, with all output written, without waiting for threads that are still working."""
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
    """End the process in place of a main thread that is stuck in a library."""
    while True:
        for number in os.read(reading, 64):
            if number in CODES and not _begun.wait(_SOON_SECONDS) and not (_held and _begun.wait(_HELD_SECONDS)):
                _end(number)


def _end(number: int) -> None:
    global _ending_thread
    if not _once.acquire(blocking=False):
        if _ending_thread != threading.get_ident():  # another thread is ending it; else one more Ctrl-C
            threading.Event().wait()
        return
    _ending_thread = threading.get_ident()
    _begun.set()
    guard = threading.Timer(_UNDO_SECONDS, _exit_plainly, (number,))
    guard.daemon = True
    with suppress(RuntimeError):  # the interpreter is shutting down and starts no more threads
        guard.start()
    for undo in reversed(list(_undo.values())):
        with suppress(Exception):
            undo()
    code = CODES[signal.Signals(number)]
    try:
        _announce(SENTENCES[signal.Signals(number)], code)
    except Exception:  # noqa: BLE001  it ran at a moment that nobody foresaw; the sentence is written all the same
        _exit_plainly(number)
    os._exit(code)


def _exit_plainly(number: int) -> NoReturn:
    code = CODES[signal.Signals(number)]
    with suppress(OSError):
        _plain(SENTENCES[signal.Signals(number)], code)
    os._exit(code)
