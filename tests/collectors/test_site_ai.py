"""What the gateway tells of each site, over a real socket: field by field, and a name for all that it does not."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from contribaudit import collectors
from contribaudit.atlassian.connect import connect_sites
from contribaudit.atlassian.credential import Credential
from contribaudit.atlassian.graphql import NoValue, Part, Question, SiteAnswer
from contribaudit.atlassian.sites import READS, Access, Accesses, SiteClient
from contribaudit.atlassian.transport import Ledger, Wire
from contribaudit.audit.pipeline import audit
from contribaudit.catalogue import ai_access as catalogue
from contribaudit.collectors.collect import collect_all
from contribaudit.collectors.gateway_answers import AnswerReader, Entitlement, GatewayRecord, moment
from contribaudit.collectors.site_ai import collect_site_ai
from contribaudit.core.model.observation import Grade, Observation, Observed, SettingId, Unavailable
from contribaudit.core.model.snapshot import Collection, CollectionStatus, Snapshot
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.progress import Progress
from contribaudit.simulator import Fault, Options, load_scenario, make_app, running
from contribaudit.simulator.app import RequestRecord
from contribaudit.store.history import History
from tests.flow.audits import RULEBOOK, Bench, no_wait, simulated

OK, PARTIAL, FAILED = CollectionStatus.OK, CollectionStatus.PARTIAL, CollectionStatus.FAILED
ME, TOKEN = "demo@acme.example", "demo-site-token"
MINE = Access(Credential(SecretStr(TOKEN), ME))
SERVICE = Access(Credential(SecretStr("demo-service-token")))
POLICY = '[[rule]]\ncheck = "DR-01"\nexpect = ["EU"]\n'
NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


class Pages(Progress):
    """Remembers how far the gateway was read."""

    def __init__(self) -> None:
        self.told: list[tuple[int, int | None]] = []

    def page_read(self, _organization: str, collector: str, read: int, announced: int | None) -> None:
        if collector == "site_ai":
            self.told.append((read, announced))


def opener(bench: Bench, accesses: Accesses) -> Callable[[Ledger], AbstractAsyncContextManager[SiteClient]]:
    return lambda ledger: connect_sites(accesses, api_url=bench.url, ledger=ledger, read_seconds=30, sleep=no_wait)


def read(bench: Bench, accesses: Accesses | None = None, progress: Progress | None = None) -> Snapshot:
    """What a run sees of apps and of the gateway."""

    async def run() -> Snapshot:
        async with bench.connect("demo-key")() as client:
            snapshot = await collect_all(client, collectors.INVENTORY)
            async with opener(bench, accesses or Accesses(MINE))(client.ledger) as sites:
                return await collect_site_ai(snapshot, sites, RULEBOOK, progress or Progress())

    return asyncio.run(run())


def told(snapshot: Snapshot) -> dict[tuple[str, str], Any]:
    """Values, and the codes of what is none, by the subject's last parts and the setting."""
    found: dict[tuple[str, str], Any] = {}
    for one in snapshot.by_collector["site_ai"]:
        name = one.subject.id.removeprefix("ari:cloud:").replace("::site/", " ")
        short = f"{name.split()[0]} {name.split()[1][:2]}" if " " in name else name
        found[short, one.setting] = one.value if isinstance(one, Observed) else one.code
    return found


def row(snapshot: Snapshot) -> Collection:
    return next(one for one in snapshot.collections if one.collector == "site_ai")


def asked(bench: Bench) -> int:
    return sum(1 for one in bench.requests if getattr(one, "endpoint", "") == "gateway")


@contextmanager
def with_options(folder: Path, options: Options, scenario: str = "tidy", sites: int | None = None) -> Iterator[Bench]:
    loaded = load_scenario(scenario, sites=sites)
    app = make_app(loaded.organization, options=options)
    with running(app) as url, History.open(str(folder / "history.sqlite")) as store:
        yield Bench(url, loaded.organization, app.state.faults, app.state.requests, store, folder)


