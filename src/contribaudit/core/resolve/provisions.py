"""Whether the page that a fact was read on still says it.

A provision whose phrase is gone, or whose wording around the phrase is another one, puts what rests on it under review
until a person has looked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum

from contribaudit.core.model.provisions import Anchor, Archive, Look, Provisions, TermsRules, folded, has_phrase
from contribaudit.core.resolve.editions import ALIKE, all_in, likeness_of, words_of

RULE_UNDER_REVIEW = "rule_under_review"
"""Code of what would be a pass, if its rule were not in doubt."""


class Standing(StrEnum):
    """How a fact stands to the page that it was read on."""

    STANDS = "stands"
    CONFIRMED = "confirmed"
    """The provision is another one, and a person says that the fact still holds."""
    CHANGED = "changed"
    NOT_FOUND = "not_found"
    """No archived edition ever had the phrase."""
    NOT_ARCHIVED = "not_archived"

    @property
    def under_review(self) -> bool:
        """Whether what rests on the fact can be a pass no more."""
        return self in (Standing.CHANGED, Standing.NOT_FOUND)


@dataclass(frozen=True, slots=True)
class AnchorStanding:
    """One fact, and what its page says now."""

    anchor: Anchor
    standing: Standing
    edition: Look | None = None
    """The one that is current; None where nothing was archived."""
    since: datetime | None = None
    """When the edition was retrieved from which on it is not as it was."""
    before: str = ""
    """The provision as it was; "" where it never was found."""
    after: str = ""
    """What took its place; "" where nothing like it is there."""
    by: str = ""
    """Who confirmed it; "" where nobody did."""
    read_at: datetime | None = None
    """When the current text was last seen."""

    def sentence(self) -> str:
        """What is to be reviewed, as a clause."""
        where = f"{self.anchor.document}, anchor {self.anchor.id}"
        when = f" on {self.since:%Y-%m-%d}" if self.since is not None else ""
        if self.standing is Standing.NOT_FOUND:
            return f"the page does not say it in the words of our review ({where}): {self.anchor.fact}"
        return f"its provision changed{when} ({where}): {self.anchor.fact}"


def standings(rules: TermsRules, archive: Archive) -> tuple[AnchorStanding, ...]:
    """Every fact that is anchored in a page, in the rulebook's order."""
    return tuple(_standing(rules, archive, anchor) for anchor in rules.anchors)


def _standing(rules: TermsRules, archive: Archive, anchor: Anchor) -> AnchorStanding:
    current = archive.current(anchor.document)
    if current is None:
        return AnchorStanding(anchor, Standing.NOT_ARCHIVED)
    read_at = archive.read_at(anchor.document)
    now = archive.read(current.id)
    confirmed = [one for one in archive.notes if one.holds and one.anchor == anchor.id]
    for note in reversed(confirmed):
        if note.text_sha256 == current.text_sha256 or (note.provision and _stands_in(now, note.provision)):
            return AnchorStanding(anchor, Standing.CONFIRMED, current, by=note.signed.by, read_at=read_at)
    base, wording = _reviewed(rules, archive, anchor)
    here = _bearers(now, anchor)
    if base is None or not wording:
        if here:
            return AnchorStanding(anchor, Standing.STANDS, current, before=here[0], read_at=read_at)
        return AnchorStanding(anchor, Standing.NOT_FOUND, current, current.retrieved_at, read_at=read_at)
    if any(folded(one) in {folded(text) for text in wording} for one in here):
        return AnchorStanding(anchor, Standing.STANDS, current, before=here[0], read_at=read_at)
    since = _since(archive, anchor, base, wording)
    return AnchorStanding(
        anchor, Standing.CHANGED, current, since, wording[0], _likest(wording[0], now), read_at=read_at
    )


def _reviewed(rules: TermsRules, archive: Archive, anchor: Anchor) -> tuple[Look | None, list[str]]:
    """The edition that the review saw, or else the first archived one that says it; and its provisions that do."""
    editions = archive.editions(anchor.document)
    end = datetime.combine(rules.reviewed, time(), UTC) + timedelta(days=1)
    seen = [one for one in editions if one.begins < end]
    for look in [*reversed(seen), *editions[len(seen) :]]:
        wording = _bearers(archive.read(look.id), anchor)
        if wording:
            return look, wording
    return None, []


def _since(archive: Archive, anchor: Anchor, base: Look, wording: Sequence[str]) -> datetime:
    """When the first edition was retrieved that no longer had the wording, and from which on none had it."""
    had = {folded(one) for one in wording}
    after = [one for one in archive.editions(anchor.document) if one.begins >= base.begins]
    since = after[-1].retrieved_at
    for look in reversed(after):
        if any(folded(one.text) in had for one in archive.read(look.id)):
            break
        since = look.retrieved_at
    return since


def _bearers(provisions: Provisions, anchor: Anchor) -> list[str]:
    """The provisions that hold the anchor's phrases: all of them, or where cells stand apart each one some."""
    whole = [one.text for one in provisions if all_in(one, anchor)]
    if whole or len(anchor.phrases) == 1:
        return whole
    apart = [[one.text for one in provisions if has_phrase(one.text, phrase)] for phrase in anchor.phrases]
    return ["\n".join(dict.fromkeys(text for texts in apart for text in texts))] if all(apart) else []


def _stands_in(provisions: Provisions, wording: str) -> bool:
    wanted = folded(wording)
    return any(folded(one.text) == wanted for one in provisions)


def _likest(text: str, provisions: Provisions) -> str:
    """The provision with most words in common; "" where none is like it."""
    words = words_of(text)
    best, found = 0.0, ""
    for one in provisions:
        likeness = likeness_of(words, words_of(one.text))
        if likeness > best:
            best, found = likeness, one.text
    return found if best >= ALIKE else ""
