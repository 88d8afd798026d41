"""Shipped policy packs: TOML files beside this one, in the format of a policy file."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib import resources

NAMES = ("essentials", "no-training", "hipaa", "eu-residency", "bank")


@dataclass(frozen=True, slots=True)
class Pack:
    """One shipped pack."""

    name: str
    """What `extends` calls it."""
    title: str
    description: str
    """The comment that opens the file, as one paragraph."""
    text: str
    """The whole file."""


def shipped() -> tuple[Pack, ...]:
    """Every shipped pack, in the order of `NAMES`."""
    return tuple(_load(name) for name in NAMES)


def _load(name: str) -> Pack:
    text = resources.files(__name__).joinpath(f"{name}.toml").read_text(encoding="utf-8")
    return Pack(name, title=str(tomllib.loads(text)["name"]), description=_opening_comment(text), text=text)


def _opening_comment(text: str) -> str:
    words: list[str] = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        words.extend(line.removeprefix("#").split())
    return " ".join(words)