def test_one_question_a_site_tells_everything(tmp_path: Path) -> None:
    """AI and Rovo of each app and site, plans, trials, regions, and whose the site is."""
    with simulated(tmp_path, "tidy") as bench:
        bench.organization.set_app("tidy/confluence", rovo=True)
        ends = datetime.now(UTC) + timedelta(days=9)
        bench.organization.set_app("tidy/jira-servicedesk", trial="Premium", trial_ends_at=ends)
        snapshot = read(bench)
        assert asked(bench) == 3
    found = told(snapshot)
    assert found["tidy.atlassian.net", "gateway.rovo"] is True
    assert found["tidy-labs.atlassian.net", "gateway.rovo"] is False
    assert found["tidy.atlassian.net", "gateway.organization"] == bench.organization.id
    assert found["confluence b1", "gateway.rovo"] is True
    assert found["confluence b1", "gateway.ai"] is True
    assert found["confluence b2", "gateway.rovo_llm"] is False
    assert found["jira-software b1", "gateway.rovo"] is False
    assert found["jira-servicedesk b1", "gateway.ai"] is False
    assert found["jira-software b1", "gateway.regions"] == ("eu-central-1", "eu-west-1")
    assert found["jira-software b1", "gateway.edition"] == "enterprise"
    assert (found["jira-software b1", "gateway.trial"], found["jira-software b1", "gateway.trial_ends_on"]) == (
        "none",
        None,
    )
    assert found["jira-servicedesk b1", "gateway.trial"] == "premium"
    assert found["jira-servicedesk b1", "gateway.trial_ends_on"] == ends.date().isoformat()
    one = row(snapshot)
    assert (one.status, one.announced, one.read, one.requests, one.optional) == (OK, 3, 3, 3, True)


def test_how_far_a_field_is_published_rides_with_its_source(tmp_path: Path) -> None:
    with simulated(tmp_path, "tidy") as bench:
        sources = {one.source for one in read(bench).by_collector["site_ai"]}
    assert "POST /graphql getAIConfig.isRovoEnabled (production)" in sources
    assert "POST /graphql jira.isRovoEnabled (beta)" in sources
    assert "POST /graphql virtualAgent.virtualAgentEntitlements.isAiEnabledInAdminHub (experimental)" in sources


@pytest.mark.parametrize(
    ("options", "lost", "code", "requests"),
    [
        (Options(gateway_beta=False), "jira-software b1 gateway.rovo", "query_refused", 4),
        (Options(gateway_experiment=False), "jira-servicedesk b1 gateway.ai", "query_refused", 4),
        (
            Options(gateway_experiment=False, gateway_beta=False, gateway_refusal=400),
            "jira-software b1 gateway.rovo_llm",
            "query_refused",
            4,
        ),
        (Options(gateway_failing=("getAIConfig",)), "confluence b1 gateway.rovo", "server_failed", 3),
        (Options(gateway_failing=("isRovoEnabled",)), "jira-software b1 gateway.rovo", "server_failed", 3),
        (Options(gateway_failing=("configuration",)), "jira-software b1 gateway.regions", "server_failed", 3),
        (Options(gateway_failing=("configuration",)), "tidy.atlassian.net gateway.rovo", "server_failed", 3),
        (Options(gateway_failing=("entitlementInfo",)), "confluence b1 gateway.trial", "server_failed", 3),
        (Options(gateway_product_key_ending=".unheard"), "confluence b1 gateway.trial", "no_entitlement", 3),
    ],
)
def test_what_is_refused_or_broken_costs_itself_alone(
    tmp_path: Path, options: Options, lost: str, code: str, requests: int
) -> None:
    """One field is unavailable with its reason, the others are read; a refusal is met once in a run."""
    with with_options(tmp_path, options) as bench:
        snapshot = read(bench)
        assert asked(bench) == requests
    found = told(snapshot)
    subject, _, setting = lost.rpartition(" ")
    assert found[subject, setting] == code
    assert found["tidy.atlassian.net", "gateway.organization"] == bench.organization.id
    assert sum(type(value) is bool for value in found.values()) > 5
    expected = OK if code == "no_entitlement" else PARTIAL
    assert (row(snapshot).status, row(snapshot).code) == (expected, "" if expected is OK else code)
    for one in snapshot.by_collector["site_ai"]:
        if isinstance(one, Unavailable):
            assert one.reason
            assert not one.reason.endswith(".")


