"""An audit that could read nothing: exit code 69, no run, a gap; the last whole run stands."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from contribaudit.audit.job import Target
from contribaudit.audit.pipeline import audit
from contribaudit.core.advise.gaps import gaps
from contribaudit.core.model.finding import Outcome, Severity
from contribaudit.errors import NothingRead
from contribaudit.simulator import running, scenario_app
from contribaudit.simulator.faults import Fault

from .audits import Bench, simulated
from .faulty import EVERYTHING, NOT_FROM_THE_API

NOWHERE = "http://127.0.0.1:9"
LENIENT = """
[[rule]]
check = "DR-02"
severity = "low"
"""


@pytest.mark.parametrize("how", ["refused", "503", "html", "close", "429-empty"])
def test_nothing_is_kept_and_the_last_whole_run_stands(tmp_path: Path, how: str) -> None:
    """Network, proxy and API alike: one error says why, the run before is the newest, and a gap tells it."""
    with simulated(tmp_path) as bench:
        whole = bench.audit(EVERYTHING)
        real = bench.url
        if how == "refused":
            bench.url = NOWHERE
        else:
            bench.faults[:] = [Fault(how, "*")]
        with pytest.raises(NothingRead) as caught:
            bench.audit(EVERYTHING)
        assert caught.value.exit_code == 69
        assert caught.value.message.endswith("no run was saved: the last complete run still counts")
        assert ("status.atlassian.com" in caught.value.hint) is (how == "503")
        assert [run.id for run in bench.store.runs()] == [whole.run.id]
        told = gaps(
            bench.organization.id,
            bench.store.runs_seen(bench.organization.id),
            None,
            datetime.now(UTC) + timedelta(days=2),
            expected_every_hours=1,
        )
        assert "1 audit could read nothing: " in told[-1].why
        bench.url = real
        bench.faults.clear()
        again = bench.audit(EVERYTHING)
        assert again.run.previous == whole.run.id
        assert again.newly == ()
        assert again.run.exit_code == 0


def test_a_first_audit_that_reads_nothing_leaves_an_empty_history(tmp_path: Path) -> None:
    """Nothing to fall back to is no reason to keep 145 unknown findings."""
    with simulated(tmp_path) as bench:
        bench.url = NOWHERE
        with pytest.raises(NothingRead) as caught:
            bench.audit(EVERYTHING)
        assert caught.value.message.endswith("no run was saved")
        assert bench.store.runs() == []


def test_one_organization_that_cannot_be_reached_does_not_hide_the_others(tmp_path: Path) -> None:
    """The other one is judged; the unreached one is in the report as not read, and makes it unverified."""
    with simulated(tmp_path) as bench, running(scenario_app("small")) as url:
        other = scenario_app("small").state.organization
        far = Bench(url, other, [], [], bench.store, tmp_path)
        job = bench.job(EVERYTHING, others=(Target(other.id, connect=far.connect("demo-key")),))
        far.url = NOWHERE
        report = asyncio.run(audit(job))
        assert report.run.exit_code == 3
        assert report.state.organizations[other.id].unread_reason.startswith("nothing could be read: ")
        assert bench.store.runs(organization=other.id) == []
        assert any(one.outcome is Outcome.PASS for one in report.findings if one.subject.organization != other.id)
        unread = [one for one in report.findings if one.subject.organization == other.id]
        assert {one.check for one in unread if one.outcome is Outcome.PASS} <= set(NOT_FROM_THE_API)


@pytest.mark.parametrize(
    ("endpoint", "kind", "code"),
    [("workspaces", "500", 3), ("workspaces", "html", 3), ("policies", "close", 3), ("event-actions", "500", 0)],
)
def test_a_source_that_the_rules_need_decides_whatever_fail_on_says(
    tmp_path: Path, endpoint: str, kind: str, code: int
) -> None:
    """A low rule under --fail-on critical: 3 where what it reads was not read whole, 0 where something else was not."""
    with simulated(tmp_path) as bench:
        assert bench.audit(LENIENT, fail_on=Severity.CRITICAL).run.exit_code == 0
        bench.faults[:] = [Fault(kind, endpoint)]
        report = bench.audit(LENIENT, fail_on=Severity.CRITICAL)
        assert report.run.exit_code == code
        assert report.headline.startswith("UNVERIFIED (critical" if code else "PASS (critical")


COVERED = """
[[rule]]
check = "DC-10"
severity = "low"
"""


@pytest.mark.parametrize(
    ("endpoint", "kind", "code"),
    [("directories", "500", 3), ("event-actions", "500", 3), ("policies", "403-b", 3), ("events-stream", "403-b", 0)],
)
def test_a_rule_that_wants_every_source_decides_whatever_fail_on_says(
    tmp_path: Path, endpoint: str, kind: str, code: int
) -> None:
    """DC-10 asks for everything but what not every plan or key offers."""
    with simulated(tmp_path) as bench:
        bench.faults[:] = [Fault(kind, endpoint)]
        assert bench.audit(COVERED, fail_on=Severity.CRITICAL).run.exit_code == code


def test_newly_compares_with_the_last_whole_run(tmp_path: Path) -> None:
    """What fails before and after a partial run is not new; what the partial run told is not told again."""
    with simulated(tmp_path, "drifted") as bench:
        first = bench.audit(EVERYTHING)
        failing = {one.id for one in first.findings if one.outcome.violates}
        assert failing
        bench.faults[:] = [Fault("500", "workspaces")]
        partial = bench.audit(EVERYTHING)
        assert partial.run.previous == first.run.id
        bench.faults.clear()
        again = bench.audit(EVERYTHING)
        assert again.run.previous == first.run.id
        assert not failing.intersection(one.id for one in again.newly)
