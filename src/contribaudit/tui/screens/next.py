"""The Next screen: steps under a heading for each kind, with one step in full. Enter starts the step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from contribaudit.attestations.due import due_screens, path_of
from contribaudit.core.advise.steps import NextStep, StepKind, to_do
from contribaudit.core.advise.waiting import DueScreen
from contribaudit.core.model.finding import Finding
from contribaudit.core.model.phrases import and_more, counted
from contribaudit.core.model.policy import WAIVABLE
from contribaudit.core.resolve.aliases import called
from contribaudit.core.resolve.state import screen_for
from contribaudit.exporters.text import Cell, display, duration, safe_text
from contribaudit.tui.files import Sheet
from contribaudit.tui.host import missing
from contribaudit.tui.rows.findings import console
from contribaudit.tui.rows.overview import brief, due_in, query_of_step
from contribaudit.tui.rows.signs import check_of, labelled, outcome_sign, severity_sign
from contribaudit.tui.screens.base import BoardScreen
from contribaudit.tui.source import Board
from contribaudit.tui.widgets.grid import Column, Grid
from contribaudit.tui.widgets.listing import Listing

COLUMNS = (
    Column("", 3),
    Column("urgency", 9),
    Column("what", 20, flexible=True),
    Column("settles", 11, drop_below=90),
    Column("time", 10),
)
_MOST_FINDINGS = 40
"""The most findings in the detail of a step; the key for the findings shows all."""
SHEET = ("place", "kind", "severity", "minutes", "due", "what", "command", "findings")


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the list: a step, or the heading above the steps of a kind."""

    kind: StepKind
    step: NextStep | None = None
    """None for a heading."""
    place: int | None = None
    """The step's number, most serious first, as in every list of next steps; None if it cannot be taken now."""
    steps: int = 0
    minutes: int = 0
    """For a heading: the total minutes of the steps of its kind; `steps` is their number."""

    @property
    def key(self) -> object:
        """A key that identifies the line across runs."""
        if self.step is None:
            return self.kind
        checks = tuple(sorted({one.check for one in self.step.findings}))
        return self.kind, self.step.organization, self.step.command, self.step.screen, checks


def entries(steps: Sequence[NextStep]) -> list[Entry]:
    """The lines of the list: kind by kind, most serious first within a kind."""
    places = {id(step): number for number, step in enumerate(to_do(steps), 1)}
    listed: list[Entry] = []
    for kind in StepKind:
        of_kind = [step for step in steps if step.kind is kind]
        if of_kind:
            listed.append(Entry(kind, steps=len(of_kind), minutes=sum(step.minutes for step in of_kind)))
            listed += [Entry(kind, step, places.get(id(step))) for step in of_kind]
    return listed


def newest(before: Iterable[Entry], after: Sequence[Entry]) -> Entry | None:
    """The first step that was not listed before; None if there is none, or if nothing was listed before."""
    known_keys = {one.key for one in before}
    return next((one for one in after if known_keys and one.step is not None and one.key not in known_keys), None)


def cells(board: Board, entry: Entry, *, marked: bool) -> list[Text]:
    """The texts of one line."""
    step = entry.step
    if step is None:
        title = f"{entry.kind.value.upper()}  {counted(entry.steps, 'thing')}"
        if entry.kind is StepKind.NOBODY:
            title = "NOT YET"
        time = duration(entry.minutes) if entry.minutes else ""
        return [Text(), Text(), Text(title, "bold"), Text(), Text(time, "bold")]
    sign = "*" if marked else str(entry.place or "")
    urgency = severity_sign(step.severity) if step.severity is not None else Text(due_in(step, board), "yellow")
    settles = counted(len(step.findings), "finding") if step.findings else ""
    time = duration(step.minutes) if step.minutes else ""
    return [
        Text(sign, "bold reverse" if marked else "bold"),
        urgency,
        Text(brief(step, board)),
        Text(settles, "dim"),
        Text(time),
    ]


def line(board: Board) -> Text:
    """The sentence above the steps."""
    things = to_do(board.steps)
    if not things:
        return Text("Nothing can be done now." if board.steps else "Nothing to do.", "bold")
    total = f"{counted(len(things), 'thing')} to do, about {duration(sum(one.minutes for one in things))} in all"
    return Text(total, "bold").append("   Enter: start this step. Space: select several for one waiver", "not bold dim")


