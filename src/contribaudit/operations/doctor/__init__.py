"""Checks everything that an audit needs, here or as a scheduler would: one line each, with the next step.

local.py    config.toml, the environment, the organizations; keyring, store, policy, rulebook, scheduler
remote.py   key, reachability, scopes, the API tokens of sites, the key's expiry, the clock
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from contribaudit import exit_codes
from contribaudit.errors import ConfigurationError, ContribauditError, CredentialError, StoreError, UsageError
from contribaudit.operations.doctor import local, remote
from contribaudit.operations.doctor.local import Line, Status
from contribaudit.operations.schedules import Recipe
from contribaudit.progress import SILENT, Progress
from contribaudit.settings.credentials import NamedKey
from contribaudit.settings.model import AppSettings

__all__ = ["Line", "Status", "examine", "examine_as_scheduled"]


def examine(
    *,
    config: Path | None,
    chosen: tuple[str, ...],
    policy: Path | None,
    named: NamedKey,
    headless: bool,
    now: datetime,
    progress: Progress = SILENT,
) -> Iterator[Line]:
    """Yield the line of each check as soon as it is known.

    `chosen` are the organizations given on the command line, () for all; `named` is the key given there.
    """
    try:
        settings = AppSettings.load(config)
    except ConfigurationError as error:
        yield Line.failed("config", error)
        yield local.keyring(key_found=False)
        return
    yield local.file(settings)
    yield from local.environment(settings)
    organizations = local.chosen(settings, chosen)
    yield local.organizations(organizations)
    origins: list[str] = []
    several = len(organizations) > 1
    for organization in organizations:
        name = f"{organization.name or organization.id}: " if several else ""
        for line in remote.examine(settings, organization, named, origins, now, progress):
            yield replace(line, what=f"{name}{line.what}")
    if several and not origins:
        yield Line.failed("key", CredentialError("no organization has a key", hint="Run `contribaudit login --org ID`"))
    yield from remote.tokens(settings)
    yield local.keyring(key_found=bool(origins))
    yield from local.store(settings)
    yield from local.evidence(settings)
    yield from local.rules(settings, policy, now.date())
    yield local.scheduler(origins, headless=headless)


SCHEDULER_PATH = "/usr/local/bin:/usr/bin:/bin"
"""Roughly the PATH that systemd and cron give to a job."""
_SECONDS = 300
_NETWORK = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")


def scheduler_environment(recipe: Recipe) -> dict[str, str]:
    """The environment variables of a scheduled job."""
    return {"PATH": SCHEDULER_PATH, **dict(recipe.environment), "CONTRIBAUDIT_TRIGGER": "schedule"}


def examine_as_scheduled(recipe: Recipe, policy: Path | None) -> Iterator[Line]:
    """Yield the lines of `doctor`, run as the recipe's scheduler would, and of the network and folders it needs."""
    conditions = "; ".join(
        ("no terminal, no HOME, in /", f"in the environment only {', '.join(scheduler_environment(recipe))}")
    )
    yield Line.ok("scheduled", f"tried as a scheduler starts it: {conditions}")
    yield from _network()
    for folder in recipe.writable:
        yield _writable(folder)
    words = [*recipe.command, "doctor", "--format", "json", *recipe.where, *recipe.key]
    words += ["--policy", str(policy.absolute())] if policy is not None else []
    try:
        done = subprocess.run(  # noqa: S603  our own program, with words that the configuration gives
            words,
            env=scheduler_environment(recipe),
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
    yield from _lines_of_output(done)


def _lines_of_output(done: subprocess.CompletedProcess[str]) -> Iterator[Line]:
    try:
        lines = json.loads(done.stdout)["lines"]
    except (ValueError, KeyError):
        last = (done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"])[0]
        error = UsageError(last.removeprefix("contribaudit: "), hint="Run `contribaudit doctor` without --as-scheduled")
        yield Line(Status.FAILED, "scheduled", error.message, error.hint, done.returncode or exit_codes.TOOL)
        return
    for line in lines:
        if line["name"] != "scheduler":  # that line predicts what this run has just tried
            yield Line(**{**line, "status": Status(line["status"])})


def _network() -> Iterator[Line]:
    """Warn of proxy and certificate variables of this shell, which a scheduler does not have."""
    variables = [name for name in _NETWORK if os.environ.get(name) or os.environ.get(name.lower())]
    if variables:
        yield Line.warning(
            "network",
            f"this shell sets {', '.join(variables)}, and a scheduler will not",
            "Set them in the unit or crontab too, or for systemd in ~/.config/environment.d; see docs/network.md",
        )


def _writable(folder: Path) -> Line:
    if not folder.is_dir():
        what = f"{folder} does not exist, and a service that may write nothing else does not start without it"
        return Line.failed("folder", StoreError(what, hint=f"mkdir -p {folder}"))
    if not os.access(folder, os.W_OK | os.X_OK):
        return Line.failed("folder", StoreError(f"{folder} cannot be written", hint="Check its owner and permissions"))
    return Line.ok("folder", f"{folder} can be written")
