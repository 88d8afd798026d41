"""`contribaudit subprocessors`: from an import to what touches our apps."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from contribaudit.atlassian.connect import Trust
from contribaudit.simulator import Fault
from contribaudit.vendors.fetching import NotModified, Page, Validators
from tests.builders import NOW
from tests.vendors.processing import FOLDER, MARCH, SEPTEMBER

from .conftest import Api, Cli

DPO = ("--by", "dpo@acme.example")
HTML = {day: str(FOLDER / f"page-{day}.html") for day in (MARCH, SEPTEMBER)}


@pytest.fixture
def both(cli: Cli) -> None:
    """Both pages, imported in order."""
    for day in (MARCH, SEPTEMBER):
        assert cli("subprocessors", "import", HTML[day], *DPO).code == 0


def rows(cli: Cli, *words: str) -> list[dict[str, Any]]:
    ended = cli("subprocessors", *words, "--format", "json")
    assert ended.code == 0, ended.err
    found: list[dict[str, Any]] = json.loads(ended.out)
    return found


def test_an_import_says_what_it_took_in_and_what_to_do_next(cli: Cli) -> None:
    ended = cli("subprocessors", "import", HTML[MARCH], *DPO)
    assert (ended.code, ended.out) == (0, "")
    assert ended.last == (
        "Imported the list in force since 2026-03-02: 9 third parties and 3 group companies, SHA-256 83ca0b4c3ae7; "
        "run `contribaudit subprocessors diff`, then `contribaudit subprocessors review`."
    ).replace("83ca0b4c3ae7", _digest(HTML[MARCH]))


def _digest(path: str) -> str:
    from hashlib import sha256

    return sha256(Path(path).read_bytes()).hexdigest()[:12]


def test_a_page_on_standard_input_is_imported(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    page = io.TextIOWrapper(io.BytesIO(Path(HTML[MARCH]).read_bytes()))
    monkeypatch.setattr("sys.stdin", page)
    assert cli("subprocessors", "import", "-", *DPO).code == 0
    assert json.loads(cli("subprocessors", "list", "--format", "json").out)["source"] == "standard input"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("import", "nowhere.html", *DPO), "there is no such file"),
        (("import", HTML[MARCH]), "The email address of the person who does this is missing"),
        (("review", "--yes", *DPO), "No list has been imported yet"),
        (("diff",), "has no earlier list to compare with"),
        (("diff", "2020-01-01"), "There is no list '2020-01-01'"),
        (("exposure",), "There is no saved run"),
        (("list", "--list", "2020-01-01"), "There is no list '2020-01-01'"),
    ],
)
def test_what_cannot_be_done_says_why(cli: Cli, words: tuple[str, ...], message: str) -> None:
    ended = cli("subprocessors", *words)
    assert ended.code == 2
    assert message in ended.err


def test_the_shipped_list_is_shown_before_the_first_import_and_is_called_old(cli: Cli) -> None:
    ended = cli("subprocessors", "list", "--format", "json")
    assert json.loads(ended.out)["effective"] == "2024-09-30"
    assert "it is not current" in ended.last


@pytest.mark.usefixtures("both")
def test_the_list_as_json_has_the_published_form(cli: Cli) -> None:
    found = json.loads(cli("subprocessors", "list", "--format", "json").out)
    assert (found["schema"], found["effective"]) == ("contribaudit.subprocessors/1", "2026-09-14")
    assert (len(found["third_parties"]), len(found["group_companies"])) == (9, 3)
    callwire = next(one for one in found["third_parties"] if one["name"].startswith("Callwire"))
    assert callwire["locations"] == [
        {"text": "USA", "countries": ["US"], "condition": None},
        {"text": "EEA", "countries": ["EEA"], "condition": "for support requests only"},
        {"text": "Singapore", "countries": ["SG"], "condition": "for support requests only"},
    ]
    assert {"name": "Jira Cloud Products", "excluding": ["Jira Align"], "only_with": []} in callwire["products"]


@pytest.mark.usefixtures("both")
def test_the_list_for_people_has_names_and_no_columns_of_the_file(cli: Cli) -> None:
    shown = " ".join(cli("subprocessors", "list").out.split())
    assert "Jira Cloud Products (excluding Jira Align)" in shown
    assert not [
        one for one in ("product scopes", "purpose kinds", "location codes", "atlassian-intelligence") if one in shown
    ]


@pytest.mark.usefixtures("both")
def test_the_list_as_csv_is_imported_again(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(cli("subprocessors", "list", "--format", "csv").out, encoding="utf-8", newline="")
    other = str(tmp_path / "other.db")
    assert cli("subprocessors", "import", str(path), *DPO, "--store", other).code == 0
    kept = [cli("subprocessors", "list", "--format", "csv", *where).out for where in ((), ("--store", other))]
    words = [[list(row.values())[:13] for row in csv.DictReader(io.StringIO(one))] for one in kept]
    assert words[0] == words[1]


@pytest.mark.usefixtures("both")
def test_changes_are_listed_until_somebody_reviews_them_and_after(cli: Cli) -> None:
    assert [(one["change"], one["reviewed_by"]) for one in rows(cli, "diff")] == [
        (change, None) for change in ("added", "location", "renamed", "removed")
    ]
    assert cli("subprocessors", "review", "--yes", "--note", "GRC-1", *DPO).code == 0
    assert {one["reviewed_by"] for one in rows(cli, "diff")} == {"dpo@acme.example"}
    assert [one["reviewed_by"] for one in rows(cli, "list", "--imports")] == [None, "dpo@acme.example"]


def test_a_row_that_is_not_understood_is_named_until_it_is_reviewed(cli: Cli, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(
        Path(HTML[MARCH]).read_text(encoding="utf-8").replace(">Jira Align<", ">Jira Frob<"), encoding="utf-8"
    )
    assert (
        "Edgecast Net, Ltd. needs review: products: 'Jira Frob' is not understood"
        in cli("subprocessors", "import", str(page), *DPO).err
    )
    assert "1 row not understood" in cli("subprocessors", "list").last
    assert cli("subprocessors", "review", "--row", "edgecast net, ltd.", "--yes", *DPO).code == 0
    assert "not understood" not in cli("subprocessors", "list").last
    assert cli("subprocessors", "review", "--row", "Nobody", "--yes", *DPO).code == 2


def test_a_page_is_fetched_from_its_address_only_when_it_is_named(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ca.pem").touch()
    monkeypatch.setenv("CONTRIBAUDIT_NETWORK__CA_FILE", str(tmp_path / "ca.pem"))
    asked: list[str] = []

    def fetch(url: str, known: Validators, *, trust: Trust) -> Page:
        assert trust.ca_file is not None, "the authority of [network] holds for this page too"
        asked.append(url)
        page = Path(HTML[MARCH]).read_bytes()
        there = "https://www.atlassian.com/legal/sub-processors"
        return Page(page, "text/html", url, NOW, fetched=True, answered_by=there)

    monkeypatch.setattr("contribaudit.vendors.fetching.fetch", fetch)
    assert cli("subprocessors", "list").code == 0
    assert asked == []
    assert cli("subprocessors", "import", "https://atlassian.com/legal/sub-processors", *DPO).code == 0
    assert asked == ["https://atlassian.com/legal/sub-processors"]
    found = json.loads(cli("subprocessors", "list", "--format", "json").out)
    assert found["source"] == "https://www.atlassian.com/legal/sub-processors"


@pytest.mark.parametrize(
    "told", [Validators('"abc"', ""), Validators("", "Sat, 01 Mar 2025 00:00:00 GMT"), Validators("W/x", "y")]
)
def test_a_page_that_has_not_changed_is_not_sent_again(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, told: Validators
) -> None:
    """What the server said of it is told to it; the list counts as imported anew, and stays current."""
    address = "https://www.atlassian.com/legal/sub-processors"
    known: list[Validators] = []

    def fetch(url: str, of: Validators, *, trust: Trust) -> Page | NotModified:
        known.append(of)
        if of != Validators():
            return NotModified(NOW)
        body = Path(HTML[MARCH]).read_bytes()
        return Page(body, "text/html", url, NOW, fetched=True, answered_by=url, validators=told)

    monkeypatch.setattr("contribaudit.vendors.fetching.fetch", fetch)
    assert cli("subprocessors", "import", address, *DPO).code == 0
    before = json.loads(cli("subprocessors", "list", "--format", "json").out)
    again = cli("subprocessors", "import", address, *DPO)
    assert again.code == 2
    assert "was imported today" in again.err
    anyway = cli("subprocessors", "import", address, "--anyway", *DPO)
    assert anyway.code == 0, anyway.err
    assert "it has not changed since it was last imported" in anyway.last
    assert known == [Validators(), told, told]
    after = json.loads(cli("subprocessors", "list", "--format", "json").out)
    assert {**after, "imported_at": ""} == {**before, "imported_at": ""}
    cli("subprocessors", "import", address.replace("www.", ""), "--anyway", *DPO)
    assert known[-1] == Validators(), "another address has said nothing yet"


def test_exposure_is_not_whole_where_the_apps_are_not(cli: Cli, api: Api, key_file: Path) -> None:
    api.app.state.faults.append(Fault("403-a", "workspaces"))
    assert cli("audit", "--api-key-file", str(key_file)).code == 3
    ended = cli("subprocessors", "exposure")
    assert ended.code == 3
    assert "The list of apps is incomplete" in ended.last


@pytest.mark.usefixtures("both")
def test_exposure_joins_the_list_with_the_last_audit(cli: Cli, api: Api, key_file: Path) -> None:
    assert cli("audit", "--api-key-file", str(key_file)).code in (0, 1, 3)
    found = rows(cli, "exposure")
    apps = {one["app"] for one in found}
    assert len(found) == 12 * len(apps)
    assert all(one["because"] for one in found)
    confluence = next(one for one in sorted(apps) if one.endswith("/confluence"))
    touched = {one["processor"]: one["touches"] for one in rows(cli, "exposure", confluence)}
    assert touched["Borealis Hosting, Inc."] == "yes"
    assert touched["Postvogn ApS"] == "no"
    assert rows(cli, "exposure", "organization") == found
    shown = cli("subprocessors", "exposure", confluence)
    assert "Postvogn" not in shown.out
    assert "Confluence on " in shown.out
    assert confluence not in shown.out
    assert "--all shows what is not touched" in shown.last
    assert {one["touches"] for one in rows(cli, "diff")} <= {"yes", "may", "no"}
    assert cli("subprocessors", "exposure", "app:nowhere/jira").code == 2
