"""The inventory: organizations, sites, apps and connectors, as people count them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from contribaudit.core.model import names
from contribaudit.core.model.observation import Observed, SettingId, Value
from contribaudit.core.model.phrases import counted
from contribaudit.core.model.snapshot import SpaceList
from contribaudit.core.model.subject import Kind, Subject, organization_subject
from contribaudit.core.resolve.state import State, once_per_state

NAMED_BY_POLICY = "named only by a policy, not in the list of apps"
NOT_AN_APP = "an entry in the list that is not an app"
"""This note and the one above mark rows that the inventory's numbers leave out."""
RECORDED = "recorded by people: no API lists connectors"


@dataclass(frozen=True, slots=True)
class Site:
    """Apps that share a cloud ID or a host."""

    organization: str
    id: str
    """The cloud ID; the host where no cloud ID is known."""
    host: str
    """"" where none of its apps has a known host."""
    apps: tuple[Subject, ...] = field(compare=False)

    @property
    def label(self) -> str:
        """The host, or the cloud ID where no host is known."""
        return self.host or self.id

    @property
    def subject(self) -> Subject:
        """The site as a subject of settings."""
        return Subject(self.organization, Kind.SITE, self.label)

    def goes_by(self, text: str) -> bool:
        """Whether the text is its cloud ID or its host, in any case."""
        return text.casefold() in (self.id.casefold(), self.host.casefold())


@dataclass(frozen=True, slots=True)
class InventoryRow:
    """One thing in the inventory: seen in this run, or known from an earlier one and not seen now."""

    organization: str
    organization_name: str
    kind: Kind
    id: str
    name: str
    site: str = ""
    type_key: str = ""
    plan: Value = None
    status: Value = None
    sandbox: Value = None
    realm: Value = None
    regions: Value = None
    pinned: Value = None
    created_at: Value = None
    note: str = ""
    """Why the row does not count, that it was not seen, or what else is special; "" for an ordinary row."""
    spaces: int | None = None
    """How many spaces of an app the last listings showed; None where they were not listed."""
    spaces_counted: int | None = None
    """How many its own administration shows, as attested; None where nobody counted."""


@once_per_state
def sites_of(state: State, organization: str) -> tuple[Site, ...]:
    """The organization's sites, in the order of their first app. Apps without cloud ID and host belong to none."""
    groups: dict[int, list[Subject]] = {}
    group_of: dict[str, int] = {}
    keys_of: dict[int, list[str]] = {}
    for number, app in enumerate(state.subjects(Kind.APP, organization)):
        keys = {key for key in (state.recall(app, names.APP_SITE), state.recall(app, names.APP_HOST)) if key}
        if not keys:
            continue
        # An app can show that a cloud ID and a host, so far two groups, are one site.
        first, *others = sorted({group_of[key] for key in keys if key in group_of}) or [number]
        apps, known_keys = groups.setdefault(first, []), keys_of.setdefault(first, [])
        for other in others:
            apps += groups.pop(other)
            known_keys += keys_of.pop(other)
        apps.append(app)
        known_keys += keys
        group_of.update(dict.fromkeys(known_keys if others else keys, first))
    return tuple(_site(state, organization, apps) for apps in groups.values())


@once_per_state
def site_by_app(state: State, organization: str) -> Mapping[Subject, Site]:
    """The site of each app, without the apps that give neither cloud ID nor host."""
    return {app: site for site in sites_of(state, organization) for app in site.apps}


def apps_of_site(state: State, site: Subject) -> tuple[Subject, ...]:
    """The apps of a site whose subject has the cloud ID or the host; empty for an unknown site."""
    return next((one.apps for one in sites_of(state, site.organization) if one.goes_by(site.id)), ())


def inventory_rows(state: State) -> list[InventoryRow]:
    """Every organization, its sites, its apps and the entries that are no apps, organization by organization."""
    rows: list[InventoryRow] = []
    for organization, place in state.organizations.items():
        name = state.organization_name(organization)
        plan = _observed_value(state, organization_subject(organization), names.HIGHEST_PLAN)
        org = organization, name
        rows.append(InventoryRow(*org, Kind.ORGANIZATION, organization, name, plan=plan, note=place.unread_reason))
        for site in sites_of(state, organization):
            note = counted(len(site.apps), "app")
            rows.append(InventoryRow(*org, Kind.SITE, site.id, site.label, site.label, note=note))
        rows.extend(_app_row(state, organization, name, app) for app in state.apps_named_anywhere(organization))
        for connector in state.subjects(Kind.CONNECTOR, organization):
            rows.append(InventoryRow(*org, Kind.CONNECTOR, connector.id, connector.id, note=RECORDED))
    return rows


def _app_row(state: State, organization: str, organization_name: str, app: Subject) -> InventoryRow:
    place, listing = state.place(app), state.spaces(app.organization).lists().get(app)
    return InventoryRow(
        organization=organization,
        organization_name=organization_name,
        kind=Kind.APP,
        id=app.id,
        name=place.name,
        site=place.site,
        type_key=place.app,
        plan=_observed_value(state, app, names.PLAN),
        status=_observed_value(state, app, names.APP_STATUS),
        sandbox=_observed_value(state, app, names.APP_SANDBOX),
        realm=_observed_value(state, app, names.REALM),
        regions=_observed_value(state, app, names.REGIONS),
        pinned=_observed_value(state, app, names.PINNED),
        created_at=_observed_value(state, app, names.APP_CREATED_AT),
        note=_note(state, app, listing),
        spaces=listing.read if listing is not None else None,
        spaces_counted=spaces_counted(state, app),
    )


def spaces_counted(state: State, app: Subject) -> int | None:
    """How many spaces the app's own administration shows, as attested; None where nobody looked."""
    seen = state.value(app, names.SPACE_COUNT)
    return seen.value if seen is not None and isinstance(seen.value, int) else None


def _note(state: State, app: Subject, listing: SpaceList | None) -> str:
    if not state.in_inventory(app):
        return NAMED_BY_POLICY
    if state.pseudo(app):
        return NOT_AN_APP
    seen = state.read(app, names.APP_TYPE_KEY)
    if not isinstance(seen, Observed):
        return f"not seen in this run: {seen.reason}"
    if listing is None or listing.complete:
        return ""
    return f"spaces not read completely: {listing.reason or listing.code}"


def _site(state: State, organization: str, apps: list[Subject]) -> Site:
    ids = [text for app in apps if (text := state.recall(app, names.APP_SITE))]
    hosts = [text for app in apps if (text := state.recall(app, names.APP_HOST))]
    return Site(organization, (ids or hosts)[0], hosts[0] if hosts else "", tuple(apps))


def _observed_value(state: State, subject: Subject, setting: SettingId) -> Value:
    seen = state.value(subject, setting)
    return seen.value if seen is not None else None
