"""Counts findings: by family and place, by check, and for each of the three questions."""

from __future__ import annotations

from bisect import insort
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from contribaudit.core.model.finding import Outcome, Severity
from contribaudit.exporters.report_v1 import FindingV1
from contribaudit.exporters.text import UNPROVEN, VIOLATED, group, label, words

NAMED_SUBJECTS = 60


def most_severe_first(findings: Iterable[FindingV1]) -> list[FindingV1]:
    """Findings that fail, then unverified ones, then the rest; each by severity, check and subject."""
    return sorted(findings, key=lambda finding: (*_rank(finding), label(finding["subject"])))


def _rank(finding: FindingV1) -> tuple[int, int, str]:
    return group(finding["outcome"]), Severity(finding["severity"]).rank, finding["check"]


def worse(finding: FindingV1) -> tuple[int, bool, tuple[int, int, str]]:
    """A sort key, worst first. As in `Tally.word`, failing precedes not achievable, and that precedes unverified."""
    return group(finding["outcome"]), finding["outcome"] == Outcome.NOT_ACHIEVABLE.value, _rank(finding)


@dataclass(slots=True)
class Tally:
    """The number of findings per outcome, for one family in one place."""

    by_outcome: Counter[str] = field(default_factory=Counter)

    @property
    def applies(self) -> int:
        """The number of findings, without those with "no setting"."""
        return self.by_outcome.total() - self.by_outcome["no_such_setting"]

    @property
    def failed(self) -> int:
        """The number of findings that fail or conflict."""
        return self.by_outcome["fail"] + self.by_outcome["conflict"]

    @property
    def unreachable(self) -> int:
        """The number of findings that the plan makes unachievable."""
        return self.by_outcome["not_achievable"]

    @property
    def unproven(self) -> int:
        """The number of findings that are unknown or stale."""
        return self.by_outcome["unknown"] + self.by_outcome["stale"]

    @property
    def open(self) -> bool:
        """True when any finding fails or is unverified."""
        return any(self.by_outcome[one] for one in (*VIOLATED, *UNPROVEN))

    @property
    def word(self) -> str:
        """The worst state: "fail", "not achievable", "unverified", "pass", or "none" when nothing applies."""
        if self.failed:
            return "fail"
        if self.unreachable:
            return "not achievable"
        if self.unproven:
            return "unverified"
        return "pass" if self.applies else "none"

    @property
    def in_words(self) -> str:
        """The counts of findings that do not pass: "2 fail, 1 unverified"."""
        parts = [(self.failed, "fail"), (self.unreachable, "not achievable"), (self.unproven, "unverified")]
        excused = [(self.by_outcome[one], words(one)) for one in ("waived", "pending", "exempt", "not_yet_effective")]
        return ", ".join(f"{number} {word}" for number, word in (*parts, *excused) if number)


@dataclass(frozen=True, slots=True)
class Place:
    """A row of the map: an organization, one of its sites, or several sites together."""

    organization: str
    """The organization's ID; "" for what concerns all organizations together."""
    name: str
    plan: str
    cells: tuple[Tally, ...]
    """A tally for each family."""
    sites: tuple[Place, ...] = ()
    """The sites of an organization, or the sites that share the row, worst first."""
    site: bool = False
    unread: str = ""
    """Why nothing was read of the organization in this run, in a few words; "" if it was read."""

    @property
    def whole(self) -> Tally:
        """The tally of all families together."""
        return Tally(sum((cell.by_outcome for cell in self.cells), Counter()))


@dataclass(slots=True)
class FindingGroup:
    """Findings of one check that do not pass."""

    check: str
    title: str
    severity: Severity
    """The highest severity of the findings."""
    outcomes: Counter[str] = field(default_factory=Counter)
    findings: list[FindingV1] = field(default_factory=list)
    """The worst NAMED_SUBJECTS findings, failing ones first."""

    @property
    def number(self) -> int:
        """The number of findings."""
        return self.outcomes.total()

    @property
    def fails(self) -> bool:
        """True when any finding is fail, conflict or not achievable."""
        return any(one in self.outcomes for one in VIOLATED)

    @property
    def open(self) -> bool:
        """True when any finding fails or is unverified."""
        return self.fails or any(one in self.outcomes for one in UNPROVEN)

    @property
    def ordered(self) -> list[tuple[str, int]]:
        """Each outcome with its number of findings, worst first."""
        return sorted(self.outcomes.items(), key=lambda one: (group(one[0]), -one[1], one[0]))

    @property
    def in_short(self) -> list[tuple[str, int]]:
        """The number of findings that fail, that are unverified, and the rest."""
        counts = Counter(dict.fromkeys(range(3), 0))
        for outcome, number in self.outcomes.items():
            counts[group(outcome)] += number
        return [("fail", counts[0]), ("unverified", counts[1]), ("other", counts[2])]

    def add(self, finding: FindingV1) -> None:
        """Count the finding, and keep it if it is among the most severe."""
        self.severity = min(self.severity, Severity(finding["severity"]), key=lambda severity: severity.rank)
        self.outcomes[finding["outcome"]] += 1
        if len(self.findings) < NAMED_SUBJECTS or _rank(finding) < _rank(self.findings[-1]):
            insort(self.findings, finding, key=_rank)
            del self.findings[NAMED_SUBJECTS:]


@dataclass(frozen=True, slots=True)
class Question:
    """One of the three questions that a report answers: data contribution, AI, location."""

    name: str
    word: str
    """The worst state, as in `Tally.word`; "not asked" when the policy has no rule about it, or only passing ones of
    severity info."""
    fact: str
    """The worst finding, in a sentence without a full stop; if all pass, the title of the most severe check, or ""."""
    changed: str = ""
    """The change that caused the fact since the previous run: "on Tue 24 Nov 14:02 by ops@acme.example (no ticket)"."""


def weakness(place: Place) -> tuple[int, int, bool, int]:
    """A sort key for places, weakest first."""
    failed, unreachable, unproven = badness(place.cells)
    return failed, unreachable, not place.unread, unproven


def badness(cells: tuple[Tally, ...]) -> tuple[int, int, int]:
    """A sort key: most failures first, then most not achievable, then most unverified."""
    return (
        -sum(cell.failed for cell in cells),
        -sum(cell.unreachable for cell in cells),
        -sum(cell.unproven for cell in cells),
    )
