"""The report for a terminal: the verdict, what is wrong or unproven, what changed, what was read."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TextIO

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from contribaudit.core.alias import alias_of
from contribaudit.core.drift import Change
from contribaudit.core.finding import Finding, Outcome
from contribaudit.core.report import Report
from contribaudit.core.snapshot import CollectionStatus
from contribaudit.core.state import State
from contribaudit.exporters.cells import plain, rfc3339, shown

PIPE_WIDTH = 140
SHOWN_CHANGES = 20
_VERDICTS = {
    0: ("OK", "bold green"),
    1: ("NOT OK", "bold red"),
    2: ("WRONGLY SET UP", "bold red"),
    3: ("UNPROVEN", "bold yellow"),
    4: ("NO ACCESS", "bold red"),
}
_STYLES = {
    Outcome.FAIL: "red",
    Outcome.CONFLICT: "red",
    Outcome.NOT_ACHIEVABLE: "red",
    Outcome.UNKNOWN: "yellow",
    Outcome.STALE: "yellow",
    Outcome.PENDING: "cyan",
    Outcome.PASS: "green",
}
_ORDER = tuple(Outcome)
_QUIET = (Outcome.PASS, Outcome.NO_SUCH_SETTING)


def write(report: Report, out: TextIO, *, everything: bool = False, color: bool = True) -> None:
    """Render to `out`: as wide as the terminal, or 140 columns into a pipe, where there is no colour either.

    Passes and apps without a setting are counted, and listed with `everything`.
    """
    console = make_console(out, color=color)
    console.print(_head(report))
    listed = [finding for finding in report.findings if everything or finding.outcome not in _QUIET]
    if listed:
        console.print(_findings(report, listed))
    if report.changes:
        console.print(_changes(report))
    console.print(_collection(report))
    for warning in report.warnings:
        console.print(Text.assemble(("warning  ", "yellow"), plain(warning)))


def make_console(out: TextIO, *, color: bool = True) -> Console:
    """A rich console that never reads markup or emoji codes out of observed text."""
    wide = shutil.get_terminal_size().columns if out.isatty() else int(os.environ.get("COLUMNS") or PIPE_WIDTH)
    return Console(file=out, width=wide, markup=False, emoji=False, highlight=False, no_color=not color or None)


def plain_table(columns: Sequence[str], rows: Iterable[Sequence[str | Text]], *, flexible: str = "") -> Table:
    """A table without lines; `flexible` names the column that takes what room is left and wraps."""
    table = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    for column in columns:
        wraps = column == flexible
        table.add_column(column, no_wrap=not wraps, overflow="fold" if wraps else "ellipsis", ratio=1 if wraps else None)
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else Text(plain(cell)) for cell in row))
    return table


def _head(report: Report) -> RenderableType:
    verdict, style = _VERDICTS.get(report.run.exit_code, ("ERROR", "bold red"))
    names = ", ".join(plain(one.name) for one in report.organizations)
    counts = Counter(finding.outcome for finding in report.findings)
    applying = sum(number for outcome, number in counts.items() if outcome is not Outcome.NO_SUCH_SETTING)
    title = Text.assemble((verdict, style), f"  {names}  ", (f"policy {plain(report.policy_name)}, run #{report.run.id}", "dim"))
    line = Text.assemble(f"{applying} apply: ")
    for outcome in _ORDER:
        if counts[outcome] and outcome is not Outcome.NO_SUCH_SETTING:
            line.append(f"{counts[outcome]} {_words(outcome)}  ", style=_STYLES.get(outcome, ""))
    if counts[Outcome.NO_SUCH_SETTING]:
        line.append(f"({counts[Outcome.NO_SUCH_SETTING]} without such a setting)", style="dim")
    held = report.counts
    inventory = Text(f"{held.organizations} organizations, {held.sites} sites, {held.apps} apps")
    if report.key_days_left is not None:
        inventory.append(f"; the API key ends in {report.key_days_left} days", "yellow" if report.key_days_left < 30 else "")
    return Group(title, line, inventory, Text())


def _findings(report: Report, findings: Sequence[Finding]) -> RenderableType:
    ordered = sorted(findings, key=lambda one: (_grave(one), one.severity.rank, one.check, one.subject))
    rows = [
        (
            Text(_words(one.outcome), style=_STYLES.get(one.outcome, "")),
            one.severity.value,
            one.check,
            _subject(report.state, one),
            _why(one),
        )
        for one in ordered
    ]
    return Padding(plain_table(("outcome", "severity", "check", "subject", "why"), rows, flexible="why"), (0, 0, 1, 0))


def _grave(finding: Finding) -> int:
    if finding.outcome.violates:
        return 0
    return 1 if finding.outcome.unproven else 2


def _subject(state: State, finding: Finding) -> Text:
    return Text(_short(plain(alias_of(state, finding.subject)).removeprefix("app:")))


def _short(text: str, most: int = 44) -> str:
    return text if len(text) <= most else f"{text[: most // 2 - 1]}…{text[-most // 2 :]}"


def _why(finding: Finding) -> Text:
    text = Text(plain(finding.reason))
    if finding.waiver is not None:
        text.append(f" [waived to {finding.waiver.expires} by {plain(finding.waiver.approved_by)}]", style="dim")
    if finding.fragile:
        text.append(" [fragile]", style="yellow")
    return text


def _changes(report: Report) -> RenderableType:
    rows = [_change(report.state, change) for change in report.changes[:SHOWN_CHANGES]]
    parts: list[RenderableType] = [plain_table(("changed", "subject", "before", "after"), rows, flexible="after")]
    if len(report.changes) > SHOWN_CHANGES:
        parts.append(Text(f"and {len(report.changes) - SHOWN_CHANGES} more: contribaudit changes", style="dim"))
    return Padding(Group(*parts), (0, 0, 1, 0))


def _change(state: State, change: Change) -> tuple[str, str, str, str]:
    subject = _short(plain(alias_of(state, change.subject)).removeprefix("app:"))
    before = _short(shown(change.before), 30) if change.existed_before else "(not there)"
    after = shown(change.after) if change.exists_after else "(gone)"
    return change.setting, subject, before, after


def _collection(report: Report) -> RenderableType:
    rows = []
    for one in report.collections:
        bad = one.status is not CollectionStatus.OK
        announced = f" of {one.announced}" if one.announced is not None and one.announced != one.read else ""
        rows.append(
            (
                one.collector,
                Text(one.status.value, style="yellow" if bad else "green"),
                f"{one.read}{announced}",
                str(one.requests),
                one.reason,
            )
        )
    for place in report.state.organizations.values():
        if not place.collections:
            rows.append((plain(place.name or place.id), Text("not read", style="yellow"), "", "", place.unread_reason))
    when = rfc3339(report.run.started_at)
    table = plain_table((f"read {when}", "status", "entries", "requests", "why"), rows, flexible="why")
    return Padding(table, (0, 0, 1, 0))


def _words(outcome: Outcome) -> str:
    return outcome.value.replace("_", " ")
