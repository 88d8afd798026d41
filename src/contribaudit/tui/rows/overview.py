"""The lines of the overview's panels, each with the findings that it leads to.

The functions are in this order: where, verdict, do next, changed, how we know, runs out. Every cell has a word as well
as a colour.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from textwrap import wrap

from rich.cells import cell_len
from rich.text import Text

from contribaudit.core.advise.deadlines import Deadline
from contribaudit.core.advise.steps import NextStep, names, to_do
from contribaudit.core.advise.verdict import limitation, verdict_word
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.phrases import and_more, counted
from contribaudit.core.model.subject import Subject
from contribaudit.core.resolve.state import State
from contribaudit.exporters.changed import CountedChange, by_cause
from contribaudit.exporters.summary import QUESTIONS, Overview
from contribaudit.exporters.tally import Tally
from contribaudit.exporters.text import duration, safe_text, words
from contribaudit.exporters.text_table import VERDICT_STYLES
from contribaudit.store.records import RunRecord
from contribaudit.tui.rows.filtering import label_of, quoted
from contribaudit.tui.rows.signs import SIGNS, ago, column, severity_sign, short_host
from contribaudit.tui.source import Board

_MOST_SUBJECTS = 8


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a panel. `query` is the filter for the findings that it leads to; "" if it leads nowhere."""

    text: Text
    query: str = ""
    more: str = ""
    """Further text that is shown while the cursor is on the line."""


def query_of(state: State, subjects: Iterable[Subject], extra: str = "") -> str:
    """The filter for the findings of these subjects; of the first one only if they are too many to name."""
    named = [quoted(label_of(state, one)) for one in dict.fromkeys(subjects)]
    if not named:
        return extra
    several = 1 < len(named) <= _MOST_SUBJECTS and not any('"' in one for one in named)
    return f"subject:{','.join(named) if several else named[0]} {extra}".strip()


def query_of_organization(state: State, organization: str) -> str:
    """The filter for an organization: by name, or by ID if another organization's name contains the name."""
    name = state.organization_name(organization)
    others = (f"{one} {state.organization_name(one)}" for one in state.organizations if one != organization)
    alone = not any(safe_text(name).casefold() in safe_text(one).casefold() for one in others)
    return f"org:{quoted(safe_text(name) if alone else organization)}"


def query_of_step(board: Board, step: NextStep) -> str:
    """The filter for the findings that a step settles; if it settles none, for the subjects it is about."""
    things = to_do(board.steps)
    if step.findings and step in things:
        return f"step:{things.index(step) + 1}"
    return query_of(board.report.state, step.subjects)


_LEAST_NAME, _MOST_NAME, _CELL = 16, 40, 14


def where_lines(board: Board, width: int, most: int) -> list[Line]:
    """A heading, a line for each organization and, below it, one for each of its sites with open findings.

    Other sites are counted. `most` limits the sites of each organization.
    """
    about = board.about
    name_width = min(_MOST_NAME, max(_LEAST_NAME, width - len(about.families) * (_CELL + 1) - 1))
    head = column("", name_width)
    for title in about.families.values():
        head.append_text(column(Text(title, "bold"), _CELL))
    lines = [Line(head)]
    for place in about.map():
        remark = place.unread or place.plan
        name = Text(safe_text(place.name) + (f" ({safe_text(remark)})" if remark else ""), "bold")
        query = (
            f"{query_of_organization(board.report.state, place.organization)} is:open"
            if place.organization
            else "kind:company"
        )
        lines.append(Line(_cells(name, place.cells, name_width), query))
        wrong = [site for site in place.sites if any(cell.open for cell in site.cells)]
        lines += [
            Line(_cells(Text(f"  {safe_text(site.name)}"), site.cells, name_width), f"site:{quoted(site.name)} is:open")
            for site in wrong[:most]
        ]
        left, fine = len(wrong) - most, len(place.sites) - len(wrong)
        if left > 0:
            lines.append(Line(Text(f"  and {counted(left, 'more site')} with open findings", "yellow")))
        if fine:
            lines.append(Line(Text(f"  {counted(fine, 'site')} without open findings", "green")))
    return lines


