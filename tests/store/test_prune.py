"""A pruned history answers for every run that stays as it did before."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, make_url, select, text

from contribaudit.core.advise.notices import Event, Matter, Message, News
from contribaudit.core.model.attestation import Baseline, Signature
from contribaudit.core.model.audit_log import AuditEvent, EventAction, LogReading
from contribaudit.core.model.observation import Observed
from contribaudit.core.model.snapshot import CollectionStatus, Space, SpaceList
from contribaudit.core.model.subject import pseudonym
from contribaudit.errors import StoreBusy, UsageError
from contribaudit.store import audit_log
from contribaudit.store.history import History
from contribaudit.store.notices import Destination
from contribaudit.store.pruning import Retention, RunOf, kept_by_age, parse_span
from contribaudit.store.records import Judged
from contribaudit.store.schema import facts, responses
from contribaudit.store.schema import told as reported
from tests.postgres import MISSING, server_url

from .builders import FAILED, OK, ORG, PARTIAL, app, day, draft, missing, raw_object, snapshot

SIGNED = Signature("anna@acme.example", day(0), "auditor", "runner-1")
WEEKLY = Retention(parse_span("1d"), parse_span("15mo"))
OTHER = "d4e5f6"
COLLECTORS = ("workspaces", "policies")
KEYS = st.tuples(
    st.sampled_from(["one", "two", "three"]),
    st.sampled_from(["residency.realm", "app.alias", "app.type_key", "signal.policy.x", "plan"]),
)
VALUES = st.sampled_from(["EU", "US", None, missing("missing_key")])
SAW = st.dictionaries(KEYS, VALUES, max_size=5)
PART = st.dictionaries(st.sampled_from(COLLECTORS), st.tuples(SAW, st.sampled_from([OK, OK, PARTIAL, FAILED])))
RUN = st.tuples(st.sampled_from([(ORG,), (ORG, OTHER), (OTHER,)]), PART, PART, st.sampled_from(["pass", "fail"]))
STEPS = st.lists(st.tuples(st.integers(1, 40), RUN), min_size=2, max_size=14)


def keep(history: History, number: int, run: Any) -> None:
    """One run that begins on day `number`, judged."""
    organizations, *parts, outcome = run
    taken = []
    for organization, part in zip((ORG, OTHER), parts, strict=True):
        if organization in organizations:
            saw = {collector: values for collector, (values, _) in part.items()}
            status = {collector: status for collector, (_, status) in part.items()}
            taken.append(snapshot(number, saw, status, organization))
    record = history.save(draft(number), taken)
    judged = [Judged(f"f-{organization}", organization, "DC-01", outcome) for organization in organizations]
    history.record_verdict(record.id, 0, {outcome: 1}, judged)


def told(history: History, runs: Iterable[int]) -> dict[object, object]:
    """Everything that the history answers about these runs."""
    found: dict[object, object] = {}
    mine: dict[str, list[int]] = {ORG: [], OTHER: []}
    for run in runs:
        record = history.run(run)
        found["run", run] = record
        found["outcomes", run] = history.outcomes(run)
        for organization in record.organizations:
            mine[organization].append(run)
            found["snapshot", organization, run] = history.snapshot(organization, run)
            known = history.known(organization, before=run + 1).facts
            found["known", organization, run] = [(one.observation, one.collector, one.last_run) for one in known]
            found["departures", organization, run] = history.departures(organization, until=run).apps
    for organization, its in mine.items():
        found["testimony", organization] = history.attestation_history(organization)
        found["aliases", organization] = history.alias_holders(organization)
        for since, until in combinations(its, 2):
            found["changes", organization, since, until] = [
                (one.subject, one.setting, one.before, one.after, one.existed_before, one.exists_after)
                for one in history.changes(organization, since, until)
            ]
    return found


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Gives new locations on SQLite and, where there is a server, on PostgreSQL. Migrating takes longer than a copy."""
    folder = tmp_path_factory.mktemp("prune")
    History.open(str(folder / "empty.db")).close()
    return {"folder": folder, "url": server_url()}


