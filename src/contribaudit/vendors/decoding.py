"""Decodes the bytes of a page to text, or says why they hold none, and finds the date that a page states."""

from __future__ import annotations

import codecs
import re
from contextlib import suppress
from datetime import date

from contribaudit.core.model.provisions import Provisions, folded
from contribaudit.errors import PageNotRead
from contribaudit.vendors.fetching import MOST_BYTES

BY_HAND = "Open the page in a browser, save it as HTML, and import that file"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NO_TEXT = {b"%PDF": "a PDF", b"PK\x03\x04": "an archive", b"\x89PNG": "a picture", b"\x1f\x8b": "an archive"}
_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([A-Za-z0-9._:-]{1,40})", re.IGNORECASE)
_WRONGLY_DECODED = re.compile("\u00e2\u20ac[\u0080-\u00bf\u0153\u017e\u02dc\u2018-\u2122]")
_MAYBE_DECODED = re.compile("\u00c3[\u0080-\u00bf]|\u00c2[\u00a0-\u00bf]|\ufffd")
_FEW_MARKS = 3


def decoded(body: bytes, content_type: str = "") -> str:
    """The bytes as text: by byte order mark, as UTF-8, or as the page or its header declares.

    Raises PageNotRead (`empty`, `too_large`, `not_text`, `encoding`) rather than return a wrong text.
    """
    if not body.strip(b" \t\r\n\x00\xef\xbb\xbf\xff\xfe"):
        raise PageNotRead("it is empty", why="empty", hint=BY_HAND)
    if len(body) > MOST_BYTES:
        raise PageNotRead(f"it has more than {MOST_BYTES >> 20} MB", why="too_large", hint=BY_HAND)
    for mark, what in _NO_TEXT.items():
        if body.startswith(mark):
            raise PageNotRead(f"it is {what}, not a page", why="not_text", hint=BY_HAND)
    text = _as_declared(body, content_type)
    if "\x00" in text:
        raise PageNotRead("it holds bytes that are not text", why="not_text", hint=BY_HAND)
    strange, maybe = len(_WRONGLY_DECODED.findall(text)), len(_MAYBE_DECODED.findall(text))
    if strange or maybe >= _FEW_MARKS:
        raise PageNotRead(
            f"it was decoded wrongly before: {strange + maybe} places like \u2018\u00e2\u20ac\u2122\u2019",
            why="encoding",
            hint=BY_HAND,
        )
    return text


def _as_declared(body: bytes, content_type: str) -> str:
    for mark, encoding in _MARKS:
        if body.startswith(mark):
            return _strict(body, encoding)
    try:
        return body.decode("utf-8")  # other encodings are hardly ever valid UTF-8, while a header is often wrong
    except UnicodeDecodeError:
        pass
    head = body[:4096].decode("latin-1")
    match = _CHARSET.search(content_type) or _CHARSET.search(head)
    if match is None:
        raise PageNotRead("its encoding is not UTF-8, and it names no other", why="encoding", hint=BY_HAND)
    return _strict(body, match[1])


def _strict(body: bytes, encoding: str) -> str:
    try:
        return body.decode("cp1252" if encoding.casefold() in ("iso-8859-1", "latin1", "latin-1") else encoding)
    except LookupError:
        raise PageNotRead(
            f"it names an encoding that does not exist, {encoding}", why="encoding", hint=BY_HAND
        ) from None
    except (UnicodeDecodeError, UnicodeError):
        raise PageNotRead(f"it claims to be {encoding} but is not", why="encoding", hint=BY_HAND) from None


# ── The day that it names ─────────────────────────────────────────────────────────────────────────────

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = "|".join(f"{name}[a-z]*" for name in _MONTHS)
DAY = (
    rf"(?:(?P<iso>\d{{4}}-\d{{2}}-\d{{2}})|(?P<month>{_MONTH})\.?\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}})"
    rf"|(?P<day2>\d{{1,2}})(?:st|nd|rd|th)?\s+(?P<month2>{_MONTH})\.?,?\s+(?P<year2>\d{{4}}))"
)
"""The pattern of a date: 2026-03-02, March 2, 2026, or 2nd Mar. 2026; to be matched without case."""
_DAY = re.compile(DAY, re.IGNORECASE)
_DATE_LABEL = re.compile(
    r"\b(effective(?:\s+(?:starting|date|from|as of|on))?|last\s+(?:updated|modified|revised|changed)|updated(?:\s+on)?"
    r"|version\s+of|revised|published|in force (?:from|since))\b",
    re.IGNORECASE,
)
_CHARACTERS_TO_DATE = 40
_PROVISIONS_SEARCHED = 40


def stated_day(provisions: Provisions) -> date | None:
    """The date after "Effective starting:", "Last updated:" and the like, near the top; None without one."""
    for provision in provisions[:_PROVISIONS_SEARCHED]:
        text = folded(provision.text).strip("_* ")
        named = _DATE_LABEL.search(text)
        if named is None or len(text) > 200:
            continue
        match = _DAY.search(text, named.end(), named.end() + _CHARACTERS_TO_DATE)
        with suppress(ValueError):
            if match is not None:
                return day_of(match)
    return None


def day_of(match: re.Match[str]) -> date:
    """The date that `DAY` matched. Raises ValueError for a date that does not exist."""
    if match["iso"]:
        return date.fromisoformat(match["iso"])
    month = _MONTHS.index((match["month"] or match["month2"]).casefold()[:3]) + 1
    return date(int(match["year"] or match["year2"]), month, int(match["day"] or match["day2"]))
