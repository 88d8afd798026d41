"""Steps in which somebody makes up their mind: an entry of the policy, a ticket, a baseline."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from contribaudit.core.advise.remedies import ENTRIES, SWITCH_OFF
from contribaudit.core.judge.baseline import outside
from contribaudit.core.model.finding import Finding
from contribaudit.core.model.subject import Subject
from contribaudit.core.resolve.state import State
from contribaudit.core.step import NextStep, StepKind, checks_of, gravest, names, organization_of, subjects_of

_MINUTES = 5
_TICKET = 2
"""For each change."""


def entries(findings: Iterable[Finding]) -> Iterator[NextStep]:
    """One step for each entry of the policy, which may settle findings of several checks and organizations."""
    groups: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for one in findings:
        entry = ENTRIES[one.reason_code].format(check=one.check, setting=one.setting)
        groups[entry, one.reason if entry == SWITCH_OFF else ""].append(one)
    for (entry, _), its in groups.items():
        yield NextStep(
            StepKind.DECIDE,
            gravest(its),
            _MINUTES,
            f"{checks_of(its)}: {entry}: {its[0].reason}",
            "contribaudit policy show",
            organization_of(its),
            subjects_of(its),
            findings=tuple(its),
        )


def tickets(state: State, findings: Iterable[Finding]) -> Iterator[NextStep]:
    """Changes that nobody is known to have made, by what the finding observed: their IDs."""
    for one in findings:
        changes = one.observed if isinstance(one.observed, tuple) else ()
        organization = one.subject.organization
        yield NextStep(
            StepKind.DECIDE,
            one.severity,
            _TICKET * max(1, len(changes)),
            f"{state.organization_name(organization)}: {one.reason}: ask who made it, and note the ticket",
            f"contribaudit changes annotate {changes[0] if changes else 'ID'} --ticket TICKET --org {organization}",
            organization,
            (one.subject,),
            findings=(one,),
        )


def approvals(state: State, findings: Iterable[Finding]) -> Iterator[NextStep]:
    """What is outside of each organization's baseline, whether or not a finding says so."""
    told: dict[str, list[Finding]] = defaultdict(list)
    for one in findings:
        told[one.subject.organization].append(one)
    for place in state.looked_at:
        its = told[place.id]
        new: tuple[Subject, ...] = tuple(outside(state, place.id)) or subjects_of(its)
        if not new:
            continue
        approved = state.baseline(place.id)
        why = "outside of the baseline"
        if approved is not None:
            ended = approved.expired(state.as_of)
            why = "the baseline has ended" if ended else f"outside of the baseline of run {approved.baseline.run}"
        yield NextStep(
            StepKind.DECIDE,
            gravest(its),
            _MINUTES,
            f"{names(state, new)}: {why}: approve, or ask whoever made them",
            f"contribaudit baseline diff --org {place.id}",
            place.id,
            new,
            findings=tuple(its),
        )
