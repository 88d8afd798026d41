"""A history of some runs, the commands that work on it, and what must hold of it whatever ended one of them."""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.serve import KEY, ORGANIZATION, generated

START = [sys.executable, "-m", "contribaudit"]
RUNS = 3
_EVIDENCE = '\n[evidence]\nfolder = "evidence"\n'

WRITING: dict[str, list[str]] = {
    "audit": ["audit", "--format", "json", "--output", "report.json", "--force"],
    "audit, evidence": ["audit", "--config", "exporting.toml", "--format", "json"],
    "evidence export": ["evidence", "export", "pack"],
    "evidence export --zip": ["evidence", "export", "pack.zip", "--zip"],
    "runs prune": ["runs", "prune", "--yes", "--keep-daily", "1d"],
    "attest": ["attest", "record", "contribution.in_app", "off", "--by", "auditor@acme.example"],
    "baseline approve": ["baseline", "approve", "--reason", "as agreed", "--by", "ciso@acme.example", "--yes"],
}
"""Commands that change the history or write files."""
READING: dict[str, list[str]] = {
    "runs": ["runs", "list", "--format", "json"],
    "changes": ["changes", "--format", "json"],
    "next": ["next", "--format", "json"],
    "doctor": ["doctor"],
    "inventory": ["inventory", "--format", "json"],
    "explain": ["explain", "organization"],
    "deadlines": ["deadlines", "--format", "json"],
    "checks": ["checks", "list"],
    "demo": ["demo", "--scenario", "small", "--out", "demo"],
    "first audit": ["audit", "--store", "new.sqlite", "--format", "line"],
}


@dataclass(frozen=True, slots=True)
class Scene:
    """A folder to copy for each try, and how long each command takes in it, in seconds."""

    folder: Path
    url: str
    seconds: dict[str, float]


@dataclass(frozen=True, slots=True)
class Struck:
    """How a process ended that was struck after so many seconds."""

    code: int
    out: bytes
    err: str
    lived: float
    """Seconds from the blow to the end."""
    worked: float
    """Seconds of CPU time from the blow to the end, which other work on the machine does not lengthen."""
    listening: bool
    """Whether the program's first line had run."""


@contextmanager
def scene(names: Iterable[str]) -> Iterator[Scene]:
    """A simulated organization that is up, and a history of it."""
    with generated(2, sites=4, spaces=0) as url, tempfile.TemporaryDirectory(prefix="blows-") as made:
        folder = Path(made, "scene")
        folder.mkdir()
        base = f'org_id = "{ORGANIZATION}"\napi_url = "{url}"\nstore = "history.sqlite"\n'
        (folder / "contribaudit.toml").write_text(base)
        (folder / "exporting.toml").write_text(base + _EVIDENCE)
        found = Scene(folder, url, {})
        for _ in range(RUNS):
            done = run_in(folder, WRITING["audit"])
            assert done.returncode in (0, 1, 3), done.stderr.decode()
        (folder / "report.json").unlink()
        for name in names:
            with tried(found) as place:
                begun = time.monotonic()
                done = subprocess.run(
                    command(name), cwd=place, env=environment(place), capture_output=True, check=False
                )
                found.seconds[name] = time.monotonic() - begun
                assert done.returncode in (0, 1, 3, 4), (name, done.stderr.decode())
        yield found


def run_in(place: Path, words: Sequence[str]) -> subprocess.CompletedProcess[bytes]:
    """A command that nothing strikes, to its end."""
    return subprocess.run([*START, *words], cwd=place, env=environment(place), capture_output=True, check=False)


def command(name: str) -> list[str]:
    """The words of a command."""
    return [*START, *(WRITING | READING)[name]]


def environment(place: Path) -> dict[str, str]:
    """A machine of its own."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    named = {"CONTRIBAUDIT_CONFIG": str(place / "contribaudit.toml"), "CONTRIBAUDIT_API_KEY": KEY}
    return {**kept, **named, "HOME": str(place), "TMPDIR": str(place)}


@contextmanager
def tried(scene: Scene) -> Iterator[Path]:
    """A fresh copy of the scene's folder."""
    with tempfile.TemporaryDirectory(prefix="try-", dir=scene.folder.parent) as made:
        place = Path(made, "here")
        shutil.copytree(scene.folder, place)
        yield place


def strike(words: list[str], place: Path, after: float, *numbers: int) -> Struck | None:
    """Send the signals to the command after so many seconds; None where it had ended by then."""
    with (
        Path(place, "stdout").open("wb") as out,
        Path(place, "stderr").open("wb") as err,
        subprocess.Popen(words, cwd=place, env=environment(place), stdout=out, stderr=err) as process,
    ):
        before = _reaped_seconds()
        time.sleep(after)
        listening, worked = _listens(process.pid), _worked_seconds(process.pid)
        if process.poll() is not None:
            return None
        struck = time.monotonic()
        for number in numbers:
            process.send_signal(number)
            time.sleep(0.01 if len(numbers) > 1 else 0)
        try:
            code = process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            code = 999
        lived, worked = time.monotonic() - struck, _reaped_seconds() - before - worked
    said = Path(place, "stderr").read_bytes().decode("utf-8", "replace")
    return Struck(code, Path(place, "stdout").read_bytes(), said, lived, worked, listening)


def _reaped_seconds() -> float:
    """The CPU time of all child processes that have ended and were waited for."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _worked_seconds(process: int) -> float:
    """The CPU time of the process until now; 0 where it has ended."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _listens(process: int) -> bool:
    """Whether the process has a handler of its own for SIGTERM, which Python itself has not."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return True
    caught = next((int(line.split()[1], 16) for line in lines if line.startswith("SigCgt")), 0)
    return bool(caught >> 14 & 1)


def wrong_with_history(place: Path) -> str:
    """What is wrong with the history as the blow left it; empty for nothing."""
    with closing(sqlite3.connect(place / "history.sqlite")) as connection:
        (sound,) = connection.execute("PRAGMA integrity_check").fetchone()
        if sound != "ok":
            return f"not sound: {sound}"
        if connection.execute("PRAGMA foreign_key_check").fetchone():
            return "rows without what they name"
        runs = [number for (number,) in connection.execute("SELECT id FROM runs ORDER BY id")]
    return "" if runs and runs[-1] in (RUNS, RUNS + 1) else f"runs {runs}"


def leftovers(place: Path) -> list[str]:
    """What was left unfinished anywhere below."""
    return sorted(path.name for path in place.rglob("*") if ".partial-" in path.name)


def whole(place: Path) -> str:
    """What is cut in two among the files that were written; empty for nothing."""
    report = place / "report.json"
    if report.exists():
        try:
            json.loads(report.read_bytes())
        except ValueError:
            return "half a report"
    for pack in [place / "pack", place / "pack.zip", place / "demo", *place.glob("evidence/*/run-*")]:
        if pack.exists():
            done = run_in(place, ["evidence", "verify", str(pack)])
            if done.returncode:
                return f"half a pack: {done.stderr.decode().strip()}"
    return ""


def moment(rng: random.Random, seconds: float) -> float:
    """A moment in the life of a command, its first and last instants included."""
    return rng.uniform(0, seconds * 1.05)
