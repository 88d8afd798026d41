"""AI, trials and the site's owner judged from what a site's token reads of the gateway; nobody attested anything."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from contribaudit.atlassian.sites import Accesses
from contribaudit.audit.pipeline import audit
from contribaudit.core.advise.report import Report
from contribaudit.core.model import names
from contribaudit.core.model.finding import Finding
from contribaudit.core.model.observation import Observed
from contribaudit.core.model.subject import organization_subject
from contribaudit.core.resolve.effective_ai import ai
from contribaudit.simulator import Options, Organization
from tests.flow.audits import of_check, simulated
from tests.flow.test_spaces_read import MINE, opener

POLICY = '[[rule]]\ncheck = "AI-01"\n[[rule]]\ncheck = "AI-06"\nexpect = ["ai"]\n[[rule]]\ncheck = "DC-07"\n'
WIKI = "tidy.atlassian.net/confluence"
Edit = Callable[[Organization], object]


def audited(folder: Path, edit: Edit | None = None, *, token: bool = True, **options: Any) -> Report:
    """An audit of the tidy organization with a site token."""
    with simulated(folder, edit=edit, options=Options(**options)) as bench:
        job = bench.job(POLICY)
        if token:
            job = replace(job, targets=(replace(job.targets[0], connect_sites=opener(bench, Accesses(MINE))),))
        return asyncio.run(audit(job))


def wiki(report: Report) -> Finding:
    (found,) = of_check(report, "AI-01", WIKI)
    return found


def everywhere(plan: str | None = None, **values: Any) -> Edit:
    """The same for every app: the plan, and fields of the simulator's apps."""

    def edit(organization: Organization) -> None:
        for app in list(organization.apps):
            which = app.id
            if plan is not None:
                organization.set_plan(which, plan)
            organization.set_app(which, **values)

    return edit


def opened(organization: Organization) -> None:
    organization.set_ai("tidy/confluence", True)


def group_alone(organization: Organization) -> None:
    everywhere(ai_enabled=True)(organization)
    organization.change(organization.site_token("demo-site-token"), rovo=False)


@pytest.mark.parametrize(
    ("edit", "options", "outcome", "grades", "reason"),
    [
        (
            None,
            {},
            "pass",
            {"documented", "decoded"},
            "account, the app's AI policy item is off",
        ),
        (opened, {}, "fail", {"documented"}, "enabled according to the GraphQL gateway"),
        (everywhere(ai_enabled=None), {}, "unknown", {"documented"}, "a group may have access"),
        (everywhere("Premium", ai_enabled=None), {}, "pass", {"documented"}, "no plan here limits it by group"),
        (everywhere("Business + AI", ai_enabled=None), {}, "unknown", {"documented"}, "a group may have access"),
        (group_alone, {}, "unknown", {"documented"}, "a group may have access"),
        (None, {"gateway_failing": ("getAIConfig",)}, "pass", {"documented", "decoded"}, "AI policy item is off"),
        (
            everywhere("Premium", ai_enabled=None),
            {"gateway_failing": ("getAIConfig",)},
            "unknown",
            {"documented"},
            "the GraphQL gateway did not answer",
        ),
        (everywhere("Premium", rovo=True), {}, "conflict", {"documented", "decoded"}, "the sources disagree"),
        (
            opened,
            {"gateway_organization": "someone-else"},
            "unknown",
            {"documented"},
            "organization someone-else",
        ),
    ],
)
def test_the_gateway_settles_what_it_can(
    tmp_path: Path, edit: Edit | None, options: dict[str, Any], outcome: str, grades: set[str], reason: str
) -> None:
    found = wiki(audited(tmp_path, edit, **options))
    assert (str(found.outcome), {str(one.grade) for one in found.evidence}) == (outcome, grades), found.reason
    assert reason in found.reason


def test_without_a_token_nothing_is_known_of_it(tmp_path: Path) -> None:
    found = wiki(audited(tmp_path, opened, token=False))
    assert str(found.outcome) == "unknown"
    assert "gateway" not in found.reason


def test_every_finding_and_every_effective_answer_agree(tmp_path: Path) -> None:
    report = audited(tmp_path, opened)
    for one in of_check(report, "AI-01"):
        answer = ai(report.state, one.subject)
        expected = {"exposed": "fail", "not_exposed": "pass"}.get(answer.value or "", str(answer.outcome))
        assert str(one.outcome) == expected, one.reason
    assert ai(report.state, organization_subject(report.state.looked_at[0].id)).value == "exposed"


def test_trials_are_told_and_not_asked_for(tmp_path: Path) -> None:
    report = audited(tmp_path)
    (trials,) = of_check(report, "DC-07")
    told = [report.state.read(one.subject, names.TRIAL) for one in of_check(report, "AI-01")]
    assert any(isinstance(one, Observed) and one.value == "none" for one in told)
    assert str(trials.outcome) == "pass", trials.reason
