"""Commands that only look: at a history that nobody may write, and where there is none."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from contribaudit.demo import demonstration
from contribaudit.errors import StoreError
from contribaudit.store.history import History
from tests.cli.conftest import Cli

LOOKS: tuple[tuple[str, ...], ...] = (
    ("runs", "list"),
    ("runs", "show", "2"),
    ("runs", "gaps"),
    ("runs", "outcomes", "DC-01"),
    ("changes",),
    ("changes", "--unseen"),
    ("explain", "organization"),
    ("inventory", "--offline"),
    ("next",),
    ("deadlines",),
    ("forecast", "--trial-ends"),
    ("attest", "list"),
    ("attest", "--template"),
    ("signals", "list"),
    ("baseline", "list"),
    ("baseline", "diff"),
    ("evidence", "sample", "--seed", "x"),
)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A history as an audit leaves it, and its organization."""
    path = tmp_path_factory.mktemp("kept") / "history.sqlite"
    with demonstration("drifted") as shown:
        (target,) = shown.job.targets
        source = shown.job.store._database.path
        assert source is not None
        with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(path)) as other:
            one.backup(other)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    return path, target.organization


@pytest.fixture
def locked(kept: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy that this account may not write, nor its folder, as far as anybody can ask."""
    path = tmp_path / "locked" / "history.sqlite"
    path.parent.mkdir()
    shutil.copyfile(kept[0], path)
    monkeypatch.setenv("CONTRIBAUDIT_ORG_ID", kept[1])
    access = os.access
    monkeypatch.setattr("os.access", lambda place, mode: not mode & os.W_OK and access(place, mode))
    return path


@pytest.mark.parametrize("words", LOOKS, ids=" ".join)
def test_a_history_that_nobody_may_write_is_shown(cli: Cli, locked: Path, words: tuple[str, ...]) -> None:
    before = locked.read_bytes()
    ended = cli(*words, "--store", str(locked))
    assert ended.code == 0, ended.err
    assert locked.read_bytes() == before
    assert [one.name for one in locked.parent.iterdir()] == [locked.name]


@pytest.mark.parametrize("words", LOOKS, ids=" ".join)
@pytest.mark.parametrize("state", ["nothing", "an empty file"])
def test_a_look_makes_no_history(
    cli: Cli,
    kept: tuple[Path, str],
    tmp_path: Path,
    words: tuple[str, ...],
    state: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CONTRIBAUDIT_ORG_ID", kept[1])
    place = tmp_path / "none" / "history.sqlite"
    if state != "nothing":
        place.parent.mkdir()
        place.touch()
    ended = cli(*words, "--store", str(place))
    assert ended.code in (0, 2), ended.err
    assert f"no audit has been recorded in {place} yet" in ended.err
    assert f"Run `contribaudit audit --store {place}` to record the first one" in ended.err
    assert place.exists() == (state != "nothing")
    assert not place.exists() or place.stat().st_size == 0


def test_evidence_is_exported_from_a_history_that_nobody_may_write(cli: Cli, locked: Path, tmp_path: Path) -> None:
    ended = cli("evidence", "export", str(tmp_path / "pack"), "--store", str(locked))
    assert ended.code == 0, ended.err
    assert "later exports cannot refer to this one" in ended.err
    assert cli("evidence", "verify", str(tmp_path / "pack")).code == 0


def test_what_another_process_writes_is_seen(locked: Path, kept: tuple[Path, str]) -> None:
    with closing(sqlite3.connect(locked)) as writer:
        writer.execute("UPDATE runs SET account = 'somebody else'")
        writer.commit()  # in the log, not in the file yet
        with History.open_to_read(str(locked)) as history:
            assert {one.account for one in history.runs()} == {"somebody else"}


def test_what_it_cannot_keep_is_refused(locked: Path) -> None:
    with History.open_to_read(str(locked)) as history, pytest.raises(StoreError, match="cannot be written"):
        history.keep_policy("0" * 64, "")


def test_an_older_version_that_cannot_be_brought_up_to_date_says_so(locked: Path) -> None:
    with closing(sqlite3.connect(locked)) as connection:
        connection.execute("UPDATE contribaudit_version SET version_num = '0001'")
        connection.commit()
    with pytest.raises(StoreError, match="older version"):
        History.open_to_read(str(locked))


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("unshare") is None, reason="mounts need root")
@pytest.mark.parametrize("what", ["folder", "file"])  # a folder in which files can be made, a file that is as it is
def test_on_a_read_only_mount(kept: tuple[Path, str], tmp_path: Path, what: str) -> None:
    path = tmp_path / "mounted" / "history.sqlite"
    path.parent.mkdir()
    shutil.copyfile(kept[0], path)
    place = path.parent if what == "folder" else path
    script = (
        f"mount --bind {place} {place} && mount -o remount,ro,bind {place} || exit 99;"
        f" {sys.executable} -m contribaudit next --store {path} --org {kept[1]}"
    )
    ended = subprocess.run(
        ["unshare", "-m", "sh", "-c", script],
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode == 99 or "unshare" in ended.stderr:
        pytest.skip("no mount can be made here")
    assert ended.returncode == 0, ended.stderr
    assert [one.name for one in path.parent.iterdir()] == [path.name]
