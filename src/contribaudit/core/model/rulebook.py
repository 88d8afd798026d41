"""The typed shape of the rulebook: facts that age, each from a dated source with a grade.

A class whose fields are the keys of a table in `rulebook/data/` holds what that table says.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from math import ceil
from operator import attrgetter
from typing import Literal

from contribaudit.core.model.audit_log import NO_LOG_RULES, LogRules
from contribaudit.core.model.decoder import Candidate, Decoder
from contribaudit.core.model.finding import Severity
from contribaudit.core.model.observation import SettingId, Value
from contribaudit.core.model.provisions import NO_TERMS_RULES, TermsRules
from contribaudit.core.model.setting import Family
from contribaudit.core.model.subject import Kind
from contribaudit.core.model.subprocessors import NO_SUBPROCESSOR_RULES, SubprocessorRules


@dataclass(frozen=True, slots=True)
class Words:
    """What people read about a check. Data in `rulebook/data/checks/`."""

    title: str
    question: str
    trap: str
    severity: Severity
    remediation: str
    console_path: str
    source: str
    controls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ContributionDefault:
    """What a plan sets for one kind of contribution, and whether it lets the organization change that."""

    default: str
    changeable: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan, and what it allows. Plans are ordered by `rank`, lowest first."""

    name: str
    rank: int
    words: frozenset[str]
    """The API's words for it, without case."""
    residency: bool
    """Whether the plan offers data residency."""
    rovo: bool
    """Whether Rovo is listed for the plan."""
    rovo_by_group: bool
    """Whether the plan's console can limit Rovo to groups."""
    audit_log: bool
    """Whether it fills the organization's audit log without Atlassian Guard."""
    metadata: ContributionDefault
    in_app: ContributionDefault


@dataclass(frozen=True, slots=True)
class Realm:
    """A location where an app can keep its data."""

    code: str
    title: str
    words: frozenset[str]
    """Spellings that mean this realm, without case, the code included."""
    pinned_to_a_place: bool
    """False for Global, which Atlassian may move."""
    regions: frozenset[str] = frozenset()
    """Cloud regions in this realm, without case; empty where they are not known."""


@dataclass(frozen=True, slots=True)
class Move:
    """What the state of a residency policy means for an app."""

    word: str
    """The API's word, without case."""
    meaning: Literal["held", "moving", "scheduled", "leaving", "failed"]
    pinned: bool


@dataclass(frozen=True, slots=True)
class App:
    """The app behind a type key, and which settings it has today."""

    type_key: str
    title: str
    words: frozenset[str]
    contribution: str
    """"own" (listed by app and space), "organization" (follows the organization's switch), "none" (no such setting
    today), "unknown" (no statement found)."""
    residency: str
    """"yes", "none" (not among the apps with residency), "unknown"."""
    rovo_block: str
    """"yes", "elsewhere" (the app's own settings), "none", "unknown"."""
    jira_family: bool
    pseudo: bool
    """True for entries of the workspace list that are no app ("jira-admin")."""
    spaces: str = ""
    """The product whose API lists its spaces: "jira", "confluence", or "" for an app that has none."""
    project_types: tuple[str, ...] = ()
    """Jira's words for the types of project that are spaces of this app."""
    own_workspaces: bool = False
    """True where the app has its own workspaces, outside the organization's sites (Trello, Loom)."""
    gateway_ai: str = ""
    """Which fields of the GraphQL gateway show its AI access: "confluence", "jira", "jsm", or "" for none."""
    gateway_region: str = ""
    """The gateway's word for the product whose regions are the app's; "" where the gateway shows none."""
    product_keys: tuple[str, ...] = ()
    """The spellings of its product key under which the gateway may know its plan, the likeliest first."""


