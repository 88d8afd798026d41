"""The queue of what to do, as rows: steps under a heading for each kind, and one step in full beside them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.text import Text

from contribaudit.core.advise.steps import NextStep, StepKind, to_do
from contribaudit.core.model.finding import Finding
from contribaudit.core.model.policy import WAIVABLE
from contribaudit.core.model.several import and_more, counted
from contribaudit.core.model.subject import Subject
from contribaudit.core.resolve.aliases import alias_of
from contribaudit.core.resolve.state import State, screen_for
from contribaudit.exporters.text import Cell, display, duration, safe_text
from contribaudit.tui.rows.overview import brief, due_in
from contribaudit.tui.rows.signs import labelled, outcome_sign, severity_sign
from contribaudit.tui.source import Board
from contribaudit.tui.widgets.grid import Column

COLUMNS = (
    Column("", 3),
    Column("urgency", 9),
    Column("what", 20, flexible=True),
    Column("settles", 11, drop_below=90),
    Column("time", 10),
)
TITLES = {
    StepKind.FIX: "FIX",
    StepKind.LOOK: "LOOK",
    StepKind.CONFIRM: "CONFIRM",
    StepKind.DECIDE: "DECIDE",
    StepKind.RENEW: "RENEW",
    StepKind.NOBODY: "NOT YET",
}
_MOST_FINDINGS = 40
"""So many stand in the detail; the key for the findings shows all."""
SHEET = ("place", "kind", "severity", "minutes", "due", "what", "command", "findings")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the queue: a step, or the heading above those of a kind."""

    kind: StepKind
    step: NextStep | None = None
    """None for a heading."""
    place: int | None = None
    """The step's number, gravest first, as in every list of next steps; None where nobody can take it now."""
    steps: int = 0
    minutes: int = 0
    """Of a heading: how many steps there are of its kind, and how long they take."""

    @property
    def key(self) -> object:
        """What it is known again by after another run."""
        if self.step is None:
            return self.kind
        checks = tuple(sorted({one.check for one in self.step.findings}))
        return self.kind, self.step.organization, self.step.command, self.step.screen, checks


def entries(steps: Sequence[NextStep]) -> list[Entry]:
    """The lines: kind by kind, within a kind gravest first."""
    places = {id(step): number for number, step in enumerate(to_do(steps), 1)}
    found: list[Entry] = []
    for kind in StepKind:
        its = [step for step in steps if step.kind is kind]
        if its:
            found.append(Entry(kind, steps=len(its), minutes=sum(step.minutes for step in its)))
            found += [Entry(kind, step, places.get(id(step))) for step in its]
    return found


def newest(before: Iterable[Entry], now: Sequence[Entry]) -> Entry | None:
    """The first step that was not there before; None where there is none, and where nothing was."""
    known = {one.key for one in before}
    return next((one for one in now if known and one.step is not None and one.key not in known), None)


def cells(board: Board, one: Entry, *, marked: bool) -> list[Text]:
    """One line."""
    step = one.step
    if step is None:
        told = counted(one.steps, "thing") if one.kind is not StepKind.NOBODY else ""
        time = duration(one.minutes) if one.minutes else ""
        return [Text(), Text(), Text(f"{TITLES[one.kind]}  {told}", "bold"), Text(), Text(time, "bold")]
    sign = "*" if marked else str(one.place or "")
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
    """The sentence above the queue."""
    things = to_do(board.steps)
    if not things:
        return Text("Nothing can be done now." if board.steps else "Nothing to do.", "bold")
    told = f"{counted(len(things), 'thing')} to do, about {duration(sum(one.minutes for one in things))} in all"
    return Text(told, "bold").append("   Enter does it; space marks several for one waiver", "not bold dim")


