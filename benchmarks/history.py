"""How the history grows when nothing changes."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from pydantic import SecretStr

from benchmarks.serve import KEY, ORGANIZATION, generated
from contribaudit import wiring
from contribaudit.atlassian.connect import connect
from contribaudit.audit.job import Job, Target
from contribaudit.audit.pipeline import audit
from contribaudit.rulebook import loader
from contribaudit.store.history import History

APPS = 1000
RUNS = 30


def run() -> None:
    """Print the size after the first audit and after 30 more that saw the same."""
    rulebook = loader.load()
    with generated(0, apps=APPS) as url, tempfile.TemporaryDirectory() as folder:
        with History.open(str(Path(folder) / "history.sqlite")) as store:
            target = Target(
                ORGANIZATION, connect=lambda: connect(organization=ORGANIZATION, key=SecretStr(KEY), api_url=url)
            )
            job = Job((target,), store, rulebook, wiring.load_policy(None, rulebook))
            asyncio.run(audit(job))
        first = _size(folder)
        with History.open(str(Path(folder) / "history.sqlite")) as store:
            job = Job((target,), store, rulebook, wiring.load_policy(None, rulebook))
            for _ in range(RUNS):
                report = asyncio.run(audit(job))
                assert not report.changes, report.changes[:3]
        grown = _size(folder) - first
    print(f"history of {APPS} apps, SQLite")
    print(f"  after the first run               {first / 1024:.0f} KiB")
    print(f"  after {RUNS} unchanged runs more      {(first + grown) / 1024:.0f} KiB")
    print(f"  an unchanged run adds             {grown / RUNS:.0f} bytes   wanted < 4096")


def _size(folder: str) -> int:
    """Bytes on disk while nobody has the history open, so that no write-ahead log stands beside it."""
    return sum(path.stat().st_size for path in Path(folder).glob("history.sqlite*"))
