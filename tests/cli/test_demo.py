"""`contribaudit demo`, as it is typed: every scenario, and every form of its report."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

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


def test_the_page_of_a_pack_is_the_page_of_its_run(cli: Cli, tmp_path: Path) -> None:
    """Rendered from the evidence folder it is the same, and the digests on it are those of the folder's report."""
    pack, live, again = tmp_path / "pack", tmp_path / "live.html", tmp_path / "again.html"
    assert cli("demo", "--out", str(pack), "--html", str(live)).code == 0
    assert cli("render", str(pack), "--format", "html", "--output", str(again)).code == 0
    assert again.read_bytes() == live.read_bytes()
    head = live.read_text(encoding="utf-8").partition("</header>")[0]
    table = cli("render", str(pack), "--format", "csv", "--output", str(tmp_path / "findings.csv"))
    assert table.code == 0
    assert f"SHA-256 <code>{sha256((tmp_path / 'findings.csv').read_bytes()).hexdigest()}</code>" in head
    told = json.loads((pack / "report.json").read_bytes())
    canonical = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert f"SHA-256 <code>{sha256(canonical).hexdigest()}</code>" in head
