"""`contribaudit logout`: removes an organization's API key, or a site's API token, from the system keyring."""

from __future__ import annotations

import click

from contribaudit.cli.console import Console, pass_console
from contribaudit.cli.options import chosen_organization, organization_option, site_option
from contribaudit.errors import UsageError


@click.command("logout")
@organization_option()
@site_option
@pass_console
def command(console: Console, site: str | None) -> None:
    """Remove an organization's API key, or with --site an API token that reads spaces, from the system keyring.

    The key itself keeps working until it is revoked at admin.atlassian.com, Organization settings, API keys; a token
    until it is revoked in the account that it belongs to.
    """
    from contribaudit.settings import credentials

    organization = console.organization
    if site is not None:
        _forget_token(console, site, organization)
        return
    organization = chosen_organization(console.settings(), organization)
    if credentials.forget_key(credentials.account(organization, console.settings().api_url)):
        message = f"Removed the key of organization {organization} from the keyring; it works until it is revoked"
        console.diagnostics.conclusion(f"{message} at admin.atlassian.com, Organization settings, API keys.")
    else:
        console.diagnostics.conclusion(f"The keyring held no key of organization {organization}; nothing to remove.")


def _forget_token(console: Console, site: str, organization: str | None) -> None:
    from contribaudit.settings import credentials

    if organization is not None:
        raise UsageError("--site and --org were both given", hint="Remove the key and the token one after the other")
    # The site may have been removed from the configuration.
    host = "" if site.casefold() == credentials.ALL_SITES else site.strip().casefold()
    whose = f"of {host}" if host else "of all sites"
    if credentials.forget_key(credentials.site_account(host, console.settings().api_url)):
        message = f"Removed the API token {whose} from the keyring; it works until it is revoked"
        console.diagnostics.conclusion(f"{message} in the account that it belongs to.")
    else:
        console.diagnostics.conclusion(f"The keyring held no API token {whose}; nothing to remove.")
