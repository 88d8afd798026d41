"""`contribaudit login`: saves an organization's tested API key, or a site's API token, in the system keyring."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from contribaudit.cli.console import Console, pass_console
from contribaudit.cli.options import api_key_options, ask_key, chosen_organization, organization_option, site_option
from contribaudit.errors import AdminApiUnreachable, CredentialError, KeyRefused, UsageError

if TYPE_CHECKING:
    from pydantic import SecretStr

    from contribaudit.settings.model import AppSettings


@click.command("login")
@organization_option()
@site_option
@api_key_options
@click.option("--no-test", is_flag=True, help="Save the key without testing it.")
@click.option("--rotate", is_flag=True, help="Replace the key in use with a new one that has at least the same scopes.")
@pass_console
def command(console: Console, site: str | None, no_test: bool, rotate: bool) -> None:
    """Save an organization's API key, or with --site the API token that reads its sites, in the system keyring.

    Asks for the key without showing it, tests it with one read of the organization, and saves it only if it works.
    --rotate also compares it with the key in use: it must belong to the same organization and have at least the same
    scopes. Revoke the old key once the next audit has run.

    A token is saved without a test; contribaudit doctor tests it on a site. Neither is ever passed as an argument,
    which other users of the machine could read.
    """
    from contribaudit.settings import credentials

    organization = console.organization
    settings = console.settings()
    if rotate and (no_test or site is not None):
        raise UsageError("--rotate tests an organization's key", hint="Leave out --no-test and --site")
    if site is not None:
        _save_token(console, site, organization)
        return
    organization = chosen_organization(settings, organization)
    store = credentials.key_store()  # before the question, so that nobody types a key that cannot be saved
    key = _key_from_command_line(console, organization) or ask_key(f"API key of organization {organization}")
    console.diagnostics.hide(key)
    if rotate:
        _compare(console, settings, organization, key)
    tested = f"organization {organization}, not tested" if no_test else _test_key(console, settings, organization, key)
    credentials.save_key(credentials.account(organization, settings.api_url), key)
    if settings.api_key is not None:
        told_of = f"{credentials.VARIABLE} is set in this shell, and takes precedence over the keyring"
        console.diagnostics.warning(told_of, hint="Unset it; otherwise the saved key is not used")
    console.diagnostics.conclusion(f"Saved the key of {tested} in the keyring: {store}. Next: contribaudit doctor")


def _key_from_command_line(console: Console, organization: str) -> SecretStr | None:
    """The key or token from --api-key-file or --api-key-fd; None without these options."""
    from contribaudit.settings import credentials

    named = console.named_key
    return None if named == credentials.NOT_NAMED else credentials.find_key(console.settings(), organization, named).key


def _compare(console: Console, settings: AppSettings, organization: str, key: SecretStr) -> None:
    """Refuse a new key that equals the old one, or lacks one of its scopes.

    There is no comparison when the API refuses the old key, or when the old key cannot be found.
    """
    from contribaudit.operations.doctor.remote import scopes_of
    from contribaudit.settings import credentials

    try:
        old = credentials.find_key(settings, organization).key
        console.diagnostics.hide(old)
        if old.get_secret_value() == key.get_secret_value():
            raise UsageError("This key is already saved", hint="Create a new key, then rotate to it")
        before = scopes_of(settings, organization, old, console.diagnostics)
    except (KeyRefused, CredentialError) as error:
        console.diagnostics.warning(f"the scopes of the old key are not known: {error.message}")
        return
    lost = before - scopes_of(settings, organization, key, console.diagnostics)
    if lost:
        raise CredentialError(
            f"The new key lacks {', '.join(sorted(lost))}, which the old one has. Nothing was replaced",
            hint="Create a key with the same scopes",
        )


def _save_token(console: Console, site: str, organization: str | None) -> None:
    from contribaudit.settings import credentials

    if organization is not None:
        raise UsageError("--site and --org were both given", hint="Save the key and the token one after the other")
    settings = console.settings()
    host = credentials.chosen_site(settings.sites, site)
    store = credentials.key_store()
    whose = f"of {host}" if host else "of all sites"
    token = _key_from_command_line(console, "") or ask_key(f"API token {whose}")
    console.diagnostics.hide(token)
    credentials.save_key(credentials.site_account(host, settings.api_url), token)
    message = f"Saved the API token {whose}, not tested, in the keyring: {store}"
    console.diagnostics.conclusion(f"{message}. Next: contribaudit doctor")


def _test_key(console: Console, settings: AppSettings, organization: str, key: SecretStr) -> str:
    """The organization's name and ID, read with the key. Raises AdminApiError, also if the key could not be tested."""
    from contribaudit.operations.first_look import organization_name

    try:
        name = organization_name(settings, organization, key, console.diagnostics)
    except AdminApiUnreachable as error:
        error.message = f"The key was not saved, because it could not be tested: {error.message}"
        error.hint = f"{error.hint}. To save it untested, add --no-test"
        raise
    return f'"{name}" ({organization})' if name else f"organization {organization}"
