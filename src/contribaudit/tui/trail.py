"""What happened over the whole history, and when nobody looked: what the timeline shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from contribaudit.core.advise.gaps import EVERY_HOURS, Gap, gaps
from contribaudit.core.model.change import Change
from contribaudit.errors import UsageError
from contribaudit.store.records import RunRecord
from contribaudit.tui.source import Board, Source


@dataclass(frozen=True, slots=True, eq=False)
class Trail:
    """Two trails are the same only if they are one object."""

    changes: Sequence[Change]
    """With their causes, in no particular order."""
    runs: Sequence[RunRecord]
    """Oldest first."""
    gaps: Sequence[Gap]
    """Stretches without a whole reading of an organization, oldest first."""
    until: datetime
    """When it was asked for: what comes after it is not known."""
    whole: bool = True
    """False where only what one report tells is known: no gaps then."""


def read_trail(source: Source, board: Board) -> Trail:
    """From the history; from the report alone where there is no history. May take seconds. Raises ContribauditError."""
    from contribaudit.audit.changes import Span, explained_changes  # a database's, too much before the first paint

    job, state = source.job, board.report.state
    if job is None:
        runs = sorted(board.runs, key=lambda one: one.id)
        told = {one.id: one for one in (*board.unseen, *board.report.changes)}
        return Trail(list(told.values()), runs, (), state.as_of, whole=False)
    until = job.clock()
    asked = [one.organization for one in job.targets if not one.left_out]
    runs_of = {one: [run.id for run in job.store.runs(organization=one)] for one in asked}
    spans = [Span(one, min(runs), max(runs)) for one, runs in runs_of.items() if runs]
    found: list[Gap] = []
    for one in asked:
        seen = job.store.runs_seen(one, until=until)
        found += gaps(one, seen, None, until, expected_every_hours=EVERY_HOURS)
    mine = {run for runs in runs_of.values() for run in runs}
    return Trail(
        changes=[
            replace(one, name=one.name or state.place(one.subject).name)
            for one in explained_changes(job.store, job.rulebook, spans, steps=True)
        ],
        runs=[run for run in reversed(job.store.runs()) if run.id in mine],
        gaps=sorted(found, key=lambda one: (one.since, one.organization)),
        until=until,
    )


def note_ticket(source: Source, board: Board, change: Change, ticket: str, note: str) -> None:
    """Keep a change's ticket, as `contribaudit changes annotate` does. Raises UsageError where nothing can be kept."""
    from contribaudit.audit.changes import annotate

    job = source.job
    if job is None or not source.can_write:
        raise UsageError("An evidence pack is read-only", hint="Open the dashboard on the history to add notes")
    asked = [one.organization for one in job.targets if not one.left_out]
    signature = job.operator.signature(job.clock(), board.you)
    annotate(job.store, job.rulebook, asked, change.id, ticket, note, signature)
