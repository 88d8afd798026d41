"""Reads the rows of a sub-processor list with the rulebook's vocabulary.

A word that is not understood keeps its text, and its row says so. Nothing is dropped, and doubt is never resolved in
the vendor's favor.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from contribaudit.core.model.subprocessors import (
    EEA,
    GLOBAL,
    Place,
    Processor,
    Product,
    Purpose,
    Row,
    Scope,
    SubprocessorList,
    SubprocessorRules,
)


def understood(listed: SubprocessorList, rules: SubprocessorRules) -> tuple[Processor, ...]:
    """Every row of the list as the rulebook reads it, in the list's order."""
    reader = _Reader(rules)
    return tuple(reader.processor(row) for row in listed.rows)


# ── Splitting ─────────────────────────────────────────────────────────────────────────────────────────


def _split_outside_brackets(text: str, separator: re.Pattern[str]) -> list[str]:
    """The text split at separators outside brackets, without empty parts."""
    depth, begun, parts = 0, 0, []
    for found in re.finditer(rf"[(\[]|[)\]]|{separator.pattern}", text, separator.flags):
        if found[0] in "([":
            depth += 1
        elif found[0] in ")]":
            depth = max(0, depth - 1)
        elif not depth:
            parts.append(text[begun : found.start()])
            begun = found.end()
    parts.append(text[begun:])
    return [one for part in parts if (one := part.strip(" .\n\t•*-\u2013"))]


_COMMA = re.compile(r"[,;\n]")
_AND = re.compile(r"\s+(?:and|or|as well as)\s+|\s*&\s*", re.IGNORECASE)
_LEADING = re.compile(r"^(?:and|or|as well as)\s+", re.IGNORECASE)
_EXCLUDING = re.compile(
    r"\s*\b(?:excluding|excludes|excl\.|except(?:ing)?(?:\s+for)?|other\s+than|not\s+including|with\s+the\s+exception\s+of)\b[:\s]*",
    re.IGNORECASE,
)
_WITH = re.compile(r"\s+with\s+|\s+that\s+use\s+|\s+using\s+", re.IGNORECASE)
_BRACKETS = re.compile(r"\(([^()]*)\)|\[([^\[\]]*)\]")
_FORMER = re.compile(r"^(?:formerly|previously|now|aka|a\.k\.a\.|also known as)\b", re.IGNORECASE)


def _items(text: str, known: Callable[[str], object] = lambda _text: None) -> Iterator[str]:
    """Items of a list in prose: "A, B (C and D) and E". A phrase that is `known` as a whole is not split at "and"."""
    for part in _split_outside_brackets(text, _COMMA):
        yield from _split_at_and(_LEADING.sub("", part), known)


def _split_at_and(text: str, known: Callable[[str], object] = lambda _text: None) -> Iterator[str]:
    """The parts of "A and B", but "Bosnia and Herzegovina" as one if `known`."""
    parts = [_LEADING.sub("", part) for part in _split_outside_brackets(text, _AND)]
    while parts:
        size = next((size for size in range(len(parts), 1, -1) if known(" and ".join(parts[:size]))), 1)
        yield " and ".join(parts[:size])
        del parts[:size]


def _folded(text: str) -> str:
    return " ".join(text.casefold().split()).strip(" .:;")


