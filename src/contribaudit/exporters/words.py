"""Words that the table and the line share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from contribaudit.core.advise.report import Counts
from contribaudit.core.model import names
from contribaudit.core.model.change import Change
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.subject import Subject

ORDER = (
    Outcome.PASS,
    Outcome.WAIVED,
    Outcome.EXEMPT,
    Outcome.FAIL,
    Outcome.CONFLICT,
    Outcome.NOT_ACHIEVABLE,
    Outcome.STALE,
    Outcome.UNKNOWN,
    Outcome.PENDING,
    Outcome.NOT_YET_EFFECTIVE,
)
"""Outcomes as counts list them. What an app does not have is not among what applies."""


def counted(number: int, noun: str) -> str:
    """ "1 site", "2 sites"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def spaces_read(held: Counts) -> str:
    """ "9,012 of 9,040 spaces (28 unseen)", "9,012 spaces" where nobody counted them, "9,012+ spaces" where a listing
    broke off; "" where none was asked for.
    """
    if held.spaces_whole is None:
        return ""
    more = "" if held.spaces_whole else "+"
    if held.spaces_counted is None:
        return f"{held.spaces:,}{more} {'space' if held.spaces == 1 and not more else 'spaces'}"
    unseen = held.spaces_counted - held.spaces
    return f"{held.spaces:,} of {held.spaces_counted:,}{more} spaces" + (f" ({unseen:,} unseen)" if unseen > 0 else "")


@dataclass(frozen=True, slots=True)
class Happening:
    """One change as people count them: a new app or space is one, not one for each of its values."""

    subject: Subject
    changes: tuple[Change, ...]
    appeared: bool = False
    """True for an app that is new; `changes` are then its values."""
    vanished: bool = False

    @property
    def has_cause(self) -> bool:
        """True when it is known who or what did all of it."""
        return all(change.explained for change in self.changes)


def happenings(changes: Iterable[Change]) -> list[Happening]:
    """The changes, those of a new or vanished app or space together, in the order in which each first occurs."""
    listed = list(changes)
    identity = [change for change in listed if change.setting in (names.APP_TYPE_KEY, names.SPACE_KEY)]
    appeared = {change.subject for change in identity if not change.existed_before}
    vanished = {change.subject for change in identity if not change.exists_after}
    groups: dict[Subject | int, list[Change]] = {}
    for number, change in enumerate(listed):
        whole = change.subject in appeared or change.subject in vanished
        groups.setdefault(change.subject if whole else number, []).append(change)
    return [
        Happening(group[0].subject, tuple(group), key in appeared, key in vanished) for key, group in groups.items()
    ]
