"""Every setting that we know: named once, and named the same wherever it is read or promised."""

from __future__ import annotations

import pytest

from contribaudit import catalogue, checks, collectors
from contribaudit.atlassian import calls
from contribaudit.catalogue import signals
from contribaudit.core.judge.check import Check
from contribaudit.core.model.observation import Grade, SettingId
from contribaudit.core.model.setting import Setting
from contribaudit.core.model.subject import Kind

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
    # The audit log explains what others saw, and observes nothing itself.
    assert [collector.name for collector in collectors.ALL if not collector.promises] == ["events"]


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


FIXED = {
    Kind.ORGANIZATION: """plan.highest contribution.metadata contribution.in_app contribution.in_app.included
        contribution.in_app.excluded contribution.exemption ai.web_search ai.agents.creators ai.agents.default_access
        ai.mcp.domains ai.mcp.api_tokens ai.mcp.write residency.default_realm""",
    Kind.APP: """plan trial ai.access hipaa.tagged residency.realm residency.regions residency.pinned residency.move""",
    Kind.CONNECTOR: "connector.state connector.replicates_permissions",
}
"""Names on which scripts and policies of others rely."""


@pytest.mark.parametrize("kind", FIXED)
def test_the_names_that_others_rely_on_stay(kind: Kind) -> None:
    for name in FIXED[kind].split():
        assert SettingId(name) in IDS
        assert catalogue.find(SettingId(name)).kinds == (kind,)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("contribution.metadata", {"on", "off", "always"}),
        ("contribution.in_app", {"on", "off"}),
        ("contribution.exemption", {"none", "byok", "hipaa", "government", "isolated", "other"}),
        ("ai.access", {"allowed", "limited", "blocked"}),
        ("effective.metadata", {"contributed", "not_contributed"}),
        ("effective.in_app", {"contributed", "not_contributed"}),
        ("effective.ai", {"exposed", "not_exposed"}),
    ],
)
def test_the_words_that_others_rely_on_stay(name: str, words: set[str]) -> None:
    assert set(catalogue.find(SettingId(name)).words) == words


COMPUTED = {setting.id for setting in catalogue.ALL if setting.id.startswith("effective.")}


def test_only_what_no_api_tells_can_be_attested() -> None:
    """Nobody writes over what the API says, or attests what the tool works out."""
    promised = {setting for collector in collectors.ALL for setting in collector.promises}
    attestable = {setting.id for setting in catalogue.ALL if setting.attestable}
    assert attestable
    assert not attestable & promised
    assert not attestable & COMPUTED
    assert {setting.id for setting in catalogue.ALL if setting.grade is Grade.ATTESTED} == attestable | COMPUTED


def test_what_is_worked_out_can_be_asked_of_everything_that_holds_content() -> None:
    assert len(COMPUTED) == 3
    for setting in COMPUTED:
        kinds = set(catalogue.find(setting).kinds)
        assert kinds == {Kind.ORGANIZATION, Kind.SITE, Kind.APP, Kind.SPACE, Kind.CONNECTOR}


@pytest.mark.parametrize("setting", catalogue.ALL, ids=lambda one: one.id)
def test_words_and_lists_can_be_written_and_read_again(setting: Setting) -> None:
    """`none` is the empty list, a comma parts members, and a word means one thing whatever its case."""
    assert len(setting.folded_words) == len(setting.words)
    assert not any("," in word or word != word.strip() for word in setting.words)
    if setting.is_list:
        assert setting.unordered
        assert not setting.words
    assert setting.is_list == setting.unordered
    assert not (setting.attestable and setting.volatile)


def test_what_made_up_settings_are_nobody_can_attest() -> None:
    """A signal or a setting of a newer version is no form to fill in."""
    for name in ("signal.policy.generative-ai", "shapes.policies", "residency.of_2030"):
        assert not catalogue.find(SettingId(name)).attestable
