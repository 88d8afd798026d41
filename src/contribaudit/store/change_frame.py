"""What stands around changes: when each run read and by what, and what apps are called."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import Connection, select

from contribaudit.core.frame import RunFrame, SubjectNames
from contribaudit.core.model import names
from contribaudit.core.model.subject import Subject
from contribaudit.core.snapshot import CollectionStatus
from contribaudit.store.columns import read_value
from contribaudit.store.rows import organization_number, stored_facts
from contribaudit.store.schema import collections, facts, runs, snapshots


def read_frames(connection: Connection, organization: str) -> dict[int, RunFrame]:
    """Every run of the organization, oldest first."""
    number = organization_number(connection, organization)
    whole: dict[int, set[str]] = defaultdict(set)
    c = collections.c
    read = select(c.run, c.collector).where(c.organization == number, c.status == CollectionStatus.OK)
    for run, collector in connection.execute(read):
        whole[run].add(collector)
    r, s = runs.c, snapshots.c
    query = select(r.id, r.started_at, s.finished_at, r.tool_version, r.policy_name, r.policy_sha256, r.rulebook_sha256)
    query = query.join(snapshots, s.run == r.id).where(s.organization == number).order_by(r.id)
    return {
        row.id: RunFrame(
            row.id,
            row.started_at,
            row.finished_at,
            frozenset(whole[row.id]),
            row.tool_version,
            row.policy_name,
            row.policy_sha256,
            row.rulebook_sha256,
        )
        for row in connection.execute(query)
    }


def read_names(connection: Connection, organization: str) -> dict[Subject, SubjectNames]:
    """By app, and of the organization, what it was called last."""
    number = organization_number(connection, organization)
    if number is None:
        return {}
    told: list[dict[Subject, str]] = []
    for setting in (names.APP_NAME, names.APP_ALIAS, names.APP_HOST, names.APP_SITE):
        newest: dict[Subject, str] = {}
        for fact in stored_facts(connection, number, facts.c.value.is_not(None), setting=setting):
            value = read_value(fact.value or "null")
            if isinstance(value, str):
                newest[fact.subject] = value  # intervals come by age
        told.append(newest)
    for fact in stored_facts(connection, number, facts.c.value.is_not(None), setting=names.ORGANIZATION_NAME):
        told[0][fact.subject] = str(read_value(fact.value or "null") or "")
    return {
        subject: SubjectNames(*(each.get(subject, "") for each in told))
        for subject in dict.fromkeys(subject for each in told for subject in each)
    }
