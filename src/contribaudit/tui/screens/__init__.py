"""One screen a file. A new one is a line in `ALL`; see `base.BoardScreen` for what it must say of itself."""

from __future__ import annotations

from contribaudit.tui.screens.approve import ApproveScreen
from contribaudit.tui.screens.base import BoardScreen
from contribaudit.tui.screens.desk import DeskScreen
from contribaudit.tui.screens.findings import FindingsScreen
from contribaudit.tui.screens.inventory import InventoryScreen
from contribaudit.tui.screens.overview import OverviewScreen
from contribaudit.tui.screens.run import RunScreen
from contribaudit.tui.screens.timeline import TimelineScreen

ALL: dict[str, type[BoardScreen]] = {
    "overview": OverviewScreen,
    "findings": FindingsScreen,
    "inventory": InventoryScreen,
    "timeline": TimelineScreen,
    "desk": DeskScreen,
    "approve": ApproveScreen,
    "run": RunScreen,
}
"""By mode, in the order of the footer."""
