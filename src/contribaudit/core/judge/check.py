"""Checks: each asks one question about one kind of subject, and answers it from the state alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, TypeAlias

from contribaudit.core.model.finding import Evidence, Outcome, Severity
from contribaudit.core.model.observation import SettingId, Value
from contribaudit.core.model.policy import AuditPolicy, Rule
from contribaudit.core.model.setting import Family
from contribaudit.core.model.subject import Kind, Subject

if TYPE_CHECKING:
    from contribaudit.core.resolve.state import State


class Shape(StrEnum):
    """What a rule's `expect` may hold for a check."""

    NOTHING = "nothing"
    DAYS = "days"
    """A whole number of days, written in quotes."""
    WORD = "word"
    WORDS = "words"


def called_by_people(vocabulary: str) -> str:
    """The vocabulary's name in messages: realms and places are both "locations"."""
    return "locations" if vocabulary in ("realms", "places") else vocabulary


@dataclass(frozen=True, slots=True)
class Expectation:
    """The shape of a rule's `expect`, and the words that it takes: those of a vocabulary, those named here, or any."""

    shape: Shape = Shape.NOTHING
    vocabulary: str = ""
    """The rulebook's vocabulary: "realms", "plans", "apps", "places", or "" for none."""
    words: tuple[str, ...] = ()
    """All words that it takes, compared without case; empty where a vocabulary or the organization has the words."""
    means: str = ""
    """What the words mean: "groups that may use Rovo, by name or ID"."""
    default: str = ""
    """What counts where a rule has no `expect`: "blocked"."""
    example: str = ""
    """The value as a policy file has it: `["ai-users"]`."""

    @property
    def known(self) -> str:
        """What people call the words of the vocabulary: "locations"; "" for none."""
        return called_by_people(self.vocabulary)

    @property
    def takes(self) -> str:
        """What a policy may write, for people: "one of allowed, limited, blocked"; "" for a check without a choice."""
        match self.shape:
            case Shape.NOTHING:
                return ""
            case Shape.DAYS:
                text = "a whole number of days in quotes"
            case Shape.WORD:
                phrase = f"one of the known {self.known}" if self.vocabulary else "a word in quotes"
                text = f"one of {', '.join(self.words)}" if self.words else phrase
            case Shape.WORDS:
                phrase = f", each one of the known {self.known}" if self.vocabulary and self.means else ""
                text = f"a list of {self.means or f'known {self.known}'}{phrase}"
        return f"{text}, such as {self.example}" if self.example else text


@dataclass(frozen=True, slots=True)
class Parameter:
    """A key of the policy file that can change a check's answer."""

    key: str
    """`expect`, `max_age_days`, `written_for_plan`."""
    means: str
    """What the key means, as a sentence without its full stop."""
    takes: str
    default: str
    """What counts where the key is left out."""
    example: str
    """TOML, as a policy file has it."""
    vocabulary: str = ""
    """The rulebook's vocabulary that it takes: "realms", "plans", "apps", "places", or "" for none."""


@dataclass(frozen=True, slots=True)
class CheckContext:
    """One subject that a check judges under one rule."""

    subject: Subject
    state: State
    rule: Rule
    policy: AuditPolicy

    @property
    def severity(self) -> Severity:
        """The rule's severity, or else the check's own."""
        return self.rule.severity or self.state.rulebook.words[self.rule.check].severity

    @property
    def listed(self) -> tuple[str, ...]:
        """The list in the rule's `expect`; empty where that is no list."""
        return self.rule.expect if isinstance(self.rule.expect, tuple) else ()

    @property
    def word(self) -> str | None:
        """The rule's `expect` in lower case; None where that is no word."""
        return self.rule.expect.casefold() if isinstance(self.rule.expect, str) else None

    def evidence(self, *settings: SettingId) -> tuple[Evidence, ...]:
        """The values of these settings of the subject as evidence, as far as they were read."""
        return Evidence.of(*(self.state.read(self.subject, one) for one in settings))

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


Judge: TypeAlias = "Callable[[CheckContext], Verdict]"
ATTESTED = frozenset((Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN, Outcome.STALE, Outcome.CONFLICT))
"""The outcomes of a check on a value that a person reads in the console."""
_FAMILIES = {
    "DC": Family.DATA_CONTRIBUTION,
    "AI": Family.AI_ACCESS,
    "DR": Family.DATA_RESIDENCY,
    "SP": Family.SUB_PROCESSORS,
    "GV": Family.GOVERNANCE,
}


