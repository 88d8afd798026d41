"""A machine of its own for a test: no configuration, no key, no keyring but the one that the test brings."""

from __future__ import annotations

import os
from pathlib import Path
from typing import ClassVar

import pytest
from keyring.backend import KeyringBackend

FOLDERS = {"XDG_CONFIG_HOME": ".config", "XDG_DATA_HOME": ".local/share", "XDG_STATE_HOME": ".local/state"}


def isolate(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    """Make `home` the home and the present folder, and drop every variable that configures something."""
    for name in list(os.environ):
        if name.startswith(("CONTRIBAUDIT_", "CREDENTIALS_", "PYTHON_KEYRING")):
            monkeypatch.delenv(name)
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "https_proxy", "http_proxy", "all_proxy", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(home))
    for name, folder in FOLDERS.items():
        monkeypatch.setenv(name, str(home / folder))
    monkeypatch.chdir(home)


class MemoryKeyring(KeyringBackend):
    """Keeps passwords as long as the test runs."""

    priority: ClassVar[float] = 5
    kept: ClassVar[dict[tuple[str, str], str]] = {}

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


class ForgetfulKeyring(MemoryKeyring):
    """Says that it saved, like keyring's null backend."""

    def set_password(self, service: str, username: str, password: str) -> None:
        pass


class LockedKeyring(MemoryKeyring):
    """Fails as the Secret Service does without a bus: with a RuntimeError that repeats what it was given."""

    def get_password(self, service: str, username: str) -> str | None:  # noqa: ARG002
        raise RuntimeError("Unable to initialize SecretService")

    def set_password(self, service: str, username: str, password: str) -> None:  # noqa: ARG002
        raise RuntimeError(f"Unable to store {password}")


def use_keyring(monkeypatch: pytest.MonkeyPatch, backend: KeyringBackend, *, trusted: bool = True) -> None:
    """Make this the system keyring, empty at first."""
    import keyring

    from contribaudit.settings import credentials

    MemoryKeyring.kept.clear()
    monkeypatch.setattr(keyring.core, "_keyring_backend", backend)
    if trusted:
        name = (type(backend).__module__, type(backend).__qualname__)
        monkeypatch.setitem(credentials.TRUSTED_BACKENDS, name, "Test keyring")
