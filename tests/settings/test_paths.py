"""Where files live."""

from __future__ import annotations

from pathlib import Path

import pytest

from contribaudit.errors import ConfigurationError
from contribaudit.settings import file
from tests.isolation import FOLDERS, isolate


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    isolate(monkeypatch, tmp_path)
    return tmp_path


def test_follows_the_platform_and_creates_nothing(home: Path) -> None:
    assert file.config_file() == home / ".config/contribaudit/config.toml"
    assert file.store_default() == home / ".local/share/contribaudit/history.sqlite"
    assert file.log_dir().is_relative_to(home / ".local/state")
    assert list(home.iterdir()) == []


def test_the_nearest_configuration_is_found(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """--config, $CONTRIBAUDIT_CONFIG, ./contribaudit.toml, the platform's folder."""
    assert file.find_config(None) is None
    file.config_file().parent.mkdir(parents=True)
    file.config_file().touch()
    assert file.find_config(None) == file.config_file()
    Path("contribaudit.toml").touch()
    assert file.find_config(None) == Path("contribaudit.toml")
    monkeypatch.setenv("CONTRIBAUDIT_CONFIG", "~/other.toml")
    assert file.find_config(None) == home / "other.toml"
    assert file.find_config(Path("named.toml")) == Path("named.toml")


def test_no_home_and_no_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container whose user has no entry in /etc/passwd."""

    def nobody(_path: Path) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("HOME")
    for variable in FOLDERS:
        monkeypatch.delenv(variable)
    monkeypatch.setattr(Path, "expanduser", nobody)
    monkeypatch.setattr("os.path.expanduser", lambda path: path)
    assert file.usual_config() is None
    for find in (file.config_dir, file.data_dir, file.log_dir):
        with pytest.raises(ConfigurationError, match="no home folder"):
            find()
    with pytest.raises(ConfigurationError) as caught:
        file.store_default()
    assert "CONTRIBAUDIT_STORE" in caught.value.hint
    with pytest.raises(ConfigurationError, match="The home folder"):
        file.expanded("~/x")
