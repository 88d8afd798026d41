"""What the panels say, line by line, and where each line leads."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

import pytest
from rich.cells import cell_len

from contribaudit.core.advise.next_steps import next_steps
from contribaudit.core.model.finding import Outcome
from contribaudit.exporters.tally import Tally
from contribaudit.tui.rows import overview, trend
from contribaudit.tui.rows.overview import Line, query_of
from contribaudit.tui.rows.signs import ago, column
from tests.builders import NOW, ORG, OTHER_ORG, SETTINGS, app, finding
from tests.tui.boards import board


def said(lines: list[Line]) -> list[str]:
    """The texts, without the blanks that fill columns up."""
    return [line.text.plain.rstrip() for line in lines]


def test_the_verdict_counts_what_applies_and_tells_what_was_read() -> None:
    """The headline of every report, three answers, and what is open; an organization without a key counts as unread."""
    assert said(overview.verdict_lines(board(), 78)) == [
        "FAIL (high and above); 3 critical and 1 high finding fail, 2 critical and 7",
        "high are unverified",
        "Data contribution not achievable Acme Global: the Standard plan always contributes metadata and has no switch "
        "for it; Enterprise has the switch",
        "AI                unverified     Confluence on acme: Rovo access of the app: not attested yet",
        "Location          FAIL           Jira on acme-lab: stored in US (US East and West); the policy allows EU",
        "20 apply:  1 fail (+1)  2 in conflict  1 not achievable  9 unverified",
        "6 pass  1 waived",
        "READ 1/2 orgs 3/3+ sites 3/3+ apps  INCOMPLETE  run #318, 7 h ago",
        "LAST COMPLETE RUN run #317, 31 h ago: FAIL",
        "30 DAYS .........=============~=.=====  = complete  ~ partial  . no run",
    ]


@pytest.mark.parametrize(
    ("code", "word"), [(0, "PASS"), (1, "FAIL"), (3, "UNVERIFIED"), (4, "UNVERIFIED"), (99, "UNVERIFIED")]
)
def test_the_verdict_has_a_word_for_every_exit_code(code: int, word: str) -> None:
    """Also for one that this version does not know: that is never a PASS."""
    shown = board()
    report = replace(shown.report, run=replace(shown.report.run, exit_code=code))
    first = overview.verdict_lines(replace(shown, report=report), 78)[0]
    assert first.text.plain.startswith(f"{word} (high and above)")


def test_a_fragile_pass_is_told_beside_the_passes() -> None:
    """In a line of its own where there is no room."""
    shown = board()
    findings = tuple(replace(one, fragile=one.outcome is Outcome.PASS) for one in shown.report.findings)
    fragile = replace(shown, report=replace(shown.report, findings=findings))
    assert "6 pass  1 waived  6 passes are fragile" in said(overview.verdict_lines(fragile, 78))
    narrow = said(overview.verdict_lines(fragile, 30))
    assert narrow[narrow.index("6 pass  1 waived") + 1] == "6 passes are fragile"


def test_a_day_is_whole_only_when_every_organization_was_read_whole() -> None:
    """A run that came part of the way, or left an organization out, is no gap and no proof."""
    run = board().runs[0]
    today = date(2026, 11, 21)
    partial = replace(run, started_at=NOW - timedelta(days=1), complete=False)
    one_only = replace(run, started_at=NOW - timedelta(days=2), organizations=(ORG,))
    both_in_two = [replace(run, started_at=NOW, organizations=(one,)) for one in (ORG, OTHER_ORG)]
    strip = overview.days([*both_in_two, partial, one_only], frozenset((ORG, OTHER_ORG)), today)
    assert strip == "." * 27 + "~~="


def test_what_to_do_next_is_cut_and_told_in_full_beneath() -> None:
    """A line never grows; its `more` has the whole sentence and the command."""
    lines = overview.next_lines(board(), 78, 3)
    assert said(lines)[:3] == [
        "1  FIX     critical Acme Bank was not read: no key: none is saved for it 5 min",
        "2  FIX     critical Jira on acme-lab, Confluence on acme-us: pin the ap… 6 min",
        "3  FIX     critical Jira on acme-lab: schedule a move to an allowed loc… 5 min",
    ]
    assert said(lines)[3] == "and 2 more (n)"
    fifth = said(overview.next_lines(board(), 78, 5))[4]
    assert fifth.startswith("5  DECIDE  high     Metadata contribution is off: Acme Global: ")
    assert overview.next_title(board()) == "DO NEXT (5 things, about 20 min)"
    assert lines[2].more.endswith("Type: contribaudit checks show DR-01")
    assert lines[2].query == "step:3"


def test_what_nobody_can_settle_is_told_last_and_is_nothing_to_do() -> None:
    """Beneath the steps where they all have room, else in the line that counts the rest."""
    shown = board()
    unpublished = finding(Outcome.UNKNOWN, check="GV-02", reason_code="not_verifiable_today")
    steps = next_steps(replace(shown.report, findings=(*shown.report.findings, unpublished)))
    more = replace(shown, steps=steps)
    assert overview.next_title(more) == overview.next_title(shown)
    told = "1 finding cannot be resolved yet. 1 has no data source:  (GV-02)"
    assert said(overview.next_lines(more, 78, 5))[5] == told
    assert said(overview.next_lines(more, 78, 3))[3] == "and 2 more (n); 1 cannot be resolved yet"
    alone = replace(shown, steps=steps[-1:], report=replace(shown.report, run=replace(shown.report.run, exit_code=0)))
    assert said(overview.next_lines(alone, 78, 3)) == [
        "Nothing can be done now",
        told,
    ]
    assert overview.next_title(alone) == "DO NEXT"


def test_nothing_to_do_is_said_only_when_all_is_well() -> None:
    """An evidence folder may know no steps; that alone is no good news."""
    shown = board(steps=())
    assert said(overview.next_lines(shown, 78, 3)) == ["No next step is known here: see the findings"]
    passed = replace(shown.report, run=replace(shown.report.run, exit_code=0))
    assert said(overview.next_lines(replace(shown, report=passed), 78, 3)) == [
        "No next step is known here: see the findings"
    ], "below the threshold something fails"
    fine = replace(passed, findings=())
    assert said(overview.next_lines(replace(shown, report=fine), 78, 3)) == [
        "Nothing: everything that the policy requires was verified"
    ]


def test_changes_without_a_cause_come_first_and_carry_a_sign() -> None:
    """The title counts them."""
    lines = overview.changed_lines(board(), 100, 6)
    title = "CHANGED SINCE YOU LAST LOOKED (Thu 19 Nov 12:00Z): 2, 1 without a known cause"
    assert overview.changed_title(board()) == title
    assert lines[0].text.plain.startswith("! 20 Nov 16:00 Confluence on acme-us  Location: EU -> US  no event")
    assert lines[1].text.plain.startswith("  20 Nov 16:00 Jira on acme-lab")
    assert "by ops@acme.example" in lines[1].more


def test_who_never_looked_is_told_what_the_last_run_changed() -> None:
    """And of a first run, that there is nothing to compare it with."""
    never = board(looked_at=None, unseen=())
    assert overview.changed_title(never) == "CHANGED SINCE THE PREVIOUS RUN"
    assert said(overview.changed_lines(never, 78, 3)) == ["Nothing"]
    first = replace(never.report, run=replace(never.report.run, previous=None))
    told = said(overview.changed_lines(replace(never, report=first), 78, 3))
    assert told == ["This is the first run: nothing to compare it with"]


def test_where_names_the_most_severe_of_each_family_in_words() -> None:
    """Organizations first, beneath them the sites that are not in order, the worst on top."""
    assert said(overview.where_lines(board(), 80, 6)) == [
        "                    Contribution   AI access      Location       Governance",
        "Acme Global (stand… 1 cannot       3 unverified   1 FAIL 2 ?     1 pass",
        "  acme-lab.atlassi… -              1 unverified   1 FAIL 1 ?     -",
        "  acme-us.atlassia… -              1 unverified   1 CONFLICT     -",
        "  acme.atlassian.n… -              1 unverified   3 pass         -",
        "Acme Bank (no key)  1 unverified   1 unverified   3 unverified   1 unverified",
    ]
    assert overview.where_lines(board(), 80, 6)[2].query == "site:acme-lab.atlassian.net is:open"


def test_where_counts_the_sites_that_it_has_no_room_for() -> None:
    """No site vanishes."""
    assert said(overview.where_lines(board(), 80, 1))[3] == "  and 2 more sites with open findings"


@pytest.mark.parametrize(
    ("outcomes", "text"),
    [
        ({Outcome.FAIL: 1, Outcome.STALE: 2, Outcome.PASS: 9}, "1 FAIL 2 ?"),
        ({Outcome.CONFLICT: 1, Outcome.UNKNOWN: 3}, "1 CONFLICT 3 ?"),
        ({Outcome.CONFLICT: 1, Outcome.FAIL: 3}, "3 FAIL 1 ?"),
        ({Outcome.NOT_ACHIEVABLE: 2, Outcome.PASS: 1}, "2 cannot"),
        ({Outcome.UNKNOWN: 1, Outcome.PASS: 9}, "1 unverified"),
        ({Outcome.PASS: 3, Outcome.WAIVED: 1}, "4 pass, waived"),
        ({Outcome.PENDING: 1}, "1 pass, pending"),
        ({Outcome.NO_SUCH_SETTING: 3}, "-"),
        ({}, "-"),
    ],
)
def test_a_cell_is_as_good_as_its_worst_finding(outcomes: dict[Outcome, int], text: str) -> None:
    """Only what is proven is called ok, and the word stands there without any colour."""
    assert overview.cell(Tally(Counter({one.value: number for one, number in outcomes.items()}))).plain == text


@pytest.mark.parametrize("width", [60, 76, 78, 120])
def test_how_many_changes_a_line_stands_for_is_never_cut(width: int) -> None:
    """Changes of one app with one cause, which does not fit beside them: it gives way to what changed."""
    one = board().unseen[0]
    shown = replace(board(), unseen=tuple(replace(one, setting=setting) for setting in SETTINGS.values()))
    (line,) = said(overview.changed_lines(shown, width, 3))
    assert f" (+{len(SETTINGS) - 1})" in line
    assert width < 76 or "Name of the app's w" in line
    assert cell_len(line) <= width


def test_deadlines_of_one_day_and_kind_are_one_line() -> None:
    """What has no known date is told, too."""
    lines = said(overview.runs_out_lines(board(), 78, 9))
    assert lines[0] == "23 Nov 2026 2 days     the last audit of Acme Global becomes too old"
    assert any(line.startswith("no date     ?          2 x api key: the expiry date of") for line in lines)


def test_how_we_know_names_grades_ages_and_digests() -> None:
    """A folder's manifest, too, where there is one."""
    shown = board(evidence_sha256="ab12cd34" * 8, evidence_at=NOW - timedelta(days=3))
    assert said(overview.evidence_lines(shown)) == [
        "passes: documented 5, decoded 1",
        "oldest evidence of a pass: just now (documented)",
        "rulebook 2026.11 cdcdcdcd, reviewed 9 days ago  policy 01234567",
        "evidence manifest ab12cd34, written 3 days ago",
    ]


