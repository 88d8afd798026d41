"""Where files live."""

from __future__ import annotations

from pathlib import Path

import pytest

from contribaudit import paths
from tests.isolation import isolate


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    isolate(monkeypatch, tmp_path)
    return tmp_path


def test_follows_the_platform_and_creates_nothing(home: Path) -> None:
    assert paths.config_file() == home / ".config/contribaudit/config.toml"
    assert paths.policy_file() == home / ".config/contribaudit/policy.toml"
    assert paths.store_default() == home / ".local/share/contribaudit/history.sqlite"
    assert paths.log_dir().is_relative_to(home / ".local/state")
    assert list(home.iterdir()) == []


def test_the_nearest_configuration_is_found(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """--config, $CONTRIBAUDIT_CONFIG, ./contribaudit.toml, the platform's folder."""
    assert paths.find_config(None) is None
    paths.config_file().parent.mkdir(parents=True)
    paths.config_file().touch()
    assert paths.find_config(None) == paths.config_file()
    Path("contribaudit.toml").touch()
    assert paths.find_config(None) == Path("contribaudit.toml")
    monkeypatch.setenv("CONTRIBAUDIT_CONFIG", "~/other.toml")
    assert paths.find_config(None) == home / "other.toml"
    assert paths.find_config(Path("named.toml")) == Path("named.toml")
