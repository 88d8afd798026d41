"""Everything that an audit needs, checked one by one: a line each, with the next step.

local.py    config.toml, the environment, the organizations; keyring, store, policy, rulebook, scheduler
scheduled.py   the same in the environment of a scheduler
remote.py   key, reachability, scopes, the API tokens that read spaces, the key's expiry, the clock
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from contribaudit.errors import ConfigurationError, CredentialError
from contribaudit.operations.doctor import local, remote
from contribaudit.operations.doctor.local import Line, Status
from contribaudit.progress import SILENT, Progress
from contribaudit.settings.credentials import NamedKey
from contribaudit.settings.model import AppSettings

__all__ = ["Line", "Status", "examine"]


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
    """Yield every line as soon as it is known.

    `chosen` are the organizations of the command line, () for all; `named` is its key.
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
        yield Line.failed("key", CredentialError("no organization has a key", hint="Run contribaudit login --org ID"))
    yield from remote.tokens(settings)
    yield local.keyring(key_found=bool(origins))
    yield from local.store(settings)
    yield from local.evidence(settings)
    yield from local.rules(settings, policy, now.date())
    yield local.scheduler(origins, headless=headless)
