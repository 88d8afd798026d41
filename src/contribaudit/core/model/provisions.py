"""Watched documents as values: what a copy says, provision by provision, and what of ours rests on which of them.

A look is one time that somebody fetched or imported a document. An edition is a look that brought another text. What a
look cannot read changes nothing: the edition before it stays the current one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from enum import StrEnum
from functools import cache, lru_cache
from hashlib import sha256

from contribaudit.core.model.attestation import Signature
from contribaudit.core.model.finding import Severity
from contribaudit.core.model.observation import SettingId

_PLAIN = str.maketrans(
    {
        "\u2018": "'", "\u2019": "'", "\u201a": "'", "\u201b": "'", "\u02bc": "'", "\u201c": '"', "\u201d": '"',
        "\u201e": '"', "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2014": "-", "\u2212": "-",
        "\u00ad": None, "\u200b": None, "\u200c": None, "\u200d": None, "\u2060": None, "\ufeff": None,
    }
)  # fmt: skip


def folded(text: str) -> str:
    """The text as it is compared: one kind of quotes, dashes and blanks. Its case stays: "US" is not "us"."""
    if text.isascii():  # nearly every provision of a long page
        return " ".join(text.split())
    return " ".join(unicodedata.normalize("NFKC", text).translate(_PLAIN).split())


class ProvisionKind(StrEnum):
    """What a provision is on the page."""

    HEADING = "heading"
    TEXT = "text"
    ITEM = "item"
    """Of a list."""
    ROW = "row"
    """Of a table: its cells, divided by " | "."""


@dataclass(frozen=True, slots=True)
class Provision:
    """One heading, paragraph, item or row."""

    kind: ProvisionKind
    heading: tuple[str, ...]
    """The headings over it, the outermost first; those over a heading for a heading."""
    text: str

    @property
    def place(self) -> str:
        """The headings above the provision in one line; "" if there are none."""
        return " > ".join(self.heading)


def text_digest(provisions: Iterable[Provision]) -> str:
    """SHA-256 of the compared text, in hex: the same for copies that differ only in layout."""
    return sha256("\n".join(folded(one.text) for one in provisions).encode("utf-8", "surrogatepass")).hexdigest()


class LookOutcome(StrEnum):
    """What a look found."""

    FIRST = "first"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    OLDER = "older"
    """A text from before the current one: kept at its time, and never the current one."""
    NOT_READABLE = "not_readable"
    """No text of the document; its `code` says what it is instead."""

    @property
    def is_edition(self) -> bool:
        """Whether the look brought a text of its own."""
        return self in (LookOutcome.FIRST, LookOutcome.CHANGED, LookOutcome.OLDER)


@dataclass(frozen=True, slots=True)
class Look:
    """One time that a document was fetched or imported."""

    id: int
    """In the order in which looks were recorded."""
    document: str
    outcome: LookOutcome
    code: str
    """Why it is not readable: "login_form", "half_as_long"; "" otherwise."""
    reason: str
    """The same as a clause for people."""
    retrieved_at: datetime
    """When the page was answered, or the copy was made."""
    source: str
    """Address or file name."""
    fetched: bool
    """False for an imported file."""
    sha256: str
    """Of the bytes that came; "" where none did."""
    text_sha256: str
    """Of the compared text; "" where there was none."""
    size_bytes: int
    stated_on: date | None
    """The day that the document itself names as its own ("Effective starting: October 15, 2024")."""
    redirects: tuple[str, ...]
    recorded: Signature
    accepted: bool = False
    """True where whether a person accepted it as the document although it did not look like it."""
    etag: str = ""
    last_modified: str = ""

    @property
    def begins(self) -> datetime:
        """The time since which its text is known to have stood there."""
        if self.outcome is LookOutcome.OLDER and self.stated_on is not None:
            return min(self.retrieved_at, datetime.combine(self.stated_on, time(), UTC))
        return self.retrieved_at


@dataclass(frozen=True, slots=True)
class Note:
    """What a person wrote about a document: an interpretation, never a verdict of ours."""

    id: int
    document: str
    anchor: str
    """The anchor that it is about; "" for the document or a provision of it."""
    provision: str
    """The wording that it is about; "" for none in particular."""
    text_sha256: str
    """Of the edition that was in front of them; "" where there was none."""
    holds: bool
    """True where they say that the anchor's fact still holds under this wording."""
    text: str
    signed: Signature


Provisions = tuple[Provision, ...]


@dataclass(frozen=True, slots=True)
class Archive:
    """Everything that is known of watched documents at a moment."""

    looks: Mapping[str, Sequence[Look]] = field(default_factory=dict)
    """By document, in the order in which they were recorded."""
    notes: Sequence[Note] = ()
    read: Callable[[int], Provisions] = lambda _look: ()
    """The text of an edition, by the number of its look."""

    def until(self, moment: datetime) -> Archive:
        """The part of the archive that was recorded by that moment."""
        kept = {
            name: tuple(one for one in looks if one.recorded.at <= moment and one.retrieved_at <= moment)
            for name, looks in self.looks.items()
        }
        notes = tuple(one for one in self.notes if one.signed.at <= moment)
        return Archive({name: looks for name, looks in kept.items() if looks}, notes, self.read)

    def editions(self, document: str) -> tuple[Look, ...]:
        """Every text of the document, oldest first by when it stood there."""
        found = [one for one in self.looks.get(document, ()) if one.outcome.is_edition]
        return tuple(sorted(found, key=lambda one: (one.begins, one.id)))

    def current(self, document: str) -> Look | None:
        """The newest edition; None where nothing readable was ever archived."""
        found = [one for one in self.editions(document) if one.outcome is not LookOutcome.OLDER]
        return found[-1] if found else None

    def in_force(self, document: str, moment: datetime) -> Look | None:
        """The edition that stood there at a moment, as far as is known; None before the first."""
        found = [one for one in self.editions(document) if one.begins <= moment]
        return found[-1] if found else None

    def read_at(self, document: str) -> datetime | None:
        """When the current text was last seen; None where it never was."""
        seen = [
            one.retrieved_at
            for one in self.looks.get(document, ())
            if one.outcome in (LookOutcome.FIRST, LookOutcome.CHANGED, LookOutcome.UNCHANGED)
        ]
        return max(seen, default=None)

    def last(self, document: str) -> Look | None:
        """The newest look, readable or not; None where nobody ever looked."""
        looks = self.looks.get(document, ())
        return max(looks, key=lambda one: (one.retrieved_at, one.id), default=None)

    def unreadable(self, document: str) -> Look | None:
        """The newest look where it could read nothing; None where it could."""
        last = self.last(document)
        return last if last is not None and last.outcome is LookOutcome.NOT_READABLE else None


