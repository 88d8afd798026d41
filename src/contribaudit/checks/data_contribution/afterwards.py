"""What a switch does not stop or undo: common patterns (DC-17), the time before (DC-21), deletion (DC-22)."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from contribaudit.catalogue import ai_access as ai
from contribaudit.catalogue import ai_tools as tools
from contribaudit.catalogue import data_contribution as contribution
from contribaudit.checks.ai_access.reach import ai_off_everywhere
from contribaudit.checks.answers import (
    ATTESTED,
    fragile_in_trial,
    highest_plan,
    not_in_force_or_exempt,
    word_of,
)
from contribaudit.checks.data_contribution.choices import decision_on
from contribaudit.checks.parts import evidence_of, policy_evidence
from contribaudit.core import names
from contribaudit.core.check import Case, Check, Verdict
from contribaudit.core.finding import Outcome
from contribaudit.core.observation import Observed
from contribaudit.core.setting import Family
from contribaudit.core.subject import Kind

_IN_APP = contribution.IN_APP


def common_patterns(case: Case) -> Verdict:
    """DC-17: prompts of the chat feed no common patterns: metadata is off, or Rovo is blocked everywhere.

    Search queries and configuration names feed them as long as metadata does; in-app Off stops none of it.
    """
    above = not_in_force_or_exempt(case, contribution.METADATA, "off")
    if above is not None:
        return above
    plan = highest_plan(case, "off")
    if isinstance(plan, Verdict):
        return plan
    if plan.metadata_changeable and word_of(case.state, case.subject, contribution.METADATA) == "off":
        seen = (case.state.read(case.subject, one) for one in (contribution.METADATA.id, names.HIGHEST_PLAN))
        reason = "metadata contribution is off, and common patterns are part of it"
        return Verdict(Outcome.PASS, "metadata_off", reason, contribution.METADATA.id, "off", "off", evidence_of(*seen))
    blocked = ai_off_everywhere(case)
    if blocked.outcome is not Outcome.PASS:
        return blocked
    reason = (
        "Rovo is blocked everywhere, so no prompts arise; search queries and configuration names still feed metadata"
    )
    return Verdict(Outcome.PASS, "rovo_blocked", reason, ai.ACCESS.id, "blocked", "blocked", blocked.evidence)


def off_from_the_start(case: Case) -> Verdict:
    """DC-21: in-app contribution was seen off before the day from which data is used, and stands so.

    A look of today shows today's switch, not when it was set; nor does a decision show that it was carried out.
    """
    above = not_in_force_or_exempt(case, _IN_APP, "off")
    if above is not None:
        return above
    word = word_of(case.state, case.subject, _IN_APP, "off")
    if isinstance(word, Verdict):
        return word
    seen = case.state.read(case.subject, _IN_APP.id)
    evidence = evidence_of(seen)
    effective = case.state.rulebook.effective
    if word == "on":
        reason = f"in-app contribution is on: what is contributed since {effective} grows"
        return Verdict(Outcome.FAIL, "still_on", reason, _IN_APP.id, "off", word, evidence)
    if isinstance(seen, Observed) and seen.observed_at.astimezone(UTC).date() < effective:
        reason = f"in-app contribution was seen off before {effective}, and nothing has moved since"
        return Verdict(Outcome.PASS, "off_before_effective_date", reason, _IN_APP.id, "off", word, evidence)
    reason = f"in-app contribution is off now; nothing shows that it was so on {effective}"
    return Verdict(Outcome.UNKNOWN, "day_of_change_not_known", reason, _IN_APP.id, "off", word, evidence)


def deletion(case: Case) -> Verdict:
    """DC-22: after an opt-out, Atlassian's periods of deletion run: `pending` until the last of them, then `unknown`.

    The day of the opt-out is that of the policy's decision: a look does not tell it. Nobody outside can verify the
    deletion, and what was aggregated before may be kept for years.
    """
    above = not_in_force_or_exempt(case, _IN_APP, "off")
    if above is not None:
        return above
    word = word_of(case.state, case.subject, _IN_APP, "off")
    if isinstance(word, Verdict):
        return word
    evidence = evidence_of(case.state.read(case.subject, _IN_APP.id))
    if word == "on":
        reason = "in-app contribution is on: no deletion is due as long as it is"
        return Verdict(Outcome.FAIL, "still_on", reason, _IN_APP.id, "off", word, evidence)
    decision = decision_on(case, _IN_APP, "off")
    effective = case.state.rulebook.effective
    if decision is None or decision.date < effective:
        reason = (
            "in-app contribution is off; since when is not known, as no decision of the policy dates it"
            if decision is None
            else f"it was decided before {effective} to opt out; that nothing was contributed, nobody can verify"
        )
        return Verdict(Outcome.UNKNOWN, "opt_out_not_dated", reason, _IN_APP.id, "off", word, evidence)
    clocks = case.state.rulebook.clocks
    periods = sorted((clocks.in_app_deletion_days.amount, clocks.retrain_days.amount))
    opted_out = datetime.combine(decision.date, time(), UTC)
    due = next((end for days in periods if (end := opted_out + timedelta(days=days)) > case.as_of), None)
    years = clocks.residue_years.amount
    if due is None:
        reason = (
            f"opted out on {decision.date}; {periods[-1]} days have passed, and that the data was deleted "
            f"nobody outside can verify; aggregates may stay for {years} years"
        )
        return Verdict(Outcome.UNKNOWN, "deletion_not_verifiable", reason, _IN_APP.id, "off", word, evidence)
    reason = (
        f"opted out on {decision.date}: contributed data is to be gone {periods[0]} days later, models retrained "
        f"{periods[-1]} days later; aggregates may stay for {years} years"
    )
    evidence += policy_evidence(case, decision.origin)
    return Verdict(Outcome.PENDING, "deletion_runs", reason, _IN_APP.id, "off", word, evidence, due_at=due)


_BEFORE = frozenset((Outcome.NOT_YET_EFFECTIVE, Outcome.EXEMPT))

DC_17 = Check(
    id="DC-17",
    family=Family.DATA_CONTRIBUTION,
    kind=Kind.ORGANIZATION,
    reads=(contribution.METADATA.id, names.HIGHEST_PLAN, ai.ACCESS.id, tools.OWN_SETTING.id, names.EXEMPTION),
    outcomes=ATTESTED | _BEFORE,
    judge=fragile_in_trial(common_patterns),
)
DC_21 = Check(
    id="DC-21",
    family=Family.DATA_CONTRIBUTION,
    kind=Kind.ORGANIZATION,
    reads=(_IN_APP.id, names.EXEMPTION),
    outcomes=ATTESTED | _BEFORE,
    judge=fragile_in_trial(off_from_the_start),
)
DC_22 = Check(
    id="DC-22",
    family=Family.DATA_CONTRIBUTION,
    kind=Kind.ORGANIZATION,
    reads=(_IN_APP.id, names.EXEMPTION),
    outcomes=(ATTESTED - {Outcome.PASS}) | _BEFORE | {Outcome.PENDING},
    judge=deletion,
)
