"""Changes with their causes, over a real socket: admin deeds in the simulated organization, audits around them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from contribaudit.audit.changes import Span, explained_changes
from contribaudit.core.model.change import CauseKind, Change
from contribaudit.core.model.finding import Outcome
from contribaudit.simulator import Fault, Options
from contribaudit.simulator import admin as actions
from contribaudit.simulator.values import Actor
from tests.administrator import AdminConsole
from tests.flow.audits import RULEBOOK, Bench, of_check, simulated

TODAY = datetime.now(UTC)
POLICY = '[[rule]]\ncheck = "GV-03"\n'
WIKI, TRACKER = "tidy/confluence", "tidy/jira-software"
BOB = Actor("b-1", "Bob", "bob@tidy.example")


def at(days: float) -> datetime:
    """So many days after the first audit, ten days ago."""
    return TODAY - timedelta(days=10 - days)


@contextmanager
def stage(folder: Path, *days: float, options: Options | None = None) -> Iterator[Bench]:
    """The tidy organization, audited on these days."""
    with simulated(folder, options=options) as bench:
        for day in days:
            bench.audit(POLICY, now=at(day))
        yield bench


def admin(bench: Bench, days: float, actor: Actor | None = None) -> AdminConsole:
    """Somebody who acts on that day."""
    told = {"actor": actor} if actor is not None else {}
    return AdminConsole(bench.organization, lambda: at(days), **told)  # type: ignore[arg-type]


def changes(bench: Bench, since: int, until: int, *, steps: bool = False) -> dict[str, Change]:
    """By setting and app."""
    span = Span(bench.organization.id, since, until)
    found = explained_changes(bench.store, RULEBOOK, [span], steps=steps)
    return {f"{one.setting} {one.name}".strip(): one for one in found}


def kinds(found: dict[str, Change]) -> set[CauseKind]:
    return {one.why.kind for one in found.values() if one.why is not None}


def test_a_report_names_who_did_it(tmp_path: Path) -> None:
    with stage(tmp_path, 0) as bench:
        event = admin(bench, 0.5, BOB).move(TRACKER, "US")
        report = bench.audit(POLICY, now=at(1))
        assert report.changes
        assert {(one.actor, one.event_id) for one in report.changes} == {("bob@tidy.example", event.id)}
        assert [one.outcome for one in of_check(report, "GV-03")] == [Outcome.PASS]


def test_days_that_nobody_audited_leave_no_hole(tmp_path: Path) -> None:
    """The stream goes on from its cursor; the interval is as long as the pause, and says so."""
    with stage(tmp_path, 0, 1) as bench:
        admin(bench, 3).move(TRACKER, "US")
        bench.audit(POLICY, now=at(6))
        (moved,) = (one for name, one in changes(bench, 2, 3).items() if name.startswith("residency.realm"))
        assert moved.why is not None
        assert (moved.why.kind, moved.why.covered) == (CauseKind.EVENT, True)
        assert moved.why.interval is not None
        assert moved.why.interval[0] == at(1)


def test_an_event_that_is_taken_in_late_still_finds_its_change(tmp_path: Path) -> None:
    """Causes are looked for when changes are read: what was unexplained yesterday need not stay so."""
    with stage(tmp_path, 0) as bench:
        admin(bench, 0.5).move(TRACKER, "US")
        events = bench.organization.events
        events[-1] = replace(events[-1], processed_at=TODAY + timedelta(days=1))
        admin(bench, 0.4).note(actions.ACTIONS["space_added"], "Created a space")
        bench.audit(POLICY, now=at(1))
        found = {name: one for name, one in changes(bench, 1, 2).items() if name.startswith("residency.realm")}
        assert kinds(found) == {CauseKind.NO_EVENT_FOUND}
        assert all("a late event may still arrive" in str(one.cause) for one in found.values())
        events[-2] = replace(events[-2], processed_at=TODAY - timedelta(minutes=1))
        bench.audit(POLICY, now=at(2))
        again = {name: one for name, one in changes(bench, 1, 2).items() if name.startswith("residency.realm")}
        assert kinds(again) == {CauseKind.EVENT}
        assert {one.id for one in again.values()} == {one.id for one in found.values()}


def test_nothing_is_read_twice(tmp_path: Path) -> None:
    with stage(tmp_path, 0) as bench:
        admin(bench, 0.5).move(TRACKER, "US")
        for day in (1, 2, 3):
            bench.audit(POLICY, now=at(day))
        assert [one.read for one in bench.store.audit_log(bench.organization.id).readings] == [0, 1, 0, 0]


@pytest.mark.parametrize("answer", ["forbidden", "empty"])
def test_without_a_log_no_absence_is_claimed(tmp_path: Path, answer: str) -> None:
    options = Options(log_available=False, log_unavailable=answer)  # type: ignore[arg-type]
    with stage(tmp_path, 0, options=options) as bench:
        for app in bench.organization.apps:
            bench.organization.set_realm(app.id, "US", ())
        report = bench.audit(POLICY, now=at(1))
        assert report.run.complete, "not every plan has a log"
        assert {one.why.kind for one in report.changes if one.why} == {CauseKind.NO_EVENT_FOUND}
        says = "could not be read" if answer == "forbidden" else "never shown an event"
        assert all(says in str(one.cause) for one in report.changes)
        assert of_check(report, "GV-03")[0].outcome is not Outcome.PASS


def test_a_reading_that_failed_is_made_up_for_by_the_next(tmp_path: Path) -> None:
    with stage(tmp_path) as bench:
        admin(bench, -0.5).note(actions.ACTIONS["space_added"], "Created a space")
        bench.audit(POLICY, now=at(0))
        admin(bench, 0.5).move(TRACKER, "US")
        bench.faults[:] = [Fault("403-a", "events-stream")]
        bench.audit(POLICY, now=at(1))
        before = changes(bench, 1, 2)
        assert kinds(before) == {CauseKind.NO_EVENT_FOUND}
        assert all("was not read from" in str(one.cause) for one in before.values())
        bench.faults.clear()
        bench.audit(POLICY, now=at(2))
        assert kinds(changes(bench, 1, 2)) == {CauseKind.EVENT}


def test_a_cursor_that_is_not_taken_any_more_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with stage(tmp_path, 0, 1) as bench:
        log = bench.store.audit_log(bench.organization.id)
        admin(bench, 1.5).move(TRACKER, "US")
        broken = bench.store.log_position(bench.organization.id)
        monkeypatch.setattr(bench.store, "log_position", lambda _organization: replace(broken, cursor="spoilt"))
        bench.audit(POLICY, now=at(2))
        newest = bench.store.audit_log(bench.organization.id).readings[-1]
        assert (newest.code, newest.read, len(log.readings)) == ("cursor_refused", 1, 2)
        assert kinds(changes(bench, 2, 3)) == {CauseKind.EVENT}


def test_the_published_limits_are_kept(tmp_path: Path) -> None:
    """Ten calls of the catalogue a minute: one run makes one, though two collectors need it."""
    with stage(tmp_path, 0, options=Options(enforce_rate_limits=True)) as bench:
        asked = [str(one) for one in bench.requests]
        assert sum("event-actions" in one for one in asked) == 1
        assert sum("events-stream" in one for one in asked) == 1


def test_a_change_that_was_undone_is_a_step(tmp_path: Path) -> None:
    with stage(tmp_path, 0) as bench:
        here = bench.organization.app(TRACKER).realm or "Global"
        for day, realm in ((1, "US"), (2, here)):
            admin(bench, day - 0.5).move(TRACKER, realm)
            bench.audit(POLICY, now=at(day))
        assert not [name for name in changes(bench, 1, 3) if name.startswith("residency.realm")]
        span = Span(bench.organization.id, 1, 3)
        steps = explained_changes(bench.store, RULEBOOK, [span], steps=True)
        realms = [(one.before, one.after, one.explained) for one in steps if one.setting == "residency.realm"]
        assert realms == [(here, "US", True), ("US", here, True)]


def test_a_new_site_is_told_of_by_its_event(tmp_path: Path) -> None:
    """The event names the site alone: that is said."""
    with stage(tmp_path, 0) as bench:
        like = bench.organization.app(WIKI)
        ari = "ari:cloud:confluence::site/99999999-9999-4999-8999-999999999999"
        admin(bench, 0.5).add_site(replace(like, id=ari, name="lab", host_url="https://lab.atlassian.net"))
        bench.audit(POLICY, now=at(1))
        new = changes(bench, 1, 2)["app.type_key lab.atlassian.net/confluence"]
        assert new.why is not None
        assert (new.why.kind, new.why.match) == (CauseKind.EVENT, "site")
        assert new.actor == "admin@acme.example"


def test_edits_of_policy_and_plan_are_changes_too(tmp_path: Path) -> None:
    with stage(tmp_path, 0) as bench:
        event = admin(bench, 0.5).end_trial(WIKI, "Standard")
        bench.audit(POLICY + 'severity = "low"\n', now=at(1))
        found = changes(bench, 1, 2)
        assert found["policy.sha256"].why is not None
        assert found["policy.sha256"].why.kind is CauseKind.POLICY_EDIT
        assert event.id in {one.event_id for one in found.values()}
