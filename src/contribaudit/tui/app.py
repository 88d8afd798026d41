"""The app: holds the board, loads it in a worker thread, and opens the screens."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

from textual import work
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.command import Provider
from textual.reactive import Reactive
from textual.screen import Screen

from contribaudit import termination
from contribaudit.errors import ContribauditError
from contribaudit.tui.colours import ANSI_DARK, ANSI_LIGHT, DARK, LIGHT, THEMES, keep_theme, kept_theme
from contribaudit.tui.screens import ALL
from contribaudit.tui.screens.base import BoardScreen
from contribaudit.tui.sturdy import Sturdy

if TYPE_CHECKING:
    # Modules needed only with a board or after a key are imported then: see tests/tui/test_first_paint.
    from datetime import datetime

    from contribaudit.core.model.finding import Finding
    from contribaudit.tui.source import Board, Lack, Source

TERMINATED, INTERRUPTED = "terminated", "interrupted"
"""The app's results after SIGTERM or a closed terminal, and after SIGINT, which no key sends here."""
_GRACE_SECONDS = 3
"""The longest that a thread waiting for a database may delay the end."""


def _anything() -> type[Provider]:
    """The palette's provider of steps, sites, checks and findings. Imported when the palette is first opened."""
    from contribaudit.tui.palette import Anything

    return Anything


