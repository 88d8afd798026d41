"""How the dashboard is started, and where it is not."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Cli


@pytest.mark.parametrize("words", [("dashboard",), ("dashboard", "pack"), ("demo", "--dashboard")])
def test_the_dashboard_needs_a_terminal(cli: Cli, words: tuple[str, ...]) -> None:
    """In a pipe it says so, and what to use there."""
    ended = cli(*words)
    assert ended.code == 2
    assert "needs a terminal" in ended.err
    assert "contribaudit audit" in ended.err
    assert ended.out == ""


def test_without_words_and_terminal_the_help_is_printed(cli: Cli) -> None:
    """As ever, with exit code 0."""
    ended = cli()
    assert ended.code == 0
    assert "Usage: contribaudit" in ended.out


def test_a_pack_takes_no_options_of_the_history(cli: Cli) -> None:
    """They would mean nothing."""
    ended = cli("dashboard", "pack", "--org", "acme-1")
    assert ended.code == 2
    assert "PACK cannot be combined with other sources" in ended.err
