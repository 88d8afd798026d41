"""Writes the screen's content into a new file in the current folder, and opens addresses in the user's browser.

A browser never gets this terminal.
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
    """The rows on the screen, for a CSV file."""

    name: str
    """For the file's name: letters and dashes."""
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    """Observed text is unchanged: the exporter makes it harmless."""

    @classmethod
    def of(cls, name: str, fields: Mapping[str, Callable[[T], Cell]], things: Iterable[T]) -> Sheet:
        """A sheet with one row per thing; `fields` maps each column to the function that gives its cell."""
        return cls(name, tuple(fields), [[field(one) for field in fields.values()] for one in things])


def write_sheet(sheet: Sheet) -> str:
    """Write the rows as CSV that no spreadsheet executes; returns the file's path. Raises OutputError."""
    from contribaudit.exporters.csv_evidence import lines  # too much before the first paint

    return _write_new_file(sheet.name, "csv", "".join(lines([sheet.columns, *sheet.rows])))


def write_picture(name: str, svg: str) -> str:
    """Write the screen's SVG picture; returns the file's path. Raises OutputError."""
    return _write_new_file(name, "svg", svg)


def _write_new_file(name: str, kind: str, text: str) -> str:
    safe = re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")[:40] or "screen"
    stem = f"contribaudit-{safe}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    for number in range(1, 100):
        path = Path.cwd() / (f"{stem}.{kind}" if number == 1 else f"{stem}-{number}.{kind}")
        try:
            # For this account only: the file shows the inside of an organization.
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
    """Whether a graphical browser can open here, judging by the platform and environment."""
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


async def open_in_browser(address: str) -> bool:
    """Open the address in the system's browser; returns False if no browser took it.

    Python's `webbrowser` waits for some browsers and falls back to w3m or lynx, as xdg-open does. A process without
    this terminal and without contribaudit's variables runs it, so that no browser draws over the dashboard or takes its
    keys. Cancelling ends that process; a browser that has opened stays.
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
