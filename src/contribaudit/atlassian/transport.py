"""The life of one request: built, held back by the limiter, sent, recorded in the ledger, judged, and tried again.

The ledger has a line for each request, never a header and never the key.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TypeAlias
from urllib.parse import quote, urlencode

import httpx

from contribaudit import __version__
from contribaudit.atlassian import calls, responses
from contribaudit.atlassian.body import ACCEPTED, LONGEST_BODY, TooLong, read_body
from contribaudit.atlassian.calls import Call
from contribaudit.atlassian.credential import Credential, checked_origin
from contribaudit.atlassian.envelope import Answer, why_incomplete
from contribaudit.atlassian.paging import Request
from contribaudit.atlassian.responses import no_answer
from contribaudit.atlassian.waits import (
    LONGEST_WAIT_SECONDS,
    Failure,
    Limiter,
    asked_seconds,
    moment,
    seconds_until,
    with_retries,
)
from contribaudit.core.model.redaction import Redaction
from contribaudit.core.model.snapshot import LedgerEntry
from contribaudit.errors import (
    AdminApiError,
    ConfigurationError,
    CredentialError,
    RateLimited,
    TimedOut,
    UnexpectedAnswer,
)
from contribaudit.progress import SILENT, Progress


@dataclass(slots=True)
class Ledger:
    """A record of every request of one client.

    `clock_skew_seconds` is the API's `Date` header minus our clock, from the last answer that had one (whole seconds at
    best, since `Date` is no more precise); None before that. Positive: our clock is behind.
    """

    clock_skew_seconds: float | None = None
    first_skew_seconds: float | None = None
    """The same from the first answer with status 200; answers of one client that differ much are not equally new."""
    _entries: list[LedgerEntry] = field(default_factory=list)
    _counts: Counter[str] = field(default_factory=Counter)

    @property
    def entries(self) -> tuple[LedgerEntry, ...]:
        return tuple(self._entries)

    def append(self, entry: LedgerEntry) -> None:
        self._entries.append(entry)
        self._counts[entry.call] += 1

    def count(self, call_name: str) -> int:
        """The number of requests sent for that call, including retries and cancelled requests."""
        return self._counts[call_name]


IN_FLIGHT = 10
"""Most requests in flight; httpx serves fewer requests per second with more connections."""

_LONGEST_ID = 300
_LOCATION = "contribaudit.location"
_OF_THE_WIRE = frozenset((b"content-encoding", b"content-length", b"transfer-encoding", b"set-cookie"))

OLDEST_COPY_SECONDS = 60
"""Greatest `Age` of an answer from a cache, because it must describe the present."""
ANSWERS_APART_SECONDS = 300
"""Greatest difference between the `Date` of two answers, beyond the time between them: slow answers are not old."""
ANSWER_SECONDS = 120.0
"""Time limit for one whole request, because httpx's read timeout restarts with every byte."""


def utc_now() -> datetime:
    """The current time, aware UTC."""
    return datetime.now(UTC)


def check_allowed(call: Call, allowed: tuple[Call, ...] = calls.ALL) -> None:
    """Raise ValueError for anything but the allowed reads, which would be a programming error."""
    if call not in allowed:
        raise ValueError(f"{call.title} is not among the calls that this tool may send")


LimitInOk: TypeAlias = Callable[[Call, httpx.Response, responses.Quote], AdminApiError | None]


@dataclass(frozen=True, slots=True)
class Wire:
    """The way to an API: the HTTP client and the base address, and how a client waits and reports."""

    http: httpx.AsyncClient
    api_url: str
    progress: Progress = SILENT
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    clock: Callable[[], datetime] = utc_now


