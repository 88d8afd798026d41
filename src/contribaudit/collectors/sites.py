"""The sites of the apps that a run saw, for readings that use a token per site."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from contribaudit.atlassian.sites import is_cloud_id
from contribaudit.core.model import names
from contribaudit.core.model.observation import Observed, SettingId
from contribaudit.core.model.phrases import first_of
from contribaudit.core.model.rulebook import App, Rulebook
from contribaudit.core.model.snapshot import Collection, CollectionStatus, Snapshot
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.progress import Progress

_SITES_MISSING = "the list of apps is incomplete, so sites may be missing"
_APP_TEXTS = (names.APP_TYPE_KEY, names.APP_SITE, names.APP_HOST)


@dataclass(frozen=True, slots=True)
class AppSite:
    """The apps of one site, in server order, each with its rulebook entry."""

    cloud_id: str
    """"" for an app whose site is unknown: it has an entry of its own and cannot be read."""
    hosts: tuple[str, ...]
    """Hosts as the apps give them."""
    apps: tuple[tuple[Subject, App], ...]

    def app_of(self, project_type: str) -> Subject:
        """The app that owns projects of this type; the first app when none names the type."""
        return next((app for app, rule in self.apps if project_type in rule.project_types), self.apps[0][0])

    def subject(self, organization: str) -> Subject:
        """The site identified by its host, or by cloud ID when no app gives a host."""
        return Subject(organization, Kind.SITE, self.hosts[0] if self.hosts else self.cloud_id)

    def keys(self) -> dict[str, tuple[str, ...]]:
        """The spellings under which the gateway may know each app's plan, by type key."""
        return {rule.type_key: rule.product_keys for _, rule in self.apps if rule.product_keys}


def app_sites(snapshot: Snapshot, rulebook: Rulebook, wanted: Callable[[App, bool], bool]) -> list[AppSite]:
    """The sites of the apps that `wanted` selects, in the order of their first app.

    `wanted` gets the rulebook's entry of an app, and whether the app names its site.
    """
    groups: dict[str, list[tuple[Subject, App, str]]] = {}
    for app, texts in _app_texts(snapshot).items():
        rule = rulebook.app(texts.get(names.APP_TYPE_KEY, ""))
        site = texts.get(names.APP_SITE, "").lower()
        if rule is not None and not rule.pseudo and wanted(rule, is_cloud_id(site)):
            key = site if is_cloud_id(site) else f"app {app.id}"
            groups.setdefault(key, []).append((app, rule, texts.get(names.APP_HOST, "")))
    return [
        AppSite(
            key if is_cloud_id(key) else "",
            tuple(dict.fromkeys(host for _, _, host in members if host)),
            tuple((app, rule) for app, rule, _ in members),
        )
        for key, members in groups.items()
    ]


Shortfall: TypeAlias = tuple[str, str, str | None]
"""Why something was not read: code, reason and missing scope."""


def sites_missing(snapshot: Snapshot) -> list[Shortfall]:
    """Why sites may be missing, because the list of apps is incomplete or was not read; empty when it is complete."""
    apps = next((one for one in snapshot.collections if one.collector == names.WORKSPACES), None)
    if apps is None:
        return [("not_read", f"{_SITES_MISSING}: it was not requested", None)]
    if apps.complete:
        return []
    return [(apps.code, f"{_SITES_MISSING}: {apps.reason}", apps.missing_scope)]


def concluded(made: Collection, shortfalls: Sequence[Shortfall], progress: Progress, *, anything: bool) -> Collection:
    """The finished collection: after a shortfall `partial` or, without `anything` read, `failed`. Reports its end."""
    status = CollectionStatus.OK
    if shortfalls:
        status = CollectionStatus.PARTIAL if anything else CollectionStatus.FAILED
    code, _, scope = shortfalls[0] if shortfalls else ("", "", None)
    reason = first_of([text for _, text, _ in shortfalls])
    progress.collector_finished(made.organization, made.collector, status, reason)
    return replace(made, status=status, code=code, reason=reason, missing_scope=scope)


def _app_texts(snapshot: Snapshot) -> dict[Subject, dict[SettingId, str]]:
    """For each app that the run saw, the texts that identify and locate it, in server order."""
    texts_by_app: dict[Subject, dict[SettingId, str]] = {}
    for seen in snapshot.observations:
        if isinstance(seen, Observed) and seen.setting in _APP_TEXTS and seen.subject.kind is Kind.APP:
            texts = texts_by_app.setdefault(seen.subject, {})
            if isinstance(seen.value, str):
                texts[seen.setting] = seen.value
    return texts_by_app
