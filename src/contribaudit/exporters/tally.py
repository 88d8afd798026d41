"""Findings counted: by family in one place, by check, and for each of the three questions."""

from __future__ import annotations

from bisect import insort
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from contribaudit.core.model.finding import Outcome, Severity
from contribaudit.exporters.report_v1 import FindingV1
from contribaudit.exporters.text import UNPROVEN, VIOLATED, group, label, words

NAMED_SUBJECTS = 60


def gravest_first(findings: Iterable[FindingV1]) -> list[FindingV1]:
    """What fails, what is unverified, the rest; each by severity, check and subject."""
    return sorted(findings, key=lambda one: (*_rank(one), label(one["subject"])))


def _rank(finding: FindingV1) -> tuple[int, int, str]:
    return group(finding["outcome"]), Severity(finding["severity"]).rank, finding["check"]


def worse(finding: FindingV1) -> tuple[int, bool, tuple[int, int, str]]:
    """What fails goes before what the plan does not offer, and that before what is unverified, as in `Tally.word`."""
    return group(finding["outcome"]), finding["outcome"] == Outcome.NOT_ACHIEVABLE.value, _rank(finding)


@dataclass(slots=True)
class Tally:
    """How many findings have each outcome, of one family in one place."""

    by_outcome: Counter[str] = field(default_factory=Counter)

    @property
    def applies(self) -> int:
        """All but what has no such setting."""
        return self.by_outcome.total() - self.by_outcome["no_such_setting"]

    @property
    def failed(self) -> int:
        """Fails, and somebody can change it."""
        return self.by_outcome["fail"] + self.by_outcome["conflict"]

    @property
    def unreachable(self) -> int:
        """What the plan does not offer."""
        return self.by_outcome["not_achievable"]

    @property
    def unproven(self) -> int:
        """Unknown or stale."""
        return self.by_outcome["unknown"] + self.by_outcome["stale"]

    @property
    def open(self) -> bool:
        """Whether anything of it fails or is unverified."""
        return any(self.by_outcome[one] for one in (*VIOLATED, *UNPROVEN))

    @property
    def word(self) -> str:
        """The worst of it: "fail", "not achievable", "unverified", "pass", or "none" where nothing applies."""
        if self.failed:
            return "fail"
        if self.unreachable:
            return "not achievable"
        if self.unproven:
            return "unverified"
        return "pass" if self.applies else "none"

    @property
    def in_words(self) -> str:
        """The counts behind the word."""
        parts = [(self.failed, "fail"), (self.unreachable, "not achievable"), (self.unproven, "unverified")]
        excused = [(self.by_outcome[one], words(one)) for one in ("waived", "pending", "exempt", "not_yet_effective")]
        return ", ".join(f"{number} {word}" for number, word in (*parts, *excused) if number)


@dataclass(frozen=True, slots=True)
class Place:
    """A row of the map: an organization, one of its sites, or several sites together."""

    organization: str
    """Its ID; "" for what is about all organizations together."""
    name: str
    plan: str
    cells: tuple[Tally, ...]
    """One for each family."""
    sites: tuple[Place, ...] = ()
    """Of an organization, or of several sites together, worst first."""
    site: bool = False
    unread: str = ""
    """Of an organization of which nothing was read in this run, why, in a few words."""

    @property
    def whole(self) -> Tally:
        """All families together."""
        return Tally(sum((cell.by_outcome for cell in self.cells), Counter()))


@dataclass(slots=True)
class FindingGroup:
    """Findings of one check that do not pass."""

    check: str
    title: str
    severity: Severity
    """The gravest of theirs."""
    outcomes: Counter[str] = field(default_factory=Counter)
    findings: list[FindingV1] = field(default_factory=list)
    """The first few, those that fail first."""

    @property
    def number(self) -> int:
        """How many findings they are."""
        return self.outcomes.total()

    @property
    def fails(self) -> bool:
        """Whether one of them is fail, conflict or not achievable."""
        return any(one in self.outcomes for one in VIOLATED)

    @property
    def open(self) -> bool:
        """Whether any finding fails or is unverified."""
        return self.fails or any(one in self.outcomes for one in UNPROVEN)

    @property
    def ordered(self) -> list[tuple[str, int]]:
        """Their outcomes, gravest first, and how many have each."""
        return sorted(self.outcomes.items(), key=lambda one: (group(one[0]), -one[1], one[0]))

    @property
    def in_short(self) -> list[tuple[str, int]]:
        """How many fail, are unverified, and neither."""
        counts = Counter(dict.fromkeys(range(3), 0))
        for outcome, number in self.outcomes.items():
            counts[group(outcome)] += number
        return [("fail", counts[0]), ("unverified", counts[1]), ("other", counts[2])]

    def add(self, finding: FindingV1) -> None:
        """Count the finding, and keep it if it is among the most severe."""
        self.severity = min(self.severity, Severity(finding["severity"]), key=lambda each: each.rank)
        self.outcomes[finding["outcome"]] += 1
        if len(self.findings) < NAMED_SUBJECTS or _rank(finding) < _rank(self.findings[-1]):
            insort(self.findings, finding, key=_rank)
            del self.findings[NAMED_SUBJECTS:]


@dataclass(frozen=True, slots=True)
class Question:
    """One of the three things that the product is asked: data contribution, AI, location."""

    name: str
    word: str
    """The worst outcome, as `Tally.word` has it; "not asked" where the policy asks nothing about it."""
    fact: str
    """The worst finding, in a sentence without a full stop; of passes, the title of the gravest check. May be ""."""
    changed: str = ""
    """What made it so since the run before: "on Tue 24 Nov 14:02 by ops@acme.example (no ticket)"."""


def weakness(place: Place) -> tuple[int, int, bool, int]:
    """Sorts places, the weakest first."""
    failed, unreachable, unproven = badness(place.cells)
    return failed, unreachable, not place.unread, unproven


def badness(cells: tuple[Tally, ...]) -> tuple[int, int, int]:
    """Sorts by how much fails, is not achievable, and is unverified, the most first."""
    return (
        -sum(cell.failed for cell in cells),
        -sum(cell.unreachable for cell in cells),
        -sum(cell.unproven for cell in cells),
    )
