"""Small PNG files of the dashboard's SVG pictures: drawn by Chromium, kept with 256 colours."""

from __future__ import annotations

import base64
import json
import re
import struct
import zlib
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.exporters.browser import Page

_COLOURS = 256
_ALIKE = 300
"""Colours that are not farther apart, as a square, count as one."""
_DRAW = """(async (svg, width, height) => {
  const image = new Image();
  image.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(svg);
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0, width, height);
  let bytes = "";
  const pixels = context.getImageData(0, 0, width, height).data;
  for (let at = 0; at < pixels.length; at += 4096) {
    bytes += String.fromCharCode(...pixels.subarray(at, at + 4096));
  }
  return btoa(bytes);
})"""


def png(page: Page, svg: str, scale: float) -> bytes:
    """The picture as a PNG file with a palette; a cell is 12.2 pixels wide at a `scale` of 1."""
    size = re.search(r'viewBox="0 0 ([0-9.]+) ([0-9.]+)"', svg)
    assert size is not None, "the picture has no viewBox"
    width, height = (round(float(one) * scale) for one in size.groups())
    sized = svg.replace("<svg ", f'<svg width="{size[1]}" height="{size[2]}" ', 1)
    pixels = base64.b64decode(page.run(f"{_DRAW}({json.dumps(sized)}, {width}, {height})"))
    return _indexed(memoryview(pixels).cast("I"), width, height)


def _indexed(pixels: memoryview[int], width: int, height: int) -> bytes:
    """A PNG of frequent colours that can be told apart; every other pixel takes the nearest of them."""
    parts: list[bytes] = []
    places: dict[int, int] = {}
    for colour, _ in sorted(Counter(pixels).items(), key=lambda counted: (-counted[1], counted[0])):
        mine = colour.to_bytes(4, "little")
        away, place = min(((_distance(mine, one), place) for place, one in enumerate(parts)), default=(_ALIKE + 1, 0))
        if away > _ALIKE and len(parts) < _COLOURS:
            place = len(parts)
            parts.append(mine)
        places[colour] = place
    indexes = bytes(map(places.__getitem__, pixels))
    lines = b"".join(b"\0" + indexes[start : start + width] for start in range(0, width * height, width))
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
        (b"PLTE", b"".join(one[:3] for one in parts)),
        (b"tRNS", b"".join(one[3:] for one in parts)),
        (b"IDAT", zlib.compress(lines, 9)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(told)) + kind + told + struct.pack(">I", zlib.crc32(kind + told)) for kind, told in chunks
    )


def _distance(one: bytes, other: bytes) -> int:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))