def opened(server: Any, kind: str) -> History:
    """An empty history."""
    if kind == "sqlite":
        path = server["folder"] / f"{uuid4().hex}.db"
        return History.open(str(shutil.copyfile(server["folder"] / "empty.db", path)))
    schema = f"contribaudit_{uuid4().hex[:12]}"
    url = make_url(server["url"]).set(drivername="postgresql+psycopg")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    engine.dispose()
    location = url.update_query_dict({"options": f"-csearch_path={schema}"})
    return History.open(location.render_as_string(hide_password=False))


def dropped(history: History) -> None:
    """Leave nothing on the server."""
    if history._database.path is None:
        with history._writing() as connection:
            connection.execute(text("DO $$ BEGIN EXECUTE 'DROP SCHEMA ' || current_schema() || ' CASCADE'; END $$"))
    history.close()


def random_prune(server: Any, kind: str, steps: Any, daily: int, weekly: int) -> None:
    history = opened(server, kind)
    try:
        number = 0
        for days, run in steps:
            number += days
            keep(history, number, run)
        rule = Retention(parse_span(f"{daily}d"), parse_span(f"{weekly}d"))
        now = day(number) + timedelta(hours=1)
        would = history.prune(rule, now, SIGNED, dry_run=True)
        every = {record.id for record in history.runs()}
        gone = {one.run for one in would.removed}
        before = told(history, sorted(every - gone))
        assert history.prunings() == ()
        assert history.prune(rule, now, SIGNED) == would
        assert {record.id for record in history.runs()} == every - gone
        assert told(history, sorted(every - gone)) == before
        assert history.prune(rule, now, SIGNED).removed == ()
        keep(history, number + 1, steps[0][1])
        assert history.runs(limit=1)[0].id == max(every) + 1
        if gone:
            with history._reading() as connection:
                ends = connection.execute(select(facts.c.first_run, facts.c.last_run, facts.c.ended_run)).all()
            assert not gone & {run for row in ends for run in row}
    finally:
        dropped(history)


