"""The texts of the Evidence screen: due looks, attestations, the meaning of signals, and contradictions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from rich.text import Text

from contribaudit import catalogue
from contribaudit.attestations import due
from contribaudit.attestations.status import (
    AttestationStatus,
    SignalLine,
    contradictions,
    holding,
    seen_to_mean,
    signal_lines,
    what_became,
)
from contribaudit.core.advise.remedies import SECOND_PERSON
from contribaudit.core.model.attestation import Attestation
from contribaudit.core.model.finding import Finding, Outcome
from contribaudit.core.model.observation import SettingId, Value
from contribaudit.core.model.phrases import counted
from contribaudit.core.model.policy import AuditPolicy
from contribaudit.core.model.subject import Subject
from contribaudit.core.resolve.aliases import alias_of, called
from contribaudit.core.resolve.attested import AttestationHistory
from contribaudit.core.resolve.state import State
from contribaudit.exporters.text import Cell, display, safe_text
from contribaudit.tui.rows.due import DueScreen, due_screens
from contribaudit.tui.rows.signs import label_look, labelled, short_host
from contribaudit.tui.source import Board
from contribaudit.tui.widgets.grid import Column

ATTESTED_COLUMNS = (
    Column("state", 20),
    Column("subject", 12, flexible=True),
    Column("setting", 20, flexible=True),
    Column("value", 12),
    Column("by", 20, drop_below=100),
    Column("seen on", 10, drop_below=90),
    Column("anchored by", 12, drop_below=110),
)
WAITING = "needs second person"
FILTERS = ("in force", "waiting for confirmation", "superseded", "revoked", "all")
"""The filters of the list of attestations."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """An attestation with its present status."""

    attestation: Attestation
    became: AttestationStatus
    due_on: datetime | None
    wanted: bool
    """Whether findings wait for a second person to confirm the attestation."""

    @property
    def state(self) -> str:
        """The status in a few words."""
        return WAITING if self.wanted else str(self.became)


def recorded_of(
    known: Sequence[Attestation], now: datetime, policy: AuditPolicy | None, findings: Sequence[Finding]
) -> list[Recorded]:
    """All attestations, newest first, each with its status at `now`."""
    became = what_became(known, now)
    wanted = {(one.subject, one.setting) for one in findings if one.reason_code == SECOND_PERSON}
    found = []
    for one in reversed(known):
        in_force = became[one.id] is AttestationStatus.IN_FORCE
        due_on = due.due_at(one, one.screen, policy) if policy is not None and in_force else None
        waits = in_force and one.second_person is None and (one.subject, SettingId(one.setting)) in wanted
        found.append(Recorded(one, became[one.id], due_on, waits))
    return found


def recorded_cells(state: State, one: Recorded) -> list[Text]:
    """The texts of one line in the list of attestations."""
    told = one.attestation
    style = {AttestationStatus.REVOKED: "dim strike", AttestationStatus.SUPERSEDED: "dim"}.get(one.became, "")
    return [
        Text(one.state, "bold yellow" if one.wanted else style),
        Text(short_host(safe_text(called(state, told.subject)))),
        Text(safe_text(told.setting)),
        Text(display(told.value)),
        Text(safe_text(told.by)),
        Text(f"{told.observed_at:%Y-%m-%d}"),
        Text("nothing", "yellow") if not told.bound else Text(counted(len(told.anchors), "signal")),
    ]


def recorded_detail(state: State, one: Recorded, note: str = "") -> Text:
    """An attestation in full: who, when, where, and its anchors and whether they still hold."""
    told = one.attestation
    said = Text().append(f"{safe_text(told.setting)} = {display(told.value)}\n", "bold")
    said.append(f"{safe_text(called(state, told.subject))}\n\n")
    labelled(said, "state", one.state)
    labelled(said, "looked", f"{safe_text(told.by)}, {told.observed_at:%Y-%m-%d %H:%M}Z")
    where = " on ".join(safe_text(one) for one in (told.recorded.account, told.recorded.host) if one)
    labelled(said, "recorded", f"{safe_text(told.recorded.by)}{f', {where}' if where else ''}")
    for signature in told.confirmed:
        labelled(said, "confirmed", f"{safe_text(signature.by)}, {signature.at:%Y-%m-%d %H:%M}Z")
    if not told.confirmed:
        labelled(said, "confirmed", "not yet")
    if told.revoked is not None:
        labelled(said, "revoked", f"{safe_text(told.revoked.by)}, {told.revoked.at:%Y-%m-%d %H:%M}Z")
        labelled(said, "because", safe_text(note) or "no reason given")
    if one.due_on is not None:
        labelled(said, "look again", f"{one.due_on:%Y-%m-%d}")
    labelled(said, "screen", safe_text(told.screen) or "not recorded")
    label_look(said, told)
    plan = told.highest_plan or ", ".join(told.plan_words) or "not known"
    labelled(said, "plan at the time", safe_text(plan))
    labelled(said, "ID", told.id)
    said.append("\nAnchors\n", "bold")
    if not told.bound:
        said.append(f"  none: {safe_text(told.unanchored_reason)}\n", "yellow")
    for hold in holding(state, told, catalogue.find(told.setting).family):
        sign, style = ("holds", "green") if hold.holds else ("MOVED?", "bold red")
        said.append(f"  {sign:<7}", style).append(
            f"{safe_text(hold.anchor.signal)} of the {hold.anchor.subject.kind}: "
        )
        said.append(f"{safe_text(hold.told)}\n")
    return said


def cut_down(recorded: Sequence[Recorded], wanted: str) -> list[Recorded]:
    """The attestations that match `wanted`, one of FILTERS."""
    match wanted:
        case "all":
            return list(recorded)
        case "waiting for confirmation":
            return [one for one in recorded if one.wanted]
        case _:
            return [one for one in recorded if one.became == wanted]


def recorded_line(recorded: Sequence[Recorded], wanted: str) -> Text:
    """The sentence above the list of attestations."""
    counts = Counter(one.became for one in recorded)
    waiting = sum(1 for one in recorded if one.wanted)
    said = Text().append(f"Shown: {wanted}", "bold").append(" (x: next)   ", "dim")
    said.append(f"in force {counts[AttestationStatus.IN_FORCE]}, waiting for a second person {waiting}, ")
    return said.append(
        f"superseded {counts[AttestationStatus.SUPERSEDED]}, revoked {counts[AttestationStatus.REVOKED]}"
    )


def made_line(made: Sequence[Attestation]) -> str:
    """A sentence on how many attestations were recorded and how they are anchored."""
    loose = [one for one in made if not one.bound]
    was = counted(len(made), "attestation was recorded", "attestations were recorded")
    if not loose:
        return f"{was}, each anchored by API signals."
    some = "not" if len(loose) == len(made) else f"{len(loose)} of them not"
    return f"{was}, {some} anchored: {loose[0].unanchored_reason}."


SHEET = ("state", "subject", "setting", "value", "by", "observed_at", "confirmed_by", "anchored", "id")


def sheet_row(state: State, one: Recorded) -> tuple[Cell, ...]:
    """The cells of an attestation in a CSV file, in the order of SHEET."""
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


CONFLICT_COLUMNS = (
    Column("subject", 20, flexible=True),
    Column("setting", 20, flexible=True),
    Column("subject", 30, flexible=True),
)


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Evidence for one setting of a subject that contradicts itself."""

    subject: Subject
    setting: SettingId
    said: tuple[Attestation, ...]
    """Attestations for the same moment; empty if other evidence is in conflict."""
    finding: Finding | None = None


