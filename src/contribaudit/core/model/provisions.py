"""Watched vendor documents: their text, provision by provision, and the facts of the tool that rest on it.

A look is one fetch or import of a document. An edition is a look that brought another text. A look that could not
read the document changes nothing: the edition before it stays the current one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from functools import cache, lru_cache
from hashlib import sha256

from contribaudit.core.model.attestation import Signature
from contribaudit.core.model.finding import Severity
from contribaudit.core.model.observation import SettingId
from contribaudit.core.model.times import start_of

_PLAIN = str.maketrans(
    {
        "\u2018": "'", "\u2019": "'", "\u201a": "'", "\u201b": "'", "\u02bc": "'", "\u201c": '"', "\u201d": '"',
        "\u201e": '"', "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2014": "-", "\u2212": "-",
        "\u00ad": None, "\u200b": None, "\u200c": None, "\u200d": None, "\u2060": None, "\ufeff": None,
    }
)  # fmt: skip


def folded(text: str) -> str:
    """The text in the form that is compared: one kind of quote, dash and blank. Case is kept: "US" is not "us"."""
    if text.isascii():  # nearly every provision of a long page
        return " ".join(text.split())
    return " ".join(unicodedata.normalize("NFKC", text).translate(_PLAIN).split())


class ProvisionKind(StrEnum):
    """What a provision is on the page."""

    HEADING = "heading"
    TEXT = "text"
    ITEM = "item"
    """An item of a list."""
    ROW = "row"
    """A row of a table: its cells, separated by " | "."""


@dataclass(frozen=True, slots=True)
class Provision:
    """One heading, paragraph, item or row."""

    kind: ProvisionKind
    heading: tuple[str, ...]
    """The headings above the provision, outermost first; a heading is not among its own."""
    text: str

    @property
    def place(self) -> str:
        """The headings above the provision in one line; "" if there are none."""
        return " > ".join(self.heading)


def text_digest(provisions: Iterable[Provision]) -> str:
    """SHA-256 of the compared text, in hex: the same for copies that differ only in layout."""
    return sha256("\n".join(folded(one.text) for one in provisions).encode("utf-8", "surrogatepass")).hexdigest()


class LookOutcome(StrEnum):
    """The result of a look."""

    FIRST = "first"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    OLDER = "older"
    """A text from before the current one: it is filed under its own time, and never becomes the current one."""
    NOT_READABLE = "not_readable"
    """The look brought no text of the document; its `code` says why."""

    @property
    def is_edition(self) -> bool:
        """Whether the look brought a new text."""
        return self in (LookOutcome.FIRST, LookOutcome.CHANGED, LookOutcome.OLDER)


@dataclass(frozen=True, slots=True)
class Look:
    """One fetch or import of a document."""

    id: int
    """In the order in which looks were recorded."""
    document: str
    outcome: LookOutcome
    code: str
    """Why the document was not readable: "login_form", "half_as_long"; "" otherwise."""
    reason: str
    """The reason of `code` as a clause for people; "" otherwise."""
    retrieved_at: datetime
    """When the server answered, or the copy was made."""
    source: str
    """Address or file name."""
    fetched: bool
    """False for an imported file."""
    sha256: str
    """Digest of the bytes received; "" where none were."""
    text_sha256: str
    """Digest of the compared text; "" where there was none."""
    size_bytes: int
    stated_on: date | None
    """The day that the document itself names as its own ("Effective starting: October 15, 2024")."""
    redirects: tuple[str, ...]
    recorded: Signature
    accepted: bool = False
    """True where a person accepted it as the document although it did not look like it."""
    etag: str = ""
    last_modified: str = ""

    @property
    def begins(self) -> datetime:
        """The time since which the text is known to have been on the page."""
        if self.outcome is LookOutcome.OLDER and self.stated_on is not None:
            return min(self.retrieved_at, start_of(self.stated_on))
        return self.retrieved_at


@dataclass(frozen=True, slots=True)
class Note:
    """What a person wrote about a document: an interpretation, never a verdict of the tool."""

    id: int
    document: str
    anchor: str
    """The anchor that it is about; "" for the document or a provision of it."""
    provision: str
    """The wording that it is about; "" for none in particular."""
    text_sha256: str
    """Digest of the edition that the person had in front of them; "" where there was none."""
    holds: bool
    """True where they say that the anchor's fact still holds under this wording."""
    text: str
    signed: Signature


