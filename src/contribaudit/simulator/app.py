"""The ASGI app: from a request to its answer, with checks in the order of Atlassian's gateway and API.

    authenticated → organization known → scope → rate limit → page read → faults → shaped

The app counts, records, waits as long as the network would, and sends. `app.state.simulation` holds what it remembers
between requests: who asked what, and how often. `app.state.organization`, `.faults` and `.requests` are shortcuts to
what tests use most.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Receive, Scope, Send

from contribaudit.simulator.admin import utc_now
from contribaudit.simulator.endpoint import (
    SITE_STYLES,
    AnswerError,
    Call,
    Endpoint,
    authenticate,
    authenticate_at_site,
    forbidden,
    may_read,
    reach_site,
)
from contribaudit.simulator.faults import (
    ANSWER_KINDS,
    Answer,
    Fault,
    change_page,
    fault_answer,
    json_answer,
    minute_after,
)
from contribaudit.simulator.options import Options
from contribaudit.simulator.organization import Organization
from contribaudit.simulator.routes import ALL
from contribaudit.simulator.values import Json, Key, SiteToken


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """A request that was answered, without its headers, because they hold the key.

    `endpoint` is the endpoint's name, empty for an unknown path. `body` is the parsed JSON, None when there was none or
    when it was not JSON. `status` None means that the connection was closed without an answer. `time` is its arrival.
    """

    method: str
    path: str
    query: dict[str, str]
    body: Any
    status: int | None
    time: datetime
    endpoint: str


@dataclass(eq=False, slots=True)
class Simulation:
    """The state of one simulated API. `organization` and `faults` may be changed while it runs."""

    organization: Organization
    options: Options
    faults: list[Fault]
    latency_ms: float
    clock: Callable[[], datetime]
    requests: list[RequestRecord] = field(default_factory=list)
    stopping: bool = False
    connections: dict[tuple[str, int], Any] = field(default_factory=dict)
    _fired: Counter[Fault] = field(default_factory=Counter)
    _asked: Counter[tuple[str, datetime]] = field(default_factory=Counter)

    def faults_of(self, endpoint: str, page: int) -> list[Fault]:
        """The faults that apply to this request; each is counted as having happened."""
        due = [f for f in self.faults if f.fits(endpoint, page) and (f.times is None or self._fired[f] < f.times)]
        self._fired.update(due)
        return due

    def count(self, endpoint: Endpoint, now: datetime) -> tuple[dict[str, str], bool]:
        """The X-RateLimit headers of this request, and whether it exceeds the limit. Windows are clock minutes."""
        limit = self.options.rate_limits.get(endpoint.name, self.options.default_rate_limit)
        window = now.astimezone(UTC).replace(second=0, microsecond=0)
        self._asked[endpoint.name, window] += 1
        asked = self._asked[endpoint.name, window]
        headers = {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(max(0, limit - asked)),
            "X-RateLimit-Reset": f"{window + timedelta(minutes=1):%Y-%m-%dT%H:%M:%SZ}",
        }
        return headers, self.options.enforce_rate_limits and asked > limit


def answer(
    simulation: Simulation, endpoint: Endpoint, request: Request, raw: bytes, now: datetime, *, one_too_many: bool
) -> tuple[Answer, Fault | None]:
    """The answer to a request with the body `raw`, and the fault that replaced or delays it, if any."""
    path = request.url.path
    try:
        call = _admit(simulation, endpoint, request, raw, now)
        if one_too_many:
            raise AnswerError(429, "ADMIN-429-1", "Too many API requests")
        page = endpoint.read(call)
    except AnswerError as error:
        form = simulation.options.forbidden_forms.get(endpoint.name, endpoint.forbidden)
        if error.status == 403 and form is not None:
            return json_answer(403, forbidden(form, path, now, code=error.code)), None
        return json_answer(error.status, error.body(endpoint.style), _retry_after(endpoint, error, now)), None
    due = simulation.faults_of(endpoint.name, page.position.number)
    replacing = next((fault for fault in due if fault.kind in ANSWER_KINDS), None)
    instead = fault_answer(replacing, endpoint, path, now) if replacing is not None else None
    if instead is not None:
        return instead, replacing
    if due:
        change_page(page, endpoint.name, due)
    body = endpoint.shape(call, page)
    if not page.with_links:
        body.pop("links", None)
        body.pop("_links", None)
    refused = endpoint.style == "gateway" and "data" not in body
    whole = json_answer(simulation.options.gateway_refusal if refused else 200, body)
    if replacing is not None and replacing.kind == "truncated-json":
        whole = replace(whole, content=whole.content[: len(whole.content) // 2])
    return whole, replacing


def parsed(raw: bytes) -> Any:
    """A body as JSON, None when it is not JSON."""
    try:
        return json.loads(raw)
    except ValueError:
        return None


def _admit(simulation: Simulation, endpoint: Endpoint, request: Request, raw: bytes, now: datetime) -> Call:
    """The call, when the caller may make it; raises AnswerError with 401, 403, 404 or 400 otherwise."""
    organization, options = simulation.organization, simulation.options
    header, parameters = request.headers.get("authorization"), request.path_params
    caller: Key | SiteToken
    if endpoint.style in SITE_STYLES:
        caller = authenticate_at_site(header, organization, endpoint.scope)
        if endpoint.style == "jira" or endpoint.style == "confluence":
            reach_site(caller, parameters["cloud_id"], endpoint.style, organization, options)
    else:
        caller = authenticate(header, organization, now)
        org_id = parameters.get("org_id")
        if org_id not in (None, organization.id):
            raise AnswerError(404, "ADMIN-404-2", f"There is no organization {org_id}.")
        if org_id is not None and not may_read(caller, endpoint.scope, organization):
            raise AnswerError(403, "GENERIC_ERROR" if endpoint.style == "api-access" else "ADMIN-403-3", "Forbidden")
        organization.touch_key(caller, now)
    body = _object(raw) if endpoint.method == "POST" else {}
    return Call(organization, options, caller, now, request.url.path, parameters, _query(request), body)


def _retry_after(endpoint: Endpoint, error: AnswerError, now: datetime) -> dict[str, str]:
    """Headers of a 429: Retry-After in seconds from a site's API, as a minute from the gateway, none from the rest."""
    if error.status != 429 or endpoint.style not in SITE_STYLES:
        return {}
    if endpoint.style == "gateway":
        return {"Retry-After": minute_after(now, 0)}
    return {"Retry-After": str(60 - now.second)}


