"""Several organizations in one audit: a key each, the weakest first; one that fails leaves the rest whole."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from contribaudit.exporters.summary import Overview
from contribaudit.settings.credentials import SERVICE, account
from contribaudit.simulator import Fault, running, scenario_app
from tests.cli.conftest import Cli
from tests.side_by_side import OneAddress

FINE, DRIFTED, SMALL = (scenario_app(one).state.organization.id for one in ("tidy", "drifted", "small"))
WITHOUT_KEY = "dddddddd-dddd-4ddd-8ddd-dddddddddddd"
POLICY = """version = 1
[[rule]]
check = "DR-01"
expect = ["EU"]
[[rule]]
check = "DC-10"
"""


@dataclass
class Company:
    """Four organizations of a configuration, three of which the API knows; keys in a variable, a file, the keyring."""

    front: OneAddress
    config: Path
    audit: Callable[[], tuple[int, dict[str, Any], str]]

    def break_off(self, organization: str) -> None:
        self.front.apps[organization].state.faults.append(Fault("close", "*"))


@pytest.fixture
def company(
    cli: Cli,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    keyring: dict[tuple[str, str], str],
    key_file: Path,
    no_waiting: None,
) -> Iterator[Company]:
    front = OneAddress({app.state.organization.id: app for app in map(scenario_app, ("tidy", "drifted", "small"))})
    config, policy = tmp_path / "config.toml", tmp_path / "policy.toml"
    policy.write_text(POLICY)
    config.write_text(
        f'policy = "policy.toml"\n[[organization]]\nid = "{FINE}"\nname = "Tidy Ltd"\napi_key_env = "TIDY_KEY"\n'
        f'[[organization]]\nid = "{DRIFTED}"\nname = "Acme"\napi_key_file = "{key_file}"\n'
        f'[[organization]]\nid = "{SMALL}"\nname = "Corner Shop"\n'
        f'[[organization]]\nid = "{WITHOUT_KEY}"\nname = "Acquired"\n'
    )
    monkeypatch.setenv("TIDY_KEY", "demo-key")
    with running(front) as url:  # type: ignore[arg-type]
        monkeypatch.setenv("CONTRIBAUDIT_API_URL", url)
        keyring[SERVICE, account(SMALL, url)] = "demo-key"

        def audit() -> tuple[int, dict[str, Any], str]:
            ended = cli("--config", str(config), "audit", "--format", "json")
            return ended.code, json.loads(ended.out), ended.last

        yield Company(front, config, audit)


def board(document: Any) -> list[tuple[str, str]]:
    return [(one.name, one.unread) for one in Overview(document).map()]


def outcomes(document: dict[str, Any], organization: str) -> dict[str, str]:
    found = [one for one in document["findings"] if one["organization"] == organization]
    return {one["subject"]["id"] + one["check"]: one["outcome"] for one in found}


def test_each_has_a_key_of_its_own_and_the_weakest_stands_first(company: Company) -> None:
    """A variable, a file, the keyring; the one without a key is a finding of the company, before what is unverified."""
    code, document, _ = company.audit()
    assert code == 1
    assert [name for name, _ in board(document)] == [
        "Acme",
        "Corner Shop",
        "Acquired",
        "Tidy Ltd",
        "All organizations together",
    ]
    (covered,) = [one for one in document["findings"] if one["check"] == "DC-10"]
    assert (covered["subject"]["kind"], covered["outcome"]) == ("company", "unknown")
    assert "Acquired (no key" in covered["reason"]
    assert {one["organization"] for one in document["collection"]} == {FINE, DRIFTED, SMALL}


def test_what_fails_in_one_leaves_the_others_whole(company: Company) -> None:
    """A refused key, no key, an API that is down and one that is fine: the last is judged as if it were alone."""
    _, whole, _ = company.audit()
    company.front.apps[DRIFTED].state.organization.keys.clear()
    company.break_off(SMALL)
    code, document, last = company.audit()
    assert code == 4
    assert "give Acme a new key" in last
    assert outcomes(document, FINE) == outcomes(whole, FINE)
    assert dict(board(document)) == {
        "Acme": "Atlassian refused the API key",
        "Acquired": "no key",
        "Corner Shop": "127.0.0.1 closed the connection early or did not answer in HTTP",
        "Tidy Ltd": "",
        "All organizations together": "",
    }
    (covered,) = [one for one in document["findings"] if one["check"] == "DC-10"]
    assert all(name in covered["reason"] for name in ("Acme", "Acquired", "Corner Shop"))
    assert "Tidy Ltd" not in covered["reason"]


def test_the_exit_code_is_the_most_severe_of_all(company: Company) -> None:
    """Findings go before what was not read, and a refused key before both."""
    company.break_off(SMALL)
    assert company.audit()[0] == 1
    company.break_off(DRIFTED)
    assert company.audit()[0] == 3
    company.front.apps[DRIFTED].state.faults.clear()
    company.front.apps[DRIFTED].state.faults.append(Fault("401", "*"))
    assert company.audit()[0] == 4
    company.front.apps[FINE].state.faults.append(Fault("404", "org"))
    code, _, last = company.audit()
    assert code == 2, last


def test_one_policy_says_what_differs_for_an_organization(company: Company) -> None:
    """`[[organization]]` in the policy: Acme may keep data in the US, the others may not."""
    (company.config.parent / "policy.toml").write_text(
        f'[expect]\nlocation = ["EU"]\n[[organization]]\nmatch = "{DRIFTED}"\nexpect = {{ location = ["US"] }}\n'
    )
    _, document, _ = company.audit()
    expected = {
        (one["organization"], tuple(one["expected"] or ())) for one in document["findings"] if one["check"] == "DR-01"
    }
    assert expected == {(FINE, ("EU",)), (DRIFTED, ("US",)), (SMALL, ("EU",)), (WITHOUT_KEY, ())}


def test_one_that_another_runner_audits_is_told_and_leaves_the_others_whole(cli: Cli, company: Company) -> None:
    """It would have been 70 for all of them; of one alone it still is."""
    from contribaudit.settings.file import data_dir
    from contribaudit.store.history import History

    _, whole, _ = company.audit()
    with History.open(str(data_dir() / "history.sqlite")) as history, history.lock(DRIFTED):
        code, document, _ = company.audit()
        assert code == 1  # of Corner Shop
        assert dict(board(document))["Acme"] == "another audit of it is running on this history"
        assert outcomes(document, FINE) == outcomes(whole, FINE)
        alone = cli("--config", str(company.config), "audit", "--org", DRIFTED)
        assert alone.code == 70
        assert "Another audit of organization" in alone.err
        assert [run.id for run in history.runs(organization=DRIFTED)] == [1]


def test_where_no_organization_can_be_read_no_run_is_kept(cli: Cli, company: Company) -> None:
    for one in (FINE, DRIFTED, SMALL):
        company.break_off(one)
    assert cli("--config", str(company.config), "audit").code == 69
    assert cli("--config", str(company.config), "runs", "list", "--format", "json").out.strip() in ("[]", "")


def test_line_and_html_show_the_board(cli: Cli, company: Company, tmp_path: Path) -> None:
    """Both in the same order."""
    company.audit()
    line = cli("--config", str(company.config), "audit", "--offline", "--format", "line").out
    (told,) = [part for part in line.split(" | ") if part.startswith("weakest first: ")]
    names = [part.partition(": ")[0] for part in told.removeprefix("weakest first: ").split("; ")]
    assert names == ["Acme", "Corner Shop", "Acquired", "Tidy Ltd"]
    page = tmp_path / "report.html"
    cli("--config", str(company.config), "audit", "--offline", "--format", "html", "--output", str(page))
    text = page.read_text()
    where = text[text.index('id="h-where"') :]
    assert sorted(names, key=where.index) == names
