"""Attestations that are due, grouped by console screen, for the Evidence screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.text import Text

from contribaudit.attestations import due
from contribaudit.core.advise import waiting as awaited
from contribaudit.core.advise.remedies import Remedy, remedy_of
from contribaudit.core.model.attestation import Attestation
from contribaudit.core.model.finding import Finding, Severity
from contribaudit.core.model.observation import SettingId
from contribaudit.core.model.phrases import counted
from contribaudit.core.model.policy import AuditPolicy
from contribaudit.core.model.subject import Subject
from contribaudit.core.resolve.aliases import called
from contribaudit.core.resolve.effective import COMPUTED, KINDS, effective_of
from contribaudit.core.resolve.state import State, screen_for
from contribaudit.exporters.text import duration, safe_text
from contribaudit.tui.rows.signs import check_of, severity_sign
from contribaudit.tui.widgets.grid import Column

_NAMED = 12
"""The most values that are listed by name; the rest are counted."""
COLUMNS = (
    Column("console screen", 30, flexible=True),
    Column("values", 6),
    Column("time", 8),
    Column("last look", 10),
    Column("findings", 14),
)


@dataclass(frozen=True, slots=True)
class DueScreen(awaited.DueScreen):
    """A console screen of an organization that shows values to be looked at."""

    waiting: tuple[Finding, ...] = ()
    """Unproven findings that a look at the screen may settle, most severe first."""

    @property
    def key(self) -> tuple[str, str]:
        """(screen ID, organization ID), which is unique."""
        return self.screen.id, self.organization


def due_screens(
    state: State, looks: Sequence[Attestation], policy: AuditPolicy, findings: Sequence[Finding]
) -> list[DueScreen]:
    """The screens that findings wait for, most severe first, then those to be renewed; each in the rulebook's order."""
    groups = {(one.screen.id, one.organization): one for one in due.due_screens(state, findings, policy, looks)}
    screens: dict[tuple[Subject, SettingId], list[tuple[str, str]]] = {}
    for key, due_here in groups.items():
        for row in due_here.rows:
            screens.setdefault(row.key, []).append(key)
    waiting: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        for key in dict.fromkeys(
            key for asked in _values_asked_for(state, finding) for key in _screens_showing(state, asked, screens)
        ):
            waiting.setdefault(key, []).append(finding)
    listed = []
    for key, due_here in groups.items():
        its_findings = tuple(sorted(waiting.get(key, ()), key=lambda each: each.severity.rank))
        listed.append(DueScreen(due_here.screen, key[1], due_here.rows, due_here.severity, its_findings))
    return sorted(listed, key=_urgency)


def _values_asked_for(state: State, finding: Finding) -> list[tuple[Subject, SettingId]]:
    """The values to look at before the finding's outcome can change; for a computed answer, all that decide it."""
    if not finding.outcome.unproven or finding.setting is None:
        return []
    if finding.setting not in COMPUTED or finding.subject.kind not in KINDS:
        return [(finding.subject, finding.setting)] if remedy_of(state, finding) is Remedy.LOOK else []
    chain = effective_of(state, finding.subject, finding.setting).chain
    seen = [link.observation for link in chain if link.decisive and link.observation is not None]
    return [(one.subject, one.setting) for one in seen]


def _screens_showing(
    state: State, asked: tuple[Subject, SettingId], screens: Mapping[tuple[Subject, SettingId], list[tuple[str, str]]]
) -> list[tuple[str, str]]:
    """The keys of the due screens that ask for this value, else of the screen that shows its setting; may be empty."""
    subject, setting = asked
    if asked in screens:
        return screens[asked]
    screen = screen_for(state, subject, setting)
    return [(screen.id, subject.organization)] if screen is not None else []


def due_cells(state: State, entry: DueScreen) -> list[Text]:
    """The texts of one line in the list of due screens."""
    whose = f"{safe_text(state.organization_name(entry.organization))}: " if len(state.organizations) > 1 else ""
    looks = [row.last.observed_at for row in entry.rows if row.last is not None]
    looked = f"{min(looks):%Y-%m-%d}" if len(looks) == len(entry.rows) else "never"
    waits = Text("none", "dim")
    if entry.waiting:
        waits = Text(f"{len(entry.waiting)} ").append_text(severity_sign(entry.waiting[0].severity))
    return [
        Text(f"{whose}{safe_text(entry.screen.title)}"),
        Text(str(entry.values)),
        Text(duration(entry.minutes)),
        Text(looked),
        waits,
    ]


def due_line(waiting: Sequence[DueScreen]) -> Text:
    """The sentence above the list of due screens."""
    if not waiting:
        return Text("Nothing is due.")
    minutes = sum(one.minutes for one in waiting)
    values = sum(one.values for one in waiting)
    needed = [one for one in waiting if one.waiting]
    text = Text(
        f"{counted(values, 'value')} on {counted(len(waiting), 'screen')}, about {duration(minutes, words=True)}. "
    )
    if needed:
        short = sum(one.minutes for one in needed)
        text.append(f"Needed by findings: {counted(len(needed), 'screen')}, {duration(short, words=True)}.", "bold")
    return text


def due_detail(state: State, entry: DueScreen) -> Text:
    """The values on a due screen. The form shows the console path, once the signals were read."""
    text = Text().append(f"{safe_text(entry.screen.title)}\n", "bold")
    text.append(f"{safe_text(state.organization_name(entry.organization))}: ", "dim")
    text.append(f"{counted(entry.values, 'value')}, about {duration(entry.minutes, words=True)}\n\n", "dim")
    if entry.screen.note:
        text.append(f"{safe_text(entry.screen.note)}\n\n")
    for row in entry.rows[:_NAMED]:
        text.append(f"{safe_text(called(state, row.subject))}", "bold").append(f"  {safe_text(row.setting.title)}\n")
        if row.last is not None:
            text.append(f"  last look {row.last.observed_at:%Y-%m-%d}, {safe_text(row.last.by)}\n", "dim")
        else:
            text.append("  not attested yet\n", "dim")
    if len(entry.rows) > _NAMED:
        text.append(f"and {counted(len(entry.rows) - _NAMED, 'more value')}\n", "dim")
    if entry.waiting:
        text.append(f"\n{counted(len(entry.waiting), 'finding')} that may depend on it\n", "bold")
        for finding in entry.waiting[:20]:
            text.append("  ").append_text(severity_sign(finding.severity))
            text.append(f"  {check_of(finding)}, {safe_text(called(state, finding.subject))}\n")
    return text


def _urgency(entry: DueScreen) -> tuple[int, int, bool]:
    most_severe = entry.waiting[0].severity.rank if entry.waiting else Severity.INFO.rank + 1
    return most_severe, -len(entry.waiting), all(row.last is None for row in entry.rows)
