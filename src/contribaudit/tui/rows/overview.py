"""The overview's panels as lines: what each says, and where it leads.

In this order: where, verdict, do next, changed, how we know, runs out, from run to run. Every cell says its state in a
word, too; the plot of runs is text, with its numbers next to it.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from textwrap import wrap

from rich.cells import cell_len
from rich.text import Text

from contribaudit.core.advise.next_steps import NextStep, to_do
from contribaudit.core.advise.report import Report
from contribaudit.core.advise.verdict import FAIL, PASS, UNVERIFIED, rest_on, verdict_word
from contribaudit.core.model.change import Change
from contribaudit.core.model.deadline import Deadline
from contribaudit.core.model.finding import Evidence, Outcome
from contribaudit.core.model.observation import Grade
from contribaudit.core.model.setting import Family
from contribaudit.core.model.subject import Subject
from contribaudit.exporters.line import read_of
from contribaudit.exporters.summary import NO_EVIDENCE
from contribaudit.exporters.text import ChangeGroup, happenings, plural, safe_text, what_happened
from contribaudit.store.records import RunRecord
from contribaudit.tui.rows import keys
from contribaudit.tui.rows.filtering import Row, quoted
from contribaudit.tui.source import Board

_MOST_SUBJECTS = 8


@dataclass(frozen=True, slots=True)
class Line:
    """One line. `query` is the filter of the findings that it leads to; "" for a line that leads nowhere."""

    text: Text
    query: str = ""
    more: str = ""
    """What else to say while the cursor is on it."""


def labelled(said: Text, name: str, what: str) -> None:
    """One line more: the name in twelve cells, then what it is."""
    said.append(f"{name:<12}", "dim").append(f"{what}\n")


def column(text: Text | str, width: int) -> Text:
    """The text in exactly so many cells, cut with an ellipsis or filled up, and a blank after it."""
    cut = Text(text) if isinstance(text, str) else text.copy()
    cut.truncate(width, overflow="ellipsis")
    said = Text().append_text(cut)  # a style of its own would reach what is appended to it
    said.append(" " * (width - cell_len(said.plain) + 1))
    return said


def query_of(subjects: Iterable[Subject], extra: str = "") -> str:
    """The filter for the findings of these subjects; of one of them where they are too many to name."""
    ids = list(dict.fromkeys(one.id for one in subjects))
    named = [quoted(one) for one in ids]
    if not named:
        return extra
    several = 1 < len(named) <= _MOST_SUBJECTS and not any('"' in one for one in named)
    return f"id:{','.join(named) if several else named[0]} {extra}".strip()


def ago(moment: datetime, now: datetime) -> str:
    """ "7 h ago", "3 days ago"; never finer than a minute."""
    passed = max(timedelta(), now - moment)
    if passed < timedelta(hours=1):
        minutes = int(passed.total_seconds() // 60)
        return f"{minutes} min ago" if minutes else "just now"
    if passed < timedelta(days=2):
        return f"{int(passed.total_seconds() // 3600)} h ago"
    return f"{passed.days} days ago"


FAMILIES = (
    (Family.DATA_CONTRIBUTION, "contribution"),
    (Family.AI_ACCESS, "AI access"),
    (Family.DATA_RESIDENCY, "residency"),
    (Family.SUB_PROCESSORS, "sub-processors"),
    (Family.GOVERNANCE, "governance"),
)
"""Columns from left to right; one that no finding belongs to is left out."""
_LEAST_NAME, _MOST_NAME, _CELL = 16, 40, 14

Tally = Counter[Outcome]


def where_lines(board: Board, width: int, most: int) -> list[Line]:
    """A heading, a line for each organization and, beneath it, for its sites that are not in order.

    Sites in order are counted. `most` limits the sites of each organization.
    """
    rows = board.index.rows
    families = [(family.value, title) for family, title in FAMILIES if any(row.family == family for row in rows)]
    name_width = min(_MOST_NAME, max(_LEAST_NAME, width - len(families) * (_CELL + 1) - 1))
    by_place: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        by_place[row.finding.subject.organization][row.site].append(row)
    head = column("", name_width)
    for _, title in families:
        head.append_text(column(Text(title, "bold"), _CELL))
    found = [Line(head)]
    for organization in board.report.organizations:
        sites = by_place.get(organization.id, {})
        everything = [row for its in sites.values() for row in its]
        plan = f" ({safe_text(organization.highest_plan)})" if organization.highest_plan else ""
        name = Text(f"{safe_text(organization.name)}{plan}", "bold")
        found.append(Line(_cells(name, everything, families, name_width), f"org:{quoted(organization.id)} is:open"))
        found += _sites(sites, families, name_width, most)
    company = by_place.get("", {}).get("", [])
    if company:
        found.append(Line(_cells(Text("all together", "bold"), company, families, name_width), "kind:company"))
    return found


def _sites(sites: dict[str, list[Row]], families: list[tuple[str, str]], name_width: int, most: int) -> list[Line]:
    tallies = {site: _tally(its) for site, its in sites.items() if site}
    wrong = sorted(
        (site for site, tally in tallies.items() if _open(tally)), key=lambda site: _order(tallies[site], site)
    )
    found = [
        Line(
            _cells(Text(f"  {safe_text(site)}"), sites[site], families, name_width),
            f"site:{quoted(site)} is:open",
        )
        for site in wrong[:most]
    ]
    if len(wrong) > most:
        left = len(wrong) - most
        found.append(Line(Text(f"  and {left} more {'site' if left == 1 else 'sites'} with something open", "yellow")))
    fine = len(tallies) - len(wrong)
    if fine:
        found.append(Line(Text(f"  {fine} {'site' if fine == 1 else 'sites'} in order", "green")))
    return found


def _cells(name: Text, rows: Iterable[Row], families: list[tuple[str, str]], name_width: int) -> Text:
    listed = list(rows)
    said = column(name, name_width)
    for family, _ in families:
        said.append_text(column(cell(_tally(row for row in listed if row.family == family)), _CELL))
    return said


def _tally(rows: Iterable[Row]) -> Tally:
    return Counter(row.finding.outcome for row in rows)


def _open(tally: Tally) -> bool:
    return any(number and (outcome.violates or outcome.unproven) for outcome, number in tally.items())


def _order(tally: Tally, site: str) -> tuple[int, int, str]:
    violated = sum(number for outcome, number in tally.items() if outcome.violates)
    return -violated, -sum(number for outcome, number in tally.items() if outcome.unproven), site


def cell(tally: Tally) -> Text:
    """The gravest thing in a family, in a word, with how many there are of it."""
    failed, conflicts = tally[Outcome.FAIL], tally[Outcome.CONFLICT]
    unproven = tally[Outcome.UNKNOWN] + tally[Outcome.STALE]
    doubted = unproven + conflicts
    if failed:
        return Text(f"{failed} FAIL" + (f" {doubted} ?" if doubted else ""), "bold red")
    if conflicts:
        return Text(f"{conflicts} CONFLICT" + (f" {unproven} ?" if unproven else ""), "bold red")
    if tally[Outcome.NOT_ACHIEVABLE]:
        return Text(f"{tally[Outcome.NOT_ACHIEVABLE]} cannot" + (f" {unproven} ?" if unproven else ""), "magenta")
    if unproven:
        return Text(f"{unproven} unverified", "yellow")
    good = sum(tally[one] for one in (Outcome.PASS, Outcome.EXEMPT, Outcome.WAIVED, Outcome.PENDING))
    if not good:
        return Text("-", "dim")
    extra = ", waived" if tally[Outcome.WAIVED] else ", pending" if tally[Outcome.PENDING] else ""
    return Text(f"{good} pass{extra}", "green")


DAYS = 30
WHOLE, PARTIAL, NONE = "=", "~", "."
STYLES = {PASS: "bold green", FAIL: "bold red", UNVERIFIED: "bold yellow"}
"""By the word of the verdict."""


def verdict_lines(board: Board, width: int) -> list[Line]:
    """The headline in as many lines as it takes, then at most four; the last is left out where no history is."""
    report = board.report
    counts = Counter(one.outcome for one in report.findings)
    found = [*headline(report, width), Line(_open_line(report, counts), "is:open"), *_rest(report, counts, width)]
    run = f"run #{report.run.id}, {ago(report.run.finished_at, board.now)}"
    read = read_of(report).removeprefix("read ")
    partial = "" if report.run.complete else "  NOT WHOLE"
    found.append(Line(Text.assemble(("READ ", "bold"), read, (partial, "bold yellow"), (f"  {run}", "dim"))))
    if board.runs:
        found.append(Line(_strip(board)))
    return found


def headline(report: Report, width: int) -> list[Line]:
    """The sentence that every report begins with, broken at blanks and never cut."""
    style = STYLES[verdict_word(report.run.exit_code)]
    return [Line(Text(part, style), "is:open") for part in wrap(report.headline, max(20, width))]


def _open_line(report: Report, counts: Counter[Outcome]) -> Text:
    unproven = counts[Outcome.UNKNOWN] + counts[Outcome.STALE]
    applying = sum(number for outcome, number in counts.items() if outcome is not Outcome.NO_SUCH_SETTING)
    new = Counter("unverified" if one.outcome.unproven else one.outcome.value for one in report.newly)
    said = Text(f"{applying} apply:")
    for number, what, more, its in (
        (counts[Outcome.FAIL], "fail", new["fail"], "red"),
        (counts[Outcome.CONFLICT], "in conflict", new["conflict"], "red"),
        (counts[Outcome.NOT_ACHIEVABLE], "not achievable", new["not_achievable"], "magenta"),
        (unproven, "unverified", new["unverified"], "yellow"),
    ):
        if not number and what == "in conflict":
            continue
        said.append(f"  {number} {what}", its if number else "dim")
        said.append(f" (+{more})" if more else "", "bold")
    return said


def _rest(report: Report, counts: Counter[Outcome], width: int) -> list[Line]:
    fragile = sum(1 for one in report.findings if one.fragile and one.outcome is Outcome.PASS)
    parts = [f"{counts[Outcome.PASS]} pass"]
    parts += [
        f"{counts[outcome]} {outcome.words}"
        for outcome in (Outcome.WAIVED, Outcome.EXEMPT, Outcome.PENDING, Outcome.NOT_YET_EFFECTIVE)
        if counts[outcome]
    ]
    if counts[Outcome.NO_SUCH_SETTING]:
        parts.append(f"{counts[Outcome.NO_SUCH_SETTING]} no setting (not counted)")
    told = Line(Text("  ".join(parts), "green" if counts[Outcome.PASS] else ""), "outcome:pass")
    if not fragile:
        return [told]
    what = "1 pass is fragile" if fragile == 1 else f"{fragile} passes are fragile"
    if told.text.cell_len + len(what) + 2 <= width:
        told.text.append(f"  {what}", "yellow")
        return [Line(told.text, "is:fragile")]
    return [told, Line(Text(what, "yellow"), "is:fragile")]


def _strip(board: Board) -> Text:
    wanted = frozenset(one.id for one in board.report.organizations)
    today = board.now.date()
    signs = days(board.runs, wanted, today)
    said = Text("30 DAYS ", "bold")
    for sign in signs:
        said.append(sign, {WHOLE: "green", PARTIAL: "yellow", NONE: "bold red"}[sign])
    return said.append(f"  {WHOLE} read whole  {PARTIAL} in part  {NONE} no run", "dim")


def days(runs: Sequence[RunRecord], organizations: frozenset[str], today: date) -> str:
    """A sign for each of the last thirty days (UTC), the oldest first.

    A day counts as whole when its complete runs read every organization, as partial when anything was read.
    """
    whole: dict[date, set[str]] = {}
    seen: set[date] = set()
    for run in runs:
        day = run.started_at.date()
        seen.add(day)
        if run.complete:
            whole.setdefault(day, set()).update(run.organizations)
    signs = []
    for back in range(DAYS - 1, -1, -1):
        day = today - timedelta(days=back)
        read = whole.get(day)
        signs.append(WHOLE if read is not None and read >= organizations else PARTIAL if day in seen else NONE)
    return "".join(signs)


_APP = re.compile(r"\bapp:")
_ATLASSIAN = ".atlassian.net"
"""Of nearly every host; the whole text stands beneath the cursor."""


def next_title(board: Board) -> str:
    """How much there is to do."""
    steps = to_do(board.steps)
    if not steps:
        return "DO NEXT"
    things = "1 thing" if len(steps) == 1 else f"{len(steps)} things"
    return f"DO NEXT ({things}, about {sum(one.minutes for one in steps)} min)"


def next_lines(board: Board, width: int, most: int) -> list[Line]:
    """The gravest steps; a last line tells how many more there are, and what cannot be resolved yet."""
    things = to_do(board.steps)
    nobodys = board.steps[len(things) :]
    if not things:
        told = (
            "Nothing: everything that the policy requires was verified"
            if not board.report.run.exit_code
            else "Nothing here tells what to do: see the findings"
        )
        found = [Line(Text(told, "green" if not board.report.run.exit_code else "dim"))]
        return [*found, *(_nobodys(one, width) for one in nobodys)]
    found = [_step_line(number, one, width, board) for number, one in enumerate(things[:most], 1)]
    if len(things) > most:
        left = sum(len(one.findings) for one in nobodys)
        beside = f"; {left} cannot be resolved yet" if left else ""
        found.append(Line(Text(f"and {len(things) - most} more: contribaudit next{beside}", "dim"), "is:open"))
        return found
    return [*found, *(_nobodys(one, width) for one in nobodys)]


def _nobodys(step: NextStep, width: int) -> Line:
    """The closing line, of what cannot be resolved yet."""
    told = column(Text(safe_text(step.text), "dim"), width - 1)
    return Line(told, query_of(step.subjects), f"{safe_text(step.text)}. Type: {safe_text(step.command)}")


def _step_line(number: int, step: NextStep, width: int, board: Board) -> Line:
    urgency = keys.severity_sign(step.severity) if step.severity is not None else Text(_due(step, board), "yellow")
    minutes = f"{step.minutes} min"
    said = Text.assemble(column(str(number), 2), column(Text(step.kind.value.upper(), "bold"), 7), column(urgency, 8))
    room = max(10, width - said.cell_len - len(minutes) - 1)
    brief = _APP.sub("", safe_text(step.text)).replace(_ATLASSIAN, "")
    for organization in board.report.organizations:
        brief = brief.replace(f"organization:{organization.id}", safe_text(organization.name))
    said.append_text(column(brief, room)).append(minutes, "dim")
    query = query_of(step.subjects, "is:open") if step.severity is not None else query_of(step.subjects)
    return Line(said, query, f"{safe_text(step.text)}. Type: {safe_text(step.command)}")


def _due(step: NextStep, board: Board) -> str:
    if step.due is None:
        return ""
    left = (step.due - board.now).days
    return "over" if left < 0 else "1 day" if left == 1 else f"{left} days"


_SUBJECT = 26


def changed_title(board: Board) -> str:
    """Since when, how many, and how many of them nobody can explain."""
    since = f"{board.looked_at:%a %d %b %H:%M}Z" if board.looked_at is not None else ""
    head = f"CHANGED SINCE YOU LAST LOOKED ({since})" if since else "CHANGED SINCE THE RUN BEFORE"
    happened = happenings(_changes(board))
    if not happened:
        return head
    without = sum(1 for one in happened if not one.has_cause)
    return f"{head}: {len(happened)}, {without} without a known cause" if without else f"{head}: {len(happened)}"


def changed_lines(board: Board, width: int, most: int) -> list[Line]:
    """The newest changes, those without a cause first."""
    happened = happenings(_changes(board))
    if not happened:
        first = board.report.run.previous is None and board.looked_at is None
        return [Line(Text("This is the first run: nothing to compare it with" if first else "Nothing", "dim"))]
    ordered = sorted(happened, key=lambda one: (one.has_cause, -one.changes[0].first_seen.timestamp()))
    found = [_change_line(one, width) for one in ordered[:most]]
    if len(ordered) > most:
        found.append(Line(Text(f"and {plural(len(ordered) - most, 'more change')}: contribaudit changes", "dim")))
    return found


def _changes(board: Board) -> Sequence[Change]:
    return board.unseen if board.looked_at is not None else board.report.changes


def _change_line(one: ChangeGroup, width: int) -> Line:
    first = one.changes[0]
    main = next((change for change in one.changes if change.why and change.event_id), first)
    kind, told = what_happened(one)
    name = safe_text(first.name or first.subject.id)
    cause = safe_text(main.cause or "nobody looked for a cause")
    sign = Text("  ") if one.has_cause else Text("! ", "bold yellow")
    said = Text.assemble(sign, column(f"{first.first_seen:%d %b %H:%M}", 12), column(name, _SUBJECT))
    said.append_text(Text(f"{safe_text(kind)}: {safe_text(told)}", "bold"))
    said.append(f"  {cause}", "dim")
    said.truncate(max(20, width), overflow="ellipsis")
    since = f"{first.last_seen:%Y-%m-%d %H:%M}Z to " if first.last_seen is not None else "by "
    more = f"{safe_text(kind)}: {safe_text(told)}. {since}{first.first_seen:%Y-%m-%d %H:%M}Z. {cause}"
    if main.actor:
        more += f", by {safe_text(main.actor)}"
    return Line(said, query_of([one.subject]), more + (f". Ticket {safe_text(first.ticket)}" if first.ticket else ""))


_DIGEST_SHOWN = 8


def evidence_lines(board: Board, width: int) -> list[Line]:  # noqa: ARG001  panels ask alike
    """Three or four lines."""
    report, state = board.report, board.report.state
    passes = [one for one in report.findings if one.outcome is Outcome.PASS]
    grades, two = rest_on([(each.grade, bool(each.confirmed_by)) for each in one.evidence] for one in passes)
    parts = [
        f"{grade.value if grade is not None else NO_EVIDENCE} {number}"
        + (f" ({two} by two people)" if grade is Grade.ATTESTED and two else "")
        for grade, number in grades.items()
    ]
    found = [Line(Text.assemble(("passes: ", "bold"), ", ".join(parts) or "none"), "outcome:pass")]
    oldest = min((each for one in passes for each in one.evidence), key=_observed_at, default=None)
    if oldest is not None:
        told = f"{ago(oldest.observed_at, board.now)} ({oldest.grade.value})"
        found.append(Line(Text.assemble(("oldest evidence of a pass: ", "bold"), told)))
    book = state.rulebook
    reviewed = (board.now.date() - book.oldest_review).days
    late = reviewed > book.review_within_days > 0
    found.append(
        Line(
            Text.assemble(
                ("rulebook ", "bold"),
                f"{safe_text(book.version)} {book.sha256[:_DIGEST_SHOWN]}, ",
                (f"reviewed {_days(reviewed)} ago" + (", LATE" if late else ""), "yellow" if late else ""),
                (f"  policy {report.policy_sha256[:_DIGEST_SHOWN]}", "dim"),
            )
        )
    )
    if board.evidence_sha256:
        when = f", written {ago(board.evidence_at, board.now)}" if board.evidence_at is not None else ""
        found.append(
            Line(Text.assemble(("evidence ", "bold"), f"manifest {board.evidence_sha256[:_DIGEST_SHOWN]}{when}"))
        )
    return found


def _days(number: int) -> str:
    return "1 day" if number == 1 else f"{number} days"


def _observed_at(one: Evidence) -> float:
    return one.observed_at.timestamp()


def runs_out_lines(board: Board, width: int, most: int) -> list[Line]:
    """What is over and what ends next; what has no known date last."""
    found = [
        _deadline_line(list(its), board, width)
        for _, its in groupby(board.ending, key=lambda one: (one.ends_at and one.ends_at.date(), one.kind))
    ]
    if not found:
        return [Line(Text("Nothing that is known here", "dim"))]
    if len(found) > most:
        left = len(found) - most
        return [*found[:most], Line(Text(f"and {left} more: contribaudit deadlines", "dim"))]
    return found


def _deadline_line(its: list[Deadline], board: Board, width: int) -> Line:
    first = its[0]
    left = first.days_left(board.now)
    day = f"{first.ends_at:%d %b %Y}" if first.ends_at is not None else "no date"
    when, style = _days_left(left)
    what = (
        safe_text(first.what)
        if len(its) == 1
        else f"{len(its)} x {first.kind.value.replace('_', ' ')}: {safe_text(first.what)}"
    )
    said = Text.assemble(column(day, 11), column(Text(when, style), 10), what)
    said.truncate(max(20, width), overflow="ellipsis")
    subjects = [one.subject for one in its if one.subject is not None]
    more = f"{safe_text(first.what)}." + (f" Next: {safe_text(first.next_step)}" if first.next_step else "")
    return Line(said, query_of(subjects) if subjects else "", more)


def _days_left(left: int | None) -> tuple[str, str]:
    if left is None:
        return "?", "yellow"
    if left < 0:
        return "over", "bold red"
    if left == 0:
        return "today", "bold red"
    return ("1 day" if left == 1 else f"{left} days"), "yellow" if left <= 14 else ""


_BARS = "▁▂▃▄▅▆▇█"
_LABEL = 10
_NUMBERS = 16


def trend_lines(board: Board, width: int) -> list[Line]:
    """A line for each of the two, oldest run on the left; the plots share one scale."""
    judged = [run for run in reversed(board.runs) if run.summary]
    whole = [run for run in judged if run.complete]
    judged = whole if len(whole) > 1 else judged  # what a run could not read is no trend
    if len(judged) < 2:
        return [Line(Text("One judged run so far: a trend needs two", "dim"))]
    shown = judged[-max(2, width - _LABEL - _NUMBERS) :]
    violated = [
        sum(n for word, n in run.summary.items() if Outcome(word).violates) for run in shown if _known(run.summary)
    ]
    unproven = [
        sum(n for word, n in run.summary.items() if Outcome(word).unproven) for run in shown if _known(run.summary)
    ]
    most = max([1, *violated, *unproven])
    first, last = shown[0], shown[-1]
    span = f"{len(shown)} runs, #{first.id} ({first.started_at:%d %b}) to #{last.id} ({last.started_at:%d %b})"
    return [
        Line(_plot("fail", violated, most, "red"), "is:bad"),
        Line(_plot("unverified", unproven, most, "yellow"), "is:unverified"),
        Line(Text(span, "dim")),
    ]


def _known(summary: object) -> bool:
    """Whether this version knows each outcome that was counted."""
    words = {one.value for one in Outcome}
    return isinstance(summary, dict) and words.issuperset(summary)


def _plot(label: str, values: Sequence[int], most: int, style: str) -> Text:
    bars = "".join(_BARS[min(len(_BARS) - 1, value * (len(_BARS) - 1) // most)] for value in values)
    moved = f" {values[0]} to {values[-1]}" if values else ""
    return Text.assemble(column(Text(label, "bold"), _LABEL), (bars, style), moved)