class Dashboard(Sturdy):
    """Shows the boards of a source. Its result is what the person wants next: "" (nothing), "init" or "demo".

    A signal ends it with TERMINATED or INTERRUPTED.
    """

    TITLE = "contribaudit"
    CSS_PATH = "dashboard.tcss"
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {mode: screen.open for mode, screen in ALL.items()}
    DEFAULT_MODE = "overview"
    ansi_theme_dark = Reactive(ANSI_DARK, init=False)
    ansi_theme_light = Reactive(ANSI_LIGHT, init=False)
    COMMANDS = App.COMMANDS | {_anything}
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(screen.key, f"switch_mode('{mode}')", screen.name, show=screen.in_footer)
            for mode, screen in ALL.items()
        ),
        Binding("question_mark", "keys", "Keys", key_display="?"),
        # For a box, where a question mark is text.
        Binding("f1", "keys", "Keys", show=False, key_display="F1"),
        Binding("w", "waive", "Waive the finding", show=False),
        Binding("e", "export", "Export CSV", show=False),
        Binding("E", "picture", "Export SVG", show=False),
        Binding("O", "organization", "Organization", show=False),
        Binding("L", "light", "Light or dark", show=False),
        Binding("R", "reload", "Reload", show=False),
        Binding("escape", "now", "Return to now", show=False, priority=True),
        Binding("ctrl+p", "command_palette", "Find anything by name", show=False, priority=True),
        # For screens without a filter of their own.
        Binding("colon,slash", "command_palette", "Find anything by name", show=False, key_display=":"),
        Binding("q", "quit", "Quit"),
        # With priority, so that they work in dialogs too, which an app's other keys do not reach.
        Binding("ctrl+c,ctrl+q", "quit", "Quit", show=False, priority=True),
    ]

    def __init__(self, open_source: Callable[[], Source]) -> None:
        """`open_source` is called after the first paint, in a worker thread, since opening a history takes time."""
        super().__init__()
        self._open_source = open_source
        for theme in THEMES:
            self.register_theme(theme)
        self.begin_with(kept_theme(self.available_themes) or DARK)
        self._present: Board | None = None
        """The newest board that is not of the past."""
        self.animation_level = "none"  # a key is answered by one frame, not by a dozen

    def on_load(self) -> None:
        """Style the app before its first screen, which inherits colours from it."""
        self.stylesheet.apply(self)

    def on_mount(self) -> None:
        """Handle signals, and begin to load after the first paint."""
        if not self.is_headless and sys.platform != "win32":
            # The command line's own handler would not restore the terminal, and a closed window would leave the demo's
            # folder behind.
            for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                asyncio.get_running_loop().add_signal_handler(number, self._end_on_signal, number)
        self.call_after_refresh(self.action_reload)

    def _end_on_signal(self, number: int) -> None:
        interrupted = number == signal.SIGINT
        termination.within(_GRACE_SECONDS, signal.SIGINT if interrupted else signal.SIGTERM)
        self.exit(INTERRUPTED if interrupted else TERMINATED)

    def accept(self, board: Board) -> None:
        """Show this board on every screen."""
        self.trouble = ""
        self._present = board if board.asked_for is None else self._present
        self.board = board
        self.settle()

    def action_now(self) -> None:
        """Return from a moment of the past to now."""
        if self._present is not None:
            self.accept(self._present)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Enable Escape's return to now only on a board of the past, outside boxes and dialogs."""
        if action != "now":
            return super().check_action(action, parameters)
        past = self.board is not None and self.board.asked_for is not None
        if not past:
            return False
        from textual.widgets import Input

        return isinstance(self.screen, BoardScreen) and not isinstance(self.focused, Input)

    @work(exclusive=True, group="load")
    async def look_back(self, moment: datetime) -> None:
        """Show the state as of a moment on every screen, until Escape or R."""
        if self.source is None:
            return
        with self.showing_errors():
            board = await self.in_thread(self.source.load_at, moment)
            if self.screen.is_modal:
                self.say("A form is open, so the view stays at the present", warning=True)
            else:
                self.accept(board)

    def action_keys(self) -> None:
        """Show every key of the front screen, and the meaning of words and signs."""
        from contribaudit.tui.screens.help import HelpScreen

        self.push_screen(HelpScreen(self.screen))

    def action_light(self) -> None:
        """Switch between the two themes."""
        self.theme = DARK if self.theme == LIGHT else LIGHT

    def watch_theme(self, before: str, theme: str) -> None:
        """Save the theme that the person chose for the next start."""
        if self.is_running and before != theme:
            keep_theme(theme)

    async def action_quit(self) -> None:
        """Quit, after a question if something typed was not saved. A second request quits without a question."""
        from contribaudit.tui.screens.dialogs import LeavingScreen

        typed = [one for stack in self._screen_stacks.values() for one in stack if getattr(one, "touched", False)]
        if not typed or isinstance(self.screen, LeavingScreen):
            self.exit()
        else:
            self.push_screen(LeavingScreen(typed), lambda leave: self.exit() if leave else None)

    def action_organization(self) -> None:
        """Choose one organization, or all."""
        if self.source is None or len(self.source.organizations) < 2:
            self.say("There is only one organization")
            return
        from contribaudit.tui.screens.dialogs import OrganizationsScreen

        self.push_screen(OrganizationsScreen(self.source.organizations, self.source.focus), self._focused)

    def action_waive(self) -> None:
        """Waive the front screen's finding, or its marked ones, by a change to the policy file that is shown first."""
        from contribaudit.tui.screens.waive import WaiveScreen, why_not

        finding: Finding | None = getattr(self.screen, "finding", None)
        # A screen with marked rows has several.
        findings: Sequence[Finding] = getattr(self.screen, "findings", ()) or ([finding] if finding is not None else [])
        nothing = getattr(self.screen, "NOTHING_TO_WAIVE", "Choose a finding first (f)")
        refusal = why_not(self.source, self.board) if findings else nothing
        if self.may_write(refusal) and self.source is not None and self.board is not None and self.job is not None:
            self.push_screen(WaiveScreen(self.board, findings, self.source, self.job), self._waived)

    def action_export(self) -> None:
        """Write the rows of the front screen into a CSV file in the current folder."""
        screen = self.screen
        sheet = screen.sheet() if isinstance(screen, BoardScreen) else None
        if sheet is None:
            self.say("This screen has no rows to export; press E to export a picture", warning=True)
            return
        from contribaudit.tui import files

        self._write_and_say(lambda: files.write_sheet(sheet))

    def action_picture(self) -> None:
        """Write an SVG picture of the front screen into the current folder."""
        from contribaudit.tui import files

        name = getattr(self.screen, "NAME", "") or "screen"
        picture = self.export_screenshot(title=f"contribaudit: {name}")
        self._write_and_say(lambda: files.write_picture(name, picture))

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The palette's entries: every screen, then the actions."""
        for mode, listed in ALL.items():
            yield SystemCommand(listed.name, listed.about, partial(self.go_to, mode))
        yield SystemCommand("Keys and words", "Every key, and the meaning of words and signs", self.action_keys)
        yield SystemCommand("Reload", "Read the history again", self.action_reload)
        yield SystemCommand("Organization", "Show one organization, or all", self.action_organization)
        yield SystemCommand("Export rows", "Save the rows on the screen as CSV", self.action_export)
        yield SystemCommand("Export picture", "Save the screen as SVG", self.action_picture)
        yield SystemCommand("Light or dark", "Change the theme", self.action_light)
        yield from (one for one in super().get_system_commands(screen) if one.title in ("Theme", "Quit"))

    def _welcome(self, lack: Lack) -> None:
        """Show what to do first."""
        self.trouble = "No data to show yet"
        if self.is_leaving:
            return
        from contribaudit.tui.screens.help import WelcomeScreen

        if not isinstance(self.screen, WelcomeScreen):
            self.push_screen(WelcomeScreen(lack), self._welcomed)
        self.settle()

    def _show_failure(self, error: ContribauditError) -> None:
        """Show why there is no new board; the earlier one stays."""
        self.trouble = str(error)
        self.settle()

    @work(group="go")
    async def go_to(self, mode: str, then: Callable[[Any], object] | None = None) -> None:
        """Go to the screen of this mode, then call `then` with the screen. Waits for a palette that is opening."""
        await self.front_is_made()
        await self.switch_mode(mode)
        if then is not None and isinstance(self.screen, ALL[mode].screen()):
            then(self.screen)

    def _waived(self, message: str | None) -> None:
        if message is not None:
            self.say(message)
            self.action_reload()

    def _welcomed(self, wish: str | None) -> None:
        if wish in ("init", "demo"):
            self.exit(wish)
        elif wish == "run":
            self.switch_mode("run")

    def _focused(self, choice: str | None) -> None:
        if choice is not None and self.source is not None:
            self.source.focus = choice or None
            self.action_reload()

    @work(group="write")
    async def _write_and_say(self, write: Callable[[], str]) -> None:
        with self.showing_errors():
            self.say(f"Written to {await self.in_thread(write)}")

    @work(thread=True, exclusive=True, group="load")
    def action_reload(self) -> None:
        """Read the history again."""
        try:
            if self.source is None:
                self.source = self._open_source()
            lack = self.source.nothing_to_load()
            if lack is not None:
                self.call_later(self._welcome, lack)
                return
            self.quieten()
            board = self.source.load()
            import_module("contribaudit.tui.rows.trend")  # in this thread, since the import takes time
        except ContribauditError as error:
            self.call_later(self._show_failure, error)
        else:
            self.call_later(self.accept, board)

    async def action_switch_mode(self, mode: str) -> None:
        """Switch to another screen, importing its module in a thread; keys typed meanwhile wait."""
        if mode in ALL and not ALL[mode].is_imported:
            await self.in_thread(ALL[mode].screen)
        await super().action_switch_mode(mode)

    def on_unmount(self) -> None:
        """Close the source."""
        if self.source is not None:
            self.source.close()
