"""The Inventory screen: a tree of organizations, sites, apps and spaces, with the subject under the cursor in full."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import ClassVar

from rich.text import Text
from textual import events, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.widgets import Input, Static

from contribaudit.core.model.snapshot import KnownSpace
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.exporters.terminal import capture
from contribaudit.tui.files import Sheet
from contribaudit.tui.host import host_of
from contribaudit.tui.rows import inventory as rows
from contribaudit.tui.rows.filtering import quoted
from contribaudit.tui.rows.inventory import described, findings_of
from contribaudit.tui.rows.outline import Node
from contribaudit.tui.rows.overview import query_of, query_of_organization
from contribaudit.tui.screens.base import FilteredScreen
from contribaudit.tui.source import Board
from contribaudit.tui.widgets.field import PlainInput
from contribaudit.tui.widgets.grid import Grid
from contribaudit.tui.widgets.inventory_tree import Hits, InventoryTree

_MOST_EXPORTED = 5_000
_STAYING_SECONDS = 0.08
"""How long a person must stay on a line before the history is read."""


class SubjectDetail(VerticalScroll):
    """A subject in full, which `describe` computes in a thread, or a sentence given to `say`."""

    def __init__(self, *, id: str) -> None:  # noqa: A002  Textual's own name
        super().__init__(id=id)
        self._shown = Static(markup=False)
        self.text = ""
        """The content as plain text."""

    def compose(self) -> ComposeResult:
        """Yield the text, which scrolls."""
        yield self._shown

    def say(self, text: str) -> None:
        """Show this sentence, and no subject that is still being described."""
        self.workers.cancel_group(self, "describe")
        self._shown.update(Text(text))
        self.text = text

    @work(exclusive=True, group="describe")
    async def describe(self, board: Board, subject: Subject, note: str) -> None:
        """Show the subject once the person has stayed on it for a moment."""
        await asyncio.sleep(_STAYING_SECONDS)
        dashboard = host_of(self)
        with dashboard.showing_errors():
            make = partial(described, board.report, subject, note, computed=board.policy is not None)
            description = await dashboard.in_thread(make)
            self._shown.update(description)
            self.text = capture(description)
            self.scroll_home(animate=False)


class InventoryScreen(FilteredScreen):
    """The search box, the tree or the hits in its place, and the detail."""

    NAME: ClassVar[str] = "Inventory"
    FIRST = "#tree"
    PAUSE_SECONDS = 0.15
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "Filter", key_display="/"),
        Binding("F", "findings", "Its findings"),
        Binding("enter", "findings", "Its findings, from the detail", show=False),
        Binding("d", "detail", "Detail"),
        Binding("y", "copy", "Copy as text", show=False),
    ]
    DEFAULT_CSS = """
    InventoryScreen #places { height: 1fr; layout: vertical; }
    InventoryScreen #tree, InventoryScreen #hits { height: 3fr; width: 1fr; }
    InventoryScreen #hits { display: none; }
    InventoryScreen.-finding #hits { display: block; }
    InventoryScreen.-finding #tree { display: none; }
    InventoryScreen #subject { height: 2fr; padding: 0 1; border-top: solid $primary 40%; scrollbar-size-vertical: 1; }
    InventoryScreen #subject:focus { border-top: solid $primary; }
    InventoryScreen.-alone #subject { display: none; }
    InventoryScreen.-wide #places { layout: horizontal; }
    InventoryScreen.-wide #tree, InventoryScreen.-wide #hits { height: 1fr; width: 2fr; }
    InventoryScreen.-wide #subject { height: 1fr; width: 1fr; border-top: none; border-left: solid $primary 40%; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._tree = InventoryTree(id="tree")
        self._subject = SubjectDetail(id="subject")
        self._hits = Hits(id="hits")

    def body(self) -> ComposeResult:
        """Yield the search box, the tree, the hits and the detail."""
        yield PlainInput(placeholder="find a space by key, name or ARI, an app, a site …   Enter goes there", id="find")
        with Container(id="places"):
            yield self._tree
            yield self._hits
            yield self._subject

    def show_board(self, board: Board) -> None:
        """Show the board's tree."""
        self._tree.show_board(board)

    def show_subject(self, subject: Subject) -> bool:
        """Go to the subject in the tree; False if it is not there."""
        if self._board is None and self.dashboard.board is not None:
            self.present(self.dashboard.board)
        return self._show_in_tree(subject)

    def sheet(self) -> Sheet | None:
        """The open lines of the tree."""
        if self._board is None:
            return None
        columns = ("id", *(column.title for column in rows.COLUMNS))
        return Sheet("inventory", columns, self._tree.written(_MOST_EXPORTED))

    def on_grid_moved(self, event: Grid.Moved) -> None:
        """Describe the subject under the cursor."""
        if event.grid is self._tree:
            self._describe_here()

    def _describe_here(self) -> None:
        line, subject = self._tree.line, self._tree.subject
        if self._board is None:
            return
        if line is None:
            self._subject.say("No data to show")
            return
        note = line.note if isinstance(line, Node) else ""
        if subject is not None:
            self._subject.describe(self._board, subject, note)
        elif isinstance(line, Node):
            self._subject.say(": ".join(part for part in (line.label, note) if part))

    def _show_in_tree(self, subject: Subject, space: KnownSpace | None = None) -> bool:
        moved = self._tree.go_to(subject, space)
        if moved:
            self.action_tree()
        return moved

    # The search

    def filter_changed(self) -> None:
        """Search for the text in the box, or return from the hits to the tree if there is none."""
        if not self.box.value.strip():
            if self.has_class("-finding"):
                self.action_tree()
        elif self._board is not None:
            self._hits.look_for(self._board.report.state, self.box.value)

    def on_input_submitted(self) -> None:
        """Go to the first hit once the search has ended."""
        if self._board is not None and self.box.value.strip():
            self._hits.pick(self._board.report.state, self.box.value)
        else:
            self.action_tree()

    def on_hits_found(self, message: Hits.Found) -> None:
        """Show the hits in place of the tree."""
        if self.box.value.strip():
            self.add_class("-finding")
            self._subject.say(message.sentence)

    def on_hits_picked(self, message: Hits.Picked) -> None:
        """Go to the chosen hit."""
        if message.hit is None:
            self.dashboard.say("No match", warning=True)
        elif not self._show_in_tree(message.hit.subject, message.hit.space):
            self.dashboard.say(f"{message.hit.name} is not in the tree", warning=True)

    def on_key(self, event: events.Key) -> None:
        """Move from the box down to the hits or the tree."""
        if event.key == "down" and self.box.has_focus:
            (self._hits if self.has_class("-finding") else self._tree).focus()

    # What the keys do

    def action_tree(self) -> None:
        """Return to the tree and clear the search."""
        with self.box.prevent(Input.Changed):
            self.box.value = ""
        self._hits.forget()
        self.remove_class("-finding")
        self._tree.focus()
        self._describe_here()

    def action_back(self) -> None:
        """Return from box, hits or detail to the tree, or from the tree to the overview."""
        if self.has_class("-finding") or not self._tree.has_focus:
            self.action_tree()
        else:
            super().action_back()

    def action_detail(self) -> None:
        """Hide the detail, or show it again."""
        self.toggle_class("-alone")

    def action_copy(self) -> None:
        """Copy the detail as text to the clipboard."""
        self.app.copy_to_clipboard(self._subject.text)
        self.dashboard.say("Copied as text")

    def action_findings(self) -> None:
        """Show the findings of the subject under the cursor; for a site or organization, of everything in it."""
        subject = self._tree.subject
        if subject is None or self._board is None:
            self.dashboard.say("There are no findings for this subject", warning=True)
            return
        state = self._board.report.state
        if subject.kind is Kind.ORGANIZATION:
            self.dashboard.show_findings(query_of_organization(state, subject.id))
        elif subject.kind is Kind.SITE:
            self.dashboard.show_findings(f"site:{quoted(subject.id)}")
        else:
            mine = findings_of(self._board.report, subject)
            self.dashboard.show_findings(query_of(state, [one.subject for one in mine] or [subject]))
