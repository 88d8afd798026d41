"""`terms add`, `check` and `note`: take documents in, check facts against them, and record notes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from difflib import get_close_matches

import click

from contribaudit import exit_codes
from contribaudit.cli.arguments import moment, read_page
from contribaudit.cli.console import Console, pass_console
from contribaudit.cli.notify import notify_of_documents
from contribaudit.cli.options import by_option, format_option, store_option
from contribaudit.cli.terms.looking import Terms, open_terms, two_editions, write
from contribaudit.core.model.attestation import Signature
from contribaudit.core.model.phrases import counted, every
from contribaudit.core.model.provisions import Archive, Look, LookOutcome, Note, TermsRules, Watched
from contribaudit.core.resolve.editions import changes_of, compare_looks
from contribaudit.core.resolve.provisions import (
    AnchorStanding,
    Contradiction,
    Standing,
    contradictions,
    listing_of,
    standings,
)
from contribaudit.errors import UsageError
from contribaudit.exporters.text import safe_text


@click.command("add")
@click.argument("name")
@click.argument("source", metavar="URL|FILE|-")
@click.option("--title", metavar="TEXT", help="Title of a document that is not shipped.")
@click.option("--retrieved-at", "retrieved", metavar="TIME", help="When the copy was made; default: now.")
@click.option(
    "--accept",
    is_flag=True,
    help="Accept the copy as the document, although it does not look like it. Look at it first.",
)
@by_option
@store_option
@pass_console
def add_command(
    console: Console, *, name: str, source: str, title: str | None, retrieved: str | None, accept: bool, by: str | None
) -> None:
    """Import a copy of a document from a file, or watch another address.

    An address is only recorded; `terms check --fetch NAME` fetches it. NAME is a shipped document (see `terms list`)
    or a new one, which may have a --title. A copy that is not the document, or only part of it, is kept as not
    readable; the exit code is then 3.
    """
    from contribaudit.vendors import fetching
    from contribaudit.vendors.terms import take_in

    signature = _signature(console, by)
    moment = _retrieval_time(retrieved, signature.at)
    with open_terms(console, keeps=True) as terms:
        document = _document_named(terms, name, title)
        if fetching.is_address(source):
            address = str(fetching.checked_address(source))
            terms.store.add_document(Watched(document.name, document.title, address, shipped=False), signature)
            console.diagnostics.conclusion(
                f"{document.name} is watched at {address}; run `contribaudit terms check --fetch {document.name}`."
            )
            return
        body, called = read_page(source)
        if not document.shipped:
            terms.store.add_document(document, signature)
        copy = fetching.Page(body, "", called, moment)
        look = take_in(terms.store, terms.rules, document, copy, signature, accept=accept)
        outcome = _outcome_line(terms.rules, terms.store.documents(), look)
        notify_of_documents(console, terms.store, terms.rules, terms.documents)
    console.write(f"{safe_text(outcome)}\n")
    _end_if_unread(console, [look])


def _signature(console: Console, by: str | None) -> Signature:
    return console.signature(by or console.settings().attested_by or "")


def _document_named(terms: Terms, name: str, title: str | None) -> Watched:
    """The document to add to: a watched one, or a new one. Raises UsageError for a name nearly that of another."""
    folded = name.strip().casefold()
    watched = terms.find(name)
    if watched is not None:
        return watched
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+){0,12}", folded) or len(folded) > 60:
        raise UsageError(
            f"{name[:60]!r} is not a document name", hint="Use lowercase letters, digits and hyphens, as in house-rules"
        )
    near = get_close_matches(folded, [one.name for one in terms.documents], n=1, cutoff=0.75)
    if title is None and near:
        raise UsageError(
            f"No document called {folded!r} is watched", hint=f"Did you mean {near[0]}? For a new document, add --title"
        )
    return Watched(folded, title or folded, "", shipped=False)


def _retrieval_time(text: str | None, now: datetime) -> datetime:
    if text is None:
        return now
    retrieved = moment(text)
    if retrieved > now:
        raise UsageError("--retrieved-at is in the future", hint="Say when the copy was made")
    return retrieved


def _outcome_line(rules: TermsRules, archive: Archive, look: Look) -> str:
    """One line that states the outcome of a look."""
    from contribaudit.exporters.terms import summed

    match look.outcome:
        case LookOutcome.NOT_READABLE:
            current = archive.current(look.document)
            stays = f"; the text of {current.retrieved_at:%Y-%m-%d} stays" if current is not None else ""
            return f"{look.document}: not readable ({look.code}): {look.reason}{stays}"
        case LookOutcome.UNCHANGED:
            return f"{look.document}: unchanged"
        case LookOutcome.FIRST:
            text = f"{look.document}: archived for the first time"
        case LookOutcome.OLDER:
            return f"{look.document}: kept as an earlier edition: {look.reason}"
        case LookOutcome.CHANGED:
            text = f"{look.document}: changed: {summed(changes_of(rules, archive, look))}"
    doubtful = [
        anchored.anchor.id
        for anchored in standings(rules, archive)
        if anchored.anchor.document == look.document and anchored.standing.under_review
    ]
    return f"{text}; under review: {', '.join(doubtful)}" if doubtful else text


def _end_if_unread(console: Console, looks: Sequence[Look]) -> None:
    """End the command with exit code 3 where a document was not readable."""
    unread = [one.document for one in looks if one.outcome is LookOutcome.NOT_READABLE]
    if unread:
        console.end(
            f"Not readable: {', '.join(unread)}. Look at the page; import a saved copy with `contribaudit terms add`,"
            " with --accept if it is the document after all.",
            exit_codes.UNVERIFIED,
        )


@click.command("check", short_help="Check whether the pages still support the rulebook's facts.")
@click.argument("name", required=False)
@click.option(
    "--fetch", is_flag=True, help="Fetch the pages, one at a time; without this option, the network is not used."
)
@by_option
@format_option()
@store_option
@pass_console
def check_command(console: Console, *, name: str | None, fetch: bool, by: str | None) -> None:
    """Check whether the pages still support the rulebook's facts; with --fetch, fetch the pages first.

    The exit code is 3 while a document was never archived or is not readable, or a fact is under review.
    """
    from contribaudit.exporters.terms import status_of

    with open_terms(console, keeps=fetch) as terms:
        chosen = (terms.document(name),) if name is not None else terms.documents
        lines: list[str] = []
        if fetch:
            looks = _fetch_documents(console, terms, chosen, _signature(console, by))
            lines = [_outcome_line(terms.rules, terms.store.documents(), look) for look in looks]
            notify_of_documents(console, terms.store, terms.rules, terms.documents)
        archive = terms.store.documents()
        listed = listing_of(terms.store.subprocessors().newest)
    statuses = {one.name: status_of(archive, one.name) for one in chosen}
    if not fetch:
        lines = [f"{document}: {status}" for document, status in statuses.items()]
    facts = [one for one in standings(terms.rules, archive) if one.anchor.document in statuses]
    against = [one for one in contradictions(terms.rules, archive, listed) if one.document in statuses]
    _write_facts(console, terms.rules, lines, statuses, facts, against)
    _conclude(console, statuses, facts, fetched=fetch)


def _write_facts(
    console: Console,
    rules: TermsRules,
    lines: Sequence[str],
    statuses: Mapping[str, str],
    facts: Sequence[AnchorStanding],
    against: Sequence[Contradiction],
) -> None:
    """Write a line for each document, the facts with their standing, and contradictions to the documents."""
    from contribaudit.exporters.terms import ANCHORS, anchor_rows

    below = "".join(
        f"\n{contradiction.document} ({contradiction.older_on}) says: {contradiction.statement}\n"
        f"  \u201c{contradiction.quote[:300]}\u201d\n  but {contradiction.against}\n"
        for contradiction in against
    )
    head = {
        "documents": [{"document": document, "status": status} for document, status in statuses.items()],
        "contradictions": [
            {
                "document": contradiction.document,
                "dated": contradiction.older_on.isoformat(),
                "statement": contradiction.statement,
                "quote": contradiction.quote,
                "against": contradiction.against,
            }
            for contradiction in against
        ],
    }
    write(
        console,
        rules,
        ANCHORS,
        anchor_rows(facts),
        name="anchors",
        head=head,
        only=("anchor", "document", "standing", "since", "fact", "checks"),
        flexible="fact",
        above="".join(f"{safe_text(line)}\n" for line in lines) + "\n",
        below=safe_text(below, keep_lines=True),
    )


def _conclude(console: Console, statuses: Mapping[str, str], facts: Sequence[AnchorStanding], *, fetched: bool) -> None:
    """Say whether every document was read and every fact holds; exit code 3 if not."""
    from contribaudit.exporters.terms import NEVER_ARCHIVED

    unread = [status for status in statuses.values() if status != "read"]
    doubtful = [one for one in facts if one.standing.under_review]
    if not unread and not doubtful:
        holding = f"{every(len(facts), 'fact')} that {'rests' if len(facts) == 1 else 'rest'} on them"
        console.diagnostics.conclusion(f"The pages still say {holding}.")
        return
    missing = any(one.standing is Standing.NOT_ARCHIVED for one in facts)
    problems = [f"{counted(len(doubtful), 'fact')} under review"] if doubtful else []
    never = [status for status in unread if status == NEVER_ARCHIVED]
    problems += [f"{counted(len(never), 'document')} never archived"] if never else []
    problems += [f"{counted(len(unread) - len(never), 'document')} not readable"] if len(unread) > len(never) else []
    hint = " Run `contribaudit terms check --fetch`, or import copies." if missing and not fetched else ""
    hint += " Run `contribaudit terms diff NAME` to see what changed." if doubtful else ""
    console.end(f"{', '.join(problems)}.{hint}", exit_codes.UNVERIFIED)


def _fetch_documents(console: Console, terms: Terms, chosen: Sequence[Watched], signature: Signature) -> list[Look]:
    """Fetch the documents that have an address, one at a time. Raises UsageError when none has."""
    import asyncio

    from contribaudit.settings.credentials import trust
    from contribaudit.vendors.fetching import opened
    from contribaudit.vendors.terms import fetch

    with_address = [one for one in chosen if one.url]
    if not with_address:
        raise UsageError("It has no address to fetch", hint="Import a copy: contribaudit terms add NAME FILE")

    async def all_of_them() -> list[Look]:
        looks = []
        async with opened(trust=trust(console.settings())) as fetcher:
            for one in with_address:
                console.diagnostics.detail(f"fetching {one.url}")
                signed = replace(signature, at=datetime.now(UTC))
                looks.append(await fetch(terms.store, terms.rules, one, fetcher, signed))
        return looks

    return asyncio.run(all_of_them())


@click.command("note")
@click.argument("name")
@click.argument("text")
@click.option(
    "--anchor", "anchor_id", metavar="ID", help="The fact that the note is about; `terms check` lists the facts."
)
@click.option(
    "--change", "change_id", metavar="ID", help="The changed provision that the note is about; see `terms diff`."
)
@click.option("--holds", is_flag=True, help="The fact still holds under the present wording: end its review.")
@by_option
@store_option
@pass_console
def note_command(
    console: Console, *, name: str, text: str, anchor_id: str | None, change_id: str | None, holds: bool, by: str | None
) -> None:
    """Write an interpretive note on a document, a provision or a fact. It carries your name and the date.

    With --holds and --anchor you state that you read the present wording and that the fact still holds. What rests on
    it is then no longer under review, until the provision changes again.
    """
    from contribaudit.attestations.recording import mail

    author = mail(by or console.settings().attested_by, "the person who writes the note")
    signature = console.signature(author)
    if not text.strip():
        raise UsageError("The note is empty", hint="Write what the provision means to you")
    if holds and anchor_id is None:
        raise UsageError("--holds needs the fact that it is about", hint="Name it with --anchor ID; see terms check")
    with open_terms(console, keeps=True) as terms:
        document = terms.document(name)
        current = terms.archive.current(document.name)
        provision = _provision_of_fact(terms, document, anchor_id) if anchor_id is not None else ""
        if holds and current is None:
            raise UsageError(
                f"{document.name} was never archived: there is no wording to confirm the fact against",
                hint=f"Run `contribaudit terms check --fetch {document.name}` first",
            )
        provision = _provision_of_change(terms, document, change_id) if change_id is not None else provision
        digest = current.text_sha256 if current is not None else ""
        note = Note(0, document.name, anchor_id or "", provision, digest, holds, text.strip(), signature)
        terms.store.add_document_note(note)
    console.diagnostics.conclusion(f"Noted on {anchor_id or document.name} by {author}.")


def _provision_of_fact(terms: Terms, document: Watched, anchor: str) -> str:
    """The provision that a fact rests on. Raises UsageError when the fact is not anchored in the document."""
    facts = {
        one.anchor.id: one for one in standings(terms.rules, terms.archive) if one.anchor.document == document.name
    }
    if anchor not in facts:
        raise UsageError(f"{document.name} has no fact called {anchor!r}", hint=f"Known: {', '.join(facts) or 'none'}")
    return facts[anchor].after or facts[anchor].before


def _provision_of_change(terms: Terms, document: Watched, change: str) -> str:
    """The provision that a change is about. Raises UsageError when the last two editions do not have the change."""
    old, new = two_editions(terms, document.name, None, None)
    changes = compare_looks(terms.rules, terms.archive, old, new).changes
    changed = next((one for one in changes if one.id == change), None)
    if changed is None:
        raise UsageError(f"No change {change!r} was found between the last two editions", hint="See terms diff")
    about = changed.after or changed.before
    return about.text if about is not None else ""
