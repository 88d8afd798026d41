"""How the vendor's list of sub-processors is read, from `subprocessors.toml` and `subprocessors_shipped.toml`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from contribaudit.core.model.rulebook import App
from contribaudit.core.model.subprocessors import Column, Product, Row, SubprocessorList, SubprocessorRules, Words
from contribaudit.errors import RulebookError
from contribaudit.rulebook import shapes

_FILE = "subprocessors.toml"


def subprocessor_rules(
    file: shapes.SubprocessorsFile, shipped: shapes.ShippedListFile, apps: Mapping[str, App], shipped_sha256: str
) -> SubprocessorRules:
    """The rules. Raises RulebookError for a word that stands for two things, and for an app that is unknown."""
    _no_word_twice("product", [[*entry.words] for entry in file.product] + [file.everything])
    _no_word_twice("place", [entry.words for entry in file.place])
    type_keys = {app.type_key for app in apps.values()}
    for entry in file.product:
        for app in sorted({*entry.apps, *entry.may} - type_keys):
            raise RulebookError(f"{_FILE}, product `{entry.name}`: apps.toml has no type key `{app}`")
    columns: dict[Column, tuple[str, ...]] = {
        "name": _folded(file.columns.name),
        "products": _folded(file.columns.products),
        "purposes": _folded(file.columns.purposes),
        "data_categories": _folded(file.columns.data_categories),
        "locations": _folded(file.columns.locations),
        "security": _folded(file.columns.security),
        "country": _folded(file.columns.country),
    }
    _no_word_twice("column", list(columns.values()))
    return SubprocessorRules(
        vendor=file.vendor,
        list_days=file.list_days,
        objection_days=file.objection_days,
        columns=columns,
        titles={name: labels[0] for name, labels in file.columns},
        everything=_folded(file.everything),
        products=tuple(
            Product(entry.name, _folded(entry.words), tuple(entry.apps), tuple(entry.may), entry.with_ai, entry.ai)
            for entry in file.product
        ),
        purposes=tuple(Words(entry.kind, _folded(entry.words)) for entry in file.purpose),
        places=tuple(Words(entry.code, _folded(entry.words)) for entry in file.place),
        eea=frozenset(entry.code for entry in file.place if entry.eea),
        baseline=SubprocessorList(
            effective=shipped.effective,
            rows=(
                *(
                    Row(one.name, one.products, one.purposes, one.data_categories, one.locations)
                    for one in shipped.third_party
                ),
                *(Row(one.name, one.products, locations=one.country, group=True) for one in shipped.group_company),
            ),
            source=shipped.source,
            sha256=shipped_sha256,
        ),
    )


def _folded(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(" ".join(word.casefold().split()) for word in words)


def _no_word_twice(kind: str, groups: Iterable[Iterable[str]]) -> None:
    seen: set[str] = set()
    for words in groups:
        own = set(_folded(words))
        for word in sorted(own & seen):
            raise RulebookError(f"{_FILE}: the word `{word}` stands for two {kind}s")
        seen |= own
