"""Firefox, to print a page with: headless, spoken to by its Marionette protocol."""

from __future__ import annotations

import base64
import json
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

FIREFOX = next((path for name in ("firefox-esr", "firefox") if (path := shutil.which(name))), "")
_PATIENCE = 120.0
_CENTIMETRES = {"page": {"width": 21, "height": 29.7}, "margin": {"top": 1.3, "bottom": 1.6, "left": 1.2, "right": 1.2}}


def printed_by_firefox(page: Path, folder: Path) -> bytes:
    """The page as PDF on A4, by a browser with an empty profile in the folder."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    profile = folder / "profile"
    profile.mkdir()
    (profile / "user.js").write_text(f'user_pref("marionette.port", {port});\n', encoding="utf-8")
    words = [FIREFOX, "--headless", "--marionette", "--no-remote", "--profile", str(profile)]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(words, stdin=quiet, stdout=quiet, stderr=quiet, env={"HOME": str(folder)}) as process:
        try:
            with _connected(port) as link, link.makefile("rwb") as stream:
                _answer(stream)
                _call(stream, "WebDriver:NewSession", capabilities={"alwaysMatch": {}})
                _call(stream, "WebDriver:Navigate", url=page.absolute().as_uri())
                told = _call(stream, "WebDriver:Print", background=True, **_CENTIMETRES)
                return base64.b64decode(told["value"])
        finally:
            process.kill()


def _connected(port: int) -> socket.socket:
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE)
        except OSError:
            assert time.monotonic() < end, "Firefox does not answer"
            time.sleep(0.2)


def _call(stream: Any, command: str, **params: Any) -> Any:
    message = json.dumps([0, 1, command, params]).encode()
    stream.write(b"%d:%s" % (len(message), message))
    stream.flush()
    _, _, error, result = _answer(stream)
    assert error is None, error
    return result


def _answer(stream: Any) -> Any:
    """The next message, which comes after its length and a colon."""
    length = b""
    while (digit := stream.read(1)) != b":":
        assert digit, "Firefox has gone"
        length += digit
    return json.loads(stream.read(int(length)))
