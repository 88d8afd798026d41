"""Builds what the pipeline needs from the settings; the only module that front ends call for that."""

from __future__ import annotations

import asyncio
import errno
import getpass
import hashlib
import os
import platform
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import SecretStr

from contribaudit import catalogue, checks, policy_file
from contribaudit.atlassian.client import AdminClient
from contribaudit.atlassian.connect import connect, connect_sites
from contribaudit.atlassian.sites import Accesses, SiteClient
from contribaudit.atlassian.transport import Ledger
from contribaudit.attestations import files
from contribaudit.attestations.files import Row
from contribaudit.audit.job import Job, Operator, Target
from contribaudit.core.judge.check import by_id
from contribaudit.core.model.policy import AuditPolicy
from contribaudit.core.model.rulebook import Rulebook
from contribaudit.errors import ConfigurationError, CredentialError, StoreDamaged, StoreError, UsageError
from contribaudit.policy_file import KnownWords
from contribaudit.progress import SILENT, Progress
from contribaudit.rulebook import decoders, loader
from contribaudit.settings import credentials
from contribaudit.settings.credentials import NOT_NAMED, SIGNING_ACCOUNT, NamedKey, find_key, key_in_keyring, secrets
from contribaudit.settings.file import STORE_VARIABLE, expanded
from contribaudit.settings.model import AppSettings, Organization
from contribaudit.store.history import History

if TYPE_CHECKING:
    from contribaudit.evidence.signing import Signer


sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
"""How retries wait."""
_NOT_OURS = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.ENOENT)
"""Errors of a home folder that belongs to another account, is read-only, or does not exist."""


def load_rulebook(settings: AppSettings) -> Rulebook:
    """The shipped rulebook, with the user's files in place of the shipped ones, and decoders. Raises RulebookError."""
    return decoders.with_folder(loader.load(settings.rulebook), settings.decoders, catalogue.ALL)


def _known_words(rulebook: Rulebook) -> KnownWords:
    return KnownWords(rulebook, by_id(checks.ALL), checks.DECIDABLE)


def load_policy(path: Path | None, rulebook: Rulebook, *, text: str | None = None) -> AuditPolicy:
    """The policy file, or the `essentials` pack when there is none. Raises PolicyFileError.

    `text` replaces the content of the file, to try a change before it is written.
    """
    policy = policy_file.load(path, _known_words(rulebook), text=text)
    try:
        folder = Path.cwd().resolve()
    except OSError:  # the current folder was removed, or this account may not enter it
        return policy
    if path is None or not path.resolve().is_relative_to(folder):
        return policy
    return replace(policy, file=path.resolve().relative_to(folder).as_posix())


def policy_then(settings: AppSettings, job: Job, moment: datetime) -> AuditPolicy:
    """The policy that judged the newest run begun by then, or the configured policy when that one was not kept.

    Raises PolicyFileError when this version cannot read it, StoreDamaged when its text was altered.
    """
    newest = job.newest_run(moment)
    policy = kept_policy(job.store, newest.policy_sha256, job.rulebook) if newest and newest.policy_sha256 else None
    return policy or load_policy(settings.policy, job.rulebook)


def kept_policy(store: History, sha256: str, rulebook: Rulebook) -> AuditPolicy | None:
    """The policy that judged a run, as the history keeps it; None when it was not kept.

    Raises PolicyFileError when this version cannot read it, StoreDamaged when its text was altered.
    """
    text = store.kept_policy(sha256)
    if text is None:
        return None
    policy = policy_file.load(Path("policy.toml"), _known_words(rulebook), text=text)
    if hashlib.sha256(text.encode()).hexdigest() != sha256:
        raise StoreDamaged(
            f"The policy {sha256[:12]}… in the history was altered", hint="Name the policy with --policy"
        )
    return replace(policy, sha256=sha256, resolved_toml=text)  # the text's comments name the original files


def load_attestations(settings: AppSettings) -> tuple[Row, ...]:
    """The rows of the configured folder of attestation files. Raises UsageError that names every wrong row."""
    return files.load_folder(settings.attestations) if settings.attestations is not None else ()


def open_store(settings: AppSettings, location: str | None = None, *, reading: bool = False) -> History:
    """The history at `location` (--store), or at the configured location. Raises StoreError.

    `reading` is for a caller that only reads; a missing history is then not created.
    """
    files.never_attach(*secrets(settings))
    opened = History.open_to_read if reading else History.open
    if location is not None:
        return opened(location if "://" in location else str(expanded(location)))
    place = settings.store_location()
    try:
        return opened(place)
    except StoreError as error:
        cause = error.__cause__
        if settings.store is not None or not isinstance(cause, OSError) or cause.errno not in _NOT_OURS:
            raise
        raise ConfigurationError(
            f"The history cannot be kept in {place}, the usual place",
            hint=f"Set {STORE_VARIABLE} to a file in a folder that this account may write to, or HOME",
        ) from None


