"""Values that contradict each other, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from rich.text import Text

from contribaudit.attestations.status import Became, contradictions
from contribaudit.core.alias import alias_of
from contribaudit.core.model.attestation import Attestation
from contribaudit.core.model.finding import Finding, Outcome
from contribaudit.core.model.observation import SettingId
from contribaudit.core.model.subject import Subject
from contribaudit.core.resolve.state import State
from contribaudit.exporters.text import plain, shown
from contribaudit.tui.rows.attestations import Recorded, recorded_detail
from contribaudit.tui.rows.line import labelled
from contribaudit.tui.widgets.grid import Column

COLUMNS = (
    Column("subject", 20, flexible=True),
    Column("setting", 20, flexible=True),
    Column("what it is about", 30, flexible=True),
)


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Values that contradict each other."""

    subject: Subject
    setting: SettingId
    said: tuple[Attestation, ...]
    """By people, for one moment; empty where the contradiction is in other evidence."""
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
        labelled(side, "source", plain(evidence.source))
        labelled(side, "seen", f"{evidence.observed_at:%Y-%m-%d %H:%M}Z")
        if evidence.attested_by:
            labelled(side, "by", plain(evidence.attested_by))
        if evidence.sha256:
            labelled(side, "digest", evidence.sha256)
        sides.append(side)
    about = Text(f"{plain(one.finding.reason)}\n\n")
    return [about.append_text(sides[0]) if sides else about, *sides[1:]]
