"""Every answer of the simulator against Atlassian's published OpenAPI document.

The document is no part of this repository. It is read from the environment variable CONTRIBAUDIT_OPENAPI, else from a
folder beside the repository; without it the tests are skipped. The API Access API is in another document: its answers
are held to a small schema of our own, `api_access_schema.json`.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from contribaudit.simulator import Fault, load_scenario, make_app, names
from contribaudit.simulator.endpoint import SITE_STYLES, Endpoint
from contribaudit.simulator.organization import Organization
from contribaudit.simulator.routes import ALL
from tests.simulator import deviations
from tests.simulator.deviations import UNDOCUMENTED_STATUS

from . import openapi
from .conftest import NOW, Connect

pytestmark = pytest.mark.anyio

FILE = openapi.find()
needs_document = pytest.mark.skipif(
    FILE is None,
    reason=f"Atlassian's OpenAPI document was found neither at ${openapi.VARIABLE} nor beside the repository; "
    "it is published at https://dac-static.atlassian.com/cloud/admin/organization/swagger.v3.json",
)

ADMIN_ENDPOINTS = tuple(endpoint for endpoint in ALL if endpoint.style not in SITE_STYLES)
"""The sites' own APIs are published in other documents; `test_spaces.py` holds their answers to their keys."""


@dataclass(frozen=True)
class Answered:
    """One answer of one endpoint."""

    endpoint: Endpoint
    status: int
    body: Any


async def every_answer(scenario: str, connect: Connect) -> AsyncIterator[Answered]:
    """Each endpoint's pages, and each of its errors."""
    loaded = load_scenario(scenario, now=NOW, apps=50 if scenario == "generated" else None)
    options = replace(loaded.options, policies_page_size=2)
    for endpoint in ADMIN_ENDPOINTS:
        app = make_app(loaded.organization, options=options, clock=lambda: NOW)
        for key in ("demo-key", "unscoped-key", "narrow-key", "expired-key", "other-org-key", None):
            async with connect(app, key) as client:
                yield await _ask(client, endpoint, loaded.organization)
        async with connect(app) as client:
            yield await _ask(client, endpoint, loaded.organization, cursor="broken")
            yield await _ask(client, endpoint, replace(loaded.organization, id="unknown", policies=[]))
            yield await _ask(client, endpoint, replace(loaded.organization, policies=[], groups=[]))
            if endpoint.name == "policy":
                for policy in loaded.organization.policies:
                    yield await _ask(client, endpoint, replace(loaded.organization, policies=[policy]))
            if endpoint.paged:
                async for page in _pages(client, endpoint, loaded.organization):
                    yield page
        for kind in ("401", "404", "429-reset", "500"):
            if kind == "404" and endpoint.name == "orgs":
                continue  # a list of organizations has none that could be missing
            app.state.faults[:] = [Fault(kind, endpoint.name)]
            async with connect(app) as client:
                yield await _ask(client, endpoint, loaded.organization)


async def _ask(
    client: httpx.AsyncClient, endpoint: Endpoint, organization: Organization, cursor: str | None = None
) -> Answered:
    policy = organization.policies[0].id if organization.policies else "no-such-policy"
    group = organization.groups[0].id if organization.groups else "no-such-group"
    path = endpoint.path.format(org_id=organization.id, policy_id=policy, directory_id="-", group_id=group)
    sent = {} if cursor is None else {"cursor": cursor}
    if endpoint.method == "POST":
        reply = await client.post(path, json=sent or {"limit": 3})
    else:
        reply = await client.get(path, params=sent)
    return Answered(endpoint, reply.status_code, reply.json())


async def _pages(client: httpx.AsyncClient, endpoint: Endpoint, organization: Organization) -> AsyncIterator[Answered]:
    cursor = None
    for _ in range(100):
        page = await _ask(client, endpoint, organization, cursor)
        yield page
        following = page.body.get("meta", {}).get("next") or page.body["links"].get("next")
        if following is None or not page.body["data"]:
            return  # the stream of events has a cursor on an empty page too
        cursor = httpx.URL(following).params["cursor"] if following.startswith("https:") else following


@needs_document
async def test_answers_are_as_published_save_for_listed_deviations(connect: Connect) -> None:
    """Nothing differs that is not listed, and nothing is listed that does not differ."""
    assert FILE is not None
    document = openapi.Document(FILE)
    found = set()
    statuses: dict[str, set[int]] = {}
    for scenario in names():
        async for answered in every_answer(scenario, connect):
            endpoint, status = answered.endpoint, answered.status
            statuses.setdefault(endpoint.name, set()).add(status)
            if endpoint.style == "api-access":
                continue
            schema = document.response(openapi.template(endpoint.path), endpoint.method, status)
            if schema is None:
                found.add((endpoint.name, status, "", UNDOCUMENTED_STATUS))
            else:
                found |= {(endpoint.name, status, *breach) for breach in openapi.breaches(schema, answered.body)}
    listed = {(d.endpoint, d.status, d.at, d.rule) for d in deviations.ALL}
    assert sorted(found - listed) == [], "answers differ from the published document in ways that are not listed"
    assert sorted(listed - found) == [], "these deviations are listed but no answer needs them any more"
    assert all({200, 401, 429, 500} <= seen for seen in statuses.values()), statuses


def test_every_deviation_says_why() -> None:
    """And none is listed twice."""
    places = [(d.endpoint, d.status, d.at, d.rule) for d in deviations.ALL]
    assert len(places) == len(set(places))
    assert all(d.why.endswith(".") for d in deviations.ALL)


async def test_api_access_answers_fit_our_own_schema(connect: Connect) -> None:
    """Keys and errors of the API Access API, for every scenario."""
    text = Path(__file__).with_name("api_access_schema.json").read_text(encoding="utf-8")
    schemas = json.loads(text)
    seen = set()
    for scenario in names():
        async for answered in every_answer(scenario, connect):
            if answered.endpoint.style == "api-access":
                kind = {200: "keys", 401: "gateway", 429: "gateway"}.get(answered.status, "errors")
                assert openapi.breaches(schemas | schemas["kinds"][kind], answered.body) == set()
                seen.add(answered.status)
    assert seen == {200, 400, 401, 403, 404, 429, 500}


@needs_document
def test_strict_reading_notices_what_is_not_published() -> None:
    """The reader itself: an unknown property, a null that is not allowed, and an unknown enumeration value."""
    assert FILE is not None
    schema = openapi.Document(FILE).response("/v2/orgs/{orgId}/workspaces", "POST", 200)
    assert schema is not None
    body = {"data": [{"attributes": {"realm": None, "status": "odd", "capacity": None}, "extra": 1}]}
    assert openapi.breaches(schema, body) == {
        ("data[].attributes.realm", "type"),
        ("data[].attributes.status", "enum"),
        ("data[].extra", "additionalProperties"),
    }
