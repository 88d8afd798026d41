"""The vendor's list of sub-processors: its rows as the page has them, and what their words mean.

Rows keep the page's own words. Each run works out their meaning with the current rulebook
(`core.resolve.subprocessors`), so that a better vocabulary also reads lists that were imported before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Literal, TypeAlias

from contribaudit.core.model.attestation import Signature

Column: TypeAlias = Literal["name", "products", "purposes", "data_categories", "locations", "security", "country"]
THIRD_PARTY: tuple[Column, ...] = ("name", "products", "purposes", "data_categories", "locations", "security")
"""The columns of the first table, in the page's order."""
GROUP: tuple[Column, ...] = ("name", "products", "country")
"""The columns of the second table, which lists companies of the vendor's own group."""
MAY_BE_EMPTY: tuple[Column, ...] = ("security",)

SUBPROCESSOR_COLUMNS = (
    "effective", "group", "name", "products", "purposes", "data_categories", "locations", "security", "links",
    "product_scopes", "purpose_kinds", "location_codes", "needs_review", "source", "sha256", "imported_at",
    "imported_by",
)  # fmt: skip
"""Columns of the list as CSV: its rows in the page's words, how these are read, and where they came from."""

EEA = "EEA"
GLOBAL = "GLOBAL"
"""Anywhere in the world, wherever is nearest."""


@dataclass(frozen=True, slots=True)
class Link:
    """A link in a row. Its address is kept as the page has it, and is never opened."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the list in the page's words. A company of the vendor's group has only name, products and country."""

    name: str
    products: str
    purposes: str = ""
    data_categories: str = ""
    locations: str = ""
    """The country, for a company of the vendor's group."""
    security: str = ""
    links: tuple[Link, ...] = ()
    group: bool = False
    """True for a company of the vendor's own group."""


@dataclass(frozen=True, slots=True)
class ListedRows:
    """What a page says: the day from which the list is in force, and the rows in the page's order."""

    effective: date
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class SubprocessorList:
    """A list, where it came from, and who imported it."""

    effective: date
    rows: tuple[Row, ...]
    source: str
    """The file or address."""
    sha256: str
    """Digest of the page as it was read; of the rulebook's file for the shipped list."""
    imported: Signature | None = None
    """Who imported it, and when; None for the list that the rulebook ships."""
    etag: str = ""
    last_modified: str = ""
    """`etag` and this header let the server answer that the page is unchanged; "" for one that it left out."""

    @property
    def shipped(self) -> bool:
        """True for the rulebook's own list, which nobody imported."""
        return self.imported is None

    @property
    def third_parties(self) -> tuple[Row, ...]:
        """Rows of the first table."""
        return tuple(row for row in self.rows if not row.group)

    @property
    def group_companies(self) -> tuple[Row, ...]:
        """Rows of the second table."""
        return tuple(row for row in self.rows if row.group)

    @property
    def called(self) -> str:
        """The list's name in messages: "the list of 2026-03-02"."""
        return f"the list of {self.effective}" + (" (shipped with the rulebook)" if self.shipped else "")


@dataclass(frozen=True, slots=True)
class Review:
    """A person's review of what a list changed, or of one of its rows that was not understood."""

    effective: date
    """The day from which the list is in force."""
    row: str
    """The row's name; "" for everything that the list changed."""
    signed: Signature
    note: str = ""


@dataclass(frozen=True, slots=True)
class ListHistory:
    """Every imported list, in the order of the days from which they are in force, and every review."""

    imports: tuple[SubprocessorList, ...] = ()
    reviews: tuple[Review, ...] = ()

    @classmethod
    def of(cls, imports: Iterable[SubprocessorList], reviews: Iterable[Review]) -> ListHistory:
        """The history of lists and reviews that may come in any order."""
        return cls(tuple(sorted(imports, key=_by_date)), tuple(sorted(reviews, key=lambda one: one.signed.at)))

    def by(self, moment: datetime) -> ListHistory:
        """The part of the history that was recorded by a moment."""
        return ListHistory(
            tuple(one for one in self.imports if one.imported is not None and one.imported.at <= moment),
            tuple(one for one in self.reviews if one.signed.at <= moment),
        )

    @property
    def newest(self) -> SubprocessorList | None:
        """The list that came into force last, as it was last imported; None before the first import."""
        return self.imports[-1] if self.imports else None

    @property
    def versions(self) -> tuple[SubprocessorList, ...]:
        """Each list once, however often it was imported: its first import, oldest list first."""
        versions: list[SubprocessorList] = []
        for one in self.imports:
            if not versions or (versions[-1].effective, versions[-1].rows) != (one.effective, one.rows):
                versions.append(one)
        return tuple(versions)

    def reviewed(self, listed: SubprocessorList, row: str = "") -> Review | None:
        """The first review of a list's changes, or of one of its rows, since the list's first import; else None."""
        since = min((one.imported.at for one in self.imports if one.imported and one.rows == listed.rows), default=None)
        own = (one for one in self.reviews if one.effective == listed.effective and one.row == row)
        return next((one for one in own if since is None or one.signed.at >= since), None)


