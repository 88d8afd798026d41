"""Removes runs by age (one a day is kept, then one a week, then none) without changing what the kept runs say.

What a kept run saw, knew and judged stays the same, and so do the values by which two kept runs differ. The moment of a
change becomes less exact: it then lies between two kept runs. pruned_intervals.py finds the runs that are kept whatever
their age, and moves the intervals.
"""

from __future__ import annotations

import json
import re
from calendar import monthrange
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from unicodedata import normalize

from sqlalchemy import Column, Connection, bindparam, delete, select, update

from contribaudit.core.model.attestation import Signature
from contribaudit.core.model.snapshot import CollectionStatus
from contribaudit.core.model.subject import folded_name, pseudonym
from contribaudit.errors import UsageError
from contribaudit.store import ids, pruned_intervals
from contribaudit.store.columns import fields_of, read_moment, read_value, write_moment
from contribaudit.store.pruned_intervals import KeptRuns
from contribaudit.store.schema import (
    attestations,
    collections,
    events,
    facts,
    ledgers,
    messages,
    metadata,
    organizations,
    prunings,
    responses,
    runs,
    snapshots,
    told,
    topics,
)

DAILY, WEEKLY = "90d", "15mo"
"""The defaults: one run a day for 90 days, and a retention of 15 months."""
_SPAN = re.compile(r"([1-9][0-9]{0,3})\s*(d|w|mo|y)", re.IGNORECASE)
_MONTHS = {"mo": 1, "y": 12}


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time as people write it: "90d", "12w", "15mo", "2y"."""

    text: str
    days: int
    months: int

    def before(self, moment: datetime) -> datetime:
        """The moment one span earlier; a day that the month lacks becomes the last day of the month."""
        months = moment.year * 12 + moment.month - 1 - self.months
        year, month = max(months // 12, 1), months % 12 + 1
        day = min(moment.day, monthrange(year, month)[1])
        return moment.replace(year=year, month=month, day=day) - timedelta(days=self.days)


def parse_span(text: str) -> Span:
    """The span that the text gives. Raises UsageError for an invalid text."""
    found = _SPAN.fullmatch(text.strip())
    if found is None:
        raise UsageError(f"Invalid duration {text[:40]!r}", hint="Write days, weeks, months or years: 90d, 12w, 15mo")
    amount, unit = int(found[1]), found[2].lower()
    months = _MONTHS.get(unit, 0)
    return Span(f"{amount}{unit}", 0 if months else amount * (7 if unit == "w" else 1), amount * months)


@dataclass(frozen=True, slots=True)
class Retention:
    """How long runs are kept, and how densely."""

    daily: Span
    """Up to this age, one run a day is kept."""
    weekly: Span
    """Up to this age, one run a week is kept; older runs are removed."""

    def __str__(self) -> str:
        return f"one run a day for {self.daily.text}, then one a week for {self.weekly.text}"


@dataclass(frozen=True, slots=True)
class RunOf:
    """One organization's part of a run."""

    run: int
    organization: str
    started_at: datetime
    lacking: tuple[str, ...] = ()
    """The collectors that were incomplete."""

    @property
    def whole(self) -> bool:
        """True when every collector read everything."""
        return not self.lacking


def kept_by_age(runs: Iterable[RunOf], rule: Retention, now: datetime) -> set[int]:
    """The runs that are kept because of their age alone.

    For each day (UTC), and later each ISO week, an organization keeps its last complete run, or its last run when none
    is complete. Its first and last run are kept whatever their age. A run dated in the future counts as recent.
    """
    daily_from, weekly_from = rule.daily.before(now), rule.weekly.before(now)
    chosen: dict[Hashable, RunOf] = {}
    ends: dict[str, list[int]] = {}
    for part in sorted(runs, key=lambda one: one.run):
        ends.setdefault(part.organization, []).append(part.run)
        day = part.started_at.astimezone(UTC).date()
        if part.started_at >= daily_from:
            slot: Hashable = (part.organization, day)
        elif part.started_at >= weekly_from:
            slot = (part.organization, "week", *day.isocalendar()[:2])
        else:
            continue
        before = chosen.get(slot)
        if before is None or part.whole or not before.whole:
            chosen[slot] = part
    always = {run for numbers in ends.values() for run in (numbers[0], numbers[-1])}
    return always | {part.run for part in chosen.values()}


