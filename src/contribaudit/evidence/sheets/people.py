"""What people recorded and decided: attestations.csv, waivers.csv, decisions.csv."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from contribaudit.core.model.attestation import Attestation
from contribaudit.core.model.policy import Where
from contribaudit.core.resolve.aliases import alias_of
from contribaudit.evidence.dossier import Dossier
from contribaudit.evidence.sheet import Sheet
from contribaudit.exporters.text import Cell


def _attestations(dossier: Dossier) -> Iterable[tuple[Cell, ...]]:
    return (_attestation(dossier, one) for one in dossier.attestations())


def _attestation(dossier: Dossier, one: Attestation) -> tuple[Cell, ...]:
    second = one.second_person if one.second_person and one.second_person.at <= dossier.ends else None
    revoked = one.revoked if one.revoked and one.revoked.at <= dossier.ends else None
    return (
        one.subject.kind.value,
        alias_of(dossier.report.state, one.subject),
        one.setting,
        one.value,
        one.by,
        one.observed_at,
        one.recorded.by,
        one.recorded.at,
        one.recorded.account,
        one.recorded.host,
        one.screen,
        one.console_path,
        one.note,
        tuple(f"{anchor.signal} {anchor.subject.id}" for anchor in one.anchors),
        one.unanchored_reason,
        one.highest_plan,
        second.by if second else None,
        second.at if second else None,
        revoked.by if revoked else None,
        revoked.at if revoked else None,
        dossier.store.revocation_note(one.id) if revoked else None,
        one.id,
        one.look,
        one.subject.organization,
        one.subject.id,
        tuple(attachment.sha256 for attachment in one.attachments),
    )


def _waivers(dossier: Dossier) -> Iterable[tuple[Cell, ...]]:
    used: dict[tuple[str, str, str], list[str]] = {}
    for finding in dossier.report.findings:
        if finding.waiver is not None:
            key = (finding.check, finding.waiver.approved_by, finding.waiver.reason)
            used.setdefault(key, []).append(finding.id)
    for one in dossier.policy.waivers:
        where = () if one.where is None else tuple(_selectors(one.where))
        yield (
            one.check,
            one.subject,
            where,
            one.binds_to_value,
            one.observed,
            one.reason,
            one.requested_by,
            one.approved_by,
            one.approved_at,
            one.expires,
            one.review_every_days,
            one.ticket,
            tuple(outcome.value for outcome in one.outcomes),
            one.origin,
            tuple(sorted(used.get((one.check, one.approved_by, one.reason), ()))),
        )


def _selectors(where: Where) -> Iterator[str]:
    """ "site=acme*", one for each pattern."""
    for name in ("organization", "site", "app", "plan", "space"):
        yield from (f"{name}={pattern}" for pattern in getattr(where, name))
    if where.sandbox is not None:
        yield f"sandbox={str(where.sandbox).lower()}"


def _decisions(dossier: Dossier) -> Iterable[tuple[Cell, ...]]:
    for one in dossier.policy.decisions:
        yield (one.setting, one.value, one.by, one.second, one.date, one.ticket, one.origin)


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
