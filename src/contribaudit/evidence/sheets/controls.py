"""controls.csv: what the run says of each control of each framework, a row for each check that bears on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from contribaudit.core.model.finding import Outcome, Severity
from contribaudit.evidence.dossier import Dossier
from contribaudit.evidence.sheet import Row, Sheet

if TYPE_CHECKING:
    from contribaudit.core.advise.report import Report

COUNTED = tuple(outcome.value for outcome in Outcome)
WORST_FIRST = (
    Outcome.FAIL, Outcome.CONFLICT, Outcome.NOT_ACHIEVABLE, Outcome.UNKNOWN, Outcome.STALE, Outcome.PENDING,
    Outcome.WAIVED, Outcome.NOT_YET_EFFECTIVE, Outcome.EXEMPT, Outcome.PASS, Outcome.NO_SUCH_SETTING,
)  # fmt: skip
RANK = {outcome: number for number, outcome in enumerate(WORST_FIRST)}
FRAMEWORKS = (
    "ISO 27001", "SOC 2", "GDPR", "NIST 800-53", "NIST AI RMF", "ISO 42001", "HIPAA", "EU AI Act", "DORA",
)  # fmt: skip
"""What auditors ask for most often first; what the rulebook names beside them follows."""


def split(control: str, frameworks: tuple[str, ...] = FRAMEWORKS) -> tuple[str, str]:
    """Framework, with its edition, and control: ("ISO 27001:2022", "A.5.23")."""
    known = next((one for one in frameworks if control.startswith(one)), "")
    edition, _, rest = control.removeprefix(known).partition(" ")
    return (f"{known}{edition}", rest) if known else (control.partition(" ")[0], control.partition(" ")[2])


def order(control: str) -> tuple[int, str, list[tuple[int, str]]]:
    """Frameworks in their order, then controls as people count them: A.5.9 before A.5.10."""
    import re

    framework, rest = split(control)
    place = next((number for number, one in enumerate(FRAMEWORKS) if framework.startswith(one)), len(FRAMEWORKS))
    natural = [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", rest) if part]
    return place, framework, natural


def _rows(dossier: Dossier) -> Iterator[Row]:
    for control, check, title, severity, counts in by_control(dossier.report):
        worst = min((Outcome(one) for one in counts), key=RANK.__getitem__)
        numbers = (counts[one] for one in COUNTED)
        yield (*split(control), check, title, severity.value, worst.value, counts.total(), *numbers)


def by_control(report: Report) -> list[tuple[str, str, str, Severity, Counter[str]]]:
    """Control, check, its title, the gravest severity of its findings, and how many findings came out how."""
    counts: dict[str, Counter[str]] = {}
    about: dict[str, tuple[str, Severity, tuple[str, ...]]] = {}
    for one in report.findings:
        counts.setdefault(one.check, Counter())[one.outcome.value] += 1
        known = about.get(one.check)
        if known is None or one.severity.rank < known[1].rank:
            about[one.check] = one.title, one.severity, one.controls
    found = [
        (control, check, title, severity, counts[check])
        for check, (title, severity, controls) in about.items()
        for control in controls
    ]
    return sorted(found, key=lambda row: (order(row[0]), row[1]))


CONTROLS = Sheet(
    "controls.csv",
    ("framework", "control", "check_id", "check_title", "severity", "worst_outcome", "findings", *COUNTED),
    _rows,
)