@settings(max_examples=24, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(STEPS, st.integers(1, 60), st.integers(1, 200))
def test_runs_that_stay_are_as_before(server: Any, steps: Any, daily: int, weekly: int) -> None:
    random_prune(server, "sqlite", steps, daily, weekly)


@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(STEPS, st.integers(1, 60), st.integers(1, 200))
def test_runs_that_stay_are_as_before_on_a_server(server: Any, steps: Any, daily: int, weekly: int) -> None:
    if not server["url"]:
        pytest.skip(MISSING)
    random_prune(server, "postgresql", steps, daily, weekly)


def daily(history: History, count: int, **values: str) -> None:
    """So many runs, a day apart, that all saw the same."""
    for number in range(count):
        keep(history, number, ((ORG,), {"workspaces": ({("one", k): v for k, v in values.items()}, OK)}, {}, "pass"))


def ids(history: History) -> list[int]:
    return sorted(record.id for record in history.runs())


def test_one_a_day_then_one_a_week_then_none() -> None:
    """Of a day or week the last whole run stays; the first and the last stay whatever their age."""
    begin = datetime(2026, 1, 1, 1, tzinfo=UTC)  # a Thursday
    hours = [begin + timedelta(hours=6 * number) for number in range(4 * 60)]
    runs = [RunOf(number, ORG, at, () if number % 4 else ("x",)) for number, at in enumerate(hours, 1)]
    now = hours[-1] + timedelta(hours=1)
    stay = kept_by_age(runs, Retention(parse_span("10d"), parse_span("5w")), now)
    days = sorted(run for run in stay if hours[run - 1] >= now - timedelta(days=10))
    assert [hours[run - 1].hour for run in days[:-1]] == [13] * len(days[:-1])
    assert len(days) == 11
    weeks = sorted(run for run in stay if now - timedelta(weeks=5) <= hours[run - 1] < now - timedelta(days=10))
    assert len({hours[run - 1].isocalendar()[:2] for run in weeks}) == len(weeks) >= 3
    assert {run for run in stay if hours[run - 1] < now - timedelta(weeks=5)} == {1}


@pytest.mark.parametrize("text", ["", "90", "d", "0d", "90 days", "-1d", "99999d"])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_span(text)


def test_a_month_is_one_of_the_calendar() -> None:
    back = parse_span("15mo").before(datetime(2026, 5, 31, tzinfo=UTC))
    assert back == datetime(2025, 2, 28, tzinfo=UTC)
    assert parse_span("1y").before(datetime(2028, 2, 29, tzinfo=UTC)) == datetime(2027, 2, 28, tzinfo=UTC)


def test_what_was_removed_is_written_down(history: History) -> None:
    daily(history, 20, plan="Premium")
    rule = Retention(parse_span("2d"), parse_span("4d"))
    done = history.prune(rule, day(19) + timedelta(hours=2), SIGNED)
    (noted,) = history.prunings()
    assert (noted.account, noted.host, noted.keep) == ("auditor", "runner-1", str(rule))
    assert noted.runs == done.removed
    assert [one.run for one in noted.runs] == sorted(set(range(1, 21)) - set(ids(history)))
    assert noted.runs[0].started_at == day(1)
    assert 1 in ids(history)
    assert 20 in ids(history)
    (mine,) = done.organizations
    assert (mine.organization, mine.kept, mine.removed) == (ORG, done.kept, len(done.removed))


def test_a_run_named_by_a_baseline_stays(history: History) -> None:
    daily(history, 20, plan="Premium")
    history.add_baseline(Baseline(ORG, 7, SIGNED, "reviewed", None))
    history.prune(WEEKLY, day(400), SIGNED)
    assert 7 in ids(history)
    with pytest.raises(UsageError):
        history.add_baseline(Baseline(ORG, 8, SIGNED, "it is gone", None))


@pytest.mark.parametrize("setting", ["signal.policy.x", "plan"])
def test_what_moved_and_came_back_stays_known(history: History, setting: str) -> None:
    """Else an attestation from before the move would count again, of a trial where the app's plan moved."""
    for number, state in enumerate("AAABAAA"):
        saw = {("one", setting): state, ("one", "residency.realm"): state}
        keep(history, number, ((ORG,), {"workspaces": (saw, OK)}, {}, "pass"))
    before = history.attestation_history(ORG)
    done = history.prune(WEEKLY, day(300), SIGNED)
    assert done.removed
    assert history.attestation_history(ORG) == before
    assert {4, 5} <= set(ids(history))


@pytest.mark.parametrize("key", ["signal.policy.x", "revision.policy.x"])
def test_the_last_list_without_a_signal_stays(history: History, key: str) -> None:
    """Else the signal would be gone since another day than the history said before."""
    for number in range(8):
        saw = {("one", "residency.realm"): "EU"} | ({("one", key): "A"} if number > 5 else {})
        keep(history, number, ((ORG,), {"workspaces": (saw, OK if number != 5 else PARTIAL)}, {}, "pass"))
    before = history.attestation_history(ORG)
    done = history.prune(WEEKLY, day(300), SIGNED)
    assert [one.run for one in done.removed] == [2, 3, 6]
    assert history.attestation_history(ORG) == before


def test_raw_answers_of_removed_values_alone_go(history: History) -> None:
    """One that a value still names stays, byte for byte."""
    kept, gone = raw_object({"realm": "EU"}), raw_object({"realm": "US"})
    for number in range(9):
        digest, body = gone if number == 4 else kept
        taken = snapshot(number, {"workspaces": {("one", "residency.realm"): "US" if number == 4 else "EU"}})
        told = (one for one in taken.by_collector["workspaces"] if isinstance(one, Observed))
        seen = tuple(replace(one, response=digest) for one in told)
        taken = replace(taken, by_collector={"workspaces": seen}, raw={digest: body})
        history.save(draft(number), [taken])
    done = history.prune(WEEKLY, day(300), SIGNED)
    assert 5 not in ids(history)
    assert (done.raw_objects, [one.intervals for one in done.organizations]) == (1, [1])
    assert history.raw(kept[0]) == kept[1]
    with history._reading() as connection:
        assert list(connection.execute(select(responses.c.digest)).scalars()) == [kept[0]]


def test_a_history_in_use_is_left_alone(history: History) -> None:
    daily(history, 9, plan="Premium")
    with history.lock(ORG), pytest.raises(StoreBusy):
        history.prune(WEEKLY, day(300), SIGNED)
    assert ids(history) == list(range(1, 10))


def test_an_export_and_a_pruning_exclude_each_other(history: History) -> None:
    """The pruning says what runs; an export waits for it, as for another export."""
    daily(history, 9, plan="Premium")
    with history.exporting(), pytest.raises(StoreBusy, match="Evidence is being exported"):
        history.prune(WEEKLY, day(300), SIGNED)
    with history.exporting(), pytest.raises(StoreBusy), history.exporting(wait_seconds=0.1):
        pass
    with history.exporting():
        assert history.prune(WEEKLY, day(300), SIGNED, dry_run=True).removed
    assert ids(history) == list(range(1, 10))
    assert history.prune(WEEKLY, day(300), SIGNED).removed
    with history.exporting(wait_seconds=5), history.lock(ORG):
        pass  # an audit and an export go side by side


def test_room_is_given_back(tmp_path: Path) -> None:
    """The file is smaller afterwards, and reads as before."""
    with History.open(str(tmp_path / "history.db")) as history:
        for number in range(9):
            saw = {(f"app {number} {n}", "residency.realm"): f"realm {number} {n}" * 30 for n in range(300)}
            keep(history, number, ((ORG,), {"workspaces": (saw, OK)}, {}, "pass"))
        before, last = history.size_bytes(), history.snapshot(ORG, 9)
        history.prune(WEEKLY, day(300), SIGNED)
        assert history.compact()
        assert history.size_bytes() < before / 2
        assert history.snapshot(ORG, 9) == last


def test_a_listing_of_spaces_keeps_which_are_new(history: History) -> None:
    """The run with the first whole listing stays, since what it showed is not new; a key taken over stays known."""
    owner = app("one")
    nothing: dict[str, str] = {}
    one, two, three = {"s1": "ENG"}, {"s1": "ENG", "s2": "HR"}, {"s1": "ENG", "s3": "HR"}
    for number, listed in enumerate([nothing, one, one, two, three, two, two, two]):
        status = CollectionStatus.OK if number else CollectionStatus.FAILED
        taken = snapshot(number, {"workspaces": {("one", "app.type_key"): "confluence"}})
        spaces = tuple(Space(owner, name, key, key, "global", "current") for name, key in listed.items())
        listing = SpaceList(owner, status, None, len(listed))
        history.save(draft(number), [replace(taken, space_lists=(listing,), spaces=spaces)])

    def answers(run: int) -> object:
        book = history.spaces(ORG, run)
        bore = [identity for identity, _ in book.bearers(owner, "HR")]
        return book.lists(), [(known.space, known.from_the_start) for known in book.of(owner)], bore

    going = {one.run for one in history.prune(WEEKLY, day(300), SIGNED, dry_run=True).removed}
    assert going
    staying = sorted(set(ids(history)) - going)
    before = [answers(run) for run in staying]
    history.prune(WEEKLY, day(300), SIGNED)
    assert [answers(run) for run in staying] == before
    assert ids(history) == staying


def test_a_change_that_somebody_noted_keeps_its_id(history: History) -> None:
    """Its ID holds the start of the run that saw it first, so that run stays."""
    for number, plan in enumerate(["Free"] * 3 + ["Premium"] * 6):
        keep(history, number, ((ORG,), {"workspaces": ({("one", "plan"): plan}, OK)}, {}, "pass"))
    (change,) = history.changes(ORG, 1, 9)
    with history._writing() as connection:
        audit_log.annotate(connection, ORG, change.id, "CHG-1", "ours", SIGNED)
    assert history.prune(WEEKLY, day(300), SIGNED).removed
    assert [one.id for one in history.changes(ORG, 1, 9)] == [change.id]


def read_until(number: int, since: int, *, code: str = "", actions: str = "a") -> LogReading:
    """The log as run `number` read it, from the day of run `since`."""
    known = (EventAction(actions, actions.title(), ""),)
    return LogReading(0, day(since), day(number), code, "", known, 5, 2, f"cursor-{number}")


def test_readings_of_the_log_leave_no_new_hole(history: History) -> None:
    """What removed runs read counts for the next one; a hole, and a change of what is looked for, stay as they were."""
    told = [(0, 0), (1, 0), (2, 1), (4, 3), (5, 4), (6, 5), (7, 6), (8, 7)]
    for number, since in told:
        reading = read_until(number, since, actions="b" if number >= 6 else "a")
        taken = snapshot(number, {"workspaces": {("one", "plan"): "Free"}})
        history.save(draft(number), [replace(taken, log_reading=reading)])

    def covered() -> set[datetime]:
        with history._reading() as connection:
            spans = [(one.covers_from, one.covers_until) for one in audit_log.read_log(connection, ORG).readings]
        hours = [day(0) + timedelta(hours=hour) for hour in range(8 * 24)]
        return {at for at in hours if any(since and until and since <= at <= until for since, until in spans)}

    with history._reading() as connection:
        before, position = covered(), audit_log.log_position(connection, ORG)
    done = history.prune(WEEKLY, day(300), SIGNED)
    assert done.removed
    assert covered() == before
    with history._reading() as connection:
        assert audit_log.log_position(connection, ORG) == position
        assert {one.actions[0].id for one in audit_log.read_log(connection, ORG).readings} == {"a", "b"}


def wide(name: str) -> str:
    """The name in the letters that a Japanese keyboard makes, but for the at sign that a mail address needs."""
    return "".join(chr(ord(one) + 0xFEE0) if "!" <= one <= "~" and one != "@" else one for one in name)


@pytest.mark.parametrize(
    "person",
    ["anna@acme.example", "jörg@acme.example", "o'neil+x@acme.example", "ÅSA@acme.example", "groß@acme.example"],
)
def test_texts_lose_the_name_and_no_other_that_holds_it(history: History, person: str) -> None:
    """Messages keep their text as JSON, which spells letters outside ASCII in its own way."""
    others = f"jo{person}, jo.{person}, {person}.org, {person}-x.org"
    said = f"attested by\n{person}; {person.swapcase()}, {wide(person)}. {others}, {wide('jo' + person)}"
    message = Message(Event.STALE, "Stale", (said,), facts={"matters": [{"text": said}]})
    matter = Matter("k", Event.STALE, "", "Values", said)
    where = Destination("1", "webhook #1")
    history.tell(ORG, None, day(0), [where], lambda _told, _first: (News((matter,)), [(message, day(0))]))
    history.forget_person(person, day(1), SIGNED)
    stand_in = pseudonym(person)
    after = f"attested by\n{stand_in}; {stand_in}, {stand_in}. {others}, {wide('jo' + person)}"
    (delivery,) = history.deliveries()
    assert delivery.message == replace(message, lines=(after,), facts={"matters": [{"text": after}]})
    with history._reading() as connection:
        assert connection.execute(select(reported.c.text).where(reported.c.key == "k")).scalar_one() == after


def test_an_actor_of_the_log_is_forgotten_too(history: History) -> None:
    """Name, ID, message and the raw event go; that somebody did it stays."""
    digest, body = raw_object({"actor": "anna@acme.example"})
    event = AuditEvent(
        "e1", day(0), None, "policy_changed", "id-1", "Anna", "Anna@acme.example", "", ("x",), "Anna did", digest
    )
    taken = snapshot(0, {"workspaces": {("one", "plan"): "Free"}})
    history.save(draft(0), [replace(taken, log_reading=read_until(0, 0), events=(event,), raw={digest: body})])
    assert history.forget_person("anna@acme.example", day(1), SIGNED) == 1
    with history._reading() as connection:
        (after,) = audit_log.read_log(connection, ORG).events
        assert list(connection.execute(select(responses.c.digest)).scalars()) == []
    assert re.fullmatch("person-[0-9a-f]{6}", after.actor)
    assert "nna" not in repr(after)
    assert (after.action, after.time) == ("policy_changed", day(0))
    assert history.forget_person("anna@acme.example", day(1), SIGNED) == 0
    assert history.prunings() == ()
