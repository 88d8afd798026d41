"""The spaces of every site, read with API tokens in addition to the organization's key.

The apps that a run saw show which sites have spaces. Sites are listed concurrently; a listing that breaks is resumed
once, from the page that failed, after the others are done. Spaces go into a file page by page, so that memory does not
grow with their number; only the IDs of listings in progress are held, to recognize repeated entries.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import datetime
from time import monotonic
from typing import Any

from contribaudit.atlassian import paging
from contribaudit.atlassian.sites import SiteClient, site_chain
from contribaudit.atlassian.transport import IN_FLIGHT, utc_now
from contribaudit.collectors.interface import Kept, broken_by
from contribaudit.collectors.sites import AppSite, app_sites, concluded, sites_missing
from contribaudit.collectors.space_sources import SpaceSource, SpaceSpool
from contribaudit.core.model.phrases import counted, first_of
from contribaudit.core.model.rulebook import Rulebook
from contribaudit.core.model.snapshot import Collection, CollectionStatus, Snapshot, Space, SpaceList
from contribaudit.core.model.subject import Subject
from contribaudit.errors import AccessDenied, AdminApiError, KeyRefused, ListNotWhole, NotFound
from contribaudit.progress import SILENT, Progress


def sites_with_spaces(snapshot: Snapshot, rulebook: Rulebook, kind: str) -> list[AppSite]:
    """The sites of the apps that have spaces of this kind, "jira" or "confluence"."""
    return app_sites(snapshot, rulebook, lambda rule, _on_a_site: rule.spaces == kind)


@dataclass(slots=True)
class SpaceListing:
    """One site's list of spaces of one kind, page by page; it can be resumed after a failure."""

    source: SpaceSource
    site: AppSite
    host: str
    """The site's host that the configuration names, else its first host; "" without any."""
    project_types: frozenset[str]
    """Every project type in the rulebook."""
    kept: Kept
    """What all listings of the source keep."""
    announced: int | None = None
    read: int = 0
    code: str = ""
    """Why the listing was not attempted, or where it broke."""
    reason: str = ""
    missing_scope: str | None = None
    requests: int = 0
    visible_to: str = ""
    _chain: paging.Chain | None = None
    _following: paging.Request | None = None
    _pages: int = 0
    _may_heal: bool = False
    """Whether it broke with an error that a second try may not meet."""
    _ids: dict[str, int] = field(default_factory=dict)
    """A hash of each space's content, by ID."""
    _again: bool = False
    _counts: Counter[Subject] = field(default_factory=Counter)
    _shortfalls: dict[str, str] = field(default_factory=dict)

    async def read_on(
        self,
        client: SiteClient,
        spool: SpaceSpool,
        on_page: Callable[[], None],
        broke: Callable[[Exception], None],
    ) -> None:
        """Read to the end or to a failure, from where the last reading broke off.

        `on_page` is called after each page, and `broke` gets a bug that ended the listing. Errors end up in `code` and
        `reason`.
        """
        if self._chain is None:
            self._chain = site_chain(self.source.call, self.site.cloud_id)
            self._following = self._chain.first()
        self.code = self.reason = ""
        self.missing_scope = None
        self._may_heal = False
        try:
            async with aclosing(client.pages(self._chain, host=self.host, start=self._following)) as pages:
                async for page in pages:
                    self._pages += 1
                    self.announced = page.announced
                    spaces = [space for entry in page.items if (space := self._space(entry)) is not None]
                    spool.extend(spaces)
                    self.read += len(spaces)
                    self._following = page.following
                    on_page()
        except AdminApiError as error:
            self.code, self.reason, self.missing_scope = error.code, error.message, error.missing_scope
            self._may_heal = not isinstance(error, KeyRefused | AccessDenied | ListNotWhole | NotFound)
        except Exception as error:  # noqa: BLE001  one site's unexpected answer must not end the audit of all
            failure = broken_by(error, self.source.call)
            self.code, self.reason = failure.code, failure.message
            broke(error)
        else:
            self._reconcile()
        self.requests = client.requests(self._chain, host=self.host)
        if not self.resumable:
            self._ids.clear()

    def give_up(self, code: str, reason: str) -> None:
        """Mark the listing as impossible to read."""
        self.code, self.reason = code, reason

    @property
    def resumable(self) -> bool:
        """Whether the listing broke at a page that may arrive on a second try."""
        return self._may_heal and self._following is not None

    @property
    def status(self) -> CollectionStatus:
        """Whether the listing is complete, partial or failed."""
        if not self.code:
            return CollectionStatus.OK
        return CollectionStatus.PARTIAL if self._pages else CollectionStatus.FAILED

    def lists(self) -> list[SpaceList]:
        """The result for each app of the site; with several apps, no API gives the total of each."""
        return [
            SpaceList(
                app,
                self.status,
                self.announced if len(self.site.apps) == 1 else None,
                self._counts[app],
                self.code,
                self.reason,
                self.visible_to,
                self.requests if position == 0 else 0,
            )
            for position, (app, _) in enumerate(self.site.apps)
        ]

    def _space(self, answer: dict[str, Any]) -> Space | None:
        """The entry's space; None for a repeated entry, or one without an ID."""
        entry, distinct = self.source.parse(answer), len(self._ids)
        if not entry.id:
            self._shortfalls.setdefault("entry_without_id", "an entry has no ID, so it cannot be identified")
            return None
        content = hash((entry.key, entry.name, entry.type, entry.status))
        if self._ids.setdefault(paging.one_spelling(entry.id), content) != content:
            self._shortfalls.setdefault("contradicting_entries", "a space is listed twice, with different contents")
        if len(self._ids) == distinct:
            self._again = True
            return None
        for name in entry.missing:
            self._shortfalls.setdefault("missing_key", f"an entry has no `{name}`")
            self._surprise(f"{name}: not a text", answer)
        app = self.site.apps[0][0]
        if self.source.apps == "jira":
            app = self.site.app_of(entry.type)
            if entry.type and entry.type not in self.project_types:
                self._surprise(f"projectTypeKey={entry.type[:60]}", answer)
        self._counts[app] += 1
        ari = self.source.ari.format(site=self.site.cloud_id, id=entry.id)
        return Space(app, ari, entry.key, entry.name, entry.type, entry.status, entry.created_at)

    def _surprise(self, where: str, answer: dict[str, Any]) -> None:
        if where not in self.kept.surprises:
            self.kept.surprise(where, self.kept.keep(answer))

    def _reconcile(self) -> None:
        """Check a list that was read to its end for contradictions, which make it incomplete."""
        if self.read == 0 and not self._shortfalls:
            empty = "the list is empty, as it also is for a token without permission"
            self._shortfalls["empty_list"] = empty
        if self.source.announces and self.announced is None:
            self._shortfalls["no_total"] = "the API did not give the number of spaces, so the list may be incomplete"
        elif not self.source.announces and self._again:
            self._shortfalls["repeated_entries"] = "spaces are listed twice, so others may be missing"
        elif self.announced is not None and self.announced != self.read:
            mismatch = f"the API announced {counted(self.announced, 'space')} and returned {self.read}"
            self._shortfalls["count_mismatch"] = mismatch
        if self._shortfalls:
            self.code, self.reason = next(iter(self._shortfalls)), first_of(list(self._shortfalls.values()))


