"""The verdict in a sentence, the counts, what was read, and the last thirty days."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from textwrap import wrap

from rich.text import Text

from contribaudit.core.advise.report import Report
from contribaudit.core.advise.verdict import FAIL, PASS, UNVERIFIED, verdict_word
from contribaudit.core.model.finding import Outcome
from contribaudit.exporters.line import read_of
from contribaudit.store.records import RunRecord
from contribaudit.tui.rows.line import Line, ago
from contribaudit.tui.source import Board

DAYS = 30
WHOLE, PARTIAL, NONE = "=", "~", "."
STYLES = {PASS: "bold green", FAIL: "bold red", UNVERIFIED: "bold yellow"}
"""By the word of the verdict."""


def lines(board: Board, width: int) -> list[Line]:
    """The headline in as many lines as it takes, then at most four; the last is left out where no history is."""
    report = board.report
    counts = Counter(one.outcome for one in report.findings)
    found = [*headline(report, width), Line(_open(report, counts), "is:open"), *_rest(report, counts, width)]
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


def _open(report: Report, counts: Counter[Outcome]) -> Text:
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
