"""The Timeline screen: changes with their causes, runs and gaps; Enter shows the state of any day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import ClassVar

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.widgets import Input, Static

from contribaudit.audit.changes import Span, annotate, explained_changes, named
from contribaudit.audit.job import Job
from contribaudit.core.advise.gaps import EVERY_HOURS, Gap, gaps
from contribaudit.core.model.phrases import counted
from contribaudit.exporters.text import Cell
from contribaudit.tui.files import Sheet
from contribaudit.tui.rows import timeline as rows
from contribaudit.tui.rows.timeline import Days, Entry, Filter, LineKind, Trail, change_detail
from contribaudit.tui.screens.base import FilteredScreen
from contribaudit.tui.screens.dialogs import TicketScreen
from contribaudit.tui.source import Board, Source
from contribaudit.tui.widgets.day_strip import DayStrip
from contribaudit.tui.widgets.field import PlainInput
from contribaudit.tui.widgets.grid import Grid


class TimelineScreen(FilteredScreen):
    """The strip of days, the lines, and the line under the cursor in full."""

    NAME: ClassVar[str] = "Timeline"
    FIRST = "#lines"
    PAUSE_SECONDS = 0.1
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "Filter", key_display="/"),
        Binding("enter", "state", "State of that day"),
        Binding("N", "ticket", "Note ticket"),
        Binding("left", "day(-1)", "Previous day", show=False),
        Binding("right", "day(1)", "Next day", show=False),
        Binding("shift+left,comma", "run(-1)", "Previous run", show=False),
        Binding("shift+right,full_stop", "run(1)", "Next run", show=False),
        Binding("s", "order", "Sort"),
        Binding("K", "family", "Family", show=False),
        Binding("S", "site", "Site", show=False),
        Binding("H", "runs", "Changes only", show=False),
        Binding("space", "fold", "Open or fold equal changes", show=False),
        Binding("x", "unexplained", "Only…", show=False, tooltip="Only changes without a known cause"),
        Binding("I", "subject", "Go to subject", show=False),
    ]
    DEFAULT_CSS = """
    TimelineScreen #shown { height: 1; padding: 0 1; }
    TimelineScreen #days { height: 1fr; layout: vertical; }
    TimelineScreen #lines { height: 3fr; width: 1fr; }
    TimelineScreen #change { height: 2fr; padding: 0 1; border-top: solid $primary 40%; scrollbar-size-vertical: 1; }
    TimelineScreen.-wide #days { layout: horizontal; }
    TimelineScreen.-wide #lines { height: 1fr; width: 7fr; }
    TimelineScreen.-wide #change { height: 1fr; width: 3fr; border-top: none; border-left: solid $primary 40%; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._trail: Trail | None = None
        self._entries: list[Entry] = []
        self._days: Days | None = None
        self._lines: Sequence[Entry] = ()
        self._filter = Filter()
        self._newest_first = True
        self._wanted_day: date | None = None
        """The day to select once the history is read."""
        self._opened: set[tuple[object, ...]] = set()
        """Groups of equal changes that are shown one by one, by `Entry.alike`."""
        self._moment: datetime | None = None
        """The moment whose state Enter shows."""
        self._placed: int | None = None
        """The line to which selecting a day moved the cursor; that move does not change the selected day."""

    def body(self) -> ComposeResult:
        """Yield the strip of days, the filter, the lines and the detail."""
        yield DayStrip()
        yield PlainInput(placeholder="filter: words of subject, setting, value, actor, event or ticket", id="wanted")
        yield Static(id="shown", markup=False)
        with Container(id="days"):
            yield Grid(rows.COLUMNS, id="lines", reading="Reading the history …")
            with VerticalScroll(id="change"):
                yield Static(id="told", markup=False)

    def show_board(self, board: Board) -> None:
        """Read the history again, except for a board of the past, which leaves the timeline unchanged."""
        if board.asked_for is None or self._trail is None:
            self.call_after_refresh(self._load_trail, board)
        else:
            self._show_filter_line()

    def sheet(self) -> Sheet | None:
        """The lines shown, without those of days."""
        if self._trail is None:
            return None
        written: list[Sequence[Cell]] = [
            [
                one.what.value,
                one.main.last_seen if one.main is not None else None,
                one.at,
                *(cell.plain for cell in rows.cells(one)),
            ]
            for one in self._lines
            if one.what is not LineKind.DAY
        ]
        return Sheet("timeline", ("kind", "last_seen", "at", "sign", *(one.title for one in rows.COLUMNS[1:])), written)

    @property
    def _grid(self) -> Grid:
        return self.query_one("#lines", Grid)

    @work(exclusive=True, group="trail")
    async def _load_trail(self, board: Board) -> None:
        if self.dashboard.source is not None:
            with self.dashboard.showing_errors():
                read = await self.dashboard.in_thread(_read_trail_and_days, self.dashboard.source, board)
                entry = self._entry()
                self._trail, self._entries, self._days = read
                self._fill(entry)
                if self._wanted_day is not None:
                    self._select_day(self._wanted_day)
                    self._wanted_day = None
                elif self._moment is None and not self._lines and self._days is not None:  # no line selects a day
                    self._select_day(max(self._days.read, default=self._days.last))

    def _fill(self, entry: Entry | None) -> None:
        """Show the lines that match the filter; the cursor stays on `entry` if that is shown."""
        if self._trail is None or self._days is None:
            return
        self._lines = rows.lines_of(self._entries, self._filter, newest_first=self._newest_first, opened=self._opened)
        lines, cursor = self._lines, 0
        if entry is not None:
            cursor = next((n for n, one in enumerate(lines) if one.what is entry.what and one.at == entry.at), 0)
        self._grid.empty = self._why_empty()
        self._grid.show(len(lines), lambda row: rows.cells(lines[row]), cursor=cursor)
        self._show_filter_line()

    def _why_empty(self) -> str:
        if self._filter.on:
            return "No change matches the filter"
        if self._board is not None and self._board.policy is None:
            return "This report names no change; an evidence folder does not hold other runs"
        if not self._entries:
            return "No audit has run yet"
        if len(self._entries) == 1:
            return "This is the first run: nothing to compare it with; press H to show it"
        return "Nothing has changed so far; press H to show the runs"

    def _show_filter_line(self) -> None:
        criteria, changes = self._filter, rows.count_changes(self._lines, self._opened)
        order = "newest first" if self._newest_first else "oldest first"
        parts = [f"{counted(changes, 'change')}, {order}"]
        parts.append(f"family (K): {criteria.family.replace('_', ' ') or 'all'}")
        parts.append(f"site (S): {criteria.site or 'all'}")
        parts += ["without a known cause (x)"] if criteria.unexplained else []
        parts.append(f"runs (H): {'shown' if criteria.runs and not criteria.on else 'hidden'}")
        if self._trail is not None and not self._trail.whole:
            parts.insert(0, "no history here, only this report")
        self.query_one("#shown", Static).update(Text("; ".join(parts), "dim"))

    def _entry(self) -> Entry | None:
        row = self._grid.cursor
        return self._lines[row] if row is not None and row < len(self._lines) else None

    def on_grid_moved(self, event: Grid.Moved) -> None:
        """Show the line under the cursor in detail, and its day in the strip."""
        entry = self._entry()
        if entry is None or self._days is None:
            self.query_one("#told", Static).update(Text(""))
            return
        if event.row != self._placed:
            self._moment = entry.moment
            self.query_one(DayStrip).show(self._days, entry.day)
        self._placed = None
        self.query_one("#told", Static).update(change_detail(entry))
        self.query_one("#change").scroll_home(animate=False)

    # Through time

    def action_day(self, by: int) -> None:
        """Go to the day before or after, even if it has no run."""
        if self._moment is not None:
            self._select_day(self._moment.astimezone(UTC).date() + timedelta(days=by))

    def on_day_strip_picked(self, event: DayStrip.Picked) -> None:
        """Go to the clicked day."""
        self._select_day(event.day)

    def go_to_day(self, day: date) -> None:
        """Go to this day, now or once the history is read."""
        if self._days is None:
            self._wanted_day = day
        else:
            self._select_day(day)

    def _select_day(self, day: date) -> None:
        """Select this day, or the nearest known one, and move the cursor to its line, or to the gap or day before."""
        if self._days is None:
            return
        day = min(max(day, self._days.first), self._days.last)
        self._moment = datetime(day.year, day.month, day.day, 23, 59, 59, 999999, tzinfo=UTC)
        self.query_one(DayStrip).show(self._days, day)
        near = [number for number, one in enumerate(self._lines) if one.day <= day]
        if near:
            best = max(self._lines[number].day for number in near)
            row = next(number for number in near if self._lines[number].day == best)
            if best < day:
                row = next((n for n in near if self._covers(self._lines[n], day)), row)
            if row != self._grid.cursor:
                self._placed = row
                self._grid.cursor = row

    @staticmethod
    def _covers(entry: Entry, day: date) -> bool:
        return entry.gap is not None and entry.gap.since.date() <= day <= entry.gap.until.date()

    def action_run(self, by: int) -> None:
        """Go to the previous or next run in time, showing runs if they are hidden."""
        entry = self._entry()
        if entry is None:
            return
        if not self._filter.runs:
            self._apply_filter(replace(self._filter, runs=True))
        runs = [number for number, one in enumerate(self._lines) if one.what is LineKind.RUN]
        later = [n for n in runs if self._lines[n].at > entry.at]
        earlier = [n for n in runs if self._lines[n].at < entry.at]
        among = later if by > 0 else earlier
        if among:
            pick = min if by > 0 else max
            self._grid.cursor = pick(among, key=lambda n: self._lines[n].at)

    def action_state(self) -> None:
        """Show on every screen the state as of the selected moment."""
        if self._moment is not None:
            self.dashboard.look_back(self._moment)

    def on_grid_chosen(self) -> None:
        """Handle Enter, or a click on the cursor's line."""
        self.action_state()

    # What the keys do

    def filter_changed(self) -> None:
        """Show the changes that contain these words."""
        self._apply_filter(replace(self._filter, text=self.box.value))

    def _apply_filter(self, criteria: Filter) -> None:
        self._filter = criteria
        self._fill(self._entry())

    def action_order(self) -> None:
        """Reverse the order of days."""
        self._newest_first = not self._newest_first
        self._fill(self._entry())

    def action_family(self) -> None:
        """Filter by the next family of settings, or by none."""
        self._apply_filter(
            replace(self._filter, family=_next_choice(self._filter.family, rows.values_of(self._entries, "family")))
        )

    def action_site(self) -> None:
        """Filter by the next site, or by none."""
        self._apply_filter(
            replace(self._filter, site=_next_choice(self._filter.site, rows.values_of(self._entries, "site")))
        )

    def action_unexplained(self) -> None:
        """Show only changes without a known cause, or all."""
        self._apply_filter(replace(self._filter, unexplained=not self._filter.unexplained))

    def action_runs(self) -> None:
        """Show or hide runs."""
        self._apply_filter(replace(self._filter, runs=not self._filter.runs))

    def action_fold(self) -> None:
        """Show equal changes one by one, or fold them again."""
        entry = self._entry()
        if entry is None or not (entry.folded or entry.alike in self._opened):
            self.dashboard.say("This line stands for itself", warning=True)
            return
        self._opened ^= {entry.alike}
        self._fill(entry)

    def action_subject(self) -> None:
        """Go to the subject of the change."""
        main = entry.main if (entry := self._entry()) is not None else None
        if main is None:
            self.dashboard.say("This line has no subject", warning=True)
        else:
            self.dashboard.show_subject(main.subject)

    def action_back(self) -> None:
        """Return from the filter to the lines; from there clear the filter, or else go to the overview."""
        box = self.box
        if not self._grid.has_focus:
            self._grid.focus()
        elif self._filter.on:
            with box.prevent(Input.Changed):
                box.value = ""
            self._apply_filter(Filter(runs=self._filter.runs))
        else:
            super().action_back()

    @work(exclusive=True, group="ticket")
    async def action_ticket(self) -> None:
        """Ask for the ticket of the change under the cursor, and save it."""
        entry, board, source, job = self._entry(), self._board, self.dashboard.source, self.dashboard.job
        writes = source is not None and source.can_write
        if not self.dashboard.may_write("" if writes else "Notes need the history: open the dashboard on it"):
            return
        main = entry.main if entry is not None else None
        if main is None or board is None or job is None:
            self.dashboard.say("Select a change first: tickets belong to changes", warning=True)
            return
        answer = await self.app.push_screen_wait(TicketScreen(f"{main.name or main.subject.id}, {main.setting}"))
        if answer is not None:
            with self.dashboard.showing_errors():
                await self.dashboard.in_thread(_note_ticket, job, board.you, main.id, *answer)
                self.dashboard.say(f"The change {main.id} now has the ticket {answer[0]}")
                self._load_trail(board)


