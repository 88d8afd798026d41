"""What it costs to write a report: CSV against DuckDB's and Polars' writers, every format, and a page in a browser."""

from __future__ import annotations

import io
import os
import statistics
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.costs import Cost, apart, measured
from contribaudit.core.advise.report import Report, RunLine
from contribaudit.core.model.finding import Evidence, Finding, Outcome, Severity
from contribaudit.core.model.observation import Grade, SettingId
from contribaudit.core.model.snapshot import Collection, CollectionStatus
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.core.resolve.state import OrganizationState, State
from contribaudit.exporters import csv_evidence, html, json_v1, junit, markdown, sarif, xlsx
from contribaudit.rulebook import loader

FINDINGS = int(os.environ.get("CONTRIBAUDIT_BENCH_FINDINGS", "1000000"))
EACH = min(FINDINGS, 100_000)
PAGE = min(FINDINGS, 30_000)
ROUNDS = 5
_NOW = datetime(2026, 11, 21, 2, tzinfo=UTC)
_ORGANIZATION = "dddddddd-dddd-4ddd-8ddd-dddddddddddd"
_FORMATS = ("json", "csv", "html", "junit", "sarif", "xlsx", "markdown")


def run() -> None:
    """Print the costs."""
    with tempfile.TemporaryDirectory() as folder:
        _csv(Path(folder))
        _each(Path(folder))
        _page(Path(folder))


def _csv(folder: Path) -> None:
    print(f"CSV of {FINDINGS:,} findings, {len(csv_evidence.FINDINGS.columns)} columns; each writer in its own process")
    ours = apart(_write, "csv", FINDINGS, str(folder / "ours.csv"))
    print(f"  contribaudit     {ours.told}")
    for name, work in (("duckdb", _duckdb), ("polars", _polars)):
        if _lacks(name):
            continue
        theirs = apart(work, str(folder / "ours.csv"), str(folder / f"{name}.csv"))
        print(f"  {name:16} {theirs.told}   ours takes {ours.cpu_seconds / theirs.cpu_seconds:.1f} x its CPU time")
    print(
        "  ours starts from the report's values and guards every cell; theirs start from a table of the finished texts"
    )


def _lacks(name: str) -> bool:
    """Whether a package that only a figure needs is missing; says so."""
    missing = find_spec(name) is None
    if missing:
        print(f"  {name:16} is not installed, so this figure is left out: pip install {name}")
    return missing


def _each(folder: Path) -> None:
    print(f"{EACH:,} findings in every format")
    for name in _FORMATS:
        print(f"  {name:16} {apart(_write, name, EACH, str(folder / name)).told}")


def _page(folder: Path) -> None:
    path = folder / "report.html"
    cost = apart(_write, "html", PAGE, str(path))
    print(f"HTML of {PAGE:,} findings: {cost.told}")
    if sys.platform == "win32":
        print("  Chromium is spoken to over pipes that Windows lacks, so these figures are left out")
        return
    from tests.exporters.browser import CHROMIUM, browser

    if not CHROMIUM:
        print("  Chromium is not installed, so these figures are left out: apt-get install chromium")
        return
    ready, found, moved, held = [], [], [], 0
    with browser(folder / "profile") as page:
        for _ in range(ROUNDS + 1):
            page.open(path)
            ready.append(float(page.run("document.documentElement.dataset.interactive")))
            moved.append(float(page.run(_SCROLL % (PAGE // 2 + 2))))
            held = max(held, int(page.run("document.querySelectorAll('#rows tr[data-id]').length")))
            found.append(float(page.run(_SEARCH % (PAGE - 1))))
            assert page.complaints() == []
    print(f"  opened in headless Chromium, median of {ROUNDS} after one to warm up")
    print(f"  to interactive                    {statistics.median(ready[1:]):.0f} ms")
    print(
        f"  a jump to the middle until drawn  {statistics.median(moved[1:]):.0f} ms, never more than {held} rows held"
    )
    print(f"  a search typed until it is drawn  {statistics.median(found[1:]):.0f} ms")


_SEARCH = """new Promise((done) => {
  const begun = performance.now(), rows = document.getElementById("rows");
  new MutationObserver((_, seen) => { if (rows.querySelectorAll("tr[data-id]").length === 1) { seen.disconnect();
    done(performance.now() - begun); } }).observe(rows, {childList: true, subtree: true});
  document.getElementById("q").value = "app-%07d";
  document.getElementById("q").dispatchEvent(new Event("input"));
})"""
_SCROLL = """new Promise((done) => {
  const begun = performance.now(), rows = document.getElementById("rows");
  new MutationObserver((_, seen) => { if (rows.querySelector('[aria-rowindex="%d"]')) { seen.disconnect();
    done(performance.now() - begun); } }).observe(rows, {childList: true, subtree: true});
  rows.tBodies[rows.tBodies.length >> 1].scrollIntoView();
})"""


def _write(name: str, count: int, place: str) -> Cost:
    """Write a report of `count` findings."""
    report = made(count)
    sorting = name in ("html", "junit", "markdown")
    document = json_v1.as_document(report) if sorting else json_v1.lean_document(report)
    modules = (json_v1, csv_evidence, html, junit, sarif, xlsx, markdown)
    module: Any = dict(zip(_FORMATS, modules, strict=True))[name]
    return _measured(lambda out: module.write(document, out), place, binary=name == "xlsx")


def _duckdb(source: str, place: str) -> Cost:
    import duckdb  # type: ignore[import-not-found, unused-ignore]

    connection = duckdb.connect()
    connection.execute("SET enable_progress_bar = false")
    connection.execute(f"CREATE TABLE findings AS FROM read_csv('{source}', all_varchar = true, header = true)")
    return measured(lambda: connection.execute(f"COPY findings TO '{place}' (HEADER)"), Path(place))


def _polars(source: str, place: str) -> Cost:
    import polars  # type: ignore[import-not-found, unused-ignore]

    frame = polars.read_csv(source, infer_schema=False)
    return measured(lambda: frame.write_csv(place), Path(place))


def _measured(write: Callable[[Any], None], place: str, *, binary: bool = False) -> Cost:
    def work() -> None:
        with Path(place).open("wb") as raw:
            if binary:
                write(raw)
                return
            with io.TextIOWrapper(raw, encoding="utf-8", newline="") as out:
                write(out)

    return measured(work, Path(place))


def made(count: int) -> Report:
    """A report of so many findings over as many apps, every outcome among them."""
    outcomes, severities = list(Outcome), list(Severity)
    evidence = (Evidence(Grade.DOCUMENTED, "POST /admin/v2/orgs/{orgId}/workspaces", _NOW, "c" * 64),)
    findings = tuple(
        Finding(
            check=f"DR-{1 + number % 14:02}",
            title="App data is in an allowed location",
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