def _cells(name: Text, cells: Iterable[Tally], name_width: int) -> Text:
    text = column(name, name_width)
    for one in cells:
        text.append_text(column(cell(one), _CELL))
    return text


def cell(tally: Tally) -> Text:
    """The most serious outcome in a family and its number, followed by the number of unverified findings."""
    counts = tally.by_outcome
    conflicts, unproven = counts["conflict"], tally.unproven
    doubted = unproven + conflicts
    if counts["fail"]:
        return Text(f"{counts['fail']} FAIL" + (f" {doubted} ?" if doubted else ""), "bold red")
    if conflicts:
        return Text(f"{conflicts} CONFLICT" + (f" {unproven} ?" if unproven else ""), "bold red")
    if tally.unreachable:
        return Text(f"{tally.unreachable} cannot" + (f" {unproven} ?" if unproven else ""), "magenta")
    if unproven:
        return Text(f"{unproven} unverified", "yellow")
    good = sum(counts[one] for one in ("pass", "exempt", "waived", "pending"))
    if not good:
        return Text("-", "dim")
    extra = ", waived" if counts["waived"] else ", pending" if counts["pending"] else ""
    return Text(f"{good} pass{extra}", "green")


DAYS = 30
WHOLE, PARTIAL, NONE = "=", "~", "."


def verdict_lines(board: Board, width: int) -> list[Line]:
    """The headline in as many lines as it needs, three answers, counts, the reading and, with a history, 30 days."""
    about, run = board.about, board.report.run
    lines = [*headline(about, width), *_answers(about)]
    lines += [Line(_open_findings_line(about), "is:open"), *_rest_of_counts(about, width)]
    when = f"run #{run.id}, {ago(run.finished_at, board.now)}"
    partial = "" if run.complete else "  INCOMPLETE"
    lines.append(Line(Text.assemble(("READ ", "bold"), about.read, (partial, "bold yellow"), (f"  {when}", "dim"))))
    whole = None if run.complete else next((one for one in board.runs if one.complete and one.id < run.id), None)
    if whole is not None and whole.exit_code is not None:
        word = verdict_word(whole.exit_code)
        run_name = f"run #{whole.id}, {ago(whole.finished_at, board.now)}: "
        limited = f", {limitation(safe_text(whole.selection))}" if whole.selection else ""
        lines.append(
            Line(Text.assemble(("LAST COMPLETE RUN ", "bold"), run_name, (word, VERDICT_STYLES[word]), limited))
        )
    if board.runs:
        lines.append(Line(_strip(board)))
    return lines


def headline(about: Overview, width: int) -> list[Line]:
    """The sentence that every report begins with, wrapped at blanks and never cut."""
    return [Line(Text(part, VERDICT_STYLES[about.word]), "is:open") for part in wrap(about.headline, max(20, width))]


_STATES = {
    "fail": SIGNS[Outcome.FAIL],
    "not achievable": SIGNS[Outcome.NOT_ACHIEVABLE],
    "unverified": ("unverified", "yellow"),
    "pass": SIGNS[Outcome.PASS],
    "not asked": ("not asked", "dim"),
}
"""Word and style of each state of an answer."""


def _answers(about: Overview) -> list[Line]:
    """Data contribution, AI and location, each with its state and its worst fact."""
    questions = about.questions()
    name_width = max(len(one.name) for one in questions)
    word_width = max(len(one.word) for one in questions)
    lines = []
    for family, one in zip(QUESTIONS, questions, strict=True):
        text = column(Text(one.name, "bold"), name_width)
        text.append_text(column(Text(*_STATES[one.word]), word_width))
        text.append(short_host(one.fact))
        more = f"{one.fact}, {one.changed}" if one.changed else one.fact
        asked = one.word != "not asked"
        lines.append(Line(text, f"check:{family} is:open" if asked else "", more if asked else ""))
    return lines