NO_DOCUMENTS = Archive()


@dataclass(frozen=True, slots=True)
class Watched:
    """A document to look at."""

    name: str
    """"ai-terms"; what commands call it."""
    title: str
    url: str
    """"" for one that is only imported from files."""
    marks: tuple[str, ...] = ()
    """A copy that lacks one of them is another document; "one|other" takes either. Empty where anything may be it."""
    topics: tuple[str, ...] = ()
    """What every provision of it is about."""
    shipped: bool = True
    """False for one that was added here."""


@dataclass(frozen=True, slots=True)
class Law:
    """A place in a law that speaks of a topic."""

    law: str
    place: str
    why: str


@dataclass(frozen=True, slots=True)
class Topic:
    """What a provision can be about."""

    id: str
    title: str
    words: tuple[str, ...]
    laws: tuple[Law, ...] = ()


@dataclass(frozen=True, slots=True)
class SeverityRule:
    """The words that make a change as grave as this."""

    severity: Severity
    changed: tuple[str, ...] = ()
    """One of these came or went with a rewording; empty for any."""
    stands: tuple[str, ...] = ()
    """One of these stands in a provision that was added or removed; empty for any."""
    topics: tuple[str, ...] = ()
    """Of which it must have one; empty for any."""
    kinds: tuple[ProvisionKind, ...] = ()
    """What the provision is on the page; empty for anything."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A fact of ours, and the words of the provision that it rests on."""

    id: str
    document: str
    phrases: tuple[str, ...]
    """All stand in one provision."""
    fact: str
    files: tuple[str, ...] = ()
    """The rulebook's files that hold it."""
    checks: tuple[str, ...] = ()
    settings: tuple[SettingId, ...] = ()
    """Effective answers that follow from it."""


@dataclass(frozen=True, slots=True)
class Overtaken:
    """A statement that a newer document replaced."""

    id: str
    statement: str
    phrases: tuple[str, ...]
    replaced: str
    """What holds instead."""
    since: date
    document: str
    """The document that replaced it."""
    source: str


@dataclass(frozen=True, slots=True)
class Name:
    """A name, and the words by which texts call it."""

    name: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """A subject of which documents should name the same names."""

    id: str
    subject: str
    about: tuple[str, ...]
    """A provision that holds none of them does not speak of it."""
    listed_in: str
    """The document whose rows name them all."""
    names: tuple[Name, ...] = ()


@dataclass(frozen=True, slots=True)
class TermsRules:
    """The rulebook's part on watched documents."""

    documents: tuple[Watched, ...] = ()
    topics: tuple[Topic, ...] = ()
    severities: tuple[SeverityRule, ...] = ()
    otherwise: Severity = Severity.LOW
    anchors: tuple[Anchor, ...] = ()
    overtaken: tuple[Overtaken, ...] = ()
    compared: tuple[Compared, ...] = ()
    short_percent: int = 60
    method: str = ""
    disclaimer: str = ""
    reviewed: date = date.min
    """When phrases were compared with the pages."""

    def watched(self, added: Sequence[Watched]) -> tuple[Watched, ...]:
        """Every watched document: these, at the address that was named here if one was, then those added here."""
        here = {one.name: one for one in added}
        shipped = []
        for one in self.documents:
            mine = here.pop(one.name, None)
            shipped.append(replace(one, url=mine.url) if mine is not None and mine.url else one)
        return (*shipped, *here.values())

    def topic(self, identity: str) -> Topic:
        """The topic of that ID. Raises KeyError."""
        return next(one for one in self.topics if one.id == identity)

    def document(self, name: str) -> Watched | None:
        """The document of that name; None for one that is not shipped."""
        return next((one for one in self.documents if one.name == name), None)


NO_TERMS_RULES = TermsRules()


@cache
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    """Finds any of the words: whole ones, or beginnings where they end in `*`."""
    parts = []
    for word in words:
        plain = folded(word).casefold()
        ends = r"\w*" if plain.endswith("*") else r"(?!\w)"
        parts.append(rf"(?<!\w){re.escape(plain.removesuffix('*'))}{ends}")
    return re.compile("|".join(parts) or r"(?!)")


def words_in(text: str, words: tuple[str, ...]) -> tuple[str, ...]:
    """What of the words stands in the text, as it stands there without case; each once."""
    return tuple(dict.fromkeys(_pattern(words).findall(folded(text).casefold())))


def has_phrase(text: str, phrase: str) -> bool:
    """Whether the words of the phrase stand in the text one after the other."""
    return _comparable(phrase) in _comparable(text)


@lru_cache(maxsize=1024)
def _comparable(text: str) -> str:
    return folded(text).casefold()