class Sender:
    """Sends allowed calls to one origin with one credential; `quote` makes text from answers fit for display.

    `refusal` makes the error for an answer that is not 2xx. `limit_in_ok` finds a rate limit in an answer with status
    200, which is then waited for like any other. `direct` says that the origin is a site's own host, where paths begin
    after `{cloudId}`. Several senders may share `ledger` and `slots`, which limits the requests in flight.
    """

    def __init__(
        self,
        wire: Wire,
        *,
        organization: str,
        credential: Credential,
        allowed: tuple[Call, ...] = calls.ALL,
        refusal: responses.Refusal = responses.refusal,
        limit_in_ok: LimitInOk = lambda *_: None,
        direct: bool = False,
        ledger: Ledger | None = None,
        slots: asyncio.Semaphore | None = None,
    ) -> None:
        if not re.fullmatch(r"[A-Za-z0-9_-]*", organization):
            hint = "It consists of letters, digits and dashes; Atlassian shows it beside a new API key"
            raise ConfigurationError("The organization ID contains invalid characters", hint=hint)
        what = "token" if allowed == calls.ON_SITES else "key"
        # Otherwise httpx or h11 would quote the key in its own error.
        if not re.fullmatch(r"[!-~]+", credential.secret.get_secret_value()):
            hint = f"Copy it again, without spaces or line breaks{responses.KEEP_KEY}"
            raise CredentialError(f"The API {what} is empty or contains invalid characters", hint=hint)
        self.ledger = Ledger() if ledger is None else ledger
        self.redaction = Redaction(secret.get_secret_value() for secret in credential.secrets)
        self.quote = responses.Quote(self.redaction)
        self.origin = checked_origin(wire.api_url)
        self._organization = organization
        self._http = wire.http
        self._http.event_hooks = {"response": [_set_location_aside]}
        self._credential = credential
        self._allowed = allowed
        self._refusal = refusal
        self._limit_in_ok = limit_in_ok
        self._direct = direct
        self._shown_origin = f"https://{self.origin.host}" if direct else ""
        self._progress = wire.progress
        self._clock = wire.clock
        self._sent: Counter[str] = Counter()
        self._limiter = Limiter(clock=wire.clock, sleep=wire.sleep)
        self._slots = asyncio.Semaphore(IN_FLIGHT) if slots is None else slots
        # They log URLs at INFO and answer headers at DEBUG; the ledger is the record of requests.
        for name in ("httpx", "httpcore"):
            logging.getLogger(name).setLevel(logging.WARNING)

    def sent(self, call: Call, request: Request) -> int:
        """The number of requests sent in this request's lane: the site's for a site, else the call's."""
        return self._sent[self._lane(call, request)]

    async def answer(self, call: Call, request: Request) -> Answer:
        """The JSON object that the API answers, after as many tries as allowed. Raises AdminApiError."""
        check_allowed(call, self._allowed)
        lane = self._lane(call, request)

        def before_wait(error: AdminApiError, seconds: float) -> None:
            if isinstance(error, RateLimited):
                self._limiter.pause(lane, seconds)
            self._progress.waiting(call.title, seconds, error.message)

        attempt = partial(self._attempt, call, request)
        response = await with_retries(attempt, sleep=self._limiter.sleep, before_wait=before_wait)
        body = response.content
        document = responses.parse(call, body, self.quote)
        # Everything that is kept or shown of an answer comes from here.
        return Answer(self.redaction.value(document) if self.redaction.hides(body) else document, response.headers)

    async def _attempt(self, call: Call, request: Request, waited: float) -> httpx.Response | Failure:
        lane = self._lane(call, request)
        waited += await self._limiter.turn(lane, call.per_minute, partial(self._progress.waiting, call.title))
        outgoing = self._build(call, request)
        result: httpx.Response | Failure | None = None
        handled = sys.exception()
        async with self._slots:
            at, started = self._clock(), time.perf_counter()
            try:
                result = await self._send_within_limits(call, outgoing)
            except (httpx.HTTPError, OSError) as error:
                result = Failure(no_answer(error, call=call.title, url=self.origin, handled=handled))
            except ValueError:
                result = Failure(_unexpected(call, "headers that cannot be read"))
            finally:
                # A cancelled request is recorded too: it may have reached the API.
                answer = result if isinstance(result, httpx.Response) else None
                self._record(call, request, answer, at, time.perf_counter() - started, waited)
        return result if isinstance(result, Failure) else self._judge(call, lane, result)

    async def _send_within_limits(self, call: Call, outgoing: httpx.Request) -> httpx.Response | Failure:
        """The complete answer, detached from its connection, or the limit that it exceeded."""
        deadline = asyncio.timeout(ANSWER_SECONDS)
        try:
            async with deadline:
                answer = await self._http.send(outgoing, auth=None, follow_redirects=False, stream=True)
                try:
                    body = await read_body(answer)
                finally:
                    await answer.aclose()
        except TooLong:
            return Failure(_unexpected(call, f"more than {LONGEST_BODY >> 20} MiB, which is over the limit"))
        except TimeoutError:
            if not deadline.expired():
                raise
            what = f"{call.title}: the answer was not complete after {ANSWER_SECONDS:g} s"
            hint = "The network or a proxy is too slow; check both, then try again"
            return Failure(TimedOut(what, call=call.title, hint=hint), heals=False)
        headers = [(name, value) for name, value in answer.headers.raw if name.lower() not in _OF_THE_WIRE]
        headers += answer.extensions.get(_LOCATION, [])
        return httpx.Response(answer.status_code, headers=headers, content=body, request=outgoing)

    def _build(self, call: Call, request: Request) -> httpx.Request:
        return self._http.build_request(
            call.method,
            f"{str(self.origin).rstrip('/')}{self._path(call, request)}",
            params=request.query or None,
            json=request.body,
            headers={
                "Authorization": self._credential.header,
                "Accept": "application/json",
                "Accept-Encoding": ACCEPTED,
                "Cache-Control": "no-cache",
                "User-Agent": f"contribaudit/{__version__}",
            },
        )

    def _path(self, call: Call, request: Request) -> str:
        """The call's path, filled in and percent-encoded, so that a value from an answer cannot lead elsewhere."""
        if "{orgId}" in call.path and not self._organization:
            raise ValueError(f"{call.title} needs an organization")
        parts = {"orgId": self._organization, **dict(request.where)}
        if unnamed := set(re.findall(r"{(\w+)}", call.path)) - parts.keys():
            raise ValueError(f"{call.title} needs {', '.join(sorted(unnamed))}")
        for name, value in request.where:
            # A proxy that normalizes paths would turn dots into a different path.
            if not value.strip(".") or len(value) > _LONGEST_ID or not value.isprintable():
                what = f"{call.title}: an answer contained an invalid {name}"
                raise UnexpectedAnswer(what, call=call.title, hint="Try again; if it happens again, report it")
        path = call.path
        if self._direct:
            path = call.direct_path or path.partition(f"{{{calls.SITE}}}")[2]
        return re.sub(r"{(\w+)}", lambda match: quote(parts[match[1]], safe=""), path)

    def _lane(self, call: Call, request: Request) -> str:
        """The lane of a request, whose requests wait together: the call, for a site also the site."""
        return self._path(call, request) if calls.SITE in dict(request.where) else call.path

    def _judge(self, call: Call, lane: str, response: httpx.Response) -> httpx.Response | Failure:
        now = self._clock()
        if response.status_code == httpx.codes.OK:
            limit = self._limit_in_ok(call, response, self.quote)
            if limit is not None:
                return Failure(limit, asked_seconds(response.headers, now))
            for age in map(str.strip, response.headers.get("Age", "").split(",")):
                if age.isascii() and age.isdecimal() and (len(age) > 9 or int(age) > OLDEST_COPY_SECONDS):
                    return Failure(_unexpected(call, f"a copy that a cache has held for {age[:12]} s"))
            if reason := self._not_of_this_time(response, now) or why_incomplete(response.headers):
                return Failure(_unexpected(call, reason))
            reset = seconds_until(response.headers.get("X-RateLimit-Reset"), response.headers, now)
            if response.headers.get("X-RateLimit-Remaining") == "0" and reset and reset <= LONGEST_WAIT_SECONDS:
                self._limiter.pause(lane, reset)
            return response
        limited = response.status_code == httpx.codes.TOO_MANY_REQUESTS
        asked = asked_seconds(response.headers, now, limited=limited)
        return Failure(self._refusal(call, response, self.quote, asked), asked)

    def _not_of_this_time(self, response: httpx.Response, now: datetime) -> str:
        """What is wrong with an answer whose `Date` does not fit that of the first answer; "" for any other.

        A wrong clock, here or there, moves all answers alike. Where they differ, a cache that sends no `Age` holds one.
        """
        date = moment(response.headers.get("Date"))
        if date is None:
            return ""
        skew = (date - now).total_seconds()
        if self.ledger.first_skew_seconds is None:
            self.ledger.first_skew_seconds = skew
        apart = skew - self.ledger.first_skew_seconds
        if abs(apart) <= ANSWERS_APART_SECONDS:
            return ""
        which = "older than" if apart < 0 else "newer than"
        minutes = round(abs(apart) / 60)
        return f"a date {minutes} minutes {which} the first answer's: one of the two is an old copy from a cache"

    def _record(
        self, call: Call, request: Request, response: httpx.Response | None, at: datetime, seconds: float, waited: float
    ) -> None:
        body = response.content if response is not None else b""
        if response is not None and (date := moment(response.headers.get("Date"))):
            self.ledger.clock_skew_seconds = (date - self._clock()).total_seconds()
        shown = [(name, f"{value[:8]}..." if name == "cursor" else value) for name, value in request.query]
        query = urlencode(shown)
        self._sent[self._lane(call, request)] += 1
        self.ledger.append(
            LedgerEntry(
                at=at,
                call=call.name,
                method=call.method,
                path=f"{self._shown_origin}{self._path(call, request)}{f'?{query}' if query else ''}",
                status=response.status_code if response is not None else None,
                bytes=len(body),
                sha256=hashlib.sha256(body).hexdigest() if response is not None else "",
                seconds=seconds,
                waited_seconds=waited,
            )
        )


async def _set_location_aside(response: httpx.Response) -> None:
    """Hide `Location` from httpx, which parses it even when redirects are not followed, and may fail."""
    response.extensions[_LOCATION] = [pair for pair in response.headers.raw if pair[0].lower() == b"location"]
    if response.extensions[_LOCATION]:
        del response.headers["location"]


def _unexpected(call: Call, what: str) -> UnexpectedAnswer:
    hint = "A proxy may have sent it: check HTTPS_PROXY and api_url. If it happens again, report it"
    return UnexpectedAnswer(f"{call.title} answered with {what}", call=call.title, hint=hint)
