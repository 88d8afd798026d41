"""What many checks need: an observation as evidence, and an unread one as a verdict."""

from __future__ import annotations

from collections.abc import Callable

from contribaudit import catalogue
from contribaudit.core.judge.check import Case, Verdict
from contribaudit.core.model import names
from contribaudit.core.model.finding import Evidence, Outcome
from contribaudit.core.model.observation import (
    CONFLICT_CODE,
    STALE_CODES,
    Grade,
    Observation,
    Observed,
    SettingId,
    Value,
)
from contribaudit.core.model.rulebook import App, Plan
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.core.resolve.state import State

WORKSPACES = "workspaces"
POLICIES = "policies"


def evidence_of(*observations: Observation) -> tuple[Evidence, ...]:
    """The observations that gave a value, as evidence."""
    return tuple(_evidence(one) for one in observations if isinstance(one, Observed))


def _evidence(one: Observed) -> Evidence:
    who = one.witness
    if who is None:
        return Evidence(one.grade, one.source, one.observed_at, one.response)
    return Evidence(
        one.grade,
        one.source,
        one.observed_at,
        one.response,
        attested_by=who.by,
        confirmed_by=who.confirmed_by,
        screenshot=who.screenshot,
        anchored=who.anchored,
    )


def list_evidence(state: State, organization: str, collector: str) -> tuple[Evidence, ...]:
    """A list that was read to its end, as evidence of what is not in it; empty when it was not."""
    place = state.organizations[organization]
    if not place.completed(collector):
        return ()
    return (Evidence(Grade.DOCUMENTED, f"{collector}, read to the end", place.collections[collector].started_at),)


def rulebook_evidence(case: Case) -> tuple[Evidence, ...]:
    """The rulebook, read anew in every run; how old its review is, GV-06 asks."""
    rulebook = case.state.rulebook
    return (Evidence(Grade.DOCUMENTED, f"rulebook {rulebook.version}", case.as_of, rulebook.sha256),)


def policy_evidence(case: Case, what: str) -> tuple[Evidence, ...]:
    """The policy file, which holds what people decided; read anew in every run."""
    return (Evidence(Grade.DOCUMENTED, f"policy {case.policy.name}: {what}", case.as_of, case.policy.sha256),)


def unread(observation: Observation, expected: Value = None) -> Verdict:
    """`unknown`, because the setting was not read, or the source said null; `stale` or `conflict` where attested
    values are.
    """
    if isinstance(observation, Observed):
        return Verdict(
            Outcome.UNKNOWN,
            "null",
            f"the API gives no value for {observation.setting}",
            observation.setting,
            expected,
            observation.value,
            evidence_of(observation),
        )
    reason = observation.reason
    if observation.missing_scope and observation.missing_scope not in reason:
        reason += f"; the scope {observation.missing_scope} would let the key read it"
    if observation.code in STALE_CODES or observation.code == CONFLICT_CODE:
        outcome = Outcome.STALE if observation.code in STALE_CODES else Outcome.CONFLICT
        return Verdict(outcome, observation.code, f"{observation.setting}: {reason}", observation.setting, expected)
    nobody_looked = observation.code == "not_read" and catalogue.find(observation.setting).attestable
    return Verdict(
        Outcome.UNKNOWN,
        observation.code,
        f"{observation.setting}: nobody has recorded what the console shows"
        if nobody_looked
        else f"{observation.setting} was not read: {reason}",
        observation.setting,
        expected,
    )


def not_verifiable(setting: SettingId | None, why: str) -> Callable[[Case], Verdict]:
    """A judge for a question that no source answers today."""

    def judge(_case: Case) -> Verdict:
        return Verdict(Outcome.UNKNOWN, "not_verifiable_today", why, setting)

    return judge


def app_of(state: State, subject: Subject) -> App | None:
    """What the rulebook says of the app, by the type key last seen; None for one it does not know."""
    return state.rulebook.app(state.recall(subject, names.APP_TYPE_KEY))


def plan_of(state: State, subject: Subject) -> Plan | Observation:
    """The app's plan, or the observation that leaves it open: unread, null, several words or an unknown one."""
    seen = state.read(subject, names.PLAN)
    if isinstance(seen, Observed) and isinstance(seen.value, str):
        known = state.rulebook.plan(seen.value)
        if known is not None:
            return known
    return seen


def plan_unclear(seen: Observation) -> Verdict:
    """`unknown`, because the plan is."""
    if isinstance(seen, Observed) and seen.value is not None:
        words = ", ".join(seen.value) if isinstance(seen.value, tuple) else str(seen.value)
        reason = f"the rulebook has no single plan for {words!r}"
        return Verdict(Outcome.UNKNOWN, "unknown_plan_word", reason, seen.setting, None, seen.value, evidence_of(seen))
    return unread(seen)


def none_among_apps(what: str, outcome: Outcome = Outcome.PASS) -> Callable[[State, str], Verdict | None]:
    """`outcome` where a whole, non-empty inventory holds none of `what`; None (so `unknown`) for any other."""

    def answer(state: State, organization: str) -> Verdict | None:
        apps = len(state.subjects(Kind.APP, organization))
        evidence = list_evidence(state, organization, WORKSPACES)
        if not apps or not evidence:
            return None
        return Verdict(outcome, "none_among_apps", f"none of the {apps} apps {what}", evidence=evidence)

    return answer
