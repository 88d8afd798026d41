"""`contribaudit attest`: records what a person saw in the administration console, for settings that no API has.

Here are the commands: `record`, `list` and `show`, `confirm` for a second person, `revoke` to revoke an attestation,
`forget` to erase a person's name from the history. recording.py records values, walk.py is the guided walk.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from contribaudit.cli.console import Console, pass_console
from contribaudit.cli.options import (
    PATH,
    agreed,
    api_key_options,
    by_option,
    format_option,
    session_options,
    store_option,
    yes_option,
)
from contribaudit.core.model.phrases import counted
from contribaudit.core.model.subject import pseudonym
from contribaudit.errors import UsageError
from contribaudit.exporters.text import Cell, row_of

if TYPE_CHECKING:
    from contribaudit.core.model.attestation import Attestation
    from contribaudit.core.model.policy import AuditPolicy
    from contribaudit.core.resolve.state import State

COLUMNS = (
    "id", "state", "subject", "setting", "value", "by", "observed_at", "confirmed_by", "anchored", "due_on",
    "organization_id", "subject_kind", "subject_id", "recorded_by", "recorded_at", "account", "host", "screen",
    "console_path", "note", "attachments", "look", "anchors", "unanchored_reason", "highest_plan", "plan_words",
    "revoked_by", "revoked_at",
)  # fmt: skip
TABLE = ("id", "state", "subject", "setting", "value", "by", "observed_at", "confirmed_by", "anchored", "due_on")
_WITH_A_VALUE = ("--config", "--log-format")
_ALONE = ("--quiet", "-q", "--verbose", "-v", "--no-color")


class Attest(click.Group):
    """Makes `attest SETTING VALUE …`, and `attest` alone, an abbreviation of `attest record`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        at = 0
        while at < len(args) and (args[at] in (*_ALONE, *_WITH_A_VALUE) or args[at].startswith("--config=")):
            at += 2 if args[at] in _WITH_A_VALUE else 1
        if args[at : at + 1] not in (["-h"], ["--help"]) and not (at < len(args) and args[at] in self.commands):
            args = [*args[:at], "record", *args[at:]]
        return super().parse_args(ctx, args)


@click.group(cls=Attest)
def command() -> None:
    """Record what the administration console shows where no API does.

    `attest SETTING VALUE --by MAIL` records one value (see `attest record --help`); `attest` alone walks through what
    is due. Each attestation keeps who looked, who recorded it, and on which account and host. Attestations are never
    edited: a newer one supersedes the old.
    """


@command.command("record")
@click.argument("setting", required=False)
@click.argument("value", required=False)
@click.option("--subject", metavar="S", default="organization", show_default=True, help="Subject; app:* for all apps.")
@click.option("--by", metavar="MAIL", help="Who looked; default: attested_by in the configuration.")
@click.option("--observed-at", metavar="TIME", help="When they looked, with zone (default UTC); default: now.")
@click.option("--console-path", metavar="TEXT", default="", help="Menu path to the screen.")
@click.option("--note", metavar="TEXT", default="", help="Note to keep with the values.")
@click.option("--attach", metavar="FILE", multiple=True, help="Screenshot file, or `clipboard`; repeatable.")
@click.option("--screen", metavar="NAME", help="Console screen that shows the values; without values, walk this one.")
@click.option(
    "--set",
    "pairs",
    metavar="SETTING[@SUBJECT]=VALUE",
    multiple=True,
    help="One value; with --screen also SUBJECT=VALUE (app:*=blocked covers all rows); repeatable.",
)
@click.option("--from", "source", type=PATH, metavar="FILE", help="Record the values of a CSV or TOML file.")
@click.option("--template", is_flag=True, help="Print a CSV of what is due, with the values left empty.")
@click.option("--dry-run", "dry_run", is_flag=True, help="List the screens to visit, with values and minutes.")
@click.option("--everything", is_flag=True, help="Include values that no rule of the policy waits for.")
@click.option("--discard", is_flag=True, help="Delete unfinished forms.")
@click.option("--offline", is_flag=True, help="Do not read the API; use the last saved run.")
@format_option()
@session_options
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
    dry_run: bool,
    everything: bool,
    discard: bool,
    offline: bool,
    **flags: Any,
) -> None:
    """Record SETTING VALUE as the administration console shows it.

    Write a list with commas, an empty list as none. The API's signals are read before and after: while they do not
    change, they anchor the value. For a look in the past (--observed-at), the last complete run before it must agree
    with the API today.

    Without values, walk through the screens that the policy's rules wait for.
    """
    from contribaudit.cli.attest.recording import by_flags, from_file, print_template, typed_values
    from contribaudit.cli.attest.session import LookFlags, open_session
    from contribaudit.cli.attest.walk import require_person, show_plan, walk
    from contribaudit.operations import drafts

    given = LookFlags(**flags)
    values = typed_values(setting, value, pairs, subject, given.screen)
    if sum((bool(values), source is not None, template, dry_run, discard)) > 1:
        raise UsageError(
            "Values, --from, --template, --dry-run and --discard exclude each other",
            hint="contribaudit attest record --help",
        )
    if discard:
        console.diagnostics.conclusion(f"{counted(drafts.discard_all(), 'unfinished form')} deleted.")
        return
    walking = not values and source is None and not template and not dry_run
    if walking:
        require_person()
    with open_session(console, offline=offline or template, reading=template or dry_run) as session:
        if template:
            print_template(session, given.screen)
        elif dry_run:
            show_plan(session, given.screen, everything=everything)
        elif walking:
            walk(session, given, everything=everything)
        elif source is not None:
            from_file(session, source, given)
        else:
            by_flags(session, values, given)


