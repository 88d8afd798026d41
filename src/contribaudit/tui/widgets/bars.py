"""The lines at the edges of a screen: on top its name and the shown run, at the bottom the active keys."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual import events
from textual.reactive import reactive
from textual.screen import Screen
from textual.widget import Widget

if TYPE_CHECKING:
    from contribaudit.tui.source import Board

LETTERS = "Screens"
"""The label behind the keys of screens if there is no room for their names."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key of the line."""

    key: str
    """Textual's name for the key: "question_mark"."""
    sign: str
    """The key as people see it: "?"."""
    label: str

    @property
    def width(self) -> int:
        """The width in cells: a blank, the sign, a blank, the label, a blank; without a label, a blank and the sign."""
        return cell_len(self.sign) + (cell_len(self.label) + 3 if self.label else 1)


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys that can be pressed now, by purpose."""

    own: tuple[Key, ...] = ()
    """Keys of the front screen and of the focused widget."""
    screens: tuple[Key, ...] = ()
    """Keys that open the other screens."""
    all_keys: tuple[Key, ...] = ()
    """The key that shows every key; it stays even if no other key fits."""
    leave: tuple[Key, ...] = ()


@dataclass(frozen=True, slots=True)
class Fitted:
    """The keys that fit: from the left, and at the right edge."""

    left: tuple[Key, ...]
    right: tuple[Key, ...]


def fitted(keys: Keys, width: int) -> Fitted:
    """The keys that fit into `width` cells. Dropped first is the quit key, then screen names, screens, and own keys."""
    letters = _letters(keys.screens)
    for left, right in (
        (keys.own + keys.screens, keys.all_keys + keys.leave),
        (keys.own + keys.screens, keys.all_keys),
        (keys.own + letters, keys.all_keys + keys.leave),
        (keys.own + letters, keys.all_keys),
    ):
        if _width(left) + _width(right) <= width:
            return Fitted(left, right)
    own = keys.own
    while own and _width(own) + _width(keys.all_keys) > width:
        own = own[:-1]
    return Fitted(own, keys.all_keys)


def _letters(screens: Sequence[Key]) -> tuple[Key, ...]:
    """The screen keys without their names; the last one carries the common label."""
    if not screens:
        return ()
    *first, last = screens
    return (*(Key(one.key, one.sign, "") for one in first), Key(last.key, last.sign, LETTERS))


def _width(keys: Iterable[Key]) -> int:
    return sum(one.width for one in keys)


_ALL_KEYS = ("keys", "app.keys")
_LEAVE = "quit"
_TO_A_SCREEN = "switch_mode"


class KeyLine(Widget):
    """The line of active keys. A click on one presses the key."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"key-line--key"}
    DEFAULT_CSS = """
    KeyLine {
        dock: bottom;
        height: 1;
        color: $footer-foreground;
        background: $footer-background;
        text-wrap: nowrap;
        text-overflow: clip;
        & > .key-line--key { color: $footer-key-foreground; text-style: bold; }
    }
    """

    _keys: Keys | None = None
    """The active keys at the screen's last update signal; None before it is known."""

    def on_mount(self) -> None:
        """Follow changes of the active keys."""
        self.screen.bindings_updated_signal.subscribe(self, self._update_keys)

    def on_unmount(self) -> None:
        """Stop following the active keys."""
        self.screen.bindings_updated_signal.unsubscribe(self)

    def _update_keys(self, _screen: Screen[object]) -> None:
        before, self._keys = self._keys, self._active()
        if before != self._keys:
            self.refresh()

    def render(self) -> Text:
        """The keys, from the left and at the right edge."""
        style = self.get_component_rich_style("key-line--key", partial=True)
        line = self._fitted_keys
        text = Text()
        for key in line.left:
            _append(text, key, style)
        text.append(" " * (self.size.width - text.cell_len - _width(line.right)))
        for key in line.right:
            _append(text, key, style)
        return text

    def on_click(self, event: events.Click) -> None:
        """Press the key under the mouse."""
        line = self._fitted_keys
        for start, keys in ((0, line.left), (self.size.width - _width(line.right), line.right)):
            for key in keys:
                if start <= event.x < start + key.width:
                    self.app.simulate_key(key.key)
                    return
                start += key.width

    @property
    def _fitted_keys(self) -> Fitted:
        return fitted(self.keys, self.size.width)

    @property
    def keys(self) -> Keys:
        """The keys that can be pressed now, each action once."""
        if self._keys is None:
            self._keys = self._active()
        return self._keys

    def _active(self) -> Keys:
        own: dict[str, Key] = {}
        screens: list[Key] = []
        help_keys: list[Key] = []
        leave: list[Key] = []
        for _node, binding, _enabled, _tooltip in self.screen.active_bindings.values():
            key = Key(binding.key, self.app.get_key_display(binding), binding.description)
            if binding.action in _ALL_KEYS:
                help_keys.append(key)
            elif not binding.show:
                continue
            elif binding.action.startswith(_TO_A_SCREEN):
                screens += [key] if binding.description != getattr(self.screen, "NAME", "") else []
            elif binding.action == _LEAVE:
                leave.append(key)
            else:
                own.setdefault(binding.action, key)
        return Keys(tuple(own.values()), tuple(screens), tuple(help_keys[:1]), tuple(leave))


def _append(text: Text, key: Key, style: Style) -> None:
    text.append(f" {key.sign}", style)
    if key.label:
        text.append(f" {key.label} ")


class TopLine(Widget):
    """The line on top; more lines appear only for a board of the past and for trouble."""

    DEFAULT_CSS = """
    TopLine { height: auto; max-height: 5; background: $primary 30%; color: $text; padding: 0 1; }
    """
    board: reactive[Board | None] = reactive(None, layout=True)
    trouble: reactive[str] = reactive("", layout=True)

    def __init__(self, screen_name: str) -> None:
        super().__init__()
        self._screen_name = screen_name

    def render(self) -> Text:
        """The line and, below it, the past moment and the trouble, if any."""
        text = self._about(full=True)
        if text.cell_len > self.content_size.width:
            text = self._about(full=False)
        if self.board is not None and self.board.asked_for is not None:
            text.append("\n")
            text.append(
                f" As of {self.board.asked_for:%a %d %b %Y %H:%M}Z, not now. Escape returns to now. ", "reverse"
            )
        if self.trouble:
            from contribaudit.exporters.text import safe_text

            text.append(f"\n{safe_text(self.trouble)}", "bold yellow")
        return text

    def _about(self, *, full: bool) -> Text:
        """Screen, organizations and run; if not `full`, without policy, this year, and the tool's name."""
        text = Text().append("contribaudit  " if full else "", "bold").append(self._screen_name, "bold")
        if self.board is None:
            return text.append("  reading the history …" if not self.trouble else "")
        from contribaudit.exporters.text import safe_text  # too much before the first paint

        report, ended = self.board.report, self.board.report.run.finished_at
        text.append(f"  {', '.join(safe_text(one.name) for one in report.organizations)}")
        if full:
            text.append(f"  policy {safe_text(report.policy_name)}", "dim")
        this_year = ended.year == self.board.now.year
        day = f"{ended:%Y-%m-%d}" if full else f"{ended:%d %b}" if this_year else f"{ended:%d %b %Y}"
        text.append(f"  run #{report.run.id}, {day} {ended:%H:%M}Z", "dim")
        for note in self.board.notes:
            text.append(f"  {safe_text(note)}", "yellow")
        return text
