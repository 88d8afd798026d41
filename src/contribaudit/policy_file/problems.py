"""What is wrong in a policy file, in words: file, line, key, and what to write instead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from contribaudit.policy_file.locate import Place, line_of

_LONGEST_QUOTE = 60
_MOST_CHOICES = 12
_LISTS = ("rule", "waiver", "decision")

_WORDS: Mapping[str, str] = {
    "string_type": "a text in quotes is wanted",
    "string_too_short": "must not be empty",
    "int_type": "a whole number is wanted",
    "bool_type": "true or false is wanted, without quotes",
    "list_type": "a list is wanted, in [ ]",
    "greater_than": "must be more than {gt}",
    "less_than_equal": "must not be more than {le}",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend. `str()` of it is "policy.toml:12: [[rule]] 2, key `severty`: unknown key"."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}"


def from_validation(
    error: ValidationError, *, at: Place, file: str, lines: Mapping[Place, int], keys: Mapping[str, Iterable[str]]
) -> list[Problem]:
    """One problem for each of pydantic's.

    `at` is where the validated table stands in the file; `keys` are the known keys by the name of their table.
    """
    found = []
    for detail in error.errors(include_url=False):
        place = at + detail["loc"]
        found.append(Problem(file, line_of(lines, place), f"{name_of(place)}{_explained(detail, place, keys)}"))
    return found


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


def nearest(word: str, known: Iterable[str], *, otherwise: str = "") -> str:
    """ "; did you mean `x`?", or where nothing is near "; it takes a, b, c", or `otherwise`."""
    by_folded = {candidate.casefold(): candidate for candidate in sorted(known)}
    if close := get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.7):
        return f"; did you mean `{by_folded[close[0]]}`?"
    if otherwise or len(by_folded) > _MOST_CHOICES:
        return otherwise
    return f"; it takes {', '.join(by_folded.values())}"


def quoted(text: str) -> str:
    """The text in quotes, shortened, without anything that a terminal obeys."""
    shown = printable(text)
    return f'"{shown[:_LONGEST_QUOTE]}…"' if len(shown) > _LONGEST_QUOTE else f'"{shown}"'


def printable(text: str) -> str:
    """The text with everything that does not print escaped."""
    return "".join(character if character.isprintable() else f"\\u{ord(character):04x}" for character in text)


def _explained(detail: ErrorDetails, place: Place, keys: Mapping[str, Iterable[str]]) -> str:
    context: dict[str, Any] = detail.get("ctx", {})
    match detail["type"]:
        case "extra_forbidden":
            table = next((str(key) for key in reversed(place[:-1]) if isinstance(key, str)), "")
            return f"unknown key{nearest(str(place[-1]), keys[table])}"
        case "missing":
            return "is required and missing"
        case "model_type" | "dict_type" | "model_attributes_type":
            return "a table is wanted, { key = value }"
        case "list_type" if len(place) == 1 and place[0] in _LISTS:
            return f"write [[{place[0]}]], in double brackets"
        case kind if kind in _WORDS:
            return _WORDS[kind].format_map(context)
    return detail["msg"]
