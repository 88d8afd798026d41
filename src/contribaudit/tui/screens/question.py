"""A question with everything that belongs to it, to be agreed to or not."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from contribaudit.tui.widgets.bars import KeyLine


class QuestionScreen(ModalScreen[bool]):
    """Ends with True when the person agrees. The button that changes nothing has the focus first."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "answer(False)", "Back"),
        Binding("ctrl+s", "answer(True)", "Agree"),
        Binding("left", "app.focus_previous", "Other button", show=False),
        Binding("right", "app.focus_next", "Other button", show=False),
        Binding("question_mark,f1", "app.keys", "Keys", key_display="?"),
    ]
    DEFAULT_CSS: ClassVar[str] = """
    QuestionScreen {
        align: center middle;
        & > .dialog { height: auto; max-height: 90%; max-width: 120; }
        & .question--title { text-style: bold; height: auto; margin-bottom: 1; }
        & .question--body { height: auto; max-height: 50vh; scrollbar-size-vertical: 1; }
        & .buttons { height: auto; margin-top: 1; }
        & .buttons Button { margin-right: 2; }
    }
    """

    def __init__(self, title: str | Text, body: Text, *, yes: str, no: str) -> None:
        super().__init__()
        self._title, self._body, self._yes, self._no = title, body, yes, no

    def compose(self) -> ComposeResult:
        """Title, what it is about, two buttons."""
        with Vertical(classes="dialog"):
            title = self._title if isinstance(self._title, Text) else Text(self._title)
            yield Static(title, classes="question--title")
            with VerticalScroll(classes="question--body"):
                yield Static(self._body, id="about")
            with Horizontal(classes="buttons"):
                yield Button(Text(self._no), id="no", compact=True)
                yield Button(Text(self._yes), id="yes", variant="primary", compact=True)
        yield KeyLine()

    def on_mount(self) -> None:
        """Nobody agrees by a key too many."""
        self.query_one("#no", Button).focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """That one."""
        self.dismiss(event.button.id == "yes")

    def action_answer(self, agreed: bool) -> None:
        """By key."""
        self.dismiss(agreed)
