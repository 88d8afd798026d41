"""What changed between two editions of a document, what rests on it, and whether documents contradict each other.

All of it compares wording. A provision that stands elsewhere on the page is not changed; one whose phrase is gone, or
whose wording around the phrase is another one, puts what rests on it under review until a person has looked.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from difflib import SequenceMatcher
from enum import StrEnum
from hashlib import sha256

from contribaudit.core.model.finding import Severity
from contribaudit.core.model.provisions import (
    Anchor,
    Archive,
    Compared,
    Law,
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

_ALIKE = 0.5
"""From which share of common words on two provisions are one that was reworded."""
_CANDIDATES = 12
_COMMON = 400
"""A word that stands in more provisions than this tells none of them apart."""
_EXACT_WORDS = 3000


class ChangeKind(StrEnum):
    """What became of a provision."""

    ADDED = "added"
    REMOVED = "removed"
    REWORDED = "reworded"


@dataclass(frozen=True, slots=True)
class ProvisionChange:
    """One provision that is not as it was."""

    id: str
    """The first 12 hex digits of SHA-256 over document, kind and both texts."""
    document: str
    kind: ChangeKind
    before: Provision | None
    after: Provision | None
    topics: tuple[str, ...]
    severity: Severity
    words: tuple[str, ...]
    """By which it has that severity."""
    anchors: tuple[Anchor, ...]
    """What of ours rests on it."""

    @property
    def place(self) -> str:
        """The headings over it."""
        provision = self.after or self.before
        return provision.place if provision is not None else ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two editions, provision by provision."""

    changes: tuple[ProvisionChange, ...]
    """Gravest first, then as they stand on the page."""
    same: int
    moved: int
    """Of those that are the same: how many stand elsewhere."""


def laws_of(rules: TermsRules, topics: Iterable[str]) -> tuple[Law, ...]:
    """Where laws speak of the topics; each place once."""
    return tuple(dict.fromkeys(law for topic in topics for law in rules.topic(topic).laws))


def checks_of(anchors: Iterable[Anchor]) -> tuple[str, ...]:
    """The checks that rest on them, each once."""
    return tuple(dict.fromkeys(check for one in anchors for check in one.checks))


def compare(rules: TermsRules, document: str, before: Provisions, after: Provisions) -> Comparison:
    """What changed from one edition to the next."""
    pairs, gone, new = _same(before, after)
    rules = _with_own_anchors(rules, document, before, after)
    reworded = _alike([before[one] for one in gone], [after[one] for one in new])
    old_of = {new[there]: gone[here] for here, there in reworded}
    paired = set(old_of.values())
    found: list[tuple[int, ProvisionChange]] = []
    for place in new:
        old = before[old_of[place]] if place in old_of else None
        found.append((place, _changed(rules, document, old, after[place])))
    follows = dict(pairs)
    for place in gone:
        if place not in paired:
            found.append((_where(place, follows), _changed(rules, document, before[place], None)))
    found.sort(key=lambda one: (one[1].severity.rank, one[0]))
    return Comparison(tuple(change for _, change in found), len(pairs), _moved(before, after, pairs))


_TELLING = 12
"""Characters, from which on a phrase tells its provision from others."""


def _with_own_anchors(rules: TermsRules, document: str, *texts: Provisions) -> TermsRules:
    """The rules with this document's anchors; where cells stand apart, each phrase that tells is one of its own."""
    own: list[Anchor] = []
    for anchor in rules.anchors:
        if anchor.document != document:
            continue
        together = any(_all_in(one, anchor) for text in texts for one in text)
        telling = [phrase for phrase in anchor.phrases if len(phrase) >= _TELLING]
        own += [anchor] if together or not telling else [replace(anchor, phrases=(phrase,)) for phrase in telling]
    return replace(rules, anchors=tuple(own))


def _where(place: int, follows: dict[int, int]) -> int:
    """About where a removed provision would stand now."""
    return next((follows[one] for one in range(place, max(place - 50, -1), -1) if one in follows), 0)


def _same(before: Provisions, after: Provisions) -> tuple[list[tuple[int, int]], list[int], list[int]]:
    """Which provisions say the same, however placed; then those that stand in one of the two alone."""
    places: dict[str, list[int]] = defaultdict(list)
    for number, one in enumerate(after):
        places[folded(one.text)].append(number)
    for found in places.values():
        found.reverse()
    pairs, gone = [], []
    for number, one in enumerate(before):
        there = places.get(folded(one.text))
        if there:
            pairs.append((number, there.pop()))
        else:
            gone.append(number)
    new = sorted(number for found in places.values() for number in found)
    return pairs, gone, new


def _moved(before: Provisions, after: Provisions, pairs: Sequence[tuple[int, int]]) -> int:
    """How many of those that say the same stand under another heading, or out of their order."""
    tails: list[int] = []
    for _, there in pairs:  # the longest run that is in order stays where it was
        at = bisect_left(tails, there)
        tails[at : at + 1] = [there]
    elsewhere = sum(before[here].heading != after[there].heading for here, there in pairs)
    return max(len(pairs) - len(tails), elsewhere)


