"""Evidence of a large run from end to end: audited into a real history, judged anew, exported, verified."""

from __future__ import annotations

import asyncio
import csv
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr

from benchmarks.costs import Cost, apart, measured
from benchmarks.serve import KEY, ORGANIZATION, generated
from contribaudit import wiring
from contribaudit.atlassian.connect import connect
from contribaudit.audit.job import Job, Target
from contribaudit.audit.pipeline import audit
from contribaudit.evidence.dossier import of_last
from contribaudit.evidence.export import export
from contribaudit.evidence.verify import verify
from contribaudit.rulebook import loader
from contribaudit.store.history import History

FINDINGS = int(os.environ.get("CONTRIBAUDIT_BENCH_FINDINGS", "100000"))
FEW = 10_000
_AN_APP = 9.7
"""Findings, nearly, by which the pack `bank` judges one app."""
_POLICY = "policy.toml"


def run() -> None:
    """Print what each step costs for few findings and for many, against copying the folder, and memory by finding."""
    with tempfile.TemporaryDirectory(prefix="contribaudit-bench-") as name:
        few = _round(Path(name) / "few", FEW)
        many = _round(Path(name) / "many", FINDINGS)
    if many.findings > few.findings:
        for step in ("exported", "verified"):
            more = (many.costs[step].added - few.costs[step].added) / (many.findings - few.findings)
            print(f"  memory of being {step}, for each finding more: {more:,.0f} bytes")


@dataclass(frozen=True, slots=True)
class _Round:
    findings: int
    costs: dict[str, Cost]


def _round(folder: Path, wanted: int) -> _Round:
    folder.mkdir()
    (folder / _POLICY).write_text('version = 1\nname = "Bench"\nextends = ["bank"]\n', encoding="utf-8")
    history, pack = str(folder / "history.sqlite"), folder / "pack"
    apps = max(1, round(wanted / _AN_APP))
    costs = {
        "audited": apart(_audit, history, apps),
        "exported": apart(_export, history, str(pack)),
        "verified": apart(_verify, str(pack)),
        "copied": apart(_copy, str(pack), str(folder / "copy")),
    }
    findings = _findings(pack)
    files = sum(1 for path in pack.rglob("*") if path.is_file())
    print(f"evidence of {findings:,} findings about {apps:,} apps, as {files:,} files")
    for step, cost in costs.items():
        ratio = cost.cpu_seconds / costs["copied"].cpu_seconds
        each = 1e6 * cost.cpu_seconds / findings
        print(f"  {step:9} {cost.told}   {ratio:5.1f} x the CPU of copying, {each:.0f} us a finding")
    shutil.rmtree(folder)
    return _Round(findings, costs)


def _audit(history: str, apps: int) -> Cost:
    with generated(0, apps=apps) as url:
        target = Target(
            ORGANIZATION, connect=lambda: connect(organization=ORGANIZATION, key=SecretStr(KEY), api_url=url)
        )
        with _job(history, target) as job:
            return measured(lambda: asyncio.run(audit(job)), Path(history))


def _export(history: str, pack: str) -> Cost:
    """As `contribaudit evidence export` does it: the newest run judged anew, then written."""
    with _job(history, Target(ORGANIZATION)) as job:
        now = datetime.now(UTC)
        return measured(lambda: export(of_last(job), Path(pack), now=now, operator=job.operator), Path(pack))


def _verify(pack: str) -> Cost:
    return measured(lambda: verify(Path(pack)), Path(pack))


def _copy(pack: str, place: str) -> Cost:
    return measured(lambda: shutil.copytree(pack, place), Path(place))


def _findings(pack: Path) -> int:
    with (pack / "findings.csv").open(encoding="utf-8", newline="") as file:
        return sum(1 for _ in csv.reader(file)) - 1


@contextmanager
def _job(history: str, target: Target) -> Iterator[Job]:
    rulebook = loader.load()
    with History.open(history) as store:
        yield Job((target,), store, rulebook, wiring.load_policy(Path(history).with_name(_POLICY), rulebook))
