"""The content of an evidence folder: which run or period, which sites, and how people appear in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property

from contribaudit.audit.changes import Span, explained_changes
from contribaudit.audit.job import Job
from contribaudit.audit.replay import judge_last
from contribaudit.core.advise.report import Report
from contribaudit.core.model.attestation import Attestation
from contribaudit.core.model.change import Change
from contribaudit.core.model.phrases import some
from contribaudit.core.model.policy import AuditPolicy
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.core.resolve.inventory import sites_of
from contribaudit.errors import UsageError
from contribaudit.evidence.pseudonyms import NameHandling, Pseudonymizer, persons, vocabulary
from contribaudit.exporters.json_v1 import lean_document
from contribaudit.exporters.report_v1 import ReportV1
from contribaudit.store.history import History
from contribaudit.store.records import RunRecord


@dataclass(frozen=True)
class Dossier:
    """One judged run, or a period that ends with one, and the history behind it."""

    report: Report
    """The newest run, judged. Findings and changes of excluded sites are left out."""
    policy: AuditPolicy
    store: History
    runs: tuple[RunRecord, ...]
    """The runs covered, oldest first. For a single run: the newest run of each organization."""
    cast: Pseudonymizer
    changes: tuple[Change, ...] = ()
    """For a period, every change in it; for a run, the changes since the previous run."""
    since: datetime | None = None
    """Start of the period; None for a single run."""
    until: datetime | None = None
    sites: tuple[str, ...] = ()
    """Hosts of the sites that the evidence is limited to; empty for all."""

    @cached_property
    def document(self) -> ReportV1:
        """The report in its published form; findings are built on demand."""
        return lean_document(self.report)

    @property
    def organizations(self) -> tuple[str, ...]:
        """IDs of the organizations covered, sorted."""
        return tuple(sorted(place.id for place in self.report.state.looked_at))

    def begins(self, organization: str) -> datetime | None:
        """The start of the time covered: that of the period or of the previous run; None for a first run."""
        if self.since is not None:
            return self.since
        numbers = [run.id for run in self.runs if organization in run.organizations]
        before = self.store.previous(organization, min(numbers)) if numbers else None
        return self.store.run(before).started_at if before is not None else None

    @property
    def ends(self) -> datetime:
        """The end of the time covered."""
        return self.until or self.report.state.as_of

    def shows(self, subject: Subject) -> bool:
        """False for anything that belongs to an excluded site."""
        return shown(self.report, self.sites, subject)

    def event_objects(self) -> dict[str, str]:
        """By ID of each audit log event that a change names, the SHA-256 of its raw object."""
        named = {change.event_id for change in self.changes} | {
            event for change in self.changes if change.why for event in change.why.others
        }
        logs = (self.store.audit_log(one, self.begins(one), self.ends) for one in self.organizations)
        return {
            event.id: event.response for log in logs for event in log.events if event.id in named and event.response
        }

    def attestations(self) -> Iterator[Attestation]:
        """Attestations recorded by the end, revoked and superseded ones included, organization by organization."""
        for organization in self.organizations:
            for one in self.store.attestations(organization):
                if one.recorded.at <= self.ends and self.shows(one.subject):
                    yield one


def shown(report: Report, sites: tuple[str, ...], subject: Subject) -> bool:
    """Whether evidence limited to these sites (hosts; empty for all) shows the subject.

    Subjects of the organization or company level govern every site and are shown; groups, users and connectors belong
    to no site and are not.
    """
    if not sites or subject.kind in (Kind.COMPANY, Kind.ORGANIZATION):
        return True
    if subject.kind is Kind.SITE:
        return subject.id.casefold() in sites
    return report.state.place(subject).site.casefold() in sites


@dataclass(frozen=True, slots=True)
class ExportLimits:
    """What an export leaves out or replaces."""

    people: NameHandling = NameHandling.NAMED
    sites: tuple[str, ...] = ()
    """Hosts of the sites that the export is limited to; empty for all."""


EVERYTHING = ExportLimits()


def of_report(job: Job, report: Report, limits: ExportLimits = EVERYTHING) -> Dossier:
    """The dossier of a run that was just judged, with each organization's newest run up to that one.

    Raises UsageError for a run that skipped checks, and for a site that belongs to none of the organizations.
    """
    runs: dict[int, RunRecord] = {}
    for organization in _organizations(report):
        own_runs = [run for run in job.store.runs(organization=organization) if run.id <= report.run.id]
        runs |= {run.id: run for run in own_runs[:1]}
    return _dossier(job, report, tuple(runs[one] for one in sorted(runs)), report.changes, limits)


def of_last(job: Job, limits: ExportLimits = EVERYTHING) -> Dossier:
    """The dossier of the newest saved run, judged as of now. Raises UsageError like `of_report` and without a run."""
    return of_report(job, judge_last(job), limits)


def of_run(job: Job, run: int, limits: ExportLimits = EVERYTHING) -> Dossier:
    """The dossier of one saved run, judged as of its end. Raises UsageError like `of_report` and for an unknown run."""
    record = job.store.run(run)
    report = judge_last(job, min(record.finished_at, job.clock()))
    if report.run.id != run:
        raise UsageError(
            f"Run {run} cannot be exported by itself: run {report.run.id} began before it ended",
            hint="Limit the export to one organization with --org",
        )
    return of_report(job, report, limits)


def of_period(job: Job, since: datetime, until: datetime, limits: ExportLimits = EVERYTHING) -> Dossier:
    """The dossier of every run that began in a period, whose newest run is judged as of the end of the period.

    Raises UsageError like `of_report`, for a period that ends before it begins, and for one without a run.
    """
    until = min(until, job.clock())
    if since > until:
        raise UsageError("The period ends before it begins", hint="Give --from an earlier time than --to")
    runs = [
        run
        for run in reversed(job.store.runs())
        if since <= run.started_at <= until and not set(run.organizations).isdisjoint(job.organizations)
    ]
    if not runs:
        raise UsageError(
            f"No run began between {since:%Y-%m-%d %H:%M}Z and {until:%Y-%m-%d %H:%M}Z",
            hint="`contribaudit runs list` shows when runs began",
        )
    report = judge_last(job, until)
    spans = []
    for organization in sorted(job.organizations):
        numbers = [run.id for run in runs if organization in run.organizations]
        if numbers:
            before = job.store.previous(organization, numbers[0])
            spans.append(Span(organization, before if before is not None else numbers[0], numbers[-1]))
    changes = explained_changes(job.store, job.rulebook, spans, steps=True)
    named = [replace(one, name=one.name or report.state.place(one.subject).name) for one in changes]
    return _dossier(job, report, tuple(runs), named, limits, since=since, until=until)


def _dossier(
    job: Job,
    report: Report,
    runs: tuple[RunRecord, ...],
    changes: Sequence[Change],
    limits: ExportLimits,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Dossier:
    _refuse_partial(report, runs)
    sites = _sites(report, limits.sites)
    if sites:
        report = replace(
            report,
            findings=tuple(one for one in report.findings if shown(report, sites, one.subject)),
            newly=tuple(one for one in report.newly if shown(report, sites, one.subject)),
            changes=tuple(one for one in report.changes if shown(report, sites, one.subject)),
            sites=sites,
        )
    kept = tuple(one for one in changes if shown(report, sites, one.subject))
    cast = Pseudonymizer(limits.people)
    if not cast.named:
        known = persons(report, job.policy, job.store, kept)
        cast = Pseudonymizer(limits.people, known, vocabulary(job.policy))
    utc = (None if since is None else since.astimezone(UTC), None if until is None else until.astimezone(UTC))
    return Dossier(report, job.policy, job.store, runs, cast, kept, *utc, sites)


def noted(dossier: Dossier) -> tuple[Dossier, str]:
    """The dossier and a sentence, also added to its warnings, if its policy is not that of the run; otherwise ""."""
    judged = next((one for one in dossier.runs if one.id == dossier.report.run.id), None)
    if judged is None or judged.policy_sha256 == dossier.policy.sha256:
        return dossier, ""
    warning = (
        f"Run {judged.id} was judged by the policy {judged.policy_name} ({judged.policy_sha256[:12]}); this evidence"
        f" judges it by {dossier.policy.name} ({dossier.policy.sha256[:12]}), as asked."
    )
    report = replace(dossier.report, warnings=(*dossier.report.warnings, warning))
    return replace(dossier, report=report), warning


def _refuse_partial(report: Report, runs: Sequence[RunRecord]) -> None:
    for organization in _organizations(report):
        newest = next((run for run in reversed(runs) if organization in run.organizations), None)
        if newest is not None and newest.selection:
            raise UsageError(
                f"Run {newest.id} was limited by {newest.selection}, so it cannot be exported as evidence",
                hint="Run `contribaudit audit` without --only and --skip first",
            )


def _sites(report: Report, asked: Sequence[str]) -> tuple[str, ...]:
    hosts = {site.host.casefold() for one in _organizations(report) for site in sites_of(report.state, one)} - {""}
    for host in asked:
        if host.casefold() not in hosts:
            raise UsageError(f"There is no site {host!r}", hint=f"Known: {some(sorted(hosts), 20) or 'none'}")
    return tuple(sorted({host.casefold() for host in asked}))


def _organizations(report: Report) -> list[str]:
    return [place.id for place in report.state.looked_at]
