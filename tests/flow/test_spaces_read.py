"""Spaces read over a real socket: whole, refused, limited, broken and gone on with; what is read goes into a run."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
from pydantic import SecretStr

from contribaudit import collectors
from contribaudit.atlassian.connect import connect_sites
from contribaudit.atlassian.credential import Credential
from contribaudit.atlassian.sites import Access, Accesses, SiteClient
from contribaudit.atlassian.transport import Ledger
from contribaudit.audit.pipeline import audit
from contribaudit.collectors.collect import collect_all
from contribaudit.collectors.spaces import collect_spaces
from contribaudit.core.model.snapshot import Collection, CollectionStatus, Snapshot
from contribaudit.simulator import Fault, Organization, load_scenario, make_app, running
from contribaudit.simulator.spaces import place_of
from contribaudit.store.history import History
from tests.flow.audits import RULEBOOK, Bench, no_wait, simulated

OK, PARTIAL, FAILED = CollectionStatus.OK, CollectionStatus.PARTIAL, CollectionStatus.FAILED
ME = "demo@acme.example"
MINE = Access(Credential(SecretStr("demo-site-token"), ME))
SERVICE = Access(Credential(SecretStr("demo-service-token")))
JIRA, WIKI = "jira-projects", "confluence-spaces"
ROWS = {JIRA: "spaces_jira", WIKI: "spaces_confluence"}
POLICY = '[[rule]]\ncheck = "DR-01"\nexpect = ["EU"]\n'


def opener(bench: Bench, accesses: Accesses) -> Callable[[Ledger], AbstractAsyncContextManager[SiteClient]]:
    return lambda ledger: connect_sites(accesses, api_url=bench.url, ledger=ledger, read_seconds=30, sleep=no_wait)


def read(bench: Bench, access: Access = MINE, key: str = "demo-key") -> Snapshot:
    """What a run sees of apps and spaces."""

    async def run() -> Snapshot:
        async with bench.connect(key)() as client:
            snapshot = await collect_all(client, collectors.INVENTORY)
            async with opener(bench, Accesses(access))(client.ledger) as sites:
                return await collect_spaces(snapshot, sites, RULEBOOK, collectors.SPACES)

    return asyncio.run(run())


@contextmanager
def large(folder: Path, *faults: Fault, sites: int = 2, spaces: int = 1200) -> Iterator[Bench]:
    """A generated organization: 300 of a site's spaces are Jira's, on 3 pages, and 300 Confluence's, on 2."""
    loaded = load_scenario("generated", sites=sites, spaces=spaces)
    app = make_app(loaded.organization, options=loaded.options, faults=faults)
    with running(app) as url, History.open(str(folder / "history.sqlite")) as store:
        yield Bench(url, loaded.organization, app.state.faults, app.state.requests, store, folder)


def rows(snapshot: Snapshot) -> dict[str, Collection]:
    return {one.collector: one for one in snapshot.collections if one.collector.startswith("spaces_")}


def expected(organization: Organization) -> dict[str, int]:
    """How many spaces the simulator's lists hold."""
    places = {place_of(app.id) for app in organization.apps if app.host_url}
    counts: Counter[str] = Counter()
    for place in places:
        counts[f"spaces_{place[1]}"] += len(organization.spaces.at(place))
    return dict(counts)


def ids(snapshot: Snapshot) -> list[str]:
    return [space.id for space in snapshot.spaces]


