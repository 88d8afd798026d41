"""A line of the doctor."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from contribaudit.errors import ContribauditError


class Status(StrEnum):
    """How a thing is."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was looked at. `next` is "" where there is nothing to do, `exit_code` 0 unless it failed."""

    status: Status
    name: str
    what: str
    next: str = ""
    exit_code: int = 0

    @classmethod
    def ok(cls, name: str, what: str, next_step: str = "") -> Self:
        """It is as it should be."""
        return cls(Status.OK, name, what, next_step)

    @classmethod
    def warning(cls, name: str, what: str, next_step: str) -> Self:
        """An audit runs, but not for ever, or not with everything."""
        return cls(Status.WARNING, name, what, next_step)

    @classmethod
    def failed(cls, name: str, error: ContribauditError) -> Self:
        """An audit would fail here, or not see something that it needs."""
        return cls(Status.FAILED, name, error.message, error.hint, error.exit_code)
