"""The one queue of what to do now: fix, look, confirm, decide, renew, with the minutes that each takes.

Every step stands for what one person does at one place: findings that one action settles are one step. A pure function
of a judged run, for the command line and the dashboard alike.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from contribaudit.core.alias import alias_of
from contribaudit.core.attestation import in_force
from contribaudit.core.baseline import BASELINE_EXPIRED, NOT_IN_BASELINE, outside
from contribaudit.core.deadline import Deadline, DeadlineKind
from contribaudit.core.finding import Finding, Outcome, Severity
from contribaudit.core.persons import same_person
from contribaudit.core.report import Report
from contribaudit.core.rules import Screen
from contribaudit.core.snapshot import CollectionStatus
from contribaudit.core.subject import Subject, organization_subject

DECISIONS = ("DC-05", "GV-04")
"""Checks that ask for a decision in the policy, not for another setting."""
SECOND_PERSON = "second_person_missing"
SOON_DAYS = 30
_MINUTES = 5
"""Where no screen says how long it takes."""
_NAMED = 3
_QUICK = {DeadlineKind.API_KEY: 1, DeadlineKind.BASELINE: 3, DeadlineKind.WAIVER: 5, DeadlineKind.RULEBOOK: 5}
_DECIDE = {DeadlineKind.WAIVER_REVIEW: 3, DeadlineKind.TRIAL: 5}


class StepKind(StrEnum):
    """What a person does."""

    FIX = "fix"
    LOOK = "look"
    CONFIRM = "confirm"
    DECIDE = "decide"
    RENEW = "renew"


@dataclass(frozen=True, slots=True)
class NextStep:
    """One thing to do."""

    kind: StepKind
    severity: Severity | None
    """The gravest of what it settles; None for what only runs out."""
    minutes: int
    text: str
    """One sentence without a full stop."""
    command: str
    """What to type for it, or to read more."""
    organization: str
    """"" for what belongs to the policy or the rulebook."""
    subjects: tuple[Subject, ...] = ()
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class ScreenDue:
    """Attested values of one screen that somebody should look at again before they are too old."""

    screen: str
    organization: str
    subjects: tuple[Subject, ...]
    due: datetime


def next_steps(
    report: Report, screens_due: Iterable[ScreenDue] = (), ending: Iterable[Deadline] = (), operator: str = ""
) -> tuple[NextStep, ...]:
    """What to do, gravest first, then what is due first.

    `operator` is the mail address of whoever asks ("" when not known): nobody confirms what is their own.
    """
    found = [
        *_unread(report),
        *_fixes(report),
        *_looks(report, list(screens_due)),
        *_confirmations(report, operator),
        *_decisions(report),
        *_renewals(report, ending),
    ]
    return tuple(sorted(found, key=_order))


def _order(step: NextStep) -> tuple[object, ...]:
    rank = step.severity.rank if step.severity is not None else len(Severity)
    due = step.due.timestamp() if step.due is not None else float("inf")
    return rank, due, list(StepKind).index(step.kind), step.organization, step.text


def _fixes(report: Report) -> Iterator[NextStep]:
    """Settings that are wrong: one step for all subjects of one check and setting."""
    groups: dict[tuple[str, str, str], list[Finding]] = defaultdict(list)
    for one in report.findings:
        wrong = one.outcome.violates and one.outcome is not Outcome.CONFLICT
        if wrong and one.check not in DECISIONS and one.reason_code not in (NOT_IN_BASELINE, BASELINE_EXPIRED):
            groups[one.subject.organization, one.check, one.setting or ""].append(one)
    for (organization, check, setting), its in groups.items():
        screen = _screen(report, setting)
        what = its[0].remediation.rstrip(".") or its[0].reason
        text = f"{_names(report, [one.subject for one in its])}: {its[0].title}: {what}"
        yield NextStep(
            StepKind.FIX,
            _gravest(its),
            screen.minutes if screen is not None else _MINUTES,
            text,
            f"contribaudit checks show {check}",
            organization,
            tuple(one.subject for one in its),
            min((one.due_at for one in its if one.due_at is not None), default=None),
        )


def _unread(report: Report) -> Iterator[NextStep]:
    """What the API did not give: one step for each collector, since one right or one retry settles it."""
    unproven = [one for one in report.findings if one.outcome.unproven]
    for place in report.state.looked_at:
        mine = [one for one in unproven if one.subject.organization in (place.id, "")]
        if not mine:
            continue
        name = report.state.organization_name(place.id)
        subject = (organization_subject(place.id),)
        if not place.collections:
            text = f"{name} was not read: {place.unread_reason.rstrip('.')}"
            yield NextStep(StepKind.FIX, _gravest(mine), _MINUTES, text, "contribaudit doctor", place.id, subject)
        for one in place.collections.values():
            if one.status is not CollectionStatus.OK:
                text = f"{name}: {one.collector} was not read whole: {one.reason.rstrip('.')}"
                yield NextStep(StepKind.FIX, _gravest(mine), _MINUTES, text, "contribaudit doctor", place.id, subject)


def _looks(report: Report, screens_due: Sequence[ScreenDue]) -> Iterator[NextStep]:
    """Values that one look at one screen settles, and those that will soon be too old."""
    groups: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for one in report.findings:
        doubted = one.outcome.unproven or one.outcome is Outcome.CONFLICT
        if not doubted or one.reason_code in (SECOND_PERSON, NOT_IN_BASELINE, BASELINE_EXPIRED):
            continue
        screen = _screen(report, one.setting or "")
        if screen is not None:
            groups[one.subject.organization, screen.id].append(one)
    screens = {one.id: one for one in report.state.rulebook.screens}
    due = {(one.organization, one.screen): one for one in screens_due}
    for organization, identity in dict.fromkeys([*groups, *due]):
        its, soon = groups.get((organization, identity), []), due.get((organization, identity))
        known = screens.get(identity)
        if known is None:
            continue
        told = Counter(one.outcome.value for one in its)
        parts = [f"{count} {'value' if count == 1 else 'values'} {word}" for word, count in sorted(told.items())]
        if soon is not None and not its:
            parts = [f"{len(soon.subjects)} to look at again before they are too old"]
        name = report.state.organization_name(organization) or organization
        yield NextStep(
            StepKind.LOOK,
            _gravest(its) if its else None,
            known.minutes,
            f"{name}, screen '{known.title}': {', '.join(parts)}",
            f"contribaudit attest --screen {identity} --org {organization}",
            organization,
            tuple(dict.fromkeys(one.subject for one in its)) if its else soon.subjects if soon is not None else (),
            soon.due if soon is not None else None,
        )


def _confirmations(report: Report, operator: str) -> Iterator[NextStep]:
    """Attested values that count once a second person has looked."""
    waiting: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for one in report.findings:
        if one.reason_code == SECOND_PERSON:
            for who in dict.fromkeys(each.attested_by for each in one.evidence if each.attested_by):
                waiting[one.subject.organization, who].append(one)
    for (organization, who), its in waiting.items():
        standing = in_force(report.state.attestations.get(organization, ()), report.state.as_of)
        wanted = {(one.subject, one.setting) for one in its}
        ids = [
            each.id
            for (subject, setting), held in standing.items()
            for each in held
            if same_person(each.by, who) and (subject, setting) in wanted
        ]
        own = bool(operator) and same_person(operator, who)
        whose = "somebody else than you has to" if own else "you may" if operator else "not whoever recorded them"
        count = f"{len(its)} {'value' if len(its) == 1 else 'values'}"
        yield NextStep(
            StepKind.CONFIRM,
            _gravest(its),
            max(1, len(its)),
            f"{count} attested by {who} {'waits' if len(its) == 1 else 'wait'} for a second person ({whose})",
            f"contribaudit attest confirm {ids[0]}" if ids else "contribaudit attest list",
            organization,
            tuple(dict.fromkeys(one.subject for one in its)),
        )


def _decisions(report: Report) -> Iterator[NextStep]:
    """What somebody has to make up their mind about."""
    state = report.state
    for place in state.looked_at:
        new = list(outside(state, place.id))
        approved = state.baseline(place.id)
        if new and approved is not None:
            its = [one for one in report.findings if one.reason_code in (NOT_IN_BASELINE, BASELINE_EXPIRED)]
            mine = [one for one in its if one.subject.organization == place.id]
            ended = approved.expired(state.as_of)
            why = "the baseline has ended" if ended else f"outside of the baseline of run {approved.baseline.run}"
            text = f"{_names(report, new)}: {why}: approve, or ask whoever made them"
            yield NextStep(
                StepKind.DECIDE,
                _gravest(mine) if mine else None,
                _MINUTES,
                text,
                f"contribaudit baseline diff --org {place.id}",
                place.id,
                tuple(new),
            )
    for one in report.findings:
        if one.check in DECISIONS and (one.outcome.violates or one.outcome.unproven):
            yield NextStep(
                StepKind.DECIDE,
                one.severity,
                _MINUTES,
                f"{_names(report, [one.subject])}: {one.title}: {one.reason}",
                f"contribaudit checks show {one.check}",
                one.subject.organization,
                (one.subject,),
            )


def _renewals(report: Report, ending: Iterable[Deadline]) -> Iterator[NextStep]:
    """What runs out within a month, or has."""
    for one in ending:
        left = one.days_left(report.state.as_of)
        minutes = _QUICK.get(one.kind) or _DECIDE.get(one.kind)
        if minutes is None or left is None or left > SOON_DAYS:
            continue
        when = "over" if left < 0 else "today" if left == 0 else "1 day" if left == 1 else f"{left} days"
        yield NextStep(
            StepKind.DECIDE if one.kind in _DECIDE else StepKind.RENEW,
            None,
            minutes,
            f"{when}: {one.what}",
            one.next_step or "contribaudit deadlines",
            one.subject.organization if one.subject is not None else "",
            (one.subject,) if one.subject is not None else (),
            one.ends_at,
        )


def _screen(report: Report, setting: str) -> Screen | None:
    """The first screen that shows the setting."""
    return next((one for one in report.state.rulebook.screens if setting in one.settings), None)


def _gravest(findings: Iterable[Finding]) -> Severity:
    return min((one.severity for one in findings), key=lambda severity: severity.rank)


def _names(report: Report, subjects: Sequence[Subject]) -> str:
    names = [alias_of(report.state, one) for one in dict.fromkeys(subjects)]
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
