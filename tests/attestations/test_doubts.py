"""Values that the organization's plan cannot have: doubted, and recorded all the same."""

from __future__ import annotations

import pytest

from contribaudit.attestations.recording import doubt
from contribaudit.core.model.observation import SettingId, Value
from tests.builders import ORG, UNREAD, Gone, app, facts, state_of

METADATA, EXEMPTION = "contribution.metadata", "contribution.exemption"


@pytest.mark.parametrize(
    ("plan", "setting", "value", "why"),
    [
        ("Premium", METADATA, "off", "Premium plan always contributes metadata"),
        ("Standard", METADATA, "OFF", "Standard plan always contributes metadata"),
        ("Free", METADATA, "off", "Free plan always contributes metadata"),
        ("Free", METADATA, "always", ""),
        ("Premium", METADATA, "on", ""),
        ("Enterprise", METADATA, "off", ""),
        ("Enterprise", METADATA, "on", ""),
        ("Enterprise", METADATA, "always", "has a switch for metadata"),
        ("Platinum", METADATA, "off", ""),
        (UNREAD, METADATA, "off", ""),
        ("Standard", EXEMPTION, "byok", "exists on Enterprise only"),
        ("Enterprise", EXEMPTION, "byok", ""),
        ("Free", EXEMPTION, "hipaa", "exists on Standard, Premium, Enterprise only"),
        ("Standard", EXEMPTION, "hipaa", ""),
        ("Free", EXEMPTION, "government", ""),
        ("Free", "contribution.in_app", "off", ""),
        ("Free", "contribution.in_app.included", (), ""),
    ],
)
def test_a_value_is_doubted_where_no_possible_plan_can_have_it(
    plan: Value | Gone, setting: str, value: Value, why: str
) -> None:
    """The sentence names the plan; nothing is said where the plan is not known."""
    found = doubt(state_of(*facts(app(), plan=plan)), ORG, SettingId(setting), value)
    assert (why in found) if why else not found


def test_an_unknown_word_beside_a_known_plan_leaves_the_higher_ones_open() -> None:
    """Premium beside an unknown word may be Enterprise, which has the switch; nothing below Premium is doubted anew."""
    state = state_of(*facts(app("a"), plan="Premium"), *facts(app("b"), plan="Business + AI"))
    assert not doubt(state, ORG, SettingId(METADATA), "off")
    assert not doubt(state, ORG, SettingId(EXEMPTION), "byok")
