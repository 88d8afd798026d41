"""Links to the list of findings: what they choose stands in the page's address, so that it can be sent on and kept."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlencode

from contribaudit.exporters.text import safe_text

LIST = "#findings"


def chosen(**choices: str) -> str:
    """The address of the list with these choices; an empty one is left out."""
    told = {key: safe_text(value, keep_lines=True) for key, value in choices.items() if value}
    return f"{LIST}?{urlencode(told)}" if told else LIST


class Sets:
    """Findings that no choice tells from others (those of a step, of a waiver), each set under a name of its own."""

    def __init__(self) -> None:
        self.made: dict[str, tuple[str, tuple[str, ...]]] = {}
        """By name: what it is called, and the IDs of its findings."""

    def link(self, name: str, called: str, findings: Iterable[str]) -> str:
        """The address of the list with these findings alone."""
        self.made[name] = (safe_text(called), tuple(findings))
        return chosen(set=name)
