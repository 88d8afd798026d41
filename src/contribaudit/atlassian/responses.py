"""What an answer means: a JSON object to work with, or one error per status, whatever form its body has.

Forms of error bodies (https://developer.atlassian.com/cloud/admin/organization/rest/): `{code, message}`,
`{timestamp, path, status, error, message, requestId}`, `{errors: [{id, status, code, title, detail}]}`, such an entry
alone, nothing, a gateway's web page, other text.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import httpx

from contribaudit.atlassian.calls import GET_ORGANIZATION, LIST_EVENT_ACTIONS, STREAM_EVENTS, Call, Paging
from contribaudit.atlassian.json_text import NotRead, read_json
from contribaudit.core.model.redaction import Redaction
from contribaudit.errors import (
    AccessDenied,
    AdminApiError,
    CursorRefused,
    KeyRefused,
    NotFound,
    OrganizationNotFound,
    RateLimited,
    ServerFailed,
    TimedOut,
    UnexpectedAnswer,
)

_GUARD = "The audit log also needs Atlassian Guard or an Enterprise plan"
_PROXY = "A proxy or a login page on the way may have sent it: check HTTPS_PROXY and api_url"
_REPORT = "Try again; if it stays, the API has changed: report it"


@dataclass(frozen=True, slots=True)
class Quote:
    """Makes text of an answer fit to be shown: printable, on one line, at most `limit` characters, without secrets."""

    redaction: Redaction
    limit: int = 200

    def __call__(self, text: object) -> str:
        told = self.redaction.text(str(text)[: 50 * self.limit])
        printable = "".join(char if char.isprintable() else " " for char in told)
        line = " ".join(printable.split())
        return line if len(line) <= self.limit else f"{line[: self.limit - 1]}…"


MOST_ENTRIES = 50_000
"""On one page; 1000 is the most that is asked for."""


def parse(call: Call, body: bytes, quote: Quote) -> dict[str, Any]:
    """The JSON object of a good answer, its text as it came, half surrogate pairs included.

    Raises UnexpectedAnswer for a web page, broken JSON or another JSON value, and for numbers and nesting that
    nothing could hold.
    """
    try:
        document = read_json(body)
        twice = _repeated_key(body)
    except NotRead as error:
        if _is_web_page(body):
            what, hint = "answered with a web page instead of JSON", _PROXY
        elif not body.strip():
            what, hint = "answered with nothing", f"A proxy may have cut it. {_REPORT}"
        else:
            what, hint = f"answered with {error}", f"A proxy may have cut it. {_REPORT}"
        # Raised outside of this block, so that the parser's error, which quotes the body, is not attached.
    else:
        if twice is not None:
            what = f"answered with the key `{quote(twice)}` twice in one object, so its value is not known"
            raise UnexpectedAnswer(f"{call.title} {what}", call=call.title, hint=_REPORT)
        if isinstance(document, dict):
            return document
        what, hint = f"answered with a JSON {_json_type(document)} instead of an object", _REPORT
    raise UnexpectedAnswer(f"{call.title} {what}", call=call.title, hint=hint)


class _Repeated(ValueError):
    """A key that one object has twice."""


def _repeated_key(body: bytes) -> str | None:
    """A key that one object of the JSON text has twice, None where there is none.

    Parsers take one of the two values and do not tell. The text has been parsed before: only this is new.
    """

    def look(pairs: list[tuple[str, Any]]) -> None:
        if len({key for key, _ in pairs}) < len(pairs):
            keys = [key for key, _ in pairs]
            raise _Repeated(next(key for key in keys if keys.count(key) > 1))

    try:
        # Numbers stay text: what they are has been judged, and long ones take long.
        json.loads(body, object_pairs_hook=look, parse_int=str, parse_float=str)
    except _Repeated as found:
        return str(found)
    except ValueError:
        return None  # what this parser alone does not take
    return None


def entries(call: Call, document: dict[str, Any], quote: Quote) -> tuple[dict[str, Any], ...]:
    """The objects of `data`, or what the call names it. Raises UnexpectedAnswer unless it is a list of objects."""
    name = call.entries
    data = document.get(name)
    if not isinstance(data, list):
        what = f"has a `{name}` that is not a list" if name in document else f"has no `{name}`"
        said = _said(document, quote).text
        what = f'{what}, but says "{said}"' if said else what
    elif len(data) > MOST_ENTRIES:
        what = f"has {len(data)} entries on one page; at most {MOST_ENTRIES} are read"
    elif all(isinstance(entry, dict) for entry in data):
        return tuple(data)
    else:
        odd = next(entry for entry in data if not isinstance(entry, dict))
        what = f"has a JSON {_json_type(odd)} among the objects of `{name}`"
    raise UnexpectedAnswer(f"{call.title} {what}", call=call.title, hint=_REPORT)


Refusal: TypeAlias = Callable[[Call, httpx.Response, Quote, float | None], AdminApiError]
"""Makes the error of an answer whose status is not 2xx, as `refusal` does."""


def refusal(call: Call, response: httpx.Response, quote: Quote, asked_seconds: float | None) -> AdminApiError:
    """The error of an answer whose status is not 2xx; `asked_seconds` is the wait that it asks for, if any."""
    status, title = response.status_code, call.title
    if 300 <= status < 400:
        return redirected(call, response, quote, "The key goes to api_url's host only: check api_url and any proxy")
    said = _said(_json(response.content), quote)
    what, proxy = told(call, response, quote)
    guard = f". {_GUARD}" if call in (LIST_EVENT_ACTIONS, STREAM_EVENTS) else ""
    match status:
        case _ if status < 300:
            return UnexpectedAnswer(f"{what}, which is no whole answer", call=title, hint=_REPORT + proxy)
        case 400 if call.paging is Paging.STREAM:
            return CursorRefused(what, call=title, hint="The log is read again from the end of the last reading")
        case 401:
            hint = (
                "The key is wrong, expired or revoked; a key lives at most a year. Create one at admin.atlassian.com, "
                "Organization settings, API keys, and save it with `contribaudit login`"
            )
            return KeyRefused(f"Atlassian refused the API key: {what}", call=title, hint=hint + guard + proxy)
        case 403:
            needed = f"; it needs the scope {call.scope}" if call.scope else ""
            hint = "Give the key that scope" if call.scope else "Check what the key may do"
            hint += ", or check that it belongs to this organization and not to another one"
            return AccessDenied(what + needed, call=title, hint=hint + guard + proxy, missing_scope=call.scope or None)
        case 404 if said.code == "ADMIN-404-2" or call == GET_ORGANIZATION:
            hint = "Check the organization ID (Atlassian shows it beside a new API key) and that the key"
            return OrganizationNotFound(
                f"Atlassian knows no such organization: {what}",
                call=title,
                hint=f"{hint} belongs to that organization{proxy}",
            )
        case 404:
            return NotFound(what, call=title, hint=f"Check api_url; otherwise the API has changed: report it{proxy}")
        case 408:
            return TimedOut(what, call=title, hint="Try again")
        case 429:
            asked = f"Atlassian asks to wait {asked_seconds:.0f} s" if asked_seconds else "Wait some minutes"
            return RateLimited(
                f"Atlassian's rate limit stopped it: {what}",
                call=title,
                hint=f"{asked}, then run it again; another tool may be using the same limit",
                wait_seconds=asked_seconds,
            )
        case _ if status >= 500:
            asked = f"Atlassian asks to wait {asked_seconds:.0f} s. " if asked_seconds else ""
            hint = f"{asked}Try again later; https://status.atlassian.com tells of outages"
            return ServerFailed(what, call=title, hint=hint + proxy)
        case _:
            return UnexpectedAnswer(what, call=title, hint=proxy.removeprefix(". ") or _REPORT)


def told(call: Call, response: httpx.Response, quote: Quote) -> tuple[str, str]:
    """What a refusal says, with its status, and what else to check when it is a web page ("" when it is none)."""
    web_page = _is_web_page(response.content)
    said = _said(_json(response.content), quote)
    what = f"{call.title} answered {response.status_code}{' with a web page instead of JSON' if web_page else ''}{said}"
    return what, f". {_PROXY}" if web_page else ""


def redirected(call: Call, response: httpx.Response, quote: Quote, hint: str) -> UnexpectedAnswer:
    """The error of a redirect, none of which is followed."""
    target = _redirect_target(response.headers.get("Location", ""), response.request.url.host, quote)
    what = f"{call.title} was redirected ({response.status_code}) to {target}, which was not followed"
    return UnexpectedAnswer(what, call=call.title, hint=hint)


@dataclass(frozen=True, slots=True)
class _Said:
    """The API's own code ("ADMIN-404-2", "" where it gives none) and words."""

    code: str = ""
    text: str = ""

    def __str__(self) -> str:
        told = " ".join(part for part in (self.code, f'"{self.text}"' if self.text else "") if part)
        return f", {told}" if told else ""


def _said(document: object, quote: Callable[[object], str]) -> _Said:
    if not isinstance(document, dict):
        return _Said()
    errors = document.get("errors")
    if isinstance(errors, list) and errors and isinstance(errors[0], dict):
        document = errors[0]
    words = [document.get(name) for name in ("title", "detail", "message")]
    several = document.get("errorMessages")  # Jira's
    words += several if isinstance(several, list) else []
    text = ": ".join(dict.fromkeys(word for word in words if isinstance(word, str) and word.strip()))
    code = document.get("code")
    return _Said(quote(code) if isinstance(code, str) else "", quote(text))


def _json(body: bytes) -> object:
    try:
        return read_json(body)
    except NotRead:
        return None


def _is_web_page(body: bytes) -> bool:
    return body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<"


def _json_type(value: object) -> str:
    return {list: "list", str: "text", bool: "boolean", type(None): "null"}.get(type(value), "number")


def _redirect_target(location: str, host: str, quote: Callable[[object], str]) -> str:
    # The host alone: a redirect's query may hold a session.
    if not location:
        return "nowhere"
    try:
        return quote(urlsplit(location).hostname or f"another path of {host}")
    except ValueError:
        return "an unreadable address"