def test_every_space_of_every_site_is_read(tmp_path: Path) -> None:
    """Archived and personal ones too, each to its own app, hostile names as they are; a request a page."""
    with simulated(tmp_path, "drifted") as bench:
        snapshot = read(bench)
        wanted = expected(bench.organization)
    found = rows(snapshot)
    assert {name: (one.status, one.read) for name, one in found.items()} == {
        name: (OK, count) for name, count in wanted.items()
    }
    assert (found["spaces_jira"].announced, found["spaces_confluence"].announced) == (wanted["spaces_jira"], None)
    spaces = list(snapshot.spaces)
    assert spaces == list(snapshot.spaces)
    by_key = {space.key: space for space in spaces}
    assert by_key["HRC"].app.id.startswith("ari:cloud:jira-servicedesk:")
    assert by_key["IDEAS"].app.id.startswith("ari:cloud:jira-product-discovery:")
    assert by_key["FIN"].app.id.startswith("ari:cloud:jira-software:")  # no app here is for business projects
    assert by_key["OLD"].status == by_key["WIKI2019"].status == "archived"
    assert by_key["~557058trainee"].type == "personal"
    assert by_key["ESC"].name == "\x1b[31mRed\x1b[0m\tand a tab"
    assert by_key["HR"].created_at is not None
    assert by_key["OPS"].id.startswith("ari:cloud:jira:11111111-1111-4111-8111-111111111111:project/")
    per_app = Counter(space.app for space in spaces)
    assert {one.app: one.read for one in snapshot.space_lists if one.read} == per_app
    assert {(one.status, one.code, one.visible_to) for one in snapshot.space_lists} == {(OK, "", ME)}
    assert sum(one.requests for one in snapshot.space_lists) == sum(one.requests for one in found.values()) == 7
    assert [one.call for one in snapshot.requests].count("spaces_jira") == found["spaces_jira"].requests
    assert not [one for one in snapshot.surprises if one.collector.startswith("spaces_")]


def test_no_page_is_asked_for_twice_and_none_is_left_out(tmp_path: Path) -> None:
    with large(tmp_path) as bench:
        snapshot = read(bench)
    assert {one.status for one in snapshot.space_lists} == {OK}
    assert len(set(ids(snapshot))) == len(ids(snapshot)) == 1200
    assert {name: one.requests for name, one in rows(snapshot).items()} == {"spaces_jira": 6, "spaces_confluence": 4}


@pytest.mark.parametrize("access", [MINE, SERVICE], ids=["person", "service account"])
def test_a_token_sees_what_its_account_may_see(access: Access, tmp_path: Path) -> None:
    """That the listing of a service account is shorter, nothing in it tells: it says whose it is."""
    with simulated(tmp_path, "drifted") as bench:
        snapshot = read(bench, access)
        all_of_them = sum(expected(bench.organization).values())
    assert (len(ids(snapshot)) == all_of_them) == (access is MINE)
    assert {one.status for one in snapshot.space_lists} == {OK}
    assert {one.visible_to for one in snapshot.space_lists} == {access.visible_to}


def test_a_refused_token_is_not_the_organization_s_key(tmp_path: Path) -> None:
    """401: every listing failed and says so; the run's exit code is not that of a refused key."""
    wrong = Access(Credential(SecretStr("nobodys-token"), ME))
    with simulated(tmp_path, "drifted") as bench:
        snapshot = read(bench, wrong)
        job = bench.job(POLICY)
        job = replace(job, targets=(replace(job.targets[0], connect_sites=opener(bench, Accesses(wrong))),))
        report = asyncio.run(audit(job))
    assert {(one.status, one.code, one.read) for one in snapshot.space_lists} == {(FAILED, "token_refused", 0)}
    assert {one.status for one in rows(snapshot).values()} == {FAILED}
    assert ids(snapshot) == []
    assert report.run.exit_code == 1
    assert not report.run.complete


@pytest.mark.parametrize("status", [403, 404])
def test_one_site_of_many_is_refused(status: Literal[403, 404], tmp_path: Path) -> None:
    """The others are read; the refused one says why."""
    scenario = load_scenario("drifted")
    labs = "33333333-3333-4333-8333-333333333333"
    sites = frozenset(place_of(app.id)[0] for app in scenario.organization.apps if app.host_url) - {labs}

    def edit(organization: Organization) -> None:
        organization.change(organization.site_token("demo-site-token"), sites=sites)

    options = replace(scenario.options, site_refusal=status)
    with simulated(tmp_path, "drifted", edit, options=options) as bench:
        snapshot = read(bench)
    refused = [one for one in snapshot.space_lists if one.app.id.endswith(labs)]
    assert {(one.status, one.code) for one in refused} == {(FAILED, "forbidden" if status == 403 else "not_found")}
    assert {one.status for one in snapshot.space_lists if one not in refused} == {OK}
    assert {one.status for one in rows(snapshot).values()} == {PARTIAL}
    assert all((one.missing_scope is not None) == (status == 403) for one in rows(snapshot).values())
    assert not [space for space in snapshot.spaces if labs in space.id]


