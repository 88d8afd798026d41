"""What every recipe needs to know of this installation."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from contribaudit import paths
from contribaudit.errors import UsageError


@dataclass(frozen=True, slots=True)
class Recipe:
    """An audit to be run by a scheduler.

    `command` is how this installation is called, as absolute words. `config` is the configuration file, None where
    the platform's own place is used; `organization` is "" where the configuration has it. `environment` is what the
    configuration owes to this shell's variables, which a scheduler does not have.
    """

    command: tuple[str, ...]
    key_file: Path
    hour: int
    minute: int
    config: Path | None = None
    organization: str = ""
    environment: tuple[tuple[str, str], ...] = ()
    store: Path | None = None
    """The history's folder must be writable; None for a database URL, which the configuration holds."""

    @property
    def audit(self) -> tuple[str, ...]:
        """The audit's words without its key; one line of outcome, which is what a log or a mail needs."""
        config = ("--config", str(self.config)) if self.config is not None else ()
        organization = ("--org", self.organization) if self.organization else ()
        return (*self.command, "audit", "--format", "line", *config, *organization)

    @property
    def planned(self) -> tuple[str, ...]:
        """The words beside them by which the history learns when the run was meant to begin."""
        return ("--planned", f"{self.hour:02}:{self.minute:02}")


def here() -> tuple[str, ...]:
    """How this installation of contribaudit is called: absolute, since a scheduler has another PATH."""
    script = Path(sys.executable).with_name("contribaudit.exe" if os.name == "nt" else "contribaudit")
    if script.is_file():
        return (str(script),)
    if found := shutil.which("contribaudit"):
        return (str(Path(found).absolute()),)
    return (sys.executable, "-m", "contribaudit")


def key_file_default() -> Path:
    """Where the recipes expect the key, readable by this account alone."""
    return paths.config_dir() / "api-key"


def at(text: str) -> tuple[int, int]:
    """Hour and minute of "6:15". Raises UsageError."""
    hour, _, minute = text.partition(":")
    if hour.isdecimal() and minute.isdecimal() and int(hour) < 24 and int(minute) < 60:
        return int(hour), int(minute)
    raise UsageError(f"{text!r} is not a time of day", hint="Write it as 06:15")
