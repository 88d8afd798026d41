"""The queue: one step for what one action settles, gravest first."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from contribaudit.core.deadline import Deadline, DeadlineKind
from contribaudit.core.finding import Finding, Outcome, Severity
from contribaudit.core.next_steps import NextStep, ScreenDue, StepKind, next_steps
from contribaudit.core.observation import Grade, SettingId
from contribaudit.core.report import Report, RunLine
from contribaudit.core.subject import organization_subject
from tests.builders import NOW, ORG, app, collection, collections, evidence, facts, finding, state_of

ACCESS = SettingId("ai.access")
ANNA = "anna@acme.example"


def report(*findings: Finding, failed: str = "") -> Report:
    """A judged run with these findings; `failed` names a collector that was refused."""
    runs = collections(collection(failed, "forbidden", scope="read:x")) if failed else None
    state = state_of(*facts(app("one"), alias="app:acme/one"), *facts(app("two"), alias="app:acme/two"), runs=runs)
    return Report("1", state, RunLine(1, None, NOW, NOW, True, 1), "test", "", findings, (), ())


def steps(*findings: Finding, **more: object) -> list[tuple[StepKind, Severity | None]]:
    return [(one.kind, one.severity) for one in next_steps(report(*findings), **more)]  # type: ignore[arg-type]


def only(*findings: Finding, operator: str = "", failed: str = "") -> NextStep:
    (step,) = next_steps(report(*findings, failed=failed), operator=operator)
    return step


def test_nothing_to_do() -> None:
    assert steps(finding(Outcome.PASS), finding(Outcome.WAIVED), finding(Outcome.PENDING)) == []


def test_what_one_action_settles_is_one_step() -> None:
    """Findings of one check and setting, at the gravest severity among them."""
    step = only(finding(subject=app("one")), finding(subject=app("two"), severity=Severity.CRITICAL))
    assert (step.kind, step.severity) == (StepKind.FIX, Severity.CRITICAL)
    assert step.subjects == (app("one"), app("two"))
    assert "app:acme/one, app:acme/two" in step.text


@pytest.mark.parametrize("outcome", [Outcome.UNKNOWN, Outcome.STALE, Outcome.CONFLICT])
def test_what_one_screen_shows_is_one_look(outcome: Outcome) -> None:
    """Whatever checks doubt it; the screen says how long it takes."""
    doubted = [finding(outcome, setting=ACCESS, check=check, subject=app("one")) for check in ("AI-01", "AI-03")]
    step = only(*doubted)
    (screen, *_) = [one for one in report().state.rulebook.screens if ACCESS in one.settings]
    assert (step.kind, step.minutes, step.subjects) == (StepKind.LOOK, screen.minutes, (app("one"),))
    assert step.command == f"contribaudit attest --screen {screen.id} --org {ORG}"
    assert f"2 values {outcome}" in step.text


def test_what_no_screen_shows_is_nobodys_look() -> None:
    assert steps(finding(Outcome.UNKNOWN, setting=None)) == []


def test_a_collector_that_was_refused_is_one_fix() -> None:
    step = only(finding(Outcome.UNKNOWN, setting=None), finding(Outcome.UNKNOWN, setting=None), failed="policies")
    assert (step.kind, step.command) == (StepKind.FIX, "contribaudit doctor")
    assert "read:x" in step.text


@pytest.mark.parametrize(
    ("operator", "said"),
    [("", "not whoever"), ("bert@acme.example", "you may"), ("Anna@Acme.example", "somebody else than you")],
)
def test_nobody_is_asked_to_confirm_their_own(operator: str, said: str) -> None:
    seen = replace(evidence(Grade.ATTESTED), attested_by=ANNA)
    waiting = finding(Outcome.UNKNOWN, reason_code="second_person_missing", setting=ACCESS, evidence=(seen,))
    step = only(waiting, operator=operator)
    assert (step.kind, step.minutes) == (StepKind.CONFIRM, 1)
    assert said in step.text
    assert ANNA in step.text


@pytest.mark.parametrize("check", ["DC-05", "GV-04"])
def test_a_decision_that_is_missing_is_decided_and_not_fixed(check: str) -> None:
    assert only(finding(check=check, subject=organization_subject(ORG))).kind is StepKind.DECIDE


def test_what_runs_out_within_a_month_is_renewed() -> None:
    """What is over too; nothing later, and nothing of which no date is known."""
    ends = [-1, 12, 40, None]
    found = [
        Deadline(
            DeadlineKind.API_KEY, None if days is None else NOW + timedelta(days=days), f"key {days}", key=str(days)
        )
        for days in ends
    ]
    queue = next_steps(report(), ending=found)
    assert [(one.kind, one.text) for one in queue] == [
        (StepKind.RENEW, "over: key -1"),
        (StepKind.RENEW, "12 days: key 12"),
    ]
    review = Deadline(DeadlineKind.WAIVER_REVIEW, NOW + timedelta(days=3), "a waiver is to be reviewed")
    assert [one.kind for one in next_steps(report(), ending=[review])] == [StepKind.DECIDE]


def test_what_will_be_too_old_is_looked_at_again_after_all_that_is_wrong() -> None:
    (screen, *_) = [one for one in report().state.rulebook.screens if ACCESS in one.settings]
    soon = ScreenDue(screen.id, ORG, (app("one"),), NOW)
    assert steps(finding(severity=Severity.INFO), finding(setting=ACCESS), screens_due=[soon]) == [
        (StepKind.FIX, Severity.HIGH),
        (StepKind.FIX, Severity.INFO),
        (StepKind.LOOK, None),
    ]
