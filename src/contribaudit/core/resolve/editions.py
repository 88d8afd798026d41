"""Compares two editions of a document, provision by provision: what was added, removed or reworded.

Only wording counts: a provision that merely moved on the page is unchanged.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from enum import StrEnum
from hashlib import sha256

from contribaudit.core.model.finding import Severity
from contribaudit.core.model.provisions import (
    Anchor,
    Archive,
    Law,
    Look,
    Provision,
    ProvisionKind,
    Provisions,
    TermsRules,
    folded,
    has_phrase,
    words_in,
)

ALIKE = 0.5
"""The least share of common words at which two provisions count as one that was reworded."""
_CANDIDATES = 12
_COMMON = 400
"""A word in more provisions than this does not help to match any of them."""
_EXACT_WORDS = 3000


class ChangeKind(StrEnum):
    """What happened to a provision."""

    ADDED = "added"
    REMOVED = "removed"
    REWORDED = "reworded"


@dataclass(frozen=True, slots=True)
class ProvisionChange:
    """One provision that was added, removed or reworded."""

    id: str
    """The first 12 hex digits of SHA-256 over document, kind and both texts."""
    document: str
    kind: ChangeKind
    before: Provision | None
    after: Provision | None
    topics: tuple[str, ...]
    severity: Severity
    words: tuple[str, ...]
    """The words that give it this severity; empty where it has another cause."""
    anchors: tuple[Anchor, ...]
    """The facts of the tool that rest on it."""

    @property
    def place(self) -> str:
        """The headings above the provision in one line."""
        provision = self.after or self.before
        return provision.place if provision is not None else ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The differences between two editions."""

    changes: tuple[ProvisionChange, ...]
    """Most severe first, then in page order."""
    same: int
    moved: int
    """How many of the unchanged provisions are in another place."""


def laws_of(rules: TermsRules, topics: Iterable[str]) -> tuple[Law, ...]:
    """The passages of laws about the topics, each once."""
    return tuple(dict.fromkeys(law for topic in topics for law in rules.topic(topic).laws))


def checks_of(anchors: Iterable[Anchor]) -> tuple[str, ...]:
    """The checks that rest on the anchored facts, each once."""
    return tuple(dict.fromkeys(check for one in anchors for check in one.checks))


def compare(rules: TermsRules, document: str, before: Provisions, after: Provisions) -> Comparison:
    """What changed from one edition to the next."""
    pairs, gone, new = _match_unchanged(before, after)
    rules = _with_own_anchors(rules, document, before, after)
    reworded = _match_reworded([before[one] for one in gone], [after[one] for one in new])
    old_of = {new[new_number]: gone[old_number] for old_number, new_number in reworded}
    paired = set(old_of.values())
    placed: list[tuple[int, ProvisionChange]] = []
    for place in new:
        old = before[old_of[place]] if place in old_of else None
        placed.append((place, _provision_change(rules, document, old, after[place])))
    follows = dict(pairs)
    for place in gone:
        if place not in paired:
            placed.append((_nearest_place(place, follows), _provision_change(rules, document, before[place], None)))
    placed.sort(key=lambda one: (one[1].severity.rank, one[0]))
    return Comparison(tuple(change for _, change in placed), len(pairs), _count_moved(before, after, pairs))


def compare_looks(rules: TermsRules, archive: Archive, before: Look, after: Look) -> Comparison:
    """What changed from one look at a document to another."""
    return compare(rules, after.document, archive.read(before.id), archive.read(after.id))


def changes_of(rules: TermsRules, archive: Archive, look: Look) -> Comparison | None:
    """What an edition changed; None for the first edition, and for a look that found no new edition."""
    before = archive.before(look) if look.outcome.is_edition else None
    return compare_looks(rules, archive, before, look) if before is not None else None


