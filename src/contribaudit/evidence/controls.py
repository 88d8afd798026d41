"""Findings counted by control and check, and the order in which people read controls."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from contribaudit.core.model.finding import Outcome, Severity

COUNTED = tuple(outcome.value for outcome in Outcome)
WORST_FIRST = (
    Outcome.FAIL, Outcome.CONFLICT, Outcome.NOT_ACHIEVABLE, Outcome.UNKNOWN, Outcome.STALE, Outcome.PENDING,
    Outcome.WAIVED, Outcome.NOT_YET_EFFECTIVE, Outcome.EXEMPT, Outcome.PASS, Outcome.NO_SUCH_SETTING,
)  # fmt: skip
RANK = {outcome: number for number, outcome in enumerate(WORST_FIRST)}
FRAMEWORKS = (
    "ISO 27001", "SOC 2", "GDPR", "NIST 800-53", "NIST AI RMF", "ISO 42001", "HIPAA", "EU AI Act", "DORA",
)  # fmt: skip
"""What auditors ask for most often first; what else the rulebook names follows."""


def split(control: str, frameworks: tuple[str, ...] = FRAMEWORKS) -> tuple[str, str]:
    """Framework, with its edition, and control: ("ISO 27001:2022", "A.5.23")."""
    known = next((one for one in frameworks if control.startswith(one)), "")
    edition, _, rest = control.removeprefix(known).partition(" ")
    return (f"{known}{edition}", rest) if known else (control.partition(" ")[0], control.partition(" ")[2])


def order(control: str) -> tuple[int, str, list[tuple[int, str]]]:
    """Frameworks in their order, then controls as people count them: A.5.9 before A.5.10."""
    framework, rest = split(control)
    place = next((number for number, one in enumerate(FRAMEWORKS) if framework.startswith(one)), len(FRAMEWORKS))
    natural = [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", rest) if part]
    return place, framework, natural


@dataclass(frozen=True, slots=True)
class OfCheck:
    """How many findings of one check that bears on a control came out how."""

    control: str
    check: str
    title: str
    severity: Severity
    """The gravest of the check's findings."""
    outcomes: Counter[str]

    @property
    def worst(self) -> Outcome:
        """The worst outcome of them."""
        return min(map(Outcome, self.outcomes), key=RANK.__getitem__)


@dataclass(frozen=True, slots=True)
class Control:
    """What the run says of one control: how many findings of the checks that bear on it came out how."""

    framework: str
    control: str
    counts: Counter[str]
    checks: list[str]
    titles: list[str]

    def count(self, *outcomes: Outcome) -> int:
        """How many came out as one of these."""
        return sum(self.counts[one.value] for one in outcomes)

    @property
    def fails(self) -> int:
        """How many fail, are in conflict or not achievable."""
        return sum(self.counts[one.value] for one in Outcome if one.violates)

    @property
    def unverified(self) -> int:
        """How many are unknown or stale."""
        return sum(self.counts[one.value] for one in Outcome if one.unproven)

    @property
    def state(self) -> str:
        """The worst word of it; "nothing open" never means that the control is met."""
        return "fail" if self.fails else "unverified" if self.unverified else "nothing open"


@dataclass(slots=True)
class ByControl:
    """Takes findings one by one and counts them by control and check."""

    _about: dict[str, tuple[str, Severity]] = field(default_factory=dict)
    """Title of each check and the gravest severity of its findings."""
    _counts: dict[str, dict[tuple[str, ...], Counter[str]]] = field(default_factory=dict)
    """By check and the controls that its findings name."""

    def take(self, check: str, title: str, severity: Severity, outcome: str, controls: Iterable[str]) -> None:
        """Count one finding."""
        known = self._about.get(check)
        if known is None or severity.rank < known[1].rank:
            self._about[check] = title, severity
        of_check = self._counts.setdefault(check, {})
        of_check.setdefault(tuple(controls), Counter())[outcome] += 1

    def rows(self) -> list[OfCheck]:
        """Control by control in their order, then by check."""
        found: list[OfCheck] = []
        for check, (title, severity) in self._about.items():
            by_control: dict[str, Counter[str]] = {}
            for controls, outcomes in self._counts[check].items():
                for control in dict.fromkeys(controls):
                    by_control.setdefault(control, Counter()).update(outcomes)
            found += [OfCheck(control, check, title, severity, outcomes) for control, outcomes in by_control.items()]
        return sorted(found, key=lambda one: (order(one.control), one.check))

    def controls(self) -> list[Control]:
        """Every control that a check bears on, in their order."""
        found: dict[str, Control] = {}
        for row in self.rows():
            one = found.setdefault(row.control, Control(*split(row.control), Counter(), [], []))
            one.counts.update(row.outcomes)
            one.checks.append(row.check)
            one.titles.append(row.title)
        return list(found.values())
