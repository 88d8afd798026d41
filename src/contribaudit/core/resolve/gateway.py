"""Compares the gateway with other sources: which organization a site belongs to, trials, plans and regions.

Values of a site that belongs to another organization are not used. A trial is taken from the gateway. Where a plan
word or a set of regions differs from the organization's own API, neither counts. A word that the rulebook does not
know contradicts no known word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from contribaudit.core.model import names
from contribaudit.core.model.observation import (
    SOURCES_DIFFER,
    Grade,
    Observation,
    Observed,
    SettingId,
    Unavailable,
)
from contribaudit.core.model.rulebook import Plan
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.core.model.times import parse_utc
from contribaudit.core.resolve.inventory import sites_of
from contribaudit.core.resolve.state import State

NO_TRIAL = "none"
RUNNING = "running"
SOME_TRIAL = "trial"
"""The gateway's word for a trial whose edition is not given."""
_BY_GATEWAY = (names.TRIAL, names.TRIAL_ENDS)
GATEWAY = "gateway."
"""The beginning of the ID of every setting that the gateway gives."""
_REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-[0-9]+")
"""A cloud region in the form that both sources document: "eu-central-1"."""


def other_organizations(state: State, organization: str) -> Iterator[Unavailable]:
    """Yield an `Unavailable` for each value of the gateway about a site that belongs to another organization."""
    owners: dict[str, str] = {}
    for subject in state.subjects(Kind.SITE, organization):
        owner_seen = state.value(subject, names.GATEWAY_ORGANIZATION)
        if owner_seen is not None and isinstance(owner_seen.value, str) and _id(owner_seen.value) != _id(organization):
            owners[subject.id.casefold()] = owner_seen.value
            yield from _not_ours(state, subject, owner_seen.value)
    for site in sites_of(state, organization) if owners else ():
        owner = owners.get(site.id.casefold()) or owners.get(site.host.casefold())
        for app in site.apps if owner else ():
            yield from _not_ours(state, app, owner or "")


def _id(organization: str) -> str:
    """The ID at the end of an ARI, or the ID itself."""
    return organization.rpartition("/")[2].strip().casefold()


def _not_ours(state: State, subject: Subject, owner: str) -> Iterator[Unavailable]:
    reason = f"the gateway says that the site belongs to organization {owner[:80]}"
    for one in list(state.of(subject)):
        if one.setting.startswith(GATEWAY) and one.setting != names.GATEWAY_ORGANIZATION and isinstance(one, Observed):
            yield Unavailable(one.setting, subject, names.OTHER_ORGANIZATION, reason, one.observed_at, one.source)


def gateway_values(state: State, organization: str) -> Iterator[Observation]:
    """Yield trials as the gateway gives them, and an `Unavailable` for each plan and region set in conflict."""
    for app in state.subjects(Kind.APP, organization):
        trial, ends = state.value(app, names.GATEWAY_TRIAL), state.value(app, names.GATEWAY_TRIAL_ENDS_ON)
        if trial is not None and isinstance(trial.value, str):
            yield replace(trial, setting=names.TRIAL, value=RUNNING if runs(trial) else NO_TRIAL)
        if ends is not None and isinstance(ends.value, str):
            yield replace(ends, setting=names.TRIAL_ENDS)
        yield from _regions(state, app)
        yield from _plan(state, app)


def runs(trial: Observed) -> bool:
    """Whether the gateway's word for a trial means that a trial is running."""
    return isinstance(trial.value, str) and trial.value.strip().casefold() not in ("", NO_TRIAL)


