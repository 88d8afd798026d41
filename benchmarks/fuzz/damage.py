"""What is done to answers: to what they hold (`DAMAGE`), and to the text that is sent (`ON_THE_WAY`)."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

Pages: TypeAlias = list[Any]
"""The pages of one list, parsed; damage is done in place, and may have been done before."""
Damage: TypeAlias = Callable[[random.Random, Pages], None]
STRANGER = "bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb"
VALUES: tuple[Any, ...] = (
    None, "", " ", True, False, 0, -1, 8.5, 10**30, [], {}, "US", "eu ", "EU", "\uff25\u200bU", "Atlantis", "x" * 5000,
    "applied", "enabled", "removing", "ENABLED", "data_residency", "dataResidency", "data-residency-v2", "storage",
    "Free", "Premium", ["EU", "US"], {"in": ["US"]}, "c1", "current", "archived", "software", "HOME",
    STRANGER, f"ari:cloud:platform::org/{STRANGER}", "2999-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00",
)  # fmt: skip
_KINDS_OF_RESIDENCY = (
    "data_residency", "dataResidency", "Data-Residency", "data-residency-v2", "data-residency", "storage", "",
)  # fmt: skip


class Twice(dict[str, Any]):
    """An object that is written with one of its keys twice."""

    extra: tuple[str, Any] = ("", None)


def written(value: Any) -> str:
    """JSON text; an object of `Twice` has its extra pair last, where parsers take it from."""
    if isinstance(value, dict):
        pairs = [*value.items(), *([value.extra] if isinstance(value, Twice) else ())]
        return "{" + ",".join(f"{json.dumps(key)}:{written(item)}" for key, item in pairs) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(written, value)) + "]"
    return json.dumps(value)


def entries_of(page: Any) -> list[Any] | None:
    """The entries of a page, None where it has no list of them any more."""
    for name in ("data", "values", "results"):
        if isinstance(page, dict) and isinstance(page.get(name), list):
            found: list[Any] = page[name]
            return found
    return None


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every (holder, key) within."""
    for key in list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield value, key
        yield from _places(value[key])


def _spot(chance: random.Random, page: Any) -> tuple[Any, Any] | None:
    """A place within: as often one of an entry's own as one far down, of which there are many more."""
    entries = entries_of(page)
    if entries and chance.random() < 0.5 and isinstance(entry := chance.choice(entries), dict):
        attributes = entry.get("attributes")
        near = attributes if isinstance(attributes, dict) and attributes and chance.random() < 0.7 else entry
        return (near, chance.choice(list(near))) if near else None
    spots = list(_places(page))
    return chance.choice(spots) if spots else None


def set_value(chance: random.Random, pages: Pages) -> None:
    if spot := _spot(chance, chance.choice(pages)):
        spot[0][spot[1]] = copy.deepcopy(chance.choice(VALUES))


def drop(chance: random.Random, pages: Pages) -> None:
    if spot := _spot(chance, chance.choice(pages)):
        del spot[0][spot[1]]


def respell(chance: random.Random, pages: Pages) -> None:
    spots = [spot for spot in _places(chance.choice(pages)) if isinstance(spot[0][spot[1]], str)]
    if spots:
        holder, key = chance.choice(spots)
        word = holder[key]
        holder[key] = chance.choice((word.upper(), word + " ", word.replace("-", "_"), word + "-v2", word[::-1]))


def repeat_entry(chance: random.Random, pages: Pages) -> None:
    """As it is or with another value, beside the others or in the place of one."""
    every = [entry for page in pages for entry in entries_of(page) or ()]
    target = entries_of(chance.choice(pages))
    if every and target is not None:
        entry = copy.deepcopy(chance.choice(every))
        if chance.random() < 0.5 and (spots := list(_places(entry))):
            holder, key = chance.choice(spots)
            holder[key] = copy.deepcopy(chance.choice(VALUES))
        if target and chance.random() < 0.5:
            target[chance.randrange(len(target))] = entry
        else:
            target.append(entry)


def shuffle(chance: random.Random, pages: Pages) -> None:
    if (entries := entries_of(chance.choice(pages))) is not None:
        chance.shuffle(entries)