def detail(board: Board, entry: Entry) -> Text:
    """A step in full: what to do, where, and every finding that it settles."""
    step, state = entry.step, board.report.state
    if step is None:
        return Text(_MEANS[entry.kind])
    text = Text().append(f"{safe_text(step.text)}\n\n", "bold")
    labelled(text, "enter", enter_does(board, step))
    way = console_path(board, step)
    if way:
        labelled(text, "console", safe_text(way))
    labelled(text, "type", safe_text(step.command))
    if step.organization:
        labelled(text, "of", safe_text(state.organization_name(step.organization)))
    if step.due is not None:
        labelled(text, "due", f"{step.due:%Y-%m-%d}")
    if step.minutes:
        labelled(text, "takes", f"about {duration(step.minutes, words=True)}")
    if step.findings:
        text.append(f"\nResolves {counted(len(step.findings), 'finding')}\n", "bold")
    for finding in step.findings[:_MOST_FINDINGS]:
        text.append("  ").append_text(outcome_sign(finding.outcome))
        text.append(f"  {safe_text(called(state, finding.subject))}\n")
        text.append(f"    {check_of(finding)}: {safe_text(finding.reason)}\n", "dim")
        if finding.observed is not None:
            text.append(f"    observed: {display(finding.observed)}\n", "dim")
    left = len(step.findings) - _MOST_FINDINGS
    return text.append(f"  {and_more(left, 'F shows all')}\n", "dim") if left > 0 else text


_MEANS = {
    StepKind.FIX: "Change a setting in the console, or fix what could not be read.",
    StepKind.LOOK: "Look at a screen of the console and record what it shows.",
    StepKind.CONFIRM: "Look as a second person, and confirm what the first one recorded.",
    StepKind.DECIDE: "Decide whether to accept this: with a waiver, a baseline, a policy entry or a ticket.",
    StepKind.RENEW: "Renew what expires soon or has expired.",
    StepKind.NOBODY: "These findings cannot be resolved yet.",
}


def waivable(step: NextStep) -> list[Finding]:
    """The findings of a DECIDE step that a waiver can accept; [] for other steps."""
    return [one for one in step.findings if one.outcome in WAIVABLE] if step.kind is StepKind.DECIDE else []


class Enter(StrEnum):
    """The effect of Enter on a step, in a few words."""

    LOOK = "opens the grid to record it"
    CONFIRM = "opens the attestations that wait"
    BASELINE = "opens the baseline"
    TICKET = "opens the timeline, to note the ticket"
    WAIVE = "opens a waiver"
    CONSOLE = "copies the console's address, and opens it if there is a browser"
    COPY = "copies the command"


def enter_does(board: Board, step: NextStep) -> Enter:
    """The effect of Enter on this step."""
    if step.screen:
        return Enter.LOOK
    of_verb = {"confirm": Enter.CONFIRM, "baseline": Enter.BASELINE, "changes": Enter.TICKET}.get(verb_of(step))
    if of_verb is not None:
        return of_verb
    if waivable(step):
        return Enter.WAIVE
    return Enter.CONSOLE if step.kind is StepKind.FIX and console_path(board, step) else Enter.COPY


def verb_of(step: NextStep) -> str:
    """The subcommand that the step runs: "confirm" for `contribaudit attest confirm ID`."""
    words = step.command.split()[1:3]
    return words[1] if words[:2] == ["attest", "confirm"] else words[0] if words else ""


def console_path(board: Board, step: NextStep) -> str:
    """The console path to the screen that the step changes or looks at; "" if none is known."""
    state = board.report.state
    if step.screen:
        return next((path_of(one) for one in state.rulebook.screens if one.id == step.screen), "")
    if verb_of(step) != "checks":  # a failed reading is not fixed in the console
        return ""
    for finding in step.findings:
        screen = screen_for(state, finding.subject, finding.setting)
        way = finding.console_path or (path_of(screen) if screen is not None else "")
        if way:
            return way
    return ""


def sheet_row(entry: Entry) -> tuple[Cell, ...]:
    """The cells of a step in a CSV file, in the order of SHEET."""
    step = entry.step
    assert step is not None
    severity = step.severity.value if step.severity is not None else None
    ids = tuple(finding.id for finding in step.findings)
    return entry.place, entry.kind.value, severity, step.minutes, step.due, step.text, step.command, ids