class _Reader:
    """Reads rows with the rulebook's words. `needs_review` collects what was not understood, a sentence each."""

    def __init__(self, rules: SubprocessorRules) -> None:
        self.rules = rules
        self._products = {word: product for product in rules.products for word in product.words}
        self._places = {word: one.name for one in rules.places if one.name != GLOBAL for word in one.words}
        anywhere = [word for one in rules.places if one.name == GLOBAL for word in one.words]
        self._global = re.compile(rf"\b(?:{'|'.join(map(re.escape, anywhere))})\b") if anywhere else None
        self._kinds = [(one.name, [_pattern(word) for word in one.words]) for one in rules.purposes]

    def processor(self, row: Row) -> Processor:
        """The row with its scopes, purposes and places."""
        needs_review: list[str] = []
        scopes = self.scopes(row.products, needs_review)
        purposes = () if row.group and not row.purposes else self.purposes(row.purposes, needs_review)
        places = self.places(row.locations, needs_review)
        if not row.group and not row.data_categories:
            needs_review.append("categories of data: the cell is empty")
        if re.search(r"[<>]|javascript:", row.name):
            needs_review.append("name: it holds markup")
        return Processor(row, scopes, purposes, places, tuple(dict.fromkeys(needs_review)))

    # ── Products ──

    def product(self, text: str) -> Product | None:
        folded = _folded(text)
        for lead in ("", "all ", "any ", "the "):
            product = self._products.get(folded.removeprefix(lead))
            if product is not None:
                return product
        return None

    def everything(self, text: str) -> bool:
        return _folded(text).removeprefix("the ") in self.rules.everything

    def scopes(self, cell: str, needs_review: list[str]) -> tuple[Scope, ...]:
        """The items of a products cell, each with its own exclusions and conditions."""
        if not cell.strip():
            needs_review.append("products: the cell is empty")
            return (Scope("", understood=False),)
        open_items: list[_OpenItem] = []
        for item in _items(cell):
            last = open_items[-1] if open_items else None
            if last is not None and last.takes(self, item):
                continue
            open_items.append(_OpenItem(self, item))
        for one in open_items:
            needs_review += [f"products: {what!r} is not understood" for what in one.strange]
        return tuple(one.scope() for one in open_items)

    # ── Purposes ──

    def purposes(self, cell: str, needs_review: list[str]) -> tuple[Purpose, ...]:
        """The purposes of a cell, each with the AI features on which it depends."""
        if not cell.strip():
            needs_review.append("purposes: the cell is empty")
            return ()
        purposes: list[Purpose] = []
        for text, condition in _conditional(cell):
            kind = self._purpose_kind(text)
            if not kind:
                needs_review.append(f"purposes: {text!r} is not understood")
            only_with: tuple[str, ...] = ()
            if condition:
                not_understood: list[str] = []
                scopes = self.scopes(condition, not_understood)
                only_with = tuple(dict.fromkeys(key for one in scopes for key in one.only_with))
                if not_understood or not all(one.only_with for one in scopes):
                    only_with = ()  # not limited to AI alone: it counts everywhere, and its text keeps the condition
                needs_review += [f"purposes: {what.removeprefix('products: ')}" for what in not_understood]
            purposes.append(Purpose(f"{f'For {condition}: ' if condition else ''}{text}", kind or "other", only_with))
        return tuple(purposes)

    def _purpose_kind(self, text: str) -> str:
        folded = text.casefold()
        fits = (kind for kind, words in self._kinds if any(all(one.search(folded) for one in word) for word in words))
        return next(fits, "")

    # ── Places ──

    def place(self, text: str) -> str | None:
        folded = _folded(text)
        return self._places.get(folded) or self._places.get(folded.removeprefix("the "))

    def places(self, cell: str, needs_review: list[str]) -> tuple[Place, ...]:
        """The items of a locations cell; those after a condition's colon have that condition."""
        if not cell.strip():
            needs_review.append("locations: the cell is empty")
            return ()
        places: list[Place] = []
        condition = ""
        for sentence in re.split(r";|\n", cell):
            condition = ""
            if self._means_anywhere(sentence) and not any(map(self.place, _items(sentence))):
                places.append(Place(sentence.strip(), (GLOBAL,)))
                continue
            for part in _split_outside_brackets(sentence, re.compile(r",")):
                if ":" in part:
                    before, _, part = part.partition(":")
                    condition = _LEADING.sub("", before.strip())
                    if self.place(condition):  # "EU: Ireland" is no condition
                        part, condition = f"{condition} ({part.strip()})", ""
                places += [
                    self._read_location(item, condition, needs_review)
                    for item in _split_at_and(_LEADING.sub("", part.strip()), self.place)
                ]
        return tuple(one for one in places if one.text)

    def _means_anywhere(self, text: str) -> bool:
        return self._global is not None and self._global.search(text.casefold()) is not None

    def _read_location(self, item: str, condition: str, needs_review: list[str]) -> Place:
        head = _BRACKETS.sub("", item).strip()
        countries: list[str] = []
        for inner in _BRACKETS.finditer(item):
            text = inner[1] or inner[2] or ""
            if re.search(r"^for\b|\bonly\b", text, re.IGNORECASE) and not self.place(text):
                condition = condition or text.strip()
                continue
            for part in _items(text, self.place):
                code = self.place(part)
                if code is None:
                    needs_review.append(f"locations: {part!r} is not understood")
                else:
                    countries.append(code)
        own = self.place(head)
        if own is None and self._means_anywhere(head):
            own = GLOBAL
        late = re.search(r"\s+(for\b.*\bonly|only for\b.*)$", head, re.IGNORECASE)
        if own is None and late is not None and not condition:
            own, condition = self.place(head[: late.start()]), late[1]
        if own is None:
            needs_review.append(f"locations: {head!r} is not understood")
        if own is not None and not (countries and self._spells_out(own, countries)):
            countries.insert(0, own)
        return Place(item, tuple(dict.fromkeys(countries)), condition)

    def _spells_out(self, region: str, countries: Sequence[str]) -> bool:
        """Whether the countries spell out the region: "EEA (Sweden, Ireland and Germany)"."""
        return region == EEA and all(one in self.rules.eea for one in countries)


