"""Counts findings by control and check, and orders controls the way people read them."""

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
"""The frameworks that auditors ask for most often, in that order; others in the rulebook follow."""


def split(control: str) -> tuple[str, str]:
    """The framework, with its edition, and the control: ("ISO 27001:2022", "A.5.23")."""
    framework = next((one for one in FRAMEWORKS if control.startswith(one)), "")
    edition, _, rest = control.removeprefix(framework).partition(" ")
    return (f"{framework}{edition}", rest) if framework else (control.partition(" ")[0], control.partition(" ")[2])


def order(control: str) -> tuple[int, str, list[tuple[int, str]]]:
    """A sort key: frameworks in their order, then controls in natural order, A.5.9 before A.5.10."""
    framework, rest = split(control)
    place = next((number for number, one in enumerate(FRAMEWORKS) if framework.startswith(one)), len(FRAMEWORKS))
    natural = [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", rest) if part]
    return place, framework, natural


@dataclass(frozen=True, slots=True)
class OfCheck:
    """One check that bears on a control, with the outcomes of its findings."""

    control: str
    check: str
    title: str
    severity: Severity
    """The most severe of the check's findings."""
    outcomes: Counter[str]

    @property
    def worst(self) -> Outcome:
        """The worst outcome of the check's findings."""
        return min(map(Outcome, self.outcomes), key=RANK.__getitem__)


@dataclass(frozen=True, slots=True)
class Control:
    """One control, with the outcomes of all findings of the checks that bear on it."""

    framework: str
    control: str
    counts: Counter[str]
    checks: list[str]
    titles: list[str]

    def count(self, *outcomes: Outcome) -> int:
        """How many findings have one of these outcomes."""
        return sum(self.counts[one.value] for one in outcomes)

    @property
    def fails(self) -> int:
        """How many findings fail, conflict or are not achievable."""
        return sum(self.counts[one.value] for one in Outcome if one.violates)

    @property
    def unverified(self) -> int:
        """How many findings are unknown or stale."""
        return sum(self.counts[one.value] for one in Outcome if one.unproven)

    @property
    def state(self) -> str:
        """The control in a word; "nothing open" never means that the control is met."""
        return "fail" if self.fails else "unverified" if self.unverified else "nothing open"


@dataclass(slots=True)
class ByControl:
    """Counts findings by control and check, one finding at a time."""

    _about: dict[str, tuple[str, Severity]] = field(default_factory=dict)
    """By check, its title and the highest severity of its findings."""
    _counts: dict[str, dict[tuple[str, ...], Counter[str]]] = field(default_factory=dict)
    """By check, then by the controls that its findings name, the number of findings per outcome."""

    def take(self, check: str, title: str, severity: Severity, outcome: str, controls: Iterable[str]) -> None:
        """Count one finding."""
        noted = self._about.get(check)
        if noted is None or severity.rank < noted[1].rank:
            self._about[check] = title, severity
        of_check = self._counts.setdefault(check, {})
        of_check.setdefault(tuple(controls), Counter())[outcome] += 1

    def rows(self) -> list[OfCheck]:
        """A row per control and check, sorted by control, then check."""
        rows: list[OfCheck] = []
        for check, (title, severity) in self._about.items():
            by_control: dict[str, Counter[str]] = {}
            for controls, outcomes in self._counts[check].items():
                for control in dict.fromkeys(controls):
                    by_control.setdefault(control, Counter()).update(outcomes)
            rows += [OfCheck(control, check, title, severity, outcomes) for control, outcomes in by_control.items()]
        return sorted(rows, key=lambda one: (order(one.control), one.check))

    def controls(self) -> list[Control]:
        """Every control that a check bears on, in order."""
        by_name: dict[str, Control] = {}
        for row in self.rows():
            control = by_name.setdefault(row.control, Control(*split(row.control), Counter(), [], []))
            control.counts.update(row.outcomes)
            control.checks.append(row.check)
            control.titles.append(row.title)
        return list(by_name.values())