def conflicts_of(known: Sequence[Attestation], now: datetime, findings: Sequence[Finding]) -> list[Contradiction]:
    said = [Contradiction(found[0].subject, found[0].setting, tuple(found)) for found in contradictions(known, now)]
    there = {(one.subject, one.setting) for one in said}
    return said + [
        Contradiction(finding.subject, finding.setting, (), finding)
        for finding in findings
        if finding.underlying_outcome is Outcome.CONFLICT
        and finding.setting is not None
        and (finding.subject, finding.setting) not in there
    ]


def conflict_cells(state: State, one: Contradiction) -> list[Text]:
    """The texts of one line in the list of conflicts."""
    about = (
        " against ".join(f"{display(told.value)} ({safe_text(told.by)})" for told in one.said)
        if one.said
        else safe_text(one.finding.reason)
        if one.finding is not None
        else ""
    )
    return [Text(short_host(safe_text(called(state, one.subject)))), Text(safe_text(one.setting)), Text(about)]


def conflict_detail(state: State, one: Contradiction) -> list[Text]:
    """The sides of the conflict, one text each, to be shown side by side."""
    if one.said:
        recorded = [Recorded(told, AttestationStatus.IN_FORCE, None, False) for told in one.said]
        return [recorded_detail(state, each) for each in recorded]
    if one.finding is None:
        return []
    sides = []
    for evidence in one.finding.evidence:
        side = Text().append(f"{evidence.grade}\n", "bold")
        labelled(side, "source", safe_text(evidence.source))
        labelled(side, "seen", f"{evidence.observed_at:%Y-%m-%d %H:%M}Z")
        if evidence.attested_by:
            labelled(side, "by", safe_text(evidence.attested_by))
        if evidence.sha256:
            labelled(side, "digest", evidence.sha256)
        sides.append(side)
    about = Text(f"{safe_text(one.finding.reason)}\n\n")
    return [about.append_text(sides[0]) if sides else about, *sides[1:]]


