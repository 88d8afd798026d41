"""Compares two lists of sub-processors: rows that were added, removed or renamed, and cells that changed in meaning.

Rows are matched by name, else by their links, the host of their links, or a nearly equal name. Cells are compared by
meaning, not by spelling; text whose meaning is not worked out is compared as text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from urllib.parse import urlsplit

from contribaudit.core.model.phrases import grouped
from contribaudit.core.model.subprocessors import ListHistory, Place, Processor, Scope, SubprocessorList


class ChangeOfList(StrEnum):
    """What happened to a row."""

    ADDED = "added"
    REMOVED = "removed"
    RENAMED = "renamed"
    SCOPE = "scope"
    PURPOSE = "purpose"
    LOCATION = "location"
    CATEGORIES = "categories"
    SECURITY = "security"


@dataclass(frozen=True, slots=True)
class ListChange:
    """One change of one row."""

    kind: ChangeOfList
    name: str
    """The row's name in the newer list; in the older one for a row that was removed."""
    before: str
    """The old cell; "" for a row that was added."""
    after: str
    """The new cell; "" for a row that was removed."""
    old: Processor | None
    new: Processor | None


def list_changes(before: Sequence[Processor], after: Sequence[Processor]) -> tuple[ListChange, ...]:
    """Every change in the order of the newer list, then removed rows in the order of the older list."""
    pairs = matched(before, after)
    changes: list[ListChange] = []
    for number, new in enumerate(after):
        old = pairs.get(number)
        if old is None:
            changes.append(ListChange(ChangeOfList.ADDED, new.name, "", _row_summary(new), None, new))
        else:
            changes += _of_row(old, new)
    matched_ids = {id(one) for one in pairs.values()}
    for old in before:
        if id(old) not in matched_ids:
            changes.append(ListChange(ChangeOfList.REMOVED, old.name, _row_summary(old), "", old, None))
    return tuple(changes)


def _row_summary(processor: Processor) -> str:
    """A row in one line: its purposes, products and locations."""
    cells = (processor.row.purposes, processor.row.products, processor.row.locations)
    return "; ".join(" ".join(cell.split()) for cell in cells if cell)


def version_before(
    history: ListHistory, listed: SubprocessorList, shipped: SubprocessorList | None
) -> SubprocessorList | None:
    """The list before this one, by the day from which each is in force; `shipped` if there is none."""
    earlier = [one for one in history.versions if one.effective < listed.effective]
    same_day = [
        one
        for one in history.versions
        if one.effective == listed.effective and one.rows != listed.rows and _is_earlier(one, listed)
    ]
    earlier_lists = [*earlier, *same_day]
    return earlier_lists[-1] if earlier_lists else shipped


def _is_earlier(one: SubprocessorList, other: SubprocessorList) -> bool:
    return one.imported is not None and other.imported is not None and one.imported.at < other.imported.at


# ── Which rows belong together ────────────────────────────────────────────────────────────────────────


def matched(before: Sequence[Processor], after: Sequence[Processor]) -> dict[int, Processor]:
    """The older row of each newer row, by the newer row's index; added rows are missing."""
    pairs: dict[int, Processor] = {}
    by_name = grouped(before, lambda old: (_bare_name(old.name), old.row.group))
    for number, new in enumerate(after):
        same = by_name.get((_bare_name(new.name), new.row.group))
        if same:
            pairs[number] = same.pop(0)
    unmatched = [old for same in by_name.values() for old in same]
    for rule in (_same_links, _same_host, _similar_enough):
        open_ones = [(number, new) for number, new in enumerate(after) if number not in pairs]
        fits = [
            (old, number, new)
            for old in unmatched
            for number, new in open_ones
            if old.row.group == new.row.group and rule(old, new)
        ]
        for same_use_only in (False, True):
            candidates = [one for one in fits if one[1] not in pairs and any(one[0] is old for old in unmatched)]
            candidates = [one for one in candidates if not same_use_only or _same_use(one[0], one[2])]
            olds = Counter(id(old) for old, _, _ in candidates)
            news = Counter(number for _, number, _ in candidates)
            for old, number, _ in candidates:
                if olds[id(old)] == 1 == news[number]:  # only an unambiguous pair counts
                    pairs[number] = old
                    unmatched = [one for one in unmatched if one is not old]
    return pairs


