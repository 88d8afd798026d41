"""How `init` asks: a line, a choice by word or number, yes or no."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Callable, Sequence

import click

from contribaudit.cli import options

SKIP = "-"


def tell(text: str, lead: str = "") -> None:
    """To stderr, wrapped at the terminal's width; what follows the first line stands under the end of `lead`."""
    width = max(60, min(shutil.get_terminal_size().columns, 100))
    for line in text.split("\n"):
        indent = " " * (len(lead) or len(line) - len(line.lstrip()))
        rows = textwrap.wrap(line.strip(), width, initial_indent=lead or indent, subsequent_indent=indent)
        click.echo("\n".join(rows), err=True)


def ask_line(question: str, default: str | None = None) -> str:
    return options.ask(question, default)


def ask_yes(question: str, *, default: bool) -> bool:
    return options.confirm(question, default=default)


def ask_valid(question: str, check: Callable[[str], str], default: str) -> str:
    """A line that the check accepts, "" or "-"; asked again until then."""
    return options.ask_valid(question, lambda text: text if text in ("", SKIP) else check(text), default)


def choose(question: str, choices: Sequence[tuple[str, str]], *, may_skip: bool = False) -> str:
    """A word, by itself or by its number; "" for what is skipped. Asked again until it is one."""
    tell(f"\n{question}")
    width = max(len(word) for word, _ in choices)
    for number, (word, means) in enumerate(choices, 1):
        tell(means, f"  {number}  {word.ljust(width)}  ")
    if may_skip:
        tell("Not part of the policy.", f"  {SKIP}  {'skip'.ljust(width)}  ")
    words = [word for word, _ in choices]
    while True:
        text = ask_line("Number or word").casefold()
        if may_skip and text in (SKIP, "skip"):
            return ""
        if text.isdecimal() and 0 < int(text) <= len(words):
            return words[int(text) - 1]
        if text in words:
            return text
        tell(f"It takes {', '.join(words)}.")
