"""What the gateway tells of each site, what it refuses, and what the published types make of both."""

from __future__ import annotations

import itertools

import httpx
import pytest

from contribaudit.simulator import Options, load_scenario, make_app, names
from contribaudit.simulator.endpoint import Call
from contribaudit.simulator.organization import Organization
from contribaudit.simulator.routes.gateway import FieldError, root, schema
from contribaudit.simulator.values import SiteToken

from .conftest import NOW, PERSON, SERVICE, SITE, Connect, acme

pytestmark = pytest.mark.anyio

FIELDS = [
    "ai: getAIConfig(cloudId: $site, product: CONFLUENCE) { isEnabled isRovoEnabled isRovoLLMEnabled __typename }",
    'jira { isRovoEnabled(cloudId: $cloud) @optIn(to: "JiraAtlassianIntelligence") }',
    'jira @optIn(to: ["Other", "JiraAtlassianIntelligence"]) { again: isRovoEnabled(cloudId: $cloud) }',
    'jira_isRovoLLMEnabled(cloudId: $cloud) @optIn(to: "JiraAtlassianIntelligence")',
    "search { configuration(cloudId: $cloud) { siteMetadata { ...metadata } } }",
    'virtualAgent { virtualAgentEntitlements(cloudId: $cloud) @optIn(to: "VirtualAgent") { isAiEnabledInAdminHub } }',
    "tenantContexts(cloudIds: [$cloud]) { cloudId hostName cloudUrl orgId"
    ' key: entitlementInfo(hamsProductKey: "confluence.ondemand") { ...plan }'
    ' other: entitlementInfo(hamsProductKey: "jira-software.ondemand") { __typename ...plan }'
    ' none: entitlementInfo(hamsProductKey: "nothing") { entitlementId } }',
]
FRAGMENTS = """
fragment metadata on SearchConfigurationSiteMetadata { isRovoEnabled orgId siteName productInfo { name dataRegion } }
fragment plan on CommerceEntitlementInfo {
  entitlementId
  ... on CommerceEntitlementInfoHams { hams: entitlement { currentEdition trialEdition trialEditionEndDate
    subscription { trial { endTimestamp } } } }
  ... on CommerceEntitlementInfoCcp { ccp: entitlement { subscription { trial { endTimestamp endBehaviour } } } }
}
"""
FAILING = {
    "ai": "getAIConfig",
    "jira.isRovoEnabled": "isRovoEnabled",
    "jira.again": "isRovoEnabled",
    "search.configuration": "configuration",
}
QUERY = "query Q($site: String, $cloud: ID!) {\n" + "\n".join(FIELDS) + "\n}" + FRAGMENTS


def asker(organization: Organization, options: Options, token: SiteToken) -> Call:
    return Call(organization, options, token, NOW, "/graphql", {}, {}, {})


OPTIONS = [
    Options(),
    Options(gateway_failing=("configuration", "entitlementInfo")),
    Options(gateway_failing=("getAIConfig", "isRovoEnabled")),
    Options(gateway_product_key_ending="", gateway_organization="other"),
]


@pytest.mark.parametrize("scenario", [name for name in names() if name != "generated"])
@pytest.mark.parametrize("options", OPTIONS, ids=["good", "two fail", "others fail", "other keys"])
async def test_every_field_is_told_or_names_why_not(scenario: str, options: Options, connect: Connect) -> None:
    """Of each site, of one kept from the token, of one that is not there: a null has an error at or below its path."""
    organization = load_scenario(scenario, now=NOW).organization
    if not organization.site_tokens:
        return
    for app in organization.apps[:3]:
        billing = "ccp" if app.type_key == "confluence" else "hams"
        organization.set_app(app.id, trial="Premium", trial_ends_at=NOW, billing=billing)
    sites = sorted({app.id.rpartition("/")[2] for app in organization.apps if app.host_url and "site/" in app.id})
    nowhere = "55555555-5555-4555-8555-555555555555"
    organization.change(
        organization.site_token(organization.site_tokens[0].word), sites=frozenset(sites[1:]) | {nowhere}
    )
    token = organization.site_tokens[0]
    auth = httpx.BasicAuth(token.email or "", token.word)
    async with connect(make_app(organization, options=options, clock=lambda: NOW), None) as client:
        for site in (*sites, nowhere):
            body = {"query": QUERY, "variables": {"site": site, "cloud": site}}
            told = (await client.post("/graphql", json=body, auth=auth)).json()
            data, errors = told["data"], told.get("errors", [])
            assert list(data) == [
                "ai", "jira", "jira_isRovoLLMEnabled", "search", "virtualAgent", "tenantContexts",
            ]  # fmt: skip
            failed = {".".join(map(str, error["path"])): error["extensions"]["statusCode"] for error in errors}
            if site in (sites[0], nowhere):
                whole = ("ai", "jira.isRovoEnabled", "jira.again", "jira_isRovoLLMEnabled", "search.configuration")
                status = 403 if site == sites[0] else 404
                wanted = dict.fromkeys((*whole, "virtualAgent.virtualAgentEntitlements", "tenantContexts"), status)
                wanted |= {path: 500 for path in whole if FAILING.get(path, "") in options.gateway_failing}
                assert failed == wanted
                continue
            assert set(failed.values()) <= {500}
            assert {path.rpartition(".")[2] for path in failed} <= {"ai", "isRovoEnabled", "again", "configuration",
                                                                   "key", "other", "none"}  # fmt: skip
            assert bool(failed) == bool(options.gateway_failing)
            (tenant,) = data["tenantContexts"]
            assert tenant["cloudId"] == site
            assert tenant["orgId"] == (options.gateway_organization or organization.id)


