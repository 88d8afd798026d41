"""Everything on the evidence desk: what is due, what was attested, what signals mean, what contradicts itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from contribaudit.attestations.status import SignalLine, signal_lines
from contribaudit.core.resolve.attested import Testimony
from contribaudit.tui.rows.attestations import Recorded, recorded_of
from contribaudit.tui.rows.conflicts import Contradiction, conflicts_of
from contribaudit.tui.rows.due import DueScreen, due_screens
from contribaudit.tui.source import Board


@dataclass(frozen=True, slots=True)
class Contents:
    """Everything on the desk, of the organizations of one board."""

    due: tuple[DueScreen, ...] = ()
    recorded: tuple[Recorded, ...] = ()
    """Newest first."""
    signals: tuple[SignalLine, ...] = ()
    conflicts: tuple[Contradiction, ...] = ()


def contents(board: Board, testimony: Mapping[str, Testimony]) -> Contents:
    """What is on the desk, from what people recorded by organization."""
    state, policy = board.report.state, board.policy
    known = [one for told in testimony.values() for one in told.attestations]
    return Contents(
        due=tuple(due_screens(state, known, policy, board.report.findings)) if policy is not None else (),
        recorded=tuple(recorded_of(known, state.as_of, policy, board.report.findings)),
        signals=tuple(line for name, told in testimony.items() for line in signal_lines(state, told, name)),
        conflicts=tuple(conflicts_of(known, state.as_of, board.report.findings)),
    )
