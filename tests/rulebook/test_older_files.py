"""A user's rulebook files from before a field was there still load, and nothing they leave out makes a pass."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest

from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.rulebook import Rulebook
from contribaudit.core.model.subject import Kind
from contribaudit.core.resolve.state import State
from contribaudit.errors import RulebookError
from contribaudit.rulebook import loader
from tests.builders import CHECKS, app, facts, judge, state_of
from tests.checks.attested import ORGANIZATION, seen

DATA = resources.files("contribaudit.rulebook").joinpath("data")
SHIPPED = loader.load()
ROVO = "Atlassian Administration > Rovo > Rovo access"


def older(folder: Path, name: str, field: str) -> Rulebook:
    """The rulebook with the shipped file as it was before the field was there."""
    lines = DATA.joinpath(name).read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if not line.startswith(f"{field} ")]
    assert len(kept) < len(lines)
    (folder / name).write_text("\n".join(kept), encoding="utf-8")
    return loader.load(folder)


def test_without_a_plan_that_limits_by_group_nothing_is_said_of_groups(tmp_path: Path) -> None:
    """AI-06 knows neither that the plan can nor that it cannot."""
    wiki = app("wiki")
    said = (*facts(wiki, plan="Enterprise"), seen("ai.access", "blocked", wiki))
    assert judge("AI-06", state_of(*said), ORGANIZATION).outcome is Outcome.PASS
    rulebook = older(tmp_path, "plans.toml", "rovo_by_group")
    verdict = judge("AI-06", state_of(*said, rulebook=rulebook), ORGANIZATION)
    assert (verdict.outcome, verdict.reason_code) == (Outcome.UNKNOWN, "plan_with_groups_not_known")


def asked(check: str, state: State) -> list[str]:
    """The apps that a check asks."""
    return [app.id for app in state.subjects(Kind.APP) if CHECKS[check].applies(state, app)]


def test_an_app_that_is_not_said_to_have_workspaces_is_asked_all_the_same(tmp_path: Path) -> None:
    """By AI-04 or AI-05; an older file puts each app with switches of its own under AI-05, so that none is lost."""
    said = [*facts(app("trello"), type_key="trello"), *facts(app("bitbucket"), type_key="bitbucket")]
    now = state_of(*said)
    assert (asked("AI-04", now), asked("AI-05", now)) == (["ari:cloud:bitbucket"], ["ari:cloud:trello"])
    before = state_of(*said, rulebook=older(tmp_path, "apps.toml", "own_workspaces"))
    assert asked("AI-05", before) == ["ari:cloud:trello", "ari:cloud:bitbucket"]


def test_the_days_of_a_review_are_the_shipped_ones_where_a_file_names_none(tmp_path: Path) -> None:
    rulebook = older(tmp_path, "rulebook.toml", "scope_review_within_days")
    assert rulebook.scope_review_within_days == SHIPPED.scope_review_within_days == 30


@pytest.mark.parametrize("field", ["text", "source", "grade"])
def test_a_statement_lacks_nothing(tmp_path: Path, field: str) -> None:
    """The error names file and key."""
    text = DATA.joinpath("statements.toml").read_text(encoding="utf-8")
    head, _, statement = text.partition("[ai_processing]")
    lines = [line for line in statement.splitlines() if not line.startswith(f"{field} ")]
    (tmp_path / "statements.toml").write_text(f"{head}[ai_processing]" + "\n".join(lines), encoding="utf-8")
    with pytest.raises(RulebookError, match=rf"statements\.toml, key `ai_processing\.{field}`"):
        loader.load(tmp_path)


@pytest.mark.parametrize(
    ("path", "screen", "generation"),
    [
        (ROVO, "", "Rovo menu"),
        (f"  {ROVO.replace(' > ', '>').upper()} ", "", "Rovo menu"),
        (ROVO, "rovo-access", "Rovo menu"),
        (ROVO, "web-search", ""),
        (ROVO, "no-such-screen", ""),
        ("Atlassian Administration > Apps > AI settings > AI-enabled apps", "", "Apps menu"),
        ("Rovo access", "", ""),
        ("", "", ""),
    ],
)
def test_the_generation_is_told_by_the_whole_path(path: str, screen: str, generation: str) -> None:
    """However it is spaced and spelt; on the named screen alone, where one is named."""
    assert SHIPPED.generation(path, screen) == generation


def test_a_path_that_two_generations_share_tells_none() -> None:
    """On two screens of the console it may be called by two names."""
    paths: dict[str, set[str]] = {}
    for screen in SHIPPED.screens:
        for generation, path in screen.paths.items():
            paths.setdefault(path, set()).add(generation)
    for path, generations in paths.items():
        assert SHIPPED.generation(path) == (generations.pop() if len(generations) == 1 else "")


def test_the_screens_at_a_path() -> None:
    assert [one.id for one in SHIPPED.screens_at(ROVO)] == ["rovo-access"]
    assert SHIPPED.screens_at("Security > Audit log") == ()
    assert SHIPPED.screens_at("") == ()


def test_without_a_plan_that_has_the_audit_log_none_is_said_to_lack_it(tmp_path: Path) -> None:
    """GV-03 then knows no plan for which a refusal is final."""
    assert SHIPPED.plan_with("audit_log") == "Enterprise"
    assert older(tmp_path, "plans.toml", "audit_log").plan_with("audit_log") == ""


def test_without_the_console_no_path_has_an_address(tmp_path: Path) -> None:
    lines = DATA.joinpath("screens.toml").read_text(encoding="utf-8").splitlines()
    start = lines.index("[console]")
    (tmp_path / "screens.toml").write_text("\n".join([*lines[:start], *lines[start + 7 :]]), encoding="utf-8")
    rulebook = loader.load(tmp_path)
    assert SHIPPED.console is not None
    assert rulebook.console is None
    assert rulebook.screens == SHIPPED.screens
