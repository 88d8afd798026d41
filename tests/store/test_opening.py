"""A history opens, or says what is wrong with it and what to do."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import mkdtemp

import pytest
from sqlalchemy import text

from contribaudit.errors import StoreDamaged, StoreError, StoreNewer
from contribaudit.store.history import History
from contribaudit.store.schema import VERSION_TABLE

from .builders import ORG, draft, realms, save, snapshot

NOBODY = 65_534
SECRET = "hunter2"


@contextmanager
def ordinary_account() -> Iterator[Path]:
    """A folder, seen by an account that permissions bind: root passes every one of them."""
    folder = Path(mkdtemp(prefix="contribaudit-"))
    root = os.geteuid() == 0
    if root:
        os.chown(folder, NOBODY, NOBODY)
        os.seteuid(NOBODY)
    try:
        yield folder
    finally:
        if root:
            os.seteuid(0)
        subprocess.run(["rm", "-rf", str(folder)], check=True)


def filled(path: Path, apps: int = 200) -> None:
    with History.open(str(path)) as history:
        save(history, snapshot(0, realms(**{f"app{n}": "eu" for n in range(apps)})))


def test_it_is_there_when_opened_again(location: str) -> None:
    for number in (1, 2):
        with History.open(location) as history:
            assert save(history, snapshot(number, realms(one="eu"))).id == number


def test_a_file_and_its_folders_are_for_this_account_only(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "history.db"
    with History.open(str(path)) as history:
        save(history, snapshot(0, realms(one="eu")))
        modes = {
            p.name: stat.S_IMODE(p.stat().st_mode) for p in (path.parent.parent, path.parent, *path.parent.iterdir())
        }
    assert {name: oct(mode) for name, mode in modes.items()} == {
        "a": "0o700",
        "b": "0o700",
        "history.db": "0o600",
        "history.db-shm": "0o600",
        "history.db-wal": "0o600",
    }


def test_a_home_folder_and_a_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    filled(Path("~/history.db"))
    with History.open(f"sqlite:///{tmp_path}/history.db") as history:
        assert history.run(1).organizations == (ORG,)
        assert history.size_bytes() > 4_096


def test_a_newer_store(location: str) -> None:
    with History.open(location) as history, history._writing() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))  # noqa: S608  our own name
    with pytest.raises(StoreNewer, match=r"revision 9999\)\. Update contribaudit"):
        History.open(location)


def test_random_bytes_are_damage(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    path.write_bytes(os.urandom(50_000))
    with pytest.raises(StoreDamaged, match=r"not a readable database\. Restore it"):
        History.open(str(path))


def test_a_cut_file_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    filled(path)
    path.write_bytes(path.read_bytes()[:-8_192])
    with pytest.raises(StoreDamaged, match="is damaged"):
        History.open(str(path))


def test_damage_inside_is_said_when_it_is_met(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    filled(path, apps=5_000)
    with closing(sqlite3.connect(path)) as connection:
        page = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'facts'").fetchone()[0]
        size = connection.execute("PRAGMA page_size").fetchone()[0]
    data = bytearray(path.read_bytes())
    data[(page - 1) * size : page * size] = b"\xa5" * size
    path.write_bytes(data)
    with History.open(str(path)) as history, pytest.raises(StoreDamaged, match="is damaged"):
        history.known(ORG)


def test_another_programs_database(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE bookmarks (id)")
    with pytest.raises(StoreError, match="of another program"):
        History.open(str(path))


def test_a_folder(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="is a folder"):
        History.open(str(tmp_path))


def test_a_file_where_a_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be opened"):
        History.open(str(tmp_path / "file" / "history.db"))


@pytest.mark.skipif(sys.platform == "win32", reason="other permissions")
def test_a_folder_that_may_not_be_written() -> None:
    with ordinary_account() as folder:
        folder.chmod(0o500)
        with pytest.raises(StoreError, match=r"cannot be opened: Permission denied\. Check"):
            History.open(str(folder / "history.db"))
        with pytest.raises(StoreError, match="Permission denied"):
            History.open(str(folder / "new" / "history.db"))


@pytest.mark.skipif(sys.platform == "win32", reason="other permissions")
def test_a_folder_or_file_that_may_not_be_read() -> None:
    with ordinary_account() as folder:
        path = folder / "in" / "history.db"
        filled(path)
        path.chmod(0o400)
        with pytest.raises(StoreError, match="Permission denied"):
            History.open(str(path))
        path.chmod(0o600)
        path.parent.chmod(0o500)  # the file may be written, its log beside it not
        with pytest.raises(StoreError, match="cannot be"):
            save(History.open(str(path)), snapshot(1, realms(one="eu")))
        path.parent.chmod(0)
        with pytest.raises(StoreError, match="Permission denied"):
            History.open(str(path))
        path.parent.chmod(0o700)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (f"mysql://auditor:{SECRET}@db.example/history", "cannot be kept in mysql"),
        (f"postgresql://auditor:{SECRET}@db.example:port/history", "cannot be read"),
        (f"://auditor:{SECRET}", "cannot be read"),
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
    ],
)
def test_urls_that_lead_nowhere(url: str, said: str) -> None:
    with pytest.raises(StoreError, match=said) as caught:
        History.open(url)
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("query", ["", f"?password={SECRET}"])
def test_a_server_that_is_not_there(query: str) -> None:
    """Port 1 refuses."""
    with pytest.raises(StoreError, match=r"postgresql://127\.0\.0\.1/history cannot be reached") as caught:
        History.open(f"postgresql://auditor:{SECRET}@127.0.0.1:1/history{query}")
    assert SECRET not in str(caught.value)
    assert SECRET not in repr(caught.value.__cause__)
    assert "auditor" not in caught.value.message


def test_a_database_that_is_not_there(postgres_schema: str) -> None:
    from sqlalchemy import make_url

    url = make_url(postgres_schema).set(database="no_such_database").render_as_string(hide_password=False)
    with pytest.raises(StoreError, match="no_such_database"):
        History.open(url)


def test_without_the_postgresql_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreError, match=r"Install it with: .*(\[postgres\]|psycopg)"):
        History.open("postgresql://auditor@db.example/history")


def test_an_old_sqlite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 34, 1))
    with pytest.raises(StoreError, match=r"too old for the history\. Use a Python with SQLite 3\.35"):
        History.open(str(tmp_path / "history.db"))


def test_the_store_room_is_cheap_to_import() -> None:
    """What costs time comes with `store.history`."""
    code = "import sys, contribaudit.store; print({'sqlalchemy', 'alembic', 'filelock'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


def test_an_open_history_does_not_import_alembic(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    filled(path)
    code = (
        "import sys; from contribaudit.store.history import History; "
        f"History.open({str(path)!r}).close(); print('alembic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_a_reader_does_not_wait_for_a_writer(location: str) -> None:
    with History.open(location) as history:
        save(history, snapshot(0, realms(one="eu")))
        with history._writing() as connection:
            connection.execute(text("UPDATE runs SET exit_code = 5"))
            with History.open(location) as other:
                assert other.run(1).exit_code is None


def test_a_draft_of_another_zone_comes_back_as_utc(history: History) -> None:
    assert history.save(draft(0), [snapshot(0, realms(one="eu"))]).started_at.tzname() == "UTC"
