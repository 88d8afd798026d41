"""Answers as bytes: the ordinary ones, and those that a fault puts in their place."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

from contribaudit.simulator.endpoint import Endpoint
from contribaudit.simulator.errors import AnswerError, forbidden
from contribaudit.simulator.faults import Fault
from contribaudit.simulator.options import ForbiddenForm

HTML = b"<!doctype html><html><head><title>Log in</title></head><body>Log in to continue</body></html>"

FORBIDDEN_FORMS: dict[str, ForbiddenForm] = {"403-a": "a", "403-b": "b", "403-c": "c", "403-bare": "bare"}


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, body and headers, ready to be sent."""

    status: int
    content: bytes
    media_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)


def json_answer(status: int, body: Any, headers: dict[str, str] | None = None) -> Answer:
    """A JSON answer, compact."""
    content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    return Answer(status, content, headers=headers or {})


def fault_answer(fault: Fault, endpoint: Endpoint, path: str, now: datetime) -> Answer | None:
    """What a fault sends instead, None when it leaves the answer's content alone."""
    if fault.kind in FORBIDDEN_FORMS:
        return json_answer(403, forbidden(FORBIDDEN_FORMS[fault.kind], path, now))
    if fault.kind.startswith("429-"):
        return _too_many(fault, endpoint, now)
    match fault.kind:
        case "401":
            return json_answer(401, AnswerError(401, "ADMIN-401-1", "Unauthorized").body(endpoint.style))
        case "404":
            return json_answer(404, AnswerError(404, "ADMIN-404-2", "No such organization.").body(endpoint.style))
        case "500":
            return json_answer(500, AnswerError(500, "ADMIN-500-1", "Try again later.").body(endpoint.style))
        case "503":
            return Answer(503, b"<html><body>503 Service Unavailable</body></html>", "text/html")
        case "html":
            return Answer(200, HTML, "text/html; charset=utf-8")
        case "redirect":
            return Answer(302, b"", headers={"Location": f"https://elsewhere.example{path}"})
    return None


def _too_many(fault: Fault, endpoint: Endpoint, now: datetime) -> Answer:
    # The next whole second: neither header can say less.
    until = (now + timedelta(seconds=fault.seconds)).replace(microsecond=0)
    until += timedelta(seconds=1 if until < now + timedelta(seconds=fault.seconds) else 0)
    spent = {"X-RateLimit-Remaining": "0"}
    body = AnswerError(429, "ADMIN-429-1", "Too many API requests").body(endpoint.style)
    match fault.kind:
        case "429-seconds":
            return json_answer(429, body, spent | {"Retry-After": str(round(fault.seconds))})
        case "429-date":
            return json_answer(429, body, spent | {"Retry-After": format_datetime(until, usegmt=True)})
        case "429-errors":
            listed = AnswerError(429, "ADMIN-429-1", "Too many API requests").body("directories")
            return json_answer(429, listed, spent | {"X-RateLimit-Reset": f"{until:%Y-%m-%dT%H:%M:%SZ}"})
        case "429-empty":
            return Answer(429, b"")
    return json_answer(429, body, spent | {"X-RateLimit-Reset": f"{until:%Y-%m-%dT%H:%M:%SZ}"})