@dataclass(frozen=True, slots=True)
class RemovedRun:
    """A run that was removed."""

    run: int
    started_at: datetime
    organizations: Mapping[str, tuple[str, ...]]
    """By organization that the run read, the collectors that were incomplete."""


@dataclass(frozen=True, slots=True)
class Pruning:
    """Runs that were removed together."""

    pruned_at: datetime
    account: str
    host: str
    keep: str
    """The rule in words."""
    runs: tuple[RemovedRun, ...]


@dataclass(frozen=True, slots=True)
class OrganizationPruned:
    """What a pruning removed from one organization."""

    organization: str
    kept: int
    removed: int
    intervals: int
    """How many intervals of values and spaces only removed runs saw."""


@dataclass(frozen=True, slots=True)
class Pruned:
    """What a pruning removed, or would remove."""

    kept: int
    removed: tuple[RemovedRun, ...]
    organizations: tuple[OrganizationPruned, ...]
    outcomes: int
    """How many outcomes only removed runs gave."""
    raw_objects: int
    """How many raw answers only removed values referred to."""


def prune(connection: Connection, rule: Retention, now: datetime, signature: Signature) -> Pruned:
    """Remove runs inside the transaction of `connection`, and record the pruning if any run was removed."""
    parts = _runs_by_organization(connection)
    numbers = {name: number for number, name in connection.execute(select(organizations)).all()}
    staying = _kept_runs(connection, parts, numbers, rule, now)
    removed = _removed(parts, staying)
    if not removed:
        return Pruned(len(staying), (), (), 0, 0)
    every = KeptRuns(sorted(staying))
    changed: list[OrganizationPruned] = []
    candidates: set[int] = set()
    for organization, number in numbers.items():
        own_runs = [one.run for one in parts if one.organization == organization]
        kept = KeptRuns(sorted(staying.intersection(own_runs)))
        if not kept.runs:
            continue
        intervals, named = pruned_intervals.move_facts(connection, number, kept)
        candidates |= named
        intervals += pruned_intervals.move_spaces(connection, number, kept)
        pruned_intervals.move_plans(connection, number, kept)
        pruned_intervals.move_log_readings(connection, number, kept)
        changed.append(OrganizationPruned(organization, len(kept.runs), len(own_runs) - len(kept.runs), intervals))
    judged = pruned_intervals.move_outcomes(connection, every)
    pruned_intervals.move_looks(connection, every)
    _drop_runs(connection, [one.run for one in removed])
    raw = _drop_responses(connection, candidates)
    _note(connection, now, signature, str(rule), removed)
    return Pruned(len(staying), removed, tuple(changed), judged, raw)


_PRUNINGS = select(prunings).order_by(prunings.c.id)


def read_prunings(connection: Connection) -> tuple[Pruning, ...]:
    """Every pruning that removed runs, oldest first."""
    return tuple(
        Pruning(
            row.pruned_at,
            row.account,
            row.host,
            row.keep,
            tuple(
                RemovedRun(
                    removed["run"],
                    read_moment(removed["started_at"]),
                    {name: tuple(lacking) for name, lacking in removed["organizations"].items()},
                )
                for removed in json.loads(row.runs)
            ),
        )
        for row in connection.execute(_PRUNINGS)
        if row.runs != "[]"
    )


