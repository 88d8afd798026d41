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
    """Remove an organization's API key, or with --site an API token that reads its sites, from the system keyring.

    The key itself keeps working until it is revoked at admin.atlassian.com, Organization settings, API keys; a token
    until it is revoked in the account that it belongs to.
    """
    from contribaudit.settings import credentials

    api_url = console.settings().api_url
    if site is None:
        organization = chosen_organization(console.settings(), console.organization)
        account, what = credentials.account(organization, api_url), f"key of organization {organization}"
        where = "at admin.atlassian.com, Organization settings, API keys"
    elif console.organization is not None:
        raise UsageError("--site and --org were both given", hint="Remove the key and the token one after the other")
    else:
        # The site may have been removed from the configuration.
        host = "" if site.casefold() == credentials.ALL_SITES else site.strip().casefold()
        account, what = credentials.site_account(host, api_url), f"API token of {host or 'all sites'}"
        where = "in the account that it belongs to"
    if credentials.forget_key(account):
        console.diagnostics.conclusion(f"Removed the {what} from the keyring; it works until it is revoked {where}.")
    else:
        console.diagnostics.conclusion(f"The keyring held no {what}; nothing to remove.")
