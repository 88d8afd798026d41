"""The Sub-processors screen: the vendor's sub-processors and the apps that each touches, filtered as you type."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from contribaudit.core.model.phrases import counted
from contribaudit.exporters.report_v1 import ProcessorV1, SubprocessorsV1
from contribaudit.exporters.text import Cell, safe_text
from contribaudit.tui.files import Sheet
from contribaudit.tui.rows.signs import short_host
from contribaudit.tui.screens.base import FilteredScreen
from contribaudit.tui.source import Board
from contribaudit.tui.widgets.field import PlainInput
from contribaudit.tui.widgets.grid import Column, Grid
from contribaudit.tui.widgets.listing import Listing

COLUMNS = (
    Column("sub-processor", 24, flexible=True),
    Column("touches", 7),
    Column("apps", 20, flexible=True),
    Column("locations", 16, flexible=True, drop_below=100),
)
FIELDS: Mapping[str, Callable[[ProcessorV1], Cell]] = {
    "processor": lambda one: one["processor"],
    "touches": lambda one: one["touches"],
    "apps": lambda one: one["apps"],
    "app": lambda one: one["app"],
    "purposes": lambda one: tuple(one["purposes"]),
    "locations": lambda one: tuple(one["locations"]),
    "because": lambda one: tuple(one["because"]),
}
"""The columns of a row in a CSV file."""
NOTHING = "No list of sub-processors is imported: run `contribaudit subprocessors import FILE`"


def fitting(document: SubprocessorsV1 | None, words: str) -> list[ProcessorV1]:
    """The rows that contain every word of the filter, in any column; all rows without a filter."""
    terms = words.casefold().split()
    rows = document["exposure"] if document is not None else []
    return [one for one in rows if all(word in _searched(one) for word in terms)]


def _searched(row: ProcessorV1) -> str:
    parts = (row["processor"], row["touches"], row["app"], *row["purposes"], *row["locations"], *row["because"])
    return "\n".join(parts).casefold()


def standing(document: SubprocessorsV1 | None, shown: Sequence[ProcessorV1]) -> Text:
    """The sentence above the list: how many companies are shown, and which list they come from."""
    if document is None:
        return Text.assemble((NOTHING, "yellow"))
    companies = len({one["processor"] for one in shown})
    text = Text(f"{counted(companies, 'company')} touch or may touch apps")
    text.append(f"; list in force since {document['effective']}, ")
    if document["imported_at"] is None:
        return text.append("shipped with the rulebook: run `contribaudit subprocessors import FILE`", "yellow")
    return text.append(f"imported {document['imported_at'][:10]} from {safe_text(document['source'])}")


def why_empty(document: SubprocessorsV1 | None, words: str) -> str:
    """Why no row is shown."""
    if document is None:
        return (
            "The policy does not ask about sub-processors. `contribaudit subprocessors exposure` goes by the old list"
            " that the rulebook holds."
        )
    return "No row matches the filter." if words.strip() else "No company on the list touches or may touch an app."


def cells(row: ProcessorV1) -> list[Text]:
    """The texts of one line in the list."""
    return [
        Text(safe_text(row["processor"])),
        Text(row["touches"], "" if row["touches"] == "yes" else "yellow"),
        Text(short_host(safe_text(row["app"]))),
        Text(safe_text(", ".join(row["locations"]))),
    ]


def detail(row: ProcessorV1) -> Sequence[Text]:
    """A row in full: why, for what purposes, and where."""
    text = Text(f"{safe_text(row['processor'])}\n", "bold")
    for title, lines in (
        (f"Touches: {row['touches']}", [row["app"]]),
        ("Because", row["because"]),
        ("Purposes", row["purposes"] or ["not stated for a company of the vendor's group"]),
        ("Locations", row["locations"]),
    ):
        text.append(f"\n{title}\n", "not bold dim")
        text.append("".join(f"  {safe_text(line)}\n" for line in lines), "not bold")
    return [text]


class SubprocessorsScreen(FilteredScreen):
    """The list of sub-processors that touch or may touch an app, with the row under the cursor in full."""

    NAME: ClassVar[str] = "Sub-processors"
    FIRST = "Grid"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("slash", "filter", "Filter", key_display="/")]

    def __init__(self) -> None:
        super().__init__()
        self._document: SubprocessorsV1 | None = None

    def body(self) -> ComposeResult:
        """Yield the filter and the list."""
        yield PlainInput(placeholder="filter: words of any column, as in: may usa training", id="filter")
        yield Listing[ProcessorV1](
            COLUMNS,
            id="subprocessors",
            empty="",
            key=lambda one: (one["processor"], one["touches"], one["app"]),
        )

    def show_board(self, board: Board) -> None:
        """Load the list in a thread, since it may have to be joined with the apps first."""
        self.call_after_refresh(self._load_list, board)

    @work(exclusive=True, group="subprocessors")
    async def _load_list(self, board: Board) -> None:
        with self.dashboard.showing_errors():
            document = await self.dashboard.in_thread(lambda: board.about.document)
            self._document = document["subprocessors"]
            self._list()

    def filter_changed(self) -> None:
        """List the rows that contain every word."""
        if not self.query_one(Grid).is_reading:
            self._list()

    def action_back(self) -> None:
        """Leave and clear the filter, or else return to the overview."""
        box = self.box
        if box.has_focus or box.value:
            box.value = ""
            self.query_one(Grid).focus()
            return
        super().action_back()

    def _matching_rows(self) -> list[ProcessorV1]:
        return fitting(self._document, self.box.value)

    def _list(self) -> None:
        shown = self._matching_rows()
        listing = self.query_one(Listing)
        listing.empty = why_empty(self._document, self.box.value)
        listing.say(standing(self._document, shown))
        listing.show(shown, cells, detail)

    def sheet(self) -> Sheet | None:
        """The rows that match the filter."""
        return Sheet.of("sub-processors", FIELDS, self._matching_rows()) if self._document is not None else None
