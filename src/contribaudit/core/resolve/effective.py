"""Effective answers: what is contributed, whom AI reaches and where it processes, from switches, lists, plans, dates.

`metadata`, `in_app`, `ai` and `ai_processing` answer for one subject, each with its chain of reasons. `effective`
gives the answers for organizations and apps as observations. Residency is about storage:
https://support.atlassian.com/security-and-access-policies/docs/understand-data-residency/; the rulebook says where
requests to language models are processed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from contribaudit.core.model import names
from contribaudit.core.model.finding import Evidence, Outcome
from contribaudit.core.model.observation import Attester, Grade, Observation, Observed, SettingId, Unavailable
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.core.resolve.effective_ai import EXPOSED, ai
from contribaudit.core.resolve.effective_contribution import CONTRIBUTED, in_app, metadata
from contribaudit.core.resolve.provisions import RULE_UNDER_REVIEW
from contribaudit.core.resolve.reasons import VALUE, Effective, Reason, Stop, rule, stopped
from contribaudit.core.resolve.state import State

AI_PROCESSING = names.EFFECTIVE_AI_PROCESSING
OUTSIDE = "outside"
NOTHING = "none"
RISKS = (CONTRIBUTED, EXPOSED, OUTSIDE)


def ai_processing(state: State, subject: Subject) -> Effective:
    """ "outside" (the realm) where AI reaches the subject, "none" where it does not; otherwise the answer of `ai`."""
    exposure = ai(state, subject)
    leaves = rule(state, state.rulebook.ai_processing.text)
    stays = rule(state, "AI processes no data of an app that it does not reach")
    exposed = exposure.value == EXPOSED
    return replace(
        exposure,
        setting=AI_PROCESSING,
        value=(OUTSIDE if exposed else NOTHING) if exposure.outcome == VALUE else None,
        predicted=OUTSIDE if exposure.predicted == EXPOSED else None,
        chain=(*exposure.chain, leaves if exposed else stays) if exposure.outcome == VALUE else exposure.chain,
    )


COMPUTED: Mapping[SettingId, Callable[[State, Subject], Effective]] = {
    names.EFFECTIVE_METADATA: metadata,
    names.EFFECTIVE_IN_APP: in_app,
    names.EFFECTIVE_AI: ai,
    AI_PROCESSING: ai_processing,
}
"""The computed settings, in reading order."""
KINDS = (Kind.ORGANIZATION, Kind.SITE, Kind.APP, Kind.SPACE, Kind.CONNECTOR)
"""The kinds of subject that have effective answers."""


def effective_of(state: State, subject: Subject, setting: SettingId) -> Effective:
    """The answer for one subject. Raises ValueError for a setting or kind of subject without one."""
    compute = COMPUTED.get(setting)
    if compute is None or subject.kind not in KINDS:
        raise ValueError(f"{setting} of a {subject.kind} is not computed")
    return under_terms(state, compute(state, subject))


def shown_answers(state: State, subject: Subject) -> list[Effective]:
    """The answers that are shown about a subject; where AI is processed only about an organization."""
    shown = (one for one in COMPUTED if one != AI_PROCESSING or subject.kind is Kind.ORGANIZATION)
    return [effective_of(state, subject, one) for one in shown]


def under_terms(state: State, answer: Effective) -> Effective:
    """The answer under the policy's evidence terms: unknown or stale where its evidence does not meet them.

    A bad answer stays bad when its evidence ages, and an answer that is not in force yet needs no evidence. Checks use
    the answer itself, and judge its evidence by their own rule. While the provision behind its rule is under review,
    only a bad answer stays.
    """
    judged_as = names.EFFECTIVE_AI if answer.setting == AI_PROCESSING else answer.setting
    doubtful = state.under_review(setting=judged_as)
    if doubtful and answer.known and answer.value not in RISKS:
        why = rule(state, f"the rule behind it is under review: {doubtful[0].sentence()}")
        stop = Stop(Outcome.UNKNOWN, RULE_UNDER_REVIEW, why, answer.chain)
        return stopped(answer.subject, answer.setting, stop, predicted=answer.value, changeable=answer.changeable)
    if state.evidence_terms is None or not answer.known or answer.outcome is Outcome.NOT_YET_EFFECTIVE:
        return answer
    evidence = Evidence.of(*answer.rests_on)
    lasting = answer.value in RISKS
    if not evidence:
        nothing = Stop(Outcome.UNKNOWN, "no_evidence", Reason("no evidence was read", None, "policy"), answer.chain)
        return stopped(answer.subject, answer.setting, nothing, predicted=answer.value, changeable=answer.changeable)
    for number, terms in enumerate(state.evidence_terms(state, answer.subject, judged_as)):
        if lasting and number:
            break  # a bad answer is bad under whichever rule holds
        shortcoming = terms.shortcoming(answer.in_words, evidence, state.as_of, lasting=lasting)
        if shortcoming is not None:
            outcome = Outcome.UNKNOWN if number else shortcoming.outcome
            stop = Stop(outcome, shortcoming.code, Reason(shortcoming.reason, None, "policy"), answer.chain)
            return stopped(answer.subject, answer.setting, stop, changeable=answer.changeable)
    return answer


def effective(state: State) -> Iterator[Observation]:
    """Yield the answers for every organization and app, as observations.

    A value has the weakest grade and the oldest time among the links that decide; it is predicted where none was
    observed. To judge age, use the answer's `rests_on`, since each grade has its own limit. An answer that does not
    meet the state's terms is unknown or stale (see `under_terms`). Any answer without a value is `Unavailable`: its
    code is the outcome or, for unknown, stale and conflict, the code of what stopped it.
    """
    for organization in state.subjects(Kind.ORGANIZATION):
        for compute in COMPUTED.values():
            yield as_observation(state, under_terms(state, compute(state, organization)))
        for app in state.subjects(Kind.APP, organization.id):
            for compute in (metadata, in_app, ai):
                yield as_observation(state, under_terms(state, compute(state, app)))


def as_observation(state: State, answer: Effective) -> Observation:
    """The effective answer as an observation."""
    source = f"computed, rulebook {state.rulebook.version}"
    if answer.value is not None:
        return Observed(
            answer.setting,
            answer.subject,
            answer.value,
            # An answer that rests on the rulebook alone ("always contributed on every possible plan") was not observed.
            answer.grade or Grade.PREDICTED,
            answer.observed_at or state.as_of,
            source,
            witness=_weakest_witness(answer),
        )
    code = answer.code if not answer.known or not isinstance(answer.outcome, Outcome) else answer.outcome.value
    return Unavailable(answer.setting, answer.subject, code, answer.reason, state.as_of, source)


def _weakest_witness(answer: Effective) -> Attester | None:
    """One attester for all people behind the answer, as strong as the weakest; None where it rests on none."""
    witnesses = [one.witness for one in answer.rests_on if one.witness is not None]
    if not witnesses:
        return None
    confirmed = [one.confirmed_by for one in witnesses]
    return Attester(
        by=", ".join(sorted({one.by for one in witnesses})),
        confirmed_by=", ".join(sorted({one for one in confirmed if one})) if all(confirmed) else None,
        screenshot=all(one.screenshot for one in witnesses),
        anchored=all(one.anchored for one in witnesses),
        attestation=", ".join(sorted({one.attestation for one in witnesses if one.attestation})),
    )