def severities_of(changes: Iterable[ProvisionChange]) -> str:
    """How many changes have which severity: "1 critical, 2 high"."""
    numbers = Counter(one.severity for one in changes)
    return ", ".join(f"{numbers[one]} {one.value}" for one in Severity if numbers[one])


_DISTINCTIVE_LENGTH = 12
"""The length in characters from which on a phrase identifies its provision."""


def _with_own_anchors(rules: TermsRules, document: str, *texts: Provisions) -> TermsRules:
    """The rules with this document's anchors; where separate cells contain them, one anchor for each long phrase."""
    own: list[Anchor] = []
    for anchor in rules.anchors:
        if anchor.document != document:
            continue
        together = any(all_in(one, anchor) for text in texts for one in text)
        phrases = [phrase for phrase in anchor.phrases if len(phrase) >= _DISTINCTIVE_LENGTH]
        own += [anchor] if together or not phrases else [replace(anchor, phrases=(phrase,)) for phrase in phrases]
    return replace(rules, anchors=tuple(own))


def _nearest_place(place: int, follows: dict[int, int]) -> int:
    """The approximate place of a removed provision in the new edition."""
    return next((follows[one] for one in range(place, max(place - 50, -1), -1) if one in follows), 0)


def _match_unchanged(before: Provisions, after: Provisions) -> tuple[list[tuple[int, int]], list[int], list[int]]:
    """Index pairs of provisions with the same wording, in any place; indexes only in `before`; only in `after`."""
    places: dict[str, list[int]] = defaultdict(list)
    for number, provision in enumerate(after):
        places[folded(provision.text)].append(number)
    for numbers in places.values():
        numbers.reverse()
    pairs, gone = [], []
    for number, provision in enumerate(before):
        new_numbers = places.get(folded(provision.text))
        if new_numbers:
            pairs.append((number, new_numbers.pop()))
        else:
            gone.append(number)
    new = sorted(number for numbers in places.values() for number in numbers)
    return pairs, gone, new


def _count_moved(before: Provisions, after: Provisions, pairs: Sequence[tuple[int, int]]) -> int:
    """How many unchanged provisions are under another heading, or out of their former order."""
    tails: list[int] = []
    for _, new_number in pairs:  # the longest run that is in order stays where it was
        at = bisect_left(tails, new_number)
        tails[at : at + 1] = [new_number]
    elsewhere = sum(before[old_number].heading != after[new_number].heading for old_number, new_number in pairs)
    return max(len(pairs) - len(tails), elsewhere)


def _match_reworded(gone: Sequence[Provision], new: Sequence[Provision]) -> list[tuple[int, int]]:
    """Pairs of a removed and an added provision that are one reworded provision, most alike first, each used once."""
    words_of_new = [words_of(provision.text) for provision in new]
    postings: dict[str, list[int]] = defaultdict(list)
    for number, words in enumerate(words_of_new):
        for word in words:
            postings[word].append(number)
    scored: list[tuple[float, int, int]] = []
    for old_number, provision in enumerate(gone):
        words = words_of(provision.text)
        shared: Counter[int] = Counter()
        for word in words:
            numbers = postings.get(word, ())
            if len(numbers) <= _COMMON:
                shared.update(numbers)
        for new_number, _ in shared.most_common(_CANDIDATES):
            likeness = likeness_of(words, words_of_new[new_number]) + _kinship(provision, new[new_number])
            if likeness >= ALIKE and not _other_row(provision, new[new_number]):
                scored.append((likeness, old_number, new_number))
    scored.sort(key=lambda pair: (-pair[0], pair[1], pair[2]))
    pairs, used_old, used_new = [], set[int](), set[int]()
    for _, old_number, new_number in scored:
        if old_number not in used_old and new_number not in used_new:
            used_old.add(old_number)
            used_new.add(new_number)
            pairs.append((old_number, new_number))
    return pairs