async def collect_spaces(
    snapshot: Snapshot,
    client: SiteClient,
    rulebook: Rulebook,
    sources: Sequence[SpaceSource],
    progress: Progress = SILENT,
    *,
    clock: Callable[[], datetime] = utc_now,
) -> Snapshot:
    """The snapshot with the spaces of its sites, and how far the listing of each app's spaces came.

    An app is included if the rulebook says that it has spaces. When its spaces cannot be read or its listing broke, its
    listing says so. Raises StoreError when the temporary file cannot be written; API errors end up in the listings.
    """
    spool = SpaceSpool()
    runs = [_Run(source, snapshot, client, rulebook, progress, clock()) for source in sources]
    ready = [(run, listing) for run in runs for listing in run.listings if not listing.code]
    await _read_listings(ready, client, spool)
    await _read_listings([(run, listing) for run, listing in ready if listing.resumable], client, spool)
    listings = [listing for run in runs for listing in run.listings]
    return replace(
        snapshot,
        finished_at=clock(),
        collections=(*snapshot.collections, *(run.collection() for run in runs)),
        surprises=(*snapshot.surprises, *(one for run in runs for one in run.kept.surprises.values())),
        raw={**snapshot.raw, **{name: body for run in runs for name, body in run.kept.raw.items()}},
        space_lists=tuple(one for listing in listings for one in listing.lists()),
        spaces=spool,
        requests=client.ledger.entries,
    )


