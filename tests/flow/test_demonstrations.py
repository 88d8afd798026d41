"""What each demonstration tells: the story of its organization, by real audits over real HTTP."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from contribaudit.audit.replay import judge_last
from contribaudit.core.advise.report import Report
from contribaudit.core.advise.steps import StepKind
from contribaudit.core.model.finding import Finding, Outcome
from contribaudit.core.model.observation import Grade
from contribaudit.core.resolve.aliases import alias_of
from contribaudit.demo import demonstration


def told(scenario: str) -> tuple[Report, Mapping[tuple[str, str], Finding]]:
    """The report of the newest run, and its findings by check and subject."""
    with demonstration(scenario) as shown:
        report = judge_last(shown.job)
        return report, {(one.check, alias_of(report.state, one.subject)): one for one in report.findings}


def test_acme_drifted_last_tuesday_and_nobody_had_to_look() -> None:
    """The switch is read off a signal that the organization has proven; who flipped it is known."""
    report, findings = told("acme")
    assert report.run.exit_code == 1
    in_app = findings["DC-03", "organization"]
    assert in_app.outcome is Outcome.FAIL
    assert {one.grade for one in in_app.evidence} == {Grade.INFERRED}
    assert findings["AI-01", "app:acme.atlassian.net/confluence"].outcome is Outcome.FAIL
    assert findings["AI-01", "app:acme.atlassian.net/jira-software"].outcome is Outcome.PASS
    assert findings["DR-01", "app:acme-us.atlassian.net/confluence"].outcome is Outcome.FAIL
    assert findings["DR-01", "app:acme-us.atlassian.net/jira-servicedesk"].outcome is Outcome.WAIVED
    by = {change.actor for change in report.changes}
    assert by == {"ops@acme.example", "sales@acme.example"}


@pytest.mark.parametrize(("scenario", "code"), [("tidy", 0), ("small", 1), ("drifted", 1)])
def test_the_other_stories_end_as_they_should(scenario: str, code: int) -> None:
    report, _ = told(scenario)
    assert report.run.exit_code == code


def test_who_keeps_to_the_policy_has_nothing_left_to_do() -> None:
    report, findings = told("tidy")
    assert not report.changes
    assert {step.kind for step in report.steps} == {StepKind.NOBODY}
    open_ = {check for (check, _), one in findings.items() if one.outcome is not Outcome.PASS}
    assert open_ == {"DC-23"}  # no page says whether a sandbox contributes
