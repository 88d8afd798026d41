"""What a check is: one question about one kind of subject, answered from the state alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from contribaudit.core.model.finding import Evidence, Outcome, Severity
from contribaudit.core.model.observation import SettingId, Value
from contribaudit.core.model.setting import Family
from contribaudit.core.model.subject import Kind, Subject

if TYPE_CHECKING:
    from contribaudit.core.model.policy import AuditPolicy, Rule
    from contribaudit.core.resolve.state import State


class Shape(StrEnum):
    """What a rule's `expect` may hold for a check."""

    NOTHING = "nothing"
    DAYS = "days"
    """A whole number of days, written in quotes."""
    WORD = "word"
    WORDS = "words"


@dataclass(frozen=True, slots=True)
class Expectation:
    """The shape of `expect`, and which words it takes: those of a vocabulary, those named here, or any."""

    shape: Shape = Shape.NOTHING
    vocabulary: str = ""
    """The rulebook's, "realms", "plans", "apps", or ""."""
    words: tuple[str, ...] = ()
    """All that it takes, compared without case; empty where a vocabulary or the organization has the words."""
    means: str = ""
    """What its words name, where the organization has them: "approved groups, by name or ID"."""
    example: str = ""
    """As it is written in a policy file, `["ai-users"]`; "" where the words say it."""

    @property
    def takes(self) -> str:
        """What a policy may write, for people: `one of allowed, limited, blocked`. "" for a check without a choice."""
        match self.shape:
            case Shape.NOTHING:
                return ""
            case Shape.DAYS:
                text = "a whole number of days in quotes"
            case Shape.WORD:
                known = f"one of the known {self.vocabulary}" if self.vocabulary else "any word"
                text = f"one of {', '.join(self.words)}" if self.words else known
            case Shape.WORDS:
                text = f"a list of {self.means or f'known {self.vocabulary}'}"
        return f"{text}, such as {self.example}" if self.example else text


@dataclass(frozen=True, slots=True)
class CheckContext:
    """One subject put to one check under one rule."""

    subject: Subject
    state: State
    rule: Rule
    policy: AuditPolicy

    @property
    def severity(self) -> Severity:
        """The rule's severity, or else the check's own."""
        return self.rule.severity or self.state.rulebook.words[self.rule.check].severity

    @property
    def as_of(self) -> datetime:
        """The moment that the answer is about (aware UTC)."""
        return self.state.as_of


@dataclass(frozen=True, slots=True)
class Verdict:
    """A check's own answer, before evidence terms and waivers are applied to it."""

    outcome: Outcome
    reason_code: str
    reason: str
    setting: SettingId | None = None
    expected: Value = None
    observed: Value = None
    evidence: tuple[Evidence, ...] = ()
    fragile: bool = False
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """One question. It joins by a line in `checks.ALL`.

    `outcomes` are the answers that it claims to be able to give; a flow test holds a case for each. `reads` are the
    settings behind it. `applies` drops subjects that the question is not about, and keeps any subject about which
    that cannot be told.
    """

    id: str
    family: Family
    kind: Kind
    reads: tuple[SettingId, ...]
    outcomes: frozenset[Outcome]
    judge: Callable[[CheckContext], Verdict]
    applies: Callable[[State, Subject], bool] = field(default=lambda _state, _subject: True)
    expectation: Expectation = Expectation()
    answers: SettingId | None = None
    """The effective answer about its subject that is its verdict: both are told stale under the same limits."""
    when_none: Callable[[State, str], Verdict | None] = field(default=lambda _state, _organization: None)
    """Answers for an organization in which no subject applies; None leaves it `unknown`."""

    @property
    def verifiable(self) -> bool:
        """False for a check that can only say `unknown` today."""
        return bool(self.outcomes - {Outcome.UNKNOWN})


def by_id(checks: Iterable[Check]) -> dict[str, Check]:
    """The checks by their ID."""
    return {check.id: check for check in checks}
