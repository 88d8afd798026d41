"""The README says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from contribaudit import checks, collectors
from contribaudit.atlassian import calls
from contribaudit.cli import COMMANDS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def between(name: str) -> str:
    return README.partition(f"<!-- {name} -->")[2].partition(f"<!-- /{name} -->")[0]


def reads_table() -> str:
    """The table of what is read, from the collectors."""
    rows = [
        f"| {'<br>'.join(f'`{call.title}`' for call in one.calls)} | `{one.call.scope}` | {one.proves} |"
        for one in collectors.ALL
    ]
    rows += [f"| `{one.call.title}` | `{one.call.scope}` (site token) | {one.proves} |" for one in collectors.SPACES]
    return "\n".join(["| call | scope | what it proves, and what not |", "|---|---|---|", *rows])


def test_the_table_of_reads_is_what_the_collectors_say() -> None:
    """Every call, its scope and what it proves stand in the README as in the code."""
    assert between("reads").strip() == reads_table()


def test_every_scope_that_a_key_needs_is_named() -> None:
    """The scopes in the set-up section are those of the collectors, and no other."""
    named = README.partition("with these scopes and no other:")[2].partition("None of them can write")[0]
    assert {scope.strip(" `.\n") for scope in named.split(",")} == {one.call.scope for one in collectors.ALL}


def test_checks_that_cannot_be_verified_today_are_listed() -> None:
    """A check that can only say `unknown` is named in the README."""
    told = README.partition("These checks answer `unknown` today:")[2].partition("\n")[0]
    assert told.strip(" .") == ", ".join(check.id for check in checks.ALL if not check.verifiable)


def test_what_the_readme_shows_of_the_demo_is_what_it_prints() -> None:
    """The demo's output in the README names the verdict and the evidence."""
    assert "FAIL (high and above); " in between("demo")
    assert "files of signed evidence are in demo-evidence" in between("demo")


@pytest.mark.parametrize("call", calls.ALL, ids=lambda call: call.name)
def test_every_call_is_documented_where_it_says(call: calls.Call) -> None:
    """Each call on the allow-list names Atlassian's page about it."""
    assert call.documented_at.startswith("https://developer.atlassian.com/cloud/admin/")


def test_every_command_in_the_readme_exists() -> None:
    """Nothing in the README calls a subcommand that is not there."""
    told = {
        line.split("contribaudit ")[1].split()[0] for line in README.splitlines() if line.startswith("contribaudit ")
    }
    assert told <= set(COMMANDS)


def test_every_file_that_the_guide_names_exists() -> None:
    """CONTRIBUTING.md and the decisions name files by their path in the repository or in the package."""
    guides = [ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs" / "decisions").glob("*.md"))]
    named = {
        name for guide in guides for name in re.findall(r"`([a-z_]+/[\w/]+\.\w+)`", guide.read_text(encoding="utf-8"))
    }
    assert len(named) > 40
    assert not {name for name in named if not any((at / name).is_file() for at in (ROOT, ROOT / "src/contribaudit"))}
