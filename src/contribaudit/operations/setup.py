"""Writes the files of a new installation: config.toml, policy.toml, and a key file. None is ever overwritten."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

import tomlkit
from pydantic import SecretStr

from contribaudit.errors import ContribauditError, UsageError
from contribaudit.policy_file.reading import shipped
from contribaudit.settings.model import API_URL, AppSettings
from contribaudit.wiring import load_policy, load_rulebook

_RULES = """
Add rules of your own below, for example:

[[rule]]
check = "DR-01"             # app data is in an allowed location
expect = ["EU", "DE"]
severity = "critical"

Run contribaudit checks list for every check, and contribaudit policy check to validate this file.
"""


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


def write(
    settings: AppSettings,
    config: Path,
    policy: Path,
    *,
    organization: str,
    name: str,
    key_file: Path | None,
    pack: str,
    plan: str,
) -> None:
    """Write both files, or none. Raises UsageError when one exists or cannot be written, PolicyFileError."""
    policy_text = policy_toml(name, pack, plan)
    _check_policy(settings, policy_text)
    _write_new(policy, policy_text)
    try:
        _write_new(config, config_toml(settings, organization, name, key_file, config.parent, policy))
    except ContribauditError:
        policy.unlink()
        raise


def write_key(path: Path, key: SecretStr) -> None:
    """Write a key file that only this account can read. Raises UsageError."""
    _write_new(path, f"{key.get_secret_value()}\n", mode=0o600)


def config_toml(
    settings: AppSettings, organization: str, name: str, key_file: Path | None, folder: Path, policy: Path
) -> str:
    """The configuration of one organization."""
    document = tomlkit.document()
    document.add(tomlkit.comment("contribaudit. Every key can also be set as CONTRIBAUDIT_KEY in the environment."))
    document.add(
        tomlkit.comment("The API key itself is never stored here. Relative paths start at the folder of this file.")
    )
    document.add(tomlkit.nl())
    document["org_id"] = organization
    if name:
        document["org_id"].comment(_one_line(name))
    if settings.api_url != API_URL:
        document["api_url"] = settings.api_url
    document["policy"] = str(policy.relative_to(folder)) if policy.is_relative_to(folder) else str(policy)
    if key_file is not None:
        document["api_key_file"] = str(key_file)
    if settings.store is not None and "@" not in settings.store_location():
        document["store"] = settings.store_shown()
    return tomlkit.dumps(document)


def policy_toml(name: str, pack: str, plan: str) -> str:
    """A policy that starts from a pack."""
    document = tomlkit.document()
    document.add(
        tomlkit.comment("What this organization wants. contribaudit audit compares the present state with it.")
    )
    document["version"] = 1
    document["name"] = f"{_one_line(name)}: audit policy" if name else "Audit policy"
    document["extends"] = [pack]
    if plan:
        document["written_for_plan"] = plan
    for line in _RULES.splitlines():
        document.add(tomlkit.comment(line) if line else tomlkit.nl())
    return tomlkit.dumps(document)


def _check_policy(settings: AppSettings, text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "policy.toml")
        path.write_text(text, encoding="utf-8")
        load_policy(path, load_rulebook(settings))


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
    close = get_close_matches(name, known, n=1)
    near = f"; did you mean {close[0]}?" if close else ""
    raise UsageError(f"There is no {what} {name!r}{near}", hint=f"There are {', '.join(known)}")


def _one_line(text: str) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())[:100]
