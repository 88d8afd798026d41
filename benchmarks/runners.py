"""Twenty runners at once on one PostgreSQL: how long each takes, and that every run is kept.

Each is a process of its own that audits an organization of its own; then all of them audit one and the same.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

from sqlalchemy import create_engine, make_url, text
from tests.postgres import prepare, remove, server_url
from tests.side_by_side import OneAddress

from contribaudit.simulator import Organization, load_scenario, make_app, running
from contribaudit.store.history import History

RUNNERS, APPS = 20, 250


def run() -> int:
    """Print the figures; gives the number of things that did not hold."""
    prepare()
    server = server_url()
    if server is None:
        print("runners: no PostgreSQL, see tests/postgres.py")
        return 1
    schema = f"contribaudit_{uuid4().hex[:8]}"
    url = make_url(server).set(drivername="postgresql+psycopg")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    store = url.update_query_dict({"options": f"-csearch_path={schema}"}).render_as_string(hide_password=False)
    try:
        return _measured(store)
    finally:
        with engine.connect() as connection:
            connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
        engine.dispose()
        remove()


def _organization(identity: str) -> Organization:
    found = load_scenario("generated", apps=APPS).organization
    return replace(found, id=identity, keys=[replace(one, organization=identity) for one in found.keys])


def _measured(store: str) -> int:
    History.open(store).close()
    names = [f"{number:08x}-0000-4000-8000-000000000000" for number in range(1, RUNNERS + 1)]
    apps = {name: make_app(_organization(name)) for name in names}
    wrong = 0
    with running(OneAddress(apps)) as address, tempfile.TemporaryDirectory() as folder:  # type: ignore[arg-type]

        def audit(organization: str) -> tuple[int, float, str]:
            home = Path(folder) / uuid4().hex
            home.mkdir()
            environment = {
                "PATH": os.environ["PATH"],
                "HOME": str(home),
                "CONTRIBAUDIT_API_URL": address,
                "CONTRIBAUDIT_API_KEY": "demo-key",
                "CONTRIBAUDIT_ORG_ID": organization,
                "CONTRIBAUDIT_STORE": store,
                "CONTRIBAUDIT_TRIGGER": "schedule",
            }
            words = [sys.executable, "-m", "contribaudit", "audit", "--format", "line", "--quiet"]
            begun = time.monotonic()
            ended = subprocess.run(words, env=environment, cwd=home, capture_output=True, text=True, check=False)
            return ended.returncode, time.monotonic() - begun, ended.stderr.strip().partition("\n")[0]

        code, alone, told = audit(names[0])
        print(f"runners: {RUNNERS} organizations of {APPS} apps, {os.cpu_count()} cores")
        print(f"  one alone                {alone:6.1f} s, exit {code} {told if code not in (1, 3) else ''}".rstrip())
        for title, chosen, kept in (
            ("one organization each", names, RUNNERS),
            ("all of one organization", names[:1] * RUNNERS, None),
        ):
            with History.open_to_read(store) as history:
                before = len(history.runs(limit=1000))
            begun = time.monotonic()
            with ThreadPoolExecutor(RUNNERS) as pool:
                ended = list(pool.map(audit, chosen))
            took = time.monotonic() - begun
            with History.open_to_read(store) as history:
                new = len(history.runs(limit=1000)) - before
            codes = Counter(code for code, _, _ in ended)
            seconds = sorted(each for code, each, _ in ended if code in (1, 3))
            print(f"  {title:24} {took:6.1f} s in all, {new} runs kept, exit codes {dict(sorted(codes.items()))}")
            if seconds:
                print(
                    f"    a run that was kept {statistics.median(seconds):6.1f} s median, {seconds[-1]:.1f} s at most"
                )
            for told in sorted({told for code, _, told in ended if code not in (1, 3)}):
                print(f"    others: {told}")
            expected = Counter(code in (1, 3) for code, _, _ in ended)[True]
            wrong += new != (expected if kept is None else kept) or not set(codes) <= {1, 3, 70}
    return wrong
