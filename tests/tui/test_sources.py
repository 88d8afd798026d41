"""Boards from a real history, a real evidence folder and the demo."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from time import sleep

import pytest

from contribaudit.errors import ConfigurationError, EvidenceDamaged, StoreDamaged, UsageError
from contribaudit.evidence.dossier import of_last
from contribaudit.evidence.export import export
from contribaudit.evidence.folder import EvidenceFolder
from contribaudit.evidence.manifest import NAME, SUMS, read_manifest
from contribaudit.progress import SILENT
from contribaudit.rulebook import loader
from contribaudit.settings.model import AppSettings
from contribaudit.simulator import Fault
from contribaudit.tui.rows import overview
from contribaudit.tui.rows.findings import detail, documentation
from contribaudit.tui.source import Lack
from contribaudit.tui.sources import HistorySource, PackSource, open_demo, open_history, run_in_thread
from tests.flow.audits import Bench, simulated
from tests.tui.driving import driven, on_screen, until

POLICY = '[[rule]]\ncheck = "DR-01"\nexpect = ["EU"]\n'
pytestmark = pytest.mark.anyio


def test_the_history_gives_the_newest_run_with_everything_around_it(tmp_path: Path) -> None:
    """Runs, steps, deadlines; changes since the run before until somebody has looked, then only newer ones."""
    with simulated(tmp_path) as bench:
        source = HistorySource(bench.job(POLICY))
        assert source.nothing_to_load() is Lack.UNREAD
        with pytest.raises(UsageError, match="no saved run"):
            source.load()
        bench.audit(POLICY)
        assert source.nothing_to_load() is None
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
    """Its board is the new run's; cancelled while a reading hangs, the history is as it was, and another can follow."""
    with simulated(tmp_path) as bench:
        source = beside_a_run(bench)
        await asyncio.to_thread(bench.audit, POLICY)
        assert (await source.audit(SILENT)).report.run.id == 2
        asked = len(bench.requests)
        bench.faults.append(Fault("hang", "workspaces", seconds=3))
        task = asyncio.create_task(source.audit(SILENT))
        await asyncio.to_thread(came, bench, "/workspaces", asked)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert [run.id for run in bench.store.runs()] == [2, 1]
        bench.faults.clear()
        assert (await source.audit(SILENT)).report.run.id == 3


async def test_a_run_that_is_stopped_before_it_began_asks_nothing(tmp_path: Path) -> None:
    """Not even its first request goes out; it does not hang on what would."""
    with simulated(tmp_path, faults=[Fault("hang", "*", seconds=3)]) as bench:
        task = asyncio.create_task(beside_a_run(bench).audit(SILENT))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert len(bench.requests) == 0
        assert list(bench.store.runs()) == []


async def test_a_run_that_is_kept_already_is_shown_though_it_is_stopped(tmp_path: Path) -> None:
    """Nobody is told that nothing was kept of it."""
    with simulated(tmp_path) as bench:
        kept, go_on = Event(), Event()

        def clock() -> datetime:
            if bench.store.runs():
                kept.set()
                go_on.wait()
            return datetime.now(UTC)

        source = HistorySource(replace(bench.job(POLICY), clock=clock), audit_job=lambda asked, _progress: asked)
        task = asyncio.create_task(source.audit(SILENT))
        await asyncio.to_thread(kept.wait)
        task.cancel()
        await asyncio.sleep(0)
        go_on.set()
        board = await task
        assert board.report.run.id == 1
        assert [run.id for run in bench.store.runs()] == [1]


async def test_what_ended_meanwhile_can_be_stopped_all_the_same() -> None:
    """Its loop is closed, and nobody sends anything to it any more."""
    closed = Event()

    async def work() -> int:
        loop = asyncio.get_running_loop()
        close = loop.close

        def last() -> None:
            close()
            closed.set()

        loop.close = last  # type: ignore[method-assign]
        return 7

    task = asyncio.create_task(run_in_thread(work))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    closed.wait()  # and nothing happens here meanwhile
    task.cancel()
    assert await task == 7