SIGNAL_COLUMNS = (
    Column("owner", 14, flexible=True),
    Column("signal", 16, flexible=True),
    Column("now", 13),
    Column("since", 10, drop_below=90),
    Column("meaning so far", 18, flexible=True, drop_below=68),
)


def signal_cells(state: State, one: SignalLine) -> list[Text]:
    """The texts of one line in the list of signals."""
    seen = one.reading
    return [
        Text(short_host(safe_text(called(state, seen.owner)))),
        Text(safe_text(seen.signal.removeprefix("signal."))),
        Text(seen.standing.value if seen.settled else "being applied", "yellow" if seen.standing == "unread" else ""),
        Text(f"{one.since:%Y-%m-%d}" if one.since is not None else ""),
        Text(_meaning(one.meant) or "no data", "" if one.meant else "dim"),
    ]


def signal_detail(state: State, one: SignalLine, history: AttestationHistory) -> Text:
    """Every known state of the signal, with the values that people attested in it."""
    seen = one.reading
    said = Text().append(f"{safe_text(seen.signal)}\n", "bold").append(f"{safe_text(called(state, seen.owner))}\n\n")
    labelled(said, "now", seen.standing.value if seen.settled else "a change is being applied")
    if seen.reason:
        labelled(said, "because", safe_text(seen.reason))
    if seen.revision:
        labelled(said, "updated", safe_text(seen.revision))
    said.append("\nStates, newest first\n", "bold")
    states = [*one.earlier, *([(one.since, seen.state)] if one.since is not None else [])]
    for since, held in reversed(states):
        digest = "absent" if held is None else ", ".join(safe_text(name[:12]) for name in held)
        said.append(f"  since {since:%Y-%m-%d %H:%M}Z  ", "bold").append(f"{digest}\n")
        meant = seen_to_mean(history.attestations, seen.owner, seen.signal, held)
        for setting, value in meant:
            said.append(f"      {safe_text(setting)} = {display(value)}\n")
        if not meant:
            said.append("      no attestation was recorded in this state\n", "dim")
    if not states:
        said.append("  no run has stored one yet\n", "dim")
    return said


def _meaning(meant: Sequence[tuple[SettingId, Value]]) -> str:
    return ", ".join(f"{safe_text(setting)}={display(value)}" for setting, value in meant)


@dataclass(frozen=True, slots=True)
class Contents:
    """Everything on the Evidence screen for one board."""

    due: tuple[DueScreen, ...] = ()
    recorded: tuple[Recorded, ...] = ()
    """Newest first."""
    signals: tuple[SignalLine, ...] = ()
    conflicts: tuple[Contradiction, ...] = ()


def contents(board: Board, testimony: Mapping[str, AttestationHistory]) -> Contents:
    """The content of the Evidence screen; `testimony` are the attestation histories by organization."""
    state, policy = board.report.state, board.policy
    known = [one for told in testimony.values() for one in told.attestations]
    return Contents(
        due=tuple(due_screens(state, known, policy, board.report.findings)) if policy is not None else (),
        recorded=tuple(recorded_of(known, state.as_of, policy, board.report.findings)),
        signals=tuple(line for name, told in testimony.items() for line in signal_lines(state, told, name)),
        conflicts=tuple(conflicts_of(known, state.as_of, board.report.findings)),
    )
