"""Matches what policies say about apps with the list of apps.

A policy may spell an app's ARI differently. What a signal says about anything that is not in the list (a site, a space,
the same app under another owner) anchors no app, so it belongs to the organization's signal: no change goes unseen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from contribaudit.atlassian.paging import one_spelling
from contribaudit.core.model import names
from contribaudit.core.model.observation import Observation, Observed, SettingId, Unavailable
from contribaudit.core.model.snapshot import Collection, CollectionStatus
from contribaudit.core.model.subject import Kind, organization_subject
from contribaudit.core.resolve.signals import SIGNAL_PREFIX, newest, revision_of, settled_of


def match_listed_apps(
    collections: Iterable[Collection], by_collector: Mapping[str, tuple[Observation, ...]]
) -> dict[str, tuple[Observation, ...]]:
    """The observations by collector, those of the policies about the apps as the list of apps spells them."""
    lists = [one for one in collections if one.collector == names.WORKSPACES]
    seen = by_collector.get(names.POLICIES)
    if not lists or seen is None:
        return dict(by_collector)
    apps = {one.subject.id for one in by_collector.get(names.WORKSPACES, ()) if one.subject.kind is Kind.APP}
    return {**by_collector, names.POLICIES: tuple(_matched(seen, apps, lists[0]))}


def _matched(seen: Sequence[Observation], apps: Iterable[str], listing: Collection) -> Iterator[Observation]:
    spelled = {one_spelling(app): app for app in apps}
    organization = organization_subject(listing.organization)
    matched: dict[tuple[str, SettingId], Observation] = {}
    unlisted: dict[SettingId, list[Observation]] = {}
    signals = {one.setting for one in seen if one.setting.startswith(SIGNAL_PREFIX)}
    signal_settings = signals | {made(one) for one in signals for made in (revision_of, settled_of)}
    for one in seen:
        app = spelled.get(one_spelling(one.subject.id)) if one.subject.kind is Kind.APP else None
        if app is not None:
            one = replace(one, subject=replace(one.subject, id=app))
        elif one.subject.kind is Kind.APP and one.setting in signal_settings:
            unlisted.setdefault(one.setting, []).append(one)
            if listing.status is CollectionStatus.OK:
                continue
        key = one.subject.id, one.setting
        matched[key] = _together([matched[key], one]) if key in matched else one
    for setting, others in unlisted.items():
        key = organization.id, setting
        if listing.status is CollectionStatus.OK:
            own = [matched[key]] if key in matched else []
            matched[key] = _together([*own, *(replace(one, subject=organization) for one in others)])
        elif setting in signals:
            what = f"it lists {others[0].subject.id[:80]!r}, and the list of apps is incomplete"
            matched[key] = Unavailable(setting, organization, "apps_unread", what, listing.started_at, others[0].source)
    yield from matched.values()


def _together(parts: Sequence[Observation]) -> Observation:
    """One observation of all parts: every digest of a signal, its newest revision, and that it is not settled."""
    values = [one.value for one in parts if isinstance(one, Observed)]
    if len(values) < len(parts) or not isinstance(parts[0], Observed):
        return next(one for one in parts if isinstance(one, Unavailable))
    if parts[0].setting.startswith(SIGNAL_PREFIX):
        digests = [digest for one in values if isinstance(one, tuple) for digest in one]
        return replace(parts[0], value=tuple(sorted(digests)))
    texts = [one for one in values if isinstance(one, str)]
    return replace(parts[0], value=newest(texts)) if texts else parts[0]
