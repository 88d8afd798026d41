"""What the audit covers: organizations (DC-10), apps (DC-18, DC-19), sandboxes (DC-23) and removed apps (DC-25)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from itertools import pairwise

from contribaudit.checks.documents import reviewed_within
from contribaudit.checks.reading import (
    list_evidence,
    may_be_sandbox,
    none_among_apps,
    of_apps,
    unknown_app,
    unread,
)
from contribaudit.core.judge.check import Check, CheckContext, Verdict, check
from contribaudit.core.model import names
from contribaudit.core.model.change import Departure
from contribaudit.core.model.finding import Evidence, Outcome
from contribaudit.core.model.observation import Grade, Observed
from contribaudit.core.model.phrases import counted, some
from contribaudit.core.model.snapshot import Collection
from contribaudit.core.model.subject import Kind
from contribaudit.core.model.times import later
from contribaudit.core.resolve.state import OrganizationState

_APP_LIST = "apps.toml"


@check("DC-10", "organizations-covered", Kind.COMPANY, outcomes={Outcome.PASS, Outcome.UNKNOWN, Outcome.STALE})
def all_organizations(case: CheckContext) -> Verdict:
    """DC-10: every organization in the configuration was read in full.

    Sources that not every plan or key can read are optional; the reason names those that were not read.
    """
    organizations = list(case.state.organizations.values())
    names_read = tuple(one.id for one in organizations if one.collections and not _gaps(one.collections.values()))
    missing = [
        f"{case.state.organization_name(one.id)} ({one.unread_reason or _gaps(one.collections.values())})"
        for one in organizations
        if one.id not in names_read
    ]
    expected = tuple(one.id for one in organizations)
    if missing:
        reason = "not read in full: " + "; ".join(missing) + _unread_optional(organizations)
        return Verdict(Outcome.UNKNOWN, "organization_not_covered", reason, None, expected, names_read)
    evidence = tuple(
        Evidence(Grade.DOCUMENTED, f"{collection.collector} of {one.id}", collection.started_at)
        for one in organizations
        for collection in one.collections.values()
        if not collection.code
    )
    count = len(organizations)
    reason = "the organization was read in full" if count == 1 else f"all {count} organizations were read in full"
    reason += _unread_optional(organizations)
    return Verdict(Outcome.PASS, "all_covered", reason, None, expected, names_read, evidence)


def _unread_optional(organizations: Iterable[OrganizationState]) -> str:
    """The optional sources that were not read, each with the scope or the cause; "" when all were."""
    without = {
        f"{collection.collector} ({collection.missing_scope or collection.code})"
        for organization in organizations
        for collection in organization.collections.values()
        if collection.optional and collection.code
    }
    return f", except what depends on the plan or key: {', '.join(sorted(without))}" if without else ""


def _gaps(collections: Iterable[Collection]) -> str:
    return "; ".join(f"{one.collector}: {one.reason}" for one in collections if one.code and not one.optional)


@check(
    "DC-18",
    "apps-without-setting-known",
    Kind.APP,
    reads=(names.APP_TYPE_KEY,),
    outcomes={Outcome.NO_SUCH_SETTING, Outcome.PASS, Outcome.UNKNOWN, Outcome.STALE},
    applies=of_apps(lambda app: app.contribution in ("none", "unknown")),
    when_none=none_among_apps("lacks the setting"),
)
def without_setting(case: CheckContext) -> Verdict:
    """DC-18: an app that has no data contribution setting today."""
    seen = case.state.read(case.subject, names.APP_TYPE_KEY)
    if not isinstance(seen, Observed) or not isinstance(seen.value, str):
        return unread(seen)
    app = case.state.rulebook.app(seen.value)
    if app is None or app.contribution == "unknown":
        return unknown_app(case, "the setting")
    reason = f"{app.title} has no data contribution setting, according to the rulebook of {case.state.rulebook.version}"
    return Verdict(Outcome.NO_SUCH_SETTING, "no_setting", reason, seen.setting, None, seen.value, Evidence.of(seen))


@check("DC-19", "covered-apps-reviewed", outcomes={Outcome.PASS, Outcome.STALE, Outcome.UNKNOWN})
def scope_reviewed(case: CheckContext) -> Verdict:
    """DC-19: the list of apps with a contribution setting was reviewed recently, and the watched pages confirm it."""
    rulebook = case.state.rulebook
    file = next(one for one in rulebook.files if one.name == _APP_LIST)
    return reviewed_within(
        case,
        "the list of apps with the setting was ",
        file.reviewed,
        rulebook.scope_review_within_days,
        lambda anchor: _APP_LIST in anchor.files,
        ", and its pages still say so",
    )


@check(
    "DC-23",
    "sandboxes-covered",
    Kind.APP,
    reads=(names.APP_SANDBOX,),
    outcomes={Outcome.PASS, Outcome.UNKNOWN, Outcome.STALE},
    applies=may_be_sandbox,
    when_none=none_among_apps("is a sandbox"),
)
def sandbox_contributes(case: CheckContext) -> Verdict:
    """DC-23: whether a sandbox contributes is not documented, so only an organization without sandboxes passes."""
    seen = case.state.read(case.subject, names.APP_SANDBOX)
    if not isinstance(seen, Observed) or not isinstance(seen.value, str):
        return unread(seen)
    reason = "it is not documented whether a sandbox contributes or inherits a setting"
    return Verdict(Outcome.UNKNOWN, "not_documented", reason, names.APP_SANDBOX, None, seen.value, Evidence.of(seen))


_FEWEST_READINGS = 2
"""The fewest complete readings that can show whether an app left."""


@check(
    "DC-25",
    "deleted-apps-tracked",
    reads=(names.APP_TYPE_KEY, names.APP_SITE),
    outcomes={Outcome.PASS, Outcome.PENDING, Outcome.UNKNOWN, Outcome.STALE},
)
def departed(case: CheckContext) -> Verdict:
    """DC-25: for each app and site that left, the day on which its deletion periods began is known.

    `pending` while the periods run, then `unknown`: nobody outside Atlassian can verify the deletion, and aggregated
    data stays. A history in which no app left passes only without gaps, because an app can come and go within a gap.
    """
    organization = case.subject.organization
    state = case.state
    departures = state.organization(organization).departures
    evidence = list_evidence(state, organization, names.WORKSPACES)
    if not evidence:
        why = state.organizations[organization].why_not(names.WORKSPACES)
        return Verdict(Outcome.UNKNOWN, "inventory_not_whole", f"unknown whether an app has left: {why}")
    departed_apps = [one for one in departures.apps if not _is_pseudo(case, one)]
    if departed_apps:
        return _deletion(case, departed_apps)
    seen = [moment for moment in departures.readings if moment <= case.as_of]
    if len(seen) < _FEWEST_READINGS:
        reason = "the history holds only one complete list of apps, so nothing shows whether any left before"
        return Verdict(Outcome.UNKNOWN, "nothing_to_compare", reason)
    limit = timedelta(days=case.policy.evidence.max_age_days["documented"])
    holes = [(before, after) for before, after in pairwise(seen) if after - before > limit]
    since = f"{seen[0]:%Y-%m-%d}"
    if holes:
        before, after = max(holes, key=lambda hole: hole[1] - hole[0])
        reason = (
            f"no app was seen to leave since {since}, but no complete list was read from {before:%Y-%m-%d %H:%M}Z to "
            f"{after:%Y-%m-%d %H:%M}Z ({counted(len(holes), 'gap')}), "
            f"and an app could have come and gone in between"
        )
        return Verdict(Outcome.UNKNOWN, "history_has_gaps", reason)
    reason = f"every app listed since {since} is listed now, with no gap in the history; the time before is not known"
    return Verdict(Outcome.PASS, "none_left", reason, evidence=evidence)


def _deletion(case: CheckContext, departures: list[Departure]) -> Verdict:
    """The verdict on apps that left: `pending` while every deletion period is still running."""
    clocks = case.state.rulebook.clocks
    periods = (clocks.in_app_deletion_days, clocks.metadata_deletion_days, clocks.retrain_days)
    days = max(one.amount for one in periods)
    due = [later(one.first_missing, timedelta(days=days)) for one in departures]
    past = [one for one, end in zip(departures, due, strict=True) if end <= case.as_of]
    aggregates = f"aggregated data may be kept for {clocks.residue_years.amount} years"
    evidence = list_evidence(case.state, case.subject.organization, names.WORKSPACES)
    about = names.APP_TYPE_KEY, None, tuple(one.alias for one in departures), evidence
    if past:
        verified = f"{counted(days, 'day')} have passed, and nobody outside Atlassian can verify the deletion"
        reason = f"{_departure_words(past)}; {verified}; {aggregates}"
        return Verdict(Outcome.UNKNOWN, "deletion_not_verifiable", reason, *about)
    deadline = f"contributed data must be deleted {counted(days, 'day')} later"
    reason = f"{_departure_words(departures)}: {deadline}; {aggregates}"
    return Verdict(Outcome.PENDING, "deletion_runs", reason, *about, due_at=min(due))


def _departure_words(departures: list[Departure]) -> str:
    named = [
        f"{one.alias}{' with its site' if one.with_site else ''} left between {one.last_seen:%Y-%m-%d} and "
        f"{one.first_missing:%Y-%m-%d}"
        for one in departures
    ]
    return some(named)


def _is_pseudo(case: CheckContext, departure: Departure) -> bool:
    app = case.state.rulebook.app(departure.type_key)
    return app is not None and app.pseudo


ALL: tuple[Check, ...] = (
    all_organizations,
    without_setting,
    scope_reviewed,
    sandbox_contributes,
    departed,
)
