"""Spaces, site tokens and groups, from a scenario file.

    [[site]]
    space = [{ app = "confluence", key = "HR", name = "People", type = "global" }]
    [[site_token]]
    word = "demo-site-token"
    email = "demo@acme.example"          # left out for a service account
    scopes = "audit"                     # what an audit needs, or a list, or "none" for a token without scopes
    [[group]]
    id = "g1"
    name = "confluence-users"
    directory = "a0000000-0000-4000-8000-000000000001"
    role = [{ app = "acme/confluence", roles = ["atlassian/user"] }]

A space of a site gets its ID by its place in the list, the status of a live one, 300 days of age and the administrator
as its owner, where the file says nothing else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from contribaudit.simulator.admin import ADMIN
from contribaudit.simulator.organization import Organization
from contribaudit.simulator.scenarios.dates import when
from contribaudit.simulator.values import SITE_SCOPES, Group, Json, SiteToken, Space

FIRST_IDS = {"jira": 10_000, "confluence": 65_536}


def add_spaces(organization: Organization, sites: Iterable[Json], now: datetime) -> None:
    """Add the spaces of every site, in the order of the file."""
    for site in sites:
        seen: Counter[str] = Counter()
        for entry in site.get("space", []):
            fields, app = dict(entry), organization.app(f"{site['host'].split('.')[0]}/{entry['app']}")
            family = "confluence" if app.type_key == "confluence" else "jira"
            defaults: Json = {
                "id": str(FIRST_IDS[family] + seen[family]),
                "status": "current" if family == "confluence" else "live",
                "private": False,
                "owner": ADMIN.id,
            }
            seen[family] += 1
            made = {"app": app.id, "created_at": when(fields.pop("created_at", "300 days ago"), now)}
            organization.spaces.add(Space(**defaults | fields | made))


def site_token(entry: Json) -> SiteToken:
    """A token of a person or a service account."""
    scopes = entry.pop("scopes")
    if scopes == "audit":
        scopes = SITE_SCOPES
    sites = frozenset(entry.pop("sites")) if "sites" in entry else None
    fields: Json = {"email": None} | entry
    return SiteToken(scopes=None if scopes == "none" else frozenset(scopes), sites=sites, **fields)


def group(entry: Json, organization: Organization) -> Group:
    """A group with its roles."""
    roles = {organization.app(role["app"]).id: tuple(role["roles"]) for role in entry.pop("role", [])}
    return Group(roles=roles, **entry)