def _note(
    connection: Connection, moment: datetime, signature: Signature, keep: str, gone: Iterable[RemovedRun]
) -> None:
    """Record what was removed from the history, and by whom."""
    removed = [
        {"run": one.run, "started_at": write_moment(one.started_at), "organizations": one.organizations} for one in gone
    ]
    runs = json.dumps(removed, separators=(",", ":"))
    ids.add(connection, prunings, pruned_at=moment, keep=keep, runs=runs, **fields_of(signature, ("account", "host")))


def _removed(parts: list[RunOf], staying: set[int]) -> tuple[RemovedRun, ...]:
    going: dict[int, list[RunOf]] = defaultdict(list)
    for one in parts:
        if one.run not in staying:
            going[one.run].append(one)
    return tuple(
        RemovedRun(
            run,
            of_run[0].started_at,
            {one.organization: one.lacking for one in of_run if one.organization},
        )
        for run, of_run in sorted(going.items())
    )


def _runs_by_organization(connection: Connection) -> list[RunOf]:
    """Every run, one part per organization; a run that read none has one part, whose organization is ""."""
    c = collections.c
    lacking: dict[tuple[int, int], list[str]] = defaultdict(list)
    unread = select(c.run, c.organization, c.collector).where(c.status != CollectionStatus.OK).order_by(c.position)
    for run, organization, collector in connection.execute(unread):
        lacking[run, organization].append(collector)
    query = select(snapshots.c.run, snapshots.c.organization, organizations.c.organization, runs.c.started_at)
    query = query.join(organizations, snapshots.c.organization == organizations.c.id)
    query = query.join(runs, snapshots.c.run == runs.c.id).order_by(snapshots.c.run, snapshots.c.position)
    parts = [
        RunOf(run, name, started_at, tuple(lacking[run, number]))
        for run, number, name, started_at in connection.execute(query)
    ]
    with_parts = {one.run for one in parts}
    for run, started_at in connection.execute(select(runs.c.id, runs.c.started_at)):
        if run not in with_parts:
            parts.append(RunOf(run, "", started_at, ("everything",)))
    return parts


def _kept_runs(
    connection: Connection, parts: list[RunOf], numbers: dict[str, int], rule: Retention, now: datetime
) -> set[int]:
    """The runs to keep: by age, because records refer to them, or because another kept run requires them."""
    staying = kept_by_age(parts, rule, now)
    needed: dict[int, set[int]] = defaultdict(set)
    for number in numbers.values():
        staying |= pruned_intervals.pinned_runs(connection, number) | pruned_intervals.runs_of_holes(connection, number)
        for run, others in pruned_intervals.required_runs(connection, number).items():
            needed[run] |= others
    return pruned_intervals.with_required_runs(staying, needed)


def _drop_runs(connection: Connection, gone: list[int]) -> None:
    rows = [{"gone": run} for run in gone]
    for table, column in (
        (ledgers, ledgers.c.run),
        (collections, collections.c.run),
        (snapshots, snapshots.c.run),
        (runs, runs.c.id),
    ):
        connection.execute(delete(table).where(column == bindparam("gone")), rows)


def _drop_responses(connection: Connection, candidates: set[int]) -> int:
    """Remove the candidates that nothing refers to any more. Returns how many raw objects were removed."""
    if not candidates:
        return 0
    named = set(connection.execute(select(facts.c.response).distinct()).scalars())
    named |= set(connection.execute(select(events.c.response).distinct()).scalars())
    kept_digests = _digests_in_values(connection)
    gone: list[int] = []
    for number, digest in connection.execute(select(responses.c.id, responses.c.digest)):
        if number in candidates and number not in named and digest not in kept_digests:
            gone.append(number)
    if gone:
        rows = [{"gone": number} for number in gone]
        connection.execute(delete(responses).where(responses.c.id == bindparam("gone")), rows)
    return len(gone)


