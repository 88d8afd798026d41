"""What no setting does: remove what AI wrote (AI-21), shorten retention (AI-22), choose a model (AI-24)."""

from __future__ import annotations

from contribaudit.checks.parts import policy_evidence, rulebook_evidence
from contribaudit.core.judge.check import Case, Check, Expectation, Shape, Verdict
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.setting import Family
from contribaudit.core.model.subject import Kind


def generated_content(case: Case) -> Verdict:
    """AI-21: no setting removes what AI has written; a waiver is how that is taken note of."""
    reason = "blocking AI removes nothing that it wrote: generated content stays in pages and work items"
    return Verdict(Outcome.NOT_ACHIEVABLE, "content_stays", reason, evidence=rulebook_evidence(case))


def prompt_retention(case: Case) -> Verdict:
    """AI-22: the policy allows the days for which Atlassian itself keeps prompts and answers for safety."""
    kept = case.state.rulebook.clocks.prompt_retention_days.amount
    wanted = case.rule.expect if isinstance(case.rule.expect, str) else ""
    observed = f"{kept} days"
    if not wanted.isdecimal():
        reason = f'the policy does not say for how many days prompts may be kept: set expect = "{kept}" in its rule'
        return Verdict(Outcome.UNKNOWN, "policy_names_no_days", reason, None, wanted or None, observed)
    expected = f"at most {wanted} days"
    if int(wanted) >= kept:
        reason = f"Atlassian keeps prompts and answers up to {kept} days, which the policy allows"
        return Verdict(Outcome.PASS, "retention_allowed", reason, None, expected, observed, rulebook_evidence(case))
    reason = f"Atlassian keeps prompts and answers up to {kept} days, and no setting shortens that"
    return Verdict(Outcome.NOT_ACHIEVABLE, "kept_longer", reason, None, expected, observed, rulebook_evidence(case))


def provider_choice(case: Case) -> Verdict:
    """AI-24: the policy claims no model provider: Atlassian routes each request as it likes."""
    claimed = case.rule.expect if isinstance(case.rule.expect, tuple) else ()
    evidence = rulebook_evidence(case)
    if claimed:
        reason = f"that only {', '.join(claimed)} is used cannot be set: Atlassian chooses the model"
        return Verdict(Outcome.NOT_ACHIEVABLE, "provider_claimed", reason, None, claimed, None, evidence)
    reason = "the policy claims no model provider, and none can be chosen"
    return Verdict(Outcome.PASS, "not_claimed", reason, evidence=(*evidence, *policy_evidence(case, case.rule.origin)))


AI_21 = Check(
    id="AI-21",
    family=Family.AI_ACCESS,
    kind=Kind.ORGANIZATION,
    reads=(),
    outcomes=frozenset((Outcome.NOT_ACHIEVABLE,)),
    judge=generated_content,
)
AI_22 = Check(
    id="AI-22",
    family=Family.AI_ACCESS,
    kind=Kind.ORGANIZATION,
    reads=(),
    outcomes=frozenset((Outcome.PASS, Outcome.NOT_ACHIEVABLE, Outcome.UNKNOWN)),
    judge=prompt_retention,
    expectation=Expectation(Shape.DAYS, example='"30"'),
)
AI_24 = Check(
    id="AI-24",
    family=Family.AI_ACCESS,
    kind=Kind.ORGANIZATION,
    reads=(),
    outcomes=frozenset((Outcome.PASS, Outcome.NOT_ACHIEVABLE)),
    judge=provider_choice,
    expectation=Expectation(Shape.WORDS, means="model providers that the company claims to use", example='["OpenAI"]'),
)
