"""Follows a list from page to page: the next one is under way while a reader parses this one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Any

from contribaudit.atlassian import paging, responses
from contribaudit.atlassian.calls import Call
from contribaudit.atlassian.transport import Sender
from contribaudit.errors import UnexpectedAnswer

_TURNS_UNTIL_SENT = 25  # measured: from the fifth on the request is out while a reader parses for 30 ms


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list: raw JSON objects in server order, `number` from 1.

    `announced` is how many entries the API says all pages hold together, None where it does not tell. `following` asks
    for the next page, None at the end: whoever was interrupted after this page goes on there.
    """

    items: tuple[dict[str, Any], ...]
    announced: int | None
    number: int
    following: paging.Request | None = None


class PageReader:
    """Reads lists through one sender; `aclose` cancels every page that is under way for a reader who has gone."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._ahead: set[asyncio.Task[dict[str, Any]]] = set()

    async def pages(
        self,
        chain: paging.Chain,
        start: paging.Request | None = None,
        told: Callable[[int, int | None], None] = lambda _read, _announced: None,
    ) -> AsyncGenerator[Page, None]:
        """Every page of the chain, in order, from `start` (default: the first).

        `told` hears of each page how many entries were read so far, and how many are announced. Raises AdminApiError
        after the pages before the failure were yielded.
        """
        call = chain.call
        number = read = 0
        broken: UnexpectedAnswer | None = None
        first = start or chain.first()
        asked: paging.Request | None = first
        task: asyncio.Task[dict[str, Any]] | None = self._start(call, first)
        try:
            while task is not None and asked is not None:
                document = await task
                task, following = None, None
                try:
                    following = chain.after(document, asked)
                except UnexpectedAnswer as error:
                    broken = error
                else:
                    if following is not None:
                        task = self._start(call, following)
                        await _under_way(task)
                items = responses.entries(call, document, self._sender.quote)
                number += 1
                read += len(items)
                announced = chain.count(document, items)
                told(read, announced)
                yield Page(items, announced, number, following)
                asked = following
            if broken := broken or chain.doubt():
                raise broken
        finally:
            if task is not None:
                await _cancelled(task)

    def requests(self, chain: paging.Chain) -> int:
        """How many requests went out for the chain, tries that failed included."""
        return self._sender.sent(chain.call, chain.first())

    async def aclose(self) -> None:
        """Cancel every page that is under way for a reader who has gone."""
        for task in tuple(self._ahead):
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
