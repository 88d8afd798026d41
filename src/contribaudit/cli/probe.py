"""A few single reads, to see whether a key works and what it may do."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from contribaudit.atlassian.calls import GET_ORGANIZATION
from contribaudit.atlassian.connect import connect
from contribaudit.progress import SILENT, Progress

if TYPE_CHECKING:
    from pydantic import SecretStr

    from contribaudit.settings.model import AppSettings


sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


def organization_name(settings: AppSettings, organization: str, key: SecretStr, progress: Progress = SILENT) -> str:
    """What the API calls the organization, "" when it does not say. Raises AdminApiError."""
    return asyncio.run(_organization_name(settings, organization, key, progress))


async def _organization_name(settings: AppSettings, organization: str, key: SecretStr, progress: Progress) -> str:
    async with connect(
        organization=organization,
        key=key,
        api_url=settings.api_url,
        progress=progress,
        connect_seconds=settings.timeouts.connect_seconds,
        read_seconds=settings.timeouts.read_seconds,
        sleep=sleep,
    ) as client:
        return name_in(await client.read(GET_ORGANIZATION))


def name_in(answer: dict[str, object]) -> str:
    """The organization's name in the API's answer, "" when it is not there."""
    data = answer.get("data")
    attributes = data.get("attributes") if isinstance(data, dict) else None
    name = attributes.get("name") if isinstance(attributes, dict) else None
    return name if isinstance(name, str) else ""
