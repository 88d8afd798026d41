"""The floors of the house: every file imports only from floors below, and no files import each other in a circle.

Read from the source, so that imports inside functions and under TYPE_CHECKING count too.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Set
from functools import cache
from pathlib import Path

import contribaudit

SOURCE = Path(contribaudit.__file__).parent
FLOORS: tuple[tuple[str, ...], ...] = (
    ("simulator", "progress", "exit_codes"),
    ("errors", "termination", "watch"),
    ("files",),
    ("core.model",),
    ("core.resolve",),
    ("core.judge",),
    ("core.advise",),
    ("rulebook", "catalogue", "atlassian", "packs"),
    ("policy_file",),
    ("collectors", "checks", "store"),
    ("attestations", "exporters", "vendors"),
    ("settings",),
    # What a pack is and how it is checked; making one needs what an audit gives.
    ("evidence.manifest", "evidence.signing"),
    ("evidence.pack",),
    ("evidence.controls",),
    ("evidence.readme",),
    ("evidence.start",),
    ("evidence.repeated",),
    ("evidence.agreement",),
    ("evidence.verify",),
    ("audit",),
    ("evidence",),
    ("wiring",),
    ("demo", "operations"),
    ("tui",),
    ("cli",),
    ("start",),
    ("__main__",),
)
"""Rooms from the ground up; those of one floor do not import each other. The longest name that fits is the room."""


def modules() -> dict[str, Path]:
    """Every module by its name without "contribaudit.", "" for the package itself."""
    found = {}
    for path in SOURCE.rglob("*.py"):
        parts = path.relative_to(SOURCE).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported(name: str, path: Path, known: Mapping[str, Path]) -> Iterator[str]:
    """Modules of ours that the file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "contribaudit":
            base = node.module.partition(".")[2]
            for one in node.names:
                inner = f"{base}.{one.name}".lstrip(".")
                reached = inner if inner in known else base
                if reached != name:
                    yield reached


@cache
def arrows() -> Mapping[str, Set[str]]:
    """What each module imports."""
    known = modules()
    return {name: set(imported(name, path, known)) for name, path in known.items()}


def floor_of(module: str) -> tuple[int, str]:
    """The floor, from 0, and the room."""
    fits = [
        (len(room), floor, room)
        for floor, rooms in enumerate(FLOORS)
        for room in rooms
        if module == room or module.startswith(f"{room}.")
    ]
    assert fits, f"{module} has no floor: add its room to FLOORS"
    _, floor, room = max(fits)
    return floor, room


def test_every_import_goes_down() -> None:
    upward = []
    for module, reached in arrows().items():
        if module in ("", "core"):
            continue
        floor, room = floor_of(module)
        for other in sorted(reached - {"", "core"}):
            other_floor, other_room = floor_of(other)
            if other_room != room and other_floor >= floor:
                upward.append(f"{module} -> {other}")
    assert not upward


def test_no_files_import_each_other_in_a_circle() -> None:
    """Files that nothing of the rest imports are taken away until none is left; what stays is a circle."""
    left = dict(arrows())
    while free := [name for name, reached in left.items() if not reached & left.keys()]:
        for name in free:
            del left[name]
    assert not {name: sorted(reached & left.keys()) for name, reached in left.items()}
