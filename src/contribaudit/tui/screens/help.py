"""Help: every key of the screen below, the meaning of words and signs, and a welcome if there is no data."""

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

from contribaudit.core.model.finding import Outcome, Severity
from contribaudit.core.model.observation import Grade
from contribaudit.tui.rows.signs import outcome_sign
from contribaudit.tui.source import Lack

_CLOSE = "Escape closes this."


class HelpScreen(ModalScreen[None]):
    """The keys of a screen, then the glossary."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,question_mark,f1,q", "dismiss", "Close")]

    def __init__(self, about: Screen[Any]) -> None:
        super().__init__()
        self._keys = list(_keys_of_screen(about))

    def compose(self) -> ComposeResult:
        """Yield the text, which scrolls."""
        with VerticalScroll(classes="dialog"):
            yield Static(self._help_text(), id="help")

    def on_mount(self) -> None:
        """Focus the text, so that keys scroll it."""
        self.query_one(VerticalScroll).focus()

    def _help_text(self) -> Text:
        text = Text(f"KEYS  {_CLOSE}\n", "bold")
        width = max((len(key) for key, _ in self._keys), default=0)
        for key, what in self._keys:
            text.append(f"  {key:<{width}}  ", "bold").append(f"{what}\n")
        return text.append("\n").append_text(glossary())


def _keys_of_screen(about: Screen[Any]) -> Iterable[tuple[str, str]]:
    """(keys, effect) pairs: the focused widget's first, then the screen's, then the app's.

    The app's keys do not reach a dialog. A widget's key hides the same key of the class that it extends, and the
    screen's name for a key replaces the general one of a list ("Open").
    """
    seen: set[str] = set()
    named = {binding.key for binding in _bindings(about)}
    if about.focused is not None:
        seen.update(one.action for one in _bindings(about.focused) if one.key in named and not one.show)
    for node in (about.focused, about, None if about.is_modal else about.app):
        taken: set[str] = set()
        for binding in _bindings(node) if node is not None else ():
            keys = [key for key in binding.key.split(",") if key not in taken]
            if not binding.description or binding.action in seen or not keys:
                continue
            seen.add(binding.action)
            taken.update(keys)
            shown = binding.key_display or ", ".join(_key_name(key) for key in keys)
            yield shown, binding.tooltip or binding.description


def _bindings(node: DOMNode) -> Iterator[Binding]:
    """The bindings of contribaudit's own classes: Textual's boxes have dozens for moving about in a text."""
    for kind in type(node).__mro__:
        if kind.__module__.startswith("contribaudit."):
            yield from (one for one in kind.__dict__.get("BINDINGS", ()) if isinstance(one, Binding))


def _key_name(key: str) -> str:
    return {"question_mark": "?", "slash": "/", "pagedown": "PgDn", "pageup": "PgUp"}.get(key, key)


OUTCOMES = {
    Outcome.PASS: "meets the policy, on evidence that is accepted and recent enough",
    Outcome.FAIL: "does not meet the policy, and you can change it",
    Outcome.CONFLICT: "two pieces of evidence contradict each other",
    Outcome.NOT_ACHIEVABLE: "does not meet the policy, and this plan or app does not allow it",
    Outcome.UNKNOWN: "could not be read; never counts as a pass",
    Outcome.STALE: "evidence is too old, or something changed since",
    Outcome.PENDING: "changed as required; its waiting period is still running",
    Outcome.WAIVED: "accepted until a date; the outcome under it stays visible",
    Outcome.EXEMPT: "an exemption is evidenced",
    Outcome.NOT_YET_EFFECTIVE: "the rule is not in effect yet",
    Outcome.NO_SUCH_SETTING: "the app has no such setting today; not counted",
}
GRADES = {
    Grade.DOCUMENTED: "a field of a documented endpoint says so",
    Grade.DECODED: "our interpretation of an undocumented field",
    Grade.ATTESTED: "a person recorded what the console showed",
    Grade.INFERRED: "a signal is back in a state whose meaning is established",
    Grade.PREDICTED: "the plan default; never enough for a pass",
}
FILTER = (
    ("word", "text anywhere in the finding; several words must all match"),
    ("outcome:fail,stale", "one of these outcomes; also severity:, grade:, kind:"),
    ("check:DR  site:acme  app:jira", "start of the check ID; part of site, app type, family, org"),
    ("realm:US  plan:free  pinned:no", "of the app: location (or a group, as EEA), plan, pinned"),
    ("step:1  subject:NAME", "what the first step in Next resolves; all of one subject"),
    ("is:bad  is:unverified  is:open", "fails; unverified; either"),
    ("is:fragile  is:new  is:waived", "resting on a default or trial; new since the last complete run; waived"),
    ("-outcome:pass", "a minus excludes a term"),
    ('"two words"', "quotation marks keep words together"),
)


_TERM = 1 + max(len(outcome_sign(outcome).plain) for outcome in OUTCOMES)
"""The width of the column of terms, so that a blank follows the longest."""
SIGNS = (
    (">", "the row under the cursor"),
    ("!", "a change without a known cause"),
    ("cannot", "not achievable on this plan or app"),
    ("?", "this many more are unverified or in conflict"),
    ("= ~ .", "the last 30 days: complete, partial, no run"),
    ("exposed", "AI reaches the app and its data"),
    ("value~", "fragile: it rests on a plan default or a running trial"),
    ("EU pin?", "stored in the EU; unknown whether the app is pinned there"),
)


def glossary() -> Text:
    """The meaning of filter terms, outcomes, severities, grades and signs."""
    text = Text("FILTER\n", "bold")
    for term, means in FILTER:
        text.append(f"  {term:<31}", "bold").append(f" {means}\n")
    text.append("\nOUTCOMES\n", "bold")
    for outcome, means in OUTCOMES.items():
        text.append("  ").append_text(outcome_sign(outcome))
        text.append(" " * (_TERM - len(outcome_sign(outcome).plain))).append(f"{means}\n")
    text.append("\nSEVERITIES, most severe first: ", "bold").append(", ".join(Severity)).append("\n")
    text.append("\nGRADES, strongest first\n", "bold")
    for grade, means in GRADES.items():
        text.append(f"  {grade:<{_TERM}}{means}\n")
    text.append("\nSIGNS\n", "bold")
    for sign, means in SIGNS:
        text.append(f"  {sign:<{_TERM}}{means}\n")
    return text


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
    """The welcome without data. Its result is "init", "demo", "run", or None for another check."""

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
        """Yield the text."""
        with Vertical(classes="dialog"):
            yield Static(self.text(), id="welcome")

    def text(self) -> Text:
        """The heading, a paragraph, and the keys."""
        title, about, keys = _TEXTS[self.lack]
        content = Text(f"{title}\n\n", "bold").append(f"{about}\n\n", "not bold")
        for key, what in keys:
            content.append(f"  {key}  ", "bold").append(f"{what}\n", "not bold")
        return content

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Enable only the keys that the text names."""
        if action == "wish":
            needed = {"init": "i", "demo": "d", "run": "r"}[str(parameters[0])]
            return any(key == needed for key, _ in _TEXTS[self.lack][2])
        return True

    def action_wish(self, wish: str) -> None:
        """Close with this result."""
        self.dismiss(wish)

    def action_again(self) -> None:
        """Close, and read the source again."""
        self.dismiss(None)
        self.app.call_later(self.app.run_action, "reload")
