"""Live progress on a terminal: what is being read, how far each collector is, and what it waits for."""

from __future__ import annotations

from math import ceil
from time import monotonic
from typing import TextIO

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text


class Board:
    """One line per running collector, and one per wait. Observed text is not interpreted as markup."""

    def __init__(self, stream: TextIO, *, color: bool) -> None:
        self._console = Console(file=stream, no_color=not color, highlight=False, markup=False, emoji=False)
        self._spinner = Spinner("dots" if self._console.encoding.startswith("utf") else "line")
        self._lines: dict[tuple[str, str], str] = {}
        self._waits: dict[str, tuple[float, str]] = {}
        self._live = Live(self, console=self._console, transient=True, refresh_per_second=8, redirect_stdout=False)
        self._live.start()

    def started(self, organization: str, collector: str) -> None:
        self._lines[organization, collector] = "reading"

    def page_read(self, organization: str, collector: str, read: int, announced: int | None) -> None:
        if (organization, collector) in self._lines:
            self._lines[organization, collector] = (
                f"{read:,} read" if announced is None else f"{read:,} of {announced:,}"
            )

    def waiting(self, call: str, seconds: float, reason: str) -> None:
        self._waits[call] = (monotonic() + seconds, reason)

    def finished(self, organization: str, collector: str) -> None:
        self._lines.pop((organization, collector), None)

    def print(self, line: str) -> None:
        """Write a permanent line above the board."""
        self._console.print(Text.from_ansi(line), soft_wrap=True)

    def stop(self) -> None:
        """Remove the board."""
        self._live.stop()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        several = len({organization for organization, _ in self._lines}) > 1
        grid = Table.grid(padding=(0, 2))
        grid.add_column(width=1)
        grid.add_column(no_wrap=True)
        grid.add_column(no_wrap=True, overflow="ellipsis")
        for (organization, collector), text in sorted(self._lines.items()):
            name = f"{organization} {collector}" if several else collector
            grid.add_row(self._spinner, Text(name), Text(text))
        yield grid
        now = monotonic()
        for call, (until, reason) in sorted(self._waits.items()):
            if until > now:
                text = reason if call in reason else f"{call}: {reason}"
                line = f"·  waiting {ceil(until - now)} s: {text}"
                yield Text(line, style="yellow", no_wrap=True, overflow="ellipsis")
