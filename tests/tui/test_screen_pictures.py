"""docs/screens has a picture of every screen, and of nothing else. `make screens` draws them."""

from __future__ import annotations

import struct
from importlib import import_module
from pkgutil import iter_modules

import pytest
from benchmarks.screens import DEVICES, FOLDER, PICTURES, SHEETS
from textual.screen import Screen

from contribaudit.tui import screens

BASES = {"AnswerForm", "BoardScreen", "FilteredScreen", "FormScreen"}
DIALOGS = {"ChoiceScreen", "LeavingScreen", "OrganizationsScreen", "QuestionScreen", "RevokeScreen", "TicketScreen"}
"""Small ones, in front of a screen that has its picture."""
BEFORE_THE_FIRST_RUN = {"WelcomeScreen"}
DRAWN = {one.file(size): size for one in PICTURES for size in one.sizes}
MOST_BYTES = 150_000


def test_every_screen_of_the_registry_has_its_picture() -> None:
    """Each that a key leads to, and each form and page in front of them."""
    assert {one.mode for one in PICTURES} == set(screens.ALL)
    modules = [import_module(f"{screens.__name__}.{one.name}") for one in iter_modules(screens.__path__)]
    made = {
        name
        for module in modules
        for name, one in vars(module).items()
        if isinstance(one, type) and issubclass(one, Screen) and one.__module__ == module.__name__
    }
    drawn = {one.shows for one in PICTURES}
    assert made - drawn == BASES | DIALOGS | BEFORE_THE_FIRST_RUN
    assert drawn - made == {"CommandPalette"}


def test_the_folder_holds_these_pictures_and_no_other() -> None:
    """Those of the report beside them."""
    report = {*(f"{one}.png" for one in DEVICES), *(f"report-print-{sheet}.png" for sheet in SHEETS)}
    assert {one.name for one in FOLDER.iterdir()} == DRAWN.keys() | report


@pytest.mark.parametrize("name", DRAWN)
def test_a_picture_is_a_small_png_of_the_terminal(name: str) -> None:
    """As wide and high as its columns and lines need."""
    picture = (FOLDER / name).read_bytes()
    columns, lines = DRAWN[name]
    width, height = struct.unpack(">II", picture[16:24])
    assert picture.startswith(b"\x89PNG")
    assert len(picture) < MOST_BYTES
    assert 9 <= width / columns <= 11
    assert 19 <= height / lines <= 22
