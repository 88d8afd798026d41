"""What a person should look at, by console screen, when the last look becomes too old, and the next steps.

Only what the policy's rules wait for is due. `attest`, `next`, reports and the dashboard share this calculation.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256

from contribaudit import catalogue, checks
from contribaudit.core.advise.deadlines import deadlines
from contribaudit.core.advise.next_steps import next_steps
from contribaudit.core.advise.report import Report
from contribaudit.core.advise.steps import NextStep
from contribaudit.core.advise.waiting import DueScreen, Row, Waiting, waiting
from contribaudit.core.model import names
from contribaudit.core.model.attestation import Attestation, in_force
from contribaudit.core.model.finding import Finding
from contribaudit.core.model.observation import Grade, Observed, SettingId, Value
from contribaudit.core.model.phrases import grouped
from contribaudit.core.model.policy import AuditPolicy
from contribaudit.core.model.rulebook import Screen
from contribaudit.core.model.subject import Kind, Subject, organization_subject
from contribaudit.core.model.times import later
from contribaudit.core.resolve.gateway import read_by_gateway
from contribaudit.core.resolve.state import State
from contribaudit.errors import UsageError


def rows(state: State, attestations: Iterable[Attestation], policy: AuditPolicy) -> Iterator[Row]:
    """Every question of every screen that the organizations' plans and apps have, in the rulebook's order."""
    recorded = list(attestations)
    newest = in_force(recorded, state.as_of)
    apps = {place.id: state.subjects(Kind.APP, place.id) for place in state.looked_at}
    for screen in state.rulebook.screens:
        for subject in _subjects(state, screen, recorded, apps):
            for setting in map(catalogue.find, screen.settings):
                if read_by_gateway(state, subject, setting.id):
                    continue
                if subject.kind in setting.kinds and setting.attestable:
                    last = next(iter(newest.get((subject, setting.id), ())), None)
                    yield Row(screen, subject, setting, last, due_at(last, screen.id, policy) if last else None)


def due_at(attestation: Attestation, screen: str, policy: AuditPolicy) -> datetime:
    """When somebody should look again: some days before the attestation becomes too old for the policy.

    The days are spread by screen and organization, so that not all attestations are due on the same day.
    """
    limits = policy.evidence.max_age_days
    limit = limits["attested_anchored" if attestation.anchors else "attested"]
    lead, spread = max(1, limit // 6), max(1, limit // 5)
    key = f"{attestation.subject.organization}\n{screen or attestation.setting}".encode("utf-8", "surrogatepass")
    earlier = int.from_bytes(sha256(key).digest()[:4], "big") % spread
    return later(attestation.observed_at, timedelta(days=max(limit - lead - earlier, 0)))


def find_screen(screens: Iterable[Screen], name: str) -> Screen:
    """The screen by its ID. Raises UsageError that lists the known screens."""
    by_id = {screen.id: screen for screen in screens}
    if name.strip().casefold() not in by_id:
        listed = ", ".join(by_id) or "the rulebook names none"
        raise UsageError(f"There is no screen `{name[:80]}`", hint=f"Screens: {listed}.")
    return by_id[name.strip().casefold()]


def path_of(screen: Screen) -> str:
    """The menu path to the screen in the newest console."""
    return next(iter(screen.paths.values()), "")


def _subjects(
    state: State, screen: Screen, recorded: list[Attestation], apps: Mapping[str, Sequence[Subject]]
) -> Iterator[Subject]:
    for place in state.looked_at:
        organization = organization_subject(place.id)
        if screen.kind is Kind.ORGANIZATION:
            if _plan_has_screen(state, screen, state.recall(organization, names.HIGHEST_PLAN)):
                yield organization
        elif screen.kind is Kind.APP:
            for app in apps[place.id]:
                listed = not screen.apps or state.recall(app, names.APP_TYPE_KEY).casefold() in screen.apps
                if listed and _plan_has_screen(state, screen, state.recall(app, names.PLAN)):
                    yield app
        else:  # no API lists these subjects: those attested before
            subjects = (one.subject for one in recorded if one.subject.kind is screen.kind)
            yield from dict.fromkeys(one for one in subjects if one.organization == place.id)


def _plan_has_screen(state: State, screen: Screen, word: str) -> bool:
    """Whether the plan has the screen; True when that is unknown."""
    if not screen.plans or not word:
        return True
    plan = state.rulebook.plan(word)
    return plan is None or plan.name.casefold() in {one.casefold() for one in screen.plans}


def due_screens(
    state: State,
    findings: Iterable[Finding],
    policy: AuditPolicy,
    attestations: Iterable[Attestation] | None = None,
) -> list[DueScreen]:
    """Screens that findings wait for, or whose values, read by rules, will soon be too old; in the rulebook's order.

    `attestations` defaults to those of the state. A value that matters only after a certain answer is included when the
    same checks read it: whoever looks sees whether it is asked.
    """
    recorded = list(attestations if attestations is not None else _all_attestations(state))
    awaited = waiting(state, findings, policy, checks.ALL, catalogue.find)
    screens: list[DueScreen] = []
    for screen in by_screen(rows(state, recorded, policy)):
        asked = [row for row in screen.rows if not ruled_out(state, row) and not _answered_otherwise(state, row)]
        waited_for = {row.key for row in asked if row.key in awaited.values}
        chosen = tuple(
            row
            for row in asked
            if row.key in waited_for
            or _is_due_again(state, row, awaited)
            or _may_be_asked_too(state, row, awaited, waited_for)
        )
        if chosen:
            severity = min((awaited.values[key] for key in waited_for), key=lambda one: one.rank, default=None)
            screens.append(replace(screen, rows=chosen, severity=severity))
    return screens


def _is_due_again(state: State, row: Row, awaited: Waiting) -> bool:
    """True when a rule reads the value, and its attestation will soon be too old."""
    return row.last is not None and row.setting.id in awaited.read and row.is_due(state.as_of)


def _may_be_asked_too(
    state: State, row: Row, awaited: Waiting, waited_for: Collection[tuple[Subject, SettingId]]
) -> bool:
    """True when an awaited answer may make this value relevant, and nobody has seen the value."""
    condition = row.screen.asked_if.get(row.setting.id)
    if condition is None or (row.subject, condition.setting) not in waited_for:
        return False
    return row.setting.id in awaited.read_with_them and not isinstance(state.read(*row.key), Observed)


def by_screen(shown: Iterable[Row]) -> list[DueScreen]:
    """The rows grouped by screen and organization, whether or not findings wait for them."""
    groups = grouped(shown, lambda row: (row.screen.id, row.subject.organization))
    return [DueScreen(group[0].screen, organization, tuple(group), None) for (_, organization), group in groups.items()]


def ruled_out(state: State, row: Row, answers: Mapping[tuple[Subject, SettingId], Value] | None = None) -> bool:
    """True when another answer makes this question pointless: an answer just given, or else the state's."""
    condition = row.screen.asked_if.get(row.setting.id)
    if condition is None:
        return False
    key = (row.subject, condition.setting)
    if answers is not None and key in answers:
        return condition.rules_out(answers[key])
    seen = state.value(*key)
    return seen is not None and condition.rules_out(seen.value)


def _answered_otherwise(state: State, row: Row) -> bool:
    """True when a source other than an attestation gives the value, so that no look is needed."""
    seen = state.value(*row.key)
    return seen is not None and seen.witness is None and seen.grade is not Grade.PREDICTED


def _all_attestations(state: State) -> list[Attestation]:
    return [one for place in state.looked_at for one in place.attestations]


def steps_to_take(report: Report, policy: AuditPolicy, operator: str = "") -> tuple[NextStep, ...]:
    """The steps to take now, most urgent first, shared by every front end; see `next_steps`."""
    state = report.state
    ending = deadlines(state, policy, checks.ALL, catalogue.find)
    return next_steps(report, due_screens(state, report.findings, policy), ending, operator)
