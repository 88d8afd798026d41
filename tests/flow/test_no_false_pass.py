"""Answers that look good and prove nothing, through the whole pipeline."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from contribaudit.core.model.finding import Outcome
from contribaudit.simulator import Organization

from .audits import of_check, simulated


def test_a_rulebook_reviewed_tomorrow_is_not_reviewed(tmp_path: Path) -> None:
    """GV-06: a review dated after the audit counts as none."""
    with simulated(tmp_path) as bench:
        first = min(file.reviewed for file in bench.rulebook.files)
        before = datetime.combine(first, time.min, UTC) - timedelta(days=3)
        (found,) = of_check(bench.audit('[[rule]]\ncheck = "GV-06"\n', now=before), "GV-06")
    assert found.outcome is Outcome.STALE


def test_a_global_sandbox_shares_no_place_with_a_global_parent(tmp_path: Path) -> None:
    """DR-13: Global is no place, so that both report it proves nothing."""

    def everything_global(organization: Organization) -> None:
        for app in tuple(organization.apps):
            organization.set_realm(app.id, "Global")

    with simulated(tmp_path, edit=everything_global) as bench:
        found = of_check(bench.audit('[[rule]]\ncheck = "DR-13"\n'), "DR-13")
    assert [(one.outcome, one.reason_code) for one in found] == [(Outcome.UNKNOWN, "no_place")]
