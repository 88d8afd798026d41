"""What it costs to write a report: CSV against DuckDB's and Polars' writers, every format, and a page in a browser."""

from __future__ import annotations

import io
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from contribaudit.core.finding import Evidence, Finding, Outcome, Severity
from contribaudit.core.observation import Grade, SettingId
from contribaudit.core.report import Report, RunLine
from contribaudit.core.snapshot import Collection, CollectionStatus
from contribaudit.core.state import OrganizationState, State
from contribaudit.core.subject import Kind, Subject
from contribaudit.exporters import csv_evidence, html, json_v1, junit, markdown, sarif, xlsx
from contribaudit.rulebook import loader

FINDINGS = int(os.environ.get("CONTRIBAUDIT_BENCH_FINDINGS", "1000000"))
EACH = 100_000
PAGE = 20_000
ROUNDS = 5
_NOW = datetime(2026, 11, 21, 2, tzinfo=UTC)
_ORGANIZATION = "dddddddd-dddd-4ddd-8ddd-dddddddddddd"
_FORMATS = ("json", "csv", "html", "junit", "sarif", "xlsx", "markdown")


@dataclass(frozen=True, slots=True)
class Cost:
    """What writing cost, the making of the report apart."""

    seconds: float
    cpu_seconds: float
    """Of all threads: on a machine that others share, the fairer figure."""
    added: int
    """Bytes by which the process grew at its peak while it wrote."""
    size: int
    """Bytes written."""

    @property
    def told(self) -> str:
        time_taken = f"{self.seconds:6.1f} s ({self.cpu_seconds:.1f} s CPU)"
        return f"{time_taken}   +{self.added / 2**20:6.0f} MiB   {self.size / 2**20:6.0f} MiB written"


def run() -> None:
    """Print the costs."""
    with tempfile.TemporaryDirectory() as folder:
        _csv(Path(folder))
        _each(Path(folder))
        _page(Path(folder))


