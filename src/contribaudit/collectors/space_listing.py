"""The listing of one site's spaces: what was read of it, how far it came, and where it goes on after a failure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from contribaudit.atlassian import paging
from contribaudit.atlassian.sites import SiteClient, site_chain
from contribaudit.collectors.interface import broken_by
from contribaudit.collectors.space_entry import SpaceSource
from contribaudit.collectors.space_sites import SpaceSite
from contribaudit.collectors.space_sources import SpaceSpool
from contribaudit.core.canonical import canonical_json, digest
from contribaudit.core.model.snapshot import Space, SpaceList
from contribaudit.core.model.subject import Subject
from contribaudit.core.snapshot import CollectionStatus, Surprise
from contribaudit.errors import AccessDenied, AdminApiError, KeyRefused, ListNotWhole, NotFound


@dataclass(slots=True)
class Findings:
    """What the listings of a run turned up beside spaces: shapes that this version does not know."""

    surprises: dict[tuple[str, str], Surprise] = field(default_factory=dict)
    raw: dict[str, bytes] = field(default_factory=dict)

    def surprise(self, collector: str, where: str, entry: Any) -> None:
        """Report it once however often it comes, and keep the first entry that shows it."""
        if (collector, where) not in self.surprises:
            body = canonical_json(entry)
            self.raw[digest(body)] = body
            self.surprises[collector, where] = Surprise(collector, where, digest(body))


@dataclass(slots=True)
class SpaceListing:
    """One site's list of spaces of one kind, page by page; may be read on after a failure."""

    source: SpaceSource
    site: SpaceSite
    host: str
    """The one of the site's hosts that the configuration names, else the first; "" where none is known."""
    project_types: frozenset[str]
    """Every type of project that the rulebook knows."""
    findings: Findings
    announced: int | None = None
    read: int = 0
    code: str = ""
    """Why it was not even tried, or where it broke."""
    reason: str = ""
    missing_scope: str | None = None
    requests: int = 0
    visible_to: str = ""
    _chain: paging.Chain | None = None
    _following: paging.Request | None = None
    _pages: int = 0
    _broken: bool = False
    _heals: bool = False
    _ids: dict[str, int] = field(default_factory=dict)
    """By the ID of each space, the hash of what its entry said."""
    _again: bool = False
    _counts: Counter[Subject] = field(default_factory=Counter)
    _shortfalls: dict[str, str] = field(default_factory=dict)

    async def read_on(
        self,
        client: SiteClient,
        spool: SpaceSpool,
        told: Callable[[int], None],
        broke: Callable[[Exception], None] = lambda _error: None,
    ) -> None:
        """Read to the end, or to the failure, from where the last reading broke off.

        `told` hears how many spaces a page added, `broke` of a bug that ended it. Errors end up in `code` and `reason`.
        """
        if self._chain is None:
            self._chain = site_chain(self.source.call, self.site.cloud_id)
            self._following = self._chain.first()
        self.code = self.reason = ""
        self.missing_scope = None
        self._broken = False
        try:
            async with aclosing(client.pages(self._chain, host=self.host, start=self._following)) as pages:
                async for page in pages:
                    self._pages += 1
                    self.announced = page.announced
                    spaces = [space for entry in page.items if (space := self._space(entry)) is not None]
                    spool.extend(spaces)
                    self.read += len(spaces)
                    self._following = page.following
                    told(len(spaces))
        except AdminApiError as error:
            self.code, self.reason, self.missing_scope = error.code, error.message, error.missing_scope
            self._broken = True
            self._heals = not isinstance(error, KeyRefused | AccessDenied | ListNotWhole | NotFound)
        except Exception as error:  # noqa: BLE001  what one site's answer brings out must not end the audit of all
            failure = broken_by(error, self.source.call)
            self.code, self.reason, self._broken, self._heals = failure.code, failure.message, True, False
            broke(error)
        else:
            self._reconcile()
        self.requests = client.requests(self._chain, host=self.host)
        if not self.resumable:
            self._ids.clear()

    def give_up(self, code: str, reason: str) -> None:
        """It cannot be read at all."""
        self.code, self.reason, self._broken = code, reason, True

    @property
    def resumable(self) -> bool:
        """Whether it broke at a page that may come if it is asked for again."""
        return self._broken and self._heals and self._following is not None

    @property
    def status(self) -> CollectionStatus:
        """How far it came."""
        if not self.code:
            return CollectionStatus.OK
        return CollectionStatus.PARTIAL if self._pages else CollectionStatus.FAILED

    def lists(self) -> list[SpaceList]:
        """How far it came, for each app of the site. Of several apps nobody tells how many spaces each should have."""
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

    def _space(self, found: dict[str, Any]) -> Space | None:
        """The entry's space; None for one that came before, or that cannot be told apart."""
        entry, known = self.source.parse(found), len(self._ids)
        if not entry.id:
            self._shortfalls.setdefault("entry_without_id", "an entry has no ID, so it cannot be told apart")
            return None
        content = hash((entry.key, entry.name, entry.type, entry.status))
        if self._ids.setdefault(paging.one_spelling(entry.id), content) != content:
            self._shortfalls.setdefault("contradicting_entries", "a space is listed twice, with different contents")
        if len(self._ids) == known:
            self._again = True
            return None
        for name in entry.missing:
            self._shortfalls.setdefault("missing_key", f"an entry has no `{name}`")
            self.findings.surprise(self.source.name, f"{name}: not a text", found)
        app = self.site.apps[0][0]
        if self.source.apps == "jira":
            app = self.site.app_of(entry.type)
            if entry.type and entry.type not in self.project_types:
                self.findings.surprise(self.source.name, f"projectTypeKey={entry.type[:60]}", found)
        self._counts[app] += 1
        ari = self.source.ari.format(site=self.site.cloud_id, id=entry.id)
        return Space(app, ari, entry.key, entry.name, entry.type, entry.status, entry.created_at)

    def _reconcile(self) -> None:
        """A list that came to its end is whole only if nothing in it says otherwise."""
        if self.read == 0 and not self._shortfalls:
            empty = "the list is empty, which a token without permission also sees"
            self._shortfalls["empty_list"] = empty
        if self.source.announces and self.announced is None:
            self._shortfalls["no_total"] = "the API did not say how many spaces there are, so the list may be cut"
        elif not self.source.announces and self._again:
            self._shortfalls["repeated_entries"] = "spaces are listed twice, so others may be missing"
        elif self.announced is not None and self.announced != self.read:
            told = f"the API announced {self.announced} spaces and gave {self.read}"
            self._shortfalls["count_mismatch"] = told
        for code, reason in self._shortfalls.items():
            more = f" (and {len(self._shortfalls) - 1} more)" if len(self._shortfalls) > 1 else ""
            self.code, self.reason = code, reason + more
            return
