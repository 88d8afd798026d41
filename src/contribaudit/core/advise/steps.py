"""Next steps: what a step is and how it is worded, and the steps that need no look at a screen.

These are keys, audits, exports, entries of the policy, tickets and approvals; `next_steps` has the others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from contribaudit.core.advise.remedies import (
    ENTRIES,
    SPACES_PREFIX,
    SWITCH_OFF,
    Remedy,
    UnreadSource,
    unread_sources,
    unread_spaces,
)
from contribaudit.core.judge.baseline import outside
from contribaudit.core.model.finding import Finding, Severity
from contribaudit.core.model.phrases import counted, grouped, some
from contribaudit.core.model.subject import Subject, organization_subject
from contribaudit.core.resolve.aliases import called
from contribaudit.core.resolve.state import State

_NAMED = 3


class StepKind(StrEnum):
    """What a person does in a step."""

    FIX = "fix"
    LOOK = "look"
    CONFIRM = "confirm"
    DECIDE = "decide"
    RENEW = "renew"
    NOBODY = "nobody"
    """Nobody can do anything: the last line, about what cannot be resolved yet."""


@dataclass(frozen=True, slots=True)
class NextStep:
    """One action by which a person resolves findings."""

    kind: StepKind
    severity: Severity | None
    """The highest severity that it settles; None for a deadline, and for what cannot be resolved yet."""
    minutes: int
    """An estimate; 0 for what cannot be resolved yet."""
    text: str
    """One sentence without a full stop."""
    command: str
    """The command that does it, or that shows more."""
    organization: str
    """"" for what belongs to the policy or the rulebook, or to several organizations."""
    subjects: tuple[Subject, ...] = ()
    due: datetime | None = None
    findings: tuple[Finding, ...] = ()
    """What it settles. A finding is never in two steps: one that waits for two things is in the first step for it."""
    screen: str = ""
    """ID of the console screen to look at; "" for a step that is no look, and for values that no screen lists."""
    days_left: int | None = None
    """The days that a deadline leaves, as every list of deadlines counts them; None for other steps."""


def most_severe(findings: Iterable[Finding]) -> Severity | None:
    """The highest severity of the findings; None for no findings."""
    return min((one.severity for one in findings), key=lambda severity: severity.rank, default=None)


def subjects_of(findings: Iterable[Finding]) -> tuple[Subject, ...]:
    """The subjects of the findings, each once, in the order of the findings."""
    return tuple(dict.fromkeys(one.subject for one in findings))


def organization_of(findings: Iterable[Finding]) -> str:
    """The organization of the findings; "" if they belong to several."""
    organizations = {one.subject.organization for one in findings}
    return organizations.pop() if len(organizations) == 1 else ""


def names(state: State, subjects: Sequence[Subject]) -> str:
    """The first few subjects by name, and how many more there are."""
    return some([called(state, one) for one in dict.fromkeys(subjects)], _NAMED)


def org_option(state: State, organization: str) -> str:
    """ " --org ID" for a command; "" where there is only one organization or the command is about all."""
    return f" --org {organization}" if organization and len(state.organizations) > 1 else ""


def checks_of(findings: Iterable[Finding]) -> str:
    """The first check of the findings by title and ID, and how many more there are."""
    (identity, title), *others = sorted({one.check: one.title for one in findings}.items())
    return f"{title} ({identity})" + (f" and {counted(len(others), 'more check')}" if others else "")


def settling(kind: StepKind, group: Sequence[Finding], minutes: int, text: str, command: str) -> NextStep:
    """The step that resolves these findings; their subjects become the step's."""
    organization, subjects = organization_of(group), subjects_of(group)
    return NextStep(kind, most_severe(group), minutes, text, command, organization, subjects, findings=tuple(group))


def to_do(steps: Iterable[NextStep]) -> list[NextStep]:
    """The steps that a person can take."""
    return [one for one in steps if one.kind is not StepKind.NOBODY]


_READING_MINUTES = 5
_AUDIT = 1
_EXPORT = 2
_LOGIN = frozenset(("key_refused", "token_refused", "key_missing", "keyring_unusable", "no_token"))
"""Codes of sources that need another key or token."""


def sources(state: State, waiting: Iterable[tuple[Remedy, Finding]]) -> Iterator[NextStep]:
    """One step for each cause of unread sources: one key, one scope or one retry settles all findings that it stopped.

    A finding that waits for several sources belongs to the step of the first, and counts for the severity of each.
    """
    mended: dict[tuple[str, str, str | None], dict[str, UnreadSource]] = defaultdict(dict)
    stopped: dict[tuple[str, str, str | None], list[Finding]] = defaultdict(list)
    settled: dict[tuple[str, str, str | None], list[Finding]] = defaultdict(list)
    sourceless: dict[tuple[str, Remedy, str], list[Finding]] = defaultdict(list)
    for remedy, finding in waiting:
        organization = finding.subject.organization
        unread = unread_sources(state, finding) if remedy is Remedy.SOURCE else unread_spaces(state, organization)
        for one in unread:
            mended[one.cause].setdefault(one.collection.collector if one.collection else "", one)
            stopped[one.cause].append(finding)
        if unread:
            settled[unread[0].cause].append(finding)
        else:
            sourceless[organization, remedy, finding.reason_code].append(finding)
    for cause, by_collector in mended.items():
        yield _source(state, list(by_collector.values()), stopped[cause], settled[cause])
    for (organization, remedy, _), stuck in sourceless.items():
        text = f"{state.organization_name(organization)}: {checks_of(stuck)}: {stuck[0].reason}"
        command = "contribaudit login --site all" if remedy is Remedy.SPACES else "contribaudit doctor"
        yield settling(StepKind.FIX, stuck, _READING_MINUTES, text, command)


