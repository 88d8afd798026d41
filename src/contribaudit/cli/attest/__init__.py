"""`contribaudit attest`: records what is in no API, as a person saw it in the administration console."""

from __future__ import annotations

import click

from contribaudit.cli.attest.recording import record
from contribaudit.cli.attest.review import confirm, forget, list_attestations, revoke, show_attestation

_WITH_A_VALUE = ("--config", "--log-format")
_ALONE = ("--quiet", "-q", "--verbose", "-v", "--no-color")


class Attest(click.Group):
    """`attest SETTING VALUE …` is `attest record SETTING VALUE …`, and so is `attest` alone."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        at = 0
        while at < len(args) and (args[at] in (*_ALONE, *_WITH_A_VALUE) or args[at].startswith("--config=")):
            at += 2 if args[at] in _WITH_A_VALUE else 1
        if args[at : at + 1] not in (["-h"], ["--help"]) and not (at < len(args) and args[at] in self.commands):
            args = [*args[:at], "record", *args[at:]]
        return super().parse_args(ctx, args)


@click.group(cls=Attest, commands=[record, list_attestations, show_attestation, confirm, revoke, forget])
def command() -> None:
    """Record what the administration console shows where no API does.

    `attest SETTING VALUE --by MAIL` records one value (see `attest record --help`); `attest` alone walks through what
    is due. Who looked, who recorded it, and on which account and host is kept. Attestations are never edited: a newer
    one supersedes the old.
    """
