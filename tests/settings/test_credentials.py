"""Where the key is found, and which keyrings are trusted with it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from keyring.backends.chainer import ChainerBackend
from keyring.backends.fail import Keyring as NoKeyring
from keyring.backends.null import Keyring as NullKeyring
from pydantic import SecretStr

from contribaudit.errors import CredentialError, KeyStoreUnusable, UsageError
from contribaudit.settings.credentials import (
    NamedKey,
    account,
    find_key,
    forget_key,
    key_store,
    read_key_file,
    save_key,
)
from contribaudit.settings.model import AppSettings
from tests.isolation import ForgetfulKeyring, LockedKeyring, MemoryKeyring, isolate, use_keyring

ACME, LABS = "acme", "labs"


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    isolate(monkeypatch, tmp_path)
    use_keyring(monkeypatch, MemoryKeyring())
    return tmp_path


def a_file(name: str, content: str | bytes, mode: int = 0o600) -> Path:
    path = Path(name)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.chmod(mode)
    return path


def found(settings: AppSettings, organization: str = ACME, **places: Any) -> tuple[str, str]:
    key = find_key(settings, organization, NamedKey(**places))
    return key.key.get_secret_value(), key.origin


def configured(text: str) -> AppSettings:
    Path("config.toml").write_text(text)
    return AppSettings.load(Path("config.toml"))


def test_the_nearest_place_wins(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    """Each place that is taken away gives way to the next."""
    save_key(ACME, SecretStr("from-keyring"))
    a_file("configured", "from-configured\n")
    monkeypatch.setenv("CONTRIBAUDIT_API_KEY", "from-environment")
    settings = configured('org_id = "acme"\napi_key_file = "configured"\n')
    named = a_file("named", "from-named")
    reading, writing = os.pipe()
    os.write(writing, b"from-descriptor\n")
    os.close(writing)
    assert found(settings, fd=reading) == ("from-descriptor", f"file descriptor {reading}")
    os.close(reading)
    assert found(settings, file=named) == ("from-named", "the file named")
    assert found(settings) == ("from-environment", "the environment variable CONTRIBAUDIT_API_KEY")
    monkeypatch.delenv("CONTRIBAUDIT_API_KEY")
    assert found(configured('org_id = "acme"\napi_key_file = "configured"\n'))[0] == "from-configured"
    assert found(configured('org_id = "acme"\n')) == ("from-keyring", "the keyring (Test keyring)")


def test_several_organizations_keep_their_keys_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """CONTRIBAUDIT_API_KEY fits one of them, so it does not replace what another names for itself."""
    monkeypatch.setenv("CONTRIBAUDIT_API_KEY", "general")
    monkeypatch.setenv("LABS_KEY", "for-labs")
    settings = configured('[[organization]]\nid = "acme"\n[[organization]]\nid = "labs"\napi_key_env = "LABS_KEY"\n')
    assert found(settings, ACME)[0] == "general"
    assert found(settings, LABS) == ("for-labs", "the environment variable LABS_KEY")


def test_the_general_file_is_no_other_organizations() -> None:
    a_file("mine", "from-mine")
    settings = configured('org_id = "acme"\napi_key_file = "mine"\n[[organization]]\nid = "labs"\n')
    assert found(settings, ACME)[0] == "from-mine"
    with pytest.raises(CredentialError):
        find_key(settings, LABS)


def test_no_key_names_every_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTRIBAUDIT_API_KEY", "")
    with pytest.raises(CredentialError) as caught:
        find_key(AppSettings.load(), ACME)
    for place in ("--api-key-fd", "--api-key-file", "CONTRIBAUDIT_API_KEY (set but empty)", "configuration", "keyring"):
        assert place in caught.value.message
    assert "contribaudit login --org acme" in caught.value.hint


def test_file_and_descriptor_at_once_are_refused() -> None:
    with pytest.raises(UsageError, match="both"):
        find_key(AppSettings.load(), ACME, NamedKey(Path("x"), 3))


@pytest.mark.parametrize("content", ["the-key", "the-key\n", "the-key\r\n", b"\xef\xbb\xbfthe-key\n"])
def test_a_key_file_may_end_its_line(content: str | bytes) -> None:
    assert read_key_file(a_file("key", content)).get_secret_value() == "the-key"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "is empty"),
        (" \n", "is empty"),
        ("S3cret\nS3cret\n", "more than one line"),
        ("S3cret\n\n", "more than one line"),
        ("S3cret S3cret", "characters that are not allowed in a key"),
        ("S3cret\x1b[2J", "characters that are not allowed in a key"),
        ("S3crét", "characters that are not allowed in a key"),
        (b"S3cret\xff", "characters that are not allowed in a key"),
        ("S3cret" * 5000, "more than a key"),
    ],
)
def test_what_is_no_key_is_refused(content: str | bytes, told: str) -> None:
    with pytest.raises(CredentialError, match=told) as caught:
        read_key_file(a_file("key", content))
    assert "S3cr" not in str(caught.value)


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644])
def test_a_key_file_that_others_can_read_is_refused(mode: int) -> None:
    with pytest.raises(CredentialError, match="can be read or changed by others") as caught:
        read_key_file(a_file("key", "the-key", mode))
    assert caught.value.hint == "Run: chmod 600 key"


def test_systemds_credentials_are_taken(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    """systemd gives them mode 0440 in a folder that nobody else can enter."""
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(home))
    assert read_key_file(a_file("key", "the-key", 0o440)).get_secret_value() == "the-key"
    with pytest.raises(CredentialError):
        read_key_file(a_file("open", "the-key", 0o644))


def test_a_missing_file_a_folder_and_a_closed_descriptor(home: Path) -> None:
    for path, reason in ((Path("missing"), "there is no such file"), (home, "this is a folder")):
        with pytest.raises(CredentialError, match=f"cannot be read: {reason}"):
            read_key_file(path)
    with pytest.raises(CredentialError, match="File descriptor 987 cannot be read"):
        find_key(AppSettings.load(), ACME, NamedKey(fd=987))


def test_saved_found_and_forgotten() -> None:
    assert save_key(ACME, SecretStr("the-key")) == "Test keyring" == key_store()
    assert found(AppSettings.load())[0] == "the-key"
    assert forget_key(ACME)
    assert not forget_key(ACME)


def test_a_keyring_that_forgets_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    use_keyring(monkeypatch, ForgetfulKeyring())
    with pytest.raises(KeyStoreUnusable, match="did not store the key"):
        save_key(ACME, SecretStr("the-key"))


@pytest.mark.parametrize(
    ("backend", "told"),
    [
        (NoKeyring(), "There is no system keyring here"),  # type: ignore[no-untyped-call]
        (NullKeyring(), "keyring.backends.null.Keyring is not trusted"),  # type: ignore[no-untyped-call]
        (MemoryKeyring(), "MemoryKeyring is not trusted"),
    ],
)
def test_only_trusted_keyrings_get_a_key(backend: MemoryKeyring, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    use_keyring(monkeypatch, backend, trusted=False)
    monkeypatch.setattr("contribaudit.settings.credentials.TRUSTED_BACKENDS", {})
    for act in (lambda: save_key(ACME, SecretStr("S3cret")), lambda: forget_key(ACME), key_store):
        with pytest.raises(KeyStoreUnusable, match=told) as caught:
            act()
        for way in ("CONTRIBAUDIT_API_KEY", "--api-key-file", "--api-key-fd"):
            assert way in caught.value.hint
    with pytest.raises(KeyStoreUnusable, match="searched"):
        find_key(AppSettings.load(), ACME)


@pytest.mark.parametrize("trusted", [True, False])
def test_a_chain_is_as_trusted_as_its_members(trusted: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """With keyrings.alt installed, keyring puts a plain-text file second: a locked first member would let it in."""
    members: list[object] = [MemoryKeyring()] if trusted else [MemoryKeyring(), NullKeyring()]  # type: ignore[no-untyped-call]
    monkeypatch.setattr(ChainerBackend, "backends", members)
    use_keyring(monkeypatch, ChainerBackend(), trusted=False)  # type: ignore[no-untyped-call]
    if trusted:
        assert key_store() == "Test keyring"
    else:
        with pytest.raises(KeyStoreUnusable, match=r"keyring\.backends\.null\.Keyring is not trusted"):
            key_store()


def test_a_keyring_that_fails_tells_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    use_keyring(monkeypatch, LockedKeyring())
    with pytest.raises(KeyStoreUnusable) as caught:
        save_key(ACME, SecretStr("S3cret"))
    assert "S3cret" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_headless_run_does_not_import_keyring(home: Path) -> None:
    code = (
        "import sys; from contribaudit.settings.model import AppSettings; "
        "from contribaudit.settings.credentials import find_key; "
        "assert find_key(AppSettings.load(), 'acme').key.get_secret_value() == 'k-1'; "
        "assert 'keyring' not in sys.modules"
    )
    environment = {**os.environ, "CONTRIBAUDIT_API_KEY": "k-1"}
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, env=environment, timeout=60)


@pytest.mark.parametrize("mode", [0o400, 0o440, 0o444])
def test_a_mounted_secret_is_taken(home: Path, mode: int) -> None:
    """As an orchestrator mounts it: read-only, readable by a group or by all, writable by nobody."""
    assert read_key_file(a_file("key", "the-key", mode)).get_secret_value() == "the-key"


def test_a_secret_behind_the_link_of_a_projected_volume_is_taken(home: Path) -> None:
    Path("..data").mkdir()
    a_file("..data/key", "the-key", 0o644)
    Path("key").symlink_to("..data/key")
    assert read_key_file(Path("key")).get_secret_value() == "the-key"
    Path("..data/key").chmod(0o664)
    with pytest.raises(CredentialError, match="changed by others"):
        read_key_file(Path("key"))


def test_a_key_is_found_only_for_the_host_that_it_was_saved_for(monkeypatch: pytest.MonkeyPatch) -> None:
    save_key(ACME, SecretStr("the-key"))
    for other in ("https://gateway.example", "http://127.0.0.1:8080"):
        monkeypatch.setenv("CONTRIBAUDIT_API_URL", other)
        with pytest.raises(CredentialError, match=f"{ACME} at {other.partition('://')[2]}"):
            found(AppSettings.load())
        save_key(account(ACME, other), SecretStr("the-other-key"))
        assert found(AppSettings.load())[0] == "the-other-key"
