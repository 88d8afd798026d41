"""The overview: the verdict, what next, what changed, where, what runs out, how do we know.

Its panels are framed lines that lead somewhere. The cursor moves over those; Enter follows one.
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
    # What the lines are made by is imported in the worker that reads the history: the first paint is not to wait.
    from collections.abc import Sequence

    from contribaudit.tui.files import Sheet
    from contribaudit.tui.rows.overview import Line
    from contribaudit.tui.rows.trend import TrendDays
    from contribaudit.tui.source import Board

_SHORT_MORE = 2
_SHORT = 30
"""Lower than this, panels show less of long lists."""


def _settled() -> Reactive[Size]:
    """The size of what is inside a widget, for one that has its own place and size after one layout.

    Textual makes a second one, and paints the whole widget, wherever what is inside it has become longer or shorter.
    """
    return Reactive(Size(0, 0), repaint=False)


class SettledBox(Container):
    """A container of panels."""

    virtual_size = _settled()


class SettledScroll(VerticalScroll):
    """What the panels are scrolled in. Only where the scrollbar comes or goes is there other room than thought."""

    virtual_size = _settled()

    def watch_virtual_size(self, inside: Size) -> None:
        """What is inside is longer or shorter now."""
        if self.show_vertical_scrollbar != (inside.height > self.size.height):
            self.refresh(layout=True)

    def scroll_to(self, *place: Any, **how: Any) -> None:
        """At once: on the way there, Textual would paint the screen up to thirteen times."""
        super().scroll_to(*place, **{**how, "animate": False})


class Panel(Widget, can_focus=True):
    """Framed lines; `rows.overview` has the heading and the lines of each panel by its title."""

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
    """Number of the line among all; it shows only while the panel has the focus."""

    @dataclass
    class Left(Message):
        """The cursor went over the panel's edge: `way` is 1 for downwards, -1 for upwards."""

        way: int

    def __init__(self, title: str) -> None:
        """`title` stands in the frame until there is a board; it also makes the ID: `#do-next` of "DO NEXT"."""
        super().__init__(id=title.lower().replace(" ", "-"))
        self.title = title
        self._made: tuple[object, list[Line]] = (None, [])
        self._painted: list[int] = []
        """Which line each painted row belongs to."""
        self._aimed: int | None = None

    def heading(self, board: Board) -> str:
        """The title in the frame; our own words and numbers only."""
        from contribaudit.tui.rows import overview

        heading = overview.HEADINGS.get(self.title)
        return heading(board) if heading is not None else self.title

    def lines(self, board: Board, width: int, most: int) -> Sequence[Line]:
        """What to say in this width; lists show `most` of their entries."""
        from contribaudit.tui.rows import overview

        return overview.LINES[self.title](board, width, most)

    def on_mount(self) -> None:
        """The title is there before the board."""
        self.border_title = self.title

    def watch_board(self, board: Board | None) -> None:
        """Say in the frame what the panel is about."""
        if board is not None:
            self.border_title = Text(self.heading(board))

    def watch_cursor(self) -> None:
        """Show what else there is to say about the line under the cursor."""
        self._say_anew()

    def _say_anew(self) -> None:
        """Paint the lines; the panels below are moved only where these take more room now, or less."""
        self.refresh(layout=self._height(self.content_size.width) != self.content_size.height)

    def _height(self, width: int) -> int:
        return max(1, len(self._rows(width)))

    def shown(self, width: int) -> list[Line]:
        """The lines in this width, made once for a board and a size; none before there is a board."""
        if self.board is None:
            return []
        height = self.app.size.height
        most = 3 if height < _SHORT else 6 if height < 50 else 10
        key = (id(self.board), width, most)
        if self._made[0] != key:
            self._made = (key, list(self.lines(self.board, width, most)))
        return self._made[1]

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        """As many lines as there are, and those beneath the cursor's."""
        return self._height(width)

    def render(self) -> Text:
        """The lines, one row each."""
        if self.board is None:
            return Text("not read" if host_of(self).trouble else "reading …", "dim")
        rows = self._rows(self.content_size.width)
        self._painted = [number for number, _ in rows]
        return Text("\n").join(text for _, text in rows)

    def _rows(self, width: int) -> list[tuple[int, Text]]:
        """What is painted, row by row, each with the number of its line; nothing before there is a board."""
        lines = self.shown(width)
        here = self._line_at_cursor(lines) if self.has_focus else None
        rows: list[tuple[int, Text]] = []
        for number, line in enumerate(lines):
            text = line.text.copy()
            text.truncate(max(1, width), overflow="ellipsis")
            rows.append((number, text))
            if number != here:
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
        """The cursor shows, and the panel grows by what it says; or it is gone again."""
        super().watch_has_focus(has_focus)
        self._say_anew()
        if has_focus:
            self._into_sight()

    def enter_from(self, way: int) -> None:
        """Take the focus with the cursor on the first line, or on the last one when one comes from below."""
        leading = self._leading(self.shown(self.content_size.width))
        self.cursor = leading[0 if way > 0 else -1] if leading else 0
        self.focus()

    def action_move(self, by: int) -> None:
        """To the next line that leads somewhere, or out of the panel."""
        leading = self._leading(lines := self.shown(self.content_size.width))
        here = self._line_at_cursor(lines)
        place = leading.index(here) + by if here in leading else -1
        if 0 <= place < len(leading):
            self.cursor = leading[place]
            self._into_sight()
        else:
            self.post_message(self.Left(by))

    def action_follow(self) -> None:
        """Go where the line leads."""
        lines = self.shown(self.content_size.width)
        here = self._line_at_cursor(lines)
        if here is not None and lines[here].query:
            host_of(self).show_findings(lines[here].query)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """The line that the person aimed at: the panel may grow before the click is told."""
        offset = event.get_content_offset(self)
        self._aimed = self._painted[offset.y] if offset is not None and offset.y < len(self._painted) else None

    def on_click(self, event: events.Click) -> None:
        """A click puts the cursor on a line; a double click follows it."""
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
        """Bring the cursor's line into sight, in whatever scrolls the panel."""
        here = self._line_at_cursor(self.shown(self.content_size.width)) or 0
        for ancestor in self.ancestors:
            if isinstance(ancestor, VerticalScroll):
                line = Region(self.region.x, self.region.y + 1 + here, 1, 4)
                ancestor.scroll_to_region(
                    line.translate(ancestor.scroll_offset - ancestor.content_region.offset), animate=False, force=True
                )
                return


