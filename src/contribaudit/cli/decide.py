"""`contribaudit decide`: adds a decision to the policy file, as a diff that a person has agreed to."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from contribaudit.cli.console import Console, pass_console
from contribaudit.cli.options import agreed, policy_option, yes_option
from contribaudit.core.model.observation import SettingId, Value
from contribaudit.errors import UsageError

if TYPE_CHECKING:
    from contribaudit.core.model.policy import Decision
    from contribaudit.policy_file.editing import Change


@click.command()
@click.argument("setting")
@click.argument("value")
@click.option("--by", metavar="MAIL", help="Who decided; default: attested_by in the configuration.")
@click.option("--second", required=True, metavar="MAIL", help="The second person who decided.")
@click.option("--ticket", required=True, metavar="TEXT", help="Where the decision is recorded.")
@click.option("--date", "day", metavar="YYYY-MM-DD", help="When it was decided; default: today (UTC).")
@policy_option
@yes_option
@pass_console
def command(
    console: Console, *, setting: str, value: str, by: str | None, second: str, ticket: str, day: str | None, yes: bool
) -> None:
    """Record that SETTING was set to VALUE on purpose, by two people.

    Adds a [[decision]] to the policy file (the one in use, or --policy; a file that does not exist yet is created, and
    extends "essentials"). The change is shown as a diff on stdout, and is written once you agree. A list is written
    with commas, the empty one as `none`. Two checks ask for decisions on the contribution switches (DC-05, GV-04),
    one for a decision on governance.records (GV-05); `contribaudit checks show CHECK` says which decisions a check
    reads.
    """
    from contribaudit import checks, wiring
    from contribaudit.attestations.recording import mail, short
    from contribaudit.core.model.policy import Decision
    from contribaudit.policy_file.editing import write

    settings = console.settings()
    rulebook = console.rulebook()
    named, parsed = _setting_and_value(setting, value)
    decision = Decision(
        setting=named,
        value=parsed,
        by=mail(by or settings.attested_by, "the person who decided"),
        second=mail(second, "the second person"),
        date=_day(day),
        ticket=short(ticket.strip(), "The ticket"),
    )
    path = console.policy_path or settings.policy
    if path is None:
        hint = 'Name one with --policy; a new file extends "essentials". Then set `policy` in the configuration'
        raise UsageError("There is no policy file to write the decision to", hint=hint)
    change = _change(path, decision, may_make=console.policy_path is not None)
    wiring.load_policy(change.path, rulebook, text=change.after)
    console.write(change.diff())
    agreed(f"Save this to {change.path}?", yes=yes)
    write(change)
    if not any(named in check.decisions for check in checks.ALL):
        console.diagnostics.warning(f"no check asks for a decision on {named}, so it changes no finding")
    more = f'; set `policy = "{change.path}"` in the configuration' if settings.policy is None else ""
    console.diagnostics.conclusion(f"The decision is in {change.path}{more}. Next: contribaudit audit --offline")


def _setting_and_value(setting: str, value: str) -> tuple[SettingId, Value]:
    """The setting with this ID, and the parsed value. Raises UsageError."""
    from contribaudit import catalogue, checks
    from contribaudit.attestations.recording import parse_value
    from contribaudit.checks.governance import RECORDS, UPDATED
    from contribaudit.policy_file.problems import nearest, quoted

    named = SettingId(setting.strip())
    if named not in checks.DECIDABLE:
        near = nearest(named, checks.DECIDABLE, otherwise="; `contribaudit checks show DC-05` shows an example")
        raise UsageError(f"There is no setting {quoted(named)}{near}")
    if named == RECORDS and value.strip().casefold() != UPDATED:
        raise UsageError(f"{RECORDS} cannot be {quoted(value)}", hint=f"It takes {UPDATED}")
    if named == RECORDS:
        return named, UPDATED
    return named, parse_value(catalogue.find(named), value)


def _day(text: str | None) -> date:
    today = datetime.now(UTC).date()
    if text is None:
        return today
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text[:40]!r} is not a date", hint="Write it as 2026-11-21") from None
    if day > today:
        raise UsageError(f"{day} is in the future", hint="A decision counts from the day on which it was made")
    return day


def _change(path: Path, decision: Decision, *, may_make: bool) -> Change:
    """The file with the decision added; a new file only if --policy names it."""
    from contribaudit.policy_file.editing import new_file, with_entry
    from contribaudit.policy_file.reading import DEFAULT_PACK

    if may_make and not path.exists() and not path.is_symlink():
        return new_file(path, [DEFAULT_PACK], decision)
    return with_entry(path, decision)