def _digests_in_values(connection: Connection) -> set[str]:
    """Digests of the raw objects that signals and anchors refer to."""
    digests: set[str] = set()
    query = select(facts.c.value).join(topics, facts.c.topic == topics.c.id)
    for text in connection.execute(query.where(topics.c.setting.startswith("signal."))).scalars():
        value = read_value(text or "null")
        digests |= set(value) if isinstance(value, tuple) else {str(value)}
    for text in connection.execute(select(attestations.c.anchors)).scalars():
        digests |= {digest for anchor in json.loads(text) for digest in anchor["state"] or ()}
    return digests


_NAMES = tuple(column for table in metadata.sorted_tables for column in table.c if column.name.endswith("_by"))
"""Every column with the name of a person who looked, recorded, signed, added or imported something."""
_TEXTS: tuple[Column[str], ...] = (told.c.text, messages.c.body)
"""Columns with sentences of contribaudit, which may name a person."""


def forget_person(connection: Connection, person: str, moment: datetime, signature: Signature) -> int:
    """Replace a person's name with a pseudonym everywhere. Returns how many entries were changed.

    Events of the audit log also lose the actor's name, ID, message and raw object. The erasure is recorded under the
    pseudonym.
    """
    instead = pseudonym(person)
    touched = 0
    for column in _NAMES:
        for spelling in _spellings(connection, column, person):
            statement = update(column.table).where(column == spelling).values({column.name: instead})
            touched += connection.execute(statement).rowcount
    touched += _forget_actor(connection, person, instead)
    touched += sum(_forget_in_texts(connection, column, person, instead) for column in _TEXTS)
    if touched:
        _note(connection, moment, signature, f"the name behind {instead} was erased", ())
    return touched


def _spellings(connection: Connection, column: Column[str], person: str) -> list[str]:
    """The spellings of the name in the column, ignoring case, width and surrounding blanks."""
    folded = folded_name(person)
    every = connection.execute(select(column).distinct()).scalars()
    return [one for one in every if folded_name(one) == folded and one != pseudonym(person)]


_FULL_WIDTH = {one: one + 0xFEE0 for one in range(ord("!"), ord("~") + 1)}
"""The form of each ASCII character that fills the width of a Chinese or Japanese one."""


def _of_any_width(name: str) -> str:
    """A pattern of the name, each of whose characters may have either width."""
    return "".join(f"[{re.escape(one)}{re.escape(one.translate(_FULL_WIDTH))}]" for one in name)


def _forget_in_texts(connection: Connection, column: Column[str], person: str, instead: str) -> int:
    plain = {normalize("NFKC", person).strip(), folded_name(person)}
    names = "|".join(map(_of_any_width, plain))
    named = re.compile(rf"(?<![\w.+-])(?:{names})(?![\w-]|\.\w)", re.IGNORECASE)

    def renamed(value: Any) -> Any:
        if isinstance(value, list):
            return [renamed(one) for one in value]
        if isinstance(value, dict):
            return {key: renamed(one) for key, one in value.items()}
        return named.sub(instead, value) if isinstance(value, str) else value

    decode, encode = (json.loads, json.dumps) if column is messages.c.body else (str, str)
    touched = 0
    for text in list(connection.execute(select(column).distinct()).scalars()):
        content = decode(text)
        if (new := renamed(content)) != content:
            statement = update(column.table).where(column == text).values({column.name: encode(new)})
            touched += connection.execute(statement).rowcount
    return touched


def _forget_actor(connection: Connection, person: str, instead: str) -> int:
    touched = 0
    for spelling in _spellings(connection, events.c.actor_email, person):
        by_actor = events.c.actor_email == spelling
        raw = set(connection.execute(select(events.c.response).where(by_actor)).scalars()) - {None}
        values = {"actor_id": instead, "actor_name": "", "actor_email": instead, "message": "", "response": None}
        touched += connection.execute(update(events).where(by_actor).values(values)).rowcount
        for number in raw:
            used = select(facts.c.id).where(facts.c.response == number).limit(1)
            if connection.execute(used).scalar() is None:
                connection.execute(delete(responses).where(responses.c.id == number))
    return touched
