"""Locations as a policy names them: realms and groups of realms. Which realms a group holds is the rulebook's."""

from __future__ import annotations

from contribaudit.core.model.rulebook import Rulebook


def spelled(word: str, rulebook: Rulebook) -> str | None:
    """The group's name or the realm's code that a word stands for; None for a word that the rulebook does not know."""
    folded = _folded(word)
    for group in rulebook.realm_groups:
        if _folded(group) == folded:
            return group
    realm = rulebook.realm(word)
    return realm.code if realm is not None else None


def fixed(name: str, rulebook: Rulebook) -> bool:
    """False for a realm from which Atlassian may move data, which no app can be pinned to."""
    realm = rulebook.realm(name)
    return name in rulebook.realm_groups or (realm is not None and realm.pinned_to_a_place)


def choices(rulebook: Rulebook) -> tuple[str, ...]:
    """Every name that a policy may write, groups first."""
    return (*rulebook.realm_groups, *(realm.code for realm in rulebook.realms if realm.pinned_to_a_place))


def in_words(names: tuple[str, ...], rulebook: Rulebook) -> str:
    """The locations, groups spelled out: "EEA (EU, DE), CH"."""
    return ", ".join(
        f"{name} ({', '.join(rulebook.realm_groups[name])})" if name in rulebook.realm_groups else name
        for name in names
    )


def _folded(word: str) -> str:
    """A name without case and blanks: "EU + UK" is "EU+UK"."""
    return "".join(word.split()).casefold()
