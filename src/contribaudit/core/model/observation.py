"""What one source said about one setting of one subject, or that it could not be read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType, TypeAlias

from contribaudit.core.model.subject import Subject

SettingId = NewType("SettingId", str)
"""A setting's name as in `catalogue/`, for instance "residency.realm"."""

Value: TypeAlias = bool | int | str | tuple[str, ...] | None
"""What a setting can hold. None means that the source said null; an empty tuple, that it gave an empty list."""


class Grade(StrEnum):
    """How a value is known, strongest first."""

    DOCUMENTED = "documented"
    DECODED = "decoded"
    ATTESTED = "attested"
    INFERRED = "inferred"
    PREDICTED = "predicted"

    @property
    def rank(self) -> int:
        """0 for the strongest grade, growing as grades weaken."""
        return _RANKS[self]


_RANKS = {grade: rank for rank, grade in enumerate(Grade)}


def weakest(grades: Iterable[Grade]) -> Grade:
    """The weakest of the grades: a chain is as good as its weakest link. Raises ValueError when there is none."""
    return max(grades, key=lambda grade: grade.rank)


@dataclass(frozen=True, slots=True)
class Attester:
    """Who vouches for an attested value, and how well it is supported."""

    by: str
    """The email address of the person who looked."""
    confirmed_by: str | None = None
    """A second person, None while there is none."""
    screenshot: bool = False
    anchored: bool = False
    """True while signals anchor the value: nothing that the API shows has changed since the look."""
    screen: str = ""
    """The rulebook's ID of the console screen, "" where none was recorded."""
    console_path: str = ""
    """The menu path that was taken, "" where none was recorded."""
    generation: str = ""
    """The console generation that has this path, in the rulebook's words; "" where the rulebook knows none."""
    attestation: str = ""
    """ID of the attestation; for a value that rests on several, all their IDs separated by commas."""


@dataclass(frozen=True, slots=True)
class Observed:
    """A source told us this value."""

    setting: SettingId
    subject: Subject
    value: Value
    grade: Grade
    observed_at: datetime
    """When the source was asked (aware UTC): evidence is never younger than this says."""
    source: str
    """The call ("POST /admin/v2/orgs/{orgId}/workspaces"), or who attested it."""
    response: str = ""
    """SHA-256 (hex) of the canonical raw object that says so, "" when the value came from no single object."""
    witness: Attester | None = None
    """Who vouches for the value; None where it rests on no attestation."""

    @property
    def texts(self) -> tuple[str, ...]:
        """The texts of a list, or a single value as the only text."""
        return self.value if isinstance(self.value, tuple) else (str(self.value),)


STALE_CODES = frozenset(("signal_moved", "plan_changed", "app_left"))
"""A value was attested and something moved since: outcomes that rest on it are `stale`, not `unknown`."""
CONFLICT_CODE = "attestations_differ"
"""Two people recorded different values for the same moment."""
SOURCES_DIFFER = "sources_differ"
"""Two equally good sources say different things."""
CONFLICT_CODES = frozenset((CONFLICT_CODE, SOURCES_DIFFER))
"""Outcomes that rest on one of these are `conflict`."""


@dataclass(frozen=True, slots=True)
class Unavailable:
    """We asked, or should have asked, and do not know the value."""

    setting: SettingId
    subject: Subject
    code: str
    """A stable word for programs: an error's code ("forbidden"), "missing_key", "unknown_word", "wrong_type", or one
    of STALE_CODES and CONFLICT_CODES."""
    reason: str
    """A sentence for people, without a full stop."""
    attempted_at: datetime
    source: str
    missing_scope: str | None = None
    """The scope that would make it readable, None when a scope is not the cause."""


Observation: TypeAlias = Observed | Unavailable
