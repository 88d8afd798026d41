"""What `init` writes: the two files, and what was typed and is to be kept. Then the first audit."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from contribaudit import exit_codes
from contribaudit.cli.console import Console
from contribaudit.cli.init.answers import NO_SCHEDULE, Answers
from contribaudit.errors import KeyStoreUnusable

if TYPE_CHECKING:
    from pydantic import SecretStr

    from contribaudit.operations.first_look import FirstLook
    from contribaudit.settings.model import AppSettings


@dataclass(frozen=True, slots=True)
class Kept:
    """Where a secret that was typed is to be kept."""

    what: str
    secret: SecretStr
    path: Path | None
    """The file; None where it is kept nowhere."""
    account: str = ""
    """In the keyring, before the file; "" where that was not wanted."""

    def keep(self, console: Console) -> Path | None:
        """The file that was made; None where the keyring has it, or nothing. Raises UsageError."""
        from contribaudit.operations import setup
        from contribaudit.settings import credentials

        if self.account:
            try:
                credentials.save_key(self.account, self.secret)
            except KeyStoreUnusable as error:
                console.diagnostics.warning(f"{error.message}", hint=f"The {self.what} is in {self.path} instead")
            else:
                return None
        if self.path is not None:
            setup.write_key(self.path, self.secret)
        return self.path


def free_path(path: Path) -> Path:
    """The path, or the next one where nothing is yet."""
    number, free = 2, path
    while free.exists() or free.is_symlink():
        free, number = path.with_name(f"{path.name}-{number}"), number + 1
    return free


def schedules() -> tuple[str, ...]:
    """The ways to run the audit every day, none of them first."""
    from contribaudit.cli.schedule import command as schedule

    return (NO_SCHEDULE, *schedule.commands)


def write(
    console: Console,
    settings: AppSettings,
    config: Path,
    policy: Path,
    answers: Answers,
    look: FirstLook,
    secrets: list[Kept],
) -> None:
    """Write everything, or nothing."""
    from contribaudit.operations import setup

    made: list[Path] = []
    try:
        for one in secrets:
            path = one.keep(console)
            made += [path] if path is not None else []
            if one.secret is answers.key:
                answers.key_file = path
            else:
                answers.site_token_file = path
        sites = None
        if answers.reads_sites:
            sites = setup.SiteAccess(answers.site_email, answers.site_token_file, answers.site_token_env)
        installation = setup.Installation(
            organization=answers.organization,
            name=look.name,
            key_file=answers.key_file,
            key_env=answers.key_env,
            statements=answers.statements,
            packs=answers.packs,
            plan=answers.plan,
            attested_by=answers.by,
            sites=sites,
        )
        setup.write(settings, config, policy, installation)
    except BaseException:
        for path in made:
            path.unlink(missing_ok=True)
        raise
    console.write(f"{config}\n{policy}\n")


def set_up_schedule(console: Console, config: Path, way: str) -> None:
    from contribaudit.cli.schedule import command as schedule

    own = schedule.commands[way]
    install = ["--install"] if any("--install" in one.opts for one in own.params) else []
    _run(console, config, own, install)


def first_audit(console: Console, config: Path, key: SecretStr | None) -> int:
    """Its exit code. The key is handed over by a pipe, so that one that was not kept serves too."""
    from contribaudit.cli.audit import command as audit

    words: list[str] = []
    if key is not None:
        reading, writing = os.pipe()
        with os.fdopen(writing, "w", encoding="utf-8") as pipe:
            pipe.write(key.get_secret_value())
        words = ["--api-key-fd", str(reading)]
    return _run(console, config, audit, words)


def _run(console: Console, config: Path, command: click.Command, words: list[str]) -> int:
    """Run another command with the configuration that was just written; returns its exit code."""
    own = Console()
    own.diagnostics, own.color, own.config_path = console.diagnostics, console.color, config
    own.commands = console.commands
    try:
        with command.make_context(command.name, words, parent=None, obj=own) as context:
            command.invoke(context)
    except click.exceptions.Exit as ended:
        return ended.exit_code
    return exit_codes.OK
