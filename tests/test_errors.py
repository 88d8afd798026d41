"""How an extra is added, by whatever installed contribaudit."""

from __future__ import annotations

import importlib.metadata
import json
import sys
from dataclasses import dataclass, field

import pytest

from contribaudit.errors import installing

PIPX, UV = "/home/ada/.local/share/pipx/venvs/contribaudit", "/home/ada/.local/share/uv/tools/contribaudit"
CLONE = {"url": "file:///home/ada/a%20clone", "dir_info": {"editable": True}}
PIP = "/py -m pip install"
GIT = {"url": "https://github.com/contribaudit/contribaudit", "vcs_info": {"vcs": "git", "commit_id": "1"}}


@dataclass
class Installed:
    """What importlib.metadata knows of an installation."""

    origin: object
    requires: list[str] = field(
        default_factory=lambda: [
            "click>=8",
            "psycopg[binary]>=3.2; extra == 'postgres'",
            'apprise>=1.9; extra == "notify"',
        ]
    )

    def read_text(self, _name: str) -> str | None:
        return json.dumps(self.origin) if self.origin else None


@pytest.mark.parametrize(
    ("prefix", "origin", "extra", "told"),
    [
        ("/opt/ca", None, "notify", f"{PIP} 'contribaudit[notify]'"),
        ("/opt/ca", CLONE, "postgres", f"{PIP} '/home/ada/a clone[postgres]'"),
        ("/opt/ca", GIT, "notify", f"{PIP} 'contribaudit[notify] @ git+https://github.com/contribaudit/contribaudit'"),
        (PIPX, None, "postgres", "pipx inject contribaudit 'psycopg[binary]>=3.2'"),
        (PIPX, GIT, "notify", "pipx inject contribaudit 'apprise>=1.9'"),
        (UV, CLONE, "notify", "uv tool install --force '/home/ada/a clone[notify]'"),
    ],
)
def test_an_extra_is_added_by_what_installed_it(
    prefix: str, origin: object, extra: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "prefix", prefix)
    monkeypatch.setattr(sys, "executable", "/py")
    monkeypatch.setattr(importlib.metadata, "distribution", lambda _name: Installed(origin))
    assert installing(extra) == f"Install it with: {told}"


def test_without_an_installation_the_clone_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Started from its sources, with nothing installed."""

    def missing(name: str) -> object:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "distribution", missing)
    assert "[notify]" in installing("notify")
