"""Checks what an audit needs on this machine: configuration, keyring, history, policy, rulebook, and whether it can
run unattended.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Self

from contribaudit.atlassian.connect import EXCEPTION_FORM, ignored_exceptions
from contribaudit.core.model.phrases import counted
from contribaudit.core.model.policy import AuditPolicy
from contribaudit.core.model.rulebook import Rulebook
from contribaudit.core.model.times import later
from contribaudit.errors import (
    ConfigurationError,
    ContribauditError,
    KeyStoreUnusable,
    OutputError,
    PolicyFileError,
    RulebookError,
    StoreError,
)
from contribaudit.settings import credentials
from contribaudit.settings.file import usual_config
from contribaudit.settings.model import AppSettings, Organization
from contribaudit.wiring import load_policy, load_rulebook, open_store, signer


class Status(StrEnum):
    """The result of one check."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Line:
    """One item that was checked. `next` is "" if there is nothing to do, `exit_code` is 0 unless the check failed."""

    status: Status
    name: str
    what: str
    next: str = ""
    exit_code: int = 0

    @classmethod
    def ok(cls, name: str, what: str, next_step: str = "") -> Self:
        """A line about something that is in order."""
        return cls(Status.OK, name, what, next_step)

    @classmethod
    def warning(cls, name: str, what: str, next_step: str) -> Self:
        """A line about a problem that still lets an audit run, but not indefinitely, or not with everything."""
        return cls(Status.WARNING, name, what, next_step)

    @classmethod
    def failed(cls, name: str, error: ContribauditError) -> Self:
        """A line about a problem that makes an audit fail, or miss something that it needs."""
        return cls(Status.FAILED, name, error.message, error.hint, error.exit_code)


LEAST_FREE_BYTES = 200_000_000
WAIVER_DAYS_LEFT = 14


def keyring(*, key_found: bool) -> Line:
    """Whether the system keyring can hold a key."""
    try:
        return Line.ok("keyring", credentials.key_store())
    except KeyStoreUnusable as error:
        if key_found:
            return Line.ok("keyring", f"{error.message}; not needed, since the key was found")
        return Line.warning("keyring", error.message, f"Alternatively, {credentials.ALTERNATIVES}")


def store(settings: AppSettings) -> Iterator[Line]:
    """Whether the history opens, has the right schema, can be written, and has room to grow."""
    try:
        location = settings.store_location()
    except ConfigurationError as error:
        yield Line.failed("store", error)
        return
    path = None if "://" in location else Path(location)
    if path is not None and not os.path.exists(path):  # noqa: PTH110  False too where this account may not look
        yield _check_future_store(path)
        return
    try:
        with open_store(settings) as history:
            runs = history.runs(limit=1)
            size = history.size_bytes()
    except StoreError as error:
        yield Line.failed("store", error)
        return
    if path is not None and not os.access(path, os.W_OK):
        yield Line.failed("store", StoreError(f"{path} cannot be written", hint="Check its owner and permissions"))
        return
    last_run = f"last run #{runs[0].id} on {runs[0].started_at.date()}" if runs else "no run yet"
    yield Line.ok("store", f"{settings.store_shown()}: {_megabytes(size)}, {last_run}")
    if path is not None:
        yield from _check_free_space(path.parent)


def evidence(settings: AppSettings) -> Iterator[Line]:
    """Whether every audit can write and sign its evidence; yields nothing if no folder is configured."""
    folder = settings.evidence.folder
    if folder is None:
        return
    there = next(one for one in (folder.absolute(), *folder.absolute().parents) if os.path.exists(one))  # noqa: PTH110
    if not (there.is_dir() and os.access(there, os.W_OK | os.X_OK)):
        error = OutputError(f"{folder} cannot be written", hint=f"Check the owner and permissions of {there}")
        yield Line.failed("evidence", error)
        return
    try:
        signed = signer(settings) is not None
    except ContribauditError as error:
        yield Line.failed("evidence", error)
        return
    yield Line.ok("evidence", f"{folder} can be written; {'signed' if signed else 'not signed'}")


def _check_future_store(path: Path) -> Line:
    folder = next(folder for folder in path.absolute().parents if os.path.exists(folder))  # noqa: PTH110
    if not (folder.is_dir() and os.access(folder, os.W_OK)):
        return Line.failed("store", StoreError(f"{path} cannot be created", hint=f"Check the permissions of {folder}"))
    return Line.ok("store", f"{path} will be created by the first audit")


def _check_free_space(folder: Path) -> Iterator[Line]:
    free = shutil.disk_usage(folder).free
    if free < LEAST_FREE_BYTES:
        yield Line.warning("disk", f"{_megabytes(free)} free in {folder}", "Free some space: a full disk ends an audit")


