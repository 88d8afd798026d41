"""Spaces put aside, entries read, listings reconciled: what needs no socket."""

from __future__ import annotations

import asyncio
import gc
import os
import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from contribaudit import collectors
from contribaudit.atlassian.connect import connect_sites
from contribaudit.atlassian.credential import Credential
from contribaudit.atlassian.sites import Access, Accesses
from contribaudit.collectors import space_sources as spaces_confluence
from contribaudit.collectors import space_sources as spaces_jira
from contribaudit.collectors.space_sources import SpaceSpool
from contribaudit.collectors.spaces import collect_spaces
from contribaudit.core.model import names
from contribaudit.core.model.observation import Grade, Observed, SettingId
from contribaudit.core.model.snapshot import Collection, CollectionStatus, Snapshot, Space
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.errors import StoreError
from contribaudit.progress import Progress
from contribaudit.rulebook import loader

from .probe import NOW, ORG, no_wait

CLOUD = "11111111-1111-4111-8111-111111111111"
JIRA = Subject(ORG, Kind.APP, f"ari:cloud:jira-software::site/{CLOUD}")
DESK = Subject(ORG, Kind.APP, f"ari:cloud:jira-servicedesk::site/{CLOUD}")
WIKI = Subject(ORG, Kind.APP, f"ari:cloud:confluence::site/{CLOUD}")
OK, PARTIAL, FAILED = CollectionStatus.OK, CollectionStatus.PARTIAL, CollectionStatus.FAILED
RULEBOOK = loader.load()


def space(number: int, **rest: Any) -> Space:
    usual = {"key": f"K{number}", "name": "N", "type": "global", "status": "current"}
    return Space(WIKI, f"ari:cloud:confluence:{CLOUD}:space/{number}", **usual | rest)


def test_what_is_put_aside_comes_back_as_it_was_and_as_often_as_wanted() -> None:
    odd = ["", "\n", "a\r\nb", "\x00\x1b[2J", "\ud800", "💥", '"\\', "x" * 100_000]
    kept = [space(number, name=name, created_at=NOW if number % 2 else None) for number, name in enumerate(odd)]
    spool = SpaceSpool()
    assert list(spool) == []
    spool.extend(kept[:3])
    first = iter(spool)
    assert next(first) == kept[0]
    spool.extend(kept[3:])
    assert list(first) == kept[1:]
    assert list(spool) == kept
    assert len(spool) == len(kept)
    assert "N" not in repr(spool)


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")
def test_nobody_else_reads_it_and_it_goes_with_its_object() -> None:
    spool = SpaceSpool()
    descriptor = spool._file.fileno()
    status = os.fstat(descriptor)
    assert stat.S_IMODE(status.st_mode) == 0o600
    assert status.st_nlink == 0  # it has no name that anybody could open
    closing = spool._closing
    del spool
    gc.collect()
    assert not closing.alive
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


def test_a_full_disk_is_told() -> None:
    class Full:
        def seek(self, *_: int) -> None:
            raise OSError(28, "No space left on device")

    spool = SpaceSpool()
    real, spool._file = spool._file, Full()  # type: ignore[assignment]
    with pytest.raises(StoreError, match="No space left on device") as caught:
        spool.extend([space(1)])
    assert "TMPDIR" in caught.value.hint
    real.close()


@pytest.mark.parametrize(
    ("entry", "wanted"),
    [
        ({"id": "1", "key": "A", "name": "B", "projectTypeKey": "software"}, ("1", "A", "B", "software", "", ())),
        ({"id": 7, "key": "A", "name": "B", "projectTypeKey": "business", "archived": True}, None),
        ({"id": "1", "key": None, "projectTypeKey": 5}, ("1", "", "", "", "", ("key", "name", "projectTypeKey"))),
        ({"id": True}, ("", "", "", "", "", ("key", "name", "projectTypeKey"))),
        ({"id": "../x"}, ("", "", "", "", "", ("key", "name", "projectTypeKey"))),
        ({"id": ""}, ("", "", "", "", "", ("key", "name", "projectTypeKey"))),
    ],
)
def test_a_project(entry: dict[str, Any], wanted: tuple[Any, ...] | None) -> None:
    found = spaces_jira.parse_jira(entry)
    wanted = wanted or ("7", "A", "B", "business", "archived", ())
    assert (found.id, found.key, found.name, found.type, found.status, found.missing) == wanted
    assert found.created_at is None