def _beneath(line: Line) -> str:
    """What stands beneath the cursor's line: its sentences in full, unless the line has every one of them already."""
    *sentences, last = line.more.split(". ")
    return last if all(one in line.text.plain for one in sentences) else line.more


class TrendPanel(Panel):
    """Outcomes over time. Left and right go to a day, Enter to it in the timeline."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "cell(-1)", "Earlier", show=False),
        Binding("right,l", "cell(1)", "Later", show=False),
    ]
    here: reactive[int | None] = reactive(None)
    """The cell of the axis that the cursor is on; None before it was moved."""

    def __init__(self) -> None:
        super().__init__("TREND")

    def heading(self, board: Board) -> str:  # noqa: ARG002
        """What its marks mean."""
        from contribaudit.tui.rows import trend

        return f"{self.title}  {trend.MARKS}"

    def lines(self, board: Board, width: int, most: int) -> Sequence[Line]:  # noqa: ARG002
        """Bars over days, with marks and dates."""
        from contribaudit.tui.rows import trend

        short = self.app.size.height < _SHORT
        return trend.trend_lines(board, width, self.here if self.has_focus else None, short=short)

    def watch_here(self) -> None:
        """Mark the day in the plot."""
        self._made = (None, [])
        self.refresh()

    def action_cell(self, by: int) -> None:
        """To another day; from the newest one on."""
        axis = self._axis
        if axis is not None:
            at = axis.cells if self.here is None else self.here
            self.here = min(max(at + by, 0), axis.cells - 1)

    def action_follow(self) -> None:
        """To the day in the timeline, where one was chosen; else where the line leads."""
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
    """Panels from top to bottom, in two columns where there is room; Enter on a line goes to what it is about."""

    NAME: ClassVar[str] = "Overview"
    FIRST = "#do-next"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1", "step(1)", "Step in Next", show=False, key_display="1-9"),
        *(Binding(str(n), f"step({n})", show=False) for n in range(2, 10)),
        Binding("m", "mark_seen", "Seen", tooltip="Mark changes as seen: only newer ones are shown from now on"),
    ]

    def body(self) -> ComposeResult:
        """The panels, in two columns where there is room."""
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
        """The findings that are open: what the overview counts."""
        board = self.dashboard.board
        if board is None:
            return None
        from contribaudit.tui.files import Sheet
        from contribaudit.tui.rows.findings import FIELDS

        return Sheet.of("open-findings", FIELDS, (row for row in board.index.rows if not row.quiet))

    def on_panel_left(self, message: Panel.Left) -> None:
        """Over the edge of a panel into the next one."""
        message.stop()
        panels = list(self.query(Panel))
        focused = self.focused
        if not isinstance(focused, Panel):
            return
        place = panels.index(focused) + message.way
        if 0 <= place < len(panels):
            panels[place].enter_from(message.way)

    def action_step(self, number: int) -> None:
        """To a step in Next by its number."""
        self.dashboard.show_step(number)

    @work(exclusive=True, group="seen")
    async def action_mark_seen(self) -> None:
        """Note that the person has seen the changes: from now on only newer ones are shown."""
        board, source = self.dashboard.board, self.dashboard.source
        if board is None or source is None or not self.dashboard.may_write():
            return
        with self.dashboard.telling():
            await self.dashboard.in_thread(source.mark_seen, board)
            self.dashboard.say("The changes up to this run are marked as seen")
            self.dashboard.action_reload()
