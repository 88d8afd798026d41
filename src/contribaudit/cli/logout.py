"""`contribaudit logout`: the system keyring forgets an organization's API key."""

from __future__ import annotations

import click

from contribaudit.cli.options import Console, organization_option, pass_console


@click.command("logout")
@organization_option()
@pass_console
def command(console: Console, organization: str | None) -> None:
    """Remove an organization's API key from the system keyring.

    The key itself keeps working until it is revoked at admin.atlassian.com, Organization settings, API keys.
    """
    from contribaudit import credentials
    from contribaudit.cli.ask import chosen_organization

    organization = chosen_organization(console.settings(), organization)
    if credentials.forget_key(organization):
        told = f"Removed the key of organization {organization} from the keyring; it works until it is revoked"
        console.diagnostics.conclusion(f"{told} at admin.atlassian.com, Organization settings, API keys.")
    else:
        console.diagnostics.conclusion(f"The keyring held no key of organization {organization}; nothing to remove.")
