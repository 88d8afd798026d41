"""What the queue of next steps needs of people's attestations and of the calendar."""

from __future__ import annotations

from collections import defaultdict

from contribaudit import checks
from contribaudit.attestations import due
from contribaudit.core.advise.deadlines import deadlines
from contribaudit.core.advise.next_steps import ScreenDue, next_steps
from contribaudit.core.advise.report import Report
from contribaudit.core.judge.baseline import standing
from contribaudit.core.model.policy import AuditPolicy
from contribaudit.core.resolve.state import State
from contribaudit.core.step import NextStep


def queue(report: Report, policy: AuditPolicy, operator: str = "") -> tuple[NextStep, ...]:
    """What to do now, gravest first. Shared by every front end; see `next_steps`."""
    state = report.state
    ending = deadlines(state, policy, checks.ALL, standing(state))
    return next_steps(report, screens_due(state, policy), ending, operator)


def screens_due(state: State, policy: AuditPolicy) -> list[ScreenDue]:
    """By screen and organization, values that somebody looked at and should look at again.

    What nobody ever looked at is left to the findings: the policy may not ask for it.
    """
    known = [one for place in state.looked_at for one in state.attestations.get(place.id, ())]
    waiting: dict[tuple[str, str], list[due.Row]] = defaultdict(list)
    for row in due.rows(state, known, policy):
        if row.last is not None and row.is_due(state.as_of):
            waiting[row.screen.id, row.subject.organization].append(row)
    return [
        ScreenDue(
            screen,
            organization,
            tuple(dict.fromkeys(row.subject for row in rows)),
            min(row.due_at for row in rows if row.due_at is not None),
        )
        for (screen, organization), rows in waiting.items()
    ]
