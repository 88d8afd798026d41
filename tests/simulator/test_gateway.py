"""The gateway's answers against the published types, by graphql-core: somebody else's reading of GraphQL."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import graphql
import httpx
import pytest

from contribaudit.simulator import Options, SiteToken, load_scenario, make_app, names
from contribaudit.simulator.endpoint import Call
from contribaudit.simulator.graphql import FieldError, Refused, read_schema
from contribaudit.simulator.organization import Organization
from contribaudit.simulator.routes.gateway import root, schema, schema_text

from .conftest import NOW, PERSON, SERVICE, SITE, Connect, acme

pytestmark = pytest.mark.anyio

PUBLISHED = graphql.build_schema(schema_text())
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
QUERY = "query Q($site: String, $cloud: ID!) {\n" + "\n".join(FIELDS) + "\n}" + FRAGMENTS


def published_answer(call: Call, query: str, variables: Mapping[str, str]) -> graphql.ExecutionResult:
    """What graphql-core makes of the same query and the same values."""

    def resolve(source: Any, info: Any, **arguments: Any) -> Any:
        value = source[info.field_name]
        return value(**arguments) if callable(value) else value

    document = graphql.parse(query)
    assert graphql.validate(PUBLISHED, document) == []
    found = graphql.execute(
        PUBLISHED,
        document,
        root(call),
        variable_values=dict(variables),
        field_resolver=resolve,
        type_resolver=lambda value, _info, _kind: value["__typename"],
    )
    assert isinstance(found, graphql.ExecutionResult)
    return found


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
async def test_answers_are_what_the_published_types_make_of_them(
    scenario: str, options: Options, connect: Connect
) -> None:
    """Data and the paths of errors: of each site, of one kept from the token, of one that is not there."""
    loaded = load_scenario(scenario, now=NOW)
    organization = loaded.organization
    if not organization.site_tokens:
        return
    for app in organization.apps[:3]:
        organization.set_app(
            app.id, trial="Premium", trial_ends_at=NOW, billing="ccp" if app.type_key == "confluence" else "hams"
        )
    sites = sorted({app.id.rpartition("/")[2] for app in organization.apps if app.host_url})
    token = organization.site_tokens[0]
    organization.set_site_token(token.word, sites=frozenset(sites[1:]) | {"55555555-5555-4555-8555-555555555555"})
    token = organization.site_tokens[0]
    served = make_app(organization, options=options, clock=lambda: NOW)
    async with connect(served, None) as client:
        for site in (*sites, "55555555-5555-4555-8555-555555555555"):
            variables = {"site": site, "cloud": site}
            auth = httpx.BasicAuth(token.email or "", token.word)
            told = (await client.post("/graphql", json={"query": QUERY, "variables": variables}, auth=auth)).json()
            wanted = published_answer(asker(organization, options, token), QUERY, variables)
            assert told["data"] == wanted.data
            paths = sorted(str(error["path"]) for error in told.get("errors", []))
            assert paths == sorted(str(error.path) for error in wanted.errors or [])


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
    """As graphql-core refuses it: with errors and no data."""
    async with connect(acme(), None) as client:
        told = (await client.post("/graphql", json={"query": query}, auth=PERSON)).json()
    assert told["errors"]
    assert "data" not in told
    try:
        document = graphql.parse(query)
    except graphql.GraphQLSyntaxError:
        return
    several = len([one for one in document.definitions if isinstance(one, graphql.OperationDefinitionNode)]) > 1
    assert several or graphql.validate(PUBLISHED, document)


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
    app.state.organization.set_site_token(SERVICE, rovo=False)
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


def test_the_types_are_read_as_graphql_core_reads_them() -> None:
    """Every type, field, argument; and which fields need an opt-in."""
    ours = schema()
    for name, kind in PUBLISHED.type_map.items():
        if name.startswith("__") or not isinstance(kind, graphql.GraphQLObjectType | graphql.GraphQLInterfaceType):
            continue
        assert set(ours.types[name]) == set(kind.fields)
        for field, told in kind.fields.items():
            assert ours.types[name][field].type == str(told.type)
            wanted = {argument: str(one.type) for argument, one in told.args.items()}
            assert ours.types[name][field].arguments == wanted
    opted = {(name, field) for name, fields in ours.types.items() for field, one in fields.items() if one.opt_in}
    assert opted == {
        ("JiraQuery", "isRovoEnabled"),
        ("Query", "jira_isRovoLLMEnabled"),
        ("VirtualAgentQueryApi", "virtualAgentEntitlements"),
    }


def test_a_file_of_types_with_a_mistake_is_refused() -> None:
    for text in ("type X { a }", "union A = B", "type { a: Int }", "type X { a: Int ?"):
        with pytest.raises(Refused):
            read_schema(text)


def test_every_field_of_the_root_has_a_value() -> None:
    organization = load_scenario("drifted", now=NOW).organization
    call = asker(organization, Options(), organization.site_tokens[0])
    assert set(root(call)) == set(schema().types["Query"])
    tenants = root(call)["tenantContexts"]
    for arguments in ({}, {"hostNames": ["x"]}, {"cloudIds": [SITE], "hostNames": []}):
        with pytest.raises(FieldError):
            tenants(**arguments)
    assert list(itertools.islice(tenants(cloudIds=[SITE]), 1))
