"""Boards to show: a fixed one of two organizations, one of hostile names, and one of very many findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta

from contribaudit import catalogue, checks, collectors
from contribaudit.collectors.interface import promises_of
from contribaudit.core.advise.deadlines import deadlines
from contribaudit.core.advise.next_steps import next_steps
from contribaudit.core.advise.report import Report, RunLine
from contribaudit.core.advise.verdict import exit_code
from contribaudit.core.judge.evaluate import Evaluation
from contribaudit.core.model import names
from contribaudit.core.model.change import Cause, CauseKind, Change
from contribaudit.core.model.finding import Finding, Outcome, Severity
from contribaudit.core.model.observation import SettingId
from contribaudit.core.model.policy import AuditPolicy
from contribaudit.core.model.rulebook import RulebookFile
from contribaudit.core.model.snapshot import CollectionStatus, KnownSpace, NoSpaces, Space, SpaceList
from contribaudit.core.model.subject import Subject, organization_subject
from contribaudit.core.resolve.resolve import SeenOrganization, resolve
from contribaudit.core.resolve.state import OrganizationState, State
from contribaudit.store.records import RunRecord
from contribaudit.store.runs import OutcomeSpan
from contribaudit.tui.source import Board, Source
from tests.builders import (
    NOW,
    ORG,
    OTHER_ORG,
    RULEBOOK,
    app,
    evaluated,
    facts,
    finding,
    observed,
    policy_of,
    rule,
    snapshot,
    state_of,
    waiver,
)

RAW = "ab" * 32
"""The digest behind every value of `builders.observed`."""
POLICY = policy_of(
    rule("DR-01", expect=("EU",)),
    rule("DR-02", severity=Severity.CRITICAL),
    rule("DR-03"),
    rule("DC-01", expect="off"),
    rule("AI-03"),
    rule("GV-01"),
    waivers=(waiver("DR-01", subject="app:acme-us.atlassian.net/confluence"),),
)


def board(**changed: object) -> Board:
    """Acme with three sites, one of which is as it should be, and a bank that nobody may read."""
    state = _state()
    verdict = evaluated(state, POLICY)
    return replace(_board(state, POLICY, verdict), **changed)  # type: ignore[arg-type]


def many(count: int) -> Board:
    """So many findings on as many apps, every seventh violated."""
    base = board()
    outcomes = (Outcome.FAIL, *([Outcome.PASS] * 5), Outcome.UNKNOWN)
    severities = tuple(Severity)
    found = tuple(
        finding(
            outcomes[n % 7],
            severities[n % 5],
            title="App data is in an allowed location",
            subject=app(f"app-{n:06}"),
            reason=f"its realm is US, the policy allows EU ({n})",
        )
        for n in range(count)
    )
    return replace(base, report=replace(base.report, findings=found, newly=()))


def many_sites(count: int) -> Board:
    """So many sites of one app, every fifth in the US."""
    apps = [app(f"n{number:05}") for number in range(count)]
    state = state_of(
        *(
            one
            for number, subject in enumerate(apps)
            for one in facts(subject, host=f"site-{number:05}.atlassian.net", realm="US" if number % 5 == 0 else "EU")
        )
    )
    return _board(state, POLICY, evaluated(state, POLICY))


class _Spaces(NoSpaces):
    """So many spaces, equally many of each app, made as they are asked for."""

    def __init__(self, apps: list[Subject], spaces: int) -> None:
        self._each = spaces // len(apps)
        self._lists = {one: SpaceList(one, CollectionStatus.OK, None, self._each) for one in apps}

    def lists(self) -> dict[Subject, SpaceList]:
        return self._lists

    def count(self, app: Subject) -> int:  # noqa: ARG002
        return self._each

    def page(self, app: Subject, offset: int, limit: int) -> list[KnownSpace]:
        shown = range(offset, min(offset + limit, self._each))
        return [_known(app, number) for number in shown]

    def of(self, app: Subject) -> Iterator[KnownSpace]:
        return iter(self.page(app, 0, self._each))


def _known(app: Subject, number: int) -> KnownSpace:
    space = Space(app, f"{app.id}/space/{number}", f"S{number}", f"Space {number}", "global", "current")
    return KnownSpace(space, "site.atlassian.net", "confluence", NOW, True)


def vast(apps: int, rules: int, spaces: int) -> Board:
    """So many apps on a tenth as many sites, so many findings on each, and a listing of so many spaces in all.

    Every seventh app fails, every third waits for a look, and each changed four times in the last fifty days.
    """
    subjects = [app(f"n{number:06}") for number in range(apps)]
    state = state_of(
        *(
            one
            for number, subject in enumerate(subjects)
            for one in facts(
                subject,
                alias=f"app:site-{number // 10:05}.atlassian.net/confluence-{number % 10}",
                host=f"site-{number // 10:05}.atlassian.net",
                realm="US" if number % 7 == 0 else "EU",
            )
        )
    )
    checks_asked = [one.id for one in checks.ALL][:rules]
    severities = tuple(Severity)
    found = tuple(
        finding(
            _outcome(number, place),
            severities[place % 5],
            check=check,
            title=f"Check {check} of an app",
            subject=subject,
            setting=(names.REALM, names.PINNED, names.TRIAL)[place % 3],
        )
        for number, subject in enumerate(subjects)
        for place, check in enumerate(checks_asked)
    )
    state.organizations[ORG] = replace(state.organizations[ORG], spaces=_Spaces(subjects, spaces))
    base = _board(state, POLICY, evaluated(state, POLICY))
    changes = tuple(_changed(subject, number, turn) for number, subject in enumerate(subjects) for turn in range(4))
    report = replace(base.report, findings=found, newly=(), changes=changes)
    return replace(base, report=report, unseen=changes[-50:], steps=next_steps(report, (), base.ending))


def _outcome(number: int, place: int) -> Outcome:
    if place == 0 and number % 7 == 0:
        return Outcome.FAIL
    return Outcome.UNKNOWN if place == 1 and number % 3 == 0 else Outcome.PASS


def _changed(subject: Subject, number: int, turn: int) -> Change:
    seen = NOW - timedelta(days=(number + 13 * turn) % 50, hours=turn)
    setting = (names.REALM, names.PLAN, names.TRIAL, names.PINNED)[turn]
    cause = Cause(CauseKind.NO_EVENT_FOUND, "no event found (log read without gaps)") if number % 2 else None
    return Change(
        subject,
        setting,
        "EU",
        "US",
        existed_before=True,
        exists_after=True,
        first_seen=seen,
        last_seen=seen - timedelta(days=1),
        cause=cause.sentence if cause else "residency move by ops@acme.example",
        actor=None if cause else "ops@acme.example",
        name=f"site-{number // 10:05}.atlassian.net/confluence-{number % 10}",
        why=cause,
    )


_RULEBOOK = replace(
    RULEBOOK,
    version="2026.11",
    sha256="cd" * 32,
    files=(RulebookFile("plans.toml", "cd" * 32, date(2026, 11, 12), shipped=True),),
    announced=(),
)
"""What a snapshot may not follow is fixed."""


class Shown(Source):
    """A source of one board that never changes."""

    def __init__(self, board: Board) -> None:
        self._board = board

    def load(self) -> Board:
        """The board."""
        self._board.prepare()
        return self._board


class Kept(Shown):
    """A board whose raw answers and history are at hand."""

    def __init__(self, shown: Board, raw: bytes = b'{"realm": "US", "nested": {"realm": "EU"}}') -> None:
        super().__init__(shown)
        self._raw = raw
        self.seen: list[int] = []

    def raw(self, sha256: str) -> bytes:  # noqa: ARG002
        return self._raw

    def outcomes(self, finding: Finding) -> list[OutcomeSpan]:
        start = NOW - timedelta(days=3)
        return [OutcomeSpan(finding.id, ORG, finding.check, finding.outcome, start, NOW, None, 4, 24.0)]

    def mark_seen(self, board: Board) -> None:
        self.seen.append(board.report.run.id)


def opener(shown: Board) -> Callable[[], Kept]:
    """What a dashboard opens."""
    return lambda: Kept(shown)


def _state() -> State:
    us, eu, lab = (app(name) for name in ("us", "eu", "lab"))
    acme = [
        *facts(
            us, alias="app:acme-us.atlassian.net/confluence", name="US wiki", host="acme-us.atlassian.net", realm="US"
        ),
        *facts(eu, alias="app:acme.atlassian.net/confluence", name="Wiki", host="acme.atlassian.net"),
        *facts(
            lab,
            alias="app:acme-lab.atlassian.net/jira-software",
            name="Lab",
            host="acme-lab.atlassian.net",
            type_key="jira-software",
            realm="US",
        ),
        observed(names.ORGANIZATION_NAME, organization_subject(ORG), "Acme Global"),
    ]
    seen = [
        SeenOrganization(OrganizationState(ORG, "Acme"), snapshot(acme)),
        SeenOrganization(OrganizationState(OTHER_ORG, "Acme Bank", unread_reason="no key: none is saved for it"), None),
    ]
    return resolve(seen, _RULEBOOK, NOW, promises_of(collectors.ALL))


def _board(state: State, policy: AuditPolicy, verdict: Evaluation) -> Board:
    code = exit_code(verdict.findings, Severity.HIGH, [])
    new = next(one for one in verdict.findings if one.outcome is Outcome.FAIL)
    report = Report(
        tool_version="0.1.0",
        state=state,
        run=RunLine(318, 317, NOW - timedelta(hours=7), NOW - timedelta(hours=7), False, code),
        policy_name="acme-2026",
        policy_sha256="0123456789abcdef" * 4,
        findings=verdict.findings,
        changes=(),
        warnings=(),
        newly=(new,),
    )
    return Board(
        report,
        policy,
        runs=tuple(_run(number) for number in range(318, 298, -1)),
        unseen=(_change("us", "EU", "US"), _change("lab", "EU", "US", explained=True)),
        looked_at=NOW - timedelta(days=2),
        steps=next_steps(report, (), deadlines(state, policy, checks.ALL, catalogue.find), "it@acme.example"),
        ending=deadlines(state, policy, checks.ALL, catalogue.find),
        you="it@acme.example",
    )


def _change(name: str, before: str, after: str, *, explained: bool = False) -> Change:
    cause = (
        Cause(CauseKind.EVENT, "residency move by ops@acme.example", "ops@acme.example", "7f3a")
        if explained
        else Cause(CauseKind.NO_EVENT_FOUND, "no event found (log read without gaps)")
    )
    return Change(
        app(name),
        SettingId("residency.realm"),
        before,
        after,
        existed_before=True,
        exists_after=True,
        first_seen=NOW - timedelta(hours=20),
        last_seen=NOW - timedelta(hours=44),
        cause=cause.sentence,
        actor=cause.actor,
        event_id=cause.event_id,
        name=f"acme-{name}.atlassian.net",
        why=cause,
    )


def _run(number: int) -> RunRecord:
    """One a day, none on the fifth day back, the seventh only in part."""
    back = 318 - number
    at: datetime = NOW - timedelta(days=back + (1 if back >= 5 else 0), hours=7)
    summary = {"fail": 1 + back % 3, "pass": 20, "unknown": 8 - back % 4}
    organizations = (ORG,) if back == 6 else (ORG, OTHER_ORG)
    return RunRecord(
        at, at, "schedule", "root", "host", "0.1.0", "", "", "acme-2026", id=number, organizations=organizations,
        complete=True, exit_code=1, summary=summary,
    )  # fmt: skip
