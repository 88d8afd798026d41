"""Faults that begin on the second page: what the first one told is kept, and the rest is not taken for gone."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from contribaudit.atlassian import paging, waits
from contribaudit.atlassian.calls import SEARCH_WORKSPACES, Call
from contribaudit.audit.pipeline import audit
from contribaudit.core.advise.report import Report
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.snapshot import CollectionStatus
from contribaudit.errors import NothingRead
from contribaudit.simulator import Fault, Options, Organization
from contribaudit.simulator.values import Directory, Key

from .audits import Bench
from .faulty import (
    COLLECTOR_OF,
    SETTLED,
    Served,
    old_evidence,
    outcomes,
    passes_on_unread,
    rows,
    served,
)

KINDS = ("401", "403-b", "404", "429-empty", "500", "html", "truncated-json", "close")
CODES = {"401": 4, "404": 2}
_FIRST_REQUEST = paging.first_request
APPS = 1004
"""A page holds 1000."""
FEW_CHECKS = 'written_for_plan = "premium"\n' + "".join(
    f'[[rule]]\ncheck = "{check}"\nseverity = "high"\n{more}'
    for check, more in {
        "DR-01": 'expect = ["EU", "US", "Global"]\n',
        "DC-06": "",
        "DC-10": "",
        "AI-20": "",
        "GV-01": "",
    }.items()
)
"""All pass on the large organization."""


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waits, "ATTEMPTS", 2)


def lengthen(organization: Organization) -> None:
    """More directories and keys than fit on a page of 100."""
    now = datetime.now(UTC)
    organization.directories += [Directory(f"directory-{number}", "one of many", "") for number in range(100)]
    organization.keys += [
        Key(f"word-{number}", f"key-{number}", "one of many", organization.id, frozenset(), now, now + timedelta(200))
        for number in range(100)
    ]


@pytest.fixture(scope="module")
def paged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The tidy organization, with two pages of policies, directories and keys."""
    folder = tmp_path_factory.mktemp("paged")
    with served(folder, edit=lengthen, options=Options(policies_page_size=2)) as organization:
        assert {one.collector: one.requests for one in organization.whole.collections} == {
            "organization": 1,
            "workspaces": 1,
            "policies": 2,
            "directories": 2,
            "ai_roles": 3,
            "administrators": 1,
            "event_actions": 1,
            "events": 1,
            "api_keys": 2,
        }
        yield organization


def shrink(organization: Organization) -> None:
    organization.apps = organization.apps[:APPS]
    organization.revision += 1


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """An organization whose apps fill two pages."""
    with served(tmp_path_factory.mktemp("large"), "generated", shrink, policy=FEW_CHECKS) as organization:
        assert organization.whole.run.exit_code == 0
        yield organization


def audit_large(bench: Bench) -> Report:
    """As `Bench.audit`; but asyncio.run writes out the result of its task, which takes a second here."""
    reports: list[Report] = []

    async def run() -> None:
        reports.append(await audit(bench.job(FEW_CHECKS)))

    asyncio.run(run())
    return reports[0]


@pytest.mark.parametrize("endpoint", ["policies", "directories", "api-keys"])
@pytest.mark.parametrize("kind", [*KINDS, "repeated-cursor"])
def test_a_list_that_breaks_off(paged: Served, tmp_path: Path, kind: str, endpoint: str) -> None:
    """Half a list says nothing of what is not in it: unknown, not gone; the next whole run is as the one before."""
    collector = COLLECTOR_OF[endpoint]
    with paged.after_whole_runs(tmp_path) as bench:
        before = bench.store.snapshot(bench.organization.id, 2)
        bench.faults.append(Fault(kind, endpoint, from_page=2))
        report = bench.audit(SETTLED)
        assert_partial(report, collector)
        # API Access has error codes of its own, which do not tell that it is the organization that is missing.
        code_of_its_own = kind == "404" and endpoint == "api-keys"
        assert report.run.exit_code == (3 if code_of_its_own else CODES.get(kind, 3))
        assert passes_on_unread(bench, report, collector) == old_evidence(report) == []
        assert report.changes == ()
        assert rows(paged.whole) <= rows(report)
        assert bench.store.snapshot(bench.organization.id, 2) == before
        if kind == "html":
            bench.faults.clear()
            again = bench.audit(SETTLED)
            assert outcomes(again) == outcomes(paged.whole)
            assert (again.changes, again.run.exit_code) == ((), 0)


