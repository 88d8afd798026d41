"""Makes observed text safe for output in any format, and holds words that text formats share.

Text for XML contains nothing that XML 1.0 forbids and nothing invisible.
"""

from __future__ import annotations

import json
import re
import unicodedata
from base64 import b64encode
from collections.abc import Iterable
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from html import escape
from typing import TYPE_CHECKING, Any, TypeAlias

from contribaudit.core.model.canonical import Nothing
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.observation import Value
from contribaudit.core.model.phrases import counted
from contribaudit.core.model.subject import Kind, Subject

if TYPE_CHECKING:
    from contribaudit.core.advise.report import Counts
    from contribaudit.exporters.report_v1 import JsonValue, SubjectV1

Cell: TypeAlias = Value | datetime | date | float
_SEPARATED = re.compile(r"(?<=[;\t\n\r])")
_FORMULA_STARTS = frozenset("=+-@")
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
_JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"  # needed for Persian, Hindi and many emoji


@lru_cache(maxsize=1024)
def rfc3339(moment: datetime | None) -> str | None:
    """UTC to the second, "2026-11-21T08:00:00Z"; None stays None. Raises ValueError for a time without a zone."""
    if moment is None:
        return None
    if moment.tzinfo is None:
        raise ValueError("a time without a zone cannot be reported")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def as_json(value: Any) -> Any:
    """A value for JSON: tuples as lists, times, days and words of an enumeration as texts."""
    if type(value) is str or value is None:  # most of them
        return value
    match value:
        case tuple():
            return list(value)
        case datetime():
            return rfc3339(value)
        case date():
            return value.isoformat()
        case StrEnum():
            return value.value
        case _:
            return value


_LONGEST_IN_MINUTES = 90


def duration(minutes: int, *, words: bool = False) -> str:
    """A duration: "45 min" (with `words`, "45 minutes"); above an hour and a half, "2 h 15 min"."""
    if minutes <= _LONGEST_IN_MINUTES:
        return counted(minutes, "minute") if words else f"{minutes} min"
    hours, left = divmod(minutes, 60)
    return f"{hours:,} h {left} min" if left else f"{hours:,} h"


def safe_text(text: str, *, keep_lines: bool = False) -> str:
    """Text without control characters and invisible characters: controls, direction marks, lone surrogates.

    Each becomes U+FFFD, so that readers see that something was there. `keep_lines` keeps line breaks.
    """
    if text.isprintable():  # no printable character is in _UNSEEN
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

    Lists are compact JSON, booleans `true` and `false`, times RFC 3339 UTC, None the empty cell. Numbers are not
    quoted, so a negative one begins with its sign. A text that would start a formula gets a leading apostrophe, and so
    does one that already starts with an apostrophe: removing one apostrophe restores the text. The same applies after a
    semicolon or line break inside a text, since a spreadsheet may take that for the end of a cell.
    """
    match value:
        case str():
            if value.isascii() and value.isprintable() and value[:1].isalnum() and ";" not in value:
                return value  # the usual case
            text = safe_text(value, keep_lines=True)
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
    # JSON writes control characters as \uXXXX, so a list loses nothing.
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace(";", "\\u003b")
    return text if text.isascii() and text.isprintable() else re.sub(r"[^ -~]", _escaped, text)


def row_of(columns: Iterable[str], record: object, **cells: Cell) -> tuple[Cell, ...]:
    """A row of these columns: each has the cell given for it, or else the record's attribute of the same name."""
    return tuple(cells[name] if name in cells else getattr(record, name) for name in columns)


def _escaped(match: re.Match[str]) -> str:
    character = match.group()
    return character if _harmless(character) else json.dumps(character)[1:-1]


_LOOKS_TYPED = re.compile(r"""true|false|-?[0-9]+|["'\[].*""", re.DOTALL)


def value_cell(value: Value) -> Cell:
    """The value for a table from which it is read back: what `csv_cell` makes of it loses nothing.

    A text that could be taken for another type, or of which `csv_cell` would replace a character, becomes a JSON text.
    """
    if not isinstance(value, str) or (
        _LOOKS_TYPED.fullmatch(value) is None and str(csv_cell(value)).removeprefix("'") == value
    ):
        return value
    return _list_cell((value,))[1:-1]


def _needs_apostrophe(text: str) -> bool:
    """True when the first character that a spreadsheet may notice is an apostrophe or starts a formula.

    Some spreadsheets skip blanks, line breaks and invisible characters before it, and some accept full-width forms.
    """
    for character in text:
        if not (character.isspace() or unicodedata.category(character) in ("Cf", "Mn", "Me")):
            folded = unicodedata.normalize("NFKC", character)[:1]
            return folded in _FORMULA_STARTS or folded == "'"
    return False


