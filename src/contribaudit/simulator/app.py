"""The ASGI app around the gateway: counts, records, waits as long as the network would, and sends.

`app.state.simulation` is the state behind it; `app.state.organization`, `.faults` and `.requests` are shortcuts to what
tests want most.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime

import anyio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Receive, Scope, Send

from contribaudit.simulator.answers import Answer, json_answer
from contribaudit.simulator.endpoint import Endpoint
from contribaudit.simulator.errors import AnswerError
from contribaudit.simulator.faults import Fault
from contribaudit.simulator.gateway import Asked, answer, parsed, render_ahead
from contribaudit.simulator.options import Options
from contribaudit.simulator.organization import Organization
from contribaudit.simulator.routes import ALL
from contribaudit.simulator.simulation import RequestRecord, Simulation

HANG_STEP_SECONDS = 0.05
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

Handler = Callable[[Request], Awaitable[Response]]


def utc_now() -> datetime:
    """The clock that the app uses unless it is given another."""
    return datetime.now(UTC)


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
    simulation = Simulation(organization, options or Options(), faults, latency_ms, clock)
    routes = [Route(endpoint.path, _handler(simulation, endpoint), methods=[endpoint.method]) for endpoint in ALL]
    everything_else = Route("/{path:path}", _unknown(simulation, routes), methods=METHODS)
    render_ahead(simulation)
    app = Starlette(routes=[*routes, everything_else])
    app.state.simulation = simulation
    app.state.organization = organization
    app.state.faults = simulation.faults
    app.state.requests = simulation.requests
    return app


def _handler(simulation: Simulation, endpoint: Endpoint) -> Handler:
    async def handle(request: Request) -> Response:
        started, now, raw = time.monotonic(), simulation.clock(), await request.body()
        query, header = _query(request), request.headers.get("authorization")
        asked = Asked(header, request.url.path, request.path_params, query, raw)
        limits, one_too_many = simulation.count(endpoint, now)
        reply, fault = answer(simulation, endpoint, asked, now, one_too_many=one_too_many)
        kind = fault.kind if fault is not None else ""
        _record(simulation, request, raw, None if kind == "close" else reply.status, now, endpoint.name)
        if fault is not None and kind == "hang":
            await _hang(simulation, request, fault.seconds)
        await anyio.sleep(max(0.0, simulation.latency_ms / 1000 - (time.monotonic() - started)))
        if kind == "close":
            return _Closed(simulation)
        # A 429 without a body comes from in front of the API, which knows nothing of its limits.
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
    """The parameters; one that is sent several times has its values joined by commas."""
    return {name: ",".join(request.query_params.getlist(name)) for name in request.query_params}


def _response(reply: Answer, now: datetime, limits: dict[str, str]) -> Response:
    date = {"Date": f"{now.astimezone(UTC):%a, %d %b %Y %H:%M:%S} GMT"}
    return Response(reply.content, reply.status, limits | date | reply.headers, reply.media_type)


async def _hang(simulation: Simulation, request: Request, seconds: float) -> None:
    """Wait in small steps, so that a client that gave up or a server that stops ends it."""
    for _ in range(round(seconds / HANG_STEP_SECONDS)):
        if simulation.stopping or await request.is_disconnected():
            return
        await anyio.sleep(HANG_STEP_SECONDS)


class _Closed(Response):
    """No answer at all: the connection is cut. Without a real socket it raises `ConnectionAbortedError`."""

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
