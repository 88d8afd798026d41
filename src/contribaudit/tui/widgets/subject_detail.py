"""The subject under the cursor in full."""

from __future__ import annotations

import asyncio
from functools import partial

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from contribaudit.core.model.subject import Subject
from contribaudit.exporters.text_table import capture
from contribaudit.tui.host import host_of
from contribaudit.tui.rows.subject import described
from contribaudit.tui.source import Board

_STAYING_SECONDS = 0.08
"""A person who scrolls asks nothing of the history."""


class SubjectDetail(VerticalScroll):
    """`describe` works it out in a thread; `say` puts a sentence in its place."""

    def __init__(self, *, id: str) -> None:  # noqa: A002  Textual's own name
        super().__init__(id=id)
        self._shown = Static(markup=False)
        self.text = ""
        """What is shown, as text."""

    def compose(self) -> ComposeResult:
        """One long text."""
        yield self._shown

    def say(self, text: str) -> None:
        """Show this sentence."""
        self._shown.update(Text(text))
        self.text = text

    @work(exclusive=True, group="describe")
    async def describe(self, board: Board, subject: Subject, note: str) -> None:
        """Show the subject, once the person stays with it."""
        await asyncio.sleep(_STAYING_SECONDS)
        dashboard = host_of(self)
        with dashboard.telling():
            make = partial(described, board.report, subject, note, computed=board.policy is not None)
            told = await dashboard.in_thread(make)
            self._shown.update(told)
            self.text = capture(told)
            self.scroll_home(animate=False)