def _by_date(listing: SubprocessorList) -> tuple[date, datetime]:
    assert listing.imported is not None, "only imported lists are kept"
    return listing.effective, listing.imported.at


NO_LISTS = ListHistory()


# ── What words mean ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Product:
    """A product in the list, and the apps that it means."""

    name: str
    words: tuple[str, ...]
    """Without case."""
    apps: tuple[str, ...]
    """Type keys of the apps that it means."""
    may: tuple[str, ...] = ()
    """Type keys of apps that the word may cover too: those that run on the product, or may belong to it."""
    with_ai: bool = False
    """True for Rovo, which processes the data of other apps wherever AI reaches them."""
    ai: str = ""
    """Its key as an AI feature on which other entries depend, "loom-ai"; "" where it is none."""


@dataclass(frozen=True, slots=True)
class Words:
    """Words of the list that mean the same: a kind of purpose, or a place."""

    name: str
    """The kind, or an ISO 3166 code, "EEA" or "GLOBAL"."""
    words: tuple[str, ...]
    """Without case."""


@dataclass(frozen=True, slots=True)
class SubprocessorRules:
    """How the rulebook reads the list, and the list that it ships."""

    vendor: str = ""
    list_days: int = 90
    """How many days an import stays current."""
    objection_days: int = 30
    """How many days a customer has to object to a change."""
    columns: Mapping[Column, tuple[str, ...]] = field(default_factory=dict)
    """The labels of each column, without case."""
    titles: Mapping[str, str] = field(default_factory=dict)
    """The label of each column for messages, by its name in `columns`."""
    everything: tuple[str, ...] = ()
    """Words for all products, without case."""
    products: tuple[Product, ...] = ()
    purposes: tuple[Words, ...] = ()
    """The first kind that fits counts."""
    places: tuple[Words, ...] = ()
    eea: frozenset[str] = frozenset()
    """Codes of the countries of the EEA."""
    baseline: SubprocessorList | None = None

    def place_of(self, word: str) -> str | None:
        """The code of the place that a code or word names; None for an unknown word."""
        folded = " ".join(word.casefold().split())
        fits = (one.name for one in self.places if folded == one.name.casefold() or folded in one.words)
        return next(fits, None)

    @property
    def feature_titles(self) -> dict[str, str]:
        """The names of AI features by their keys: "Loom AI" by "loom-ai"."""
        return {one.ai: one.name for one in reversed(self.products) if one.ai}

    @property
    def objection_period(self) -> timedelta:
        """The time in which a customer can object to the changes of an imported list."""
        return timedelta(days=self.objection_days)


NO_SUBPROCESSOR_RULES = SubprocessorRules()


@dataclass(frozen=True, slots=True)
class Scope:
    """One item of a products cell, with the exclusions and the condition that bind to it."""

    name: str
    """The rulebook's name for the product; the page's words where the rulebook does not know them."""
    everything: bool = False
    apps: frozenset[str] = frozenset()
    may: frozenset[str] = frozenset()
    excluding: tuple[str, ...] = ()
    excluded_apps: frozenset[str] = frozenset()
    only_with: tuple[str, ...] = ()
    """Keys of the AI features that it depends on, any of them; empty for none."""
    with_ai: bool = False
    understood: bool = True

    def in_words(self, titles: Mapping[str, str]) -> str:
        """The product with its exclusions and conditions, in which AI features have these titles, else their keys."""
        without = f" (excluding {', '.join(self.excluding)})" if self.excluding else ""
        only = f" with {' or '.join(titles.get(one, one) for one in self.only_with)}" if self.only_with else ""
        return f"{self.name}{without}{only}"


@dataclass(frozen=True, slots=True)
class Purpose:
    """One purpose, and the AI features on which it depends."""

    text: str
    kind: str
    only_with: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """One item of a locations cell."""

    text: str
    countries: tuple[str, ...]
    """ISO 3166 alpha-2, "EEA" or "GLOBAL"; empty where the words are not understood."""
    condition: str = ""
    """ "for support requests only"; "" where it always holds."""


@dataclass(frozen=True, slots=True)
class Processor:
    """One row as the rulebook's vocabulary reads it."""

    row: Row
    scopes: tuple[Scope, ...]
    purposes: tuple[Purpose, ...]
    places: tuple[Place, ...]
    needs_review: tuple[str, ...] = ()
    """What is not understood, a sentence each; empty when the whole row is."""

    @property
    def name(self) -> str:
        """The name as the page writes it."""
        return self.row.name

    @property
    def purpose_kinds(self) -> tuple[str, ...]:
        """Kinds of its purposes, each once."""
        return tuple(dict.fromkeys(one.kind for one in self.purposes))
