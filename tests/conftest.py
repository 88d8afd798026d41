"""Tests see neither a terminal's size nor a pipeline, whoever runs them: an audit asks what started it.
Hundreds of tests start Python anew: it keeps what it compiled, also where the environment says not to. No example of
Hypothesis fails by its time, which on a busy machine is anyone's.

The PostgreSQL of the tests is prepared and removed here; a run that had none says at its end what was not tested.
"""

from __future__ import annotations

import os
import signal
import sys

import pytest
from hypothesis import HealthCheck, settings

from tests import postgres, sharing

for name in ("COLUMNS", "LINES", "CI", "INVOCATION_ID", "PYTHONDONTWRITEBYTECODE"):
    os.environ.pop(name, None)
sys.dont_write_bytecode = False
for number in (signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if os.name == "posix" else [])):
    if signal.getsignal(number) is signal.SIG_IGN:  # in the background of a script, under nohup: tests send them
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)

settings.register_profile("not by the clock", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("not by the clock")


def pytest_configure(config: pytest.Config) -> None:
    """Before the workers start."""
    if not hasattr(config, "workerinput"):
        postgres.prepare()
    if hasattr(config, "workerinput") or config.getoption("dist", "no") == "no":  # where tests run
        sharing.share()


def pytest_collection_finish() -> None:
    """Before the first test."""
    sharing.spare_what_stays()


def pytest_unconfigure(config: pytest.Config) -> None:
    """After the last test."""
    postgres.drop_prepared()
    if not hasattr(config, "workerinput"):
        postgres.remove()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How much was not tested for want of a server, in one line."""
    skipped = [one for one in terminalreporter.stats.get("skipped", []) if postgres.MISSING in str(one.longrepr)]
    if skipped:
        terminalreporter.write_line(f"{len(skipped)} tests did not run on PostgreSQL: {postgres.MISSING}")
