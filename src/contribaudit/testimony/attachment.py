"""A screenshot from a file: its digest, its name, its bytes."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from contribaudit.core.attestation import Attachment
from contribaudit.errors import UsageError
from contribaudit.testimony.attestable import short

LARGEST_BYTES = 20 * 1024 * 1024


def read(path: Path) -> tuple[Attachment, bytes]:
    """The attachment and its bytes. Raises UsageError when it is missing, empty, a folder, or more than 20 MB."""
    hint = "Name a file, a screenshot for instance"
    try:
        if path.is_dir():
            raise UsageError(f"The attachment {path} is a folder", hint=hint)
        if path.stat().st_size > LARGEST_BYTES:
            raise UsageError(f"The attachment {path} is larger than 20 MB", hint="Attach a smaller picture")
        with path.open("rb") as file:
            body = file.read(LARGEST_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        cause = error.strerror if isinstance(error, OSError) and error.strerror else "it has no such name"
        raise UsageError(f"The attachment {path} cannot be read: {cause}", hint=hint) from None
    if not body or len(body) > LARGEST_BYTES:
        raise UsageError(f"The attachment {path} is {'larger than 20 MB' if body else 'empty'}", hint=hint)
    return Attachment(short(path.name, "The attachment's name"), sha256(body).hexdigest(), len(body)), body


def read_all(paths: Iterable[Path]) -> tuple[tuple[Attachment, ...], dict[str, bytes]]:
    """All of them, each content once, and their bytes by digest."""
    found = {attachment.sha256: (attachment, body) for attachment, body in map(read, paths)}
    return tuple(one for one, _ in found.values()), {digest: body for digest, (_, body) in found.items()}
