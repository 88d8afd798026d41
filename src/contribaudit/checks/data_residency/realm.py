"""Which realm an app is in (DR-01), and a sandbox (DR-13)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace

from contribaudit.catalogue.organization import SANDBOX_PARENT
from contribaudit.checks.reading import (
    fragile_in_own_trial,
    list_evidence,
    may_be_sandbox,
    none_among_apps,
    plan_of,
    unread,
)
from contribaudit.core.judge.check import ATTESTED, Check, CheckContext, Expectation, Shape, Verdict, check
from contribaudit.core.model import names
from contribaudit.core.model.finding import Evidence, Outcome
from contribaudit.core.model.observation import SOURCES_DIFFER, Observation, Observed, SettingId, Unavailable, Value
from contribaudit.core.model.phrases import either, grouped
from contribaudit.core.model.rulebook import Plan, Realm
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.core.resolve.state import State, once_per_state


def realms(means: str) -> Expectation:
    """The `expect` of a check on locations: a list of realms and realm groups."""
    return Expectation(
        Shape.WORDS,
        "realms",
        means=means,
        default="none: the check is unknown until its rule names one",
        example='["EU", "DE"]',
    )


def allowed_realms(case: CheckContext, setting: SettingId = names.REALM) -> frozenset[str] | Verdict:
    """Codes of the realms in the rule's `expect`; an `unknown` verdict when it names none."""
    reason = "the policy names no location; set expect in its rule"
    codes = case.state.rulebook.realm_codes(case.listed)
    return codes or Verdict(Outcome.UNKNOWN, "policy_names_no_realm", reason, setting)


def without_residency(state: State, plan: Plan) -> str:
    """A clause that says that the plan has no data residency, and which plan has it."""
    return f"the {plan.name} plan has no data residency; {state.rulebook.plan_with('residency')} has it"


def realm_of(state: State, subject: Subject, setting: SettingId = names.REALM) -> tuple[Realm | None, Observation]:
    """The subject's realm and its observation; the realm is None when unread, null, or missing from the rulebook."""
    seen = state.read(subject, setting)
    realm = state.rulebook.realm(seen.value) if isinstance(seen, Observed) and isinstance(seen.value, str) else None
    return realm, seen


def realm_unclear(seen: Observation, expected: Value = None) -> Verdict:
    """`unknown` for a realm that is unknown."""
    if isinstance(seen, Observed) and isinstance(seen.value, str):
        reason = f"the rulebook does not know the location {seen.value!r}"
        return Verdict(Outcome.UNKNOWN, "unknown_realm", reason, seen.setting, expected, seen.value, Evidence.of(seen))
    return unread(seen, expected)


_REGIONS_IN_DOUBT = frozenset((SOURCES_DIFFER, "wrong_type", "contradicting_entries"))
"""Codes of regions that may be elsewhere than reported; an app that reports no regions is judged by its realm alone."""


