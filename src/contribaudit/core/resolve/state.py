"""The state that checks judge: every observation of a run, and the values computed from several observations.

Also here: which console screen shows a setting, and on which values of another setting that depends.

The organization's past and its exported evidence are loaded when needed, since most runs judge without them.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import wraps
from typing import Any, Concatenate, NamedTuple, ParamSpec, TypeAlias, TypeVar

from contribaudit.core.model import names
from contribaudit.core.model.attestation import Approved, Attestation, in_force
from contribaudit.core.model.audit_log import NO_LOG, AuditLog
from contribaudit.core.model.change import NOTHING_LEFT, Change, Departures
from contribaudit.core.model.decoder import Score, Trust
from contribaudit.core.model.observation import Observation, Observed, SettingId, Unavailable
from contribaudit.core.model.policy import Terms
from contribaudit.core.model.provisions import NO_DOCUMENTS, Archive
from contribaudit.core.model.rulebook import App, AskedIf, Rulebook, Screen
from contribaudit.core.model.snapshot import NO_SPACES, Collection, SpaceIndex
from contribaudit.core.model.subject import COMPANY, Kind, Subject, organization_subject
from contribaudit.core.model.subprocessors import NO_LISTS, ListHistory
from contribaudit.core.model.times import parse_end, parse_utc
from contribaudit.core.resolve.provisions import AnchorStanding, standings


@dataclass(frozen=True, slots=True)
class Chain:
    """The chain of exported evidence: the manifests in the history, and what was found where packs were written."""

    exported: int = 0
    """How many packs were ever written for the organization."""
    broken: str = ""
    """The first broken link of the chain, as a clause; "" when none is broken."""
    place: str = ""
    """The newest pack that could be read; "" when none is in reach."""
    digest: str = ""
    """SHA-256 of that pack's manifest, according to the history."""
    written_at: datetime | None = None
    damage: str = ""
    """What is wrong in that pack, as a clause; "" when nothing is."""


NEVER_EXPORTED = Chain()


@dataclass(frozen=True, slots=True)
class HistoryReader:
    """Loads one organization's past where a check asks: from a moment on, and its exported evidence."""

    changes: Callable[[datetime], Sequence[Change]] = lambda _moment: ()
    """Every change since the last run before the moment, with its cause."""
    log: Callable[[datetime], AuditLog] = lambda _moment: NO_LOG
    """Events of the audit log after the moment, and every reading of it."""
    chain: Callable[[], Chain] = lambda: NEVER_EXPORTED


NO_PAST = HistoryReader()


P = ParamSpec("P")
T = TypeVar("T")
TermsOf: TypeAlias = Callable[["State", Subject, SettingId], Sequence[Terms]]
"""The terms for the evidence behind an effective answer: those of the rule that holds, then of any other that may."""
_NOTHING: Mapping[SettingId, Observation] = {}


class Place(NamedTuple):
    """A subject's name, and the site and app that it belongs to; "" for what is not known.

    A tuple, since every row of an export needs one and a dataclass takes twice as long to make.
    """

    name: str
    site: str
    """Host of the site."""
    app: str
    """Type key of the app."""


@dataclass(frozen=True, slots=True)
class OrganizationState:
    """One organization that the configuration names, read or not."""

    id: str
    name: str
    collections: Mapping[str, Collection] = field(default_factory=dict)
    """By collector; empty when the organization was not read at all."""
    unread_reason: str = ""
    """Why nothing was read; "" when something was."""
    left_out: bool = False
    """True when this run was told to read other organizations only; it is then checked only for coverage."""
    alias_holders: Mapping[str, tuple[tuple[str, datetime], ...]] = field(default_factory=dict)
    """By alias: the IDs of the subjects that had it, each with the time since when."""
    attestations: Sequence[Attestation] = ()
    """All that people recorded about it; empty for one that is left out."""
    spaces: SpaceIndex = NO_SPACES
    """Its spaces, loaded on demand; an empty index where nobody read them."""
    approvals: Sequence[Approved] = ()
    """Its baselines, oldest first."""
    departures: Departures = NOTHING_LEFT
    """The apps that left its inventory, as far as its history reaches back."""
    past: HistoryReader = NO_PAST

    def completed(self, collector: str) -> bool:
        """True when the collector read everything that it promised."""
        collection = self.collections.get(collector)
        return collection is not None and collection.complete

    def why_not(self, collector: str) -> str:
        """A sentence on why the collector's answer is not complete; "" when it is."""
        collection = self.collections.get(collector)
        if collection is None:
            return self.unread_reason or f"{collector} was not read in this run"
        return collection.reason

    @property
    def apps_unread(self) -> str:
        """A sentence on why the list of apps is incomplete; "" when it was read to its end."""
        if self.completed(names.WORKSPACES):
            return ""
        return f"the list of apps is incomplete: {self.why_not(names.WORKSPACES)}"