def targets(
    settings: AppSettings,
    chosen: tuple[str, ...],
    named: NamedKey = NOT_NAMED,
    *,
    progress: Progress = SILENT,
    on_key: Callable[[SecretStr], None] = lambda _key: None,
) -> tuple[Target, ...]:
    """Every configured organization; those that `chosen` leaves out or that have no key cannot be read.

    `named` is the key of the command line. `on_key` gets each key and token that was found, so that they can be kept
    out of all output.

    An organization without a key stays in the audit as not read. Raises CredentialError when no organization has a key,
    ConfigurationError when none is configured, UsageError for a choice that is not configured.
    """
    found_targets: list[Target] = []
    missing: list[CredentialError] = []
    configured = _configured(settings, chosen)
    if named != NOT_NAMED and len(chosen or configured) > 1:
        raise UsageError(
            "One key was named for several organizations, and a key reads one",
            hint="Name the organization with --org, or give each its own api_key_file in the configuration.",
        )
    accesses = site_accesses(settings)
    sites = partial(connected_sites, settings, accesses, progress) if accesses is not None else None
    for credential in accesses.credentials if accesses is not None else ():
        for secret in credential.secrets:
            on_key(secret)
    for organization in configured:
        if chosen and organization.id not in chosen:
            found_targets.append(_left_out(organization))
            continue
        try:
            key = find_key(settings, organization.id, named).key
        except CredentialError as error:
            missing.append(error)
            found_targets.append(Target(organization.id, organization.name, unread_reason=f"no key: {error.message}"))
            continue
        on_key(key)
        files.never_attach((named.file,) if named.file is not None else (), [key.get_secret_value()])
        label = organization.api_key_label or settings.api_key_label
        opener = partial(connected, settings, organization.id, key, progress)
        found_targets.append(Target(organization.id, organization.name, opener, key_label=label, connect_sites=sites))
    if missing and not any(target.connect for target in found_targets):
        raise missing[0]
    return tuple(found_targets)


def unread_targets(settings: AppSettings, chosen: tuple[str, ...]) -> tuple[Target, ...]:
    """The configured organizations for looking at saved runs: without a key, and nothing is read."""
    return tuple(
        _left_out(one) if chosen and one.id not in chosen else Target(one.id, one.name, unread_reason="never read yet")
        for one in _configured(settings, chosen)
    )


def _left_out(organization: Organization) -> Target:
    return Target(
        organization.id, organization.name, unread_reason="left out of this run, and never read before", left_out=True
    )


def _configured(settings: AppSettings, chosen: tuple[str, ...]) -> tuple[Organization, ...]:
    configured = settings.organizations()
    if not configured:
        # One organization named on the command line needs no configuration.
        configured = tuple(Organization(id=one) for one in chosen)
    if not configured:
        raise ConfigurationError(
            "No organization is configured",
            hint="Set CONTRIBAUDIT_ORG_ID, name one with --org, or run `contribaudit init`.",
        )
    known_ids = {one.id for one in configured}
    for one in chosen:
        if one not in known_ids:
            listed = ", ".join(sorted(known_ids))
            raise UsageError(f"The organization {one} is not in the configuration", hint=f"Known: {listed}.")
    return configured


def connected(
    settings: AppSettings, organization: str, key: SecretStr, progress: Progress = SILENT
) -> AbstractAsyncContextManager[AdminClient]:
    """A client of the organization, with the configured address and time limits."""
    return connect(
        organization=organization,
        key=key,
        api_url=settings.api_url,
        progress=progress,
        connect_seconds=settings.timeouts.connect_seconds,
        read_seconds=settings.timeouts.read_seconds,
        trust=credentials.trust(settings),
        sleep=sleep,
    )


def site_accesses(settings: AppSettings) -> Accesses | None:
    """The token for each site; None when the configuration has no [sites]. Raises CredentialError."""
    if settings.sites is None:
        return None
    return credentials.accesses(settings.sites, settings.api_url)


def connected_sites(
    settings: AppSettings,
    accesses: Accesses,
    progress: Progress = SILENT,
    ledger: Ledger | None = None,
) -> AbstractAsyncContextManager[SiteClient]:
    """A client of the sites, configured as in `connected`. `ledger` is the audit's; the default is a new one."""
    return connect_sites(
        accesses,
        api_url=settings.api_url,
        ledger=ledger,
        progress=progress,
        connect_seconds=settings.timeouts.connect_seconds,
        read_seconds=settings.timeouts.read_seconds,
        trust=credentials.trust(settings),
        sleep=sleep,
    )


def signer(settings: AppSettings) -> Signer | None:
    """The key that signs evidence; None when none is configured.

    Raises ConfigurationError, and CredentialError for a keyring that cannot be used.
    """
    from contribaudit.evidence.signing import Signer

    if settings.evidence.signing_key is not None:
        return Signer.from_file(settings.evidence.signing_key)
    if not settings.evidence.sign_with_keyring:
        return None
    stored = key_in_keyring(SIGNING_ACCOUNT)
    if stored is None:
        raise ConfigurationError(
            "The keyring holds no signing key", hint="Make one with `contribaudit evidence keygen`, or use signing_key"
        )
    return Signer.from_line(stored.key.get_secret_value())


def operator() -> Operator:
    """Who and what runs this process."""
    try:
        account = getpass.getuser()
    except (KeyError, OSError):
        account = str(os.getuid()) if hasattr(os, "getuid") else ""
    return Operator(trigger(os.environ), account, platform.node())


def trigger(environment: Mapping[str, str]) -> str:
    """ "schedule" under systemd, in a pipeline or when CONTRIBAUDIT_TRIGGER says so, else "manual"."""
    scheduled = (
        "INVOCATION_ID" in environment or "CI" in environment or environment.get("CONTRIBAUDIT_TRIGGER") == "schedule"
    )
    return "schedule" if scheduled else "manual"
