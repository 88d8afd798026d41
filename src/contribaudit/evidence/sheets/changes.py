"""changes.csv: what changed, including approvals, with all that is known of who did it and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time

from contribaudit.core.model.change import Change
from contribaudit.evidence.dossier import Dossier
from contribaudit.evidence.sheet import Row, Sheet

BASELINE, WAIVER = "baseline", "waiver"
"""In the column `setting`: not values of a subject, but what people approved."""

COLUMNS = (
    "subject_kind", "subject_name", "setting", "before", "after", "existed_before", "exists_after", "last_seen",
    "first_seen", "cause", "actor", "cause_code", "match", "ticket", "event_at", "searched_from", "searched_until",
    "log_readable", "actions_searched", "noted_by", "noted_at", "note", "change_id", "event_id", "other_events",
    "organization_id", "subject_id", "event_sha256",
)  # fmt: skip


def _rows(dossier: Dossier) -> Iterator[Row]:
    events = dossier.event_objects()
    for change in dossier.changes:
        yield _change(change, events)
    yield from _baselines(dossier)
    yield from _waivers(dossier)


def _change(one: Change, events: Mapping[str, str]) -> Row:
    why = one.why
    interval = why.interval if why and why.interval else (None, None)
    noted = one.annotations[-1] if one.annotations else None
    return (
        one.subject.kind.value,
        one.name or one.subject.id,
        one.setting,
        one.before,
        one.after,
        one.existed_before,
        one.exists_after,
        one.last_seen,
        one.first_seen,
        one.cause,
        one.actor,
        why.kind.value if why else None,
        why.match.value if why and why.match else None,
        one.ticket,
        why.at if why else None,
        *interval,
        why.covered if why else None,
        why.actions_searched if why else (),
        noted.by.by if noted else None,
        noted.by.at if noted else None,
        noted.note if noted else None,
        one.id,
        one.event_id,
        why.others if why else (),
        one.subject.organization,
        one.subject.id,
        events.get(one.event_id) if one.event_id else None,
    )


def _baselines(dossier: Dossier) -> Iterator[Row]:
    for organization in dossier.organizations:
        begin = dossier.begins(organization)
        before = None
        for one in dossier.store.baselines(organization):
            signed = one.approved
            if (begin is None or signed.at > begin) and signed.at <= dossier.ends:
                value = f"run {one.run}" + (f" until {one.until:%Y-%m-%d}" if one.until else "")
                subject = ("organization", dossier.report.state.organization_name(organization))
                told = (BASELINE, before, value, before is not None, True, None, signed.at, one.reason, signed.by)
                yield (*subject, *told, *_nothing_more("approval", organization, organization))
            before = f"run {one.run}"


def _waivers(dossier: Dossier) -> Iterator[Row]:
    """Waivers of the policy in force that were approved meanwhile; what an older policy said only its digest keeps."""
    for organization in dossier.organizations[:1]:
        begin = dossier.begins(organization)
        for one in dossier.policy.waivers:
            approved = datetime.combine(one.approved_at, time(), UTC)
            if (begin is None or approved.date() >= begin.date()) and approved <= dossier.ends:
                told = (WAIVER, None, f"{one.check} {one.subject or ''}".strip(), False, True, None, approved)
                row = ("company", one.subject, *told, one.reason, one.approved_by)
                yield (*row, *_nothing_more("approval", "", "company", one.ticket))


def _nothing_more(code: str, organization: str, subject: str, ticket: str = "") -> Row:
    return code, None, ticket, None, None, None, None, (), None, None, None, None, None, (), organization, subject, None


CHANGES = Sheet("changes.csv", COLUMNS, _rows, frozenset(("actor", "noted_by")))
