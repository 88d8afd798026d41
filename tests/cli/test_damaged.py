"""A history that somebody or something damaged: exit code 5 with a sentence, or what is still right; never a bug."""

# ruff: noqa: S608  names of our own tables

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from contribaudit.demo import demonstration
from contribaudit.errors import ContribauditError
from contribaudit.simulator import running, scenario_app
from tests.cli.conftest import Cli

ALLOWED = {0, 1, 2, 3, 5}
TEXTS = [
    "",
    "{",
    "null",
    "[]",
    '{"a": 1}',
    "\x00\x01",
    "\\",
    "9" * 30,
    "not what it was",
    -1,
    10**18,
    b"\xff\xfe\x00",
    None,
]


@dataclass(frozen=True, slots=True)
class Sound:
    """A history as it should be, and the API that it is of."""

    path: Path
    organization: str
    url: str


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sound]:
    path = tmp_path_factory.mktemp("sound") / "history.sqlite"
    with demonstration("drifted") as shown:
        (target,) = shown.job.targets
        from_path = shown.job.store._database.path
        assert from_path is not None
        with closing(sqlite3.connect(from_path)) as source, closing(sqlite3.connect(path)) as copy:
            source.backup(copy)
    with running(scenario_app("drifted")) as url:
        yield Sound(path, target.organization, url)


def flip_bytes(path: Path, rng: random.Random) -> None:
    data = bytearray(path.read_bytes())
    for _ in range(rng.choice((1, 8, 200))):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    path.write_bytes(data)


def zero_a_page(path: Path, rng: random.Random) -> None:
    data = bytearray(path.read_bytes())
    start = rng.randrange(len(data) // 4096) * 4096
    data[start : start + 4096] = bytes(4096)
    path.write_bytes(data)


def truncate(path: Path, rng: random.Random) -> None:
    with path.open("r+b") as file:
        file.truncate(rng.randrange(path.stat().st_size))


def tables(connection: sqlite3.Connection) -> list[str]:
    return [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]


def delete_rows(path: Path, rng: random.Random) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"DELETE FROM {rng.choice(tables(connection))} WHERE abs(random()) % 2 = 0")


def empty_a_table(path: Path, rng: random.Random) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"DELETE FROM {rng.choice(tables(connection))}")


def drop_a_table(path: Path, rng: random.Random) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"DROP TABLE {rng.choice(tables(connection))}")


def overwrite_a_column(path: Path, rng: random.Random) -> None:
    with closing(sqlite3.connect(path)) as connection:
        table = rng.choice(tables(connection))
        column = rng.choice([row[1] for row in connection.execute(f"PRAGMA table_info({table})")])
        try:
            with connection:
                connection.execute(f"UPDATE {table} SET {column} = ?", (rng.choice(TEXTS),))
        except sqlite3.IntegrityError:
            with connection:
                connection.execute(f"DELETE FROM {table}")


def rename_a_column(path: Path, rng: random.Random) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        table = rng.choice(tables(connection))
        column = rng.choice([row[1] for row in connection.execute(f"PRAGMA table_info({table})")])
        connection.execute(f"ALTER TABLE {table} RENAME COLUMN {column} TO gone")


DAMAGES: list[Callable[[Path, random.Random], None]] = [
    flip_bytes,
    zero_a_page,
    truncate,
    delete_rows,
    empty_a_table,
    drop_a_table,
    overwrite_a_column,
    rename_a_column,
]
COMMANDS = [
    ("runs", "list"),
    ("changes",),
    ("explain", "organization"),
    ("evidence", "export", "pack"),
    ("audit", "--offline"),
    ("audit", "--format", "line"),
    ("next",),
]


