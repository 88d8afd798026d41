"""One request: built, let through by the limiter, sent, written into the ledger, judged, tried again."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import urlencode

import httpx
from pydantic import SecretStr

from contribaudit import __version__
from contribaudit.atlassian import answers, calls
from contribaudit.atlassian.calls import Call
from contribaudit.atlassian.ledger import Ledger, LedgerEntry
from contribaudit.atlassian.limiter import Limiter
from contribaudit.atlassian.origin import checked_origin
from contribaudit.atlassian.paging import Request
from contribaudit.atlassian.retry import LONGEST_WAIT_SECONDS, Failure, asked_seconds, moment, persist, seconds_until
from contribaudit.atlassian.unreachable import no_answer
from contribaudit.errors import AdminApiError, ConfigurationError, CredentialError, RateLimited
from contribaudit.progress import Progress

IN_FLIGHT = 10
"""httpx serves fewer requests a second with more connections than this."""

ANSWER_SECONDS = 300.0
"""How long one request may take in all; httpx's read timeout starts anew with every byte."""


def utc_now() -> datetime:
    return datetime.now(UTC)


def check_allowed(call: Call) -> None:
    """Raises ValueError for anything but the reads of `calls.ALL`: a programming error, not a user's."""
    if call not in calls.ALL:
        raise ValueError(f"{call.title} is not among the calls that this tool may send")


class Sender:
    """Sends allowed calls to one origin with one key; `quote` makes text of answers fit to be shown."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        *,
        organization: str,
        key: SecretStr,
        api_url: str,
        progress: Progress,
        sleep: Callable[[float], Awaitable[None]],
        clock: Callable[[], datetime],
    ) -> None:
        if not re.fullmatch(r"[A-Za-z0-9_-]*", organization):
            hint = "It is letters, digits and dashes; Atlassian shows it beside a new API key"
            raise ConfigurationError("The organization ID holds characters that none has", hint=hint)
        # Else httpx or h11 would quote the key in an error of their own.
        if not re.fullmatch(r"[!-~]+", key.get_secret_value()):
            hint = "Copy it again, without spaces or line breaks, and save it with `contribaudit login`"
            raise CredentialError("The API key is empty or holds characters that no key has", hint=hint)
        self.ledger = Ledger()
        self.quote = answers.Quote(key)
        self.origin = checked_origin(api_url)
        self._organization = organization
        self._http = http
        self._key = key
        self._progress = progress
        self._clock = clock
        self._limiter = Limiter(clock=clock, sleep=sleep)
        self._slots = asyncio.Semaphore(IN_FLIGHT)
        # They write URLs at INFO and answer headers at DEBUG; the ledger is where requests are told of.
        for name in ("httpx", "httpcore"):
            logging.getLogger(name).setLevel(logging.WARNING)

    async def document(self, call: Call, request: Request) -> dict[str, Any]:
        """The JSON object that the API answers, after as many tries as it takes. Raises AdminApiError."""
        check_allowed(call)

        def before_wait(error: AdminApiError, seconds: float) -> None:
            if isinstance(error, RateLimited):
                self._limiter.pause(call.path, seconds)
            self._progress.waiting(call.title, seconds, error.message)

        attempt = partial(self._try, call, request)
        body = await persist(attempt, sleep=self._limiter.sleep, before_wait=before_wait)
        return answers.parse(call, body)

    async def _try(self, call: Call, request: Request, waited: float) -> bytes | Failure:
        waited += await self._limiter.turn(call.path, call.per_minute, partial(self._progress.waiting, call.title))
        outgoing = self._build(call, request)
        result: httpx.Response | Failure | None = None
        handled = sys.exception()
        async with self._slots:
            at, started = self._clock(), time.perf_counter()
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    result = await self._http.send(outgoing, auth=None, follow_redirects=False)
            except (httpx.HTTPError, OSError) as error:
                result = Failure(no_answer(error, call=call.title, url=self.origin, handled=handled))
            finally:
                # A cancelled request is told of too: it may have reached the API.
                answer = result if isinstance(result, httpx.Response) else None
                self._record(call, request, answer, at, time.perf_counter() - started, waited)
        return result if isinstance(result, Failure) else self._judge(call, result)

    def _build(self, call: Call, request: Request) -> httpx.Request:
        return self._http.build_request(
            call.method,
            f"{str(self.origin).rstrip('/')}{self._path(call)}",
            params=request.query or None,
            json=request.body,
            headers={
                "Authorization": f"Bearer {self._key.get_secret_value()}",
                "Accept": "application/json",
                "User-Agent": f"contribaudit/{__version__}",
            },
        )

    def _path(self, call: Call) -> str:
        if "{orgId}" in call.path and not self._organization:
            raise ValueError(f"{call.title} needs an organization")
        return call.path.replace("{orgId}", self._organization)

    def _judge(self, call: Call, response: httpx.Response) -> bytes | Failure:
        now = self._clock()
        if response.is_success:
            reset = seconds_until(response.headers.get("X-RateLimit-Reset"), response.headers, now)
            if response.headers.get("X-RateLimit-Remaining") == "0" and reset and reset <= LONGEST_WAIT_SECONDS:
                self._limiter.pause(call.path, reset)
            return response.content
        asked = asked_seconds(response.headers, now)
        return Failure(answers.refusal(call, response, self.quote, asked), asked)

    def _record(
        self, call: Call, request: Request, response: httpx.Response | None, at: datetime, seconds: float, waited: float
    ) -> None:
        body = response.content if response is not None else b""
        if response is not None and (date := moment(response.headers.get("Date"))):
            self.ledger.clock_skew_seconds = (date - self._clock()).total_seconds()
        shown = [(name, f"{value[:8]}..." if name == "cursor" else value) for name, value in request.query]
        query = urlencode(shown)
        self.ledger.append(
            LedgerEntry(
                at=at,
                call=call.name,
                method=call.method,
                path=self._path(call) + (f"?{query}" if query else ""),
                status=response.status_code if response is not None else None,
                bytes=len(body),
                sha256=hashlib.sha256(body).hexdigest() if response is not None else "",
                seconds=seconds,
                waited_seconds=waited,
            )
        )
