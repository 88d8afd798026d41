"""Writes the files of a new installation: config.toml, policy.toml, and key files. Never overwrites a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomlkit
from pydantic import SecretStr

from contribaudit.core.model.hosts import ATLASSIAN
from contribaudit.core.model.policy import AuditPolicy
from contribaudit.errors import KeyStoreUnusable, PolicyFileError, UsageError, nearest
from contribaudit.files import write_new
from contribaudit.operations.answers import Answers
from contribaudit.policy_file.editing import new_document
from contribaudit.policy_file.reading import DEFAULT_PACK
from contribaudit.settings import credentials
from contribaudit.settings.model import AppSettings
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
class SecretDestination:
    """Where to save a key or token that a person typed."""

    what: str
    secret: SecretStr
    path: Path | None
    """The file for the secret if the keyring does not take it; None for no file."""
    account: str = ""
    """The keyring account to try before the file; "" to leave the keyring out."""

    def keep(self, warn: Callable[[str, str], None]) -> Path | None:
        """Save the secret; returns the new file, or None if it is in the keyring or was not saved. Raises UsageError.

        If the keyring does not take the secret, `warn` gets the reason and where the secret is instead.
        """
        if self.account:
            try:
                credentials.save_key(self.account, self.secret)
            except KeyStoreUnusable as error:
                warn(error.message, f"The {self.what} is in {self.path} instead")
            else:
                return None
        if self.path is not None:
            _write_new_file(self.path, f"{self.secret.get_secret_value()}\n", mode=0o600)
        return self.path


def free_path(path: Path) -> Path:
    """The path, or PATH-2, PATH-3 … if something exists there."""
    number, free = 2, path
    while free.exists() or free.is_symlink():
        free, number = path.with_name(f"{path.name}-{number}"), number + 1
    return free


def refuse_existing(*paths: Path) -> None:
    """Raise UsageError for the first path that already exists."""
    for path in paths:
        if path.exists() or path.is_symlink():
            raise UsageError(f"{path} already exists; it was left unchanged", hint="Edit it, or choose another file")


def known(name: str, choices: Sequence[str], what: str) -> str:
    """The name, if it is one of the choices. Raises UsageError otherwise; `what` says what they are: "plan"."""
    if name in choices:
        return name
    near = nearest(name, choices)
    suggestion = f"; did you mean {near}?" if near else ""
    raise UsageError(f"There is no {what} {name!r}{suggestion}", hint=f"Known: {', '.join(choices)}")


def refused(settings: AppSettings, statements: Mapping[str, Any]) -> tuple[str, str]:
    """The key of the first wrong statement and the reason; two empty texts if the statements are valid."""
    try:
        policy_of(settings, statements)
    except PolicyFileError as error:
        key, _, words = error.message.splitlines()[0].partition("key `")[2].partition("`: ")
        return key, words
    return "", ""


def policy_of(settings: AppSettings, statements: Mapping[str, Any], packs: Sequence[str] = ()) -> AuditPolicy:
    """The policy made of these statements and packs only. Raises PolicyFileError."""
    document = new_document("Audit policy", packs)
    document["expect"] = _expect(statements)
    return load_policy(Path("policy.toml"), load_rulebook(settings), text=tomlkit.dumps(document))


def install(
    settings: AppSettings,
    config: Path,
    policy: Path,
    answers: Answers,
    name: str,
    secrets: Sequence[SecretDestination],
    warn: Callable[[str, str], None],
) -> None:
    """Save the typed secrets and write both files; on an error, every new file is removed again.

    `name` is the organization's name, "" if unknown. A secret that the keyring took stays there.

    Raises UsageError if a file exists or cannot be written, PolicyFileError if the policy is not valid.
    """
    made: list[Path] = []
    try:
        for destination in secrets:
            path = destination.keep(warn)
            made += [path] if path is not None else []
            if destination.secret is answers.key:
                answers.key_file = path
            else:
                answers.site_token_file = path
        policy_text = _policy_toml(answers, name)
        load_policy(policy, load_rulebook(settings), text=policy_text)
        for path, text in (
            (policy, policy_text),
            (config, _config_toml(settings, answers, name, config.parent, policy)),
        ):
            _write_new_file(path, text)
            made.append(path)
    except BaseException:
        for path in made:
            path.unlink(missing_ok=True)
        raise


def _config_toml(settings: AppSettings, answers: Answers, name: str, folder: Path, policy: Path) -> str:
    """The text of config.toml for one organization."""
    document = tomlkit.document()
    document.add(tomlkit.comment("contribaudit. Every key can also be set as CONTRIBAUDIT_KEY in the environment."))
    document.add(
        tomlkit.comment("The API key itself is never stored here. Relative paths start at the folder of this file.")
    )
    document.add(tomlkit.nl())
    document["org_id"] = answers.organization
    if name:
        document["org_id"].comment(_single_line(name))
    if settings.api_url != ATLASSIAN:
        document["api_url"] = settings.api_url
    document["policy"] = str(policy.relative_to(folder)) if policy.is_relative_to(folder) else str(policy)
    if answers.key_file is not None:
        document["api_key_file"] = str(answers.key_file)
    if answers.by:
        document["attested_by"] = answers.by
    if settings.store is not None and "@" not in settings.store_location():
        document["store"] = settings.store_shown()
    if answers.reads_sites:
        document["sites"] = _sites(answers)
    if answers.key_env:
        own = tomlkit.table()
        own["id"] = answers.organization
        own["api_key_env"] = answers.key_env
        document["organization"] = tomlkit.aot()
        document["organization"].append(own)
    return tomlkit.dumps(document)


def _sites(answers: Answers) -> tomlkit.items.Table:
    table = tomlkit.table()
    if answers.site_email:
        table["email"] = answers.site_email
    if answers.site_token_env:
        table["token_env"] = answers.site_token_env
    if answers.site_token_file is not None:
        table["token_file"] = str(answers.site_token_file)
    return table


def _policy_toml(answers: Answers, name: str) -> str:
    """The text of policy.toml: the statements and packs. Without a pack it extends `essentials`."""
    name = _single_line(name)
    document = new_document(f"{name}: audit policy" if name else "Audit policy", answers.packs or (DEFAULT_PACK,))
    if answers.plan:
        document["written_for_plan"] = answers.plan
    if answers.statements:
        document["expect"] = _expect(answers.statements)
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


def _write_new_file(path: Path, text: str, mode: int = 0o644) -> None:
    try:
        if not path.parent.is_dir():
            path.parent.mkdir(parents=True, mode=0o700)
        refuse_existing(path)
        write_new(path, text.encode(), mode)
    except OSError as error:
        hint = "Check the permissions of its folder, and the space that is left"
        raise UsageError(f"{path} cannot be written: {error.strerror}", hint=hint) from None


def _single_line(text: str) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())[:100]