@dataclass(frozen=True, slots=True)
class Exemption:
    """A compliance exemption from contribution, and what must hold in addition to the console's statement."""

    word: str
    """Its word in `contribution.exemption`."""
    title: str
    """Its phrase in a sentence: "a customer-managed key", "Government Cloud"."""
    source: str
    grade: str
    plans: tuple[str, ...] = ()
    """Names of the highest plans on which it can exist; empty means any."""
    trial: bool = True
    """Whether it can exist where only a trial gives the plan."""
    setting: SettingId | None = None
    """The setting that must show it on each app that can; None where no app's setting does."""
    value: str = ""
    """The word of `setting` on an app that has the exemption."""
    without: str = ""
    """The word of `setting` on an app that does not have it."""
    apps: tuple[str, ...] = ()
    """Type keys of the apps that can show it."""

    def possible_on(self, plan: Plan) -> bool:
        """Whether it can exist where this is the highest plan."""
        return not self.plans or plan.name.casefold() in {name.casefold() for name in self.plans}


@dataclass(frozen=True, slots=True)
class SignalRule:
    """A raw API object that changes when a setting of this family does. Its meaning is not published."""

    signal: SettingId
    """ "signal.policy.generative-ai", as the collector names it."""
    family: Family
    """The family whose settings it anchors."""
    collector: str
    """The collector whose completely read list can show that the object is absent."""
    kinds: tuple[Kind, ...]
    """Which subjects can own it: the organization, apps, or both."""
    why: str
    """Why we take it for a signal of this family."""
    source: str
    grade: str
    """How good the source is, for its name and for its meaning."""


@dataclass(frozen=True, slots=True)
class AskedIf:
    """Which answer to another question makes this one worth asking."""

    setting: SettingId
    words: frozenset[str]
    """Without case."""

    def rules_out(self, answer: Value) -> bool:
        """True when this answer is known and is none of the words; an unknown answer rules nothing out."""
        return isinstance(answer, str) and answer.strip().casefold() not in self.words


@dataclass(frozen=True, slots=True)
class Seconds:
    """How long a look at a screen takes; our estimate."""

    look: int
    """Time for the way there and a screenshot."""
    value: int
    """Time for each answer."""


@dataclass(frozen=True, slots=True)
class Screen:
    """One screen of the administration console: what a person can see there in one look."""

    id: str
    title: str
    kind: Kind
    """The kind of its rows: the organization itself, its apps, connectors."""
    settings: tuple[SettingId, ...]
    apps: tuple[str, ...]
    """Type keys of the apps that it lists; empty means every app."""
    paths: Mapping[str, str]
    """Menu path by console generation, newest first."""
    seconds: Seconds
    plans: tuple[str, ...]
    """Plans that have the screen; empty means all."""
    source: str
    grade: str = ""
    """How good the source is; "C" where the menu path was not read in the original."""
    note: str = ""
    """What to watch for when looking; "" when nothing."""
    asked_if: Mapping[SettingId, AskedIf] = field(default_factory=dict)
    """By setting: the answer that makes the setting worth asking for."""
    since: date | None = None
    """The first day on which any console had the screen; None where no page names one."""

    def surely_asked(self, settings: Collection[SettingId]) -> list[SettingId]:
        """The settings that a look always asks for; of several that depend on one answer, only one.

        A setting that alone depends on an answer is left out, unless that answer is known and not asked for itself.
        """
        groups: dict[SettingId, list[SettingId]] = {}
        for one in settings:
            waits_for = self.asked_if[one].setting if one in self.asked_if else one
            groups.setdefault(waits_for if waits_for in settings else one, []).append(one)
        return [one for group in groups.values() for one in group[: 1 + (len(group) > 2)]]

    def minutes(self, values: int) -> int:
        """Minutes for a look that records so many values, counted over all rows."""
        return ceil((self.seconds.look + self.seconds.value * values) / 60)


