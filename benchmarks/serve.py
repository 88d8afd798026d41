"""A generated organization in a process of its own, so that it does not share the interpreter with what is measured."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

ORGANIZATION = "dddddddd-dddd-4ddd-8ddd-dddddddddddd"
KEY = "demo-key"

_SCRIPT = """
import sys
from contribaudit.simulator import scenario_app, serve
app = scenario_app("generated", apps=int(sys.argv[1]), latency_ms=float(sys.argv[2]))
serve(app, on_ready=lambda url: print(url, flush=True))
"""


@contextmanager
def generated(apps: int, latency_ms: float) -> Iterator[str]:
    """The base URL of an organization of so many apps, each of whose answers takes `latency_ms`."""
    process = subprocess.Popen(
        [sys.executable, "-c", _SCRIPT, str(apps), str(latency_ms)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
