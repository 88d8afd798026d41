"""Groups changes as people count them: a new app or space is one change, as is what one event did to a subject."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from contribaudit.core.model import names
from contribaudit.core.model.change import Change
from contribaudit.core.model.observation import SettingId, Value
from contribaudit.core.model.phrases import grouped
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.exporters.text import called, display, label, safe_text

if TYPE_CHECKING:
    from contribaudit.exporters.report_v1 import SubjectV1


@dataclass(frozen=True, slots=True)
class ChangeGroup:
    """One change as people count them: a new app or space is one change, not one per value."""

    subject: Subject
    changes: tuple[Change, ...]
    appeared: bool = False
    """True for an app or space that is new; `changes` are then its values."""
    vanished: bool = False

    @property
    def main(self) -> Change:
        """The change that an event explains, else the first one."""
        return next((one for one in self.changes if one.why is not None and one.event_id), self.changes[0])

    @property
    def ticket(self) -> str:
        """The first ticket of its changes; "" without one."""
        return next((one.ticket for one in self.changes if one.ticket), "")

    @property
    def has_cause(self) -> bool:
        """True when the cause of every change in the group is known."""
        return all(change.explained for change in self.changes)


def grouped_changes(changes: Iterable[Change]) -> list[ChangeGroup]:
    """Changes in order of first occurrence; those of a new or removed app or space form one group."""
    listed = list(changes)
    identity = [change for change in listed if change.setting in (names.APP_TYPE_KEY, names.SPACE_KEY)]
    appeared = {change.subject for change in identity if not change.existed_before}
    vanished = {change.subject for change in identity if not change.exists_after}
    groups: dict[Subject | int, list[Change]] = {}
    for number, change in enumerate(listed):
        whole = change.subject in appeared or change.subject in vanished
        groups.setdefault(change.subject if whole else number, []).append(change)
    return [
        ChangeGroup(group[0].subject, tuple(group), key in appeared, key in vanished) for key, group in groups.items()
    ]


def called_in(change: Change) -> str:
    """What people call the subject of a change: "Jira on acme.atlassian.net". The change itself names it by alias."""
    from contribaudit.core.resolve.aliases import spoken
    from contribaudit.rulebook.loader import app_titles  # its models are too slow to import before a first paint

    name, kind = change.name or change.subject.id, change.subject.kind
    parts = name.removeprefix("space:").split("/")
    place = {Kind.APP: 1, Kind.SPACE: 2}.get(kind, 0)
    type_key = parts[-place] if place and len(parts) > place else ""
    title = app_titles().get(type_key.casefold(), "")
    alias = f"app:{name}" if kind is Kind.APP else name
    return safe_text(spoken(change.subject, alias, name, type_key, title) if title else name)


def setting_and_values(group: ChangeGroup) -> tuple[str, str]:
    """The setting and its values before and after; for an app or space, "new" or "gone" and a description."""
    first = group.changes[0]
    if group.appeared or group.vanished:
        values = {change.setting: change.after if group.appeared else change.before for change in group.changes}
        facts = (values.get(setting) for setting in (names.SPACE_KEY, names.PLAN, names.APP_STATUS, names.REALM))
        return "new" if group.appeared else "gone", ", ".join(display(value) for value in facts if value is not None)
    before = _value_words(first.setting, first.before) if first.existed_before else "(absent)"
    after = _value_words(first.setting, first.after) if first.exists_after else "(absent)"
    return first.setting, f"{before} -> {after}"


def _value_words(setting: SettingId, value: Value) -> str:
    """A value as people read it; a digest is shortened to twelve characters."""
    from contribaudit import catalogue  # only a later screen needs it, and it is slow to import

    if catalogue.find(setting).unit == "SHA-256" and isinstance(value, str | tuple):
        return ", ".join(digest[:12] for digest in ([value] if isinstance(value, str) else value)) or "none"
    return display(value)


@dataclass(frozen=True, slots=True)
class CountedChange:
    """A change as people count them, with its texts."""

    when: str
    """The time between the two runs that differ, as text."""
    first_seen: datetime
    at: datetime | None
    """When the causing event happened; None when no event is known."""
    what: str
    """The ID of the setting, or "new" or "gone"."""
    about: Subject
    subject: str
    """The alias of the subject, without "app:"."""
    called: str
    """The name that people use for the subject."""
    title: str
    """Title of the setting; "" for a new or removed app or space."""
    values: str
    """The values before and after; for a new or removed app or space, a description."""
    actor: str
    """Who made the change; "" when unknown."""
    cause: str
    """The cause in a sentence; "" when none was searched for."""
    explained: bool
    ticket: str

    @property
    def sentence(self) -> str:
        """What changed, without the subject: "Location: EU -> US", "new (Standard)"."""
        if self.title:
            return f"{self.title}: {self.values}"
        return f"{self.what} ({self.values})" if self.values else self.what


_CAUSED_AT = re.compile(r" on (\d{4}-\d\d-\d\d \d\d:\d\d)Z")
"""The time of the event in the sentence about a cause."""


def counted_changes(changes: Iterable[Change], described: Callable[[Subject], SubjectV1]) -> list[CountedChange]:
    """Changes as people count them, in order of first occurrence.

    `described` returns a subject in the form of the published report.
    """
    from contribaudit import catalogue  # too slow to import before the first paint, and for the help of a command

    entries: list[CountedChange] = []
    for group in grouped_changes(changes):
        first = group.changes[0]
        kind, text = setting_and_values(group)
        since = f"{first.last_seen:%Y-%m-%d %H:%M} to " if first.last_seen else "by "
        # If one change is unexplained, the whole group is.
        main = next((change for change in group.changes if not change.explained), first)
        cause = main.cause or ""
        actor = next((change.actor for change in group.changes if change.actor), "") or ""
        if actor and actor not in cause:
            cause += f" ({actor})" if cause else actor
        subject = described(first.subject)
        title = "" if group.appeared or group.vanished else safe_text(catalogue.find(first.setting).title)
        entries.append(
            CountedChange(
                when=f"{since}{first.first_seen:%Y-%m-%d %H:%M}Z",
                first_seen=first.first_seen,
                at=caused_at(cause) if actor else None,
                what=kind,
                about=first.subject,
                subject=label(subject),
                called=called(subject),
                title=title,
                values=text,
                actor=safe_text(actor),
                cause=safe_text(cause),
                explained=group.has_cause,
                ticket=safe_text(group.ticket),
            )
        )
    return entries


def caused_at(cause: str) -> datetime | None:
    """The time of the event in the sentence about a cause; None when it has none."""
    found = _CAUSED_AT.search(cause)
    return datetime.fromisoformat(found[1]) if found else None


def by_cause(changes: Sequence[CountedChange]) -> list[tuple[CountedChange, int]]:
    """One change per subject and cause (a signal only if alone), and the number of others; unexplained first."""
    groups = grouped(changes, lambda one: (one.about, one.cause)).values()
    brief = [(min(group, key=lambda each: each.what.startswith("signal.")), len(group) - 1) for group in groups]
    return sorted(brief, key=lambda one: one[0].explained)