@pytest.mark.parametrize("ending", [".ondemand", ""])
def test_the_spelling_that_answered_is_remembered_for_the_run(tmp_path: Path, ending: str) -> None:
    """The first site is asked under every spelling, the others under one."""
    with with_options(tmp_path, Options(gateway_product_key_ending=ending)) as bench:
        snapshot = read(bench)
        bodies = [one.body for one in bench.requests if isinstance(one, RequestRecord) and one.endpoint == "gateway"]
    keys = [[key for name, key in body["variables"].items() if name.startswith("p")] for body in bodies]
    assert len(keys[0]) > 8
    assert all(len(later) <= 2 for later in keys[1:])
    assert told(snapshot)["confluence b2", "gateway.edition"] == "enterprise"


def test_an_app_under_another_spelling_costs_one_more_question(tmp_path: Path) -> None:
    """Where the remembered spelling answers nothing, the others are tried, for that site alone."""
    with simulated(tmp_path, "tidy") as bench:
        bench.organization.set_app("tidy-labs/confluence", plan=None)
        snapshot = read(bench)
        assert asked(bench) == 4
    assert told(snapshot)["confluence b2", "gateway.trial"] == "no_entitlement"
    assert told(snapshot)["jira-software b2", "gateway.trial"] == "none"


def test_a_site_of_another_organization_is_not_taken(tmp_path: Path) -> None:
    with with_options(tmp_path, Options(gateway_organization="ari:cloud:platform::org/somebody-else")) as bench:
        snapshot = read(bench)
    found = told(snapshot)
    assert found.pop(("tidy.atlassian.net", "gateway.organization")) == "ari:cloud:platform::org/somebody-else"
    assert {value for (_, setting), value in found.items() if setting != "gateway.organization"} == {
        "other_organization"
    }
    assert (row(snapshot).status, row(snapshot).code) == (PARTIAL, "other_organization")


def test_an_organization_s_ari_is_its_id(tmp_path: Path) -> None:
    with simulated(tmp_path, "tidy") as bench:
        identity = bench.organization.id
    with with_options(tmp_path, Options(gateway_organization=f"ari:cloud:platform::org/{identity.upper()}")) as bench:
        assert row(read(bench)).status is OK


def test_a_no_is_an_answer_to_one_account(tmp_path: Path) -> None:
    """Two tokens, two answers: the collector records what each was told."""
    with simulated(tmp_path, "tidy") as bench:
        bench.organization.set_app("tidy/confluence", rovo=True)
        bench.organization.change(bench.organization.site_token("demo-service-token"), rovo=False)
        assert told(read(bench))["confluence b1", "gateway.rovo"] is True
        assert told(read(bench, Accesses(SERVICE)))["confluence b1", "gateway.rovo"] is False


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("401", "token_refused"),
        ("403-c", "forbidden"),
        ("429-minute", "rate_limited"),
        ("500", "server_failed"),
        ("html", "unexpected_answer"),
        ("truncated-json", "unexpected_answer"),
        ("redirect", "unexpected_answer"),
        ("missing-key", "query_refused"),
        ("empty-list", "query_refused"),
    ],
)
def test_a_gateway_that_fails_has_a_name_for_every_row(tmp_path: Path, fault: str, code: str) -> None:
    with simulated(tmp_path, "tidy", faults=[Fault(fault, "gateway", seconds=1)]) as bench:
        snapshot = read(bench)
    assert set(told(snapshot).values()) == {code}
    assert len(told(snapshot)) > 20
    assert (row(snapshot).status, row(snapshot).code) == (FAILED, code)


