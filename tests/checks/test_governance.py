"""GV-01 and GV-06: the age of evidence and of the rulebook."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.subject import COMPANY, organization_subject
from contribaudit.core.resolve.resolve import SeenOrganization, resolve
from contribaudit.core.resolve.state import OrganizationState
from tests.builders import NOW, ORG, PROMISES, RULEBOOK, collection, collections, judge, state_of
from tests.vendors.documents import archive_of

ORGANIZATION = organization_subject(ORG)
TWO_DAYS = timedelta(days=2)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("age", "outcome"),
    [
        (timedelta(0), Outcome.PASS),
        (TWO_DAYS, Outcome.PASS),
        (TWO_DAYS + SECOND, Outcome.STALE),
        (timedelta(minutes=-4), Outcome.PASS),
        (timedelta(minutes=-6), Outcome.UNKNOWN),
    ],
)
def test_gv_01_the_oldest_reading_counts(age: timedelta, outcome: Outcome) -> None:
    """To the second, and a reading of tomorrow proves nothing."""
    newest = max(NOW, NOW - age)
    state = state_of(runs=collections(collection("policies", at=NOW - age), at=newest))
    assert judge("GV-01", state, ORGANIZATION).outcome is outcome


def test_gv_01_is_unknown_without_a_whole_reading() -> None:
    """A collector that fell short, and an organization that nobody read."""
    short = state_of(runs=collections(collection("directories", "forbidden", scope="read:directories:admin")))
    verdict = judge("GV-01", short, ORGANIZATION)
    assert verdict.outcome is Outcome.UNKNOWN
    assert "read:directories:admin" in verdict.reason
    unread = resolve(
        [SeenOrganization(OrganizationState(ORG, "Acme", unread_reason="no key: none was found"), None)],
        RULEBOOK,
        NOW,
        PROMISES,
    )
    verdict = judge("GV-01", unread, ORGANIZATION)
    assert (verdict.outcome, verdict.reason) == (Outcome.UNKNOWN, "no key: none was found")


@pytest.mark.parametrize(
    ("reviewed", "outcome"),
    [
        (date(2026, 11, 21), Outcome.PASS),
        (date(2026, 9, 22), Outcome.PASS),
        (date(2026, 9, 21), Outcome.STALE),
    ],
)
def test_gv_06_the_file_reviewed_longest_ago_counts(reviewed: date, outcome: Outcome) -> None:
    """Sixty days, for each file of the rulebook."""
    fresh = tuple(replace(file, reviewed=NOW.date()) for file in RULEBOOK.files)
    rulebook = replace(RULEBOOK, files=(*fresh[:-1], replace(fresh[-1], reviewed=reviewed)))
    documents = archive_of(NOW - timedelta(hours=1))
    assert judge("GV-06", state_of(rulebook=rulebook, documents=documents), COMPANY).outcome is outcome
