"""What Atlassian does not publish about its API may be either way: the findings are the same."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import pytest

from contribaudit.core.advise.report import Report
from contribaudit.simulator import Options

from .audits import simulated
from .faulty import EVERYTHING

OPTIONS = {
    "next link as a token": Options(next_link="token"),
    "a null next link": Options(null_next=True),
    "a total of distinct entries": Options(total="distinct"),
    "realms by name": Options(realm_spelling="name"),
    "realms in lower case": Options(realm_spelling="lower"),
    "plans elsewhere": Options(entitlements_key="products", app_policies_key="settings", features_key="abilities"),
    "everything under one name": Options(entitlements_key="all", app_policies_key="all", features_key="all"),
    "the other end of a window": Options(window_end_key="migrationEndDateTime"),
    "our key not listed": Options(own_key_listed=False),
    "a policy a page": Options(policies_page_size=1),
    "policies: meta alone": Options(policies_page_size=2, policies_next="meta"),
    "policies: links alone": Options(policies_page_size=2, policies_next="links"),
    "another host in links": Options(link_host="https://elsewhere.example", policies_page_size=2),
}


def said(report: Report) -> list[dict[str, object]]:
    """Every finding but for when and from which raw object it is known, and for how the API spells a word."""
    return [
        asdict(replace(finding, evidence=(), due_at=None, reason=finding.reason.casefold()))
        for finding in report.findings
    ]


@pytest.mark.parametrize("name", OPTIONS)
def test_the_findings_are_the_same(tmp_path: Path, name: str) -> None:
    """The drifted organization has a repeated app, an open move and several policies: each option shows in one."""
    (tmp_path / "usual").mkdir()
    (tmp_path / "other").mkdir()
    with simulated(tmp_path / "usual", "drifted") as bench:
        usual = bench.audit(EVERYTHING)
    with simulated(tmp_path / "other", "drifted", options=OPTIONS[name]) as bench:
        other = bench.audit(EVERYTHING)
    spelled = {"European Union": "EU", "United States": "US"}
    ours, theirs = said(usual), said(other)
    for one in theirs:
        for word, code in spelled.items():
            one["reason"] = str(one["reason"]).replace(f"pins it to {word.casefold()}", f"pins it to {code.casefold()}")
    assert theirs == ours
    assert other.run.exit_code == usual.run.exit_code
    assert [one.status for one in other.collections] == [one.status for one in usual.collections]
