"""Sub-processors as rows: which of them touch or may touch which apps, with purposes, locations and reasons."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from contribaudit.core.model.several import counted
from contribaudit.exporters.report_v1 import ProcessorV1, SubprocessorsV1
from contribaudit.exporters.text import Cell, safe_text
from contribaudit.tui.widgets.grid import Column

COLUMNS = (
    Column("sub-processor", 24, flexible=True),
    Column("touches", 7),
    Column("apps", 20, flexible=True),
    Column("locations", 16, flexible=True, drop_below=100),
)
SHEET = ("processor", "touches", "apps", "app", "purposes", "locations", "because")
NOTHING = "No list of sub-processors is imported: run contribaudit subprocessors import FILE"


_ATLASSIAN = ".atlassian.net"
"""Of nearly every host; the detail has it whole."""


def fitting(told: SubprocessorsV1 | None, words: str) -> list[ProcessorV1]:
    """The rows in which every word of the filter occurs, in whatever column; all without one."""
    wanted = words.casefold().split()
    rows = told["exposure"] if told is not None else []
    return [one for one in rows if all(word in _searched(one) for word in wanted)]


def _searched(one: ProcessorV1) -> str:
    parts = (one["processor"], one["touches"], one["app"], *one["purposes"], *one["locations"], *one["because"])
    return "\n".join(parts).casefold()


def standing(told: SubprocessorsV1 | None, shown: Sequence[ProcessorV1]) -> Text:
    """Which list it is, and how many companies are listed."""
    if told is None:
        return Text.assemble((NOTHING, "yellow"))
    companies = len({one["processor"] for one in shown})
    said = Text(f"{counted(companies, 'company')} touch or may touch apps")
    said.append(f"; list in force since {told['effective']}, ")
    if told["imported_at"] is None:
        return said.append("shipped with the rulebook: run contribaudit subprocessors import FILE", "yellow")
    return said.append(f"imported {told['imported_at'][:10]} from {safe_text(told['source'])}")


def cells(one: ProcessorV1) -> list[Text]:
    """One line of the list."""
    return [
        Text(safe_text(one["processor"])),
        Text(one["touches"], "" if one["touches"] == "yes" else "yellow"),
        Text(safe_text(one["app"]).replace(_ATLASSIAN, "")),
        Text(safe_text(", ".join(one["locations"]))),
    ]


def detail(one: ProcessorV1) -> Sequence[Text]:
    """Everything about one line."""
    said = Text(f"{safe_text(one['processor'])}\n", "bold")
    for title, lines in (
        (f"Touches: {one['touches']}", [one["app"]]),
        ("Because", one["because"]),
        ("Purposes", one["purposes"] or ["not told for a company of the vendor's group"]),
        ("Locations", one["locations"]),
    ):
        said.append(f"\n{title}\n", "not bold dim")
        said.append("".join(f"  {safe_text(line)}\n" for line in lines), "not bold")
    return [said]


def sheet(rows: Sequence[ProcessorV1]) -> list[tuple[Cell, ...]]:
    """The rows for a CSV file."""
    return [
        (
            one["processor"],
            one["touches"],
            one["apps"],
            one["app"],
            tuple(one["purposes"]),
            tuple(one["locations"]),
            tuple(one["because"]),
        )
        for one in rows
    ]