@pytest.mark.parametrize(
    ("created", "wanted"),
    [
        ("2026-01-02T03:04:05.000Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05+02:00", datetime(2026, 1, 2, 1, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("soon", None),
        (1764547200, None),
        (None, None),
    ],
)
def test_a_space_s_beginning(created: object, wanted: datetime | None) -> None:
    entry = {"id": "1", "key": "A", "name": "B", "type": "global", "status": "current", "createdAt": created}
    assert spaces_confluence.parse_confluence(entry).created_at == wanted


def snapshot(*apps: Subject, **told: str) -> Snapshot:
    """A run that saw these apps whole; `told` are their hosts by type key."""

    def values(app: Subject) -> dict[SettingId, str | None]:
        type_key = app.id.removeprefix("ari:cloud:").partition(":")[0]
        site = app.id.rpartition("/")[2]
        host = told.get(type_key.replace("-", "_"), "acme.atlassian.net")
        return {names.APP_TYPE_KEY: type_key, names.APP_SITE: site, names.APP_HOST: host}

    seen = tuple(
        Observed(setting, app, value, Grade.DOCUMENTED, NOW, "test")
        for app in apps
        for setting, value in values(app).items()
    )
    whole = Collection(ORG, "workspaces", OK, NOW, len(apps), len(apps))
    return Snapshot(ORG, NOW, NOW, (whole,), {"workspaces": seen})


def collect(
    before: Snapshot, answer: Callable[[httpx.Request], Any], accesses: Accesses | None = None, **options: Any
) -> Snapshot:
    """What becomes of it when the sites answer so."""

    def handle(request: httpx.Request) -> httpx.Response:
        found = answer(request)
        return found if isinstance(found, httpx.Response) else httpx.Response(200, json=found)

    async def run() -> Snapshot:
        token = Access(Credential(SecretStr("token")))
        async with connect_sites(
            accesses or Accesses(token), transport=httpx.MockTransport(handle), sleep=no_wait
        ) as client:
            return await collect_spaces(before, client, RULEBOOK, collectors.SPACES, clock=lambda: NOW, **options)

    return asyncio.run(run())


def projects(*entries: dict[str, Any], total: int | None = None, **rest: Any) -> dict[str, Any]:
    usual = {"name": "N", "projectTypeKey": "software"}
    values = [usual | {"key": f"K{entry.get('id')}"} | entry for entry in entries]
    count = len(values) if total is None else total
    return {"startAt": 0, "total": count, "isLast": True, "values": values} | rest


def row(found: Snapshot, name: str = "spaces_jira") -> tuple[CollectionStatus, str, int | None, int]:
    (one,) = [one for one in found.collections if one.collector == name]
    return one.status, one.code, one.announced, one.read


def test_an_entry_that_comes_twice_counts_once_and_the_total_tells() -> None:
    """The list moved while it was paged: one project came twice, another not at all."""

    def answer(request: httpx.Request) -> dict[str, Any]:
        start = int(request.url.params.get("startAt", "0"))
        page = projects({"id": str(start)}, {"id": str(start + 1 - start // 2 * 2)}, total=4)
        return page | {"startAt": start, "isLast": start == 2}

    found = collect(snapshot(JIRA), answer)
    assert row(found) == (PARTIAL, "count_mismatch", 4, 3)
    assert [one.key for one in found.spaces] == ["K0", "K1", "K2"]


@pytest.mark.parametrize(
    ("body", "code", "read"),
    [
        (projects({"id": "1"}, {"id": "2"}), "", 2),
        (projects({"id": "1"}, total=2), "count_mismatch", 1),
        (projects({"id": "1"}, total=0), "count_mismatch", 1),
        (projects(), "empty_list", 0),
        (projects({"id": "1"}, {"name": "no id"}), "entry_without_id", 1),
        (projects({"id": "1", "key": None}), "missing_key", 1),
        (projects({"id": "1", "projectTypeKey": None}), "missing_key", 1),
        (projects({"id": "1"}) | {"total": None}, "no_total", 1),
    ],
)
def test_a_list_is_whole_only_if_nothing_says_otherwise(body: dict[str, Any], code: str, read: int) -> None:
    found = collect(snapshot(JIRA), lambda _: body)
    (listing,) = found.space_lists
    assert (listing.code, listing.read, listing.status) == (code, read, PARTIAL if code else OK)
    assert bool(listing.reason) == bool(code)
    assert row(found)[:2] == (listing.status, code)


def wiki_page(*entries: dict[str, Any], following: str = "") -> dict[str, Any]:
    usual = {"name": "N", "type": "global", "status": "current"}
    links = {"next": f"/wiki/api/v2/spaces?cursor={following}"} if following else {}
    return {"results": [usual | {"key": f"K{one['id']}"} | one for one in entries], "_links": links}


@pytest.mark.parametrize(
    ("second", "code", "read"),
    [
        (wiki_page({"id": "3"}), "", 3),
        (wiki_page({"id": "2"}), "repeated_entries", 2),
        (wiki_page({"id": "3"}, {"id": "3"}), "repeated_entries", 3),
        (wiki_page({"id": 2}), "repeated_entries", 2),
        (wiki_page({"id": "2", "name": "M"}), "contradicting_entries", 2),
        (wiki_page(), "", 2),
    ],
)
def test_a_space_of_a_wiki_that_comes_twice_may_hide_another(second: dict[str, Any], code: str, read: int) -> None:
    """Confluence does not say how many there are, so nothing else would tell."""

    def answer(request: httpx.Request) -> dict[str, Any]:
        return second if "cursor" in request.url.params else wiki_page({"id": "1"}, {"id": "2"}, following="c1")

    found = collect(snapshot(WIKI), answer)
    assert row(found, "spaces_confluence") == (PARTIAL if code else OK, code, None, read)
    assert [(one.status, one.code) for one in found.space_lists] == [(PARTIAL if code else OK, code)]


@pytest.mark.parametrize("totals", [(4, 3), (3, 4), (4, None), (None, 4), (4, "4")])
def test_a_total_of_projects_that_changes_tells_that_the_list_moved(totals: tuple[Any, Any]) -> None:
    def answer(request: httpx.Request) -> dict[str, Any]:
        start = int(request.url.params.get("startAt", "0"))
        page = projects({"id": str(start)}, {"id": str(start + 1)})
        return page | {"startAt": start, "isLast": start == 2, "total": totals[start // 2]}

    status, code, _, read = row(collect(snapshot(JIRA), answer))
    assert (status, read) == (PARTIAL, 4)
    assert code in ("total_changed", "no_total")


def test_projects_go_to_the_app_that_names_their_type() -> None:
    """Those of an app that is not there, and of a type that nobody knows, to the site's first app."""
    body = projects(
        {"id": "1", "projectTypeKey": "service_desk"},
        {"id": "2", "projectTypeKey": "business"},
        {"id": "3", "projectTypeKey": "customer_service"},
    )
    found = collect(snapshot(JIRA, DESK), lambda _: body)
    assert {one.key: one.app for one in found.spaces} == {"K1": DESK, "K2": JIRA, "K3": JIRA}
    assert [(one.app, one.announced, one.read) for one in found.space_lists] == [(JIRA, None, 2), (DESK, None, 1)]
    assert row(found) == (OK, "", 3, 3)
    assert [one.where for one in found.surprises] == ["projectTypeKey=customer_service"]


def test_every_app_of_a_site_that_cannot_be_read_says_so() -> None:
    found = collect(snapshot(JIRA, DESK, WIKI), lambda _: httpx.Response(403, json={"message": "no"}))
    assert {(one.app, one.status, one.code) for one in found.space_lists} == {
        (app, FAILED, "forbidden") for app in (JIRA, DESK, WIKI)
    }


def test_a_first_page_that_comes_on_the_second_go_is_enough() -> None:
    sent: list[str] = []

    def answer(request: httpx.Request) -> Any:
        sent.append(request.url.path)
        return httpx.Response(200, content=b"<html>") if len(sent) == 1 else projects({"id": "1"})

    found = collect(snapshot(JIRA), answer)
    assert row(found) == (OK, "", 1, 1)
    assert len(sent) == 2


def test_a_host_that_the_configuration_names_has_its_own_token() -> None:
    own = Access(Credential(SecretStr("own"), "me@example.com"))
    none = Access(None, missing="there is no API token of labs.example.com")
    accesses = Accesses(none, {"acme.example.com": own})
    found = collect(
        snapshot(JIRA, WIKI, confluence="labs.example.com", jira_software="Acme.Example.com"),
        lambda _: projects({"id": "1"}),
        accesses,
    )
    by_app = {one.app: one for one in found.space_lists}
    assert (by_app[JIRA].status, by_app[JIRA].visible_to) == (OK, "me@example.com")
    assert (by_app[WIKI].status, by_app[WIKI].code, by_app[WIKI].visible_to) == (FAILED, "no_token", "")


def test_an_organization_without_such_apps_has_no_spaces() -> None:
    found = collect(snapshot(WIKI), lambda _: {"results": [], "_links": {}})
    assert row(found) == (OK, "", 0, 0)
    assert row(found, "spaces_confluence")[:2] == (PARTIAL, "empty_list")


def test_a_rulebook_that_names_no_app_leaves_nothing_whole() -> None:
    bare = replace(RULEBOOK, apps={word: replace(app, spaces="") for word, app in RULEBOOK.apps.items()})

    async def run() -> Snapshot:
        async with connect_sites(Accesses(Access(Credential(SecretStr("token"))))) as client:
            return await collect_spaces(snapshot(JIRA, WIKI), client, bare, collectors.SPACES)

    found = asyncio.run(run())
    assert row(found)[:2] == (FAILED, "no_apps_named")
    assert row(found, "spaces_confluence")[:2] == (FAILED, "no_apps_named")


def test_progress_is_told_as_by_every_collector() -> None:
    class Watched(Progress):
        told: list[tuple[Any, ...]]

        def __init__(self) -> None:
            self.told = []

        def collector_started(self, organization: str, collector: str) -> None:
            self.told.append(("started", organization, collector))

        def page_read(self, organization: str, collector: str, read: int, announced: int | None) -> None:
            self.told.append((organization, collector, read, announced))

        def collector_finished(self, organization: str, collector: str, status: str, reason: str) -> None:
            self.told.append(("finished", organization, collector, str(status), reason))

    watched = Watched()
    collect(snapshot(JIRA), lambda _: projects({"id": "1"}, {"id": "2"}), progress=watched)
    assert (ORG, "spaces_jira", 2, 2) in watched.told
    assert [one for one in watched.told if one[0] in ("started", "finished")] == [
        ("started", ORG, "spaces_jira"),
        ("started", ORG, "spaces_confluence"),
        ("finished", ORG, "spaces_jira", "ok", ""),
        ("finished", ORG, "spaces_confluence", "ok", ""),
    ]
