"""What an answer means: a JSON object, or an error for each status and each reason why no answer came.

Error bodies of the admin API (https://developer.atlassian.com/cloud/admin/organization/rest/): `{code, message}`,
`{timestamp, path, status, error, message, requestId}`, `{errors: [{id, status, code, title, detail}]}`, such an entry
alone, nothing, a gateway's web page, other text. Error bodies of a site: `{code, message}` from the gateway,
`{errorMessages, errors}` from Jira, `{errors: [{status, code, title}]}` from Confluence. When no answer came, the
exception's class shows the cause; its text is never used.
"""

from __future__ import annotations

import json
import os
import re
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar
from urllib.parse import urlsplit
from urllib.request import getproxies_environment, proxy_bypass

import httpx

from contribaudit.atlassian.body import NotRead, read_json
from contribaudit.atlassian.calls import GET_ORGANIZATION, LIST_EVENT_ACTIONS, STREAM_EVENTS, Call, Paging
from contribaudit.core.model.hosts import is_loopback
from contribaudit.core.model.redaction import Redaction
from contribaudit.errors import (
    AccessDenied,
    AdminApiError,
    AdminApiUnreachable,
    ConnectionRefused,
    CursorRefused,
    KeyRefused,
    NameNotResolved,
    NotFound,
    OrganizationNotFound,
    RateLimited,
    ServerFailed,
    TimedOut,
    TlsFailed,
    TokenRefused,
    UnexpectedAnswer,
)

_GUARD = "The audit log also needs Atlassian Guard or an Enterprise plan"
KEEP_KEY = ", and save it with `contribaudit login`"
KEEP_TOKEN = ", and save it with `contribaudit login --site`"  # noqa: S105
"""What to do with a new credential; omitted when the command asks for it right away."""
_PROXY = "A proxy or a login page may have sent it: check HTTPS_PROXY and api_url"
_CLIENT = "; a gateway that asks for a client certificate wants client_certificate in [network]"
_REPORT = "Try again; if it happens again, the API has changed: report it"


@dataclass(frozen=True, slots=True)
class Quote:
    """Makes text from an answer fit for display: printable, one line, at most `limit` characters, without secrets."""

    redaction: Redaction
    limit: int = 200

    def __call__(self, text: object) -> str:
        redacted = self.redaction.text(str(text)[: 50 * self.limit])
        printable = "".join(char if char.isprintable() else " " for char in redacted)
        line = " ".join(printable.split())
        return line if len(line) <= self.limit else f"{line[: self.limit - 1]}…"


MOST_ENTRIES = 50_000
"""Most entries on one page; at most 1000 are requested."""


def parse(call: Call, body: bytes, quote: Quote) -> dict[str, Any]:
    """The JSON object of a good answer, its text unchanged, including unpaired surrogates.

    Raises UnexpectedAnswer for a web page, broken JSON or another JSON value, and for numbers and nesting too large to
    process.
    """
    try:
        document = read_json(body)
        twice = _repeated_key(body)
    except NotRead as error:
        if _is_web_page(body):
            what, hint = "answered with a web page instead of JSON", _PROXY
        elif not body.strip():
            what, hint = "answered with an empty body", f"A proxy may have truncated it. {_REPORT}"
        else:
            what, hint = f"answered with {error}", f"A proxy may have truncated it. {_REPORT}"
        # Raised outside this block, so that the parser's error, which quotes the body, is not attached.
    else:
        if twice is not None:
            what = f"answered with the key `{quote(twice)}` twice in one object, so its value is not known"
            raise UnexpectedAnswer(f"{call.title} {what}", call=call.title, hint=_REPORT)
        if isinstance(document, dict):
            return document
        what, hint = f"answered with a JSON {_json_type(document)} instead of an object", _REPORT
    raise UnexpectedAnswer(f"{call.title} {what}", call=call.title, hint=hint)


class _RepeatedKey(ValueError):
    """One object has the same key twice."""


def _repeated_key(body: bytes) -> str | None:
    """A key that one object of the JSON text has twice, None when there is none.

    Parsers silently take one of the two values. The text is already known to be valid, so only this is checked.
    """

    def look(pairs: list[tuple[str, Any]]) -> None:
        if len({key for key, _ in pairs}) < len(pairs):
            keys = [key for key, _ in pairs]
            raise _RepeatedKey(next(key for key in keys if keys.count(key) > 1))

    try:
        # Numbers stay text: they have been checked before, and parsing long ones is slow.
        json.loads(body, object_pairs_hook=look, parse_int=str, parse_float=str)
    except _RepeatedKey as found:
        return str(found)
    except ValueError:
        return None  # only this parser refuses it
    return None


