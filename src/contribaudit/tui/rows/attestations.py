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
    statuses_of,
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
from contribaudit.tui.rows.signs import label_look, labelled, short_host, title_of
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
    status: AttestationStatus
    due_on: datetime | None
    needs_second_person: bool
    """Whether findings wait for a second person to confirm the attestation."""

    @property
    def state(self) -> str:
        """The status in a few words."""
        return WAITING if self.needs_second_person else str(self.status)


def recorded_of(
    looks: Sequence[Attestation], now: datetime, policy: AuditPolicy | None, findings: Sequence[Finding]
) -> list[Recorded]:
    """All attestations, newest first, each with its status at `now`."""
    statuses = statuses_of(looks, now)
    waiting = {(one.subject, one.setting) for one in findings if one.reason_code == SECOND_PERSON}
    recorded = []
    for look in reversed(looks):
        in_force = statuses[look.id] is AttestationStatus.IN_FORCE
        due_on = due.due_at(look, look.screen, policy) if policy is not None and in_force else None
        waits = in_force and look.second_person is None and (look.subject, SettingId(look.setting)) in waiting
        recorded.append(Recorded(look, statuses[look.id], due_on, waits))
    return recorded


def recorded_cells(state: State, recorded: Recorded) -> list[Text]:
    """The texts of one line in the list of attestations."""
    look = recorded.attestation
    style = {AttestationStatus.REVOKED: "dim strike", AttestationStatus.SUPERSEDED: "dim"}.get(recorded.status, "")
    return [
        Text(recorded.state, "bold yellow" if recorded.needs_second_person else style),
        Text(short_host(safe_text(called(state, look.subject)))),
        Text(title_of(look.setting)),
        Text(display(look.value)),
        Text(safe_text(look.by)),
        Text(f"{look.observed_at:%Y-%m-%d}"),
        Text("nothing", "yellow") if not look.bound else Text(counted(len(look.anchors), "signal")),
    ]


def recorded_detail(state: State, recorded: Recorded, note: str = "") -> Text:
    """An attestation in full: who, when, where, and its anchors and whether they still hold."""
    look = recorded.attestation
    text = Text().append(f"{title_of(look.setting)}: {display(look.value)}\n", "bold")
    text.append(f"{safe_text(called(state, look.subject))}\n\n")
    labelled(text, "state", recorded.state)
    labelled(text, "setting", safe_text(look.setting))
    labelled(text, "looked", f"{safe_text(look.by)}, {look.observed_at:%Y-%m-%d %H:%M}Z")
    where = " on ".join(safe_text(one) for one in (look.recorded.account, look.recorded.host) if one)
    labelled(text, "recorded", f"{safe_text(look.recorded.by)}{f', {where}' if where else ''}")
    for signature in look.confirmed:
        labelled(text, "confirmed", f"{safe_text(signature.by)}, {signature.at:%Y-%m-%d %H:%M}Z")
    if not look.confirmed:
        labelled(text, "confirmed", "not yet")
    if look.revoked is not None:
        labelled(text, "revoked", f"{safe_text(look.revoked.by)}, {look.revoked.at:%Y-%m-%d %H:%M}Z")
        labelled(text, "because", safe_text(note) or "no reason given")
    if recorded.due_on is not None:
        labelled(text, "look again", f"{recorded.due_on:%Y-%m-%d}")
    labelled(text, "screen", safe_text(look.screen) or "not recorded")
    label_look(text, look)
    plan = look.highest_plan or ", ".join(look.plan_words) or "not known"
    labelled(text, "plan then", safe_text(plan))
    labelled(text, "ID", look.id)
    text.append("\nAnchors\n", "bold")
    if not look.bound:
        text.append(f"  none: {safe_text(look.unanchored_reason)}\n", "yellow")
    for hold in holding(state, look, catalogue.find(look.setting).family):
        sign, style = ("holds", "green") if hold.holds else ("MOVED?", "bold red")
        text.append(f"  {sign:<7}", style).append(
            f"{safe_text(hold.anchor.signal)} of the {hold.anchor.subject.kind}: "
        )
        text.append(f"{safe_text(hold.told)}\n")
    return text


def cut_down(recorded: Sequence[Recorded], chosen: str) -> list[Recorded]:
    """The attestations that match `chosen`, one of FILTERS."""
    match chosen:
        case "all":
            return list(recorded)
        case "waiting for confirmation":
            return [one for one in recorded if one.needs_second_person]
        case _:
            return [one for one in recorded if one.status == chosen]


def recorded_line(recorded: Sequence[Recorded], chosen: str) -> Text:
    """The sentence above the list of attestations."""
    counts = Counter(one.status for one in recorded)
    waiting = sum(1 for one in recorded if one.needs_second_person)
    text = Text().append(f"Shown: {chosen}", "bold").append(" (x: next)   ", "dim")
    text.append(f"in force {counts[AttestationStatus.IN_FORCE]}, waiting for a second person {waiting}, ")
    return text.append(
        f"superseded {counts[AttestationStatus.SUPERSEDED]}, revoked {counts[AttestationStatus.REVOKED]}"
    )


SHEET = ("state", "subject", "setting", "value", "by", "observed_at", "confirmed_by", "anchored", "id")


