"""Raw objects: what the API said, to the byte, once per digest."""

from __future__ import annotations

import zlib
from hashlib import sha256

from sqlalchemy import Connection, select

from contribaudit.errors import StoreDamaged
from contribaudit.store.schema import responses


def read_raw(connection: Connection, digest: str) -> bytes:
    """The canonical JSON behind a digest. Raises StoreDamaged when it is not there or not what the digest says."""
    hint = "The evidence for this finding is lost; restore the history from a backup"
    body = connection.execute(select(responses.c.body).where(responses.c.digest == digest)).scalar()
    if body is None:
        raise StoreDamaged(f"The raw object {digest} is not in the history", hint=hint)
    try:
        raw = zlib.decompress(body)
    except zlib.error as error:
        raise StoreDamaged(f"The raw object {digest} cannot be decompressed", hint=hint) from error
    if sha256(raw).hexdigest() != digest:
        raise StoreDamaged(f"The raw object {digest} was altered", hint=hint)
    return raw
