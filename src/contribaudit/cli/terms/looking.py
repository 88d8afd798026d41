"""`terms list`, `diff`, `timeline` and `show`: display the archived documents and their changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import click

from contribaudit.cli.console import Console, pass_console
from contribaudit.cli.options import format_option, store_option
from contribaudit.core.model.canonical import letters
from contribaudit.core.model.phrases import counted
from contribaudit.core.model.provisions import Archive, Look, TermsRules, Watched
from contribaudit.core.model.times import parse_end
from contribaudit.core.resolve.editions import compare_looks
from contribaudit.core.resolve.provisions import standings
from contribaudit.errors import UsageError
from contribaudit.exporters.text import Cell, rfc3339, safe_text

if TYPE_CHECKING:
    from contribaudit.store.history import History


@dataclass(frozen=True, slots=True)
class Terms:
    """The watched documents, and their archive in the history."""

    store: History
    rules: TermsRules
    documents: tuple[Watched, ...]
    archive: Archive

    def find(self, name: str) -> Watched | None:
        """The watched document with that name, in any spelling of blanks and dashes; None when there is none."""
        return next((one for one in self.documents if letters(one.name) == letters(name)), None)

    def document(self, name: str) -> Watched:
        """The watched document with that name. Raises UsageError when there is none."""
        watched = self.find(name)
        if watched is None:
            names = [one.name for one in self.documents]
            near = get_close_matches(name.casefold(), names, n=3, cutoff=0.5) or names
            raise UsageError(f"No document called {name[:60]!r} is watched", hint=f"Known: {', '.join(near)}")
        return watched


@contextmanager
def open_terms(console: Console, *, keeps: bool = False) -> Iterator[Terms]:
    """Open the history and yield the documents; only `keeps` allows writing."""
    rules = console.rulebook().terms
    with console.open_history(reading=not keeps) as store:
        yield Terms(store, rules, rules.watched(store.added_documents()), store.documents())


def write(
    console: Console, rules: TermsRules, columns: Sequence[str], rows: Iterable[tuple[Cell, ...]], **more: Any
) -> None:
    """Write the rows in the chosen format, as `exporters.terms.written` formats them."""
    from contribaudit.exporters.terms import written

    text = written(console.output_format, rules, columns, rows, terminal=console.on_terminal, **more)
    console.write(text)


def _never_archived(name: str) -> UsageError:
    hint = f"Run `contribaudit terms check --fetch {name}`, or `contribaudit terms add {name} FILE`"
    return UsageError(f"{name} was never archived", hint=hint)


def two_editions(terms: Terms, name: str, before: str | None, after: str | None) -> tuple[Look, Look]:
    """The editions that `before` and `after` name; by default the last two. Raises UsageError."""
    editions = terms.archive.editions(name)
    if not editions:
        raise _never_archived(name)
    if before is None and len(editions) == 1:
        raise UsageError(f"There is only one edition of {name}", hint="There is nothing to compare it with yet")
    old = _edition_named(terms.archive, name, before) if before is not None else editions[-2]
    new = _edition_named(terms.archive, name, after) if after is not None else editions[-1]
    return old, new


def _edition_named(archive: Archive, name: str, text: str) -> Look:
    """An edition by number, day or digest. Raises UsageError."""
    editions = archive.editions(name)
    if not editions:
        raise _never_archived(name)
    if text.isdecimal() and len(text) < len("20260101"):
        if 1 <= int(text) <= len(editions):
            return editions[int(text) - 1]
        raise UsageError(f"{name} has {counted(len(editions), 'edition')}", hint="1 is the oldest")
    day = parse_end(text)
    if day is not None:
        edition = archive.in_force(name, day)
        if edition is None:
            raise UsageError(
                f"No edition of {name} is known from {text} or before",
                hint=f"The first: {editions[0].begins:%Y-%m-%d}",
            )
        return edition
    matching = [one for one in editions if len(text) >= 6 and one.text_sha256.startswith(text.casefold())]
    matching += [one for one in editions if len(text) >= 6 and one.sha256.startswith(text.casefold())]
    if len({one.id for one in matching}) == 1:
        return matching[0]
    raise UsageError(
        f"{text[:40]!r} does not name exactly one edition of {name}",
        hint="Write its number, a day as 2026-11-21, or its digest",
    )


@click.command("list")
@format_option()
@store_option
@pass_console
def list_command(console: Console) -> None:
    """List the watched documents and the state of each."""
    from contribaudit.exporters.terms import DOCUMENTS, document_rows

    with open_terms(console) as terms:
        rows = list(document_rows(terms.documents, terms.archive, standings(terms.rules, terms.archive)))
    shown = ("document", "title", "status", "retrieved_at", "stated_on", "under_review")
    write(console, terms.rules, DOCUMENTS, rows, name="documents", only=shown, flexible="title")


@click.command("diff", short_help="Compare two editions of a document, provision by provision.")
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
    from contribaudit.exporters.terms import CHANGES, change_lines, change_rows, described, statement, summed

    with open_terms(console) as terms:
        document = terms.document(name)
        old, new = two_editions(terms, document.name, before, after)
        comparison = compare_looks(terms.rules, terms.archive, old, new)
        findings = _findings_resting(terms.store)
    notes = [one for one in terms.archive.notes if one.document == document.name]
    if console.output_format == "table":
        text = change_lines(terms.rules, comparison, old, new, findings=findings, notes=notes)
        lines = "\n".join(safe_text(line) for line in text)
        console.write(f"{lines}\n{statement(terms.rules)}")
    else:
        rows = change_rows(terms.rules, comparison.changes, old, new, findings=findings, notes=notes)
        head = {
            "document": document.name,
            "title": document.title,
            "from": _edition(old),
            "to": _edition(new),
            "same": comparison.same,
            "moved": comparison.moved,
        }
        write(console, terms.rules, CHANGES, rows, name="changes", head=head)
    console.diagnostics.conclusion(f"{summed(comparison)} changed from {described(old)} to {described(new)}.")


def _edition(look: Look) -> dict[str, object]:
    return {
        "look": look.id,
        "retrieved_at": rfc3339(look.retrieved_at),
        "stated_on": look.stated_on.isoformat() if look.stated_on else None,
        "sha256": look.sha256,
        "text_sha256": look.text_sha256,
        "source": look.source,
    }


def _findings_resting(store: History) -> dict[str, list[str]]:
    """By check, the current outcome and ID of each finding."""
    by_check: dict[str, list[str]] = {}
    newest = store.runs(limit=1)
    for organization in ("", *(newest[0].organizations if newest else ())):
        for span in store.outcome_history(organization):
            if span.ended is None:
                by_check.setdefault(span.check, []).append(f"{span.outcome} {span.finding}")
    return by_check


@click.command("timeline", short_help="Show when each document was archived or changed.")
@click.argument("name", required=False)
@click.option("--all", "every", is_flag=True, help="Also show looks that found nothing new.")
@format_option()
@store_option
@pass_console
def timeline_command(console: Console, *, name: str | None, every: bool) -> None:
    """Show when each document was archived, changed or could not be read, oldest first, and the notes on it."""
    from contribaudit.exporters.terms import LOOKS, look_rows, note_text

    with open_terms(console) as terms:
        chosen = (terms.document(name),) if name is not None else terms.documents
        names = {one.name for one in chosen}
        rows = [
            row
            for row in look_rows(terms.rules, terms.documents, terms.archive, editions_only=not every)
            if row[0] in names
        ]
    notes = [one for one in terms.archive.notes if one.document in names]
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
    text = safe_text(below, keep_lines=True)
    write(console, terms.rules, LOOKS, rows, name="timeline", head=head, only=only, flexible="changes", below=text)


@click.command("show", short_help="Show the text of a document, provision by provision.")
@click.argument("name")
@click.option("--as-of", "as_of", metavar="DATE", help="The edition that was current at the end of this day.")
@click.option("--raw", is_flag=True, help="Print the page byte for byte, as it was received.")
@format_option()
@store_option
@pass_console
def show_command(console: Console, *, name: str, as_of: str | None, raw: bool) -> None:
    """Show the text of a document, provision by provision: the current text, or that of a day."""
    from contribaudit.exporters.terms import PROVISIONS, described, provision_rows, statement
    from contribaudit.vendors.pages import lines

    with open_terms(console) as terms:
        document = terms.document(name)
        look = (
            terms.archive.current(document.name) if as_of is None else _chosen_day(terms.archive, document.name, as_of)
        )
        if look is None:
            raise _never_archived(document.name)
        if raw:
            if console.on_terminal:  # a terminal would obey control characters in the page
                raise UsageError("The raw page is not written to a terminal", hint="Redirect it: > page.html")
            console.write(terms.store.page(look.sha256))
            return
        provisions = terms.archive.read(look.id)
        rows = list(
            provision_rows(terms.rules, look, provisions, standings(terms.rules, terms.archive), terms.archive.notes)
        )
    if console.output_format == "table":
        text = "\n".join(safe_text(line) for line in lines(provisions))
        head = f"{document.title} ({document.name}), {described(look)}, from {safe_text(look.source)}"
        console.write(f"{head}\n\n{text}\n{statement(terms.rules)}")
        return
    head_of = {"document": document.name, "title": document.title, "edition": _edition(look)}
    write(console, terms.rules, PROVISIONS, rows, name="provisions", head=head_of)


def _chosen_day(archive: Archive, name: str, text: str) -> Look:
    if parse_end(text) is None:
        raise UsageError(f"{text[:40]!r} is not a date", hint="Write 2026-11-21, or a time as 2026-11-21T06:00Z")
    return _edition_named(archive, name, text)