class State:
    """Observations by subject and setting, at a moment, under a rulebook."""

    def __init__(
        self,
        *,
        as_of: datetime,
        rulebook: Rulebook,
        organizations: Iterable[OrganizationState],
        observations: Iterable[Observation],
        remembered: Iterable[Observed] = (),
        evidence_terms: TermsOf | None = None,
        documents: Callable[[], Archive] = lambda: NO_DOCUMENTS,
        subprocessors: Callable[[], ListHistory] = lambda: NO_LISTS,
    ) -> None:
        """`remembered` are values of earlier runs, used to name a subject and never to judge it.

        `evidence_terms` are the policy's, for the effective answers that are shown; without them any evidence counts.
        """
        self.as_of = as_of
        self.rulebook = rulebook
        self.organizations = {organization.id: organization for organization in organizations}
        self._documents = documents
        self.evidence_terms = evidence_terms
        self._subprocessors = subprocessors
        self.decoders: Sequence[Trust] = ()
        """Whether each decoder counts in each organization; `resolve` sets it."""
        self.candidates: Sequence[Score] = ()
        """The scores of candidate readings against attestations, by owner; `resolve` sets it."""
        self._seen: dict[Subject, dict[SettingId, Observation]] = {}
        self._remembered: dict[Subject, dict[SettingId, Observed]] = {}
        for observation in observations:
            self._seen.setdefault(observation.subject, {})[observation.setting] = observation
        for observed in remembered:
            self._remembered.setdefault(observed.subject, {})[observed.setting] = observed
        self._computed: dict[Hashable, Any] = {}
        self._by_kind: dict[tuple[str, Kind], list[Subject]] = {}
        self._apps: dict[str, list[Subject]] = {}
        for subject in self._seen:
            self._by_kind.setdefault((subject.organization, subject.kind), []).append(subject)

    def organization(self, identity: str) -> OrganizationState:
        """The organization's part of the state; an empty one if the configuration does not name it."""
        return self.organizations.get(identity) or OrganizationState(
            identity, "", unread_reason="the organization was not read"
        )

    def changes(self, organization: str, since: datetime) -> Sequence[Change]:
        """Every change from the last run before the moment up to this run, with its cause."""
        return self.once(("changes", organization, since), lambda: self.organization(organization).past.changes(since))

    def audit_log(self, organization: str, since: datetime) -> AuditLog:
        """The audit log's events after the moment, and every reading of it."""
        return self.once(("log", organization, since), lambda: self.organization(organization).past.log(since))

    @property
    def documents(self) -> Archive:
        """The watched documents as they were known at the state's moment."""
        return self.once("documents", lambda: self._documents().until(self.as_of))

    @property
    def anchored(self) -> Sequence[AnchorStanding]:
        """For each anchored fact of the rulebook, whether its page still says it."""
        return self.once("anchored", lambda: standings(self.rulebook.terms, self.documents))

    def under_review(self, check: str = "", setting: SettingId | None = None) -> Sequence[AnchorStanding]:
        """The facts behind a check, or behind an effective answer, whose provision has changed or is gone."""
        doubtful = self.once("under review", lambda: [one for one in self.anchored if one.standing.under_review])
        return [one for one in doubtful if check in one.anchor.checks or setting in one.anchor.settings]

    def in_force(self, organization: str) -> Mapping[tuple[Subject, SettingId], Sequence[Attestation]]:
        """The organization's attestations that no newer one supersedes, by subject and setting."""
        attestations = self.organization(organization).attestations
        return self.once(("in force", organization), lambda: in_force(attestations, self.as_of))

    def once(self, key: Hashable, compute: Callable[[], T]) -> T:
        """The result of `compute`, computed once per key, for answers that many subjects need."""
        if key not in self._computed:
            self._computed[key] = compute()
        result: T = self._computed[key]
        return result

    def add(self, observation: Observation) -> None:
        """Add a computed or attested value, in place of any other for the same setting. Only `resolve` does this.

        A connector that only people named becomes a subject this way; an app does not, since the API lists those.
        """
        subject = observation.subject
        if observation.setting == names.APP_TYPE_KEY:
            self._apps.clear()
        if subject not in self._seen and subject.kind is not Kind.APP:
            self._by_kind.setdefault((subject.organization, subject.kind), []).append(subject)
        self._seen.setdefault(subject, {})[observation.setting] = observation

    def read(self, subject: Subject, setting: SettingId) -> Observation:
        """The observation, or an `Unavailable` that says why there is none.

        An `Unavailable` for the organization's own setting also answers for every subject that was not reached.
        """
        observation = self._seen.get(subject, {}).get(setting)
        if observation is not None:
            return observation
        owed = self._seen.get(organization_subject(subject.organization), {}).get(setting)
        if isinstance(owed, Unavailable):
            return replace(owed, subject=subject)
        return Unavailable(setting, subject, "not_read", "nothing was read of it in this run", self.as_of, "")

    def value(self, subject: Subject, setting: SettingId) -> Observed | None:
        """The observation when a source gave a value, null included; None when it is unavailable."""
        seen = self._seen.get(subject, _NOTHING).get(setting)
        return seen if isinstance(seen, Observed) else None

    def text(self, subject: Subject, setting: SettingId) -> str | None:
        """The text that a source gave in this run; None where none gave one."""
        seen = self.value(subject, setting)
        return seen.value if seen is not None and isinstance(seen.value, str) else None

    def word(self, subject: Subject, setting: SettingId) -> str:
        """The text that a source gave in this run, in lower case; "" where none gave one."""
        return (self.text(subject, setting) or "").casefold()

    def moment(self, subject: Subject, setting: SettingId) -> datetime | None:
        """The ISO 8601 date or time that a source gave in this run, as aware UTC; None where none gave one."""
        seen = self.value(subject, setting)
        return parse_utc(seen.value) if seen is not None else None

    def last_moment(self, subject: Subject, setting: SettingId) -> datetime | None:
        """The same as `moment`, but the end of the day for a date without a time, since any time of it may be meant."""
        text = self.text(subject, setting)
        return parse_end(text) if text is not None else None

    def location(self, app: Subject) -> str | None:
        """Where the app keeps its data: the rulebook's code, or else the API's word; None where none was read."""
        word = (self.text(app, names.REALM) or "").strip()
        realm = self.rulebook.realm(word)
        return realm.code if realm is not None else word or None

    def recall(self, subject: Subject, setting: SettingId) -> str:
        """The text last seen, in this run or an earlier one; "" when there is none. For names, never to judge."""
        return self._seen_text(self._seen.get(subject, _NOTHING), subject, setting)

    def _seen_text(self, seen: Mapping[SettingId, Observation], subject: Subject, setting: SettingId) -> str:
        observation = seen.get(setting)
        if not isinstance(observation, Observed) and self._remembered:
            observation = self._remembered.get(subject, _NOTHING).get(setting)
        return observation.value if isinstance(observation, Observed) and isinstance(observation.value, str) else ""

    def of(self, subject: Subject) -> Iterator[Observation]:
        """Everything observed about one subject."""
        yield from self._seen.get(subject, {}).values()

    def everything(self) -> Iterator[Observation]:
        """Every observation, in the order in which subjects were first seen."""
        for settings in self._seen.values():
            yield from settings.values()

    @property
    def looked_at(self) -> list[OrganizationState]:
        """The organizations that this run is about, in the order of the configuration."""
        return [one for one in self.organizations.values() if not one.left_out]

    def subjects(self, kind: Kind, organization: str | None = None) -> list[Subject]:
        """Subjects of a kind, in server order; of every organization when none is named. Pseudo apps are left out."""
        if kind is Kind.COMPANY:
            return [COMPANY]
        ids = [one.id for one in self.looked_at] if organization is None else [organization]
        if kind is Kind.ORGANIZATION:
            return [organization_subject(one) for one in ids]
        if kind is Kind.APP:
            return [app for one in ids for app in self._apps_of(one)]
        return [subject for one in ids for subject in self._by_kind.get((one, kind), [])]

    def _apps_of(self, organization: str) -> list[Subject]:
        """The organization's apps. Cached, since checks of a whole organization ask for them again and again."""
        if organization not in self._apps:
            listed = self._by_kind.get((organization, Kind.APP), ())
            self._apps[organization] = [app for app in listed if self.in_inventory(app) and not self.pseudo(app)]
        return self._apps[organization]

    def in_inventory(self, app: Subject) -> bool:
        """False for an app that only an Atlassian policy names: it may be gone, or never have been an app."""
        return names.APP_TYPE_KEY in self._seen.get(app, {})

    def apps_named_anywhere(self, organization: str) -> list[Subject]:
        """Every app about which anything was seen, including those that only an Atlassian policy names."""
        return list(self._by_kind.get((organization, Kind.APP), []))

    def app(self, app: Subject) -> App | None:
        """The rulebook's entry for the app, by the type key last seen; None for an app that it does not know."""
        return self.rulebook.app(self.recall(app, names.APP_TYPE_KEY))

    def pseudo(self, app: Subject) -> bool:
        """True for an entry of the workspace list that the rulebook knows to be no app."""
        entry = self.app(app)
        return entry is not None and entry.pseudo

    def place(self, subject: Subject) -> Place:
        """The subject's name, site and app; its ID in place of an unknown name."""
        if subject.kind is Kind.APP:
            seen = self._seen.get(subject, _NOTHING)  # looked up once, since exports ask for every finding
            texts = (names.APP_NAME, names.APP_HOST, names.APP_TYPE_KEY)
            name, host, type_key = [self._seen_text(seen, subject, one) for one in texts]
            return Place(name or subject.id, host, type_key)
        if subject.kind is Kind.ORGANIZATION:
            name = self.recall(subject, names.ORGANIZATION_NAME) or self.organization(subject.id).name
            return Place(name or subject.id, "", "")
        if subject.kind is Kind.GROUP:
            return Place(self.recall(subject, names.GROUP_NAME) or subject.id, "", "")
        if subject.kind is Kind.SPACE:
            for one in self.spaces(subject.organization).find(subject.id):
                return Place(one.space.name or subject.id, one.host, one.type_key)
        return Place(subject.id, "", "")

    def spaces(self, organization: str) -> SpaceIndex:
        """The organization's spaces, loaded on demand; an empty index where nobody read them."""
        return self.organization(organization).spaces

    def baseline(self, organization: str) -> Approved | None:
        """The organization's newest approved baseline, expired or not; None where there is none."""
        by_now = [one for one in self.organization(organization).approvals if one.baseline.approved.at <= self.as_of]
        return max(by_now, key=lambda one: one.baseline.approved.at, default=None)

    @property
    def subprocessors(self) -> ListHistory:
        """Every list of sub-processors that was imported by the state's moment, and the reviews."""
        return self.once("sub-processors", lambda: self._subprocessors().by(self.as_of))

    def chain(self, organization: str) -> Chain:
        """The chain of the organization's exported evidence."""
        return self.once(("chain", organization), self.organization(organization).past.chain)

    def organization_name(self, organization: str) -> str:
        """The organization's name, or its ID when no name is known."""
        return self.place(organization_subject(organization)).name if organization else ""


