"""One thing to do, and what many of them need: the gravest severity, the names of subjects."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from contribaudit.core.alias import alias_of
from contribaudit.core.model.finding import Finding, Severity
from contribaudit.core.model.subject import Subject
from contribaudit.core.resolve.state import State

_NAMED = 3


class StepKind(StrEnum):
    """What a person does."""

    FIX = "fix"
    LOOK = "look"
    CONFIRM = "confirm"
    DECIDE = "decide"
    RENEW = "renew"
    NOBODY = "nobody"
    """Nothing: the last line, of what nobody can settle now."""


@dataclass(frozen=True, slots=True)
class NextStep:
    """One thing to do."""

    kind: StepKind
    severity: Severity | None
    """The gravest of what it settles; None for what only runs out, and for what nobody can settle."""
    minutes: int
    """About; 0 for what nobody can settle."""
    text: str
    """One sentence without a full stop."""
    command: str
    """What to type for it, or to read more."""
    organization: str
    """"" for what belongs to the policy or the rulebook, or to several organizations."""
    subjects: tuple[Subject, ...] = ()
    due: datetime | None = None
    findings: tuple[Finding, ...] = ()
    """What it settles. No finding is in two steps, so that one that waits for two things is in the first of them."""


def gravest(findings: Iterable[Finding]) -> Severity | None:
    """The gravest severity; None of no finding."""
    return min((one.severity for one in findings), key=lambda severity: severity.rank, default=None)


def subjects_of(findings: Iterable[Finding]) -> tuple[Subject, ...]:
    """Each subject once, in the order of the findings."""
    return tuple(dict.fromkeys(one.subject for one in findings))


def organization_of(findings: Iterable[Finding]) -> str:
    """The organization that all of them are about; "" where they are about several."""
    found = {one.subject.organization for one in findings}
    return found.pop() if len(found) == 1 else ""


def names(state: State, subjects: Sequence[Subject]) -> str:
    """The first few by name, and how many more there are."""
    each = list(dict.fromkeys(subjects))
    more = len(each) - _NAMED
    return ", ".join(alias_of(state, one) for one in each[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def checks_of(findings: Iterable[Finding]) -> str:
    """The IDs of the checks, each once, the first few."""
    found = sorted({one.check for one in findings})
    more = len(found) - _NAMED
    return ", ".join(found[:_NAMED]) + (f" and {more} more" if more > 0 else "")
