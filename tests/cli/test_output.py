"""Where a result goes: into a file, through a link, into a pipe, to stdout."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from contribaudit.cli.console import Console
from contribaudit.errors import UsageError


def test_a_link_is_followed_and_stays(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    Console().write("new", tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


def test_a_dash_is_standard_output(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(os.devnull).parent)
    Console().check_output(Path("-"))
    Console().write("text", Path("-"))
    assert capfd.readouterr().out == "text"


@pytest.mark.parametrize("code", [errno.EBUSY, errno.EXDEV])
def test_a_file_that_is_mounted_alone_is_written_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def refuse(_self: Path, _target: Path) -> Path:
        raise OSError(code, "Device or resource busy")

    (tmp_path / "mounted").write_text("a longer old text")
    inode = (tmp_path / "mounted").stat().st_ino
    monkeypatch.setattr(Path, "replace", refuse)
    Console().write("new", tmp_path / "mounted")
    assert (tmp_path / "mounted").read_text() == "new"
    assert (tmp_path / "mounted").stat().st_ino == inode
    assert [path.name for path in tmp_path.iterdir()] == ["mounted"]


def test_a_device_needs_no_force_and_a_folder_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    Console().check_output(Path(os.devnull))
    Console().check_output(tmp_path / "pipe")
    with pytest.raises(UsageError, match="is a folder"):
        Console().check_output(tmp_path)
