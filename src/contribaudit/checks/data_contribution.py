"""DC: what is contributed, as far as the API tells. The settings themselves have no documented endpoint."""

from __future__ import annotations

from collections.abc import Iterable

from contribaudit.catalogue import data_contribution as contribution
from contribaudit.catalogue import organization as catalogue
from contribaudit.checks.parts import (
    app_of,
    evidence_of,
    none_among_apps,
    not_verifiable,
    unread,
)
from contribaudit.core import names
from contribaudit.core.check import Case, Check, Expectation, Shape, Verdict
from contribaudit.core.finding import Evidence, Outcome
from contribaudit.core.observation import Grade, Observed
from contribaudit.core.setting import Family
from contribaudit.core.snapshot import Collection
from contribaudit.core.state import State
from contribaudit.core.subject import Kind, Subject


def highest_plan(case: Case) -> Verdict:
    """DC-06: the highest active plan is the one that the policy was written for."""
    seen = case.state.read(case.subject, names.HIGHEST_PLAN)
    wanted = case.rule.expect if isinstance(case.rule.expect, str) else case.policy.written_for_plan
    if wanted is None:
        reason = "the policy does not say for which plan it was written: set written_for_plan in it"
        return Verdict(Outcome.UNKNOWN, "policy_names_no_plan", reason, names.HIGHEST_PLAN, None, _value(seen))
    if not isinstance(seen, Observed):
        return unread(seen, wanted)
    expected = case.state.rulebook.plan(wanted)
    met = expected is not None and expected.name.casefold() == seen.value
    return Verdict(
        Outcome.PASS if met else Outcome.FAIL,
        "plan_as_expected" if met else "other_plan",
        f"the highest active plan is {seen.value}" + ("" if met else f", the policy was written for {wanted}"),
        names.HIGHEST_PLAN,
        wanted,
        seen.value,
        evidence_of(seen),
    )


def _value(seen: object) -> str | None:
    return seen.value if isinstance(seen, Observed) and isinstance(seen.value, str) else None


def all_organizations(case: Case) -> Verdict:
    """DC-10: every organization that the configuration names was read in full."""
    organizations = list(case.state.organizations.values())
    names_read = tuple(one.id for one in organizations if one.collections and not _gaps(one.collections.values()))
    missing = [
        f"{case.state.organization_name(one.id)} ({one.unread_reason or _gaps(one.collections.values())})"
        for one in organizations
        if one.id not in names_read
    ]
    expected = tuple(one.id for one in organizations)
    if missing:
        reason = "not read in full: " + "; ".join(missing)
        return Verdict(Outcome.UNKNOWN, "organization_not_covered", reason, None, expected, names_read)
    evidence = tuple(
        Evidence(Grade.DOCUMENTED, f"{collection.collector} of {one.id}", collection.started_at)
        for one in organizations
        for collection in one.collections.values()
    )
    count = len(organizations)
    reason = "the organization was read in full" if count == 1 else f"all {count} organizations were read in full"
    return Verdict(Outcome.PASS, "all_covered", reason, None, expected, names_read, evidence)


def _gaps(collections: Iterable[Collection]) -> str:
    return "; ".join(f"{one.collector}: {one.reason}" for one in collections if one.code)


def without_setting(case: Case) -> Verdict:
    """DC-18: an app that has no data contribution setting today."""
    type_key = case.state.read(case.subject, names.APP_TYPE_KEY)
    if not isinstance(type_key, Observed) or not isinstance(type_key.value, str):
        return unread(type_key)
    app = case.state.rulebook.app(type_key.value)
    if app is None or app.contribution == "unknown":
        reason = f"the rulebook does not know whether {type_key.value} has the setting"
        return Verdict(
            Outcome.UNKNOWN, "unknown_app", reason, names.APP_TYPE_KEY, None, type_key.value, evidence_of(type_key)
        )
    reason = f"{app.title} has no data contribution setting, as of the rulebook of {case.state.rulebook.version}"
    return Verdict(
        Outcome.NO_SUCH_SETTING, "no_setting", reason, names.APP_TYPE_KEY, None, type_key.value, evidence_of(type_key)
    )


def _may_lack_setting(state: State, subject: Subject) -> bool:
    app = app_of(state, subject)
    return app is None or app.contribution in ("none", "unknown")


DC_06 = Check(
    id="DC-06",
    family=Family.DATA_CONTRIBUTION,
    kind=Kind.ORGANIZATION,
    reads=(names.HIGHEST_PLAN, names.PLAN, names.APP_STATUS),
    outcomes=frozenset((Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN, Outcome.STALE)),
    judge=highest_plan,
    expectation=Expectation(Shape.WORD, "plans"),
)
DC_07 = Check(
    id="DC-07",
    family=Family.DATA_CONTRIBUTION,
    kind=Kind.ORGANIZATION,
    reads=(catalogue.TRIAL.id,),
    outcomes=frozenset((Outcome.UNKNOWN,)),
    judge=not_verifiable(catalogue.TRIAL.id, "no API tells whether a trial runs; look at the subscriptions"),
)
DC_09 = Check(
    id="DC-09",
    family=Family.DATA_CONTRIBUTION,
    kind=Kind.ORGANIZATION,
    reads=(names.HIGHEST_PLAN, contribution.METADATA.id, contribution.IN_APP.id),
    outcomes=frozenset((Outcome.UNKNOWN,)),
    judge=not_verifiable(
        contribution.IN_APP.id, "no API reads the contribution settings, and nobody has recorded what the console shows"
    ),
)
DC_10 = Check(
    id="DC-10",
    family=Family.DATA_CONTRIBUTION,
    kind=Kind.COMPANY,
    reads=(),
    outcomes=frozenset((Outcome.PASS, Outcome.UNKNOWN, Outcome.STALE)),
    judge=all_organizations,
)
DC_18 = Check(
    id="DC-18",
    family=Family.DATA_CONTRIBUTION,
    kind=Kind.APP,
    reads=(names.APP_TYPE_KEY,),
    outcomes=frozenset((Outcome.NO_SUCH_SETTING, Outcome.PASS, Outcome.UNKNOWN, Outcome.STALE)),
    judge=without_setting,
    applies=_may_lack_setting,
    when_none=none_among_apps("lacks the setting"),
)

ALL: tuple[Check, ...] = (DC_06, DC_07, DC_09, DC_10, DC_18)
