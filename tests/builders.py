"""Small values of the core, so that a test says only what matters to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import Any, Final

from contribaudit import catalogue, checks, collectors
from contribaudit.catalogue import data_residency as residency
from contribaudit.catalogue import organization as organization_catalogue
from contribaudit.collectors.interface import promises_of
from contribaudit.core.judge.check import CheckContext, Verdict, by_id
from contribaudit.core.judge.evaluate import EVERYTHING, Evaluation, Selection, apply_terms, evaluate
from contribaudit.core.model import names
from contribaudit.core.model.finding import Evidence, Finding, Outcome, Severity
from contribaudit.core.model.observation import Grade, Observation, Observed, SettingId, Unavailable, Value
from contribaudit.core.model.policy import AuditPolicy, Rule, Waiver
from contribaudit.core.model.provisions import NO_DOCUMENTS, Archive
from contribaudit.core.model.rulebook import Rulebook
from contribaudit.core.model.snapshot import Collection, CollectionStatus, Snapshot
from contribaudit.core.model.subject import Kind, Subject, organization_subject
from contribaudit.core.resolve.resolve import SeenOrganization, resolve
from contribaudit.core.resolve.state import OrganizationState, State
from contribaudit.rulebook import loader

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ORG = "0f1e2d3c-0000-4000-8000-000000000001"
OTHER_ORG = "0f1e2d3c-0000-4000-8000-000000000002"
RULEBOOK = loader.load()
CHECKS = by_id(checks.ALL)
PROMISES = promises_of(collectors.ALL)


class Gone(Enum):
    """Two ways in which a value is not there."""

    UNREAD = "the collector says that it could not be read"
    ABSENT = "nobody says anything of it"


UNREAD: Final = Gone.UNREAD
ABSENT: Final = Gone.ABSENT

SETTINGS: Mapping[str, SettingId] = {
    "name": names.APP_NAME,
    "alias": names.APP_ALIAS,
    "type_key": names.APP_TYPE_KEY,
    "host": names.APP_HOST,
    "site": names.APP_SITE,
    "status": names.APP_STATUS,
    "sandbox": names.APP_SANDBOX,
    "parent": organization_catalogue.SANDBOX_PARENT.id,
    "plan": names.PLAN,
    "realm": names.REALM,
    "move": names.MOVE,
    "policies": residency.APP_POLICIES.id,
    "policy_realms": residency.POLICY_REALMS.id,
    "scheduled": residency.MOVE_SCHEDULED_FOR.id,
    "starts": residency.MOVE_STARTS_AT.id,
    "ends": residency.MOVE_ENDS_AT.id,
    "ticket": residency.MOVE_TICKET.id,
}
_BY_POLICIES = frozenset(("move", "policies", "policy_realms", "scheduled", "starts", "ends", "ticket"))
_POLICY_SETTINGS = frozenset(SETTINGS[name] for name in _BY_POLICIES) | {residency.POLICIES.id}
PINNED_IN_EU: Mapping[str, Value | Gone] = {
    "type_key": "confluence",
    "status": "online",
    "sandbox": "NONE",
    "plan": "Standard",
    "realm": "EU",
    "move": "applied",
    "policies": ("p-eu",),
    "policy_realms": ("EU",),
}
"""An app as it should be: Standard plan, held in the EU by an applied policy."""
UNLISTED: Mapping[str, Value | Gone] = dict.fromkeys(("move", "policies", "policy_realms"), ABSENT)
"""An app in no residency policy."""


def app(identity: str = "one", organization: str = ORG) -> Subject:
    """An app by a short ID."""
    return Subject(organization, Kind.APP, f"ari:cloud:{identity}")


def observed(
    setting: SettingId, subject: Subject, value: Value, *, grade: Grade = Grade.DOCUMENTED, at: datetime = NOW
) -> Observed:
    """A value that a source gave."""
    return Observed(setting, subject, value, grade, at, "GET /somewhere", "ab" * 32)


def unavailable(
    setting: SettingId, subject: Subject, code: str = "wrong_type", *, scope: str | None = None, at: datetime = NOW
) -> Unavailable:
    """A value that no source gave."""
    return Unavailable(setting, subject, code, "it could not be read", at, "GET /somewhere", scope)


def facts(subject: Subject, **values: Value | Gone) -> list[Observation]:
    """What is said of an app that is pinned in the EU, but for `values` (see SETTINGS)."""
    found: list[Observation] = []
    for name, value in {**PINNED_IN_EU, **values}.items():
        if value is UNREAD:
            found.append(unavailable(SETTINGS[name], subject))
        elif not isinstance(value, Gone):
            found.append(observed(SETTINGS[name], subject, value))
    return found


def aged(observations: Iterable[Observation], days: float) -> list[Observation]:
    """The same, seen so many days ago."""
    then = NOW - timedelta(days=days)
    return [replace(one, observed_at=then) if isinstance(one, Observed) else one for one in observations]


def policy_list(*ids: str, organization: str = ORG, at: datetime = NOW) -> Observed:
    """The organization's residency policies, by ID."""
    return observed(residency.POLICIES.id, organization_subject(organization), ids, at=at)


