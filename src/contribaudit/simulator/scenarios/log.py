"""The audit log's first entries, from a scenario file's `[[event]]`.

    [[event]]
    action = "user_login"
    at = "3 days ago at 08:55"
    actor = { id = "557058:0001", name = "B. Builder" }     # left out: the administrator
    app = "acme/confluence"                                 # what it was done to, and where
    policy = "acme-residency-eu"                            # what else
    message = "Logged in"

`context` and `container` take entries in the API's shape instead, `location` as well.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from contribaudit.simulator.admin import ADMIN
from contribaudit.simulator.event_parts import (
    FRANKFURT,
    app_item,
    event_id,
    org_item,
    policy_item,
    product_of,
    site_item,
)
from contribaudit.simulator.organization import Organization
from contribaudit.simulator.scenarios.dates import when
from contribaudit.simulator.values import Actor, Event, Json


def add_events(organization: Organization, entries: Iterable[Json], now: datetime) -> None:
    """Write the entries into the log, oldest first."""
    for entry in sorted(entries, key=lambda one: when(one["at"], now)):
        organization.write_event(_event(dict(entry), organization, now))


def _event(entry: Json, organization: Organization, now: datetime) -> Event:
    context, container = list(entry.pop("context", [])), list(entry.pop("container", []))
    app = organization.app(entry.pop("app")) if "app" in entry else None
    if app is not None:
        context.append(app_item(app))
        container.append(site_item(app))
    if "policy" in entry:
        context.append(policy_item(organization.policy(entry.pop("policy"))))
    return Event(
        id=event_id(organization),
        action=entry.pop("action"),
        time=when(entry.pop("at"), now),
        actor=Actor(**entry.pop("actor")) if "actor" in entry else ADMIN,
        context=tuple(context),
        container=tuple(container) or (org_item(organization),),
        location=entry.pop("location", FRANKFURT),
        product=None if app is None else product_of(app),
        **entry,
    )
