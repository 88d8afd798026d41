"""STEP 3: builds the state from what was seen.

What a collector could not read becomes an `Unavailable` for every subject that it reached before: no row vanishes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from contribaudit.core.model import names
from contribaudit.core.model.observation import Grade, Observation, Observed, SettingId, Unavailable, weakest
from contribaudit.core.model.phrases import grouped
from contribaudit.core.model.provisions import NO_DOCUMENTS, Archive
from contribaudit.core.model.rulebook import Rulebook
from contribaudit.core.model.setting import Family, Setting
from contribaudit.core.model.snapshot import NO_SPACES, Collection, Snapshot
from contribaudit.core.model.subject import Kind, Subject, organization_subject
from contribaudit.core.model.subprocessors import NO_LISTS, ListHistory
from contribaudit.core.resolve.attested import EMPTY, AttestationHistory, AttestedValues
from contribaudit.core.resolve.effective import effective
from contribaudit.core.resolve.gateway import against_attested, gateway_values, other_organizations
from contribaudit.core.resolve.plans import highest_plan
from contribaudit.core.resolve.policy_items import Trust, item_decoders, item_readings, item_standings, item_trust
from contribaudit.core.resolve.state import OrganizationState, State, TermsOf


def mark_unread(
    snapshot: Snapshot,
    known: Mapping[str, Iterable[Observation]],
    promises: Mapping[str, Iterable[SettingId]],
) -> Iterator[Observation]:
    """Yield the snapshot's observations, and an `Unavailable` for each one that a collector owes.

    `known` has, by collector, what was last seen in earlier runs; `promises` the settings that each collector
    promises. A collector that did not finish owes every subject and setting known from earlier, and its promises for
    the organization itself, which also stands for subjects that were never seen.
    """
    yield from snapshot.observations
    for collection in snapshot.collections:
        if collection.complete:
            continue
        seen = {(one.subject, one.setting) for one in snapshot.by_collector.get(collection.collector, ())}
        owed: dict[tuple[Subject, SettingId], None] = {}
        for observation in known.get(collection.collector, ()):
            owed[(observation.subject, observation.setting)] = None
        for setting in promises.get(collection.collector, ()):
            owed[(organization_subject(snapshot.organization), setting)] = None
        for subject, setting in owed:
            if (subject, setting) not in seen:
                yield _unavailable(collection, subject, setting)


def _unavailable(collection: Collection, subject: Subject, setting: SettingId) -> Unavailable:
    return Unavailable(
        setting,
        subject,
        collection.code,
        collection.reason,
        collection.started_at,
        collection.collector,
        collection.missing_scope,
    )


@dataclass(frozen=True, slots=True)
class SeenOrganization:
    """One organization as a run found it, with what earlier runs knew."""

    place: OrganizationState
    """What the configuration and the history say about it; `resolve` adds what was collected and recorded."""
    snapshot: Snapshot | None
    """None when the organization was not read: no key, or left out of this run. For one that is left out, its last
    kept snapshot, if any."""
    known: Mapping[str, Sequence[Observation]] = field(default_factory=dict)
    """By collector: the last complete state, from before this run."""
    recorded: AttestationHistory = EMPTY
    """What people recorded about it; ignored for an organization that is left out."""


def resolve(
    seen: Sequence[SeenOrganization],
    rulebook: Rulebook,
    as_of: datetime,
    promises: Mapping[str, Iterable[SettingId]],
    settings: Sequence[Setting] = (),
    assumed_plans: Mapping[str, Observation] | None = None,
    evidence_terms: TermsOf | None = None,
    documents: Callable[[], Archive] = lambda: NO_DOCUMENTS,
    subprocessors: Callable[[], ListHistory] = lambda: NO_LISTS,
) -> State:
    """The state that checks judge: observations, what is owed and unread, attested, decoded and computed values.

    `settings` is the catalogue, needed to judge attestations: without it no signal holds or proves a value.
    `assumed_plans` are highest plans by organization in place of the computed ones; only a forecast has any.
    `evidence_terms` are the policy's: an effective answer whose evidence does not meet them has the outcome of its
    finding. `documents` returns the archive of watched documents, `subprocessors` the lists of the vendor's
    sub-processors; both are called when needed.
    """
    observations: list[Observation] = []
    remembered: list[Observed] = []
    for one in seen:
        if one.snapshot is not None and not one.place.left_out:
            observations.extend(mark_unread(one.snapshot, one.known, promises))
        for known in one.known.values():
            remembered.extend(observation for observation in known if isinstance(observation, Observed))
    state = State(
        as_of=as_of,
        rulebook=rulebook,
        organizations=[_organization(one, as_of) for one in seen],
        observations=observations,
        remembered=remembered,
        evidence_terms=evidence_terms,
        documents=documents,
        subprocessors=subprocessors,
    )
    for one in seen:
        assumed = (assumed_plans or {}).get(one.place.id)
        _add_what_the_api_means(state, one, assumed)
    for app in state.subjects(Kind.APP):
        move = state.value(app, names.MOVE)
        if move is not None:
            state.add(_pinned(state, move))
    _add_what_people_recorded(state, {one.place.id: one.recorded for one in seen if not one.place.left_out}, settings)
    for computed in effective(state):
        state.add(computed)
    return state


def _organization(seen: SeenOrganization, as_of: datetime) -> OrganizationState:
    """The organization's part of the state; without attestations and spaces for one that is left out."""
    place, collections = seen.place, seen.snapshot.collections if seen.snapshot is not None else ()
    return replace(
        place,
        collections={one.collector: one for one in collections},
        alias_holders=_holders_by(place.alias_holders, as_of),
        attestations=() if place.left_out else seen.recorded.attestations,
        spaces=NO_SPACES if place.left_out else place.spaces,
    )


