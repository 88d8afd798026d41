"""`attest confirm` and `attest revoke`: a second person agrees, or somebody takes it back."""

from __future__ import annotations

import click

from contribaudit.cli.attest.options import desk_options, open_desk
from contribaudit.cli.options import Console, pass_console

_identity = click.argument("identity", metavar="ID")
_by = click.option("--by", metavar="MAIL", help="Who does it; default: attested_by of the configuration.")


@click.command("confirm")
@_identity
@_by
@desk_options
@pass_console
def confirm(
    console: Console,
    *,
    identity: str,
    by: str | None,
    organization: str | None,
    store_location: str | None,
) -> None:
    """Say as a second person that the console shows this: never as who looked or who typed it in."""
    with open_desk(console, organization, store_location) as desk:
        one = desk.find(identity)
        signature = desk.confirm(one.id, by or desk.settings.attested_by or "")
    console.diagnostics.conclusion(f"{signature.by} confirmed {one.id}: {one.setting} as {one.by} saw it.")


@click.command("revoke")
@_identity
@_by
@click.option("--note", metavar="TEXT", default="", help="Why.")
@desk_options
@pass_console
def revoke(
    console: Console,
    *,
    identity: str,
    by: str | None,
    note: str,
    organization: str | None,
    store_location: str | None,
) -> None:
    """Take an attestation back. It stays in the history, and the one before it does not come back."""
    with open_desk(console, organization, store_location) as desk:
        one = desk.find(identity)
        signature = desk.revoke(one.id, by or desk.settings.attested_by or "", note)
    console.diagnostics.conclusion(f"{signature.by} revoked {one.id}: look at {one.setting} again.")
