"""Commands that we tell people to run, with the options that they gave themselves: so they run as they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from shlex import quote
from typing import TypeAlias

import click

Given: TypeAlias = dict[str, tuple[str | Path, ...]]
"""The options of this command line that name what another command has to be told too, with their values."""

_COMMAND = re.compile(r"\bcontribaudit((?: [a-z]+(?:-[a-z]+)*)+)")
_BY_ITSELF = frozenset({"demo", "init", "simulate", "render", "evidence verify", "policy schema", "policy packs"})
"""What reads no configuration and no history, or writes them."""


def runnable(text: str, given: Given, commands: click.Group) -> str:
    """The text with `given` behind each of the `commands` that takes them and does not have them yet.

    A store's address with an account, a password or options is written as URL: it stays off the screen.
    """
    return _COMMAND.sub(_Completed(given, commands), text) if given else text


class _Completed:
    def __init__(self, given: Given, commands: click.Group) -> None:
        self._given = given
        self._commands = commands

    def __call__(self, found: re.Match[str]) -> str:
        rest = found.string[found.end() :]
        said = re.split(r"[`\n]|contribaudit", rest, maxsplit=1)[0]
        if said.startswith(" --help"):
            return found[0]
        name, taken = _taken(found[1].split(), self._commands)
        more = " ".join(self._options(taken, said)) if name and name not in _BY_ITSELF else ""
        if not more:
            return found[0]
        end = len("contribaudit ") + len(name)
        return f"{found[0][:end]} {more}{found[0][end:]}"

    def _options(self, taken: dict[str, click.Parameter], said: str) -> Iterator[str]:
        from contribaudit.settings.model import shown_location

        for option, values in self._given.items():
            known = taken.get(option)
            if known is None or option in said.split() or (len(values) > 1 and not known.multiple):
                continue
            for value in values:
                text = str(value)
                yield f"{option} {quote(text) if shown_location(text) == text else 'URL'}"


def _taken(words: list[str], commands: click.Group) -> tuple[str, dict[str, click.Parameter]]:
    """The command that the words begin with, "" where they name none, and the options that it takes."""
    command: click.Command = commands
    name: list[str] = []
    for word in words:
        below = command.get_command(click.Context(command), word) if isinstance(command, click.Group) else None
        if below is None:
            break
        command = below
        name.append(word)
    if isinstance(command, click.Group) and name:
        command = command.commands.get("record", command)  # `attest` alone is `attest record`
    return " ".join(name), {option: one for one in command.params for option in one.opts}
