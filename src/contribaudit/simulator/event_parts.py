"""What audit events are made of: the entries of `context` and `container`, in the API's shape.

    {id, type, attributes, links?}

The types `sites` (with siteName, siteHostName) and `users` have been seen in public samples; every other type is made
up.
"""

from __future__ import annotations

from typing import Any

from contribaudit.simulator.organization import Organization
from contribaudit.simulator.values import App, Json, Policy

FRANKFURT: Json = {"ip": "192.0.2.10", "city": "Frankfurt", "regionName": "Hesse", "countryName": "Germany"}


def event_id(organization: Organization) -> str:
    """The ID of the next event. They are never removed, so their number is free, and later ones sort after."""
    return f"e0000000-0000-4000-8000-{len(organization.events) + 1:012}"


def item(identifier: str, kind: str, **attributes: Any) -> Json:
    """Any entry."""
    return {"id": identifier, "type": kind, "attributes": attributes}


def app_item(app: App) -> Json:
    """An app, by its ARI."""
    return item(app.id, "products", name=app.type, typeKey=app.type_key)


def policy_item(policy: Policy) -> Json:
    """A policy, by its ID."""
    return item(policy.id, "policies", policyType=policy.type, name=policy.name or "")


def site_item(app: App) -> Json:
    """The site of an app, by its cloud ID; an app without a site is its own place."""
    shown = item(app.id.rsplit("/", 1)[-1], "sites", siteName=app.name, siteHostName=app.host_url or "")
    return shown | {"links": {"alt": app.host_url or ""}}


def org_item(organization: Organization) -> Json:
    """The organization, where a deed concerns no single site."""
    return item(organization.id, "orgs", name=organization.name)


def product_of(app: App) -> str | None:
    """The word that the log's `product` filter has for an app, None when it has none."""
    family = app.type_key.partition("-")[0]
    return family if family in ("bitbucket", "confluence", "jira", "loom") else None
