"""An evidence pack for an auditor: which period, how people appear, where to; written, verified, its digest shown."""

from __future__ import annotations

from datetime import UTC
from typing import ClassVar

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Button, Select, Static

from contribaudit.errors import ContribauditError
from contribaudit.tui.packing import Asked, free_name, place_of, since_of, write_pack
from contribaudit.tui.rows import packs as rows
from contribaudit.tui.screens.base import BoardScreen
from contribaudit.tui.source import Board
from contribaudit.tui.widgets.field import Field


class PackScreen(BoardScreen):
    """Four things to choose, each with what most people want; Enter on the button writes."""

    NAME: ClassVar[str] = "Pack"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "app.focus_next", "Next field"),
        Binding("shift+tab", "app.focus_previous", "Previous field", show=False),
        Binding("ctrl+s", "write", "Write and verify"),
        Binding("y", "copy_digest", "Copy the digest", show=False),
        Binding("Y", "copy_path", "Copy the path", show=False),
        Binding("escape", "back", "Back", show=False),
    ]
    DEFAULT_CSS: ClassVar[str] = """
    PackScreen {
        & #form { height: 1fr; padding: 0 1; scrollbar-size-vertical: 1; }
        & .row { height: auto; margin-top: 1; }
        & .row Static { width: 12; height: auto; }
        & .row Select { width: 1fr; max-width: 60; }
        & #place { margin: 1 0 0 0; max-width: 100; }
        & #signing { height: auto; margin-top: 1; }
        & .buttons { height: auto; margin: 1 0; }
        & #result { height: auto; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._board: Board | None = None
        self._digest, self._path = "", ""

    def body(self) -> ComposeResult:
        """Period, people, form, place; whether it is signed; the button; what came of it."""
        with VerticalScroll(id="form", can_focus=False):
            with Horizontal(classes="buttons"):
                yield Button("Write and verify (Ctrl+S)", id="write", variant="primary", compact=True)
            for label, name, choices in (
                ("Period", "period", rows.PERIODS),
                ("People", "people", rows.PEOPLE),
                ("Form", "form-of", rows.FORMS),
            ):
                with Horizontal(classes="row"):
                    yield Static(label)
                    yield Select(choices, value=choices[0][1], allow_blank=False, id=name, compact=True)
            yield Field("Folder or file to write; nothing that exists is written over", id="place", required=True)
            yield Static(id="signing", markup=False)
            yield Static(id="result", markup=False)

    def on_mount(self) -> None:
        """Enter writes."""
        super().on_mount()
        self.query_one("#write", Button).focus()

    def show_board(self, board: Board) -> None:
        """A name for today's pack, and whether it will be signed."""
        self._board = board
        field = self.query_one("#place", Field)
        if not field.touched or not field.value:
            field.value = field.first = free_name(f"{board.now.astimezone(UTC):%Y-%m-%d}")
        self._tell_signing()

    def on_button_pressed(self) -> None:
        """There is one."""
        self.action_write()

    def action_write(self) -> None:
        """Write, unless something is missing."""
        source, place = self.dashboard.source, self.query_one("#place", Field)
        missing = "" if source is not None and source.job is not None else "Read-only: open the history to write a pack"
        if self.dashboard.may_write(missing) and place.good():
            self._result(Text("Writing …", "bold"))
            self._write()

    @work(exclusive=True, group="pack")
    async def _write(self) -> None:
        source, board = self.dashboard.source, self._board
        if source is None or source.job is None or board is None:
            return
        archive = self._chosen("form-of") == "zip"
        place = place_of(self.query_one("#place", Field).value, archive=archive)
        asked = Asked(place, since_of(self._chosen("period"), board.now), self._chosen("people"), archive)
        try:
            pack = await self.dashboard.in_thread(write_pack, source.job, source.form, asked)
        except ContribauditError as error:
            self._result(Text.assemble((f"! {error}", "bold yellow")))
            return
        self._digest, self._path = pack.manifest.sha256, str(place)
        self._result(rows.written(pack, str(place)))
        self.query_one("#result").scroll_visible()
        field = self.query_one("#place", Field)
        field.value = field.first = free_name(f"{board.now.astimezone(UTC):%Y-%m-%d}")

    @work(exclusive=True, group="signing")
    async def _tell_signing(self) -> None:
        source = self.dashboard.source
        if source is None or source.job is None:
            self.query_one("#signing", Static).update(
                Text.assemble(("Read-only: a pack is written on the machine with the history.", "yellow"))
            )
            return
        try:
            form = await self.dashboard.in_thread(source.form, False)
        except ContribauditError as error:
            said = rows.signing(None, str(error))
        else:
            said = rows.signing(form.signer.fingerprint if form.signer is not None else None)
        self.query_one("#signing", Static).update(said)

    def action_copy_digest(self) -> None:
        """Into the clipboard."""
        self._copy(self._digest, "digest")

    def action_copy_path(self) -> None:
        """Into the clipboard."""
        self._copy(self._path, "path")

    def _copy(self, text: str, what: str) -> None:
        if text:
            self.app.copy_to_clipboard(text)
            self.dashboard.say(f"Copied the {what}")
        else:
            self.dashboard.say("No pack was written here yet", warning=True)

    def _chosen(self, name: str) -> str:
        return str(self.query_one(f"#{name}", Select).value)

    def _result(self, said: Text) -> None:
        self.query_one("#result", Static).update(said)