def rules(settings: AppSettings, policy: Path | None, today: date) -> Iterator[Line]:
    """Whether policy and rulebook load, and whether a waiver or a review has expired."""
    try:
        rulebook = load_rulebook(settings)
    except RulebookError as error:
        yield Line.failed("rulebook", error)
        return
    path = policy or settings.policy
    try:
        yield from _policy(load_policy(path, rulebook), path, today)
    except PolicyFileError as error:
        yield Line.failed("policy", error)
    yield _rulebook(rulebook, today)


def _policy(policy: AuditPolicy, path: Path | None, today: date) -> Iterator[Line]:
    name = str(path) if path is not None else 'the shipped "essentials" pack'
    hint = "" if path is not None else "Run `contribaudit init` to write your own policy"
    yield Line.ok(
        "policy", f"{name}: {counted(len(policy.rules), 'rule')}, {counted(len(policy.waivers), 'waiver')}", hint
    )
    expired = [waiver for waiver in policy.waivers if waiver.expires < today]
    soon = later(today, timedelta(days=WAIVER_DAYS_LEFT))
    ending = [waiver for waiver in policy.waivers if today <= waiver.expires <= soon]
    for waivers, what in ((expired, "expired"), (ending, f"within {WAIVER_DAYS_LEFT} days of its end")):
        for waiver in waivers:
            yield Line.warning(
                "waiver",
                f"{waiver.check} at {waiver.origin}: {what} ({waiver.expires})",
                "Fix the finding, or have the waiver approved again",
            )


def _rulebook(rulebook: Rulebook, today: date) -> Line:
    days = (today - rulebook.oldest_review).days
    what = f"version {rulebook.version}, oldest part reviewed {counted(days, 'day')} ago"
    if days > rulebook.review_within_days:
        return Line.warning("rulebook", what, "Update contribaudit: Atlassian changes its rules and defaults")
    return Line.ok("rulebook", what)


def scheduler(origins: Sequence[str], *, headless: bool) -> Line:
    """Whether an unattended run would find its key."""
    recipe = "Run `contribaudit schedule systemd` (or cron) for a setup with a key file"
    if any("keyring" in origin for origin in origins):
        return Line.ok("scheduler", "the key is in the keyring, which a scheduler cannot open", recipe)
    if headless and not origins:
        return Line.warning("scheduler", "no terminal and no key: a scheduler has no access to the keyring", recipe)
    if any("descriptor" in origin for origin in origins):
        return Line.ok("scheduler", "the key was handed over to this command alone; a scheduler has none", recipe)
    if any("environment variable" in origin for origin in origins):
        if headless:
            return Line.ok("scheduler", "the key is in the environment of this job")
        what = "the key is in the environment of this shell, which a scheduler does not see"
        return Line.ok("scheduler", what, recipe)
    if origins:
        return Line.ok("scheduler", "the key is in a file, which a scheduler of this account can read", recipe)
    return Line.ok("scheduler", "a scheduler has no keyring and no terminal", recipe)


def _megabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"


def file(settings: AppSettings) -> Line:
    """The line that names the configuration file in use."""
    if settings.source is None:
        usual = usual_config() or "home folder in which to look for config.toml"
        what = f"there is no {usual}; defaults and the environment apply"
        return Line.ok("config", what, "Run `contribaudit init` to write one")
    return Line.ok("config", str(settings.source))


def environment(settings: AppSettings) -> Iterator[Line]:
    """Warnings about CONTRIBAUDIT_ variables that are not settings, and about ignored proxy exceptions."""
    strange = settings.unmatched_environment()
    for complaint in strange:
        yield Line.warning("environment", complaint, "Correct its spelling, or unset it")
    for complaint in ignored_exceptions():
        yield Line.warning("environment", complaint, EXCEPTION_FORM)
    if not strange:
        yield Line.ok("environment", "every CONTRIBAUDIT_ variable is known")


def chosen(settings: AppSettings, named: Sequence[str]) -> tuple[Organization, ...]:
    """The organizations to check: the named ones, else every configured one."""
    configured = settings.organizations()
    if not named:
        return configured
    by_id = {one.id: one for one in configured}
    return tuple(by_id.get(one) or Organization(id=one) for one in named)


def organizations(entries: Sequence[Organization]) -> Line:
    """Whether there is an organization to audit."""
    if entries:
        return Line.ok("organization", ", ".join(f"{one.name} ({one.id})" if one.name else one.id for one in entries))
    where = "the ID is in the address of admin.atlassian.com, after /o/"
    hint = f"Run `contribaudit init`, or set CONTRIBAUDIT_ORG_ID: {where}"
    return Line.failed("organization", ConfigurationError("no organization is configured", hint=hint))
