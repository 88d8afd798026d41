"""The table of findings: one row of texts for each, and the line of counts above it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.style import Style
from rich.text import Text

from contribaudit.core.model.finding import Outcome, Severity
from contribaudit.exporters.text import Cell, plain
from contribaudit.exporters.words import ORDER
from contribaudit.tui.rows import symbols
from contribaudit.tui.rows.index import FindingIndex, Heading, Row
from contribaudit.tui.widgets.grid import Column

_ATLASSIAN = ".atlassian.net"
"""Of nearly every host; the detail has it whole."""
COLUMNS = (
    Column("outcome", 15),
    Column("severity", 8),
    Column("check", 6),
    Column("subject", 20, flexible=True),
    Column("why", 24, flexible=True, drop_below=86),
)
SHEET = (
    "finding_id", "outcome", "severity", "check", "title", "organization_id", "subject_kind", "subject_id",
    "subject", "site", "app", "setting", "expected", "observed", "grade", "reason", "due_at", "fragile",
)  # fmt: skip


def cells(row: Row) -> list[Text]:
    """The texts of one finding."""
    one = row.finding
    outcome = symbols.outcome(one.outcome)
    if row.newly:
        outcome.append(" new", "bold")
    elif one.fragile:
        outcome.append(" fragile", "yellow")
    label = row.label.replace(_ATLASSIAN, "", 1)
    return [outcome, symbols.severity(one.severity), Text(plain(one.check)), Text(label), Text(plain(one.reason))]


def heading(one: Heading) -> list[Text]:
    """A group's title, where the subject stands."""
    return [Text(f"{one.count:,}", "bold"), Text(), Text(), Text(one.title, "bold"), Text()]


def sheet_row(row: Row) -> tuple[Cell, ...]:
    """One finding for a CSV file, as it was observed."""
    one = row.finding
    return (
        one.id,
        one.outcome.value,
        one.severity.value,
        one.check,
        one.title,
        one.subject.organization,
        one.subject.kind.value,
        one.subject.id,
        row.label,
        row.site,
        row.app,
        one.setting,
        one.expected,
        one.observed,
        row.grade,
        one.reason,
        one.due_at,
        one.fragile,
    )


def counts(index: FindingIndex, places: Sequence[int], *, sort: str, group: str, hide_passes: bool) -> Text:
    """How many of each outcome and severity are left; a click on one filters by it."""
    outcomes = Counter(map(index.outcomes.__getitem__, places))
    severities = Counter(index.severities[place] for place in places if not index.quiet[place])
    said = Text(f"{len(places):,} of {len(index.rows):,}", "bold")
    for outcome in (*ORDER, Outcome.NO_SUCH_SETTING):
        if outcomes[outcome]:
            word = symbols.outcome(outcome)
            said.append("  ").append_text(_clickable(word, outcomes[outcome], f"outcome:{outcome.value}"))
    said.append("  |")
    for severity in Severity:
        if severities[severity]:
            word = symbols.severity(severity)
            said.append("  ").append_text(_clickable(word, severities[severity], f"severity:{severity.value}"))
    said.append(f"  |  by {sort}", "dim")
    said.append(f", grouped by {group}" if group else "", "dim")
    said.append(", passes hidden" if hide_passes else "", "dim")
    return said


def _clickable(word: Text, count: int, term: str) -> Text:
    said = Text(f"{count:,} ").append_text(word)
    said.stylize(Style.from_meta({"@click": f"screen.add_term('{term}')"}))
    return said
