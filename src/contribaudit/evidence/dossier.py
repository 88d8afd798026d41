"""What an evidence folder is made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from contribaudit.core.advise.report import Report
from contribaudit.core.model.attestation import Attestation
from contribaudit.core.model.change import Change
from contribaudit.core.model.policy import AuditPolicy
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.evidence.pseudonyms import Cast
from contribaudit.store.history import History
from contribaudit.store.records import RunRecord


@dataclass(frozen=True, slots=True)
class Dossier:
    """One judged run, or a period that ends with one, with the history behind it."""

    report: Report
    """The newest run, judged. Of a dossier about some sites it holds no finding and no change of others."""
    policy: AuditPolicy
    store: History
    runs: tuple[RunRecord, ...]
    """Every run that it is about, oldest first: of a single run, the newest of each organization."""
    cast: Cast
    changes: tuple[Change, ...] = ()
    """Of the period every one on the way, of a run those since the run before it."""
    since: datetime | None = None
    """Begin of the period; None where it is about one run."""
    until: datetime | None = None
    sites: tuple[str, ...] = ()
    """Hosts of the sites that it is limited to; empty for all."""

    @property
    def organizations(self) -> tuple[str, ...]:
        """IDs of the organizations that it is about, sorted."""
        return tuple(sorted(place.id for place in self.report.state.looked_at))

    def begins(self, organization: str) -> datetime | None:
        """From when on things belong to it: begin of the period, else of the run before; None without one."""
        if self.since is not None:
            return self.since
        mine = [run.id for run in self.runs if organization in run.organizations]
        before = self.store.previous(organization, min(mine)) if mine else None
        return self.store.run(before).started_at if before is not None else None

    @property
    def ends(self) -> datetime:
        """Until when things belong to it."""
        return self.until or self.report.state.as_of

    def shows(self, subject: Subject) -> bool:
        """False for what is part of a site that the dossier leaves out."""
        return shown(self.report, self.sites, subject)

    def event_objects(self) -> dict[str, str]:
        """SHA-256 of the raw object by ID of each event of the audit log that a change names."""
        named = {change.event_id for change in self.changes} | {
            event for change in self.changes if change.why for event in change.why.others
        }
        logs = (self.store.audit_log(one, self.begins(one), self.ends) for one in self.organizations)
        return {
            event.id: event.response for log in logs for event in log.events if event.id in named and event.response
        }

    def attestations(self) -> Iterator[Attestation]:
        """What people had recorded by its end, revoked and superseded ones included, organization by organization."""
        for organization in self.organizations:
            for one in self.store.attestations(organization):
                if one.recorded.at <= self.ends and self.shows(one.subject):
                    yield one


def shown(report: Report, sites: tuple[str, ...], subject: Subject) -> bool:
    """Whether evidence limited to these sites (by host; none: all of them) tells of the subject.

    What is about the organization or the company governs every site and stays; groups, users and connectors belong to
    no site and stay out.
    """
    if not sites or subject.kind in (Kind.COMPANY, Kind.ORGANIZATION):
        return True
    if subject.kind is Kind.SITE:
        return subject.id.casefold() in sites
    return report.state.place(subject).site.casefold() in sites
