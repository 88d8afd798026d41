"""Boards from a real history, a real evidence folder and the demo."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from contribaudit.config import AppSettings
from contribaudit.errors import ConfigurationError, EvidenceDamaged, StoreDamaged, UsageError
from contribaudit.evidence.export import export
from contribaudit.evidence.gather import of_last
from contribaudit.progress import SILENT
from contribaudit.tui.source import Lack
from contribaudit.tui.sources.demo import open_demo
from contribaudit.tui.sources.history import HistorySource, open_history
from contribaudit.tui.sources.pack import PackSource
from tests.flow.audits import Bench, simulated

POLICY = '[[rule]]\ncheck = "DR-01"\nexpect = ["EU"]\n'
pytestmark = pytest.mark.anyio


def test_the_history_gives_the_newest_run_with_everything_around_it(tmp_path: Path) -> None:
    """Runs, steps, deadlines; changes since the run before until somebody has looked, then only newer ones."""
    with simulated(tmp_path) as bench:
        source = HistorySource(bench.job(POLICY))
        assert source.lack() is Lack.UNREAD
        with pytest.raises(UsageError, match="no kept run"):
            source.load()
        bench.audit(POLICY)
        assert source.lack() is None
        first = source.load()
        assert [run.id for run in first.runs] == [1]
        assert first.looked_at is None
        assert first.ending
        assert len(first.index.rows) == len(first.report.findings)
        source.mark_seen(first)
        bench.organization.set_realm("tidy/confluence", "US", ("us-east-1",))
        bench.audit(POLICY)
        second = source.load()
        assert second.looked_at == first.runs[0].started_at
        assert [run.id for run in second.runs] == [2, 1]
        assert "residency.realm" in {change.setting for change in second.unseen}
        source.mark_seen(second)
        assert source.load().unseen == []


def test_the_history_knows_raw_answers_outcomes_and_the_past(tmp_path: Path) -> None:
    """What the detail pane asks for; a moment before the first run is refused."""
    with simulated(tmp_path) as bench:
        bench.audit(POLICY)
        source = HistorySource(bench.job(POLICY))
        board = source.load()
        one = next(each for each in board.report.findings if each.evidence and each.evidence[0].sha256)
        assert source.raw(one.evidence[0].sha256).startswith(b"{")
        assert [span.outcome for span in source.outcomes(one)] == [one.outcome.value]
        with pytest.raises(StoreDamaged):
            source.raw("0" * 64)
        with pytest.raises(UsageError):
            source.load_at(board.runs[0].started_at.replace(year=2020))
        again = source.load_at(board.report.run.finished_at)
        assert [run.id for run in again.runs] == [1]


async def test_an_audit_runs_beside_the_screen_and_can_be_stopped(tmp_path: Path) -> None:
    """Its board is the new run's; cancelled, the history is as it was."""
    with simulated(tmp_path) as bench:
        await asyncio.to_thread(bench.audit, POLICY)
        job = bench.job(POLICY)
        source = HistorySource(job, audit_job=lambda asked, _progress: asked)
        board = await source.audit(SILENT)
        assert board.report.run.id == 2
        task = asyncio.create_task(source.audit(SILENT))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert [run.id for run in bench.store.runs()] == [2, 1]
        assert (await source.audit(SILENT)).report.run.id == 3


def test_the_configured_history_opens_without_a_key(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty one is lacking; no organization at all is an error with a next step."""
    with pytest.raises(ConfigurationError, match="No organization"):
        open_history(AppSettings.load())
    monkeypatch.setenv("CONTRIBAUDIT_ORG_ID", "acme-1")
    source = open_history(AppSettings.load())
    assert source.lack() is Lack.UNREAD
    assert source.organizations == (("acme-1", "acme-1"),)
    assert source.can_audit
    source.close()


def test_the_demo_has_two_runs_and_closes_its_api() -> None:
    """And can be audited again."""
    source = open_demo("small")
    try:
        board = source.load()
        assert [run.id for run in board.runs] == [2, 1]
        assert asyncio.run(source.audit(SILENT)).report.run.id == 3
    finally:
        source.close()


def test_a_pack_is_verified_and_shown_without_history(tmp_path: Path) -> None:
    """With its raw answers; a changed byte, and nothing of it is shown."""
    with simulated(tmp_path) as bench:
        bench.audit(POLICY)
        place = exported(bench, tmp_path)
    source = PackSource(place)
    board = source.load()
    assert board.policy is None
    assert board.notes[1].startswith("verified: ")
    assert board.evidence_sha256
    one = next(each for each in board.report.findings if each.evidence and each.evidence[0].sha256)
    assert source.raw(one.evidence[0].sha256).startswith(b"{")
    with pytest.raises(StoreDamaged, match="is not in this evidence"):
        source.raw("../../etc/passwd")
    assert not source.can_audit
    assert not source.can_write
    report = place / "report.json"
    report.write_bytes(report.read_bytes().replace(b"tidy", b"tiny", 1))
    with pytest.raises(EvidenceDamaged):
        source.load()


def exported(bench: Bench, folder: Path) -> Path:
    """An evidence folder of the bench's newest run."""
    job = bench.job(POLICY)
    return export(of_last(job), folder / "pack", now=datetime.now(UTC), operator=job.operator).place