def _open_findings_line(about: Overview) -> Text:
    tally, new = Tally(about.counts), Tally(about.newly)
    text = Text(f"{about.applies:,} apply:")
    for number, what, more, style in (
        (tally.by_outcome["fail"], "fail", new.by_outcome["fail"], "red"),
        (tally.by_outcome["conflict"], "in conflict", new.by_outcome["conflict"], "red"),
        (tally.unreachable, "not achievable", new.unreachable, "magenta"),
        (tally.unproven, "unverified", new.unproven, "yellow"),
    ):
        if not number and what == "in conflict":
            continue
        text.append(f"  {number:,} {what}", style if number else "dim")
        text.append(f" (+{more:,})" if more else "", "bold")
    return text


def _rest_of_counts(about: Overview, width: int) -> list[Line]:
    counts, fragile = about.counts, about.fragile
    parts = [f"{counts['pass']:,} pass"]
    parts += [
        f"{counts[one]:,} {words(one)}" for one in ("waived", "exempt", "pending", "not_yet_effective") if counts[one]
    ]
    if counts["no_such_setting"]:
        parts.append(f"{counts['no_such_setting']:,} no setting (not counted)")
    line = Line(Text("  ".join(parts), "green" if counts["pass"] else ""), "outcome:pass")
    if not fragile:
        return [line]
    what = counted(fragile, "pass is fragile", "passes are fragile")
    if line.text.cell_len + len(what) + 2 <= width:
        line.text.append(f"  {what}", "yellow")
        return [Line(line.text, "is:fragile")]
    return [line, Line(Text(what, "yellow"), "is:fragile")]


def _strip(board: Board) -> Text:
    organizations = frozenset(one.id for one in board.report.organizations)
    today = board.now.date()
    signs = days(board.runs, organizations, today)
    text = Text("30 DAYS ", "bold")
    for sign in signs:
        text.append(sign, {WHOLE: "green", PARTIAL: "yellow", NONE: "bold red"}[sign])
    return text.append(f"  {WHOLE} complete  {PARTIAL} partial  {NONE} no run", "dim")


def days(runs: Sequence[RunRecord], organizations: frozenset[str], today: date) -> str:
    """A sign for each of the last thirty days (UTC), oldest first.

    A day is WHOLE if its complete runs read every organization, PARTIAL if there was any run, else NONE.
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


def next_title(board: Board) -> str:
    """The title of DO NEXT, with the number of steps and their total duration."""
    steps = to_do(board.steps)
    if not steps:
        return "DO NEXT"
    return f"DO NEXT ({counted(len(steps), 'thing')}, about {duration(sum(one.minutes for one in steps))})"


def next_lines(board: Board, width: int, most: int) -> list[Line]:
    """The most serious steps, and a last line with the number of further steps and of findings not resolvable yet."""
    things = to_do(board.steps)
    nobodys = board.steps[len(things) :]
    if not things:
        still_open = any(one.outcome.is_open for one in board.report.findings)
        if nobodys:
            sentence, style = "Nothing can be done now", ""
        elif still_open:
            sentence, style = "No next step is known here: see the findings", "dim"
        else:
            sentence, style = "Nothing: everything that the policy requires was verified", "green"
        lines = [Line(Text(sentence, style))]
        return [*lines, *(_nobodys(one, width, board) for one in nobodys)]
    lines = [_step_line(number, one, width, board) for number, one in enumerate(things[:most], 1)]
    if len(things) > most:
        left = sum(len(one.findings) for one in nobodys)
        blocked = f"; {left} cannot be resolved yet" if left else ""
        lines.append(Line(Text(f"{and_more(len(things) - most)} (n){blocked}", "dim"), "is:open"))
        return lines
    return [*lines, *(_nobodys(one, width, board) for one in nobodys)]


def _nobodys(step: NextStep, width: int, board: Board) -> Line:
    """The closing line, about findings that cannot be resolved yet."""
    text = column(Text(safe_text(step.text), "dim"), width - 1)
    return Line(text, query_of_step(board, step), f"{safe_text(step.text)}. Type: {safe_text(step.command)}")


def _step_line(number: int, step: NextStep, width: int, board: Board) -> Line:
    urgency = severity_sign(step.severity) if step.severity is not None else Text(due_in(step, board), "yellow")
    minutes = duration(step.minutes)
    text = Text.assemble(column(str(number), 2), column(Text(step.kind.value.upper(), "bold"), 7), column(urgency, 8))
    room = max(10, width - text.cell_len - len(minutes) - 1)
    text.append_text(column(brief(step, board), room)).append(minutes, "dim")
    return Line(text, query_of_step(board, step), f"{safe_text(step.text)}. Type: {safe_text(step.command)}")


def brief(step: NextStep, board: Board) -> str:
    """The step's sentence for one line: the subjects first, in short form."""
    about = safe_text(names(board.report.state, step.subjects))
    what, colon, _title = safe_text(step.text).partition(f": {about} (")
    sentence = f"{about}: {what[:1].lower()}{what[1:]}" if colon and about else safe_text(step.text)
    return short_host(sentence)


