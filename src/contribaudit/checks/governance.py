"""GV: whether the evidence and its rules are recent, who decided, and who could change it."""

from __future__ import annotations

from datetime import UTC, timedelta

from contribaudit.checks.audit_trail import GV_03
from contribaudit.checks.data_contribution.choices import choosable, decision_on
from contribaudit.checks.parts import evidence_of, not_verifiable, policy_evidence, rulebook_evidence
from contribaudit.checks.reading import highest_plan
from contribaudit.core.judge.check import Case, Check, Verdict
from contribaudit.core.model import names
from contribaudit.core.model.finding import Evidence, Outcome
from contribaudit.core.model.observation import Grade, SettingId
from contribaudit.core.model.setting import Family
from contribaudit.core.model.subject import Kind
from contribaudit.core.terms import max_age_days

RECORDS = SettingId("governance.records")
"""What a `[[decision]]` names to record that records of processing and impact assessment were updated."""


def evidence_age(case: Case) -> Verdict:
    """GV-01: every collector's answer is younger than the policy's limit for documented evidence."""
    place = case.state.organizations[case.subject.id]
    if not place.collections:
        return Verdict(Outcome.UNKNOWN, "not_read", place.unread_reason or "nothing was read of it")
    needed = [one for one in place.collections.values() if not one.optional]
    failed = [f"{one.collector}: {one.reason}" for one in needed if one.code]
    if failed:
        return Verdict(Outcome.UNKNOWN, "collector_failed", "not everything was read: " + "; ".join(failed))
    oldest = min(needed, key=lambda one: one.started_at)
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
    # A review dated after this audit was not made yet.
    fresh = 0 <= age <= rulebook.review_within_days
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


def decided_by_two(case: Case) -> Verdict:
    """GV-04: the newest decision on each switch that the plan lets people change was made by two persons.

    A default that nobody objected to is no instruction. Whether the switch stands as decided, DC-05 asks.
    """
    plan = highest_plan(case)
    if isinstance(plan, Verdict):
        return plan
    wanted = choosable(plan)
    decisions = {setting.id: decision_on(case, setting) for setting in wanted}
    evidence = evidence_of(case.state.read(case.subject, names.HIGHEST_PLAN))
    missing = tuple(setting for setting, made in decisions.items() if made is None)
    expected = tuple(decisions)
    if missing:
        reason = f"the policy records no decision on {' and '.join(missing)}"
        evidence += policy_evidence(case, "its decisions")
        return Verdict(Outcome.FAIL, "no_decision", reason, missing[0], expected, (), evidence)
    made = [decision for decision in decisions.values() if decision is not None]
    evidence += tuple(one for decision in made for one in policy_evidence(case, decision.origin))
    alone = [decision for decision in made if _same_person(decision.by, decision.second)]
    if alone:
        reason = f"{alone[0].by} decided alone on {alone[0].setting}"
        return Verdict(Outcome.FAIL, "one_person", reason, alone[0].setting, expected, (alone[0].by,), evidence)
    people = tuple(sorted({person for decision in made for person in (decision.by, decision.second)}))
    reason = f"decided by {' and '.join(people)}" if made else f"on the {plan.name} plan there is nothing to decide"
    return Verdict(Outcome.PASS, "decided_by_two", reason, None, expected, people, evidence)


def _same_person(one: str, other: str) -> bool:
    return one.strip().casefold() == other.strip().casefold()


def records_updated(case: Case) -> Verdict:
    """GV-05: the policy holds a decision on RECORDS, dated no earlier than the day from which data is used.

    The decision is the evidence: no source tells what stands in an impact assessment.
    """
    effective = case.state.rulebook.effective
    today = case.as_of.astimezone(UTC).date()
    made = [one for one in case.policy.decisions if one.setting == RECORDS and one.date <= today]
    newest = max(made, key=lambda one: one.date, default=None)
    expected = f"on {effective} or later"
    if newest is None:
        reason = f"no decision of the policy says that records and impact assessment were updated (setting {RECORDS})"
        return Verdict(Outcome.UNKNOWN, "no_record", reason, None, expected)
    updated = newest.date >= effective
    reason = f"records and impact assessment were updated on {newest.date}"
    reason += "" if updated else f", before the use of data that began on {effective}"
    return Verdict(
        Outcome.PASS if updated else Outcome.FAIL,
        "records_updated" if updated else "records_from_before",
        reason,
        None,
        expected,
        f"{newest.date}",
        policy_evidence(case, newest.origin),
    )


def evidence_chain(case: Case) -> Verdict:
    """GV-07: the noted manifests form an unbroken chain, and the newest pack that is in reach is as it was written.

    A chain made anew as a whole is not seen here: a digest that was published at the time shows that.
    """
    chain = case.state.chain(case.subject.id)
    if not chain.exported:
        return Verdict(Outcome.UNKNOWN, "never_exported", "no evidence of it was ever exported")
    evidence = (Evidence(Grade.DOCUMENTED, "the history's list of manifests", case.as_of, chain.digest),)
    if chain.broken:
        return Verdict(Outcome.FAIL, "chain_broken", chain.broken, evidence=evidence)
    if not chain.place:
        reason = f"of {chain.exported} exported packs none is where it was written, on this machine"
        return Verdict(Outcome.UNKNOWN, "packs_out_of_reach", reason)
    if chain.damage:
        return Verdict(Outcome.FAIL, "pack_damaged", f"{chain.place}: {chain.damage}", evidence=evidence)
    reason = f"{chain.exported} manifests in an unbroken chain, and the pack of {chain.written_at:%Y-%m-%d} is whole"
    return Verdict(Outcome.PASS, "chain_whole", reason, evidence=evidence)


GV_01 = Check(
    id="GV-01",
    family=Family.GOVERNANCE,
    kind=Kind.ORGANIZATION,
    reads=(),
    outcomes=frozenset((Outcome.PASS, Outcome.STALE, Outcome.UNKNOWN)),
    judge=evidence_age,
)
GV_02 = Check(
    id="GV-02",
    family=Family.GOVERNANCE,
    kind=Kind.ORGANIZATION,
    reads=(),
    outcomes=frozenset((Outcome.UNKNOWN,)),
    judge=not_verifiable(None, "who administers the organization, in person, by group or by API key, is not read"),
)
GV_04 = Check(
    id="GV-04",
    family=Family.GOVERNANCE,
    kind=Kind.ORGANIZATION,
    reads=(names.HIGHEST_PLAN,),
    outcomes=frozenset((Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN, Outcome.STALE)),
    judge=decided_by_two,
)
GV_05 = Check(
    id="GV-05",
    family=Family.GOVERNANCE,
    kind=Kind.COMPANY,
    reads=(),
    outcomes=frozenset((Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN)),
    judge=records_updated,
)
GV_06 = Check(
    id="GV-06",
    family=Family.GOVERNANCE,
    kind=Kind.COMPANY,
    reads=(),
    outcomes=frozenset((Outcome.PASS, Outcome.STALE)),
    judge=rulebook_age,
)

GV_07 = Check(
    id="GV-07",
    family=Family.GOVERNANCE,
    kind=Kind.ORGANIZATION,
    reads=(),
    outcomes=frozenset((Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN)),
    judge=evidence_chain,
)

ALL: tuple[Check, ...] = (GV_01, GV_02, GV_03, GV_04, GV_05, GV_06, GV_07)
