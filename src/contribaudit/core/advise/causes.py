"""Finds the cause of each change, as far as the history proves one.

The order of proof: an event of the audit log; a change of plan; a subject that is new or gone; a roll-out or a date of
the vendor's; an edit of policy or rulebook; another version of the tool, or another shape of the API's answers. Failing
all of these, the cause says that no event was found, and what was searched. This module also finds the changes that no
collector sees: attested values, the highest plan, and edits of policy, rulebook and tool.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby, pairwise

from contribaudit.core.model import names
from contribaudit.core.model.attestation import Attestation, unrevoked_by
from contribaudit.core.model.audit_log import (
    NO_LOG,
    NO_LOG_RULES,
    AuditEvent,
    AuditLog,
    EventAction,
    LogRules,
    covered,
    how_read,
)
from contribaudit.core.model.change import Cause, CauseKind, Change, Match, RunInterval
from contribaudit.core.model.observation import SettingId, Value
from contribaudit.core.model.phrases import counted
from contribaudit.core.model.setting import Setting, same_value
from contribaudit.core.model.subject import COMPANY, Kind, Subject, organization_subject
from contribaudit.core.resolve.attested_plans import PlanSeen
from contribaudit.core.resolve.signals import SIGNAL_PREFIX

_EDITS = {
    names.POLICY_DIGEST: (CauseKind.POLICY_EDIT, "the policy was edited: findings may differ, settings do not"),
    names.RULEBOOK_DIGEST: (CauseKind.RULEBOOK_EDIT, "the rulebook was edited: findings may differ, settings do not"),
    names.TOOL_VERSION: (CauseKind.TOOL_CHANGE, "this run used a different version of contribaudit"),
}

_APP = re.compile(r"ari:cloud:(?!platform:)[^:/]+::site/[^:/]+")
"""The ARI of an app of a site. It also matches an app that came and went between two runs, so that no run saw it."""
_IDENTITY = (names.APP_TYPE_KEY, names.SPACE_KEY)
"""Settings that every subject of a kind has: when one is new or gone, so is the subject."""


@dataclass(frozen=True, slots=True)
class SubjectIdentifiers:
    """The identifiers by which an event may name a subject, in lower case."""

    exact: frozenset[str]
    wider: frozenset[str]
    """Identifiers of the site, app or organization that it belongs to."""
    together: frozenset[str] = frozenset()
    """Parts that name it only together: a space's number, and its site."""

    def names(self, identifiers: set[str]) -> bool:
        """True when the identifiers of an event name the subject itself."""
        return bool(identifiers & self.exact or (self.together and self.together <= identifiers))


@dataclass(frozen=True, slots=True)
class ChangeContext:
    """What the history knows about one organization, for finding the causes of its changes."""

    log: AuditLog = NO_LOG
    runs: Sequence[RunInterval] = ()
    """Every run, oldest first."""
    naming: Callable[[Change], SubjectIdentifiers] = field(
        default=lambda _change: SubjectIdentifiers(frozenset(), frozenset())
    )
    rules: LogRules = NO_LOG_RULES
    apps: frozenset[str] = frozenset()
    """Identifiers of every app, in lower case."""
    sites: frozenset[str] = frozenset()
    """Cloud IDs and hosts of every site, in lower case."""


def explain(changes: Sequence[Change], contexts: Mapping[str, ChangeContext]) -> list[Change]:
    """The changes with their causes, in their order. `contexts` is by organization; all changes are compared."""
    logs = {organization: _SearchableLog(context) for organization, context in contexts.items()}
    empty = _SearchableLog(ChangeContext())
    came_or_went = {
        one.subject for one in changes if one.setting in _IDENTITY and not (one.existed_before and one.exists_after)
    }
    searches = [_Search(one, logs.get(one.subject.organization, empty), one.subject in came_or_went) for one in changes]
    simultaneous = _SimultaneousChanges(searches)
    causes = [_cause(search, simultaneous) for search in searches]
    return [
        replace(one, cause=cause.sentence, actor=cause.actor, event_id=cause.event_id, why=cause)
        for one, cause in zip(changes, causes, strict=True)
    ]


