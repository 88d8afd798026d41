"""The queue of what to do now: fix, look, confirm, decide, renew, with the minutes that each step takes.

A step is what one person does in one place, and it holds all findings that this action settles. Every finding that
fails, is unverified or is pending is in exactly one step; the last step counts those that cannot be resolved yet. The
queue is a pure function of a judged run, for the command line, reports and the dashboard alike.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from shlex import quote
from typing import Protocol

from contribaudit.core.advise.deadlines import Deadline, DeadlineKind
from contribaudit.core.advise.remedies import (
    NOT_ACTIONABLE,
    REVIEW_OVERDUE,
    Remedy,
    remedy_of,
)
from contribaudit.core.advise.steps import (
    NextStep,
    StepKind,
    approvals,
    checks_of,
    entries,
    exports,
    most_severe,
    names,
    org_option,
    organization_of,
    readings,
    settling,
    sources,
    subjects_of,
    tickets,
)
from contribaudit.core.advise.waiting import DueScreen
from contribaudit.core.model.finding import Finding, Severity
from contribaudit.core.model.phrases import counted, grouped
from contribaudit.core.model.policy import QUESTIONS
from contribaudit.core.model.rulebook import Screen
from contribaudit.core.model.subject import Subject, same_person
from contribaudit.core.resolve.provisions import RULE_UNDER_REVIEW
from contribaudit.core.resolve.state import State, screen_for, shown_on

_RENEWED_DAYS = 30
"""Something is to be renewed this many days before it ends."""
_MINUTES = 5
"""For a step whose time no screen of the rulebook gives."""
_REVIEW = 15
_MORE = 1
"""For each further subject in the same step."""
_QUICK = {DeadlineKind.API_KEY: 1, DeadlineKind.BASELINE: 3, DeadlineKind.WAIVER: 5, DeadlineKind.RULEBOOK: 5}
_DECIDE = {DeadlineKind.WAIVER_REVIEW: 3, DeadlineKind.TRIAL: 5}
_NOBODYS = {
    Remedy.UNPUBLISHED: ("has no data source", "have no data source"),
    Remedy.PAST: ("was not recorded in time", "were not recorded in time"),
    Remedy.TIME: ("waits for a scheduled date", "wait for a scheduled date"),
}
"""Why findings cannot be resolved yet, in words for one and for several."""


class Judged(Protocol):
    """A judged run, as far as the queue needs it."""

    @property
    def state(self) -> State: ...
    @property
    def findings(self) -> Sequence[Finding]: ...


def next_steps(
    report: Judged, screens_due: Iterable[DueScreen] = (), ending: Iterable[Deadline] = (), operator: str = ""
) -> tuple[NextStep, ...]:
    """What to do, most severe first, then by due date; what cannot be resolved yet comes last.

    `operator` is the email address of whoever asks ("" when unknown), since nobody confirms their own values.
    """
    state = report.state
    by_remedy: dict[Remedy, list[Finding]] = defaultdict(list)
    for finding in report.findings:
        remedy = remedy_of(state, finding)
        if remedy is not None:
            by_remedy[remedy].append(finding)
    for group in by_remedy.values():
        group.sort(key=_order_within_step)
    reading = [(remedy, finding) for remedy in (Remedy.SOURCE, Remedy.SPACES) for finding in by_remedy[remedy]]
    steps = [
        *sources(state, reading),
        *_remedies(state, StepKind.FIX, by_remedy[Remedy.REMEDY]),
        *_remedies(state, StepKind.DECIDE, by_remedy[Remedy.ACCEPTANCE]),
        *_looks(state, by_remedy[Remedy.LOOK], list(screens_due)),
        *_confirmations(state, by_remedy[Remedy.CONFIRMATION], operator),
        *approvals(state, by_remedy[Remedy.APPROVAL]),
        *entries(by_remedy[Remedy.POLICY]),
        *tickets(state, by_remedy[Remedy.TICKET]),
        *readings(state, by_remedy[Remedy.READING]),
        *exports(state, by_remedy[Remedy.EVIDENCE]),
        *_documents(by_remedy[Remedy.DOCUMENTS]),
        *_rulebook(by_remedy[Remedy.RULEBOOK]),
        *_renewals(
            state, ending, overdue=any(finding.reason_code == REVIEW_OVERDUE for finding in by_remedy[Remedy.RULEBOOK])
        ),
        *_unresolvable_step({remedy: by_remedy[remedy] for remedy in NOT_ACTIONABLE}),
    ]
    return tuple(sorted(steps, key=_order))


def _order(step: NextStep) -> tuple[object, ...]:
    rank = step.severity.rank if step.severity is not None else len(Severity)
    due = step.due.timestamp() if step.due is not None else float("inf")
    kind = list(StepKind).index(step.kind)
    families = {one.check.partition("-")[0] for one in step.findings}
    question = next((number for number, family in enumerate(QUESTIONS.values()) if family in families), len(QUESTIONS))
    return step.kind is StepKind.NOBODY, rank, due, kind, question, step.organization, step.text


def _order_within_step(finding: Finding) -> tuple[object, ...]:
    """The sort key by severity, check and subject. The parts of a subject compare faster than the subject itself."""
    about = finding.subject
    return finding.severity.rank, finding.check, about.organization, about.kind, about.id


_SENTENCE_END = re.compile(r"\. (?=[A-Z])")
"""The names of the subjects follow the first sentence of a remediation, which says what to do with them."""


def _remedies(state: State, kind: StepKind, findings: Iterable[Finding]) -> Iterator[NextStep]:
    """One step for all subjects of one check and setting: its remediation, or why the wanted value is not available.

    Subjects with another reason are another step, so that the text is true of every subject that it names.
    """

    def alike(finding: Finding) -> tuple[str, str, str, str]:
        why = finding.reason if kind is StepKind.DECIDE or not finding.remediation else ""
        return finding.subject.organization, finding.check, finding.setting or "", why

    for (_, check, _, _), group in grouped(findings, alike).items():
        subjects = subjects_of(group)
        screen = screen_for(state, subjects[0], group[0].setting)
        minutes = screen.minutes(1) if screen is not None else _MINUTES
        if kind is StepKind.FIX:
            minutes += _MORE * (len(subjects) - 1)
            what, *further = _SENTENCE_END.split((group[0].remediation or group[0].reason).rstrip("."), maxsplit=1)
            text = ". ".join([f"{what}: {names(state, subjects)} ({group[0].title})", *further])
        else:
            text = f"{group[0].title}: {names(state, subjects)}: {group[0].reason} (a waiver can accept it)"
        due = min((one.due_at for one in group if one.due_at is not None), default=None)
        yield replace(settling(kind, group, minutes, text, f"contribaudit checks show {check}"), due=due)


def _looks(state: State, findings: Iterable[Finding], screens_due: Sequence[DueScreen]) -> Iterator[NextStep]:
    """One step for each screen that settles findings, or whose values will soon be too old."""
    groups: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    unlisted: dict[tuple[Subject, str], list[Finding]] = defaultdict(list)
    screens = {one.id: one for one in state.rulebook.screens}
    due = {(one.organization, one.screen.id): one for one in screens_due}
    for finding in findings:
        organization = finding.subject.organization
        listing = screen_for(state, finding.subject, finding.setting)
        # A finding that waits for another app's value is settled on the screen that shows that value.
        others = [one for one in shown_on(state, finding.setting) if (organization, one.id) in due]
        screen = listing or next(iter(others), None)
        if screen is not None:
            groups[organization, screen.id].append(finding)
        else:
            unlisted[finding.subject, finding.setting or ""].append(finding)
    for organization, identity in dict.fromkeys([*groups, *due]):
        if identity in screens:
            group, soon = groups.get((organization, identity), []), due.get((organization, identity))
            yield _screen_step(state, screens[identity], organization, group, soon)
    for (subject, setting), group in unlisted.items():
        text = f"{names(state, [subject])}: no console screen shows {setting}: {group[0].reason}"
        command = f"contribaudit attest {setting} VALUE --subject {quote(subject.id)}"
        yield settling(StepKind.LOOK, group, _MINUTES, text, command)


def _screen_step(
    state: State, screen: Screen, organization: str, findings: Sequence[Finding], soon: DueScreen | None
) -> NextStep:
    counts = Counter(one.outcome.value for one in findings)
    parts = [f"{counted(count, 'value')} {word}" for word, count in sorted(counts.items())]
    if soon is not None and soon.severity is not None:
        parts = [f"{counted(soon.values, 'value')} to record"]
    elif soon is not None and not findings:
        parts = [f"{len(soon.subjects)} to check again before they are too old"]
    doubted = {(one.subject, one.setting) for one in findings if one.setting in screen.settings}
    sure = screen.surely_asked([one for one in screen.settings if any(setting == one for _, setting in doubted)])
    return NextStep(
        StepKind.LOOK,
        most_severe(findings) or (soon.severity if soon is not None else None),
        soon.minutes if soon is not None else screen.minutes(max(1, sum(setting in sure for _, setting in doubted))),
        f"{state.organization_name(organization) or organization}, screen '{screen.title}': {', '.join(parts)}",
        f"contribaudit attest --screen {screen.id}{org_option(state, organization)}",
        organization,
        subjects_of(findings) if findings else soon.subjects if soon is not None else (),
        soon.due_at if soon is not None else None,
        tuple(findings),
        screen.id,
    )


def _confirmations(state: State, findings: Iterable[Finding], operator: str) -> Iterator[NextStep]:
    """One step for each person whose attested values wait for a second person."""

    def who_waits(finding: Finding) -> tuple[str, str]:
        alone = (each.attested_by for each in finding.evidence if each.attested_by and each.confirmed_by is None)
        return finding.subject.organization, next(alone, "somebody")

    for (organization, who), group in grouped(findings, who_waits).items():
        values = {(one.subject, one.setting) for one in group}
        ids = [
            each.id
            for (subject, setting), looks in state.in_force(organization).items()
            for each in looks
            if same_person(each.by, who) and (subject, setting) in values
        ]
        own = bool(operator) and same_person(operator, who)
        whose = "someone other than you must" if own else "you may" if operator else "not the person who recorded them"
        waits = "waits" if len(group) == 1 else "wait"
        text = f"{counted(len(group), 'value')} attested by {who} {waits} for a second person ({whose})"
        command = f"contribaudit attest confirm {ids[0]}" if ids else "contribaudit attest list"
        yield settling(StepKind.CONFIRM, group, len(group), text, command)


def _documents(findings: Iterable[Finding]) -> Iterator[NextStep]:
    """One step for documents to archive again, and one for changes in them to review."""
    changed = (RULE_UNDER_REVIEW, "provision_changed", "documents_disagree")
    for to_review, group in grouped(findings, lambda one: one.reason_code in changed).items():
        what = "review what changed in the watched documents" if to_review else "archive the watched documents"
        command = "contribaudit terms check" if to_review else "contribaudit terms check --fetch"
        text = f"{checks_of(group)}: {what}: {group[0].reason}"
        yield settling(StepKind.RENEW, group, _REVIEW if to_review else _MINUTES, text, command)


def _rulebook(findings: Iterable[Finding]) -> Iterator[NextStep]:
    """One step for each word that the rulebook does not know, and one for its overdue review."""

    def word_of(finding: Finding) -> tuple[object, object]:
        return finding.setting, finding.observed if finding.observed is not None else finding.reason_code

    for group in grouped(findings, word_of).values():
        advice = "update contribaudit, or put your own dated file in the rulebook folder"
        text = f"{checks_of(group)}: {group[0].reason}: {advice}"
        yield settling(StepKind.RENEW, group, _MINUTES, text, "contribaudit doctor")


def _renewals(state: State, ending: Iterable[Deadline], *, overdue: bool) -> Iterator[NextStep]:
    """One step for each thing that runs out within a month, or has; `overdue`: a finding covers the rulebook."""
    for deadline in ending:
        left = deadline.days_left(state.as_of)
        minutes = _QUICK.get(deadline.kind) or _DECIDE.get(deadline.kind)
        if minutes is None or left is None or left > _RENEWED_DAYS:
            continue
        if deadline.kind is DeadlineKind.RULEBOOK and overdue:
            continue
        is_command = deadline.next_step.startswith("contribaudit ")
        what = f"over: {deadline.what}" if left < 0 else deadline.what
        yield NextStep(
            StepKind.DECIDE if deadline.kind in _DECIDE else StepKind.RENEW,
            None,
            minutes,
            what + (f": {deadline.next_step}" if deadline.next_step and not is_command else ""),
            deadline.next_step if is_command else "contribaudit deadlines",
            deadline.subject.organization if deadline.subject is not None else "",
            (deadline.subject,) if deadline.subject is not None else (),
            deadline.ends_at,
            days_left=left,
        )


def _unresolvable_step(by_remedy: dict[Remedy, list[Finding]]) -> Iterator[NextStep]:
    """The closing line: how many findings cannot be resolved yet, and why."""
    stuck = [one for findings in by_remedy.values() for one in findings]
    if not stuck:
        return
    parts = [
        f"{len(group)} {_NOBODYS[remedy][len(group) > 1]}: {checks_of(group)}"
        for remedy, group in by_remedy.items()
        if group
    ]
    days = [one.due_at for one in by_remedy[Remedy.TIME] if one.due_at is not None]
    first = f", the first on {min(days):%Y-%m-%d}" if days else ""
    yield NextStep(
        StepKind.NOBODY,
        None,
        0,
        f"{counted(len(stuck), 'finding')} cannot be resolved yet. {'; '.join(parts)}{first}",
        f"contribaudit checks show {stuck[0].check}",
        organization_of(stuck),
        subjects_of(stuck),
        min(days, default=None),
        tuple(stuck),
    )
