"""Baselines: a person's approval of a run, and what lies outside the current one. Shared by every front end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from contribaudit.attestations.recording import mail, short
from contribaudit.audit.attesting import AttestationSession
from contribaudit.core.judge.baseline import Uncovered, outside, uncovered
from contribaudit.core.model.attestation import Baseline
from contribaudit.core.model.names import WORKSPACES
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.core.model.times import parse_end
from contribaudit.core.resolve.aliases import alias_of
from contribaudit.core.resolve.state import State
from contribaudit.errors import UsageError
from contribaudit.store.records import RunRecord

OUTSIDE_COLUMNS = ("organization_id", "subject_kind", "subject_id", "subject_name", "reason_code", "reason")
"""The columns of a sheet for subjects outside the baseline."""


@dataclass(frozen=True, slots=True)
class Approvable:
    """The newest saved run of one organization, ready to be approved."""

    run: RunRecord
    state: State
    apps: int
    standing: Baseline | None
    """The current baseline; None without one."""
    outside: tuple[tuple[Subject, Uncovered], ...]
    """The subjects of the run that the current baseline does not cover; empty without a baseline."""


def require_person(session: AttestationSession) -> None:
    """Raise UsageError when a schedule or pipeline runs this, because only a person can approve a baseline."""
    if session.job.operator.trigger == "schedule":
        raise UsageError(
            "A scheduled run cannot approve a baseline: only a person can",
            hint="Run `contribaudit baseline approve` yourself, at a terminal",
        )


def approvable(session: AttestationSession) -> Approvable:
    """The run that can be approved now. Raises UsageError without a run, or when the newest did not read every app."""
    for record in session.job.store.runs(organization=session.organization, limit=1):
        state = session.remembered()
        place = state.organizations[session.organization]
        if not place.completed(WORKSPACES):
            raise UsageError(
                f"Run {record.id} did not read every app: {place.why_not(WORKSPACES)}",
                hint="Run an audit that reads every app, then approve that run",
            )
        approved = state.baseline(session.organization)
        return Approvable(
            record,
            state,
            len(state.subjects(Kind.APP, session.organization)),
            approved.baseline if approved is not None else None,
            outside_now(state, session.organization),
        )
    raise UsageError("There is no run to approve", hint="Run `contribaudit audit` first")


def outside_now(state: State, organization: str) -> tuple[tuple[Subject, Uncovered], ...]:
    """The subjects outside the baseline, each with the reason."""
    reasons = ((subject, uncovered(state, subject)) for subject in outside(state, organization))
    return tuple((subject, why) for subject, why in reasons if why is not None)


def outside_row(state: State, subject: Subject, why: Uncovered) -> tuple[str, ...]:
    """A row of OUTSIDE_COLUMNS."""
    return subject.organization, subject.kind.value, subject.id, alias_of(state, subject), why.code, why.reason


def checked_reason(text: str) -> str:
    """The reason. Raises UsageError when it is empty or too long to keep."""
    why = short(text, "The reason")
    if not why.strip():
        raise UsageError("The reason is empty", hint='Say why: --reason "reviewed after the merger, GRC-207"')
    return why


def approve(session: AttestationSession, what: Approvable, *, by: str, reason: str, until: datetime | None) -> Baseline:
    """Record a person's approval of the run that they were shown. Raises UsageError."""
    require_person(session)
    person = mail(by, "the person who approves")
    baseline = Baseline(session.organization, what.run.id, session.signature(person), checked_reason(reason), until)
    session.job.store.add_baseline(baseline)
    return baseline


def last_moment(text: str, now: datetime) -> datetime | None:
    """The end of the day (UTC), or the moment, until which a baseline is valid; None for "". Raises UsageError."""
    written = text.strip()
    if not written:
        return None
    end = parse_end(written)
    if end is None:
        raise UsageError(f"{written[:40]!r} is not a date", hint="Write 2026-11-21, or 2026-11-21T06:00Z.")
    if end <= now:
        raise UsageError(f"{written[:40]} has passed", hint="Give a future date, or leave it out")
    return end
