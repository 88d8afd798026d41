"""A home of its own, and one event loop library."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from textual import _wait

from tests.isolation import isolate
from tests.tui.live import Opener, live

# After every key Textual's pilot sleeps until the process is idle, 20 ms at least: most of the time of these tests.
_wait.SLEEP_GRANULARITY = 0.005
_wait.SLEEP_IDLE = _wait.SLEEP_GRANULARITY / 10


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty home, which is also the present folder."""
    isolate(monkeypatch, tmp_path)
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    return tmp_path


@pytest.fixture
def anyio_backend() -> str:
    """Textual runs on asyncio."""
    return "asyncio"


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Opener]:
    """Opens a simulated organization with its history and configuration, see `live`."""
    with ExitStack() as stack:
        yield lambda *words: stack.enter_context(live(monkeypatch, tmp_path, *words))
