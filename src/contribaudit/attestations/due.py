"""What a person has to look at, screen by screen; when the last look becomes too old; and the next steps then."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from contribaudit import catalogue, checks
from contribaudit.core.advise.deadlines import deadlines
from contribaudit.core.advise.next_steps import NextStep, ScreenDue, next_steps
from contribaudit.core.advise.report import Report
from contribaudit.core.judge.baseline import standing
from contribaudit.core.model import names
from contribaudit.core.model.attestation import Attestation, in_force
from contribaudit.core.model.policy import AuditPolicy
from contribaudit.core.model.rulebook import Screen
from contribaudit.core.model.setting import Setting
from contribaudit.core.model.subject import Kind, Subject, organization_subject
from contribaudit.core.model.times import later
from contribaudit.core.resolve.second_witness import told_by_gateway
from contribaudit.core.resolve.state import State
from contribaudit.errors import UsageError


@dataclass(frozen=True, slots=True)
class Row:
    """One question that a screen answers, with the newest answer."""

    screen: Screen
    subject: Subject
    setting: Setting
    last: Attestation | None
    """None when nobody ever looked, or when it was taken back."""
    due_at: datetime | None
    """None when it is due since ever."""

    def is_due(self, now: datetime) -> bool:
        """True when somebody should look now."""
        return self.due_at is None or self.due_at <= now


def rows(state: State, attestations: Iterable[Attestation], policy: AuditPolicy) -> Iterator[Row]:
    """Every question of every screen that the organizations' plans and apps have, in the rulebook's order."""
    known = list(attestations)
    newest = in_force(known, state.as_of)
    for screen in state.rulebook.screens:
        for subject in _subjects(state, screen, known):
            for setting in map(catalogue.find, screen.settings):
                if told_by_gateway(state, subject, setting.id):
                    continue
                if subject.kind in setting.kinds and setting.attestable:
                    last = next(iter(newest.get((subject, setting.id), ())), None)
                    yield Row(screen, subject, setting, last, due_at(last, screen.id, policy) if last else None)


def due_at(attestation: Attestation, screen: str, policy: AuditPolicy) -> datetime:
    """When somebody should look again: some days before the policy calls it too old.

    The days are spread by screen and organization, so that not all of them come on one day.
    """
    limits = policy.evidence.max_age_days
    limit = limits["attested_anchored" if attestation.anchors else "attested"]
    lead, spread = max(1, limit // 6), max(1, limit // 5)
    key = f"{attestation.subject.organization}\n{screen or attestation.setting}".encode("utf-8", "surrogatepass")
    earlier = int.from_bytes(sha256(key).digest()[:4], "big") % spread
    return later(attestation.observed_at, timedelta(days=max(limit - lead - earlier, 0)))


def find_screen(screens: Iterable[Screen], name: str) -> Screen:
    """The screen by its ID. Raises UsageError with the known ones."""
    known = {screen.id: screen for screen in screens}
    if name.strip().casefold() not in known:
        listed = ", ".join(known) or "the rulebook names none"
        raise UsageError(f"There is no screen `{name[:80]}`", hint=f"Screens: {listed}.")
    return known[name.strip().casefold()]


def path_of(screen: Screen) -> str:
    """The way there in the newest console."""
    return next(iter(screen.paths.values()), "")


def _subjects(state: State, screen: Screen, known: list[Attestation]) -> Iterator[Subject]:
    for place in state.looked_at:
        organization = organization_subject(place.id)
        if screen.kind is Kind.ORGANIZATION:
            if _has(state, screen, state.recall(organization, names.HIGHEST_PLAN)):
                yield organization
        elif screen.kind is Kind.APP:
            for app in state.subjects(Kind.APP, place.id):
                listed = not screen.apps or state.recall(app, names.APP_TYPE_KEY).casefold() in screen.apps
                if listed and _has(state, screen, state.recall(app, names.PLAN)):
                    yield app
        else:  # no API lists them: those that somebody attested before
            mine = (one.subject for one in known if one.subject.kind is screen.kind)
            yield from dict.fromkeys(one for one in mine if one.organization == place.id)


def _has(state: State, screen: Screen, word: str) -> bool:
    """Whether the plan has the screen; true where that is not known."""
    plan = state.rulebook.plan(word) if word else None
    return not screen.plans or plan is None or plan.name.casefold() in {one.casefold() for one in screen.plans}


def queue(report: Report, policy: AuditPolicy, operator: str = "") -> tuple[NextStep, ...]:
    """What to do now, gravest first. Shared by every front end; see `next_steps`."""
    state = report.state
    ending = deadlines(state, policy, checks.ALL, standing(state))
    return next_steps(report, screens_due(state, policy), ending, operator)


def screens_due(state: State, policy: AuditPolicy) -> list[ScreenDue]:
    """By screen and organization, values that somebody looked at and should look at again.

    What nobody ever looked at is left to the findings: the policy may not ask for it.
    """
    known = [one for place in state.looked_at for one in state.attestations.get(place.id, ())]
    waiting: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows(state, known, policy):
        if row.last is not None and row.is_due(state.as_of):
            waiting[row.screen.id, row.subject.organization].append(row)
    return [
        ScreenDue(
            screen,
            organization,
            tuple(dict.fromkeys(row.subject for row in rows)),
            min(row.due_at for row in rows if row.due_at is not None),
        )
        for (screen, organization), rows in waiting.items()
    ]
