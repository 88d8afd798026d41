"""What can go wrong with an answer, selectable by name, and answers as bytes.

    Fault("429-seconds", "workspaces", from_page=2, times=1)

Some faults replace the answer, some change the page, and some change entries of the page. Every fault that fits a
request is applied, but only the first of those that replace the answer. `KINDS` describes each in a sentence.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from email.utils import format_datetime
from typing import Any

from contribaudit.simulator.endpoint import AnswerError, Endpoint, Page, forbidden
from contribaudit.simulator.options import ForbiddenForm
from contribaudit.simulator.routes import ALL
from contribaudit.simulator.values import Json

ANSWER_KINDS = {
    "401": "the key is refused",
    "403-a": "forbidden, as an object with timestamp and path",
    "403-b": "forbidden, in an errors list",
    "403-c": "forbidden, as code and message",
    "403-bare": "forbidden, as the bare object of workspaces",
    "404": "the organization is not found",
    "429-reset": "too many requests; only X-RateLimit-Reset says how long",
    "429-seconds": "too many requests, with Retry-After in seconds",
    "429-date": "too many requests, with Retry-After as an HTTP date",
    "429-minute": "too many requests, with Retry-After as a time without seconds, as the gateway sends it",
    "429-empty": "too many requests, no body and no header that says how long",
    "429-errors": "too many requests, as ADMIN-429-1 in an errors list",
    "500": "internal error",
    "503": "the gateway is unavailable, in HTML",
    "html": "an HTML page with status 200",
    "truncated-json": "the answer's body is cut in half",
    "redirect": "a redirect to another host",
    "hang": "the answer comes after `seconds`",
    "close": "the connection is closed without an answer (real sockets only)",
}
PAGE_KINDS = {
    "repeated-cursor": "the next page is this page again, for ever",
    "total-too-large": "the total promises more than is served",
    "no-links": "the last page has no links",
    "empty-list": "an empty list with status 200",
}
ENTRY_KINDS = {
    "unknown-keys": "every third entry has keys that nobody documents",
    "unknown-values": "every third entry has values that no enumeration knows",
    "missing-key": "the first entry lacks an attribute",
    "no-id": "the first entry lacks its id",
    "rule-array": "the first policy's rule is an array",
    "null-realm": "the first app's realm is null",
}
KINDS = ANSWER_KINDS | PAGE_KINDS | ENTRY_KINDS

PAGED = tuple(endpoint.name for endpoint in ALL if endpoint.paged)
ENDPOINTS = (*PAGED, *dict.fromkeys(endpoint.name for endpoint in ALL if not endpoint.paged))
ONLY_FOR: dict[str, tuple[str, ...]] = {
    "repeated-cursor": PAGED,
    "no-links": tuple(name for name in PAGED if name not in ("events-stream", "jira-projects")),
    "total-too-large": ("workspaces", "jira-projects"),
    "rule-array": ("policies", "policy"),
    "null-realm": ("workspaces",),
}
"""Endpoints of the kinds that fit only some; such a fault for the endpoint "*" applies only to these."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong at an endpoint, or at every endpoint ("*").

    `from_page` counts from 1; `times` is how often it happens, None for always. `seconds` is how long to wait (hang) or
    how long the client is told to wait (429). Raises `ValueError` for an unknown kind, endpoint or combination.
    """

    kind: str
    endpoint: str
    from_page: int = 1
    times: int | None = None
    seconds: float = 2.0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"there is no fault {self.kind!r}{_nearest(self.kind, KINDS)}")
        if self.endpoint != "*" and self.endpoint not in ENDPOINTS:
            raise ValueError(f"there is no endpoint {self.endpoint!r}{_nearest(self.endpoint, ENDPOINTS)}")
        only = ONLY_FOR.get(self.kind)
        if only is not None and self.endpoint not in ("*", *only):
            raise ValueError(f"the fault {self.kind!r} fits {', '.join(only)} only")
        if self.from_page < 1 or (self.times is not None and self.times < 1) or self.seconds < 0:
            raise ValueError("page and times count from 1, and seconds cannot be negative")

    def fits(self, endpoint: str, page: int) -> bool:
        """Whether this fault applies to a page of an endpoint, regardless of how often it has happened."""
        if self.endpoint == "*":
            concerned = endpoint in ONLY_FOR.get(self.kind, ENDPOINTS)
        else:
            concerned = endpoint == self.endpoint
        return concerned and page >= self.from_page


def parse_fault(text: str) -> Fault:
    """A fault from its command-line form: `KIND@ENDPOINT`, then optional `,page=N`, `,times=N` and `,seconds=N`.

    Raises `ValueError` with a sentence for anything else.
    """
    head, *settings = text.split(",")
    kind, separator, endpoint = head.partition("@")
    values: dict[str, str] = dict(setting.partition("=")[::2] for setting in settings)
    unknown = [name for name in values if name not in ("page", "times", "seconds")]
    if not separator or unknown:
        raise ValueError(f"{text!r} is not KIND@ENDPOINT[,page=N][,times=N][,seconds=N]")
    try:
        times = int(values["times"]) if "times" in values else None
        page, seconds = int(values.get("page", "1")), float(values.get("seconds", "2"))
    except ValueError:
        raise ValueError(f"page, times and seconds in {text!r} must be numbers") from None
    return Fault(kind, endpoint, page, times, seconds)


def change_page(page: Page, endpoint: str, faults: Iterable[Fault]) -> None:
    """Apply the faults that change a page or its entries, in place. Entries are copied first."""
    page.items = copy.deepcopy(page.items)
    for fault in faults:
        match fault.kind:
            case "repeated-cursor":
                page.next_cursor = page.self_cursor
            case "total-too-large":
                page.total += 7
            case "no-links":
                page.with_links = page.next_cursor is not None
            case "empty-list":
                # Even an empty stream gives a cursor, from which it can be read again.
                resumed = page.self_cursor if endpoint == "events-stream" else None
                page.items, page.total, page.next_cursor = [], 0, resumed
            case "unknown-keys":
                for entry in page.items[::3]:
                    entry["simulatedKey"] = {"nested": [1]}
                    _attributes(entry)["simulatedAttribute"] = "made up"
            case "unknown-values":
                for entry in page.items[::3]:
                    _make_values_unknown(entry, endpoint)
            case "missing-key" if page.items:
                _attributes(page.items[0]).pop(EXPENDABLE[endpoint], None)
            case "no-id" if page.items:
                page.items[0].pop(ID_NAMES.get(endpoint, "id"), None)
            case "rule-array" if page.items:
                _attributes(page.items[0])["rule"] = ["simulated", {"made": "up"}]
            case "null-realm" if page.items:
                _attributes(page.items[0])["realm"] = None


EXPENDABLE = {
    "orgs": "name",
    "org": "name",
    "workspaces": "realm",
    "directories": "name",
    "groups-search": "name",
    "group-role-assignments": "roles",
    "users-search": "name",
    "policies": "status",
    "policy": "status",
    "event-actions": "displayName",
    "events": "action",
    "events-stream": "action",
    "jira-projects": "key",
    "confluence-spaces": "key",
    "api-keys": "expiresAt",
    "gateway": "data",
}
"""The attribute that `missing-key` removes, by endpoint."""

ID_NAMES = {"directories": "directoryId", "users-search": "accountId", "group-role-assignments": "resourceId"}
"""The attribute that `no-id` removes, for endpoints that do not call it `id`."""


def _attributes(entry: Json) -> Json:
    attributes = entry.get("attributes")
    return attributes if isinstance(attributes, dict) else entry


def _make_values_unknown(entry: Json, endpoint: str) -> None:
    attributes = _attributes(entry)
    match endpoint:
        case "workspaces":
            attributes |= {"status": "SIMULATED_STATUS", "typeKey": "simulated-app", "sandbox": {"type": "SIMULATED"}}
            for items in entry.get("relationships", {}).values():
                for item in items:
                    if "plan" in item["attributes"]:
                        item["attributes"] |= {"plan": "Simulated Plan", "planKey": "simulated-plan"}
        case "policies" | "policy":
            attributes |= {"type": "simulated-type", "status": "simulated"}
            for resource in attributes.get("resources", []):
                resource["applicationStatus"] = "simulated"
        case "api-keys":
            attributes["keyType"] = "SIMULATED"
        case "event-actions":
            entry["type"] = "simulated"
        case "events" | "events-stream":
            attributes |= {"action": "sim_nobody_documents_this", "container": [{"id": "?", "type": "simulated"}]}
        case "groups-search":
            attributes["managedBy"] = "simulated"
        case "users-search":
            attributes["accountType"] = "simulated"
        case "group-role-assignments":
            attributes |= {"roles": ["simulated/role"], "resourceOwner": "simulated"}
        case "jira-projects":
            attributes |= {"projectTypeKey": "simulated_type", "style": "simulated"}
        case "confluence-spaces":
            attributes |= {"type": "simulated_type", "status": "simulated"}


def _nearest(word: str, words: Iterable[str]) -> str:
    close = get_close_matches(word, list(words), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


HTML = b"<!doctype html><html><head><title>Log in</title></head><body>Log in to continue</body></html>"

FORBIDDEN_FORMS: dict[str, ForbiddenForm] = {"403-a": "a", "403-b": "b", "403-c": "c", "403-bare": "bare"}


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, body and headers, ready to send."""

    status: int
    content: bytes
    media_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)


