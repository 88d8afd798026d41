"""The sheets that a report fills: those of `--out`, spaces, outcomes and gaps over time, segregation.

segregation.csv says who did what, a person a row, and where one person did two things that want two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from contribaudit.core.advise.gaps import EVERY_HOURS, gaps_by_collector
from contribaudit.core.model.subject import same_person
from contribaudit.core.resolve.state import State
from contribaudit.evidence.dossier import Dossier
from contribaudit.evidence.sheet import Row, Sheet
from contribaudit.exporters import csv_evidence, tabular
from contribaudit.exporters.report_v1 import ReportV1

_Source = TypeVar("_Source")
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


def _roles_of_people(dossier: Dossier) -> Iterator[Row]:
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


SEGREGATION = Sheet("segregation.csv", ("person", *ROLES, "overlaps"), _roles_of_people, frozenset(("person",)))


def _outcomes(dossier: Dossier) -> Iterator[Row]:
    about = {finding.id: finding.subject for finding in dossier.report.findings}
    for organization in ("", *dossier.organizations):
        spans = dossier.store.outcome_history(organization, since=dossier.since, until=dossier.ends)
        for one in spans:
            subject = about.get(one.finding)
            if subject is None and dossier.sites:
                continue  # of what is no subject any more nobody can tell the site
            yield (
                one.check,
                subject.kind.value if subject else None,
                dossier.report.state.place(subject).name if subject else None,
                one.outcome,
                one.since,
                one.last,
                one.ended,
                one.observations,
                one.longest_gap_hours,
                one.finding,
                one.organization,
                subject.id if subject else None,
            )


def _gaps(dossier: Dossier) -> Iterator[Row]:
    for organization in dossier.organizations:
        runs = dossier.store.runs_seen(organization, since=dossier.since, until=dossier.ends)
        for one in gaps_by_collector(organization, runs, dossier.since, dossier.ends, expected_every_hours=EVERY_HOURS):
            yield one.collector, one.since, one.until, one.hours, one.open, one.why, one.organization


OUTCOMES = Sheet(
    "outcomes.csv",
    (
        "check_id", "subject_kind", "subject_name", "outcome", "from", "to", "ended_at", "observations",
        "longest_gap_hours", "finding_id", "organization_id", "subject_id",
    ),
    _outcomes,
)  # fmt: skip
GAPS = Sheet("gaps.csv", ("collector", "from", "to", "hours", "open", "in_between", "organization_id"), _gaps)


def _of(sheet: csv_evidence.Sheet[_Source], source: Callable[[Dossier], _Source]) -> Sheet:
    return Sheet(sheet.name, sheet.columns, lambda dossier: sheet.rows(source(dossier)))


def _document(dossier: Dossier) -> ReportV1:
    return dossier.document


def _state(dossier: Dossier) -> State:
    return dossier.report.state


FROM_REPORT = (
    _of(csv_evidence.INVENTORY, _state),
    _of(csv_evidence.SETTINGS, _state),
    _of(csv_evidence.COLLECTION, _document),
)
SPACES = Sheet("spaces.csv", tabular.COLUMNS, lambda dossier: tabular.space_rows(dossier.report.state))
