"""Runs that follow each other, on SQLite and, where there is one, on PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from contribaudit.audit.pipeline import audit
from contribaudit.core.advise.report import Report
from contribaudit.core.model.change import Change
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.observation import Value
from contribaudit.errors import StoreBusy
from contribaudit.simulator import Fault, Organization
from contribaudit.simulator.values import App
from contribaudit.store.history import History
from tests.postgres import postgres_schema
from tests.vendors.documents import archive_all

from .audits import Bench, of_check, simulated
from .faulty import COMPARING, EVERYTHING, outcomes, with_a_log

__all__ = ["postgres_schema"]
CONFLUENCE = "ari:cloud:confluence::site/b1111111-1111-4111-8111-111111111111"
ORG = "bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb"


@pytest.fixture(params=["sqlite", "postgresql"])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a new history can be made."""
    if request.param == "sqlite":
        return str(tmp_path / "shared.sqlite")
    return str(request.getfixturevalue("postgres_schema"))


@pytest.fixture
def bench(tmp_path: Path, location: str) -> Iterator[Bench]:
    """The tidy organization, before its first run; the watched documents were just read."""
    with simulated(tmp_path, edit=with_a_log) as made, History.open(location) as store:
        archive_all(store, datetime.now(UTC))
        yield replace(made, store=store)


def moves(report: Report) -> dict[tuple[str, str], tuple[Value, Value]]:
    """By subject and setting: before and after; "absent" where there was or is nothing."""
    return {(change.subject.id, change.setting): (before(change), after(change)) for change in report.changes}


def before(change: Change) -> Value:
    return change.before if change.existed_before else "absent"


def after(change: Change) -> Value:
    return change.after if change.exists_after else "absent"


def test_unchanged_runs_report_no_change(bench: Bench) -> None:
    """Five runs of the same organization: the first has none before it, none has a change.

    What compares with the run before is open in the first one, and as little moves after it.
    """
    reports = [bench.audit(EVERYTHING) for _ in range(5)]
    assert [report.run.previous for report in reports] == [None, 1, 2, 3, 4]
    assert [report.changes for report in reports] == [()] * 5
    assert [report.newly for report in reports] == [()] * 5
    answers = [outcomes(report) for report in reports]
    assert answers[1:] == [answers[1]] * 4
    assert {row for row in answers[0] | answers[1] if answers[0].get(row) != answers[1].get(row)} == {
        ("DC-25", ORG),
        ("GV-03", ORG),
    }
    asked = {one.check: one for one in (*reports[0].findings, *reports[1].findings) if one.check in COMPARING}
    assert {one.outcome for one in asked.values()} == {Outcome.PASS}
    assert all(record.complete and record.exit_code == 0 for record in bench.store.runs())


def test_a_realm_that_moves(bench: Bench) -> None:
    """The change names both values and both runs; the finding is new, once."""
    first = bench.audit(EVERYTHING)
    bench.organization.set_realm("tidy/confluence", "US", ("us-east-1",))
    second = bench.audit(EVERYTHING)
    assert moves(second) == {
        (CONFLUENCE, "residency.realm"): ("EU", "US"),
        (CONFLUENCE, "residency.regions"): (("eu-central-1", "eu-west-1"), ("us-east-1",)),
    }
    change = next(one for one in second.changes if one.setting == "residency.realm")
    assert (change.last_seen, change.first_seen) == (first.run.started_at, second.run.started_at)
    assert {(one.check, one.outcome) for one in second.newly} == {
        ("DR-01", Outcome.FAIL),
        ("DR-02", Outcome.CONFLICT),
    }
    assert second.run.exit_code == 1
    third = bench.audit(EVERYTHING)
    assert (third.changes, third.newly, third.run.exit_code) == ((), (), 1)


def test_a_plan_that_falls(bench: Bench) -> None:
    bench.audit(EVERYTHING)
    bench.organization.set_plan("tidy-labs/confluence", "Free")
    report = bench.audit(EVERYTHING)
    ari = bench.organization.app("tidy-labs/confluence").id
    assert moves(report) == {(ari, "plan"): ("Enterprise", "Free")}
    assert [one.outcome for one in of_check(report, "DR-03", ari)] == [Outcome.NOT_ACHIEVABLE]


def test_an_app_that_is_new_and_one_that_is_gone(bench: Bench) -> None:
    """Each value of theirs comes, and goes; no other app changes."""
    bench.audit(EVERYTHING)
    trello = App("ari:cloud:trello::workspace/1", "trello", "Trello", "boards", plan="Enterprise", realm="EU")
    bench.organization.add(trello)
    new = moves(bench.audit(EVERYTHING))
    assert {subject for subject, _ in new} == {trello.id}
    assert new[trello.id, "residency.realm"] == ("absent", "EU")
    assert {was for was, _ in new.values()} == {"absent"}
    bench.organization.remove_app(trello.id)
    gone = moves(bench.audit(EVERYTHING))
    assert gone == {key: (now, was) for key, (was, now) in new.items()}


def test_a_policy_that_moves_an_app(bench: Bench) -> None:
    bench.audit(EVERYTHING)
    bench.organization.set_resource("tidy-residency-eu", "tidy/confluence", "removing")
    report = bench.audit(EVERYTHING)
    assert moves(report) == {(CONFLUENCE, "residency.move"): ("applied", "removing")}
    assert [one.outcome for one in of_check(report, "DR-04", CONFLUENCE)] == [Outcome.FAIL]


