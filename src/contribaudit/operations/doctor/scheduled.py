"""The same checks under a scheduler's conditions: in a process without this shell's environment and terminal."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from contribaudit import exit_codes
from contribaudit.errors import ContribauditError, StoreError, UsageError
from contribaudit.operations.doctor.local import Line, Status
from contribaudit.operations.schedules import Recipe

PATH = "/usr/local/bin:/usr/bin:/bin"
"""What systemd and cron give to a job, more or less."""
_SECONDS = 300
_NETWORK = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")


def environment(recipe: Recipe) -> dict[str, str]:
    """All that the job finds in its environment."""
    return {"PATH": PATH, **dict(recipe.environment), "CONTRIBAUDIT_TRIGGER": "schedule"}


def examine(recipe: Recipe, policy: Path | None) -> Iterator[Line]:
    """The lines of a `doctor` that the recipe's scheduler might have started, and of what it needs besides."""
    told = "; ".join(("no terminal, no HOME, in /", f"in the environment only {', '.join(environment(recipe))}"))
    yield Line.ok("scheduled", f"tried as a scheduler starts it: {told}")
    yield from _network()
    for folder in recipe.writable:
        yield _writable(folder)
    words = [*recipe.command, "doctor", "--format", "json", *recipe.where, *recipe.key]
    words += ["--policy", str(policy.absolute())] if policy is not None else []
    try:
        done = subprocess.run(  # noqa: S603  our own program, with words that the configuration gives
            words,
            env=environment(recipe),
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            start_new_session=True,  # no controlling terminal either
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        what = f"{words[0]} cannot be started by a scheduler: {error}"
        yield Line.failed("scheduled", ContribauditError(what, hint="Install it where the scheduler may run it"))
        return
    yield from _lines(done)


def _lines(done: subprocess.CompletedProcess[str]) -> Iterator[Line]:
    try:
        found = json.loads(done.stdout)["lines"]
    except (ValueError, KeyError):
        last = (done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"])[0]
        error = UsageError(last.removeprefix("contribaudit: "), hint="Run contribaudit doctor without --as-scheduled")
        yield Line(Status.FAILED, "scheduled", error.message, error.hint, done.returncode or exit_codes.TOOL)
        return
    for one in found:
        if one["name"] != "scheduler":  # that line guesses what this whole list has tried
            yield Line(Status(one["status"]), one["name"], one["what"], one["next"], one["exit_code"])


def _network() -> Iterator[Line]:
    """Proxies and certificates of this shell, which a scheduler does not know."""
    here = [name for name in _NETWORK if os.environ.get(name) or os.environ.get(name.lower())]
    if here:
        yield Line.warning(
            "network",
            f"this shell sets {', '.join(here)}, and a scheduler will not",
            "Set them in the unit or crontab too, or for systemd in ~/.config/environment.d; see docs/network.md",
        )


def _writable(folder: Path) -> Line:
    if not folder.is_dir():
        what = f"{folder} does not exist, and a service that may write nothing else does not start without it"
        return Line.failed("folder", StoreError(what, hint=f"mkdir -p {folder}"))
    if not os.access(folder, os.W_OK | os.X_OK):
        return Line.failed("folder", StoreError(f"{folder} cannot be written", hint="Check its owner and permissions"))
    return Line.ok("folder", f"{folder} can be written")
