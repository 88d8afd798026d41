"""The console's screens and the signals of the rulebook speak of settings that the catalogue knows."""

from __future__ import annotations

import re

import pytest

from contribaudit import catalogue, collectors
from contribaudit.core.model.observation import SettingId
from contribaudit.core.model.rulebook import Screen, SignalRule
from contribaudit.core.model.setting import Family
from contribaudit.core.model.subject import Kind
from contribaudit.rulebook import loader

RULEBOOK = loader.load()
ATTESTABLE = {setting.id: setting for setting in catalogue.ALL if setting.attestable}


def test_everything_that_a_person_must_read_is_on_a_screen() -> None:
    """What no screen shows, nobody could ever attest, and its checks would be unknown for good."""
    assert set(ATTESTABLE) == {setting for screen in RULEBOOK.screens for setting in screen.settings}


@pytest.mark.parametrize("screen", RULEBOOK.screens, ids=lambda one: one.id)
def test_a_screen_shows_settings_of_its_rows_that_can_be_attested(screen: Screen) -> None:
    for setting in screen.settings:
        assert setting in ATTESTABLE
        assert screen.kind in ATTESTABLE[setting].kinds


@pytest.mark.parametrize("screen", RULEBOOK.screens, ids=lambda one: one.id)
def test_a_screen_says_how_its_way_is_known(screen: Screen) -> None:
    """A path that was not read is called a guess, and one that was read is not."""
    assert screen.paths
    assert screen.source.startswith("https://")
    guessed = any("probably" in generation for generation in screen.paths)
    if guessed:
        assert screen.grade == "C"
        assert screen.note
    if screen.grade.startswith("A"):
        assert not guessed
        assert screen.source.startswith(("https://support.atlassian.com/", "https://developer.atlassian.com/"))
    assert all(" > " in path or "wherever" in path for path in screen.paths.values())


def test_only_screens_with_apps_as_rows_name_apps() -> None:
    assert all(screen.kind is Kind.APP for screen in RULEBOOK.screens if screen.apps)


def test_every_app_whose_ai_is_switched_has_a_screen_for_it() -> None:
    """The apps under Rovo access, and those with a switch of their own."""
    apps = {app.type_key: app for app in RULEBOOK.apps.values()}
    listed = {
        setting: {app for screen in RULEBOOK.screens if setting in screen.settings for app in screen.apps}
        for setting in ("ai.access", "ai.own_setting")
    }
    assert listed["ai.access"] == {key for key, app in apps.items() if app.rovo_block == "yes"}
    assert listed["ai.own_setting"] >= {key for key, app in apps.items() if app.rovo_block == "elsewhere"}


def test_every_app_with_spaces_to_list_has_a_screen_that_counts_them() -> None:
    counted = {app for screen in RULEBOOK.screens if "spaces.count" in screen.settings for app in screen.apps}
    assert counted >= {app.type_key for app in RULEBOOK.apps.values() if app.contribution == "own"}


def test_a_plan_without_rovo_has_no_screen_of_it() -> None:
    """Screens of Rovo access name their plans."""
    with_rovo = [plan.name for plan in RULEBOOK.plans if plan.rovo]
    for screen in RULEBOOK.screens:
        if "ai.access" in screen.settings:
            assert set(screen.plans) <= set(with_rovo)
            assert screen.plans


@pytest.mark.parametrize("screen", RULEBOOK.screens, ids=lambda one: one.id)
def test_an_answer_comes_before_what_waits_for_it(screen: Screen) -> None:
    """Who walks through a screen is asked for a list only once the switch is known, and by words that it has."""
    for setting, condition in screen.asked_if.items():
        assert screen.settings.index(condition.setting) < screen.settings.index(setting)
        assert condition.words < ATTESTABLE[condition.setting].folded_words


@pytest.mark.parametrize(
    ("identity", "asked", "sure"),
    [
        ("data-contribution", ("in_app", "in_app.included", "in_app.excluded"), 2),
        ("data-contribution", ("in_app", "in_app.included"), 1),
        ("data-contribution", ("in_app.included",), 1),
        ("data-contribution", ("metadata", "in_app", "in_app.included", "in_app.excluded", "exemption"), 4),
    ],
)
def test_a_look_counts_what_it_surely_asks(identity: str, asked: tuple[str, ...], sure: int) -> None:
    """Of two lists one is asked; a list alone only where the switch is known already."""
    (screen,) = [one for one in RULEBOOK.screens if one.id == identity]
    settings = [SettingId(f"contribution.{one}") for one in asked]
    assert len(screen.surely_asked(settings)) == sure


@pytest.mark.parametrize("rule", RULEBOOK.signals, ids=lambda one: f"{one.signal}")
def test_a_signal_anchors_a_family_that_people_attest(rule: SignalRule) -> None:
    assert any(setting.family is Family(rule.family) for setting in ATTESTABLE.values())
    assert rule.collector in {collector.name for collector in collectors.ALL}
    assert set(rule.kinds) <= {Kind.ORGANIZATION, Kind.APP}
    assert rule.why
    assert rule.source.startswith("https://developer.atlassian.com/")
    assert re.search(r"\bC\b", rule.grade), "that it means this is inferred"


def test_what_no_signal_moves_with_is_never_anchored() -> None:
    """A signal that stands still says nothing of web search, agents, MCP, connectors, keys or trials."""
    anchored = {rule.family for rule in RULEBOOK.signals}
    held = {setting.id for setting in ATTESTABLE.values() if setting.family in anchored}
    assert held == {
        "contribution.metadata",
        "contribution.in_app",
        "contribution.in_app.included",
        "contribution.in_app.excluded",
        "contribution.exemption",
        "hipaa.baa",
        "hipaa.tagged",
        "ai.access",
        "ai.access.groups",
    }


def test_the_figures_are_those_of_the_sources() -> None:
    """Each with its own source; the days come from secondary ones."""
    clocks, limits = RULEBOOK.clocks, RULEBOOK.limits
    assert (clocks.in_app_deletion_days.amount, clocks.in_app_deletion_days.grade) == (30, "B")
    assert (clocks.metadata_deletion_days.amount, clocks.metadata_deletion_days.grade) == (90, "B")
    assert (clocks.retrain_days.amount, clocks.retrain_days.grade) == (90, "B")
    assert (clocks.residue_years.amount, clocks.residue_years.grade) == (7, "A")
    assert (clocks.disconnect_hours.amount, clocks.disconnect_hours.grade) == (48, "A")
    assert clocks.prompt_retention_days.amount == 30
    assert (limits.blocklist_items.amount, limits.agent_creator_groups.amount) == (50, 10)
