"""What the API answered, as it was kept: pretty, searchable, one answer after the other."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Input, Static

from contribaudit.errors import ContribauditError
from contribaudit.exporters.text import safe_text
from contribaudit.tui.host import host_of
from contribaudit.tui.widgets.bars import KeyLine
from contribaudit.tui.widgets.field import PlainInput
from contribaudit.tui.widgets.grid import Column, Grid


def pretty(raw: bytes) -> list[str]:
    """The answer in lines, indented where it is JSON. Nothing in it is obeyed by a terminal."""
    text = raw.decode("utf-8", "backslashreplace")
    with contextlib.suppress(ValueError):
        text = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    return [safe_text(line) for line in text.split("\n")]


class RawScreen(Screen[None]):
    """Reads each answer in a worker; the keys go through several."""

    NAME: ClassVar[str] = "Raw response"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back"),
        Binding("slash", "search", "Search", key_display="/"),
        Binding("f3", "next(1)", "Next match", key_display="F3"),
        Binding("shift+f3", "next(-1)", "Previous match", show=False),
        Binding("right_square_bracket", "other(1)", "Next response", key_display="]"),
        Binding("left_square_bracket", "other(-1)", "Previous response", show=False, key_display="["),
        Binding("y", "copy", "Copy"),
    ]

    def __init__(self, digests: Sequence[str]) -> None:
        super().__init__()
        self._digests = list(digests)
        self._place = 0
        self._lines: list[str] = []

    def compose(self) -> ComposeResult:
        """Which answer it is, its lines, the search."""
        yield Static(id="which", markup=False)
        yield Grid([Column("", 10, flexible=True)], id="lines")
        yield PlainInput(placeholder="search", id="search")
        yield KeyLine()

    def on_mount(self) -> None:
        """Begin with the first."""
        self.query_one(Input).display = False
        self.set_focus(self.query_one(Grid))
        self._read()

    @property
    def lines(self) -> Sequence[str]:
        """What is shown."""
        return self._lines

    @work(exclusive=True)
    async def _read(self) -> None:
        digest = self._digests[self._place]
        where = f"response {self._place + 1} of {len(self._digests)}  sha256 {safe_text(digest)}"
        self.query_one("#which", Static).update(Text(where, "bold"))
        dashboard = host_of(self)
        grid = self.query_one(Grid)
        if dashboard.source is None:
            return
        try:
            raw = await asyncio.to_thread(dashboard.source.raw, digest)
        except ContribauditError as error:
            self._lines, grid.empty = [], safe_text(str(error))
        else:
            self._lines = await asyncio.to_thread(pretty, raw)
        grid.show(len(self._lines), self._cells, cursor=0)

    def _cells(self, row: int) -> list[Text]:
        text = Text(self._lines[row])
        wanted = self.query_one(Input).value
        if wanted:
            text.highlight_words([wanted], "reverse", case_sensitive=False)
        return [text]

    def action_search(self) -> None:
        """Type what to look for."""
        self.query_one(Input).display = True
        self.set_focus(self.query_one(Input))

    def on_input_changed(self) -> None:
        """Light the hits."""
        self.query_one(Grid).refresh()

    def on_input_submitted(self) -> None:
        """To the first hit from here on."""
        self.set_focus(self.query_one(Grid))
        self._find(0, 1)

    def on_grid_chosen(self) -> None:
        """Enter goes on to the next hit."""
        self._find(1, 1)

    def action_next(self, way: int) -> None:
        """To the next hit, or the one before."""
        self._find(way, way)

    def _find(self, offset: int, way: int) -> None:
        grid, wanted = self.query_one(Grid), self.query_one(Input).value.casefold()
        count = len(self._lines)
        if not wanted or not count:
            return
        start = (grid.cursor or 0) + offset
        for step in range(count):
            row = (start + way * step) % count
            if wanted in self._lines[row].casefold():
                grid.cursor = row
                return
        self.app.notify("Not found", markup=False)

    def action_other(self, way: int) -> None:
        """Another answer behind the same finding."""
        self._place = (self._place + way) % len(self._digests)
        self._read()

    def action_copy(self) -> None:
        """All of it, into the clipboard."""
        self.app.copy_to_clipboard("\n".join(self._lines))
        self.app.notify("Copied", markup=False)

    def action_back(self) -> None:
        """Leave the search, then the screen."""
        search = self.query_one(Input)
        if search.display:
            search.value, search.display = "", False
            self.set_focus(self.query_one(Grid))
        else:
            self.dismiss()
