"""The audit log in the history: where to go on, no event twice, notes and looks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

from contribaudit.core.model.attestation import Signature
from contribaudit.core.model.audit_log import NEVER_READ, AuditEvent, EventAction, LogPosition, LogReading
from contribaudit.store.history import History

from .builders import ORG, day, realms, save, snapshot

ACTIONS = (EventAction("ai_changed", "AI", "Group"), EventAction("x\x00\ud800", "\x1b[31m", ""))
BODY = json.dumps({"id": "e1"}).encode()
DIGEST = sha256(BODY).hexdigest()


def event(name: str, hours: int, **told: object) -> AuditEvent:
    one = AuditEvent(
        name, day(0) + timedelta(hours=hours), None, "ai_changed", "id", "A", "a@b.c", "via", ("x", "y"), "text"
    )
    return replace(one, **told)  # type: ignore[arg-type]


def run(
    history: History,
    number: int,
    cursor: str,
    *events: AuditEvent,
    actions: Sequence[EventAction] = ACTIONS,
    code: str = "",
) -> None:
    """The run of that day, which read the log of the day before it."""
    whole = code == ""
    start, end = (day(number - 1), day(number)) if whole else (None, None)
    reading = LogReading(0, start, end, code, "why" if code else "", tuple(actions), 7, len(events), cursor)
    taken = snapshot(number, realms(one="eu"))
    save(history, replace(taken, log_reading=reading, events=events, raw={DIGEST: BODY}))


def test_the_next_reading_goes_on_where_the_last_ended(history: History) -> None:
    assert history.log_position(ORG) == NEVER_READ
    save(history, snapshot(0, realms(one="eu")))
    assert history.log_position(ORG) == LogPosition("", None, day(0), ())
    run(history, 1, "c1")
    run(history, 2, "c1", code="forbidden")
    assert history.log_position(ORG) == LogPosition("c1", day(1), day(2), ACTIONS)


def test_readings_and_events_come_back_to_the_letter(history: History) -> None:
    odd = event("e\x00\ud800", 2, processed_at=day(5), named=("ari:\x00",), actor_name="\ud800", message="\x1b")
    run(history, 1, "c1", event("e1", 5, response=DIGEST), odd)
    run(history, 2, "c2", actions=ACTIONS[:1])
    run(history, 3, "c3", actions=ACTIONS[:1])
    log = history.audit_log(ORG)
    assert log.events == (odd, event("e1", 5, response=DIGEST))
    assert history.raw(DIGEST) == BODY
    assert [one.actions for one in log.readings] == [ACTIONS, ACTIONS[:1], ACTIONS[:1]]
    assert [(one.run, one.cursor, one.span) for one in log.readings] == [
        (number, f"c{number}", (day(number - 1), day(number))) for number in (1, 2, 3)
    ]


def test_an_event_is_kept_once(history: History) -> None:
    """A cursor that was refused leads to events that were read already."""
    run(history, 1, "c1", event("e1", 1), event("e1", 1), event("e2", 2))
    run(history, 2, "c2", event("e2", 2), event("e3", 3))
    assert [one.id for one in history.audit_log(ORG).events] == ["e1", "e2", "e3"]
    between = history.audit_log(ORG, day(0) + timedelta(hours=1), day(0) + timedelta(hours=2))
    assert [one.id for one in between.events] == ["e2"]
    assert history.audit_log("nobody").events == ()


def test_notes_add_up_and_looks_move_on(history: History) -> None:
    run(history, 1, "c1")
    first, second = Signature("a@b.c", day(1), "root", "box"), Signature("", day(2), "root", "box")
    history.annotate(ORG, "abc", "GRC-1", "", first)
    history.annotate(ORG, "abc", "GRC-2", "\x1b", second)
    assert [(one.ticket, one.note, one.by) for one in history.annotations(ORG)["abc"]] == [
        ("GRC-1", "", first),
        ("GRC-2", "\x1b", second),
    ]
    assert history.annotations("nobody") == {}
    assert history.last_look("root", "box") is None
    history.record_look("root", "box", 3, day(3))
    history.record_look("root", "other", 9, day(3))
    assert history.last_look("root", "box") == 3
