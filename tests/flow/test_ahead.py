"""Forecasts and deadlines of a simulated organization: attested over the history, then compared with what happens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from contribaudit.audit.replay import forecast_last, last_deadlines, last_state
from contribaudit.core.advise.deadlines import DeadlineKind
from contribaudit.core.advise.forecast import Hypothesis, end_of
from contribaudit.core.advise.report import Report
from tests.flow.audits import RULEBOOK, Bench, simulated
from tests.flow.outcomes import NOW, REVIEWED_TODAY, TODAY, Said, attestations, every_plan

POLICY = "".join(
    f'[[rule]]\ncheck = "{check}"\n' for check in ("DC-01", "DC-03", "DC-07", "DC-09", "DC-22", "DR-03", "GV-01")
)
SEEN = (Said("contribution.metadata", "off", days_ago=20), Said("contribution.in_app", "off", days_ago=20))


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """The tidy organization, read once, with both switches attested off twenty days ago."""
    with simulated(tmp_path) as made:
        made.rulebook = REVIEWED_TODAY
        made.audit(POLICY, now=NOW)
        made.store.add_attestations(attestations(last_state(made.job(POLICY, now=NOW)), SEEN))
        yield made


def outcomes(report: Report) -> dict[str, str]:
    return {one.id: one.outcome.value for one in report.findings}


def changed(before: dict[str, str], after: dict[str, str]) -> list[tuple[str, str]]:
    return sorted((before[one], after[one]) for one in before if before[one] != after[one])


def test_a_plan_that_falls_as_predicted(bench: Bench) -> None:
    """The forecast of Premium is what the next audit says after every app fell to it."""
    plans = {one.name: one for one in RULEBOOK.plans}
    predicted = forecast_last(bench.job(POLICY, now=NOW), Hypothesis(plans["Premium"]))
    before = outcomes(bench.offline(POLICY, now=NOW))
    every_plan("Premium")(bench.organization)
    after = outcomes(bench.audit(POLICY, now=NOW + timedelta(seconds=1)))
    happened = changed(before, after)
    assert happened
    assert sorted((row.before, row.after) for row in predicted.rows if row.check) == happened


def test_days_that_pass_as_predicted(bench: Bench) -> None:
    """Each row of a walk over two weeks is what an evaluation of that day says."""
    found = forecast_last(bench.job(POLICY, now=NOW), Hypothesis(until=TODAY + timedelta(days=14)))
    running = outcomes(bench.offline(POLICY, now=NOW))
    for number in range(15):
        day = TODAY + timedelta(days=number)
        now = outcomes(bench.offline(POLICY, now=end_of(day)))
        assert sorted((row.before, row.after) for row in found.rows if row.check and row.when == day) == changed(
            running, now
        )
        running = now
    assert {row.after for row in found.rows if row.check} == {"stale"}


def test_what_goes_stale_is_a_deadline_and_a_warning(bench: Bench) -> None:
    """Ten days are left of thirty; the report says so in one line, and its exit code is what it was."""
    state, found = last_deadlines(bench.job(POLICY, now=NOW))
    attested = [one for one in found if one.kind is DeadlineKind.ATTESTATION]
    assert [one.days_left(state.as_of) for one in attested] == [10, 10]
    report = bench.offline(POLICY, now=NOW)
    assert [one for one in report.warnings if "within 14 days" in one] == [
        "2 attested values become too old within 14 days; run `contribaudit attest`."
    ]
    early = bench.offline(POLICY, now=NOW - timedelta(hours=1))
    assert early.run.exit_code == report.run.exit_code


def test_a_deletion_clock_follows_the_decision(bench: Bench) -> None:
    day = TODAY - timedelta(days=5)
    decided = "".join(
        f'[[decision]]\nsetting = "contribution.{switch}"\nvalue = "off"\nby = "a@x.example"\n'
        f'second = "b@x.example"\ndate = {day}\nticket = "T"\n'
        for switch in ("in_app", "metadata")
    )
    _, found = last_deadlines(bench.job(decided + POLICY, now=NOW))
    ends = [one.ends_at.date() - day for one in found if one.kind is DeadlineKind.DELETION and one.ends_at]
    assert ends == [timedelta(days=days) for days in (30, 90, 90, 90)]
    # Of several policies the newest run is the same: a policy without decisions dates nothing.
    assert not [one for one in last_deadlines(bench.job(POLICY, now=NOW))[1] if one.kind is DeadlineKind.DELETION]


def test_a_trial_that_ends(bench: Bench) -> None:
    """Recorded with its last day: a deadline, and the forecast names what it cannot know."""
    app = bench.organization.apps[0].id
    state = last_state(bench.job(POLICY, now=NOW))
    told = (Said("trial", "running", app), Said("trial.ends_on", f"{TODAY + timedelta(days=3)}", app))
    made = [replace(one, id=f"trial {one.id}") for one in attestations(state, told)]
    bench.store.add_attestations(made)
    found = last_deadlines(bench.job(POLICY, now=NOW))[1]
    (trial,) = [one for one in found if one.kind is DeadlineKind.TRIAL]
    assert trial.ends_at == datetime.combine(TODAY + timedelta(days=3), datetime.min.time(), UTC)
    predicted = forecast_last(bench.job(POLICY, now=NOW), Hypothesis(trial_ends=True))
    assert "not documented" in predicted.assumptions[0]
    assert any("whether a trial is running is unknown" in note for note in predicted.notes)
