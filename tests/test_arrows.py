"""What a room brings with it, shown by a fresh interpreter that imports it and looks: no library but its own.

Which room may import which is in test_layout.py, read from the source.
"""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache

import pytest

ROOMS = (
    "atlassian",
    "attestations",
    "audit",
    "catalogue",
    "checks",
    "cli",
    "collectors",
    "core",
    "demo",
    "evidence",
    "exporters",
    "operations",
    "policy_file",
    "rulebook",
    "simulator",
    "store",
    "tui",
    "vendors",
)


LIBRARIES = {
    "httpx": {"atlassian", "vendors"},
    "tenacity": {"atlassian"},
    "sqlalchemy": {"store"},
    "alembic": {"store"},
    "keyring": set[str](),
    "starlette": {"simulator"},
    "uvicorn": {"simulator"},
    "textual": {"tui"},
}
PURE = ("core", "catalogue")
"""Without files, sockets and environment, and without a library that could reach them."""
FIRST = ("checks", "rulebook", "policy_file")
"""Without any of `LIBRARIES`: what the other rooms are built on."""
LATER = tuple(room for room in ROOMS if room not in (*PURE, *FIRST, "cli", "demo"))


@cache
def imported() -> dict[str, set[str]]:
    """Everything in sys.modules after importing a room, every file of it included, for each room.

    Each is imported by an interpreter that holds nothing else than the rooms of `PURE` and `FIRST` that come before.
    """
    script = f"""
import importlib, os, pkgutil, sys
def told(room):
    module = importlib.import_module("contribaudit." + room)
    for found in pkgutil.walk_packages(getattr(module, "__path__", []), module.__name__ + "."):
        if "migrations" not in found.name:
            importlib.import_module(found.name)
    print(room, *sys.modules, flush=True)
for room in {(*PURE, *FIRST)}:
    told(room)
for room in {LATER}:
    child = os.fork()
    if child == 0:
        told(room)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0, room
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    return {room: set(modules) for room, *modules in lines}


def rooms_in(modules: set[str]) -> set[str]:
    return {name.split(".")[1] for name in modules if name.startswith("contribaudit.")}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
@pytest.mark.parametrize("room", [room for room in ROOMS if room not in ("cli", "demo")])
def test_a_library_is_imported_only_in_its_room(room: str) -> None:
    """httpx and tenacity stay in atlassian (httpx in vendors too), SQL in store, the web server in simulator."""
    loaded = imported()[room]
    reached = rooms_in(loaded)
    for library, homes in LIBRARIES.items():
        if library in loaded:
            assert room not in FIRST
            assert reached & homes, f"{room} imports {library}"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
@pytest.mark.parametrize("room", PURE)
def test_the_pure_layer_knows_no_io(room: str) -> None:
    """core and catalogue import neither sockets, files, environment nor a library that could reach them."""
    loaded = imported()[room]
    assert not loaded & {"socket", "asyncio", "sqlite3", "httpx", "pydantic", "tomllib", "subprocess", "rich"}


def test_version_and_help_import_nothing_but_click() -> None:
    """`--version`, and `--help` of every command and subcommand, answer before any library but click is loaded."""
    script = """
import sys
known = {*sys.stdlib_module_names, *sys.modules, "contribaudit", "click"}
import click
from contribaudit.cli import group, run

def ask(*arguments):
    assert run(arguments) == 0, arguments
    strangers = {name.split(".")[0] for name in sys.modules} - known
    known.update(strangers)
    for name in strangers:
        if not name.startswith("_"):
            print(*arguments, "imports", name, file=sys.stderr)

def ask_all(command, *path):
    ask(*path, "--help")
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            ask_all(command.get_command(context, name), *path, name)

ask("--version")
ask_all(group)
"""
    done = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Usage: contribaudit") > 50
    assert not done.stderr.splitlines()