def interval_of(change: Change, runs: Sequence[RunInterval]) -> tuple[datetime | None, datetime]:
    """(after, until): the change happened after the first and not later than the second.

    `until` is the end of the run that first saw the change. `after` is the start of the last run that saw the value
    before, or saw that there was none; None when no run did.
    """
    end = next((one.finished_at for one in runs if one.started_at == change.first_seen), change.first_seen)
    if change.last_seen is not None:
        return change.last_seen, end
    before = [one for one in runs if one.started_at < change.first_seen]
    if change.collector:
        before = [one for one in before if change.collector in one.whole]
    return (before[-1].started_at if before else None), end


class _SearchableLog:
    """The audit log of one organization, prepared to be searched for many changes."""

    def __init__(self, context: ChangeContext) -> None:
        self.context = context
        self.events = sorted(context.log.events, key=lambda one: (one.time, one.id))
        self.catalogue = context.log.readings[-1].actions if context.log.readings else ()
        rules, by_id = context.rules, {one.id: one for one in self.catalogue}
        ids = {event.action for event in self.events} | by_id.keys()
        self.families = {one: rules.families_of(by_id.get(one, EventAction(one))) for one in ids}
        self._identifiers: dict[str, set[str]] = {}

    def between(self, after: datetime, until: datetime) -> Sequence[AuditEvent]:
        """Events after the first moment and not later than the second, oldest first."""
        start = bisect_right(self.events, after, key=_time_of)
        return self.events[start : bisect_right(self.events, until, key=_time_of)]

    def about_an_app(self, event: AuditEvent) -> bool:
        """True when the event names an app. Every event of an app names its site as well."""
        identifiers = self.identifiers_of(event)
        return bool(identifiers & self.context.apps) or any(map(_APP.fullmatch, identifiers))

    def identifiers_of(self, event: AuditEvent) -> set[str]:
        """Every identifier in the event, and the parts of each, in lower case."""
        if event.id not in self._identifiers:
            self._identifiers[event.id] = {part for name in event.named for part in _identifier_parts(name)}
        return self._identifiers[event.id]


def _time_of(event: AuditEvent) -> datetime:
    return event.time


class _Search:
    """The events that may have caused one change."""

    def __init__(self, change: Change, log: _SearchableLog, came_or_went: bool) -> None:
        self.change, self.context = change, log.context
        self.after, self.until = interval_of(change, self.context.runs)
        # A policy about a subject may be made later than the subject; the event of its creation then proves nothing.
        a_policy = change.setting.startswith(f"{SIGNAL_PREFIX}policy.")
        kind = change.subject.kind if came_or_went and not a_policy else None
        self.families = self.context.rules.families_behind(change.setting, kind)
        self.family_names = {family.name for family in self.families}
        self.actions = tuple(one.id for one in log.catalogue if log.families[one.id] & self.family_names)
        self.exact: list[AuditEvent] = []
        self.site: list[AuditEvent] = []
        self.nameless: list[AuditEvent] = []
        """Events of fitting actions that name nothing at all."""
        self.near: list[AuditEvent] = []
        """Events of fitting actions that name another app of the site, or any app of the organization.

        They are mentioned with a change that no event explains, but explain none: somebody else may have made it."""
        if self.after is not None and self.family_names:
            self._search_log(log, self.after)

    def _search_log(self, log: _SearchableLog, after: datetime) -> None:
        naming = self.context.naming(self.change)
        for event in log.between(after, self.until):
            if log.families[event.action] & self.family_names:
                ids = log.identifiers_of(event)
                if naming.names(ids):
                    self.exact.append(event)
                elif ids & naming.wider and not log.about_an_app(event) and not self._names_other_site(ids, naming):
                    self.site.append(event)
                elif not ids:
                    self.nameless.append(event)
                elif self._concerns_site_of(ids, naming, log.about_an_app(event)):
                    self.near.append(event)

    def _concerns_site_of(self, identifiers: set[str], naming: SubjectIdentifiers, about_an_app: bool) -> bool:
        of_its_site = self.change.subject.kind is Kind.APP and bool(identifiers & naming.wider & self.context.sites)
        return about_an_app and (of_its_site or self.change.subject.kind is Kind.ORGANIZATION)

    def _names_other_site(self, identifiers: set[str], naming: SubjectIdentifiers) -> bool:
        """True when the event names sites but not the subject's, whether or not it also names the organization."""
        sites = identifiers & self.context.sites
        return bool(sites) and not sites & naming.wider

    @property
    def interval(self) -> tuple[datetime | None, datetime]:
        return self.after, self.until

    @property
    def covered(self) -> bool:
        """True when the log was read for the whole interval, and has ever shown an event."""
        return self.after is not None and covered(self.context.log, self.after, self.change.first_seen)

    def overlaps(self, other: _Search) -> bool:
        """True when both changes may have happened at the same time."""
        return (
            self.after is not None
            and other.after is not None
            and max(self.after, other.after) < min(self.until, other.until)
        )