class NextScreen(BoardScreen):
    """The list of steps by kind. After a run, the cursor goes to the first new step, or else stays on its step."""

    NAME: ClassVar[str] = "Next"
    FIRST = "Grid"
    NOTHING_TO_WAIVE: ClassVar[str] = (
        "Nothing to waive in this step: a waiver accepts failing findings of a DECIDE step"
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "mark", "Mark", tooltip="Mark findings for one waiver"),
        Binding("w", "app.waive", "Waive"),
        Binding("F", "findings", "Its findings"),
        Binding("y", "copy", "Copy the command", show=False),
        *(Binding(str(n), f"step({n})", f"Step {n}", show=False) for n in range(1, 10)),
    ]
    DEFAULT_CSS: ClassVar[str] = """
    NextScreen.-narrow Listing > .sides { layout: vertical; }
    NextScreen.-narrow Listing > .sides > Grid { width: 1fr; height: 3fr; }
    NextScreen.-narrow Listing > .sides > VerticalScroll {
        width: 1fr; height: 2fr; border-left: none; border-top: solid $primary 40%;
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._marked: set[object] = set()
        self._pending_step: int | None = None
        """The number of the step to select once there is a board."""
        self._list: Listing[Entry] = Listing(COLUMNS, id="next", empty="", key=lambda one: one.key, sortable=False)

    def body(self) -> ComposeResult:
        """Yield the list, which includes the step in full."""
        yield self._list

    def show_board(self, board: Board) -> None:
        """List the board's steps."""
        before, listed = self._list.rows, entries(board.steps)
        self._marked &= {one.key for one in listed}
        at = newest(before, listed) or (None if before else next((one for one in listed if one.step), None))
        self._fill(listed, at)
        if self._pending_step is not None:
            self.action_step(self._pending_step)

    def _fill(self, listed: Sequence[Entry], at: Entry | None = None) -> None:
        board = self._board
        assert board is not None
        self._list.say(line(board))
        self._list.show(
            listed,
            lambda one: cells(board, one, marked=one.key in self._marked),
            lambda one: [detail(board, one)],
            at=at,
        )

    def sheet(self) -> Sheet | None:
        """The steps, without headings."""
        if self._board is None:
            return None
        rows = [sheet_row(one) for one in self._list.rows if one.step is not None]
        return Sheet("next-steps", SHEET, rows)

    @property
    def step(self) -> NextStep | None:
        """The step under the cursor; None on a heading."""
        return self._list.selected.step if self._list.selected is not None else None

    @property
    def findings(self) -> Sequence[Finding]:
        """The findings to waive: those of the marked steps, or else of the step under the cursor."""
        chosen = [one.step for one in self._list.rows if one.key in self._marked] or [self.step]
        return [finding for step in chosen if step is not None for finding in waivable(step)]

    def action_step(self, number: int) -> None:
        """Select the step of this number, now or once there is a board."""
        if self._board is None:
            self._pending_step = number
            return
        self._pending_step = None
        at = next((one for one in self._list.rows if one.place == number), None)
        if at is None:
            self.dashboard.say(f"There is no step {number}")
        else:
            self._fill(self._list.rows, at)

    def action_mark(self) -> None:
        """Mark the step for the waiver, or unmark it."""
        entry = self._list.selected
        if entry is None or entry.step is None or not waivable(entry.step):
            self.dashboard.say(self.NOTHING_TO_WAIVE, warning=True)
            return
        self._marked ^= {entry.key}
        self._fill(self._list.rows)

    def action_findings(self) -> None:
        """Show the findings that the step settles in the table of findings."""
        if self.step is not None and self._board is not None:
            self.dashboard.show_findings(query_of_step(self._board, self.step))

    def action_copy(self) -> None:
        """Copy the step's command to the clipboard."""
        if self.step is not None:
            self.app.copy_to_clipboard(self.step.command)
            self.dashboard.say(f"Copied: {self.step.command}")

    def on_grid_chosen(self, message: Grid.Chosen) -> None:
        """Start the step."""
        message.stop()
        step = self.step
        if step is None or self._board is None:
            return
        match enter_does(self._board, step):
            case Enter.LOOK:
                self._open_screen_step(self._board, step)
            case Enter.CONFIRM:
                self.dashboard.go_to("desk", lambda desk: desk.show_waiting())
            case Enter.BASELINE:
                self.dashboard.go_to("approve")
            case Enter.TICKET:
                self.dashboard.go_to("timeline")
            case Enter.WAIVE:
                self.app.run_worker(self.app.run_action("waive"), group="act")
            case Enter.CONSOLE:
                self._open_console(self._board, step)
            case Enter.COPY:
                self.action_copy()

    def _open_console(self, board: Board, step: NextStep) -> None:
        """Open the console's address and show the path from there; only show the path if no address is known."""
        address, way = console(board, console_path(board, step))
        if address:
            self.dashboard.hand_over(address, f" (then {way})")
        else:
            self.dashboard.say(f"In the console: {way}")

    @work(exclusive=True, group="act", description="look")
    async def _open_screen_step(self, board: Board, step: NextStep) -> None:
        from contribaudit.tui.screens.attestations import walk

        if not self.dashboard.may_write(missing(self.dashboard.source, board)):
            return
        due: list[DueScreen] = []
        with self.dashboard.showing_errors():
            due = await self.dashboard.in_thread(self._waits, board, step)
        if due:
            await walk(self.dashboard, board, due)
        else:
            self.dashboard.say("Nothing on this screen is waiting any more: press R to read the history again")

    def _waits(self, board: Board, step: NextStep) -> list[DueScreen]:
        """The due screen of the step, in a list; [] if nothing is due. Call in a thread. Raises ContribauditError."""
        job, policy = self.dashboard.job, board.policy
        if job is None or policy is None:
            return []
        looks = job.store.attestations(step.organization)
        screens = due_screens(board.report.state, board.report.findings, policy, looks)
        return [one for one in screens if (one.screen.id, one.organization) == (step.screen, step.organization)]
