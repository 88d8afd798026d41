"""The sheets about time: runs.csv, population.csv and ledger.csv (requests), outcomes.csv, gaps.csv."""

from __future__ import annotations

from collections.abc import Iterator

from contribaudit import collectors
from contribaudit.core.advise.gaps import EVERY_HOURS, gaps_by_collector
from contribaudit.core.model import names
from contribaudit.core.model.names import WORKSPACES
from contribaudit.core.model.observation import Observed
from contribaudit.core.model.snapshot import Collection, Snapshot, SpaceList
from contribaudit.evidence.dossier import Dossier
from contribaudit.evidence.sheets import Row, Sheet
from contribaudit.exporters import csv_evidence
from contribaudit.exporters.text import row_of
from contribaudit.store.records import RunRecord


def _runs(dossier: Dossier) -> Iterator[Row]:
    for run in dossier.runs:
        organizations = tuple(one for one in run.organizations if one in dossier.organizations)
        yield row_of(RUNS.columns, run, run_id=run.id, organizations=organizations)


def _population(dossier: Dossier) -> Iterator[Row]:
    calls = csv_evidence.calls()
    proves = {collection.name: collection.proves for collection in collectors.ALL}
    for run, organization in _readings(dossier):
        snapshot = dossier.store.snapshot(organization, run.id)
        for collection in snapshot.collections:
            call = calls.get(collection.collector)
            excluded = _pseudo(dossier, snapshot) if collection.collector == WORKSPACES else []
            yield (
                run.id,
                collection.collector,
                call.title if call else None,
                call.scope if call else None,
                *_how_much(collection),
                proves.get(collection.collector),
                len(excluded),
                f"not apps by the rulebook: {', '.join(sorted(set(excluded)))}" if excluded else None,
                None,
                None,
                organization,
                None,
            )
        for listed in dossier.store.spaces(organization, run.id).lists().values():
            type_key = dossier.report.state.place(listed.app).app
            yield (
                run.id,
                "spaces",
                None,
                None,
                *_how_much(listed),
                f"the spaces of one {type_key or 'app'} that the token's owner may see",
                0,
                None,
                "app",
                listed.visible_to,
                organization,
                listed.app.id,
            )


def _readings(dossier: Dossier) -> Iterator[tuple[RunRecord, str]]:
    """Each run with each of its organizations that the dossier covers."""
    for run in dossier.runs:
        yield from ((run, organization) for organization in run.organizations if organization in dossier.organizations)


def _how_much(read: Collection | SpaceList) -> Row:
    return read.status.value, read.requests, read.announced, read.read, read.code, read.reason


def _pseudo(dossier: Dossier, snapshot: Snapshot) -> list[str]:
    """Type keys of entries of the workspace list that are not apps."""
    rulebook = dossier.report.state.rulebook
    keys = [
        seen.value
        for seen in snapshot.observations
        if seen.setting == names.APP_TYPE_KEY and isinstance(seen, Observed) and isinstance(seen.value, str)
    ]
    return [key for key in keys if (app := rulebook.app(key)) is not None and app.pseudo]


def _ledger(dossier: Dossier) -> Iterator[Row]:
    for run, organization in _readings(dossier):
        ledger = dossier.store.ledger(run.id, organization)
        for entry in ledger.entries if ledger is not None else ():
            yield row_of(LEDGER.columns, entry, run_id=run.id, organization_id=organization)


def _outcomes(dossier: Dossier) -> Iterator[Row]:
    about = {finding.id: finding.subject for finding in dossier.report.findings}
    for organization in ("", *dossier.organizations):
        spans = dossier.store.outcome_history(organization, since=dossier.since, until=dossier.ends)
        for span in spans:
            subject = about.get(span.finding)
            if subject is None and dossier.sites:
                continue  # the site of a subject that no longer exists is unknown
            yield (
                span.check,
                subject.kind.value if subject else None,
                dossier.report.state.place(subject).name if subject else None,
                span.outcome,
                span.since,
                span.last,
                span.ended,
                span.observations,
                span.longest_gap_hours,
                span.finding,
                span.organization,
                subject.id if subject else None,
            )


def _gaps(dossier: Dossier) -> Iterator[Row]:
    for organization in dossier.organizations:
        runs = dossier.store.runs_seen(organization, since=dossier.since, until=dossier.ends)
        for one in gaps_by_collector(organization, runs, dossier.since, dossier.ends, expected_every_hours=EVERY_HOURS):
            yield one.collector, one.since, one.until, one.hours, one.open, one.why, one.organization


RUNS = Sheet(
    "runs.csv",
    (
        "run_id", "started_at", "finished_at", "trigger", "account", "host", "organizations", "complete", "exit_code",
        "tool_version", "policy_name", "policy_sha256", "rulebook_sha256", "selection",
        "planned_at", "late_minutes",
    ),
    _runs,
    frozenset(("account", "host")),
)  # fmt: skip
POPULATION = Sheet(
    "population.csv",
    (
        "run_id", "collector", "endpoint", "scope", "status", "requests", "announced", "read", "reason_code", "reason",
        "proves", "excluded", "excluded_why", "subject_kind", "visible_to", "organization_id", "subject_id",
    ),
    _population,
    frozenset(("visible_to",)),
)  # fmt: skip
LEDGER = Sheet(
    "ledger.csv",
    (
        "run_id", "at", "method", "path", "status", "bytes", "seconds", "waited_seconds", "call", "organization_id",
        "sha256",
    ),
    _ledger,
)  # fmt: skip
OUTCOMES = Sheet(
    "outcomes.csv",
    (
        "check_id", "subject_kind", "subject_name", "outcome", "from", "to", "ended_at", "observations",
        "longest_gap_hours", "finding_id", "organization_id", "subject_id",
    ),
    _outcomes,
)  # fmt: skip
GAPS = Sheet("gaps.csv", ("collector", "from", "to", "hours", "open", "in_between", "organization_id"), _gaps)