def test_a_signal_that_moves(bench: Bench) -> None:
    """Nobody knows what the rule means: that it moved is a change, and no outcome is another one."""
    bench.audit(EVERYTHING)
    whole = bench.audit(EVERYTHING)
    bench.organization.set_rule("tidy-data-use", {"scopeType": "organization", "off": [], "consented": True})
    report = bench.audit(EVERYTHING)
    assert set(moves(report)) == {(ORG, "signal.policy.ugc-data-use-preferences")}
    before, after_it = outcomes(whole), outcomes(report)
    # Who moved it the audit log does not tell: that alone is another answer.
    assert {row for row in before | after_it if before.get(row) != after_it.get(row)} == {("GV-03", ORG)}
    (asked,), (change,) = of_check(report, "GV-03"), report.changes
    assert (asked.reason_code, asked.observed) == ("no_event_found", (change.id,))
    assert any(f"annotate {change.id} --ticket" in step.command for step in report.steps)
    bench.organization.change(bench.organization.policy("tidy-data-use"), extra={"updatedAt": "2026-11-21T00:00:00Z"})
    assert bench.audit(EVERYTHING).changes == ()


def test_a_name_that_passes_to_another_app(bench: Bench) -> None:
    """The old app and its name go, another comes under the same name: both are changes, and the history knows both."""
    bench.audit(EVERYTHING)
    other = CONFLUENCE.replace("b1111111", "b9999999")
    old = bench.organization.app("tidy/confluence")
    bench.organization.remove_app("tidy/confluence")
    bench.organization.add(replace(old, id=other))
    changed = moves(bench.audit(EVERYTHING))
    alias = "app:tidy.atlassian.net/confluence"
    assert changed[CONFLUENCE, "app.alias"] == (alias, "absent")
    assert changed[other, "app.alias"] == ("absent", alias)
    assert [holder for holder, _ in bench.store.alias_holders(ORG)[alias]] == [CONFLUENCE, other]


def test_what_changed_during_a_partial_run_is_told_by_the_next_whole_one(bench: Bench) -> None:
    """The run in between saw no app: it reports nothing, and the run after it compares with the one before."""
    first = bench.audit(EVERYTHING)
    bench.organization.set_realm("tidy/confluence", "US")
    bench.organization.remove_app("tidy-labs/confluence")
    bench.faults.append(Fault("html", "workspaces"))
    broken = bench.audit(EVERYTHING)
    assert (broken.changes, broken.run.exit_code, broken.run.complete) == ((), 3, False)
    bench.faults.clear()
    third = bench.audit(EVERYTHING)
    changed = moves(third)
    assert changed[CONFLUENCE, "residency.realm"] == ("EU", "US")
    change = next(one for one in third.changes if one.setting == "residency.realm" and one.exists_after)
    assert (change.last_seen, change.first_seen) == (first.run.started_at, third.run.started_at)
    gone = "ari:cloud:confluence::site/b2222222-2222-4222-8222-222222222222"
    assert changed[gone, "residency.realm"] == ("EU", "absent")


def test_the_last_run_can_be_judged_again_without_reading(bench: Bench) -> None:
    """The same outcomes, no request, and no run more."""
    first = bench.audit(EVERYTHING)
    asked = len(bench.requests)
    again = bench.offline(EVERYTHING)
    assert outcomes(again) == outcomes(first)
    assert (len(bench.requests), len(bench.store.runs())) == (asked, 1)


def test_two_audits_of_one_organization_at_the_same_time(bench: Bench, location: str) -> None:
    """One of them says that the other runs, and reads nothing; the other ends as if it had been alone."""

    async def both() -> list[Report | BaseException]:
        with History.open(location) as other:
            jobs = [bench.job(EVERYTHING), replace(bench, store=other).job(EVERYTHING)]
            return await asyncio.gather(*(audit(job) for job in jobs), return_exceptions=True)

    one, other = asyncio.run(both())
    assert isinstance(one, Report)
    assert isinstance(other, StoreBusy)
    assert ORG in other.message
    assert one.run.exit_code == 0
    assert len(bench.store.runs()) == 1
    assert bench.audit(EVERYTHING).changes == ()


def test_a_cancelled_audit_leaves_the_run_before_and_no_lock(bench: Bench) -> None:
    """The user gave up while the list of apps was on its way."""
    bench.audit(EVERYTHING)
    kept = bench.store.snapshot(ORG, 1)
    bench.organization.set_realm("tidy/confluence", "US")
    bench.faults.append(Fault("hang", "workspaces", seconds=1))
    asked = len(bench.requests)

    async def give_up() -> None:
        task = asyncio.create_task(audit(bench.job(EVERYTHING)))
        while not any(getattr(one, "endpoint", "") == "workspaces" for one in list(bench.requests)[asked:]):  # noqa: ASYNC110  the server is another thread
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(give_up())
    bench.faults.clear()
    assert [record.id for record in bench.store.runs()] == [1]
    assert bench.store.snapshot(ORG, 1) == kept
    with bench.store.lock(ORG):
        pass
    assert moves(bench.audit(EVERYTHING)) == {(CONFLUENCE, "residency.realm"): ("EU", "US")}


def test_two_organizations_in_one_history_do_not_mix(bench: Bench, tmp_path: Path) -> None:
    """Each is compared with its own run before."""
    (tmp_path / "small").mkdir()
    with simulated(tmp_path / "small", "small", rename) as other:
        shared = replace(other, store=bench.store)
        bench.audit(EVERYTHING)
        shared.audit(EVERYTHING)
        again = bench.audit(EVERYTHING)
        assert (again.run.previous, again.changes, again.run.exit_code) == (1, (), 0)
        other.organization.rename("Cornershop")
        renamed = shared.audit(EVERYTHING)
        assert renamed.run.previous == 2
        assert moves(renamed) == {(other.organization.id, "organization.name"): ("Shop", "Cornershop")}


def rename(organization: Organization) -> None:
    organization.rename("Shop")
