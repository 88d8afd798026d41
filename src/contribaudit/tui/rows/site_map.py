"""The map as text: the bar of locations with its legend, the table of sites, and a waffle if there are many sites.

Every location has its own hatch and every cell a letter, so that nothing depends on colour alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from contribaudit.core.advise.site_map import QUESTIONS, UNKNOWN, Location, MapCell, MapQuestion, MapRow, SiteMap
from contribaudit.core.model.phrases import counted
from contribaudit.exporters.site_map import GROUP_OF, LETTERS, MEANINGS, cell_sentence, fact, letter, worst
from contribaudit.exporters.text import safe_text
from contribaudit.tui.rows.filtering import quoted
from contribaudit.tui.rows.signs import SIGNS
from contribaudit.tui.widgets.grid import Column

MOST_ROWS = 60
"""More sites than this are shown as a waffle."""
ATLASSIAN = ".atlassian.net"
_WIDTH = 8
COLUMNS = (
    Column("site", 15, flexible=True),
    *(Column(question.name, _WIDTH, flexible=True) for question in QUESTIONS),
    Column("apps", 6, drop_below=100),
)
SHEET = ("organization_id", "site", "apps", *(name for one in QUESTIONS for name in (one.name, f"{one.name}_outcome")))
_HATCHES = "\N{FULL BLOCK}\N{MEDIUM SHADE}\N{DARK SHADE}\N{LIGHT SHADE}#=/+x%o~^*"
_UNKNOWN_HATCH = "?"
PAINTS = {
    "fail": "bold reverse red",
    "not achievable": "#f3d9ff on #55206b",
    "unverified": "#ffe08a on #4d3b00",
    "settled": "#d6e9ff on #1f3f66",
    "pass": "#d7f5dc on #1e4d2b",
    "no finding": "",
}
"""The style of a cell by the group of its outcome."""
_SIZES = ((1_000_000, "M"), (1_000, "k"))


def shortened(number: int) -> str:
    """A number in at most five cells: 999, 1.5k, 10.5k, 312k, 1.2M."""
    for size, sign in _SIZES:
        if number >= (size if sign == "k" else size * 0.9995):  # 999,999 is 1M, and never 1000k
            tenths = f"{number / size:.1f}".removesuffix(".0")
            return f"{number / size:.0f}{sign}" if number >= 99.95 * size else f"{tenths}{sign}"
    return str(number)


@dataclass(frozen=True, slots=True)
class Piece:
    """A location with its hatch and position in the bar."""

    location: Location
    hatch: str
    start: int
    """The first cell of the piece in the bar."""
    width: int


def pieces(whole: SiteMap, width: int) -> list[Piece]:
    """The bar's pieces over `width` cells, each in proportion to its apps and at least one cell long."""
    shown = whole.locations[:width]
    if not shown:
        return []
    spare = width - len(shown)
    total = sum(location.apps for location in shown) or 1
    ends, so_far = [], 0
    for location in shown:
        so_far += location.apps
        ends.append(round(spare * so_far / total))
    made, start, before = [], 0, 0
    for place, (location, end) in enumerate(zip(shown, ends, strict=True)):
        room = end - before + 1
        hatch = _UNKNOWN_HATCH if location.name == UNKNOWN else _HATCHES[place % len(_HATCHES)]
        made.append(Piece(location, hatch, start, room))
        start, before = start + room, end
    return made


def bar(whole: SiteMap, width: int, cursor: int | None) -> list[Text]:
    """The bar, and below it each location in words; `cursor` is the number of the piece under the cursor."""
    drawn = Text()
    for number, piece in enumerate(pieces(whole, width)):
        name = f" {safe_text(piece.location.name)} {shortened(piece.location.apps)} "
        run = piece.hatch * piece.width
        if cell_len(name) + 2 <= piece.width:
            left = (piece.width - cell_len(name)) // 2
            run = piece.hatch * left + name + piece.hatch * (piece.width - left - cell_len(name))
        drawn.append(run, f"reverse {_tone(piece.location)}".strip() if number == cursor else _tone(piece.location))
    return [drawn, *_legend(whole, width, cursor)]


def _legend(whole: SiteMap, width: int, cursor: int | None) -> list[Text]:
    lines = [Text()]
    for number, piece in enumerate(pieces(whole, width)):
        entry = in_words(piece)
        if number == cursor:
            entry.stylize("reverse")
            entry.append(" <")
        if lines[-1].plain and lines[-1].cell_len + 3 + entry.cell_len > width:
            lines.append(Text())
        if lines[-1].plain:
            lines[-1].append("   ")
        lines[-1].append_text(entry)
    return lines


def in_words(piece: Piece) -> Text:
    """The location in words: "## US 5 apps, 3 pinned FAIL"."""
    one = piece.location
    text = Text().append(f"{piece.hatch * 2} ", _tone(one)).append(safe_text(one.name), "bold")
    text.append(f" {shortened(one.apps)} {'app' if one.apps == 1 else 'apps'}")
    text.append(f", {shortened(one.pinned)} pinned" if one.pinned else ", not pinned", "" if one.pinned else "yellow")
    if one.outcome is not None and one.outcome.is_open:
        text.append(" ").append(SIGNS[one.outcome][0], PAINTS[GROUP_OF[one.outcome]])
    return text


