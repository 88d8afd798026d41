"""`contribaudit schedule`: recipes for scheduled audits."""

from __future__ import annotations

import getpass
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from contribaudit.cli.console import Console, pass_console
from contribaudit.cli.options import PATH, organization_option
from contribaudit.errors import UsageError
from contribaudit.operations import schedules
from contribaudit.operations.schedules import Recipe
from contribaudit.settings import file

if TYPE_CHECKING:
    from contribaudit.settings.model import AppSettings

F = TypeVar("F", bound=Callable[..., Any])


def _shared_options(function: F) -> F:
    at = click.option(
        "--at", "time", default="06:15", show_default=True, metavar="HH:MM", help="Time of the daily audit."
    )
    key = click.option("--api-key-file", "key_file", type=PATH, metavar="FILE", help="The file for the key, mode 600.")
    return organization_option()(key(at(function)))


@click.group("schedule")
def command() -> None:
    """Print a setup for a daily audit that needs no person, terminal or keyring.

    The setup calls this installation of contribaudit. Nothing is changed on this machine without --install.
    """


@command.command("systemd", short_help="Print a systemd user service and timer for a daily audit.")
@_shared_options
@click.option(
    "--install", is_flag=True, help="Install the units in ~/.config/systemd/user; existing files are never overwritten."
)
@pass_console
def systemd(console: Console, time: str, key_file: Path | None, install: bool) -> None:
    """Print a systemd user service and timer for a daily audit, and a service to start by hand.

    The key is loaded as a systemd credential, so that only the service can read it while it runs.
    """
    recipe = recipe_of(console, time, key_file)
    if install:
        for path in schedules.install(recipe):
            console.write(f"{path}\n")
    else:
        for name, content in schedules.units(recipe).items():
            console.write(f"# {schedules.folder() / name}\n{content}\n")
    console.diagnostics.note("Next:" if install else "Save these files, or use --install; then run:")
    for step in schedules.steps(recipe):
        console.diagnostics.note(f"  {step}")


@command.command("cron", short_help="Print a crontab line for a daily audit.")
@_shared_options
@click.option("--mail-to", default="", metavar="ADDRESS", help="Recipient of the verdict; default: your local account.")
@click.option("--log-file", type=PATH, metavar="FILE", help="Log file for progress and errors.")
@pass_console
def cron(console: Console, time: str, key_file: Path | None, mail_to: str, log_file: Path | None) -> None:
    """Print a crontab line for a daily audit, with the key in a file and a log."""
    if not mail_to.isprintable():
        raise UsageError("--mail-to contains a line break or another control character", hint="Give one email address")
    recipe = recipe_of(console, time, key_file)
    console.write(schedules.crontab(recipe, mail_to=mail_to or _account(), log_file=_log(log_file)))
    missing = recipe.key_file is not None and not recipe.key_file.exists()
    first = "put the key into its file, as" if missing else "run the commands that"
    console.diagnostics.conclusion(f"First {first} the comments in the recipe show.")


@command.command("launchd", short_help="Print an agent for macOS.")
@_shared_options
@click.option("--log-file", type=PATH, metavar="FILE", help="Log file for outcome, progress and errors.")
@pass_console
def launchd(console: Console, time: str, key_file: Path | None, log_file: Path | None) -> None:
    """Print an agent for macOS: a property list for ~/Library/LaunchAgents."""
    recipe = recipe_of(console, time, key_file)
    console.write(schedules.launchd(recipe, log_file=str(_log(log_file))))
    console.diagnostics.note("Save it as ~/Library/LaunchAgents/contribaudit.audit.plist, then:")
    console.diagnostics.note("  launchctl bootstrap gui/$(id -u) ~/Library/LaunchAgents/contribaudit.audit.plist")


@command.command("kubernetes", short_help="Print a Kubernetes CronJob.")
@_shared_options
@click.option("--image", default="contribaudit:latest", show_default=True, help="The image to run; see Containerfile.")
@click.option("--namespace", default="contribaudit", show_default=True, help="The namespace of the CronJob.")
@pass_console
def kubernetes(console: Console, time: str, key_file: Path | None, image: str, namespace: str) -> None:
    """Print a CronJob: any user ID, a read-only root, the key as a mounted secret. Times are UTC."""
    recipe = recipe_of(console, time, key_file)
    names = {"image": _safe_name(image), "namespace": _safe_name(namespace)}
    console.write(schedules.written("cronjob.yaml", recipe, **names))


@command.command("github-actions", short_help="Print a workflow for GitHub Actions.")
@_shared_options
@pass_console
def github_actions(console: Console, time: str, key_file: Path | None) -> None:
    """Print a workflow: findings as SARIF in code scanning, evidence as an artifact. Times are UTC."""
    console.write(schedules.written("workflow.yml", recipe_of(console, time, key_file)))


