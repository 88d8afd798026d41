"""The accounts of docs/postgresql.md on a real server: what the owner, a runner and a reader may do, and what not."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import ProgrammingError

from contribaudit.settings.model import AppSettings
from contribaudit.tui.sources import open_history
from tests.cli.conftest import Api, Cli
from tests.postgres import require_server

DOC = (Path(__file__).parents[2] / "docs" / "postgresql.md").read_text()
PASSWORD = "not-shown-7"
Address = Callable[[str], str]


def block(name: str) -> str:
    found = re.search(rf"<!-- {name} -->\n```sql\n(.*?)```", DOC, re.DOTALL)
    assert found is not None
    return re.sub(r"--.*", "", found[1])


@pytest.fixture
def accounts(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Iterator[Address]:
    """A database of its own, with the accounts as documented; gives the address for each."""
    server = make_url(require_server()).set(drivername="postgresql+psycopg")
    ours = f"contribaudit_{uuid4().hex[:8]}"

    def run(url: object, name: str) -> None:
        engine = create_engine(url, isolation_level="AUTOCOMMIT")  # type: ignore[call-overload]
        with engine.connect() as connection:
            for statement in block(name).replace("contribaudit", ours).split(";"):
                if statement.strip():
                    connection.execute(text(statement))
            if name == "roles":
                for role in ("owner", "runner", "reader"):
                    connection.execute(text(f"ALTER ROLE {ours}_{role} PASSWORD '{PASSWORD}'"))
        engine.dispose()

    def address(role: str) -> str:
        url = server.set(drivername="postgresql", username=f"{ours}_{role}", password=PASSWORD, database=ours)
        return url.render_as_string(hide_password=False)

    try:
        run(server, "roles")
    except ProgrammingError:
        pytest.skip("the server's account may not make roles")
    try:
        run(server.set(database=ours), "grants")
        monkeypatch.setenv("CONTRIBAUDIT_STORE", address("runner"))
        early = cli("runs", "list")
        assert early.code == 0, early.err
        monkeypatch.setenv("CONTRIBAUDIT_STORE", address("owner"))
        assert cli("store", "upgrade").code == 0
        run(server.set(database=ours), "deletes")
        yield address
    finally:
        engine = create_engine(server, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE {ours} WITH (FORCE)"))
            for role in ("owner", "runner", "reader"):
                connection.execute(text(f"DROP ROLE {ours}_{role}"))
        engine.dispose()


def refused(address: str, statement: str) -> str:
    """What the server says of the statement; "" where it does as it is told."""
    engine = create_engine(make_url(address).set(drivername="postgresql+psycopg"))
    try:
        with engine.begin() as connection:
            connection.execute(text("SET default_transaction_read_only = off"))
            connection.execute(text("SET TRANSACTION READ WRITE"))
            connection.execute(text(statement))
    except ProgrammingError as error:
        return str(error.orig).partition("\n")[0]
    finally:
        engine.dispose()
    return ""


ATTEST = ("attest", "contribution.in_app", "off", "--by", "ada@acme.example")


def test_each_account_does_its_work_and_no_more(
    cli: Cli, api: Api, accounts: Address, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CONTRIBAUDIT_API_KEY", "demo-key")
    monkeypatch.setenv("SITE_TOKEN", "demo-site-token")
    Path("contribaudit.toml").write_text('[sites]\nemail = "demo@acme.example"\ntoken_env = "SITE_TOKEN"\n')
    monkeypatch.setenv("CONTRIBAUDIT_STORE", accounts("runner"))
    for _ in range(2):
        audited = cli("audit", "--format", "json")
        assert audited.code in (1, 3), audited.err
    recorded = cli(*ATTEST)
    assert recorded.code == 0, recorded.err
    assert cli("audit", "--format", "json").code in (1, 3)
    for statement in ("DROP TABLE facts", "TRUNCATE facts", "DROP SCHEMA public CASCADE"):
        assert "must be owner" in refused(accounts("runner"), statement) or "permission denied" in refused(
            accounts("runner"), statement
        )
    assert "must be owner" in refused(accounts("runner"), "ALTER TABLE runs ADD COLUMN x integer")
    assert "permission denied" in refused(accounts("runner"), "CREATE TABLE mine (x integer)")
    for table in ("runs", "facts", "attestations", "outcomes", "events", "manifests"):
        assert "permission denied" in refused(accounts("runner"), f"DELETE FROM {table}")  # noqa: S608

    monkeypatch.setenv("CONTRIBAUDIT_STORE", accounts("reader"))
    for words in (
        ("runs", "list"),
        ("findings",),
        ("changes",),
        ("deadlines",),
        ("next",),
        ("inventory", "--offline"),
        ("attest", "list"),
        ("signals", "list"),
        ("audit", "--offline"),
        ("evidence", "export", str(tmp_path / "pack")),
        ("evidence", "verify", str(tmp_path / "pack")),
    ):
        ended = cli(*words)
        assert ended.code in (0, 1, 3), (words, ended.err)
    source = open_history(AppSettings.load())
    assert source.load().report.run.id == 3
    assert source.load().notes == ("read-only history",)
    source.close()
    for writing in (("audit",), ATTEST, ("runs", "prune", "--yes")):
        ended = cli(*writing)
        assert ended.code == 70, (writing, ended.code, ended.err)
        assert "cannot be written" in ended.err
        assert PASSWORD not in ended.out + ended.err
    assert "permission denied" in refused(accounts("reader"), "INSERT INTO runs DEFAULT VALUES")
    assert "permission denied" in refused(accounts("reader"), "UPDATE runs SET exit_code = 0")
    assert "permission denied" in refused(accounts("reader"), "DELETE FROM runs")
    assert "permission denied" in refused(accounts("reader"), "CREATE TEMPORARY TABLE mine (x integer)")


@pytest.mark.parametrize("role", ["runner", "reader"])
def test_only_the_owner_upgrades(cli: Cli, accounts: Address, monkeypatch: pytest.MonkeyPatch, role: str) -> None:
    """A history of an older version says so to everybody else, and works once the owner has upgraded it."""
    assert refused(accounts("owner"), "UPDATE contribaudit_version SET version_num = '0010'") == ""
    assert refused(accounts("owner"), "DROP TABLE document_notes") == ""
    monkeypatch.setenv("CONTRIBAUDIT_STORE", accounts(role))
    ended = cli("runs", "list")
    assert ended.code == 70
    assert "was written by an older version" in ended.err
    assert "contribaudit store upgrade" in ended.err
    monkeypatch.setenv("CONTRIBAUDIT_STORE", accounts("owner"))
    assert cli("store", "upgrade").code == 0
    monkeypatch.setenv("CONTRIBAUDIT_STORE", accounts(role))
    assert json.loads(cli("runs", "list", "--format", "json").out) == []
