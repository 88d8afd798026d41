"""Every reason that a check can give for something other than a pass has a way in which it is settled."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import contribaudit
from contribaudit.core.advise.remedies import ENTRIES, NOT_ACTIONABLE, REMEDIES, Remedy, remedy_of
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.observation import CONFLICT_CODE, STALE_CODES, Grade
from contribaudit.errors import AdminApiError, CredentialError
from tests.builders import app, collection, collections, evidence, facts, finding, state_of
from tests.flow.test_check_outcomes import CASES

SOURCE = Path(contribaudit.__file__).parent
_DOUBTED = {"UNKNOWN", "STALE", "CONFLICT"}
_CONDITIONAL = (Remedy.LOOK, Remedy.SOURCE)
_NOT_OF_A_FINDING = {
    # What `explain` alone can come to, of subjects and answers that no check asks for.
    "app_of_space_not_known", "space_not_seen", "sandbox",
    # When a key ends, which the calendar asks and no check.
    "own_key_not_told", "expiry_not_told",
    # Of a copy that keeps the outcome of a verdict that is known.
    "ai_leaves_realm", "ai_off", "ai_on",
}  # fmt: skip


def _texts(node: ast.expr) -> Iterator[str]:
    """The texts that an expression for a code can be."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp():
            yield from _texts(node.body)
            yield from _texts(node.orelse)


def _codes(tree: ast.AST) -> Iterator[str]:
    """The codes written behind an outcome that is not known, or into an `Unavailable` or a shortfall."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        arguments = list(node.args)
        for keyword in node.keywords:
            if keyword.arg == "reason_code":
                yield from _texts(keyword.value)
        if called in ("Verdict", "Stop") and len(arguments) > 1:
            outcomes = {one.attr for one in ast.walk(arguments[0]) if isinstance(one, ast.Attribute)}
            if outcomes & _DOUBTED:
                yield from (one for one in _texts(arguments[1]) if "PASS" not in outcomes or one not in _PASSES)
        elif called in ("Unavailable", "unavailable") and len(arguments) > 2:
            yield from _texts(arguments[2])
        elif called in ("fall_short", "give_up", "unknown") and arguments:
            yield from _texts(arguments[0])


_PASSES = {"fresh", "reviewed"}
"""What the same line says where it passes."""


def written() -> set[str]:
    """Every such code in checks, core and collectors, and in lists of reasons that are handed on as pairs."""
    found: set[str] = set()
    for room in ("checks", "core", "collectors"):
        for path in (SOURCE / room).rglob("*.py"):
            found.update(_codes(ast.parse(path.read_text(encoding="utf-8"))))
    assert found >= _NOT_OF_A_FINDING
    return found - _NOT_OF_A_FINDING


def test_the_sources_are_read() -> None:
    """The search finds codes of each of its forms."""
    assert written() >= {"policy_names_no_plan", "evidence_too_old", "review_overdue", "wrong_type", "plan_not_told"}


def test_every_code_that_is_written_has_a_way() -> None:
    assert written() - set(REMEDIES) == set()


def test_every_code_of_the_outcome_tables_has_a_way() -> None:
    doubted = [case for case in CASES if case.outcome in (Outcome.UNKNOWN, Outcome.STALE, Outcome.CONFLICT)]
    assert {case.code for case in doubted} - set(REMEDIES) == set()


def test_every_error_and_every_doubt_of_an_attestation_has_a_way() -> None:
    """A call that failed gives its error's code to all that it promised."""

    def family(kind: type[AdminApiError | CredentialError]) -> Iterator[str]:
        yield kind.code
        for one in kind.__subclasses__():
            yield from family(one)

    known = {*family(AdminApiError), *family(CredentialError), *STALE_CODES, CONFLICT_CODE}
    assert known - set(REMEDIES) == set()


def test_the_last_way_is_always_open() -> None:
    """But for an empty list of apps, which is a source that was not read whole."""
    assert {code for code, ways in REMEDIES.items() if ways[-1] in _CONDITIONAL} == {"no_apps"}
    assert all(way in _CONDITIONAL for ways in REMEDIES.values() for way in ways[:-1])


def test_what_the_policy_settles_has_an_entry_and_nothing_else_has() -> None:
    assert set(ENTRIES) == {code for code, ways in REMEDIES.items() if Remedy.POLICY in ways}


@pytest.mark.parametrize("outcome", [Outcome.PASS, Outcome.WAIVED, Outcome.EXEMPT, Outcome.NO_SUCH_SETTING])
def test_what_is_settled_has_none(outcome: Outcome) -> None:
    assert remedy_of(state_of(), finding(outcome)) is None


def test_the_outcome_goes_before_the_code() -> None:
    """A setting that is wrong is set right, one that no plan has is accepted, one that is right waits for its day."""
    state = state_of(*facts(app()))
    assert remedy_of(state, finding(Outcome.FAIL)) is Remedy.REMEDY
    assert remedy_of(state, finding(Outcome.FAIL, reason_code="no_decision")) is Remedy.POLICY
    assert remedy_of(state, finding(Outcome.NOT_ACHIEVABLE)) is Remedy.ACCEPTANCE
    assert remedy_of(state, finding(Outcome.PENDING)) is Remedy.TIME
    assert {Remedy.TIME, Remedy.PAST, Remedy.UNPUBLISHED} == set(NOT_ACTIONABLE)


def test_an_unread_source_goes_before_the_word_of_nobody() -> None:
    """A parent that the API does not name is nobody's; one in a list that was not read waits for the list."""
    open_one = finding(Outcome.UNKNOWN, reason_code="parent_not_known")
    assert remedy_of(state_of(*facts(app())), open_one) is Remedy.UNPUBLISHED
    runs = collections(collection("workspaces", "forbidden", scope="read:x"))
    assert remedy_of(state_of(*facts(app()), runs=runs), open_one) is Remedy.SOURCE


def test_a_grade_that_is_not_accepted_is_looked_at_unless_somebody_did() -> None:
    state = state_of(*facts(app()))

    def way(grade: Grade) -> Remedy | None:
        seen = finding(Outcome.UNKNOWN, reason_code="grade_not_accepted", setting="trial", evidence=(evidence(grade),))
        return remedy_of(state, seen)

    assert (way(Grade.INFERRED), way(Grade.ATTESTED)) == (Remedy.LOOK, Remedy.POLICY)


def test_a_code_of_a_later_version_is_no_less_in_the_queue() -> None:
    assert remedy_of(state_of(*facts(app())), finding(Outcome.UNKNOWN, reason_code="new_word")) is Remedy.REMEDY
