"""The story of each simulated organization before the demonstration begins: who looked, who changed what, and when.

A story is a tuple of moments. At each, people may do something in the console, and an audit may follow. Stories are
played for real: HTTP against the simulated API, a real history, attestations with anchors. Meanwhile the vendor
publishes pages that the rulebook's facts rest on and later changes one. It also publishes two lists of sub-processors;
the second names one company more than the shipped list.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from html import escape
from typing import TypeAlias

from contribaudit.core.model.attestation import Signature
from contribaudit.core.model.observation import Value
from contribaudit.core.model.provisions import TermsRules, Watched
from contribaudit.core.model.subprocessors import SUBPROCESSOR_COLUMNS, Row, SubprocessorRules
from contribaudit.core.resolve.subprocessors import understood
from contribaudit.exporters.csv_evidence import lines
from contribaudit.exporters.subprocessors import list_cells
from contribaudit.simulator import Organization
from contribaudit.simulator.admin import ADMIN, AdminConsole
from contribaudit.simulator.values import Actor, App
from contribaudit.store.history import History
from contribaudit.vendors.fetching import Page
from contribaudit.vendors.subprocessors import take_in as take_in_list
from contribaudit.vendors.terms import take_in

ANNA = "anna@acme.example"
BEN = "ben@acme.example"
OPS = Actor("557058:0007", "O. Ops", "ops@acme.example")
SALES = Actor("557058:0008", "S. Sales", "sales@acme.example")

_MOVED, _ADDED = "acme-us/confluence", "acme-labs/confluence"

Values: TypeAlias = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Moment:
    """What happens at one time, in this order: the action, the look, the audit."""

    at: datetime
    action: Callable[[Organization, datetime], None] | None = None
    looked: Values | None = None
    """The values on the console, by setting, or by "SUBJECT SETTING" where a subject differs; None if nobody looked."""
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
"""The values on the console when everything is as it should be."""


def of_acme(now: datetime) -> tuple[Moment, ...]:
    """A month: the in-app switch seen on and off, three quiet weeks, then the changes of last week."""
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
    """14:02 on the last Tuesday, at least half a day ago."""
    before = now - timedelta(hours=12)
    day = before - timedelta(days=(before.weekday() - 1) % 7)
    moment = day.replace(hour=14, minute=2, second=0, microsecond=0)
    return moment if moment <= before else moment - timedelta(days=7)


def _in_app(*, on: bool, by: Actor = ADMIN) -> Callable[[Organization, datetime], None]:
    def action(organization: Organization, at: datetime) -> None:
        AdminConsole(organization, lambda: at, actor=by).set_contribution("in-app", on=on)

    return action


def _open_rovo(organization: Organization, at: datetime) -> None:
    AdminConsole(organization, lambda: at, actor=OPS).set_rovo("acme/confluence", True)


def _move(organization: Organization, at: datetime) -> None:
    organization.remove_resource("acme-residency-eu", "acme-us/confluence")
    AdminConsole(organization, lambda: at, actor=SALES).move("acme-us/confluence", "US", ("us-east-1", "us-west-2"))


_CHANGED = "data-contribution-faqs"
_NEWS = "Data that was contributed may be retained for up to 24 months after your organization opts out"


def archive_pages(store: History, rules: TermsRules, moments: Sequence[datetime]) -> None:
    """Archive, at each moment, every document with anchored facts; at the last moment one page has new text."""
    anchored = {one.document for one in rules.anchors}
    for moment in moments:
        for document in rules.documents:
            if document.name in anchored:
                more = _NEWS if moment == moments[-1] and document.name == _CHANGED else ""
                copy = Page(_page(rules, document, more), "text/html", "simulated page", moment)
                take_in(store, rules, document, copy, Signature("demo", moment, "demo", "demo"))


def _page(rules: TermsRules, document: Watched, more: str) -> bytes:
    says = [". ".join(one.phrases) for one in rules.anchors if one.document == document.name]
    text = "".join(f"<p>{escape(one)}.</p>" for one in (*says, *([more] if more else [])))
    return (
        f"<html><head><title>{escape(document.title)}</title></head><body><main><h1>{escape(document.title)}</h1>"
        f"<p>A simulated page of Atlassian on data contribution.</p>{text}</main></body></html>"
    ).encode()


_NEW = Row(
    "Simulated Models LLC",
    "All Applicable Cloud Products with Atlassian Intelligence or Rovo",
    "Generative AI services provider for intelligence product features",
    "Personal data contained in user account information and text or files created by customer",
    "USA, EEA",
)


def import_lists(store: History, rules: SubprocessorRules, begun: datetime, lately: datetime) -> None:
    """Import two sub-processor lists: one in force 90 days before `begun`, one from the day of `lately` on."""
    assert rules.baseline is not None, "the shipped rulebook has one"
    rows = rules.baseline.rows
    months_before = begun.date() - timedelta(days=90)
    for moment, since, list_rows in ((begun, months_before, rows), (lately, lately.date(), (_NEW, *rows))):
        listed = replace(rules.baseline, effective=since, rows=list_rows, source="simulated page")
        body = "".join(lines([SUBPROCESSOR_COLUMNS, *list_cells(listed, understood(listed, rules))])).encode()
        signed = Signature("dpo@acme.example", moment, "demo", "demo")
        store.add_subprocessors(take_in_list(body, "simulated page", rules, store.subprocessors(), signed), body)
