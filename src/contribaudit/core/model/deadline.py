"""One thing that runs out, and what is said of several."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from contribaudit.core.model.observation import SettingId
from contribaudit.core.model.several import counted
from contribaudit.core.model.subject import Subject
from contribaudit.core.model.times import later

SOON_DAYS = 14
"""What ends within so many days is a warning in the report."""


class DeadlineKind(StrEnum):
    """What sort of thing runs out."""

    API_KEY = "api_key"
    ATTESTATION = "attestation"
    READING = "reading"
    WAIVER = "waiver"
    WAIVER_REVIEW = "waiver_review"
    TRIAL = "trial"
    MOVE = "residency_move"
    DELETION = "deletion"
    RESIDUE = "residue"
    EXPOSURE = "exposure"
    BASELINE = "baseline"
    RULEBOOK = "rulebook_review"
    ANNOUNCED = "announced_date"


@dataclass(frozen=True, slots=True)
class Deadline:
    """One thing that runs out."""

    kind: DeadlineKind
    ends_at: datetime | None
    """Aware UTC; of a whole day its midnight at the beginning. None where no date is known."""
    what: str
    """What happens then, as a sentence without a full stop."""
    next_step: str = ""
    whole_day: bool = False
    """True where the whole day still counts."""
    subject: Subject | None = None
    """None for what belongs to the policy or the rulebook."""
    setting: SettingId | None = None
    check: str = ""
    source: str = ""
    """Where the date comes from."""
    key: str = ""
    """Tells two deadlines apart that agree in kind, subject, setting and check."""

    @property
    def id(self) -> str:
        """The first 16 hex digits of SHA-256 over what it is about, whatever its date: stable when that moves."""
        who = (self.subject.organization, self.subject.kind, self.subject.id) if self.subject else ("", "", "")
        parts = (self.kind, *who, self.setting or "", self.check, self.key)
        return sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]

    @property
    def over_at(self) -> datetime | None:
        """The moment from which it is over."""
        return later(self.ends_at, timedelta(days=1)) if self.ends_at is not None and self.whole_day else self.ends_at

    def days_left(self, as_of: datetime) -> int | None:
        """Whole days, 0 on the last one, negative when it is over; None without a date."""
        if self.ends_at is None:
            return None
        if self.whole_day:
            return (self.ends_at.date() - as_of.astimezone(UTC).date()).days
        return (self.ends_at - as_of) // timedelta(days=1)


def within(found: Iterable[Deadline], as_of: datetime, span: timedelta) -> tuple[Deadline, ...]:
    """Those that are over or end within the span, in their order; those without a date are left out."""
    return tuple(one for one in found if one.ends_at is not None and one.ends_at <= as_of + span)


def ending_soon(ends: Iterable[tuple[DeadlineKind, datetime | None]], as_of: datetime) -> list[str]:
    """One warning for each kind that a person can still do something about and that ends within so many days.

    `ends` gives of each deadline its kind, and the moment from which it is over, None where no date is known.
    """
    limit = later(as_of, timedelta(days=SOON_DAYS))
    soon = Counter(kind for kind, over_at in ends if over_at is not None and as_of < over_at <= limit)
    return [
        f"{counted(soon[kind], one, several)} within {SOON_DAYS} days: {step}."
        for kind, (one, several, step) in _WARNED.items()
        if soon[kind]
    ]


_WARNED = {
    DeadlineKind.API_KEY: ("API key ends", "API keys end", "contribaudit deadlines"),
    DeadlineKind.ATTESTATION: (
        "attested value becomes too old",
        "attested values become too old",
        "contribaudit attest",
    ),
    DeadlineKind.WAIVER: ("waiver ends", "waivers end", "contribaudit deadlines"),
    DeadlineKind.TRIAL: ("trial ends", "trials end", "contribaudit forecast --trial-ends"),
    DeadlineKind.BASELINE: ("baseline ends", "baselines end", "contribaudit baseline approve"),
}
