"""Console screens that are due, of as many apps as a test wants, and a session that reads nothing."""

from __future__ import annotations

from contribaudit.attestations.due import by_screen, rows
from contribaudit.audit.attesting import AttestationSession
from contribaudit.audit.job import Job
from contribaudit.core.advise.waiting import DueScreen, Row
from contribaudit.core.model import names
from contribaudit.core.model.observation import Observation
from contribaudit.core.model.subject import organization_subject
from contribaudit.core.resolve.state import State
from contribaudit.progress import SILENT
from contribaudit.store.history import History
from tests.builders import NOW, ORG, RULEBOOK, app, facts, observed, policy_of, rule, state_of

POLICY = policy_of(rule("AI-01"))


class Still(AttestationSession):
    """The API as one state shows it, now and ever after."""

    state: State

    def read(self) -> State:
        return self.state


def session_of(state: State, store: History) -> AttestationSession:
    """Records into `store` what is seen of this state."""
    session = Still(ORG, Job((), store, RULEBOOK, POLICY, clock=lambda: NOW), False, SILENT)
    session.state = state
    return session


def due_of(apps: int, screen: str = "rovo-access", plan: str = "Standard") -> tuple[DueScreen, State]:
    """The screen of so many apps, all of which are asked for everything on it; and the state that has them."""
    found: list[Observation] = [observed(names.ORGANIZATION_NAME, organization_subject(ORG), "Acme")]
    for number in range(apps):
        name = f"app-{number:04}"
        found += facts(
            app(name), alias=f"app:{name}.atlassian.net/confluence", host=f"{name}.atlassian.net", name=name, plan=plan
        )
    state = state_of(*found)
    asked: list[Row] = list(rows(state, (), POLICY))
    return next(one for one in by_screen(asked) if one.screen.id == screen), state
