"""What people recorded, decided, changed and did: attestations, waivers, decisions, changes, segregation of duties.

changes.csv includes approvals, and everything known about who made a change and why. segregation.csv has a row per
person with the number of acts per role, and names pairs of roles that one person should not have.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time

from contribaudit.core.model.attestation import Attestation
from contribaudit.core.model.policy import Where
from contribaudit.core.model.subject import same_person
from contribaudit.core.resolve.aliases import alias_of
from contribaudit.evidence.dossier import Dossier
from contribaudit.evidence.sheets import Row, Sheet
from contribaudit.exporters.csv_evidence import change_row
from contribaudit.exporters.text import Cell, row_of, value_cell


def _attestations(dossier: Dossier) -> Iterator[Row]:
    for one in dossier.attestations():
        yield _attestation(dossier, one)


def _attestation(dossier: Dossier, attestation: Attestation) -> Row:
    second = (
        attestation.second_person
        if attestation.second_person and attestation.second_person.at <= dossier.ends
        else None
    )
    revoked = attestation.revoked if attestation.revoked and attestation.revoked.at <= dossier.ends else None
    return row_of(
        ATTESTATIONS.columns,
        attestation,
        subject_kind=attestation.subject.kind.value,
        subject=alias_of(dossier.report.state, attestation.subject),
        value=value_cell(attestation.value),
        looked_by=attestation.by,
        recorded_by=attestation.recorded.by,
        recorded_at=attestation.recorded.at,
        recorded_account=attestation.recorded.account,
        recorded_host=attestation.recorded.host,
        anchors=tuple(f"{anchor.signal} {anchor.subject.id}" for anchor in attestation.anchors),
        confirmed_by=second.by if second else None,
        confirmed_at=second.at if second else None,
        revoked_by=revoked.by if revoked else None,
        revoked_at=revoked.at if revoked else None,
        revocation_note=dossier.store.revocation_note(attestation.id) if revoked else None,
        attestation_id=attestation.id,
        organization_id=attestation.subject.organization,
        subject_id=attestation.subject.id,
        attachments=tuple(attachment.sha256 for attachment in attestation.attachments),
    )


def _waivers(dossier: Dossier) -> Iterator[Row]:
    used: dict[tuple[str, str, str], list[str]] = {}
    for finding in dossier.report.findings:
        if finding.waiver is not None:
            key = (finding.check, finding.waiver.approved_by, finding.waiver.reason)
            used.setdefault(key, []).append(finding.id)
    for waiver in dossier.policy.waivers:
        yield row_of(
            WAIVERS.columns,
            waiver,
            check_id=waiver.check,
            where=() if waiver.where is None else tuple(_selectors(waiver.where)),
            outcomes=tuple(outcome.value for outcome in waiver.outcomes),
            covers=tuple(sorted(used.get((waiver.check, waiver.approved_by, waiver.reason), ()))),
        )


def _selectors(where: Where) -> Iterator[str]:
    """Selectors such as "site=acme*", one for each pattern."""
    for name, value in where.given.items():
        yield from (f"{name}={one}" for one in (value if isinstance(value, tuple) else (str(value).lower(),)))


def _decisions(dossier: Dossier) -> Iterator[Row]:
    for one in dossier.policy.decisions:
        yield row_of(DECISIONS.columns, one, decided_by=one.by)


ATTESTATIONS = Sheet(
    "attestations.csv",
    (
        "subject_kind", "subject", "setting", "value", "looked_by", "observed_at", "recorded_by", "recorded_at",
        "recorded_account", "recorded_host", "screen", "console_path", "note", "anchors", "unanchored_reason",
        "highest_plan", "confirmed_by", "confirmed_at", "revoked_by", "revoked_at", "revocation_note",
        "attestation_id", "look", "organization_id", "subject_id", "attachments",
    ),
    _attestations,
    frozenset(("looked_by", "recorded_by", "recorded_account", "recorded_host", "confirmed_by", "revoked_by")),
)  # fmt: skip
WAIVERS = Sheet(
    "waivers.csv",
    (
        "check_id", "subject", "where", "binds_to_value", "observed", "reason", "requested_by", "approved_by",
        "approved_at", "expires", "review_every_days", "ticket", "outcomes", "origin", "covers",
    ),
    _waivers,
    frozenset(("requested_by", "approved_by")),
)  # fmt: skip
DECISIONS = Sheet(
    "decisions.csv",
    ("setting", "value", "decided_by", "second", "date", "ticket", "origin"),
    _decisions,
    frozenset(("decided_by", "second")),
)


# ── Changes ───────────────────────────────────────────────────────────────────────────────────────────

BASELINE, WAIVER = "baseline", "waiver"
"""Values of the column `setting` for approvals, which are not settings of a subject."""

_CHANGES = (
    "subject_kind", "subject_name", "setting", "before", "after", "existed_before", "exists_after", "last_seen",
    "first_seen", "cause", "actor", "cause_code", "match", "ticket", "event_at", "searched_from", "searched_until",
    "log_readable", "actions_searched", "noted_by", "noted_at", "note", "change_id", "event_id", "other_events",
    "organization_id", "subject_id", "event_sha256",
)  # fmt: skip


def _changes(dossier: Dossier) -> Iterator[Row]:
    events = dossier.event_objects()
    for change in dossier.changes:
        digest = events.get(change.event_id) if change.event_id else None
        yield change_row(_CHANGES, change, event_sha256=digest)
    yield from _approved_baselines(dossier)
    yield from _approved_waivers(dossier)


def _approved_baselines(dossier: Dossier) -> Iterator[Row]:
    for organization in dossier.organizations:
        begin = dossier.begins(organization)
        before = None
        for baseline in dossier.store.baselines(organization):
            signed = baseline.approved
            if (begin is None or signed.at > begin) and signed.at <= dossier.ends:
                value = f"run {baseline.run}" + (f" until {baseline.until:%Y-%m-%d}" if baseline.until else "")
                yield _approval(
                    subject_kind="organization",
                    subject_name=dossier.report.state.organization_name(organization),
                    setting=BASELINE,
                    before=before,
                    after=value,
                    existed_before=before is not None,
                    first_seen=signed.at,
                    cause=baseline.reason,
                    actor=signed.by,
                    ticket="",
                    organization_id=organization,
                    subject_id=organization,
                )
            before = f"run {baseline.run}"


def _approved_waivers(dossier: Dossier) -> Iterator[Row]:
    """Waivers of the current policy that were approved meanwhile. Of an older policy only the digest is stored."""
    for organization in dossier.organizations[:1]:
        begin = dossier.begins(organization)
        for waiver in dossier.policy.waivers:
            approved = datetime.combine(waiver.approved_at, time(), UTC)
            if (begin is None or approved.date() >= begin.date()) and approved <= dossier.ends:
                yield _approval(
                    subject_kind="company",
                    subject_name=waiver.subject,
                    setting=WAIVER,
                    after=f"{waiver.check} {waiver.subject or ''}".strip(),
                    existed_before=False,
                    first_seen=approved,
                    cause=waiver.reason,
                    actor=waiver.approved_by,
                    ticket=waiver.ticket,
                    organization_id="",
                    subject_id="company",
                )


def _approval(**cells: Cell) -> Row:
    """A row of changes.csv about an approval; columns that are not given are empty."""
    approved = {"exists_after": True, "cause_code": "approval", "actions_searched": (), "other_events": (), **cells}
    return tuple(approved.get(name) for name in _CHANGES)


CHANGES = Sheet("changes.csv", _CHANGES, _changes, frozenset(("actor", "noted_by")))


# ── Segregation of duties ─────────────────────────────────────────────────────────────────────────────

ROLES = (
    "looked", "recorded", "confirmed", "requested_waiver", "approved_waiver", "decided", "approved_baseline", "ran",
    "changed_at_atlassian",
)  # fmt: skip
APART = (
    ("requested_waiver", "approved_waiver"),
    ("looked", "confirmed"),
    ("recorded", "confirmed"),
    ("changed_at_atlassian", "looked"),
    ("changed_at_atlassian", "recorded"),
    ("changed_at_atlassian", "confirmed"),
    ("changed_at_atlassian", "approved_waiver"),
    ("changed_at_atlassian", "approved_baseline"),
    ("ran", "approved_waiver"),
    ("ran", "approved_baseline"),
)
"""Pairs of roles that one person should not have. A machine account and a mail address count as two people, since
nobody recorded that they belong to one.
"""


def _roles_of_people(dossier: Dossier) -> Iterator[Row]:
    counts: dict[str, dict[str, int]] = {}
    for person, role in _deeds(dossier):
        if not person.strip():
            continue
        name = next((listed for listed in counts if same_person(listed, person)), person.strip())
        deeds = counts.setdefault(name, dict.fromkeys(ROLES, 0))
        deeds[role] += 1
    for name in sorted(counts, key=str.casefold):
        deeds = counts[name]
        overlaps = tuple(f"{one} and {other}" for one, other in APART if deeds[one] and deeds[other])
        yield (name, *(deeds[role] for role in ROLES), overlaps)


def _deeds(dossier: Dossier) -> Iterator[tuple[str, str]]:
    for one in dossier.attestations():
        yield one.by, "looked"
        yield one.recorded.by, "recorded"
        yield from ((signature.by, "confirmed") for signature in one.confirmed if signature.at <= dossier.ends)
    for waiver in dossier.policy.waivers:
        yield waiver.requested_by, "requested_waiver"
        yield waiver.approved_by, "approved_waiver"
    for decision in dossier.policy.decisions:
        yield decision.by, "decided"
        yield decision.second, "decided"
    for organization in dossier.organizations:
        for baseline in dossier.store.baselines(organization):
            if baseline.approved.at <= dossier.ends:
                yield baseline.approved.by or baseline.approved.account, "approved_baseline"
    for run in dossier.runs:
        yield run.account, "ran"
    for change in dossier.changes:
        yield change.actor or "", "changed_at_atlassian"


SEGREGATION = Sheet("segregation.csv", ("person", *ROLES, "overlaps"), _roles_of_people, frozenset(("person",)))
