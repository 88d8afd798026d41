"""How findings came out over time, and when nobody looked: outcomes.csv, gaps.csv."""

from __future__ import annotations

from collections.abc import Iterator

from contribaudit.core.advise.gaps import EVERY_HOURS, gaps_by_collector
from contribaudit.evidence.dossier import Dossier
from contribaudit.evidence.sheet import Row, Sheet


def _outcomes(dossier: Dossier) -> Iterator[Row]:
    about = {finding.id: finding.subject for finding in dossier.report.findings}
    for organization in ("", *dossier.organizations):
        spans = dossier.store.outcome_history(organization, since=dossier.since, until=dossier.ends)
        for one in spans:
            subject = about.get(one.finding)
            if subject is None and dossier.sites:
                continue  # of what is no subject any more nobody can tell the site
            yield (
                one.finding,
                one.organization,
                subject.kind.value if subject else None,
                subject.id if subject else None,
                dossier.report.state.place(subject).name if subject else None,
                one.check,
                one.outcome,
                one.since,
                one.last,
                one.ended,
                one.observations,
                one.longest_gap_hours,
            )


def _gaps(dossier: Dossier) -> Iterator[Row]:
    for organization in dossier.organizations:
        runs = dossier.store.runs_seen(organization, since=dossier.since, until=dossier.ends)
        for one in gaps_by_collector(organization, runs, dossier.since, dossier.ends, expected_every_hours=EVERY_HOURS):
            yield one.organization, one.collector, one.since, one.until, one.hours, one.open, one.why


OUTCOMES = Sheet(
    "outcomes.csv",
    (
        "finding_id", "organization_id", "subject_kind", "subject_id", "subject_name", "check_id", "outcome", "from",
        "to", "ended_at", "observations", "longest_gap_hours",
    ),
    _outcomes,
)  # fmt: skip
GAPS = Sheet("gaps.csv", ("organization_id", "collector", "from", "to", "hours", "open", "in_between"), _gaps)
