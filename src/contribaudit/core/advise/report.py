"""STEP 5: the report of a run, from which every exporter writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from contribaudit.core.advise.next_steps import next_steps
from contribaudit.core.advise.site_map import SiteMap, site_map
from contribaudit.core.advise.steps import NextStep
from contribaudit.core.advise.verdict import count_severities, headline
from contribaudit.core.advise.waiting import DueScreen
from contribaudit.core.model import names
from contribaudit.core.model.change import Change
from contribaudit.core.model.finding import Finding, Severity
from contribaudit.core.model.snapshot import Collection
from contribaudit.core.model.subject import Kind, organization_subject
from contribaudit.core.resolve.inventory import sites_of, spaces_counted
from contribaudit.core.resolve.state import State


@dataclass(frozen=True, slots=True)
class RunLine:
    """A run in a report: its ID, times, completeness and exit code."""

    id: int
    previous: int | None
    """The previous run of the same organizations; None for the first."""
    started_at: datetime
    finished_at: datetime
    complete: bool
    """True when every collector of every organization read everything."""
    exit_code: int
    planned_at: datetime | None = None
    """When its schedule wanted it to begin; None where that is not known."""
    fail_on: Severity = Severity.HIGH
    """The lowest severity at which a finding counts for the exit code."""
    previous_finished_at: datetime | None = None
    """When the previous run finished reading; None for the first."""
    previous_complete: bool = False
    """True when the previous run read everything of every organization."""
    account: str = ""
    """The machine account that ran it; "" where it was not recorded."""
    trigger: str = ""
    """What started it: "manual" or "schedule"; "" where it was not recorded."""
    selection: str = ""
    """What --only and --skip say, as in "--only DR-10 to DR-14"; "" when the run asked everything."""


@dataclass(frozen=True, slots=True)
class OrganizationLine:
    """One organization as a report names it."""

    id: str
    name: str
    highest_plan: str | None
    """None where it is unknown."""


@dataclass(frozen=True, slots=True)
class Counts:
    """The inventory in numbers, without entries that are no apps."""

    organizations: int
    sites: int
    apps: int
    spaces: int = 0
    connectors: int = 0
    spaces_counted: int | None = None
    """Total of the apps' own administrations; None unless people recorded it for every app that has spaces."""
    spaces_whole: bool | None = None
    """Whether every listing of spaces was read to its end; None where the run asked for none."""
    sites_read: int = 0
    """Sites of which this run saw all apps."""
    apps_read: int = 0
    """Apps that this run saw; the others are known from earlier ones."""


@dataclass(frozen=True, slots=True, repr=False)
class Report:
    """One judged run, with everything that a report needs."""

    tool_version: str
    state: State
    run: RunLine
    policy_name: str
    policy_sha256: str
    findings: tuple[Finding, ...]
    changes: tuple[Change, ...]
    warnings: tuple[str, ...]
    newly: tuple[Finding, ...] = ()
    """Findings that are newly failing or unverified since the last complete run."""
    key_days_left: int | None = None
    """Days until the first API key in use expires; None where no API says."""
    manifest_sha256: str = ""
    """Digest of the manifest under which the run's evidence was exported; "" where none was."""
    sites: tuple[str, ...] = ()
    """Hosts, without case, of the sites that its map is limited to; empty for all."""
    questions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By check: the questions that it answers ("contribution", "ai", "location"), where its prefix does not say so."""
    looks: Callable[[], Sequence[DueScreen]] = field(default=tuple, compare=False)
    """Works out which console screens the findings wait for."""

    def __repr__(self) -> str:
        # asyncio.run writes its result into a signal handler's repr: a whole report would take seconds there.
        return f"Report(run={self.run.id}, findings={len(self.findings)})"

    @property
    def headline(self) -> str:
        """The verdict in one sentence, the same in every format; see `verdict.headline`."""
        return headline(self.run.exit_code, self.run.fail_on, count_severities(self.findings), self.run.selection)

    @property
    def organizations(self) -> tuple[OrganizationLine, ...]:
        """The organizations, in the order of the configuration."""
        lines = []
        for organization in self.state.organizations:
            plan = self.state.text(organization_subject(organization), names.HIGHEST_PLAN)
            lines.append(OrganizationLine(organization, self.state.organization_name(organization), plan))
        return tuple(lines)

    @property
    def collections(self) -> tuple[Collection, ...]:
        """Every collector's run, organization by organization."""
        return tuple(one for place in self.state.looked_at for one in place.collections.values())

    @property
    def steps(self) -> tuple[NextStep, ...]:
        """The steps that resolve the findings, most severe first. Deadlines are not among them."""
        return next_steps(self, [one for one in self.looks() if one.severity is not None])

    @property
    def map(self) -> SiteMap:
        """The map: apps by location, and every site by seven questions. Computed on each access."""
        return site_map(self.state, self.findings, self.sites)

    @property
    def counts(self) -> Counts:
        """The inventory in numbers: spaces as far as they were listed, and the totals that people recorded."""
        state = self.state
        sites = [site for place in state.looked_at for site in sites_of(state, place.id)]
        apps = state.subjects(Kind.APP)
        lists = [one for place in state.looked_at for one in state.spaces(place.id).lists().values()]
        numbers = [number for one in lists if (number := spaces_counted(state, one.app)) is not None]
        seen = {app for app in apps if state.value(app, names.APP_TYPE_KEY) is not None}
        return Counts(
            organizations=sum(1 for place in state.looked_at if place.collections),
            sites=len(sites),
            apps=len(apps),
            connectors=len(state.subjects(Kind.CONNECTOR)),
            sites_read=sum(1 for site in sites if seen.issuperset(site.apps)),
            apps_read=len(seen),
            spaces=sum(one.read for one in lists),
            spaces_counted=sum(numbers) if numbers and len(numbers) == len(lists) else None,
            spaces_whole=all(one.complete for one in lists) if lists else None,
        )