def _source(
    state: State, unread: Sequence[UnreadSource], stopped: Sequence[Finding], settled: Sequence[Finding]
) -> NextStep:
    """The step for one cause, which may have stopped several sources."""
    first = unread[0]
    organization, code, _ = first.cause
    name = state.organization_name(organization)
    if first.collection is None:
        text = f"{name} was not read: {first.place.unread_reason.rstrip('.')}"
    else:
        collectors = [one.collection.collector for one in unread if one.collection is not None]
        verb = "was" if len(collectors) == 1 else "were"
        text = f"{name}: {', '.join(collectors)} {verb} not read completely: {first.collection.reason.rstrip('.')}"
    if code == "organization_not_found":
        text += "; compare its ID in the configuration with admin.atlassian.com/o/ID"
    login = code in _LOGIN
    spaces = first.collection is not None and first.collection.collector.startswith(SPACES_PREFIX)
    whose = " --site all" if spaces else org_option(state, organization)
    return NextStep(
        StepKind.RENEW if login else StepKind.FIX,
        most_severe(stopped),
        _READING_MINUTES,
        text,
        f"contribaudit login{whose}" if login else "contribaudit doctor",
        organization,
        (organization_subject(organization),),
        findings=tuple(settled),
    )


def readings(state: State, findings: Iterable[Finding]) -> Iterator[NextStep]:
    """One audit for each organization, or one audit of all for findings about the company."""
    for organization, group in grouped(findings, lambda one: one.subject.organization).items():
        name = f"{state.organization_name(organization)}: " if organization else ""
        text = f"{name}read it again: {checks_of(group)}: {group[0].reason}"
        yield settling(StepKind.RENEW, group, _AUDIT, text, f"contribaudit audit{org_option(state, organization)}")


def exports(state: State, findings: Iterable[Finding]) -> Iterator[NextStep]:
    """One export of evidence for each organization."""
    for organization, group in grouped(findings, lambda one: one.subject.organization).items():
        text = f"{state.organization_name(organization)}: export the evidence: {group[0].reason}"
        command = f"contribaudit evidence export DIR{org_option(state, organization)}"
        yield settling(StepKind.RENEW, group, _EXPORT, text, command)


_DECIDING_MINUTES = 5
_TICKET = 2
"""Minutes for each change."""


def entries(findings: Iterable[Finding]) -> Iterator[NextStep]:
    """One step for each entry to write into the policy; it may settle findings of several checks and organizations."""

    def entry_of(finding: Finding) -> tuple[str, str]:
        entry = ENTRIES[finding.reason_code].format(check=finding.check, setting=finding.setting)
        return entry, finding.reason if entry == SWITCH_OFF else ""

    for (entry, _), group in grouped(findings, entry_of).items():
        text = f"{checks_of(group)}: {entry}: {group[0].reason}"
        yield settling(StepKind.DECIDE, group, _DECIDING_MINUTES, text, "contribaudit policy show")


def tickets(state: State, findings: Iterable[Finding]) -> Iterator[NextStep]:
    """One step for each finding about changes without a known author, whose `observed` has their IDs."""
    for finding in findings:
        changes = finding.observed if isinstance(finding.observed, tuple) else ()
        organization = finding.subject.organization
        text = f"{state.organization_name(organization)}: {finding.reason}: ask who made it, and note the ticket"
        command = f"contribaudit changes annotate {changes[0] if changes else 'ID'} --ticket TICKET"
        command += org_option(state, organization)
        yield settling(StepKind.DECIDE, [finding], _TICKET * max(1, len(changes)), text, command)


def approvals(state: State, findings: Iterable[Finding]) -> Iterator[NextStep]:
    """One step for all that is outside an organization's baseline, whether or not a finding says so."""
    by_organization = grouped(findings, lambda one: one.subject.organization)
    for place in state.looked_at:
        group = by_organization.get(place.id, [])
        new: tuple[Subject, ...] = tuple(outside(state, place.id)) or subjects_of(group)
        if not new:
            continue
        approved = state.baseline(place.id)
        why = "not in the baseline"
        if approved is not None:
            ended = approved.expired(state.as_of)
            why = "the baseline has expired" if ended else f"outside the baseline of run {approved.baseline.run}"
        yield NextStep(
            StepKind.DECIDE,
            most_severe(group),
            _DECIDING_MINUTES,
            f"{names(state, new)}: {why}: approve, or ask whoever made them",
            f"contribaudit baseline diff{org_option(state, place.id)}",
            place.id,
            new,
            findings=tuple(group),
        )
