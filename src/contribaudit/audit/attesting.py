"""Attesting in one organization: the services on its history behind `attest`, `signals`, `baseline` and the dashboard.

A look at the console lies between two readings: `read` before the path is shown, `looked` after the answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from contribaudit.attestations.anchoring import SOURCES, PastLooks, ReadingsAround
from contribaudit.attestations.due import by_screen, due_screens, rows
from contribaudit.attestations.recording import (
    ConsoleVisit,
    EnteredValue,
    Hold,
    confirmation,
    mail,
    new_id,
    record_all,
    short,
)
from contribaudit.core.advise.waiting import DueScreen
from contribaudit.core.model.attestation import Attachment, Attestation, Signature
from contribaudit.core.model.rulebook import Screen
from contribaudit.core.resolve.state import OrganizationState, State
from contribaudit.errors import UsageError, meant
from contribaudit.progress import SILENT, Progress

if TYPE_CHECKING:
    from contribaudit.audit.job import Job


@dataclass(frozen=True, slots=True)
class CompletedVisit:
    """The API's state after a person has looked at the console."""

    at: datetime
    """When the person finished, before the second reading."""
    state: State
    """The newest state, which names the subjects."""
    hold: Hold


@dataclass(frozen=True, slots=True)
class Form:
    """The values that a person entered from one console screen, or from several."""

    screen: str
    """The screen's ID; "" if it is not known."""
    told: Sequence[EnteredValue]
    by: str
    console_path: str
    note: str = ""
    attachments: tuple[Attachment, ...] = ()


@dataclass(slots=True)
class AttestationSession:
    """The open history of one organization. All methods block."""

    organization: str
    job: Job
    """A job whose only target is this organization."""
    offline: bool
    """True when the API is not called, because there is no key or the person asked for that."""
    progress: Progress

    def now(self) -> datetime:
        """The current time."""
        return self.job.clock()

    def signature(self, by: str) -> Signature:
        """The signature for an action by a person here and now."""
        return self.job.operator.signature(self.now(), by)

    def read(self) -> State:
        """The current state of the anchor signals, and the last saved run's for the rest; offline, for everything."""
        from contribaudit.audit.pipeline import look
        from contribaudit.audit.replay import last_state

        if self.offline:
            return last_state(self.job)
        return asyncio.run(look(self.job, SOURCES, self.progress, onto_last=True))

    def looked(self, before: State, then: datetime | None = None) -> CompletedVisit:
        """The second reading, after a look that began once `before` was read.

        For a look in the past, at `then`, and offline, nothing more is read: the reading before the look is the last
        complete run, and the reading after it is `before`. A look at the present therefore has no reading after it when
        offline.
        """
        at = then or self.now()
        if self.offline or then is not None:
            past = PastLooks(self.job.store, before)
            return CompletedVisit(at, before, lambda organization: past.held(organization, at))
        readings = ReadingsAround(before, self.read())
        assert readings.after is not None
        return CompletedVisit(at, readings.after, lambda _organization: readings)

    def filled(self, looked: CompletedVisit, form: Form, recorder: str = "") -> tuple[Attestation, ...]:
        """The form's values as attestations of one look, not saved yet.

        `recorder` entered the form, "" for the person who looked. Raises UsageError that names every wrong row.
        """
        recorded = self.signature(recorder or form.by)
        shown = (form.screen, form.console_path, form.note, form.attachments)
        look = ConsoleVisit(form.by, looked.at, recorded, new_id(), *shown)
        return record_all(looked.state, [(looked.hold, one, look) for one in form.told])

    def due(self, state: State, screen: Screen | None = None, *, everything: bool = False) -> list[DueScreen]:
        """The screens that the policy's rules wait for now, in the rulebook's order.

        With `screen`, only that screen; when no rule waits for it, everything that it shows. With `everything`, all
        values that were never looked at or are due again, or everything that one `screen` shows.
        """
        from contribaudit import catalogue, checks
        from contribaudit.core.judge.evaluate import evaluate

        attestations, policy, now = self.attestations(), self.job.policy, self.now()
        if not everything:
            screens: list[DueScreen] = []
            if any(rule.enabled for rule in policy.rules):
                findings = evaluate(state, policy, checks.ALL, catalogue.find).findings
                screens = due_screens(state, findings, policy, attestations)
            screens = [one for one in screens if screen is None or one.screen is screen]
            if screens or screen is None:
                return screens
        shown = rows(state, attestations, policy)
        return by_screen(row for row in shown if (row.screen is screen if screen is not None else row.is_due(now)))

    def remembered(self) -> State:
        """The state of the last saved run, used to name subjects; an empty state without a run."""
        from contribaudit.audit.replay import last_state

        if self.job.store.runs(organization=self.organization, limit=1):
            return last_state(self.job)
        unread = OrganizationState(self.organization, "", {}, "it was never read")
        return State(as_of=self.now(), rulebook=self.job.rulebook, organizations=[unread], observations=[])

    def attestations(self) -> tuple[Attestation, ...]:
        """Every attestation ever recorded for the organization."""
        return self.job.store.attestations(self.organization)

    def find(self, identity: str) -> Attestation:
        """The attestation by its ID or an unambiguous beginning of it. Raises UsageError."""
        by_id = {one.id: one for one in self.attestations()}
        matches = [by_id[identity]] if identity in by_id else [by_id[one] for one in by_id if one.startswith(identity)]
        if len(matches) == 1 and identity:
            return matches[0]
        if matches and identity:
            listed = ", ".join(one.id for one in matches[:5])
            raise UsageError(f"Several attestations start with {identity}", hint=f"Give more characters: {listed}.")
        hint = f"{meant(identity, by_id)}`contribaudit attest list --all` shows them all."
        raise UsageError(f"There is no attestation {identity[:80]!r}", hint=hint)

    def confirm(self, identity: str, by: str) -> Signature:
        """Record that a second person saw the same. Raises UsageError for one who looked, recorded or confirmed."""
        one = self.find(identity)
        signature = confirmation(one, self.signature(by))
        self.job.store.confirm(one.id, signature)
        return signature

    def revoke(self, identity: str, by: str, note: str) -> Signature:
        """Revoke an attestation, with a reason. Raises UsageError."""
        one = self.find(identity)
        signature = self.signature(mail(by, "the person who revokes"))
        self.job.store.revoke(one.id, signature, short(note, "The note"))
        return signature


def sessions(job: Job) -> dict[str, AttestationSession]:
    """A session for each organization of the job, in the job's order; offline when there is no key."""
    return {
        target.organization: AttestationSession(
            target.organization, replace(job, targets=(target,)), target.connect is None, SILENT
        )
        for target in job.targets
        if not target.left_out
    }
