"""The Overview screen: panels on the verdict, next steps, changes, trend, places, deadlines and evidence.

A panel is a frame of lines, most of which lead to findings. The cursor moves between those; Enter follows one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual import events, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import Reactive, reactive
from textual.widget import Widget

from contribaudit.tui.host import host_of
from contribaudit.tui.screens.base import BoardScreen

if TYPE_CHECKING:
    # The modules that make the lines are imported in the worker that reads the history, to keep the first paint fast.
    from collections.abc import Sequence

    from contribaudit.tui.files import Sheet
    from contribaudit.tui.rows.overview import Line
    from contribaudit.tui.rows.trend import TrendDays
    from contribaudit.tui.source import Board

_SHORT_MORE = 2
_SHORT = 30
"""On a screen with fewer lines than this, panels show less of long lists."""


def _settled() -> Reactive[Size]:
    """A `virtual_size` without repaint, for a widget whose place and size are final after one layout.

    Textual would lay out and paint the whole widget a second time whenever its content becomes longer or shorter.
    """
    return Reactive(Size(0, 0), repaint=False)


class SettledBox(Container):
    """A container of panels that is laid out only once."""

    virtual_size = _settled()


class SettledScroll(VerticalScroll):
    """The scrolling container of the panels. It is laid out again only if the scrollbar appears or disappears."""

    virtual_size = _settled()

    def watch_virtual_size(self, inside: Size) -> None:
        """Lay out again if the scrollbar must appear or disappear."""
        if self.show_vertical_scrollbar != (inside.height > self.size.height):
            self.refresh(layout=True)

    def scroll_to(self, *place: Any, **how: Any) -> None:
        """Scroll at once: with animation, Textual would paint the screen up to thirteen times."""
        super().scroll_to(*place, **{**how, "animate": False})


class Panel(Widget, can_focus=True):
    """A frame of lines; `rows.overview` makes the heading and the lines of each panel by its title."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Line up", show=False),
        Binding("down,j", "move(1)", "Line down", show=False),
        Binding("enter", "follow", "Follow"),
    ]
    DEFAULT_CSS = """
    Panel { height: auto; border: round $primary 50%; padding: 0 1; }
    Panel { border-title-style: bold; border-title-color: $text; }
    Panel:focus { border: round $accent; }
    """
    virtual_size = _settled()
    board: reactive[Board | None] = reactive(None, layout=True)
    cursor: reactive[int] = reactive(0)
    """The number of the line under the cursor, which is shown only while the panel has the focus."""

    @dataclass
    class Left(Message):
        """The cursor leaves the panel: `way` is 1 for downwards, -1 for upwards."""

        way: int

    def __init__(self, title: str) -> None:
        """`title` is shown in the frame until there is a board; it also gives the ID: `#do-next` for "DO NEXT"."""
        super().__init__(id=title.lower().replace(" ", "-"))
        self.title = title
        self._made: tuple[object, list[Line]] = (None, [])
        self._painted: list[int] = []
        """The number of the line that each painted row belongs to."""
        self._aimed: int | None = None

    def heading(self, board: Board) -> str:
        """The title in the frame, without observed text."""
        from contribaudit.tui.rows import overview

        heading = overview.HEADINGS.get(self.title)
        return heading(board) if heading is not None else self.title

    def lines(self, board: Board, width: int, most: int) -> Sequence[Line]:
        """The panel's lines in this width; lists show at most `most` entries."""
        from contribaudit.tui.rows import overview

        return overview.LINES[self.title](board, width, most)

    def on_mount(self) -> None:
        """Show the title before there is a board."""
        self.border_title = self.title

    def watch_board(self, board: Board | None) -> None:
        """Show the board's heading in the frame."""
        if board is not None:
            self.border_title = Text(self.heading(board))

    def watch_cursor(self) -> None:
        """Show the further text of the line under the cursor."""
        self._say_anew()

    def _say_anew(self) -> None:
        """Paint the lines; lay out the panels below again only if the number of rows has changed."""
        self.refresh(layout=self._height(self.content_size.width) != self.content_size.height)

    def _height(self, width: int) -> int:
        return max(1, len(self._rows(width)))

    def shown(self, width: int) -> list[Line]:
        """The lines in this width, made once for a board and a size; [] without a board."""
        if self.board is None:
            return []
        height = self.app.size.height
        most = 3 if height < _SHORT else 6 if height < 50 else 10
        key = (id(self.board), width, most)
        if self._made[0] != key:
            self._made = (key, list(self.lines(self.board, width, most)))
        return self._made[1]

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        """The number of rows, including the further text below the cursor's line."""
        return self._height(width)

    def render(self) -> Text:
        """The lines, with further text below the cursor's line."""
        if self.board is None:
            return Text("not read" if host_of(self).trouble else "reading …", "dim")
        rows = self._rows(self.content_size.width)
        self._painted = [number for number, _ in rows]
        return Text("\n").join(text for _, text in rows)

    def _rows(self, width: int) -> list[tuple[int, Text]]:
        """The painted rows, each with the number of its line; [] without a board."""
        lines = self.shown(width)
        current = self._line_at_cursor(lines) if self.has_focus else None
        rows: list[tuple[int, Text]] = []
        for number, line in enumerate(lines):
            text = line.text.copy()
            text.truncate(max(1, width), overflow="ellipsis")
            rows.append((number, text))
            if number != current:
                continue
            text.stylize("reverse")
            if beneath := _beneath(line):
                more = list(Text(f"> {beneath}", "italic").wrap(self.app.console, max(10, width)))
                if self.app.size.height < _SHORT and len(more) > _SHORT_MORE:
                    more = more[:_SHORT_MORE]
                    more[-1].append(" …")
                    more[-1].truncate(width, overflow="ellipsis")
                rows += [(number, one) for one in more]
        return rows

    def watch_has_focus(self, has_focus: bool) -> None:
        """Show the cursor and its line's further text, or hide both."""
        super().watch_has_focus(has_focus)
        self._say_anew()
        if has_focus:
            self._into_sight()

    def enter_from(self, way: int) -> None:
        """Take the focus, with the cursor on the first line, or on the last if the cursor comes from below."""
        leading = self._leading(self.shown(self.content_size.width))
        self.cursor = leading[0 if way > 0 else -1] if leading else 0
        self.focus()

    def action_move(self, by: int) -> None:
        """Move to the next line that leads somewhere, or leave the panel."""
        leading = self._leading(lines := self.shown(self.content_size.width))
        current = self._line_at_cursor(lines)
        place = leading.index(current) + by if current in leading else -1
        if 0 <= place < len(leading):
            self.cursor = leading[place]
            self._into_sight()
        else:
            self.post_message(self.Left(by))

    def action_follow(self) -> None:
        """Show the findings that the line leads to."""
        lines = self.shown(self.content_size.width)
        current = self._line_at_cursor(lines)
        if current is not None and lines[current].query:
            host_of(self).show_findings(lines[current].query)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Remember the line under the mouse, since the panel may grow before the click arrives."""
        offset = event.get_content_offset(self)
        self._aimed = self._painted[offset.y] if offset is not None and offset.y < len(self._painted) else None

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the clicked line; a double click follows the line."""
        if self._aimed in self._leading(self.shown(self.content_size.width)):
            self.cursor = self._aimed or 0
            if event.chain > 1:
                self.action_follow()

    def _leading(self, lines: Sequence[Line]) -> list[int]:
        return [number for number, line in enumerate(lines) if line.query or line.more]

    def _line_at_cursor(self, lines: Sequence[Line]) -> int | None:
        leading = self._leading(lines)
        if not leading:
            return None
        return max((one for one in leading if one <= self.cursor), default=leading[0])

    def _into_sight(self) -> None:
        self.call_after_refresh(self._scroll_to_cursor)

    def _scroll_to_cursor(self) -> None:
        """Scroll the container so that the cursor's line is visible."""
        current = self._line_at_cursor(self.shown(self.content_size.width)) or 0
        for ancestor in self.ancestors:
            if isinstance(ancestor, VerticalScroll):
                line = Region(self.region.x, self.region.y + 1 + current, 1, 4)
                ancestor.scroll_to_region(
                    line.translate(ancestor.scroll_offset - ancestor.content_region.offset), animate=False, force=True
                )
                return