@dataclass(frozen=True, slots=True)
class Check:
    """One question about every subject of a kind, made by the decorator `check` from the function that judges."""

    id: str
    slug: str
    """Its name for people, the good state in lower case: "in-app-contribution-off". Like the ID, it never changes."""
    kind: Kind
    judge: Judge
    reads: tuple[SettingId, ...]
    """The settings on which its answer rests."""
    outcomes: frozenset[Outcome]
    """The outcomes that it can give; a flow test has a case for each."""
    applies: Callable[[State, Subject], bool]
    """Returns False for a subject that the question is not about; True also where that is not known."""
    when_none: Callable[[State, str], Verdict | None]
    """Answers for an organization in which no subject applies; None leaves it `unknown`."""
    expectation: Expectation
    settings_of_policy: tuple[Parameter, ...]
    """What it takes from the policy file, apart from `expect` and decisions."""
    decisions: tuple[SettingId, ...]
    """The settings that a `[[decision]]` of the policy file may settle for it."""
    answers: SettingId | None
    """The effective answer that is its verdict, so that both become stale under the same limits; None for none."""

    def __call__(self, case: CheckContext) -> Verdict:
        """The check's own answer about one subject."""
        return self.judge(case)

    @property
    def family(self) -> Family:
        """The group of checks that the letters of its ID name."""
        return _FAMILIES[self.id.partition("-")[0]]

    @property
    def verifiable(self) -> bool:
        """False for a check that can only say `unknown` today."""
        return bool(self.outcomes - {Outcome.UNKNOWN})

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Everything that a policy file may set for it, apart from decisions."""
        expectation = self.expectation
        if expectation.shape is Shape.NOTHING:
            return self.settings_of_policy
        means = f"{expectation.means[0].upper()}{expectation.means[1:]}"
        example = f'[[rule]]\ncheck = "{self.id}"  # {self.slug}\nexpect = {expectation.example}'
        return (
            Parameter("expect", means, expectation.takes, expectation.default, example, expectation.vocabulary),
            *self.settings_of_policy,
        )

    @property
    def called(self) -> str:
        """ID and slug as messages give them: "DC-03 in-app-contribution-off"."""
        return f"{self.id} {self.slug}"


def check(
    identity: str,
    slug: str,
    kind: Kind = Kind.ORGANIZATION,
    *,
    reads: tuple[SettingId, ...] = (),
    outcomes: AbstractSet[Outcome] = ATTESTED,
    applies: Callable[[State, Subject], bool] = lambda _state, _subject: True,
    when_none: Callable[[State, str], Verdict | None] = lambda _state, _organization: None,
    expectation: Expectation = Expectation(),
    settings_of_policy: tuple[Parameter, ...] = (),
    decisions: tuple[SettingId, ...] = (),
    answers: SettingId | None = None,
) -> Callable[[Judge], Check]:
    """A decorator that makes a check from the function that judges one subject. List the check in the file's `ALL`.

    Title, question and severity come from the rulebook, the family from the ID; the arguments are fields of `Check`.
    """

    def of(judge: Judge) -> Check:
        return Check(
            id=identity,
            slug=slug,
            kind=kind,
            judge=judge,
            reads=reads,
            outcomes=frozenset(outcomes),
            applies=applies,
            when_none=when_none,
            expectation=expectation,
            settings_of_policy=settings_of_policy,
            decisions=decisions,
            answers=answers,
        )

    return of


def by_id(checks: Iterable[Check]) -> dict[str, Check]:
    """The checks by their ID."""
    return {check.id: check for check in checks}


def find(checks: Iterable[Check], word: str) -> Check | None:
    """The check that an ID or a slug names, in any case; None for neither."""
    folded = word.strip().casefold()
    return next((check for check in checks if folded in (check.id.casefold(), check.slug)), None)


def select(checks: Iterable[Check], pattern: str) -> list[Check]:
    """The checks whose ID or slug fits the pattern, in any case; `*`, `?` and `[…]` work as in a shell."""
    folded = pattern.strip().casefold()
    return [check for check in checks if fnmatchcase(check.id.casefold(), folded) or fnmatchcase(check.slug, folded)]


_NEAR = 3


def nearest_names(checks: Iterable[Check], word: str) -> list[str]:
    """The IDs and slugs most like a word that names no check, best match first; empty where none is like it."""
    by_folded = {name.casefold(): name for check in checks for name in (check.id, check.slug)}
    bare = re.sub(r"[*?]+", "", word.strip().casefold())
    padded = re.sub(r"^([a-z]+)-?(\d)$", r"\1-0\2", bare)
    near = get_close_matches(padded, by_folded, n=_NEAR, cutoff=0.65)
    near += [name for name in by_folded if bare and len(bare) >= _NEAR and bare in name and name not in near]
    return [by_folded[name] for name in near[:_NEAR]]