Provisions = tuple[Provision, ...]


@dataclass(frozen=True, slots=True)
class Archive:
    """Everything that is known about watched documents at a moment."""

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
        """Every edition of the document, by the time since which its text is known, oldest first."""
        editions = [one for one in self.looks.get(document, ()) if one.outcome.is_edition]
        return tuple(sorted(editions, key=lambda one: (one.begins, one.id)))

    def before(self, edition: Look) -> Look | None:
        """The edition before this one; None for the first."""
        editions = self.editions(edition.document)
        place = [one.id for one in editions].index(edition.id)
        return editions[place - 1] if place else None

    def current(self, document: str) -> Look | None:
        """The newest edition; None where nothing readable was ever archived."""
        editions = [one for one in self.editions(document) if one.outcome is not LookOutcome.OLDER]
        return editions[-1] if editions else None

    def in_force(self, document: str, moment: datetime) -> Look | None:
        """The edition that was on the page at a moment, as far as is known; None before the first."""
        editions = [one for one in self.editions(document) if one.begins <= moment]
        return editions[-1] if editions else None

    def read_at(self, document: str) -> datetime | None:
        """When the current text was last seen; None where it never was."""
        times = [
            one.retrieved_at
            for one in self.looks.get(document, ())
            if one.outcome in (LookOutcome.FIRST, LookOutcome.CHANGED, LookOutcome.UNCHANGED)
        ]
        return max(times, default=None)

    def last(self, document: str) -> Look | None:
        """The newest look, readable or not; None where nobody ever looked."""
        looks = self.looks.get(document, ())
        return max(looks, key=lambda one: (one.retrieved_at, one.id), default=None)

    def unreadable(self, document: str) -> Look | None:
        """The newest look when it could not read the document; None when it could, and before the first."""
        last = self.last(document)
        return last if last is not None and last.outcome is LookOutcome.NOT_READABLE else None


NO_DOCUMENTS = Archive()


@dataclass(frozen=True, slots=True)
class Watched:
    """A watched document."""

    name: str
    """Its name in commands: "ai-terms"."""
    title: str
    url: str
    """"" for one that is only imported from files."""
    marks: tuple[str, ...] = ()
    """Phrases that each copy must contain; "one|other" accepts either. Empty where any text is accepted."""
    topics: tuple[str, ...] = ()
    """Topics that every provision of the document is about."""
    shipped: bool = True
    """False for a document that the user added."""


@dataclass(frozen=True, slots=True)
class Law:
    """A passage of a law that concerns a topic."""

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
    """What a change must have to get this severity."""

    severity: Severity
    changed: tuple[str, ...] = ()
    """Words of which a rewording added or removed one; empty for any."""
    stands: tuple[str, ...] = ()
    """Words of which an added or removed provision contains one; empty for any."""
    topics: tuple[str, ...] = ()
    """Topics of which the change has one; empty for any."""
    kinds: tuple[ProvisionKind, ...] = ()
    """Kinds of provision that the rule applies to; empty for any."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A fact that the tool relies on, and the words of the provision that states it."""

    id: str
    document: str
    phrases: tuple[str, ...]
    """All of them are found in one provision."""
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
    """A subject for which several documents should list the same names."""

    id: str
    subject: str
    about: tuple[str, ...]
    """Words for the subject: a provision that contains none of them is not about it."""
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
    """When the phrases were last compared with the pages."""

    def watched(self, added: Sequence[Watched]) -> tuple[Watched, ...]:
        """Every watched document: the shipped ones, at the address that `added` gives if any, then the new ones."""
        added_by_name = {one.name: one for one in added}
        shipped = []
        for one in self.documents:
            replacement = added_by_name.pop(one.name, None)
            shipped.append(replace(one, url=replacement.url) if replacement is not None and replacement.url else one)
        return (*shipped, *added_by_name.values())

    def topic(self, identity: str) -> Topic:
        """The topic of that ID. Raises StopIteration for an unknown ID."""
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
    """The words that the text contains, as it spells them but in lower case; each once."""
    return tuple(dict.fromkeys(_pattern(words).findall(folded(text).casefold())))


def has_phrase(text: str, phrase: str) -> bool:
    """Whether the text contains the phrase; case, blanks and the kind of quotes and dashes do not matter."""
    return _comparable(phrase) in _comparable(text)


@lru_cache(maxsize=1024)
def _comparable(text: str) -> str:
    return folded(text).casefold()
