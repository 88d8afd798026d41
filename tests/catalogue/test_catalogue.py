"""Every setting that we know: named once, and named the same wherever it is read or promised."""

from __future__ import annotations

import pytest

from contribaudit import catalogue, checks, collectors
from contribaudit.atlassian import calls
from contribaudit.catalogue import signals
from contribaudit.core.check import Check
from contribaudit.core.observation import Grade, SettingId
from contribaudit.core.setting import Setting
from contribaudit.core.subject import Kind

IDS = {setting.id for setting in catalogue.ALL}


def test_every_setting_has_a_name_of_its_own() -> None:
    assert len(IDS) == len(catalogue.ALL)
    titles = [setting.title.casefold() for setting in catalogue.ALL]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("setting", catalogue.ALL, ids=lambda one: one.id)
def test_a_setting_is_found_and_documented(setting: Setting) -> None:
    """What the API tells has a page that says so; only what a person must look up may have none."""
    assert catalogue.find(setting.id) is setting
    assert setting.title
    assert setting.kinds
    if setting.grade in (Grade.DOCUMENTED, Grade.DECODED):
        assert setting.documented_at.startswith("https://")
    else:
        assert setting.documented_at.startswith("https://") or not setting.documented_at


@pytest.mark.parametrize("check", checks.ALL, ids=lambda one: one.id)
def test_what_a_check_reads_is_in_the_catalogue(check: Check) -> None:
    assert set(check.reads) <= IDS


def test_what_a_collector_promises_is_in_the_catalogue_and_promised_once() -> None:
    promised = [setting for collector in collectors.ALL for setting in collector.promises]
    assert set(promised) <= IDS
    assert len(set(promised)) == len(promised)
    assert all(collector.promises for collector in collectors.ALL)


def test_a_collector_has_a_name_and_a_call_of_its_own_that_is_allowed() -> None:
    assert len({one.name for one in collectors.ALL}) == len({one.call.name for one in collectors.ALL})
    for collector in collectors.ALL:
        assert collector.call in calls.ALL
        assert collector.call.scope
        assert collector.call.documented_at.startswith("https://")
        assert collector.proves
    assert set(collectors.INVENTORY) < set(collectors.ALL)


def test_a_signal_and_the_shapes_of_a_collector_are_found_without_being_listed() -> None:
    """Policy types are open: a setting is made up for each, and compared to the letter."""
    signal = catalogue.find(SettingId("signal.policy.generative-ai"))
    assert signal == signals.policy_signal("generative-ai")
    assert signal.kinds == (Kind.ORGANIZATION, Kind.APP)
    assert not signal.ignores_case
    assert catalogue.find(SettingId("shapes.policies")).unordered


def test_a_setting_of_a_newer_version_is_compared_to_the_letter() -> None:
    newer = catalogue.find(SettingId("residency.of_2030"))
    assert newer.id not in IDS
    assert (newer.ignores_case, newer.unordered, newer.null_is_empty) == (False, False, False)
    assert newer.documented_at == ""


def test_null_is_the_empty_list_only_for_regions() -> None:
    """Never for a contribution list: empty and not observed are different there."""
    assert [setting.id for setting in catalogue.ALL if setting.null_is_empty] == ["residency.regions"]