@command.command("list", short_help="List attestations in force: who looked when.")
@click.option("--all", "everything", is_flag=True, help="Include superseded and revoked attestations.")
@format_option()
@session_options
@pass_console
def list_attestations(console: Console, *, everything: bool) -> None:
    """List attestations in force: who looked when, who confirmed, what anchors them, and when to look again."""
    from contribaudit.attestations.due import due_at
    from contribaudit.attestations.status import statuses_of
    from contribaudit.cli.attest.session import open_session

    with open_session(console, reading=True) as session:
        state, recorded, now = session.remembered(), session.attestations(), session.now()
        policy = session.job.policy
        standing = statuses_of(recorded, now)
        shown = [one for one in recorded if everything or standing[one.id] == "in force"]
        spoken = console.output_format == "table"
        rows = [_row(one, standing[one.id], state, policy, spoken=spoken) for one in shown]
        in_force = [one for one in shown if standing[one.id] == "in force"]
        overdue = sum(1 for one in in_force if due_at(one, one.screen, policy) <= now)
    console.table(COLUMNS, rows, flexible="subject", only=TABLE)
    if not recorded:
        console.diagnostics.conclusion("No attestations yet. Run `contribaudit attest` to walk through what is due.")
    else:
        message = f"{counted(len(recorded), 'attestation')}, {len(in_force)} in force, {overdue} of them due."
        console.diagnostics.conclusion(message)


@command.command("show", short_help="Show one attestation in full and check its screenshots.")
@click.argument("identity", metavar="ID")
@format_option("text", "json")
@session_options
@pass_console
def show_attestation(console: Console, *, identity: str) -> None:
    """Show one attestation in full and check its screenshots; exits with 5 if one is damaged."""
    from contribaudit.attestations.status import statuses_of
    from contribaudit.cli.attest.session import open_session
    from contribaudit.exporters.tabular import cell_text, json_object
    from contribaudit.exporters.text import rfc3339

    with open_session(console, reading=True) as session:
        entry = session.find(identity)
        for shot in entry.attachments:
            session.job.store.attachment(shot.sha256)
        standing = statuses_of(session.attestations(), session.now())[entry.id]
        row = _row(entry, standing, session.remembered(), session.job.policy)
        why = session.job.store.revocation_note(entry.id)
    signed = [(signature.by, signature.at, signature.account, signature.host) for signature in entry.confirmed]
    if console.output_format == "json":
        document = json_object(COLUMNS, row)
        document["confirmations"] = [
            {"by": by, "at": rfc3339(at), "account": account, "host": host} for by, at, account, host in signed
        ]
        document["attachments"] = [
            {"name": shot.name, "sha256": shot.sha256, "size_bytes": shot.size_bytes} for shot in entry.attachments
        ]
        document["revocation_note"] = why
        console.write(json.dumps(document, indent=2) + "\n")
        return
    lines = [f"{column.replace('_', ' '):20}{cell_text(value)}" for column, value in zip(COLUMNS, row, strict=True)]
    lines += [f"{'confirmed':20}{cell_text(by)} at {cell_text(at)}" for by, at, _, _ in signed]
    lines += [f"{'revocation note':20}{cell_text(why)}"] if why else []
    lines += [f"{'screenshot':20}{cell_text(shot.name)}, SHA-256 {shot.sha256}, intact" for shot in entry.attachments]
    console.write("\n".join(line.rstrip() for line in lines) + "\n")


