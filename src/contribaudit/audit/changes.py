"""Changes with their causes, judged by `core.advise.causes` from what the history knows about the time around them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from contribaudit import catalogue
from contribaudit.core.advise.causes import (
    ChangeContext,
    SubjectIdentifiers,
    attested_changes,
    edits,
    explain,
    interval_of,
    plan_changes,
)
from contribaudit.core.model.attestation import Signature
from contribaudit.core.model.change import Annotation, Change, RunInterval, SubjectNames
from contribaudit.core.model.rulebook import Rulebook
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.core.resolve.signals import SIGNAL_PREFIX
from contribaudit.core.resolve.state import State
from contribaudit.errors import StoreDamaged, UsageError
from contribaudit.store.history import History

_CLOUD_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Span:
    """The period between two runs of an organization."""

    organization: str
    since: int
    until: int

    @classmethod
    def unseen(cls, store: History, organization: str, seen: int, until: int | None = None) -> Span | None:
        """From the newest run of those up to `seen`, or else the first one, to the newest, or the newest by `until`.

        None without a run.
        """
        runs = [one.id for one in store.runs(organization=organization) if until is None or one.id <= until]
        if not runs:
            return None
        return cls(organization, max((run for run in runs if run <= seen), default=min(runs)), max(runs))


def explained_changes(
    store: History, rulebook: Rulebook, spans: Sequence[Span], *, steps: bool = False
) -> list[Change]:
    """Every change of the spans, with cause, name and notes: settings, plans, attested values, spaces, edits.

    The changes are judged together, since a change in many organizations at once is the vendor's. `steps` includes
    every intermediate change, even one that was undone. An edit of policy, rulebook or tool appears once for all
    organizations.
    """
    with store.at_once():
        contexts: dict[str, ChangeContext] = {}
        changes: list[Change] = []
        edited: dict[str, Change] = {}
        for span in spans:
            runs = list(store.run_intervals(span.organization).values())
            named = store.subject_names(span.organization)
            within = [one for one in runs if span.since <= one.run <= span.until]
            own_changes = [_with_name(one, named) for one in _changes(store, span, within, steps=steps)]
            edited |= {one.id: one for one in edits(within if steps else [*within[:1], *within[-1:]])}
            contexts[span.organization] = _context(store, rulebook, span.organization, own_changes, runs, named)
            changes += own_changes
        explained = explain([*changes, *edited.values()], contexts)
        notes = {span.organization: store.annotations(span.organization) for span in spans}
        return [_with_notes(one, notes) for one in explained]


def named(state: State, changes: Iterable[Change]) -> list[Change]:
    """The changes; one that has no name gets the one that its subject has in the state."""
    return [replace(one, name=one.name or state.place(one.subject).name) for one in changes]


def annotate(
    store: History,
    rulebook: Rulebook,
    organizations: Sequence[str],
    change: str,
    ticket: str,
    note: str,
    signed: Signature,
) -> None:
    """Record the ticket of a change, by the change's ID, in the first of the organizations that has it.

    Raises UsageError for an empty ticket, and when no organization has such a change.
    """
    if not ticket.strip():
        raise UsageError("The ticket is empty", hint="Write --ticket GRC-123")
    for organization in organizations:
        runs = [record.id for record in store.runs(organization=organization)]
        span = Span(organization, min(runs, default=0), max(runs, default=0))
        if runs and any(one.id == change for one in explained_changes(store, rulebook, [span], steps=True)):
            store.annotate(organization, change, ticket.strip(), note, signed)
            return
    raise UsageError(f"There is no change {change} in the history", hint="`contribaudit changes` prints their IDs")


def changes_since(store: History, rulebook: Rulebook, organization: str, until: int, moment: datetime) -> list[Change]:
    """Every change, undone ones too, from the last run before the moment (else the first) to run `until`."""
    runs = [one for one in store.run_intervals(organization).values() if one.run <= until]
    if not runs:
        return []
    since = max((one.run for one in runs if one.started_at <= moment), default=runs[0].run)
    return explained_changes(store, rulebook, [Span(organization, since, runs[-1].run)], steps=True)


def _changes(store: History, span: Span, within: Sequence[RunInterval], *, steps: bool) -> Iterator[Change]:
    yield from store.changes(span.organization, span.since, span.until, steps=steps)
    yield from map(_by_collector, store.space_changes(span.organization, span.since, span.until))
    if within:
        testimony = store.attestation_history(span.organization)
        yield from plan_changes(span.organization, testimony.plans, within)
        # What was recorded after a run belongs to the period before the next run.
        yield from attested_changes(
            testimony.attestations, catalogue.find, within[0].started_at, within[-1].finished_at
        )


def _by_collector(change: Change) -> Change:
    """The change with its space collector's name, because an incomplete list does not show that a space was absent."""
    from contribaudit.collectors import SPACES

    whose = (one.name for one in SPACES if change.subject.id.startswith(one.ari.partition("{")[0]))
    return replace(change, collector=next(whose, ""))