def test_the_trend_has_an_axis_of_days_and_a_scale_for_each_line() -> None:
    """Eight lines, six in a low terminal. A single run is no trend."""
    lines = said(trend.trend_lines(board(), 98))
    assert [line[:23].rstrip() for line in lines] == [
        "fail 1",
        "peak 3",
        "not achievable 0",
        "unverified 8",
        "peak 8",
        "waived 0",
        "events",
        "",
    ]
    assert [line.split()[0] for line in said(trend.trend_lines(board(), 98, short=True))] == [
        "fail", "peak", "unverified", "peak", "events", "01",
    ]  # fmt: skip
    axis = trend.trend_days(board().runs, 66)
    assert axis is not None
    assert (axis.first, axis.day(axis.cells - 1), axis.wide) == (date(2026, 11, 1), date(2026, 11, 21), 3)
    assert lines[-1].split() == ["01", "Nov", "05", "Nov", "09", "Nov", "13", "Nov", "17", "Nov", "21", "Nov"]
    assert lines[-1].index("21 Nov") == 24 + 3 * axis.cells - 6, "the last day stands at the end of the bars"
    one = board(runs=board().runs[:1])
    assert said(trend.trend_lines(one, 78)) == ["All runs so far are from one day; a trend needs two"]


@pytest.mark.parametrize("width", [40, 78, 118, 198])
def test_no_line_of_the_trend_is_wider_than_its_panel(width: int) -> None:
    assert {len(line) <= width for line in said(trend.trend_lines(board(), width, 3))} == {True}


