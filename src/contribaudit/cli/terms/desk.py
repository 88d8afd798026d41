"""What the commands of `terms` look at: the watched documents, and what the history keeps of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

import click

from contribaudit.cli.console import Console
from contribaudit.core.model.attestation import Signature
from contribaudit.core.model.several import counted
from contribaudit.core.model.times import parse_end
from contribaudit.errors import UsageError

if TYPE_CHECKING:
    from contribaudit.core.model.provisions import Archive, Look, TermsRules, Watched
    from contribaudit.store.history import History

TABULAR = ("table", "json", "csv")
by_option = click.option("--by", metavar="MAIL", help="Your email address; default: attested_by in the configuration.")


@dataclass(frozen=True)
class Desk:
    """What the commands look at."""

    store: History
    rules: TermsRules
    documents: tuple[Watched, ...]
    archive: Archive

    def find(self, name: str) -> Watched | None:
        """The watched document of that name, however it is spaced; None where there is none."""
        wanted = _bare(name)
        return next((one for one in self.documents if _bare(one.name) == wanted), None)

    def document(self, name: str) -> Watched:
        """The watched document of that name. Raises UsageError."""
        found = self.find(name)
        if found is None:
            names = [one.name for one in self.documents]
            near = get_close_matches(name.casefold(), names, n=3, cutoff=0.5) or names
            raise UsageError(f"No document called {name[:60]!r} is watched", hint=f"Known: {', '.join(near)}")
        return found


def _bare(name: str) -> str:
    """A name without case, blanks and dashes: "Sub processors" is "sub-processors"."""
    return "".join(character for character in name.casefold() if character.isalnum())


@contextmanager
def desk_of(console: Console, *, keeps: bool = False) -> Iterator[Desk]:
    rules = console.rulebook().terms
    opened = console.open_history(reading=not keeps)
    with opened as store:
        yield Desk(store, rules, rules.watched(store.added_documents()), store.documents())


def signed_by(console: Console, by: str | None) -> Signature:
    return console.signature(by or console.settings().attested_by or "")


def never_archived(name: str) -> UsageError:
    hint = f"Run contribaudit terms check --fetch {name}, or terms add {name} FILE"
    return UsageError(f"{name} was never archived", hint=hint)


def two_editions(desk: Desk, name: str, before: str | None, after: str | None) -> tuple[Look, Look]:
    editions = desk.archive.editions(name)
    if not editions:
        raise never_archived(name)
    if before is None and len(editions) == 1:
        raise UsageError(f"There is only one edition of {name}", hint="There is nothing to compare it with yet")
    old = chosen(desk.archive, name, before) if before is not None else editions[-2]
    new = chosen(desk.archive, name, after) if after is not None else editions[-1]
    return old, new


def chosen(archive: Archive, name: str, text: str) -> Look:
    """An edition by number, day or digest. Raises UsageError."""
    editions = archive.editions(name)
    if not editions:
        raise never_archived(name)
    if text.isdecimal() and len(text) < len("20260101"):
        if 1 <= int(text) <= len(editions):
            return editions[int(text) - 1]
        raise UsageError(f"{name} has {counted(len(editions), 'edition')}", hint="1 is the oldest")
    day = parse_end(text)
    if day is not None:
        found = archive.in_force(name, day)
        if found is None:
            raise UsageError(
                f"No edition of {name} is known from {text} or before",
                hint=f"The first: {editions[0].begins:%Y-%m-%d}",
            )
        return found
    matching = [one for one in editions if len(text) >= 6 and one.text_sha256.startswith(text.casefold())]
    matching += [one for one in editions if len(text) >= 6 and one.sha256.startswith(text.casefold())]
    if len({one.id for one in matching}) == 1:
        return matching[0]
    raise UsageError(
        f"{text[:40]!r} does not name exactly one edition of {name}",
        hint="Write its number, a day as 2026-11-21, or its digest",
    )
