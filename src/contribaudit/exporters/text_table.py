"""The report for a terminal: the verdict, what fails or is unverified, what to do, what changed, what was read."""

from __future__ import annotations

import os
import re
import shutil
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import StringIO
from itertools import accumulate

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from contribaudit import catalogue
from contribaudit.core.advise.next_steps import NextStep, to_do
from contribaudit.core.advise.report import Report
from contribaudit.core.advise.verdict import FAIL, PASS, UNVERIFIED, verdict_word
from contribaudit.core.model import names
from contribaudit.core.model.finding import Finding, Outcome
from contribaudit.core.model.observation import SettingId, Value
from contribaudit.core.model.snapshot import CollectionStatus
from contribaudit.core.model.subject import Subject
from contribaudit.core.resolve.aliases import alias_of
from contribaudit.exporters.text import ORDER, ChangeGroup, display, happenings, plural, rfc3339, safe_text, spaces_read

PIPE_WIDTH = 140
LEAST_WIDTH = 40
SHOWN_CHANGES = 20
SHOWN_STEPS = 8
_SUBJECT_WIDTH = 44
_APP = re.compile(r"\bapp:")
"""How the alias of an app begins, which says little where most subjects are apps."""
_READABLE = 36
"""Narrower than this, a column of sentences is hard to read."""
_GAP = "  "
_VERDICT_STYLES = {PASS: "bold green", FAIL: "bold red", UNVERIFIED: "bold yellow"}
_STYLES = {
    Outcome.FAIL: "red",
    Outcome.CONFLICT: "red",
    Outcome.NOT_ACHIEVABLE: "red",
    Outcome.UNKNOWN: "yellow",
    Outcome.STALE: "yellow",
    Outcome.PENDING: "cyan",
    Outcome.PASS: "green",
}
_QUIET = (Outcome.PASS, Outcome.NO_SUCH_SETTING)


def render(report: Report, *, everything: bool = False, terminal: bool = False, color: bool = False) -> str:
    """The report as text: as wide as the terminal, or 140 columns (or $COLUMNS) for a pipe.

    Passes and apps without a setting are counted, and listed with `everything`.
    """
    width = _width(terminal=terminal)
    labels = _labels(report)
    parts: list[RenderableType] = [_head(report, width)]
    listed = [finding for finding in report.findings if everything or finding.outcome not in _QUIET]
    if listed:
        parts.append(_findings(listed, labels))
    steps = report.steps
    if steps:
        parts.append(_steps(steps))
    if report.changes:
        parts.append(_changes(report, labels))
    parts.append(_collection(report))
    parts += [_warning(warning) for warning in report.warnings]
    return capture(Group(*parts), terminal=terminal, color=color)


def capture(what: RenderableType, *, terminal: bool = False, color: bool = False) -> str:
    """A renderable as text. Neither markup nor emoji codes are read out of observed text."""
    out = StringIO()
    console = Console(
        file=out,
        width=_width(terminal=terminal),
        height=25,  # told both, rich reads no environment
        markup=False,
        emoji=False,
        highlight=False,
        force_terminal=color,
        no_color=not color,
    )
    console.print(what)
    # A console fills each line with blanks up to its width.
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())


def _width(*, terminal: bool) -> int:
    if terminal:
        return max(LEAST_WIDTH, shutil.get_terminal_size().columns)
    told = os.environ.get("COLUMNS", "")
    wanted = int(told) if told.isascii() and told.isdigit() else 0
    return max(LEAST_WIDTH, wanted) if wanted else PIPE_WIDTH


def plain_table(columns: Sequence[str], rows: Iterable[Sequence[str | Text]], *, flexible: str = "") -> RenderableType:
    """A table without lines. `flexible` names the column that takes what room is left, and wraps.

    Where too little room is left, the last columns move beneath their row: the flexible one as it is, others with their
    titles. Nothing is cut off.
    """
    cells = [[cell if isinstance(cell, Text) else Text(safe_text(cell)) for cell in row] for row in rows]
    return _Rows(tuple(columns), cells, columns.index(flexible) if flexible else None)


