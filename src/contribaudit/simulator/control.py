"""Drift on request: an optional endpoint that acts as an administrator, and its client.

    POST /control/flip {what, subject?, value?}     200 {"did": ...}; 400 {"error": ...}

The endpoint exists only if the person who runs the simulator asks for it. A request needs a key of the organization,
and can only come from this machine, as all requests to the simulator do.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, Request, build_opener

from starlette.applications import Starlette
from starlette.requests import Request as Asked
from starlette.responses import JSONResponse
from starlette.routing import Route

from contribaudit.simulator.admin import CONTRIBUTION_TYPE, AdminConsole
from contribaudit.simulator.endpoint import AnswerError, authenticate
from contribaudit.simulator.options import REALM_NAMES
from contribaudit.simulator.organization import Organization
from contribaudit.simulator.routes.gateway import rovo_is_on
from contribaudit.simulator.values import Event

PATH = "/control/flip"
WHAT = ("in-app", "rovo", "trial", "realm")
_SECONDS = 10
_START = "Start one with `contribaudit simulate --control`, and paste the lines that it prints"


class NotFlipped(Exception):
    """Nothing was changed. The message gives the reason as a sentence without a full stop, `hint` the next step."""

    def __init__(self, message: str, *, hint: str = "`contribaudit simulate flip --help` shows examples") -> None:
        super().__init__(message)
        self.hint = hint


def flip(console: AdminConsole, what: str, subject: str, value: str) -> Event:
    """Make an edit and write its event; an empty `value` flips the current one. Raises NotFlipped, changing nothing."""
    organization = console.organization
    if what not in WHAT:
        raise NotFlipped(f"there is no {what!r} to flip; known: {', '.join(WHAT)}")
    if what == "in-app":
        if subject:
            raise NotFlipped("in-app contribution is one switch of the organization and takes no app")
        return console.set_contribution("in-app", on=_truth(value, _contribution_is_on(organization)))
    try:
        app = organization.app(subject)
    except KeyError:
        apps = dict.fromkeys(f"{one.name}/{one.type_key}" for one in organization.apps if one.host_url)
        raise NotFlipped(f"there is no app {subject!r}; known: {', '.join(apps)}") from None
    if what == "rovo":
        return console.set_rovo(subject, _truth(value, rovo_is_on(app)))
    if what == "trial":
        if value == "none" or (not value and app.trial is not None):
            if app.trial is None:
                raise NotFlipped(f"no trial runs for {subject}")
            return console.end_trial(subject, app.plan_after_trial or "Standard")
        return console.start_trial(subject, value.capitalize() or "Premium")
    realms = {realm.casefold(): realm for realm in REALM_NAMES}
    realm = realms.get(value.casefold()) if value else ("US" if app.realm != "US" else "EU")
    if realm is None:
        raise NotFlipped(f"there is no realm {value!r}; known: {', '.join(REALM_NAMES)}")
    regions = next((one.regions for one in organization.apps if one.realm == realm and one.regions), ())
    return console.move(subject, realm, regions)


def _contribution_is_on(organization: Organization) -> bool:
    rules = [one.rule for one in organization.policies if one.type == CONTRIBUTION_TYPE]
    return not any(isinstance(rule, dict) and "in-app" in rule.get("off", ()) for rule in rules)


def _truth(value: str, now: bool) -> bool:
    words = {"": not now, "on": True, "off": False, "allowed": True, "blocked": False}
    if value not in words:
        raise NotFlipped(f"{value!r} is neither on nor off")
    return words[value]


def add_control(app: Starlette) -> None:
    """Add the endpoint that makes edits on request to the app."""
    simulation = app.state.simulation
    clock: Callable[[], datetime] = simulation.clock
    console = AdminConsole(simulation.organization, clock)

    async def handle(asked: Asked) -> JSONResponse:
        raw = await asked.body()
        try:
            authenticate(asked.headers.get("authorization"), simulation.organization, clock())
        except AnswerError:
            return JSONResponse({"error": "the key does not belong to the simulated organization"}, 401)
        try:
            body = json.loads(raw)
            texts = [body.get(name) or "" for name in ("what", "subject", "value")]
            if not all(isinstance(one, str) for one in texts):
                raise ValueError("expected a text")
        except (ValueError, AttributeError):
            return JSONResponse({"error": "expected an object of texts"}, 400)
        try:
            event = flip(console, *texts)
        except NotFlipped as error:
            return JSONResponse({"error": str(error)}, 400)
        return JSONResponse({"did": event.message, "by": event.actor.email})

    app.router.routes.insert(0, Route(PATH, handle, methods=["POST"]))


def ask_to_flip(url: str, key: str, what: str, subject: str, value: str) -> str:
    """Ask the simulator at this base URL for an edit; the result is a sentence. Raises NotFlipped."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        on_this_machine = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        on_this_machine = False
    if not on_this_machine or parts.scheme != "http":
        raise NotFlipped("the address is not that of a simulator on this machine", hint=_START)
    body = json.dumps({"what": what, "subject": subject, "value": value}).encode()
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    request = Request(f"http://{parts.netloc}{PATH}", body, headers)
    try:
        with build_opener(ProxyHandler({})).open(request, timeout=_SECONDS) as answer:
            result: Any = json.loads(answer.read())
            return f"{result['did']}, by {result['by']}"
    except HTTPError as error:
        body_of_error = error.read()
        if error.code == 404:
            raise NotFlipped("this simulator was not started with --control", hint=_START) from None
        try:
            raise NotFlipped(json.loads(body_of_error)["error"]) from None
        except (ValueError, KeyError, TypeError):
            raise NotFlipped(f"the simulator answered {error.code}", hint=_START) from None
    except (URLError, OSError, ValueError, KeyError, TypeError):
        raise NotFlipped("no simulator answers there", hint=_START) from None
