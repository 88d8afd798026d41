"""`findings`: those of the last run, by check, site, outcome, location and severity."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from contribaudit.simulator import running, scenario_app

from .conftest import Cli

Row = dict[str, Any]
US = "acme-us.atlassian.net"


@pytest.fixture
def audited(first_audit: Cli, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Row]]:
    """The findings of an audit of the drifted organization; the key is gone again."""
    app = scenario_app("drifted")
    with running(app) as url:
        monkeypatch.setenv("CONTRIBAUDIT_API_URL", url)
        monkeypatch.setenv("CONTRIBAUDIT_ORG_ID", app.state.organization.id)
        monkeypatch.setenv("CONTRIBAUDIT_API_KEY", "demo-key")
        monkeypatch.setenv("CONTRIBAUDIT_POLICY", str(resources.files("contribaudit.demo") / "drifted.toml"))
        report = json.loads(first_audit("--format", "json").out)
        monkeypatch.delenv("CONTRIBAUDIT_API_KEY")
        yield report["findings"]


def found(cli: Cli, *words: str) -> list[Row]:
    ended = cli("findings", "--format", "json", *words)
    assert ended.code == 0, ended.err
    rows: list[Row] = json.loads(ended.out)
    return rows


def test_without_a_filter_they_are_those_of_the_report(cli: Cli, audited: list[Row]) -> None:
    """JSON in the shape of the report; CSV in that of findings.csv; the table leaves out what passes."""
    told = {one["id"]: one["outcome"] for one in audited}
    assert {one["id"]: one["outcome"] for one in found(cli)} == told
    rows = list(csv.DictReader(io.StringIO(cli("findings", "--format", "csv").out)))
    assert {row["finding_id"]: row["outcome"] for row in rows} == told
    quiet = sum(1 for one in told.values() if one in ("pass", "no_such_setting"))
    ended = cli("findings")
    assert ended.code == 0
    shown = f"{len(told) - quiet} findings; {quiet} that pass or have no setting are left out: --all."
    assert ended.last == shown
    assert "\npass " not in ended.out
    assert cli("findings", "--all").last == f"{len(told)} findings."
    by_check = Counter(one["check"] for one in audited)
    single = next(one["check"] for one in audited if by_check[one["check"]] == 1 and one["outcome"] == "pass")
    assert cli("findings", "--check", single).last == "No finding; 1 that passes or has no setting is left out: --all."
    assert cli("findings", "--outcome", "pass").out.count("\npass ") == Counter(told.values())["pass"]


@pytest.mark.usefixtures("audited")
@pytest.mark.parametrize(
    ("exported", "taken_away", "outcome"),
    [(False, False, "unknown"), (True, False, "pass"), (True, True, "unknown")],
    ids=["never exported", "exported here", "exported and taken away"],
)
def test_a_finding_on_this_machine_s_packs_is_that_of_an_audit(
    exported: bool, taken_away: bool, outcome: str, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GV-07 asks for a pack that this machine wrote: `findings` looks on the same machine as `audit` does."""
    policy = tmp_path / "chain.toml"
    policy.write_text('version = 1\nextends = []\n[[rule]]\ncheck = "GV-07"\n', encoding="utf-8")
    monkeypatch.setenv("CONTRIBAUDIT_POLICY", str(policy))
    if exported:
        assert cli("evidence", "export", str(tmp_path / "pack")).code == 0
    if taken_away:
        (tmp_path / "pack").rename(tmp_path / "elsewhere")
    judged = json.loads(cli("audit", "--offline", "--format", "json").out)["findings"]
    assert {one["outcome"] for one in judged} == {outcome}
    assert {one["id"]: one["outcome"] for one in found(cli)} == {one["id"]: one["outcome"] for one in judged}


@pytest.mark.parametrize(
    ("words", "fits"),
    [
        (("--check", "DR-01"), lambda one: one["check"] == "DR-01"),
        (("--check", "app-location-allowed"), lambda one: one["check"] == "DR-01"),
        (("--check", "ai-*"), lambda one: one["check"].startswith("AI-")),
        (("--site", US), lambda one: one["subject"]["site"] == US),
        (("--site", "ACME-*"), lambda one: one["subject"]["site"].startswith("acme-")),
        (("--outcome", "unknown"), lambda one: one["outcome"] == "unknown"),
        (("--outcome", "not achievable"), lambda one: one["outcome"] == "not_achievable"),
        (("--outcome", "No-Setting"), lambda one: one["outcome"] == "no_such_setting"),
        (("--outcome", "no_such_setting"), lambda one: one["outcome"] == "no_such_setting"),
        (("--outcome", "pass", "--outcome", "fail"), lambda one: one["outcome"] in ("pass", "fail")),
        (("--severity", "critical"), lambda one: one["severity"] == "critical"),
        (("--site", US, "--check", "DR-*"), lambda one: one["subject"]["site"] == US and one["check"][:2] == "DR"),
    ],
)
def test_filters(cli: Cli, audited: list[Row], words: tuple[str, ...], fits: Callable[[Row], bool]) -> None:
    """Each keeps what fits and nothing else; several hold together."""
    wanted = {one["id"] for one in audited if fits(one)}
    assert {one["id"] for one in found(cli, *words)} == wanted != set()


def test_by_location(cli: Cli, audited: list[Row]) -> None:
    """Of apps that are located there, whatever the finding is about; a group stands for its members."""
    places = {one["subject"]["id"]: one["observed"] for one in audited if one["check"] == "DR-01"}
    for words, realms in ((("--location", "us"), {"US"}), (("--realm", "Global"), {"Global"})):
        rows = found(cli, *words)
        wanted = {one["id"] for one in audited if places.get(one["subject"]["id"]) in realms}
        assert {one["id"] for one in rows} == wanted != set()
    assert {one["id"] for one in found(cli, "--location", "EU")} <= {
        one["id"] for one in found(cli, "--location", "EEA")
    }
    assert found(cli, "--location", "JP") == []
    assert cli("findings", "--location", "JP").last == "No finding."


@pytest.mark.parametrize(
    ("words", "says", "hint"),
    [
        (("--outcome", "fial"), "no outcome is called 'fial'", "Did you mean fail?"),
        (("--outcome", "unproven"), "no outcome is called 'unproven'", "Known: "),
        (("--site", "acme-su.atlassian.net"), "no site is called", f"Did you mean {US}?"),
        (("--site", "nowhere*"), "no site is called 'nowhere*'", "Known: acme"),
        (("--location", "Globl"), "no location is called 'Globl'", "Did you mean Global?"),
        (("--realm", "Atlantis"), "no location is called 'Atlantis'", "Known: "),
        (("--severity", "hihg"), "no severity is called 'hihg'", "Did you mean high?"),
        (("--check", "DR-99"), "no check is called 'DR-99'", "Did you mean"),
    ],
)
def test_an_unknown_value_is_an_error(
    cli: Cli, audited: list[Row], words: tuple[str, ...], says: str, hint: str
) -> None:
    """Not an empty answer, which would read as good news."""
    assert audited
    ended = cli("findings", *words)
    assert ended.code == 2
    assert ended.out == ""
    assert says.casefold() in ended.err.casefold()
    assert hint in ended.err


def test_of_an_earlier_run(cli: Cli, audited: list[Row]) -> None:
    """By its number; one that never was is an error; without any run, that is said."""
    assert len(found(cli, "--run", "1")) == len(audited)
    assert cli("findings", "--run", "7").code == 2
    assert cli("findings", "--store", "other.sqlite").code == 2