def entries(call: Call, document: dict[str, Any], quote: Quote) -> tuple[dict[str, Any], ...]:
    """The objects under `data` or the call's own key. Raises UnexpectedAnswer unless it is a list of objects."""
    name = call.entries
    data = document.get(name)
    if not isinstance(data, list):
        what = f"has a `{name}` that is not a list" if name in document else f"has no `{name}`"
        message = _error_text(document, quote).text
        what = f'{what}, but says "{message}"' if message else what
    elif len(data) > MOST_ENTRIES:
        what = f"has {len(data)} entries on one page; at most {MOST_ENTRIES} are read"
    elif all(isinstance(entry, dict) for entry in data):
        return tuple(data)
    else:
        stray = next(entry for entry in data if not isinstance(entry, dict))
        what = f"has a JSON {_json_type(stray)} among the objects of `{name}`"
    raise UnexpectedAnswer(f"{call.title} {what}", call=call.title, hint=_REPORT)


Refusal: TypeAlias = Callable[[Call, httpx.Response, Quote, float | None], AdminApiError]
"""Makes the error for an answer whose status is not 2xx, as `refusal` does."""


def refusal(call: Call, response: httpx.Response, quote: Quote, asked_seconds: float | None) -> AdminApiError:
    """The error for an answer whose status is not 2xx; `asked_seconds` is the wait that it asks for, if any."""
    status, title = response.status_code, call.title
    if 300 <= status < 400:
        return redirected(
            call, response, quote, "The key is sent only to the host of api_url: check api_url and any proxy"
        )
    text = _error_text(json_in(response.content), quote)
    what, proxy = refusal_words(call, response, quote)
    guard = f". {_GUARD}" if call in (LIST_EVENT_ACTIONS, STREAM_EVENTS) else ""
    match status:
        case _ if status < 300:
            return UnexpectedAnswer(f"{what}, which is not a complete answer", call=title, hint=_REPORT + proxy)
        case 400 if call.paging is Paging.STREAM:
            return CursorRefused(what, call=title, hint="The log is read again from the end of the last reading")
        case 401:
            hint = (
                "The key is wrong, expired or revoked; a key is valid for at most a year. Create one at "
                f"admin.atlassian.com, Organization settings, API keys{KEEP_KEY}"
            )
            return KeyRefused(f"Atlassian refused the API key: {what}", call=title, hint=hint + guard + proxy)
        case 403:
            needed = f"; it needs the scope {call.scope}" if call.scope else ""
            hint = "Give the key that scope" if call.scope else "Check the scopes of the key"
            hint += ", or check that it belongs to this organization"
            return AccessDenied(what + needed, call=title, hint=hint + guard + proxy, missing_scope=call.scope or None)
        case 404 if text.code == "ADMIN-404-2" or call == GET_ORGANIZATION:
            hint = "Check the organization ID (Atlassian shows it beside a new API key) and that the key"
            return OrganizationNotFound(
                f"Atlassian does not know this organization: {what}",
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
                f"Stopped by Atlassian's rate limit: {what}",
                call=title,
                hint=f"{asked}, then run it again; another tool may be using the same limit",
                wait_seconds=asked_seconds,
            )
        case _ if status >= 500:
            asked = f"Atlassian asks to wait {asked_seconds:.0f} s. " if asked_seconds else ""
            hint = f"{asked}Try again later; see https://status.atlassian.com for outages"
            return ServerFailed(what, call=title, hint=hint + proxy)
        case _:
            return UnexpectedAnswer(what, call=title, hint=proxy.removeprefix(". ") or _REPORT)


def refusal_words(call: Call, response: httpx.Response, quote: Quote) -> tuple[str, str]:
    """What a refusal says, with its status, and what else to check for a web page ("" otherwise)."""
    web_page = _is_web_page(response.content)
    text = _error_text(json_in(response.content), quote)
    what = f"{call.title} answered {response.status_code}{' with a web page instead of JSON' if web_page else ''}{text}"
    return what, f". {_PROXY}" if web_page else ""


def redirected(call: Call, response: httpx.Response, quote: Quote, hint: str) -> UnexpectedAnswer:
    """The error for a redirect; none is followed."""
    target = _redirect_target(response.headers.get("Location", ""), response.request.url.host, quote)
    what = f"{call.title} was redirected ({response.status_code}) to {target}, which was not followed"
    return UnexpectedAnswer(what, call=call.title, hint=hint)


