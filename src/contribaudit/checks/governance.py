"""GV: whether the evidence, and the rules by which it is judged, are recent."""

from __future__ import annotations

from datetime import UTC, timedelta

from contribaudit.checks.parts import rulebook_evidence
from contribaudit.core.check import Case, Check, Verdict
from contribaudit.core.finding import Evidence, Outcome
from contribaudit.core.observation import Grade
from contribaudit.core.setting import Family
from contribaudit.core.subject import Kind
from contribaudit.core.terms import max_age_days


def evidence_age(case: Case) -> Verdict:
    """GV-01: every collector's answer is younger than the policy's limit for documented evidence."""
    place = case.state.organizations[case.subject.id]
    if not place.collections:
        return Verdict(Outcome.UNKNOWN, "not_read", place.unread_reason or "nothing was read of it")
    failed = [f"{one.collector}: {one.reason}" for one in place.collections.values() if one.code]
    if failed:
        return Verdict(Outcome.UNKNOWN, "collector_failed", "not everything was read: " + "; ".join(failed))
    oldest = min(place.collections.values(), key=lambda one: one.started_at)
    limit = max_age_days(case)[Grade.DOCUMENTED]
    age = case.as_of - oldest.started_at
    evidence = (Evidence(Grade.DOCUMENTED, oldest.collector, oldest.started_at),)
    expected, observed = f"at most {limit} days", f"{age.days} days"
    fresh = age <= timedelta(days=limit)
    reason = f"the oldest evidence, of {oldest.collector}, is {age.days} days old"
    return Verdict(
        Outcome.PASS if fresh else Outcome.STALE,
        "fresh" if fresh else "evidence_too_old",
        reason,
        None,
        expected,
        observed,
        evidence,
    )


def rulebook_age(case: Case) -> Verdict:
    """GV-06: every rulebook file was compared with its source within the review period."""
    rulebook = case.state.rulebook
    reviewed = rulebook.oldest_review
    age = (case.as_of.astimezone(UTC).date() - reviewed).days
    oldest = ", ".join(file.name for file in rulebook.files if file.reviewed == reviewed)
    fresh = age <= rulebook.review_within_days
    return Verdict(
        Outcome.PASS if fresh else Outcome.STALE,
        "reviewed" if fresh else "review_overdue",
        f"{oldest} reviewed on {reviewed}, {age} days ago"
        if len(oldest) < 80
        else f"reviewed on {reviewed}, {age} days ago",
        None,
        f"at most {rulebook.review_within_days} days",
        f"{age} days",
        rulebook_evidence(case),
    )


GV_01 = Check(
    id="GV-01",
    family=Family.GOVERNANCE,
    kind=Kind.ORGANIZATION,
    reads=(),
    outcomes=frozenset((Outcome.PASS, Outcome.STALE, Outcome.UNKNOWN)),
    judge=evidence_age,
)
GV_06 = Check(
    id="GV-06",
    family=Family.GOVERNANCE,
    kind=Kind.COMPANY,
    reads=(),
    outcomes=frozenset((Outcome.PASS, Outcome.STALE)),
    judge=rulebook_age,
)

ALL: tuple[Check, ...] = (GV_01, GV_06)
