"""An answer's body, read piece by piece within a limit: a small answer may unpack to more than memory holds."""

from __future__ import annotations

import zlib

import httpx

LONGEST_BODY = 64 << 20
"""Bytes of one answer, unpacked. A page of 1000 apps has less than one million."""
ACCEPTED = "gzip, deflate"
_STEP = 1 << 20


class TooLong(Exception):
    """The body has more than LONGEST_BODY bytes."""


async def read_body(response: httpx.Response) -> bytes:
    """The unpacked body. Raises TooLong, httpx.DecodingError for one that cannot be unpacked, httpx's other errors."""
    if response.is_stream_consumed:
        return response.content
    unpack = _Unpacking(response.headers.get("Content-Encoding", ""))
    found = bytearray()
    async for piece in response.aiter_raw():
        unpack.into(found, piece)
    unpack.finish()
    return bytes(found)


class _Unpacking:
    """Takes gzip or deflate off, never more than a step at a time; every other encoding was not asked for."""

    def __init__(self, encoding: str) -> None:
        name = encoding.strip().lower()
        if name not in ("", "identity", "gzip", "x-gzip", "deflate"):
            raise httpx.DecodingError("an encoding that was not asked for")
        self._unzip = zlib.decompressobj(zlib.MAX_WBITS | 32) if name not in ("", "identity") else None
        # Some servers send deflate without its wrapping.
        self._bare = name == "deflate"
        self._begun = False

    def into(self, found: bytearray, piece: bytes) -> None:
        self._begun = self._begun or bool(piece)
        while piece and self._unzip is not None and not self._unzip.eof:
            try:
                found += self._unzip.decompress(piece, _STEP)
            except zlib.error as error:
                if not self._bare:
                    raise httpx.DecodingError("cannot be unpacked") from error
                self._unzip = zlib.decompressobj(-zlib.MAX_WBITS)
                self._bare = False
                continue
            self._bare = False
            piece = self._unzip.unconsumed_tail
            _bound(found)
        if self._unzip is None:
            found += piece
            _bound(found)

    def finish(self) -> None:
        """Raises httpx.DecodingError for a body whose packed form was cut off."""
        if self._unzip is not None and self._begun and not self._unzip.eof:
            raise httpx.DecodingError("was cut off")


def _bound(found: bytearray) -> None:
    if len(found) > LONGEST_BODY:
        raise TooLong
