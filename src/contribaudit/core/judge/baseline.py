"""Baselines: the state that a person approved, and the subjects outside it.

`State.baseline(organization)` gives the approval that counts at the state's moment; `uncovered` says whether a subject
is outside it. A check that asks whether somebody reviewed what is new takes the baseline, where there is one, as that
review: its subjects were reviewed on `approved.at` (`Approved.baseline.approved`), those first seen by a run after
`Approved.looked_at` were not. For spaces these are `state.spaces(organization).since(app, approved.looked_at)`.
evaluate.py turns every pass about a subject outside the baseline into `unknown`, so that no check has to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from contribaudit.core.model import names
from contribaudit.core.model.attestation import Approved, Attestation, Baseline, known_by
from contribaudit.core.model.observation import Observation, Observed
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.core.resolve.aliases import alias_of
from contribaudit.core.resolve.inventory import sites_of
from contribaudit.core.resolve.state import State

COVERED = (Kind.SITE, Kind.APP, Kind.SPACE, Kind.CONNECTOR)
"""The kinds of subject that a baseline covers. Settings of the organization itself are not part of it."""
NOT_IN_BASELINE = "not_in_baseline"
BASELINE_EXPIRED = "baseline_expired"


@dataclass(frozen=True, slots=True)
class Uncovered:
    """Why a subject is outside the baseline."""

    code: str
    """NOT_IN_BASELINE or BASELINE_EXPIRED."""
    reason: str


def approved_of(
    baseline: Baseline, looked_at: datetime, observations: Iterable[Observation], attestations: Iterable[Attestation]
) -> Approved:
    """The baseline with what its run knew: from its inventory, and from what people had recorded by the approval."""
    apps: set[str] = set()
    sites: dict[str, str] = {}
    hosts: dict[str, str] = {}
    for seen in observations:
        if seen.subject.kind is not Kind.APP or not isinstance(seen, Observed) or not isinstance(seen.value, str):
            continue
        if seen.setting == names.APP_TYPE_KEY:
            apps.add(seen.subject.id)
        elif seen.setting == names.APP_SITE:
            sites[seen.subject.id] = seen.value.casefold()
        elif seen.setting == names.APP_HOST:
            hosts[seen.subject.id] = seen.value.casefold()
    places = {site for app in apps if (site := sites.get(app) or hosts.get(app))}
    named = {one.subject for one in known_by(attestations, baseline.approved.at)}
    attested = frozenset(one for one in named if one.kind in (Kind.SPACE, Kind.CONNECTOR))
    return Approved(baseline, looked_at, frozenset(apps), frozenset(places), attested)


def uncovered(state: State, subject: Subject) -> Uncovered | None:
    """Why the subject is outside its organization's baseline; None when it is inside, or there is no baseline."""
    approved = state.baseline(subject.organization) if subject.kind in COVERED else None
    if approved is None:
        return None
    signed = approved.baseline.approved
    which = f"the baseline of run {approved.baseline.run}, approved by {signed.by} on {signed.at:%Y-%m-%d}"
    if approved.expired(state.as_of):
        return Uncovered(
            BASELINE_EXPIRED, f"{which}, expired on {approved.baseline.until:%Y-%m-%d} and no longer covers anything"
        )
    if _covers(state, approved, subject):
        return None
    return Uncovered(NOT_IN_BASELINE, f"{alias_of(state, subject)} is not in {which}")


def outside(state: State, organization: str) -> Iterator[Subject]:
    """The present sites, apps, spaces and connectors that are outside the baseline; none without a baseline.

    The spaces of an app that is itself outside are not listed individually.
    """
    approved = state.baseline(organization)
    if approved is None:
        return
    apps = state.subjects(Kind.APP, organization)
    sites = [site.subject for site in sites_of(state, organization)]
    yield from (one for one in (*sites, *apps) if uncovered(state, one) is not None)
    if not approved.expired(state.as_of):
        book = state.spaces(organization)
        for app in book.lists():
            if app.id in approved.apps:
                yield from (known.space.subject for known in book.since(app, approved.looked_at))
    yield from (one for one in state.subjects(Kind.CONNECTOR, organization) if uncovered(state, one) is not None)


def _covers(state: State, approved: Approved, subject: Subject) -> bool:
    match subject.kind:
        case Kind.APP:
            return subject.id in approved.apps
        case Kind.SITE:
            sites = [one for one in sites_of(state, subject.organization) if one.goes_by(subject.id)]
            return bool(sites) and all(one.id.casefold() in approved.sites for one in sites)
        case Kind.SPACE:
            spaces = state.spaces(subject.organization).find(subject.id)
            if spaces:
                return all(one.first_seen <= approved.looked_at and one.space.app.id in approved.apps for one in spaces)
            return subject in approved.named
        case _:
            return subject in approved.named
