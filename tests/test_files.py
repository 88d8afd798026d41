"""Files that people name: whatever they hold, the answer is a text, a table, or a sentence with the line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from contribaudit.files import NotToml, Unreadable, decoded, read_bytes, read_text, toml, write_new


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_a_windows_editor_may_have_saved_it(tmp_path: Path, encoding: str) -> None:
    """utf-16-le and -be are written with the mark that editors put there."""
    mark = "\ufeff" if encoding in ("utf-16-le", "utf-16-be") else ""
    (tmp_path / "a.toml").write_bytes(f'{mark}name = "Zürich"\r\nb = 1\r\n'.encode(encoding))
    assert toml(read_text(tmp_path / "a.toml")) == {"name": "Zürich", "b": 1}


TABLE = "version = 1\nname = 'Zürich, Čačak, 東京'\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a = 1\nb = '\xe9'", "line 2 is not UTF-8"),
        *((TABLE.encode(f"utf-16-{end}"), "it is UTF-16 without a byte order mark") for end in ("le", "be")),
        *((TABLE.encode(f"utf-32-{end}"), "it is UTF-32 without a byte order mark") for end in ("le", "be")),
        ("a = 1".encode("utf-16-le"), "it is UTF-16 without a byte order mark"),
        (b"\xff\xfea", "starts like UTF-16 but is not valid"),
    ],
)
def test_an_unknown_encoding_is_named(content: bytes, said: str) -> None:
    with pytest.raises(Unreadable, match=said) as caught:
        decoded(content)
    assert caught.value.hint == "Save the file as UTF-8"


@pytest.mark.parametrize("content", [b"a = 1\n\0", b"ab = 1\n\0", b"a = 1\n" + bytes(8)])
def test_a_nul_byte_alone_makes_no_other_encoding(content: bytes) -> None:
    with pytest.raises(Unreadable, match="line 2 holds a NUL byte"):
        decoded(content)


def test_what_never_ends_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, said in (
        (tmp_path / "pipe", "named pipe"),
        (Path("/dev/zero"), "a device"),
        (tmp_path, "a folder"),
        (tmp_path / "none", "no such file"),
        (tmp_path / "a\0b", "cannot be opened"),
    ):
        with pytest.raises(Unreadable, match=said):
            read_bytes(path)
    assert read_bytes(Path(os.devnull)) == b""
    (tmp_path / "large").write_bytes(b"x" * 11)
    with pytest.raises(Unreadable, match="larger than"):
        read_bytes(tmp_path / "large", most=10)
    (tmp_path / "link").symlink_to(tmp_path / "large")
    with pytest.raises(Unreadable):
        read_bytes(tmp_path / "link", follow=False)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("\na = " + "[" * 5_000 + "]" * 5_000, 2, "nested too deeply"),
        ("a = " + "{a=" * 40 + "1" + "}" * 40, 1, "nested too deeply"),
        ("[" + ".".join("a" * 5_000) + "]", 1, "too many parts"),
        ("\n[" + ".".join("a" * 50) + "]", 2, "nested too deeply"),
        ("a = 1\nb = " + "9" * 5_000, 2, "too many digits"),
        ("a = 1\nb = 0x" + "f" * 5_000, 2, "too many digits"),
        ("a = -" + "9" * 50, 1, "too many digits"),
        ("a = 1\nb = = 2", 2, "invalid value"),
        ("a = [1,\n\n", 1, "the file ends"),
    ],
)
def test_extreme_toml_is_told_by_line(text: str, line: int, said: str) -> None:
    with pytest.raises(NotToml, match=said) as caught:
        toml(text)
    assert caught.value.line == line


@pytest.mark.skipif(os.name != "posix", reason="only there a file's size can be limited")
def test_a_new_file_is_whole_or_absent(tmp_path: Path) -> None:
    """Half of a signing key would stand in the way of the next attempt: a key is never overwritten."""
    import resource

    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, usual[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            write_new(tmp_path / "key.pem", b"k" * 101)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert not list(tmp_path.iterdir())
    write_new(tmp_path / "key.pem", b"k" * 101)
    with pytest.raises(FileExistsError):
        write_new(tmp_path / "key.pem", b"other")
    assert (tmp_path / "key.pem").read_bytes() == b"k" * 101
