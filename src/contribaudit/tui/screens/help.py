"""Every key of the screen that it was called from, and what words and signs mean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.dom import DOMNode
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

from contribaudit.tui.rows import words

_CLOSE = "Escape closes this."


class HelpScreen(ModalScreen[None]):
    """Keys first, then the words."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,question_mark,f1,q", "dismiss", "Close")]

    def __init__(self, about: Screen[Any]) -> None:
        super().__init__()
        self._keys = list(_keys(about))

    def compose(self) -> ComposeResult:
        """One long text."""
        with VerticalScroll(classes="dialog"):
            yield Static(self._text(), id="help")

    def on_mount(self) -> None:
        """Keys scroll it."""
        self.query_one(VerticalScroll).focus()

    def _text(self) -> Text:
        said = Text(f"KEYS  {_CLOSE}\n", "bold")
        width = max((len(key) for key, _ in self._keys), default=0)
        for key, what in self._keys:
            said.append(f"  {key:<{width}}  ", "bold").append(f"{what}\n")
        return said.append("\n").append_text(words.glossary())


def _keys(about: Screen[Any]) -> Iterable[tuple[str, str]]:
    """(keys, what they do), those of the focused widget first, then the screen's, then the app's.

    The app's do not reach a dialog.
    """
    seen: set[str] = set()
    for node in (about.focused, about, None if about.is_modal else about.app):
        for binding in _bindings(node) if node is not None else ():
            if not binding.description or binding.action in seen:
                continue
            seen.add(binding.action)
            shown = binding.key_display or ", ".join(_name(key) for key in binding.key.split(","))
            yield shown, binding.tooltip or binding.description


def _bindings(node: DOMNode) -> Iterator[Binding]:
    """Those of our own classes: a library's box has dozens for moving about in a text."""
    for kind in type(node).__mro__:
        if kind.__module__.startswith("contribaudit."):
            yield from (one for one in kind.__dict__.get("BINDINGS", ()) if isinstance(one, Binding))


def _name(key: str) -> str:
    return {"question_mark": "?", "slash": "/", "pagedown": "PgDn", "pageup": "PgUp"}.get(key, key)