def _kinship(one: Provision, other: Provision) -> float:
    """How much heading and kind suggest that two provisions are one; to be added to the likeness of their words."""
    kinship = 0.1 if one.heading == other.heading else 0.0
    if one.kind is other.kind is ProvisionKind.ROW and _first_cell(one) == _first_cell(other):
        kinship += 0.3
    return kinship if one.kind is other.kind else kinship - 0.2


def _other_row(one: Provision, other: Provision) -> bool:
    """Whether two rows are about different things: their first cells differ, and so do the other cells."""
    if not (one.kind is other.kind is ProvisionKind.ROW) or _first_cell(one) == _first_cell(other):
        return False
    return folded(one.text.partition(" | ")[2]) != folded(other.text.partition(" | ")[2])


def _first_cell(row: Provision) -> str:
    return folded(row.text.partition(" | ")[0]).casefold()


def words_of(text: str) -> frozenset[str]:
    """The words of a text in lower case, each once."""
    return frozenset(re.findall(r"\w+", folded(text).casefold()))


def likeness_of(words: frozenset[str], other: frozenset[str]) -> float:
    """The share of common words in two texts, from 0 to 1."""
    return 2 * len(words & other) / ((len(words) + len(other)) or 1)


def all_in(provision: Provision, anchor: Anchor) -> bool:
    """Whether this one provision contains every phrase of the anchor."""
    return all(has_phrase(provision.text, phrase) for phrase in anchor.phrases)


def _provision_change(
    rules: TermsRules, document: str, before: Provision | None, after: Provision | None
) -> ProvisionChange:
    kind = ChangeKind.ADDED if before is None else ChangeKind.REMOVED if after is None else ChangeKind.REWORDED
    sides = [one for one in (before, after) if one is not None]
    topics = topics_of(rules, sides, document)
    difference = _difference(before, after)
    severity, words = _severity(rules, kind, topics, sides[-1].kind, difference)
    anchors_by_id = {one.id: one for one in rules.anchors if any(all_in(provision, one) for provision in sides)}
    anchors = tuple(anchors_by_id.values())
    if anchors and not severity.at_least(Severity.HIGH):
        severity, words = Severity.HIGH, ()
    key = "\n".join((document, kind, before.text if before else "", after.text if after else ""))
    identity = sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return ProvisionChange(identity, document, kind, before, after, topics, severity, words, anchors)


def topics_of(rules: TermsRules, provisions: Iterable[Provision], document: str) -> tuple[str, ...]:
    """The topics of provisions: by their document, their words and the heading above them (not the page's title)."""
    watched = rules.document(document)
    own_topics = watched.topics if watched is not None else ()
    text = "\n".join("\n".join((*one.heading[1:][-1:], one.text)) for one in provisions)
    return tuple(topic.id for topic in rules.topics if topic.id in own_topics or words_in(text, topic.words))


def _difference(before: Provision | None, after: Provision | None) -> str:
    """The words that were added or removed."""
    if before is None or after is None:
        only = before or after
        return only.text if only is not None else ""
    old, new = folded(before.text).split(), folded(after.text).split()
    if len(old) + len(new) > _EXACT_WORDS:
        counted, counted_new = Counter(old), Counter(new)
        return " ".join((*(counted - counted_new), *(counted_new - counted)))
    pieces: list[str] = []
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            pieces += [" ".join(old[a:b]), " ".join(new[c:d])]
    return " / ".join(piece for piece in pieces if piece)


def _severity(
    rules: TermsRules, kind: ChangeKind, topics: tuple[str, ...], form: ProvisionKind, difference: str
) -> tuple[Severity, tuple[str, ...]]:
    for rule in rules.severities:
        if (rule.topics and not set(rule.topics) & set(topics)) or (rule.kinds and form not in rule.kinds):
            continue
        rule_words = rule.changed if kind is ChangeKind.REWORDED else rule.stands
        words = words_in(difference, rule_words)
        if words or not rule_words:
            return rule.severity, words
    return rules.otherwise, ()