def json_answer(status: int, body: Any, headers: dict[str, str] | None = None) -> Answer:
    """An answer with a compact JSON body; an unpaired surrogate in it is sent as an escape."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    content = re.sub("[\ud800-\udfff]", lambda half: json.dumps(half.group())[1:-1], text).encode()
    return Answer(status, content, headers=headers or {})


def fault_answer(fault: Fault, endpoint: Endpoint, path: str, now: datetime) -> Answer | None:
    """The answer that a fault sends instead, None when the fault leaves the content alone."""
    if fault.kind in FORBIDDEN_FORMS:
        return json_answer(403, forbidden(FORBIDDEN_FORMS[fault.kind], path, now))
    if fault.kind.startswith("429-"):
        return _too_many(fault, endpoint, now)
    match fault.kind:
        case "401":
            error = AnswerError(401, "ADMIN-401-1", "Unauthorized")
        case "404":
            error = AnswerError(404, "ADMIN-404-2", "No such organization.")
        case "500":
            error = AnswerError(500, "ADMIN-500-1", "Try again later.")
        case "503":
            return Answer(503, b"<html><body>503 Service Unavailable</body></html>", "text/html")
        case "html":
            return Answer(200, HTML, "text/html; charset=utf-8")
        case "redirect":
            return Answer(302, b"", headers={"Location": f"https://elsewhere.example{path}"})
        case _:
            return None
    return json_answer(error.status, error.body(endpoint.style))


def minute_after(now: datetime, seconds: float) -> str:
    """The first full minute at least `seconds` from now, in the gateway's form: `2021-05-10T11:00Z`."""
    return f"{now.astimezone(UTC) + timedelta(seconds=seconds + 60):%Y-%m-%dT%H:%MZ}"


def _too_many(fault: Fault, endpoint: Endpoint, now: datetime) -> Answer:
    if fault.kind == "429-empty":
        return Answer(429, b"")
    # Rounded up to a whole second, because neither header is more precise.
    until = (now + timedelta(seconds=fault.seconds)).replace(microsecond=0)
    until += timedelta(seconds=1 if until < now + timedelta(seconds=fault.seconds) else 0)
    says = {
        "429-seconds": {"Retry-After": str(round(fault.seconds))},
        "429-date": {"Retry-After": format_datetime(until, usegmt=True)},
        "429-minute": {"Retry-After": minute_after(now, fault.seconds)},
    }.get(fault.kind, {"X-RateLimit-Reset": f"{until:%Y-%m-%dT%H:%M:%SZ}"})
    error = AnswerError(429, "ADMIN-429-1", "Too many API requests")
    body = error.body("directories" if fault.kind == "429-errors" else endpoint.style)
    return json_answer(429, body, {"X-RateLimit-Remaining": "0"} | says)