def _apart(work: Callable[..., Cost], *arguments: object) -> Cost:
    """The cost of the work in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


def _csv(folder: Path) -> None:
    print(f"CSV of {FINDINGS:,} findings, {len(csv_evidence.FINDINGS.columns)} columns; each writer in its own process")
    ours = _apart(_write, "csv", FINDINGS, str(folder / "ours.csv"))
    print(f"  contribaudit     {ours.told}")
    for name, work in (("duckdb", _duckdb), ("polars", _polars)):
        if find_spec(name) is None:
            print(f"  {name:16} is not installed: pip install {name}")
            continue
        theirs = _apart(work, str(folder / "ours.csv"), str(folder / f"{name}.csv"))
        print(f"  {name:16} {theirs.told}   ours takes {ours.cpu_seconds / theirs.cpu_seconds:.1f} x its CPU time")
    print(
        "  ours starts from the report's values and guards every cell; theirs start from a table of the finished texts"
    )


def _each(folder: Path) -> None:
    print(f"{EACH:,} findings in every format")
    for name in _FORMATS:
        print(f"  {name:16} {_apart(_write, name, EACH, str(folder / name)).told}")


def _page(folder: Path) -> None:
    from tests.exporters.browser import CHROMIUM, browser

    path = folder / "report.html"
    cost = _apart(_write, "html", PAGE, str(path))
    print(f"HTML of {PAGE:,} findings: {cost.told}")
    if not CHROMIUM:
        print("  Chromium is not installed: apt-get install chromium")
        return
    ready, found = [], []
    with browser(folder / "profile") as page:
        for _ in range(ROUNDS + 1):
            page.open(path)
            ready.append(float(page.run("document.documentElement.dataset.interactive")))
            found.append(float(page.run(_SEARCH)))
            assert page.complaints() == []
    print(f"  opened in headless Chromium, median of {ROUNDS} after one to warm up")
    print(f"  to interactive                    {statistics.median(ready[1:]):.0f} ms")
    print(f"  a search typed until it is drawn  {statistics.median(found[1:]):.0f} ms")


_SEARCH = """new Promise((done) => {
  const begun = performance.now(), rows = document.querySelector("#rows tbody");
  new MutationObserver((_, seen) => { if (rows.children.length === 1) { seen.disconnect();
    done(performance.now() - begun); } }).observe(rows, {childList: true});
  document.getElementById("q").value = "app-0019999";
  document.getElementById("q").dispatchEvent(new Event("input"));
})"""


def _write(name: str, count: int, place: str) -> Cost:
    """Write a report of `count` findings."""
    report = made(count)
    if name in ("json", "csv"):
        direct: Any = json_v1 if name == "json" else csv_evidence
        return _measured(lambda out: direct.write(report, out), place)
    document: Any = json_v1.as_document(report)
    module: Any = {"html": html, "junit": junit, "sarif": sarif, "xlsx": xlsx, "markdown": markdown}[name]
    return _measured(lambda out: module.write(document, out), place, binary=name == "xlsx")


def _duckdb(source: str, place: str) -> Cost:
    import duckdb  # type: ignore[import-not-found, unused-ignore]

    connection = duckdb.connect()
    connection.execute("SET enable_progress_bar = false")
    connection.execute(f"CREATE TABLE findings AS FROM read_csv('{source}', all_varchar = true, header = true)")
    return _measured_path(lambda: connection.execute(f"COPY findings TO '{place}' (HEADER)"), place)


def _polars(source: str, place: str) -> Cost:
    import polars  # type: ignore[import-not-found, unused-ignore]

    frame = polars.read_csv(source, infer_schema=False)
    return _measured_path(lambda: frame.write_csv(place), place)


def _measured(write: Callable[[Any], None], place: str, *, binary: bool = False) -> Cost:
    def work() -> None:
        with Path(place).open("wb") as raw:
            if binary:
                write(raw)
                return
            with io.TextIOWrapper(raw, encoding="utf-8", newline="") as out:
                write(out)

    return _measured_path(work, place)


def _measured_path(work: Callable[[], object], place: str) -> Cost:
    if sys.platform == "linux":
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak begins anew
    before, began, spent = _status("VmRSS"), time.perf_counter(), time.process_time()
    work()
    seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - spent
    return Cost(seconds, cpu_seconds, max(0, _status("VmHWM") - before), Path(place).stat().st_size)


def _status(name: str) -> int:
    """Bytes; 0 where the system does not tell."""
    if sys.platform != "linux":
        return 0
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    return 0


def made(count: int) -> Report:
    """A report of so many findings over as many apps, every outcome among them."""
    outcomes, severities = list(Outcome), list(Severity)
    evidence = (Evidence(Grade.DOCUMENTED, "POST /admin/v2/orgs/{orgId}/workspaces", _NOW, "c" * 64),)
    findings = tuple(
        Finding(
            check=f"DR-{1 + number % 14:02}",
            title="Realm is one that the policy allows",
            severity=severities[number % len(severities)],
            outcome=(outcome := outcomes[number * 7 % len(outcomes)]),
            underlying_outcome=Outcome.FAIL if outcome is Outcome.WAIVED else outcome,
            reason_code="realm_not_allowed",
            reason=f"its realm is {number % 97}, the policy allows EU",
            subject=Subject(_ORGANIZATION, Kind.APP, f"ari:cloud:jira::site/app-{number:07}"),
            setting=SettingId("residency.realm"),
            expected=("EU", "DE"),
            observed="US",
            evidence=evidence,
            remediation="Schedule a move to an allowed realm, or record an approved waiver.",
            console_path="Atlassian Administration > Security > Data residency",
            controls=("ISO 27001:2022 A.5.34", "SOC 2 C1.1"),
        )
        for number in range(count)
    )
    ran = Collection(_ORGANIZATION, "workspaces", CollectionStatus.OK, _NOW, count, count)
    state = State(
        as_of=_NOW,
        rulebook=loader.load(),
        organizations=[OrganizationState(_ORGANIZATION, "Acme", {"workspaces": ran})],
        observations=(),
    )
    run_line = RunLine(318, 317, _NOW, _NOW, True, 1)
    return Report("0", state, run_line, "acme", "d" * 64, findings, (), ())
