"""What a switch does not stop or undo: common patterns (DC-17), the time before (DC-21), deletion (DC-22)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC

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
from contribaudit.core.deletion import CALLED, DeletionClock, clocks_of, residue_until
from contribaudit.core.exposure import exposure_window
from contribaudit.core.finding import Outcome
from contribaudit.core.observation import Observed
from contribaudit.core.policy import Decision
from contribaudit.core.setting import Family, Setting
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

    A look of today shows today's switch, not when it was set; nor does a decision show that it was carried out. The
    reason tells the exposure window as far as the looks that were kept reach.
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
    _, window = exposure_window(case.state, case.subject.organization)
    if word == "on":
        reason = f"in-app contribution is on: what is contributed since {effective} grows"
        return Verdict(Outcome.FAIL, "still_on", reason, _IN_APP.id, "off", word, evidence)
    if isinstance(seen, Observed) and seen.observed_at.astimezone(UTC).date() < effective:
        reason = f"in-app contribution was seen off before {effective}, and nothing has moved since"
        return Verdict(Outcome.PASS, "off_before_effective_date", reason, _IN_APP.id, "off", word, evidence)
    reason = f"in-app contribution is off now; nothing shows that it was so on {effective}; {window.sentence}"
    return Verdict(Outcome.UNKNOWN, "day_of_change_not_known", reason, _IN_APP.id, "off", word, evidence)


def deletion(case: Case) -> Verdict:
    """DC-22: after an opt-out, Atlassian's periods of deletion run: `pending` until the last of them, then `unknown`.

    In-app data and metadata have clocks of their own, each from the day of the policy's decision on its switch: a
    look does not tell the day. Nobody outside can verify the deletion, and what was aggregated may be kept for years.
    """
    above = not_in_force_or_exempt(case, _IN_APP, "off")
    if above is not None:
        return above
    word = word_of(case.state, case.subject, _IN_APP, "off")
    if isinstance(word, Verdict):
        return word
    if word == "on":
        evidence = evidence_of(case.state.read(case.subject, _IN_APP.id))
        reason = "in-app contribution is on: no deletion is due as long as it is"
        return Verdict(Outcome.FAIL, "still_on", reason, _IN_APP.id, "off", word, evidence)
    plan = highest_plan(case, "off")
    if isinstance(plan, Verdict):
        return plan
    parts = [_opt_out(case, _IN_APP)]
    if plan.metadata_changeable:
        switch = word_of(case.state, case.subject, contribution.METADATA, "off")
        if isinstance(switch, Verdict):
            return switch
        if switch == "off":
            parts.append(_opt_out(case, contribution.METADATA))
    return _deletion_of(case, parts)


@dataclass(frozen=True, slots=True)
class _OptOut:
    """One switch that is seen off, and what the policy says of the day."""

    setting: Setting
    decision: Decision | None
    clocks: tuple[DeletionClock, ...]
    """Empty without a decision, and for one from before use began."""
    sentence: str


def _opt_out(case: Case, setting: Setting) -> _OptOut:
    rulebook = case.state.rulebook
    decision = decision_on(case, setting, "off")
    called = CALLED[setting.id]
    if decision is None:
        sentence = f"{called} is off; since when is not known, as no decision of the policy dates it"
        return _OptOut(setting, None, (), sentence)
    if decision.date < rulebook.effective:
        sentence = f"it was decided before {rulebook.effective} to opt out of {called}; that nothing was contributed, "
        return _OptOut(setting, decision, (), f"{sentence}nobody can verify")
    clocks = clocks_of(rulebook.clocks, setting.id, decision)
    days = " and ".join(f"{one.what} by {one.due_at:%Y-%m-%d}" for one in clocks)
    stay = f"aggregates may stay for {rulebook.clocks.residue_years.amount} years"
    until = residue_until(rulebook.clocks, decision.date)
    sentence = f"opted out of {called} on {decision.date}: {days} at the latest; {stay}, until {until} at the earliest"
    return _OptOut(setting, decision, clocks, sentence)


def _deletion_of(case: Case, parts: list[_OptOut]) -> Verdict:
    """All opt-outs together: one that is not dated leaves it open, else the first end that is still ahead counts."""
    reason = "; ".join(one.sentence for one in parts)
    evidence = evidence_of(
        *(case.state.read(case.subject, one.setting.id) for one in parts),
        case.state.read(case.subject, names.HIGHEST_PLAN),
    )
    undated = next((one for one in parts if one.decision is None), None)
    clocks = sorted((clock for one in parts for clock in one.clocks), key=lambda one: one.due_at)
    if undated is not None or not clocks:
        setting = (undated or parts[0]).setting.id
        return Verdict(Outcome.UNKNOWN, "opt_out_not_dated", reason, setting, "off", "off", evidence)
    ahead = [one for one in clocks if one.due_at > case.as_of]
    if not ahead:
        reason += "; all these days have passed, and that it was done, nobody outside can verify"
        return Verdict(Outcome.UNKNOWN, "deletion_not_verifiable", reason, clocks[-1].setting, "off", "off", evidence)
    evidence += tuple(one for part in parts if part.decision for one in policy_evidence(case, part.decision.origin))
    due = ahead[0]
    return Verdict(Outcome.PENDING, "deletion_runs", reason, due.setting, "off", "off", evidence, due_at=due.due_at)


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
    reads=(_IN_APP.id, contribution.METADATA.id, names.HIGHEST_PLAN, names.EXEMPTION),
    outcomes=(ATTESTED - {Outcome.PASS}) | _BEFORE | {Outcome.PENDING},
    judge=deletion,
)
