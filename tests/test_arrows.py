"""What a room brings with it, shown by a fresh interpreter that imports it and looks: no library but its own.

Which room may import which is in test_layout.py, read from the source.
"""

from __future__ import annotations

import subprocess
import sys

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


def imported_by(*modules: str) -> set[str]:
    """Everything in sys.modules after importing the modules, every file of a package included."""
    script = f"""
import importlib, pkgutil, sys
for name in {modules!r}:
    module = importlib.import_module(name)
    for found in pkgutil.walk_packages(getattr(module, "__path__", []), name + "."):
        if "migrations" not in found.name:
            importlib.import_module(found.name)
print("\\n".join(sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def rooms_in(modules: set[str]) -> set[str]:
    return {name.split(".")[1] for name in modules if name.startswith("contribaudit.")}


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


@pytest.mark.parametrize("room", [room for room in ROOMS if room not in ("cli", "demo")])
def test_a_library_is_imported_only_in_its_room(room: str) -> None:
    """httpx and tenacity stay in atlassian (httpx in vendors too), SQL in store, the web server in simulator."""
    loaded = imported_by(f"contribaudit.{room}")
    reached = rooms_in(loaded)
    for library, homes in LIBRARIES.items():
        if library in loaded:
            assert reached & homes, f"{room} imports {library}"


@pytest.mark.parametrize("module", ["contribaudit.core", "contribaudit.catalogue"])
def test_the_pure_layer_knows_no_io(module: str) -> None:
    """core and catalogue import neither sockets, files, environment nor a library that could reach them."""
    loaded = imported_by(module)
    assert not loaded & {"socket", "asyncio", "sqlite3", "httpx", "pydantic", "tomllib", "subprocess", "rich"}


def test_version_and_help_import_nothing_but_click() -> None:
    """`--help` and `--version` answer before any library but click is loaded."""
    script = """
import sys
from contribaudit.cli import run
assert run([sys.argv[1]]) == 0
known = set(sys.stdlib_module_names) | {"contribaudit", "click", "__main__"}
print("\\n".join(sorted({name.split(".")[0] for name in sys.modules} - known)), file=sys.stderr)
"""
    for option in ("--version", "--help"):
        done = subprocess.run([sys.executable, "-I", "-c", script, option], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        strangers = {line for line in done.stderr.split() if not line.startswith(("_", "sitecustomize"))}
        assert not strangers, strangers
