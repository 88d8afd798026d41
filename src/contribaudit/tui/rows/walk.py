"""What the form of one console screen says: the way there, each row's question, and the summary before it is kept."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from contribaudit.attestations.anchoring import described
from contribaudit.attestations.due import Row
from contribaudit.attestations.recording import allowed
from contribaudit.core.alias import alias_of
from contribaudit.core.model.attestation import Attachment, Attestation
from contribaudit.core.model.rulebook import Screen
from contribaudit.core.resolve.state import State
from contribaudit.exporters.text import plain, shown
from contribaudit.exporters.words import counted
from contribaudit.testimony.doubts import doubt
from contribaudit.tui.rows.line import labelled

KEEP = "="
"""Typed for "it still shows what the last look saw"."""
NO_KEY = (
    "There is no API key here, so no signal is read before and after your look: what you record will not be anchored, "
    "and grows old sooner."
)


def question(state: State, row: Row) -> Text:
    """What the row asks; the last answer is marked as carried, and never stands in the box."""
    said = Text(plain(alias_of(state, row.subject)), "bold").append(f"  {plain(row.setting.title)}", "not bold")
    if row.last is not None:
        said.append("\ncarried ", "bold yellow")
        said.append(f"from {row.last.observed_at:%Y-%m-%d}, {plain(row.last.by)}: ", "not bold")
        said.append(shown(row.last.value), "bold")
        said.append(f"   type {KEEP} if the console still shows that", "not bold dim")
    return said


def placeholder(row: Row) -> str:
    """What the box takes, shown while it is empty: all words alike, none of them first."""
    return allowed(row.setting)


def where(screen: Screen, path: str) -> Text:
    """The way to the screen, and what to mind there."""
    said = (
        Text().append("Go to  ", "dim").append(plain(path) or "(no path is known: note the one that you take)", "bold")
    )
    if screen.grade == "C":
        said.append("   probably: the path was not read in the original", "yellow")
    if screen.note:
        said.append(f"\n{plain(screen.note)}", "not bold")
    return said


def digests(shots: Sequence[Attachment]) -> Text:
    """What a screenshot is known by."""
    said = Text()
    for shot in shots:
        said.append(f"{plain(shot.name)}, {shot.size_bytes:,} bytes, SHA-256 {shot.sha256}\n")
    return said


def summary(state: State, made: Sequence[Attestation]) -> Text:
    """What would be kept, value by value, with what holds each."""
    first = made[0]
    said = Text()
    labelled(said, "by", f"{plain(first.by)}, {first.observed_at:%Y-%m-%d %H:%M}Z")
    labelled(said, "path", plain(first.console_path) or "not said")
    if first.note:
        labelled(said, "note", plain(first.note))
    for shot in first.attachments:
        labelled(said, "screenshot", f"{plain(shot.name)}, SHA-256 {shot.sha256}")
    if not first.attachments:
        labelled(said, "screenshot", "none")
    for one in made:
        said.append(f"\n{plain(alias_of(state, one.subject))}  ", "bold").append(f"{plain(one.setting)} = ")
        said.append(f"{shown(one.value)}\n", "bold")
        if one.bound:
            said.append("  held by ", "green").append(f"{plain(described(one.anchors))}\n")
        else:
            said.append("  not anchored: ", "yellow").append(f"{plain(one.unanchored_reason)}\n")
        doubted = doubt(state, one.subject.organization, one.setting, one.value)
        if doubted:
            said.append("  doubtful: ", "bold yellow").append(f"{plain(doubted)}\n")
    return said


def title(screen: Screen, made: Sequence[Attestation]) -> str:
    """The question above the summary."""
    return f"Record {counted(len(made), 'value')} of the screen {plain(screen.title)}?"
