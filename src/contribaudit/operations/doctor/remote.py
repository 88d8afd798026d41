"""Checks whether the API is reachable, what the key may read (one page of each call), and when the key expires.

Also tries the API tokens of sites on one site of the organization, and compares the clocks.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import Any

from pydantic import SecretStr

from contribaudit import collectors
from contribaudit.atlassian import calls
from contribaudit.atlassian.calls import ASK_GATEWAY, Call, Paging
from contribaudit.atlassian.client import AdminClient, Page
from contribaudit.atlassian.sites import ON_GATEWAY, SPACES, Accesses, SiteClient, is_cloud_id, site_chain
from contribaudit.collectors.workspaces import place_of
from contribaudit.core.model.phrases import counted
from contribaudit.core.model.times import parse_utc
from contribaudit.errors import (
    AccessDenied,
    AdminApiError,
    AdminApiUnreachable,
    ContribauditError,
    CredentialError,
    KeyRefused,
    OrganizationNotFound,
    RulebookError,
)
from contribaudit.operations.doctor.local import Line, Status
from contribaudit.operations.first_look import name_in, why_unanswered
from contribaudit.progress import Progress
from contribaudit.settings import credentials
from contribaudit.settings.credentials import VARIABLE, FoundKey, NamedKey, find_key
from contribaudit.settings.model import AppSettings, Organization
from contribaudit.wiring import connected, connected_sites, load_rulebook, site_accesses


def tokens(settings: AppSettings) -> Iterator[Line]:
    """Yield a line for each API token of the configuration."""
    try:
        accesses = site_accesses(settings)
    except CredentialError as error:
        yield Line.failed("site token", error)
        return
    if accesses is None:
        hint = (
            "To read their AI, trials, regions and spaces, add a [sites] table with an API token to the configuration"
        )
        yield Line.ok("sites", "sites are not read: the configuration has no [sites] table", hint)
        return
    for host, access in (("", accesses.others), *accesses.by_host.items()):
        which = host or ("all other sites" if accesses.by_host else "all sites")
        if access.credential is None:
            save = f"contribaudit login --site {host or credentials.ALL_SITES}"
            hint = f"Run {save}; until then AI, trials, regions and spaces of these sites are not read"
            yield Line.warning("site token", f"{which}: {access.missing}", hint)
        else:
            yield Line.ok("site token", f"{which}: found in {access.origin}, {access.visible_to}'s")


async def sample(settings: AppSettings, apps: Sequence[Mapping[str, Any]], progress: Progress) -> list[Line]:
    """Try a list of spaces and the gateway on the first of `apps` (entries of the API) whose site has a token."""
    try:
        accesses = site_accesses(settings)
        chosen = _choose_app(settings, apps, accesses) if accesses is not None else None
    except (CredentialError, RulebookError):
        return []  # reported in a line of its own
    if accesses is None:
        return []
    if chosen is None:
        hint = "Save a token with `contribaudit login --site all`, or check the host in [[sites.site]]"
        return [
            Line.warning("site", "none of the first apps belongs to a site with a token, so no token was tested", hint)
        ]
    async with connected_sites(settings, accesses, progress) as client:
        lines = [await _list_spaces(client, *chosen)] if SPACES in accesses.reads else []
        return [*lines, await _ask_gateway(client, *chosen[1:])] if accesses.reads & ON_GATEWAY else lines


async def _list_spaces(client: SiteClient, call: Call, cloud_id: str, host: str) -> Line:
    try:
        async with aclosing(client.pages(site_chain(call, cloud_id, max_pages=1), host=host)) as pages:
            page = await anext(pages)
    except ContribauditError as error:
        return Line.failed("site", error)
    seen = (
        f"{counted(len(page.items), 'space')} on the first page"
        if page.announced is None
        else counted(page.announced, "space")
    )
    return Line.ok("site", f"{host or cloud_id}, {call.scope}: {seen} that {client.access(host).visible_to} may see")


async def _ask_gateway(client: SiteClient, cloud_id: str, host: str) -> Line:
    try:
        unanswered = await why_unanswered(client, cloud_id.lower(), host)
    except ContribauditError as error:
        return Line.failed("gateway", error)
    place = f"{host or cloud_id}, {ASK_GATEWAY.title}"
    if unanswered:
        hint = "What the gateway does not show stays unknown; the rest of a site is read"
        return Line.warning("gateway", f"{place}: {unanswered}", hint)
    return Line.ok("gateway", f"{place}: answers {client.access(host).visible_to}")


def _choose_app(
    settings: AppSettings, apps: Sequence[Mapping[str, Any]], accesses: Accesses
) -> tuple[Call, str, str] | None:
    """Call, cloud ID and host of the first app with a list of spaces and a token; None if there is none."""
    rulebook = load_rulebook(settings)
    calls = {one.apps: one.call for one in collectors.SPACES}
    for app in apps:
        type_key, cloud_id, host = place_of(app)
        rule = rulebook.app(type_key)
        if rule is not None and rule.spaces in calls and is_cloud_id(cloud_id) and accesses.of(host).credential:
            return calls[rule.spaces], cloud_id, host
    return None


SKEW_SECONDS = 60
DAYS_LEFT = 21
"""From this many days before its expiry on, the key gets a warning: time enough to create another."""


def key_end(keys: list[dict[str, Any]], label: str, now: datetime) -> Line:
    """When the key expires, from the list of all keys; `label` is the label of the key in use, "" if unknown."""
    labelled = [key for key in keys if label and key.get("label") == label]
    running = [moment for key in labelled or keys if (moment := parse_utc(key.get("expiresAt"))) and moment > now]
    if not running:
        return Line.warning(
            "key expiry", "the expiry date of the key is not known", "Note its expiry date in a calendar"
        )
    end = min(running)
    days = (end - now).days
    if len(labelled) == 1 or len(keys) == 1:
        what, hint = f"the key expires on {end.date()}, in {counted(days, 'day')}", ""
    else:
        several = f"{len(running)} keys" if len(running) > 1 else "one key"
        what = f"of {several}, the first expires on {end.date()}, in {counted(days, 'day')}"
        hint = "set api_key_label to the label of the key used for audits"
    if days > DAYS_LEFT:
        return Line.ok("key expiry", what, hint[:1].upper() + hint[1:])
    renew = "Create a new key at admin.atlassian.com, Organization settings, API keys"
    return Line.warning("key expiry", what, f"{renew}; {hint}" if hint else renew)


def clock(skew: float | None) -> Line:
    """Whether this machine's clock and the API's agree; `skew` is the API's minus ours, None if not known."""
    if skew is None:
        return Line.ok("clock", "the API did not send its time")
    if abs(skew) > SKEW_SECONDS:
        way = "behind" if skew > 0 else "ahead of"
        return Line.warning(
            "clock", f"this machine's clock is {abs(skew):.0f} s {way} the API's", "Synchronize the clock with NTP"
        )
    return Line.ok("clock", "within a minute of the API's")


