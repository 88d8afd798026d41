"""The Documents screen: when each document of the vendor was archived, changed or unreadable, and the effects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from contribaudit.core.model.finding import Severity
from contribaudit.core.model.phrases import counted
from contribaudit.core.model.provisions import LookOutcome
from contribaudit.core.resolve.editions import changes_of
from contribaudit.core.resolve.state import State
from contribaudit.exporters.terms import LOOKS, change_lines, document_rows, look_rows, note_text, summed
from contribaudit.exporters.text import Cell, safe_text
from contribaudit.tui.files import Sheet
from contribaudit.tui.screens.base import BoardScreen
from contribaudit.tui.source import Board
from contribaudit.tui.widgets.grid import Column
from contribaudit.tui.widgets.listing import Listing

COLUMNS = (
    Column("day", 10),
    Column("document", 28, flexible=True),
    Column("what", 12),
    Column("changes", 14, flexible=True, drop_below=70),
)
SHEET = LOOKS
_WORDS = {
    LookOutcome.FIRST: "archived",
    LookOutcome.CHANGED: "changed",
    LookOutcome.OLDER: "earlier copy",
    LookOutcome.NOT_READABLE: "not readable",
}
_NO_LOOK = (
    "No document is archived yet. `contribaudit terms check --fetch` fetches them, `contribaudit terms add` imports."
)
_NO_CHANGE = "No provision has changed; press H to show every copy."
_COLOURS = {Severity.CRITICAL: "bold red", Severity.HIGH: "red", Severity.MEDIUM: "yellow"}


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the timeline: an event in the life of a document, with its text in full."""

    key: str
    at: datetime
    document: str
    """The document's ID, for commands."""
    title: str
    what: str
    summary: str
    severity: Severity | None
    detail: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """The content of the screen. It is made in a thread, since texts are read and compared."""

    standing: Text
    entries: tuple[Entry, ...]
    sheet: tuple[tuple[Cell, ...], ...]


def timeline(state: State) -> Timeline:
    """The documents' timeline as of the board's moment."""
    rules, archive = state.rulebook.terms, state.documents
    documents = rules.watched(())
    titles = {one.name: one.title for one in documents}
    entries = []
    for looks in archive.looks.values():
        for look in looks:
            if look.outcome is LookOutcome.UNCHANGED:
                continue
            difference = changes_of(rules, archive, look)
            detail: tuple[str, ...] = (look.reason,) if look.reason else ()
            before = archive.before(look) if difference is not None else None
            if difference is not None and before is not None:
                detail += tuple(change_lines(rules, difference, before, look, findings={}, notes=archive.notes))
            summary = f"{look.code}: {look.reason}" if look.outcome is LookOutcome.NOT_READABLE else summed(difference)
            most_severe = difference.changes[0].severity if difference is not None and difference.changes else None
            detail += (f"from {look.source}", f"SHA-256 {look.sha256}" if look.sha256 else "no page came")
            entries.append(
                Entry(
                    f"look {look.id}",
                    look.retrieved_at,
                    look.document,
                    titles.get(look.document, look.document),
                    _WORDS[look.outcome],
                    summary,
                    most_severe,
                    detail,
                )
            )
    entries += [
        Entry(
            f"note {note.id}",
            note.signed.at,
            note.document,
            titles.get(note.document, note.document),
            "note",
            note_text(note),
            None,
            (note_text(note), note.provision),
        )
        for note in archive.notes
    ]
    entries.sort(key=lambda one: (one.at, one.key), reverse=True)
    return Timeline(_standing(state), tuple(entries), tuple(look_rows(rules, documents, archive)))


def _standing(state: State) -> Text:
    """How many documents were read, and which facts are under review."""
    rules, archive = state.rulebook.terms, state.documents
    rows = list(document_rows(rules.watched(()), archive, state.anchored))
    status = [str(row[3]) for row in rows]
    unread = [f"{row[1]} ({row[0]})" for row in rows if str(row[3]).startswith("not readable")]
    read = status.count("read")
    text = Text(f"{counted(len(rows), 'watched document')} of the vendor: {read} read")
    if unread:
        text.append(f", not readable: {safe_text(', '.join(unread))}", "yellow")
    never = status.count("never archived")
    text.append(f", {never} never archived: run `contribaudit terms check --fetch`" if never else "")
    doubtful = [one for one in state.anchored if one.standing.under_review]
    for one in doubtful:
        text.append("\nRule under review: ", "bold yellow").append(safe_text(one.anchor.fact))
        text.append(f" ({', '.join(one.anchor.checks)})", "dim")
    text.append("\nThis compares wording. It is not legal advice.", "dim")
    return text


def cells(entry: Entry) -> list[Text]:
    """The texts of one line in the list."""
    colour = _COLOURS.get(entry.severity, "") if entry.severity is not None else ""
    what = "yellow" if entry.what == "not readable" else colour
    return [
        Text(f"{entry.at:%Y-%m-%d}"),
        Text(safe_text(entry.title)),
        Text(entry.what, what),
        Text(safe_text(entry.summary), colour),
    ]


def detail(entry: Entry) -> Sequence[Text]:
    """An entry in full."""
    called = f"{entry.title} ({entry.document})"
    text = Text(f"{safe_text(called)}, {entry.at:%Y-%m-%d %H:%M}Z: {entry.what}\n", "bold")
    for line in entry.detail:
        plain = safe_text(line)
        style = "red" if plain.startswith("  - ") else "green" if plain.startswith("  + ") else ""
        text.append(f"\n{plain}", f"not bold {style}".strip())
    return [text]


class TermsScreen(BoardScreen):
    """The timeline, newest first, with both wordings of each changed provision."""

    NAME: ClassVar[str] = "Documents"
    FIRST = "Grid"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("H", "changes", "Changes only")]

    def __init__(self) -> None:
        super().__init__()
        self._timeline: Timeline | None = None
        self._changes_only = False

    def body(self) -> ComposeResult:
        """Yield the timeline, whose sentence says how the documents stand."""
        yield Listing[Entry](
            COLUMNS,
            id="terms",
            empty="",
            key=lambda one: one.key,
        )

    def show_board(self, board: Board) -> None:
        """Load the timeline in a thread, since the texts are long."""
        self.call_after_refresh(self._load_timeline, board)

    @work(exclusive=True, group="terms")
    async def _load_timeline(self, board: Board) -> None:
        with self.dashboard.showing_errors():
            self._timeline = await self.dashboard.in_thread(timeline, board.report.state)
            self.query_one(Listing).say(self._timeline.standing)
            self._list()

    def _list(self) -> None:
        assert self._timeline is not None
        shown = [one for one in self._timeline.entries if one.severity is not None or not self._changes_only]
        listing = self.query_one(Listing)
        listing.empty = _NO_CHANGE if self._timeline.entries else _NO_LOOK
        listing.show(shown, cells, detail)

    def action_changes(self) -> None:
        """List only the editions that changed a provision, or everything again."""
        self._changes_only = not self._changes_only
        if self._timeline is not None:
            self._list()

    def sheet(self) -> Sheet | None:
        """Every look at a document."""
        if self._timeline is None:
            return None
        return Sheet("documents", SHEET, self._timeline.sheet)
