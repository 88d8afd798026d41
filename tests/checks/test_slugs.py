"""The names that people give checks: stable, one for each, and taken wherever an ID is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from contribaudit import checks
from contribaudit.cli.arguments import check_ids, check_named
from contribaudit.core.judge.check import Check, find, nearest_names, select
from contribaudit.errors import UsageError
from tests.policy_file.policy_builders import load, write

PREFIXES = {check.id[:2].casefold() for check in checks.ALL}


def test_each_check_has_a_slug_of_its_own() -> None:
    slugs = [check.slug for check in checks.ALL]
    assert len(set(slugs)) == len(slugs)
    assert all(re.fullmatch("[a-z]+(-[a-z]+)+", slug) for slug in slugs)


def test_no_slug_begins_as_the_ids_of_another_family() -> None:
    """Or `--skip 'ai-*'` would leave out a check of another family too."""
    begins = [(check.id[:2].casefold(), check.slug.partition("-")[0]) for check in checks.ALL]
    assert [slug for family, slug in begins if slug in PREFIXES and slug != family] == []


@pytest.mark.parametrize("check", checks.ALL, ids=lambda check: check.id)
def test_id_and_slug_name_the_check_in_any_case(check: Check) -> None:
    for word in (check.id, check.id.lower(), check.slug, check.slug.upper(), f" {check.slug} "):
        assert find(checks.ALL, word) is check
        assert [one.id for one in select(checks.ALL, word)] == [check.id]
        assert check_named(word) is check


@pytest.mark.parametrize(
    ("pattern", "ids"),
    [
        ("dc-*", {check.id for check in checks.ALL if check.id.startswith("DC-")}),
        ("AI-*", {check.id for check in checks.ALL if check.id.startswith("AI-")}),
        ("GV-0[1-3]", {"GV-01", "GV-02", "GV-03"}),
        ("DR-1?", {check.id for check in checks.ALL if re.fullmatch("DR-1[0-9]", check.id)}),
        ("mcp-*", {"AI-16", "AI-17", "AI-18"}),
        ("*-contribution-off", {"DC-01", "DC-03"}),
    ],
)
def test_wildcards_select_by_id_and_slug(pattern: str, ids: set[str]) -> None:
    assert set(check_ids((pattern,))) == ids


def test_patterns_add_up_without_repeating() -> None:
    assert check_ids(("DC-03", "in-app-contribution-off", "dc-0[34]")) == ("DC-03", "DC-04")


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("in-app-contribtion-off", "in-app-contribution-off"),
        ("DC-3", "DC-03"),
        ("dr4", "DR-04"),
        ("web-search", "web-search-off"),
        ("web-serch-*", "web-search-off"),
    ],
)
def test_a_name_of_no_check_is_answered_with_the_nearest(word: str, near: str) -> None:
    assert nearest_names(checks.ALL, word)[0] == near
    with pytest.raises(UsageError) as caught:
        check_ids((word,))
    assert f"Did you mean {near}" in str(caught.value.hint)


@pytest.mark.parametrize("word", ["", " ", "XX-*", "DC-99", "[", "\x1b[31m"])
def test_nothing_selected_is_an_error_of_usage(word: str) -> None:
    with pytest.raises(UsageError):
        check_ids((word,))


@pytest.mark.parametrize("written", ["DR-01", "dr-01", "app-location-allowed", "App-Location-Allowed"])
def test_inside_a_policy_there_are_only_ids(tmp_path: Path, written: str) -> None:
    """Two spellings of one check are one check: rules repeat, the resolved policy has one digest."""
    rule = f'[[rule]]\ncheck = "{written}"\nexpect = ["EU"]\n'
    waiver = (
        f'[[waiver]]\ncheck = "{written}"\nsubject = "organization"\nreason = "r"\nrequested_by = "a@acme.example"\n'
        'approved_by = "b@acme.example"\napproved_at = 2026-11-02\nexpires = 2027-01-31\n'
    )
    policy = load(write(tmp_path, f"version = 1\n{rule}{waiver}"))
    assert [policy.rules[0].check, policy.waivers[0].check] == ["DR-01", "DR-01"]
    assert policy.sha256 == load(write(tmp_path, f"version = 1\n{rule}{waiver}".replace(written, "DR-01"))).sha256
