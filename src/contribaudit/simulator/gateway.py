"""From a request to its answer, in the order in which Atlassian's gateway and API would look.

authenticated → organization known → scope → rate limit → page read → faults → shaped
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from contribaudit.simulator.answers import Answer, fault_answer, json_answer
from contribaudit.simulator.auth import authenticate, authenticate_at_site, may_read, reach_site
from contribaudit.simulator.endpoint import Call, Endpoint
from contribaudit.simulator.errors import SITE_STYLES, AnswerError, forbidden
from contribaudit.simulator.faults import ANSWER_KINDS, Fault, change_page
from contribaudit.simulator.routes import workspaces
from contribaudit.simulator.simulation import Simulation
from contribaudit.simulator.values import Json

LARGE = 1000
"""From this number of apps on, pages are rendered when the app is made."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came in, before anybody looked at who sent it."""

    authorization: str | None
    path: str
    path_params: Mapping[str, str]
    query: Mapping[str, str]
    raw: bytes


def answer(
    simulation: Simulation, endpoint: Endpoint, asked: Asked, now: datetime, *, one_too_many: bool
) -> tuple[Answer, Fault | None]:
    """The answer, and the fault that replaced it or holds it back, if one does."""
    try:
        call = _admit(simulation, endpoint, asked, now)
        if one_too_many:
            raise AnswerError(429, "ADMIN-429-1", "Too many API requests")
        if endpoint.quick is not None and not simulation.may_fail(endpoint.name):
            return Answer(200, endpoint.quick(call)), None
        if endpoint.cacheable and not simulation.may_fail(endpoint.name):
            return _remembered(simulation, endpoint, call)[0], None
        page = endpoint.read(call)
    except AnswerError as error:
        form = simulation.options.forbidden_forms.get(endpoint.name, endpoint.forbidden)
        if error.status == 403 and form is not None:
            return json_answer(403, forbidden(form, asked.path, now, code=error.code)), None
        return json_answer(error.status, error.body(endpoint.style), _retry_after(endpoint, error, now)), None
    due = simulation.faults_of(endpoint.name, page.position.number)
    replacing = next((fault for fault in due if fault.kind in ANSWER_KINDS), None)
    instead = fault_answer(replacing, endpoint, asked.path, now) if replacing is not None else None
    if instead is not None:
        return instead, replacing
    if due:
        change_page(page, endpoint.name, due)
    body = endpoint.shape(call, page)
    if not page.with_links:
        body.pop("links", None)
        body.pop("_links", None)
    whole = json_answer(200, body)
    if replacing is not None and replacing.kind == "truncated-json":
        whole = replace(whole, content=whole.content[: len(whole.content) // 2])
    return whole, replacing


def parsed(raw: bytes) -> Any:
    """A body as JSON, None when it is none."""
    try:
        return json.loads(raw)
    except ValueError:
        return None


def render_ahead(simulation: Simulation) -> None:
    """Render the largest pages of a large organization before anybody asks, so that latency is all that one waits."""
    organization = simulation.organization
    if len(organization.apps) < LARGE or not organization.keys:
        return
    path, key, now = workspaces.SEARCH.path.format(org_id=organization.id), organization.keys[0], simulation.clock()
    body: Json | None = {"limit": 1000}
    while body is not None:
        call = Call(organization, simulation.options, key, now, path, {}, {}, body)
        _, cursor = _remembered(simulation, workspaces.SEARCH, call)
        body = None if cursor is None else {"cursor": cursor}


def _admit(simulation: Simulation, endpoint: Endpoint, asked: Asked, now: datetime) -> Call:
    """The call, when the key may make it; otherwise raises the 401, 403, 404 or 400."""
    organization = simulation.organization
    if endpoint.style == "jira" or endpoint.style == "confluence":
        token = authenticate_at_site(asked.authorization, organization, endpoint.scope)
        reach_site(token, asked.path_params["cloud_id"], endpoint.style, organization, simulation.options)
        return Call(organization, simulation.options, token, now, asked.path, asked.path_params, asked.query, {})
    key = authenticate(asked.authorization, organization, now)
    org_id = asked.path_params.get("org_id")
    if org_id not in (None, organization.id):
        raise AnswerError(404, "ADMIN-404-2", f"There is no organization {org_id}.")
    if org_id is not None and not may_read(key, endpoint.scope, organization):
        raise AnswerError(403, "GENERIC_ERROR" if endpoint.style == "api-access" else "ADMIN-403-3", "Forbidden")
    organization.touch_key(key, now)
    body = _object(asked.raw) if endpoint.method == "POST" else {}
    return Call(organization, simulation.options, key, now, asked.path, asked.path_params, asked.query, body)


def _retry_after(endpoint: Endpoint, error: AnswerError, now: datetime) -> dict[str, str]:
    """The sites' APIs say in seconds how long to wait; the admin APIs do not."""
    if error.status != 429 or endpoint.style not in SITE_STYLES:
        return {}
    return {"Retry-After": str(60 - now.second)}


def _object(raw: bytes) -> Json:
    body = parsed(raw) if raw.strip() else {}
    if not isinstance(body, dict):
        raise AnswerError(400, "ADMIN-400-24", "The body must be a JSON object.")
    return body


def _remembered(simulation: Simulation, endpoint: Endpoint, call: Call) -> tuple[Answer, str | None]:
    """The answer without any fault, rendered once and then served from memory; and the cursor of the next page."""
    request = (call.path, *sorted(call.query.items()), json.dumps(call.body, sort_keys=True))
    known = simulation.recall(request)
    if known is None:
        page = endpoint.read(call)
        known = json_answer(200, endpoint.shape(call, page)), page.next_cursor
        simulation.remember(request, known)
    return known
