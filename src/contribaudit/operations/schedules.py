"""A user's systemd units: a service that its timer starts, and one like it that people start.

They are two because a service cannot tell whether its timer started it: of what systemd puts into TRIGGER_UNIT the
oldest stays. So the planned time stands in the one that nobody can start by hand.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

from contribaudit import paths
from contribaudit.errors import UsageError
from contribaudit.schedules.recipe import Recipe

SERVICE, BY_HAND, TIMER = "contribaudit.service", "contribaudit-now.service", "contribaudit.timer"


def units(recipe: Recipe) -> Mapping[str, str]:
    """File name to content."""
    return {SERVICE: _service(recipe, by_hand=False), BY_HAND: _service(recipe, by_hand=True), TIMER: _timer(recipe)}


def folder() -> Path:
    """Where a user's own units belong."""
    return paths.expanded("~/.config/systemd/user")


def install(recipe: Recipe) -> tuple[Path, ...]:
    """Write the units. Raises UsageError, writing nothing, when one exists, with its path."""
    wanted = {folder() / name: content for name, content in units(recipe).items()}
    for path in wanted:
        if path.exists():
            raise UsageError(f"{path} exists and was left as it is", hint="Remove it first, or edit it")
    try:
        folder().mkdir(parents=True, exist_ok=True)
        for path, content in wanted.items():
            with path.open("x", encoding="utf-8") as file:
                file.write(content)
    except OSError as error:
        raise UsageError(f"{folder()} cannot be written: {error.strerror}", hint="Check who owns it") from None
    return tuple(wanted)


def steps(recipe: Recipe) -> tuple[str, ...]:
    """What to type once the units are there."""
    folders = [recipe.key_file.parent, *([recipe.store.parent] if recipe.store is not None else [])]
    key = shlex.quote(str(recipe.key_file))
    return (
        f"mkdir -p {' '.join(shlex.quote(str(folder)) for folder in folders)}",
        f"touch {key} && chmod 600 {key}   # then put the API key into it",
        "systemctl --user daemon-reload",
        f"systemctl --user start {BY_HAND}    # once, to see that it works; {SERVICE} is its timer's",
        f"journalctl --user -u {BY_HAND}",
        f"systemctl --user enable --now {TIMER}",
        'sudo loginctl enable-linger "$USER"                # so that it runs while nobody is logged in',
    )


def _service(recipe: Recipe, *, by_hand: bool) -> str:
    environment = (*recipe.environment, ("CONTRIBAUDIT_TRIGGER", "schedule"))
    writable = [f"ReadWritePaths={_quoted(str(recipe.store.parent))}"] if recipe.store is not None else []
    words = " ".join(_quoted(word) for word in (recipe.audit if by_hand else (*recipe.audit, *recipe.planned)))
    planned = [
        "# Its timer alone starts it, so that --planned is true: the time in the timer's OnCalendar. Change both.",
        f"# By hand: systemctl --user start {BY_HAND}",
        "RefuseManualStart=yes",
    ]
    # The key is a credential: systemd hands a copy to this service alone, in %d, which no other process can enter.
    return "\n".join(
        [
            "[Unit]",
            "Description=contribaudit: audit of an Atlassian organization" + (", started by hand" if by_hand else ""),
            "Documentation=https://developer.atlassian.com/cloud/admin/organization/rest/",
            *([] if by_hand else planned),
            "",
            "[Service]",
            "Type=oneshot",
            f"ExecStart={words} --api-key-file %d/api-key",
            f"LoadCredential=api-key:{_unit_path(str(recipe.key_file))}",
            *(f"Environment={_quoted(f'{name}={value}')}" for name, value in environment),
            "# Findings (1) and what could not be verified (3) make this unit fail, so that OnFailure= and",
            "# systemctl --user --failed tell of them. To have them pass: SuccessExitStatus=1 3",
            "TimeoutStartSec=1h",
            "",
            "# It reads the API and writes its history, nothing else.",
            *writable,
            "ProtectSystem=strict",
            "ProtectHome=read-only",
            "PrivateTmp=yes",
            "NoNewPrivileges=yes",
            "ProtectKernelTunables=yes",
            "ProtectControlGroups=yes",
            "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX",
            "RestrictSUIDSGID=yes",
            "RestrictRealtime=yes",
            "LockPersonality=yes",
            "MemoryDenyWriteExecute=yes",
            "SystemCallArchitectures=native",
            "UMask=0077",
            "",
        ]
    )


def _timer(recipe: Recipe) -> str:
    return "\n".join(
        [
            "[Unit]",
            "Description=contribaudit: every day",
            "",
            "[Timer]",
            f"OnCalendar=*-*-* {recipe.hour:02}:{recipe.minute:02}:00",
            "# A run that was missed while the machine slept is made up for.",
            "Persistent=true",
            "RandomizedDelaySec=15m",
            f"Unit={SERVICE}",
            "",
            "[Install]",
            "WantedBy=timers.target",
            "",
        ]
    )


def _quoted(word: str) -> str:
    """A word of a unit file: quoted when it needs it, `%` and `$` taken literally."""
    literal = word.replace("%", "%%").replace("$", "$$")
    if any(char in literal for char in " \t\"'\\;"):
        return '"' + literal.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return literal


def _unit_path(path: str) -> str:
    # LoadCredential= takes the rest of the line as it is, specifiers apart.
    return path.replace("%", "%%")
