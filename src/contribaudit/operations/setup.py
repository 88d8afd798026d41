"""Writes the files of a new installation: config.toml, policy.toml, and key files. None is ever overwritten."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tomlkit
from pydantic import SecretStr

from contribaudit.core.model.policy import AuditPolicy
from contribaudit.errors import ContribauditError, PolicyFileError, UsageError, nearest
from contribaudit.policy_file.reading import DEFAULT_PACK, shipped
from contribaudit.settings.model import API_URL, AppSettings
from contribaudit.wiring import load_policy, load_rulebook

_MEANS = {
    ("contribution", "none"): "neither metadata nor in-app data",
    ("contribution", "metadata-only"): "metadata, but no in-app data",
    ("contribution", "any"): "anything may be contributed",
    ("ai", "blocked"): "Rovo and other AI are off in every app",
    ("ai", "allowed"): "anybody may use AI",
}
_MORE = """
[[rule]] refines a statement or asks more. An example:

[[rule]]
check = "DR-01"             # contribaudit checks list names every check
expect = ["US"]
where = { site = "acme-us*" }

contribaudit policy show prints what the statements stand for; contribaudit policy check validates this file.
"""


@dataclass(frozen=True, slots=True)
class SiteAccess:
    """Whose API token reads the sites, for `[sites]`."""

    email: str = ""
    """"" for a service account."""
    token_file: Path | None = None
    token_env: str = ""


@dataclass(frozen=True, slots=True)
class Installation:
    """What the files of a new installation say."""

    organization: str
    name: str = ""
    key_file: Path | None = None
    """The key's file; None where the key is in the keyring or in a variable."""
    key_env: str = ""
    """The variable that holds the key, where it is not CONTRIBAUDIT_API_KEY."""
    statements: Mapping[str, Any] = field(default_factory=dict)
    """`[expect]`."""
    packs: tuple[str, ...] = ()
    plan: str = ""
    attested_by: str = ""
    sites: SiteAccess | None = None


def refuse_existing(*wanted: Path) -> None:
    """Raises UsageError for the first path where something is already."""
    for path in wanted:
        if path.exists() or path.is_symlink():
            raise UsageError(f"{path} already exists; it was left unchanged", hint="Edit it, or choose another file")


def known_pack(name: str) -> str:
    """The name of a shipped pack. Raises UsageError."""
    return _one_of(name, [pack.name for pack in shipped()], "policy pack")


def known_plan(name: str, known: Sequence[str]) -> str:
    """The word of a plan. Raises UsageError."""
    return _one_of(name.casefold(), known, "plan")


def refused(settings: AppSettings, statements: Mapping[str, Any]) -> tuple[str, str]:
    """Which of these statements is wrong, and why, in words; empty when they are a policy."""
    try:
        policy_of(settings, statements)
    except PolicyFileError as error:
        key, _, words = error.message.splitlines()[0].partition("key `")[2].partition("`: ")
        return key, words
    return "", ""


def policy_of(settings: AppSettings, statements: Mapping[str, Any], packs: Sequence[str] = ()) -> AuditPolicy:
    """The policy of these statements, and packs, alone. Raises PolicyFileError."""
    document = tomlkit.document()
    document["version"] = 1
    document["extends"] = list(packs)
    document["expect"] = _expect(statements)
    return load_policy(Path("policy.toml"), load_rulebook(settings), text=tomlkit.dumps(document))


def write(settings: AppSettings, config: Path, policy: Path, installation: Installation) -> None:
    """Write both files, or none. Raises UsageError when one exists or cannot be written, PolicyFileError."""
    policy_text = policy_toml(installation)
    load_policy(policy, load_rulebook(settings), text=policy_text)
    _write_new(policy, policy_text)
    try:
        _write_new(config, config_toml(settings, installation, config.parent, policy))
    except ContribauditError:
        policy.unlink()
        raise


def write_key(path: Path, key: SecretStr) -> None:
    """Write a key file that only this account can read. Raises UsageError."""
    _write_new(path, f"{key.get_secret_value()}\n", mode=0o600)


def config_toml(settings: AppSettings, installation: Installation, folder: Path, policy: Path) -> str:
    """The configuration of one organization."""
    document = tomlkit.document()
    document.add(tomlkit.comment("contribaudit. Every key can also be set as CONTRIBAUDIT_KEY in the environment."))
    document.add(
        tomlkit.comment("The API key itself is never stored here. Relative paths start at the folder of this file.")
    )
    document.add(tomlkit.nl())
    document["org_id"] = installation.organization
    if installation.name:
        document["org_id"].comment(_one_line(installation.name))
    if settings.api_url != API_URL:
        document["api_url"] = settings.api_url
    document["policy"] = str(policy.relative_to(folder)) if policy.is_relative_to(folder) else str(policy)
    if installation.key_file is not None:
        document["api_key_file"] = str(installation.key_file)
    if installation.attested_by:
        document["attested_by"] = installation.attested_by
    if settings.store is not None and "@" not in settings.store_location():
        document["store"] = settings.store_shown()
    if installation.sites is not None:
        document["sites"] = _sites(installation.sites)
    if installation.key_env:
        own = tomlkit.table()
        own["id"] = installation.organization
        own["api_key_env"] = installation.key_env
        document["organization"] = tomlkit.aot()
        document["organization"].append(own)
    return tomlkit.dumps(document)


def _sites(access: SiteAccess) -> tomlkit.items.Table:
    table = tomlkit.table()
    if access.email:
        table["email"] = access.email
    if access.token_env:
        table["token_env"] = access.token_env
    if access.token_file is not None:
        table["token_file"] = str(access.token_file)
    return table


def policy_toml(installation: Installation) -> str:
    """A policy of statements and packs; without either it extends `essentials`."""
    document = tomlkit.document()
    document.add(
        tomlkit.comment("What this organization wants. contribaudit audit compares the present state with it.")
    )
    document["version"] = 1
    name = _one_line(installation.name)
    document["name"] = f"{name}: audit policy" if name else "Audit policy"
    document["extends"] = list(installation.packs or (DEFAULT_PACK,))
    if installation.plan:
        document["written_for_plan"] = installation.plan
    if installation.statements:
        document["expect"] = _expect(installation.statements)
    for line in _MORE.splitlines():
        document.add(tomlkit.comment(line) if line else tomlkit.nl())
    return tomlkit.dumps(document)


def _expect(statements: Mapping[str, Any]) -> tomlkit.items.Table:
    table = tomlkit.table()
    for key, value in statements.items():
        if isinstance(value, Mapping):
            inline = tomlkit.inline_table()
            inline.update(value)
            table[key] = inline
        else:
            table[key] = value
        if isinstance(value, str) and (means := _MEANS.get((key, value))):
            table[key].comment(means)
    return table


def _write_new(path: Path, text: str, mode: int = 0o644) -> None:
    try:
        if not path.parent.is_dir():
            path.parent.mkdir(parents=True, mode=0o700)
        refuse_existing(path)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror}", hint="Check the permissions of its folder"
        ) from None
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)


def _one_of(name: str, known: Sequence[str], what: str) -> str:
    if name in known:
        return name
    near = nearest(name, known)
    told = f"; did you mean {near}?" if near else ""
    raise UsageError(f"There is no {what} {name!r}{told}", hint=f"There are {', '.join(known)}")


def _one_line(text: str) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())[:100]
