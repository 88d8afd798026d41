"""What in the inventory bears a text."""

from __future__ import annotations

from textual import work
from textual.message import Message

from contribaudit.core.resolve.state import State
from contribaudit.tui.host import host_of
from contribaudit.tui.rows import search
from contribaudit.tui.widgets.grid import Grid


class Hits(Grid):
    """Looks for what it is told to, in a thread. Posts `Found`, and `Picked` for the hit to go to."""

    class Found(Message):
        """There is something to list, or nothing."""

        def __init__(self, told: str) -> None:
            super().__init__()
            self.told = told
            """How much was found, and what the keys do."""

    class Picked(Message):
        """Go there; None where nothing was found."""

        def __init__(self, hit: search.Hit | None) -> None:
            super().__init__()
            self.hit = hit

    def __init__(self, *, id: str) -> None:  # noqa: A002  Textual's own name
        super().__init__(search.COLUMNS, id=id, empty="Nothing bears this")
        self._hits: list[search.Hit] = []
        self._wanted = self._listed = ""
        """What to look for, and what the list is of."""
        self._pick_at_once = False

    def look_for(self, state: State, text: str) -> None:
        """List what bears the text."""
        self._wanted = text
        self._find(state, text)

    def pick(self, state: State, text: str) -> None:
        """Go to the first that bears the text, or to the one under the cursor where it was found already."""
        if text == self._listed:
            self.action_choose()
        else:
            self._pick_at_once = True
            self.look_for(state, text)

    def forget(self) -> None:
        """Nothing is looked for any more."""
        self._wanted = self._listed = ""
        self._pick_at_once = False

    def action_choose(self) -> None:
        """Go to what is under the cursor."""
        self._pick_at_once = False
        row = self.cursor
        self.post_message(self.Picked(self._hits[row] if row is not None and row < len(self._hits) else None))

    @work(exclusive=True, group="find")
    async def _find(self, state: State, text: str) -> None:
        dashboard = host_of(self)
        with dashboard.telling():
            found = await dashboard.in_thread(search.hits, state, text)
            if text != self._wanted:
                return
            self._hits, self._listed = found, text
            self.show(len(found), lambda row: search.cells(found[row]), cursor=0)
            told = f"{len(found)} found" if len(found) < search.MOST else f"the first {search.MOST}; go on typing"
            self.post_message(
                self.Found(f"{told}. Enter goes to the first, Down into the list, Escape back to the tree.")
            )
            if self._pick_at_once:
                self.action_choose()
