"""What is due on the evidence desk: console screens on which somebody should look at something."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from rich.text import Text

from contribaudit.attestations import due
from contribaudit.core.advise.remedies import Way, way_of
from contribaudit.core.alias import alias_of
from contribaudit.core.model.attestation import Attestation
from contribaudit.core.model.finding import Finding, Severity
from contribaudit.core.model.observation import SettingId
from contribaudit.core.model.policy import AuditPolicy
from contribaudit.core.model.rulebook import Screen
from contribaudit.core.model.subject import Subject
from contribaudit.core.resolve.effective import COMPUTED, KINDS, effective_of
from contribaudit.core.resolve.screens import screen_for
from contribaudit.core.resolve.state import State
from contribaudit.exporters.text import plain
from contribaudit.exporters.words import counted
from contribaudit.tui.rows import symbols
from contribaudit.tui.widgets.grid import Column

COLUMNS = (
    Column("console screen", 30, flexible=True),
    Column("values", 6),
    Column("min", 3),
    Column("last look", 10),
    Column("findings that wait", 20),
)


@dataclass(frozen=True, slots=True)
class DueScreen:
    """One console screen of one organization on which somebody should look at something."""

    screen: Screen
    organization: str
    rows: tuple[due.Row, ...]
    waiting: tuple[Finding, ...]
    """Unproven findings that a look at the screen may settle, gravest first."""

    @property
    def key(self) -> tuple[str, str]:
        """(screen, organization): there is one of each."""
        return self.screen.id, self.organization

    @property
    def looked_at(self) -> datetime | None:
        """The oldest look that is to be renewed; None when a value of it was never looked at."""
        return min((row.last.observed_at for row in self.rows if row.last is not None), default=None)


def due_screens(
    state: State, known: Sequence[Attestation], policy: AuditPolicy, findings: Iterable[Finding]
) -> list[DueScreen]:
    """What findings wait for first, then what is to be renewed, then the rest; each in the rulebook's order."""
    groups: dict[tuple[str, str], list[due.Row]] = {}
    for row in due.rows(state, known, policy):
        if row.is_due(state.as_of):
            groups.setdefault((row.screen.id, row.subject.organization), []).append(row)
    screens: dict[tuple[Subject, SettingId], list[tuple[str, str]]] = {}
    for key, rows in groups.items():
        for row in rows:
            screens.setdefault((row.subject, row.setting.id), []).append(key)
    waiting: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        for key in dict.fromkeys(key for asked in _asked(state, finding) for key in _shown_on(state, asked, screens)):
            waiting.setdefault(key, []).append(finding)
    found = []
    for key, rows in groups.items():
        its = tuple(sorted(waiting.get(key, ()), key=lambda one: one.severity.rank))
        found.append(DueScreen(rows[0].screen, key[1], tuple(rows), its))
    return sorted(found, key=_urgency)


def _asked(state: State, finding: Finding) -> list[tuple[Subject, SettingId]]:
    """What a look has to tell before the finding can come out otherwise: of a computed answer all that it rests on."""
    if not finding.outcome.unproven or finding.setting is None:
        return []
    if finding.setting not in COMPUTED or finding.subject.kind not in KINDS:
        return [(finding.subject, finding.setting)] if way_of(state, finding) is Way.LOOK else []
    chain = effective_of(state, finding.subject, finding.setting).chain
    seen = [link.observation for link in chain if link.decisive and link.observation is not None]
    return [(one.subject, one.setting) for one in seen]


def _shown_on(
    state: State, asked: tuple[Subject, SettingId], screens: Mapping[tuple[Subject, SettingId], list[tuple[str, str]]]
) -> list[tuple[str, str]]:
    """The screens that ask just this; else the one that shows the setting of whatever the subject is part of."""
    subject, setting = asked
    if asked in screens:
        return screens[asked]
    screen = screen_for(state, subject, setting)
    return [(screen.id, subject.organization)] if screen is not None else []


def due_cells(state: State, one: DueScreen) -> list[Text]:
    """One line of what is due."""
    whose = f"{plain(state.organization_name(one.organization))}: " if len(state.organizations) > 1 else ""
    never = sum(1 for row in one.rows if row.last is None)
    looked = f"{one.looked_at:%Y-%m-%d}" if one.looked_at is not None and not never else "never" if never else ""
    waits = Text("none", "dim")
    if one.waiting:
        waits = Text(f"{len(one.waiting)} ").append_text(symbols.severity(one.waiting[0].severity))
    return [
        Text(f"{whose}{plain(one.screen.title)}"),
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
    said.append(f"{plain(state.organization_name(one.organization))}: ", "dim")
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


def _urgency(one: DueScreen) -> tuple[int, int, bool]:
    gravest = one.waiting[0].severity.rank if one.waiting else Severity.INFO.rank + 1
    return gravest, -len(one.waiting), all(row.last is None for row in one.rows)
