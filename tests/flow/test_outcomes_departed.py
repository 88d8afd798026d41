"""DC-25: apps and sites that left, from the API bytes of several audits to the finding."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from contribaudit.core.model.finding import Outcome
from contribaudit.simulator import Organization
from tests.flow.outcomes import OutcomeCase, Stage, assert_as_said, set_stage

UNKNOWN = Outcome.UNKNOWN


def without_one(organization: Organization) -> None:
    """One app was deleted."""
    organization.remove_app("tidy/jira-product-discovery")


CASES = (
    OutcomeCase("DC-25", Outcome.PASS, "none_left", earlier=((2, None), (1, None))),
    OutcomeCase("DC-25", Outcome.STALE, "evidence_too_old", earlier=((2, None), (1, None)), days_later=3),
    OutcomeCase("DC-25", Outcome.PENDING, "deletion_runs", earlier=((1, None),), edit=without_one),
    OutcomeCase("DC-25", UNKNOWN, "deletion_not_verifiable", earlier=((95, None), (94, without_one)), edit=without_one),
    OutcomeCase("DC-25", UNKNOWN, "nothing_to_compare"),
    OutcomeCase("DC-25", UNKNOWN, "history_has_gaps", earlier=((10, None), (1, None))),
    # One that came back left nothing to delete, but it was gone: the list was whole, and a gap lay between.
    OutcomeCase("DC-25", Outcome.PASS, "none_left", earlier=((2, None), (1, without_one))),
    OutcomeCase(
        "DC-25",
        UNKNOWN,
        "inventory_not_whole",
        earlier=((1, None),),
        fault="403-bare@workspaces",
        scope="read:workspaces:admin",
    ),
    # A list that ends early removes nothing: the app may be in the rest.
    OutcomeCase(
        "DC-25",
        UNKNOWN,
        "inventory_not_whole",
        earlier=((1, None),),
        edit=without_one,
        fault="total-too-large@workspaces",
    ),
)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with set_stage(tmp_path_factory) as ready:
        yield ready


@pytest.mark.parametrize("case", CASES, ids=str)
def test_outcome(stage: Stage, case: OutcomeCase) -> None:
    finding = stage.find(case)
    assert_as_said(case, finding)
    if case.code == "deletion_runs":
        assert "tidy" in finding.reason
        assert finding.due_at is not None
