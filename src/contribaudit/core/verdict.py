"""From findings to the one number that a scheduler reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from contribaudit.core.finding import Finding, Severity
from contribaudit.core.snapshot import Snapshot

OK = 0
VIOLATED = 1
USAGE = 2
UNPROVEN = 3
KEY = 4
_KEY_CODES = ("key_refused", "forbidden")


def exit_code(findings: Iterable[Finding], fail_on: Severity, snapshots: Iterable[Snapshot]) -> int:
    """The run's exit code, by the fixed precedence 2, 4, 1, 3, 0.

    2 when the API knows no such organization; 4 when a key was refused, or may not make a single call; 1 when a
    finding at or above `fail_on` is violated, 3 when one is unproven. What an optional source answers decides nothing:
    where the plan has no audit log, it refuses the key.
    """
    collected = [[one for one in snapshot.collections if not one.optional] for snapshot in snapshots]
    if any(one.code == "organization_not_found" for collections in collected for one in collections):
        return USAGE
    if any(one.code == "key_refused" for collections in collected for one in collections) or any(
        collections and all(one.code in _KEY_CODES for one in collections) for collections in collected
    ):
        return KEY
    grave = [finding for finding in findings if finding.severity.at_least(fail_on)]
    if any(finding.outcome.violates for finding in grave):
        return VIOLATED
    if any(finding.outcome.unproven for finding in grave):
        return UNPROVEN
    return OK


def newly_bad(findings: Iterable[Finding], before: Mapping[str, str] | None) -> tuple[Finding, ...]:
    """Violated and unproven findings whose outcome was another one in the run before.

    `before` maps finding IDs to outcomes; None when there was no run before, and then nothing is new.
    """
    if before is None:
        return ()
    return tuple(
        finding
        for finding in findings
        if (finding.outcome.violates or finding.outcome.unproven) and before.get(finding.id) != str(finding.outcome)
    )


def count_outcomes(findings: Iterable[Finding]) -> dict[str, int]:
    """How many findings have each outcome, only outcomes that occur."""
    return dict(sorted(Counter(str(finding.outcome) for finding in findings).items()))


def count_severities(findings: Iterable[Finding]) -> dict[str, dict[str, int]]:
    """For each severity that occurs, how many findings have each outcome."""
    counts: dict[str, Counter[str]] = {}
    for finding in findings:
        counts.setdefault(str(finding.severity), Counter())[str(finding.outcome)] += 1
    return {str(severity): dict(sorted(counts[severity].items())) for severity in Severity if severity in counts}