@pytest.fixture
def _four_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of four apps, so that seven make two."""

    def first_request(call: Call) -> paging.Request:
        asked = _FIRST_REQUEST(call)
        return replace(asked, body={"limit": 4}) if call is SEARCH_WORKSPACES else asked

    monkeypatch.setattr(paging, "first_request", first_request)


@pytest.mark.usefixtures("_four_a_page")
@pytest.mark.parametrize(
    ("kind", "unread"), [*((kind, 3) for kind in KINDS), ("empty-list", 3), ("no-id", 1), ("repeated-cursor", 0)]
)
def test_apps_that_break_off(paged: Served, tmp_path: Path, kind: str, unread: int) -> None:
    """The apps that were read are judged, the others are unknown, and so is whatever asks for all of them."""
    first_page = {app.id for app in paged.bench.organization.apps[:4]}
    with paged.after_whole_runs(tmp_path) as bench:
        bench.faults.append(Fault(kind, "workspaces", from_page=2))
        report = bench.audit(SETTLED)
        assert_partial(report, "workspaces")
        assert report.run.exit_code == CODES.get(kind, 3)
        assert report.changes == ()
        assert passes_on_unread(bench, report, "workspaces") == old_evidence(report) == []
        realm = {one.subject.id: one.outcome for one in report.findings if one.check == "DR-01"}
        assert len(realm) == 7
        assert {realm[app] for app in first_page} == {Outcome.PASS}
        assert sum(outcome is Outcome.UNKNOWN for outcome in realm.values()) == unread
        assert {one.outcome for one in report.findings if one.check in ("DC-06", "DC-10", "AI-20", "GV-01")} == {
            Outcome.UNKNOWN
        }


def test_a_first_run_that_breaks_off_shows_that_more_was_announced(large: Served, tmp_path: Path) -> None:
    """Nobody knows the apps of the second page yet; that there are some is said, and nothing passes for all."""
    with large.fresh(tmp_path) as bench:
        bench.faults.append(Fault("html", "workspaces", from_page=2))
        report = audit_large(bench)
        workspaces = next(one for one in report.collections if one.collector == "workspaces")
        assert (workspaces.announced, workspaces.read) == (APPS, 1000)
        assert passes_on_unread(bench, report, "workspaces") == []
        assert report.run.exit_code == 3
        bench.faults.clear()
        again = audit_large(bench)
        assert outcomes(again) == outcomes(large.whole)
        new = {change.subject.id for change in again.changes}
        assert {app.id for app in bench.organization.apps[1000:]} <= new
        assert all(change.exists_after for change in again.changes)


def test_two_broken_runs_in_a_row_forget_nothing(paged: Served, tmp_path: Path) -> None:
    """What the last complete run knew is what every broken run after it is compared with; one in vain is no run."""
    with paged.after_whole_runs(tmp_path) as bench:
        bench.faults.append(Fault("500", "policies", from_page=2))
        half = bench.audit(SETTLED)
        bench.faults[:] = [Fault("html", "*")]
        with pytest.raises(NothingRead):
            bench.audit(SETTLED)
        bench.faults[:] = [Fault("html", endpoint) for endpoint in COLLECTOR_OF if endpoint != "org"]
        little = bench.audit(SETTLED)
        assert rows(paged.whole) <= rows(half)
        apps = {subject for check, subject in rows(paged.whole) if check == "DR-01"}
        assert apps == {subject for check, subject in rows(little) if check == "DR-01"}
        assert half.changes == little.changes == ()
        assert half.run.previous == little.run.previous == 2
        bench.faults.clear()
        again = bench.audit(SETTLED)
        assert outcomes(again) == outcomes(paged.whole)
        assert again.changes == ()


def assert_partial(report: Report, collector: str) -> None:
    broken = [one for one in report.collections if one.status is not CollectionStatus.OK]
    assert [(one.collector, one.status) for one in broken] == [(collector, CollectionStatus.PARTIAL)]
    assert broken[0].reason