def _beneath(line: Line) -> str:
    """The further text below the cursor's line; only its last sentence if the line already contains the others."""
    *sentences, last = line.more.split(". ")
    return last if all(one in line.text.plain for one in sentences) else line.more


class TrendPanel(Panel):
    """The trend of outcomes over time. Left and Right choose a day; Enter shows that day in the timeline."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "cell(-1)", "Earlier", show=False),
        Binding("right,l", "cell(1)", "Later", show=False),
    ]
    here: reactive[int | None] = reactive(None)
    """The cell of the axis under the cursor; None until the cursor is moved."""

    def __init__(self) -> None:
        super().__init__("TREND")

    def heading(self, board: Board) -> str:  # noqa: ARG002
        """The title, and the meaning of the marks."""
        from contribaudit.tui.rows import trend

        return f"{self.title}  {trend.MARKS}"

    def lines(self, board: Board, width: int, most: int) -> Sequence[Line]:  # noqa: ARG002
        """Bars by day, with marks and dates."""
        from contribaudit.tui.rows import trend

        short = self.app.size.height < _SHORT
        return trend.trend_lines(board, width, self.here if self.has_focus else None, short=short)

    def watch_here(self) -> None:
        """Highlight the day in the plot."""
        self._made = (None, [])
        self.refresh()

    def watch_has_focus(self, has_focus: bool) -> None:
        """Highlight the day only while the panel has the focus."""
        self._made = (None, [])
        super().watch_has_focus(has_focus)

    def action_cell(self, by: int) -> None:
        """Move to another day, starting at the newest."""
        axis = self._axis
        if axis is not None:
            at = axis.cells if self.here is None else self.here
            self.here = min(max(at + by, 0), axis.cells - 1)

    def action_follow(self) -> None:
        """Show the chosen day in the timeline, or without one the findings that the line leads to."""
        if self.here is None or self._axis is None:
            super().action_follow()
        else:
            host_of(self).show_day(self._axis.day(self.here))

    @property
    def _axis(self) -> TrendDays | None:
        if self.board is None:
            return None
        from contribaudit.tui.rows import trend

        return trend.trend_days(self.board.runs, trend.trend_room(self.content_size.width))


class OverviewScreen(BoardScreen):
    """The panels from top to bottom, in two columns if there is room."""

    NAME: ClassVar[str] = "Overview"
    FIRST = "#do-next"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1", "step(1)", "Step in Next", show=False, key_display="1-9"),
        *(Binding(str(n), f"step({n})", show=False) for n in range(2, 10)),
        Binding("m", "mark_seen", "Seen", tooltip="Mark changes as seen: only newer ones are shown from now on"),
    ]

    def body(self) -> ComposeResult:
        """Yield the panels."""
        with SettledScroll(id="overview", can_focus=False):
            yield Panel("VERDICT")
            with SettledBox(id="columns"):
                with SettledBox(classes="column"):
                    yield Panel("DO NEXT")
                    yield Panel("CHANGED")
                    yield TrendPanel()
                with SettledBox(classes="column"):
                    yield Panel("WHERE")
                    yield Panel("RUNS OUT")
                    yield Panel("HOW WE KNOW")

    def show_board(self, board: Board) -> None:
        """Fill the panels."""
        for panel in self.query(Panel):
            panel.board = board

    def _trouble_changed(self, trouble: str) -> None:
        super()._trouble_changed(trouble)
        for panel in self.query(Panel):
            panel.refresh()

    def sheet(self) -> Sheet | None:
        """The findings that require action."""
        board = self.dashboard.board
        if board is None:
            return None
        from contribaudit.tui.files import Sheet
        from contribaudit.tui.rows.findings import FIELDS

        return Sheet.of("open-findings", FIELDS, (row for row in board.index.rows if not row.quiet))

    def on_panel_left(self, message: Panel.Left) -> None:
        """Move from a panel to the next one."""
        message.stop()
        panels = list(self.query(Panel))
        focused = self.focused
        if not isinstance(focused, Panel):
            return
        place = panels.index(focused) + message.way
        if 0 <= place < len(panels):
            panels[place].enter_from(message.way)

    def action_step(self, number: int) -> None:
        """Go to the step of this number on the Next screen."""
        self.dashboard.show_step(number)

    @work(exclusive=True, group="seen")
    async def action_mark_seen(self) -> None:
        """Record that the person has seen the changes, so that only newer ones are shown from now on."""
        board, source = self.dashboard.board, self.dashboard.source
        if board is None or source is None or not self.dashboard.may_write():
            return
        with self.dashboard.showing_errors():
            await self.dashboard.in_thread(source.mark_seen, board)
            self.dashboard.say("The changes up to this run are marked as seen")
            self.dashboard.action_reload()
