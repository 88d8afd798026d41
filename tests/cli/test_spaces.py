"""Spaces as a user asks for them: `explain` and `inventory`, from a history whose last run listed some."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from contribaudit.core.model.snapshot import CollectionStatus
from contribaudit.exporters.tabular import MOST_IN_TABLE
from contribaudit.settings.file import store_default
from contribaudit.store.history import History
from tests.listed import Listing, keep, space_id

from .conftest import Api, Cli

WIKI = "app:tidy.atlassian.net/confluence"
SEC = "space:tidy.atlassian.net/confluence/SEC"
EVIL = "+cmd|\x1b[31m"


@pytest.fixture
def audited(api: Api, first_audit: Cli, monkeypatch: pytest.MonkeyPatch) -> Api:
    """The tidy organization, audited once; the key is gone again."""
    monkeypatch.setenv("CONTRIBAUDIT_API_KEY", "demo-key")
    first_audit("--format", "line")
    monkeypatch.delenv("CONTRIBAUDIT_API_KEY")
    return api


def listed(api: Api, *keys: str, status: CollectionStatus = CollectionStatus.OK) -> None:
    """A further run that listed these spaces of the wiki."""
    with History.open(str(store_default())) as history:
        snapshot = history.snapshot(api.organization, 1)
        apps = history.known(api.organization).facts
        (wiki,) = (fact.observation.subject.id for fact in apps if getattr(fact.observation, "value", None) == WIKI)
        keep(history, snapshot, datetime.now(UTC) - timedelta(minutes=1), [Listing(wiki, keys, status)])


def test_a_space_in_no_list_is_explained_by_key_and_by_id(cli: Cli, audited: Api) -> None:
    listed(audited, "SEC")
    for text in (SEC, space_id("SEC")):
        ended = cli("explain", text)
        assert ended.code == 0, ended.err
        assert ended.out.startswith(f"space SEC in Confluence on tidy.atlassian.net  {SEC}  The SEC")
        assert "(effective.in_app)  unknown" in ended.out
    document = json.loads(cli("explain", SEC, "effective.in_app", "--format", "json").out)
    assert document["subject"]["id"] == space_id("SEC")
    assert any("spaces can be put on the lists" in one["sentence"] for one in document["effective"][0]["reasons"])


def test_a_key_that_a_whole_listing_does_not_show_is_an_error_and_otherwise_unknown(cli: Cli, audited: Api) -> None:
    listed(audited, "SEC")
    ended = cli("explain", "space:tidy.atlassian.net/confluence/NONE")
    assert (ended.code, ended.out) == (2, "")
    assert "There is no space" in ended.err
    listed(audited, "SEC", status=CollectionStatus.PARTIAL)
    ended = cli("explain", "space:tidy.atlassian.net/confluence/NONE")
    assert ended.code == 0
    assert "were not read completely" in ended.out


def test_the_inventory_counts_spaces_by_app(cli: Cli, audited: Api) -> None:
    listed(audited, "SEC", "ENG")
    rows = list(csv.DictReader(io.StringIO(cli("inventory", "--offline", "--format", "csv").out)))
    assert [row["spaces"] for row in rows if row["spaces"]] == ["2"]
    table = cli("inventory", "--offline").out
    assert "location" in table.splitlines()[0]
    assert "realm" not in table
    assert "spaces" in table.splitlines()[0]
    listed(audited, "SEC", status=CollectionStatus.PARTIAL)
    rows = list(csv.DictReader(io.StringIO(cli("inventory", "--offline", "--format", "csv").out)))
    assert [row["note"] for row in rows if row["spaces"]] == ["spaces not read completely: it was so"]


def test_spaces_are_listed_one_by_one(cli: Cli, audited: Api, tmp_path: Path) -> None:
    """As CSV and as JSON; text that others wrote is data. Ends with 3, since no other app was listed."""
    listed(audited, "SEC", EVIL)
    ended = cli("inventory", "--spaces", "--format", "csv")
    assert ended.code == 3
    assert "The list of spaces is incomplete" in ended.last
    rows = list(csv.DictReader(io.StringIO(ended.out, newline="")))
    assert [row["key"] for row in rows if row["key"] == "SEC"] == ["SEC"]
    assert "\x1b" not in ended.out
    assert not any(row["key"].startswith("+") for row in rows)
    objects = json.loads(cli("inventory", "--spaces", "--format", "json").out)
    assert sorted(one["key"] for one in objects) == sorted((EVIL, "SEC"))
    assert {one["site"] for one in objects} == {"tidy.atlassian.net"}
    path = tmp_path / "spaces.csv"
    assert cli("inventory", "--spaces", "--format", "csv", "--output", str(path)).code == 3
    assert path.read_bytes().decode() == ended.out


def test_without_a_listing_the_list_is_empty_and_not_whole(cli: Cli, audited: Api) -> None:
    ended = cli("inventory", "--spaces", "--format", "json")
    assert (ended.code, json.loads(ended.out)) == (3, [])
    assert "not read" in ended.last


def test_a_table_of_spaces_is_what_one_gets_without_a_format(cli: Cli, audited: Api, tmp_path: Path) -> None:
    """Observed text is data there too; a pipe and a file get the same. Ends with 3, as no other app was listed."""
    listed(audited, "SEC", EVIL)
    ended = cli("inventory", "--spaces")
    assert ended.code == 3
    header, *rows = ended.out.splitlines()
    assert header.split() == ["site", "type", "key", "key", "name", "type", "status", "created", "at", "first", "seen"]
    assert len(rows) == 2
    assert any("The SEC" in row and "tidy.atlassian.net" in row for row in rows)
    assert "\x1b" not in ended.out
    path = tmp_path / "spaces.txt"
    assert cli("inventory", "--spaces", "--output", str(path)).code == 3
    assert path.read_text(encoding="utf-8") == ended.out


def test_a_table_of_very_many_spaces_says_how_many_more_there_are(cli: Cli, audited: Api) -> None:
    """The other formats list them all."""
    listed(audited, *(f"K{number}" for number in range(MOST_IN_TABLE + 234)))
    *rows, last = cli("inventory", "--spaces").out.splitlines()[1:]
    assert len(rows) == MOST_IN_TABLE
    assert last == "and 234 more: --format csv, or json, lists every one"
    every = json.loads(cli("inventory", "--spaces", "--format", "json").out)
    assert len(every) == MOST_IN_TABLE + 234


def test_the_line_and_the_table_tell_how_many_were_read(cli: Cli, audited: Api) -> None:
    listed(audited, *(f"K{number}" for number in range(1200)))
    assert " apps 1,200 spaces |" in cli("audit", "--offline", "--format", "line").out
    assert "apps, 1,200 spaces" in cli("audit", "--offline").out
    assert json.loads(cli("audit", "--offline", "--format", "json").out)["inventory"]["spaces"] == 1200
    attested = cli("attest", "spaces.count", "1228", "--subject", WIKI, "--by", "ann@acme.example", "--offline")
    assert attested.code == 0, attested.err
    told = cli("audit", "--offline", "--format", "line").out
    assert "1,200 of 1,228 spaces (28 unseen)" in told
