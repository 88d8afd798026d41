"""The evidence desk: what somebody has to look at, what people recorded, what signals mean, what contradicts itself."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import ClassVar

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Static, TabbedContent, TabPane

from contribaudit.core.attestation import Attestation
from contribaudit.core.attested import Testimony
from contribaudit.desk import Desk, desks
from contribaudit.errors import ContribauditError
from contribaudit.exporters.cells import plain, shown
from contribaudit.progress import SILENT
from contribaudit.testimony.recording import confirmation
from contribaudit.tui.rows import desk as rows
from contribaudit.tui.screens.base import BoardScreen, Sheet
from contribaudit.tui.screens.question import QuestionScreen
from contribaudit.tui.screens.revoke import RevokeScreen
from contribaudit.tui.screens.walk import WalkScreen
from contribaudit.tui.source import Board, Source
from contribaudit.tui.widgets.grid import Grid

_TABS = ("due", "recorded", "signals", "conflicts")


class DeskScreen(BoardScreen):
    """Four lists, each with the detail of the row under the cursor."""

    NAME: ClassVar[str] = "Evidence"
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(str(number + 1), f"tab('{name}')", name.title(), show=False) for number, name in enumerate(_TABS)),
        Binding("w", "walk_all", "Walk all"),
        Binding("c", "confirm", "Confirm"),
        Binding("x", "revoke", "Revoke"),
        Binding("n", "next_filter", "Only…"),
        Binding("escape", "back", "Back", show=False),
    ]
    DEFAULT_CSS: ClassVar[str] = """
    DeskScreen {
        & #missing { height: auto; padding: 0 1; color: $text-warning; display: none; }
        & #missing.-shown { display: block; }
        & TabPane { padding: 0; }
        & .line { height: auto; padding: 0 1; }
        & .sides { height: 1fr; }
        & .sides > Grid { width: 3fr; }
        & .sides > VerticalScroll { width: 2fr; padding: 0 1; border-left: solid $primary 40%; }
        & .sides > VerticalScroll { scrollbar-size-vertical: 1; }
        & .sides > VerticalScroll > Horizontal { height: auto; }
        & .sides > VerticalScroll > Horizontal > Static { width: 1fr; padding-right: 2; }
        & #conflicts .sides { layout: vertical; }
        & #conflicts .sides > Grid { width: 1fr; height: 1fr; }
        & #conflicts .sides > VerticalScroll { width: 1fr; height: 3fr; border-left: none; }
        & #conflicts .sides > VerticalScroll { border-top: solid $primary 40%; }
        &.-narrow .sides { layout: vertical; }
        &.-narrow .sides > Grid { width: 1fr; height: 1fr; }
        &.-narrow .sides > VerticalScroll { width: 1fr; height: 1fr; border-left: none; }
        &.-narrow .sides > VerticalScroll { border-top: solid $primary 40%; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._board: Board | None = None
        self._testimony: Mapping[str, Testimony] = {}
        self._contents = rows.Contents()
        self._filter = rows.FILTERS[0]
        self._shown: Sequence[rows.Recorded] = ()
        self._notes: dict[str, str] = {}

    def body(self) -> ComposeResult:
        """What is missing, then the four lists."""
        yield Static(id="missing", markup=False)
        with TabbedContent(initial="due"):
            with TabPane("1 Due", id="due"):
                yield Static("Reading …", classes="line", id="due-line", markup=False)
                yield from _sides(Grid(rows.DUE, id="due-grid", empty="Nothing is due."))
            with TabPane("2 Attestations", id="recorded"):
                yield Static(classes="line", id="recorded-line", markup=False)
                yield from _sides(Grid(rows.ATTESTED, id="recorded-grid", empty="No attestation stands so."))
            with TabPane("3 Signals", id="signals"):
                yield Static(
                    "Raw objects of the API that move when a setting does, and what people saw while each stood so.",
                    classes="line",
                    markup=False,
                )
                yield from _sides(Grid(rows.SIGNALS, id="signals-grid", empty="No signal is known here."))
            with TabPane("4 Conflicts", id="conflicts"):
                yield Static(
                    "Two accepted values of one moment. A newer look settles it, and so does taking one back.",
                    classes="line",
                    markup=False,
                )
                yield from _sides(Grid(rows.CONFLICTS, id="conflicts-grid", empty="Nothing contradicts itself."))

    def on_mount(self) -> None:
        """The list of what is due has the keys."""
        super().on_mount()
        self.query_one("#due-grid", Grid).focus()

    def show_board(self, board: Board) -> None:
        """Read what people recorded, then fill the lists."""
        self._board = board
        self._missing(board)
        self._gather(board)

    def _missing(self, board: Board) -> None:
        told = missing(self.dashboard.source, board)
        line = self.query_one("#missing", Static)
        line.set_class(bool(told), "-shown")
        line.update(told)

    @work(exclusive=True, group="gather")
    async def _gather(self, board: Board) -> None:
        try:
            self._testimony, found = await asyncio.to_thread(_gathered, self.dashboard.source, board)
        except ContribauditError as error:
            self.dashboard.say_error(error)
            return
        self._fill(board, found)

    def _fill(self, board: Board, found: rows.Contents) -> None:
        state = board.report.state
        here = self._due_here(), self._recorded_here()
        self._contents = found
        self.query_one("#due-line", Static).update(rows.due_line(found.due))
        place = _place([(one.screen.id, one.organization) for one in found.due], here[0] and _key(here[0]))
        self._grid("due").show(len(found.due), lambda row: rows.due_cells(state, found.due[row]), cursor=place)
        self._show_recorded(here[1])
        signals = found.signals
        self._grid("signals").show(len(signals), lambda row: rows.signal_cells(state, signals[row]))
        conflicts = found.conflicts
        self._grid("conflicts").show(len(conflicts), lambda row: rows.conflict_cells(state, conflicts[row]))
        labels = {"due": len(found.due), "conflicts": len(conflicts)}
        for number, name in enumerate(_TABS):
            count = f" ({labels[name]})" if labels.get(name) else ""
            title = "Attestations" if name == "recorded" else name.title()
            self.query_one(TabbedContent).get_tab(name).label = f"{number + 1} {title}{count}"

    def _show_recorded(self, here: rows.Recorded | None) -> None:
        if self._board is None:
            return
        state = self._board.report.state
        self._shown = rows.cut_down(self._contents.recorded, self._filter)
        self.query_one("#recorded-line", Static).update(rows.recorded_line(self._contents.recorded, self._filter))
        place = _place([one.attestation.id for one in self._shown], here and here.attestation.id)
        shown_now = self._shown
        self._grid("recorded").show(
            len(shown_now), lambda row: rows.recorded_cells(state, shown_now[row]), cursor=place
        )

    def on_grid_moved(self, message: Grid.Moved) -> None:
        """The detail follows the cursor."""
        self._detail(message.grid)

    def on_grid_chosen(self, message: Grid.Chosen) -> None:
        """Enter looks at what is due, and confirms what waits for it."""
        if message.grid.id == "due-grid":
            one = self._due_here()
            if one is not None:
                self._walk([one])
        elif message.grid.id == "recorded-grid":
            one_recorded = self._recorded_here()
            if one_recorded is not None and one_recorded.wanted:
                self.action_confirm()
        elif message.grid.id == "conflicts-grid":
            self._settle()

    def on_tabbed_content_tab_activated(self) -> None:
        """The list in front has the keys."""
        self._grid(self.tab).focus()

    @property
    def tab(self) -> str:
        """The list in front."""
        return self.query_one(TabbedContent).active

    def action_tab(self, name: str) -> None:
        """Another list."""
        self.query_one(TabbedContent).active = name

    def action_next_filter(self) -> None:
        """The next part of the list of attestations."""
        if self.tab != "recorded":
            self.action_tab("recorded")
            return
        self._filter = rows.FILTERS[(rows.FILTERS.index(self._filter) + 1) % len(rows.FILTERS)]
        self._show_recorded(self._recorded_here())

    def action_walk_all(self) -> None:
        """Every screen that is due, one form after the other."""
        if not self._contents.due:
            self.dashboard.say("Nothing is due")
        else:
            self._walk(self._contents.due)

    @work(exclusive=True, group="act")
    async def _walk(self, screens: Sequence[rows.DueScreen]) -> None:
        board = self._board
        if board is None or not self._may():
            return
        made: list[Attestation] = []
        try:
            open_desks = await asyncio.to_thread(_live_desks, self.dashboard.source)
        except ContribauditError as error:
            self.dashboard.say_error(error)
            return
        for number, one in enumerate(screens, 1):
            place = f"screen {number} of {len(screens)}" if len(screens) > 1 else ""
            desk = open_desks[one.organization]
            form = WalkScreen(desk, one.screen, one.rows, board.you, board.report.state, place=place)
            recorded = await self.app.push_screen_wait(form)
            if recorded is None:
                break
            made += recorded
        if made:
            self.dashboard.say(rows.made_line(made))
            self.dashboard.action_reload()

    def action_confirm(self) -> None:
        """Say as a second person that the console shows this."""
        one = self._recorded_here()
        if self.tab != "recorded" or one is None:
            self.dashboard.say("Choose an attestation first (2)", warning=True)
        elif self._may():
            self._confirm(one)

    @work(exclusive=True, group="act")
    async def _confirm(self, one: rows.Recorded) -> None:
        board, told = self._board, one.attestation
        desk = self._desk_of(told.subject.organization)
        if board is None or desk is None:
            return
        try:
            confirmation(told, desk.signature(board.you))  # refused before anything is asked
            body = Text(f"You are {plain(board.you)}. Look at the console yourself first:\n\n")
            body.append(f"{plain(told.console_path) or 'path not said'}\n\n", "bold")
            body.append("Does it show ").append(shown(told.value), "bold").append(f" for {plain(told.setting)}?\n\n")
            body.append_text(rows.recorded_detail(board.report.state, one))
            question = QuestionScreen("Confirm as a second person?", body, yes="I saw the same", no="Back")
            if not await self.app.push_screen_wait(question):
                return
            await asyncio.to_thread(desk.confirm, told.id, board.you)
        except ContribauditError as error:
            self.dashboard.say_error(error)
            return
        self.dashboard.say(f"{board.you} confirmed {told.setting} as {told.by} saw it")
        self.dashboard.action_reload()

    def action_revoke(self) -> None:
        """Take an attestation back."""
        one = self._recorded_here()
        if self.tab != "recorded" or one is None:
            self.dashboard.say("Choose an attestation first (2)", warning=True)
        elif one.attestation.revoked is not None:
            self.dashboard.say("It was taken back already", warning=True)
        elif self._may():
            self._revoke(one)

    @work(exclusive=True, group="act")
    async def _revoke(self, one: rows.Recorded) -> None:
        board, desk = self._board, self._desk_of(one.attestation.subject.organization)
        if board is None or desk is None:
            return
        signed = await self.app.push_screen_wait(RevokeScreen(desk, board.report.state, one, board.you))
        if signed is not None:
            self.dashboard.say(f"{signed.by} revoked it: look at {one.attestation.setting} again")
            self.dashboard.action_reload()

    def _settle(self) -> None:
        """From a conflict to one of its sides in the list."""
        cursor = self._grid("conflicts").cursor
        if cursor is not None and self._contents.conflicts[cursor].said:
            wanted = self._contents.conflicts[cursor].said[0]
            self._filter = "in force"
            found = [one for one in self._contents.recorded if one.attestation is wanted]
            self.action_tab("recorded")
            self._show_recorded(found[0] if found else None)

    def sheet(self) -> Sheet | None:
        """The attestations that are shown."""
        if self._board is None:
            return None
        state = self._board.report.state
        return Sheet("attestations", rows.SHEET, [rows.sheet_row(state, one) for one in self._shown])

    def _may(self) -> bool:
        """Whether anything can be recorded from here; says why not."""
        told = missing(self.dashboard.source, self._board) if self._board is not None else "Nothing was read yet"
        if told:
            self.dashboard.say(told, warning=True)
        return not told

    def _desk_of(self, organization: str) -> Desk | None:
        source = self.dashboard.source
        return desks(source.job, SILENT).get(organization) if source is not None and source.job is not None else None

    def _grid(self, name: str) -> Grid:
        return self.query_one(f"#{name}-grid", Grid)

    def _due_here(self) -> rows.DueScreen | None:
        cursor = self._grid("due").cursor
        return self._contents.due[cursor] if cursor is not None and cursor < len(self._contents.due) else None

    def _recorded_here(self) -> rows.Recorded | None:
        cursor = self._grid("recorded").cursor
        return self._shown[cursor] if cursor is not None and cursor < len(self._shown) else None

    def _detail(self, grid: Grid) -> None:
        board, cursor = self._board, grid.cursor
        name = (grid.id or "").removesuffix("-grid")
        side = grid.parent.query_one(VerticalScroll) if grid.parent is not None else None
        if board is None or side is None:
            return
        state, texts = board.report.state, list[Text]()
        if cursor is not None:
            match name:
                case "due" if cursor < len(self._contents.due):
                    texts = [rows.due_detail(state, self._contents.due[cursor])]
                case "recorded" if cursor < len(self._shown):
                    one = self._shown[cursor]
                    texts = [rows.recorded_detail(state, one, self._notes.get(one.attestation.id, ""))]
                    if one.attestation.revoked is not None and one.attestation.id not in self._notes:
                        self._read_note(one.attestation.id)
                case "signals" if cursor < len(self._contents.signals):
                    line = self._contents.signals[cursor]
                    told = self._testimony.get(line.reading.owner.organization, Testimony())
                    texts = [rows.signal_detail(state, line, told)]
                case "conflicts" if cursor < len(self._contents.conflicts):
                    texts = rows.conflict_detail(state, self._contents.conflicts[cursor])
        self._show_sides(side, texts)

    def _show_sides(self, side: VerticalScroll, texts: Sequence[Text]) -> None:
        first, second = side.query(Static)
        first.update(texts[0] if texts else Text())
        second.display = len(texts) > 1
        second.update(Text("\n").join(texts[1:]))
        side.scroll_home(animate=False)

    @work(exclusive=True, group="note")
    async def _read_note(self, identity: str) -> None:
        source = self.dashboard.source
        if source is None or source.job is None:
            return
        try:
            self._notes[identity] = await asyncio.to_thread(source.job.store.revocation_note, identity)
        except ContribauditError as error:
            self.dashboard.say_error(error)
            return
        self._detail(self._grid("recorded"))


def missing(source: Source | None, board: Board) -> str:
    """Why nothing can be recorded from here; "" when it can."""
    if source is None or not source.can_write or source.job is None:
        return "Read only: nothing can be recorded here. Open the dashboard where the history is."
    if not board.you:
        return (
            'Read only: nobody would be the one who looked. Set attested_by = "you@example.com" in config.toml '
            "(CONTRIBAUDIT_ATTESTED_BY) and start again."
        )
    return ""


def _sides(grid: Grid) -> ComposeResult:
    with Horizontal(classes="sides"):
        yield grid
        with VerticalScroll(), Horizontal():
            yield Static(markup=False)
            yield Static(markup=False)


def _gathered(source: Source | None, board: Board) -> tuple[Mapping[str, Testimony], rows.Contents]:
    """In a worker thread. Raises ContribauditError."""
    state = board.report.state
    if source is None or source.job is None:
        told = {name: Testimony(tuple(said)) for name, said in state.attestations.items()}
    else:
        told = {place.id: source.job.store.testimony(place.id) for place in state.looked_at}
    return told, rows.contents(board, told)


def _live_desks(source: Source | None) -> dict[str, Desk]:
    """With keys where there are some. In a worker thread: a keyring may ask. Raises ContribauditError."""
    if source is None or source.job is None:
        return {}
    return desks(source.live_job() or source.job, SILENT)


def _place(there: Sequence[object], wanted: object) -> int | None:
    return there.index(wanted) if wanted in there else None


def _key(one: rows.DueScreen) -> tuple[str, str]:
    return one.screen.id, one.organization
