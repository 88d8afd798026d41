"""How a waiver is shown before it is written: the change to the policy file, and what it would make of the findings."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from contribaudit.core.advise.report import Report
from contribaudit.core.alias import alias_of, resolve_alias
from contribaudit.core.model.finding import Finding
from contribaudit.core.resolve.state import State
from contribaudit.errors import UsageError
from contribaudit.exporters.text import plain, shown
from contribaudit.exporters.words import counted
from contribaudit.tui.rows import symbols


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


def about(state: State, finding: Finding) -> Text:
    """What is to be accepted."""
    said = Text().append(f"Accept {finding.check} of {plain(alias_of(state, finding.subject))}\n", "bold")
    said.append_text(symbols.severity(finding.severity)).append("  ").append_text(symbols.outcome(finding.outcome))
    said.append(f"  {plain(finding.reason)}", "not bold")
    if finding.observed is not None:
        said.append(f"\nobserved  {shown(finding.observed)}", "not bold")
    return said


def diff(text: str) -> Text:
    """A unified diff; every line keeps its sign, so that colour says nothing alone."""
    said = Text()
    for line in text.splitlines():
        style = "bold"
        if not line.startswith(("+++", "---")):
            style = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "dim")
        said.append(f"{plain(line)}\n", style)
    return said


def effect(before: Report, after: Report, wanted: Finding) -> Text:
    """What the changed policy makes of the findings of the same run."""
    was = {one.id: one for one in before.findings}
    moved = [one for one in after.findings if one.id in was and was[one.id].outcome is not one.outcome]
    said = Text().append("What it does to the run that is shown\n", "bold")
    for one in moved:
        said.append(f"  {one.check}  {plain(alias_of(after.state, one.subject))}: ")
        said.append_text(symbols.outcome(was[one.id].outcome)).append(" -> ")
        said.append_text(symbols.outcome(one.outcome)).append("\n")
    if wanted.id not in {one.id for one in moved}:
        said.append("  ! It does not cover the finding:\n", "bold red")
        for warning in new_warnings(before, after):
            said.append(f"    {plain(warning)}\n")
    return said


def new_warnings(before: Report, after: Report) -> Sequence[str]:
    """What the changed policy is warned of."""
    return [one for one in after.warnings if one not in before.warnings]


def covers(after: Report, wanted: Finding) -> bool:
    """Whether the finding is waived then."""
    return any(one.id == wanted.id and one.waiver is not None for one in after.findings)


def written_line(path: str, after: Report, wanted: Finding) -> str:
    """What to say once it is written."""
    left = sum(1 for one in after.findings if one.outcome.violates)
    word = "waived" if covers(after, wanted) else "not covered"
    return f"Written to {path}: {wanted.check} is {word}, {counted(left, 'finding')} still failing. Commit the file."
