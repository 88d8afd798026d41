"""`terms list`, `diff`, `timeline` and `show`: what is archived, and what changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from contribaudit.cli.console import Console, pass_console
from contribaudit.cli.options import format_option, store_option
from contribaudit.cli.terms.desk import chosen, desk_of, never_archived, two_editions
from contribaudit.core.model.times import parse_end
from contribaudit.errors import UsageError
from contribaudit.exporters.text import rfc3339, safe_text

if TYPE_CHECKING:
    from contribaudit.core.model.provisions import Archive, Look
    from contribaudit.store.history import History


@click.command("list")
@format_option()
@store_option
@pass_console
def list_command(console: Console) -> None:
    """List the watched documents and the state of each."""
    from contribaudit.core.resolve.provisions import standings
    from contribaudit.exporters.terms import DOCUMENTS, document_rows, written

    with desk_of(console) as desk:
        rows = list(document_rows(desk.documents, desk.archive, standings(desk.rules, desk.archive)))
    shown = ("document", "title", "status", "retrieved_at", "stated_on", "under_review")
    console.write(
        written(
            console.output_format,
            desk.rules,
            DOCUMENTS,
            rows,
            name="documents",
            only=shown,
            flexible="title",
            terminal=console.on_terminal,
        )
    )


@click.command("diff")
@click.argument("name")
@click.argument("before", required=False, metavar="[A")
@click.argument("after", required=False, metavar="B]")
@format_option()
@store_option
@pass_console
def diff_command(console: Console, *, name: str, before: str | None, after: str | None) -> None:
    """Compare two editions of a document, provision by provision; by default the last two.

    A and B are an edition's number (1 is the oldest), a day, or the beginning of a digest. A provision that only moved
    has not changed. The exit code is always 0.
    """
    from contribaudit.core.resolve.editions import compare
    from contribaudit.exporters.terms import CHANGES, change_lines, change_rows, described, statement, summed, written

    with desk_of(console) as desk:
        document = desk.document(name)
        old, new = two_editions(desk, document.name, before, after)
        found = compare(desk.rules, document.name, desk.archive.read(old.id), desk.archive.read(new.id))
        findings = findings_resting(desk.store)
    notes = [one for one in desk.archive.notes if one.document == document.name]
    if console.output_format == "table":
        text = change_lines(desk.rules, found, old, new, findings=findings, notes=notes)
        lines = "\n".join(safe_text(line) for line in text)
        console.write(f"{lines}\n{statement(desk.rules)}")
    else:
        rows = change_rows(desk.rules, found.changes, old, new, findings=findings, notes=notes)
        head = {
            "document": document.name,
            "title": document.title,
            "from": _edition(old),
            "to": _edition(new),
            "same": found.same,
            "moved": found.moved,
        }
        console.write(written(console.output_format, desk.rules, CHANGES, rows, name="changes", head=head))
    console.diagnostics.conclusion(f"{summed(found)} changed from {described(old)} to {described(new)}.")


def _edition(look: Look) -> dict[str, object]:
    return {
        "look": look.id,
        "retrieved_at": rfc3339(look.retrieved_at),
        "stated_on": look.stated_on.isoformat() if look.stated_on else None,
        "sha256": look.sha256,
        "text_sha256": look.text_sha256,
        "source": look.source,
    }


def findings_resting(store: History) -> dict[str, list[str]]:
    """What each check found last, by check: the outcome and the finding's ID."""
    found: dict[str, list[str]] = {}
    newest = store.runs(limit=1)
    for organization in ("", *(newest[0].organizations if newest else ())):
        for span in store.outcome_history(organization):
            if span.ended is None:
                found.setdefault(span.check, []).append(f"{span.outcome} {span.finding}")
    return found


@click.command("timeline")
@click.argument("name", required=False)
@click.option("--all", "every", is_flag=True, help="Also show looks that found nothing new.")
@format_option()
@store_option
@pass_console
def timeline_command(console: Console, *, name: str | None, every: bool) -> None:
    """Show when each document was archived, changed or could not be read, oldest first, and the notes on it."""
    from contribaudit.exporters.terms import LOOKS, look_rows, note_text, written

    with desk_of(console) as desk:
        chosen = (desk.document(name),) if name is not None else desk.documents
        names = {one.name for one in chosen}
        rows = [
            row
            for row in look_rows(desk.rules, desk.documents, desk.archive, editions_only=not every)
            if row[0] in names
        ]
    notes = [one for one in desk.archive.notes if one.document in names]
    below = "".join(f"note on {one.anchor or one.document}: {note_text(one)}\n" for one in notes)
    head = {
        "notes": [
            {
                "document": one.document,
                "anchor": one.anchor or None,
                "provision": one.provision or None,
                "text": one.text,
                "holds": one.holds,
                "author": one.signed.by,
                "written_at": rfc3339(one.signed.at),
            }
            for one in notes
        ]
    }
    only = ("retrieved_at", "document", "outcome", "code", "stated_on", "changes")
    console.write(
        written(
            console.output_format,
            desk.rules,
            LOOKS,
            rows,
            name="timeline",
            head=head,
            only=only,
            flexible="changes",
            terminal=console.on_terminal,
            below=safe_text(below, keep_lines=True),
        )
    )


@click.command("show")
@click.argument("name")
@click.option("--as-of", "as_of", metavar="DATE", help="The edition that was current at the end of this day.")
@click.option("--raw", is_flag=True, help="Print the page byte for byte, as it was received.")
@format_option()
@store_option
@pass_console
def show_command(console: Console, *, name: str, as_of: str | None, raw: bool) -> None:
    """Show the text of a document, provision by provision: the current text, or that of a day."""
    from contribaudit.core.resolve.provisions import standings
    from contribaudit.exporters.terms import PROVISIONS, described, provision_rows, statement, written
    from contribaudit.vendors.pages import lines

    with desk_of(console) as desk:
        document = desk.document(name)
        look = desk.archive.current(document.name) if as_of is None else _chosen_day(desk.archive, document.name, as_of)
        if look is None:
            raise never_archived(document.name)
        if raw:
            if console.on_terminal:  # which would obey what stands in it
                raise UsageError("The raw page is not written to a terminal", hint="Redirect it: > page.html")
            console.write(desk.store.page(look.sha256))
            return
        provisions = desk.archive.read(look.id)
        rows = list(
            provision_rows(desk.rules, look, provisions, standings(desk.rules, desk.archive), desk.archive.notes)
        )
    if console.output_format == "table":
        text = "\n".join(safe_text(line) for line in lines(provisions))
        head = f"{document.title} ({document.name}), {described(look)}, from {safe_text(look.source)}"
        console.write(f"{head}\n\n{text}\n{statement(desk.rules)}")
        return
    told = {"document": document.name, "title": document.title, "edition": _edition(look)}
    console.write(written(console.output_format, desk.rules, PROVISIONS, rows, name="provisions", head=told))


def _chosen_day(archive: Archive, name: str, text: str) -> Look:
    if parse_end(text) is None:
        raise UsageError(f"{text[:40]!r} is not a date", hint="Write 2026-11-21, or a time as 2026-11-21T06:00Z")
    return chosen(archive, name, text)
