"""The digest of the tool's own code, so that evidence says what made it."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from importlib import resources
from importlib.resources.abc import Traversable

_SUFFIXES = (".py", ".toml", ".html", ".css", ".js", ".tcss", ".mako")


@cache
def code_sha256() -> str:
    """SHA-256 over "DIGEST  PATH" lines of every file of the package, sorted by path, as `sha256sum` writes them."""
    lines = sorted(_lines(resources.files("contribaudit"), ""), key=lambda line: line[66:])
    return sha256("".join(lines).encode()).hexdigest()


def _lines(folder: Traversable, prefix: str) -> list[str]:
    lines: list[str] = []
    for entry in folder.iterdir():
        path = f"{prefix}{entry.name}"
        if entry.is_dir():
            if entry.name != "__pycache__":
                lines += _lines(entry, f"{path}/")
        elif entry.name.endswith(_SUFFIXES):
            lines.append(f"{sha256(entry.read_bytes()).hexdigest()}  {path}\n")
    return lines