def test_partial_runs_are_hatched_and_days_without_a_run_blank() -> None:
    """What was seen in part is outside the scale."""
    runs = [replace(one, complete=one.id != 317, summary={"fail": 9 if one.id == 317 else 1}) for one in board().runs]
    lines = said(trend.trend_lines(board(runs=[one for one in runs if one.id >= 314]), 78))
    assert "░" in lines[1]
    assert lines[1].startswith("peak 1 ")
    axis = trend.trend_days(runs, 5)
    assert axis is not None
    assert axis.cells <= 5


def test_the_trend_marks_what_nobody_can_explain_baselines_and_waivers() -> None:
    """Of one day what nobody can explain goes first."""
    [events] = [line for line in said(trend.trend_lines(board(), 78)) if line.startswith("events")]
    assert {"!", "W"} <= set(events)


def test_a_run_of_a_version_with_other_outcomes_is_left_out_of_the_trend() -> None:
    """An outcome that this version does not know is neither good nor bad."""
    runs = list(board().runs)
    runs[0] = replace(runs[0], summary={"fail": 9, "brand_new": 1})
    assert said(trend.trend_lines(board(runs=runs), 78))[:2] != said(trend.trend_lines(board(), 78))[:2]
    assert said(trend.trend_lines(board(runs=runs), 78))[0].startswith("fail 2 ")


def test_small_helpers() -> None:
    """Widths count wide characters twice; times are coarse; a query names few subjects only."""
    assert column("日本語", 4).plain == "日 … "
    assert ago(NOW - timedelta(seconds=20), NOW) == "just now"
    assert ago(NOW - timedelta(minutes=5), NOW) == "5 min ago"
    assert ago(NOW - timedelta(days=9), NOW) == "9 days ago"
    state = board().report.state
    assert query_of(state, [app("us"), app("eu")], "is:open") == (
        "subject:acme-us.atlassian.net/confluence,acme.atlassian.net/confluence is:open"
    )
    assert query_of(state, [app("a b")]) == 'subject:"ari:cloud:a b"'
    assert query_of(state, [app(str(n)) for n in range(20)]) == "subject:ari:cloud:0"
    assert query_of(state, [], "is:open") == "is:open"
