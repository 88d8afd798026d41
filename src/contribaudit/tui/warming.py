"""What a dashboard makes ready while nobody waits, so that no key does: modules, and a collector that stops nobody."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from importlib import import_module

from contribaudit.tui import screens

_BREATH_SECONDS = 0.005
_GENERATIONS = 10_000, 5, 200
_BESIDE = ("help", "dialogs", "waive", "attest", "raw")
"""Forms and dialogs: modules of `screens` that no mode names."""


def modules() -> list[str]:
    """Every module that a key may need, in the order in which they are probably needed."""
    inner = [*(screen.module for screen in screens.ALL.values()), *_BESIDE]
    return [*(f"{screens.__name__}.{one}" for one in dict.fromkeys(inner)), "contribaudit.tui.palette"]


def import_all(wanted: Callable[[], bool]) -> None:
    """Import every screen, one after the other, as long as that is `wanted`. In a thread."""
    for name in modules():
        if not wanted():
            return
        import_module(name)
        time.sleep(_BREATH_SECONDS)


class QuietCollector:
    """The garbage collector as a dashboard wants it.

    With thirty thousand findings, looking through everything takes a fifth of a second and stops every thread. A board
    holds no circles (the tests say so): it goes when nobody refers to it, and need not be looked through.
    """

    def __init__(self) -> None:
        self._before = gc.get_threshold()

    def begin(self) -> None:
        """Look seldom through what is young: reading a history makes many objects that stay."""
        gc.set_threshold(*_GENERATIONS)

    def leave_alone(self) -> None:
        """Never look again through what is there now."""
        gc.freeze()

    def end(self) -> None:
        """As it was."""
        gc.set_threshold(*self._before)
        gc.unfreeze()
