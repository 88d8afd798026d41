"""Observed text inside XML: nothing that XML 1.0 forbids, nothing that a reader cannot see."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape

from contribaudit.exporters.text import plain

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xml_plain(text: str) -> str:
    """The text as data; what XML has no way to write, and what nobody sees, becomes U+FFFD. Line breaks stay."""
    if text.isprintable():
        return text
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", plain(text, keep_lines=True))


def element_text(text: str) -> str:
    """Character data."""
    return escape(xml_plain(text))


def attribute(text: str) -> str:
    """An attribute's value with its quotes; line breaks survive as character references."""
    return '"' + escape(xml_plain(text), {'"': "&quot;", "\n": "&#10;", "\t": "&#9;", "\r": "&#13;"}) + '"'
