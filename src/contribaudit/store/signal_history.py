"""How signals stood from run to run: raw API objects whose moves hold or free what people attested."""

from __future__ import annotations

from itertools import groupby

from sqlalchemy import Connection

from contribaudit.core.resolve.signals import SignalHistory
from contribaudit.store.columns import read_value
from contribaudit.store.facts import run_starts
from contribaudit.store.rows import StoredFact, organization_number, stored_facts

PREFIX = "signal."
_State = tuple[str, ...] | None


def read_signals(connection: Connection, organization: str) -> SignalHistory:
    """By owner and signal, since when the API held which state; None from the run that saw it gone.

    A moment is the start of the first run that saw the state. That a signal was not there yet before it was first
    seen is not said: an older version may not have looked for it.
    """
    number = organization_number(connection, organization)
    if number is None:
        return {}
    kept = {
        key: _states(list(intervals))
        for key, intervals in groupby(
            stored_facts(connection, number, prefix=PREFIX), key=lambda fact: (fact.subject, fact.setting)
        )
    }
    started_at = run_starts(connection, {run for states in kept.values() for run, _ in states})
    return {key: tuple((started_at[run], state) for run, state in states) for key, states in kept.items() if states}


def _states(intervals: list[StoredFact]) -> list[tuple[int, _State]]:
    """The run that first saw each state, and the state, without repetitions."""
    found: list[tuple[int, _State]] = []

    def add(run: int, state: _State) -> None:
        if not found or found[-1][1] != state:
            found.append((run, state))

    for fact, following in zip(intervals, [*intervals[1:], None], strict=True):
        if fact.value is None:
            continue
        value = read_value(fact.value)
        add(fact.first_run, value if isinstance(value, tuple) else (str(value),))
        if fact.ended_run is not None and (following is None or following.first_run != fact.ended_run):
            add(fact.ended_run, None)  # only a complete list ends an interval without another
    return found