@pytest.mark.parametrize("endpoint", [JIRA, WIKI])
def test_a_rate_limit_is_waited_out(endpoint: str, tmp_path: Path) -> None:
    with large(tmp_path, Fault("429-seconds", endpoint, times=3)) as bench:
        snapshot = read(bench)
    assert {one.status for one in snapshot.space_lists} == {OK}
    assert len(ids(snapshot)) == 1200
    assert rows(snapshot)[ROWS[endpoint]].requests == {JIRA: 6, WIKI: 4}[endpoint] + 3


@pytest.mark.parametrize("endpoint", [JIRA, WIKI])
@pytest.mark.parametrize(
    ("kind", "times"), [("truncated-json", 1), ("html", 1), ("500", 5), ("429-seconds", 5), ("close", 5)]
)
def test_a_chain_that_broke_is_gone_on_with(kind: str, times: int, endpoint: str, tmp_path: Path) -> None:
    """From the page that failed: no page is read twice, and in the end nothing is missing."""
    with large(tmp_path, Fault(kind, endpoint, from_page=2, times=times), sites=1, spaces=600) as bench:
        snapshot = read(bench)
    assert {(one.status, one.code) for one in snapshot.space_lists} == {(OK, "")}
    assert len(set(ids(snapshot))) == len(ids(snapshot)) == 600
    assert rows(snapshot)[ROWS[endpoint]].requests == {JIRA: 3, WIKI: 2}[endpoint] + times


@pytest.mark.parametrize("endpoint", [JIRA, WIKI])
@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("500", "server_failed"),
        ("429-seconds", "rate_limited"),
        ("truncated-json", "unexpected_answer"),
        ("html", "unexpected_answer"),
        ("redirect", "unexpected_answer"),
        ("401", "token_refused"),
        ("close", "unreachable"),
    ],
)
def test_a_chain_that_stays_broken_keeps_what_was_read(kind: str, code: str, endpoint: str, tmp_path: Path) -> None:
    with large(tmp_path, Fault(kind, endpoint, from_page=2), sites=1, spaces=600) as bench:
        snapshot = read(bench)
    row = rows(snapshot)[ROWS[endpoint]]
    assert (row.status, row.code, row.read) == (PARTIAL, code, {JIRA: 100, WIKI: 250}[endpoint])
    assert {(one.status, one.code) for one in snapshot.space_lists if one.code} == {(PARTIAL, code)}
    assert len(ids(snapshot)) == 300 + row.read


@pytest.mark.parametrize(
    ("kind", "endpoint", "code"),
    [
        ("total-too-large", JIRA, "count_mismatch"),
        ("empty-list", JIRA, "empty_list"),
        ("empty-list", WIKI, "empty_list"),
        ("no-id", JIRA, "entry_without_id"),
        ("no-id", WIKI, "entry_without_id"),
        ("repeated-cursor", WIKI, "unexpected_answer"),
        ("no-links", WIKI, "no_envelope"),
    ],
)
def test_a_list_that_may_be_cut_is_never_whole(kind: str, endpoint: str, code: str, tmp_path: Path) -> None:
    with large(tmp_path, Fault(kind, endpoint), sites=1, spaces=600) as bench:
        snapshot = read(bench)
    row = rows(snapshot)[ROWS[endpoint]]
    assert (row.status, row.code) == (PARTIAL, code)
    assert len(set(ids(snapshot))) == len(ids(snapshot))


