"""Live progress on a terminal: what is being read, how far each collector is, and what it waits for."""

from __future__ import annotations

from typing import TextIO

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from contribaudit.watch import Reading, Watch


class Board(Watch):
    """One line per running collector, and one per wait. Observed text is not interpreted as markup."""

    def __init__(self, stream: TextIO, *, color: bool) -> None:
        super().__init__()
        self._console = Console(file=stream, no_color=not color, highlight=False, markup=False, emoji=False)
        self._spinner = Spinner("dots" if self._console.encoding.startswith("utf") else "line")
        self._live = Live(self, console=self._console, transient=True, refresh_per_second=8, redirect_stdout=False)
        self._live.start()

    def print(self, line: str) -> None:
        """Write a permanent line above the board."""
        self._console.print(Text.from_ansi(line), soft_wrap=True)

    def stop(self) -> None:
        """Remove the board."""
        self._live.stop()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        running = [one for one in list(self.readings.values()) if one.ended is None]
        several = len({one.organization for one in running}) > 1
        grid = Table.grid(padding=(0, 2))
        grid.add_column(width=1)
        grid.add_column(no_wrap=True)
        grid.add_column(no_wrap=True, overflow="ellipsis")
        for one in sorted(running, key=lambda reading: (reading.organization, reading.collector)):
            name = f"{one.organization} {one.collector}" if several else one.collector
            grid.add_row(self._spinner, Text(name), Text(_how_far(one)))
        yield grid
        for seconds, message in self.present_waits(self.clock()):
            line = f"·  waiting {seconds} s: {message}"
            yield Text(line, style="yellow", no_wrap=True, overflow="ellipsis")


def _how_far(reading: Reading) -> str:
    if not reading.pages:
        return "reading"
    return f"{reading.read:,} read" if reading.announced is None else f"{reading.read:,} of {reading.announced:,}"