def _read_trail_and_days(source: Source, board: Board) -> tuple[Trail, list[Entry], Days]:
    """The trail with its entries and days. Call in a thread. Raises ContribauditError."""
    trail = read_trail(source, board)
    entries = rows.entries_of(trail)
    return trail, entries, rows.days_of(entries, trail.until)


def read_trail(source: Source, board: Board) -> Trail:
    """The trail from the history, or without one from the report alone. May take seconds. Raises ContribauditError."""
    job, state = source.job, board.report.state
    if job is None:
        runs = sorted(board.runs, key=lambda one: one.id)
        changes = {one.id: one for one in (*board.unseen, *board.report.changes)}
        return Trail(list(changes.values()), runs, (), state.as_of, whole=False)
    until = job.clock()
    runs_of = {one: [run.id for run in job.store.runs(organization=one)] for one in job.organizations}
    spans = [Span(one, min(runs), max(runs)) for one, runs in runs_of.items() if runs]
    gaps_found: list[Gap] = []
    for one in job.organizations:
        seen = job.store.runs_seen(one, until=until)
        gaps_found += gaps(one, seen, None, until, expected_every_hours=EVERY_HOURS)
    mine = {run for runs in runs_of.values() for run in runs}
    return Trail(
        changes=named(state, explained_changes(job.store, job.rulebook, spans, steps=True)),
        runs=[run for run in reversed(job.store.runs()) if run.id in mine],
        gaps=sorted(gaps_found, key=lambda one: (one.since, one.organization)),
        until=until,
    )


def _note_ticket(job: Job, you: str, change: str, ticket: str, note: str) -> None:
    """Save the ticket of the change with this ID, as `contribaudit changes annotate` does."""
    signature = job.operator.signature(job.clock(), you)
    annotate(job.store, job.rulebook, job.organizations, change, ticket, note, signature)


def _next_choice(present: str, values: Sequence[str]) -> str:
    """The choice after `present`; "" (all) after the last."""
    choices = ["", *values]
    return choices[(choices.index(present) + 1) % len(choices)] if present in choices else ""
