"""Error bodies, in all the forms that the admin APIs use.

    ProxyError         {"code": 401, "message": ...}                        the gateway: 401, 429
    ApplicationError   {"id", "status": "404", "code", "title", "detail"}   bare on workspaces, else in {"errors": [..]}
    NoPermsError       {"timestamp", "path", "status": 403, "error", "message", "requestId"}

The sites' own APIs have theirs: Jira {"errorMessages": [...], "errors": {}}, and {"message", "status-code"} for a 401;
Confluence {"errors": [{"status": 400, "code", "title", "detail"}]}, and {"code", "message"} for a 401 and a 429; the
gateway in front of both answers in Jira's form for a site that the token cannot reach.

The texts of ProxyError and of details are made up; codes, titles and the NoPermsError message are the published ones.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Literal, TypeAlias

from contribaudit.simulator.options import ForbiddenForm
from contribaudit.simulator.values import Json

ErrorStyle: TypeAlias = Literal["v1", "workspaces", "directories", "api-access", "jira", "confluence"]
"""v1: `errors` list, gateway form for 401 and 429. workspaces: bare object instead of a list. directories: `errors`
list for 401 and 429 too. api-access: `errors` list with that API's own codes. jira, confluence: the sites' own."""

SITE_STYLES = ("jira", "confluence")

TITLES = {
    "ADMIN-400-1": "Invalid page cursor",
    "ADMIN-400-3": "Invalid time date",
    "ADMIN-400-4": "Invalid resource",
    "ADMIN-400-19": "Invalid request syntax",  # the code is published, its title is not
    "ADMIN-400-24": "Invalid request body",
    "ADMIN-401-1": "Unauthorized",  # made up: no code is published for a 401 in an `errors` list
    "ADMIN-403-3": "Not allowed to manage the org",
    "ADMIN-404-1": "Unknown resource",
    "ADMIN-404-2": "Organization not found",
    "ADMIN-404-5": "Policy not found",
    "ADMIN-404-10": "Group not found",
    "ADMIN-405-1": "Method not supported",
    "ADMIN-429-1": "Rate limit exceeded",
    "ADMIN-500-1": "Internal error",
    "GENERIC_ERROR": "Error",
    "INVALID_API_TOKEN_SEARCH_QUERY": "Invalid search query",
    "INVALID_FIELD_FORMAT": "Invalid field format",
    "INVALID_PAGE_SIZE": "Invalid page size",
    "INVALID_SORT": "Invalid sort",
}


class AnswerError(Exception):
    """The request is to be answered with this status and code; `body` renders it in the endpoint's style."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.status = status
        self.code = code
        self.detail = detail

    def body(self, style: ErrorStyle) -> Json:
        """The JSON body in an endpoint's style."""
        if style in SITE_STYLES:
            return _of_a_site(self, style)
        if self.status in (401, 429) and style != "directories":
            return proxy_error(self.status, self.detail)
        own_codes = style == "api-access" and self.code.startswith("ADMIN-")
        entry = application_error(self.status, "GENERIC_ERROR" if own_codes else self.code, self.detail)
        return entry if style == "workspaces" else {"errors": [entry]}


def _of_a_site(error: AnswerError, style: ErrorStyle) -> Json:
    if style == "confluence" and error.status in (401, 429):
        return proxy_error(error.status, error.detail)
    if style == "confluence" and error.status not in (403, 404):
        entry = {"status": error.status, "code": error.code, "title": error.detail, "detail": None}
        return {"errors": [entry]}
    if error.status == 401:
        return {"message": error.detail, "status-code": 401}
    return {"errorMessages": [error.detail], "errors": {}}


def proxy_error(status: int, message: str) -> Json:
    """The gateway's form; `code` is a number here."""
    return {"code": status, "message": message}


def application_error(status: int, code: str, detail: str) -> Json:
    """The application's form; `status` and `code` are strings here. `id` differs with every occurrence."""
    return {"id": str(uuid.uuid4()), "status": str(status), "code": code, "title": TITLES[code], "detail": detail}


def forbidden(form: ForbiddenForm, path: str, now: datetime, *, code: str = "ADMIN-403-3") -> Json:
    """The body of a 403 in one of its four forms."""
    detail = "The key may not read this, or belongs to another organization."
    match form:
        case "a":
            return {
                "timestamp": now.isoformat(timespec="milliseconds"),
                "path": f"/api{path}",
                "status": 403,
                "error": "Forbidden",
                "message": "User has no permission to access resource.",
                "requestId": str(uuid.uuid4()),
            }
        case "b":
            return {"errors": [application_error(403, code, detail)]}
        case "c":
            return proxy_error(403, "Forbidden")
        case "bare":
            return application_error(403, code, detail)
