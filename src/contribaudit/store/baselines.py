"""Table of baselines, whose rows are never changed; and the apps that left, with the times when their list was read."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from sqlalchemy import Connection, bindparam, select

from contribaudit.core.judge.baseline import approved_of
from contribaudit.core.model import names
from contribaudit.core.model.attestation import Approved, Baseline
from contribaudit.core.model.change import Departure, Departures
from contribaudit.core.model.snapshot import CollectionStatus
from contribaudit.core.model.subject import Subject
from contribaudit.errors import UsageError
from contribaudit.store import ids
from contribaudit.store.attestations import read_attestations
from contribaudit.store.columns import fields_of, read_value, signature_in, signed
from contribaudit.store.facts import (
    StoredFact,
    collections_of,
    known_after,
    organization_number,
    run_starts,
    stored_facts,
)
from contribaudit.store.pruning import read_prunings
from contribaudit.store.schema import baselines, facts, snapshots


def add_baseline(connection: Connection, coming: Baseline) -> None:
    """Store a baseline. Raises UsageError when its run did not audit the organization."""
    number = organization_number(connection, coming.organization)
    audited = select(snapshots.c.run).where(snapshots.c.organization == number, snapshots.c.run == coming.run)
    if number is None or connection.execute(audited).scalar() is None:
        raise UsageError(
            f"Run {coming.run} did not audit organization {coming.organization}",
            hint="Run `contribaudit runs list` to see its runs",
        )
    fields = fields_of(coming, ("run", "reason", "until"))
    ids.add(connection, baselines, organization=number, **fields, **signed(coming.approved, "approved"))


_BASELINES = select(baselines).where(baselines.c.organization == bindparam("organization")).order_by(baselines.c.id)


def read_baselines(connection: Connection, organization: str) -> tuple[Baseline, ...]:
    """All baselines of the organization, oldest first; the newest is in force."""
    number = organization_number(connection, organization)
    return tuple(
        Baseline(organization, row.run, signature_in(row, "approved"), row.reason, row.until)
        for row in connection.execute(_BASELINES, {"organization": number})
    )


_PLACE = (names.APP_TYPE_KEY, names.APP_SITE, names.APP_HOST)


def read_approvals(connection: Connection, organization: str) -> tuple[Approved, ...]:
    """The organization's baselines with the values that were known after their runs, oldest first."""
    recorded = read_baselines(connection, organization)
    number = organization_number(connection, organization)
    if not recorded:
        return ()
    attestations = read_attestations(connection, organization)
    started_at = run_starts(connection, {baseline.run for baseline in recorded})
    approvals: list[Approved] = []
    for baseline in recorded:
        observations = [
            fact.observation(started_at[baseline.run])
            for fact in stored_facts(connection, number, *known_after(baseline.run), settings=_PLACE)
        ]
        approvals.append(approved_of(baseline, started_at[baseline.run], observations, attestations))
    return tuple(approvals)


def read_departures(connection: Connection, organization: str, *, until: int | None = None) -> Departures:
    """Apps that left the organization's list up to run `until` (None: until now) and have not come back.

    They are known only as far back as runs are stored.
    """
    number = organization_number(connection, organization)
    conditions = [facts.c.value.is_not(None)] + ([] if until is None else [facts.c.first_run <= until])
    last: defaultdict[str, dict[Subject, StoredFact]] = defaultdict(dict)
    for fact in stored_facts(connection, number, *conditions, settings=(*_PLACE, names.APP_ALIAS)):
        newest = last[fact.setting]
        if fact.subject not in newest or fact.first_run >= newest[fact.subject].first_run:
            newest[fact.subject] = fact
    gone = {
        app: fact
        for app, fact in last[names.APP_TYPE_KEY].items()
        if fact.ended_run is not None and (until is None or fact.ended_run <= until)
    }
    runs = {run for fact in gone.values() for run in (fact.last_run, fact.ended_run) if run is not None}
    started_at = run_starts(connection, runs)
    staying = {site for app in last[names.APP_TYPE_KEY].keys() - gone.keys() if (site := _site(last, app))}
    departures = [
        Departure(
            app,
            _stored_text(last[names.APP_ALIAS], app) or app.id,
            _stored_text(last[names.APP_TYPE_KEY], app),
            bool(_site(last, app)) and _site(last, app) not in staying,
            started_at[fact.last_run or fact.first_run],
            started_at[fact.ended_run],
        )
        for app, fact in gone.items()
        if fact.ended_run is not None
    ]
    departures.sort(key=lambda one: (one.first_missing, one.alias))
    return Departures(tuple(departures), _readings(connection, organization, number, until))


def _stored_text(facts_by_app: dict[Subject, StoredFact], app: Subject) -> str:
    fact = facts_by_app.get(app)
    value = read_value(fact.value) if fact is not None and fact.value is not None else ""
    return value if isinstance(value, str) else ""


def _site(last: dict[str, dict[Subject, StoredFact]], app: Subject) -> str:
    return _stored_text(last[names.APP_SITE], app) or _stored_text(last[names.APP_HOST], app)


def _readings(connection: Connection, organization: str, number: int | None, until: int | None) -> tuple[datetime, ...]:
    """The starts of the runs that read the list of apps to its end, removed runs included: the departures are kept."""
    moments = [
        one.started_at
        for one in collections_of(connection, number)
        if one.collector == names.WORKSPACES
        and one.status == CollectionStatus.OK
        and (until is None or one.run <= until)
    ]
    for pruning in read_prunings(connection):
        moments += [
            one.started_at
            for one in pruning.runs
            if names.WORKSPACES not in one.organizations.get(organization, (names.WORKSPACES,))
            and (until is None or one.run <= until)
        ]
    return tuple(sorted(moments))