def _object(raw: bytes) -> Json:
    body = parsed(raw) if raw.strip() else {}
    if not isinstance(body, dict):
        raise AnswerError(400, "ADMIN-400-24", "The body must be a JSON object.")
    return body


HANG_STEP_SECONDS = 0.05
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

Handler = Callable[[Request], Awaitable[Response]]


def make_app(
    organization: Organization,
    *,
    options: Options | None = None,
    faults: Iterable[Fault] = (),
    latency_ms: float = 0,
    clock: Callable[[], datetime] = utc_now,
) -> Starlette:
    """The simulated API of one organization, as an ASGI app.

    `latency_ms` is how long each answer takes in total, however large it is. `clock` gives the aware time that keys
    expire by and headers show.
    """
    simulation = Simulation(organization, options or Options(), list(faults), latency_ms, clock)
    routes = [Route(endpoint.path, _handler(simulation, endpoint), methods=[endpoint.method]) for endpoint in ALL]
    everything_else = Route("/{path:path}", _unknown(simulation, routes), methods=METHODS)
    app = Starlette(routes=[*routes, everything_else])
    app.state.simulation = simulation
    app.state.organization = organization
    app.state.faults = simulation.faults
    app.state.requests = simulation.requests
    return app


def _handler(simulation: Simulation, endpoint: Endpoint) -> Handler:
    async def handle(request: Request) -> Response:
        started, now, raw = time.monotonic(), simulation.clock(), await request.body()
        limits, one_too_many = simulation.count(endpoint, now)
        reply, fault = answer(simulation, endpoint, request, raw, now, one_too_many=one_too_many)
        kind = fault.kind if fault is not None else ""
        _record(simulation, request, raw, None if kind == "close" else reply.status, now, endpoint.name)
        if fault is not None and kind == "hang":
            await _hang(simulation, request, fault.seconds)
        await anyio.sleep(max(0.0, simulation.latency_ms / 1000 - (time.monotonic() - started)))
        if kind == "close":
            return _Closed(simulation)
        # A 429 without a body comes from in front of the API, where its limits are unknown.
        return _response(reply, now, {} if kind == "429-empty" else limits)

    return handle


def _unknown(simulation: Simulation, routes: list[Route]) -> Handler:
    async def handle(request: Request) -> Response:
        now, raw = simulation.clock(), await request.body()
        wrong_method = any(route.matches(request.scope)[0] is Match.PARTIAL for route in routes)
        status, code = (405, "ADMIN-405-1") if wrong_method else (404, "ADMIN-404-1")
        _record(simulation, request, raw, status, now, "")
        return _response(json_answer(status, AnswerError(status, code, request.url.path).body("v1")), now, {})

    return handle


def _record(
    simulation: Simulation, request: Request, raw: bytes, status: int | None, now: datetime, endpoint: str
) -> None:
    query = _query(request)
    record = RequestRecord(request.method, request.url.path, query, parsed(raw), status, now, endpoint)
    simulation.requests.append(record)


def _query(request: Request) -> dict[str, str]:
    """The query parameters; the values of a repeated parameter are joined by commas."""
    return {name: ",".join(request.query_params.getlist(name)) for name in request.query_params}


def _response(reply: Answer, now: datetime, limits: dict[str, str]) -> Response:
    date = {"Date": f"{now.astimezone(UTC):%a, %d %b %Y %H:%M:%S} GMT"}
    return Response(reply.content, reply.status, limits | date | reply.headers, reply.media_type)


async def _hang(simulation: Simulation, request: Request, seconds: float) -> None:
    """Wait in small steps, so that the wait ends when the client disconnects or the server stops."""
    for _ in range(round(seconds / HANG_STEP_SECONDS)):
        if simulation.stopping or await request.is_disconnected():
            return
        await anyio.sleep(HANG_STEP_SECONDS)


class _Closed(Response):
    """A response that cuts the connection unanswered; without a real socket it raises `ConnectionAbortedError`."""

    def __init__(self, simulation: Simulation) -> None:
        super().__init__()
        self._simulation = simulation

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        client = scope.get("client")
        transport = self._simulation.connections.get(tuple(client)) if client else None
        if transport is None:
            raise ConnectionAbortedError("the simulated connection was closed without an answer")
        transport.abort()
        await receive()  # returns http.disconnect once the server has noticed
