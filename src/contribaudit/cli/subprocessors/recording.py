"""`contribaudit subprocessors import|review`: imports a list, and records that a person reviewed its changes."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from contribaudit.cli.console import Console, pass_console
from contribaudit.cli.options import agreed, by_option, store_option, yes_option
from contribaudit.core.model.attestation import Signature
from contribaudit.core.model.several import counted
from contribaudit.errors import UsageError
from contribaudit.exporters.text import safe_text

if TYPE_CHECKING:
    from contribaudit.core.model.subprocessors import SubprocessorList
    from contribaudit.store.history import History


@click.command("import")
@click.argument("source", metavar="FILE|-|URL")
@by_option
@click.option(
    "--anyway",
    is_flag=True,
    help="Also import a list that is older than the newest, or a different list of the same date.",
)
@store_option
@pass_console
def take_in_list(console: Console, *, source: str, by: str | None, anyway: bool) -> None:
    """Import Atlassian's page of sub-processors: saved as HTML, as text or paste, as CSV, or from its address.

    The list is imported completely or not at all; an error names the row and the column. The page itself is kept by its
    digest. Import the same page again when it has not changed, so that the list stays current.
    """
    from contribaudit.core.resolve.subprocessors import understood
    from contribaudit.vendors.fetching import is_address
    from contribaudit.vendors.subprocessors import take_in

    rulebook = console.rulebook()
    signature = _signature(console, by)
    page = None if is_address(source) else _read(source)
    with console.open_history() as store:
        before = store.subprocessors()
        if page is None:
            coming, body = _fetched(console, store, source, signature, anyway=anyway)
        else:
            body, called = page
            coming = take_in(body, called, rulebook.subprocessors, before, signature, anyway=anyway)
        store.add_subprocessors(coming, body)
        after = store.subprocessors()
    rows = understood(coming, rulebook.subprocessors)
    for one in rows:
        for what in one.needs_review:
            console.diagnostics.warning(f"{safe_text(one.name)} needs review: {safe_text(what)}")
    parties = counted(len(coming.third_parties), "third party")
    companies = counted(len(coming.group_companies), "group company")
    newest = after.newest
    again = any(one.rows == coming.rows and one.effective == coming.effective for one in before.imports)
    told = (
        f"Imported the list in force since {coming.effective}: {parties} and {companies}, SHA-256 {coming.sha256[:12]}"
    )
    if again:
        told += "; it has not changed since it was last imported"
    elif newest is not None and newest.effective > coming.effective:
        told += f"; the list of {newest.effective} stays the newest"
    else:
        told += "; run `contribaudit subprocessors diff`, then `contribaudit subprocessors review`"
    console.diagnostics.conclusion(f"{told}.")


def _read(source: str) -> tuple[bytes, str]:
    """The bytes of a page from a file or standard input, and what to call where they came from."""
    from contribaudit.files import Unreadable, read_bytes
    from contribaudit.vendors.fetching import MOST_BYTES

    if source == "-":
        if sys.stdin is None or sys.stdin.isatty():
            raise UsageError("There is nothing on standard input", hint="Pipe the page into the command")
        return sys.stdin.buffer.read(MOST_BYTES + 1), "standard input"
    try:
        return read_bytes(Path(source).expanduser(), most=MOST_BYTES + 1), Path(source).name
    except Unreadable as error:
        raise UsageError(f"The page {source} cannot be read: {error.reason}", hint=error.hint) from None


def _fetched(
    console: Console, store: History, address: str, signature: Signature, *, anyway: bool
) -> tuple[SubprocessorList, bytes]:
    """The list of an address and its page, which is sent only where it is another than the last one from there."""
    from contribaudit.settings.credentials import trust
    from contribaudit.vendors.fetching import NOTHING_KNOWN, NotModified, Validators, fetch
    from contribaudit.vendors.subprocessors import last_from, take_in, unchanged

    before = store.subprocessors()
    last = last_from(address, before)
    known = Validators(last.etag, last.last_modified) if last is not None else NOTHING_KNOWN
    page = fetch(address, known, trust=trust(console.settings()))
    if isinstance(page, NotModified):
        assert last is not None, "a server that was told nothing has nothing to compare with"
        return unchanged(last, before, signature, anyway=anyway), store.page(last.sha256)
    coming = take_in(
        page.body,
        page.answered_by,
        console.rulebook().subprocessors,
        before,
        signature,
        content_type=page.content_type,
        anyway=anyway,
    )
    if page.answered_by != address:  # what a redirect says of itself is not what it leads to
        return coming, page.body
    told = page.validators
    return replace(coming, etag=told.etag, last_modified=told.last_modified), page.body


def _signature(console: Console, by: str | None) -> Signature:
    from contribaudit.attestations.recording import mail

    person = mail(by or console.settings().attested_by, "whoever does it")
    return console.signature(person)


@click.command("review")
@click.option("--list", "of", metavar="DATE", help="The list in force since DATE; default: the newest import.")
@click.option("--row", "rows", metavar="NAME", multiple=True, help="Only this row, which needs review. Repeatable.")
@by_option
@click.option("--note", default="", metavar="TEXT", help="What you found, or the ticket.")
@yes_option
@store_option
@pass_console
def review(console: Console, *, of: str | None, rows: tuple[str, ...], by: str | None, note: str, yes: bool) -> None:
    """Record that you looked at what a list changed, and at its rows that were not understood.

    Without --row, everything that the list changed and all of its rows are reviewed.
    """
    from contribaudit.cli.subprocessors.looking import named_list
    from contribaudit.core.model.subprocessors import Review
    from contribaudit.core.resolve.subprocessors import understood

    rulebook = console.rulebook()
    signature = _signature(console, by)
    with console.open_history() as store:
        history = store.subprocessors()
        listed = named_list(history, rulebook.subprocessors.baseline, of) if of else history.newest
        if listed is None or listed.shipped:
            raise UsageError("No list was imported yet", hint="Run contribaudit subprocessors import FILE")
        needing = [one.name for one in understood(listed, rulebook.subprocessors) if one.needs_review]
        known = {row.name.casefold(): row.name for row in listed.rows}
        for name in rows:
            if name.casefold() not in known:
                raise UsageError(
                    f"{listed.called} has no row {safe_text(name)!r}", hint="contribaudit subprocessors list shows them"
                )
        chosen = [known[name.casefold()] for name in rows] or ["", *needing]
        what = counted(len(rows), "row") if rows else f"all changes and {counted(len(needing), 'row')} that need review"
        agreed(f"Record that {signature.by} reviewed {what} of {listed.called}?", yes=yes)
        for name in chosen:
            store.review_subprocessors(Review(listed.effective, name, signature, note))
    console.diagnostics.conclusion(f"Reviewed {what} of {listed.called}.")
