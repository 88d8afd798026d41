"""Base classes of questions and forms, in which Escape never loses typed text without asking.

Also the dialogs to leave the dashboard, to choose an organization, and to note the ticket of a change.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, TypeVar

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen, Screen
from textual.widget import Widget
from textual.widgets import Button, Static

from contribaudit.errors import ContribauditError
from contribaudit.exporters.text import safe_text
from contribaudit.tui.host import Host, host_of
from contribaudit.tui.screens.base import BoardScreen
from contribaudit.tui.widgets.bars import KeyLine
from contribaudit.tui.widgets.field import Field
from contribaudit.tui.widgets.grid import Column, Grid


class QuestionScreen(ModalScreen[bool]):
    """A question. Its result is True if the person agrees. The button that changes nothing has the focus first."""

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

    def __init__(self, title: str, body: Text, *, yes: str, no: str) -> None:
        super().__init__()
        self._title, self._body, self._yes, self._no = title, body, yes, no

    def compose(self) -> ComposeResult:
        """Yield the title, the text and two buttons."""
        with Vertical(classes="dialog"):
            yield Static(Text(self._title), classes="question--title")
            with VerticalScroll(classes="question--body"):
                yield Static(self._body, id="about")
            with Horizontal(classes="buttons"):
                yield Button(Text(self._no), id="no", compact=True)
                yield Button(Text(self._yes), id="yes", variant="primary", compact=True)
        yield KeyLine()

    def on_mount(self) -> None:
        """Focus the button that declines, so that nobody agrees by one key too many."""
        self.query_one("#no", Button).focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Close with the answer of the pressed button."""
        self.dismiss(event.button.id == "yes")

    def action_answer(self, agreed: bool) -> None:
        """Close with this answer."""
        self.dismiss(agreed)


class LeavingScreen(QuestionScreen):
    """The question whether to leave the dashboard although something was typed."""

    def __init__(self, typed: Sequence[Screen[Any]]) -> None:
        drafts = all(getattr(one, "drafted", False) for one in typed)
        sentence = "It is kept as a draft: open the screen again to go on." if drafts else "Nothing has been saved."
        super().__init__("Leave the form half filled in?", Text(sentence), yes="Leave", no="Keep editing")


T = TypeVar("T")