@dataclass(frozen=True, slots=True)
class Console:
    """The one documented address of the administration console: where menu paths begin. No screen has its own."""

    name: str
    """The first part of the menu paths that begin at this address."""
    address: str
    source: str
    reviewed: date
    grade: Literal["A", "B", "C"]
    note: str = ""
    """What to watch for; "" when nothing."""

    def leads_to(self, path: str) -> bool:
        """Whether a menu path begins at this address; never true of a text that holds several paths."""
        return ";" not in path and _folded_path(path).split(" > ")[0] == _folded_path(self.name)


@dataclass(frozen=True, slots=True)
class Statement:
    """A fact that is quoted in full, since no figure or single word expresses it."""

    text: str
    """A clause without a full stop."""
    source: str
    grade: str
    source_date: date | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that Atlassian or others state, and how good the statement is. Its unit is in its name."""

    amount: int
    source: str
    grade: str


@dataclass(frozen=True, slots=True)
class Clocks:
    """How long Atlassian takes to act on a change. Nobody outside Atlassian can verify that it was done."""

    in_app_deletion_days: Figure
    """From opting out of in-app contribution to the removal of what was contributed."""
    metadata_deletion_days: Figure
    """From opting out of metadata contribution to the removal of content attributes."""
    retrain_days: Figure
    """From opting out to the retraining of the models concerned."""
    residue_years: Figure
    """How long data aggregated at customer level may be kept, at most."""
    disconnect_hours: Figure
    """From disconnecting a connector to its end."""
    prompt_retention_days: Figure
    """How long prompts and answers are kept for safety."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much the console lets a list hold."""

    blocklist_items: Figure
    """Addresses in a connector's blocklist or allowlist."""
    agent_creator_groups: Figure
    """Groups that may create agents."""


@dataclass(frozen=True, slots=True)
class AnnouncedDate:
    """A day that Atlassian or a law has announced."""

    id: str
    day: date
    title: str
    what: str
    """What it means for an audit, as a sentence without a full stop."""
    source: str
    grade: str


@dataclass(frozen=True, slots=True)
class RulebookFile:
    """A file of the rulebook, and when it was reviewed."""

    name: str
    sha256: str
    reviewed: date
    shipped: bool
    """False when a user's folder replaced it."""