@command.command("docker", short_help="Print the command that runs one audit in a container.")
@_shared_options
@click.option("--image", default="contribaudit:latest", show_default=True, help="The image to run; see Containerfile.")
@pass_console
def docker(console: Console, time: str, key_file: Path | None, image: str) -> None:
    """Print the command that runs one audit in a container; your scheduler starts it."""
    console.write(schedules.written("container.sh", recipe_of(console, time, key_file), image=_safe_name(image)))


def _log(named: Path | None) -> Path:
    return file.expanded(named or file.log_dir() / "audit.log").absolute()


def _safe_name(text: str) -> str:
    """The name, if it is safe in a recipe. Raises UsageError."""
    if not re.fullmatch(r"[a-z0-9][a-zA-Z0-9._/:@-]*", text):
        raise UsageError(
            f"{text!r} is not the name of an image or namespace", hint="Use letters, digits and . _ / : @ -"
        )
    return text


def recipe_of(console: Console, time: str, key_file: Path | None) -> Recipe:
    """The audit that a scheduler runs daily at this time (HH:MM), from the command line and the configuration.

    Raises UsageError without an organization, and for a path that a recipe cannot contain.
    """
    settings = console.settings()
    hour, minute = schedules.at(time)
    source = file.expanded(settings.source).absolute() if settings.source is not None else None
    named = console.organization or ""
    if not named and not settings.organization and (source is None or os.environ.get("CONTRIBAUDIT_ORG_ID")):
        if settings.org_id is None:
            hint = "Give it with --org ID, or run `contribaudit init` first"
            raise UsageError("No organization is configured, so there is nothing to schedule", hint=hint)
        named = settings.org_id
    location = settings.store_location()
    several = not named and len(settings.organizations()) > 1
    if several and key_file is not None:
        raise UsageError(
            "One key was named for several organizations, and a key reads one",
            hint="Give each its own api_key_file in the configuration, or name one with --org",
        )
    if several:
        _warn_of_keys(console, settings)
    recipe = Recipe(
        command=schedules.here(),
        key_file=None if several else _key_file(settings, named, key_file),
        hour=hour,
        minute=minute,
        config=None if source == file.usual_config() and not _has_other_folders() else source,
        organization=named,
        environment=_environment(console, settings),
        store=None if "://" in location else Path(location).absolute(),
        evidence=settings.evidence.folder,
    )
    for word in (*recipe.audit, *recipe.key, *(value for _, value in recipe.environment)):
        if not word.isprintable():
            raise UsageError(
                "Something in the recipe contains a line break or another control character", hint="Rename that path"
            )
    return recipe


def _key_file(settings: AppSettings, organization: str, named: Path | None) -> Path:
    """The file of the organization's key; by default, the one that the recipe's first steps create."""
    entry = next((one for one in settings.organizations() if one.id == organization), None)
    own = entry.api_key_file if entry is not None else None
    return file.expanded(named or own or settings.api_key_file or file.config_dir() / "api-key").absolute()


def _warn_of_keys(console: Console, settings: AppSettings) -> None:
    """Warn of organizations without a key file: a scheduler has no keyring and none of this shell's variables."""
    for organization in settings.organizations():
        if organization.api_key_file is None:
            console.diagnostics.warning(
                f"{organization.name or organization.id} has no api_key_file, so a scheduled audit will not read it",
                hint="Name a file of mode 600 in its [[organization]]",
            )


def _has_other_folders() -> bool:
    """True when this shell uses other folders for a person's files than a scheduler would."""
    if any(os.environ.get(name) for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME")):
        return True
    try:
        import pwd
    except ImportError:
        return False
    try:
        return os.environ.get("HOME", "") not in ("", pwd.getpwuid(os.getuid()).pw_dir)
    except KeyError:
        return False


def _environment(console: Console, settings: AppSettings) -> tuple[tuple[str, str], ...]:
    """Settings from this shell's environment, with absolute paths; never the key or the password of a history."""
    pairs = [
        ("API_URL", settings.api_url),
        ("POLICY", str(settings.policy.absolute()) if settings.policy is not None else ""),
        ("RULEBOOK", str(settings.rulebook.absolute()) if settings.rulebook is not None else ""),
        ("FAIL_ON", str(settings.fail_on)),
        ("API_KEY_LABEL", settings.api_key_label),
        ("STORE", _store(settings)),
    ]
    if os.environ.get(f"{file.PREFIX}STORE") and not _store(settings):
        text = f"{file.PREFIX}STORE may hold a password, so it is not in the recipe"
        console.diagnostics.warning(text, hint="Set `store` in config.toml, and make that file readable only by you")
    there = tuple((file.PREFIX + name, value) for name, value in pairs if value and os.environ.get(file.PREFIX + name))
    if settings.store is None and _has_other_folders():
        return (*there, (f"{file.PREFIX}STORE", _store(settings)))
    return there


def _store(settings: AppSettings) -> str:
    location = settings.store_location()
    if "://" not in location:
        return str(Path(location).absolute())
    return location if location == settings.store_shown() else ""


def _account() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "root"
