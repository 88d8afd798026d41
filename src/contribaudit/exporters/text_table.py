"""The report for a terminal: the verdict, open findings, steps, changes, and what was read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from contribaudit.core.advise.verdict import FAIL, PASS, UNVERIFIED, limitation
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.phrases import and_more, counted, some
from contribaudit.exporters.changed import CountedChange, by_cause
from contribaudit.exporters.report_v1 import FindingV1, ReportV1, StepV1
from contribaudit.exporters.summary import NOBODY, Overview
from contribaudit.exporters.tally import FindingGroup, most_severe_first
from contribaudit.exporters.terminal import GAP, capture, hanging, indented, plain_table, shorten, width_of, wrapped
from contribaudit.exporters.text import called, duration, group, safe_text, words

VERDICT_STYLES = {PASS: "bold green", FAIL: "bold red", UNVERIFIED: "bold yellow"}
"""Styles by the word of the verdict."""
_WORD_STYLES = {
    "fail": "red",
    "conflict": "red",
    "not achievable": "red",
    "unverified": "yellow",
    "unknown": "yellow",
    "stale": "yellow",
    "pending": "cyan",
    "pass": "green",
}


Typed: TypeAlias = Callable[[str], str]
"""Completes the commands in a text with the options that they need."""


def render(
    document: ReportV1,
    *,
    everything: bool = False,
    terminal: bool = False,
    color: bool = False,
    kept: bool = True,
    typed: Typed = str,
) -> str:
    """The report as text, as wide as the terminal, or 140 columns (or $COLUMNS) for a pipe.

    By default at most MOST_LINES lines that answer the three questions; with `everything`, every finding, step, change
    and source. The verdict is the first line and the last. Unless the run is `kept` in a history, hints name `--all`
    instead of commands that show more. `typed` completes the commands.
    """
    about, width = Overview(document), width_of(terminal=terminal)
    whole = _full_report(about, typed) if everything else first_table(about, width, typed if kept else None)
    return capture(Group(*whole), terminal=terminal, color=color)


def _full_report(about: Overview, typed: Typed) -> list[RenderableType]:
    document = about.document
    parts: list[RenderableType] = [
        Text(about.headline, VERDICT_STYLES[about.word]),
        _title(about),
        _outcome_counts(about),
        Text(f"{about.inventory}{_key_expiry(about)}"),
        Text(),
    ]
    if document["findings"]:
        parts += [findings_table(document["findings"]), Text()]
    if document["next"]:
        parts += [_steps(document["next"], typed), Text()]
    changes = about.changes()
    if changes:
        rows = [
            row
            for one in changes
            for row in (
                (one.what if one.what in ("new", "gone") else one.title, one.called, _values_and_actor(one)),
                *([("", "", one.cause)] if one.cause and not one.actor else []),
            )
        ]
        parts += [plain_table(("changed", "subject", "what"), rows, flexible="what"), Text()]
    parts += [_collection(document), Text()]
    parts += [_warning(warning) for warning in document["warnings"]]
    return [*parts, _verdict_line(about)]


MOST_LINES = 37
"""This leaves room on a screen of 40 lines for what follows on stderr, and the prompt."""
MOST_GROUPS = 12
_LEAST_ROOM = 7
"""Lines of findings that are always shown; changes and steps are shortened instead."""
FIRST_STEPS = 3
_WIDE = 72
"""From this width on, questions are a table of name, state and worst fact. Below it, each is a sentence, which leaves
more room for findings.
"""
_NARROW = 50
"""Below this width, only the newest change is shown."""
FIRST_CHANGES = 4
FIRST_WARNINGS = 2


def first_table(about: Overview, width: int, typed: Typed | None = str) -> list[Text]:
    """The report on one screen: verdict, questions, changes, counts, findings by check, steps, reading, verdict."""
    blank = Text()
    top = [*wrapped(Text(about.headline, VERDICT_STYLES[about.word]), width, 4), *wrapped(_title(about), width, 1)]
    top += [blank, *_questions(about, width), blank]
    counts, read = (
        [blank, *wrapped(_outcome_counts(about), width, 2), blank],
        [*_reading_lines(about, width, typed), _verdict_line(about)],
    )
    most = FIRST_CHANGES if width >= _WIDE else 2 if width >= _NARROW else 1
    for changes, steps in [*((number, FIRST_STEPS) for number in range(most, 0, -1)), (1, FIRST_STEPS - 1)]:
        changed, below = _what_changed(about, width, typed, changes), [*_task_lines(about, width, typed, steps), *read]
        room = MOST_LINES - len(top) - len(changed) - len(counts) - len(below)
        if room >= _LEAST_ROOM:
            break
    room = max(room, _LEAST_ROOM) if width < _WIDE else room
    return [*top, *changed, *counts[:-1], *_groups(about, width, room, typed), blank, *below]


def _title(about: Overview) -> Text:
    document = about.document
    names = [safe_text(one["name"]) for one in document["organizations"]]
    policy = f"policy {safe_text(document['policy']['name'])}, run #{document['run']['id']}"
    return Text.assemble(some(names, 3) + GAP, (policy, "dim"))


def _verdict_line(about: Overview) -> Text:
    run = about.document["run"]
    limited = limitation(safe_text(run["selection"]))
    parts = [f"{about.word} ({run['fail_on']} and above)", limited, f"exit code {run['exit_code']}"]
    return Text(", ".join(part for part in parts if part), VERDICT_STYLES[about.word])


def _outcome_counts(about: Overview) -> Text:
    """The counts in a line: "57 findings apply: 28 pass, 8 fail, 3 no setting"."""
    none = about.counts[Outcome.NO_SUCH_SETTING.value]
    items = [Text(f"{number} {words(one)}", _WORD_STYLES.get(words(one), "")) for one, number in about.ordered_counts]
    items += [Text(f"{none} no setting", "dim")] if none else []
    return Text.assemble(f"{about.applying}: ", Text(", ").join(items)) if items else Text("nothing applies")


def _questions(about: Overview, width: int) -> list[Text]:
    questions = about.questions()
    name_width = max(len(row.name) for row in questions)
    word_width = max(len(row.word) for row in questions)
    lines: list[Text] = []
    for row in questions:
        style = _WORD_STYLES.get(row.word, "")
        if width < _WIDE:
            lines += indented(Text.assemble((row.name, "bold"), ": ", (row.word, style), f"; {row.fact}"), width, 2)
            continue
        head = Text.assemble((f"{row.name:<{name_width}}{GAP}", "bold"), (f"{row.word:<{word_width}}{GAP}", style))
        lines += hanging(head, Text(row.fact), width, 2)
        if row.changed:
            lines += hanging(Text(" " * head.cell_len), Text(row.changed, "yellow"), width, 1)
    return lines


def _what_changed(about: Overview, width: int, typed: Typed | None, most: int) -> list[Text]:
    changes, previous = about.changes(), about.document["run"]["previous"]
    if previous is None and not changes:
        return [Text("Changed: this is the first run", "dim")]
    if not changes:
        return [Text(f"Changed since run #{previous}: nothing", "dim")]
    since = f" since run #{previous}" if previous is not None else ""
    without = sum(1 for change in changes if not change.explained)
    unknown = f", {without} without a known cause" if without else ""
    lines = [Text(f"Changed{since}: {len(changes)}{unknown}", "bold")]
    causes = by_cause(changes)
    shown = causes[:most]
    for change, further in shown:
        text = Text(f"{change.called}: ")
        text.append(change.sentence)
        text.append(f" {and_more(further)}" if further else "")
        by = f", by {change.actor}" if change.actor else f", {change.cause or 'cause not looked up'}"
        by += f" ({change.ticket})" if change.ticket else ""
        head = Text("  " if change.explained else "! ", "yellow")
        if width < _WIDE:
            lines += hanging(head, text, width, 1)
            lines += hanging(Text("  "), Text(by[2:], "" if change.explained else "yellow"), width, 1)
            continue
        room = width - head.cell_len
        (actor_text,) = wrapped(Text(by, "" if change.explained else "yellow"), room // 2, 1)
        (change_text,) = wrapped(text, room - actor_text.cell_len, 1)
        lines.append(Text.assemble(head, change_text, actor_text))
    left = len(changes) - sum(1 + further for _, further in shown)
    if left and width >= _WIDE:
        lines.append(Text(f"  {and_more(left, _rest_hint('changes', typed))}", "dim"))
    return lines


def _values_and_actor(change: CountedChange) -> str:
    ticket = f" ({change.ticket})" if change.ticket else ""
    return change.values + (f", by {change.actor}" if change.actor else "") + ticket


def _groups(about: Overview, width: int, room: int, typed: Typed | None) -> list[Text]:
    """As many groups as fit, at most three lines each; the last line counts the findings that are left out."""
    lines: list[Text] = []
    groups = about.groups()
    for number, finding_group in enumerate(groups):
        group_lines = _group(about, finding_group, width)
        last = number + 1 == len(groups)
        if number == MOST_GROUPS or len(lines) + len(group_lines) > room - (not last):
            left = sum(other.number for other in groups[number:])
            lines.append(Text(f"and {counted(left, 'more finding')}: {_rest_hint('findings', typed)}", "dim"))
            break
        lines += group_lines
    return lines


def _group(about: Overview, group: FindingGroup, width: int) -> list[Text]:
    """A check with its counts, and the subjects below; the severity has its own column if the width allows."""
    style = "red" if group.fails else "yellow" if group.open else ""
    if width < _WIDE:
        titled = Text.assemble((f"{group.severity.value}: ", style), _group_title(group, width))
        where = wrapped(Text(_subjects_or_reason(about, group, width - 2)), width - 2, 1)
        return [*indented(titled, width, 2), *(Text.assemble("  ", line) for line in where)]
    head = Text(f"{group.severity.value:<8}{GAP}", style)
    lines = wrapped(_group_title(group, width - head.cell_len), width - head.cell_len, 2)
    lines += wrapped(Text(_subjects_or_reason(about, group, width - head.cell_len)), width - head.cell_len, 1)
    return [Text.assemble(head if not row else " " * head.cell_len, line) for row, line in enumerate(lines)]


def _rest_hint(command: str, typed: Typed | None) -> str:
    return typed(f"contribaudit {command}") if typed is not None else "--all"


def _group_title(group: FindingGroup, room: int) -> Text:
    """Title and counts: "App data is in an allowed location (DR-01): 3 fail, 1 unknown"; shorter if `room` is small."""
    title = Text.assemble((safe_text(group.title), "bold"), f" ({safe_text(group.check)}): ")
    counts = [(number, words(outcome)) for outcome, number in group.ordered]
    if group.number == 1:
        counts = [(0, counts[0][1])]
    elif title.cell_len + len(", ".join(f"{number} {word}" for number, word in counts)) > room:
        counts = [(number, word) for word, number in group.in_short if number]
    numbers = Text(", ").join(
        Text(f"{number} {word}" if number else word, _WORD_STYLES.get(word, "")) for number, word in counts
    )
    return title.append_text(numbers)


def _subjects_or_reason(about: Overview, finding_group: FindingGroup, room: int) -> str:
    """The subjects of a group; for a single finding, its subject and reason."""
    first, reason = finding_group.findings[0]["subject"], safe_text(finding_group.findings[0]["reason"])
    if finding_group.number == 1:
        return reason if about.is_wide(first) else f"{called(first)}: {reason}"
    ordered = sorted(
        (group(row["outcome"]), row["subject"]["site"], called(row["subject"])) for row in finding_group.findings
    )
    return joined([name for _, _, name in ordered], finding_group.number, room)


def joined(names: Sequence[str], number: int, room: int) -> str:
    """Names in at most `room` columns, grouped by site: "Jira and Confluence on acme.atlassian.net and 3 more"."""
    for shown in range(len(names), 0, -1):
        places: dict[str, list[str]] = {}
        for name in names[:shown]:
            short_name, on, place = name.partition(" on ")
            places.setdefault(on + place, []).append(short_name)
        parts = [
            (f"{', '.join(short_names[:-1])} and {short_names[-1]}" if len(short_names) > 1 else short_names[0]) + place
            for place, short_names in places.items()
        ]
        text = ", ".join(parts) + (f" {and_more(number - shown)}" if number > shown else "")
        if cell_len(text) <= room or shown == 1:
            return text
    return counted(number, "subject")


def _task_lines(about: Overview, width: int, typed: Typed | None, first: int) -> list[Text]:
    things = about.tasks()
    if not things:
        return [Text("Do next: nothing can be done now" if about.nobodys else "Do next: nothing", "dim")]
    minutes = f"about {duration(sum(task['minutes'] for task in things))}" + (" in all" if width >= _WIDE else "")
    cut = f", {first} of {len(things)}: {_rest_hint('next', typed)}" if len(things) > first else ""
    lines = wrapped(Text.assemble(("Do next", "bold"), f", {minutes}{cut}"), width, 2)
    for number, task in enumerate(things[:first], 1):
        text = (typed or str)(safe_text(task["text"]))
        if width < _WIDE:
            lines += indented(Text(f"{number} {task['kind']}: {text}"), width, 2)
        else:
            lines += hanging(Text(f"{number} {task['kind']:<7}{GAP}"), Text(text), width, 2)
    return lines


def _reading_lines(about: Overview, width: int, typed: Typed | None) -> list[Text]:
    document = about.document
    lines = wrapped(
        Text(f"Read at {document['run']['started_at']}: {about.inventory}{_key_expiry(about)}", "dim"), width, 2
    )
    broken = [f"{one['name']}: {one['unread_reason']}" for one in document["organizations"] if one["unread_reason"]]
    names = {one["id"]: f"{one['name']}, " for one in document["organizations"] if len(document["organizations"]) > 1}
    broken += [
        f"{names.get(one['organization'], '')}{one['collector']}: {one['reason']}"
        for one in document["collection"]
        if one["status"] != "ok"
    ]
    warnings = [Text(f"not read completely: {safe_text(one)}", "yellow") for one in broken]
    warnings += [_warning_line(one) for one in document["warnings"]]
    for warning in warnings[:FIRST_WARNINGS]:
        lines += wrapped(warning, width, 2)
    if len(warnings) > FIRST_WARNINGS:
        where = _rest_hint("audit --offline --all", typed)
        lines.append(Text(and_more(len(warnings) - FIRST_WARNINGS, where), "yellow"))
    return lines


def _warning_line(warning: str) -> Text:
    return Text.assemble(("warning: ", "yellow"), safe_text(warning))


def _key_expiry(about: Overview) -> str:
    days = about.document["key_days_left"]
    return "" if days is None else f"; the API key {_expiry_words(days)}"


def _expiry_words(days: int) -> str:
    if days < 0:
        return f"expired {counted(-days, 'day')} ago"
    return f"expires in {counted(days, 'day')}" if days else "expires today"


def findings_table(findings: Iterable[FindingV1]) -> RenderableType:
    """One row for each finding, worst first: outcome, severity, check with its title, subject and reason."""
    listed = most_severe_first(findings)
    names = [called(one["subject"]) for one in listed]
    bearers: dict[str, set[tuple[str, str]]] = {}
    for one, name in zip(listed, names, strict=True):
        bearers.setdefault(name, set()).add((one["organization"], one["subject"]["id"]))
    full = [
        name if len(bearers[name]) == 1 else f"{name} ({safe_text(one['subject']['id'])})"
        for one, name in zip(listed, names, strict=True)
    ]
    short = shorten(full)
    rows = [
        (
            Text(words(one["outcome"]), style=_WORD_STYLES.get(words(one["outcome"]), "")),
            one["severity"],
            one["check"],
            one["title"],
            Text.assemble(f"{short[name]}: ", _reason_with_dates(one)),
        )
        for one, name in zip(listed, full, strict=True)
    ]
    return plain_table(("outcome", "severity", "check", "title", "where and why"), rows, flexible="where and why")


def _reason_with_dates(finding: FindingV1) -> Text:
    text = Text(safe_text(finding["reason"]))
    due, waiver = finding["due_at"], finding["waiver"]
    if due is not None and due[:10] not in finding["reason"]:
        text.append(f" [due {due}]")
    if waiver is not None:
        under, approver = words(finding["underlying_outcome"]), safe_text(waiver["approved_by"])
        text.append(f" [{under}, waived to {waiver['expires']} by {approver}]", style="dim")
    if finding["fragile"]:
        text.append(" [fragile]", style="yellow")
    return text


def _steps(steps: Iterable[StepV1], typed: Typed) -> RenderableType:
    """Everything to do, most severe first, and what cannot be resolved yet."""
    rows: list[tuple[str, ...]] = []
    parts: list[RenderableType] = []
    for one in steps:
        text = safe_text(one["text"])
        if one["kind"] == NOBODY:
            parts.append(Text(text, style="dim"))
        else:
            rows.append((one["kind"], one["severity"] or "", duration(one["minutes"]), typed(text)))
    if rows:
        parts.insert(0, plain_table(("do next", "severity", "about", "what"), rows, flexible="what"))
    return Group(*parts)


def _collection(document: ReportV1) -> RenderableType:
    several = len(document["organizations"]) > 1
    rows: list[list[str | Text]] = []
    for place in document["organizations"]:
        if place["left_out"]:
            continue
        name = [place["name"]] if several else []
        calls = [call for call in document["collection"] if call["organization"] == place["id"]]
        for call in calls:
            bad = call["status"] != "ok"
            # A complete list may announce more than it holds: duplicate entries are announced, but counted once.
            announced = f" of {call['announced']}" if bad and call["announced"] is not None else ""
            status = Text(call["status"], style="yellow" if bad else "green")
            rows.append(
                [*name, call["collector"], status, f"{call['read']}{announced}", str(call["requests"]), call["reason"]]
            )
        if not calls:
            blank = [""] if several else []
            rows.append([place["name"], *blank, Text("not read", "yellow"), "", "", place["unread_reason"]])
    columns = [*(["organization"] if several else []), "collector", "status", "entries", "requests", "why"]
    head = Text(f"read at {document['run']['started_at']}", "dim")
    return Group(head, plain_table(columns, rows, flexible="why"))


def _warning(warning: str) -> RenderableType:
    grid = Table.grid(padding=(0, len(GAP), 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(Text("warning", "yellow"), Text(safe_text(warning)))
    return grid
