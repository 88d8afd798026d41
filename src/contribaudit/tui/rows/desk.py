"""What the evidence desk shows: what is due, what was attested, what signals mean, what contradicts itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from rich.text import Text

from contribaudit import catalogue
from contribaudit.core.alias import alias_of
from contribaudit.core.attestation import Attestation
from contribaudit.core.attested import Testimony
from contribaudit.core.finding import Finding, Outcome, Severity
from contribaudit.core.next_steps import SECOND_PERSON
from contribaudit.core.observation import SettingId, Value
from contribaudit.core.policy import AuditPolicy
from contribaudit.core.rules import Screen
from contribaudit.core.state import State
from contribaudit.core.subject import Subject
from contribaudit.exporters.cells import Cell, plain, shown
from contribaudit.exporters.words import counted
from contribaudit.testimony import due
from contribaudit.testimony.standing import Became, SignalLine, contradictions, holding, signal_lines, what_became
from contribaudit.tui.rows import symbols
from contribaudit.tui.source import Board
from contribaudit.tui.widgets.grid import Column

DUE = (
    Column("console screen", 30, flexible=True),
    Column("organization", 16, drop_below=100),
    Column("values", 6),
    Column("min", 3),
    Column("last look", 10),
    Column("findings that wait", 20),
)
ATTESTED = (
    Column("state", 20),
    Column("subject", 12, flexible=True),
    Column("setting", 20, flexible=True),
    Column("value", 12),
    Column("by", 20, drop_below=100),
    Column("looked on", 10, drop_below=90),
    Column("held by", 12, drop_below=110),
)
SIGNALS = (
    Column("owner", 14, flexible=True),
    Column("signal", 16, flexible=True),
    Column("now", 13),
    Column("since", 10, drop_below=90),
    Column("seen to mean", 18, flexible=True, drop_below=68),
)
CONFLICTS = (
    Column("subject", 20, flexible=True),
    Column("setting", 20, flexible=True),
    Column("what it is about", 30, flexible=True),
)
WAITING = "second person wanted"
FILTERS = ("in force", "waiting for confirmation", "superseded", "revoked", "all")
"""What the list of attestations can be cut down to."""


@dataclass(frozen=True, slots=True)
class DueScreen:
    """One console screen of one organization on which somebody should look at something."""

    screen: Screen
    organization: str
    rows: tuple[due.Row, ...]
    waiting: tuple[Finding, ...]
    """Unproven findings about what the screen shows, gravest first."""

    @property
    def looked_at(self) -> datetime | None:
        """The oldest look that is to be renewed; None when a value of it was never looked at."""
        return min((row.last.observed_at for row in self.rows if row.last is not None), default=None)


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


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Values that contradict each other."""

    subject: Subject
    setting: SettingId
    said: tuple[Attestation, ...]
    """By people, for one moment; empty where the contradiction is in other evidence."""
    finding: Finding | None = None


@dataclass(frozen=True, slots=True)
class Contents:
    """Everything on the desk, of the organizations of one board."""

    due: tuple[DueScreen, ...] = ()
    recorded: tuple[Recorded, ...] = ()
    """Newest first."""
    signals: tuple[SignalLine, ...] = ()
    conflicts: tuple[Contradiction, ...] = ()


def contents(board: Board, testimony: Mapping[str, Testimony]) -> Contents:
    """What is on the desk, from what people recorded by organization."""
    state, policy = board.report.state, board.policy
    known = [one for told in testimony.values() for one in told.attestations]
    return Contents(
        due=tuple(_due(state, known, policy, board.report.findings)) if policy is not None else (),
        recorded=tuple(_recorded(known, state.as_of, policy, board.report.findings)),
        signals=tuple(line for name, told in testimony.items() for line in signal_lines(state, told, name)),
        conflicts=tuple(_conflicts(known, state.as_of, board.report.findings)),
    )


def due_cells(state: State, one: DueScreen) -> list[Text]:
    """One line of what is due."""
    never = sum(1 for row in one.rows if row.last is None)
    looked = f"{one.looked_at:%Y-%m-%d}" if one.looked_at is not None and not never else "never" if never else ""
    waits = Text("none", "dim")
    if one.waiting:
        waits = Text(f"{len(one.waiting)} ").append_text(symbols.severity(one.waiting[0].severity))
    return [
        Text(plain(one.screen.title)),
        Text(plain(state.organization_name(one.organization))),
        Text(str(len(one.rows))),
        Text(str(one.screen.minutes)),
        Text(looked),
        waits,
    ]


