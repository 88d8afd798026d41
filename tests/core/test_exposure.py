"""The exposure window: from the first day of use to the first of the looks that show contribution off ever since."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from contribaudit.core import names
from contribaudit.core.attestation import Attestation, Signature
from contribaudit.core.exposure import ExposureWindow, Span, exposure_window
from contribaudit.core.observation import Grade, Observation, SettingId
from contribaudit.core.state import State
from tests.builders import NOW, ORG, RULEBOOK, app, facts, state_of
from tests.checks.attested import ORGANIZATION, gone, seen

NO_EXEMPTION = seen("contribution.exemption", "none")


def looked(value: str, days_ago: float, setting: SettingId = names.IN_APP) -> Attestation:
    """One look at a switch."""
    at = NOW - timedelta(days=days_ago)
    by = "ann@acme.example"
    return Attestation(
        f"{setting} {value} {days_ago}", setting, ORGANIZATION, value, by, at, Signature(by, at, "", ""), ""
    )


def state_with(*observations: Observation, looks: tuple[Attestation, ...] = (), plan: str = "Standard") -> State:
    state = state_of(*facts(app(), plan=plan), *observations)
    state.attestations = {ORG: looks}
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
    """Whatever a look at a switch was recorded as."""
    off = seen(names.METADATA, "off")
    assert metadata(state_with(NO_EXEMPTION, off)).span is Span.OPEN
    assert metadata(state_with(gone("contribution.exemption", "signal_moved"), off)).span is Span.NOT_KNOWN
    assert metadata(state_with(NO_EXEMPTION, off, plan="Enterprise")).span is Span.CLOSED


def test_exempt_and_not_begun() -> None:
    assert in_app(state_with(seen("contribution.exemption", "byok"))).span is Span.EXEMPT
    early = state_of(*facts(app()), as_of=datetime(2026, 8, 16, tzinfo=UTC))
    assert {one.span for one in exposure_window(early, ORG)} == {Span.NOT_BEGUN}
