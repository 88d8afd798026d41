"""GV-03: every outcome of the question who made each change, from API bytes to the finding."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from contribaudit.core.model.finding import Outcome
from contribaudit.simulator import Organization
from contribaudit.simulator import admin as actions
from tests.administrator import AdminConsole
from tests.flow.outcomes import NOW, Edit, OutcomeCase, Stage, assert_as_said, every_plan, set_stage, together

UNKNOWN = Outcome.UNKNOWN
SCOPE = "read:events:admin"


def admin(organization: Organization, hours_ago: float = 12) -> AdminConsole:
    return AdminConsole(organization, lambda: NOW - timedelta(hours=hours_ago))


def empty(organization: Organization) -> None:
    """A log that has nothing to tell."""
    organization.events[:] = []


def filled(organization: Organization) -> None:
    """A log with an event that concerns no setting."""
    empty(organization)
    admin(organization).note(actions.ACTIONS["space_added"], "Created a space")


def moved(organization: Organization) -> None:
    """Somebody moves an app, and the log tells who."""
    empty(organization)
    admin(organization).move("tidy/confluence", "US")


def moved_silently(organization: Organization) -> None:
    """An app is moved, and of all events in the log none tells of it."""
    filled(organization)
    admin(organization).silently().move("tidy/confluence", "US")


def case(
    outcome: Outcome, code: str, edit: Edit, *, earlier: int = 1, fault: str = "", days_later: int = 0
) -> OutcomeCase:
    """After an audit of so many days ago, 0 for none."""
    return OutcomeCase(
        "GV-03",
        outcome,
        code,
        edit=edit,
        earlier=((earlier, filled if earlier > 1 else empty),) if earlier else (),
        fault=fault,
        scope=SCOPE if fault.startswith("403") else "",
        days_later=days_later,
    )


REFUSED = "403-a@events-stream"
CASES = (
    case(Outcome.PASS, "all_traced", moved),
    case(Outcome.PASS, "all_traced", filled),
    case(UNKNOWN, "no_event_found", moved_silently),
    case(UNKNOWN, "log_empty", empty),
    case(UNKNOWN, "nothing_to_compare", moved, earlier=0),
    case(UNKNOWN, "no_event_found", moved_silently, earlier=400),
    case(UNKNOWN, "log_unread", moved, fault="no-id@events-stream"),
    case(UNKNOWN, "log_unread", every_plan("Enterprise"), fault=REFUSED),
    case(UNKNOWN, "log_unread", moved, fault="html@events-stream"),
    case(Outcome.NOT_ACHIEVABLE, "no_audit_log", together(empty, every_plan("Premium")), fault=REFUSED),
    case(Outcome.STALE, "evidence_too_old", moved, days_later=3),
)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Where this file's cases play."""
    with set_stage(tmp_path_factory) as opened:
        yield opened


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_audit_trail_says(case: OutcomeCase, stage: Stage) -> None:
    """The outcome, its reason, and evidence for everything but `unknown`."""
    assert_as_said(case, stage.find(case))