def csv_text(cell: str) -> str:
    """The text in a cell that `csv_cell` wrote, without the apostrophes that were added."""
    first, *others = _SEPARATED.split(cell.removeprefix("'"))
    return first + "".join(part.removeprefix("'") if first.strip() else part for part in others)


def display(value: Value) -> str:
    """A value as people read it: "none" for an empty list, "null" when the source said null."""
    match value:
        case None:
            return "null"
        case bool():
            return "yes" if value else "no"
        case tuple():
            return ", ".join(safe_text(one) for one in value) or "none"
        case _:
            return safe_text(str(value))


ORDER = (
    Outcome.PASS,
    Outcome.WAIVED,
    Outcome.EXEMPT,
    Outcome.FAIL,
    Outcome.CONFLICT,
    Outcome.NOT_ACHIEVABLE,
    Outcome.STALE,
    Outcome.UNKNOWN,
    Outcome.PENDING,
    Outcome.NOT_YET_EFFECTIVE,
)
"""The order in which counts list outcomes. "No setting" is left out, because it does not apply."""
VIOLATED = tuple(one.value for one in Outcome if one.violates)
UNPROVEN = tuple(one.value for one in Outcome if one.unproven)
_OUTCOMES = frozenset(one.value for one in Outcome)


def words(word: str) -> str:
    """An outcome such as "not_achievable" as people read it."""
    return Outcome(word).words if word in _OUTCOMES else word


def label(subject: SubjectV1) -> str:
    """The label of a subject: its alias without "app:", or else its ID; invisible characters are marked."""
    return safe_text(subject["alias"]).removeprefix("app:") or safe_text(subject["id"])


def called(subject: SubjectV1) -> str:
    """The name that people use for a subject: "Jira on acme.atlassian.net"; invisible characters are marked."""
    from contribaudit.core.resolve.aliases import spoken
    from contribaudit.rulebook.loader import app_titles  # its models are too slow to import before a first paint

    title = app_titles().get(subject["app"].strip().casefold(), "")
    about = Subject("", Kind(subject["kind"]), subject["id"])
    return safe_text(spoken(about, subject["alias"], subject["name"], subject["app"], title))


def value_text(value: JsonValue) -> str:
    """A value of the published report as people read it."""
    return display(tuple(value) if isinstance(value, list) else value)


def raw_text(value: Any) -> str:
    """A value of a raw object on one line: text unchanged, everything else as JSON."""
    if isinstance(value, Nothing):
        return str(value.value)
    if isinstance(value, str):
        return value
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)


def group(outcome: str) -> int:
    """0 for outcomes that fail, 1 for unverified ones, 2 for the rest."""
    return 0 if outcome in VIOLATED else 1 if outcome in UNPROVEN else 2


def spaces_read(seen: Counts) -> str:
    """How many spaces were read: "9,012 of 9,040 spaces (28 unseen)", or "9,012 spaces" when no total is known.

    "9,012+ spaces" when a listing was incomplete; "" when no spaces were requested.
    """
    if seen.spaces_whole is None:
        return ""
    more = "" if seen.spaces_whole else "+"
    if seen.spaces_counted is None:
        return f"{seen.spaces:,}+ spaces" if more else counted(seen.spaces, "space")
    unseen = seen.spaces_counted - seen.spaces
    return f"{seen.spaces:,} of {seen.spaces_counted:,}{more} spaces" + (f" ({unseen:,} unseen)" if unseen > 0 else "")


def csp_digest(text: str) -> str:
    """The digest with which a Content-Security-Policy allows an inline style or script."""
    return "sha256-" + b64encode(sha256(text.encode()).digest()).decode()


_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xml_plain(text: str) -> str:
    """The text for XML; forbidden and invisible characters become U+FFFD. Line breaks stay."""
    if text.isprintable():
        return text
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", safe_text(text, keep_lines=True))


def element_text(text: str) -> str:
    """The text as XML character data."""
    return escape(xml_plain(text), quote=False)


_IN_ATTRIBUTES = str.maketrans({'"': "&quot;", "\n": "&#10;", "\t": "&#9;", "\r": "&#13;"})


def attribute(text: str) -> str:
    """The text as a quoted XML attribute value; line breaks are kept as character references."""
    return '"' + element_text(text).translate(_IN_ATTRIBUTES) + '"'
