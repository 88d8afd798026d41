"""The first frame in a terminal: CPU time from the start of the process to it, beside an empty Textual app."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile

from benchmarks.startup import compiled_once

ROUNDS = 9
_UNTIL_PAINTED = """
import os, sys, time
from textual.app import App

plain = App._display

def display(self, screen, renderable):
    plain(self, screen, renderable)
    if renderable is not None and self._running and not self._batch_count:
        os.write({descriptor}, str(time.process_time()).encode())
        os._exit(0)

App._display = display
"""
_EMPTY = "App().run()"
_OURS = 'sys.argv = ["contribaudit", "dashboard"]; from contribaudit.start import main; main()'


def ratio() -> float:
    """How many times the CPU time of an empty Textual app `contribaudit dashboard` takes: medians of the same run."""
    spent: dict[str, list[float]] = {_OURS: [], _EMPTY: []}
    for number in range(ROUNDS + 1):
        for script, seconds in spent.items():
            took = _seconds(script)
            if number:  # the first one compiles, and warms the disk's cache
                seconds.append(took)
    return statistics.median(spent[_OURS]) / statistics.median(spent[_EMPTY])


def _seconds(script: str) -> float:
    reading, writing = os.pipe()
    terminal, inner = os.openpty()
    with tempfile.TemporaryDirectory() as home:
        # Nothing of the account that measures: its configuration, history and kept theme.
        environment = compiled_once() | {"HOME": home, "TERM": "xterm-256color", "COLUMNS": "120", "LINES": "40"}
        process = subprocess.Popen(
            [sys.executable, "-c", _UNTIL_PAINTED.format(descriptor=writing) + script],
            stdin=inner,
            stdout=inner,
            stderr=inner,
            env=environment,
            pass_fds=(writing,),
            cwd=home,
        )
        os.close(writing)
        os.close(inner)
        told = os.read(reading, 100)
        process.wait()
    os.close(reading)
    os.close(terminal)
    if not told:
        raise RuntimeError(f"{script} painted nothing")
    return float(told)
