"""What messages tell people to type exists: commands, options, keys of the configuration and of the policy file.

Every text of the source and of the rulebook is searched, so that a message of tomorrow is held to it as well.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
from pydantic import BaseModel

import contribaudit
from contribaudit.cli import COMMANDS, group
from contribaudit.policy_file.schema import KEYS
from contribaudit.settings import model
from contribaudit.settings.model import AppSettings

SOURCE = Path(contribaudit.__file__).parent
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
COMMAND = re.compile(r"contribaudit ((?:[a-z][a-z-]*)(?: [a-z][a-z-]*)*)")
OF_OTHERS = re.compile(r"\b(?:systemctl|journalctl|pip|docker|kubectl)\b|create secret generic|^ --env ")
EXTRAS = {"postgres", "xlsx"}
"""What stands in brackets after the name of the package."""


@cache
def commands() -> dict[tuple[str, ...], click.Command]:
    """Every command by its words."""
    found: dict[tuple[str, ...], click.Command] = {}

    def walk(command: click.Command, path: tuple[str, ...]) -> None:
        found[path] = command
        if isinstance(command, click.Group):
            context = click.Context(command)
            for name in command.list_commands(context):
                child = command.get_command(context, name)
                assert child is not None
                walk(child, (*path, name))

    walk(group, ())
    return found


def options(path: tuple[str, ...]) -> set[str]:
    """The options of a command; of a group also those of the command that it means without a word."""
    paths = [path, (*path, "record"), (*path, "list")]
    taken = {name for one in paths if one in commands() for option in commands()[one].params for name in option.opts}
    return taken | {"--help"}


def texts(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and text; what is filled in is a blank."""
    nodes = list(ast.walk(tree))
    inside = {id(part) for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in nodes:
        if isinstance(node, ast.JoinedStr):
            yield (
                node.lineno,
                "".join(str(part.value) if isinstance(part, ast.Constant) else "\0" for part in node.values),
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside:
            yield node.lineno, node.value


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def all_texts() -> list[tuple[str, str]]:
    return list(_all_texts())


def _all_texts() -> Iterator[tuple[str, str]]:
    for path in sorted(SOURCE.rglob("*.py")):
        for line, text in texts(tree_of(path)):
            yield f"{path.relative_to(SOURCE)}:{line}", text
    for path in sorted(SOURCE.rglob("*.toml")):
        for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            yield f"{path.relative_to(SOURCE)}:{number}", text


def test_every_option_that_a_text_names_exists() -> None:
    """In sentences; an option by itself is one that is declared, or an argument for another program."""
    known = {name for command in commands().values() for option in command.params for name in option.opts}
    known |= {"--help", "--version"} | {
        name for command in commands().values() for option in command.params for name in option.secondary_opts
    }
    strange = [
        (place, option)
        for place, text in all_texts()
        if " " in text.strip() and not OF_OTHERS.search(text)
        for option in OPTION.findall(text)
        if option not in known
    ]
    assert strange == []


def test_every_option_belongs_to_the_command_before_it() -> None:
    strange = []
    for place, text in all_texts():
        for found in COMMAND.finditer(text):
            words = tuple(found[1].split())
            if words[0] not in COMMANDS:
                continue
            path = words[:2] if words[:2] in commands() else words[:1]
            rest = re.split(r"contribaudit |; |\. |`|, |\)|\n", text[found.end(1) :])[0]
            strange += [(place, path, one) for one in OPTION.findall(rest) if one not in options(path)]
    assert strange == []


@cache
def hints() -> list[tuple[str, str]]:
    """The texts that say what to do next."""
    return list(_hints())


def _hints() -> Iterator[tuple[str, str]]:
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(tree_of(path)):
            for keyword in node.keywords if isinstance(node, ast.Call) else ():
                if keyword.arg in ("hint", "next"):
                    for _, text in texts(keyword.value):
                        yield f"{path.relative_to(SOURCE)}:{keyword.value.lineno}", text


def test_every_command_that_a_hint_names_exists() -> None:
    strange = [
        (place, word)
        for place, text in hints()
        for word in re.findall(r"contribaudit ([a-z][a-z-]*)", text)
        if word not in COMMANDS
    ]
    assert strange == []


def test_every_key_and_table_that_a_hint_names_exists() -> None:
    tables = [one for one in vars(model).values() if isinstance(one, type) and issubclass(one, BaseModel)]
    keys = {name for table in tables for name in table.model_fields} | {key for found in KEYS.values() for key in found}
    strange = [
        (place, word)
        for place, text in hints()
        for word in re.findall(r"\b[a-z]+(?:_[a-z]+)+\b", text)
        if word not in keys and not word.startswith("in_app")
    ]
    assert strange == []
    named = {*AppSettings.model_fields, *KEYS[""], *EXTRAS}
    brackets = [
        (place, word)
        for place, text in hints()
        for word in re.findall(r"\[\[?([a-z_]+)(?:\.[a-z_]+)?\]\]?", text)
        if word not in named
    ]
    assert brackets == []
