"""`attest forget`: a person's name, taken out of the history."""

from __future__ import annotations

import click

from contribaudit.cli.options import Console, pass_console, store_option


@click.command("forget")
@click.argument("person", metavar="MAIL")
@click.option("--yes", is_flag=True, help="Do not ask.")
@store_option
@pass_console
def forget(console: Console, *, person: str, yes: bool, store_location: str | None) -> None:
    """Erase a person's mail address from the history, and keep what the person did.

    A pseudonym takes its place wherever somebody looked, recorded, confirmed, revoked, annotated, approved or acted in
    the audit log. Attestations go on to count, and the second person is still another one. Not searched: notes,
    reasons, screenshots, policy files, attestation files and evidence that was exported. The history is one for all
    organizations in it, so the name goes from all of them.
    """
    from datetime import UTC, datetime

    from contribaudit import wiring
    from contribaudit.cli.ask import agreed
    from contribaudit.core.persons import pseudonym
    from contribaudit.errors import UsageError
    from contribaudit.exporters.words import counted
    from contribaudit.testimony.mail import mail

    known = mail(person, "whoever is to be forgotten")
    with wiring.open_store(console.settings(), store_location) as store:
        agreed(f"Replace {known} by {pseudonym(known)} for good?", yes=yes)
        now = datetime.now(UTC)
        touched = store.forget_person(known, now, wiring.operator().signature(now))
    if not touched:
        raise UsageError("The history does not know this person", hint="contribaudit attest list --all names all")
    console.diagnostics.conclusion(f"{pseudonym(known)} now stands in {counted(touched, 'place')} of the history.")
