"""AI questions beyond any setting: written content (AI-21), retention (AI-22), the model (AI-24), the screen (AI-25).

AI-25 asks whether people read AI settings on the right screen.
"""

from __future__ import annotations

from contribaudit.catalogue import ai_access, ai_tools
from contribaudit.checks.reading import policy_evidence, rulebook_evidence, unread
from contribaudit.core.judge.check import Check, CheckContext, Expectation, Shape, Verdict, check
from contribaudit.core.model.finding import Evidence, Outcome
from contribaudit.core.model.observation import CONFLICT_CODES, STALE_CODES, Observed, Unavailable
from contribaudit.core.model.phrases import counted
from contribaudit.core.model.subject import Kind, Subject, organization_subject
from contribaudit.core.resolve.aliases import alias_of


@check("AI-21", "ai-content-known-to-remain", outcomes={Outcome.NOT_ACHIEVABLE})
def generated_content(case: CheckContext) -> Verdict:
    """AI-21: no setting removes content that AI has written; a waiver acknowledges that."""
    reason = "blocking AI removes nothing that it wrote: generated content stays in pages and work items"
    return Verdict(Outcome.NOT_ACHIEVABLE, "content_stays", reason, evidence=rulebook_evidence(case))


@check(
    "AI-22",
    "prompt-retention-accepted",
    outcomes={Outcome.PASS, Outcome.NOT_ACHIEVABLE, Outcome.UNKNOWN},
    expectation=Expectation(
        Shape.DAYS,
        means="days for which Atlassian may keep prompts and answers",
        default="none: the check is unknown until its rule names the days",
        example='"30"',
    ),
)
def prompt_retention(case: CheckContext) -> Verdict:
    """AI-22: the policy allows the number of days for which Atlassian keeps prompts and answers for safety."""
    days = case.state.rulebook.clocks.prompt_retention_days.amount
    allowed_days = case.word or ""
    observed = counted(days, "day")
    if not allowed_days.isdecimal():
        reason = f'the policy does not say for how many days prompts may be kept; set expect = "{days}" in its rule'
        return Verdict(Outcome.UNKNOWN, "policy_names_no_days", reason, None, allowed_days or None, observed)
    expected = f"at most {counted(int(allowed_days), 'day')}"
    if int(allowed_days) >= days:
        reason = f"Atlassian keeps prompts and answers for up to {counted(days, 'day')}; the policy allows that"
        return Verdict(Outcome.PASS, "retention_allowed", reason, None, expected, observed, rulebook_evidence(case))
    reason = f"Atlassian keeps prompts and answers for up to {counted(days, 'day')}, and no setting shortens that"
    return Verdict(Outcome.NOT_ACHIEVABLE, "kept_longer", reason, None, expected, observed, rulebook_evidence(case))


@check(
    "AI-24",
    "no-model-provider-claimed",
    outcomes={Outcome.PASS, Outcome.NOT_ACHIEVABLE},
    expectation=Expectation(
        Shape.WORDS,
        means="model providers that the company says are the only ones used",
        default="no claim",
        example='["OpenAI"]',
    ),
)
def provider_choice(case: CheckContext) -> Verdict:
    """AI-24: the policy relies on no model provider, because Atlassian chooses the model for each request."""
    claimed = case.listed
    evidence = rulebook_evidence(case)
    if claimed:
        reason = f"Atlassian chooses the model: no setting limits it to {', '.join(claimed)}"
        return Verdict(Outcome.NOT_ACHIEVABLE, "provider_claimed", reason, None, claimed, None, evidence)
    reason = "the policy relies on no model provider, and none can be chosen"
    return Verdict(Outcome.PASS, "not_claimed", reason, evidence=(*evidence, *policy_evidence(case, case.rule.origin)))


_SETTINGS = tuple(setting.id for setting in (*ai_access.ALL, *ai_tools.ALL) if setting.attestable)


@check("AI-25", "console-generation-named", reads=_SETTINGS)
def generation_named(case: CheckContext) -> Verdict:
    """AI-25: every attestation of an AI setting that counts names its menu path, and so the console generation.

    Screens with the same name hold different controls in different generations of the console.
    """
    organization = case.subject.organization
    subjects: list[Subject] = [organization_subject(organization)]
    for kind in (Kind.SITE, Kind.APP, Kind.CONNECTOR):
        subjects += case.state.subjects(kind, organization)
    answers = [case.state.read(subject, setting) for subject in subjects for setting in _SETTINGS]
    looks = [(one, one.witness) for one in answers if isinstance(one, Observed) and one.witness is not None]
    if not looks:
        doubtful = (*STALE_CODES, *CONFLICT_CODES)
        refused = [one for one in answers if isinstance(one, Unavailable) and one.code in doubtful]
        if refused:
            return unread(refused[0])
        reason = "no attestation of an AI setting counts today"
        return Verdict(Outcome.UNKNOWN, "nothing_attested", reason, ai_access.ACCESS.id)
    evidence = Evidence.of(*(one for one, _ in looks))
    silent = [one for one, witness in looks if not witness.console_path.strip()]
    if silent:
        reason = (
            f"{len(silent)} of {len(looks)} attestations name no menu path, such as {_setting_and_app(case, silent[0])}"
        )
        return Verdict(Outcome.FAIL, "path_not_recorded", reason, silent[0].setting, None, None, evidence)
    strange = [one for one, witness in looks if not witness.generation]
    if strange:
        reason = f"the rulebook knows no console generation with the menu path of {_setting_and_app(case, strange[0])}"
        return Verdict(Outcome.UNKNOWN, "generation_not_known", reason, strange[0].setting, None, None, evidence)
    generations = tuple(sorted({witness.generation for _, witness in looks}))
    reason = f"every attestation names its console generation: {', '.join(generations)}"
    return Verdict(Outcome.PASS, "generation_named", reason, looks[0][0].setting, None, generations, evidence)


def _setting_and_app(case: CheckContext, seen: Observed) -> str:
    return f"{seen.setting} of {alias_of(case.state, seen.subject)}"


ALL: tuple[Check, ...] = (
    generated_content,
    prompt_retention,
    provider_choice,
    generation_named,
)
