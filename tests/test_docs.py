"""The README says what the code does. CONTRIBAUDIT_RENEW=1 writes its blocks anew: read the diff."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from subprocess import PIPE, STDOUT

import click
import pytest

from contribaudit import checks, collectors
from contribaudit.atlassian import calls
from contribaudit.cli import group as whole
from contribaudit.cli.attest import Attest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
RENEW = os.environ.get("CONTRIBAUDIT_RENEW") == "1"  # here: a test's own machine has no such variables


def between(start: str, end: str, renewed: str, page: str = "README.md") -> str:
    """What the page has between the two texts; `renewed`, written there first, when the switch asks for it."""
    path = ROOT / page
    before, _, rest = path.read_text(encoding="utf-8").partition(start)
    inside, _, after = rest.partition(end)
    if RENEW:
        path.write_text(f"{before}{start}{renewed}{end}{after}", encoding="utf-8")
        return renewed
    return inside


def reads_table() -> str:
    """The table of what is read, from the collectors."""
    rows = [
        f"| {'<br>'.join(dict.fromkeys(f'`{call.title}`' for call in one.calls))} | `{one.call.scope}` | {one.proves} |"
        for one in collectors.ALL
    ]
    gateway = collectors.SITE_AI
    rows += [f"| `{gateway.call.title}` | none (site token) | {gateway.proves} |"]
    rows += [f"| `{one.call.title}` | `{one.call.scope}` (site token) | {one.proves} |" for one in collectors.SPACES]
    return "\n".join(["| call | scope | what it proves, and what not |", "|---|---|---|", *rows])


def test_the_table_of_reads_is_what_the_collectors_say() -> None:
    """Every call, its scope and what it proves stand in docs/reads.md as in the code."""
    table = f"\n{reads_table()}\n"
    assert between("<!-- reads -->", "<!-- /reads -->", table, "docs/reads.md") == table


def test_every_scope_that_a_key_needs_is_named() -> None:
    """The scopes in the set-up section are those of the collectors, and no other."""
    named = README.partition("with exactly these scopes:")[2].partition("None of them can write")[0]
    assert {scope.strip(" `.\n") for scope in named.split(",")} == {one.call.scope for one in collectors.ALL}


def test_checks_that_cannot_be_verified_today_are_listed() -> None:
    """A check that can only say `unknown` is named in the README."""
    listed = f" {', '.join(check.id for check in checks.ALL if not check.verifiable)}."
    assert between("These checks answer `unknown` today:", "\n", listed) == listed


def test_what_the_readme_shows_of_the_demo_is_what_it_prints(tmp_path: Path) -> None:
    """The demo's output in the README names the verdict and the evidence. Without the lines of progress."""
    shown = between("<!-- demo -->", "<!-- /demo -->", demo_block(tmp_path) if RENEW else "")
    assert "FAIL (high and above); " in shown
    assert "Signed evidence is in demo-evidence" in shown


def demo_block(folder: Path) -> str:
    """What `make demo` prints now, in a terminal of 120 columns."""
    words = [
        str(Path(sys.executable).with_name("contribaudit")),
        "demo",
        "--out",
        "demo-evidence",
        "--html",
        "demo-report.html",
    ]
    environment = {**os.environ, "COLUMNS": "120"}
    done = subprocess.run(words, cwd=folder, env=environment, stdout=PIPE, stderr=STDOUT, text=True, check=True)
    without_progress = re.sub(r"(?m)^[a-z_]+: ok, [0-9]+ read\n", "", done.stdout)
    return f"\n```\n{without_progress}```\n"


@pytest.mark.parametrize("call", calls.ALL, ids=lambda call: call.name)
def test_every_call_is_documented_where_it_says(call: calls.Call) -> None:
    """Each call on the allow-list names Atlassian's page about it."""
    assert call.documented_at.startswith("https://developer.atlassian.com/cloud/admin/")


def commands_of(page: str) -> list[str]:
    """Every line of the page's code blocks that calls contribaudit."""
    blocks = re.findall(r"(?ms)^```\n(.*?)^```", (ROOT / page).read_text(encoding="utf-8"))
    lines = [line for block in blocks for line in block.splitlines()]
    return [line for line in lines if re.match(r"(\.venv/bin/)?contribaudit( |$)", line)]


@pytest.mark.parametrize(
    "page",
    [
        "README.md",
        "docs/commands.md",
        "docs/monitoring.md",
        "docs/scheduling.md",
        "docs/subprocessors.md",
        "docs/terms.md",
    ],
)
def test_every_command_on_the_page_can_be_typed(page: str) -> None:
    """Each subcommand and option of it exists, and takes what stands behind it."""
    lines = commands_of(page)
    assert lines
    for line in lines:
        words = shlex.split(line.partition(" > ")[0], comments=True)[1:]
        group: click.Command = whole
        context = click.Context(group)
        while isinstance(group, click.Group) and words and not words[0].startswith("-"):
            if isinstance(group, Attest) and words[0] not in group.commands:
                break
            found = group.get_command(context, words[0])
            assert found is not None, line
            group, words = found, words[1:]
            context = click.Context(group, parent=context)
        if isinstance(group, Attest):  # what is no subcommand is what `attest record` takes
            group = group.commands["record"]
        group.make_parser(click.Context(group)).parse_args(list(words))


def test_every_file_that_the_guide_names_exists() -> None:
    """CONTRIBUTING.md and the decisions name files by their path in the repository or in the package."""
    guides = [ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs" / "decisions").glob("*.md"))]
    named = {
        name for guide in guides for name in re.findall(r"`([a-z_]+/[\w/]+\.\w+)`", guide.read_text(encoding="utf-8"))
    }
    assert len(named) > 40
    assert not {name for name in named if not any((at / name).is_file() for at in (ROOT, ROOT / "src/contribaudit"))}
