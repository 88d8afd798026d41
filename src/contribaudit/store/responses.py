"""Raw objects: what the API said, to the byte, once per digest."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from hashlib import sha256

from sqlalchemy import Connection, select

from contribaudit.errors import StoreDamaged
from contribaudit.store.schema import responses

_PER_QUERY = 500
_HINT = "The evidence for this finding is lost; restore the history from a backup"


def read_kept(connection: Connection, digests: Iterable[str]) -> dict[str, bytes]:
    """The canonical JSON behind those of the digests that are there. Raises StoreDamaged for one that was altered."""
    wanted = sorted(set(digests))
    found: dict[str, bytes] = {}
    for start in range(0, len(wanted), _PER_QUERY):
        some = responses.c.digest.in_(wanted[start : start + _PER_QUERY])
        query = select(responses.c.digest, responses.c.body).where(some, responses.c.body.is_not(None))
        for digest, body in connection.execute(query):
            found[digest] = _opened(digest, body)
    return found


def read_raw(connection: Connection, digest: str) -> bytes:
    """The canonical JSON behind a digest. Raises StoreDamaged when it is not there or not what the digest says."""
    body = connection.execute(select(responses.c.body).where(responses.c.digest == digest)).scalar()
    if body is None:
        raise StoreDamaged(f"The raw object {digest} is not in the history", hint=_HINT)
    return _opened(digest, body)


def _opened(digest: str, body: bytes) -> bytes:
    try:
        raw = zlib.decompress(body)
    except zlib.error as error:
        raise StoreDamaged(f"The raw object {digest} cannot be decompressed", hint=_HINT) from error
    if sha256(raw).hexdigest() != digest:
        raise StoreDamaged(f"The raw object {digest} was altered", hint=_HINT)
    return raw