@check(
    "DR-01",
    "app-location-allowed",
    Kind.APP,
    reads=(names.REALM, names.REGIONS, names.GATEWAY_REGIONS, names.PLAN, names.APP_TYPE_KEY),
    outcomes=ATTESTED | {Outcome.NOT_ACHIEVABLE},
    expectation=realms("locations in which app data may be kept"),
)
@fragile_in_own_trial
def realm_allowed(case: CheckContext) -> Verdict:
    """DR-01: the app keeps its data in a realm that the policy allows.

    `not_achievable` when the app or its plan has no data residency, since no setting would change the realm.
    """
    expected, allowed = case.listed, allowed_realms(case)
    if isinstance(allowed, Verdict):
        return allowed
    realm, seen = realm_of(case.state, case.subject)
    outside = _why_no_realm(case)
    if realm is None:
        if outside and isinstance(seen, Observed) and seen.value is None:
            evidence = Evidence.of(case.state.read(case.subject, names.APP_TYPE_KEY), seen)
            return Verdict(Outcome.NOT_ACHIEVABLE, "no_residency", outside, names.REALM, expected, None, evidence)
        return realm_unclear(seen, expected)
    about = names.REALM, expected, realm.code
    place = f"{realm.code} ({realm.title})"
    if realm.code not in allowed:
        reason = f"stored in {place}; the policy allows {', '.join(sorted(allowed))}"
        if outside:
            evidence = Evidence.of(seen, case.state.read(case.subject, names.PLAN))
            return Verdict(Outcome.NOT_ACHIEVABLE, "no_residency", f"{reason}; {outside}", *about, evidence)
        return Verdict(Outcome.FAIL, "realm_not_allowed", reason, *about, Evidence.of(seen))
    regions = case.state.read(case.subject, names.REGIONS)
    if isinstance(regions, Unavailable) and regions.code in _REGIONS_IN_DOUBT:
        return replace(unread(regions, expected), evidence=Evidence.of(seen))
    reported = (regions, case.state.read(case.subject, names.GATEWAY_REGIONS))
    if elsewhere := _regions_elsewhere(case.state, reported, allowed):
        reason = f"its location is {place}, but its regions include {', '.join(elsewhere)}"
        return Verdict(Outcome.CONFLICT, "region_elsewhere", reason, *about, Evidence.of(seen, *elsewhere.values()))
    if unknown := _unknown_regions(case.state, reported):
        words, noun = ", ".join(map(repr, unknown)), "region" if len(unknown) == 1 else "regions"
        reason = f"its location is {place}; the rulebook does not know the {noun} {words}"
        return Verdict(Outcome.UNKNOWN, "unknown_region", reason, *about, Evidence.of(seen, *unknown.values()))
    return Verdict(Outcome.PASS, "realm_allowed", f"stored in {place}", *about, Evidence.of(seen))


def _regions_elsewhere(
    state: State, observations: Iterable[Observation], allowed: Collection[str]
) -> dict[str, Observation]:
    """The app's regions that are in other realms only, such as "us-east-1 (US)", each with its observation."""
    elsewhere: dict[str, Observation] = {}
    for region, seen in _reported_regions(observations):
        codes = [realm.code for realm in state.rulebook.realms_of_region(region)]
        if codes and not set(codes) & set(allowed):
            elsewhere[f"{region} ({', '.join(codes)})"] = seen
    return elsewhere


def _unknown_regions(state: State, observations: Iterable[Observation]) -> dict[str, Observation]:
    """The app's regions whose location the rulebook does not know, each with its observation."""
    reported = _reported_regions(observations)
    return {region: seen for region, seen in reported if not state.rulebook.realms_of_region(region)}


def _reported_regions(observations: Iterable[Observation]) -> Iterator[tuple[str, Observation]]:
    for seen in observations:
        value = seen.value if isinstance(seen, Observed) else None
        for region in value if isinstance(value, tuple) else (value,) if isinstance(value, str) else ():
            yield region, seen


def _why_no_realm(case: CheckContext) -> str:
    """Why no realm can be chosen for this app; "" when one can, or when that is unknown."""
    app = case.state.app(case.subject)
    if app is not None and app.residency == "none":
        return f"Atlassian offers no data residency for {app.title}"
    plan = plan_of(case.state, case.subject)
    if isinstance(plan, Plan) and not plan.residency:
        return without_residency(case.state, plan)
    return ""


