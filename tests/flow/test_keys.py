"""Keys that cannot, or must not, read the organization."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.snapshot import CollectionStatus
from contribaudit.errors import CredentialError
from contribaudit.simulator import Organization

from .audits import of_check, simulated
from .faulty import EVERYTHING, NOT_FROM_THE_API, old_evidence, outcomes, rows


@pytest.mark.parametrize(
    ("key", "cause", "scope"),
    [
        ("expired-key", "refused the API key", None),
        ("no-such-key", "refused the API key", None),
        ("other-org-key", "belongs to another", "read:workspaces:admin"),
    ],
)
def test_a_key_that_may_read_nothing(tmp_path: Path, key: str, cause: str, scope: str | None) -> None:
    """Exit 4; every row is unknown, says why, and is there after a complete run as before."""
    with simulated(tmp_path) as bench:
        first = bench.audit(EVERYTHING, key=key)
        assert first.run.exit_code == 4
        assert {one.status for one in first.collections} == {CollectionStatus.FAILED}
        complete = bench.audit(EVERYTHING)
        assert complete.run.exit_code == 0
        report = bench.audit(EVERYTHING, key=key)
        assert report.run.exit_code == 4
        asked = [one for one in report.findings if one.check not in NOT_FROM_THE_API]
        assert {one.outcome for one in asked} == {Outcome.UNKNOWN}
        assert old_evidence(report) == []
        assert {check for check, _ in rows(complete)} == {check for check, _ in rows(report)}
        assert report.changes == ()
        (realm,) = of_check(report, "DR-01", "tidy.atlassian.net/confluence")
        assert (cause if scope is None else scope) in realm.reason
        assert {one.missing_scope is not None for one in report.collections} == {scope is not None}


def test_a_narrow_key_names_every_scope_that_it_lacks(tmp_path: Path) -> None:
    """It reads the organization's name and nothing else: 3, since one call was allowed; each row names its scope."""
    with simulated(tmp_path) as bench:
        report = bench.audit(EVERYTHING, key="narrow-key")
        assert report.run.exit_code == 3
        assert {one.collector: one.missing_scope for one in report.collections} == {
            "organization": None,
            "workspaces": "read:workspaces:admin",
            "policies": "read:policies:admin",
            "directories": "read:directories:admin",
            "event_actions": "read:events:admin",
            "ai_roles": "read:groups:admin",
            "administrators": "read:directories:admin",
            "events": "read:events:admin",
            "api_keys": "read:keys:admin",
        }
        (covered,) = of_check(report, "DC-10")
        assert all(one.missing_scope in covered.reason for one in report.collections if one.missing_scope)
        assert {one.outcome for one in report.findings if one.check not in NOT_FROM_THE_API} == {Outcome.UNKNOWN}


def test_a_key_without_scopes_reads_the_same(tmp_path: Path) -> None:
    """A key that may do everything is no better evidence, and no worse."""
    with simulated(tmp_path) as bench:
        bench.audit(EVERYTHING)  # some answers compare with the run before
        scoped, unscoped = bench.audit(EVERYTHING), bench.audit(EVERYTHING, key="unscoped-key")
        assert outcomes(unscoped) == outcomes(scoped)
        assert (unscoped.run.exit_code, unscoped.changes) == (0, ())


def test_a_key_that_is_revoked_between_two_runs(tmp_path: Path) -> None:
    """The second run ends with 4 and keeps the first one whole."""
    with simulated(tmp_path) as bench:
        first = bench.audit(EVERYTHING)
        before = bench.store.snapshot(bench.organization.id, first.run.id)
        bench.organization.remove(bench.organization.key("demo-key"))
        second = bench.audit(EVERYTHING)
        assert (first.run.exit_code, second.run.exit_code) == (0, 4)
        assert second.changes == ()
        assert bench.store.snapshot(bench.organization.id, first.run.id) == before


def test_an_organization_that_the_api_does_not_know(tmp_path: Path) -> None:
    """A wrong organization ID is a mistake in the configuration: exit 2, and nothing is judged by another's history."""
    with simulated(tmp_path) as bench:
        bench.audit(EVERYTHING)
        elsewhere = replace(bench, organization=Organization("ffffffff-ffff-4fff-8fff-ffffffffffff", "nobody"))
        report = elsewhere.audit(EVERYTHING)
        assert report.run.exit_code == 2
        assert {one.code for one in report.collections} <= {"organization_not_found", "not_found"}
        assert {one.outcome for one in report.findings if one.check not in NOT_FROM_THE_API} == {Outcome.UNKNOWN}
        assert {one.subject.organization for one in report.findings} == {elsewhere.organization.id, ""}


def test_a_key_that_no_header_can_hold_reads_nothing_and_keeps_nothing(tmp_path: Path) -> None:
    """It is refused as what it is, and not as a group of exceptions; no run is kept and the lock is free."""
    with simulated(tmp_path) as bench:
        with pytest.raises(CredentialError):
            bench.audit(EVERYTHING, key="two\nlines")
        assert bench.store.runs() == []
        assert bench.requests == []
        assert bench.audit(EVERYTHING).run.exit_code == 0
