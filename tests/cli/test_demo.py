"""`contribaudit demo`, as it is typed: every scenario, and every form of its report."""

from __future__ import annotations

import pytest

from contribaudit.cli.demo import SCENARIOS
from tests.cli.conftest import Cli

CODES = {"acme": 1, "tidy": 0, "small": 1, "drifted": 1}


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_scenario_is_shown_to_its_end(cli: Cli, scenario: str) -> None:
    """What is to do is found out while the report is written, and may need the history for it."""
    ended = cli("demo", "--scenario", scenario, "--html", "report.html")
    assert ended.code == 0, ended.err
    assert f"exit code {CODES[scenario]}" in ended.out
    assert f"An audit would have ended with exit code {CODES[scenario]}. Open the HTML report report.html" in ended.last


@pytest.mark.parametrize("form", ["line", "json", "csv"])
def test_a_demonstration_takes_any_format(cli: Cli, form: str) -> None:
    ended = cli("demo", "--scenario", "small", "--format", form)
    assert ended.code == 0, ended.err
    assert ended.out
