"""The timeline's lines, without a screen: order, words, proof, gaps and days."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from contribaudit.core.advise.gaps import Gap
from contribaudit.core.model import names
from contribaudit.core.model.attestation import Signature
from contribaudit.core.model.change import Annotation, Cause, CauseKind, Change, Match
from contribaudit.core.model.observation import SettingId, Value
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.store.records import RunRecord
from contribaudit.tui.rows import timeline
from contribaudit.tui.rows.timeline import (
    Filter,
    LineKind,
    Trail,
    cells,
    change_detail,
    days_of,
    entries_of,
    lines_of,
)
from contribaudit.tui.widgets.day_strip import day_and_keys, day_line, strip
from tests.builders import ORG

START = datetime(2026, 11, 10, 2, tzinfo=UTC)
REALM = SettingId("residency.realm")
HOSTILE = "[red]x[/red]\x1b[31m\u202e"


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def run(number: int, on: float, *, complete: bool = True) -> RunRecord:
    return RunRecord(
        day(on), day(on) + timedelta(minutes=5), "schedule", "auditor", "runner-1", "0.1.0", "a" * 64, "b" * 64,
        "policy.toml", id=number, organizations=(ORG,), complete=complete, exit_code=1, summary={"pass": 3, "fail": 1},
    )  # fmt: skip


def change(
    on: float,
    name: str,
    before: Value,
    after: Value,
    *,
    setting: SettingId = REALM,
    cause: Cause | None = None,
    **told: object,
) -> Change:
    subject = Subject(ORG, Kind.APP, f"ari:cloud:{name}")
    made = Change(subject, setting, before, after, True, True, day(on), day(on - 1), name=name)
    if cause is not None:
        made = replace(made, cause=cause.sentence, actor=cause.actor, event_id=cause.event_id, why=cause)
    return replace(made, **told)  # type: ignore[arg-type]


BY_EVENT = Cause(
    CauseKind.EVENT, "residency_moved by bob@acme.example", "bob@acme.example", "7f3a9b10-event", day(0.6), Match.EXACT,
    interval=(day(0), day(1)), actions_searched=("moved", "added"), covered=True,
)  # fmt: skip
BY_SITE = replace(BY_EVENT, match=Match.SITE, others=("7f3b",))
UNKNOWN = Cause(
    CauseKind.NO_EVENT_FOUND, "no event found", interval=(day(3), day(5)), actions_searched=("moved",), covered=True
)
MOVED = change(1, "acme.atlassian.net/jira", "EU", "US", cause=BY_EVENT)
LOST = change(5, "bank.atlassian.net/confluence", "EU", "US", cause=UNKNOWN, last_seen=day(3))
NEW = tuple(
    change(1, "acme.atlassian.net/new", None, value, setting=setting, existed_before=False, last_seen=None)
    for setting, value in ((names.APP_TYPE_KEY, "jira"), (names.PLAN, "Free"))
)
LATER = change(5, "acme.atlassian.net/new", "Free", "Standard", setting=names.PLAN, cause=BY_SITE, ticket="GRC-7")
GAP = Gap(ORG, None, day(3) + timedelta(minutes=5), day(5), open=False, why="no run")
TRAIL = Trail(
    [LOST, LATER, *NEW, MOVED],
    [run(1, 0), run(2, 1), run(3, 2, complete=False), run(4, 3), run(5, 5)],
    [GAP],
    day(6),
)


def told_lines(wanted: Filter = Filter(runs=True), *, newest_first: bool = True) -> list[str]:  # noqa: B008  a value
    return [
        "|".join(text.plain for text in cells(one)).rstrip("|")
        for one in lines_of(entries_of(TRAIL), wanted, newest_first=newest_first)
    ]


def test_newest_first() -> None:
    """Days from the newest, a run before what it showed, a new app as one line, its later change another."""
    assert told_lines() == [
        "|Sun 15 Nov 2026|2 changes, 1 without a known cause",
        "=|02:00-02:05|run #5|complete|schedule, auditor",
        "!|13 Nov - 15 Nov|Confluence on bank|Location: EU -> US|no event found",
        "*|14 Nov - 15 Nov|acme/new|Plan: Free -> Standard|bob@acme.example, event 7f3a9b10, by site|GRC-7",
        "|Fri 13 Nov 2026",
        ".|13 Nov - 15 Nov|no run|no observations for 48 h",
        "=|02:00-02:05|run #4|complete|schedule, auditor",
        "|Thu 12 Nov 2026",
        "~|02:00-02:05|run #3|partial|schedule, auditor",
        "|Wed 11 Nov 2026|2 changes, 1 without a known cause",
        "=|02:00-02:05|run #2|complete|schedule, auditor",
        "!|by 02:00|acme/new|new: Free|cause not looked up",
        "*|10 Nov - 11 Nov|Jira on acme|Location: EU -> US|bob@acme.example, event 7f3a9b10",
        "|Tue 10 Nov 2026",
        "=|02:00-02:05|run #1|complete|schedule, auditor",
    ]  # fmt: skip


def test_oldest_first_is_the_same_lines_by_time() -> None:
    forth = lines_of(entries_of(TRAIL), Filter(runs=True), newest_first=False)
    assert [one.at for one in forth] == sorted(one.at for one in forth)
    assert sorted(told_lines(newest_first=False)) == sorted(told_lines())
    after_run = [one.what for one in forth if one.day == date(2026, 11, 13)]
    assert after_run == [LineKind.DAY, LineKind.RUN, LineKind.GAP]


@pytest.mark.parametrize(
    ("wanted", "subjects"),
    [
        (Filter(text="BOB 7f3a"), {"acme.atlassian.net/jira", "acme.atlassian.net/new"}),
        (Filter(text="grc-7"), {"acme.atlassian.net/new"}),
        (Filter(site="bank.atlassian.net"), {"bank.atlassian.net/confluence"}),
        (Filter(family="data_residency"), {"acme.atlassian.net/jira", "bank.atlassian.net/confluence"}),
        (Filter(unexplained=True), {"bank.atlassian.net/confluence", "acme.atlassian.net/new"}),
        (Filter(text="nothing like it"), set()),
    ],
)
def test_a_filter_never_leaves_out_a_gap(wanted: Filter, subjects: set[str]) -> None:
    left = lines_of(entries_of(TRAIL), wanted, newest_first=True)
    assert {one.main.name for one in left if one.main is not None} == subjects
    assert [one.gap for one in left if one.gap is not None] == [GAP]
    assert not [one for one in left if one.run is not None]


def test_what_the_filters_go_through() -> None:
    entries = entries_of(TRAIL)
    assert timeline.values_of(entries, "family") == ["data_residency", "organization"]
    assert timeline.values_of(entries, "site") == ["acme.atlassian.net", "bank.atlassian.net"]


def test_a_change_of_a_site_itself_belongs_to_the_site() -> None:
    """As do those of its apps."""
    host = "bank.atlassian.net"
    own = change(5, host, False, True, setting=names.GATEWAY_ROVO, subject=Subject(ORG, Kind.SITE, host))
    left = lines_of(entries_of(Trail([LOST, own], [], [], day(6))), Filter(site=host), newest_first=True)
    assert {one.main.name for one in left if one.main is not None} == {host, "bank.atlassian.net/confluence"}


def detail_of(name: str, setting: SettingId = REALM) -> str:
    entry = next(
        one
        for one in entries_of(TRAIL)
        if one.main is not None and (one.main.name, one.main.setting) == (name, setting)
    )
    return change_detail(entry).plain


def test_a_cause_comes_with_its_proof() -> None:
    said = detail_of("acme.atlassian.net/jira")
    for part in (
        "last seen with the old value 2026-11-10 02:00Z, first seen with the new one 2026-11-11 02:00Z",
        "Event 7f3a9b10-event of 2026-11-10 16:24:00Z",
        "By bob@acme.example",
        "The event names exactly this setting and subject",
        "log read without gaps, 2 actions searched",
        f"CHANGE\n{MOVED.id}",
    ):
        assert part in said
    assert "names only the site, app or organization" in detail_of("acme.atlassian.net/new", names.PLAN)
    assert "Other matching events: 7f3b" in detail_of("acme.atlassian.net/new", names.PLAN)
    unexplained = detail_of("bank.atlassian.net/confluence")
    assert "no event found\nIt happened after 2026-11-13 02:00Z and no later than 2026-11-15 02:00Z" in unexplained
    assert "log read without gaps, 1 action searched" in unexplained
    uncovered = list(timeline.proof_lines(replace(UNKNOWN, covered=False)))
    assert "the log was not read for the whole period, or may have gaps, 1 action searched" in uncovered


def test_changes_alone_are_shown_unless_runs_are_asked_for() -> None:
    """Gaps stay: leaving one out would make it look watched."""
    kinds = {one.what for one in lines_of(entries_of(TRAIL), Filter(), newest_first=True)}
    assert kinds == {LineKind.DAY, LineKind.CHANGE, LineKind.GAP}


def test_equal_changes_are_one_line_that_opens() -> None:
    """Of one run, one kind of subject, one setting and one cause; another cause stands for itself, and so do two."""
    many = [
        change(1, f"acme.atlassian.net/app-{number}", "EU", realm) for number, realm in enumerate(["US"] * 4 + ["DE"])
    ]
    apart = [change(1, "x.atlassian.net/a", "EU", "US", cause=BY_EVENT), change(2, "y.atlassian.net/b", "EU", "US")]
    entries = entries_of(Trail([*many, *apart], (), (), day(3)))
    lines = [one for one in lines_of(entries, Filter(), newest_first=True) if one.what is LineKind.CHANGE]
    assert [len(one.folded) for one in lines] == [0, 5, 0]
    fold = lines[1]
    assert "5 apps|Location: different values" in "|".join(cell.plain for cell in cells(fold))
    assert "5 EQUAL CHANGES" in change_detail(fold).plain
    assert "acme.atlassian.net/app-4" in change_detail(fold).plain
    opened = {fold.alike}
    whole = lines_of(entries, Filter(), newest_first=True, opened=opened)
    assert sum(1 for one in whole if one.what is LineKind.CHANGE) == 8
    assert timeline.count_changes(whole, opened) == timeline.count_changes(lines) == 7


def test_runs_gaps_days_and_tickets_in_full() -> None:
    texts = {
        one.what: change_detail(one).plain for one in lines_of(entries_of(TRAIL), Filter(runs=True), newest_first=True)
    }
    assert "policy policy.toml, bbbbbbbbbbbb" in texts[LineKind.RUN]
    assert "no run 13 Nov 02:05Z - 15 Nov 02:00Z (48 h): no observations" in texts[LineKind.GAP]
    assert "end of this day" in texts[LineKind.DAY]
    note = Annotation("GRC-7", "asked\nfor", Signature("it@acme.example", day(6), "it", "desk"))
    (entry,) = entries_of(Trail([replace(LATER, annotations=(note,))], [], [], day(6)))
    assert "TICKET GRC-7\nasked\nfor\nit@acme.example, it on desk, 2026-11-16 02:00Z" in change_detail(entry).plain
    gap = replace(GAP, open=True, why="2 runs did not read everything")
    assert timeline.gap_text(gap) == "2 runs did not read everything 13 Nov 02:05Z - now (48 h): no observations"


def test_the_strip_says_each_day_without_colours() -> None:
    """Whole, in part, not at all; changes counted, "!" where nobody knows why; "v" above the chosen day."""
    days = days_of(entries_of(TRAIL), TRAIL.until)
    lines = [one.plain for one in strip(days, date(2026, 11, 12), 10)]
    assert lines == ["Nov  v    ", "   ==~=.=.", "    !   ! "]
    assert (
        day_line(days, date(2026, 11, 15)) == "Sun 15 Nov 2026: complete, 2 changes, one or more without a known cause"
    )
    assert day_line(days, date(2026, 11, 14)) == "Sat 14 Nov 2026: not read"
    old = [one.plain for one in strip(days, date(2026, 11, 10), 3)]
    assert old == ["Nvv", " ==", "  !"]


@pytest.mark.parametrize(
    ("width", "ends"),
    [
        (200, "comma, full stop: other runs"),
        (78, "not read. Enter: state on that day; Left, Right: other days"),
        (60, "not read. Enter: state on that day"),
        (30, "not read. "),
    ],
)
def test_the_keys_below_the_strip_are_never_cut_off(width: int, ends: str) -> None:
    days = days_of(entries_of(TRAIL), TRAIL.until)
    assert day_and_keys(days, date(2026, 11, 14), width).plain.endswith(ends)


def test_names_are_text_and_nothing_else() -> None:
    hostile = change(
        1, HOSTILE, HOSTILE, HOSTILE, cause=replace(BY_EVENT, actor=HOSTILE, event_id=HOSTILE, sentence=HOSTILE)
    )
    trail = Trail([replace(hostile, ticket=HOSTILE)], [replace(run(1, 0), account=HOSTILE)], [], day(2))
    lines = lines_of(entries_of(trail), Filter(), newest_first=True)
    texts = [text.plain for one in lines for text in cells(one)] + [change_detail(one).plain for one in lines]
    joined = "".join(texts)
    assert "[red]x[/red]" in joined
    assert not set(joined) & {"\x1b", "\u202e"}
