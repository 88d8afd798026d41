"""From findings to the one number that a scheduler reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from contribaudit.core.finding import Finding, Severity

OK = 0
VIOLATED = 1
USAGE = 2
UNPROVEN = 3


def exit_code(findings: Iterable[Finding], fail_on: Severity) -> int:
    """1 when a finding at or above `fail_on` is violated, else 3 when one is unproven, else 0."""
    grave = [finding for finding in findings if finding.severity.at_least(fail_on)]
    if any(finding.outcome.violates for finding in grave):
        return VIOLATED
    if any(finding.outcome.unproven for finding in grave):
        return UNPROVEN
    return OK


def count_outcomes(findings: Iterable[Finding]) -> dict[str, int]:
    """How many findings have each outcome, only outcomes that occur."""
    return dict(sorted(Counter(str(finding.outcome) for finding in findings).items()))


def count_severities(findings: Iterable[Finding]) -> dict[str, dict[str, int]]:
    """For each severity that occurs, how many findings have each outcome."""
    counts: dict[str, Counter[str]] = {}
    for finding in findings:
        counts.setdefault(str(finding.severity), Counter())[str(finding.outcome)] += 1
    return {str(severity): dict(sorted(counts[severity].items())) for severity in Severity if severity in counts}
