"""What happened at each simulated organization before the demonstration begins: who looked, who changed what, when.

A story is a list of moments. At each, people do something in the console, and an audit follows where one is due. All of
it is real: HTTP against the simulated API, a real history, attestations with anchors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from contribaudit.core.model.observation import Value
from contribaudit.simulator import Organization
from contribaudit.simulator.admin import (
    ACTIONS,
    ADMIN,
    AdminConsole,
    app_item,
    policy_item,
    product_of,
    site_item,
)
from contribaudit.simulator.values import Actor, App

ANNA = "anna@acme.example"
BEN = "ben@acme.example"
OPS = Actor("557058:0007", "O. Ops", "ops@acme.example")
SALES = Actor("557058:0008", "S. Sales", "sales@acme.example")

_MOVED, _ADDED = "acme-us/confluence", "acme-labs/confluence"

Values: TypeAlias = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happens, in this order: the deed, the look, the audit."""

    at: datetime
    deed: Callable[[Organization, datetime], None] | None = None
    looked: Values | None = None
    """What the console showed, by setting, or by subject and setting where one differs; None where nobody looked."""
    by: str = ANNA
    audited: bool = True


SHOWN: Values = {
    "contribution.metadata": "off",
    "contribution.in_app": "off",
    "contribution.in_app.included": (),
    "contribution.in_app.excluded": (),
    "contribution.exemption": "none",
    "contribution.offered": (),
    "ai.access": "blocked",
    "ai.own_setting": "off",
    "ai.portal_customers": "off",
    "ai.web_search": "off",
    "ai.beta_features": "off",
    "ai.agents.creators": "admins",
    "ai.agents.default_access": (),
    "ai.mcp.domains": (),
    "ai.mcp.supported_domains": "blocked",
    "ai.mcp.api_tokens": "off",
    "ai.mcp.read": "blocked",
    "ai.mcp.write": "blocked",
    "ai.mcp.search": "blocked",
    "app:acme-labs.atlassian.net/jira-software ai.access": "allowed",
    "app:acme-labs.atlassian.net/confluence ai.access": "allowed",
    "residency.default_realm": "EU",
    "trial": "none",
    "hipaa.baa": "none",
}
"""What the console shows where everything is as it should be."""


def of_acme(now: datetime) -> tuple[Moment, ...]:
    """A month: a look in both states of the switch, quiet weeks, and then last week."""
    tuesday = _last_tuesday(now)
    start = tuesday - timedelta(days=28, hours=4)
    opted_out = start + timedelta(days=1)
    return (
        Moment(start, looked={**SHOWN, "contribution.in_app": "on"}, audited=False),
        Moment(opted_out, _in_app(on=False), SHOWN),
        *(Moment(start + timedelta(days=days)) for days in (7, 14, 21)),
        Moment(tuesday - timedelta(hours=12), looked=SHOWN, by=BEN),
        Moment(tuesday, _in_app(on=True, by=OPS), audited=False),
        Moment(tuesday + timedelta(hours=3), _open_rovo, audited=False),
        Moment(tuesday + timedelta(hours=5), _move, audited=False),
        Moment(tuesday + timedelta(hours=6), looked={"contribution.metadata": "off"}, by=BEN, audited=False),
    )


def of_tidy(now: datetime) -> tuple[Moment, ...]:
    """Two looks a week apart at an organization in which all is well."""
    return (
        Moment(now - timedelta(days=8), looked=SHOWN),
        Moment(now - timedelta(days=1), looked=SHOWN, by=BEN),
    )


def of_small(now: datetime) -> tuple[Moment, ...]:
    """One look at a company on Free and Standard plans."""
    shown = {**SHOWN, "contribution.metadata": "always", "contribution.in_app": "on", "ai.access": "allowed"}
    return (Moment(now - timedelta(days=1), looked=shown),)


def of_drifted(now: datetime) -> tuple[Moment, ...]:
    """Nobody ever looked; since yesterday an app was moved and another one added."""
    taken: list[App] = []

    def take_back(organization: Organization, _at: datetime) -> None:
        taken.append(organization.app(_MOVED))
        taken.append(organization.app(_ADDED))
        organization.set_realm(_MOVED, "EU", ("eu-central-1", "eu-west-1"))
        organization.remove_app(_ADDED)

    def go_on(organization: Organization, at: datetime) -> None:
        console = AdminConsole(organization, lambda: at)
        console.move(_MOVED, taken[0].realm or "", taken[0].regions)
        console.add_app(taken[1])

    return (Moment(now - timedelta(days=1), take_back), Moment(now, go_on, audited=False))


STORIES: Mapping[str, Callable[[datetime], tuple[Moment, ...]]] = {
    "acme": of_acme,
    "tidy": of_tidy,
    "small": of_small,
    "drifted": of_drifted,
}


def _last_tuesday(now: datetime) -> datetime:
    """14:02 on the last Tuesday that is over since half a day."""
    before = now - timedelta(hours=12)
    day = before - timedelta(days=(before.weekday() - 1) % 7)
    moment = day.replace(hour=14, minute=2, second=0, microsecond=0)
    return moment if moment <= before else moment - timedelta(days=7)


def _in_app(*, on: bool, by: Actor = ADMIN) -> Callable[[Organization, datetime], None]:
    def deed(organization: Organization, at: datetime) -> None:
        policy = organization.policy("acme-data-use")
        organization.set_rule(policy.id, {**policy.rule, "off": ["metadata"] if on else ["metadata", "in-app"]})
        console = AdminConsole(organization, lambda: at, actor=by)
        word = "on" if on else "off"
        text = f"Turned in-app data contribution {word}"
        console.note(ACTIONS["contribution_changed"], text, context=[policy_item(policy)])

    return deed


def _open_rovo(organization: Organization, at: datetime) -> None:
    app = organization.app("acme/confluence")
    organization.set_ai("acme/confluence", True)
    organization.set_resource("acme-generative-ai", "acme/confluence", "enabled")
    AdminConsole(organization, lambda: at, actor=OPS).note(
        ACTIONS["rovo_allowed"],
        "Allowed Rovo for acme/confluence",
        context=[app_item(app)],
        container=[site_item(app)],
        product=product_of(app),
    )


def _move(organization: Organization, at: datetime) -> None:
    organization.remove_resource("acme-residency-eu", "acme-us/confluence")
    AdminConsole(organization, lambda: at, actor=SALES).move("acme-us/confluence", "US", ("us-east-1", "us-west-2"))