def _alike(gone: Sequence[Provision], new: Sequence[Provision]) -> list[tuple[int, int]]:
    """Pairs of a removed and an added provision that are one, reworded: the likest first, each at most once."""
    words_of_new = [_words(one.text) for one in new]
    postings: dict[str, list[int]] = defaultdict(list)
    for number, words in enumerate(words_of_new):
        for word in words:
            postings[word].append(number)
    scored: list[tuple[float, int, int]] = []
    for here, one in enumerate(gone):
        words = _words(one.text)
        shared: Counter[int] = Counter()
        for word in words:
            found = postings.get(word, ())
            if len(found) <= _COMMON:
                shared.update(found)
        for there, _ in shared.most_common(_CANDIDATES):
            likeness = 2 * len(words & words_of_new[there]) / ((len(words) + len(words_of_new[there])) or 1)
            likeness += _kinship(one, new[there])
            if _other_row(one, new[there]):
                continue
            if likeness >= _ALIKE:
                scored.append((likeness, here, there))
    scored.sort(key=lambda found: (-found[0], found[1], found[2]))
    pairs, used_here, used_there = [], set[int](), set[int]()
    for _, here, there in scored:
        if here not in used_here and there not in used_there:
            used_here.add(here)
            used_there.add(there)
            pairs.append((here, there))
    return pairs


def _kinship(one: Provision, other: Provision) -> float:
    """What speaks for two provisions being one, beside their words."""
    found = 0.1 if one.heading == other.heading else 0.0
    if one.kind is other.kind is ProvisionKind.ROW and _first_cell(one) == _first_cell(other):
        found += 0.3
    return found if one.kind is other.kind else found - 0.2


def _other_row(one: Provision, other: Provision) -> bool:
    """Whether two rows are about different things: their first cells differ, and so does what stands beside them."""
    if not (one.kind is other.kind is ProvisionKind.ROW) or _first_cell(one) == _first_cell(other):
        return False
    return folded(one.text.partition(" | ")[2]) != folded(other.text.partition(" | ")[2])


def _first_cell(row: Provision) -> str:
    return folded(row.text.partition(" | ")[0]).casefold()


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", folded(text).casefold()))


def _changed(rules: TermsRules, document: str, before: Provision | None, after: Provision | None) -> ProvisionChange:
    kind = ChangeKind.ADDED if before is None else ChangeKind.REMOVED if after is None else ChangeKind.REWORDED
    stand = [one for one in (before, after) if one is not None]
    topics = topics_of(rules, stand, document)
    difference = _difference(before, after)
    severity, words = _severity(rules, kind, topics, stand[-1].kind, difference)
    named = {one.id: one for one in rules.anchors if any(_all_in(provision, one) for provision in stand)}
    anchors = tuple(named.values())
    if anchors and not severity.at_least(Severity.HIGH):
        severity, words = Severity.HIGH, ()
    key = "\n".join((document, kind, before.text if before else "", after.text if after else ""))
    identity = sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return ProvisionChange(identity, document, kind, before, after, topics, severity, words, anchors)


def topics_of(rules: TermsRules, provisions: Iterable[Provision], document: str) -> tuple[str, ...]:
    """What they are about: by the document, by their words, by the heading over them (not the page's title)."""
    known = rules.document(document)
    whole = known.topics if known is not None else ()
    text = "\n".join("\n".join((*one.heading[1:][-1:], one.text)) for one in provisions)
    return tuple(topic.id for topic in rules.topics if topic.id in whole or words_in(text, topic.words))


def _difference(before: Provision | None, after: Provision | None) -> str:
    """The words that came or went."""
    if before is None or after is None:
        whole = before or after
        return whole.text if whole is not None else ""
    old, new = folded(before.text).split(), folded(after.text).split()
    if len(old) + len(new) > _EXACT_WORDS:
        counted, counted_new = Counter(old), Counter(new)
        return " ".join((*(counted - counted_new), *(counted_new - counted)))
    pieces: list[str] = []
    for what, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what != "equal":
            pieces += [" ".join(old[a:b]), " ".join(new[c:d])]
    return " / ".join(piece for piece in pieces if piece)


def _severity(
    rules: TermsRules, kind: ChangeKind, topics: tuple[str, ...], form: ProvisionKind, difference: str
) -> tuple[Severity, tuple[str, ...]]:
    for rule in rules.severities:
        if (rule.topics and not set(rule.topics) & set(topics)) or (rule.kinds and form not in rule.kinds):
            continue
        wanted = rule.changed if kind is ChangeKind.REWORDED else rule.stands
        words = words_in(difference, wanted)
        if words or not wanted:
            return rule.severity, words
    return rules.otherwise, ()


# ── Whether the page still says it ────────────────────────────────────────────────────────────────────


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
    whole = [one.text for one in provisions if _all_in(one, anchor)]
    if whole or len(anchor.phrases) == 1:
        return whole
    apart = [[one.text for one in provisions if has_phrase(one.text, phrase)] for phrase in anchor.phrases]
    return ["\n".join(dict.fromkeys(text for texts in apart for text in texts))] if all(apart) else []


def _all_in(provision: Provision, anchor: Anchor) -> bool:
    return all(has_phrase(provision.text, phrase) for phrase in anchor.phrases)


def _stands_in(provisions: Provisions, wording: str) -> bool:
    wanted = folded(wording)
    return any(folded(one.text) == wanted for one in provisions)


def _likest(text: str, provisions: Provisions) -> str:
    """The provision with most words in common; "" where none is like it."""
    words = _words(text)
    best, found = 0.0, ""
    for one in provisions:
        other = _words(one.text)
        likeness = 2 * len(words & other) / ((len(words) + len(other)) or 1)
        if likeness > best:
            best, found = likeness, one.text
    return found if best >= _ALIKE else ""


# ── Statements that contradict each other ─────────────────────────────────────────────────────────────


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