async def test_plans_are_told_as_each_way_of_billing_tells_them(connect: Connect) -> None:
    app = acme()
    organization = app.state.organization
    organization.set_app("acme/confluence", trial="Premium", trial_ends_at=NOW, billing="ccp")
    organization.set_app("acme/jira-software", trial="Premium", trial_ends_at=NOW)
    async with connect(app, None) as client:
        body = {"query": QUERY, "variables": {"site": SITE, "cloud": SITE}}
        told = (await client.post("/graphql", json=body, auth=PERSON)).json()["data"]["tenantContexts"][0]
    until = NOW.timestamp() * 1000
    assert told["key"]["ccp"]["subscription"]["trial"] == {"endTimestamp": until, "endBehaviour": "BILLING_PLAN"}
    assert told["other"]["__typename"] == "CommerceEntitlementInfoHams"
    assert told["other"]["hams"]["trialEdition"] == "premium"
    assert told["other"]["hams"]["subscription"]["trial"]["endTimestamp"] == until
    assert told["none"] is None


WRONG = [
    "{",
    "mutation { x }",
    "subscription { x }",
    "{ unknown }",
    "{ search }",
    "{ jira_isRovoLLMEnabled { x } }",
    "{ tenantContexts(cloud: 1) { cloudId } }",
    "{ getAIConfig { isEnabled } }",
    "{ jira { isRovoEnabled } }",
    "query Q($cloud: String) { search { configuration(cloudId: $cloud) { siteMetadata { orgId } } } }",
    "{ search { configuration(cloudId: $cloud) { siteMetadata { orgId } } } }",
    "{ search { ...gone } }",
    "{ search { ... on HamsTrial { endTimestamp } } }",
    "{ a: __typename } { b: __typename }",
    "{ search @include { __typename } }",
    "? ",
]


@pytest.mark.parametrize("query", WRONG)
async def test_what_the_types_do_not_allow_is_refused(query: str, connect: Connect) -> None:
    """With errors and no data."""
    async with connect(acme(), None) as client:
        told = (await client.post("/graphql", json={"query": query}, auth=PERSON)).json()
    assert told["errors"]
    assert "data" not in told


@pytest.mark.parametrize(
    ("options", "field", "status"),
    [
        (Options(gateway_beta=False), FIELDS[1], 200),
        (Options(gateway_beta=False), FIELDS[3], 200),
        (Options(gateway_experiment=False, gateway_refusal=400), FIELDS[5], 400),
        (Options(), FIELDS[1].replace("@optIn", "#"), 200),
        (Options(), 'jira_isRovoLLMEnabled(cloudId: $cloud) @optIn(to: "VirtualAgent")', 200),
    ],
)
async def test_betas_and_experiments_are_refused_where_the_options_say_so(
    options: Options, field: str, status: int, connect: Connect
) -> None:
    query = "query Q($cloud: ID!) {\n" + field + "\n}}"
    query = query if field.count("{") > field.count("}") else query[:-1]
    async with connect(acme(options=options), None) as client:
        body = {"query": query, "variables": {"cloud": SITE}}
        refused = await client.post("/graphql", json=body, auth=PERSON)
        assert refused.status_code == status
        assert "data" not in refused.json()
        assert refused.json()["errors"][0]["message"]


async def test_an_account_outside_of_the_group_is_told_no(connect: Connect) -> None:
    """Enterprise can limit Rovo to groups: the same site answers two accounts in two ways."""
    query = {"query": "query Q($site: String) { " + FIELDS[0] + " }", "variables": {"site": SITE}}
    app = acme()
    app.state.organization.change(app.state.organization.site_token(SERVICE), rovo=False)
    async with connect(app, None) as client:
        person = (await client.post("/graphql", json=query, auth=PERSON)).json()
        service = await client.post("/graphql", json=query, headers={"Authorization": f"Bearer {SERVICE}"})
    assert person["data"]["ai"]["isRovoEnabled"] is True
    assert service.json()["data"]["ai"]["isRovoEnabled"] is False


@pytest.mark.parametrize("header", [None, "Bearer demo-key", "Bearer nobody"])
async def test_an_organization_s_key_does_not_reach_the_gateway(header: str | None, connect: Connect) -> None:
    async with connect(acme(), None) as client:
        headers = {} if header is None else {"Authorization": header}
        assert (await client.post("/graphql", json={"query": QUERY}, headers=headers)).status_code == 401


async def test_too_many_requests_wait_until_a_minute_without_seconds(connect: Connect) -> None:
    options = Options(rate_limits={"gateway": 1}, enforce_rate_limits=True)
    async with connect(acme(options=options), None) as client:
        for status in (200, 429):
            told = await client.post("/graphql", json={"query": "{ __typename }"}, auth=PERSON)
            assert told.status_code == status
    assert told.headers["Retry-After"] == "2026-11-21T08:01Z"


def test_every_field_of_the_root_has_a_value() -> None:
    organization = load_scenario("drifted", now=NOW).organization
    call = asker(organization, Options(), organization.site_tokens[0])
    types = schema().query_type
    assert types is not None
    assert set(root(call)) == set(types.fields)
    tenants = root(call)["tenantContexts"]
    for arguments in ({}, {"hostNames": ["x"]}, {"cloudIds": [SITE], "hostNames": []}):
        with pytest.raises(FieldError):
            tenants(**arguments)
    assert list(itertools.islice(tenants(cloudIds=[SITE]), 1))
