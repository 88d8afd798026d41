"""Where boards come from: a history, an exported evidence folder or .zip, the simulated organization.

Of a history it is the newest saved run, judged now, with what changed since the person last looked. A folder needs
neither history nor key, and is shown only after it was verified. The demo is real HTTP on this machine, and nothing is
kept. Work runs in a thread with a loop of its own, and can be stopped at any moment.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any, Generic, TypeVar

from pydantic import SecretStr

from contribaudit import checks, wiring
from contribaudit.attestations.due import steps_to_take
from contribaudit.audit.changes import Span, explained_changes
from contribaudit.audit.job import Job
from contribaudit.audit.pipeline import audit
from contribaudit.audit.replay import judge_at, judge_last
from contribaudit.collectors.collect import utc_now
from contribaudit.core.advise.deadlines import deadlines
from contribaudit.core.advise.report import Report
from contribaudit.core.judge.baseline import standing
from contribaudit.core.model.canonical import LEAST_DIGITS
from contribaudit.core.model.change import Change
from contribaudit.core.model.finding import Finding
from contribaudit.core.model.rulebook import Words
from contribaudit.core.model.several import counted
from contribaudit.demo import demonstration
from contribaudit.errors import CredentialError, EvidenceDamaged
from contribaudit.evidence.export import Form
from contribaudit.evidence.manifest import ASK
from contribaudit.evidence.pack import Pack, answer, open_pack
from contribaudit.evidence.verify import Verified, verify
from contribaudit.exporters import saved
from contribaudit.operations import drafts
from contribaudit.progress import SILENT, Progress
from contribaudit.rulebook import loader
from contribaudit.settings.model import AppSettings
from contribaudit.store.history import History
from contribaudit.store.records import RunRecord
from contribaudit.store.runs import OutcomeSpan
from contribaudit.tui.saved_report import report_of
from contribaudit.tui.source import Board, Lack, Source

_CHECKS = "rulebook/checks/"


class PackSource(Source):
    """Verifies the pack whenever it is loaded, so that what is on the screen was checked as it was read."""

    def __init__(self, place: Path, clock: Callable[[], datetime] = utc_now) -> None:
        super().__init__(place.name)
        self._place, self._clock = place, clock

    def load(self) -> Board:
        """The run that the pack holds.

        Raises EvidenceDamaged, EvidenceNewer or UsageError, as `evidence verify` does; then nothing is shown.
        """
        verified = verify(self._place)
        document = saved.load(self._place)
        report = report_of(document, words=self._check_words(verified))
        board = Board(
            report,
            document=document,
            steps=report.steps,
            clock=self._clock,
            notes=verification(verified),
            evidence_sha256=verified.manifest.sha256,
            evidence_at=datetime.fromisoformat(verified.manifest.written_at),
        )
        board.prepare()
        return board

    def _check_words(self, verified: Verified) -> dict[str, Words]:
        """What the rulebook in the pack says about each check: the one that judged it, of whatever version.

        A pack without one leaves them out: what this version asks need not be what was asked then.
        """
        listed = [one for one in verified.manifest.files if one.path.startswith(_CHECKS)]
        with open_pack(self._place) as pack:
            return loader.words(_read_verified(pack, one.path, one.sha256) for one in listed)

    def raw(self, sha256_hex: str) -> bytes:
        """The answer as the pack holds it. Raises StoreDamaged where it is not in it, EvidenceDamaged where altered."""
        with open_pack(self._place) as pack:
            return answer(pack, sha256_hex)


def _read_verified(pack: Pack, path: str, sha256_hex: str) -> bytes:
    """The file, if it is still the one that was verified. Raises EvidenceDamaged."""
    body = pack.read(path)
    if sha256(body).hexdigest() != sha256_hex:
        raise EvidenceDamaged(f"{path} was modified", hint=ASK)
    return body


def verification(verified: Verified) -> Sequence[str]:
    """What the check found, in a clause each."""
    signed = (
        f"signed with key {verified.signed_with[:LEAST_DIGITS]}; compare it with the signer's key"
        if verified.signed_with
        else "not signed"
    )
    left = f"; not compared: {', '.join(verified.uncompared)}" if verified.uncompared else ""
    return (
        "evidence, read only",
        f"consistent: {counted(verified.files, 'file matches', 'files match')} the manifest{left}, {signed}",
    )


_T = TypeVar("_T")


async def run_in_thread(make: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
    """What the coroutine gives that `make` makes in the thread: what blocks there does not block here.

    Cancelling stops it there, however far it has come, and waits for its end. Where it was done by then, what it did
    stands, and is given all the same.
    """
    work = _Work(make)
    running = asyncio.create_task(asyncio.to_thread(work.run))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        work.stop()
        await asyncio.wait([running])
        if running.cancelled() or running.exception() is not None:
            raise
        task = asyncio.current_task()
        assert task is not None
        task.uncancel()
        return running.result()


class _Work(Generic[_T]):
    """`run` belongs to the thread, `stop` to whoever waits for it."""

    def __init__(self, make: Callable[[], Coroutine[Any, Any, _T]]) -> None:
        self._make = make
        self._lock = Lock()
        self._stopped = False
        self._cancel: Callable[[], object] | None = None
        """None before the coroutine runs, and from its end on: its loop may be closed then."""

    def run(self) -> _T:
        """Raises CancelledError where it was stopped, be it before it began."""
        return asyncio.run(self._watched())

    async def _watched(self) -> _T:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None
        with self._lock:
            if self._stopped:
                raise asyncio.CancelledError
            self._cancel = lambda: loop.call_soon_threadsafe(task.cancel)
        try:
            return await self._make()
        finally:
            with self._lock:
                self._cancel = None

    def stop(self) -> None:
        """Now, or as soon as it begins; nothing where it has ended."""
        with self._lock:
            self._stopped = True
            if self._cancel is not None:
                self._cancel()


_RUNS = 400
"""As many as the panels can show of a year with a run a day."""


class HistorySource(Source):
    """The history behind a job. `audit_job` builds the job of an audit, with keys; None where none can be run.

    `begin` makes the history where there is none yet, for the first audit.
    """

    def __init__(
        self,
        job: Job,
        *,
        you: str = "",
        audit_job: Callable[[Job, Progress], Job] | None = None,
        notes: Sequence[str] = (),
        policy_path: Path | None = None,
        begin: Callable[[], History] | None = None,
        form: Callable[[bool], Form] = Form,
        typed: Callable[[str], str] = str,
    ) -> None:
        super().__init__("history")
        self._begin, self._form, self._typed = begin, form, typed
        self._job, self._you = job, you
        self._policy_path = policy_path
        self._audit_job, self._notes = audit_job, tuple(notes)
        self._afterwards: list[Callable[[], object]] = []
        self._reading = Lock()

    @property
    def organizations(self) -> Sequence[tuple[str, str]]:
        """Those of the configuration, or that were chosen on the command line."""
        return tuple((one.organization, one.name or one.organization) for one in self._job.targets if not one.left_out)

    @property
    def job(self) -> Job:
        """The job, narrowed to the organization in focus."""
        if self.focus is None:
            return self._job
        targets = tuple(
            replace(one, left_out=one.left_out or one.organization != self.focus) for one in self._job.targets
        )
        return replace(self._job, targets=targets)

    @property
    def can_audit(self) -> bool:
        """Whether there is a way to build an audit's job; whether a key is found shows when it starts."""
        store = self._job.store
        return self._audit_job is not None and not (store.begun and store.read_only)

    @property
    def can_write(self) -> bool:
        """False while there is no history, and for one that this account may not write."""
        return not self._job.store.read_only

    @property
    def policy_path(self) -> Path | None:
        """As configured, or as `use_policy` said."""
        return self._policy_path

    def use_policy(self, path: Path) -> None:
        """For every board and audit of this source; the configuration stays as it is."""
        self._job = replace(self._job, policy=wiring.load_policy(path, self._job.rulebook))
        self._policy_path = path

    def form(self, archive: bool) -> Form:
        """As configured; without a configuration, unsigned."""
        return self._form(archive)

    def live_job(self) -> Job | None:
        """With the keys that an audit would take."""
        if self._audit_job is None:
            return None
        try:
            return self._audit_job(self.job, SILENT)
        except CredentialError:
            return None

    def nothing_to_load(self) -> Lack | None:
        """UNREAD where no organization was ever read."""
        store = self._job.store
        read = any(store.runs(organization=one.organization, limit=1) for one in self.job.targets if not one.left_out)
        return None if read else Lack.UNREAD

    def load(self) -> Board:
        """The newest saved run."""
        with self._reading:
            job = self.job
            return self._board(job, judge_last(job))

    def load_at(self, moment: datetime) -> Board:
        """The same as of a moment."""
        with self._reading:
            job = self.job
            return self._board(job, judge_at(job, moment), until=moment)

    async def audit(self, progress: Progress) -> Board:
        """Read, keep and judge, in a thread with a loop of its own: keeping and judging would stop the screen.

        `progress` is told from that thread. A run that was kept when it is cancelled is shown all the same.
        """
        build = self._audit_job
        assert build is not None

        async def run() -> Board:
            await asyncio.to_thread(self._make_history)
            job = await asyncio.to_thread(build, self.job, progress)
            report = await audit(job, progress)
            return self._board(self.job, report)  # no await since the run was kept: it is shown, or there is none

        return await run_in_thread(run)

    def _make_history(self) -> None:
        if self._begin is not None and not self._job.store.begun:
            empty, self._job = self._job.store, replace(self._job, store=self._begin())
            empty.close()

    def raw(self, sha256: str) -> bytes:
        """The answer as it was kept. Raises StoreDamaged where it is not there."""
        return self._job.store.raw(sha256)

    def outcomes(self, finding: Finding) -> Sequence[OutcomeSpan]:
        """As each run judged it."""
        spans = self._job.store.outcome_history(finding.subject.organization, finding=finding.id)
        return sorted(spans, key=lambda one: one.since)

    def mark_seen(self, board: Board) -> None:
        """For this account on this machine, as `changes --unseen` does."""
        operator = wiring.operator()
        self._job.store.record_look(operator.account, operator.host, board.report.run.id, self._job.clock())

    def close(self) -> None:
        """Close the history, then what else was opened for it."""
        self._job.store.close()
        while self._afterwards:
            self._afterwards.pop()()

    def also_close(self, close: Callable[[], object]) -> None:
        """Call this after the history is closed."""
        self._afterwards.append(close)

    def _board(self, job: Job, report: Report, until: datetime | None = None) -> Board:
        store = job.store
        runs = [one for one in self._runs(job) if until is None or one.started_at <= until]
        looked = self._last_run_seen(runs)
        manifests = store.manifests(sorted(one.organization for one in job.targets if not one.left_out))
        board = Board(
            report=report,
            policy=job.policy,
            runs=runs,
            unseen=self._unseen(job, report, looked.id) if looked is not None else (),
            looked_at=looked.started_at if looked is not None else None,
            steps=[
                replace(one, text=self._typed(one.text), command=self._typed(one.command))
                for one in steps_to_take(report, job.policy, self._you)
            ],
            ending=deadlines(report.state, job.policy, checks.ALL, standing(report.state)),
            you=self._you,
            notes=self._notes,
            clock=job.clock if until is None else None,
            evidence_sha256=manifests[-1].sha256 if manifests else "",
            evidence_at=manifests[-1].written_at if manifests else None,
        )
        board.prepare()
        return board

    def _runs(self, job: Job) -> list[RunRecord]:
        wanted = {one.organization for one in job.targets if not one.left_out}
        return [one for one in job.store.runs(limit=_RUNS) if wanted.intersection(one.organizations)]

    def _last_run_seen(self, runs: Sequence[RunRecord]) -> RunRecord | None:
        """The newest run whose changes the person has seen; None when they never looked."""
        operator = wiring.operator()
        seen = self._job.store.last_look(operator.account, operator.host)
        return None if seen is None else next((one for one in runs if one.id <= seen), None)

    def _unseen(self, job: Job, report: Report, seen: int) -> Sequence[Change]:
        spans = []
        for target in job.targets:
            runs = [one.id for one in job.store.runs(organization=target.organization) if one.id <= report.run.id]
            if runs and not target.left_out:
                since = max((run for run in runs if run <= seen), default=min(runs))
                spans.append(Span(target.organization, since, max(runs)))
        found = explained_changes(job.store, job.rulebook, spans)
        state = report.state
        named = [replace(one, name=one.name or state.place(one.subject).name) for one in found]
        return sorted(named, key=lambda one: one.first_seen)


