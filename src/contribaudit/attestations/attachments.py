"""Screenshots and other files beside an attestation, which are exported with it: no secret, no key, no system file."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from contribaudit import files
from contribaudit.attestations.recording import short
from contribaudit.core.model.attestation import Attachment
from contribaudit.errors import UsageError
from contribaudit.files import Unreadable

LARGEST_BYTES = 20_000_000
_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"BM", b"II*\0", b"MM\0*", b"%PDF-")
_KEY = re.compile(rb"\s*[!-~]{16,8192}\s*")
_SHORTEST_SECRET = 8
"""Less may be in any picture."""
_SYSTEM = ("/proc", "/sys", "/dev")


_secret_files: set[Path] = set()
_secrets: set[bytes] = set()


def never_attach(places: Iterable[Path], values: Iterable[str]) -> None:
    """From now on refuse these files, by whatever name, and every file that holds one of the values."""
    _secret_files.update(places)
    told = (value.strip().encode(errors="surrogatepass") for value in values)
    _secrets.update(value for value in told if len(value) >= _SHORTEST_SECRET)


def is_secret(path: Path, body: bytes) -> bool:
    """Whether the file, which holds `body`, is one of those, or a link to one, or holds such a value."""
    for place in _secret_files:
        with suppress(OSError):
            if path.samefile(place):
                return True
    return any(value in body for value in _secrets)


def read(path: Path, within: Path | None = None) -> tuple[Attachment, bytes]:
    """The attachment and its bytes.

    `within` is the folder of attestation files that names it, and that others may have written: then it must be a
    picture or a PDF below that folder, reached by no link. Raises UsageError, also for what is missing, empty, no
    plain file, more than 20 MB, or looks like a key: what is attached is exported.
    """
    hint = "Name a file, a screenshot for instance"
    try:
        real = path.resolve()
        if within is not None and real != within.resolve() / _below(path, within):
            raise UsageError(f"The attachment {path} is a link", hint="Put the picture itself there")
        if str(real).startswith(tuple(f"{folder}/" for folder in _SYSTEM)):
            raise UsageError(f"The attachment {path} is a system file", hint=hint)
        body = files.read_bytes(path, most=LARGEST_BYTES, follow=within is None)
    except Unreadable as error:
        raise UsageError(f"The attachment {path} cannot be read: {error.reason}", hint=hint) from None
    except (OSError, ValueError, RuntimeError):  # a NUL in the path, a loop of links
        raise UsageError(f"The attachment {path} cannot be read: this is not a valid path", hint=hint) from None
    if not body:
        raise UsageError(f"The attachment {path} is empty", hint=hint)
    if is_secret(path, body):
        raise UsageError(f"The attachment {path} holds a configured secret, and attachments are exported", hint=hint)
    if within is not None and not (body.startswith(_PICTURES) or (body[:4] == b"RIFF" and body[8:12] == b"WEBP")):
        raise UsageError(f"The attachment {path} is neither a picture nor a PDF", hint="Attach a screenshot")
    if _KEY.fullmatch(body) or b"PRIVATE KEY-----" in body:
        raise UsageError(f"The attachment {path} looks like a key, and attachments are exported", hint=hint)
    return Attachment(short(path.name, "The attachment's name"), sha256(body).hexdigest(), len(body)), body


def _below(path: Path, within: Path) -> Path:
    """The path as seen from the folder. Raises UsageError when it leads elsewhere."""
    folder, place = Path(os.path.abspath(within)), Path(os.path.abspath(path))  # noqa: PTH100  it follows no link
    if not place.is_relative_to(folder):
        raise UsageError(f"The attachment {path} is not below {within}", hint="Put the picture into that folder")
    return place.relative_to(folder)


def read_all(paths: Iterable[Path], within: Path | None = None) -> tuple[tuple[Attachment, ...], dict[str, bytes]]:
    """All of them, each content once, and their bytes by digest."""
    found = {attachment.sha256: (attachment, body) for attachment, body in (read(path, within) for path in paths)}
    return tuple(one for one, _ in found.values()), {digest: body for digest, (_, body) in found.items()}
