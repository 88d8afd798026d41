"""Markdown for a ticket or a pull request: verdict, three answers, next steps, open findings, changes, what was read.

The text fits into a comment; rows that do not fit are counted, never dropped silently. Observed text is escaped, so
that it mentions nobody and links nowhere.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from contribaudit.core.model.phrases import and_more, counted, some
from contribaudit.exporters.report_v1 import FindingV1, ReportV1
from contribaudit.exporters.summary import Overview
from contribaudit.exporters.tally import most_severe_first
from contribaudit.exporters.text import called, duration, group, safe_text, words

MOST_CHARACTERS = 60_000
"""GitHub takes 65,536 characters in a comment, Jira 32,767 by default: see `most_characters`."""
MOST_ROWS = 50
MOST_CHANGES = 20
MOST_STEPS = 8
_LONGEST = 240
_JOINER = "\N{WORD JOINER}"
_SPECIAL = re.compile(r"([\\`*_{}\[\]()#|~!$^])")
_CALLS = re.compile(r"@|:(?=//)|(?<=\bwww)\.|(?<=\bGH)-(?=\d)|:(?=[\w+-]+:)", re.IGNORECASE)
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def escaped(text: str, longest: int = _LONGEST) -> str:
    """Observed text without markup, HTML, mention, link or table border; a long text is cut with an ellipsis."""
    shown = safe_text(text)
    if len(shown) > longest:
        shown = shown[: longest - 1] + "…"
    shown = _CALLS.sub(lambda match: match.group() + _JOINER, shown)
    shown = _SPECIAL.sub(r"\\\1", shown.translate(_ENTITIES))
    return re.sub(r"(\\#)(?=\w)", r"\1" + _JOINER, shown)


def code(text: str, longest: int = 100) -> str:
    """Observed text for copying: as code if its characters allow that, otherwise escaped."""
    shown = safe_text(text)
    if len(shown) > longest or not shown.strip() or shown != shown.strip() or "|" in shown or "`" in shown:
        return escaped(shown, longest)
    return f"`{shown}`"


def render(document: ReportV1, *, most_characters: int = MOST_CHARACTERS) -> str:
    """The report as Markdown (CommonMark with tables), of about `most_characters` at most."""
    about = Overview(document)
    page = _Page(most_characters)
    _head(page, about)
    ordered = most_severe_first(document["findings"])
    new = frozenset(document["newly"])
    read = _reading_section(about)
    page.reserve(read)
    _steps(page, about)
    for number, title in ((0, "Fails"), (1, "Unverified")):
        listed = [one for one in ordered if group(one["outcome"]) == number]
        if listed:
            header = ("outcome", "severity", "check", "subject", "why", "finding")
            page.table(f"{title}: {len(listed)}", header, [_row(one, one["id"] in new) for one in listed], MOST_ROWS)
    changes = about.changes()
    if changes:
        rows = [
            (
                one.when,
                code(one.what),
                code(one.subject),
                escaped(one.values),
                escaped(one.cause) or "**cause not looked up**",
            )
            for one in changes
        ]
        page.table(f"Changed: {len(changes)}", ("when", "what", "subject", "change", "cause"), rows, MOST_CHANGES)
    page.add(read, reserved=True)
    return page.text


class _Page:
    """Text with a limited length; keeps count of the room that is left."""

    def __init__(self, room: int) -> None:
        self._parts: list[str] = []
        self._room = room

    @property
    def text(self) -> str:
        return "".join(self._parts)

    def reserve(self, text: str) -> None:
        self._room -= len(text)

    def add(self, text: str, *, reserved: bool = False) -> None:
        self._parts.append(text)
        self._room -= 0 if reserved else len(text)

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], most: int) -> None:
        self.add(f"\n### {title}\n\n| {' | '.join(columns)} |\n|{' --- |' * len(columns)}\n")
        written = 0
        for row in rows[:most]:
            line = f"| {' | '.join(row)} |\n"
            if len(line) > self._room:
                break
            self.add(line)
            written += 1
        if written < len(rows):
            self.add(f"\n{and_more(len(rows) - written)}.\n")


def _head(page: _Page, about: Overview) -> None:
    document = about.document
    run, policy = document["run"], document["policy"]
    code = run["exit_code"]
    page.add(f"## {about.escaped_headline(escaped)}\n\n")
    covered = [one for one in document["organizations"] if not one["left_out"]]
    listed = some([escaped(one["name"], 60) for one in covered])
    page.add(f"{listed}; policy {escaped(policy['name'], 80)} (`{policy['sha256']}`), ")
    page.add(f"run {run['id']} of {run['finished_at']}, exit code {code}.\n\n")
    none = about.counts["no_such_setting"]
    counts = [f"{number} {words(outcome)}" for outcome, number in about.ordered_counts]
    counts += [f"{none} no setting (not counted)"] if none else []
    counts += [f"{about.fragile} fragile"] if about.fragile else []
    _answers(page, about)
    page.add(f"\n{about.applying}: {', '.join(counts)}.\n")
    if document["newly"]:
        page.add(f"\n{len(document['newly'])} of these are new since the last complete run; they are marked **new**.\n")


def _answers(page: _Page, about: Overview) -> None:
    """Data contribution, AI and location, each with its state and its worst fact."""
    page.add("| question | answer | why |\n| --- | --- | --- |\n")
    for one in about.questions():
        why = f"{one.fact}, {one.changed}" if one.changed else one.fact
        page.add(f"| {one.name} | **{words(one.word)}** | {escaped(why)} |\n")


def _steps(page: _Page, about: Overview) -> None:
    """What to do next, and what cannot be resolved yet."""
    things = about.tasks()
    if things:
        rows = [
            (
                f"**{one['kind']}**",
                one["severity"] or "",
                duration(one["minutes"]),
                escaped(one["text"]),
                code(one["command"]),
            )
            for one in things
        ]
        title = f"Do next: {len(things)}, about {duration(sum(one['minutes'] for one in things))}"
        page.table(title, ("do", "severity", "time", "what", "command"), rows, MOST_STEPS)
    if about.nobodys:
        page.add(f"\n{escaped(about.nobodys)}.\n")


def _row(finding: FindingV1, new: bool) -> tuple[str, ...]:
    outcome = f"**{words(finding['outcome'])}**" + (" **new**" if new else "")
    return (
        outcome,
        finding["severity"],
        escaped(f"{finding['title']} ({finding['check']})"),
        escaped(called(finding["subject"])),
        escaped(finding["reason"]),
        f"`{finding['id']}`",
    )


def _reading_section(about: Overview) -> str:
    document = about.document
    lines = [f"\n### How it was read\n\nRead: {'; '.join(about.coverage())}."]
    bad = [one for one in document["collection"] if one["status"] != "ok"]
    lines += [
        f"- {one['status']}: {escaped(one['collector'])}, {escaped(one['organization'], 60)}: {escaped(one['reason'])}"
        for one in bad[:MOST_CHANGES]
    ]
    unread = [one for one in document["organizations"] if one["unread_reason"]]
    lines += [
        f"- not read: {escaped(one['name'], 60)}: {escaped(one['unread_reason'])}" for one in unread[:MOST_CHANGES]
    ]
    warnings = document["warnings"]
    lines += [f"- warning: {escaped(one)}" for one in warnings[:MOST_CHANGES]]
    hidden = sum(max(0, len(listed) - MOST_CHANGES) for listed in (bad, unread, warnings))
    lines += [f"- {and_more(hidden)}"] if hidden else []
    grades = ", ".join(f"{number} {escaped(grade)}" for grade, number in about.known_by())
    lines.append(f"\nPasses rest on: {grades or 'nothing, since there are none'}.")
    tool = f"contribaudit {escaped(document['tool']['version'])}, rulebook {escaped(document['rulebook']['version'])}"
    lines.append(f"\n{tool}, reviewed {counted(document['rulebook']['oldest_review_days'], 'day')} ago.\n")
    return "\n".join(lines)
