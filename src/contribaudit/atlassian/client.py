"""The client that collectors are given: it can read, page by page or whole, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Any

import httpx
from pydantic import SecretStr

from contribaudit.atlassian import paging
from contribaudit.atlassian.calls import Call, Paging
from contribaudit.atlassian.credential import Credential
from contribaudit.atlassian.pages import Page, PageReader
from contribaudit.atlassian.stream import StreamPage, stream_pages
from contribaudit.atlassian.transport import Sender, check_allowed, utc_now
from contribaudit.progress import SILENT, Progress


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
            http,
            organization=organization,
            credential=Credential(key),
            api_url=api_url,
            progress=progress,
            sleep=sleep,
            clock=clock,
        )
        self._reader = PageReader(self._sender)
        self.organization = organization
        self.ledger = self._sender.ledger
        self._progress = progress

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

    def pages(
        self, call: Call, *, max_pages: int = paging.MAX_PAGES, where: Mapping[str, str] = MappingProxyType({})
    ) -> AsyncGenerator[Page, None]:
        """Every page of `call`, in order; the next one is already under way when a page is yielded.

        `where` names what the call's path holds beside the organization: {"groupId": "8c1f..."}.

        Raises AdminApiError after the pages before the failure were yielded, ValueError for a call that is not in
        `calls.ALL`. Leaving the loop early cancels the page under way: at once within `contextlib.aclosing`, else soon.
        """
        check_allowed(call)
        told = partial(self._progress.page_read, self.organization, call.name)
        return self._reader.pages(paging.Chain(call, max_pages, tuple(where.items())), told=told)

    async def stream(
        self, call: Call, *, cursor: str = "", since: datetime | None = None, max_pages: int = paging.MAX_PAGES
    ) -> AsyncGenerator[StreamPage, None]:
        """Pages of a stream from `cursor` on, or from `since` without one, until one is empty, or `max_pages`.

        Raises AdminApiError after the pages before the failure were yielded, CursorRefused for a cursor that the API
        does not take.
        """
        check_allowed(call)
        read = 0
        async for page in stream_pages(self._sender, call, cursor, since, max_pages):
            read += len(page.items)
            self._progress.page_read(self.organization, call.name, read, None)
            yield page

    async def aclose(self) -> None:
        """Cancel every page that is under way for a reader who has gone."""
        await self._reader.aclose()
