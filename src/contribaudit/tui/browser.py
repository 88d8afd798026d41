"""An address for the browser of whoever sits here. This terminal is never lent to one."""

from __future__ import annotations

import asyncio
import os
import sys
from subprocess import DEVNULL, Popen

_OPEN = "import sys, webbrowser; sys.exit(not webbrowser.open(sys.argv[1]))"
_LOOK_SECONDS = 0.1


def has_windows() -> bool:
    """Whether a browser could come up beside this terminal, as far as the environment tells."""
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


async def open_beside(address: str) -> bool:
    """Hand the address to the system's browser; False where none took it.

    Python's `webbrowser` waits for some browsers, and where it finds none with windows it starts w3m or lynx; so does
    xdg-open. They are tried from a process that has no terminal, so that none can draw over this one or wait for keys,
    and that knows nothing of our settings. Cancelled, it is given up; a browser that came up stays.
    """
    process = _start(address)
    try:
        while process.poll() is None:  # noqa: ASYNC110  asyncio's own processes outlast an app that ends while they run
            await asyncio.sleep(_LOOK_SECONDS)
        return process.returncode == 0
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _start(address: str) -> Popen[bytes]:
    return Popen(  # noqa: S603  this very Python, and an address of our own data
        [sys.executable, "-I", "-c", _OPEN, address],
        stdin=DEVNULL,
        stdout=DEVNULL,
        stderr=DEVNULL,
        start_new_session=True,
        env={name: value for name, value in os.environ.items() if not name.startswith("CONTRIBAUDIT_")},
    )
