"""attacks.py, through the real command line and over HTTP: none of it is taken for a pass."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, fields
from pathlib import Path

import pytest

from contribaudit.cli import run
from contribaudit.simulator import Organization, running, scenario_app
from tests.cli import attacks
from tests.cli.attacks import NOT_PASS, Attack
from tests.cli.conftest import Api, Cli
from tests.cli.test_three_answers import IN_ORDER, SANDBOX, STATEMENTS
from tests.isolation import isolate

POLICY = 'version = 1\nname = "tidy"\n[expect]\n' + "\n".join(STATEMENTS.values()) + f"\n{SANDBOX}"
ANNA = "anna@acme.example"


@dataclass(frozen=True)
class Base:
    """The organization, and the history of it in which everything is attested."""

    api: Api
    history: Path
    pristine: Organization


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Base]:
    folder = tmp_path_factory.mktemp("base")
    app = scenario_app("tidy")
    organization = app.state.organization
    with pytest.MonkeyPatch.context() as patch, running(app) as url:
        isolate(patch, folder)
        patch.setattr("sys.stdin", io.StringIO())
        point_at(patch, url, organization.id)
        (folder / "policy.toml").write_text(POLICY, encoding="utf-8")
        own = ("--store", str(folder / "history.sqlite"))
        assert run(["audit", "--quiet", "--output", "first.txt", *own]) == 3
        written = io.BytesIO()
        patch.setattr("sys.stdout", io.TextIOWrapper(written, encoding="utf-8"))
        assert run(["attest", "record", "--template", *own]) == 0
        due = list(csv.DictReader(io.StringIO(written.getvalue().decode())))
        with (folder / "seen.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(due[0]))
            writer.writeheader()
            writer.writerows({**row, "value": IN_ORDER[row["setting"]]} for row in due if row["needed"] == "yes")
        assert run(["attest", "record", "--from", "seen.csv", "--by", ANNA, *own]) == 0
        yield Base(Api(url, organization.id, app), folder / "history.sqlite", deepcopy(organization))


def point_at(patch: pytest.MonkeyPatch, url: str, organization: str) -> None:
    patch.setenv("CONTRIBAUDIT_API_URL", url)
    patch.setenv("CONTRIBAUDIT_ORG_ID", organization)
    patch.setenv("CONTRIBAUDIT_API_KEY", "demo-key")
    patch.setenv("CONTRIBAUDIT_POLICY", "policy.toml")


@pytest.fixture
def organization(base: Base, home: Path, monkeypatch: pytest.MonkeyPatch) -> Organization:
    """The organization as it was when it was attested, with that history as history.sqlite."""
    there: Organization = base.api.app.state.organization
    for one in fields(there):
        if one.name != "revision":
            setattr(there, one.name, deepcopy(getattr(base.pristine, one.name)))
    there.revision += 1
    shutil.copy(base.history, home / "history.sqlite")
    point_at(monkeypatch, base.api.url, there.id)
    monkeypatch.setenv("CONTRIBAUDIT_STORE", "history.sqlite")
    return there


ALL = (*attacks.LOCATIONS, *attacks.PLANS, *attacks.AI, *attacks.CONTRIBUTION, *attacks.POLICIES, *attacks.ATTESTATIONS)


@pytest.mark.parametrize("attack", [pytest.param(one, id=one.name) for one in ALL])
def test_an_attack(attack: Attack, cli: Cli, organization: Organization, home: Path) -> None:
    (home / "policy.toml").write_text(attack.instead or POLICY + attack.policy, encoding="utf-8")
    if attack.edit is not None:
        attack.edit(organization)
        organization.revision += 1
    for words in attack.said:
        said = cli("attest", *words)
        assert said.code == 0, said.err
    ended = cli("audit", "--format", "json")
    told: dict[str, set[str]] = {}
    if ended.out:
        for one in json.loads(ended.out)["findings"]:
            told.setdefault(one["check"], set()).add(one["outcome"])
    bad = {
        check: sorted(words - {"pass", "no_such_setting"})
        for check, words in told.items()
        if words - {"pass", "no_such_setting"}
    }
    assert ended.code in ((1, 2, 3) if attack.wanted == NOT_PASS else (attack.wanted,)), (bad, ended.err)
    for check, outcome in attack.by.items():
        assert outcome in told[check], bad
    assert "demo-key" not in ended.out + ended.err


@pytest.mark.parametrize("words", attacks.REFUSED_LOOKS, ids=lambda words: " ".join(words[:2]))
def test_a_look_that_cannot_be_one_is_refused(
    words: tuple[str, ...], cli: Cli, organization: Organization, home: Path
) -> None:
    (home / "policy.toml").write_text(POLICY, encoding="utf-8")
    ended = cli("attest", *words)
    assert ended.code == 2, ended.err
    assert "next:" in ended.err
    assert "bug" not in ended.err