def _regions(state: State, app: Subject) -> Iterator[Observation]:
    api, gateway = state.value(app, names.REGIONS), state.value(app, names.GATEWAY_REGIONS)
    if api is None or gateway is None or not api.value or not gateway.value:
        return
    api_regions, gateway_regions = _folded(api), _folded(gateway)
    # Other words ("EU") mean regions too, but which ones is not published, so they contradict nothing.
    if api_regions != gateway_regions and all(map(_REGION.fullmatch, api_regions | gateway_regions)):
        api_words, gateway_words = _listed_words(api), _listed_words(gateway)
        reason = f"the sources disagree: the organization's API says {api_words}, the gateway {gateway_words}"
        yield _conflicting_sources(api, gateway, reason)


def _folded(seen: Observed) -> frozenset[str]:
    return frozenset(one.strip().casefold() for one in seen.texts)


def _listed_words(seen: Observed) -> str:
    return ", ".join(sorted(seen.texts))


def _plan(state: State, app: Subject) -> Iterator[Observation]:
    """Yield the conflict where both plan words are known and differ, unless a trial explains the API's."""
    plan, edition = state.value(app, names.PLAN), state.value(app, names.GATEWAY_EDITION)
    if plan is None or edition is None or plan.value is None or not isinstance(edition.value, str):
        return
    own_plans, edition_plans = _known_plans(state, plan), _known_plans(state, edition)
    trial = state.value(app, names.GATEWAY_TRIAL)
    on_trial = _known_plans(state, trial) if trial is not None else []
    explained = trial is not None and runs(trial) and (not on_trial or on_trial[0] in own_plans)
    if own_plans and edition_plans and edition_plans[0] not in own_plans and not explained:
        reason = f"the sources disagree: the organization's API says {_listed_words(plan)}, the gateway {edition.value}"
        yield _conflicting_sources(plan, edition, reason)


def _known_plans(state: State, seen: Observed) -> list[Plan]:
    return [plan for word in seen.texts if (plan := state.rulebook.plan(word)) is not None]


def _conflicting_sources(one: Observed, other: Observed, reason: str) -> Unavailable:
    when = min(one.observed_at, other.observed_at)
    return Unavailable(one.setting, one.subject, SOURCES_DIFFER, reason, when, f"{one.source}; {other.source}")


def read_by_gateway(state: State, subject: Subject, setting: SettingId) -> bool:
    """Whether the gateway makes a look unnecessary: it gave the value, or there is nothing left to ask."""
    if setting not in _BY_GATEWAY:
        return False
    seen, trial = state.value(subject, setting), state.value(subject, names.TRIAL)
    if seen is not None and seen.grade is Grade.DOCUMENTED:
        return True
    return setting == names.TRIAL_ENDS and trial is not None and trial.grade is Grade.DOCUMENTED and not runs(trial)


def against_attested(state: State, observed: Observed, attested: Iterable[Observation]) -> Observation | None:
    """The conflict where an attestation contradicts the gateway's word about a trial; None where none does.

    A recorded trial whose recorded end has passed does not contradict that none is running.
    """
    if observed.setting not in _BY_GATEWAY:
        return None
    by_setting = {one.setting: one for one in attested if isinstance(one, Observed)}
    look, ends = by_setting.get(observed.setting), by_setting.get(names.TRIAL_ENDS)
    if look is None or _same_value(look, observed):
        return None
    end = parse_utc(ends.value) if ends is not None and isinstance(ends.value, str) else None
    over = end is not None and end.date() < state.as_of.date()
    trial = observed if observed.setting == names.TRIAL else state.value(observed.subject, names.TRIAL)
    if over and trial is not None and not runs(trial):
        return None
    reason = f"the sources disagree: the gateway says {observed.value}, and {look.source.removeprefix('attested by ')}"
    reason += f" recorded {look.value}; attest it again"
    return _conflicting_sources(observed, look, reason)


def _same_value(one: Observed, other: Observed) -> bool:
    left, right = str(one.value).strip(), str(other.value).strip()
    moment, other_moment = parse_utc(left), parse_utc(right)
    if moment is not None and other_moment is not None:
        return moment.date() == other_moment.date()
    return left.casefold() == right.casefold()
