"""One subject of the inventory in full: how it is judged, what holds for it and why, and what was seen of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from rich.console import Group, RenderableType
from rich.text import Text

from contribaudit.core.advise.report import Report
from contribaudit.core.alias import alias_of
from contribaudit.core.judge.baseline import COVERED, uncovered
from contribaudit.core.model.finding import Finding
from contribaudit.core.model.observation import Observation, Observed
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.core.resolve.effective import AI_PROCESSING, COMPUTED, KINDS, effective_of
from contribaudit.core.resolve.state import State
from contribaudit.exporters.explanation import explained
from contribaudit.exporters.text import plain, shown
from contribaudit.tui.rows import symbols
from contribaudit.tui.rows.line import ago
from contribaudit.tui.rows.places import listing_told

_FINDINGS = 40
_SETTINGS = 200


def described(report: Report, subject: Subject, note: str = "", *, computed: bool = True) -> RenderableType:
    """Everything about the subject, paragraph by paragraph. May ask the history: not for the screen's thread.

    `computed` False where the rules cannot be applied, as in an evidence folder.
    """
    state = report.state
    parts: list[RenderableType] = [_head(state, subject, note)]
    parts += [Text.assemble((f"\n{title}\n", "bold"), text) for title, text in _paragraphs(report, subject)]
    if computed and subject.kind in KINDS:
        wanted = [one for one in COMPUTED if one != AI_PROCESSING or subject.kind is Kind.ORGANIZATION]
        answers = [effective_of(state, subject, one) for one in wanted]
        parts += [Text("\nWHAT HOLDS, AND WHY", "bold"), explained(state, subject, answers)]
    parts.append(Text.assemble(("\nWHAT WAS SEEN\n", "bold"), _settings(state, subject)))
    return Group(*parts)


def findings_of(report: Report, subject: Subject) -> list[Finding]:
    """The subject's own findings, the gravest first."""
    names = {subject.id, alias_of(report.state, subject).removeprefix("space:")}
    mine = [
        one
        for one in report.findings
        if one.subject.kind is subject.kind
        and one.subject.organization == subject.organization
        and (one.subject == subject or (subject.kind is Kind.SPACE and one.subject.id in names))
    ]
    return sorted(
        mine, key=lambda one: (not one.outcome.violates, not one.outcome.unproven, one.severity.rank, one.check)
    )


def _head(state: State, subject: Subject, note: str) -> Text:
    alias, place = plain(alias_of(state, subject)), state.place(subject)
    said = Text.assemble((alias, "bold"))
    if place.name not in (subject.id, alias):
        said.append(f"\n{plain(place.name)}")
    if plain(subject.id) not in alias:
        said.append(f"\n{plain(subject.id)}", "dim")
    if note:
        said.append(f"\n{note}", "yellow" if "not " in note else "dim")
    return said


def _paragraphs(report: Report, subject: Subject) -> Iterator[tuple[str, Text]]:
    state = report.state
    if subject.kind is Kind.APP:
        listing = state.spaces(subject.organization).lists()
        if subject in listing or state.spaces(subject.organization).count(subject):
            yield "SPACES", Text(listing_told(state, subject))
    approved = state.baseline(subject.organization)
    if approved is not None and subject.kind in COVERED:
        outside = uncovered(state, subject)
        signed = approved.baseline.approved
        said = f"in the baseline of run {approved.baseline.run}, approved by {signed.by} on {signed.at:%Y-%m-%d}"
        yield "BASELINE", Text(plain(said)) if outside is None else Text(f"NEW: {plain(outside.reason)}", "yellow")
    yield "FINDINGS", _findings(findings_of(report, subject))


def _findings(findings: Sequence[Finding]) -> Text:
    if not findings:
        return Text("none about this itself", "dim")
    said = Text()
    for one in findings[:_FINDINGS]:
        said.append_text(symbols.outcome(one.outcome)).append(f"  {one.severity.value}  ", "dim")
        said.append(f"{plain(one.check)} ", "bold").append(f"{plain(one.reason)}\n")
    if len(findings) > _FINDINGS:
        said.append(f"and {len(findings) - _FINDINGS:,} more\n", "dim")
    return said.append("F shows them in the table of findings", "dim")


def _settings(state: State, subject: Subject) -> Text:
    seen = sorted((one for one in state.of(subject) if one.setting not in COMPUTED), key=lambda one: one.setting)
    if not seen:
        return Text("nothing in this run", "dim")
    said = Text()
    for one in seen[:_SETTINGS]:
        said.append(plain(one.setting), "bold").append("  ")
        said.append_text(_value(one)).append("\n  ").append(_known(one, state.as_of), "dim").append("\n")
    if len(seen) > _SETTINGS:
        said.append(f"and {len(seen) - _SETTINGS:,} more", "dim")
    said.rstrip()
    return said


def _value(one: Observation) -> Text:
    if isinstance(one, Observed):
        return Text(shown(one.value))
    scope = f"; the scope {one.missing_scope} would let the key read it" if one.missing_scope else ""
    return Text(f"not known: {plain(one.reason)}{plain(scope)}", "yellow")


def _known(one: Observation, now: datetime) -> str:
    """Grade, source, age."""
    if not isinstance(one, Observed):
        return plain(", ".join(part for part in (one.code, one.source, f"tried {ago(one.attempted_at, now)}") if part))
    by = f", by {one.witness.by}" if one.witness is not None else ""
    confirmed = f", confirmed by {one.witness.confirmed_by}" if one.witness and one.witness.confirmed_by else ""
    return plain(f"{one.grade.value}, {one.source}{by}{confirmed}, {ago(one.observed_at, now)}")
