"""Attachments that a folder of attestation files names: others may have written it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from contribaudit.attestations import recording
from contribaudit.errors import UsageError

PNG = b"\x89PNG\r\n\x1a\n and so on"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inside = tmp_path / "attestations"
    (inside / "sub").mkdir(parents=True)
    (inside / "a.png").write_bytes(PNG)
    (inside / "sub" / "b.pdf").write_bytes(b"%PDF-1.7 ...")
    (tmp_path / "outside.png").write_bytes(PNG)
    (inside / "link.png").symlink_to(tmp_path / "outside.png")
    (inside / "near.png").symlink_to("a.png")
    (inside / "out").symlink_to(tmp_path)
    (inside / "api-key").write_bytes(b"ATATT3xFfGF0abcdefghijkl\n")
    os.mkfifo(inside / "pipe.png")
    return inside


@pytest.mark.parametrize("name", ["a.png", "sub/b.pdf", "sub/../a.png"])
def test_a_picture_below_the_folder_is_taken(folder: Path, name: str) -> None:
    assert recording.read(folder / name, folder)[1]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("../outside.png", "not below"),
        ("link.png", "link"),
        ("near.png", "link"),
        ("out/outside.png", "link"),
        ("api-key", "neither a picture nor a PDF"),
        ("pipe.png", "named pipe"),
        ("sub", "folder"),
        ("/proc/self/environ", "not below"),
        ("/etc/passwd", "not below"),
    ],
)
def test_anything_else_is_refused(folder: Path, name: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        recording.read(folder / name, folder)


@pytest.mark.parametrize("name", ["api-key", "/proc/self/environ", "pipe.png", "/dev/zero"])
def test_a_key_and_what_is_no_file_are_no_attachment_of_anybody(folder: Path, name: str) -> None:
    with pytest.raises(UsageError):
        recording.read(folder / name)
