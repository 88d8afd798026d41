"""A secret is found in every form in which an answer may give it back, and an ordinary sentence stays what it is."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest

from contribaudit.core.model.redaction import Redaction

KEY = "ATCTT3xFfGN0-secret_of.the+org/=4F2A9C1B"
WRITTEN = {
    "as it is": KEY,
    "lower case": KEY.lower(),
    "swapped case": KEY.swapcase(),
    "base64": base64.b64encode(KEY.encode()).decode(),
    "base64 of the address": base64.urlsafe_b64encode(KEY.encode()).decode().rstrip("="),
    "base64 of the header": base64.b64encode(f"Bearer {KEY}".encode()).decode(),
    "base64 of a pair": base64.b64encode(f"ab:{KEY}:x".encode()).decode(),
    "base64 in lines": "\n".join(base64.encodebytes((KEY * 2).encode()).decode().split()),
    "hex": KEY.encode().hex(),
    "hex with colons": KEY.encode().hex(":").upper(),
    "reversed": KEY[::-1],
    "percent": quote(KEY, safe=""),
    "percent, all of it": "".join(f"%{ord(char):02X}" for char in KEY),
    "zero width": "\u200b".join(KEY),
    "soft hyphens": "\u00ad".join(KEY),
    "lines": "\n".join((KEY[:10], KEY[10:])),
    "spaces": " ".join(KEY),
    "JSON escapes": "".join(f"\\u{ord(char):04x}" for char in KEY),
    "JSON twice": json.dumps(json.dumps(KEY[:9] + "\n" + KEY[9:])),
    "HTML": "".join(f"&#{ord(char)};" for char in KEY),
    "half a pair": KEY[:10] + "\ud83d" + KEY[10:],
}


@pytest.mark.parametrize("written", WRITTEN.values(), ids=WRITTEN.keys())
def test_every_form_is_replaced(written: str) -> None:
    redaction = Redaction([KEY])
    told = redaction.text(f"before {written} after")
    assert "[key]" in told
    assert not redaction.reveals(told)
    assert redaction.reveals(f"before {written} after")
    assert redaction.value({"a": [{written: written}], "n": 1})["n"] == 1
    assert redaction.hides(json.dumps({"a": written}).encode())
    assert written not in json.dumps(redaction.value({"a": [{written: [written]}]}), ensure_ascii=False)


def test_what_surrounds_it_stays() -> None:
    assert Redaction([KEY]).text(f"The key is {KEY}, expired") == "The key is [key], expired"
    assert Redaction([KEY]).text(f"The key is {WRITTEN['zero width']}, expired").startswith("The key is [key]")


@pytest.mark.parametrize(
    ("secret", "told"),
    [
        ("expired", "The key has [key]; its expiry passed"),
        ("organization", "The key has expired; its expiry passed"),
        ("key", "The [key] has expired; its expiry passed"),
        ("a", "The key has expired; its expiry passed"),
        ("exp", "The key has expired; its expiry passed"),
    ],
)
def test_a_secret_like_a_word_is_replaced_only_where_it_stands_alone(secret: str, told: str) -> None:
    assert Redaction([secret]).text("The key has expired; its expiry passed") == told
    assert Redaction([secret]).value({"typeKey": secret}) == {"typeKey": secret}


def test_ordinary_answers_are_not_touched() -> None:
    text = json.dumps({"id": "ari:cloud:x::site/1e12", "url": "https://x/?cursor=a%2Fb&x=1", "n": "\u200b"})
    assert not Redaction([KEY]).hides(text.encode())
    assert Redaction([]).text(text) == text
