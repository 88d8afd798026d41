"""What a mail address is: who looked, who confirmed."""

from __future__ import annotations

import re

from contribaudit.errors import UsageError

_MAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\".]+")


def mail(text: str | None, whose: str = "whoever looked") -> str:
    """The mail address. Raises UsageError when it is missing or none."""
    found = (text or "").strip()
    if not found:
        raise UsageError(
            f"The mail address of {whose} is missing", hint="Give it with --by, or set attested_by in the configuration"
        )
    if len(found) > 254 or not found.isprintable() or not _MAIL.fullmatch(found):
        raise UsageError(f"`{found[:80]}` is no mail address", hint="Write it as name@example.com")
    return found
