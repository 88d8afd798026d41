"""The exit code of a run, and its verdict in one sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection as Several
from collections.abc import Iterable, Mapping, Sequence

from contribaudit import exit_codes
from contribaudit.core.advise.remedies import UnreadSource
from contribaudit.core.model.finding import Finding, Outcome, Severity
from contribaudit.core.model.observation import Grade, weakest
from contribaudit.core.model.snapshot import CollectionStatus, Snapshot

PASS, FAIL, UNVERIFIED = "PASS", "FAIL", "UNVERIFIED"
_WORDS = {exit_codes.OK: PASS, exit_codes.FINDINGS: FAIL}
_INSTEAD = {
    exit_codes.USAGE: "the API does not know an organization",
    exit_codes.KEY: "the API refused a key",
}
_FAILING = frozenset(one.value for one in Outcome if one.violates)
_OPEN = frozenset(one.value for one in Outcome if one.unproven)
_KEY_CODES = ("key_refused", "forbidden")


def exit_code(
    findings: Iterable[Finding],
    fail_on: Severity,
    snapshots: Iterable[Snapshot],
    unread: Several[UnreadSource] = (),
) -> int:
    """The run's exit code, by the fixed precedence 2, 4, 1, 3, 0.

    2 when the API knows no such organization; 4 when a key was refused, or may not make a single call; 1 when a
    finding at or above `fail_on` fails; 3 when one is unverified, or when `unread` names a source that the policy's
    rules need (see `sources.needed_and_unread`), whatever `fail_on` says. An optional
    source decides nothing else: it refuses the key where the plan has no audit log, say.
    """
    collected = [[one for one in snapshot.collections if not one.optional] for snapshot in snapshots]
    if any(one.code == "organization_not_found" for collections in collected for one in collections):
        return exit_codes.USAGE
    if any(one.code == "key_refused" for collections in collected for one in collections) or any(
        collections and all(one.code in _KEY_CODES for one in collections) for collections in collected
    ):
        return exit_codes.KEY
    at_threshold = [finding for finding in findings if finding.severity.at_least(fail_on)]
    if any(finding.outcome.violates for finding in at_threshold):
        return exit_codes.FINDINGS
    if unread or any(finding.outcome.unproven for finding in at_threshold):
        return exit_codes.UNVERIFIED
    return exit_codes.OK


def nothing_read(snapshot: Snapshot) -> bool:
    """True when not one call about the organization got a usable answer, and neither key nor ID is to blame."""
    runs = snapshot.collections
    return (
        bool(runs)
        and all(one.status is CollectionStatus.FAILED for one in runs)
        and not all(one.code in _KEY_CODES for one in runs if not one.optional)
        and not any(one.code in ("key_refused", "organization_not_found") for one in runs)
    )


def verdict_word(code: int) -> str:
    """PASS, FAIL or UNVERIFIED, by the exit code of a judged run."""
    return _WORDS.get(code, UNVERIFIED)


def headline(code: int, fail_on: Severity, by_severity: Mapping[str, Mapping[str, int]], selection: str = "") -> str:
    """The verdict of a run with its threshold: "PASS (high and above); 2 medium findings fail, 3 are unverified".

    `by_severity` counts findings by severity, then outcome, as `count_severities` does. What counts for the exit code
    comes first, what lies below the threshold last; `fail` counts conflict and not achievable too. `selection` is what
    --only and --skip say; "" when the run asked everything.
    """
    above = [one for one in Severity if one.at_least(fail_on)]
    below = [one for one in Severity if not one.at_least(fail_on)]
    counted = [_verdict_counts(by_severity, above), _verdict_counts(by_severity, below)]
    if counted[0] and counted[1]:
        counted[1] = f"below that, {counted[1]}"
    cause = _INSTEAD.get(code, "")
    if code == exit_codes.UNVERIFIED and not counted[0]:
        cause = "a source that the policy needs was not read completely"
    verdict = f"{verdict_word(code)} ({fail_on} and above)"
    return "; ".join(one for one in (verdict, limitation(selection), cause, *counted) if one)


def limitation(selection: str) -> str:
    """Words to put beside the verdict of a run with --only or --skip; "" for a run that asked everything."""
    return f"limited by {selection}" if selection else ""


def _count_per_severity(
    by_severity: Mapping[str, Mapping[str, int]], severities: Iterable[Severity], outcomes: Several[str]
) -> dict[Severity, int]:
    """How many findings of each severity have one of the outcomes; severities without any are left out."""
    counts = {
        severity: sum(number for word, number in by_severity.get(severity.value, {}).items() if word in outcomes)
        for severity in severities
    }
    return {severity: number for severity, number in counts.items() if number}


def _noun(counts: Mapping[Severity, int]) -> str:
    """ "finding" after a last number of 1, as in "2 critical and 1 high finding fail"."""
    return "finding" if list(counts.values())[-1] == 1 else "findings"


def _verdict_counts(by_severity: Mapping[str, Mapping[str, int]], severities: Sequence[Severity]) -> str:
    """ "2 medium findings fail, 3 are unverified"; "" where there are none."""
    failing, open_ = (_count_per_severity(by_severity, severities, one) for one in (_FAILING, _OPEN))
    parts = []
    if failing:
        number = sum(failing.values())
        parts.append(f"{_listed(failing)} {_noun(failing)} {'fails' if number == 1 else 'fail'}")
    if open_:
        number = sum(open_.values())
        verb = "is" if number == 1 else "are"
        if failing and failing.keys() == open_.keys() and len(failing) == 1:
            parts.append(f"{number} {verb} unverified")
        else:
            noun = "" if failing else f" {_noun(open_)}"
            parts.append(f"{_listed(open_)}{noun} {verb} unverified")
    return ", ".join(parts)


def _listed(numbers: Mapping[Severity, int]) -> str:
    *first, last = [f"{number} {severity}" for severity, number in numbers.items()]
    return f"{', '.join(first)} and {last}" if first else last


def newly_bad(findings: Iterable[Finding], before: Sequence[Mapping[str, str]]) -> tuple[Finding, ...]:
    """Findings that fail or are unverified, and had another outcome in each run of `before`.

    `before` maps finding IDs to outcomes, run by run; without any run, nothing is new.
    """
    if not before:
        return ()
    return tuple(
        finding
        for finding in findings
        if finding.outcome.is_open and all(run.get(finding.id) != str(finding.outcome) for run in before)
    )


def rest_on(passes: Iterable[Sequence[tuple[Grade, bool]]]) -> tuple[dict[Grade | None, int], int]:
    """What passes rest on: how many have which grade as their weakest evidence (strongest grade first, None for passes
    without evidence); and how many rest on attested values, all of which a second person confirmed.

    A pass is given as the grade of each piece of evidence, and whether a second person confirmed it.
    """
    listed = [list(one) for one in passes]
    counts = Counter(weakest(grade for grade, _ in one) if one else None for one in listed)
    attested = [[confirmed for grade, confirmed in one if grade is Grade.ATTESTED] for one in listed]
    two = sum(1 for one in attested if one and all(one))
    return {grade: counts[grade] for grade in (*Grade, None) if counts[grade]}, two


def count_outcomes(findings: Iterable[Finding]) -> dict[str, int]:
    """How many findings have each outcome; outcomes that do not occur are left out."""
    return dict(sorted(Counter(str(finding.outcome) for finding in findings).items()))


def count_severities(findings: Iterable[Finding]) -> dict[str, dict[str, int]]:
    """For each severity that occurs, how many findings have each outcome."""
    counts: dict[str, Counter[str]] = {}
    for finding in findings:
        counts.setdefault(str(finding.severity), Counter())[str(finding.outcome)] += 1
    return {str(severity): dict(sorted(counts[severity].items())) for severity in Severity if severity in counts}