_USEFUL_ONLY = (calls.LIST_EVENT_ACTIONS, calls.LIST_API_KEYS, calls.SEARCH_AI_GROUPS)
"""Calls without which an audit still judges settings: who changed them, who holds the role for AI, and when the key
expires then stay unknown."""
_FIRST = {call.scope: call for call in reversed(calls.ALL) if call.scope}
_SCOPED = tuple(call for call in calls.ALL if call is _FIRST.get(call.scope))
"""The first call for each scope that an audit uses."""
_TRIED = tuple(call for call in _SCOPED if call not in (calls.GET_ORGANIZATION, calls.LIST_API_KEYS))
"""Those of them that are tried one after another; the other two have steps of their own."""


def examine(
    settings: AppSettings,
    organization: Organization,
    named: NamedKey,
    origins: list[str],
    now: datetime,
    progress: Progress,
) -> Iterator[Line]:
    """Yield the lines of one organization; `origins` gets the place where its key was found."""
    try:
        found_key = find_key(settings, organization.id, named)
    except ContribauditError as error:
        # Of several organizations, one without a key does not stop an audit: it is reported as not audited.
        if len(settings.organizations()) > 1 and isinstance(error, CredentialError):
            yield Line.warning("key", f"{error.message}; it will be reported as not audited", error.hint)
        else:
            error.hint = error.hint.removesuffix("; run `contribaudit doctor` for details")
            yield Line.failed("key", error)
        return
    origins.append(found_key.origin)
    yield Line.ok("key", f"found in {found_key.origin}{_passed_over(found_key, organization)}")
    yield from asyncio.run(_run_collectors(settings, organization, found_key, now, progress))


def _variable(found_key: FoundKey) -> str:
    """The environment variable that the key came from; "" for any other place."""
    place = "the environment variable "
    return found_key.origin.removeprefix(place) if found_key.origin.startswith(place) else ""


def _passed_over(found_key: FoundKey, organization: Organization) -> str:
    """A phrase that names the configured places over which this key takes precedence; "" if there are none."""
    if _variable(found_key) != VARIABLE:
        return ""
    others = [
        f"api_key_file ({organization.api_key_file})" if organization.api_key_file is not None else "",
        f"api_key_env ({organization.api_key_env})" if organization.api_key_env is not None else "",
    ]
    named = " and ".join(other for other in others if other)
    return f", which takes precedence over {named}" if named else ""


async def _run_collectors(
    settings: AppSettings, organization: Organization, found_key: FoundKey, now: datetime, progress: Progress
) -> list[Line]:
    try:
        async with connected(settings, organization.id, found_key.key, progress) as client:
            apps: list[dict[str, Any]] = []
            lines = [line async for line in _check_scopes(client, settings, organization, found_key, now, apps)]
        return [*lines, *(await sample(settings, apps, progress) if apps else ())]
    except AdminApiError:
        raise
    except ContribauditError as error:  # a proxy or certificate setting that cannot be used
        return [Line.failed("api", error)]


