"""A generated organization in a process of its own, so that it does not share the interpreter with what is measured."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

ORGANIZATION = "dddddddd-dddd-4ddd-8ddd-dddddddddddd"
KEY = "demo-key"
SITE_EMAIL, SITE_WORD = "demo@acme.example", "demo-site-token"

# Without a limit a minute, which the client would keep: how fast it is would not be seen.
_SCRIPT = """
import sys
from dataclasses import replace
from contribaudit.simulator import load_scenario, make_app, serve
sizes = {name: int(size) for name, size in (word.split("=") for word in sys.argv[2:])}
scenario = load_scenario("generated", **sizes)
options = replace(scenario.options, default_rate_limit=10**9)
app = make_app(scenario.organization, options=options, latency_ms=float(sys.argv[1]))
serve(app, on_ready=lambda url: print(url, flush=True))
"""


@contextmanager
def generated(latency_ms: float, **sizes: int) -> Iterator[str]:
    """The base URL of an organization with so many `apps`, or `sites` and `spaces`; answers take `latency_ms`."""
    words = [f"{name}={size}" for name, size in sizes.items()]
    process = subprocess.Popen(
        [sys.executable, "-c", _SCRIPT, str(latency_ms), *words], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
