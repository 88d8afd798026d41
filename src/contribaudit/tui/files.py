"""Writes what is on the screen into a new file in the current folder; opens addresses in the user's browser.

This terminal is never lent to a browser.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from subprocess import DEVNULL, Popen
from typing import TypeVar

from contribaudit.errors import OutputError
from contribaudit.exporters.text import Cell
from contribaudit.files import write_new

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is on the screen as rows, for a CSV file."""

    name: str
    """For the file's name: letters and dashes."""
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    """Observed text as it was observed: the exporter makes it harmless."""

    @classmethod
    def of(cls, name: str, fields: Mapping[str, Callable[[T], Cell]], things: Iterable[T]) -> Sheet:
        """A row for each thing; `fields` are the columns with what each says of it."""
        return cls(name, tuple(fields), [[field(one) for field in fields.values()] for one in things])


def write_sheet(sheet: Sheet) -> str:
    """The rows as CSV that no spreadsheet runs; returns the file's path. Raises OutputError."""
    from contribaudit.exporters.csv_evidence import lines  # too much before the first paint

    return _write_new_file(sheet.name, "csv", "".join(lines([sheet.columns, *sheet.rows])))


def write_picture(name: str, svg: str) -> str:
    """The screen as SVG; returns the file's path. Raises OutputError."""
    return _write_new_file(name, "svg", svg)


def _write_new_file(name: str, kind: str, text: str) -> str:
    safe = re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")[:40] or "screen"
    stem = f"contribaudit-{safe}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    for number in range(1, 100):
        path = Path.cwd() / (f"{stem}.{kind}" if number == 1 else f"{stem}-{number}.{kind}")
        try:
            # For this account only: it holds what an organization looks like inside.
            write_new(path, text.encode("utf-8", "backslashreplace"))
        except FileExistsError:
            continue
        except OSError as error:
            raise OutputError(
                f"{path} could not be written: {error.strerror}", hint="Start it in a folder that you can write to"
            ) from error
        return str(path)
    raise OutputError(f"{stem} already exists a hundred times", hint="Wait a second and try again")


_OPEN = "import sys, webbrowser; sys.exit(not webbrowser.open(sys.argv[1]))"
_LOOK_SECONDS = 0.1


def has_windows() -> bool:
    """Whether a browser with windows can open here, as far as the environment tells."""
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


async def open_in_browser(address: str) -> bool:
    """Hand the address to the system's browser; False where none took it.

    Python's `webbrowser` waits for some browsers, and where it finds none with windows it starts w3m or lynx; so does
    xdg-open. They are tried from a process that has no terminal, so that none can draw over this one or wait for keys,
    and that knows nothing of our settings. Cancelled, it is given up; a browser that came up stays.
    """
    process = _start_browser(address)
    try:
        while process.poll() is None:  # noqa: ASYNC110  asyncio's own processes outlast an app that ends while they run
            await asyncio.sleep(_LOOK_SECONDS)
        return process.returncode == 0
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _start_browser(address: str) -> Popen[bytes]:
    return Popen(  # noqa: S603  this very Python, and an address of our own data
        [sys.executable, "-I", "-c", _OPEN, address],
        stdin=DEVNULL,
        stdout=DEVNULL,
        stderr=DEVNULL,
        start_new_session=True,
        env={name: value for name, value in os.environ.items() if not name.startswith("CONTRIBAUDIT_")},
    )