@dataclass(frozen=True, slots=True)
class _ErrorText:
    """The API's own code ("ADMIN-404-2", "" without one) and message."""

    code: str = ""
    text: str = ""

    def __str__(self) -> str:
        words = " ".join(part for part in (self.code, f'"{self.text}"' if self.text else "") if part)
        return f", {words}" if words else ""


def _error_text(document: object, quote: Callable[[object], str]) -> _ErrorText:
    if not isinstance(document, dict):
        return _ErrorText()
    errors = document.get("errors")
    if isinstance(errors, list) and errors and isinstance(errors[0], dict):
        document = errors[0]
    words = [document.get(name) for name in ("title", "detail", "message")]
    several = document.get("errorMessages")  # Jira's
    words += several if isinstance(several, list) else []
    text = ": ".join(dict.fromkeys(word for word in words if isinstance(word, str) and word.strip()))
    code = document.get("code")
    return _ErrorText(quote(code) if isinstance(code, str) else "", quote(text))


def json_in(body: bytes) -> object:
    """The value of a JSON text, None for any other text."""
    try:
        return read_json(body)
    except NotRead:
        return None


def _is_web_page(body: bytes) -> bool:
    return body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<"


def _json_type(value: object) -> str:
    return {list: "list", str: "text", bool: "boolean", type(None): "null"}.get(type(value), "number")


def _redirect_target(location: str, host: str, quote: Callable[[object], str]) -> str:
    # Only the host, because a redirect's query may hold a session.
    if not location:
        return "nowhere"
    try:
        return quote(urlsplit(location).hostname or f"another path of {host}")
    except ValueError:
        return "an unreadable address"


E = TypeVar("E", bound=BaseException)


def no_answer(
    error: BaseException, *, call: str, url: httpx.URL, handled: BaseException | None = None
) -> AdminApiError:
    """The error for people behind `error`, which httpx or the operating system raised. It does not refer to `error`.

    `handled` is the exception being handled when the request began: Python links it to `error`, but it is not the
    cause.
    """
    host = url.host
    causes = list(_causes(error, handled))
    unconnected = _never_connected(error, causes, call, url)
    if unconnected is not None:
        return unconnected
    if isinstance(error, httpx.TimeoutException) or _first_of_kind(causes, TimeoutError):
        what = "accept a connection" if isinstance(error, httpx.ConnectTimeout) else "answer"
        return TimedOut(
            f"{host} did not {what} in time", call=call, hint="Check the network and any proxy, then try again"
        )
    if isinstance(error, httpx.ProxyError):
        status = re.match(r"[1-5][0-9]{2}\b", str(error))  # the rest is the proxy's own text
        return AdminApiUnreachable(
            f"The proxy refused the request to {host}" + (f" ({status[0]})" if status else ""),
            call=call,
            hint=f"Check {proxy_variable(url) or 'HTTPS_PROXY'} and the proxy's user name and password",
        )
    if _first_of_kind(causes, ConnectionRefusedError):
        return ConnectionRefused(
            f"{host}:{url.port or {'https': 443}.get(url.scheme, 80)} refused the connection",
            call=call,
            hint="A firewall or proxy refuses the connection, or nothing is listening there: check api_url",
        )
    if isinstance(error, httpx.DecodingError):
        return UnexpectedAnswer(
            f"{call} answered with a body that cannot be decompressed",
            call=call,
            hint="A proxy may have changed it; try again without the proxy",
        )
    if isinstance(error, httpx.RemoteProtocolError):
        return AdminApiUnreachable(
            f"{host} closed the connection early or did not answer in HTTP",
            call=call,
            hint=f"A proxy may have changed it: check HTTPS_PROXY and api_url, then try again{_CLIENT}",
        )
    return AdminApiUnreachable(
        f"The connection to {host} was lost ({type(error).__name__})",
        call=call,
        hint=f"Check the network and any proxy, then try again{_CLIENT}",
    )


