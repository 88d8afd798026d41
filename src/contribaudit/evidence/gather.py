"""Brings a dossier together: which run or period, which sites, and how people appear in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from contribaudit.audit.changes import Span, explained_changes
from contribaudit.audit.job import Job
from contribaudit.audit.replay import judge_at, judge_last
from contribaudit.core.advise.report import Report
from contribaudit.core.model.change import Change
from contribaudit.core.resolve.inventory import sites_of
from contribaudit.errors import UsageError
from contribaudit.evidence.dossier import Dossier, shown
from contribaudit.evidence.persons import persons, vocabulary
from contribaudit.evidence.pseudonyms import Cast, People
from contribaudit.store.records import RunRecord


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an export leaves out or replaces."""

    people: People = People.NAMED
    sites: tuple[str, ...] = ()
    """Hosts of the sites that it is limited to; empty for all."""


EVERYTHING = Wanted()


def of_report(job: Job, report: Report, wanted: Wanted = EVERYTHING) -> Dossier:
    """The dossier of a run that was just judged: of each organization its newest run up to that one.

    Raises UsageError for a run that was told to leave out checks, and for a site that is none of the organizations'.
    """
    runs: dict[int, RunRecord] = {}
    for organization in _organizations(report):
        mine = [run for run in job.store.runs(organization=organization) if run.id <= report.run.id]
        runs |= {run.id: run for run in mine[:1]}
    return _dossier(job, report, tuple(runs[one] for one in sorted(runs)), report.changes, wanted)


def of_last(job: Job, wanted: Wanted = EVERYTHING) -> Dossier:
    """The dossier of the newest kept run, judged anew as of now. Raises UsageError as `of_report` and without a run."""
    return of_report(job, judge_last(job), wanted)


def of_run(job: Job, run: int, wanted: Wanted = EVERYTHING) -> Dossier:
    """The dossier of one kept run, judged as of its end. Raises UsageError as `of_report`, and for no such run."""
    record = job.store.run(run)
    report = judge_at(job, min(record.finished_at, job.clock()))
    if report.run.id != run:
        raise UsageError(
            f"Run {run} cannot be told from run {report.run.id}, which had begun before it ended",
            hint="Limit the export to one organization with --org",
        )
    return of_report(job, report, wanted)


def of_period(job: Job, since: datetime, until: datetime, wanted: Wanted = EVERYTHING) -> Dossier:
    """The dossier of every run that began in a period; its newest run is judged as of the period's end.

    Raises UsageError as `of_report`, for a period that ends before it begins, and for one without a run.
    """
    until = min(until, job.clock())
    if since > until:
        raise UsageError("The period ends before it begins", hint="Give --from an earlier time than --to")
    organizations = {target.organization for target in job.targets if not target.left_out}
    runs = [
        run
        for run in reversed(job.store.runs())
        if since <= run.started_at <= until and not organizations.isdisjoint(run.organizations)
    ]
    if not runs:
        raise UsageError(
            f"No run began between {since:%Y-%m-%d %H:%M}Z and {until:%Y-%m-%d %H:%M}Z",
            hint="contribaudit runs list tells when there were some",
        )
    report = judge_at(job, until)
    spans = []
    for organization in sorted(organizations):
        mine = [run.id for run in runs if organization in run.organizations]
        if mine:
            before = job.store.previous(organization, mine[0])
            spans.append(Span(organization, before if before is not None else mine[0], mine[-1]))
    changes = explained_changes(job.store, job.rulebook, spans, steps=True)
    named = [replace(one, name=one.name or report.state.place(one.subject).name) for one in changes]
    return _dossier(job, report, tuple(runs), named, wanted, since=since, until=until)


def _dossier(
    job: Job,
    report: Report,
    runs: tuple[RunRecord, ...],
    changes: Sequence[Change],
    wanted: Wanted,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Dossier:
    _refuse_partial(report, runs)
    sites = _sites(report, wanted.sites)
    if sites:
        report = replace(
            report,
            findings=tuple(one for one in report.findings if shown(report, sites, one.subject)),
            newly=tuple(one for one in report.newly if shown(report, sites, one.subject)),
            changes=tuple(one for one in report.changes if shown(report, sites, one.subject)),
        )
    kept = tuple(one for one in changes if shown(report, sites, one.subject))
    utc = (None if since is None else since.astimezone(UTC), None if until is None else until.astimezone(UTC))
    dossier = Dossier(report, job.policy, job.store, runs, Cast(People.NAMED), kept, *utc, sites)
    if wanted.people is People.NAMED:
        return dossier
    return replace(dossier, cast=Cast(wanted.people, persons(dossier), vocabulary(dossier)))


def _refuse_partial(report: Report, runs: Sequence[RunRecord]) -> None:
    for organization in _organizations(report):
        newest = next((run for run in reversed(runs) if organization in run.organizations), None)
        if newest is not None and newest.selection:
            raise UsageError(
                f"Run {newest.id} was told to leave out checks ({newest.selection}): it is no evidence",
                hint="Run contribaudit audit without --only and --skip first",
            )


def _sites(report: Report, wanted: Sequence[str]) -> tuple[str, ...]:
    known = {site.host.casefold() for one in _organizations(report) for site in sites_of(report.state, one)} - {""}
    for host in wanted:
        if host.casefold() not in known:
            raise UsageError(f"There is no site {host!r}", hint=f"Known: {', '.join(sorted(known)[:20]) or 'none'}")
    return tuple(sorted({host.casefold() for host in wanted}))


def _organizations(report: Report) -> list[str]:
    return [place.id for place in report.state.looked_at]
