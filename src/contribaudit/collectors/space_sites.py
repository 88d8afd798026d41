"""Which sites have spaces, and of which apps: read off what a run saw of the organization's apps."""

from __future__ import annotations

from dataclasses import dataclass

from contribaudit.atlassian.sites import is_cloud_id
from contribaudit.core.model import names
from contribaudit.core.model.observation import Observed, SettingId
from contribaudit.core.model.rulebook import App, Rulebook
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.core.snapshot import Snapshot

_TOLD = (names.APP_TYPE_KEY, names.APP_SITE, names.APP_HOST)


@dataclass(frozen=True, slots=True)
class SpaceSite:
    """The apps of one site whose spaces are in one list, in server order, each with what the rulebook says of it."""

    cloud_id: str
    """"" for apps whose site nobody can tell: each is then one by itself."""
    hosts: tuple[str, ...]
    """As the apps tell them."""
    apps: tuple[tuple[Subject, App], ...]

    def app_of(self, project_type: str) -> Subject:
        """The app that a project of this type belongs to; the first one where none names the type."""
        return next((app for app, rule in self.apps if project_type in rule.project_types), self.apps[0][0])


def sites_with(snapshot: Snapshot, rulebook: Rulebook, kind: str) -> list[SpaceSite]:
    """The sites of the apps whose spaces are "jira" or "confluence" ones, in the order of their first app."""
    groups: dict[str, list[tuple[Subject, App, str]]] = {}
    for app, told in _apps(snapshot).items():
        rule = rulebook.app(told.get(names.APP_TYPE_KEY, ""))
        if rule is None or rule.spaces != kind or rule.pseudo:
            continue
        site = told.get(names.APP_SITE, "")
        cloud_id = site.lower() if is_cloud_id(site) else ""
        groups.setdefault(cloud_id or f"app {app.id}", []).append((app, rule, told.get(names.APP_HOST, "")))
    return [
        SpaceSite(
            key if is_cloud_id(key) else "",
            tuple(dict.fromkeys(host for _, _, host in members if host)),
            tuple((app, rule) for app, rule, _ in members),
        )
        for key, members in groups.items()
    ]


def _apps(snapshot: Snapshot) -> dict[Subject, dict[SettingId, str]]:
    found: dict[Subject, dict[SettingId, str]] = {}
    for one in snapshot.observations:
        if isinstance(one, Observed) and one.setting in _TOLD and one.subject.kind is Kind.APP:
            told = found.setdefault(one.subject, {})
            if isinstance(one.value, str):
                told[one.setting] = one.value
    return found