def detail(board: Board, one: Entry) -> Text:
    """A step in full: what to do, where, and every finding that it settles."""
    step, state = one.step, board.report.state
    if step is None:
        return Text(_MEANS[one.kind])
    said = Text().append(f"{safe_text(step.text)}\n\n", "bold")
    labelled(said, "enter", enter_does(board, step))
    way = console_path(board, step)
    if way:
        labelled(said, "console", safe_text(way))
    labelled(said, "type", safe_text(step.command))
    if step.organization:
        labelled(said, "of", safe_text(state.organization_name(step.organization)))
    if step.due is not None:
        labelled(said, "due", f"{step.due:%Y-%m-%d}")
    if step.minutes:
        labelled(said, "takes", f"about {duration(step.minutes, words=True)}")
    if step.findings:
        said.append(f"\nResolves {counted(len(step.findings), 'finding')}\n", "bold")
    for finding in step.findings[:_MOST_FINDINGS]:
        said.append("  ").append_text(outcome_sign(finding.outcome))
        said.append(f"  {safe_text(alias_of(state, finding.subject)).removeprefix('app:')}\n")
        said.append(f"    {safe_text(finding.title)} ({finding.check}): {safe_text(finding.reason)}\n", "dim")
        if finding.observed is not None:
            said.append(f"    observed: {display(finding.observed)}\n", "dim")
    left = len(step.findings) - _MOST_FINDINGS
    return said.append(f"  {and_more(left, 'F shows all')}\n", "dim") if left > 0 else said


_MEANS = {
    StepKind.FIX: "Change a setting in the console, or mend what could not be read.",
    StepKind.LOOK: "Look at a screen of the console and record what it shows.",
    StepKind.CONFIRM: "Look as a second person, and confirm what the first one recorded.",
    StepKind.DECIDE: "Accept something, or not: a waiver, a baseline, an entry of the policy, a ticket.",
    StepKind.RENEW: "What runs out, or has.",
    StepKind.NOBODY: "Nobody can settle these now.",
}


def waivable(step: NextStep) -> list[Finding]:
    """Its findings that a waiver can accept."""
    return [one for one in step.findings if one.outcome in WAIVABLE] if step.kind is StepKind.DECIDE else []


def enter_does(board: Board, step: NextStep) -> str:
    """What the key does, in a few words."""
    verb = verb_of(step)
    if step.screen:
        return "opens the grid to record it"
    if verb == "confirm":
        return "opens the attestations that wait"
    if verb == "baseline":
        return "opens the baseline"
    if verb == "changes":
        return "opens the timeline, to note the ticket"
    if waivable(step):
        return "opens a waiver"
    if step.kind is StepKind.FIX and console_path(board, step):
        return "copies the console's address, and opens it if there is a browser"
    return "copies the command"


def verb_of(step: NextStep) -> str:
    """The command's own word: "confirm" of `contribaudit attest confirm ID`."""
    words = step.command.split()[1:3]
    return words[1] if words[:2] == ["attest", "confirm"] else words[0] if words else ""


def console_path(board: Board, step: NextStep) -> str:
    """The way through the console to what the step changes or looks at; "" where none is known."""
    state = board.report.state
    if step.screen:
        screens = {one.id: one for one in state.rulebook.screens}
        return next(iter(screens[step.screen].paths.values()), "") if step.screen in screens else ""
    if verb_of(step) != "checks":  # what could not be read is mended elsewhere
        return ""
    for one in step.findings:
        screen = screen_for(state, one.subject, one.setting)
        way = one.console_path or (next(iter(screen.paths.values()), "") if screen is not None else "")
        if way:
            return way
    return ""


def chip(board: Board, number: str) -> str:
    """What the filter `step:1` leaves, in words: "step 1: 3 apps"."""
    things = to_do(board.steps)
    if not number.isdigit() or not 0 < int(number) <= len(things):
        return f"step {number}: there is none"
    subjects: Sequence[Subject] = list(dict.fromkeys(one.subject for one in things[int(number) - 1].findings))
    kinds = Counter(one.kind.value for one in subjects)
    return f"step {number}: {', '.join(counted(count, kind) for kind, count in kinds.items()) or 'no finding'}"


def sheet_row(one: Entry, _state: State) -> tuple[Cell, ...]:
    """A step for a CSV file."""
    step = one.step
    assert step is not None
    severity = step.severity.value if step.severity is not None else None
    ids = tuple(finding.id for finding in step.findings)
    return one.place, one.kind.value, severity, step.minutes, step.due, step.text, step.command, ids
