"""Which actions of the log are told by their words, and for which settings they are looked for."""

from __future__ import annotations

import pytest

from contribaudit.core.model.audit_log import EventAction
from contribaudit.core.model.observation import SettingId
from contribaudit.core.model.subject import Kind
from contribaudit.rulebook import loader

RULES = loader.load().log


@pytest.mark.parametrize(
    ("action", "families"),
    [
        (EventAction("x_1", "Changed data contribution", "Settings"), {"contribution"}),
        (EventAction("data_use_opted_out"), {"contribution"}),
        (EventAction("x", "Turned on Atlassian Intelligence"), {"ai"}),
        (EventAction("ai_enabled"), {"ai"}),
        (EventAction("email_changed", "Changed an email address"), set()),  # "ai" within a word
        (EventAction("x", "Scheduled a data residency move"), {"residency"}),
        (EventAction("trial_started", "Started a trial"), {"plan"}),
        (EventAction("x", "Planned maintenance"), set()),
        (EventAction("x", "Third-party app Jira API request"), set()),
        (EventAction("confluence_page_viewed", "Viewed a page", "App actions"), set()),
        (EventAction("x", "AI generated a page", "AI generated actions"), set()),
        (EventAction("x", "Changed the in-app data setting of the log"), {"app"}),  # not data contribution
        (EventAction(""), set()),
    ],
)
def test_an_action_is_told_by_its_words(action: EventAction, families: set[str]) -> None:
    assert RULES.families_of(action) == families


@pytest.mark.parametrize(
    ("setting", "kind", "families"),
    [
        ("contribution.in_app", None, {"contribution"}),
        ("contribution.exemption", None, {"contribution", "exemption"}),
        ("signal.policy.generative-ai", None, {"ai", "policy"}),
        ("plan", None, {"plan"}),
        ("residency.realm", Kind.APP, {"residency", "policy", "app"}),
        ("nobody.knows", None, set()),
    ],
)
def test_a_setting_is_changed_by_actions_of_its_families(setting: str, kind: Kind | None, families: set[str]) -> None:
    assert {one.name for one in RULES.families_behind(SettingId(setting), kind)} == families


def test_what_has_a_signal_has_a_family() -> None:
    """Else a moved signal could never find its event."""
    assert all(RULES.families_behind(rule.signal) for rule in loader.load().signals)
