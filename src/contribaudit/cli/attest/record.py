"""`contribaudit attest record`: values by flags, by screen or from a file; walk and template branch off here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from contribaudit.cli.attest.options import Given, desk_options, open_desk
from contribaudit.cli.options import Console, api_key_options, format_option, pass_console

_PATH = click.Path(path_type=Path)


@click.command("record")
@click.argument("setting", required=False)
@click.argument("value", required=False)
@click.option("--subject", metavar="S", default="organization", show_default=True, help="Whose setting it is.")
@click.option("--by", metavar="MAIL", help="Who looked; default: attested_by of the configuration.")
@click.option("--observed-at", metavar="TIME", help="When, with zone (UTC without one); default: now.")
@click.option("--console-path", metavar="TEXT", default="", help="The menu path that was taken.")
@click.option("--note", metavar="TEXT", default="", help="A remark, kept with it.")
@click.option("--attach", type=_PATH, metavar="FILE", multiple=True, help="A screenshot; repeat it for several.")
@click.option("--screen", metavar="NAME", help="The console screen that shows all these values in one look.")
@click.option("--set", "pairs", metavar="SETTING=VALUE", multiple=True, help="One value; repeat it.")
@click.option("--from", "source", type=_PATH, metavar="FILE", help="Many values, from a CSV or TOML file.")
@click.option("--template", is_flag=True, help="Print a CSV of what is due, to be filled in.")
@click.option("--offline", is_flag=True, help="Read nothing: take the last kept run for the newest reading.")
@format_option(("table", "json", "csv"), "table")
@desk_options
@api_key_options
@pass_console
def record(
    console: Console,
    /,
    *,
    setting: str | None,
    value: str | None,
    subject: str,
    pairs: tuple[str, ...],
    source: Path | None,
    template: bool,
    offline: bool,
    organization: str | None,
    store_location: str | None,
    api_key_file: Path | None,
    api_key_fd: int | None,
    **flags: Any,
) -> None:
    """Record SETTING VALUE, as the administration console shows it.

    A list is written with commas, the empty one as none. The API's signals are read before and after: they hold the
    value in place while they do not move. With --observed-at in the past, the last complete run before that time and
    the reading now must agree. Without anything, walk through what is due.
    """
    from contribaudit.errors import UsageError

    given = Given(**flags)
    told = _told(setting, value, pairs, subject)
    if sum((bool(told), source is not None, template)) > 1:
        raise UsageError("Values, --from and --template exclude each other", hint="contribaudit attest record --help")
    walking = not told and source is None and not template
    if walking:
        from contribaudit.cli.attest.recording import require_person

        require_person()
    with open_desk(
        console,
        organization,
        store_location,
        api_key_file=api_key_file,
        api_key_fd=api_key_fd,
        offline=offline or template,
    ) as desk:
        if template:
            from contribaudit.cli.attest.template import print_template

            print_template(desk, given.screen)
        elif walking:
            from contribaudit.cli.attest.recording import walk

            walk(desk, given)
        elif source is not None:
            from contribaudit.cli.attest.values import from_file

            from_file(desk, source, given)
        else:
            from contribaudit.cli.attest.values import by_flags

            by_flags(desk, told, given)


def _told(setting: str | None, value: str | None, pairs: tuple[str, ...], subject: str) -> list[tuple[str, str, str]]:
    """Subject, setting and value of each value on the command line."""
    from contribaudit.errors import UsageError

    if setting is not None and value is None:
        raise UsageError(f"{setting} needs a value", hint="Write contribaudit attest SETTING VALUE")
    found = [(subject, setting, value)] if setting is not None and value is not None else []
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"`{pair[:80]}` is no SETTING=VALUE", hint="Write --set contribution.in_app=off")
        found.append((subject, name, text))
    return found
