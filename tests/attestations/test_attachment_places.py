"""Attachments that a folder of attestation files names: others may have written it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from contribaudit.attestations import files
from contribaudit.errors import UsageError
from contribaudit.settings.credentials import secrets
from contribaudit.settings.model import AppSettings

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
    assert files.read_attachment(folder / name, folder)[1]


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
        files.read_attachment(folder / name, folder)


@pytest.mark.parametrize("name", ["api-key", "/proc/self/environ", "pipe.png", "/dev/zero"])
def test_a_key_and_what_is_no_file_are_no_attachment_of_anybody(folder: Path, name: str) -> None:
    with pytest.raises(UsageError):
        files.read_attachment(folder / name)


SECRET = "f00d-the-configured-one"


@pytest.mark.parametrize("kind", ["itself", "a hard link", "a link", "a picture around it", "a file with it as a note"])
@pytest.mark.parametrize("configured", ["api_key_file", "token_file", "signing_key", "a variable"])
def test_a_configured_secret_is_refused_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, configured: str
) -> None:
    monkeypatch.setattr(files, "_secret_files", set())
    monkeypatch.setattr(files, "_secrets", set())
    key = tmp_path / "key"
    key.write_text(f"{SECRET} with blanks\n")
    whole = f"{SECRET} with blanks"
    choices: dict[str, dict[str, object]] = {
        "api_key_file": {"api_key_file": key},
        "token_file": {"sites": {"site": [{"host": "a.example", "email": "a@a.example", "token_file": key}]}},
        "signing_key": {"evidence": {"signing_key": key}},
        "a variable": {"organization": [{"id": "acme", "api_key_env": "THE_KEY"}]},
    }
    monkeypatch.setenv("THE_KEY", whole)
    place = tmp_path / "shot.csv"
    if kind == "itself":
        place = key
    elif kind == "a hard link":
        os.link(key, place)
    elif kind == "a link":
        place.symlink_to(key)
    else:
        place.write_bytes((PNG if "picture" in kind else b"subject,setting,value,note\n") + whole.encode())
    files.never_attach(*secrets(AppSettings.model_validate(choices[configured])))
    with pytest.raises(UsageError, match="configured secret") as caught:
        files.read_attachment(place)
    assert SECRET not in str(caught.value)
    if "picture" not in kind:
        with pytest.raises(UsageError, match="configured secret"):
            files.load(place)


def test_a_file_without_one_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_secrets", set())
    files.never_attach([tmp_path / "gone"], ["", "short", SECRET])
    (tmp_path / "a.png").write_bytes(PNG + b"short")
    assert files.read_attachment(tmp_path / "a.png")[1]
