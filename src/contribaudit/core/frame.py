"""What stands around changes: when each run read and by what, and what apps are called."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class RunFrame:
    """One run of one organization."""

    run: int
    started_at: datetime
    """Start of the run: what `first_seen` and `last_seen` of a change name."""
    finished_at: datetime
    """When its last collector had ended."""
    whole: frozenset[str]
    """Collectors that read everything."""
    tool_version: str
    policy_name: str
    policy_sha256: str
    rulebook_sha256: str


@dataclass(frozen=True, slots=True)
class SubjectNames:
    """How people and events may call an app. "" for what was never seen."""

    name: str = ""
    alias: str = ""
    host: str = ""
    site: str = ""