class _Run:
    """The listings of one kind of space, across all sites."""

    def __init__(
        self,
        source: SpaceSource,
        snapshot: Snapshot,
        client: SiteClient,
        rulebook: Rulebook,
        progress: Progress,
        started_at: datetime,
    ) -> None:
        self.kept = Kept(source.name)
        self._source = source
        self._organization = snapshot.organization
        self._started_at = started_at
        self._began = monotonic()
        self._client = client
        self._progress = progress
        self._sites_missing = sites_missing(snapshot)
        rules = [one for one in rulebook.apps.values() if one.spaces == source.apps]
        self._nameless = not rules
        types = frozenset(word for one in rules for word in one.project_types)
        progress.collector_started(self._organization, source.name)
        self.listings = [
            SpaceListing(source, site, client.host_of(site.hosts), types, self.kept)
            for site in sites_with_spaces(snapshot, rulebook, source.apps)
        ]
        for one in self.listings:
            access = client.access(one.host)
            one.visible_to = access.visible_to
            if not one.site.cloud_id:
                one.give_up("no_cloud_id", "the API does not give the site of the app, so its spaces cannot be read")
            elif access.missing:
                one.give_up("no_token", access.missing)

    def page_read(self) -> None:
        """Report the progress of all listings together."""
        read = sum(one.read for one in self.listings)
        self._progress.page_read(self._organization, self._source.name, read, self._announced())

    def broke(self, error: Exception) -> None:
        """Report the error that ended a listing."""
        self._progress.collector_broke(self._organization, self._source.name, error)

    def collection(self) -> Collection:
        """The state of all listings together, at most as complete as the worst of them and the list of apps."""
        shortfalls = [(one.code, one.reason, one.missing_scope) for one in self.listings if one.code]
        if self._nameless:
            shortfalls.append(("no_apps_named", "the rulebook lists no app with such spaces", None))
        collection = Collection(
            self._organization,
            self._source.name,
            CollectionStatus.OK,
            self._started_at,
            self._announced(),
            sum(one.read for one in self.listings),
            requests=self._client.ledger.count(self._source.call.name),
            seconds=round(monotonic() - self._began, 3),
        )
        got = any(one.status is not CollectionStatus.FAILED for one in self.listings)
        return concluded(collection, shortfalls + self._sites_missing, self._progress, anything=got)

    def _announced(self) -> int | None:
        totals = [one.announced for one in self.listings]
        return None if None in totals or not self._source.announces else sum(one for one in totals if one is not None)


async def _read_listings(listings: Sequence[tuple[_Run, SpaceListing]], client: SiteClient, spool: SpaceSpool) -> None:
    """Resume these listings, as many at a time as the client has requests in flight."""
    waiting: Iterable[tuple[_Run, SpaceListing]] = iter(listings)

    async def worker() -> None:
        for run, listing in waiting:
            await listing.read_on(client, spool, run.page_read, run.broke)

    async with asyncio.TaskGroup() as group:
        for _ in range(min(IN_FLIGHT, len(listings))):
            group.create_task(worker())
