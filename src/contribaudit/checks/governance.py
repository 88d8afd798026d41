"""Governance checks: whether the evidence and its rules are recent, who decided, and who can change the organization.

GV-03 asks whether each change is explained by the organization's audit log or by a ticket.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from contribaudit.catalogue.data_contribution import IN_APP, METADATA
from contribaudit.catalogue.organization import ADMINISTRATOR_GROUPS, ADMINISTRATORS
from contribaudit.checks.data_contribution.plans import choosable, decision_on
from contribaudit.checks.documents import reviewed_within
from contribaudit.checks.reading import attested_list, highest_plan, policy_evidence
from contribaudit.core.judge.check import Check, CheckContext, Expectation, Parameter, Shape, Verdict, check
from contribaudit.core.model import names
from contribaudit.core.model.audit_log import AuditLog, LogRules, filled, holes, named_holes
from contribaudit.core.model.change import CauseKind, Change, Match
from contribaudit.core.model.finding import Evidence, Outcome
from contribaudit.core.model.observation import Grade, SettingId
from contribaudit.core.model.phrases import counted, every
from contribaudit.core.model.policy import limits_of
from contribaudit.core.model.subject import Kind, same_person
from contribaudit.core.resolve.exposure import newest_decision
from contribaudit.core.resolve.state import OrganizationState

EVENTS, EVENT_ACTIONS = "events", "event_actions"
_REFUSED = ("forbidden", "key_refused", "not_found")
_EXPECTED = "an event that names it, or a ticket"


@check("GV-03", "changes-explained", outcomes={Outcome.PASS, Outcome.UNKNOWN, Outcome.NOT_ACHIEVABLE, Outcome.STALE})
def changes_traced(case: CheckContext) -> Verdict:
    """GV-03: every change to an audited setting in the review period has an event in the audit log, or a ticket.

    A complete search without an event proves nothing: Atlassian publishes no list of actions, so the search words may
    have missed it. The change stays `unknown` until somebody records a ticket.
    """
    rules = case.state.rulebook.log
    place = case.state.organizations[case.subject.id]
    since = case.as_of - timedelta(days=rules.review_days)
    log = case.state.audit_log(place.id, since)
    doubt = _log_unread(case, place) or _unproven(log, since)
    if doubt is not None:
        return doubt
    changes = [one for one in case.state.changes(place.id, since) if _needs_ticket(rules, one)]
    missing = [one for one in changes if not _has_event_or_ticket(one)]
    count = counted(len(changes), "change")
    if missing:
        first = missing[0]
        what = f"{first.setting} of {first.name or first.subject.id}, change {first.id}"
        reason = f"{len(missing)} of {count} without an event or ticket: {what}: {first.cause}"
        ids = tuple(one.id for one in missing)
        return Verdict(Outcome.UNKNOWN, "no_event_found", reason, first.setting, _EXPECTED, ids)
    until = max(end for _, end in log.spans)
    evidence = (Evidence(Grade.DOCUMENTED, "the audit log, read without gaps", until),)
    reason = (
        f"{count} of audited settings, each with its event or a ticket" if changes else "no audited setting changed"
    )
    return Verdict(Outcome.PASS, "all_traced", reason, None, _EXPECTED, count, evidence)


def _log_unread(case: CheckContext, place: OrganizationState) -> Verdict | None:
    """The verdict when the last run did not read the log; None when it did.

    When the same key can read the catalogue of actions, it has the scope, so the plan lacks the audit log.
    """
    reading = place.collections.get(EVENTS)
    if reading is None:
        return Verdict(Outcome.UNKNOWN, "not_read", place.why_not(EVENTS), None, _EXPECTED)
    if not reading.code:
        return None
    reason = f"the audit log was not read: {reading.reason}"
    if reading.code in _REFUSED and place.completed(EVENT_ACTIONS):
        plan = highest_plan(case)
        able = case.state.rulebook.plan_with("audit_log")
        if not isinstance(plan, Verdict) and able and not plan.audit_log:
            reason += f"; it needs Atlassian Guard or the {able} plan"
            evidence = (Evidence(Grade.DOCUMENTED, "the audit log's refusal", reading.started_at),)
            return Verdict(Outcome.NOT_ACHIEVABLE, "no_audit_log", reason, None, _EXPECTED, None, evidence)
    if reading.missing_scope and reading.missing_scope not in reason:
        reason += f"; the scope {reading.missing_scope} would let the key read it"
    return Verdict(Outcome.UNKNOWN, "log_unread", reason, None, _EXPECTED)


def _unproven(log: AuditLog, since: datetime) -> Verdict | None:
    """The verdict when the readings of the log over time prove nothing; None when they do."""
    spans = log.spans
    if len(log.readings) < 2 or not spans:
        reason = "nothing to compare yet: the history holds only one reading of the log"
        return Verdict(Outcome.UNKNOWN, "nothing_to_compare", reason, None, _EXPECTED)
    if not filled(log):
        reason = "the audit log has never shown an event; it needs Atlassian Guard or the Enterprise plan"
        return Verdict(Outcome.UNKNOWN, "log_empty", reason, None, _EXPECTED)
    begun = max(since, min(start for start, _ in spans))
    missing = list(holes(log, begun, max(end for _, end in spans)))
    if missing:
        reason = f"the audit log was not read from {named_holes(missing)}"
        return Verdict(Outcome.UNKNOWN, "log_has_holes", reason, None, _EXPECTED)
    return None


def _needs_ticket(rules: LogRules, change: Change) -> bool:
    """True for a change that needs an event or a ticket; a change that came or went with its app does not."""
    if change.why is not None and change.why.kind in (CauseKind.NEW_SUBJECT, CauseKind.GONE_SUBJECT):
        return False
    return any(family.audited for family in rules.families_behind(change.setting))


def _has_event_or_ticket(change: Change) -> bool:
    """True when one event that names the subject fits, or somebody recorded a ticket."""
    why = change.why
    return bool(change.ticket) or (why is not None and why.kind is CauseKind.EVENT and why.match is Match.EXACT)


RECORDS = SettingId("governance.records")
"""The ID in a `[[decision]]` that records an update of the records of processing and the impact assessment."""
UPDATED = "updated"
"""The only value of RECORDS that confirms the update."""


@check(
    "GV-01",
    "evidence-recent",
    outcomes={Outcome.PASS, Outcome.STALE, Outcome.UNKNOWN},
    settings_of_policy=(
        Parameter(
            "max_age_days",
            "Days for which evidence of each grade stays fresh; this check asks for `documented`",
            "a table of whole numbers of days by grade",
            "documented = 2, unless [evidence] of the policy file says otherwise",
            '[[rule]]\ncheck = "GV-01"  # evidence-recent\nmax_age_days = { documented = 7 }',
        ),
    ),
)
def evidence_age(case: CheckContext) -> Verdict:
    """GV-01: every collector's answer is within the policy's age limit for documented evidence."""
    place = case.state.organizations[case.subject.id]
    if not place.collections:
        return Verdict(Outcome.UNKNOWN, "not_read", place.unread_reason or "nothing was read")
    needed = [one for one in place.collections.values() if not one.optional]
    failed = [f"{one.collector}: {one.reason}" for one in needed if one.code]
    if failed:
        return Verdict(Outcome.UNKNOWN, "collector_failed", "not everything was read: " + "; ".join(failed))
    oldest = min(needed, key=lambda one: one.started_at)
    limit = limits_of(case.policy, case.rule)[Grade.DOCUMENTED]
    age = case.as_of - oldest.started_at
    evidence = (Evidence(Grade.DOCUMENTED, oldest.collector, oldest.started_at),)
    about = None, f"at most {counted(limit, 'day')}", counted(age.days, "day"), evidence
    reason = f"the oldest evidence is {counted(age.days, 'day')} old (collector {oldest.collector})"
    if age <= timedelta(days=limit):
        return Verdict(Outcome.PASS, "fresh", reason, *about)
    return Verdict(Outcome.STALE, "evidence_too_old", reason, *about)


@check("GV-06", "rulebook-reviewed", Kind.COMPANY, outcomes={Outcome.PASS, Outcome.STALE, Outcome.UNKNOWN})
def rulebook_age(case: CheckContext) -> Verdict:
    """GV-06: every rulebook file was reviewed within the review period, and the watched pages confirm its facts."""
    rulebook = case.state.rulebook
    reviewed = rulebook.oldest_review
    oldest = ", ".join(file.name for file in rulebook.files if file.reviewed == reviewed)
    what = f"{oldest} " if len(oldest) < 80 else ""
    still = f", and all {len(case.state.anchored)} provisions are still on their pages"
    return reviewed_within(case, what, reviewed, rulebook.review_within_days, lambda _anchor: True, still)


@check(
    "GV-04",
    "decisions-by-two-people",
    reads=(names.HIGHEST_PLAN,),
    outcomes={Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN, Outcome.STALE},
    decisions=(IN_APP.id, METADATA.id),
)
def decided_by_two(case: CheckContext) -> Verdict:
    """GV-04: two people made the newest decision on each switch that the plan makes changeable.

    A default that nobody objected to is no instruction. DC-05 asks whether the switch is set as decided.
    """
    plan = highest_plan(case)
    if isinstance(plan, Verdict):
        return plan
    decisions = {setting.id: decision_on(case, setting) for setting in choosable(plan)}
    evidence = case.evidence(names.HIGHEST_PLAN)
    missing = tuple(setting for setting, made in decisions.items() if made is None)
    expected = tuple(decisions)
    if missing:
        reason = f"the policy records no decision on {' and '.join(missing)}"
        evidence += policy_evidence(case, "its decisions")
        return Verdict(Outcome.FAIL, "no_decision", reason, missing[0], expected, (), evidence)
    made = [decision for decision in decisions.values() if decision is not None]
    evidence += tuple(one for decision in made for one in policy_evidence(case, decision.origin))
    alone = [decision for decision in made if same_person(decision.by, decision.second)]
    if alone:
        reason = f"{alone[0].by} decided alone on {alone[0].setting}"
        return Verdict(Outcome.FAIL, "one_person", reason, alone[0].setting, expected, (alone[0].by,), evidence)
    people = tuple(sorted({person for decision in made for person in (decision.by, decision.second)}))
    reason = f"decided by {' and '.join(people)}" if made else f"there is nothing to decide on the {plan.name} plan"
    return Verdict(Outcome.PASS, "decided_by_two", reason, None, expected, people, evidence)


@check(
    "GV-05",
    "processing-records-updated",
    Kind.COMPANY,
    outcomes={Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN},
    decisions=(RECORDS,),
)
def records_updated(case: CheckContext) -> Verdict:
    """GV-05: the policy holds a decision on RECORDS, dated on or after the day from which data is used.

    The decision is the evidence: no source shows the content of an impact assessment.
    """
    effective = case.state.rulebook.effective
    newest = newest_decision(case.policy.decisions, RECORDS, case.as_of)
    expected = f"on {effective} or later"
    if newest is None or newest.value != UPDATED:
        reason = f"no decision in the policy says that records and impact assessment were updated (setting {RECORDS})"
        return Verdict(Outcome.UNKNOWN, "no_record", reason, None, expected)
    about = None, expected, f"{newest.date}", policy_evidence(case, newest.origin)
    reason = f"records and impact assessment were updated on {newest.date}"
    if newest.date >= effective:
        return Verdict(Outcome.PASS, "records_updated", reason, *about)
    reason += f", before the use of data that began on {effective}"
    return Verdict(Outcome.FAIL, "records_from_before", reason, *about)


@check("GV-07", "evidence-chain-unbroken", outcomes={Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN})
def evidence_chain(case: CheckContext) -> Verdict:
    """GV-07: the recorded manifests form an unbroken chain, and the newest pack within reach is unchanged.

    The check cannot see a chain that was rebuilt as a whole; a digest that was published at the time can.
    """
    chain = case.state.chain(case.subject.id)
    if not chain.exported:
        return Verdict(Outcome.UNKNOWN, "never_exported", "no evidence has been exported yet")
    evidence = (Evidence(Grade.DOCUMENTED, "the history's list of manifests", case.as_of, chain.digest),)
    if chain.broken:
        return Verdict(Outcome.FAIL, "chain_broken", chain.broken, evidence=evidence)
    if not chain.place:
        reason = f"no exported evidence folder ({chain.exported}) is still where it was written on this machine"
        return Verdict(Outcome.UNKNOWN, "packs_out_of_reach", reason)
    if chain.damage:
        return Verdict(Outcome.FAIL, "pack_damaged", f"{chain.place}: {chain.damage}", evidence=evidence)
    written = f"the evidence of {chain.written_at:%Y-%m-%d} is intact"
    reason = f"the chain of manifests is unbroken ({chain.exported}), and {written}"
    return Verdict(Outcome.PASS, "chain_whole", reason, evidence=evidence)


@check(
    "GV-02",
    "administrators-known",
    reads=(ADMINISTRATORS.id, ADMINISTRATOR_GROUPS.id),
    outcomes={Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN, Outcome.STALE},
    expectation=Expectation(
        Shape.WORDS,
        means="people who may administer the organization, by account ID, and groups whose members may, by ID",
        default="none: the check is unknown until its rule names them",
        example='["557058:0000"]',
    ),
)
def administrators_known(case: CheckContext) -> Verdict:
    """GV-02: only people and groups in the rule's `expect` administer the organization."""
    seen = {one: attested_list(case, one, case.rule.expect) for one in _ADMINISTRATORS}
    listed = {setting: entries for setting, entries in seen.items() if not isinstance(entries, Verdict)}
    evidence = tuple(one for listed_setting in listed for one in case.evidence(listed_setting.id))
    if not isinstance(case.rule.expect, tuple):
        unread = next((one for one in seen.values() if isinstance(one, Verdict)), None)
        count = sum(map(len, listed.values()))
        reason = f"the policy names no administrator, and {count} are listed: set expect in its rule"
        return unread or Verdict(Outcome.UNKNOWN, "policy_names_nobody", reason, ADMINISTRATORS.id, evidence=evidence)
    approved = {one.strip().casefold() for one in case.rule.expect}
    for setting, entries in listed.items():
        unapproved = tuple(one for one in entries if one.casefold() not in approved)
        if unapproved:
            reason = f"{_ADMINISTRATORS[setting]} not approved: {', '.join(unapproved)}"
            code = "administrator_not_approved"
            return Verdict(Outcome.FAIL, code, reason, setting.id, case.rule.expect, entries, evidence)
    for one in seen.values():
        if isinstance(one, Verdict):
            return one
    everybody = tuple(one for entries in listed.values() for one in entries)
    who = f"{every(len(everybody), 'administrator')} {'is' if len(everybody) == 1 else 'are'}"
    reason = f"{who} approved; API keys that can write are not among them"
    about = ADMINISTRATORS.id, case.rule.expect, everybody, evidence
    return Verdict(Outcome.PASS, "administrators_approved", reason, *about)


_ADMINISTRATORS = {
    ADMINISTRATORS: "people who administer the organization are",
    ADMINISTRATOR_GROUPS: "groups that administer the organization are",
}
"""The lists that are compared, each with the words for entries that are not approved."""

ALL: tuple[Check, ...] = (
    evidence_age,
    administrators_known,
    changes_traced,
    decided_by_two,
    records_updated,
    rulebook_age,
    evidence_chain,
)
