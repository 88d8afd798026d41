"""`contribaudit login`: an organization's API key, tested and saved in the system keyring."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from contribaudit.cli.options import Console, api_key_options, organization_option, pass_console

if TYPE_CHECKING:
    from pydantic import SecretStr

    from contribaudit.config import AppSettings


@click.command("login")
@organization_option()
@api_key_options
@click.option("--no-test", is_flag=True, help="Save the key without asking Atlassian whether it works.")
@pass_console
def command(
    console: Console, organization: str | None, api_key_file: Path | None, api_key_fd: int | None, no_test: bool
) -> None:
    """Save an organization's API key in the system keyring.

    Asks for the key without showing it, tests it with one read of the organization, and saves it only if it works.
    The key is never an argument: other users of a machine can read those.
    """
    from contribaudit import credentials
    from contribaudit.cli.ask import ask_key, chosen_organization

    settings = console.settings()
    organization = chosen_organization(settings, organization)
    store = credentials.key_store()  # before the question: nobody types a key that cannot be kept
    if api_key_file is None and api_key_fd is None:
        key = ask_key(organization)
    else:
        key = credentials.find_key(settings, organization, key_file=api_key_file, key_fd=api_key_fd).key
    console.diagnostics.hide(key)
    told = f"organization {organization}, not tested" if no_test else _tested(console, settings, organization, key)
    credentials.save_key(organization, key)
    console.diagnostics.conclusion(f"Saved the key of {told} in the keyring: {store}. Next: contribaudit doctor")


def _tested(console: Console, settings: AppSettings, organization: str, key: SecretStr) -> str:
    """The organization in words. Raises AdminApiError, with what became of the key."""
    from contribaudit.cli.probe import organization_name
    from contribaudit.errors import AdminApiUnreachable

    try:
        name = organization_name(settings, organization, key, console.diagnostics)
    except AdminApiUnreachable as error:
        error.message = f"The key was not saved, because it could not be tested: {error.message}"
        error.hint = f"{error.hint}. To save it untested, add --no-test"
        raise
    return f'"{name}" ({organization})' if name else f"organization {organization}"
