"""Which actions of the audit log may be the cause of which changes, told by words: no list of actions is published."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from contribaudit.core.model.audit_log import EventAction
from contribaudit.core.model.observation import SettingId
from contribaudit.core.model.subject import Kind


@dataclass(frozen=True, slots=True)
class ActionFamily:
    """Actions that have something to do with each other, and the settings that they can change."""

    name: str
    words: tuple[str, ...]
    """Whole words of an action's ID, title or group, without case; one that ends in `*` is the beginning of a word."""
    settings: tuple[str, ...]
    """Names of settings; one that ends in "." is the beginning of names."""
    kinds: tuple[Kind, ...] = ()
    """Subjects of these kinds come and go by such actions."""
    follows_plan: bool = False
    """True where the plan sets the defaults: a change of plan changes them without anybody touching a switch."""
    audited: bool = False
    """True where an auditor asks for the event of each change."""


@dataclass(frozen=True, slots=True)
class VendorDate:
    """A day on which Atlassian itself changed something."""

    on: date
    families: tuple[str, ...]
    what: str
    source: str
    grade: str


@dataclass(frozen=True, slots=True)
class LogRules:
    """What the tool believes about the audit log."""

    retention_days: int
    latency_hours: int
    """How late an event may be taken in, as far as anybody says."""
    rollout_subjects: int
    """So many subjects that change the same way at once, without an event, look like a roll-out by the vendor."""
    review_days: int
    """How far back the events of changes are asked for."""
    ignored: tuple[str, ...]
    """Words of actions that are never a cause and very many: views, requests."""
    families: tuple[ActionFamily, ...] = ()
    dates: tuple[VendorDate, ...] = ()

    def families_of(self, action: EventAction) -> frozenset[str]:
        """The names of the families that an action's words put it in; none for an ignored one."""
        text = _words(f"{action.id} {action.title} {action.group}")
        if any(_says(text, word) for word in self.ignored):
            return frozenset()
        return frozenset(one.name for one in self.families if any(_says(text, word) for word in one.words))

    def families_behind(self, setting: SettingId, kind: Kind | None = None) -> tuple[ActionFamily, ...]:
        """The families whose actions can change a setting, or make a subject of a kind come and go."""
        return tuple(
            one for one in self.families if kind in one.kinds or any(_named(setting, name) for name in one.settings)
        )


NO_LOG_RULES = LogRules(retention_days=0, latency_hours=0, rollout_subjects=0, review_days=0, ignored=())
"""Of a rulebook that says nothing of the log: no action is ever a cause."""


def _named(setting: str, name: str) -> bool:
    return setting.startswith(name) if name.endswith(".") else setting == name


def _words(text: str) -> str:
    """The text as words between single spaces: action IDs are written in snake case, titles are not."""
    return f" {_spaced(text)} "


@lru_cache(maxsize=1024)
def _wanted(word: str) -> str:
    return f" {_spaced(word)}" if word.endswith("*") else f" {_spaced(word)} "


def _spaced(text: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", text.casefold()))


def _says(text: str, word: str) -> bool:
    return _wanted(word) in text