def lose_page(chance: random.Random, pages: Pages) -> None:
    """The last page is not told of, or a page comes again under the next one's name."""
    if len(pages) > 1 and chance.random() < 0.5:
        pages[-1] = copy.deepcopy(pages[-2])
    elif isinstance(pages[0], dict):
        for name in ("meta", "links", "_links"):
            if isinstance(pages[0].get(name), dict):
                pages[0][name].pop("next", None)
        pages[0].pop("isLast", None)


def key_twice(chance: random.Random, pages: Pages) -> None:
    spots = [spot for spot in _places(chance.choice(pages)) if isinstance(spot[0][spot[1]], dict) and spot[0][spot[1]]]
    if spots:
        holder, key = chance.choice(spots)
        made = Twice(holder[key])
        made.extra = (chance.choice(list(made)), copy.deepcopy(chance.choice(VALUES)))
        holder[key] = made


def envelope(chance: random.Random, pages: Pages) -> None:
    """What stands beside the entries: links, totals, where the page starts."""
    page = chance.choice(pages)
    if not isinstance(page, dict):
        return
    names = [name for name in page if entries_of({name: page[name]}) is None]
    name = chance.choice(names or ["meta"])
    if chance.random() < 0.3:
        page.pop(name, None)
    elif isinstance(page.get(name), dict):
        page[name][chance.choice(["next", "total"])] = copy.deepcopy(chance.choice((*VALUES, 7, 8, 9)))
    else:
        page[name] = copy.deepcopy(chance.choice((*VALUES, 2, 3, 4, 5, 7, 8, 9)))


def second_policy(chance: random.Random, pages: Pages) -> None:
    """One more policy of a type like residency's, under which every app of another one failed."""
    entries = entries_of(chance.choice(pages)) or []
    for policy in [one for one in entries if isinstance(one, dict) and isinstance(one.get("attributes"), dict)][:1]:
        made = copy.deepcopy(policy)
        made["id"] = "p9"
        made["attributes"]["type"] = chance.choice(_KINDS_OF_RESIDENCY)
        resources = made["attributes"].get("resources")
        for resource in resources if isinstance(resources, list) else ():
            if isinstance(resource, dict):
                resource["applicationStatus"] = "failed"
        entries.append(made)


def stranger(chance: random.Random, pages: Pages) -> None:
    """An app of another organization."""
    entries = entries_of(chance.choice(pages)) or []
    apps = [one for one in entries if isinstance(one, dict) and isinstance(one.get("attributes"), dict)]
    if apps:
        owner = chance.choice((STRANGER, f"ari:cloud:platform::org/{STRANGER}", STRANGER.upper()))
        chance.choice(apps)["attributes"]["owner"] = owner


DAMAGE: tuple[Damage, ...] = (
    set_value, set_value, set_value, drop, drop, respell, repeat_entry, repeat_entry, shuffle, lose_page, key_twice,
    envelope, second_policy, stranger,
)  # fmt: skip


def cut(chance: random.Random, status: int, text: str) -> tuple[int, str]:
    return status, text[: chance.randrange(len(text) + 1)]


def other_status(chance: random.Random, _status: int, text: str) -> tuple[int, str]:
    return chance.choice((201, 202, 203, 204, 206, 207, 301, 304, 400, 403, 404, 500)), text


def other_text(chance: random.Random, status: int, _text: str) -> tuple[int, str]:
    return status, chance.choice(("", "[]", "null", "<html></html>", '{"data": []}', "{}"))


ON_THE_WAY: tuple[Callable[[random.Random, int, str], tuple[int, str]], ...] = (cut, other_status, other_text)


def damaged(
    chance: random.Random, answers: dict[str, Pages], where: Sequence[str], ways: Sequence[Damage] = DAMAGE
) -> tuple[dict[str, list[tuple[int, str]]], list[str]]:
    """Status and text of every page, with some damage to the lists of these names, and what was done."""
    done: list[str] = []
    for _ in range(chance.choice((0, 1, 1, 1, 2, 3))):
        name, way = chance.choice(where), chance.choice(ways)
        way(chance, answers[name])
        done.append(f"{way.__name__} {name}")
    pages = {name: [(200, written(page)) for page in found] for name, found in answers.items()}
    if chance.random() < 0.15:
        name, harm = chance.choice(where), chance.choice(ON_THE_WAY)
        number = chance.randrange(len(pages[name]))
        pages[name][number] = harm(chance, *pages[name][number])
        done.append(f"{harm.__name__} {name}")
    return pages, done
