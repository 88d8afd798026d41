"""Rows of `facts` with their names."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, select

from contribaudit.core.model.observation import Grade, Observation, Observed, SettingId, Unavailable
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.store.columns import read_value
from contribaudit.store.schema import facts, organizations, responses, sources, subjects, topics

_ROWS_AT_A_TIME = 10_000


_GRADES = {grade.value: grade for grade in Grade}


class StoredFact(NamedTuple):
    """One interval. A tuple, since hundreds of thousands are made for one question."""

    id: int
    collector: str
    setting: SettingId
    subject: Subject
    value: str | None
    unavailable: str | None
    grade: str | None
    first_run: int
    last_run: int | None
    """The last run that saw it, None while it is open."""
    ended_run: int | None
    """The run that saw something else or nothing, None while it is open."""
    source: str
    response: str

    def observation(self, at: datetime) -> Observation:
        """The fact as the collection that began at `at` saw it."""
        if self.unavailable is not None:
            why = json.loads(self.unavailable)
            return Unavailable(
                self.setting, self.subject, why["code"], why["reason"], at, self.source, why["missing_scope"]
            )
        value = read_value(self.value or "null")
        return Observed(self.setting, self.subject, value, _GRADES[self.grade or ""], at, self.source, self.response)


def organization_number(connection: Connection, organization: str) -> int | None:
    """The organization's number, None when no run saw it."""
    query = select(organizations.c.id).where(organizations.c.organization == organization)
    return connection.execute(query).scalar()


def stored_facts(
    connection: Connection,
    organization: int,
    *conditions: ColumnElement[bool],
    setting: SettingId | None = None,
    prefix: str = "",
) -> Iterator[StoredFact]:
    """The organization's facts (of one setting, or of those whose names begin so) that meet the conditions.

    In the order in which their subjects, then their topics were first seen; intervals of the same topic by age.
    """
    about = select(topics.c.id, topics.c.collector, topics.c.setting).where(topics.c.organization == organization)
    if setting is not None:
        about = about.where(topics.c.setting == setting)
    topic_of = {
        topic: (collector, SettingId(name))
        for topic, collector, name in connection.execute(about)
        if name.startswith(prefix)
    }
    if not topic_of:
        return
    who = select(subjects.c.id, subjects.c.organization, subjects.c.kind, subjects.c.subject)
    subject_of = {
        number: Subject(owner, Kind(kind), name)
        for number, owner, kind, name in connection.execute(who.where(subjects.c.seen_in == organization))
    }
    c = facts.c
    query = (
        select(c.topic, c.subject, c.id, c.value, c.unavailable, c.grade, c.first_run, c.last_run, c.ended_run)
        .add_columns(sources.c.source, responses.c.digest)
        .join(sources, c.source == sources.c.id)
        .outerjoin(responses, c.response == responses.c.id)
        .where(c.topic.in_(list(topic_of)), *conditions)
        .order_by(c.subject, c.topic, c.id)
        .execution_options(yield_per=_ROWS_AT_A_TIME)
    )
    for some in connection.execute(query).partitions():
        for topic, subject, fact, value, unavailable, grade, first, last, ended, source, digest in some:
            collector, name = topic_of[topic]
            who_it_is = subject_of[subject]
            yield StoredFact(
                fact, collector, name, who_it_is, value, unavailable, grade, first, last, ended, source, digest or ""
            )