def due_line(waiting: Sequence[DueScreen]) -> Text:
    """The sentence above what is due."""
    if not waiting:
        return Text("Nothing is due.")
    minutes = sum(one.screen.minutes for one in waiting)
    values = sum(len(one.rows) for one in waiting)
    needed = [one for one in waiting if one.waiting]
    said = Text(f"{counted(values, 'value')} on {counted(len(waiting), 'screen')}, about {minutes} minutes. ")
    if needed:
        short = sum(one.screen.minutes for one in needed)
        said.append(f"What findings wait for: {counted(len(needed), 'screen')}, {short} minutes.", "bold")
    return said


def due_detail(state: State, one: DueScreen) -> Text:
    """What the look is about. The way there comes with the form, once the signals were read."""
    said = Text().append(f"{plain(one.screen.title)}\n", "bold")
    said.append(f"{counted(len(one.rows), 'value')}, about {counted(one.screen.minutes, 'minute')}\n\n", "dim")
    if one.screen.note:
        said.append(f"{plain(one.screen.note)}\n\n")
    for row in one.rows:
        said.append(f"{plain(alias_of(state, row.subject))}", "bold").append(f"  {plain(row.setting.title)}\n")
        if row.last is not None:
            said.append(f"  last look {row.last.observed_at:%Y-%m-%d}, {plain(row.last.by)}\n", "dim")
        else:
            said.append("  nobody looked yet\n", "dim")
    if one.waiting:
        said.append(f"\n{counted(len(one.waiting), 'finding')} that may wait for it\n", "bold")
        for finding in one.waiting[:20]:
            said.append("  ").append_text(symbols.severity(finding.severity))
            said.append(f"  {finding.check}  {plain(alias_of(state, finding.subject))}\n")
    return said


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
    _line(said, "state", one.state)
    _line(said, "looked", f"{plain(told.by)}, {told.observed_at:%Y-%m-%d %H:%M}Z")
    where = " on ".join(plain(one) for one in (told.recorded.account, told.recorded.host) if one)
    _line(said, "recorded", f"{plain(told.recorded.by)}{f', {where}' if where else ''}")
    for signature in told.confirmed:
        _line(said, "confirmed", f"{plain(signature.by)}, {signature.at:%Y-%m-%d %H:%M}Z")
    if not told.confirmed:
        _line(said, "confirmed", "by nobody so far")
    if told.revoked is not None:
        _line(said, "revoked", f"{plain(told.revoked.by)}, {told.revoked.at:%Y-%m-%d %H:%M}Z")
        _line(said, "because", plain(note) or "nobody said why")
    if one.due_on is not None:
        _line(said, "look again", f"{one.due_on:%Y-%m-%d}")
    _line(said, "screen", plain(told.screen) or "not said")
    _line(said, "path", plain(told.console_path) or "not said")
    if told.note:
        _line(said, "note", plain(told.note))
    for shot in told.attachments:
        _line(said, "screenshot", f"{plain(shot.name)}, SHA-256 {shot.sha256}")
    plan = told.highest_plan or ", ".join(told.plan_words) or "not known"
    _line(said, "plan then", plain(plan))
    _line(said, "ID", told.id)
    said.append("\nWhat holds it in place\n", "bold")
    if not told.bound:
        said.append(f"  nothing: {plain(told.unanchored_reason)}\n", "yellow")
    for hold in holding(state, told, catalogue.find(told.setting).family):
        sign, style = ("holds", "green") if hold.holds else ("MOVED?", "bold red")
        said.append(f"  {sign:<7}", style).append(f"{plain(hold.anchor.signal)} of the {hold.anchor.subject.kind}: ")
        said.append(f"{plain(hold.told)}\n")
    return said


def signal_cells(state: State, one: SignalLine) -> list[Text]:
    """One line of the signals."""
    seen = one.reading
    return [
        Text(plain(alias_of(state, seen.owner))),
        Text(plain(seen.signal.removeprefix("signal."))),
        Text(seen.standing.value if seen.settled else "being applied", "yellow" if seen.standing == "unread" else ""),
        Text(f"{one.since:%Y-%m-%d}" if one.since is not None else ""),
        Text(_meaning(one.meant) or "nothing yet", "" if one.meant else "dim"),
    ]