async def test_an_error_of_what_was_stopped_is_not_told() -> None:
    """The person wanted it to stop, and it did."""
    began = Event()

    async def work() -> None:
        began.set()
        try:
            await asyncio.sleep(60)
        finally:
            raise UsageError("it broke while it stopped")

    task = asyncio.create_task(run_in_thread(work))
    await asyncio.to_thread(began.wait)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def came(bench: Bench, endpoint: str, earlier: int) -> None:
    """Wait for a request to this endpoint, after so many of all kinds."""
    while not any(getattr(one, "path", "").endswith(endpoint) for one in bench.requests[earlier:]):
        sleep(0.01)


def beside_a_run(bench: Bench) -> HistorySource:
    """The bench's history, with audits of it."""
    return HistorySource(bench.job(POLICY), audit_job=lambda asked, _progress: asked)


def test_the_configured_history_opens_without_a_key(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty one is lacking; no organization at all is an error with a next step."""
    with pytest.raises(ConfigurationError, match="No organization"):
        open_history(AppSettings.load())
    monkeypatch.setenv("CONTRIBAUDIT_ORG_ID", "acme-1")
    source = open_history(AppSettings.load())
    assert source.nothing_to_load() is Lack.UNREAD
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
    later = PackSource(place, lambda: datetime.now(UTC) + timedelta(days=400)).load()
    assert "400 days ago" in "\n".join(one.text.plain for one in overview.verdict_lines(later, 200))
    assert "just now" not in "\n".join(one.text.plain for one in overview.evidence_lines(later))
    source = PackSource(place)
    board = source.load()
    assert board.policy is None
    assert board.notes[1].startswith("consistent: ")
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


def test_a_pack_asks_what_its_own_version_asked(tmp_path: Path) -> None:
    """Its rulebook has words that this version lacks, and one of its files cannot be understood."""

    def otherwise(path: str, body: bytes) -> bytes:
        if path == "rulebook/checks/data_residency.toml":
            asked = b'\nquestion = "Where did the old version look?"\nasked_since = 2031-01-01\n'
            return re.sub(rb"\nquestion = .*\n", asked, body)
        return b"not TOML" if path == "rulebook/checks/governance.toml" else body

    with simulated(tmp_path) as bench:
        policy = f'{POLICY}[[rule]]\ncheck = "DC-01"\n[[rule]]\ncheck = "GV-01"\n'
        bench.audit(policy)
        place = rewritten(exported(bench, tmp_path, policy), tmp_path / "other", otherwise)
    source = PackSource(place)
    board = source.load()
    told = {one.check: detail(board, one).plain for one in board.report.findings}
    words = loader.load().words
    assert "QUESTION\nWhere did the old version look?\n" in told["DR-01"]
    assert f"TRAP\n{words['DR-01'].trap}" in told["DR-01"]
    assert f"QUESTION\n{words['DC-01'].question}\n" in told["DC-01"]
    assert "QUESTION" not in told["GV-01"]
    assert {documentation(board, one) for one in board.report.findings} == {""}, "a pack chooses no address to open"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An exported evidence folder."""
    with simulated(tmp_path) as bench:
        bench.audit(POLICY)
        return exported(bench, tmp_path, POLICY)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("mode", "told", "lie"),
    [
        ("approve", "The baseline is not known here", "no baseline yet"),
        ("timeline", "an evidence folder does not hold other runs", "No audit has run yet"),
        ("desk", "The screen Next shows", "Nothing is due"),
    ],
)
async def test_a_pack_says_what_it_does_not_hold(folder: Path, mode: str, told: str, lie: str) -> None:
    async with driven(lambda: PackSource(folder), begin=mode) as pilot:
        await until(pilot, lambda: told in on_screen(pilot))
        assert lie not in on_screen(pilot)


def rewritten(place: Path, target: Path, edit: Callable[[str, bytes], bytes]) -> Path:
    """The pack again, each file as `edit` gives it, with a manifest that fits."""
    manifest = read_manifest((place / NAME).read_bytes())
    with EvidenceFolder(target) as folder:
        for entry in manifest.files:
            if entry.path != SUMS:
                folder.put(entry.path, edit(entry.path, (place / entry.path).read_bytes()))
        folder.finish(manifest.model_copy(update={"files": folder.entries()}))
    return target


def exported(bench: Bench, folder: Path, policy: str = POLICY) -> Path:
    """An evidence folder of the bench's newest run."""
    job = bench.job(policy)
    return export(of_last(job), folder / "pack", now=datetime.now(UTC), operator=job.operator).place
