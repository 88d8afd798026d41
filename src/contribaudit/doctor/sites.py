"""Whether the API tokens that read spaces are there, and whether one works on a site of the organization."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from contribaudit import collectors, site_tokens
from contribaudit.atlassian.calls import Call
from contribaudit.atlassian.connect import connect_sites
from contribaudit.atlassian.sites import Accesses, is_cloud_id, site_chain
from contribaudit.collectors.workspaces import place_of
from contribaudit.doctor.line import Line
from contribaudit.errors import ContribauditError, CredentialError, RulebookError
from contribaudit.progress import Progress
from contribaudit.settings.model import AppSettings
from contribaudit.wiring import load_rulebook, site_accesses

sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


def tokens(settings: AppSettings) -> Iterator[Line]:
    """A line for each API token that the configuration speaks of."""
    if settings.spaces is None:
        hint = "The table [spaces] in the configuration names an API token that reads them"
        yield Line.ok("spaces", "spaces are not read, since the configuration does not say how", hint)
        return
    try:
        found = site_tokens.tokens(settings.spaces, settings.api_url)
    except CredentialError as error:
        yield Line.failed("site token", error)
        return
    for one in found:
        which = one.host or ("all other sites" if len(found) > 1 else "all sites")
        if one.found is None:
            hint = f"Run contribaudit login --site {one.host or site_tokens.ALL_SITES}; until then spaces are not known"
            yield Line.warning("site token", f"{which}: {one.missing}", hint)
        else:
            yield Line.ok("site token", f"{which}: found in {one.found.origin}, {one.email or 'a service account'}'s")


async def sample(settings: AppSettings, apps: Sequence[Mapping[str, Any]], progress: Progress) -> list[Line]:
    """Whether one call works on the first of these apps, entries of the API, that has spaces and a token."""
    try:
        accesses = site_accesses(settings)
        chosen = _chosen(settings, apps, accesses) if accesses is not None else None
    except (CredentialError, RulebookError):
        return []  # has a line of its own
    if accesses is None:
        return []
    if chosen is None:
        hint = "Save a token with contribaudit login --site all, or check the host in [[spaces.site]]"
        return [Line.warning("site", "no site with a token was found among the first apps, so none was tried", hint)]
    call, cloud_id, host = chosen
    whose = accesses.of(host).visible_to
    try:
        async with (
            connect_sites(
                accesses,
                api_url=settings.api_url,
                progress=progress,
                connect_seconds=settings.timeouts.connect_seconds,
                read_seconds=settings.timeouts.read_seconds,
                sleep=sleep,
            ) as client,
            aclosing(client.pages(site_chain(call, cloud_id, max_pages=1), host=host)) as pages,
        ):
            page = await anext(pages)
    except ContribauditError as error:
        return [Line.failed("site", error)]
    seen = f"{len(page.items)} spaces on the first page" if page.announced is None else f"{page.announced} spaces"
    return [Line.ok("site", f"{host or cloud_id}, {call.scope}: {seen} that {whose} may see")]


def _chosen(
    settings: AppSettings, apps: Sequence[Mapping[str, Any]], accesses: Accesses
) -> tuple[Call, str, str] | None:
    """Call, cloud ID and host of the first app that can be asked."""
    rulebook = load_rulebook(settings)
    calls = {one.apps: one.call for one in collectors.SPACES}
    for app in apps:
        type_key, cloud_id, host = place_of(app)
        rule = rulebook.app(type_key)
        if rule is not None and rule.spaces in calls and is_cloud_id(cloud_id) and accesses.of(host).credential:
            return calls[rule.spaces], cloud_id, host
    return None