def use(monkeypatch: pytest.MonkeyPatch, sound: Sound, path: Path) -> None:
    monkeypatch.setenv("CONTRIBAUDIT_STORE", str(path))
    monkeypatch.setenv("CONTRIBAUDIT_ORG_ID", sound.organization)
    monkeypatch.setenv("CONTRIBAUDIT_API_URL", sound.url)
    monkeypatch.setenv("CONTRIBAUDIT_API_KEY", "demo-key")


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("damage", DAMAGES)
def test_no_damage_looks_like_a_bug(
    damage: Callable[[Path, random.Random], None],
    seed: int,
    sound: Sound,
    cli: Cli,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    rng = random.Random(f"{damage.__name__} {seed}")
    damaged = tmp_path / "damaged.sqlite"
    shutil.copy(sound.path, damaged)
    damage(damaged, rng)
    for words in rng.sample(COMMANDS, 4):
        path = tmp_path / "history.sqlite"
        shutil.copy(damaged, path)
        use(monkeypatch, sound, path)
        ended = cli("--verbose", *words)
        assert ended.code in ALLOWED, (words, ended.err)
        assert "Traceback" not in ended.err
        if ended.code == 5:
            assert ended.last.startswith("  next: "), ended.err
        assert not list(tmp_path.glob(".*partial*"))
        shutil.rmtree(tmp_path / "pack", ignore_errors=True)
        for one in tmp_path.glob("history.sqlite*"):
            one.unlink()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("collections.read", "null"),
        ("collections.read", b"\xff\xfe\x00"),
        ("space_lists.read", "[[1]]"),
        ("space_lists.read", "true"),
        ("events.named", "[[1]]"),
        ("events.named", '"text"'),
        ("facts.value", '{"a": 1}'),
        ("facts.value", "[[1]]"),
        ("facts.value", "[null]"),
    ],
)
def test_a_value_of_another_kind_is_damage(
    column: str, value: object, sound: Sound, cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Found where it is read, so that a bug in what is made of it is never called damage."""
    path, (table, name) = tmp_path / "history.sqlite", column.split(".")
    shutil.copy(sound.path, path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"UPDATE {table} SET {name} = ?", (value,))
    use(monkeypatch, sound, path)
    ended = cli("audit", "--offline")
    assert (ended.code, "contains data that contribaudit did not write" in ended.err) == (5, True), ended.err


@pytest.mark.parametrize("seed", range(4))
def test_the_dashboard_loads_it_or_says_why_not(
    seed: int, sound: Sound, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from contribaudit.settings.model import AppSettings
    from contribaudit.tui.sources import open_history

    rng = random.Random(seed)
    path = tmp_path / "history.sqlite"
    for damage in DAMAGES:
        shutil.copy(sound.path, path)
        damage(path, rng)
        use(monkeypatch, sound, path)
        try:
            source = open_history(AppSettings.load(None), organizations=(), policy=None, store=None)
            try:
                if source.nothing_to_load() is None:
                    board = source.load()
                    source.outcomes(board.report.findings[0])
            finally:
                source.close()
        except ContribauditError as error:
            told = error.hint
        else:
            told = "nothing was in its way"
        assert told
        for one in tmp_path.glob("history.sqlite*"):
            one.unlink()


def newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE contribaudit_version SET version_num = '9999'")


def without_revision(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM contribaudit_version")


def without_version(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DROP TABLE contribaudit_version")


def foreign(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE notes (text TEXT)")


@pytest.mark.parametrize(
    ("damage", "code", "told"),
    [
        (lambda path: path.write_text("version = 1\n" * 200), 5, "is not a readable database"),
        (lambda path: path.write_bytes(path.read_bytes()[:5000]), 5, "is damaged"),
        (without_revision, 5, "its revision is"),
        (without_version, 5, "its revision is missing"),
        (newer, 70, "was written by a newer version of contribaudit"),
        (foreign, 70, "is a database of another program"),
    ],
)
def test_each_has_its_sentence(
    damage: Callable[[Path], object],
    code: int,
    told: str,
    sound: Sound,
    cli: Cli,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    path = tmp_path / "history.sqlite"
    shutil.copy(sound.path, path)
    damage(path)
    use(monkeypatch, sound, path)
    for words in (("runs", "list"), ("audit",)):
        ended = cli(*words)
        assert (ended.code, told in ended.err) == (code, True), ended.err
