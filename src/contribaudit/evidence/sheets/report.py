"""segregation.csv: who did what, a person a row, and where one person did two things that want two."""

from __future__ import annotations

from collections.abc import Iterator

from contribaudit.core.persons import same_person
from contribaudit.evidence.dossier import Dossier
from contribaudit.evidence.sheet import Row, Sheet

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
"""Roles that one person is better not to have both of. A machine account is told apart from a mail address: that both
are one person, nobody recorded."""


def _rows(dossier: Dossier) -> Iterator[Row]:
    counts: dict[str, dict[str, int]] = {}
    for person, role in _deeds(dossier):
        if not person.strip():
            continue
        name = next((known for known in counts if same_person(known, person)), person.strip())
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


SEGREGATION = Sheet("segregation.csv", ("person", *ROLES, "overlaps"), _rows, frozenset(("person",)))
