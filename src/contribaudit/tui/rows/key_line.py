"""The line of keys, the front screen's first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len

LETTERS = "Screens"
"""What follows the keys of screens whose names have no room."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key of the line."""

    key: str
    """As the library calls it: "question_mark"."""
    sign: str
    """As people see it: "?"."""
    label: str

    @property
    def width(self) -> int:
        """In cells: a blank, the sign, a blank, the label, a blank; of a sign alone a blank and the sign."""
        return cell_len(self.sign) + (cell_len(self.label) + 3 if self.label else 1)


@dataclass(frozen=True, slots=True)
class Keys:
    """What can be pressed now, by what it is for."""

    own: tuple[Key, ...] = ()
    """Of the screen in front and of what has the focus."""
    screens: tuple[Key, ...] = ()
    """To the other screens."""
    all_keys: tuple[Key, ...] = ()
    """The one that shows every key; it stays whatever else has to go."""
    leave: tuple[Key, ...] = ()


@dataclass(frozen=True, slots=True)
class Fitted:
    """What is shown: keys from the left, and keys at the right edge."""

    left: tuple[Key, ...]
    right: tuple[Key, ...]


def fitted(keys: Keys, width: int) -> Fitted:
    """As much as so many cells hold: names of screens go first, then quitting, then screens, then own keys."""
    letters = _letters(keys.screens)
    for left, right in (
        (keys.own + keys.screens, keys.all_keys + keys.leave),
        (keys.own + keys.screens, keys.all_keys),
        (keys.own + letters, keys.all_keys + keys.leave),
        (keys.own + letters, keys.all_keys),
    ):
        if _width(left) + _width(right) <= width:
            return Fitted(left, right)
    own = keys.own
    while own and _width(own) + _width(keys.all_keys) > width:
        own = own[:-1]
    return Fitted(own, keys.all_keys)


def _letters(screens: Sequence[Key]) -> tuple[Key, ...]:
    """The keys alone; a common name behind the last."""
    if not screens:
        return ()
    *first, last = screens
    return (*(Key(one.key, one.sign, "") for one in first), Key(last.key, last.sign, LETTERS))


def _width(keys: Iterable[Key]) -> int:
    return sum(one.width for one in keys)
