"""A history of any revision so far opens, says what it said, and takes a new audit.

Each is a dump of the database as its version filled it (kept/, made when revision 0009 was the newest): four runs of
one organization, in which a realm moves, an app comes and goes, and one run came only part of the way.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest

from contribaudit.core.model.observation import Observed
from contribaudit.core.model.snapshot import CollectionStatus
from contribaudit.store.history import History

from .builders import OK, ORG, PARTIAL, REALM, day, draft, snapshot

BODY = b'{"id":"policy-1"}'
DIGEST = sha256(BODY).hexdigest()
EVENT = "e-1"


@pytest.fixture
def upgraded(kept: str) -> Iterator[History]:
    """A history of that revision, opened by this version."""
    with History.open(kept) as history:
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
    upgraded.record_plan(ORG, new.id, day(5), "free", ("Free",))
    assert upgraded.attestation_history(ORG).plans[-1].highest == "free"
    upgraded.record_verdict(new.id, 0, {"pass": 1})
    assert upgraded.run(new.id).exit_code == 0
