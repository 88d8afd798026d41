"""The client that collectors are given: it can read, page by page or whole, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
from pydantic import SecretStr

from contribaudit.atlassian import answers, paging
from contribaudit.atlassian.calls import Call, Paging
from contribaudit.atlassian.sender import Sender, check_allowed, utc_now
from contribaudit.errors import UnexpectedAnswer
from contribaudit.progress import SILENT, Progress

_TURNS_UNTIL_SENT = 25  # measured: from the fifth on the request is out while a reader parses for 30 ms


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list: raw JSON objects in server order, `number` from 1.

    `announced` is how many entries the API says all pages hold together, None where it does not tell.
    """

    items: tuple[dict[str, Any], ...]
    announced: int | None
    number: int


class AdminClient:
    """Reads of one organization with one key.

    At most 10 requests are in flight; each is tried up to 5 times, waiting as long as the API asks. `ledger` tells of
    every request. Raises ConfigurationError for an `organization` or `api_url` that cannot be used and CredentialError
    for a key that no header can hold. `organization` may be "" where only organizations are listed.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        *,
        organization: str,
        key: SecretStr,
        api_url: str,
        progress: Progress = SILENT,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._sender = Sender(
            http, organization=organization, key=key, api_url=api_url, progress=progress, sleep=sleep, clock=clock
        )
        self.organization = organization
        self.ledger = self._sender.ledger
        self._progress = progress
        self._ahead: set[asyncio.Task[dict[str, Any]]] = set()

    def __repr__(self) -> str:
        return f"AdminClient(organization={self.organization!r}, api_url={str(self._sender.origin)!r})"

    async def read(self, call: Call) -> dict[str, Any]:
        """The whole JSON body of a call without pages.

        Raises AdminApiError; ValueError for a call that is not in `calls.ALL` or has pages.
        """
        check_allowed(call)
        if call.paging is not Paging.NONE:
            raise ValueError(f"{call.name} has pages: read them with pages()")
        return await self._sender.document(call, paging.first_request(call))

    def pages(self, call: Call, *, max_pages: int = paging.MAX_PAGES) -> AsyncGenerator[Page, None]:
        """Every page of `call`, in order; the next one is already under way when a page is yielded.

        Raises AdminApiError after the pages before the failure were yielded, ValueError for a call that is not in
        `calls.ALL`. Leaving the loop early cancels the page under way: at once within `contextlib.aclosing`, else soon.
        """
        check_allowed(call)
        return self._pages(call, paging.Chain(call, max_pages))

    async def aclose(self) -> None:
        """Cancel every page that is under way for a reader who has gone."""
        for task in tuple(self._ahead):
            await _cancelled(task)

    async def _pages(self, call: Call, chain: paging.Chain) -> AsyncGenerator[Page, None]:
        number = read = 0
        broken: UnexpectedAnswer | None = None
        task: asyncio.Task[dict[str, Any]] | None = self._start(call, paging.first_request(call))
        try:
            while task is not None:
                document = await task
                task = None
                try:
                    following = chain.after(document)
                except UnexpectedAnswer as error:
                    broken = error
                else:
                    if following is not None:
                        task = self._start(call, following)
                        await _under_way(task)
                items = answers.entries(call, document, self._sender.quote)
                number += 1
                read += len(items)
                announced = paging.announced(document)
                self._progress.page_read(self.organization, call.name, read, announced)
                yield Page(items, announced, number)
            if broken is not None:
                raise broken
        finally:
            if task is not None:
                await _cancelled(task)

    def _start(self, call: Call, request: paging.Request) -> asyncio.Task[dict[str, Any]]:
        task = asyncio.create_task(self._sender.document(call, request))
        self._ahead.add(task)
        task.add_done_callback(self._ahead.discard)
        return task


async def _under_way(task: asyncio.Task[dict[str, Any]]) -> None:
    """Let `task` get its request onto the wire: a reader that parses for long gives it no turn until it is done."""
    for _ in range(_TURNS_UNTIL_SENT):
        if task.done():
            return
        await asyncio.sleep(0)


async def _cancelled(task: asyncio.Task[dict[str, Any]]) -> None:
    """Cancel `task` and return when it has ended; what it ended with concerns nobody any more."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
