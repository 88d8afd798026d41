"""How a process ends when a signal or a kill meets it, wherever it is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from benchmarks import blows, kills, signals

from contribaudit.files import unfinished
from tests import forked

pytestmark = pytest.mark.skipif(os.name != "posix", reason="POSIX signals")

BOTH = [(signal.SIGTERM, 143, "Terminated"), (signal.SIGINT, 130, "Interrupted")]
PLACES = {
    "a finally": "try: 1 / 0\nexcept ZeroDivisionError: pass\nfinally: up(); time.sleep(60)",
    "an except that takes everything": "while True:\n    try: up(); time.sleep(60)\n    except BaseException: pass",
    "a finalizer": "class Last:\n    def __del__(self): up(); time.sleep(60)\nLast()",
    "a callback of the garbage collector": "import gc\n"
    "gc.callbacks.append(lambda *_: (up(), time.sleep(60)))\ngc.collect()",
    "an event loop": "import asyncio\nasync def wait(): up(); await asyncio.sleep(60)\nasyncio.run(wait())",
    "a thread of an event loop": (
        "import asyncio\nasync def wait(): up(); await asyncio.to_thread(time.sleep, 60)\nasyncio.run(wait())"
    ),
    "the end of the interpreter": "import atexit\natexit.register(lambda: (up(), time.sleep(60)))\nsys.exit(0)",
    "a library that does not come back": (
        "import sqlite3\nup()\nsqlite3.connect(':memory:').execute("
        "'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n').fetchall()"
    ),
    "steps that belong together, and that end": "with termination.held(): up(); time.sleep(0.5)\ntime.sleep(60)",
    "the middle of a line on stderr": "up(); print('x' * 10_000_000, file=sys.stderr)\ntime.sleep(60)",
}
PRELUDE = """
import os, sys, time
from contribaudit import termination
termination.listen()
def up(): os.write(1, b"up\\n")
"""


@pytest.mark.parametrize("where", PLACES)
@pytest.mark.parametrize(("number", "code", "word"), BOTH)
def test_a_signal_ends_it_wherever_it_is(where: str, number: int, code: int, word: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PRELUDE + PLACES[where]], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        process.send_signal(number)
        process.send_signal(number)
        _, err = process.communicate(timeout=30)
    assert process.returncode == code
    assert err.replace("x", "") == f"{word}; nothing unfinished was saved.\n"


def test_an_ignored_signal_stays_ignored() -> None:
    """A shell starts what it puts into the background so."""
    code = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n" + PRELUDE + "up(); time.sleep(0.5)"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0


def test_steps_that_belong_together_are_undone_where_they_hang(tmp_path: Path) -> None:
    code = PRELUDE + (
        "place = sys.argv[1]\nopen(place, 'w').close()\n"
        "with termination.held(), termination.undoing(lambda: os.unlink(place)): up(); time.sleep(60)"
    )
    place = tmp_path / "placed"
    with subprocess.Popen([sys.executable, "-c", code, str(place)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        begun = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 143
    assert time.monotonic() - begun < 50
    assert not place.exists()


IMPORTS = """
import signal
class Striking:
    def find_spec(self, name, path=None, target=None):
        if "." in name and not name.startswith("contribaudit."):
            return
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            signal.set_wakeup_fd(-1)
            os.dup2(writing, 2)
            os.kill(os.getpid(), signal.SIGTERM)
            for _ in range(100): pass
            os._exit(99)
        os.close(writing)
        with open(reading) as stderr:
            said = stderr.read()
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), repr(said), name, file=sys.stderr)
sys.meta_path.insert(0, Striking())
from contribaudit.cli import run
sys.exit(run(["checks", "list"]))
"""


def test_a_signal_during_any_import_says_so(tmp_path: Path) -> None:
    """The module that is half imported may be one that writing the sentence would use."""
    done = subprocess.run(
        [sys.executable, "-c", PRELUDE + IMPORTS], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    lines = done.stderr.splitlines()
    assert (done.returncode, len(lines) > 200) == (0, True), done.stderr
    right = r"143 'Terminated; nothing unfinished was saved.\n' "
    assert [line for line in lines if not line.startswith(right)] == []


@pytest.mark.parametrize(
    "hindered",
    [
        "def announce(*_): raise ImportError('half imported')\ntermination.announce_through(announce)\n",
        "termination.announce_through(lambda *_: time.sleep(60))\ntermination._UNDO_SECONDS = 0.1\n",
        "termination._undo[0] = lambda: time.sleep(60)\ntermination._UNDO_SECONDS = 0.1\n",
    ],
    ids=["it fails", "it hangs", "undoing hangs"],
)
def test_the_sentence_is_written_whatever_hinders_it(hindered: str) -> None:
    code = PRELUDE + hindered + "up(); time.sleep(60)"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 143
    assert err == "Terminated; nothing unfinished was saved.\n"


UNFINISHED = """
from pathlib import Path
from contribaudit.files import unfinished
with unfinished(Path(sys.argv[1]), folder=sys.argv[2] == "True") as path:
    (path / "a" if path.is_dir() else path).write_bytes(b"half")
    up(); time.sleep(60)
"""


@pytest.mark.parametrize("folder", [False, True])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_what_is_unfinished_goes(folder: bool, number: int, tmp_path: Path) -> None:
    """At once with a signal; with the next one in the same folder, whatever its name, after a kill."""
    words = [sys.executable, "-c", PRELUDE + UNFINISHED, str(tmp_path / "pack"), str(folder)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert len(list(tmp_path.iterdir())) == 1
        with unfinished(tmp_path / "another"):
            assert len(list(tmp_path.iterdir())) == 2, "what another process is at stays"
        process.send_signal(number)
        process.wait(timeout=30)
    assert len(list(tmp_path.iterdir())) == (number == signal.SIGKILL)
    with unfinished(tmp_path / "another", folder=True):
        assert len(list(tmp_path.iterdir())) == 1
    assert list(tmp_path.iterdir()) == []


def test_only_what_is_ours_goes(tmp_path: Path) -> None:
    theirs = [".pack.partial-0123456789ab", "pack.contribaudit.partial-0123456789ab", ".x.contribaudit.partial-0123"]
    for name in theirs:
        (tmp_path / name).touch()
    (tmp_path / "kept").touch()
    (tmp_path / ".link.contribaudit.partial-0123456789ab").symlink_to(tmp_path / "kept")
    with unfinished(tmp_path / "pack"):
        pass
    assert len(list(tmp_path.iterdir())) == len(theirs) + 2


@pytest.fixture
def forks(monkeypatch: pytest.MonkeyPatch) -> None:
    """What nothing strikes need not read the program first."""

    def run_in(place: Path, words: Sequence[str]) -> subprocess.CompletedProcess[bytes]:
        return forked.run(words, folder=place, environment=blows.environment(place))

    monkeypatch.setattr(blows, "run_in", run_in)


def test_a_share_of_the_kill_matrix(forks: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert kills.run(4, seed=7, names=("attest",)) == 0, capsys.readouterr().out


def test_a_share_of_the_signal_matrix(forks: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert signals.run(6, seed=7, names=("evidence export --zip",)) == 0, capsys.readouterr().out
