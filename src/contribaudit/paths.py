"""Where files live on this platform. Nothing is created here: whoever writes a file makes its folder."""

from __future__ import annotations

import os
from pathlib import Path

APP = "contribaudit"
CONFIG_VARIABLE = "CONTRIBAUDIT_CONFIG"
LOCAL_CONFIG = "contribaudit.toml"


def config_dir() -> Path:
    """The folder of config.toml and policy.toml: ~/.config/contribaudit on Linux."""
    from platformdirs import user_config_path

    return user_config_path(APP, appauthor=False)


def data_dir() -> Path:
    """The folder of what this tool keeps: ~/.local/share/contribaudit on Linux."""
    from platformdirs import user_data_path

    return user_data_path(APP, appauthor=False)


def log_dir() -> Path:
    """The folder of log files: ~/.local/state/contribaudit/log on Linux."""
    from platformdirs import user_log_path

    return user_log_path(APP, appauthor=False)


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
        return Path(variable).expanduser()
    return next((path for path in (Path(LOCAL_CONFIG), config_file()) if path.is_file()), None)
