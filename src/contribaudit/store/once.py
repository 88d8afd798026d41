"""Remembers what one transaction asks repeatedly."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection

_KEPT = "contribaudit_kept"
_Words = ParamSpec("_Words")
_Answer = TypeVar("_Answer")


def remembering(connection: Connection) -> Connection:
    """The connection of a transaction that only reads, and sees one state: what it was told stays true in it."""
    return connection.execution_options(**{_KEPT: {}})


def asked_once(
    function: Callable[Concatenate[Connection, _Words], _Answer],
) -> Callable[Concatenate[Connection, _Words], _Answer]:
    """The function, asked once in a transaction that only reads, and each time in one that writes.

    Nobody may alter what it gives. Its words are hashable.
    """

    @wraps(function)
    def asked(connection: Connection, /, *words: _Words.args, **named: _Words.kwargs) -> _Answer:
        kept: dict[Any, _Answer] | None = connection.get_execution_options().get(_KEPT)
        if kept is None:
            return function(connection, *words, **named)
        key = (function, words, tuple(named.items()))
        if key not in kept:
            kept[key] = function(connection, *words, **named)
        return kept[key]

    return asked
