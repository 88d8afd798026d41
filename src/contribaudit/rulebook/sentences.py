"""What the files of a rulebook say about checks, whatever version wrote them. Nothing is judged by it.

`loader` holds every file against the shapes of this version and refuses what it does not know. The sentences of another
version can be shown all the same: each check is taken by itself, and one that cannot be understood is left out.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from typing import Any

from pydantic import ConfigDict, Field, ValidationError

from contribaudit.core.model.rulebook import Words
from contribaudit.rulebook import loader, shapes


class _Words(shapes.WordsEntry):
    """A table that may say more, or less."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    question: str = ""
    trap: str = ""
    remediation: str = ""
    console_path: str = ""
    source: str = ""
    controls: list[str] = Field(default_factory=list)


def words(files: Iterable[bytes]) -> dict[str, Words]:
    """What they say about each check, by its ID.

    Without the address of a page: it is for opening, and files from elsewhere are not to choose what is opened.
    """
    found: dict[str, Words] = {}
    for file in files:
        for check, told in _tables(file).items():
            try:
                found[check] = loader.words_of(_Words.model_validate({**told, "source": ""}))
            except ValidationError:
                continue
    return found


def _tables(file: bytes) -> dict[str, dict[str, Any]]:
    try:
        document = tomllib.loads(file.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError):
        return {}
    return {name: told for name, told in document.items() if isinstance(told, dict)}
