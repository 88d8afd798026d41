"""What a person approves: the approved state and what is outside it, and a waiver before it is written.

A waiver is shown as the change to the policy file, with what it would make of the findings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from rich.text import Text

from contribaudit.audit.baselines import Approvable, outside_now
from contribaudit.core.advise.report import Report
from contribaudit.core.judge.baseline import Uncovered
from contribaudit.core.model.finding import Finding
from contribaudit.core.model.several import and_more, counted
from contribaudit.core.model.subject import Subject
from contribaudit.core.resolve.aliases import alias_of, resolve_alias
from contribaudit.core.resolve.state import State
from contribaudit.errors import UsageError
from contribaudit.exporters.text import Cell, display, safe_text
from contribaudit.tui.rows.signs import outcome_sign, severity_sign
from contribaudit.tui.widgets.grid import Column

COLUMNS = (
    Column("organization", 16, flexible=True),
    Column("kind", 9),
    Column("not in the baseline", 24, flexible=True),
    Column("why", 24, flexible=True, drop_below=80),
)
SHEET = ("organization_id", "subject_kind", "subject_id", "subject_name", "reason_code", "reason")
_MOST_SHOWN = 40
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Line:
    """One subject outside, or an organization of which nothing is."""

    organization: str
    subject: Subject | None = None
    why: Uncovered | None = None


def lines(state: State) -> list[Line]:
    """What is outside, by organization; an organization without any has a line of its own, to be approved from."""
    found: list[Line] = []
    for place in state.looked_at:
        outside = [Line(place.id, subject, why) for subject, why in outside_now(state, place.id)]
        found += outside or [Line(place.id)]
    return found


def cells(state: State, one: Line) -> list[Text]:
    """One line."""
    name = Text(safe_text(state.organization_name(one.organization)))
    if one.subject is None or one.why is None:
        told = "everything is covered" if state.baseline(one.organization) is not None else "no baseline yet"
        return [name, Text(""), Text(told, "dim"), Text("")]
    return [
        name,
        Text(one.subject.kind.value),
        Text(safe_text(alias_of(state, one.subject))),
        Text(safe_text(one.why.reason)),
    ]


def sheet_row(state: State, one: Line) -> tuple[Cell, ...]:
    """A line for a CSV file."""
    if one.subject is None or one.why is None:
        return (one.organization, None, None, None, None, None)
    subject = one.subject
    return (one.organization, subject.kind.value, subject.id, alias_of(state, subject), one.why.code, one.why.reason)


def standing_line(state: State) -> Text:
    """Which baseline counts in each organization."""
    said = Text()
    for place in state.looked_at:
        approved = state.baseline(place.id)
        said.append(f"{safe_text(state.organization_name(place.id))}  ", "bold")
        if approved is None:
            said.append("no baseline yet: press p to approve the first one.\n")
            continue
        one = approved.baseline
        said.append(f"run {one.run}, approved by {safe_text(one.approved.by)} on {one.approved.at:%Y-%m-%d}")
        if one.until is not None:
            ended = approved.expired(state.as_of)
            said.append(f", {'ENDED' if ended else 'until'} {one.until:%Y-%m-%d}", "bold red" if ended else "")
        said.append(f": {safe_text(one.reason)}\n")
    said.append("A pass about a subject that is not in the baseline counts as unknown until a new approval.", "dim")
    return said


def outside_text(what: Approvable) -> Text:
    """What the approval would take in."""
    said = Text(f"{counted(what.apps, 'app')} are in the run.\n")
    if what.standing is None:
        said.append("There is no baseline yet: everything in this run becomes the approved state.\n")
        return said
    if not what.outside:
        said.append("The current baseline covers everything.\n")
        return said
    said.append(f"\nNot in the baseline yet; this approves them ({len(what.outside)})\n", "bold")
    for subject, why in what.outside[:_MOST_SHOWN]:
        said.append("  + ", "bold green").append(f"{safe_text(alias_of(what.state, subject))}\n")
        said.append(f"      {safe_text(why.reason)}\n", "dim")
    if len(what.outside) > _MOST_SHOWN:
        left = and_more(len(what.outside) - _MOST_SHOWN)
        said.append(f"  {left}; the screen behind this form lists them all\n", "dim")
    return said


def summary(what: Approvable, by: str, reason: str, until: datetime | None) -> Text:
    """What is kept if the person agrees."""
    said = Text()
    said.append("run     ", "dim").append(f"{what.run.id} of {what.run.started_at:%Y-%m-%d %H:%M}Z\n")
    said.append("by      ", "dim").append(f"{safe_text(by)}\n")
    said.append("reason  ", "dim").append(f"{safe_text(reason)}\n")
    said.append("until   ", "dim").append(f"{until:%Y-%m-%d}\n\n" if until else "the next approval\n\n")
    return said.append_text(outside_text(what))


def subject_text(state: State, finding: Finding) -> str:
    """How the file names the finding's subject: by alias where that means it alone, else by its ID."""
    alias = alias_of(state, finding.subject)
    several = len(state.organizations) > 1 and finding.subject.organization and ":" in alias
    prefixed = alias.startswith("organization:") or not several
    text = alias if prefixed else f"{finding.subject.organization}:{alias}"
    try:
        return text if resolve_alias(state, text) == finding.subject else finding.subject.id
    except UsageError:
        return finding.subject.id


