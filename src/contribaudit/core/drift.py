"""What differs between two runs. Drift from the policy is a finding; a change is a difference in time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from contribaudit.core.observation import SettingId, Value
from contribaudit.core.subject import Subject

ABSENT = "absent"
"""`before` of a subject or value that is new, `after` of one that is gone; told apart by the two flags."""


@dataclass(frozen=True, slots=True)
class Change:
    """One value that is not what it was."""

    subject: Subject
    setting: SettingId
    before: Value
    after: Value
    existed_before: bool
    """False when the value was not there before: `before` is then None and means nothing."""
    exists_after: bool
    first_seen: datetime
    """Start of the run that first saw `after` (or first saw the value gone)."""
    last_seen: datetime | None
    """Start of the last run that saw `before`; None when there was no before. The change happened in between."""
    cause: str | None = None
    actor: str | None = None
    event_id: str | None = None
    name: str = ""
    """What people call the subject; "" where no name is known."""

    @property
    def id(self) -> str:
        """The first 12 hex digits of SHA-256 over organization, kind, subject, setting and `first_seen`, one a line."""
        subject = self.subject
        key = (subject.organization, subject.kind, subject.id, self.setting, self.first_seen.isoformat())
        return sha256("\n".join(key).encode()).hexdigest()[:12]