def _context(
    store: History,
    rulebook: Rulebook,
    organization: str,
    changes: Iterable[Change],
    runs: Sequence[RunInterval],
    named: Mapping[Subject, SubjectNames],
) -> ChangeContext:
    intervals = [interval_of(change, runs) for change in changes]
    after = min((start for start, _ in intervals if start is not None), default=None)
    until = max((end for _, end in intervals), default=None)
    log = store.audit_log(organization, after, until)

    def naming(change: Change) -> SubjectIdentifiers:
        return _naming(change, named.get(change.subject, SubjectNames()), _policy_ids(store, change))

    apps = frozenset(subject.id.casefold() for subject in named if subject.kind is Kind.APP)
    sites = frozenset(name.casefold() for called in named.values() for name in (called.site, called.host) if name)
    return ChangeContext(log, runs, naming, rulebook.log, apps, sites)


def _naming(change: Change, called: SubjectNames, policies: frozenset[str]) -> SubjectIdentifiers:
    """The names that an event may use for the subject. A policy stands for the organization's signal of its type."""
    subject = change.subject
    organization = {subject.organization}
    if subject.kind is Kind.ORGANIZATION:
        return _fold_identifiers(organization | policies | _list_difference(change), ())
    exact = {subject.id, called.alias, called.alias.removeprefix("app:")}
    sites = _CLOUD_ID.findall(subject.id)
    wider = {*organization, *policies, called.host, called.site, *sites}
    # The log numbers spaces as their products do, and such a number is only unique within its site.
    together = {*sites, subject.id.rpartition("/")[2]} if subject.kind is Kind.SPACE and sites else set()
    return _fold_identifiers(exact, wider - exact, together)


def _fold_identifiers(exact: Iterable[str], wider: Iterable[str], together: Iterable[str] = ()) -> SubjectIdentifiers:
    return SubjectIdentifiers(
        *(frozenset(one.casefold() for one in names if one) for names in (exact, wider, together))
    )


def _list_difference(change: Change) -> set[str]:
    """The entries that were added to or removed from a list of the organization: policies, groups or others."""
    before, after = (set(one) if isinstance(one, tuple) else set() for one in (change.before, change.after))
    return before ^ after


def _policy_ids(store: History, change: Change) -> frozenset[str]:
    """The IDs of the policies in a signal's raw objects; empty when the objects were not kept."""
    if not change.setting.startswith(SIGNAL_PREFIX):
        return frozenset()
    ids: set[str] = set()
    for digest in change.responses:
        try:
            raw = json.loads(store.raw(digest))
        except StoreDamaged:
            continue  # the cause is determined without it; verifying evidence is a separate command
        if isinstance(raw, dict) and isinstance(raw.get("id"), str):
            ids.add(raw["id"])
    return frozenset(ids)


def _with_name(change: Change, named: Mapping[Subject, SubjectNames]) -> Change:
    called = named.get(change.subject, SubjectNames())
    return replace(change, name=change.name or called.alias.removeprefix("app:") or called.name)


def _with_notes(change: Change, notes: Mapping[str, Mapping[str, tuple[Annotation, ...]]]) -> Change:
    if change.subject.organization:
        own_notes = notes.get(change.subject.organization, {}).get(change.id, ())
    else:  # an edit concerns every organization, and its note is kept in one of them
        own_notes = next((by_change[change.id] for by_change in notes.values() if change.id in by_change), ())
    return replace(change, annotations=own_notes, ticket=own_notes[-1].ticket) if own_notes else change