def _tone(location: Location) -> str:
    if location.outcome is None:
        return "yellow" if location.name == UNKNOWN else ""
    return {"fail": "bold red", "unverified": "yellow", "pass": "green"}.get(GROUP_OF[location.outcome], "")


def location_query(location: Location) -> str:
    """The filter for findings about the apps in this location."""
    return f"realm:{quoted(location.name.replace(' ', '-'))}"


def name_of(row: MapRow, called: Mapping[str, str]) -> str:
    """The name of a site in a table; `called` are the names of organizations by ID."""
    if row.site:
        return safe_text(row.site).removesuffix(ATLASSIAN)
    organization = safe_text(called.get(row.organization, row.organization))
    return f"no site ({organization})" if row.apps else f"{organization}: not read"


def cells(row: MapRow, column: int | None, called: Mapping[str, str], widths: Sequence[int]) -> list[Text]:
    """The texts of one site in cells of these widths; `column` is the question under the cursor, None for none."""
    texts = [Text(name_of(row, called), "" if row.apps else "yellow")]
    for number, cell in enumerate(row.cells):
        texts.append(painted(cell, widths[number + 1], under_cursor=number == column))
    return [*texts, Text(shortened(row.apps).rjust(5))]


def painted(cell: MapCell, width: int, *, under_cursor: bool = False) -> Text:
    """A cell: its letter on its background, then the observed fact."""
    words = f" {letter(cell)} {fact(cell, width - 3)}"
    style = PAINTS[GROUP_OF[cell.outcome]]
    text = Text(set_cell_size(words, width), style or "dim")
    if under_cursor:
        text.stylize("bold underline")
        text.plain = f">{text.plain[1:]}"
    return text


def filter_of(row: MapRow, question: MapQuestion, cell: MapCell) -> str:
    """The filter for the findings behind a cell; "" when there are none."""
    if cell.outcome is None:
        return ""
    where = f"kind:organization org:{quoted(row.organization)}" if cell.wide else f"site:{quoted(row.site)}"
    settings = ",".join(question.judged_by)
    return f"{where} setting:{settings} outcome:{cell.outcome.value}"


def detail(row: MapRow, column: int) -> Text:
    """The cell under the cursor, in words."""
    column = min(column, len(row.cells) - 1)
    question, cell = QUESTIONS[column], row.cells[column]
    text = Text(cell_sentence(row, question, cell))
    leads = (
        f"Enter: {counted(cell.findings, 'finding')}" if filter_of(row, question, cell) else "Enter: the site's apps"
    )
    return text.append(f". {leads}", "dim")


def row_words(row: MapRow, called: Mapping[str, str]) -> Text:
    """All cells of a site, in words."""
    text = Text().append(f"{name_of(row, called)}, {counted(row.apps, 'app')}: ", "bold")
    for number, (question, cell) in enumerate(zip(QUESTIONS, row.cells, strict=True)):
        text.append("   " if number else "").append(f"{question.name} ")
        text.append(f" {letter(cell)} ", PAINTS[GROUP_OF[cell.outcome]] or "dim").append(f" {fact(cell, 14)}")
    return text


def by_question(all_rows: Sequence[MapRow], question: int) -> tuple[MapRow, ...]:
    """The sites, the worst in one question first; unchanged for ALL_QUESTIONS."""
    if question == ALL_QUESTIONS:
        return tuple(all_rows)
    order = list(LETTERS)
    return tuple(sorted(all_rows, key=lambda row: order.index(GROUP_OF[row.cells[question].outcome])))


def legend() -> Text:
    """The meaning of the letters."""
    text = Text()
    for group, sign in LETTERS.items():
        text.append(f" {sign} ", PAINTS[group] or "dim").append(f"{MEANINGS[sign]} ")
    return text


def scope_words(whole: SiteMap, organizations: int) -> Text:
    """The number of apps, sites and, if several, organizations on the map."""
    sites = sum(1 for row in whole.rows if row.site)
    text = Text(f"{counted(whole.apps, 'app')} on {counted(sites, 'site')}", "bold")
    if organizations > 1:
        text.append(f" of {organizations} organizations", "bold")
    return text


def sheet_row(row: MapRow) -> tuple[str | int, ...]:
    """The cells of a site in a CSV file, in the order of SHEET."""
    facts: list[str] = []
    for cell in row.cells:
        facts += ["; ".join(f"{word} {number}" for word, number in cell.values), cell.outcome or ""]
    return (row.organization, row.site, row.apps, *facts)


ALL_QUESTIONS = -1
"""Stands for a question when tiles show the worst of all."""
_TILE = 2


def tile_cell(row: MapRow, question: int) -> MapCell:
    """The cell that decides the colour and letter of a tile in the waffle."""
    return worst(row) if question == ALL_QUESTIONS else row.cells[question]


def per_line(width: int) -> int:
    """How many tiles fit side by side."""
    return max(1, (width - 2) // _TILE)


def waffle_line(rows: Sequence[MapRow], question: int, cursor: int | None) -> Text:
    """One line of tiles; `cursor` is the number of the tile under the cursor."""
    text = Text()
    for number, row in enumerate(rows):
        cell = tile_cell(row, question)
        style = PAINTS[GROUP_OF[cell.outcome]] or "dim"
        if number == cursor:
            text.append(f">{letter(cell)}", f"{style} underline" if style != "dim" else "bold reverse")
        else:
            text.append(f" {letter(cell)}", style)
    return text
