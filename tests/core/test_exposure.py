"""The exposure window: from the first day of use to the first of the looks that show contribution off ever since."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from contribaudit.core.model import names
from contribaudit.core.model.attestation import Attestation, Signature
from contribaudit.core.model.observation import Grade, Observation, SettingId, Value
from contribaudit.core.resolve.exposure import ExposureWindow, Span, exposure_window
from contribaudit.core.resolve.state import State
from tests.builders import NOW, ORG, RULEBOOK, app, facts, state_of
from tests.checks.attested import ORGANIZATION, gone, seen

NO_EXEMPTION = seen("contribution.exemption", "none")
NONE_INCLUDED = seen(names.INCLUDED, (), days_ago=200)
"""Seen empty so long ago that the looks at the switch decide."""


def looked(value: Value, days_ago: float, setting: SettingId = names.IN_APP) -> Attestation:
    """One look at a switch."""
    at = NOW - timedelta(days=days_ago)
    by = "ann@acme.example"
    return Attestation(
        f"{setting} {value} {days_ago}", setting, ORGANIZATION, value, by, at, Signature(by, at, "", ""), ""
    )


def state_with(*observations: Observation, looks: tuple[Attestation, ...] = (), plan: str = "Standard") -> State:
    state = state_of(*facts(app(), plan=plan), NONE_INCLUDED, *observations)
    state.organizations[ORG] = replace(state.organizations[ORG], attestations=looks)
    return state


def in_app(state: State) -> ExposureWindow:
    return exposure_window(state, ORG)[1]


def metadata(state: State) -> ExposureWindow:
    return exposure_window(state, ORG)[0]


def test_it_is_open_while_contribution_is_on() -> None:
    window = in_app(state_with(NO_EXEMPTION, seen(names.IN_APP, "on")))
    assert (window.span, window.begins, window.ends, window.days) == (Span.OPEN, RULEBOOK.effective, None, None)


@pytest.mark.parametrize(
    ("looks", "days_ago"),
    [
        ((), 1),
        ((looked("off", 1),), 1),
        ((looked("off", 1), looked("off", 30), looked("off", 60)), 60),
        ((looked("off", 1), looked("on", 30), looked("off", 60)), 1),
        ((looked("on", 1), looked("off", 1), looked("off", 60)), 1),
        ((replace(looked("off", 60), revoked=Signature("x", NOW, "", "")), looked("off", 1)), 1),
        ((looked("off", 60, names.METADATA), looked("off", 1)), 1),
    ],
    ids=["no history", "one look", "never otherwise", "on between", "contradicted", "revoked", "another switch"],
)
def test_it_ends_with_the_first_of_the_unbroken_looks(looks: tuple[Attestation, ...], days_ago: float) -> None:
    """Never earlier than evidence reaches: a look at On breaks the row."""
    state = state_with(NO_EXEMPTION, seen(names.IN_APP, "off", days_ago=1), looks=looks)
    window = in_app(state)
    assert window.span is Span.CLOSED
    assert window.ends == NOW - timedelta(days=days_ago)
    assert window.days == (window.ends.date() - RULEBOOK.effective).days


def test_seen_off_before_the_first_day_it_lasted_no_day() -> None:
    state = state_with(
        NO_EXEMPTION, seen(names.IN_APP, "off", days_ago=1), looks=(looked("off", 1), looked("off", 200))
    )
    assert in_app(state).days == 0


def test_what_a_signal_alone_shows_ends_it_now() -> None:
    """The look that gave the signal its meaning may be older than a time of On."""
    inferred = replace(seen(names.IN_APP, "off", days_ago=50), grade=Grade.INFERRED)
    assert in_app(state_with(NO_EXEMPTION, inferred, looks=(looked("off", 50),))).ends == NOW


@pytest.mark.parametrize("code", ["signal_moved", "attestations_differ", "plan_changed", "revoked"])
def test_it_is_not_known_where_evidence_does_not_reach(code: str) -> None:
    window = in_app(state_with(NO_EXEMPTION, gone(names.IN_APP, code), looks=(looked("off", 1),)))
    assert (window.span, window.ends) == (Span.NOT_KNOWN, None)
    assert "not known" in window.sentence
    assert in_app(state_with(NO_EXEMPTION)).span is Span.NOT_KNOWN


def test_metadata_is_open_where_the_plan_has_no_switch_for_it() -> None:
    """A look that contradicts the plan leaves it open which of the two is wrong."""
    off = seen(names.METADATA, "off")
    assert metadata(state_with(NO_EXEMPTION, seen(names.METADATA, "always"))).span is Span.OPEN
    assert metadata(state_with(NO_EXEMPTION)).span is Span.OPEN
    assert metadata(state_with(NO_EXEMPTION, off)).span is Span.NOT_KNOWN
    assert metadata(state_with(gone("contribution.exemption", "signal_moved"), off)).span is Span.NOT_KNOWN
    assert metadata(state_with(NO_EXEMPTION, off, plan="Enterprise")).span is Span.CLOSED


@pytest.mark.parametrize("entry", ["ari:cloud:one", "space:acme.example/confluence/ENG", "connector:drive"])
def test_it_stays_open_through_the_include_list(entry: str) -> None:
    """Whatever the switch says: an app, one space of it, a connector."""
    wiki = facts(app(), plan="Standard", alias="app:acme.example/confluence", host="acme.example")
    window = exposure_window(state_of(*wiki, seen(names.IN_APP, "off"), seen(names.INCLUDED, (entry,))), ORG)[1]
    assert window.span is Span.OPEN
    assert "continues: the include list has 1 item" in window.sentence


def test_it_ends_no_earlier_than_the_include_list_was_seen_empty() -> None:
    """Until then it may have opened anything; where nobody saw it, it may still."""
    off = (NO_EXEMPTION, seen(names.IN_APP, "off", days_ago=90))
    emptied = seen(names.INCLUDED, (), days_ago=10)
    assert in_app(state_with(*off, emptied)).ends == NOW - timedelta(days=10)
    before = looked(("app:x/confluence",), 40, names.INCLUDED), looked((), 20, names.INCLUDED)
    assert in_app(state_with(*off, emptied, looks=before)).ends == NOW - timedelta(days=20)
    assert in_app(state_with(*off, gone(names.INCLUDED, "not_read"))).span is Span.NOT_KNOWN


def test_exempt_and_not_begun() -> None:
    assert in_app(state_with(seen("contribution.exemption", "other"))).span is Span.EXEMPT
    early = state_of(*facts(app()), as_of=datetime(2026, 8, 16, tzinfo=UTC))
    assert {one.span for one in exposure_window(early, ORG)} == {Span.NOT_BEGUN}
