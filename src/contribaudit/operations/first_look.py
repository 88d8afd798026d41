"""Reads what a key shows of its organization before anything is configured: name, highest plan, apps. Saves nothing."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from contribaudit.atlassian.calls import GET_ORGANIZATION
from contribaudit.atlassian.credential import Credential
from contribaudit.atlassian.graphql import NoValue, Part, Question
from contribaudit.atlassian.sites import Access, Accesses, SiteClient
from contribaudit.collectors.collect import collect_all
from contribaudit.collectors.interface import promises_of
from contribaudit.collectors.site_ai import gateway_sites
from contribaudit.collectors.workspaces import WORKSPACES
from contribaudit.core.model import names
from contribaudit.core.model.observation import Observed
from contribaudit.core.model.rulebook import App, Plan, Rulebook
from contribaudit.core.model.snapshot import Snapshot
from contribaudit.core.model.subject import Kind, organization_subject
from contribaudit.core.resolve.effective_ai import app_known
from contribaudit.core.resolve.inventory import sites_of
from contribaudit.core.resolve.resolve import SeenOrganization, resolve
from contribaudit.core.resolve.state import OrganizationState
from contribaudit.progress import SILENT, Progress
from contribaudit.wiring import connected, connected_sites

if TYPE_CHECKING:
    from pydantic import SecretStr

    from contribaudit.settings.model import AppSettings


@dataclass(frozen=True, slots=True)
class FirstLook:
    """What a key shows of one organization."""

    name: str = ""
    """The organization's name; "" if the API does not report it."""
    plan: Plan | None = None
    """The highest active plan; None if it is not known."""
    plan_unknown: str = ""
    """Why the plan is not known."""
    apps: int = 0
    sites: int = 0
    without_residency: tuple[App, ...] = ()
    """The kinds of app in the organization for which Atlassian offers no data residency."""
    site: tuple[str, str] | None = None
    """Cloud ID and host of a site on which a token can be tried; None if no app names one."""


def first_look(
    settings: AppSettings,
    organization: str,
    key: SecretStr,
    rulebook: Rulebook,
    progress: Progress = SILENT,
) -> FirstLook:
    """Read the organization, then its list of apps. Raises AdminApiError if the key cannot read the organization.

    A list of apps that cannot be read leaves the plan unknown.
    """

    async def read() -> tuple[str, Snapshot]:
        async with connected(settings, organization, key, progress) as client:
            return name_in(await client.read(GET_ORGANIZATION)), await collect_all(client, (WORKSPACES,))

    name, snapshot = asyncio.run(read())
    seen = SeenOrganization(OrganizationState(organization, name), snapshot)
    state = resolve([seen], rulebook, datetime.now(UTC), promises_of((WORKSPACES,)))
    apps = state.subjects(Kind.APP, organization)
    highest = state.read(organization_subject(organization), names.HIGHEST_PLAN)
    word = highest.value if isinstance(highest, Observed) else None
    plan = rulebook.plan(word) if isinstance(word, str) else None
    app_types = {app_known(state, app) for app in apps}
    outside = {app.type_key: app for app in app_types if app is not None and app.residency == "none" and not app.pseudo}
    return FirstLook(
        name=name,
        plan=plan,
        plan_unknown="" if plan is not None or isinstance(highest, Observed) else highest.reason,
        apps=len(apps),
        sites=len(sites_of(state, organization)),
        without_residency=tuple(outside[key] for key in sorted(outside)),
        site=next(
            ((one.cloud_id, one.hosts[0]) for one in gateway_sites(snapshot, rulebook) if one.cloud_id and one.hosts),
            None,
        ),
    )


def try_site_token(
    settings: AppSettings, site: tuple[str, str], credential: Credential, progress: Progress = SILENT
) -> str:
    """Ask the gateway about a site (cloud ID and host) with a token; returns "" if it answered, else why it did not.

    Raises AdminApiError if the gateway refuses the token.
    """

    async def asked() -> str:
        async with connected_sites(settings, Accesses(Access(credential)), progress) as client:
            return await why_unanswered(client, *site)

    return asyncio.run(asked())


async def why_unanswered(client: SiteClient, cloud_id: str, host: str) -> str:
    """Why the gateway does not say whether Rovo is on at the site; "" if it does. Raises AdminApiError."""
    answer = await client.ask(Question(cloud_id, (Part.SITE,)), host=host)
    rovo_enabled = answer.at(Part.SITE, "search", "configuration", "siteMetadata", "isRovoEnabled")
    return rovo_enabled.reason if isinstance(rovo_enabled, NoValue) else ""


def organization_name(settings: AppSettings, organization: str, key: SecretStr, progress: Progress = SILENT) -> str:
    """The organization's name as the API reports it; "" if it reports none. Raises AdminApiError."""

    async def read() -> str:
        async with connected(settings, organization, key, progress) as client:
            return name_in(await client.read(GET_ORGANIZATION))

    return asyncio.run(read())


def name_in(answer: dict[str, object]) -> str:
    """The organization's name in the API's answer; "" if the answer contains none."""
    data = answer.get("data")
    attributes = data.get("attributes") if isinstance(data, dict) else None
    name = attributes.get("name") if isinstance(attributes, dict) else None
    return name if isinstance(name, str) else ""