@check(
    "DR-13",
    "sandbox-location-matches-parent",
    Kind.APP,
    reads=(names.REALM, names.APP_SANDBOX, SANDBOX_PARENT.id),
    outcomes={Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN, Outcome.STALE},
    applies=may_be_sandbox,
    when_none=none_among_apps("is a sandbox"),
)
@fragile_in_own_trial
def sandbox_realm(case: CheckContext) -> Verdict:
    """DR-13: a sandbox is in the same realm as its parent.

    When the workspace list does not name the parent, the production apps of the same type stand in for it. If they
    share one realm, it is the parent's. If they have several, the answer is `unknown`, or `fail` when the sandbox is in
    none of them. An app whose type or sandbox flag was not read may be the parent too.
    """
    state = case.state
    kind = state.read(case.subject, names.APP_SANDBOX)
    if not isinstance(kind, Observed) or not isinstance(kind.value, str):
        return unread(kind)
    if kind.value.casefold() != "child":
        reason = f"what the sandbox type {kind.value!r} stands for is not known"
        return Verdict(Outcome.UNKNOWN, "unknown_word", reason, names.APP_SANDBOX, None, kind.value, Evidence.of(kind))
    realm, seen = realm_of(state, case.subject)
    if realm is None:
        return realm_unclear(seen)
    parents = _parents(state, case.subject)
    codes = parents.codes
    about = names.REALM, codes, realm.code, (*Evidence.of(seen), *parents.evidence)
    if not parents.found:
        unlisted = state.organizations[case.subject.organization].apps_unread
        reason = unlisted or "no app was found that it could be a copy of"
        return Verdict(Outcome.UNKNOWN, "parent_not_known", reason, *about)
    if parents.unread:
        return Verdict(Outcome.UNKNOWN, "parent_not_known", "the location of its parent was not read", *about)
    if not realm.pinned_to_a_place:
        reason = f"stored in {realm.code}, which is not a fixed location, so it cannot be compared with its parent"
        return Verdict(Outcome.UNKNOWN, "no_place", reason, *about)
    if realm.code not in codes:
        reason = f"the sandbox is in {realm.code}; its parent is in {either(list(codes))}"
        return Verdict(Outcome.FAIL, "other_realm", reason, *about)
    if len(codes) > 1:
        reason = f"the API does not name its parent; the possible parents are in {', '.join(codes)}"
        return Verdict(Outcome.UNKNOWN, "parent_not_known", reason, *about)
    return Verdict(Outcome.PASS, "same_realm", f"the sandbox and its parent are in {realm.code}", *about)


@dataclass(frozen=True, slots=True)
class _Parents:
    """The apps that a sandbox may be a copy of, with their realms."""

    found: bool
    unread: bool
    """True when the realm of at least one of them is unknown."""
    codes: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    """One observation for each realm among them, and the list of apps."""


def _parents(state: State, sandbox: Subject) -> _Parents:
    organization = sandbox.organization
    named = state.value(sandbox, SANDBOX_PARENT.id)
    if named is not None and isinstance(named.value, str):
        parent = Subject(organization, Kind.APP, named.value)
        return _sum_of_parents(state, [parent] if state.in_inventory(parent) and parent != sandbox else [], ())
    type_key = state.word(sandbox, names.APP_TYPE_KEY)
    if not type_key or not state.organizations[organization].completed(names.WORKSPACES):
        return _sum_of_parents(state, [], ())
    return _of_type(state, organization, type_key)


@once_per_state
def _of_type(state: State, organization: str, type_key: str) -> _Parents:
    production = _production_apps(state, organization)
    # An app whose type was not read may be the parent too.
    candidates = [app for key in (type_key, "") for app in production.get(key, ())]
    return _sum_of_parents(state, candidates, list_evidence(state, organization, names.WORKSPACES))


def _sum_of_parents(state: State, candidates: list[Subject], listed: tuple[Evidence, ...]) -> _Parents:
    first: dict[str, Observation] = {}
    unread = False
    for app in candidates:
        realm, seen = realm_of(state, app)
        if realm is None:
            unread = True
        else:
            first.setdefault(realm.code, seen)
    return _Parents(bool(candidates), unread, tuple(sorted(first)), (*Evidence.of(*first.values()), *listed))


@once_per_state
def _production_apps(state: State, organization: str) -> dict[str, list[Subject]]:
    """Apps that are not known to be sandboxes, by type key; under "" those whose type was not read."""
    apps = (app for app in state.subjects(Kind.APP, organization) if state.word(app, names.APP_SANDBOX) != "child")
    return grouped(apps, lambda app: state.word(app, names.APP_TYPE_KEY))


ALL: tuple[Check, ...] = (
    realm_allowed,
    sandbox_realm,
)
