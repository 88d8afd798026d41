"""What a piece of work costs in a process of its own: time, CPU of all threads, and by how much the process grew."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Cost:
    """What writing, or reading, so many bytes cost."""

    seconds: float
    cpu_seconds: float
    """Of all threads: on a machine that others share, the fairer figure."""
    added: int
    """Bytes by which the process grew at its peak meanwhile; 0 where the system does not tell."""
    size: int
    """Bytes on disk."""

    @property
    def told(self) -> str:
        """All of it in a line."""
        return f"{self.spent}   +{self.added / 2**20:6.0f} MiB   {self.size / 2**20:6.0f} MiB written"

    @property
    def spent(self) -> str:
        """The time."""
        return f"{self.seconds:6.1f} s ({self.cpu_seconds:.1f} s CPU)"


def apart(work: Callable[..., Cost], *arguments: object) -> Cost:
    """The cost of the work in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


def measured(work: Callable[[], object], place: Path) -> Cost:
    """The cost of the work, which leaves a file or a folder at the place."""
    if sys.platform == "linux":
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak begins anew
    before, began, spent = _status("VmRSS"), time.perf_counter(), time.process_time()
    work()
    seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - spent
    return Cost(seconds, cpu_seconds, max(0, _status("VmHWM") - before), _size(place))


def _size(place: Path) -> int:
    files = [place] if place.is_file() else [path for path in place.rglob("*") if path.is_file()]
    return sum(path.stat().st_size for path in files)


def _status(name: str) -> int:
    """Bytes; 0 where the system does not tell."""
    if sys.platform != "linux":
        return 0
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    return 0
