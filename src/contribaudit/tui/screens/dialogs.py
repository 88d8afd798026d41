"""What all forms share: fields that scroll, what is wrong beside each, and an Escape that loses nothing unasked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import ClassVar, TypeVar

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Button, Static

from contribaudit.errors import ContribauditError
from contribaudit.exporters.text import plain
from contribaudit.tui.host import Host, host_of
from contribaudit.tui.screens.question import QuestionScreen
from contribaudit.tui.widgets.bars import KeyLine
from contribaudit.tui.widgets.field import Box, Field

T = TypeVar("T")


class FormScreen(ModalScreen[T | None]):
    """Ends with what was made, None when the person left.

    A subclass sets TITLE_TEXT and SEND, yields its fields in `fields` and does its work in `send`, which is called once
    every field is good.
    """

    TITLE_TEXT: ClassVar[str] = ""
    SEND: ClassVar[str] = "Review"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave"),
        Binding("ctrl+s", "send", "Review"),
        Binding("tab", "app.focus_next", "Next field"),
        Binding("shift+tab", "app.focus_previous", "Field before", show=False),
        Binding("f1", "app.keys", "Keys", key_display="F1"),
    ]
    DEFAULT_CSS: ClassVar[str] = """
    FormScreen {
        align: center middle;
        & > .form { width: 96%; max-width: 120; height: 96%; padding: 0 2; }
        & > .form { border: round $primary; background: $surface; }
        & .form--title { text-style: bold; height: auto; margin: 1 0; }
        & .form--fields { height: 1fr; scrollbar-size-vertical: 1; scrollbar-gutter: stable; }
        & .form--told { height: auto; max-height: 6; }
        & .form--told.-wrong { color: $text-error; text-style: bold; }
        & .buttons { height: auto; }
        & .buttons Button { margin-right: 2; }
    }
    """
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-normal"), (160, "-wide")]  # noqa: RUF012  Textual's own shape

    def compose(self) -> ComposeResult:
        """Title, fields, what is to be told, buttons."""
        with Vertical(classes="form"):
            yield Static(self.heading(), classes="form--title")
            with VerticalScroll(classes="form--fields", can_focus=False):
                yield from self.fields()
            yield Static(classes="form--told", markup=False)
            with Horizontal(classes="buttons"):
                yield Button(Text(self.SEND), id="send", variant="primary", compact=True)
                yield Button("Leave", id="leave", compact=True)
        yield KeyLine()

    def heading(self) -> Text:
        """The line on top."""
        return Text(self.TITLE_TEXT)

    def fields(self) -> Iterable[Widget]:
        """The fields, from top to bottom."""
        return ()

    def send(self) -> object:
        """Every field is good: do what the form is for."""

    def on_mount(self) -> None:
        """The first box has the keys."""
        self.focus_first()

    def focus_first(self) -> None:
        """Into the first box."""
        for box in self.query(Box):
            box.focus()
            return

    def field(self, name: str) -> Field:
        """The field by its ID."""
        return self.query_one(f"#{name}", Field)

    def tell(self, text: str, *, wrong: bool = False) -> None:
        """A sentence above the buttons."""
        told = self.query_one(".form--told", Static)
        told.set_class(wrong, "-wrong")
        told.update(Text(f"! {plain(text, keep_lines=True)}" if wrong else plain(text, keep_lines=True)))

    @contextmanager
    def telling(self) -> Iterator[None]:
        """What goes wrong within is told above the buttons, and the form stays."""
        try:
            yield
        except ContribauditError as error:
            self.tell(str(error), wrong=True)

    @property
    def touched(self) -> bool:
        """Whether anything would be lost."""
        return any(field.touched for field in self.query(Field))

    @property
    def dashboard(self) -> Host:
        """The app, with its type."""
        return host_of(self)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """By mouse, or by Enter on it."""
        if event.button.id == "send":
            self.action_send()
        elif event.button.id == "leave":
            self.action_leave()

    def action_send(self) -> None:
        """Check every field; into the first wrong one when there is one."""
        wrong = [field for field in self.query(Field) if not field.good()]
        if wrong:
            self.tell(
                "What is marked ! below the field is wrong" if len(wrong) > 1 else "One field is wrong", wrong=True
            )
            wrong[0].query_one(Box).focus()
            wrong[0].scroll_visible()
        else:
            self.tell("")
            self.send()

    @work(group="leave", exclusive=True)
    async def action_leave(self) -> None:
        """Away, asking first when something was typed."""
        if self.touched:
            body = Text("Nothing of it was kept so far.")
            leave = await self.app.push_screen_wait(
                QuestionScreen("Leave the form and lose what you typed?", body, yes="Leave it", no="Go on writing")
            )
            if not leave:
                return
        self.dismiss(None)
