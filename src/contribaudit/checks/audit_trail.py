"""GV-03: whether it is known who made each change, by the organization's audit log or by a ticket."""

from __future__ import annotations

from datetime import datetime, timedelta

from contribaudit.checks.reading import highest_plan
from contribaudit.core.coverage import filled, holes
from contribaudit.core.event_rules import LogRules
from contribaudit.core.judge.check import Case, Check, Verdict
from contribaudit.core.model.audit_log import AuditLog
from contribaudit.core.model.change import CauseKind, Change, Match
from contribaudit.core.model.finding import Evidence, Outcome
from contribaudit.core.model.observation import Grade
from contribaudit.core.model.setting import Family
from contribaudit.core.model.subject import Kind
from contribaudit.core.resolve.state import OrganizationState

EVENTS, EVENT_ACTIONS = "events", "event_actions"
_REFUSED = ("forbidden", "key_refused", "not_found")
_EXPECTED = "an event that names it, or a ticket"


def changes_traced(case: Case) -> Verdict:
    """GV-03: every change of an audited setting in the review period has its event in the audit log, or a ticket.

    That a whole search found no event is no proof of anything: no list of actions is published, so the words may have
    missed it. It stays unknown until somebody notes a ticket.
    """
    rules = case.state.rulebook.log
    place = case.state.organizations[case.subject.id]
    since = case.as_of - timedelta(days=rules.review_days)
    log = case.state.audit_log(place.id, since)
    doubt = _unread(case, place) or _unproven(log, since)
    if doubt is not None:
        return doubt
    changes = [one for one in case.state.changes(place.id, since) if _audited(rules, one)]
    missing = [one for one in changes if not _traced(one)]
    count = f"{len(changes)} {'change' if len(changes) == 1 else 'changes'}"
    if missing:
        first = missing[0]
        what = f"{first.setting} of {first.name or first.subject.id}, change {first.id}"
        reason = f"{len(missing)} of {count} without: {what}: {first.cause}"
        ids = tuple(one.id for one in missing)
        return Verdict(Outcome.UNKNOWN, "no_event_found", reason, first.setting, _EXPECTED, ids)
    until = max(end for _, end in _spans(log))
    evidence = (Evidence(Grade.DOCUMENTED, "the audit log, read without holes", until),)
    reason = (
        f"{count} of audited settings, each with its event or a ticket" if changes else "no audited setting changed"
    )
    return Verdict(Outcome.PASS, "all_traced", reason, None, _EXPECTED, count, evidence)


def _unread(case: Case, place: OrganizationState) -> Verdict | None:
    """Why the log was not read in the last run; None when it was.

    Where the catalogue of actions answers the same key, the scope is there, so that it is the plan that lacks the log.
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
    """Why what was read of the log over time proves nothing; None when it does."""
    spans = _spans(log)
    if len(log.readings) < 2 or not spans:
        reason = "nothing to compare yet: the history holds one reading of the log"
        return Verdict(Outcome.UNKNOWN, "nothing_to_compare", reason, None, _EXPECTED)
    if not filled(log):
        reason = "the audit log has never shown an event, as without Atlassian Guard or the Enterprise plan"
        return Verdict(Outcome.UNKNOWN, "log_empty", reason, None, _EXPECTED)
    begun = max(since, min(start for start, _ in spans))
    missing = list(holes(log, begun, max(end for _, end in spans)))
    if missing:
        told = ", ".join(f"{start:%Y-%m-%d %H:%M}Z to {end:%Y-%m-%d %H:%M}Z" for start, end in missing[:3])
        return Verdict(Outcome.UNKNOWN, "log_has_holes", f"the audit log was not read from {told}", None, _EXPECTED)
    return None


def _audited(rules: LogRules, change: Change) -> bool:
    """True for what an auditor asks about. What came or went with its app is told of by the app."""
    if change.why is not None and change.why.kind in (CauseKind.NEW_SUBJECT, CauseKind.GONE_SUBJECT):
        return False
    return any(family.audited for family in rules.families_behind(change.setting))


def _traced(change: Change) -> bool:
    """True when one event that names the subject fits, or somebody noted a ticket."""
    why = change.why
    return bool(change.ticket) or (why is not None and why.kind is CauseKind.EVENT and why.match is Match.EXACT)


def _spans(log: AuditLog) -> list[tuple[datetime, datetime]]:
    return [span for reading in log.readings if (span := reading.span) is not None]


GV_03 = Check(
    id="GV-03",
    family=Family.GOVERNANCE,
    kind=Kind.ORGANIZATION,
    reads=(),
    outcomes=frozenset((Outcome.PASS, Outcome.UNKNOWN, Outcome.NOT_ACHIEVABLE, Outcome.STALE)),
    judge=changes_traced,
)
