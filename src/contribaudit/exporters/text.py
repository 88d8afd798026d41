"""Observed text on its way out: as data, whatever it looks like."""

from __future__ import annotations

import json
import re
import unicodedata
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import TypeAlias

from contribaudit.core.model.observation import Value

Cell: TypeAlias = Value | datetime | date | float
_SEPARATED = re.compile(r"(?<=[;\t\n\r])")
_FORMULA_STARTS = frozenset("=+-@")
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
_JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"  # Persian, Hindi and many an emoji are spelt with them


@lru_cache(maxsize=1024)
def rfc3339(moment: datetime | None) -> str | None:
    """UTC to the second, "2026-11-21T08:00:00Z"; None stays None. Raises ValueError for a time without a zone."""
    if moment is None:
        return None
    if moment.tzinfo is None:
        raise ValueError("a time without a zone cannot be reported")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def plain(text: str, *, keep_lines: bool = False) -> str:
    """Text without what a terminal obeys or a reader cannot see: controls, direction marks, lone surrogates.

    Each of them becomes U+FFFD, so that a reader sees that something was there. `keep_lines` keeps line breaks.
    """
    if text.isprintable():  # then none of its characters is of _UNSEEN
        return text
    if keep_lines:
        text = text.replace("\r\n", "\n")
    return "".join(
        character if _harmless(character) or (keep_lines and character == "\n") else _REPLACEMENT for character in text
    )


@lru_cache(maxsize=1024)
def _harmless(character: str) -> bool:
    return unicodedata.category(character) not in _UNSEEN or character in _JOINERS


def csv_cell(value: Cell) -> str:
    """A CSV cell that a spreadsheet shows and never runs.

    Lists are compact JSON, truth values `true` and `false`, times RFC 3339 UTC, null the empty cell; numbers stay
    bare, so a negative one begins with its sign. A text (or what follows a semicolon or line break in it, since a
    spreadsheet may take that for the end of a cell) that would start a formula gets an apostrophe before it, as
    does one that already starts with an apostrophe: whoever takes one away has the text.
    """
    match value:
        case str():
            if value.isascii() and value.isprintable() and value[:1].isalnum() and ";" not in value:
                return value  # nearly every cell
            text = plain(value, keep_lines=True)
            first, *others = _SEPARATED.split(text)
            inside = "".join(f"'{part}" if first.strip() and _needs_apostrophe(part) else part for part in others)
            return ("'" if _needs_apostrophe(text) else "") + first + inside
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime():
            return rfc3339(value) or ""
        case int() | float() | date():
            return str(value)
        case tuple():
            return _list_cell(value)


@lru_cache(maxsize=1024, typed=True)
def _list_cell(value: tuple[str, ...]) -> str:
    # JSON can write what a terminal obeys as \uXXXX, so a list loses nothing.
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace(";", "\\u003b")
    return text if text.isascii() and text.isprintable() else re.sub(r"[^ -~]", _escaped, text)


def _escaped(match: re.Match[str]) -> str:
    character = match.group()
    return character if _harmless(character) else json.dumps(character)[1:-1]


def _needs_apostrophe(text: str) -> bool:
    """True when the first thing that a spreadsheet might look at is an apostrophe or starts a formula.

    Some skip blanks, line breaks and what nobody sees before it, and some take full-width forms for the ASCII ones.
    """
    for character in text:
        if not (character.isspace() or unicodedata.category(character) in ("Cf", "Mn", "Me")):
            folded = unicodedata.normalize("NFKC", character)[:1]
            return folded in _FORMULA_STARTS or folded == "'"
    return False


def shown(value: Value) -> str:
    """A value as people read it: "none" for the empty list, "null" where the source said so."""
    match value:
        case None:
            return "null"
        case bool():
            return "yes" if value else "no"
        case tuple():
            return ", ".join(plain(one) for one in value) or "none"
        case _:
            return plain(str(value))