@dataclass(frozen=True, slots=True)
class _Rows:
    """A table that finds its layout when it knows how wide it may be."""

    columns: tuple[str, ...]
    rows: list[list[Text]]
    flexible: int | None

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        widths = [
            max(cell_len(title), *(row[number].cell_len for row in self.rows), 0)
            for number, title in enumerate(self.columns)
        ]
        room = options.max_width - len(_GAP) * (len(widths) - 1)
        if sum(widths) <= room:
            yield self._beside(None)
        elif self.flexible is not None and room - sum(widths) + widths[self.flexible] >= _READABLE:
            yield self._beside(self.flexible)
        elif self.flexible == len(widths) - 1 > 1:
            yield self._beneath(widths, self.flexible, options.max_width)
        else:
            fitting = [total <= options.max_width for total in accumulate(width + len(_GAP) for width in widths)]
            yield self._beneath(widths, max(1, sum(fitting)), options.max_width)

    def _beside(self, wrapping: int | None) -> Table:
        table = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
        for number, title in enumerate(self.columns):
            table.add_column(title, no_wrap=number != wrapping, overflow="fold")
        for row in self.rows:
            table.add_row(*row)
        return table

    def _beneath(self, widths: Sequence[int], leading: int, room: int) -> Table:
        """The columns after the leading ones beneath them, beside the first one, whose width stays free.

        The flexible one, a sentence, has a line of its own there; the others follow with their titles.
        """
        table = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
        table.add_column(self.columns[0], no_wrap=widths[0] <= room // 2, overflow="fold")
        inner = slice(1, leading)
        titles = self.columns[1:] if len(widths) == 2 else self.columns[inner]
        table.add_column(_joined([Text(one) for one in titles], widths[1 : len(titles) + 1]), overflow="fold")
        for row in self.rows:
            lines = [_joined(row[inner], widths[inner])] if leading > 1 else []
            trailing = [(number, row[number]) for number in range(leading, len(row)) if row[number].plain]
            own_line = self.flexible if len(row) > leading + 1 else leading
            alone = [cell for number, cell in trailing if number == own_line]
            told = [Text.assemble(f"{self.columns[number]} ", cell) for number, cell in trailing if number != own_line]
            lines += alone + ([Text(", ").join(told)] if told else [])
            table.add_row(row[0], Text("\n").join(lines))
        return table


def _joined(cells: Sequence[Text], widths: Sequence[int]) -> Text:
    """The cells in one text, each filled up to its width."""
    line = Text()
    for cell, width in zip(cells, widths, strict=True):
        line.append_text(cell).append(" " * (width - cell.cell_len) + _GAP)
    line.rstrip()
    return line


def _head(report: Report, width: int) -> RenderableType:
    called = ", ".join(safe_text(one.name) for one in report.organizations)
    verdict = Text(report.headline, _VERDICT_STYLES[verdict_word(report.run.exit_code)])
    title = Text.assemble(f"{called}{_GAP}", (f"policy {safe_text(report.policy_name)}, run #{report.run.id}", "dim"))
    counts = Counter(finding.outcome for finding in report.findings)
    applying = sum(number for outcome, number in counts.items() if outcome is not Outcome.NO_SUCH_SETTING)
    items = [Text(f"{counts[one]} {one.words}", _STYLES.get(one, "")) for one in ORDER if counts[one]]
    items[:1] = [Text.assemble(f"{applying} apply: ", items[0]) if items else Text("nothing applies")]
    if counts[Outcome.NO_SUCH_SETTING]:
        items.append(Text(f"({counts[Outcome.NO_SUCH_SETTING]} without such a setting)", "dim"))
    return Group(verdict, title, *_filled(items, width), _inventory(report), Text())


def _filled(items: Iterable[Text], width: int) -> list[Text]:
    """The items in as few lines as hold them; no item is broken in two."""
    lines: list[Text] = []
    for item in items:
        if lines and lines[-1].cell_len + len(_GAP) + item.cell_len <= width:
            lines[-1].append(_GAP).append_text(item)
        else:
            lines.append(item.copy())
    return lines


def _inventory(report: Report) -> Text:
    held, named = report.counts, len(report.state.organizations)
    organizations = plural(held.organizations, "organization")
    if held.organizations != named:
        organizations = f"{held.organizations} of {plural(named, 'organization')}"
    text = Text(f"{organizations}, {plural(held.sites, 'site')}, {plural(held.apps, 'app')}")
    spaces = spaces_read(held)
    text.append(f", {spaces}" if spaces else "")
    days = report.key_days_left
    if days is not None:
        text.append("; ").append(f"the API key {_ending(days)}", "yellow" if days < 30 else "")
    return text


def _ending(days: int) -> str:
    if days < 0:
        return f"ended {plural(-days, 'day')} ago"
    return f"ends in {plural(days, 'day')}" if days else "ends today"


def _findings(findings: Iterable[Finding], labels: dict[Subject, str]) -> RenderableType:
    ordered = sorted(findings, key=lambda one: (_grave(one), one.severity.rank, one.check, one.subject))
    rows = [
        (
            Text(one.outcome.words, style=_STYLES.get(one.outcome, "")),
            one.severity.value,
            one.check,
            labels[one.subject],
            _why(one),
        )
        for one in ordered
    ]
    return Padding(plain_table(("outcome", "severity", "check", "subject", "why"), rows, flexible="why"), (0, 0, 1, 0))


def _grave(finding: Finding) -> int:
    if finding.outcome.violates:
        return 0
    return 1 if finding.outcome.unproven else 2


def _labels(report: Report) -> dict[Subject, str]:
    """What to call each subject of the report: short, and no two the same where that can be."""
    subjects = dict.fromkeys(
        [*(one.subject for one in report.findings), *(change.subject for change in report.changes)]
    )
    called = {one: safe_text(alias_of(report.state, one)).removeprefix("app:") for one in subjects}
    bearers = Counter(called.values())
    full = {one: name if bearers[name] == 1 else f"{name} ({safe_text(one.id)})" for one, name in called.items()}
    short = shorten(full.values())
    return {one: short[name] for one, name in full.items()}


def shorten(texts: Iterable[str], most: int = _SUBJECT_WIDTH) -> dict[str, str]:
    """Each text, cut in its middle to `most` terminal columns; whole where two would then look the same."""
    rest = dict.fromkeys(texts)
    short: dict[str, str] = {}
    for tail in (most // 2, most * 3 // 4, most // 4):
        cut = {text: _cut(text, most, tail) for text in rest}
        bearers = Counter([*short.values(), *cut.values()])
        short |= {text: brief for text, brief in cut.items() if bearers[brief] == 1}
        rest = {text: None for text in rest if text not in short}
    return short | {text: text for text in rest}


def _cut(text: str, most: int, tail: int) -> str:
    if cell_len(text) <= most:
        return text
    head, end = most - tail - 1, len(text)
    start = 0
    while start < len(text) and cell_len(text[: start + 1]) <= head:
        start += 1
    while end > start and cell_len(text[end - 1 :]) <= tail:
        end -= 1
    return f"{text[:start]}…{text[end:]}"


def _why(finding: Finding) -> Text:
    text = Text(safe_text(finding.reason))
    due = rfc3339(finding.due_at)
    if due is not None and due[:10] not in finding.reason:
        text.append(f" [due {due}]")
    if finding.waiver is not None:
        text.append(
            f" [{finding.underlying_outcome.words}, waived to {finding.waiver.expires} by "
            f"{safe_text(finding.waiver.approved_by)}]",
            style="dim",
        )
    if finding.fragile:
        text.append(" [fragile]", style="yellow")
    return text


def _steps(steps: Sequence[NextStep]) -> RenderableType:
    """The gravest things to do, how many more there are, and what cannot be resolved."""
    things = to_do(steps)
    rows = [
        (
            one.kind.value,
            one.severity.value if one.severity is not None else "",
            f"{one.minutes} min",
            _APP.sub("", safe_text(one.text)),
        )
        for one in things[:SHOWN_STEPS]
    ]
    parts: list[RenderableType] = []
    if rows:
        parts.append(plain_table(("do next", "severity", "about", "what"), rows, flexible="what"))
    if len(things) > SHOWN_STEPS:
        parts.append(Text(f"and {len(things) - SHOWN_STEPS} more: contribaudit next", style="dim"))
    parts += [Text(safe_text(one.text), style="dim") for one in steps[len(things) :]]
    return Padding(Group(*parts), (0, 0, 1, 0))


def _changes(report: Report, labels: dict[Subject, str]) -> RenderableType:
    happened = happenings(report.changes)
    rows = [
        row
        for one in happened[:SHOWN_CHANGES]
        for row in (_happening(one, labels[one.subject]), *(("", "", because) for because in _causes(one)))
    ]
    parts: list[RenderableType] = [plain_table(("changed", "subject", "what"), rows, flexible="what")]
    if len(happened) > SHOWN_CHANGES:
        parts.append(Text(f"and {len(happened) - SHOWN_CHANGES} more: contribaudit changes", style="dim"))
    return Padding(Group(*parts), (0, 0, 1, 0))


def _causes(one: ChangeGroup) -> list[str]:
    """Why it happened, in a sentence, where `what` does not name the actor; none where the history was not asked."""
    said = dict.fromkeys(change.why.sentence for change in one.changes if change.why is not None and not change.actor)
    return [safe_text(next(iter(said)))] if len(said) == 1 else ["several causes: contribaudit changes"] if said else []


def _happening(one: ChangeGroup, label: str) -> tuple[str, str, str]:
    kind, told = what_happened(one)
    actor = next((change.actor for change in one.changes if change.actor), None)
    return kind, label, told + (f", by {actor}" if actor else "")


def what_happened(one: ChangeGroup) -> tuple[str, str]:
    """The setting, and its value before and after; or that an app or space is new or gone, and what it is."""
    first = one.changes[0]
    if one.appeared or one.vanished:
        told = {change.setting: change.after if one.appeared else change.before for change in one.changes}
        known = (told.get(setting) for setting in (names.SPACE_KEY, names.PLAN, names.APP_STATUS, names.REALM))
        return "new" if one.appeared else "gone", ", ".join(display(value) for value in known if value is not None)
    before = _value(first.setting, first.before) if first.existed_before else "(not there)"
    after = _value(first.setting, first.after) if first.exists_after else "(gone)"
    return first.setting, f"{before} -> {after}"


def _value(setting: SettingId, value: Value) -> str:
    """A value for people; of digests, as much as tells two apart."""
    if catalogue.find(setting).unit == "SHA-256" and isinstance(value, tuple):
        return ", ".join(digest[:12] for digest in value) or "none"
    return display(value)


def _collection(report: Report) -> RenderableType:
    several = len(report.state.organizations) > 1
    rows: list[list[str | Text]] = []
    for place in report.state.looked_at:
        called = [report.state.organization_name(place.id)] if several else []
        for one in place.collections.values():
            bad = one.status is not CollectionStatus.OK
            # A whole list may announce more than it holds: repeated entries are announced, and counted once.
            announced = f" of {one.announced}" if bad and one.announced is not None else ""
            status = Text(one.status.value, style="yellow" if bad else "green")
            rows.append([*called, one.collector, status, f"{one.read}{announced}", str(one.requests), one.reason])
        if not place.collections:
            name = called or [report.state.organization_name(place.id)]
            rows.append([*name, *([""] if several else []), Text("not read", "yellow"), "", "", place.unread_reason])
    columns = [*(["organization"] if several else []), "collector", "status", "entries", "requests", "why"]
    head = Text(f"read at {rfc3339(report.run.started_at)}", "dim")
    return Padding(Group(head, plain_table(columns, rows, flexible="why")), (0, 0, 1, 0))


def _warning(warning: str) -> RenderableType:
    grid = Table.grid(padding=(0, len(_GAP), 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(Text("warning", "yellow"), Text(safe_text(warning)))
    return grid