def test_a_type_of_project_that_nobody_knows_is_a_surprise(tmp_path: Path) -> None:
    with large(tmp_path, Fault("unknown-values", JIRA), sites=1, spaces=600) as bench:
        snapshot = read(bench)
    (surprise,) = [one for one in snapshot.surprises if one.collector == "spaces_jira"]
    assert surprise.where == "projectTypeKey=simulated_type"
    assert surprise.response in snapshot.raw
    assert len(ids(snapshot)) == 600
    unknown = [space for space in snapshot.spaces if space.type == "simulated_type"]
    assert {space.app.id.partition("::")[0] for space in unknown} == {"ari:cloud:jira-software"}


def test_without_a_token_nothing_is_asked(tmp_path: Path) -> None:
    with simulated(tmp_path, "drifted") as bench:
        snapshot = read(bench, Access(None, missing="there is no API token of the sites"))
        asked = [request for request in bench.requests if "/ex/" in str(request)]
    assert {(one.status, one.code, one.visible_to) for one in snapshot.space_lists} == {(FAILED, "no_token", "")}
    assert {(one.status, one.code) for one in rows(snapshot).values()} == {(FAILED, "no_token")}
    assert asked == []


@pytest.mark.parametrize("kind", ["403-a", "401"])
def test_without_the_list_of_apps_no_site_is_known(kind: str, tmp_path: Path) -> None:
    """The rows are there all the same, with the cause."""
    with simulated(tmp_path, "drifted", faults=[Fault(kind, "workspaces")]) as bench:
        snapshot = read(bench)
    code = {"403-a": "forbidden", "401": "key_refused"}[kind]
    assert {(one.status, one.code) for one in rows(snapshot).values()} == {(FAILED, code)}
    assert snapshot.space_lists == ()


def test_a_list_of_apps_that_is_not_whole_makes_no_whole_list_of_spaces(tmp_path: Path) -> None:
    with simulated(tmp_path, "drifted", faults=[Fault("total-too-large", "workspaces")]) as bench:
        snapshot = read(bench)
    assert {one.status for one in snapshot.space_lists} == {OK}
    assert {(one.status, one.code) for one in rows(snapshot).values()} == {(PARTIAL, "count_mismatch")}


@pytest.mark.parametrize("cloud_id", ["..", "-" * 36, "x" * 36, "%2e%2e%2f", "11111111-1111-4111-8111-11111111111g"])
def test_what_is_no_cloud_id_is_not_asked_for(cloud_id: str, tmp_path: Path) -> None:
    def edit(organization: Organization) -> None:
        for which in ("confluence", "jira-software"):
            organization.set_app(f"acme-us/{which}", id=f"ari:cloud:{which}::site/{cloud_id}")

    with simulated(tmp_path, "drifted", edit) as bench:
        snapshot = read(bench)
        asked = "".join(str(request) for request in bench.requests)
    strange = [one for one in snapshot.space_lists if one.app.id.endswith(cloud_id)]
    assert {(one.status, one.code, one.read) for one in strange} == {(FAILED, "no_cloud_id", 0)}
    assert len(strange) == 2
    assert f"/ex/jira/{cloud_id}" not in asked
    assert "/ex/jira/11111111-1111-4111-8111-111111111111/rest" in asked


def test_an_audit_keeps_spaces_with_the_run_and_one_without_access_reads_none(tmp_path: Path) -> None:
    with simulated(tmp_path, "drifted") as bench:
        job = bench.job(POLICY)
        asyncio.run(audit(job))
        assert not [request for request in bench.requests if "/ex/" in str(request)]
        reading = replace(job, targets=(replace(job.targets[0], connect_sites=opener(bench, Accesses(MINE))),))
        report = asyncio.run(audit(reading))
    named = {one.collector: one for one in report.collections}
    assert (named["spaces_jira"].status, named["spaces_confluence"].status) == (OK, OK)
    assert named["spaces_jira"].read == expected(bench.organization)["spaces_jira"]