def signal_detail(state: State, one: SignalLine, told: Testimony) -> Text:
    """All the states that the signal was in, and what each was seen to mean."""
    from contribaudit.testimony.standing import seen_to_mean

    seen = one.reading
    said = Text().append(f"{plain(seen.signal)}\n", "bold").append(f"{plain(alias_of(state, seen.owner))}\n\n")
    _line(said, "now", seen.standing.value if seen.settled else "a change is being applied")
    if seen.reason:
        _line(said, "because", plain(seen.reason))
    if seen.revision:
        _line(said, "updated", plain(seen.revision))
    said.append("\nStates, newest first\n", "bold")
    states = [*one.earlier, *([(one.since, seen.state)] if one.since is not None else [])]
    for since, held in reversed(states):
        digest = "absent" if held is None else ", ".join(plain(name[:12]) for name in held)
        said.append(f"  since {since:%Y-%m-%d %H:%M}Z  ", "bold").append(f"{digest}\n")
        meant = seen_to_mean(told.attestations, seen.owner, seen.signal, held)
        for setting, value in meant:
            said.append(f"      {plain(setting)} = {shown(value)}\n")
        if not meant:
            said.append("      nobody looked while it stood so\n", "dim")
    if not states:
        said.append("  no run has kept one yet\n", "dim")
    return said


def conflict_cells(state: State, one: Contradiction) -> list[Text]:
    """One line of the conflicts."""
    about = (
        " against ".join(f"{shown(told.value)} ({plain(told.by)})" for told in one.said)
        if one.said
        else plain(one.finding.reason)
        if one.finding is not None
        else ""
    )
    return [Text(plain(alias_of(state, one.subject))), Text(plain(one.setting)), Text(about)]


def conflict_detail(state: State, one: Contradiction) -> list[Text]:
    """The sides of the conflict, one text each, to be put side by side."""
    if one.said:
        recorded = [Recorded(told, Became.IN_FORCE, None, False) for told in one.said]
        return [recorded_detail(state, each) for each in recorded]
    if one.finding is None:
        return []
    sides = []
    for evidence in one.finding.evidence:
        side = Text().append(f"{evidence.grade}\n", "bold")
        _line(side, "source", plain(evidence.source))
        _line(side, "seen", f"{evidence.observed_at:%Y-%m-%d %H:%M}Z")
        if evidence.attested_by:
            _line(side, "by", plain(evidence.attested_by))
        if evidence.sha256:
            _line(side, "digest", evidence.sha256)
        sides.append(side)
    about = Text(f"{plain(one.finding.reason)}\n\n")
    return [about.append_text(sides[0]) if sides else about, *sides[1:]]


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


def _due(
    state: State, known: Sequence[Attestation], policy: AuditPolicy, findings: Sequence[Finding]
) -> list[DueScreen]:
    """What findings wait for first, then what is to be renewed, then the rest; each in the rulebook's order."""
    unproven: dict[tuple[Subject, SettingId], list[Finding]] = {}
    for finding in findings:
        if finding.outcome.unproven and finding.setting is not None:
            unproven.setdefault((finding.subject, finding.setting), []).append(finding)
    groups: dict[tuple[str, str], list[due.Row]] = {}
    for row in due.rows(state, known, policy):
        if row.is_due(state.as_of):
            groups.setdefault((row.screen.id, row.subject.organization), []).append(row)
    found = []
    for (_, organization), rows in groups.items():
        waits = [one for row in rows for one in unproven.get((row.subject, row.setting.id), ())]
        waiting = tuple(sorted(waits, key=lambda one: one.severity.rank))
        found.append(DueScreen(rows[0].screen, organization, tuple(rows), waiting))
    return sorted(found, key=_urgency)


def _urgency(one: DueScreen) -> tuple[int, int, bool]:
    gravest = one.waiting[0].severity.rank if one.waiting else Severity.INFO.rank + 1
    return gravest, -len(one.waiting), all(row.last is None for row in one.rows)


def _recorded(
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


def _conflicts(known: Sequence[Attestation], now: datetime, findings: Sequence[Finding]) -> list[Contradiction]:
    said = [Contradiction(found[0].subject, found[0].setting, tuple(found)) for found in contradictions(known, now)]
    there = {(one.subject, one.setting) for one in said}
    return said + [
        Contradiction(finding.subject, finding.setting, (), finding)
        for finding in findings
        if finding.underlying_outcome is Outcome.CONFLICT
        and finding.setting is not None
        and (finding.subject, finding.setting) not in there
    ]


def _meaning(meant: Sequence[tuple[SettingId, Value]]) -> str:
    return ", ".join(f"{plain(setting)}={shown(value)}" for setting, value in meant)


def _line(said: Text, name: str, what: str) -> None:
    said.append(f"{name:<12}", "dim").append(f"{what}\n")
