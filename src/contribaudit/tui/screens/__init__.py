"""The screens, one per file. A new screen needs a line in `ALL`; `base.BoardScreen` says what it must define."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contribaudit.tui.screens.base import BoardScreen


@dataclass(frozen=True, slots=True)
class Listed:
    """A screen that the app can show. Its module is imported when first needed, to keep the first paint fast."""

    name: str
    """Shown in the top line and in the footer; the same as the screen's NAME."""
    key: str
    """The key that opens the screen from everywhere; one letter."""
    about: str
    """One sentence without a full stop, for the palette and the key help."""
    module: str
    kind: str
    in_footer: bool = True
    """False for a screen reached only through its key, palette and key help: the footer has room for daily needs."""

    @property
    def is_imported(self) -> bool:
        """Whether the screen's module is already imported."""
        return hasattr(sys.modules.get(f"{__name__}.{self.module}"), self.kind)

    def screen(self) -> type[BoardScreen]:
        """The screen's class; imports its module if necessary."""
        screen_class: type[BoardScreen] = getattr(import_module(f"{__name__}.{self.module}"), self.kind)
        return screen_class

    def open(self) -> BoardScreen:
        """Make a new screen."""
        return self.screen()()


ALL: dict[str, Listed] = {
    "overview": Listed(
        "Overview", "o", "The verdict, what to do next, and what changed where", "overview", "OverviewScreen"
    ),
    "next": Listed("Next", "n", "Everything there is to do, and what each step resolves", "next", "NextScreen"),
    "findings": Listed(
        "Findings", "f", "Every finding, filtered as you type, and each in full", "findings", "FindingsScreen"
    ),
    "inventory": Listed(
        "Inventory",
        "i",
        "Organizations, sites, apps and spaces: what each contributes, and why",
        "inventory",
        "InventoryScreen",
    ),
    "map": Listed(
        "Map", "M", "Apps by location, and every site by seven questions, worst first", "site_map", "MapScreen"
    ),
    "timeline": Listed(
        "Timeline", "t", "What changed, why and when; the state of any day", "timeline", "TimelineScreen"
    ),
    "terms": Listed(
        "Documents",
        "P",
        "The vendor's documents over time: what changed, and what rests on it",
        "terms",
        "TermsScreen",
        in_footer=False,
    ),
    "subprocessors": Listed(
        "Sub-processors",
        "B",
        "Which of the vendor's sub-processors touch which apps, what for, where, and why",
        "subprocessors",
        "SubprocessorsScreen",
        in_footer=False,
    ),
    "desk": Listed(
        "Evidence",
        "a",
        "Evidence desk: look at what is due, confirm, revoke, signals, conflicts",
        "attestations",
        "DeskScreen",
    ),
    "approve": Listed(
        "Baseline", "p", "What is outside the approved state, and how to approve it", "approve", "ApproveScreen"
    ),
    "whatif": Listed(
        "What if",
        "W",
        "What another plan, the end of trials or time would change: a prediction",
        "forecast",
        "ForecastScreen",
        in_footer=False,
    ),
    "pack": Listed(
        "Pack", "X", "Write and verify an evidence pack for an auditor", "pack", "PackScreen", in_footer=False
    ),
    "run": Listed("Run", "r", "Start an audit, follow its progress, and see what is new", "run", "RunScreen"),
}
"""Screens by mode, in the order of the footer."""