def due_in(step: NextStep, board: Board) -> str:
    """The time left for a step: "over", "today", "1 day", "12 days"; "" without a due date."""
    left = step.days_left
    if left is None and step.due is not None:
        left = (step.due - board.now).days
    return "" if left is None else _days_left(left)[0]


_SUBJECT = 26


def changed_title(board: Board) -> str:
    """The title of CHANGED: since when, how many changes, and how many of them have no known cause."""
    since = f"{board.looked_at:%a %d %b %H:%M}Z" if board.looked_at is not None else ""
    head = f"CHANGED SINCE YOU LAST LOOKED ({since})" if since else "CHANGED SINCE THE PREVIOUS RUN"
    if not board.changes:
        return head
    without = sum(1 for one in board.changes if not one.explained)
    return f"{head}: {len(board.changes)}" + (f", {without} without a known cause" if without else "")


def changed_lines(board: Board, width: int, most: int) -> list[Line]:
    """The newest changes, those without a known cause first."""
    if not board.changes:
        first = board.report.run.previous is None and board.looked_at is None
        return [Line(Text("This is the first run: nothing to compare it with" if first else "Nothing", "dim"))]
    done = by_cause(sorted(board.changes, key=lambda one: one.at or one.first_seen, reverse=True))
    name_width = max(cell_len(short_host(one.called)) for one, _ in done[:most])
    lines = [_change_line(one, further, width, board, min(_SUBJECT, name_width)) for one, further in done[:most]]
    left = len(board.changes) - sum(1 + further for _, further in done[:most])
    if left:
        lines.append(Line(Text(f"and {counted(left, 'more change')}: contribaudit changes", "dim")))
    return lines


_SENTENCE_CELLS = 20
"""The cells for the change itself ("Location: EU -> US") that take precedence over the name of its author."""


