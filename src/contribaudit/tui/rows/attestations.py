"""What people attested, what became of it, and who confirmed it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from rich.text import Text

from contribaudit import catalogue
from contribaudit.attestations import due
from contribaudit.attestations.status import Became, holding, what_became
from contribaudit.core.advise.remedies import SECOND_PERSON
from contribaudit.core.alias import alias_of
from contribaudit.core.model.attestation import Attestation
from contribaudit.core.model.finding import Finding
from contribaudit.core.model.observation import SettingId
from contribaudit.core.model.policy import AuditPolicy
from contribaudit.core.resolve.state import State
from contribaudit.exporters.text import Cell, plain, shown
from contribaudit.exporters.words import counted
from contribaudit.tui.rows.line import labelled
from contribaudit.tui.widgets.grid import Column

COLUMNS = (
    Column("state", 20),
    Column("subject", 12, flexible=True),
    Column("setting", 20, flexible=True),
    Column("value", 12),
    Column("by", 20, drop_below=100),
    Column("looked on", 10, drop_below=90),
    Column("held by", 12, drop_below=110),
)
WAITING = "second person wanted"
FILTERS = ("in force", "waiting for confirmation", "superseded", "revoked", "all")
"""What the list of attestations can be cut down to."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One attestation, and what became of it."""

    attestation: Attestation
    became: Became
    due_on: datetime | None
    wanted: bool
    """True when findings wait for a second person to confirm it."""

    @property
    def state(self) -> str:
        """In a word or two."""
        return WAITING if self.wanted else str(self.became)


def recorded_of(
    known: Sequence[Attestation], now: datetime, policy: AuditPolicy | None, findings: Sequence[Finding]
) -> list[Recorded]:
    became = what_became(known, now)
    wanted = {(one.subject, one.setting) for one in findings if one.reason_code == SECOND_PERSON}
    return [
        Recorded(
            one,
            became[one.id],
            due.due_at(one, one.screen, policy) if policy is not None and became[one.id] is Became.IN_FORCE else None,
            became[one.id] is Became.IN_FORCE
            and one.second_person is None
            and (one.subject, SettingId(one.setting)) in wanted,
        )
        for one in reversed(known)
    ]


def recorded_cells(state: State, one: Recorded) -> list[Text]:
    """One line of the list of attestations."""
    told = one.attestation
    style = {Became.REVOKED: "dim strike", Became.SUPERSEDED: "dim"}.get(one.became, "")
    return [
        Text(one.state, "bold yellow" if one.wanted else style),
        Text(plain(alias_of(state, told.subject))),
        Text(plain(told.setting)),
        Text(shown(told.value)),
        Text(plain(told.by)),
        Text(f"{told.observed_at:%Y-%m-%d}"),
        Text("nothing", "yellow") if not told.bound else Text(counted(len(told.anchors), "signal")),
    ]


def recorded_detail(state: State, one: Recorded, note: str = "") -> Text:
    """One attestation in full: who, when, where, what holds it and whether that holds still."""
    told = one.attestation
    said = Text().append(f"{plain(told.setting)} = {shown(told.value)}\n", "bold")
    said.append(f"{plain(alias_of(state, told.subject))}\n\n")
    labelled(said, "state", one.state)
    labelled(said, "looked", f"{plain(told.by)}, {told.observed_at:%Y-%m-%d %H:%M}Z")
    where = " on ".join(plain(one) for one in (told.recorded.account, told.recorded.host) if one)
    labelled(said, "recorded", f"{plain(told.recorded.by)}{f', {where}' if where else ''}")
    for signature in told.confirmed:
        labelled(said, "confirmed", f"{plain(signature.by)}, {signature.at:%Y-%m-%d %H:%M}Z")
    if not told.confirmed:
        labelled(said, "confirmed", "by nobody so far")
    if told.revoked is not None:
        labelled(said, "revoked", f"{plain(told.revoked.by)}, {told.revoked.at:%Y-%m-%d %H:%M}Z")
        labelled(said, "because", plain(note) or "nobody said why")
    if one.due_on is not None:
        labelled(said, "look again", f"{one.due_on:%Y-%m-%d}")
    labelled(said, "screen", plain(told.screen) or "not said")
    labelled(said, "path", plain(told.console_path) or "not said")
    if told.note:
        labelled(said, "note", plain(told.note))
    for shot in told.attachments:
        labelled(said, "screenshot", f"{plain(shot.name)}, SHA-256 {shot.sha256}")
    plan = told.highest_plan or ", ".join(told.plan_words) or "not known"
    labelled(said, "plan then", plain(plan))
    labelled(said, "ID", told.id)
    said.append("\nWhat holds it in place\n", "bold")
    if not told.bound:
        said.append(f"  nothing: {plain(told.unanchored_reason)}\n", "yellow")
    for hold in holding(state, told, catalogue.find(told.setting).family):
        sign, style = ("holds", "green") if hold.holds else ("MOVED?", "bold red")
        said.append(f"  {sign:<7}", style).append(f"{plain(hold.anchor.signal)} of the {hold.anchor.subject.kind}: ")
        said.append(f"{plain(hold.told)}\n")
    return said


def cut_down(recorded: Sequence[Recorded], wanted: str) -> list[Recorded]:
    """Those that one of FILTERS leaves."""
    match wanted:
        case "all":
            return list(recorded)
        case "waiting for confirmation":
            return [one for one in recorded if one.wanted]
        case _:
            return [one for one in recorded if one.became == wanted]


def recorded_line(recorded: Sequence[Recorded], wanted: str) -> Text:
    """The sentence above the attestations."""
    counts = Counter(one.became for one in recorded)
    waiting = sum(1 for one in recorded if one.wanted)
    said = Text().append(f"Shown: {wanted}", "bold").append(" (n: the next)   ", "dim")
    said.append(f"in force {counts[Became.IN_FORCE]}, waiting for a second person {waiting}, ")
    return said.append(f"superseded {counts[Became.SUPERSEDED]}, revoked {counts[Became.REVOKED]}")


def made_line(made: Sequence[Attestation]) -> str:
    """What was recorded, and what holds it."""
    loose = [one for one in made if not one.bound]
    was = "1 attestation was recorded" if len(made) == 1 else f"{len(made)} attestations were recorded"
    if not loose:
        return f"{was}, each held in place by signals of the API."
    some = "not" if len(loose) == len(made) else f"{len(loose)} of them not"
    return f"{was}, {some} anchored: {loose[0].unanchored_reason}."


SHEET = ("state", "subject", "setting", "value", "by", "observed_at", "confirmed_by", "anchored", "id")


def sheet_row(state: State, one: Recorded) -> tuple[Cell, ...]:
    """An attestation for a CSV file."""
    told = one.attestation
    return (
        one.state,
        alias_of(state, told.subject),
        str(told.setting),
        told.value,
        told.by,
        told.observed_at,
        ", ".join(each.by for each in told.confirmed),
        told.bound,
        told.id,
    )
