"""The spaces of every site, read with API tokens beside what the organization's key reads.

Listings of sites run side by side; one that breaks is gone on with once, from the page that failed, after the others
are done. Spaces go into a file page by page, so that the memory that this takes does not grow with their number; only
the IDs of a listing under way are held, to tell an entry that comes twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from time import monotonic

from contribaudit.atlassian.sites import SiteClient
from contribaudit.atlassian.transport import IN_FLIGHT
from contribaudit.collectors.collect import utc_now
from contribaudit.collectors.space_entry import SpaceSource
from contribaudit.collectors.space_listing import Findings, SpaceListing
from contribaudit.collectors.space_sites import sites_with
from contribaudit.collectors.space_sources import SpaceSpool
from contribaudit.collectors.workspaces import WORKSPACES
from contribaudit.core.model.rulebook import Rulebook
from contribaudit.core.snapshot import Collection, CollectionStatus, Snapshot
from contribaudit.progress import SILENT, Progress


async def collect_spaces(
    snapshot: Snapshot,
    client: SiteClient,
    rulebook: Rulebook,
    sources: Sequence[SpaceSource],
    progress: Progress = SILENT,
    *,
    clock: Callable[[], datetime] = utc_now,
) -> Snapshot:
    """The snapshot with the spaces of every site that it shows, and how far the listing of each app's spaces came.

    An app is asked after if the rulebook says that it has spaces. One that cannot be asked after, or whose listing
    broke, has a listing that says so. Raises StoreError when the spaces cannot be put aside; the API's errors end up
    in the listings.
    """
    spool, findings = SpaceSpool(), Findings()
    runs = [_Run(source, snapshot, client, rulebook, findings, progress, clock()) for source in sources]
    ready = [(run, listing) for run in runs for listing in run.listings if not listing.code]
    await _read(ready, client, spool)
    await _read([(run, listing) for run, listing in ready if listing.resumable], client, spool)
    listings = [listing for run in runs for listing in run.listings]
    return replace(
        snapshot,
        finished_at=clock(),
        collections=(*snapshot.collections, *(run.collection() for run in runs)),
        surprises=(*snapshot.surprises, *findings.surprises.values()),
        raw={**snapshot.raw, **findings.raw},
        space_lists=tuple(one for listing in listings for one in listing.lists()),
        spaces=spool,
        requests=client.ledger.entries,
    )


class _Run:
    """The listings of one kind of space, over all sites."""

    def __init__(
        self,
        source: SpaceSource,
        snapshot: Snapshot,
        client: SiteClient,
        rulebook: Rulebook,
        findings: Findings,
        progress: Progress,
        started_at: datetime,
    ) -> None:
        self._source = source
        self._organization = snapshot.organization
        self._started_at = started_at
        self._began = monotonic()
        self._client = client
        self._progress = progress
        self._apps = next((one for one in snapshot.collections if one.collector == WORKSPACES.name), None)
        known = [one for one in rulebook.apps.values() if one.spaces == source.apps]
        self._nameless = not known
        types = frozenset(word for one in known for word in one.project_types)
        progress.collector_started(self._organization, source.name)
        self.listings = [
            SpaceListing(source, site, client.host_of(site.hosts), types, findings)
            for site in sites_with(snapshot, rulebook, source.apps)
        ]
        for one in self.listings:
            access = client.access(one.host)
            one.visible_to = access.visible_to
            if not one.site.cloud_id:
                one.give_up("no_cloud_id", "the API does not tell the site of the app, so it cannot be asked")
            elif access.missing:
                one.give_up("no_token", access.missing)

    def page_read(self, _added: int) -> None:
        """Tell how far all listings are together."""
        read = sum(one.read for one in self.listings)
        self._progress.page_read(self._organization, self._source.name, read, self._announced())

    def broke(self, error: Exception) -> None:
        """Pass on what ended a listing."""
        self._progress.collector_broke(self._organization, self._source.name, error)

    def collection(self) -> Collection:
        """How far all listings came together: no further than the one that fell shortest, or than the list of apps."""
        short = [(one.code, one.reason, one.missing_scope) for one in self.listings if one.code]
        if self._nameless:
            short.append(("no_apps_named", "the rulebook names no app that has such spaces", None))
        if self._apps is None or self._apps.status is not CollectionStatus.OK:
            why = self._apps.reason if self._apps is not None else "it was not asked for"
            code = self._apps.code if self._apps is not None else "not_read"
            reason = f"the list of apps was not read whole, so sites may be missing: {why}"
            short.append((code, reason, self._apps.missing_scope if self._apps is not None else None))
        status = CollectionStatus.OK
        if short:
            got = any(one.status is not CollectionStatus.FAILED for one in self.listings)
            status = CollectionStatus.PARTIAL if got else CollectionStatus.FAILED
        code, reason, scope = short[0] if short else ("", "", None)
        more = f" (and {len(short) - 1} more)" if len(short) > 1 else ""
        self._progress.collector_finished(self._organization, self._source.name, status, reason + more)
        return Collection(
            self._organization,
            self._source.name,
            status,
            self._started_at,
            self._announced(),
            sum(one.read for one in self.listings),
            code,
            reason + more,
            scope,
            self._client.ledger.count(self._source.call.name),
            round(monotonic() - self._began, 3),
        )

    def _announced(self) -> int | None:
        told = [one.announced for one in self.listings]
        return None if None in told or not self._source.announces else sum(one for one in told if one is not None)


async def _read(listings: Sequence[tuple[_Run, SpaceListing]], client: SiteClient, spool: SpaceSpool) -> None:
    """Read these on, so many at a time as the client has requests in flight."""
    waiting: Iterable[tuple[_Run, SpaceListing]] = iter(listings)

    async def worker() -> None:
        for run, listing in waiting:
            await listing.read_on(client, spool, run.page_read, run.broke)

    async with asyncio.TaskGroup() as group:
        for _ in range(min(IN_FLIGHT, len(listings))):
            group.create_task(worker())
