"""What was deleted: apps and sites that left the inventory (DC-25)."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

from contribaudit.checks.parts import WORKSPACES, list_evidence
from contribaudit.core.departure import Departure
from contribaudit.core.judge.check import Case, Check, Verdict
from contribaudit.core.model import names
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.setting import Family
from contribaudit.core.model.subject import Kind
from contribaudit.core.model.times import later

_NAMED = 5
_FEWEST = 2
"""Readings without which nothing can have been seen to leave."""


def departed(case: Case) -> Verdict:
    """DC-25: of each app and site that left, the day is known from which the periods of deletion run.

    `pending` while they run, then `unknown`: that the data was deleted nobody outside can verify, and what was
    aggregated stays. That none left passes only for a history without holes: an app can come and go in one.
    """
    organization = case.subject.organization
    state = case.state
    found = state.departed(organization)
    evidence = list_evidence(state, organization, WORKSPACES)
    if not evidence:
        why = state.organizations[organization].why_not(WORKSPACES)
        return Verdict(Outcome.UNKNOWN, "inventory_not_whole", f"whether an app left is not known: {why}")
    gone = [one for one in found.apps if not _pseudo(case, one)]
    if gone:
        return _deletion(case, gone)
    seen = [moment for moment in found.readings if moment <= case.as_of]
    if len(seen) < _FEWEST:
        reason = "the history holds one whole list of apps: whether any left before nobody has seen"
        return Verdict(Outcome.UNKNOWN, "nothing_to_compare", reason)
    limit = timedelta(days=case.policy.evidence.max_age_days["documented"])
    holes = [(before, after) for before, after in pairwise(seen) if after - before > limit]
    since = f"{seen[0]:%Y-%m-%d}"
    if holes:
        before, after = max(holes, key=lambda hole: hole[1] - hole[0])
        reason = (
            f"no app was seen to leave since {since}, but no whole list was read from {before:%Y-%m-%d %H:%M}Z to "
            f"{after:%Y-%m-%d %H:%M}Z ({len(holes)} such {'gap' if len(holes) == 1 else 'gaps'}), "
            f"in which one could have come and gone"
        )
        return Verdict(Outcome.UNKNOWN, "history_has_gaps", reason)
    reason = f"none left in the observed history, without a gap since {since}; of the time before nothing is known"
    return Verdict(Outcome.PASS, "none_left", reason, evidence=evidence)


def _deletion(case: Case, gone: list[Departure]) -> Verdict:
    """The periods of the apps that left: `pending` as long as all of them run."""
    clocks = case.state.rulebook.clocks
    periods = (clocks.in_app_deletion_days, clocks.metadata_deletion_days, clocks.retrain_days)
    days = max(one.amount for one in periods)
    years = clocks.residue_years.amount
    due = [later(one.first_missing, timedelta(days=days)) for one in gone]
    past = [one for one, end in zip(gone, due, strict=True) if end <= case.as_of]
    aggregates = f"aggregates may stay for {years} years"
    observed = tuple(one.alias for one in gone)
    evidence = list_evidence(case.state, case.subject.organization, WORKSPACES)
    if past:
        verified = f"{days} days have passed, and that the data was deleted nobody outside can verify"
        reason = f"{_told(past)}; {verified}; {aggregates}"
        return Verdict(Outcome.UNKNOWN, "deletion_not_verifiable", reason, names.APP_TYPE_KEY, None, observed, evidence)
    reason = f"{_told(gone)}: contributed data is to be gone {days} days later; {aggregates}"
    return Verdict(
        Outcome.PENDING, "deletion_runs", reason, names.APP_TYPE_KEY, None, observed, evidence, due_at=min(due)
    )


def _told(gone: list[Departure]) -> str:
    named = [
        f"{one.alias}{' with its site' if one.with_site else ''} left between {one.last_seen:%Y-%m-%d} and "
        f"{one.first_missing:%Y-%m-%d}"
        for one in gone[:_NAMED]
    ]
    more = len(gone) - _NAMED
    return ", ".join(named) + (f" and {more} more" if more > 0 else "")


def _pseudo(case: Case, one: Departure) -> bool:
    known = case.state.rulebook.app(one.type_key)
    return known is not None and known.pseudo


DC_25 = Check(
    id="DC-25",
    family=Family.DATA_CONTRIBUTION,
    kind=Kind.ORGANIZATION,
    reads=(names.APP_TYPE_KEY, names.APP_SITE),
    outcomes=frozenset((Outcome.PASS, Outcome.PENDING, Outcome.UNKNOWN, Outcome.STALE)),
    judge=departed,
)