def about(state: State, findings: Sequence[Finding]) -> Text:
    """What is to be accepted: one finding in full, or the first of several by name."""
    finding = findings[0]
    if len(findings) > 1:
        said = Text(f"Accept {len(findings)} findings, with one reason and one change to the file", "bold")
        for one in findings[:_MOST_NAMED]:
            said.append("\n").append_text(outcome_sign(one.outcome))
            said.append(f"  {one.check} of {safe_text(alias_of(state, one.subject))}", "not bold")
        left = len(findings) - _MOST_NAMED
        return said.append(f"\n{and_more(left)}", "not bold dim") if left > 0 else said
    said = Text().append(f"Accept {finding.check} of {safe_text(alias_of(state, finding.subject))}\n", "bold")
    said.append_text(severity_sign(finding.severity)).append("  ").append_text(outcome_sign(finding.outcome))
    said.append(f"  {safe_text(finding.reason)}", "not bold")
    if finding.observed is not None:
        said.append(f"\nobserved  {display(finding.observed)}", "not bold")
    return said


def diff(text: str) -> Text:
    """A unified diff; every line keeps its sign, so that colour says nothing alone."""
    said = Text()
    for line in text.splitlines():
        style = "bold"
        if not line.startswith(("+++", "---")):
            style = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "dim")
        said.append(f"{safe_text(line)}\n", style)
    return said


def effect(before: Report, after: Report, wanted: Sequence[Finding]) -> Text:
    """What the changed policy makes of the findings of the same run."""
    was = {one.id: one for one in before.findings}
    moved = [one for one in after.findings if one.id in was and was[one.id].outcome is not one.outcome]
    said = Text().append("Effect on the run shown\n", "bold")
    for one in moved[:_MOST_SHOWN]:
        said.append(f"  {one.check}  {safe_text(alias_of(after.state, one.subject))}: ")
        said.append_text(outcome_sign(was[one.id].outcome)).append(" -> ")
        said.append_text(outcome_sign(one.outcome)).append("\n")
    if len(moved) > _MOST_SHOWN:
        said.append(f"  and {counted(len(moved) - _MOST_SHOWN, 'more finding')}\n", "dim")
    left = {one.id for one in wanted} - {one.id for one in moved}
    if left:
        what = "The waiver does not cover the finding" if len(wanted) == 1 else f"{len(left)} of them are not covered"
        said.append(f"  ! {what}:\n", "bold red")
        for warning in new_warnings(before, after):
            said.append(f"    {safe_text(warning)}\n")
    return said


def new_warnings(before: Report, after: Report) -> Sequence[str]:
    """What the changed policy is warned of."""
    return [one for one in after.warnings if one not in before.warnings]


def covered(after: Report, wanted: Sequence[Finding]) -> int:
    """How many of the findings are waived then."""
    ids = {one.id for one in wanted}
    return sum(1 for one in after.findings if one.id in ids and one.waiver is not None)


def written_line(path: str, after: Report, wanted: Sequence[Finding]) -> str:
    """What to say once it is written."""
    left = sum(1 for one in after.findings if one.outcome.violates)
    count = covered(after, wanted)
    told = f"{wanted[0].check} is {'waived' if count else 'not covered'}"
    if len(wanted) > 1:
        told = f"{count} of {len(wanted)} findings are waived"
    return f"Written to {path}: {told}, {counted(left, 'finding')} still failing. Commit the file."