def once_per_state(compute: Callable[Concatenate[State, P], T]) -> Callable[Concatenate[State, P], T]:
    """A decorator for a function of a state and hashable values: each answer is computed once and kept in the state.

    The same values given by position, by name or as defaults are kept separately.
    """

    @wraps(compute)
    def computed_once(state: State, /, *values: P.args, **named: P.kwargs) -> T:
        return state.once((compute, values, *named.items()), lambda: compute(state, *values, **named))

    return computed_once


@once_per_state
def shown_on(state: State, setting: SettingId | None) -> tuple[Screen, ...]:
    """Every console screen that shows the setting, in the rulebook's order."""
    return tuple(one for one in state.rulebook.screens if setting in one.settings)


def screen_for(state: State, subject: Subject, setting: SettingId | None) -> Screen | None:
    """The first screen that shows the setting of this subject; None where no screen does, or none lists this app."""
    shown = shown_on(state, setting)
    if subject.kind is Kind.APP:
        written = state.recall(subject, names.APP_TYPE_KEY)
        entry = state.rulebook.app(written)
        type_key = entry.type_key if entry is not None else written.casefold()
        shown = tuple(one for one in shown if not one.apps or type_key in one.apps)
    return next(iter(shown), None)


@once_per_state
def conditions(state: State) -> Mapping[SettingId, AskedIf]:
    """By setting that the console shows only with some values of another: that setting and those values."""
    return {setting: condition for screen in state.rulebook.screens for setting, condition in screen.asked_if.items()}