def test_a_site_without_a_token_or_access_leaves_the_others(tmp_path: Path) -> None:
    accesses = Accesses(MINE, {"tidy-labs.atlassian.net": Access(None, missing="there is no API token of it")})
    with simulated(tmp_path, "tidy") as bench:
        bench.organization.change(
            bench.organization.site_token(TOKEN), sites=frozenset({"b1111111-1111-4111-8111-111111111111"})
        )
        found = told(snapshot := read(bench, accesses))
    assert found["confluence b2", "gateway.rovo"] == "no_token"
    assert found["tidy-labs.atlassian.net", "gateway.rovo"] == "no_token"
    assert found["jira-software b3", "gateway.rovo"] == "forbidden"
    assert found["confluence b1", "gateway.rovo"] is False
    assert (row(snapshot).status, row(snapshot).announced) == (PARTIAL, 3)


@pytest.mark.parametrize(
    ("reads", "settings"),
    [
        ({"ai"}, {"gateway.organization", "gateway.rovo", "gateway.rovo_llm", "gateway.ai"}),
        ({"trials"}, {"gateway.organization", "gateway.edition", "gateway.trial", "gateway.trial_ends_on"}),
        ({"regions"}, {"gateway.organization", "gateway.regions"}),
    ],
)
def test_only_what_the_configuration_wants_is_asked(tmp_path: Path, reads: set[str], settings: set[str]) -> None:
    with simulated(tmp_path, "tidy") as bench:
        snapshot = read(bench, Accesses(MINE, {}, frozenset(reads)))
    assert {setting for _, setting in told(snapshot)} == settings
    assert row(snapshot).status is OK
    assert frozenset(reads) < READS


def test_150_sites_cost_150_questions(tmp_path: Path) -> None:
    progress = Pages()
    with with_options(tmp_path, Options(default_rate_limit=10**6), "generated", sites=150) as bench:
        snapshot = read(bench, progress=progress)
        assert asked(bench) == 150
    assert progress.told[-1] == (150, 150)
    assert row(snapshot).status is OK


def test_an_audit_keeps_what_the_gateway_said(tmp_path: Path) -> None:
    """With its evidence and ledger; the run is complete without it too, and the token is in none of it."""
    with simulated(tmp_path, "tidy") as bench:
        job = bench.job(POLICY)
        wanted = replace(job.targets[0], connect_sites=opener(bench, Accesses(MINE)))
        report = asyncio.run(audit(replace(job, targets=(wanted,))))
        kept = bench.store.snapshot(bench.organization.id, report.run.id)
        assert row(kept).status is OK
        assert len(kept.by_collector["site_ai"]) == len(read(bench).by_collector["site_ai"])
        ledger = bench.store.ledger(report.run.id, bench.organization.id)
        assert ledger is not None
        assert sum(entry.call == "site_ai" for entry in ledger.entries) == 3
        assert all(bench.store.raw(one.response) for one in kept.by_collector["site_ai"] if isinstance(one, Observed))
        bench.faults.append(Fault("500", "gateway"))
        report = asyncio.run(audit(replace(job, targets=(wanted,))))
        assert report.run.complete
        assert row(bench.store.snapshot(bench.organization.id, report.run.id)).status is FAILED
        bench.organization.change(bench.organization.site_token(TOKEN), rovo=False)
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for secret in (TOKEN, "demo-key", MINE.credential.header.removeprefix("Basic ") if MINE.credential else ""):
        assert secret.encode() not in written
        assert secret not in repr(report)