def sheet_row(state: State, recorded: Recorded) -> tuple[Cell, ...]:
    """The cells of an attestation in a CSV file, in the order of SHEET."""
    look = recorded.attestation
    return (
        recorded.state,
        alias_of(state, look.subject),
        str(look.setting),
        look.value,
        look.by,
        look.observed_at,
        ", ".join(signature.by for signature in look.confirmed),
        look.bound,
        look.id,
    )


CONFLICT_COLUMNS = (
    Column("subject", 20, flexible=True),
    Column("setting", 20, flexible=True),
    Column("evidence", 30, flexible=True),
)


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Evidence for one setting of a subject that contradicts itself."""

    subject: Subject
    setting: SettingId
    attestations: tuple[Attestation, ...]
    """Attestations for the same moment; empty if other evidence is in conflict."""
    finding: Finding | None = None


def conflicts_of(looks: Sequence[Attestation], now: datetime, findings: Sequence[Finding]) -> list[Contradiction]:
    clashes = [Contradiction(sides[0].subject, sides[0].setting, tuple(sides)) for sides in contradictions(looks, now)]
    there = {(one.subject, one.setting) for one in clashes}
    return clashes + [
        Contradiction(finding.subject, finding.setting, (), finding)
        for finding in findings
        if finding.underlying_outcome is Outcome.CONFLICT
        and finding.setting is not None
        and (finding.subject, finding.setting) not in there
    ]


def conflict_cells(state: State, clash: Contradiction) -> list[Text]:
    """The texts of one line in the list of conflicts."""
    about = (
        " against ".join(f"{display(look.value)} ({safe_text(look.by)})" for look in clash.attestations)
        if clash.attestations
        else safe_text(clash.finding.reason)
        if clash.finding is not None
        else ""
    )
    return [Text(short_host(safe_text(called(state, clash.subject)))), Text(title_of(clash.setting)), Text(about)]


def conflict_detail(state: State, clash: Contradiction) -> list[Text]:
    """The sides of the conflict, one text each, to be shown side by side."""
    if clash.attestations:
        recorded = [Recorded(look, AttestationStatus.IN_FORCE, None, False) for look in clash.attestations]
        return [recorded_detail(state, each) for each in recorded]
    if clash.finding is None:
        return []
    sides = []
    for evidence in clash.finding.evidence:
        side = Text().append(f"{evidence.grade}\n", "bold")
        labelled(side, "source", safe_text(evidence.source))
        labelled(side, "seen", f"{evidence.observed_at:%Y-%m-%d %H:%M}Z")
        if evidence.attested_by:
            labelled(side, "by", safe_text(evidence.attested_by))
        if evidence.sha256:
            labelled(side, "digest", evidence.sha256)
        sides.append(side)
    about = Text(f"{safe_text(clash.finding.reason)}\n\n")
    return [about.append_text(sides[0]) if sides else about, *sides[1:]]


SIGNAL_COLUMNS = (
    Column("owner", 14, flexible=True),
    Column("signal", 16, flexible=True),
    Column("now", 13),
    Column("since", 10, drop_below=90),
    Column("meaning so far", 18, flexible=True, drop_below=68),
)


def signal_cells(state: State, line: SignalLine) -> list[Text]:
    """The texts of one line in the list of signals."""
    seen = line.reading
    return [
        Text(short_host(safe_text(called(state, seen.owner)))),
        Text(safe_text(seen.signal.removeprefix("signal."))),
        Text(seen.presence.value if seen.settled else "being applied", "yellow" if seen.presence == "unread" else ""),
        Text(f"{line.since:%Y-%m-%d}" if line.since is not None else ""),
        Text(_meaning(line.meant) or "no data", "" if line.meant else "dim"),
    ]


def signal_detail(state: State, line: SignalLine, history: AttestationHistory) -> Text:
    """Every known state of the signal, with the values that people attested in it."""
    seen = line.reading
    text = Text().append(f"{safe_text(seen.signal)}\n", "bold").append(f"{safe_text(called(state, seen.owner))}\n\n")
    labelled(text, "now", seen.presence.value if seen.settled else "a change is being applied")
    if seen.reason:
        labelled(text, "because", safe_text(seen.reason))
    if seen.revision:
        labelled(text, "updated", safe_text(seen.revision))
    text.append("\nStates, newest first\n", "bold")
    states = [*line.earlier, *([(line.since, seen.state)] if line.since is not None else [])]
    for since, digests in reversed(states):
        digest = "absent" if digests is None else ", ".join(safe_text(name[:12]) for name in digests)
        text.append(f"  since {since:%Y-%m-%d %H:%M}Z  ", "bold").append(f"{digest}\n")
        values = seen_to_mean(history.attestations, seen.owner, seen.signal, digests)
        for setting, value in values:
            text.append(f"      {title_of(setting)}: {display(value)}\n")
        if not values:
            text.append("      no attestation was recorded in this state\n", "dim")
    if not states:
        text.append("  no run has stored one yet\n", "dim")
    return text


def _meaning(values: Sequence[tuple[SettingId, Value]]) -> str:
    return ", ".join(f"{title_of(setting)}: {display(value)}" for setting, value in values)


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
    looks = [one for history in testimony.values() for one in history.attestations]
    return Contents(
        due=tuple(due_screens(state, looks, policy, board.report.findings)) if policy is not None else (),
        recorded=tuple(recorded_of(looks, state.as_of, policy, board.report.findings)),
        signals=tuple(line for name, history in testimony.items() for line in signal_lines(state, history, name)),
        conflicts=tuple(conflicts_of(looks, state.as_of, board.report.findings)),
    )
