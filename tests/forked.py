"""The command in a process of its own that need not read the program first: it is forked from one that has.

The process is real. Its descriptors, environment, folder, session, terminal, signals and exit code are its own. What
it does not do is start an interpreter: whoever tests that calls `python -m contribaudit`.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import io
import json
import os
import pkgutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import IO, Any, NoReturn

CLOSED = -1
"""In place of a descriptor: the stream is closed."""
Stream = int | IO[Any]


class Process:
    """One that runs; much of what `subprocess.Popen` is."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self.pid = int(self._read())
        self.returncode: int | None = None

    def send_signal(self, number: int) -> None:
        """Send it the signal, unless it has ended."""
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def wait(self, timeout: float = 60) -> int:
        """Its exit code, negative for the signal that ended it. Raises TimeoutError after so many seconds."""
        if self.returncode is None:
            self._control.settimeout(timeout)
            self.returncode = int(self._read())
            self._control.close()
        return self.returncode

    def _read(self) -> bytes:
        return self._control.makefile("rb", buffering=0).readline()


def start(
    words: Sequence[str],
    *,
    stdin: Stream = subprocess.DEVNULL,
    stdout: Stream = subprocess.DEVNULL,
    stderr: Stream = subprocess.DEVNULL,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    terminal: bool = False,
) -> Process:
    """`contribaudit` with these words, in the folder, or in the present one.

    `terminal`: in a session of its own, led by its stdin.
    """
    ours, theirs = socket.socketpair()
    with theirs, Path(os.devnull).open("r+b") as nothing, tempfile.TemporaryFile() as asked:
        given = [nothing if one == subprocess.DEVNULL else one for one in (stdin, stdout, stderr)]
        streams = [one if isinstance(one, int) else one.fileno() for one in given]
        how = {
            "words": list(words),
            "environment": dict(os.environ if environment is None else environment),
            "folder": str(folder or Path.cwd()),
            "closed": [number for number, one in enumerate(streams) if one == CLOSED],
            "terminal": terminal,
        }
        asked.write(json.dumps(how).encode())
        asked.flush()
        handed = [asked.fileno(), theirs.fileno(), *(one for one in streams if one != CLOSED)]
        socket.send_fds(_template(), [b"?"], handed)
    return Process(ours)


def run(
    words: Sequence[str],
    *,
    stdout: Stream | None = None,
    stderr: Stream | None = None,
    closed: Collection[str] = (),
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """`contribaudit` with these words, to its end, with nothing on stdin.

    What it wrote is in the result, unless `stdout` or `stderr` takes it. `closed` names streams that are not open.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        streams: dict[str, Any] = {"stdout": stdout, "stderr": stderr} | dict.fromkeys(closed, CLOSED)
        wanted = {name: one for name, one in streams.items() if one is not None}
        process = start(words, **({"stdout": out, "stderr": err} | wanted), folder=folder, environment=environment)
        code = process.wait()
        for one in (out, err):
            one.seek(0)
        return subprocess.CompletedProcess(list(words), code, out.read(), err.read())


@cache
def _template() -> socket.socket:
    """The process that the others are copies of, one for all tests of a worker. It ends when the socket is closed."""
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-c", "from tests.forked import _serve; _serve()", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            cwd=Path(__file__).parents[1],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours


def _serve() -> None:
    """Read the program, and make a copy of this process for each that is asked for."""
    import contribaudit.cli

    for found in pkgutil.walk_packages(contribaudit.cli.__path__, "contribaudit.cli."):
        importlib.import_module(found.name)
    for name in ("start", "wiring", "audit.pipeline", "exporters.text_table", "operations.doctor", "simulator"):
        importlib.import_module(f"contribaudit.{name}")
    assert threading.active_count() == 1, "no copy has the others"
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those who wait
    control = socket.socket(fileno=int(sys.argv[1]))
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 1, 8)
        if not message:
            return
        if os.fork() == 0:
            control.close()
            _attend(*descriptors)
        for one in descriptors:
            os.close(one)


def _attend(asked: int, answer: int, *streams: int) -> NoReturn:
    """Start the process, and tell its number and how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with open(asked, "rb") as file:
        file.seek(0)
        how = json.load(file)
    pid = os.fork()
    if pid == 0:
        os.close(answer)
        _become(how, streams)
    for one in streams:
        os.close(one)
    os.write(answer, b"%d\n" % pid)
    _, status = os.waitpid(pid, 0)
    with contextlib.suppress(BrokenPipeError):  # nobody wants to know
        os.write(answer, b"%d\n" % os.waitstatus_to_exitcode(status))
    os._exit(0)


def _become(how: dict[str, Any], streams: Sequence[int]) -> NoReturn:
    """Be `python -m contribaudit`, as it is when Python has started."""
    import fcntl
    import termios

    import contribaudit
    from contribaudit.start import main

    if how["terminal"]:
        os.setsid()
    given = iter(streams)
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if number in how["closed"]:
            os.close(number)
            stream = None
        else:
            descriptor = next(given)
            os.dup2(descriptor, number)
            os.close(descriptor)
            errors = "backslashreplace" if number == 2 else "strict"
            stream = open(number, "w" if number else "r", encoding="utf-8", errors=errors, closefd=False)  # noqa: SIM115
            if number == 2 and isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(line_buffering=True)
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    if how["terminal"]:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    os.environ.clear()
    os.environ.update(how["environment"])
    time.tzset()
    os.chdir(how["folder"])
    sys.argv = [str(Path(contribaudit.__file__).with_name("__main__.py")), *how["words"]]
    try:
        main()  # ends the process
    finally:
        traceback.print_exc()
        os._exit(1)
