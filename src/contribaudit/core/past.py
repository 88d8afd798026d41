"""What the history tells of an organization's past, asked for by need: most runs judge without it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from contribaudit.core.model.audit_log import NO_LOG, AuditLog
from contribaudit.core.model.change import Change


@dataclass(frozen=True, slots=True)
class Past:
    """Two questions about one organization, each from a moment on."""

    changes: Callable[[datetime], Sequence[Change]]
    """Every change on the way from the last run before the moment, with its cause."""
    log: Callable[[datetime], AuditLog]
    """Events of the audit log after the moment, and every reading of it."""


NO_PAST = Past(lambda _moment: (), lambda _moment: NO_LOG)
