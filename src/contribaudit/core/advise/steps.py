"""Next steps: one action that resolves one or more findings, and how it is worded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from contribaudit.core.model.finding import Finding, Severity
from contribaudit.core.model.several import counted, some
from contribaudit.core.model.subject import Subject
from contribaudit.core.resolve.aliases import called
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
    """Nothing: the last line, of what cannot be resolved yet."""


@dataclass(frozen=True, slots=True)
class NextStep:
    """One thing to do."""

    kind: StepKind
    severity: Severity | None
    """The gravest of what it settles; None for what only runs out, and for what cannot be resolved yet."""
    minutes: int
    """About; 0 for what cannot be resolved yet."""
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
    screen: str = ""
    """ID of the console screen to look at; "" for every step but a look, and for a look at what no screen lists."""


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
    return some([called(state, one) for one in dict.fromkeys(subjects)], _NAMED)


def org_option(state: State, organization: str) -> str:
    """ " --org ID" for a command, "" where there is no other organization or it is about all."""
    return f" --org {organization}" if organization and len(state.organizations) > 1 else ""


def checks_of(findings: Iterable[Finding]) -> str:
    """The first check by title and ID, and how many more there are."""
    (identity, title), *others = sorted({one.check: one.title for one in findings}.items())
    return f"{title} ({identity})" + (f" and {counted(len(others), 'more check')}" if others else "")


def settling(kind: StepKind, its: Sequence[Finding], minutes: int, text: str, command: str) -> NextStep:
    """The step that resolves these findings, about their subjects."""
    organization, subjects = organization_of(its), subjects_of(its)
    return NextStep(kind, gravest(its), minutes, text, command, organization, subjects, findings=tuple(its))


def organization_asked(finding: Finding) -> str:
    """The organization that it is about."""
    return finding.subject.organization


def to_do(steps: Iterable[NextStep]) -> list[NextStep]:
    """The steps that somebody can take."""
    return [one for one in steps if one.kind is not StepKind.NOBODY]
