"""The client for collectors: it reads single answers, lists page by page, and streams.

While a reader parses one page, the next one is being fetched. A stream gives a cursor with every page, including the
last, so that the next run continues where this one ended:
https://developer.atlassian.com/cloud/admin/organization/poll-events-migration
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Any

from pydantic import SecretStr

from contribaudit.atlassian import paging, responses
from contribaudit.atlassian.calls import Call, Paging
from contribaudit.atlassian.credential import Credential
from contribaudit.atlassian.envelope import Answer, check_envelope, check_headers
from contribaudit.atlassian.transport import Sender, Wire, check_allowed
from contribaudit.core.model.redaction import SHOWN
from contribaudit.errors import UnexpectedAnswer

_TURNS_UNTIL_SENT = 25  # measured: after five turns the request is out while a reader parses for 30 ms


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list: raw JSON objects in server order, `number` from 1.

    `announced` is the total number of entries according to the API, None when it gives none. `following` requests the
    next page, None at the end; an interrupted reading resumes there.
    """

    items: tuple[dict[str, Any], ...]
    announced: int | None
    number: int
    following: paging.Request | None = None


class PageReader:
    """Reads lists through one sender; `aclose` cancels pages still being fetched."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._ahead: set[asyncio.Task[Answer]] = set()

    async def pages(
        self,
        chain: paging.Chain,
        start: paging.Request | None = None,
        on_page: Callable[[int, int | None], None] = lambda _read, _announced: None,
    ) -> AsyncGenerator[Page, None]:
        """Every page of the chain, in order, from `start` (default: the first).

        `on_page` is called for each page with the entries read so far and the entries announced. Raises AdminApiError
        after yielding the pages before the failure.
        """
        call = chain.call
        number = read = 0
        broken: UnexpectedAnswer | None = None
        first = start or chain.first()
        asked: paging.Request | None = first
        task: asyncio.Task[Answer] | None = self._start_request(call, first)
        try:
            while task is not None and asked is not None:
                answer = await task
                task, following = None, None
                try:
                    following = chain.after(answer, asked)
                except UnexpectedAnswer as error:
                    broken = error
                else:
                    if following is not None:
                        task = self._start_request(call, following)
                        await _let_it_send(task)
                items = responses.entries(call, answer.document, self._sender.quote)
                number += 1
                read += len(items)
                announced = chain.count(answer, items)
                on_page(read, announced)
                yield Page(items, announced, number, following)
                asked = following
            if broken := broken or chain.doubt():
                raise broken
        finally:
            if task is not None:
                await _cancelled(task)

    async def document(self, call: Call, request: paging.Request) -> dict[str, Any]:
        """The whole JSON body of a call without pages. Raises AdminApiError."""
        return (await self._sender.answer(call, request)).document

    @property
    def quote(self) -> responses.Quote:
        """The function that makes text from answers fit for display."""
        return self._sender.quote

    def requests(self, chain: paging.Chain) -> int:
        """The number of requests sent for the chain, including failed attempts."""
        return self._sender.sent(chain.call, chain.first())

    async def aclose(self) -> None:
        """Cancel every page that is still being fetched."""
        for task in tuple(self._ahead):
            await _cancelled(task)

    def _start_request(self, call: Call, request: paging.Request) -> asyncio.Task[Answer]:
        task = asyncio.create_task(self._sender.answer(call, request))
        self._ahead.add(task)
        task.add_done_callback(self._ahead.discard)
        return task


async def _let_it_send(task: asyncio.Task[Answer]) -> None:
    """Let `task` put its request on the wire: a reader that parses for long gives it no turn until it is done."""
    for _ in range(_TURNS_UNTIL_SENT):
        if task.done():
            return
        await asyncio.sleep(0)


async def _cancelled(task: asyncio.Task[Answer]) -> None:
    """Cancel `task` and return when it has ended, whatever its result."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@dataclass(frozen=True, slots=True)
class StreamPage:
    """One page of a stream: raw JSON objects in the order of their processing."""

    items: tuple[dict[str, Any], ...]
    cursor: str
    """The cursor to continue from after this page; "" when the API gave none."""
    last: bool
    """True when there was no more to read: the page was empty, or was not full and gave no cursor."""


