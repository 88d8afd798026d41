"""A verdict under the policy's evidence terms: what is not good and fresh enough proves nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from contribaudit.core.judge.check import Case, Verdict
from contribaudit.core.model.finding import Evidence, Outcome
from contribaudit.core.model.observation import Grade
from contribaudit.core.model.policy import AuditPolicy, Rule
from contribaudit.core.model.times import later

CLOCK_TOLERANCE = timedelta(minutes=5)
_NEEDS_NO_EVIDENCE = (Outcome.UNKNOWN, Outcome.NOT_YET_EFFECTIVE)
_STAYS_WHEN_OLD = (Outcome.FAIL, Outcome.CONFLICT, Outcome.NOT_ACHIEVABLE, Outcome.STALE)


def apply_terms(verdict: Verdict, case: Case) -> Verdict:
    """The verdict, or `unknown` or `stale` in its place.

    No evidence, a grade that the policy does not accept, and a time in the future make it `unknown`; age makes a
    good answer `stale`. A bad answer stays bad when its evidence ages, since age never improved a setting.
    """
    if verdict.outcome in _NEEDS_NO_EVIDENCE:
        return verdict
    if not verdict.evidence and verdict.outcome not in (Outcome.STALE, Outcome.CONFLICT):
        return replace(verdict, outcome=Outcome.UNKNOWN, reason_code="no_evidence", reason="no evidence was read")
    accepted = case.rule.accept if case.rule.accept is not None else case.policy.evidence.accept
    for evidence in verdict.evidence:
        if evidence.grade is Grade.PREDICTED or evidence.grade not in accepted:
            return replace(
                verdict,
                outcome=Outcome.UNKNOWN,
                reason_code="grade_not_accepted",
                reason=f"{verdict.reason}, but this is {evidence.grade} evidence, which the policy does not accept",
            )
        if evidence.observed_at > case.as_of + CLOCK_TOLERANCE:
            return replace(
                verdict,
                outcome=Outcome.UNKNOWN,
                reason_code="evidence_from_the_future",
                reason=f"the evidence is dated {evidence.observed_at:%Y-%m-%d %H:%M}Z, which is still to come",
            )
    if verdict.outcome in _STAYS_WHEN_OLD:
        return verdict
    limits = max_age_days(case)
    for evidence in verdict.evidence:
        age = case.as_of - evidence.observed_at
        limit = limit_days(evidence.grade, limits, anchored=evidence.anchored)
        if case.as_of > fresh_until(evidence.observed_at, evidence.grade, limits, anchored=evidence.anchored):
            return replace(
                verdict,
                outcome=Outcome.STALE,
                reason_code="evidence_too_old",
                reason=f"{verdict.reason}, but that was seen {age.days} days ago; "
                f"the policy accepts {limit} for {evidence.grade} evidence",
            )
        missing = _wanting(evidence, case)
        if missing:
            return replace(
                verdict,
                outcome=Outcome.UNKNOWN,
                reason_code=f"{missing.replace(' ', '_')}_missing",
                reason=f"{verdict.reason}, by {evidence.attested_by}, but the policy asks for a {missing}",
            )
    return verdict


def _wanting(evidence: Evidence, case: Case) -> str:
    """What the policy asks of an attestation at this severity and this one lacks; "" when nothing.

    The attestation by which an organization agreed with a decoder has to be as good as any other.
    """
    if evidence.grade is not Grade.ATTESTED and not (evidence.grade is Grade.DECODED and evidence.attested_by):
        return ""  # a decoded value that people agreed with rests on one attestation, a signal's proof on several
    severity = case.severity
    terms = case.policy.evidence
    if terms.screenshot is not None and severity.at_least(terms.screenshot) and not evidence.screenshot:
        return "screenshot"
    if terms.second_person is not None and severity.at_least(terms.second_person) and evidence.confirmed_by is None:
        return "second person"
    return ""


def max_age_days(case: Case) -> Mapping[str, int]:
    """Days that each grade stays fresh under the case's rule."""
    return limits_of(case.policy, case.rule)


def limits_of(policy: AuditPolicy, rule: Rule | None = None) -> Mapping[str, int]:
    """Days that each grade, and "attested_anchored", stays fresh under a rule; without one, under the policy alone."""
    return {**policy.evidence.max_age_days, **((rule.max_age_days if rule is not None else None) or {})}


def limit_days(grade: Grade, limits: Mapping[str, int], *, anchored: bool) -> int:
    """Days that evidence of this grade stays fresh. Raises KeyError for a prediction, which never is."""
    return limits["attested_anchored" if anchored else grade]


def fresh_until(observed_at: datetime, grade: Grade, limits: Mapping[str, int], *, anchored: bool) -> datetime:
    """The last moment at which evidence of this age still counts."""
    return later(observed_at, timedelta(days=limit_days(grade, limits, anchored=anchored)))


def strongest_first(evidence: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
    """Evidence as reports list it: by grade, then by time, repeated ones once."""
    return tuple(sorted(dict.fromkeys(evidence), key=lambda one: (one.grade.rank, one.observed_at, one.source)))