class _SimultaneousChanges:
    """Which changes are alike, and which changes of plans, apps and answers may explain others."""

    def __init__(self, searches: Iterable[_Search]) -> None:
        self.alike: Counter[tuple[object, ...]] = Counter()
        self.plans: dict[str, list[_Search]] = defaultdict(list)
        """By organization: changes of one plan, or highest plan, to another."""
        self.priced: dict[str, list[_Search]] = defaultdict(list)
        """By organization: every change of an app's plan, also with a new or gone app. They make the highest plan."""
        self.identity: dict[Subject, Change] = {}
        """The change by which each app is new or gone."""
        self.shapes: set[tuple[str, str, datetime]] = set()
        """Organization, collector, and start of the run that first saw another shape of answers."""
        for search in searches:
            change = search.change
            lasting = change.existed_before and change.exists_after
            self.alike[_rollout_key(change)] += 1
            if lasting and change.setting in (names.PLAN, names.HIGHEST_PLAN):
                self.plans[change.subject.organization].append(search)
            if change.setting == names.PLAN:
                self.priced[change.subject.organization].append(search)
            if not lasting and change.setting == names.APP_TYPE_KEY:
                self.identity[change.subject] = change
            if change.setting.startswith(names.SHAPES_PREFIX):
                collector = change.setting.removeprefix(names.SHAPES_PREFIX)
                self.shapes.add((change.subject.organization, collector, change.first_seen))


def _identifier_parts(name: str) -> set[str]:
    """The identifier and its parts, in lower case: an ARI also contains the cloud ID of its site."""
    folded = name.casefold()
    return {folded, *folded.replace("/", ":").split(":")} - {""}


def _rollout_key(change: Change) -> tuple[object, ...]:
    """A key that is equal for changes that look like one roll-out."""
    return change.setting, change.before, change.after, change.subject.kind, change.last_seen, change.first_seen


def _cause(search: _Search, simultaneous: _SimultaneousChanges) -> Cause:
    change = search.change
    if change.setting in _EDITS:
        kind, sentence = _EDITS[change.setting]
        return Cause(kind, sentence, interval=search.interval)
    if change.setting == names.EVENT_ACTIONS or change.setting.startswith(names.SHAPES_PREFIX):
        return Cause(CauseKind.SHAPE_CHANGE, "the API's answers changed, settings did not", interval=search.interval)
    possible = tuple(one.id for one in (*search.nameless, *search.near))
    return (
        _by_event(search)
        or _by_plan(search, simultaneous)
        or _by_subject(search, simultaneous)
        or _by_vendor(search, simultaneous)
        or _by_rulebook(search)
        or _by_tool(search, simultaneous)
        or _cause_from(search, CauseKind.NO_EVENT_FOUND, _no_event(search), others=possible)
    )


def _cause_from(search: _Search, kind: CauseKind, sentence: str, **more: object) -> Cause:
    cause = Cause(kind, sentence, interval=search.interval, actions_searched=search.actions, covered=search.covered)
    return replace(cause, **more)  # type: ignore[arg-type]


def _by_event(search: _Search) -> Cause | None:
    match = Match.EXACT if search.exact else Match.SITE
    events = search.exact or search.site
    if not events:
        return None
    last = events[-1]
    ids = tuple(event.id for event in events)
    if len({event.actor_id or event.actor for event in events}) > 1:
        sentence = f"{len(events)} events of several actors match: {', '.join(ids)}"
        return _cause_from(search, CauseKind.SEVERAL_EVENTS, sentence, match=match, others=ids)
    sentence = _event_words(last)
    sentence += "" if match is Match.EXACT else ", which names only its app, site or organization"
    sentence += f", the last of {len(events)} that match" if len(events) > 1 else ""
    return _cause_from(
        search,
        CauseKind.EVENT,
        sentence,
        actor=last.actor or None,
        event_id=last.id,
        at=last.time,
        match=match,
        others=ids[:-1],
    )


