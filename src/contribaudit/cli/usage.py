"""What is wrong with a command line, in words that repeat no key."""

from __future__ import annotations

import re
from collections.abc import Sequence

import click

_KEY_OPTIONS = ("--api-key", "--key", "--token", "--api-token", "--password")
_UUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


def explained(error: click.UsageError, argv: Sequence[str]) -> tuple[str, str]:
    """Message and next step. A word of the command line that might be a key is not repeated."""
    path = error.ctx.command_path if error.ctx is not None else "contribaudit"
    hint = f"run `{path} --help` to see what it takes"
    if isinstance(error, click.exceptions.NoSuchOption) and error.option_name in _KEY_OPTIONS:
        message = f"there is no option {error.option_name}: other users of this machine could read a key in an argument"
        return message, "use `contribaudit login`, --api-key-file, --api-key-fd or CONTRIBAUDIT_API_KEY"
    message = error.format_message()
    for word in argv:
        value = word.partition("=")[2] if word.startswith("-") else word
        for candidate in (word, value):
            if _may_be_key(candidate):
                message = message.replace(candidate, "[not shown]")
    return message[:1].lower() + message[1:].rstrip("."), hint


def _may_be_key(word: str) -> bool:
    """Whether the word is long and looks random; a path, an ID and an option are not."""
    return (
        re.fullmatch(r"[A-Za-z0-9_=+-]{20,}", word) is not None
        and not word.startswith("-")
        and any(char.isdigit() for char in word)
        and not _UUID.fullmatch(word)
    )