def _never_connected(
    error: BaseException, causes: list[BaseException], call: str, url: httpx.URL
) -> AdminApiUnreachable | None:
    """Why no connection was made: the proxy, the host's address or the encryption; None for another reason."""
    host = url.host
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout) and (proxy := proxy_variable(url)):
        problem = _proxy_unreached(error, causes)
        if problem:
            return AdminApiUnreachable(
                f"The proxy in {proxy} {problem}", call=call, hint=f"Check {proxy}, or name {host} in NO_PROXY"
            )
    if _first_of_kind(causes, socket.gaierror):
        return NameNotResolved(
            f"No address was found for {host}",
            call=call,
            hint="Check the network connection and DNS; behind a corporate proxy set HTTPS_PROXY",
        )
    if tls := _first_of_kind(causes, ssl.SSLError):
        reason = _tls_reason(tls)
        if "certificate required" in reason or "alert" in reason:
            return TlsFailed(
                f"{host} refused the secure connection: {reason}",
                call=call,
                hint=f"Check the certificates{_CLIENT}",
            )
        if isinstance(error, httpx.ConnectError):
            return TlsFailed(
                f"No secure connection to {host}: {reason}",
                call=call,
                hint="The usual cause is a corporate proxy with its own certificate authority: "
                "set SSL_CERT_FILE to its certificate file, or ca_file in [network]",
            )
    return None


def proxy_variable(url: httpx.URL) -> str:
    """The environment variable of the proxy for this address, as the environment spells it; "" without one."""
    proxies = getproxies_environment()
    scheme = next((one for one in (url.scheme, "all") if proxies.get(one)), "")
    if not scheme or is_loopback(url.host) or proxy_bypass(url.host):
        return ""
    return variable_of(scheme)


def variable_of(scheme: str) -> str:
    """The variable of a proxy, or of NO_PROXY ("no"), as the environment spells it; lower case takes precedence."""
    name = f"{scheme}_proxy"
    return next((one for one in os.environ if one == name), None) or next(
        (one for one in os.environ if one.lower() == name), name.upper()
    )


def _proxy_unreached(error: BaseException, causes: list[BaseException]) -> str:
    """Why the proxy could not be reached; "" when it could."""
    if _first_of_kind(causes, socket.gaierror):
        return "cannot be reached: no address was found for it"
    if _first_of_kind(causes, ConnectionRefusedError):
        return "cannot be reached: it refused the connection"
    return "did not accept a connection in time" if isinstance(error, httpx.ConnectTimeout) else ""


def _causes(error: BaseException | None, end: BaseException | None) -> Iterator[BaseException]:
    """The error, its causes and the members of groups: anyio groups the failures of several addresses."""
    if error is None or error is end:
        return
    yield error
    if isinstance(error, BaseExceptionGroup):
        for member in error.exceptions:
            yield from _causes(member, end)
    # __context__ even where it is suppressed: httpcore's pool raises its errors "from None".
    yield from _causes(error.__cause__ or error.__context__, end)


def _first_of_kind(causes: list[BaseException], kind: type[E]) -> E | None:
    return next((cause for cause in causes if isinstance(cause, kind)), None)


def _tls_reason(error: ssl.SSLError) -> str:
    reason = getattr(error, "verify_message", None) or getattr(error, "reason", None) or "the handshake failed"
    return str(reason).lower().replace("_", " ")


TOKENS = "https://id.atlassian.com/manage-profile/security/api-tokens"
"""Address of the page on which a person creates an API token."""


def site_refusal(call: Call, response: httpx.Response, quote: Quote, asked_seconds: float | None) -> AdminApiError:
    """The error for a site's answer whose status is not 2xx; `asked_seconds` is the wait that it asks for, if any."""
    what, proxy = refusal_words(call, response, quote)
    match response.status_code:
        case 401:
            owner = "does not belong to the account in `email`"
            why = f"{owner}, or lacks the scope {call.scope}" if call.scope else f"or {owner}"
            hint = f"The token is wrong, expired or revoked, {why}. Create one at {TOKENS}{KEEP_TOKEN}{proxy}"
            return TokenRefused(f"The site refused the API token: {what}", call=call.title, hint=hint)
        case 403:
            needed = f"; it needs the scope {call.scope}" if call.scope else ""
            hint = "Give the token that scope, and its" if call.scope else "Give the token's"
            hint += " account access to the site"
            return AccessDenied(what + needed, call=call.title, hint=hint + proxy, missing_scope=call.scope or None)
        case 404:
            hint = f"The site may no longer have this app, or the token's account has no access to it{proxy}"
            return NotFound(what, call=call.title, hint=hint)
        case status if 300 <= status < 400:
            hint = "A token is sent only to the configured addresses: check api_url, `direct` and any proxy"
            return redirected(call, response, quote, hint)
    return refusal(call, response, quote, asked_seconds)
