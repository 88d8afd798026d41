"""A real browser to open a page in: headless Chromium, spoken to over a pipe, nothing between it and the file."""

from __future__ import annotations

import fcntl
import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), ""
)
_OPTIONS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--remote-debugging-pipe",
)  # fmt: skip
_BEGIN = "import os, sys; a = sys.argv; os.dup2(int(a[1]), 3); os.dup2(int(a[2]), 4); os.execv(a[3], a[3:])"
_PATIENCE = 120.0


class Page:
    """One tab. What it logged, asked for and complained about is kept."""

    def __init__(self, process: subprocess.Popen[bytes], to_browser: int, from_browser: int) -> None:
        self._process, self._to, self._from = process, to_browser, from_browser
        self._buffer, self._number, self._session = b"", 0, ""
        self.events: list[dict[str, Any]] = []

    def attach(self) -> None:
        """Begin a tab."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """One command and its answer; events that come in between are kept."""
        self._number += 1
        number = self._number
        message = {"id": number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == number:
                assert "error" not in answer, answer
                result: dict[str, Any] = answer["result"]
                return result
            self._keep(answer)

    def open(self, path: Path, *, script: bool = True, at: str = "") -> None:
        """Load the file, at an address within it such as "#findings", and wait until it is loaded."""
        self.events.clear()
        self.call("Emulation.setScriptExecutionDisabled", value=not script)
        self.call("Page.navigate", url="about:blank")  # or another address of the same file would not load it again
        while not self.told("Page.loadEventFired"):
            self._keep(self._next())
        self.events.clear()
        self.call("Page.navigate", url=path.absolute().as_uri() + at)
        while not self.told("Page.loadEventFired"):
            self._keep(self._next())

    def run(self, expression: str) -> Any:
        """The value of a JavaScript expression, a promise's once it is there."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def told(self, method: str) -> list[dict[str, Any]]:
        """The events of this kind since the page was opened."""
        return [one["params"] for one in self.events if one.get("method") == method]

    def complaints(self) -> list[str]:
        """Exceptions, dialogs, logged errors (a refused script or style among them), and requests beyond the page."""
        asked = [one["request"]["url"] for one in self.told("Network.requestWillBeSent")]
        return [
            *(json.dumps(one) for one in self.told("Runtime.exceptionThrown")),
            *(f"dialog: {one['message']}" for one in self.told("Page.javascriptDialogOpening")),
            *(one["entry"]["text"] for one in self.told("Log.entryAdded")),
            *asked[1:],
        ]

    def _keep(self, event: dict[str, Any]) -> None:
        if event.get("method") == "Page.javascriptDialogOpening":
            self._number += 1
            answer = {"id": self._number, "method": "Page.handleJavaScriptDialog", "params": {"accept": True}}
            os.write(self._to, json.dumps(answer | {"sessionId": self._session}).encode() + b"\0")
        self.events.append(event)

    def _next(self) -> dict[str, Any]:
        end = time.monotonic() + _PATIENCE
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._from], [], [], max(0.0, end - time.monotonic()))
            assert ready, "the browser does not answer"
            piece = os.read(self._from, 1 << 16)
            assert piece, "the browser has gone"
            self._buffer += piece
        message, _, self._buffer = self._buffer.partition(b"\0")
        told: dict[str, Any] = json.loads(message)
        return told


@contextmanager
def browser(profile: Path) -> Iterator[Page]:
    """A browser with an empty profile, ended afterwards."""
    pipes = [os.pipe(), os.pipe()]
    # Out of the way of 3 and 4, where Chromium expects them.
    reads, writes = (fcntl.fcntl(pipes[0][0], fcntl.F_DUPFD, 20), fcntl.fcntl(pipes[1][1], fcntl.F_DUPFD, 20))
    ours = [sys.executable, "-c", _BEGIN, str(reads), str(writes)]
    words = [*ours, CHROMIUM, *_OPTIONS, f"--user-data-dir={profile}"]
    process = subprocess.Popen(
        words, pass_fds=(reads, writes), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    for descriptor in (reads, writes, pipes[0][0], pipes[1][1]):
        os.close(descriptor)
    try:
        page = Page(process, pipes[0][1], pipes[1][0])
        page.attach()
        yield page
    finally:
        process.kill()
        process.wait()
        os.close(pipes[0][1])
        os.close(pipes[1][0])
