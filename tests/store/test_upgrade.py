"""A history written by any released schema opens, says what it said, and takes a new audit.

Each is made by the migrations up to its revision and filled row by row as its version wrote it, by the tables as the
database itself describes them: no table of the present is used.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, create_engine, make_url

from contribaudit.core.model.observation import Observed
from contribaudit.core.model.snapshot import CollectionStatus
from contribaudit.store import schema
from contribaudit.store.columns import write_moment
from contribaudit.store.facts import pack
from contribaudit.store.history import History

from .builders import OK, ORG, PARTIAL, REALM, day, draft, snapshot

BODY = b'{"id":"policy-1"}'
DIGEST = sha256(BODY).hexdigest()
EVENT = "e-1"


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


REVISIONS = sorted(one.revision for one in ScriptDirectory.from_config(_config()).walk_revisions())


@contextmanager
def at_revision(location: str, revision: str) -> Iterator[tuple[Connection, MetaData]]:
    """A database as that revision made it, in one transaction, and its tables as the database describes them."""
    url = make_url(location) if "://" in location else make_url(f"sqlite:///{location}")
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            command.upgrade(_config(connection), revision)
            found = MetaData()
            found.reflect(connection)
            yield connection, found
    finally:
        engine.dispose()


def put(connection: Connection, tables: MetaData, name: str, *rows: dict[str, Any]) -> None:
    """Rows of one table."""
    connection.execute(tables.tables[name].insert(), list(rows))


def moment(number: int) -> int:
    return write_moment(day(number))


def fill(connection: Connection, tables: MetaData, revision: str) -> None:
    """Four runs of one organization: a realm moves, an app comes and goes, one run came only part of the way."""

    def write(name: str, *rows: dict[str, Any]) -> None:
        put(connection, tables, name, *rows)

    texts = dict.fromkeys(("rulebook_sha256", "policy_sha256"), "a" * 64)
    who = {"account": "auditor", "host": "runner-1"}
    write(
        "runs",
        *(
            {
                "id": run,
                "started_at": moment(run),
                "finished_at": moment(run) + 1_000_000,
                "complete": run != 3,
                "trigger": "schedule",
                **who,
                "tool_version": "0.1.0",
                **texts,
                "policy_name": "p",
                "selection": "",
                "exit_code": 1,
                "summary": '{"pass":1}',
                **({"planned_at": moment(run) - 60_000_000} if revision >= "0007" else {}),
            }
            for run in range(1, 5)
        ),
    )
    write("organizations", {"id": 1, "organization": ORG})
    write(
        "snapshots",
        *(
            {
                "run": run,
                "organization": 1,
                "position": 0,
                "started_at": moment(run),
                "finished_at": moment(run) + 1_000_000,
            }
            for run in range(1, 5)
        ),
    )
    write(
        "collections",
        *(
            {
                "run": run,
                "organization": 1,
                "position": place,
                "collector": name,
                "status": "partial" if (run, name) == (3, "apps") else "ok",
                "started_at": moment(run),
                "announced": 2,
                "read": 2,
                "code": "",
                "reason": "",
                "missing_scope": None,
                "requests": 1,
                "seconds": 0.5,
                "seen": pack([3]) if (run, name) == (3, "apps") else None,
            }
            for run in range(1, 5)
            for place, name in enumerate(("apps", "policies"))
        ),
    )
    write(
        "topics",
        {"id": 1, "organization": 1, "collector": "apps", "setting": REALM},
        {"id": 2, "organization": 1, "collector": "policies", "setting": "signal.policy.generative-ai"},
        {"id": 3, "organization": 1, "collector": "apps", "setting": "spelt \\u05e2"},
    )
    write(
        "subjects",
        {"id": 1, "seen_in": 1, "organization": ORG, "kind": "app", "subject": "one"},
        {"id": 2, "seen_in": 1, "organization": ORG, "kind": "app", "subject": "two \\ud800"},
        {"id": 3, "seen_in": 1, "organization": ORG, "kind": "organization", "subject": ORG},
    )
    write("sources", {"id": 1, "source": "GET /apps"})
    write("responses", {"id": 1, "digest": DIGEST, "body": zlib.compress(BODY)})
    fact: dict[str, Any] = {
        "value": None,
        "unavailable": None,
        "grade": "documented",
        "source": 1,
        "response": None,
        "last_run": None,
        "ended_run": None,
    }
    lost = json.dumps({"code": "missing_key", "reason": "because", "missing_scope": None})
    write(
        "facts",
        fact | {"id": 1, "topic": 1, "subject": 1, "value": '"EU"', "first_run": 1, "last_run": 1, "ended_run": 2},
        fact | {"id": 2, "topic": 1, "subject": 2, "value": '"US"', "first_run": 1, "last_run": 2, "ended_run": 4},
        fact | {"id": 3, "topic": 1, "subject": 1, "value": '"US"', "first_run": 2},
        fact | {"id": 4, "topic": 2, "subject": 3, "value": json.dumps([DIGEST]), "response": 1, "first_run": 1},
        fact | {"id": 5, "topic": 3, "subject": 1, "unavailable": lost, "grade": None, "first_run": 4},
    )
    write(
        "outcomes",
        *(
            {
                "id": number,
                "organization": ORG,
                "check": "DR-01",
                "finding": "f1",
                "outcome": outcome,
                "first_run": first,
                "ended_run": ended,
            }
            for number, (outcome, first, ended) in enumerate((("pass", 1, 2), ("fail", 2, None)), 1)
        ),
    )
    if revision >= "0002":
        _testimony(write, who)
    if revision >= "0003":
        _spaces(write)
    if revision >= "0004":
        _log(write, who)
    if revision >= "0005":
        write(
            "baselines",
            {
                "id": 1,
                "organization": 1,
                "run": 2,
                "approved_by": "cara@acme.example",
                "approved_at": moment(3),
                **who,
                "reason": "reviewed",
                "until": None,
            },
        )
    if revision >= "0006":
        _evidence(write, who)


def _testimony(write: Any, who: dict[str, str]) -> None:
    anchor = {
        "signal": "signal.policy.generative-ai",
        "organization": ORG,
        "kind": "organization",
        "subject": ORG,
        "state": [DIGEST],
        "revision": "",
    }
    write(
        "attestations",
        *(
            {
                "id": number,
                "attestation": name,
                "organization": 1,
                "kind": "organization",
                "subject": ORG,
                "setting": "contribution.in_app",
                "value": '"off"',
                "looked_by": "anna@acme.example",
                "observed_at": moment(number),
                "recorded_by": "anna@acme.example",
                "recorded_at": moment(number),
                **who,
                "look": f"look-{number}",
                "screen": "",
                "console_path": "",
                "note": "",
                "attachments": "[]",
                "anchors": json.dumps([anchor]),
                "unanchored_reason": "",
                "highest_plan": "enterprise",
                "plan_words": '["Enterprise"]',
            }
            for number, name in ((1, "a1"), (2, "a2"))
        ),
    )
    signed = {"id": 1, "signed_by": "bob@acme.example", "signed_at": moment(3), **who}
    write("confirmations", signed | {"attestation": 1})
    write("revocations", signed | {"attestation": 2, "note": "a typo"})
    write(
        "plans", {"id": 1, "organization": 1, "run": 1, "since": moment(1), "highest": "enterprise", "words": '["E"]'}
    )


def _spaces(write: Any) -> None:
    write(
        "space_lists",
        {
            "id": 1,
            "app": 1,
            "status": "ok",
            "announced": 1,
            "read": 1,
            "code": "",
            "reason": "",
            "visible_to": "everybody",
            "requests": 1,
            "first_run": 1,
            "ended_run": None,
        },
    )
    space = {"app": 1, "key": "HR", "folded": "hr", "type": "global", "status": "", "created_at": None}
    write(
        "spaces",
        space | {"id": 1, "space": "s1", "name": "People", "first_run": 1, "last_run": 1, "ended_run": 2},
        space | {"id": 2, "space": "s1", "name": "Humans", "first_run": 2, "last_run": None, "ended_run": None},
    )


def _log(write: Any, who: dict[str, str]) -> None:
    write(
        "log_readings",
        {
            "id": 1,
            "organization": 1,
            "run": 2,
            "covers_from": moment(1),
            "covers_until": moment(2),
            "code": "",
            "reason": "",
            "actions": '[["moved","Moved","Residency"]]',
            "read": 1,
            "kept": 1,
            "cursor": "c",
        },
    )
    write(
        "events",
        {
            "id": 1,
            "organization": 1,
            "event": EVENT,
            "happened_at": moment(2) - 1,
            "processed_at": None,
            "action": "moved",
            "actor_id": "u1",
            "actor_name": "",
            "actor_email": "bob@acme.example",
            "via": "",
            "named": '["one"]',
            "message": "",
            "response": 1,
        },
    )
    write("prunings", {"id": 1, "pruned_at": moment(3), **who, "keep": "one run a day", "runs": "[]"})


def _evidence(write: Any, who: dict[str, str]) -> None:
    request = [moment(4), "workspaces", "POST", "/apps", 200, 12, DIGEST, 0.5, 0.0]
    entries = zlib.compress(json.dumps(request).encode("ascii"))
    write("ledgers", {"id": 1, "run": 4, "organization": 1, "clock_skew_seconds": 0.25, "entries": entries})
    write(
        "manifests",
        {
            "id": 1,
            "scope": ORG,
            "kind": "run",
            "run": 4,
            "sha256": DIGEST,
            "previous": None,
            "written_at": moment(4),
            "signed_with": None,
            **who,
            "place": "evidence/4",
        },
    )


@pytest.fixture(params=REVISIONS)
def revision(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def upgraded(location: str, revision: str) -> Iterator[History]:
    """A history of that revision, opened by this version."""
    with at_revision(location, revision) as (connection, tables):
        fill(connection, tables, revision)
    with History.open(location) as history:
        yield history


def test_an_old_history_says_what_it_said_and_goes_on(upgraded: History, revision: str) -> None:
    _what_was_seen(upgraded)
    _changes_and_outcomes(upgraded)
    _what_people_recorded(upgraded, revision)
    _spaces_and_the_log(upgraded, revision)
    _evidence_and_planned_times(upgraded, revision)
    _a_new_run(upgraded)


def _what_was_seen(upgraded: History) -> None:
    """Values, what was not read, how far the collectors came, awkward names."""
    saw = [
        {
            (one.subject.id, str(one.setting)): one.value if isinstance(one, Observed) else f"!{one.code}"
            for seen in upgraded.snapshot(ORG, run).by_collector.values()
            for one in seen
        }
        for run in range(1, 5)
    ]
    signal = {(ORG, "signal.policy.generative-ai"): (DIGEST,)}
    assert saw == [
        {("one", REALM): "EU", ("two \ud800", REALM): "US"} | signal,
        {("one", REALM): "US", ("two \ud800", REALM): "US"} | signal,
        {("one", REALM): "US"} | signal,
        {("one", REALM): "US", ("one", "spelt \u05e2"): "!missing_key"} | signal,
    ]
    third = upgraded.snapshot(ORG, 3).collections[0]
    assert (third.collector, third.status, third.started_at) == ("apps", CollectionStatus.PARTIAL, day(3))
    assert upgraded.raw(DIGEST) == BODY
    assert len(upgraded.known(ORG).facts) == 3


def _changes_and_outcomes(upgraded: History) -> None:
    """Between any two runs, as before."""

    def told(since: int, until: int) -> list[tuple[object, ...]]:
        return [
            (one.subject.id, one.before, one.after, one.exists_after, one.last_seen, one.first_seen)
            for one in upgraded.changes(ORG, since, until)
        ]

    moved = ("one", "EU", "US", True, day(1), day(2))
    assert told(1, 2) == [moved]
    assert told(2, 3) == []
    assert told(1, 4) == [moved, ("two \ud800", "US", None, False, day(2), day(4))]
    assert [upgraded.outcomes(run) for run in (1, 4)] == [{"f1": "pass"}, {"f1": "fail"}]
    assert [(run.id, run.complete, run.exit_code) for run in upgraded.runs()] == [
        (4, True, 1),
        (3, False, 1),
        (2, True, 1),
        (1, True, 1),
    ]
    assert [one.outcome for one in upgraded.outcome_history(ORG)] == ["pass", "fail"]


def _what_people_recorded(upgraded: History, revision: str) -> None:
    """From the version on that could record it; before it there is nothing, and nobody trips over that."""
    attestations = upgraded.attestations(ORG)
    if revision < "0002":
        assert attestations == ()
    else:
        one, other = attestations
        assert (one.id, one.value, one.observed_at, one.highest_plan) == ("a1", "off", day(1), "enterprise")
        assert [anchor.state for anchor in one.anchors] == [(DIGEST,)]
        assert [signed.by for signed in one.confirmed] == ["bob@acme.example"]
        assert other.revoked is not None
        assert [plan.highest for plan in upgraded.attestation_history(ORG).plans] == ["enterprise"]
    assert len(upgraded.baselines(ORG)) == (revision >= "0005")


def _spaces_and_the_log(upgraded: History, revision: str) -> None:
    renamed = [(one.subject.id, one.before, one.after) for one in upgraded.space_changes(ORG, 1, 2)]
    assert renamed == ([("s1", "People", "Humans")] if revision >= "0003" else [])
    log = upgraded.audit_log(ORG)
    assert [event.id for event in log.events] == ([EVENT] if revision >= "0004" else [])
    assert [reading.run for reading in log.readings] == ([2] if revision >= "0004" else [])
    assert upgraded.log_position(ORG).cursor == ("c" if revision >= "0004" else "")


def _evidence_and_planned_times(upgraded: History, revision: str) -> None:
    kept = upgraded.ledger(4, ORG)
    assert [one.call for one in kept.entries] == ["workspaces"] if kept else revision < "0006"
    assert [one.sha256 for one in upgraded.manifests([ORG])] == ([DIGEST] if revision >= "0006" else [])
    late = {(run.planned_at, run.late_minutes) for run in upgraded.runs() if run.id == 2}
    assert late == ({(day(2) - timedelta(minutes=1), 1)} if revision >= "0007" else {(None, None)})


def _a_new_run(upgraded: History) -> None:
    """It goes on from the last interval: what is the same stays, what differs is a change."""
    saw: Any = {"apps": {("one", REALM): "US", ("three", REALM): "DE"}, "policies": {}}
    new = upgraded.save(draft(5), [snapshot(5, saw, {"apps": OK, "policies": PARTIAL})])
    assert new.id == 5
    changes = {(one.subject.id, str(one.setting)): (one.before, one.after) for one in upgraded.changes(ORG, 4, 5)}
    assert changes == {("three", REALM): (None, "DE")}
    facts = {(fact.observation.subject.id, str(fact.observation.setting)): fact for fact in upgraded.known(ORG).facts}
    assert (facts["one", REALM].first_run, facts["one", REALM].last_run) == (2, 5)
    assert facts[ORG, "signal.policy.generative-ai"].last_run == 4
    upgraded.record_verdict(new.id, 0, {"pass": 1})
    assert upgraded.run(new.id).exit_code == 0
