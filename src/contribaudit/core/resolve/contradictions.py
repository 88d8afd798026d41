"""Statements in watched documents that a newer document contradicts, and names on which documents disagree."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from contribaudit.core.model.provisions import (
    Archive,
    Compared,
    Look,
    Name,
    Overtaken,
    Provision,
    ProvisionKind,
    Provisions,
    TermsRules,
    folded,
    has_phrase,
    words_in,
)
from contribaudit.core.model.subprocessors import SubprocessorList


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A statement that another, newer one does not bear out."""

    document: str
    """Where it stands."""
    quote: str
    statement: str
    """What it says, as a clause."""
    against: str
    """What holds instead, and where that stands."""
    older_on: date
    """The day of the document that it stands in."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A list that is known otherwise than as a watched document, such as imported sub-processors."""

    name: str
    day: date
    rows: Provisions


def listing_of(listed: SubprocessorList | None) -> tuple[Listing, ...]:
    """The imported list of sub-processors, as rows; none where none was imported."""
    if listed is None or listed.shipped:
        return ()
    rows = tuple(
        Provision(ProvisionKind.ROW, (), " | ".join((one.name, one.products, one.purposes, one.locations)))
        for one in listed.third_parties
    )
    return (Listing("the imported list of sub-processors", listed.effective, rows),)


def contradictions(rules: TermsRules, archive: Archive, lists: Sequence[Listing] = ()) -> tuple[Contradiction, ...]:
    """Statements of current editions that were overtaken, then names that documents and lists do not agree on."""
    current = {name: look for name in archive.looks if (look := archive.current(name)) is not None}
    found = [
        Contradiction(name, provision.text, one.statement, one.replaced, day_of(look))
        for name, look in current.items()
        for provision, one in _overtaken(rules.overtaken, archive.read(look.id))
    ]
    for compared in rules.compared:
        found += _disagreements(compared, archive, current, lists)
    return tuple(found)


def overtaken_in(rules: TermsRules, text: str) -> Iterator[Overtaken]:
    """The replaced statements that a text makes."""
    for one in rules.overtaken:
        if any(has_phrase(text, phrase) for phrase in one.phrases):
            yield one


def day_of(look: Look) -> date:
    """The day that the document names as its own, or the one on which it was retrieved."""
    return look.stated_on or look.retrieved_at.date()


def _overtaken(known: Sequence[Overtaken], provisions: Provisions) -> Iterator[tuple[Provision, Overtaken]]:
    phrases = [(folded(phrase).casefold(), one) for one in known for phrase in one.phrases]
    for provision in provisions:
        text = folded(provision.text).casefold()
        for one in dict.fromkeys(one for phrase, one in phrases if phrase in text):
            yield provision, one


def _disagreements(
    compared: Compared, archive: Archive, current: Mapping[str, Look], lists: Sequence[Listing]
) -> Iterator[Contradiction]:
    """Documents that name some of what another one names, and no other."""
    listing = current.get(compared.listed_in)
    rows = archive.read(listing.id) if listing is not None else ()
    every = _with_listed(compared, (*rows, *(row for one in lists for row in one.rows)))
    days = {name: day_of(look) for name, look in current.items()} | {one.name: one.day for one in lists}
    texts = {name: archive.read(look.id) for name, look in current.items()} | {one.name: one.rows for one in lists}
    said: dict[str, tuple[frozenset[str], str]] = {}
    for name, text in texts.items():
        names, quote = _named(compared, every, text)
        if names:
            said[name] = (names, quote)
    for name, (names, quote) in said.items():
        wider = [other for other, (more, _) in said.items() if names < more]
        if not wider:
            continue
        other = max(wider, key=lambda one: (len(said[one][0]), days[one], one))
        more, mine, its = said[other][0], days[name], days[other]
        order = "newer" if its > mine else "older" if its < mine else "of the same day"
        yield Contradiction(
            name,
            quote,
            f"of the {compared.subject} it names {', '.join(sorted(names))}",
            f"{other}, {order} ({its}), names {len(more)}: {', '.join(sorted(more))}",
            mine,
        )


def _named(compared: Compared, every: Sequence[Name], provisions: Provisions) -> tuple[frozenset[str], str]:
    """Which of the names a document calls where it speaks of the subject, and the first provision that calls one."""
    found: dict[str, str] = {}
    about = ""
    for one in provisions:
        context = "\n".join((*one.heading[1:][-1:], one.text))
        if one.kind is ProvisionKind.HEADING or one.text.rstrip().endswith("?"):
            about = one.text
        if not words_in(f"{about}\n{context}" if one.kind is not ProvisionKind.ROW else one.text, compared.about):
            continue
        for name in every:
            if name.name not in found and words_in(one.text, name.words):
                found[name.name] = one.text
    return frozenset(found), next(iter(found.values()), "")


_SUFFIX = re.compile(
    r",?\s+(?:inc|llc|l\.l\.c|ltd|ltda|limited|gmbh|corp|corporation|co|plc|pty|aps|a/s|ag|s\.a|b\.v|bv|oy|ab)\b\.?.*$",
    re.IGNORECASE,
)


def _with_listed(compared: Compared, rows: Provisions) -> list[Name]:
    """The rulebook's names, and those of the list's rows that speak of the subject."""
    found = list(compared.names)
    for row in rows:
        if row.kind is not ProvisionKind.ROW or " | " not in row.text:
            continue
        cell, _, rest = row.text.partition(" | ")
        if not words_in(rest, compared.about) or any(words_in(cell, one.words) for one in found):
            continue
        called = cell.partition(" (")[0]
        inner = re.findall(r"\(([^()]{3,60})\)", cell)
        words = tuple(dict.fromkeys(word for one in (_SUFFIX.sub("", called).strip(), *inner) if (word := one.strip())))
        if words:
            found.append(Name(inner[0] if inner else words[0], words if not inner else tuple(inner)))
    return found