def same_name(one: str, other: str) -> bool:
    """Whether two names are the same apart from case and punctuation."""
    return _bare_name(one) == _bare_name(other)


def _bare_name(name: str) -> str:
    return " ".join("".join(sign if sign.isalnum() else " " for sign in name.casefold()).split())


def _same_links(old: Processor, new: Processor) -> bool:
    addresses = {link.url for link in old.row.links}
    return bool(addresses) and addresses == {link.url for link in new.row.links}


def _hosts(processor: Processor) -> set[str]:
    return {host for link in processor.row.links if (host := _host(link.url))}


def _host(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").removeprefix("www.")
    except ValueError:  # an address with unmatched brackets
        return ""


def _same_host(old: Processor, new: Processor) -> bool:
    """Whether the rows share a host and fit otherwise too, since many companies keep trust pages with one host."""
    return bool(_hosts(old) & _hosts(new)) and (_same_use(old, new) or _likeness(old, new) >= _SOMEWHAT)


_NEARLY, _SOMEWHAT = 0.85, 0.7


def _similar_enough(old: Processor, new: Processor) -> bool:
    return _likeness(old, new) >= _NEARLY


def _likeness(old: Processor, new: Processor) -> float:
    one, other = _bare_name(old.name), _bare_name(new.name)
    longest = 2 * min(len(one), len(other)) / (len(one) + len(other) or 1)  # an upper bound of the ratio
    return SequenceMatcher(None, one, other, autojunk=False).ratio() if longest >= _SOMEWHAT else 0.0


def _same_use(old: Processor, new: Processor) -> bool:
    return old.row.purposes == new.row.purposes and _scopes(old.scopes) == _scopes(new.scopes)


# ── What changed of a row ─────────────────────────────────────────────────────────────────────────────


def _scopes(scopes: Sequence[Scope]) -> frozenset[object]:
    return frozenset(
        (
            "" if one.everything else one.name.casefold(),
            one.everything,
            frozenset(one.excluding),
            frozenset(one.only_with),
            one.understood,
        )
        for one in scopes
    )


def _location_keys(places: Sequence[Place]) -> frozenset[object]:
    return frozenset(
        (code, one.condition.casefold()) for one in places for code in one.countries or (one.text.casefold(),)
    )


def _comparable_text(cell: str) -> str:
    return " ".join(cell.casefold().replace(",", ", ").split()).strip(" .")


_CELLS: Mapping[ChangeOfList, tuple[Callable[[Processor], object], Callable[[Processor], str]]] = {
    ChangeOfList.SCOPE: (lambda one: _scopes(one.scopes), lambda one: one.row.products),
    ChangeOfList.PURPOSE: (lambda one: _comparable_text(one.row.purposes), lambda one: one.row.purposes),
    ChangeOfList.LOCATION: (lambda one: _location_keys(one.places), lambda one: one.row.locations),
    ChangeOfList.CATEGORIES: (
        lambda one: _comparable_text(one.row.data_categories),
        lambda one: one.row.data_categories,
    ),
}


def _of_row(old: Processor, new: Processor) -> Iterator[ListChange]:
    if _bare_name(old.name) != _bare_name(new.name):
        yield ListChange(ChangeOfList.RENAMED, new.name, old.name, new.name, old, new)
    for kind, (meaning, cell) in _CELLS.items():
        if meaning(old) != meaning(new):
            yield ListChange(kind, new.name, _single_line(cell(old)), _single_line(cell(new)), old, new)
    if _has_measures(old) and _has_measures(new) and _security(old) != _security(new):
        yield ListChange(
            ChangeOfList.SECURITY, new.name, _single_line(old.row.security), _single_line(new.row.security), old, new
        )


def _has_measures(processor: Processor) -> bool:
    """False for a row whose security measures were not kept, as in the shipped list."""
    return bool(processor.row.security or processor.row.links)


def _security(processor: Processor) -> object:
    return _comparable_text(processor.row.security), frozenset(link.url for link in processor.row.links)


def _single_line(cell: str) -> str:
    return " ".join(cell.split())
