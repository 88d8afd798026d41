"""Which findings wait for a look at which console screen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contribaudit.core.model import names
from contribaudit.core.model.finding import Finding, Outcome
from contribaudit.core.model.observation import SettingId
from contribaudit.core.model.subject import Kind, Subject, organization_subject
from contribaudit.core.resolve.attested import EMPTY
from contribaudit.tui.rows.attestations import contents
from contribaudit.tui.rows.due import due_cells
from tests.builders import ORG, app, finding, policy_of, rule, state_of
from tests.tui.boards import board

US = app("us")
COMPANY = organization_subject(ORG)


CHECKS = {
    (names.AI_ACCESS, Kind.APP): "AI-03",
    (names.EFFECTIVE_AI, Kind.APP): "AI-01",
    (names.REALM, Kind.APP): "DR-01",
}
"""By setting and kind; of contribution DC-03 of an organization, DC-12 of an app."""


def about(subject: Subject, setting: SettingId, code: str = "not_read", outcome: Outcome = Outcome.UNKNOWN) -> Finding:
    other = "DC-03" if subject.kind is Kind.ORGANIZATION else "DC-12"
    check = CHECKS.get((setting, subject.kind), other)
    return replace(finding(outcome), check=check, subject=subject, setting=setting, reason_code=code)


def waiting(one: Finding) -> list[str]:
    """The screens that the finding waits for."""
    shown = board()
    policy = policy_of(rule(one.check))
    shown = replace(shown, report=replace(shown.report, findings=(one,)), policy=policy)
    return [due.screen.id for due in contents(shown, {ORG: EMPTY}).due if one in due.waiting]


@pytest.mark.parametrize(
    ("one", "screens"),
    [
        (about(COMPANY, names.IN_APP), ["data-contribution"]),
        # The switch of the organization decides for its apps.
        (about(US, names.IN_APP), ["data-contribution"]),
        (about(US, names.EFFECTIVE_IN_APP), ["data-contribution"]),
        (about(US, names.EFFECTIVE_AI), ["rovo-access"]),
        (about(US, names.AI_ACCESS), ["rovo-access"]),
        # No look settles it.
        (about(US, names.REALM), []),
        (about(COMPANY, names.IN_APP, "policy_word_unknown"), []),
        (about(COMPANY, names.IN_APP, outcome=Outcome.PASS), []),
        (about(COMPANY, names.EFFECTIVE_IN_APP, outcome=Outcome.PASS), []),
    ],
)
def test_a_finding_waits_for_what_its_answer_rests_on(one: Finding, screens: list[str]) -> None:
    assert waiting(one) == screens


def test_a_line_names_its_organization_where_there_are_several() -> None:
    """Two of them have the same screens."""
    shown = board().report.state
    assert len(shown.organizations) > 1
    wanted = replace(board(), policy=policy_of(rule("DC-03")))
    findings = tuple(about(organization_subject(one), names.IN_APP) for one in shown.organizations)
    found = contents(replace(wanted, report=replace(wanted.report, findings=findings)), {ORG: EMPTY}).due
    told = [due_cells(shown, one)[0].plain for one in found]
    assert told == [f"{shown.organization_name(one.organization)}: {one.screen.title}" for one in found]
    assert len(set(told)) == len(told)
    assert due_cells(state_of(), found[0])[0].plain == found[0].screen.title
