"""Entries of a shape that nobody documents: kept to the letter, reported, and never taken for a pass."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from contribaudit.catalogue.signals import unknown_shapes
from contribaudit.core.advise.report import Report
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.observation import Observed, Unavailable
from contribaudit.core.model.snapshot import CollectionStatus
from contribaudit.core.model.subject import Kind, organization_subject
from contribaudit.simulator import Fault
from contribaudit.simulator.faults import ENTRY_KINDS, ONLY_FOR

from .audits import Bench, of_check
from .faulty import COLLECTOR_OF, COMPARING, SETTLED, Served, outcomes, passes_on_unread, served

CASES = [
    (kind, endpoint) for endpoint in COLLECTOR_OF for kind in ENTRY_KINDS if endpoint in ONLY_FOR.get(kind, (endpoint,))
]
REPORTED_AS = {
    ("unknown-keys", "org"): "simulatedKey",
    ("unknown-keys", "workspaces"): "attributes.simulatedAttribute",
    ("unknown-keys", "policies"): "attributes.simulatedAttribute",
    ("unknown-keys", "directories"): "simulatedKey",
    ("unknown-keys", "event-actions"): "attributes.simulatedAttribute",
    ("unknown-keys", "api-keys"): "simulatedKey",
    ("unknown-keys", "groups-search"): "simulatedKey",
    ("unknown-keys", "group-role-assignments"): "role-assignments.simulatedKey",
    ("unknown-values", "workspaces"): "status=SIMULATED_STATUS",
    ("unknown-values", "policies"): "type=simulated-type",
    ("unknown-values", "api-keys"): "keyType=SIMULATED",
    ("rule-array", "policies"): "data-residency rule: list",
}
"""What the warning names, where an entry is read whole but strange."""
LACKING = {
    "org": "organization.name",
    "workspaces": "residency.realm",
    "policies": "residency.move",
    "api-keys": "api_key.next_expiry",
}
"""The setting that `missing-key` takes away, where it takes one that is read."""

WITHOUT_KEY = ("group-role-assignments", "events-stream")
"""Where an entry that lacks the key cannot be read at all."""
NO_MOVES = ("DR-04", "bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb")
"""What DR-04 says of the whole organization; a test of its own asks for it."""


@pytest.fixture(scope="module")
def tidy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("tidy")) as organization:
        yield organization


def audit(bench: Bench, kind: str, endpoint: str) -> Report:
    bench.faults.append(Fault(kind, endpoint))
    try:
        return bench.audit(SETTLED)
    finally:
        bench.faults.clear()


@pytest.mark.parametrize(("kind", "endpoint"), CASES, ids=[f"{kind}@{endpoint}" for kind, endpoint in CASES])
@pytest.mark.parametrize("known", [False, True], ids=["first", "later"])
def test_a_strange_entry(tidy: Served, tmp_path: Path, kind: str, endpoint: str, known: bool) -> None:
    """Nothing passes on it, what was passed over makes the reading partial, and its end is as if it never was."""
    collector = COLLECTOR_OF[endpoint]
    with tidy.after_whole_runs(tmp_path) if known else tidy.fresh(tmp_path) as bench:
        report = audit(bench, kind, endpoint)
        collection = next(one for one in report.collections if one.collector == collector)
        if collection.status is CollectionStatus.OK:
            expected = [REPORTED_AS[kind, endpoint]] if (kind, endpoint) in REPORTED_AS else []
            assert [one for one in expected if not any(one in warning for warning in report.warnings)] == []
        else:
            lost = "missing-key" if endpoint in WITHOUT_KEY else "no-id"
            assert (kind in ("no-id", lost), collection.status) == (True, CollectionStatus.PARTIAL)
            assert passes_on_unread(bench, report, collector) == []
            assert report.changes == ()
            # Some rule needs each of them, so that 3 it is, whatever the rule's severity.
            assert report.run.exit_code == 3
        assert passing(report) - {NO_MOVES} <= passing(tidy.whole if known else tidy.first)
        assert_healed(tidy, bench.audit(SETTLED))
        if not known and (kind, endpoint) in REPORTED_AS:
            assert_kept_to_the_letter(bench, report, kind, endpoint)


def assert_healed(tidy: Served, again: Report) -> None:
    """All is as it was, but for what compares with the run before, which saw something else."""
    expected, found = outcomes(tidy.whole), outcomes(again)
    assert {row for row in expected.keys() | found.keys() if expected.get(row) != found.get(row)} <= {
        (check, again.state.looked_at[0].id) for check in COMPARING
    }
    comparing = {one.check: one for one in again.findings if one.check in COMPARING}
    assert comparing["DC-25"].outcome is Outcome.PASS or comparing["DC-25"].reason_code == "nothing_to_compare"
    # That a value came back is a change, and nobody did it.
    assert comparing["GV-03"].outcome is Outcome.PASS or comparing["GV-03"].reason_code == "no_event_found"
    assert comparing["GV-03"].outcome is Outcome.PASS or again.changes


def assert_kept_to_the_letter(bench: Bench, report: Report, kind: str, endpoint: str) -> None:
    """The raw object behind a warning is in the history, and holds what was strange."""
    strange = REPORTED_AS[kind, endpoint]
    shapes = report.state.read(organization_subject(bench.organization.id), unknown_shapes(COLLECTOR_OF[endpoint]).id)
    assert isinstance(shapes, Observed)
    assert isinstance(shapes.value, tuple)
    assert strange in shapes.value
    found = {"rule-array": '"rule":["simulated",{"made":"up"}]'}.get(kind, "simulated")
    assert any(found in text.casefold() for text in raw_texts(bench))


@pytest.mark.parametrize("kind", ["missing-key", "null-realm"])
def test_an_app_without_a_realm_is_unknown(tidy: Served, tmp_path: Path, kind: str) -> None:
    """A realm that is missing, or null, is not the realm of yesterday."""
    with tidy.after_whole_runs(tmp_path) as bench:
        report = audit(bench, kind, "workspaces")
        app = bench.organization.apps[0]
        for check in ("DR-01", "DR-02"):
            (finding,) = of_check(report, check, app.id)
            assert (finding.outcome, finding.observed) == (Outcome.UNKNOWN, None)
            assert finding.reason.startswith("Location: ")
        assert report.run.exit_code == 3


@pytest.mark.parametrize("endpoint", LACKING)
def test_a_missing_key_is_unavailable_rather_than_null(tidy: Served, tmp_path: Path, endpoint: str) -> None:
    """The answer lacks what the documentation promises: that is not a value."""
    with tidy.fresh(tmp_path) as bench:
        report = audit(bench, "missing-key", endpoint)
        seen = [one for one in report.state.everything() if one.setting == LACKING[endpoint]]
        assert any(isinstance(one, Unavailable) for one in seen)
        assert not any(isinstance(one, Observed) and one.value is None for one in seen)


def test_an_app_of_a_word_that_nobody_knows_is_unknown_everywhere(tidy: Served, tmp_path: Path) -> None:
    """An unknown type key, plan, status and sandbox; nothing is above the plan that other apps surely have."""
    with tidy.after_whole_runs(tmp_path) as bench:
        report = audit(bench, "unknown-values", "workspaces")
        changed = {app.id for app in bench.organization.apps[::3]}
        asked = [one for one in report.findings if one.subject.kind is Kind.APP and one.subject.id in changed]
        assert {one.outcome for one in asked if one.check not in ("DR-01", "DR-02", "DR-04")} == {Outcome.UNKNOWN}
        assert [one.outcome for one in of_check(report, "DC-06")] == [Outcome.PASS]


def test_a_residency_rule_of_another_shape_proves_no_pin(tidy: Served, tmp_path: Path) -> None:
    """The policy is applied, but which realm it names is not known."""
    with tidy.after_whole_runs(tmp_path) as bench:
        report = audit(bench, "rule-array", "policies")
        assert {one.outcome for one in of_check(report, "DR-02")} == {Outcome.UNKNOWN}
        assert all("residency policy's rule" in one.reason for one in of_check(report, "DR-02"))


def test_a_policy_of_an_unknown_type_that_lists_apps_is_not_no_policy(tidy: Served, tmp_path: Path) -> None:
    """What lists the apps may be a residency policy by another name: that no move is open is not shown."""
    with tidy.fresh(tmp_path) as bench:
        assert NO_MOVES not in passing(audit(bench, "unknown-values", "policies"))


def passing(report: Report) -> set[tuple[str, str]]:
    return {one for one, (outcome, _) in outcomes(report).items() if outcome is Outcome.PASS}


def raw_texts(bench: Bench) -> list[str]:
    """Every raw object of the newest run that its observations or surprises could point at."""
    from sqlalchemy import select

    from contribaudit.store.schema import responses

    with bench.store._reading() as connection:
        digests = connection.execute(select(responses.c.digest)).scalars().all()
    return [bench.store.raw(one).decode() for one in digests]
