"""Observed text on its way out: as data, whatever it looks like."""

from __future__ import annotations

import json
import unicodedata
from datetime import UTC, date, datetime
from typing import TypeAlias

from contribaudit.core.observation import Value

Cell: TypeAlias = Value | datetime | date | float
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_LEFT_TO_RIGHT = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"


def rfc3339(moment: datetime | None) -> str | None:
    """UTC to the second, "2026-11-21T08:00:00Z"; None stays None. Raises ValueError for a time without a zone."""
    if moment is None:
        return None
    if moment.tzinfo is None:
        raise ValueError("a time without a zone cannot be reported")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def plain(text: str, *, keep_lines: bool = False) -> str:
    """Text without what a terminal obeys or a reader cannot see: controls, direction marks, lone surrogates."""
    return "".join(
        character if _harmless(character) or (keep_lines and character == "\n") else _REPLACEMENT for character in text
    )


def _harmless(character: str) -> bool:
    return unicodedata.category(character) not in ("Cc", "Cs", "Zl", "Zp") and character not in _LEFT_TO_RIGHT


def csv_cell(value: Cell) -> str:
    """A CSV cell that a spreadsheet shows and never runs.

    Lists are compact JSON, truth values `true` and `false`, times RFC 3339 UTC, null the empty cell. A text that
    would start a formula gets an apostrophe before it, as does one that already starts with one.
    """
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime():
            return rfc3339(value) or ""
        case int() | float() | date():
            return str(value)
        case tuple():
            text = json.dumps([plain(one) for one in value], ensure_ascii=False, separators=(",", ":"))
        case str():
            text = plain(value, keep_lines=True)
    stripped = text.lstrip(" ")
    return f"'{text}" if stripped.startswith((*_FORMULA_STARTS, "'")) else text


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