def collection(
    collector: str,
    code: str = "",
    *,
    scope: str | None = None,
    organization: str = ORG,
    at: datetime = NOW,
    read: int = 3,
) -> Collection:
    """A collector's run: whole without a code, partial or (forbidden, key_refused) failed with one."""
    if not code:
        return Collection(organization, collector, CollectionStatus.OK, at, None, read)
    status = CollectionStatus.FAILED if code in ("forbidden", "key_refused") else CollectionStatus.PARTIAL
    needs = f", it needs the scope {scope}" if scope else ""
    return Collection(organization, collector, status, at, None, 0, code, f"{collector} answered {code}{needs}", scope)


def collections(*changed: Collection, organization: str = ORG, at: datetime = NOW) -> tuple[Collection, ...]:
    """Every collector's run, whole but for the changed ones."""
    instead = {one.collector: one for one in changed}
    return tuple(
        instead.get(one.name, collection(one.name, organization=organization, at=at)) for one in collectors.ALL
    )


def snapshot(
    observations: Iterable[Observation] = (),
    runs: tuple[Collection, ...] | None = None,
    *,
    organization: str = ORG,
    at: datetime = NOW,
) -> Snapshot:
    """What a run saw; each observation is put with the collector that brings it."""
    sorted_in: dict[str, list[Observation]] = {}
    for one in observations:
        brings = "policies" if one.setting in _POLICY_SETTINGS else "workspaces"
        sorted_in.setdefault(brings, []).append(one)
    by_collector = {name: tuple(found) for name, found in sorted_in.items()}
    whole = collections(organization=organization, at=at)
    return Snapshot(organization, at, at, runs if runs is not None else whole, by_collector)


def state_of(
    *observations: Observation,
    runs: tuple[Collection, ...] | None = None,
    as_of: datetime = NOW,
    at: datetime = NOW,
    rulebook: Rulebook = RULEBOOK,
    known: Mapping[str, list[Observation]] | None = None,
    alias_holders: Mapping[str, tuple[tuple[str, datetime], ...]] | None = None,
    documents: Archive = NO_DOCUMENTS,
) -> State:
    """The state of one organization, resolved as the pipeline does."""
    seen = SeenOrganization(
        OrganizationState(ORG, "Acme", alias_holders=alias_holders or {}),
        snapshot(observations, runs, at=at),
        known=known or {},
    )
    return resolve([seen], rulebook, as_of, PROMISES, documents=lambda: documents)


def rule(check: str, **values: Any) -> Rule:
    """A rule, written nowhere in particular unless `origin` says where."""
    return Rule(check, values.pop("origin", "policy.toml:1"), **values)


def policy_of(*rules: Rule, **values: Any) -> AuditPolicy:
    """A policy of these rules."""
    return AuditPolicy("test", rules, **values)


def waiver(check: str, **values: Any) -> Waiver:
    """A waiver of this month, for the organization's finding unless it says otherwise."""
    standard: dict[str, Any] = {
        "origin": "policy.toml:9",
        "reason": "accepted",
        "requested_by": "it@acme.example",
        "approved_by": "ciso@acme.example",
        "approved_at": date(2026, 11, 1),
        "expires": date(2026, 12, 31),
    }
    if "observed" in values:
        standard["binds_to_value"] = True
    if "where" not in values:
        standard["subject"] = "organization"
    return Waiver(check, **standard | values)


def judge(
    check: str, state: State, subject: Subject, expect: Value = None, *, written_for_plan: str | None = None
) -> Verdict:
    """The check's verdict on the subject, under the default evidence terms."""
    wanted = rule(check, expect=expect)
    case = CheckContext(subject, state, wanted, policy_of(wanted, written_for_plan=written_for_plan))
    return apply_terms(CHECKS[check].judge(case), case)


def evaluated(state: State, policy: AuditPolicy, selection: Selection = EVERYTHING) -> Evaluation:
    """Every check that the policy asks for, on every subject."""
    return evaluate(state, policy, checks.ALL, catalogue.find, selection)


def finding(outcome: Outcome = Outcome.FAIL, severity: Severity = Severity.HIGH, **values: Any) -> Finding:
    """A finding of DR-01 on an app."""
    standard: dict[str, Any] = {
        "check": "DR-01",
        "title": "",
        "underlying_outcome": outcome,
        "reason_code": "code",
        "reason": "reason",
        "subject": app(),
        "setting": names.REALM,
        "expected": ("EU",),
        "observed": "US",
    }
    return Finding(outcome=outcome, severity=severity, **standard | values)


def evidence(grade: Grade = Grade.DOCUMENTED, at: datetime = NOW) -> Evidence:
    """One piece of evidence."""
    return Evidence(grade, "GET /somewhere", at)