def _by_plan(search: _Search, simultaneous: _SimultaneousChanges) -> Cause | None:
    if search.change.setting == names.HIGHEST_PLAN:
        return _by_plan_of_an_app(search, simultaneous)
    if not any(family.follows_plan for family in search.families):
        return None
    for other in simultaneous.plans[search.change.subject.organization]:
        if search.overlaps(other):
            plan = other.change
            whose = "the highest plan" if plan.setting == names.HIGHEST_PLAN else plan.name or plan.subject.id
            sentence = f"{whose} went from {plan.before} to {plan.after} at that time, and defaults follow the plan"
            return _cause_from(search, CauseKind.PLAN_CHANGE, sentence)
    return None


def _by_plan_of_an_app(search: _Search, simultaneous: _SimultaneousChanges) -> Cause | None:
    """The cause of a change of the highest plan, which nobody sets: a change of an app's plan."""
    for other in simultaneous.priced[search.change.subject.organization]:
        plan = other.change
        if not search.overlaps(other):
            continue
        event = _by_event(other)
        whose = plan.name or plan.subject.id
        sentence = f"the plan of {whose}: {_change_words(plan)}"
        if event is None:
            return _cause_from(search, CauseKind.PLAN_CHANGE, sentence)
        own = _cause_from(search, CauseKind.PLAN_CHANGE, f"{sentence}; {event.sentence}")
        return replace(
            own, actor=event.actor, event_id=event.event_id, at=event.at, match=event.match, others=event.others
        )
    return None


def _change_words(change: Change) -> str:
    before = change.before if change.existed_before else "not there"
    return f"{before} to {change.after if change.exists_after else 'gone'}"


def _by_subject(search: _Search, simultaneous: _SimultaneousChanges) -> Cause | None:
    change, identity = search.change, simultaneous.identity.get(search.change.subject)
    if identity is None or identity.setting == change.setting:
        return None
    if not identity.existed_before and not change.existed_before:
        return _cause_from(search, CauseKind.NEW_SUBJECT, "it is new and came with it")
    if not identity.exists_after and not change.exists_after:
        return _cause_from(search, CauseKind.GONE_SUBJECT, "it is gone, with everything in it")
    return None


def _by_vendor(search: _Search, simultaneous: _SimultaneousChanges) -> Cause | None:
    """A dated entry of the rulebook; or many subjects that change alike at once without an event in a complete log."""
    if search.after is None:
        return None
    for entry in search.context.rules.dates:
        if search.family_names & set(entry.families) and search.after.date() < entry.on <= search.until.date():
            return _cause_from(search, CauseKind.VENDOR, f"{entry.what} ({entry.on})")
    count, enough = simultaneous.alike[_rollout_key(search.change)], search.context.rules.rollout_subjects
    change = search.change
    lasting = change.existed_before and change.exists_after
    if enough and count >= enough and lasting and search.covered and search.actions and not search.nameless:
        sentence = (
            f"{count} of the same kind changed in the same way at once, and the log has no event: probably a rollout"
        )
        return _cause_from(search, CauseKind.VENDOR, sentence)
    return None


def _runs_around(search: _Search) -> tuple[RunInterval, RunInterval] | None:
    """The runs that saw the value before and after the change; None unless both are known."""
    change = search.change
    by_start = {run.started_at: run for run in search.context.runs}
    before = by_start.get(search.after) if search.after is not None else None
    after = by_start.get(change.first_seen)
    return (before, after) if before is not None and after is not None else None


def _by_rulebook(search: _Search) -> Cause | None:
    runs = _runs_around(search)
    if search.change.setting == names.HIGHEST_PLAN and runs and runs[0].rulebook_sha256 != runs[1].rulebook_sha256:
        return _cause_from(
            search, CauseKind.RULEBOOK_EDIT, "the rulebook, which ranks the plans, was edited in between"
        )
    return None


def _by_tool(search: _Search, simultaneous: _SimultaneousChanges) -> Cause | None:
    """The tool as the likely but unproven cause: another version, or answers of another shape, and no other cause."""
    change, runs = search.change, _runs_around(search)
    if runs and runs[0].tool_version != runs[1].tool_version:
        sentence = f"read by contribaudit {runs[1].tool_version}, before by {runs[0].tool_version}; {_no_event(search)}"
        return _cause_from(search, CauseKind.TOOL_CHANGE, sentence)
    if (change.subject.organization, change.collector, change.first_seen) in simultaneous.shapes:
        sentence = f"the shape of the answers that {change.collector} reads changed at that time; {_no_event(search)}"
        return _cause_from(search, CauseKind.SHAPE_CHANGE, sentence)
    return None


