"""What every simulator test needs: a fixed clock, and a client that talks to an app without a socket."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import TypeAlias

import httpx
import pytest
from starlette.applications import Starlette

from contribaudit.simulator import Fault, Options, scenario_app

NOW = datetime(2026, 11, 21, 8, 0, 30, tzinfo=UTC)
ACME = "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa"
WORKSPACES = f"/admin/v2/orgs/{ACME}/workspaces"
DIRECTORIES = f"/admin/v2/orgs/{ACME}/directories"
POLICIES = f"/admin/v1/orgs/{ACME}/policies"
EVENT_ACTIONS = f"/admin/v1/orgs/{ACME}/event-actions"
API_KEYS = f"/admin/api-access/v1/orgs/{ACME}/api-keys"
EVENTS = f"/admin/v1/orgs/{ACME}/events"
STREAM = f"/admin/v1/orgs/{ACME}/events-stream"
GROUPS = f"/admin/v2/orgs/{ACME}/directories/-/groups/search"
GROUP_ROLES = f"/admin/v2/orgs/{ACME}/directories/-/groups/a1000000-0000-4000-8000-000000000002/role-assignments"
SITE = "11111111-1111-4111-8111-111111111111"
JIRA = f"/ex/jira/{SITE}/rest/api/3/project/search"
CONFLUENCE = f"/ex/confluence/{SITE}/wiki/api/v2/spaces"
PERSON = httpx.BasicAuth("demo@acme.example", "demo-site-token")
SERVICE = "demo-service-token"
ORG = f"/admin/v1/orgs/{ACME}"
ORGS = "/admin/v1/orgs"

Connect: TypeAlias = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def connect() -> Connect:
    """`async with connect(app, key="demo-key") as client`: no socket in between."""

    def client(app: Starlette, key: str | None = "demo-key") -> httpx.AsyncClient:
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        transport = httpx.ASGITransport(app)
        return httpx.AsyncClient(transport=transport, base_url="http://simulator", headers=headers)

    return client


def acme(faults: Iterable[Fault] = (), options: Options | None = None) -> Starlette:
    """The drifted scenario at a fixed time."""
    return scenario_app("drifted", faults=faults, options=options, clock=lambda: NOW)
