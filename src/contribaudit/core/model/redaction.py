"""Keeps secrets out of text from outside, in whatever form the text has them."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import unquote

SHOWN = "[key]"
_LONG = 8
"""Letters and digits that a secret with both needs to be searched in every form: others may be ordinary words."""
_VERY_LONG = 20
_ESCAPE = re.compile(r"\\+(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|[nrtbf])")
_SIGNS = bytes(byte for byte in range(256) if not (byte < 128 and chr(byte).isalnum()))


class Redaction:
    """Finds and replaces the given secrets, as they are and as a careless or hostile answer may write them.

    It finds the plain form in any case, base64 of it alone or within more, hex, reversed, with percent signs, JSON or
    HTML escapes, and each of them with anything but letters and digits in between. A short secret is found only as
    it is, and only as a word of its own.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        distinct = [one for one in dict.fromkeys(secrets) if one]
        long = [one for one in distinct if _long_enough(one)]
        self._forms = tuple(dict.fromkeys(form for one in long for form in _forms(one)))
        self._loose = tuple(_loose_pattern(form.decode("ascii")) for form in self._forms)
        alone = [rf"(?<![0-9A-Za-z]){re.escape(one)}(?![0-9A-Za-z])" for one in distinct if one not in long]
        self._plain = re.compile("|".join(map(re.escape, long)) or r"(?!)", re.IGNORECASE)
        self._short = re.compile("|".join(alone) or r"(?!)")

    def __repr__(self) -> str:
        return "Redaction()"

    def reveals(self, text: str) -> bool:
        """Whether the text holds a secret in any form."""
        return self._short.search(text) is not None or self.hides(text.encode("utf-8", "surrogatepass"))

    def hides(self, body: bytes) -> bool:
        """Whether UTF-8 text, such as an answer's body, holds a long secret in any form. Takes 2 ms for a megabyte."""
        return bool(self._forms) and any(form in letters for letters in _letters(body) for form in self._forms)

    def text(self, text: str) -> str:
        """The text with [key] for each secret; [key] alone where one is written in a form that cannot be cut out."""
        text = self._short.sub(SHOWN, self._plain.sub(SHOWN, text))
        if not self.hides(text.encode("utf-8", "surrogatepass")):
            return text
        for loose in self._loose:
            text = loose.sub(SHOWN, text)
        return SHOWN if self.hides(text.encode("utf-8", "surrogatepass")) else text

    def value(self, value: Any) -> Any:
        """The JSON value with every long secret in its texts and names replaced."""
        if isinstance(value, str):
            return self.text(value) if self.hides(value.encode("utf-8", "surrogatepass")) else value
        if isinstance(value, list):
            return [self.value(one) for one in value]
        if isinstance(value, dict):
            return {self.value(name): self.value(one) for name, one in value.items()}
        return value


def _long_enough(secret: str) -> bool:
    letters = _only_letters(secret.encode())
    return len(letters) >= _VERY_LONG or (len(letters) >= _LONG and not letters.isalpha() and not letters.isdigit())


def _only_letters(text: bytes) -> bytes:
    """The text's letters and digits in lower case, which no separator, line break or base64 alphabet changes."""
    return text.translate(None, _SIGNS).lower()


def _letters(body: bytes) -> Iterator[bytes]:
    yield _only_letters(body)
    if b"%" in body or b"&" in body or b"\\" in body:
        read = _ESCAPE.sub(_unescaped, body.decode("utf-8", "replace"))
        yield _only_letters(unquote(html.unescape(read)).encode("utf-8", "replace"))


def _unescaped(found: re.Match[str]) -> str:
    code = found[1] or found[2]
    return chr(int(code, 16)) if code else " "


def _forms(secret: str) -> Iterator[bytes]:
    """The letters and digits of every form of a long secret."""
    raw = secret.encode()
    yield _only_letters(raw)
    yield _only_letters(raw[::-1])
    yield raw.hex().encode()
    # Within longer data a secret begins at one of three places in a base64 group; shared digits are left out.
    for before in range(3):
        packed = base64.b64encode(b"\0" * before + raw).rstrip(b"=")
        first = (before * 8 + 5) // 6
        last = len(packed) - (1 if (before + len(raw)) % 3 else 0)
        yield _only_letters(packed[first:last])


def _loose_pattern(form: str) -> re.Pattern[str]:
    """Matches the form with anything but letters and digits in between, and the base64 digits that adjoin its ends."""
    return re.compile("[0-9A-Za-z+/]{0,2}" + "[^0-9A-Za-z]*".join(form) + "[0-9A-Za-z+/=]{0,4}", re.IGNORECASE)