def _change_line(change: CountedChange, further: int, width: int, board: Board, name_width: int) -> Line:
    sign = Text("  ") if change.explained else Text("! ", "bold yellow")
    cause = change.cause or "cause not looked up"
    by = f"by {change.actor}" if change.actor and change.explained else cause
    text = Text.assemble(sign, column(f"{change.at or change.first_seen:%d %b %H:%M}", 12))
    text.append_text(column(short_host(change.called), name_width)).append(" ")
    least = text.cell_len + _SENTENCE_CELLS
    text.append(change.sentence, "bold")
    count = f" (+{further:,})" if further else ""
    room = max(20, width)
    text.truncate(max(room // 2, least, room - len(count) - len(by) - 2), overflow="ellipsis")
    text.truncate(room - len(count), overflow="ellipsis")
    if count:
        text.append(count, "bold")
    if text.cell_len + len("  by") < room:
        text.append(f"  {by}", "dim")
    text.truncate(room, overflow="ellipsis")
    more = f"{change.sentence}. {change.when}. {cause}" + (f". Ticket {change.ticket}" if change.ticket else "")
    return Line(text, query_of(board.report.state, [change.about]), more)


_DIGEST_SHOWN = 8


def evidence_lines(board: Board) -> list[Line]:
    """The evidence of the passes: grades, oldest evidence, rulebook, digests; two to four lines."""
    report, state, about = board.report, board.report.state, board.about
    parts = [
        f"{grade} {number}" + (f" ({about.confirmed} by two people)" if grade == "attested" and about.confirmed else "")
        for grade, number in about.grades()
    ]
    lines = [Line(Text.assemble(("passes: ", "bold"), ", ".join(parts) or "none"), "outcome:pass")]
    if about.oldest is not None:
        observed_at, grade = about.oldest
        age = f"{ago(datetime.fromisoformat(observed_at), board.now)} ({grade})"
        lines.append(Line(Text.assemble(("oldest evidence of a pass: ", "bold"), age)))
    book = state.rulebook
    reviewed = (board.now.date() - book.oldest_review).days
    late = reviewed > book.review_within_days > 0
    lines.append(
        Line(
            Text.assemble(
                ("rulebook ", "bold"),
                f"{safe_text(book.version)} {book.sha256[:_DIGEST_SHOWN]}, ",
                (f"reviewed {counted(reviewed, 'day')} ago" + (", LATE" if late else ""), "yellow" if late else ""),
                (f"  policy {report.policy_sha256[:_DIGEST_SHOWN]}", "dim"),
            )
        )
    )
    if board.evidence_sha256:
        when = f", written {ago(board.evidence_at, board.now)}" if board.evidence_at is not None else ""
        lines.append(
            Line(Text.assemble(("evidence ", "bold"), f"manifest {board.evidence_sha256[:_DIGEST_SHOWN]}{when}"))
        )
    return lines


def runs_out_lines(board: Board, width: int, most: int) -> list[Line]:
    """Deadlines: those that are over, then those that come next; those without a known date last."""
    lines = [
        _deadline_line(list(deadlines), board, width)
        for _, deadlines in groupby(board.ending, key=lambda one: (one.ends_at and one.ends_at.date(), one.kind))
    ]
    if not lines:
        return [Line(Text("Nothing known here", "dim"))]
    if len(lines) > most:
        return [*lines[:most], Line(Text(and_more(len(lines) - most, "contribaudit deadlines"), "dim"))]
    return lines


def _deadline_line(deadlines: list[Deadline], board: Board, width: int) -> Line:
    first = deadlines[0]
    left = first.days_left(board.now)
    day = f"{first.ends_at:%d %b %Y}" if first.ends_at is not None else "no date"
    when, style = _days_left(left)
    what = (
        safe_text(first.what)
        if len(deadlines) == 1
        else f"{len(deadlines)} x {first.kind.value.replace('_', ' ')}: {safe_text(first.what)}"
    )
    text = Text.assemble(column(day, 11), column(Text(when, style), 10), what)
    text.truncate(max(20, width), overflow="ellipsis")
    subjects = [one.subject for one in deadlines if one.subject is not None]
    more = f"{safe_text(first.what)}." + (f" Next: {safe_text(first.next_step)}" if first.next_step else "")
    return Line(text, query_of(board.report.state, subjects) if subjects else "", more)


def _days_left(left: int | None) -> tuple[str, str]:
    if left is None:
        return "?", "yellow"
    if left < 0:
        return "over", "bold red"
    if left == 0:
        return "today", "bold red"
    return counted(left, "day"), "yellow" if left <= 14 else ""


HEADINGS: Mapping[str, Callable[[Board], str]] = {"CHANGED": changed_title, "DO NEXT": next_title}
"""The text in a panel's frame, by the panel's title; other panels show their title alone."""
LINES: Mapping[str, Callable[[Board, int, int], list[Line]]] = {
    "VERDICT": lambda board, width, _: verdict_lines(board, width),
    "DO NEXT": next_lines,
    "CHANGED": changed_lines,
    "WHERE": where_lines,
    "RUNS OUT": runs_out_lines,
    "HOW WE KNOW": lambda board, _width, _most: evidence_lines(board),
}
"""By the title of a panel, the function that makes its lines from a board, a width and the most entries of a list."""
