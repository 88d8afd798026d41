"""The map as text: nothing by colour alone, no number cut, every location in sight."""

from __future__ import annotations

import pytest

from contribaudit.core.advise.site_map import Location, MapCell, MapRow, SiteMap
from contribaudit.core.model.finding import Outcome
from contribaudit.exporters.site_map import LETTERS, fact
from contribaudit.tui.rows import site_map as rows
from tests.builders import ORG


def _cell(outcome: Outcome | None, *values: tuple[str, int]) -> MapCell:
    return MapCell(outcome, 1, False, values)


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1k"),
        (1500, "1.5k"),
        (10_500, "10.5k"),
        (99_940, "99.9k"),
        (99_960, "100k"),
        (312_000, "312k"),
        (999_499, "999k"),
        (999_999, "1M"),
        (1_234_567, "1.2M"),
    ],
)
def test_a_number_is_shortened_and_never_cut(number: int, told: str) -> None:
    assert rows.shortened(number) == told
    assert len(told) <= 5


@pytest.mark.parametrize("width", [1, 2, 10, 78, 198])
@pytest.mark.parametrize("apps", [(1,), (5000, 1, 1), (3, 3, 3), tuple(range(14, 0, -1))])
def test_the_bar_fills_its_width_and_every_location_has_a_piece(width: int, apps: tuple[int, ...]) -> None:
    """As many as there are cells, so that one app among thousands is seen."""
    whole = SiteMap(tuple(Location(f"L{n}", "", number, 0, None) for n, number in enumerate(apps)), ())
    pieces = rows.pieces(whole, width)
    assert sum(piece.width for piece in pieces) == width
    assert len(pieces) == min(width, len(apps))
    assert all(piece.width >= 1 for piece in pieces)
    assert len({piece.hatch for piece in pieces}) == len(pieces)
    assert rows.bar(whole, width, 0)[0].cell_len == width


def test_a_location_is_told_in_words_with_how_many_are_pinned_and_whether_it_fails() -> None:
    whole = SiteMap((Location("EU", "", 10_500, 10_400, Outcome.PASS), Location("US", "", 1, 0, Outcome.FAIL)), ())
    legend = "\n".join(line.plain for line in rows.bar(whole, 80, None)[1:])
    assert "EU 10.5k apps, 10.4k pinned" in legend
    assert "US 1 app, not pinned FAIL" in legend


def test_every_outcome_has_a_letter_of_its_own_group() -> None:
    assert len(set(LETTERS.values())) == len(LETTERS)
    assert {rows.painted(_cell(one, ("yes", 1)), 8).plain[1] for one in (*Outcome, None)} <= set(LETTERS.values())


@pytest.mark.parametrize(
    ("values", "room", "told"),
    [
        ((("contributed", 2),), 5, "yes"),
        ((("contributed", 2), ("not contributed", 1)), 5, "yes+1"),
        ((("contributed", 2), ("not contributed", 1)), 11, "yes 2, no 1"),
        ((("Global", 3),), 5, "Glob…"),
        ((("unknown", 3), ("EU", 1)), 5, "?+1"),
        ((), 5, ""),
    ],
)
def test_what_was_seen_fits_its_cell(values: tuple[tuple[str, int], ...], room: int, told: str) -> None:
    assert fact(_cell(None, *values), room) == told


def test_the_cursors_cell_is_marked_without_colour() -> None:
    assert rows.painted(_cell(None), 8, under_cursor=True).plain.startswith(">")


def test_a_question_orders_the_sites_and_equal_ones_stay() -> None:
    bad, good, same = (
        MapRow(ORG, site, 1, (_cell(one),) * 7)
        for site, one in (("bad", Outcome.FAIL), ("good", Outcome.PASS), ("same", Outcome.PASS))
    )
    assert rows.by_question([good, same, bad], 3) == (bad, good, same)
    assert rows.by_question([good, same, bad], rows.ALL_QUESTIONS) == (good, same, bad)


def test_a_row_without_a_site_is_told_as_what_it_is() -> None:
    """Apps that belong to no site, and an organization of which nothing was read."""
    called = {ORG: "Acme"}
    assert rows.name_of(MapRow(ORG, "", 2, ()), called) == "no site (Acme)"
    assert rows.name_of(MapRow(ORG, "", 0, ()), called) == "Acme: not read"
    assert rows.name_of(MapRow(ORG, "acme.atlassian.net", 2, ()), called) == "acme"