def _pattern(words: str) -> list[re.Pattern[str]]:
    """The patterns that must all match a purpose: one for each part of "a + b", at the beginning of a word."""
    return [re.compile(rf"(?<!\w){re.escape(part.strip())}") for part in words.split("+")]


_CONDITION = re.compile(r"(?:^|[,;.\n]\s*)for\s+((?:(?!\bfor\s)[^:\n]){3,300}):\s*", re.IGNORECASE)


def _conditional(cell: str) -> Iterator[tuple[str, str]]:
    """Purposes, each with the condition before it: "…,For Cloud Products with Rovo: …"; "" for none."""
    condition, begun = "", 0
    pieces: list[tuple[str, str]] = []
    for found in _CONDITION.finditer(cell):
        pieces.append((cell[begun : found.start()], condition))
        condition, begun = " ".join(found[1].split()), found.end()
    pieces.append((cell[begun:], condition))
    for text, piece_condition in pieces:
        for part in re.split(r"[;\n]", text):
            if one := " ".join(part.split()).strip(" ,."):
                yield one, piece_condition


class _OpenItem:
    """An item of a products cell while it is read: the next items may be its exclusions or AI features."""

    def __init__(self, reader: _Reader, item: str) -> None:
        self.strange: list[str] = []
        self.excluding: list[str] = []
        self.excluded: set[str] = set()
        self.only_with: list[str] = []
        self._after = ""
        in_brackets = [one[1] or one[2] or "" for one in _BRACKETS.finditer(item)]
        bare = _BRACKETS.sub(" ", item).strip()
        bare, *left_out = _EXCLUDING.split(bare, maxsplit=1)
        base, *features = _WITH.split(bare.strip(), maxsplit=1)
        self.name = " ".join(base.split())
        self._all = reader.everything(base)
        self._product = reader.product(base)
        if not self._all and self._product is None:
            self.strange.append(self.name)
        for text in features:
            self._feature(reader, text)
            self._after = "with"
        for text in left_out:
            self._leave_out(reader, text)
            self._after = "excluding"
        for text in in_brackets:
            cut = _EXCLUDING.match(text.strip())
            if cut is not None:
                for part in _items(text.strip()[cut.end() :]):
                    self._leave_out(reader, part)
            elif _FORMER.match(text.strip()):
                continue
            elif _WITH.match(f" {text.strip()}"):
                for part in _items(_WITH.sub("", f" {text.strip()}", count=1)):
                    self._feature(reader, part)
            else:
                self.strange.append(text.strip())

    def takes(self, reader: _Reader, item: str) -> bool:
        """Whether the next item belongs to this one: an AI feature after "with", an exclusion after "excluding"."""
        product = reader.product(_BRACKETS.sub("", item))
        if self._after == "with" and product is not None and product.ai:
            self._feature(reader, item)
            return True
        if self._after == "with" and (cut := _EXCLUDING.match(item)) is not None:
            self._leave_out(reader, item[cut.end() :])
            self._after = "excluding"
            return True
        cut = _EXCLUDING.match(item)
        if cut is not None:
            self._leave_out(reader, item[cut.end() :])
            self._after = "excluding"
            return True
        if self._after == "excluding" and product is not None and self._covers(product):
            self._leave_out(reader, item)
            return True
        return False

    def _covers(self, product: Product) -> bool:
        """Whether this item already covers the product, which can then only be an exclusion."""
        return self._all or (self._product is not None and set(product.apps) <= set(self._product.apps))

    def _feature(self, reader: _Reader, text: str) -> None:
        for part in _items(text):
            product = reader.product(part)
            if product is None or not product.ai:
                self.strange.append(part)
            elif product.ai not in self.only_with:
                self.only_with.append(product.ai)

    def _leave_out(self, reader: _Reader, text: str) -> None:
        product = reader.product(text)
        if product is None:
            self.strange.append(text.strip())
            return
        self.excluding.append(product.name)
        self.excluded |= set(product.apps)

    def scope(self) -> Scope:
        """The finished item as a scope."""
        product = self._product
        # "Loom AI" counts for Loom with AI.
        feature_of_one_app = product is not None and product.ai and not product.with_ai
        strange_feature = self._after == "with" and not self.only_with
        return Scope(
            name=product.name if product is not None else self.name,
            everything=self._all,
            apps=frozenset(product.apps if product is not None else ()),
            may=frozenset(product.may if product is not None else ()),
            excluding=tuple(self.excluding),
            excluded_apps=frozenset(self.excluded),
            only_with=tuple(self.only_with) or ((product.ai,) if product is not None and feature_of_one_app else ()),
            with_ai=product is not None and product.with_ai,
            understood=(self._all or product is not None) and not strange_feature,
        )
