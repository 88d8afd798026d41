"""Where in a TOML text each key stands: tomllib gives no line numbers."""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_left
from collections.abc import Mapping
from typing import TypeAlias

Place: TypeAlias = tuple[str | int, ...]
"""Keys and list positions from the root: ("rule", 1, "where", "site")."""

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR = re.compile(r"[^,\]}\n#]*")
_TEXT = re.compile(
    r'"""(?:\\.|[^\\])*?"""(?:"{0,2})'
    r"|'''.*?'''(?:'{0,2})"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)


def locate(text: str) -> dict[Place, int]:
    """The line, from 1, of every table header, key and list entry of a text that tomllib accepts.

    A table that several headers open has the line of the first. Raises ValueError for a text that is not TOML.
    """
    scanner = _Scanner(text)
    scanner.document()
    return scanner.lines


def line_of(lines: Mapping[Place, int], place: Place) -> int:
    """The line of this place, else of the nearest thing around it, else 1."""
    for end in range(len(place), 0, -1):
        if place[:end] in lines:
            return lines[place[:end]]
    return 1


class _Scanner:
    def __init__(self, text: str) -> None:
        self.lines: dict[Place, int] = {}
        self._text = text
        self._at = 0
        self._breaks = [match.start() for match in re.finditer("\n", text)]
        self._table_lists: dict[Place, int] = {}

    def document(self) -> None:
        table: Place = ()
        while self._peek_after(_BLANK):
            if self._took("[["):
                table = self._header(closing="]]")
            elif self._took("["):
                table = self._header(closing="]")
            else:
                self._pair(table)

    def _header(self, *, closing: str) -> Place:
        line = self._line()
        keys = self._keys()
        self._expect(closing)
        place = self._inside(keys[:-1]) + keys[-1:]
        if closing == "]]":
            index = self._table_lists.get(place, 0)
            self._table_lists[place] = index + 1
            self.lines.setdefault(place, line)
            place = (*place, index)
        elif place in self._table_lists:
            place = (*place, self._table_lists[place] - 1)
        self.lines.setdefault(place, line)
        return place

    def _inside(self, keys: tuple[str, ...]) -> Place:
        """The place that the leading keys of a header mean: the last entry of every list of tables on the way."""
        place: Place = ()
        for key in keys:
            place = (*place, key)
            if place in self._table_lists:
                place = (*place, self._table_lists[place] - 1)
        return place

    def _pair(self, table: Place) -> None:
        line = self._line()
        keys = self._keys()
        self._expect("=")
        for end in range(1, len(keys) + 1):
            self.lines.setdefault(table + keys[:end], line)
        self._value(table + keys)

    def _keys(self) -> tuple[str, ...]:
        keys = [self._key()]
        while self._took("."):
            keys.append(self._key())
        return tuple(keys)

    def _key(self) -> str:
        if self._peek_after(_SPACE) in ('"', "'"):
            return str(tomllib.loads(f"key = {self._take(_TEXT)}")["key"])
        return self._take(_BARE_KEY)

    def _value(self, place: Place) -> None:
        start = self._peek_after(_SPACE)
        if start in ('"', "'"):
            self._take(_TEXT)
        elif self._took("["):
            index = 0
            while self._peek_after(_BLANK) != "]":
                self.lines[(*place, index)] = self._line()
                self._value((*place, index))
                index += 1
                self._peek_after(_BLANK)
                self._took(",")
            self._expect("]")
        elif self._took("{"):
            while self._peek_after(_BLANK) != "}":
                self._pair(place)
                self._peek_after(_BLANK)
                self._took(",")
            self._expect("}")
        else:
            self._take(_SCALAR)

    def _line(self) -> int:
        return bisect_left(self._breaks, self._at) + 1

    def _peek_after(self, skipped: re.Pattern[str]) -> str:
        found = skipped.match(self._text, self._at)
        self._at = found.end() if found else self._at
        return self._text[self._at : self._at + 1]

    def _took(self, token: str) -> bool:
        self._peek_after(_SPACE)
        if not self._text.startswith(token, self._at):
            return False
        self._at += len(token)
        return True

    def _expect(self, token: str) -> None:
        if not self._took(token):
            raise ValueError(f"{token} expected on line {self._line()}")

    def _take(self, pattern: re.Pattern[str]) -> str:
        self._peek_after(_SPACE)
        found = pattern.match(self._text, self._at)
        if not found or not found.group():
            raise ValueError(f"line {self._line()} is not TOML")
        self._at = found.end()
        return found.group()
