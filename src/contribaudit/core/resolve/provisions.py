"""Whether the page on which a fact was read still says it.

If a provision's phrase is gone, or the wording around it has changed, all that rests on it is under review until a
person has looked. Also here: statements in watched documents that a newer document contradicts, and names on which
documents disagree.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from contribaudit.core.model.provisions import (
    Anchor,
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
from contribaudit.core.model.times import start_of
from contribaudit.core.resolve.editions import ALIKE, all_in, likeness_of, words_of

RULE_UNDER_REVIEW = "rule_under_review"
"""Code of an answer that would be good if its rule were not in doubt."""


class Standing(StrEnum):
    """Whether the page on which a fact was read still says it."""

    STANDS = "stands"
    CONFIRMED = "confirmed"
    """A person says that the fact still holds under the present wording."""
    CHANGED = "changed"
    NOT_FOUND = "not_found"
    """No archived edition has the phrase."""
    NOT_ARCHIVED = "not_archived"

    @property
    def under_review(self) -> bool:
        """Whether all that rests on the fact is in doubt, and so can no longer pass."""
        return self in (Standing.CHANGED, Standing.NOT_FOUND)


@dataclass(frozen=True, slots=True)
class AnchorStanding:
    """One fact, and what its page says now."""

    anchor: Anchor
    standing: Standing
    edition: Look | None = None
    """The current edition; None where nothing was archived."""
    since: datetime | None = None
    """When the first edition without the reviewed wording was retrieved; None while the wording is there."""
    before: str = ""
    """The provision as it was reviewed; "" where it was never found."""
    after: str = ""
    """The most similar provision now; "" where none is alike, and without a change."""
    by: str = ""
    """Who confirmed it; "" where nobody did."""

    def sentence(self) -> str:
        """What to review, as a clause."""
        where = f"{self.anchor.document}, anchor {self.anchor.id}"
        when = f" on {self.since:%Y-%m-%d}" if self.since is not None else ""
        if self.standing is Standing.NOT_FOUND:
            return f"the page no longer has the wording that was reviewed ({where}): {self.anchor.fact}"
        return f"its provision changed{when} ({where}): {self.anchor.fact}"


def standings(rules: TermsRules, archive: Archive) -> tuple[AnchorStanding, ...]:
    """Every fact that is anchored in a page, with what the page says now, in the rulebook's order."""
    return tuple(_standing(rules, archive, anchor) for anchor in rules.anchors)


def _standing(rules: TermsRules, archive: Archive, anchor: Anchor) -> AnchorStanding:
    current = archive.current(anchor.document)
    if current is None:
        return AnchorStanding(anchor, Standing.NOT_ARCHIVED)
    present = archive.read(current.id)
    notes = [one for one in archive.notes if one.holds and one.anchor == anchor.id]
    for note in reversed(notes):
        if note.text_sha256 == current.text_sha256 or (note.provision and _contains_wording(present, note.provision)):
            return AnchorStanding(anchor, Standing.CONFIRMED, current, by=note.signed.by)
    base, wording = _reviewed(rules, archive, anchor)
    if base is None:
        return AnchorStanding(anchor, Standing.NOT_FOUND, current, current.retrieved_at)
    bearing = _bearing_provisions(present, anchor)
    if any(folded(one) in {folded(text) for text in wording} for one in bearing):
        return AnchorStanding(anchor, Standing.STANDS, current, before=bearing[0])
    since = _superseded_since(archive, anchor, base, wording)
    return AnchorStanding(anchor, Standing.CHANGED, current, since, wording[0], _most_similar(wording[0], present))


def _reviewed(rules: TermsRules, archive: Archive, anchor: Anchor) -> tuple[Look | None, list[str]]:
    """The edition that the review saw, or else the first one with the fact; and the provisions that state it."""
    editions = archive.editions(anchor.document)
    end = start_of(rules.reviewed) + timedelta(days=1)
    earlier = [one for one in editions if one.begins < end]
    for look in [*reversed(earlier), *editions[len(earlier) :]]:
        wording = _bearing_provisions(archive.read(look.id), anchor)
        if wording:
            return look, wording
    return None, []


def _superseded_since(archive: Archive, anchor: Anchor, base: Look, wording: Sequence[str]) -> datetime:
    """When the first edition was retrieved from which on none has the wording."""
    reviewed_wording = {folded(one) for one in wording}
    after = [one for one in archive.editions(anchor.document) if one.begins >= base.begins]
    since = after[-1].retrieved_at
    for look in reversed(after):
        if any(folded(one.text) in reviewed_wording for one in archive.read(look.id)):
            break
        since = look.retrieved_at
    return since


def _bearing_provisions(provisions: Provisions, anchor: Anchor) -> list[str]:
    """The provisions that contain all phrases of the anchor; else, where separate cells contain them, those joined."""
    whole = [one.text for one in provisions if all_in(one, anchor)]
    if whole or len(anchor.phrases) == 1:
        return whole
    by_phrase = [[one.text for one in provisions if has_phrase(one.text, phrase)] for phrase in anchor.phrases]
    return ["\n".join(dict.fromkeys(text for texts in by_phrase for text in texts))] if all(by_phrase) else []


def _contains_wording(provisions: Provisions, wording: str) -> bool:
    folded_wording = folded(wording)
    return any(folded(one.text) == folded_wording for one in provisions)


