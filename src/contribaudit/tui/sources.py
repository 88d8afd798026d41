"""The sources of boards: a history, an exported evidence folder or .zip, the demo.

A history gives its newest saved run, judged now, with the changes since the person last looked. A folder needs neither
history nor key, and is shown only once it is verified. The demo uses real HTTP on this machine, and keeps nothing.
Audits run in a thread with an event loop of their own, and can be stopped at any moment.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

from pydantic import SecretStr

from contribaudit import catalogue, checks, wiring
from contribaudit.atlassian.transport import utc_now
from contribaudit.attestations.due import steps_to_take
from contribaudit.audit.changes import Span, explained_changes, named
from contribaudit.audit.job import Job
from contribaudit.audit.pipeline import audit
from contribaudit.audit.replay import judge_last
from contribaudit.core.advise.deadlines import deadlines
from contribaudit.core.advise.report import Report
from contribaudit.core.model.canonical import LEAST_DIGITS
from contribaudit.core.model.change import Change
from contribaudit.core.model.finding import Finding
from contribaudit.core.model.phrases import counted
from contribaudit.core.model.rulebook import Words
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
    """A source that verifies the pack on every load, so that everything on the screen was checked when it was read."""

    def __init__(self, place: Path, clock: Callable[[], datetime] = utc_now) -> None:
        self._place, self._clock = place, clock

    def load(self) -> Board:
        """The run in the pack.

        Raises EvidenceDamaged, EvidenceNewer or UsageError, as `evidence verify` does.
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
        """The words on each check in the pack's rulebook, which is the one that judged it, of whatever version.

        Empty for a pack without a rulebook: this version's questions need not be those asked then.
        """
        listed = [one for one in verified.manifest.files if one.path.startswith(_CHECKS)]
        with open_pack(self._place) as pack:
            return loader.words(_read_verified(pack, one.path, one.sha256) for one in listed)

    def raw(self, sha256_hex: str) -> bytes:
        """The raw answer in the pack. Raises StoreDamaged if it is missing, EvidenceDamaged if it was altered."""
        with open_pack(self._place) as pack:
            return answer(pack, sha256_hex)


def _read_verified(pack: Pack, path: str, sha256_hex: str) -> bytes:
    """The file's bytes. Raises EvidenceDamaged if they differ from those that were verified."""
    body = pack.read(path)
    if sha256(body).hexdigest() != sha256_hex:
        raise EvidenceDamaged(f"{path} was modified", hint=ASK)
    return body


def verification(verified: Verified) -> Sequence[str]:
    """The result of verifying the pack, in two clauses."""
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
    """Run the coroutine that `make` creates in a thread, so that it cannot block this loop, and return its result.

    Cancelling cancels the coroutine and waits for its end. If it had finished by then, its result is returned all the
    same.
    """
    loop = asyncio.new_event_loop()
    work = loop.create_task(make())

    async def end() -> _T:
        return await work

    def run() -> _T:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            return runner.run(end())

    running = asyncio.create_task(asyncio.to_thread(run))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        with suppress(RuntimeError):  # the loop is closed: the work has ended
            loop.call_soon_threadsafe(work.cancel)
        await asyncio.wait([running])
        if running.cancelled() or running.exception() is not None:
            raise
        task = asyncio.current_task()
        assert task is not None
        task.uncancel()
        return running.result()


_RUNS = 400
"""The most runs that the panels need: a year with one run a day."""