def _no_event(search: _Search) -> str:
    """A sentence that no event was found, and what was searched: the log, the interval, the actions."""
    if search.after is None:
        return "no event found: no run saw the value before, so the period to search is unknown"
    rules = search.context.rules
    read = how_read(search.context.log, search.after, search.change.first_seen, rules)
    searched = f"{len(search.actions)} actions searched for" if search.actions else "no action in its catalogue matches"
    count = len(search.nameless)
    nameless = f"; {counted(count, 'event')} of these actions name{'s' * (count == 1)} no subject" if count else ""
    span = f"{_utc_minute(search.after)} to {_utc_minute(search.change.first_seen)}"
    return f"no event found from {span} ({read}; {searched}{nameless}){_near_events(search)}"


def _near_events(search: _Search) -> str:
    """A hint at events about a related app, for a person to look at; the change stays without a known cause."""
    if not search.near:
        return ""
    last, count = search.near[-1], len(search.near)
    of_organization = search.change.subject.kind is Kind.ORGANIZATION
    whose = "about an app of this organization" if of_organization else "about another app of its site"
    which = f"an event {whose}" if count == 1 else f"the last of {count} events {whose}"
    return f"; perhaps by {which}: {_event_words(last)}"


def _event_words(event: AuditEvent) -> str:
    via = f" ({event.via})" if event.via else ""
    who = event.actor or "an actor that the log does not name"
    return f"{who}{via}, {event.action} on {_utc_minute(event.time)}, event {event.id}"


def _utc_minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}Z"


def attested_changes(
    attestations: Iterable[Attestation],
    find_setting: Callable[[SettingId], Setting],
    since: datetime,
    until: datetime,
) -> Iterator[Change]:
    """Yield a change for each look, after `since` and up to `until`, that shows another value than the look before.

    Revoked attestations are ignored, and so are looks of one moment that contradict each other.
    """
    unrevoked = unrevoked_by(attestations, until)
    looks = sorted(unrevoked, key=lambda one: (one.subject, one.setting, one.observed_at))
    for (subject, setting), group in groupby(looks, key=lambda one: (one.subject, one.setting)):
        agreed = [
            same
            for _, moment in groupby(group, key=lambda one: one.observed_at)
            if (same := _agreed_look(find_setting(setting), list(moment))) is not None
        ]
        for one, other in pairwise(agreed):
            if since < other.observed_at <= until and not same_value(find_setting(setting), one.value, other.value):
                yield _change(subject, setting, one.value, other.value, one.observed_at, other.observed_at)


def _agreed_look(setting: Setting, looks: list[Attestation]) -> Attestation | None:
    return looks[0] if all(same_value(setting, looks[0].value, one.value) for one in looks) else None


def plan_changes(organization: str, plans: Sequence[PlanSeen], runs: Sequence[RunInterval]) -> Iterator[Change]:
    """Yield a change for each run, after the first of `runs`, whose highest plan differs from the one before."""
    if not runs:
        return
    for before, after in pairwise(plans):
        if not runs[0].started_at < after.since <= runs[-1].started_at or before.highest == after.highest:
            continue
        starts = [run.started_at for run in runs if run.started_at < after.since and names.WORKSPACES in run.whole]
        last = max(starts, default=before.since)
        yield _change(
            organization_subject(organization), names.HIGHEST_PLAN, before.highest, after.highest, last, after.since
        )


def edits(runs: Sequence[RunInterval]) -> Iterator[Change]:
    """Yield a change for each run, after the first, with another policy, rulebook or tool than the run before."""
    for first, second in pairwise(runs):
        for setting, before, after in (
            (names.POLICY_DIGEST, first.policy_sha256, second.policy_sha256),
            (names.RULEBOOK_DIGEST, first.rulebook_sha256, second.rulebook_sha256),
            (names.TOOL_VERSION, first.tool_version, second.tool_version),
        ):
            if before != after:
                yield _change(COMPANY, setting, before, after, first.started_at, second.started_at)


def _change(
    subject: Subject, setting: SettingId, before: Value, after: Value, last: datetime, first: datetime
) -> Change:
    return Change(subject, setting, before, after, True, True, first, last)