def _most_similar(text: str, provisions: Provisions) -> str:
    """The provision with most words in common; "" where none is similar enough."""
    words = words_of(text)
    best_likeness, best_text = 0.0, ""
    for one in provisions:
        likeness = likeness_of(words, words_of(one.text))
        if likeness > best_likeness:
            best_likeness, best_text = likeness, one.text
    return best_text if best_likeness >= ALIKE else ""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A statement in a document that another document contradicts."""

    document: str
    """The document that makes the statement."""
    quote: str
    statement: str
    """What it says, as a clause."""
    against: str
    """What holds instead, and where that is said."""
    older_on: date
    """The day of the document that makes the statement."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A list that is not a watched document, such as imported sub-processors."""

    name: str
    day: date
    rows: Provisions


def listing_of(listed: SubprocessorList | None) -> tuple[Listing, ...]:
    """The imported list of sub-processors, as rows; empty where none was imported."""
    if listed is None or listed.shipped:
        return ()
    rows = tuple(
        Provision(ProvisionKind.ROW, (), " | ".join((one.name, one.products, one.purposes, one.locations)))
        for one in listed.third_parties
    )
    return (Listing("the imported list of sub-processors", listed.effective, rows),)


def contradictions(rules: TermsRules, archive: Archive, lists: Sequence[Listing] = ()) -> tuple[Contradiction, ...]:
    """Statements of current editions that were replaced, then names on which documents and lists disagree."""
    current = {name: look for name in archive.looks if (look := archive.current(name)) is not None}
    result = [
        Contradiction(name, provision.text, one.statement, one.replaced, day_of(look))
        for name, look in current.items()
        for provision in archive.read(look.id)
        for one in overtaken_in(rules, provision.text)
    ]
    for compared in rules.compared:
        result += _disagreements(compared, archive, current, lists)
    return tuple(result)


def overtaken_in(rules: TermsRules, text: str) -> Iterator[Overtaken]:
    """The replaced statements that a text makes."""
    for one in rules.overtaken:
        if any(has_phrase(text, phrase) for phrase in one.phrases):
            yield one


def day_of(look: Look) -> date:
    """The day that the document states as its own, or else the one on which it was retrieved."""
    return look.stated_on or look.retrieved_at.date()


def _disagreements(
    compared: Compared, archive: Archive, current: Mapping[str, Look], lists: Sequence[Listing]
) -> Iterator[Contradiction]:
    """Documents that name only some of the names that another document names."""
    listing = current.get(compared.listed_in)
    rows = archive.read(listing.id) if listing is not None else ()
    every = _with_listed(compared, (*rows, *(row for one in lists for row in one.rows)))
    days = {name: day_of(look) for name, look in current.items()} | {one.name: one.day for one in lists}
    texts = {name: archive.read(look.id) for name, look in current.items()} | {one.name: one.rows for one in lists}
    named: dict[str, tuple[frozenset[str], str]] = {}
    for name, text in texts.items():
        names, quote = _names_called(compared, every, text)
        if names:
            named[name] = (names, quote)
    for name, (names, quote) in named.items():
        wider = [other for other, (wider_names, _) in named.items() if names < wider_names]
        if not wider:
            continue
        other = max(wider, key=lambda one: (len(named[one][0]), days[one], one))
        wider_names, own_day, other_day = named[other][0], days[name], days[other]
        order = "newer" if other_day > own_day else "older" if other_day < own_day else "of the same day"
        yield Contradiction(
            name,
            quote,
            f"among the {compared.subject}, it names {', '.join(sorted(names))}",
            f"{other}, {order} ({other_day}), names {len(wider_names)}: {', '.join(sorted(wider_names))}",
            own_day,
        )


def _names_called(compared: Compared, every: Sequence[Name], provisions: Provisions) -> tuple[frozenset[str], str]:
    """The names that a document mentions where it is about the subject, and the first provision that mentions one."""
    quotes: dict[str, str] = {}
    about = ""
    for part in provisions:
        context = "\n".join((*part.heading[1:][-1:], part.text))
        if part.kind is ProvisionKind.HEADING or part.text.rstrip().endswith("?"):
            about = part.text
        if not words_in(f"{about}\n{context}" if part.kind is not ProvisionKind.ROW else part.text, compared.about):
            continue
        for name in every:
            if name.name not in quotes and words_in(part.text, name.words):
                quotes[name.name] = part.text
    return frozenset(quotes), next(iter(quotes.values()), "")


_SUFFIX = re.compile(
    r",?\s+(?:inc|llc|l\.l\.c|ltd|ltda|limited|gmbh|corp|corporation|co|plc|pty|aps|a/s|ag|s\.a|b\.v|bv|oy|ab)\b\.?.*$",
    re.IGNORECASE,
)


def _with_listed(compared: Compared, rows: Provisions) -> list[Name]:
    """The rulebook's names, and those of the list's rows that are about the subject."""
    names = list(compared.names)
    for row in rows:
        if row.kind is not ProvisionKind.ROW or " | " not in row.text:
            continue
        cell, _, rest = row.text.partition(" | ")
        if not words_in(rest, compared.about) or any(words_in(cell, one.words) for one in names):
            continue
        called = cell.partition(" (")[0]
        inner = re.findall(r"\(([^()]{3,60})\)", cell)
        words = tuple(dict.fromkeys(word for one in (_SUFFIX.sub("", called).strip(), *inner) if (word := one.strip())))
        if words:
            names.append(Name(inner[0] if inner else words[0], words if not inner else tuple(inner)))
    return names