class HistorySource(Source):
    """The history behind a job. `audit_job` builds the job of an audit, with keys; None if no audit can be run.

    `begin` creates the history for the first audit if there is none yet. `typed` completes the commands in steps.
    `also_close` is called after the history is closed.
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
        also_close: Callable[[], object] = lambda: None,
    ) -> None:
        self._begin, self._form, self._typed = begin, form, typed
        self._job, self._you = job, you
        self._policy_path = policy_path
        self._audit_job, self._notes = audit_job, tuple(notes)
        self._also_close = also_close
        self._reading = Lock()

    @property
    def organizations(self) -> Sequence[tuple[str, str]]:
        """The organizations of the configuration, or those chosen on the command line."""
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
        """Whether an audit's job can be built; whether there is a key shows when the audit starts."""
        store = self._job.store
        return self._audit_job is not None and not (store.begun and store.read_only)

    @property
    def can_write(self) -> bool:
        """False without a history, and for one that this account may not write."""
        return not self._job.store.read_only

    @property
    def policy_path(self) -> Path | None:
        """The configured policy file, or the one given to `use_policy`."""
        return self._policy_path

    def use_policy(self, path: Path) -> None:
        """Judge every further board and audit of this source by this file; the configuration stays unchanged."""
        self._job = replace(self._job, policy=wiring.load_policy(path, self._job.rulebook))
        self._policy_path = path

    def form(self, archive: bool) -> Form:
        """How evidence is written, as configured; unsigned without a configuration."""
        return self._form(archive)

    def live_job(self) -> Job | None:
        """The job with the keys that an audit would use; None if there is no key."""
        if self._audit_job is None:
            return None
        try:
            return self._audit_job(self.job, SILENT)
        except CredentialError:
            return None

    def nothing_to_load(self) -> Lack | None:
        """UNREAD if no organization was ever read, else None."""
        store = self._job.store
        read = any(store.runs(organization=one, limit=1) for one in self.job.organizations)
        return None if read else Lack.UNREAD

    def load(self) -> Board:
        """The newest saved run, judged now."""
        with self._reading:
            job = self.job
            return self._board(job, judge_last(job))

    def load_at(self, moment: datetime) -> Board:
        """The last run up to this moment, judged as of then."""
        with self._reading:
            job = self.job
            return self._board(job, judge_last(job, moment), until=moment)

    async def audit(self, progress: Progress) -> Board:
        """Read, save and judge in a thread with its own loop, since saving and judging would freeze the screen.

        `progress` is called from that thread. If the run is already saved when it is cancelled, it is still returned.
        """
        build = self._audit_job
        assert build is not None

        async def run() -> Board:
            await asyncio.to_thread(self._make_history)
            job = await asyncio.to_thread(build, self.job, progress)
            report = await audit(job, progress)
            return self._board(self.job, report)  # no await after the run was saved, so a saved run is always shown

        return await run_in_thread(run)

    def _make_history(self) -> None:
        if self._begin is not None and not self._job.store.begun:
            empty, self._job = self._job.store, replace(self._job, store=self._begin())
            empty.close()

    def raw(self, sha256: str) -> bytes:
        """The raw answer from the history. Raises StoreDamaged if it is not there."""
        return self._job.store.raw(sha256)

    def outcomes(self, finding: Finding) -> Sequence[OutcomeSpan]:
        """The spans of equal outcomes over all runs, oldest first."""
        spans = self._job.store.outcome_history(finding.subject.organization, finding=finding.id)
        return sorted(spans, key=lambda one: one.since)

    def mark_seen(self, board: Board) -> None:
        """Record the look for this account on this machine, as `changes --unseen` does."""
        operator = wiring.operator()
        self._job.store.record_look(operator.account, operator.host, board.report.run.id, self._job.clock())

    def close(self) -> None:
        """Close the history, then what belongs to it."""
        self._job.store.close()
        self._also_close()

    def _board(self, job: Job, report: Report, until: datetime | None = None) -> Board:
        store = job.store
        runs = [one for one in self._runs(job) if until is None or one.started_at <= until]
        looked = self._last_run_seen(runs)
        manifests = store.manifests(sorted(job.organizations))
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
            ending=deadlines(report.state, job.policy, checks.ALL, catalogue.find),
            you=self._you,
            notes=self._notes,
            clock=job.clock if until is None else None,
            asked_for=until,
            evidence_sha256=manifests[-1].sha256 if manifests else "",
            evidence_at=manifests[-1].written_at if manifests else None,
        )
        board.prepare()
        return board

    def _runs(self, job: Job) -> list[RunRecord]:
        return [one for one in job.store.runs(limit=_RUNS) if not set(one.organizations).isdisjoint(job.organizations)]

    def _last_run_seen(self, runs: Sequence[RunRecord]) -> RunRecord | None:
        """The newest run whose changes the person has seen; None if they never looked."""
        operator = wiring.operator()
        seen = self._job.store.last_look(operator.account, operator.host)
        return None if seen is None else next((one for one in runs if one.id <= seen), None)

    def _unseen(self, job: Job, report: Report, seen: int) -> Sequence[Change]:
        spans = [Span.unseen(job.store, one, seen, report.run.id) for one in job.organizations]
        changes = explained_changes(job.store, job.rulebook, [one for one in spans if one is not None])
        return sorted(named(report.state, changes), key=lambda one: one.first_seen)


def open_history(
    settings: AppSettings,
    *,
    organizations: tuple[str, ...] = (),
    policy: Path | None = None,
    store: str | None = None,
    on_key: Callable[[SecretStr], None] = lambda _key: None,
    typed: Callable[[str], str] = str,
) -> HistorySource:
    """The configured history, opened. `on_key` is called with each key that an audit finds; `typed` completes the
    commands of steps. Raises ContribauditError.
    """
    rulebook = wiring.load_rulebook(settings)
    resolved = wiring.load_policy(policy or settings.policy, rulebook)
    targets = wiring.unread_targets(settings, organizations)

    def audit_job(job: Job, progress: Progress) -> Job:
        return replace(
            job,
            targets=wiring.targets(settings, job.organizations, progress=progress, on_key=on_key),
            attestations=wiring.load_attestations(settings),
        )

    history = wiring.open_store(settings, store, reading=True)
    job = Job(targets, history, rulebook, resolved, settings.fail_on, operator=wiring.operator())
    return HistorySource(
        job,
        you=settings.attested_by or "",
        audit_job=audit_job,
        notes=("read-only history",) if history.begun and history.read_only else (),
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
    """Play the scenario's story up to an audit now, and open its history; further audits can be run. Takes seconds.

    The policy file is a copy: waivers are written into it, and it is deleted with the demo.

    Raises ValueError for an unknown scenario.
    """
    with ExitStack() as stack:
        shown = stack.enter_context(demonstration(scenario))

        def audit_job(asked: Job, progress: Progress) -> Job:
            return replace(asked, targets=shown.targets(progress))

        for one in shown.job.targets:
            stack.callback(drafts.discard_of, one.organization)
        return HistorySource(
            shown.job,
            you="it@acme.example",
            audit_job=audit_job,
            notes=("demo, nothing is saved",),
            policy_path=shown.policy,
            also_close=stack.pop_all().close,
        )