class FormScreen(ModalScreen[T | None]):
    """A form. Its result is the thing that it made, or None if the person left.

    A subclass sets SEND, gives its title in `heading`, yields its fields in `fields` and does its work in `finish`.
    That is called when every field is valid, and not again before it has ended.
    """

    SEND: ClassVar[str] = "Review"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave"),
        Binding("ctrl+s", "send", "Review"),
        Binding("tab", "app.focus_next", "Next field"),
        Binding("shift+tab", "app.focus_previous", "Previous field", show=False),
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
    HORIZONTAL_BREAKPOINTS = BoardScreen.HORIZONTAL_BREAKPOINTS

    def __init__(self) -> None:
        super().__init__()
        self._busy = False
        """Whether `finish` is running."""

    def compose(self) -> ComposeResult:
        """Yield the title, the fields, the message line and the buttons."""
        with Vertical(classes="form"):
            yield Static(self.heading(), classes="form--title")
            with VerticalScroll(classes="form--fields", can_focus=False):
                yield from self.fields()
            yield from self.foot()
        yield KeyLine()

    def foot(self) -> ComposeResult:
        """Yield the message line and the buttons."""
        yield Static(classes="form--told", markup=False)
        with Horizontal(classes="buttons"):
            yield Button(Text(self.SEND), id="send", variant="primary", compact=True)
            yield Button("Leave", id="leave", compact=True)

    def heading(self) -> Text:
        """The title of the form."""
        raise NotImplementedError

    def fields(self) -> Iterable[Widget]:
        """The fields, from top to bottom."""
        return ()

    def may_finish(self) -> bool:
        """Whether `finish` can be called; shows what is missing if not."""
        return True

    async def finish(self) -> None:
        """Do the work of the form. Raises ContribauditError, which is shown above the buttons."""

    def on_mount(self) -> None:
        """Focus the first box."""
        self.focus_first()

    def focus_first(self) -> None:
        """Focus the box of the first field."""
        for field in self.query(Field):
            field.box.focus()
            return

    def field(self, name: str) -> Field:
        """The field with this ID."""
        return self.query_one(f"#{name}", Field)

    def tell(self, text: str, *, wrong: bool = False) -> None:
        """Show a sentence above the buttons."""
        message = self.query_one(".form--told", Static)
        message.set_class(wrong, "-wrong")
        message.update(Text(f"! {safe_text(text, keep_lines=True)}" if wrong else safe_text(text, keep_lines=True)))

    @property
    def touched(self) -> bool:
        """Whether leaving would lose anything."""
        return any(field.touched for field in self.query(Field))

    @property
    def dashboard(self) -> Host:
        """The app, with its type."""
        return host_of(self)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Send or leave the form."""
        if event.button.id == "send":
            self.action_send()
        elif event.button.id == "leave":
            self.action_leave()

    def action_send(self) -> None:
        """Check every field; finish if all are valid, else focus the first wrong one."""
        wrong = [field for field in self.query(Field) if not field.good()]
        if wrong:
            self.tell(
                "Correct the fields marked with !" if len(wrong) > 1 else "One field needs correction", wrong=True
            )
            wrong[0].box.focus()
            wrong[0].scroll_visible()
        else:
            self.tell("")
            if not self._busy and self.may_finish():
                self._finish()

    @work(exclusive=True, group="send")
    async def _finish(self) -> None:
        self._busy = True
        try:
            await self.finish()
        except ContribauditError as error:
            self.tell(str(error), wrong=True)
        finally:
            self._busy = False

    @work(group="leave", exclusive=True)
    async def action_leave(self) -> None:
        """Leave, after a question if something was typed."""
        if self.touched:
            body = Text("Nothing has been saved.")
            leave = await self.app.push_screen_wait(
                QuestionScreen("Discard what you typed?", body, yes="Discard", no="Keep editing")
            )
            if not leave:
                return
        self.dismiss(None)


class OrganizationsScreen(ModalScreen[str | None]):
    """The choice of an organization. Its result is the ID, "" for all, None for no choice."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Cancel")]

    def __init__(self, organizations: Sequence[tuple[str, str]], focus: str | None) -> None:
        super().__init__()
        self._choices = [("", f"all {len(organizations)}"), *organizations]
        self._focus_row = next((n for n, (one, _) in enumerate(self._choices) if one == (focus or "")), 0)

    def compose(self) -> ComposeResult:
        """Yield the instruction and the list."""
        with Vertical(classes="dialog"):
            yield Static("Choose an organization: Enter selects, Escape keeps the current one.", markup=False)
            yield Grid([Column("organization", 20, flexible=True), Column("ID", 36, drop_below=70)])

    def on_mount(self) -> None:
        """List the organizations, with the cursor on the one in focus."""
        self.query_one(Grid).show(
            len(self._choices),
            lambda row: [Text(safe_text(self._choices[row][1])), Text(safe_text(self._choices[row][0]), "dim")],
            cursor=self._focus_row,
        )
        self.query_one(Grid).focus()

    def on_grid_chosen(self, message: Grid.Chosen) -> None:
        """Close with the organization of the row."""
        message.stop()
        self.dismiss(self._choices[message.row][0])


class TicketScreen(FormScreen[tuple[str, str]]):
    """The form for a ticket. Its result is (ticket, note), or None if the person left."""

    SEND: ClassVar[str] = "Keep it"

    def __init__(self, about: str) -> None:
        """`about` names the change."""
        super().__init__()
        self._about = about

    def heading(self) -> Text:
        """The title, and the change."""
        return Text.assemble(("Note a change ticket\n", "bold"), (safe_text(self._about), ""))

    def fields(self) -> Iterable[Widget]:
        """Ticket and note."""
        yield Field("Ticket", id="ticket", placeholder="GRC-123", required=True)
        yield Field("Note (optional)", id="note", long=True)

    async def finish(self) -> None:
        """Close with both; the caller saves them."""
        self.dismiss((self.field("ticket").value, self.field("note").value))