def plan(billing: str, **fields: Any) -> Entitlement:
    told = {"currentEdition": None, "trialEdition": None, "trialEditionEndDate": None, "trialEndDate": None}
    whole = (told if billing == "hams" else {}) | {"subscription": None} | fields
    return Entitlement(SiteAnswer({"x": {billing: whole}}, (), str), ("x", billing))


def ending(moment: Any) -> dict[str, Any]:
    return {"trial": {"endTimestamp": moment}}


AHEAD, PAST = 1_796_000_000_000, 1_700_000_000_000


@pytest.mark.parametrize(
    ("billing", "fields", "trial", "ends"),
    [
        ("hams", {}, "none", None),
        ("hams", {"trialEdition": " "}, "none", None),
        ("hams", {"trialEndDate": "2026-01-01"}, "none", None),
        ("hams", {"trialEndDate": "2026-11-29"}, "trial", "2026-11-29"),
        ("hams", {"trialEndDate": "2026-12-24", "currentEdition": "standard"}, "standard", "2026-12-24"),
        ("hams", {"subscription": ending(AHEAD)}, "trial", "2026-11-30"),
        ("hams", {"subscription": ending(PAST)}, "none", None),
        ("hams", {"trialEdition": "premium"}, "premium", "null"),
        ("hams", {"trialEdition": "premium", "trialEditionEndDate": "2026-12-01T10:00:00Z"}, "premium", "2026-12-01"),
        ("hams", {"trialEdition": "premium", "subscription": ending(str(AHEAD))}, "premium", "2026-11-30"),
        ("hams", {"trialEdition": "premium", "trialEndDate": "soon"}, "premium", "wrong_type"),
        ("hams", {"trialEdition": 7}, "wrong_type", "wrong_type"),
        ("hams", {"trialEndDate": "soon"}, "wrong_type", "wrong_type"),
        ("hams", {"subscription": ending(True)}, "wrong_type", "wrong_type"),
        ("hams", {"trialEndDate": AHEAD // 1000}, "wrong_type", "wrong_type"),
        ("hams", {"trialEditionEndDate": "1970-01-01T00:00:00Z"}, "wrong_type", "wrong_type"),
        ("hams", {"subscription": {}}, "missing_key", "missing_key"),
        ("hams", {"subscription": {"trial": None}}, "none", None),
        ("ccp", {}, "null", "null"),
        ("ccp", {"subscription": {"trial": None}}, "none", None),
        ("ccp", {"subscription": ending(None)}, "trial", "null"),
        ("ccp", {"subscription": ending(AHEAD)}, "trial", "2026-11-30"),
        ("ccp", {"subscription": ending(PAST)}, "none", None),
        ("ccp", {"subscription": ending(str(AHEAD // 1000))}, "wrong_type", "wrong_type"),
        ("ccp", {"subscription": ending(0)}, "wrong_type", "wrong_type"),
        ("ccp", {"subscription": {}}, "missing_key", "missing_key"),
        ("ccp", {"subscription": []}, "wrong_type", "wrong_type"),
    ],
)
def test_a_trial_is_read_from_either_billing(
    billing: str, fields: dict[str, Any], trial: str, ends: str | None
) -> None:
    """No trial is said only where every field that could tell one was there and told none."""
    found = [one.code if isinstance(one, NoValue) else one for one in plan(billing, **fields).trial(billing, NOW)]
    assert found == [trial, ends]


@pytest.mark.parametrize(
    "name", ["currentEdition", "trialEdition", "trialEditionEndDate", "trialEndDate", "subscription"]
)
def test_a_null_with_an_error_is_never_read_as_no_trial(name: str) -> None:
    error = {"message": "broke", "path": ["x", "hams", name], "extensions": {"statusCode": 500}}
    found = plan("hams")
    trial, _ = replace(found, answer=replace(found.answer, errors=(error,))).trial("hams", NOW)
    if name == "currentEdition":
        assert trial == "none"
    else:
        assert isinstance(trial, NoValue)
        assert trial.code == "server_failed"


@pytest.mark.parametrize(
    "odd", ["", "soon", None, True, [], "0001-01-01", "1970-01-01", 0, -1, 1_796_000_000, 1e300, float("nan"), "inf"]
)
def test_what_is_no_moment_is_none(odd: object) -> None:
    assert moment(odd) is None


def test_every_part_has_a_lifecycle() -> None:
    assert {part.lifecycle.value for part in Part} == {"production", "beta", "experimental"}


CLOUD = "b1111111-1111-4111-8111-111111111111"
ASKED = Question(CLOUD, tuple(Part), ("one", "two", "three"))
NAMES = sorted({*re.findall(r"[A-Za-z_]\w*", ASKED.document), "path", "extensions", "statusCode"})


class Canned(SiteClient):
    """A client of sites that answers one thing."""

    def __init__(self, data: dict[str, Any], errors: list[Any]) -> None:
        http = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(500)))
        super().__init__(Wire(http, "https://api.atlassian.com"), accesses=Accesses(MINE))
        self.answer = SiteAnswer(data, tuple(one for one in errors if isinstance(one, dict)), str)

    async def ask(self, question: Question, *, host: str) -> SiteAnswer:  # noqa: ARG002
        return self.answer


def observations(data: dict[str, Any], errors: list[Any]) -> list[Observation]:
    """What a site of three apps tells with this answer."""
    apps = []
    for type_key in ("confluence", "jira-software", "jira-servicedesk"):
        app = Subject("org", Kind.APP, f"ari:cloud:{type_key}::site/{CLOUD}")
        told = {"app.type_key": type_key, "app.site": CLOUD, "app.host": "a.example"}
        apps += [Observed(SettingId(name), app, value, Grade.DOCUMENTED, NOW, "x") for name, value in told.items()]
    listed = Collection("org", "workspaces", OK, NOW, 3, 3)
    snapshot = Snapshot("org", NOW, NOW, (listed,), {"workspaces": tuple(apps)})
    read = asyncio.run(collect_site_ai(snapshot, Canned(data, errors), RULEBOOK, clock=lambda: NOW))
    return list(read.by_collector["site_ai"])


ODD = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=5) | st.just("none"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=25,
)


@settings(max_examples=60)
@given(data=st.dictionaries(st.sampled_from(NAMES), ODD, max_size=6), errors=st.lists(ODD, max_size=3))
def test_whatever_the_gateway_answers_every_row_is_there_once(data: dict[str, Any], errors: list[Any]) -> None:
    """A value only where a field of the right type told it; else a code and a reason. No answer breaks the run."""
    found = {}
    for one in observations(data, errors):
        key = (one.subject.id, one.setting)
        assert key not in found
        found[key] = one
        if isinstance(one, Unavailable):
            assert one.code
            assert one.reason
            assert one.code != "unexpected_answer", one.reason
        elif one.setting in ("gateway.rovo", "gateway.rovo_llm", "gateway.ai"):
            assert isinstance(one.value, bool)
    assert len(found) == 19


_NO_CLOUD_IDS: tuple[Any, ...] = (None, "", 0, [], {}, [CLOUD], "b2", True)


@pytest.mark.parametrize("whose", [{"cloudId": CLOUD}, {"cloudId": CLOUD.upper()}])
def test_plans_of_the_site_that_was_asked_about_are_taken(whose: dict[str, Any]) -> None:
    assert [code for code in _trial_codes(whose) if code] == []


@pytest.mark.parametrize("whose", [{}, *({"cloudId": odd} for odd in _NO_CLOUD_IDS)])
def test_plans_that_do_not_say_of_which_site_are_not_taken(whose: dict[str, Any]) -> None:
    """A cache or a gateway that mixes up its answers would tell another site's trials."""
    assert set(_trial_codes(whose)) <= {"other_site", "missing_key"}


def test_nothing_is_taken_from_an_answer_about_another_site() -> None:
    """A cache that mixes up the plans mixes up the rest of the answer too, and its no would close this site's apps."""
    off = {"isEnabled": False, "isRovoEnabled": False, "isRovoLLMEnabled": False}
    plans = [{"cloudId": CLOUD.replace("b1", "b2"), "orgId": "org"}]
    seen = observations({"getAIConfig": off, "tenantContexts": plans}, [])
    assert {one.code if isinstance(one, Unavailable) else "" for one in seen} == {"other_site"}
    assert len(seen) == 19


def _trial_codes(whose: dict[str, Any]) -> list[str]:
    """Of each app with a plan in the answer, why its trial was not read; "" where it was."""
    fields = ("currentEdition", "trialEdition", "trialEditionEndDate", "trialEndDate")
    one = {"hams": {**dict.fromkeys(fields), "currentEdition": "premium", "subscription": {"trial": None}}}
    plans = {f"p{number}": one for number in range(12)}
    found = [
        seen for seen in observations({"tenantContexts": [{**whose, **plans}]}, []) if seen.setting == "gateway.trial"
    ]
    assert found
    return [seen.code if isinstance(seen, Unavailable) else "" for seen in found]


@pytest.mark.parametrize(
    ("path", "counts"),
    [
        (["jira", "isRovoEnabled"], False),
        (["jira"], False),
        (None, False),
        (["jira", "isRovoEnabled", 0], True),
        (["getAIConfig"], True),
    ],
)
def test_a_no_beside_an_error_about_it_is_no_answer(path: list[str] | None, *, counts: bool) -> None:
    """A yes stays proof: nothing makes it up."""
    error = {"message": "Upstream timed out", "extensions": {"statusCode": 504}}
    errors = (error | ({"path": path} if path else {}),)
    subject, field = Subject("o", Kind.APP, "a"), ("jira", "isRovoEnabled")
    for value in (False, True):
        answer = SiteAnswer({"jira": {"isRovoEnabled": value}}, errors, str)
        reader = AnswerReader(GatewayRecord("site_ai", NOW), answer, "")
        seen = reader.truth(catalogue.GATEWAY_ROVO, subject, Part.JIRA, field)
        assert isinstance(seen, Observed) is (value or counts)
        assert isinstance(seen, Observed) or seen.code == "server_failed"


@pytest.mark.parametrize("path", [["x", "hams", "trialEdition"], ["x", "hams"], None])
def test_a_plan_beside_an_error_about_it_is_no_answer(path: list[str] | None) -> None:
    """A blank trial or a low edition may be what a failed resolver left."""
    error = {"message": "Upstream timed out", "extensions": {"statusCode": 504}}
    found = plan("hams", trialEdition="", currentEdition="free")
    doubted = replace(found, answer=replace(found.answer, errors=(error | ({"path": path} if path else {}),)))
    assert found.trial("hams", NOW)[0] == "none"
    trial, _ = doubted.trial("hams", NOW)
    edition = doubted.text("currentEdition")
    assert isinstance(trial, NoValue)
    assert trial.code == "server_failed"
    assert isinstance(edition, NoValue) is (path is None or "trialEdition" not in path)


@pytest.mark.parametrize("broken", [False, True])
def test_regions_beside_an_error_about_them_are_no_answer(*, broken: bool) -> None:
    data = {"search": {"configuration": {"siteMetadata": {"productInfo": [{"name": "jira", "dataRegion": ["EU"]}]}}}}
    path = ["search", "configuration", "siteMetadata", "productInfo"]
    error = {"message": "Upstream timed out", "path": path, "extensions": {"statusCode": 504}}
    answer = SiteAnswer(data, (error,) if broken else (), str)
    seen = AnswerReader(GatewayRecord("site_ai", NOW), answer, "").regions(Subject("o", Kind.APP, "a"), "jira")
    assert isinstance(seen, Unavailable) is broken
    assert isinstance(seen, Observed) or seen.code == "server_failed"
