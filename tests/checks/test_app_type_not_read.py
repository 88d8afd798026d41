"""An app whose type was not read: every sentence gives that reason, and none says that the rulebook lacks the app."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from contribaudit.core.model import names
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.observation import Value
from contribaudit.core.resolve.effective_ai import ai
from contribaudit.core.resolve.state import State
from contribaudit.core.resolve.subprocessor_exposure import exposures, list_in_force
from contribaudit.core.resolve.subprocessors import understood
from tests.builders import RULEBOOK, UNREAD, Gone, app, facts, judge, observed, state_of

HOST = "acme.atlassian.net"
NOT_READ, UNLISTED = "the type of this app was not read: it could not be read", "the rulebook does not know"


def _seen(type_key: Value | Gone) -> State:
    place = {"host": HOST, "alias": f"app:{HOST}/one", "plan": "Premium"}
    blocked = observed(names.AI_ACCESS, app(), "blocked")
    return state_of(*facts(app(), type_key=type_key, **place), blocked)


def _verdict(check: str) -> Callable[[State], str]:
    def face(state: State) -> str:
        verdict = judge(check, state, app())
        assert verdict.outcome is Outcome.UNKNOWN
        return verdict.reason

    return face


def _explained(state: State) -> str:
    answer = ai(state, app())
    assert answer.outcome is Outcome.UNKNOWN
    return "; ".join(link.sentence for link in answer.chain)


def _exposed(state: State) -> str:
    listed = list_in_force(state)
    assert listed is not None
    rows = understood(listed, RULEBOOK.subprocessors)
    return "; ".join(clause for one in exposures(state, rows, [app()]) for clause in one.because)


FACES: dict[str, Callable[[State], str]] = {
    "explain": _explained,
    "subprocessors exposure": _exposed,
    "AI-01": _verdict("AI-01"),
    "AI-02": _verdict("AI-02"),
}
ASKING = {check: _verdict(check) for check in ("DC-18", "DR-03", "DR-06")}


@pytest.mark.parametrize("face", FACES)
def test_a_type_that_was_not_read_is_told_as_that(face: str) -> None:
    said = FACES[face](_seen(UNREAD))
    assert NOT_READ in said
    assert UNLISTED not in said


@pytest.mark.parametrize("check", ASKING)
def test_a_check_of_the_type_gives_the_reason_of_the_source(check: str) -> None:
    said = ASKING[check](_seen(UNREAD))
    assert "not read; it could not be read" in said
    assert UNLISTED not in said


@pytest.mark.parametrize("face", FACES)
def test_a_source_that_gave_no_type_is_told_as_that(face: str) -> None:
    said = FACES[face](_seen(None))
    assert "the API gives no type for this app" in said
    assert UNLISTED not in said


@pytest.mark.parametrize("face", [*FACES, *ASKING])
def test_a_type_that_was_read_and_is_not_listed_is_the_rulebooks_matter(face: str) -> None:
    assert UNLISTED in (FACES | ASKING)[face](_seen("sim-novelty"))