async def _check_scopes(
    client: AdminClient,
    settings: AppSettings,
    organization: Organization,
    found_key: FoundKey,
    now: datetime,
    apps: list[dict[str, Any]],
) -> AsyncIterator[Line]:
    """Yield a line for each call; `apps` gets the first page of apps."""
    try:
        answer = await client.read(calls.GET_ORGANIZATION)
    except AdminApiUnreachable as error:
        yield Line.failed("api", error)
        return
    except (KeyRefused, OrganizationNotFound) as error:
        yield Line.ok("api", f"{settings.api_url} answers")
        if isinstance(error, KeyRefused) and (variable := _variable(found_key)):
            saved = "save it with `contribaudit login`"
            error.hint = error.hint.replace(
                saved, f"put it into {variable}, which takes precedence over files and the keyring"
            )
        yield Line.failed("key" if isinstance(error, KeyRefused) else "organization", error)
        return
    except AccessDenied as error:
        yield Line.ok("api", f"{settings.api_url} answers")
        yield _scope_missing(calls.GET_ORGANIZATION, error)
    except AdminApiError as error:
        yield Line.failed("api", error)
        return
    else:
        yield Line.ok("api", f"{settings.api_url} answers")
        name = name_in(answer)
        yield _granted(calls.GET_ORGANIZATION, f'"{name}"' if name else "the answer contains no name")
    for call in _TRIED:
        yield await _try_call(client, call, apps if call == calls.SEARCH_WORKSPACES else [])
    yield await _limits(client)
    async for line in _check_key_expiry(client, organization, now):
        yield line
    yield clock(client.ledger.clock_skew_seconds)


async def _try_call(client: AdminClient, call: Call, seen: list[dict[str, Any]]) -> Line:
    try:
        page = await _first_page(client, call)
        if page is None:
            return _granted(call)
        seen += page.items
        first_page = f"{counted(len(page.items), 'entry', 'entries')} on the first page"
        return _granted(call, first_page if page.announced is None else counted(page.announced, "entry", "entries"))
    except AccessDenied as error:
        return _scope_missing(call, error)
    except AdminApiError as error:
        return Line.failed(f"read {call.name}", error)


async def _first_page(client: AdminClient, call: Call) -> Page | None:
    """The first page of a list; None for a call without pages that was answered."""
    if call.paging is Paging.NONE:
        await client.read(call)
        return None
    async with aclosing(client.pages(call, max_pages=1)) as pages:
        return await anext(pages)


async def _limits(client: AdminClient) -> Line:
    """Whether the key may do more than it needs: only a key without scopes lists organizations."""
    try:
        page = await _first_page(client, calls.LIST_ORGANIZATIONS)
    except AdminApiError as error:
        return Line.warning("key limits", f"could not check whether the key has scopes: {error.message}", error.hint)
    if page is not None and page.items:
        scopes = ", ".join(sorted({call.scope for call in calls.ALL if call.scope}))
        return Line.warning(
            "key limits",
            "the key seems to have no scopes: anyone who finds it can change everything",
            f"Create a key with only these scopes: {scopes}",
        )
    return Line.ok("key limits", "the key lists no organization, so it is limited to scopes")


async def _check_key_expiry(client: AdminClient, organization: Organization, now: datetime) -> AsyncIterator[Line]:
    keys: list[dict[str, Any]] = []
    try:
        async for page in client.pages(calls.LIST_API_KEYS):
            keys.extend(page.items)
    except AccessDenied as error:
        yield _scope_missing(calls.LIST_API_KEYS, error)
        yield Line.warning(
            "key expiry",
            "the expiry date of the key is not known",
            f"Give the key the scope {calls.LIST_API_KEYS.scope}, or note its expiry date in a calendar",
        )
    except AdminApiError as error:
        yield Line.failed(f"read {calls.LIST_API_KEYS.name}", error)
    else:
        yield _granted(calls.LIST_API_KEYS, counted(len(keys), "key"))
        yield key_end(keys, organization.api_key_label, now)


def scopes_of(settings: AppSettings, organization: str, key: SecretStr, progress: Progress) -> frozenset[str]:
    """The scopes that the key has, found by one read for each.

    Raises KeyRefused, OrganizationNotFound, AdminApiUnreachable, or any other AdminApiError that leaves a scope open.
    """

    async def granted() -> frozenset[str]:
        scopes: set[str] = set()
        async with connected(settings, organization, key, progress) as client:
            for call in _SCOPED:
                try:
                    await _first_page(client, call)
                except AccessDenied:
                    continue
                scopes.add(call.scope)
        return frozenset(scopes)

    return asyncio.run(granted())


def _granted(call: Call, seen: str = "") -> Line:
    return Line.ok("scope", f"{call.scope}: {seen}" if seen else call.scope)


def _scope_missing(call: Call, error: AccessDenied) -> Line:
    # The error's message quotes the answer; here a person looks for the scope alone.
    what = f"{call.scope} is missing: {call.title} answered 403"
    if call in _USEFUL_ONLY:
        return Line.warning("scope", what, error.hint)
    return Line(Status.FAILED, "scope", what, error.hint, error.exit_code)