def _add_what_the_api_means(state: State, seen: SeenOrganization, assumed_plan: Observation | None) -> None:
    """Add what the gateway's values mean, and the highest plan."""
    if not seen.place.left_out:
        for read in (other_organizations, gateway_values):
            for observation in list(read(state, seen.place.id)):
                state.add(observation)
    state.add(assumed_plan if assumed_plan is not None else highest_plan(state, seen.place.id))


def _add_what_people_recorded(
    state: State, recorded: Mapping[str, AttestationHistory], settings: Sequence[Setting]
) -> None:
    """Add attested values, what decoders read, and how far both count."""
    catalogue = {setting.id: setting for setting in settings}

    def find(setting: SettingId) -> Setting:
        return catalogue.get(setting) or Setting(setting, Family.ORGANIZATION, tuple(Kind), setting, Grade.ATTESTED, "")

    values = [AttestedValues(state, one, history, find, settings) for one, history in recorded.items()]
    for attested in list(_worth_adding(state, (observation for one in values for observation in one.observations()))):
        state.add(attested)
    items: dict[str, Trust] = {}
    for name, history in recorded.items():
        for reading in item_readings(state, name, history.objects):
            state.add(reading)
        items[name] = item_trust(state, name, history.objects)
        for standing in list(item_standings(state, items[name])):
            state.add(standing)
    state.candidates = tuple(score for one in values for score in one.scores())
    trusts = (trust for one in values for trust in one.decoders.trusts)
    state.decoders = (*trusts, *item_decoders(state, items))


def _holders_by(
    holders: Mapping[str, tuple[tuple[str, datetime], ...]], as_of: datetime
) -> dict[str, tuple[tuple[str, datetime], ...]]:
    """The holders of each alias by `as_of`: a later one does not change how a past moment is judged."""
    until_then = {alias: tuple(one for one in held_by if one[1] <= as_of) for alias, held_by in holders.items()}
    return {alias: held_by for alias, held_by in until_then.items() if held_by}


def _worth_adding(state: State, observations: Iterable[Observation]) -> Iterator[Observation]:
    """Yield the attested observations of settings that no API gave.

    A value from an API stays, whatever anybody attested, except for a trial, where the two can contradict each other.
    An API's reason for giving no value stays too, unless there is an attested value.
    """
    by_subject = grouped(observations, lambda attested: attested.subject)
    for attested in (one for of_subject in by_subject.values() for one in of_subject):
        seen = state.read(attested.subject, attested.setting)
        if isinstance(seen, Observed):
            contrary = against_attested(state, seen, by_subject[attested.subject])
            if contrary is not None:
                yield contrary
            continue
        if isinstance(attested, Observed) or seen.code == "not_read":
            yield attested


def _pinned(state: State, move: Observed) -> Observation:
    """Our reading of a residency policy's state as the console's PINNED, a word that the API does not have.

    A state that pins the app does not count while the API gives a future date for the app's move, or one that cannot
    be read.
    """
    known_move = state.rulebook.move(state.word(move.subject, move.setting))
    if known_move is None:
        reason = f"the rulebook does not know the state {move.value!r} of its residency policy"
        return Unavailable(names.PINNED, move.subject, "unknown_word", reason, move.observed_at, move.source)
    for day in names.MOVE_DAYS if known_move.pinned else ():
        seen, due = state.read(move.subject, day), state.last_moment(move.subject, day)
        blank = not str(seen.value or "").strip() if isinstance(seen, Observed) else seen.code == "not_read"
        if due is None and not blank:
            why = f"{seen.value!r} is no date" if isinstance(seen, Observed) else seen.reason
            reason = f"its residency policy is {move.value}, but the date of a move cannot be read: {why}"
            return Unavailable(names.MOVE, move.subject, "unreadable_date", reason, move.observed_at, move.source)
        if due is not None and due > state.as_of:
            reason = f"its residency policy is {move.value}, but a move is due on {due:%Y-%m-%d %H:%M}Z"
            return Unavailable(names.MOVE, move.subject, "move_to_come", reason, move.observed_at, move.source)
    return replace(move, setting=names.PINNED, value=known_move.pinned, grade=weakest((move.grade, Grade.DECODED)))
