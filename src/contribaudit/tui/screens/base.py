"""The base of all screens: the line on top, the keys at the bottom, and the way a board arrives."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.reactive import Reactive
from textual.screen import Screen
from textual.widget import Widget

from contribaudit.tui.host import Host, host_of
from contribaudit.tui.widgets.bars import KeyLine, TopLine

if TYPE_CHECKING:
    from textual.timer import Timer

    from contribaudit.tui.files import Sheet
    from contribaudit.tui.source import Board
    from contribaudit.tui.widgets.field import PlainInput


class BoardScreen(Screen[None]):
    """A screen that shows the app's board.

    A subclass sets NAME and FIRST, yields its widgets in `body` and fills them in `show_board`. That is called with the
    newest board when the screen is first shown and whenever the board changes; while another screen is in front, the
    call waits. `_board` is the board that is shown. One line in `screens.ALL` registers the screen: from it the app
    makes the key, the entries in footer and palette, and the line in the key help. BINDINGS of the screen and of the
    focused widget appear in the key help with their descriptions.
    """

    NAME: ClassVar[str] = ""
    """Shown in the top line and in the footer."""
    FIRST: ClassVar[str]
    """Selector of the widget that has the focus first."""
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "back", "Back", show=False)]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-normal"), (160, "-wide")]  # noqa: RUF012  Textual's own shape

    focused: Reactive[Widget | None] = Reactive(None, repaint=False)
    """Not repainted on change: the widgets themselves show the focus, and Textual would paint the whole screen."""

    def __init__(self) -> None:
        # Set from the terminal's size now, because a class that came later would style every widget again.
        super().__init__(
            classes=" ".join(self._get_breakpoint_classes(self.app.size.width, self.HORIZONTAL_BREAKPOINTS))
        )
        self._board: Board | None = None
        self._due: Board | None = None

    def compose(self) -> ComposeResult:
        """Yield the top line, the body and the key line."""
        yield TopLine(self.NAME)
        with Vertical(id="body"):
            yield from self.body()
        yield KeyLine()

    def body(self) -> ComposeResult:
        """The widgets of this screen, from top to bottom."""
        yield from ()

    def show_board(self, board: Board) -> None:
        """Fill the widgets."""

    def sheet(self) -> Sheet | None:
        """The screen's content as rows for a CSV file; None if there is nothing to write."""
        return None

    def action_back(self) -> None:
        """Return to the overview; a screen with something of its own to close overrides this."""
        self.app.switch_mode("overview")

    @property
    def dashboard(self) -> Host:
        """The app, with its type."""
        return host_of(self)

    def on_mount(self) -> None:
        """Set the focus, and follow the app's board and trouble."""
        self.set_focus(self.query_one(self.FIRST), scroll_visible=False)
        self.watch(self.app, "board", self._board_changed)
        self.watch(self.app, "trouble", self._trouble_changed)

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        """Show a board that came while another screen was in front."""
        event.refresh_styles = False  # already up to date: the app follows the theme, each widget its classes
        if self._due is not None:
            self.present(self._due)

    def _board_changed(self, board: Board | None) -> None:
        # While the screen is composed or removed there is no top line; a board that comes then waits.
        lines = self.query(TopLine)
        for line in lines:
            line.board = board
        if board is None:
            return
        if self.is_current and lines:
            self.present(board)
        else:
            self._due = board

    def present(self, board: Board) -> None:
        """Show this board from now on."""
        self._board, self._due = board, None
        self.show_board(board)

    def _trouble_changed(self, trouble: str) -> None:
        for line in self.query(TopLine):
            line.trouble = trouble
        if trouble and self.dashboard.board is None:
            from contribaudit.tui.widgets.grid import Grid  # too much before the first paint

            for grid in self.query(Grid):
                grid.give_up()


class FilteredScreen(BoardScreen):
    """A screen with a box above its list: the list follows what is typed, and Enter leads back to the list.

    A subclass yields one `PlainInput` and lists in `filter_changed` what its text matches.
    """

    PAUSE_SECONDS: ClassVar[float] = 0
    """How long the person must pause before the list follows."""

    def __init__(self) -> None:
        super().__init__()
        self._typing: Timer | None = None

    @property
    def box(self) -> PlainInput:
        """The box for the filter."""
        from contribaudit.tui.widgets.field import PlainInput  # too much before the first paint

        return self.query_one(PlainInput)

    def filter_changed(self) -> None:
        """List the entries that match the text in the box."""
        raise NotImplementedError

    def on_input_changed(self) -> None:
        """Filter as the person types."""
        if self._typing is not None:
            self._typing.stop()
        if self.PAUSE_SECONDS:
            self._typing = self.set_timer(self.PAUSE_SECONDS, self.filter_changed)
        else:
            self.filter_changed()

    def on_input_submitted(self) -> None:
        """Return to the list."""
        self.set_focus(self.query_one(self.FIRST))

    def action_filter(self) -> None:
        """Focus the filter's box."""
        self.set_focus(self.box)