@dataclass(frozen=True, slots=True)
class Rulebook:
    """Everything that the tool believes about Atlassian at one time."""

    version: str
    effective: date
    """The day from which Atlassian uses data according to the settings."""
    review_within_days: int
    scope_review_within_days: int
    """How many days a review of the app list stays current: more apps are announced to get contribution settings."""
    files: tuple[RulebookFile, ...]
    plans: tuple[Plan, ...]
    """Lowest first."""
    realms: tuple[Realm, ...]
    realm_groups: Mapping[str, tuple[str, ...]]
    """Group name ("EEA") to realm codes."""
    moves: Mapping[str, Move]
    """By the API's word."""
    apps: Mapping[str, App]
    """By type key, aliases included, without case."""
    words: Mapping[str, Words]
    """What people read about each check, by check ID."""
    clocks: Clocks
    limits: Limits
    ai_processing: Statement
    """Where models process what an app holds."""
    signals: tuple[SignalRule, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    """Likely readings of signals, which never make a value."""
    exemptions: tuple[Exemption, ...] = ()
    screens: tuple[Screen, ...] = ()
    console: Console | None = None
    """None where a rulebook names no address."""
    decoders: tuple[Decoder, ...] = ()
    """Shipped ones, and the user's own."""
    may_not_count: frozenset[str] = frozenset()
    """Type keys of apps whose plan may not count as the organization's highest, since no page says that it does."""
    log: LogRules = NO_LOG_RULES
    announced: tuple[AnnouncedDate, ...] = ()
    """Earliest first."""
    terms: TermsRules = NO_TERMS_RULES
    """Watched documents, and what rests on their provisions."""
    subprocessors: SubprocessorRules = NO_SUBPROCESSOR_RULES
    """How the vendor's list of sub-processors is read, and the list that the rulebook ships."""
    sha256: str = ""

    @property
    def oldest_review(self) -> date:
        """The oldest review date of any file."""
        return min(file.reviewed for file in self.files)

    def plan(self, word: str) -> Plan | None:
        """The plan that the API's word stands for; None for a word that the rulebook does not know."""
        folded = word.strip().casefold()
        return next((plan for plan in self.plans if folded in plan.words), None)

    def realm(self, word: str) -> Realm | None:
        """The realm that a code or name stands for; None for a word that the rulebook does not know."""
        folded = word.strip().casefold()
        return next((realm for realm in self.realms if folded in realm.words), None)

    def realms_of_region(self, region: str) -> tuple[Realm, ...]:
        """The realms that may contain a cloud region or city; empty for a word that the rulebook does not know.

        The word for a realm may mean any of its cities, so the result has each realm that shares one of them.
        """
        name = re.sub("[ _]", "-", region.strip().casefold())
        named = self.realm(region)
        cities = {name} if named is None else named.regions
        return tuple(one for one in self.realms if one is named or one.regions & cities)

    def move(self, word: str) -> Move | None:
        """What the API's word for a residency policy's state stands for; None for an unknown word."""
        return self.moves.get(word.strip().casefold())

    def app(self, type_key: str) -> App | None:
        """The app behind a type key; None for one that the rulebook does not know."""
        return self.apps.get(type_key.strip().casefold())

    def realm_codes(self, words: tuple[str, ...]) -> frozenset[str]:
        """The codes of the realms and groups of realms that a policy names. Unknown words are left out."""
        codes: set[str] = set()
        groups = {name.casefold(): members for name, members in self.realm_groups.items()}
        for word in words:
            codes.update(groups.get(word.casefold(), ()))
            realm = self.realm(word)
            if realm is not None:
                codes.add(realm.code)
        return frozenset(codes)

    def vocabularies(self) -> dict[str, frozenset[str]]:
        """Words that a policy may use, by vocabulary, without case."""
        realms = frozenset(word for realm in self.realms for word in realm.words)
        return {
            "realms": realms | {name.casefold() for name in self.realm_groups},
            "plans": frozenset(word for plan in self.plans for word in plan.words),
            "apps": frozenset(self.apps),
            "places": frozenset(
                word for one in self.subprocessors.places for word in (one.name.casefold(), *one.words)
            ),
        }

    def plan_with(self, ability: str) -> str:
        """The lowest plan that offers "residency", "metadata.changeable" and so on; "" when none does."""
        return next((plan.name for plan in self.plans if attrgetter(ability)(plan)), "")

    def screens_at(self, console_path: str) -> tuple[Screen, ...]:
        """The screens to which a menu path leads, in any generation of the console; empty for an unknown path."""
        folded_path = _folded_path(console_path)
        return tuple(one for one in self.screens if folded_path in map(_folded_path, one.paths.values()))

    def shown_since(self, setting: SettingId) -> date | None:
        """The first day on which any screen can have shown the setting; None where that is not known."""
        days = [screen.since for screen in self.screens if setting in screen.settings]
        known = [day for day in days if day is not None]
        return min(known) if known and len(known) == len(days) else None

    def generation(self, console_path: str, screen: str = "") -> str:
        """The console generation that has this menu path, on the given screen or, without one, on any screen.

        "" for a path that the rulebook does not know, and for one that several generations share.
        """
        folded_path = _folded_path(console_path)
        generations = {
            generation
            for one in self.screens
            if screen in ("", one.id)
            for generation, path in one.paths.items()
            if _folded_path(path) == folded_path
        }
        return generations.pop() if len(generations) == 1 else ""


@lru_cache(maxsize=1024)
def _folded_path(path: str) -> str:
    """The menu path in lower case, with uniform spacing."""
    return " > ".join(" ".join(part.split()) for part in path.casefold().split(">"))