class AdminClient:
    """Reads of one organization with one key.

    At most 10 requests are in flight; each is tried up to 5 times, waiting as long as the API asks. `ledger` records
    every request. Raises ConfigurationError for an invalid `organization` or `api_url`, and CredentialError for a key
    that no header can hold. `organization` may be "" when only organizations are listed.
    """

    def __init__(self, wire: Wire, *, organization: str, key: SecretStr) -> None:
        self._sender = Sender(wire, organization=organization, credential=Credential(key))
        self._reader = PageReader(self._sender)
        self.organization = organization
        self.ledger = self._sender.ledger
        self._progress = wire.progress

    def __repr__(self) -> str:
        return f"AdminClient(organization={self.organization!r}, api_url={str(self._sender.origin)!r})"

    async def read(self, call: Call) -> dict[str, Any]:
        """The whole JSON body of a call without pages.

        Raises AdminApiError; ValueError for a call that is not in `calls.ALL` or has pages.
        """
        check_allowed(call)
        if call.paging is not Paging.NONE:
            raise ValueError(f"{call.name} has pages: read them with pages()")
        answer = await self._sender.answer(call, paging.first_request(call))
        check_envelope(call, answer.document)
        check_headers(call, answer, goes_on=False)
        return answer.document

    def pages(
        self, call: Call, *, max_pages: int = paging.MAX_PAGES, where: Mapping[str, str] = MappingProxyType({})
    ) -> AsyncGenerator[Page, None]:
        """Every page of `call`, in order; the next one is already being fetched when a page is yielded.

        `where` fills the rest of the call's path, without the organization: {"groupId": "8c1f..."}.

        Raises AdminApiError after yielding the pages before the failure, ValueError for a call that is not in
        `calls.ALL`. Leaving the loop early cancels the page being fetched: at once within `contextlib.aclosing`, else
        soon.
        """
        check_allowed(call)
        report_page = partial(self._progress.page_read, self.organization, call.name)
        return self._reader.pages(paging.Chain(call, max_pages, tuple(where.items())), on_page=report_page)

    async def stream(
        self, call: Call, *, cursor: str = "", since: datetime | None = None, max_pages: int = paging.MAX_PAGES
    ) -> AsyncGenerator[StreamPage, None]:
        """Pages of a stream from `cursor`, or from `since` without one, until one is empty, or `max_pages`.

        A short page is not the end: a server may give fewer entries than requested. Raises AdminApiError after yielding
        the pages before the failure, also for a cursor that does not advance, and CursorRefused for a cursor that the
        API rejects.
        """
        check_allowed(call)
        limit, read = int(dict(call.query)["limit"]), 0
        # Times are milliseconds since 1970, as text.
        start = () if since is None else (("from", str(int(since.timestamp() * 1000))),)
        request = paging.cursor_with_query(call, cursor) if cursor else paging.Request((*call.query, *start), None)
        for _ in range(max_pages):
            answer = await self._sender.answer(call, request)
            items = responses.entries(call, answer.document, self._sender.quote)
            check_envelope(call, answer.document)
            following = paging.next_cursor(call, answer.document) or ""
            check_headers(call, answer, goes_on=following not in ("", cursor))
            if self._sender.redaction.reveals(following) or SHOWN in following:
                what = f"{call.title} returned the credential itself as a cursor, which is not kept"
                raise UnexpectedAnswer(what, call=call.title, hint="Check api_url and any proxy")
            last = not items or (not following and len(items) < limit)
            read += len(items)
            self._progress.page_read(self.organization, call.name, read, None)
            yield StreamPage(items, following or cursor, last)
            if last:
                return
            if following in ("", cursor):
                what = f"{call.title} returned entries but no cursor for the next page"
                raise UnexpectedAnswer(
                    what, call=call.title, hint="Try again; if it happens again, the API has changed: report it"
                )
            cursor = following
            request = paging.cursor_with_query(call, cursor)

    async def aclose(self) -> None:
        """Cancel every page that is still being fetched."""
        await self._reader.aclose()
