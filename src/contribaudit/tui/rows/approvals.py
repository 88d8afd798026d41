"""The approved state as rows: what stands, and what is outside of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rich.text import Text

from contribaudit.audit.baselines import Approvable, outside_now
from contribaudit.core.alias import alias_of
from contribaudit.core.judge.baseline import Uncovered
from contribaudit.core.model.subject import Subject
from contribaudit.core.resolve.state import State
from contribaudit.exporters.text import Cell, plain
from contribaudit.exporters.words import counted
from contribaudit.tui.widgets.grid import Column

COLUMNS = (
    Column("organization", 16, flexible=True),
    Column("kind", 9),
    Column("outside of the baseline", 24, flexible=True),
    Column("why", 24, flexible=True, drop_below=80),
)
SHEET = ("organization_id", "subject_kind", "subject_id", "subject_name", "reason_code", "reason")
_MOST_SHOWN = 40


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
    name = Text(plain(state.organization_name(one.organization)))
    if one.subject is None or one.why is None:
        told = "nothing is outside" if state.baseline(one.organization) is not None else "no baseline yet"
        return [name, Text(""), Text(told, "dim"), Text("")]
    return [name, Text(one.subject.kind.value), Text(plain(alias_of(state, one.subject))), Text(plain(one.why.reason))]


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
        said.append(f"{plain(state.organization_name(place.id))}  ", "bold")
        if approved is None:
            said.append("no baseline: nothing is held to an approved state. p approves the first.\n")
            continue
        one = approved.baseline
        said.append(f"run {one.run}, approved by {plain(one.approved.by)} on {one.approved.at:%Y-%m-%d}")
        if one.until is not None:
            ended = approved.expired(state.as_of)
            said.append(f", {'ENDED' if ended else 'until'} {one.until:%Y-%m-%d}", "bold red" if ended else "")
        said.append(f": {plain(one.reason)}\n")
    said.append("What is outside of a baseline is never a pass, until somebody approves anew.", "dim")
    return said


def outside_text(what: Approvable) -> Text:
    """What the approval would take in."""
    said = Text(f"{counted(what.apps, 'app')} are in the run.\n")
    if what.standing is None:
        said.append("There is no baseline so far: everything that the run knew becomes the approved state.\n")
        return said
    if not what.outside:
        said.append("Nothing is outside of the baseline that counts now.\n")
        return said
    said.append(f"\nOutside so far, and approved by this ({len(what.outside)})\n", "bold")
    for subject, why in what.outside[:_MOST_SHOWN]:
        said.append("  + ", "bold green").append(f"{plain(alias_of(what.state, subject))}\n")
        said.append(f"      {plain(why.reason)}\n", "dim")
    if len(what.outside) > _MOST_SHOWN:
        said.append(
            f"  and {len(what.outside) - _MOST_SHOWN} more; they are all on the screen behind this form\n", "dim"
        )
    return said


def summary(what: Approvable, by: str, reason: str, until: datetime | None) -> Text:
    """What is kept if the person agrees."""
    said = Text()
    said.append("run     ", "dim").append(f"{what.run.id} of {what.run.started_at:%Y-%m-%d %H:%M}Z\n")
    said.append("by      ", "dim").append(f"{plain(by)}\n")
    said.append("reason  ", "dim").append(f"{plain(reason)}\n")
    said.append("until   ", "dim").append(f"{until:%Y-%m-%d}\n\n" if until else "the next approval\n\n")
    return said.append_text(outside_text(what))