def open_history(
    settings: AppSettings,
    *,
    organizations: tuple[str, ...] = (),
    policy: Path | None = None,
    store: str | None = None,
    on_key: Callable[[SecretStr], None] = lambda _key: None,
    typed: Callable[[str], str] = str,
) -> HistorySource:
    """The configured history, opened. `on_key` is told each key that an audit finds; `typed` completes the commands of
    steps. Raises ContribauditError.
    """
    rulebook = wiring.load_rulebook(settings)
    resolved = wiring.load_policy(policy or settings.policy, rulebook)
    targets = wiring.unread_targets(settings, organizations)

    def audit_job(job: Job, progress: Progress) -> Job:
        chosen = tuple(one.organization for one in job.targets if not one.left_out)
        wanted = chosen if len(chosen) < len(job.targets) else organizations
        return replace(
            job,
            targets=wiring.targets(settings, wanted, progress=progress, on_key=on_key),
            attestations=wiring.load_attestations(settings),
        )

    kept = wiring.open_store(settings, store, reading=True)
    job = Job(targets, kept, rulebook, resolved, settings.fail_on, operator=wiring.operator())
    return HistorySource(
        job,
        you=settings.attested_by or "",
        audit_job=audit_job,
        notes=("read-only history",) if kept.begun and kept.read_only else (),
        policy_path=policy or settings.policy,
        typed=typed,
        begin=lambda: wiring.open_store(settings, store),
        form=lambda archive: Form(
            archive,
            signer=wiring.signer(settings),
            rulebook_folder=settings.rulebook,
            decoders_folder=settings.decoders,
        ),
    )


def open_demo(scenario: str = "drifted") -> HistorySource:
    """Audit the scenario's organization as of yesterday and as of now; further audits can be run. Takes seconds.

    Its policy file is a copy: what is waived is written into it, and goes with the demo.

    Raises ValueError for an unknown scenario.
    """
    with ExitStack() as stack:
        shown = stack.enter_context(demonstration(scenario))

        def audit_job(asked: Job, progress: Progress) -> Job:
            return replace(asked, targets=shown.targets(progress))

        source = HistorySource(
            shown.job,
            you="it@acme.example",
            audit_job=audit_job,
            notes=("demo, nothing is saved",),
            policy_path=shown.policy,
        )
        for one in shown.job.targets:
            stack.callback(drafts.discard_of, one.organization)
        source.also_close(stack.pop_all().close)
        return source
