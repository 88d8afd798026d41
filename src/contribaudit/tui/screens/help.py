"""Help: every key of the screen behind it, what words and signs mean, and what to do while nothing is shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.dom import DOMNode
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

from contribaudit.tui.rows import keys
from contribaudit.tui.source import Lack

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
        return said.append("\n").append_text(keys.glossary())


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


_TEXTS = {
    Lack.UNCONFIGURED: (
        "Nothing is configured yet",
        "contribaudit reads an Atlassian organization and shows what it contributes, who may use AI on its data and "
        "where the data lives. It only reads. It needs the organization's ID and an API key.",
        (
            ("i", "Set it up: a few questions, each answer tested (contribaudit init)"),
            ("d", "See it work first, on a simulated organization: no key, no network"),
            ("q", "Leave"),
        ),
    ),
    Lack.UNREAD: (
        "No audit has run yet",
        "The history has no run of this organization. The first audit takes some minutes and changes nothing at "
        "Atlassian.",
        (
            ("r", "Audit now (contribaudit audit)"),
            ("d", "See it work first, on a simulated organization: no key, no network"),
            ("R", "Check again after an audit has run elsewhere"),
            ("q", "Leave"),
        ),
    ),
}


class WelcomeScreen(ModalScreen[str | None]):
    """Ends with "init", "demo", "run", or None when the person goes on by themselves."""

    NAME: ClassVar[str] = "Welcome"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("i", "wish('init')", "Set it up"),
        Binding("d", "wish('demo')", "Demo"),
        Binding("r", "wish('run')", "Run an audit"),
        Binding("q", "app.quit", "Leave"),
        Binding("R", "again", "Check again", show=False),
    ]

    def __init__(self, lack: Lack) -> None:
        super().__init__()
        self.lack = lack

    def compose(self) -> ComposeResult:
        """A heading, a paragraph, the keys."""
        with Vertical(classes="dialog"):
            yield Static(self.text(), id="welcome")

    def text(self) -> Text:
        """What it says."""
        title, about, keys = _TEXTS[self.lack]
        said = Text(f"{title}\n\n", "bold").append(f"{about}\n\n", "not bold")
        for key, what in keys:
            said.append(f"  {key}  ", "bold").append(f"{what}\n", "not bold")
        return said

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only the keys that the text names."""
        if action == "wish":
            wanted = {"init": "i", "demo": "d", "run": "r"}[str(parameters[0])]
            return any(key == wanted for key, _ in _TEXTS[self.lack][2])
        return True

    def action_wish(self, wish: str) -> None:
        """Go there."""
        self.dismiss(wish)

    def action_again(self) -> None:
        """Ask the source once more."""
        self.dismiss(None)
        self.app.call_later(self.app.run_action, "reload")
