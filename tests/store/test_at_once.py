"""What a reader is told within one transaction, and how often an audit asks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import event, update
from sqlalchemy.engine import Engine

from contribaudit.errors import StoreDamaged, UsageError
from contribaudit.store.history import History
from contribaudit.store.schema import facts
from tests.flow.audits import simulated
from tests.flow.faulty import EVERYTHING
from tests.store.builders import ORG, realms, save, snapshot


def test_what_is_asked_within_the_block_is_of_one_state(location: str) -> None:
    with History.open(location) as history, History.open(location) as other:
        save(history, snapshot(1, realms(one="EU")))
        with history.at_once():
            before = history.known(ORG), history.runs(), history.run_intervals(ORG)
            save(other, snapshot(2, realms(one="US")))
            save(history, snapshot(3, realms(two="US")))
            assert (history.known(ORG), history.runs(), history.run_intervals(ORG)) == before
            with other.at_once():  # another history's block says nothing of this one's
                assert len(other.runs()) == 3
            assert len(history.runs()) == 1
        assert len(history.runs()) == 3
        assert {one.observation.subject.id for one in history.known(ORG).facts} == {"two"}


def test_a_block_within_a_block_is_the_outer_one(history: History) -> None:
    save(history, snapshot(1, realms(one="EU")))
    with history.at_once():
        with history.at_once():
            assert len(history.runs()) == 1
        save(history, snapshot(2, realms(one="US")))
        assert len(history.runs()) == 1
    assert len(history.runs()) == 2


def test_an_error_ends_the_block(history: History) -> None:
    save(history, snapshot(1, realms(one="EU")))
    with pytest.raises(UsageError, match="There is no run 7"), history.at_once():
        history.run(7)
    save(history, snapshot(2, realms(one="US")))
    assert len(history.runs()) == 2


@contextmanager
def _statements() -> Iterator[list[str]]:
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        sent.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def test_an_audit_asks_its_history_little(tmp_path: Path) -> None:
    with simulated(tmp_path) as bench:
        for at_most in (90, 100, 100):  # the first asks no run before it
            with _statements() as sent:
                bench.audit(EVERYTHING)
            assert len(sent) <= at_most, "\n".join(sent)


@pytest.mark.parametrize("error", [KeyError, TypeError, ValueError, AttributeError, ZeroDivisionError])
def test_a_bug_in_the_block_is_not_called_damage(history: History, error: type[Exception]) -> None:
    """Nobody restores a backup because a check raised; what cannot be read from the store is damage as before."""
    save(history, snapshot(0, realms(one="eu")))
    with pytest.raises(error), history.at_once(), history.at_once():
        raise error("a bug")
    with history._writing() as connection:
        connection.execute(update(facts).values(value="{"))
    with pytest.raises(StoreDamaged, match="did not write"), history.at_once():
        history.known(ORG)
