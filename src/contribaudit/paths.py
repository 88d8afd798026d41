"""Where files live on this platform. Nothing is created here: whoever writes a file makes its folder."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from contribaudit.errors import ConfigurationError

APP = "contribaudit"
CONFIG_VARIABLE = "CONTRIBAUDIT_CONFIG"
STORE_VARIABLE = "CONTRIBAUDIT_STORE"
LOCAL_CONFIG = "contribaudit.toml"


def expanded(path: str | Path) -> Path:
    """The path with ~ and ~name replaced. Raises ConfigurationError where nobody knows that home folder."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise ConfigurationError(
            f"Nobody knows the home folder that {path} starts with", hint="Set HOME, or write the whole path"
        ) from None


def config_dir() -> Path:
    """The folder of config.toml and policy.toml: ~/.config/contribaudit on Linux. Raises ConfigurationError."""
    from platformdirs import user_config_path

    return _at_home(user_config_path, f"Set HOME, or name the file with {CONFIG_VARIABLE}")


def data_dir() -> Path:
    """The folder of what this tool keeps: ~/.local/share/contribaudit on Linux. Raises ConfigurationError."""
    from platformdirs import user_data_path

    return _at_home(user_data_path, f"Set {STORE_VARIABLE} to a file, or HOME to a folder")


def log_dir() -> Path:
    """The folder of log files: ~/.local/state/contribaudit/log on Linux. Raises ConfigurationError."""
    from platformdirs import user_log_path

    return _at_home(user_log_path, "Set HOME, or name the file on the command line")


def _at_home(find: Callable[[str, Literal[False]], Path], hint: str) -> Path:
    """What platformdirs finds, unless HOME and the account are missing or HOME is no whole path."""
    with contextlib.suppress(RuntimeError):
        path = find(APP, False)
        if path.is_absolute():
            return path
    raise ConfigurationError("This account has no home folder", hint=hint)


def config_file() -> Path:
    """Where `init` writes the configuration, and where it is looked for last."""
    return config_dir() / "config.toml"


def policy_file() -> Path:
    """Where `init` writes the policy."""
    return config_dir() / "policy.toml"


def store_default() -> Path:
    """The history, where the configuration names no other."""
    return data_dir() / "history.sqlite"


def find_config(named: Path | None) -> Path | None:
    """The configuration that is in force: `named` (--config), $CONTRIBAUDIT_CONFIG, ./contribaudit.toml, config_file().

    The first two are returned whether they exist or not: who names a file wants that one. None when there is none.
    """
    if named is not None:
        return named
    if variable := os.environ.get(CONFIG_VARIABLE):
        return expanded(variable)
    if _is_file(Path(LOCAL_CONFIG)):
        return Path(LOCAL_CONFIG)
    usual = usual_config()
    return usual if usual is not None and _is_file(usual) else None


def by_chance(path: Path) -> bool:
    """Whether this configuration was found in the present folder, which may be a clone of anybody's, unnamed."""
    return path == Path(LOCAL_CONFIG) and not os.environ.get(CONFIG_VARIABLE)


def usual_config() -> Path | None:
    """config_file(), None for an account without a home folder."""
    try:
        return config_file()
    except ConfigurationError:
        return None


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a folder on the way that this account may not enter
        return False