def _row(
    attestation: Attestation, standing: str, state: State, policy: AuditPolicy, *, spoken: bool = False
) -> tuple[Cell, ...]:
    """The cells of COLUMNS, with subject and setting as people call them if `spoken`."""
    from contribaudit import catalogue
    from contribaudit.attestations.anchoring import described
    from contribaudit.attestations.due import due_at
    from contribaudit.core.resolve.aliases import alias_of, called

    recorded, revoked = attestation.recorded, attestation.revoked
    return row_of(
        COLUMNS,
        attestation,
        state=standing,
        subject=called(state, attestation.subject) if spoken else alias_of(state, attestation.subject),
        setting=catalogue.find(attestation.setting).title if spoken else attestation.setting,
        confirmed_by=", ".join(signature.by for signature in attestation.confirmed),
        anchored=bool(attestation.anchors),
        due_on=due_at(attestation, attestation.screen, policy).date() if standing == "in force" else None,
        organization_id=attestation.subject.organization,
        subject_kind=attestation.subject.kind.value,
        subject_id=attestation.subject.id,
        recorded_by=recorded.by,
        recorded_at=recorded.at,
        account=recorded.account,
        host=recorded.host,
        attachments=tuple(shot.sha256 for shot in attestation.attachments),
        anchors=described(attestation.anchors),
        revoked_by=revoked.by if revoked else None,
        revoked_at=revoked.at if revoked else None,
    )


_identity = click.argument("identity", metavar="ID")


@command.command("confirm", short_help="Confirm as a second person that the console shows this.")
@_identity
@by_option
@session_options
@pass_console
def confirm(console: Console, *, identity: str, by: str | None) -> None:
    """Confirm as a second person that the console shows this; not for whoever looked or recorded it."""
    from contribaudit.cli.attest.session import open_session

    with open_session(console) as session:
        entry = session.find(identity)
        signature = session.confirm(entry.id, by or session.settings.attested_by or "")
    console.diagnostics.conclusion(f"{signature.by} confirmed {entry.id}: {entry.setting} as attested by {entry.by}.")


@command.command("revoke")
@_identity
@by_option
@click.option("--note", metavar="TEXT", default="", help="Why.")
@session_options
@pass_console
def revoke(console: Console, *, identity: str, by: str | None, note: str) -> None:
    """Revoke an attestation. It stays in the history; the one before it does not come back."""
    from contribaudit.cli.attest.session import open_session

    with open_session(console) as session:
        entry = session.find(identity)
        signature = session.revoke(entry.id, by or session.settings.attested_by or "", note)
    console.diagnostics.conclusion(f"{signature.by} revoked {entry.id}. Attest {entry.setting} again.")


@command.command("forget", short_help="Erase a person's email address from the history.")
@click.argument("person", metavar="MAIL")
@yes_option
@store_option
@pass_console
def forget(console: Console, *, person: str, yes: bool) -> None:
    """Erase a person's email address from the history, and keep what the person did.

    A pseudonym takes its place wherever somebody looked, recorded, confirmed, revoked, annotated, approved or acted in
    the audit log. Attestations still count, and the second person stays a different person. Not searched: notes,
    reasons, screenshots, policy files, attestation files and evidence that was exported. One history holds several
    organizations, so the name is erased from all of them.
    """
    from contribaudit.attestations.recording import mail

    address = mail(person, "the person to forget")
    with console.open_history() as store:
        agreed(f"Replace {address} with {pseudonym(address)} permanently?", yes=yes)
        signature = console.signature()
        touched = store.forget_person(address, signature.at, signature)
    if not touched:
        raise UsageError(
            "This person is not in the history", hint="`contribaudit attest list --all` shows who is in it"
        )
    console.diagnostics.conclusion(f"{pseudonym(address)} now stands in {counted(touched, 'place')} of the history.")
