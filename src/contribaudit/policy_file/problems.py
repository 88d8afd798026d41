"""The problems of a policy file in words: file, line, key, and what to write instead.

tomllib gives no line numbers, so the location of each key is found here.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from contribaudit.errors import or_meant

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

    A table with several headers has the line of the first. Raises ValueError for a text that is not TOML.
    """
    scanner = _Scanner(text)
    scanner.document()
    return scanner.lines


def line_of(lines: Mapping[Place, int], place: Place) -> int:
    """The line of this place, or of the nearest place that encloses it, or 1."""
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
            if self._skip_token("[["):
                table = self._header(closing="]]")
            elif self._skip_token("["):
                table = self._header(closing="]")
            else:
                self._pair(table)

    def _header(self, *, closing: str) -> Place:
        line = self._line_number()
        keys = self._read_dotted_key()
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
        """The place that the leading keys of a header name: the last entry of every list of tables on the way."""
        place: Place = ()
        for key in keys:
            place = (*place, key)
            if place in self._table_lists:
                place = (*place, self._table_lists[place] - 1)
        return place

    def _pair(self, table: Place) -> None:
        line = self._line_number()
        keys = self._read_dotted_key()
        self._expect("=")
        for end in range(1, len(keys) + 1):
            self.lines.setdefault(table + keys[:end], line)
        self._skip_value(table + keys)

    def _read_dotted_key(self) -> tuple[str, ...]:
        keys = [self._read_key()]
        while self._skip_token("."):
            keys.append(self._read_key())
        return tuple(keys)

    def _read_key(self) -> str:
        if self._peek_after(_SPACE) in ('"', "'"):
            return str(tomllib.loads(f"key = {self._take_match(_TEXT)}")["key"])
        return self._take_match(_BARE_KEY)

    def _skip_value(self, place: Place) -> None:
        start = self._peek_after(_SPACE)
        if start in ('"', "'"):
            self._take_match(_TEXT)
        elif self._skip_token("["):
            index = 0
            while self._peek_after(_BLANK) != "]":
                self.lines[(*place, index)] = self._line_number()
                self._skip_value((*place, index))
                index += 1
                self._peek_after(_BLANK)
                self._skip_token(",")
            self._expect("]")
        elif self._skip_token("{"):
            while self._peek_after(_BLANK) != "}":
                self._pair(place)
                self._peek_after(_BLANK)
                self._skip_token(",")
            self._expect("}")
        else:
            self._take_match(_SCALAR)

    def _line_number(self) -> int:
        return bisect_left(self._breaks, self._at) + 1

    def _peek_after(self, skipped: re.Pattern[str]) -> str:
        match = skipped.match(self._text, self._at)
        self._at = match.end() if match else self._at
        return self._text[self._at : self._at + 1]

    def _skip_token(self, token: str) -> bool:
        self._peek_after(_SPACE)
        if not self._text.startswith(token, self._at):
            return False
        self._at += len(token)
        return True

    def _expect(self, token: str) -> None:
        if not self._skip_token(token):
            raise ValueError(f"{token} expected on line {self._line_number()}")

    def _take_match(self, pattern: re.Pattern[str]) -> str:
        self._peek_after(_SPACE)
        match = pattern.match(self._text, self._at)
        if not match or not match.group():
            raise ValueError(f"line {self._line_number()} is not TOML")
        self._at = match.end()
        return match.group()


_LONGEST_QUOTE = 60
_MOST_CHOICES = 12
_LISTS = ("organization", "rule", "waiver", "decision")

_WORDS: Mapping[str, str] = {
    "string_type": "expected text in quotes",
    "string_too_short": "must not be empty",
    "int_type": "expected a whole number",
    "bool_type": "expected true or false, without quotes",
    "list_type": "expected a list, in [ ]",
    "greater_than": "must be more than {gt}",
    "less_than_equal": "must not be more than {le}",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem to fix. Its `str()` is "policy.toml:12: [[rule]] 2, key `severty`: unknown key"."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}"


def from_validation(
    error: ValidationError, *, at: Place, file: str, lines: Mapping[Place, int], keys: Mapping[str, Iterable[str]]
) -> list[Problem]:
    """A problem for each error of pydantic.

    `at` is the location of the validated table in the file; `keys` are the known keys by table name.
    """
    problems = []
    for detail in error.errors(include_url=False):
        place = at + detail["loc"]
        problems.append(Problem(file, line_of(lines, place), f"{name_of(place)}{_problem_words(detail, place, keys)}"))
    return problems


def name_of(place: Place) -> str:
    """ "[[rule]] 2, key `where.site`: " for a place in the file; "" for the file itself."""
    parts = []
    if place and place[0] in _LISTS and len(place) > 1 and isinstance(place[1], int):
        parts.append(f"[[{place[0]}]] {place[1] + 1}")
        place = place[2:]
    elif len(place) > 1 and isinstance(place[1], str):
        parts.append(f"[{printable(str(place[0]))}]")
        place = place[1:]
    if names := [printable(key) for key in place if isinstance(key, str)]:
        parts.append(f"key `{'.'.join(names)}`")
    return f"{', '.join(parts)}: " if parts else ""


def nearest(word: str, known: Iterable[str], *, otherwise: str = "", cutoff: float = 0.7) -> str:
    """ "; did you mean `x`?", or without a similar word `otherwise`, or "; choose from a, b, c"."""
    by_folded = {candidate.casefold(): candidate for candidate in sorted(known)}
    if near := or_meant(word, by_folded.values(), cutoff):
        return near
    if otherwise or len(by_folded) > _MOST_CHOICES:
        return otherwise
    return f"; choose from {', '.join(by_folded.values())}"


def quoted(text: str) -> str:
    """The text in quotes, shortened, without control characters."""
    shown = printable(text)
    return f'"{shown[:_LONGEST_QUOTE]}…"' if len(shown) > _LONGEST_QUOTE else f'"{shown}"'


def printable(text: str) -> str:
    """The text with unprintable characters escaped."""
    return "".join(character if character.isprintable() else f"\\u{ord(character):04x}" for character in text)


def _problem_words(detail: ErrorDetails, place: Place, keys: Mapping[str, Iterable[str]]) -> str:
    context: dict[str, Any] = detail.get("ctx", {})
    match detail["type"]:
        case "extra_forbidden":
            table = next((str(key) for key in reversed(place[:-1]) if isinstance(key, str)), "")
            return f"unknown key{nearest(str(place[-1]), keys[table])}"
        case "missing":
            return "is required and missing"
        case "model_type" | "dict_type" | "model_attributes_type":
            return "expected a table, { key = value }"
        case "list_type" if len(place) == 1 and place[0] in _LISTS:
            return f"write [[{place[0]}]], in double brackets"
        case kind if kind in _WORDS:
            return _WORDS[kind].format_map(context)
    return detail["msg"]
