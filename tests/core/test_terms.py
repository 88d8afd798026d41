"""Evidence terms: what is not good and fresh enough proves nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from contribaudit import checks
from contribaudit.core.judge.check import CheckContext, Verdict, by_id
from contribaudit.core.judge.evaluate import apply_terms, evidence_terms, strongest_first
from contribaudit.core.model import names
from contribaudit.core.model.finding import Evidence, Outcome, Severity
from contribaudit.core.model.observation import Attester, Grade, SettingId
from contribaudit.core.model.policy import EvidenceTerms, Rule, Where
from contribaudit.core.model.subject import organization_subject
from contribaudit.core.resolve.effective import effective_of
from tests.builders import NOW, app, evidence, facts, observed, policy_of, rule, state_of

GOOD = [
    Outcome.PASS,
    Outcome.NO_SUCH_SETTING,
    Outcome.EXEMPT,
    Outcome.PENDING,
]
BAD = [Outcome.FAIL, Outcome.CONFLICT, Outcome.NOT_ACHIEVABLE]
OLD = NOW - timedelta(days=2, seconds=1)


def under(
    outcome: Outcome, *found: Evidence, wanted: Rule | None = None, terms: EvidenceTerms | None = None
) -> tuple[Outcome, str]:
    """Outcome and reason code of a verdict with this evidence."""
    the_rule = wanted or rule("DR-01")
    case = CheckContext(app(), state_of(), the_rule, policy_of(the_rule, evidence=terms or EvidenceTerms()))
    verdict = apply_terms(Verdict(outcome, "own", "it is so", evidence=found), case)
    return verdict.outcome, verdict.reason_code


@pytest.mark.parametrize("outcome", [*GOOD, Outcome.FAIL, Outcome.NOT_ACHIEVABLE])
def test_an_answer_without_evidence_is_unknown(outcome: Outcome) -> None:
    """Good or bad, nothing was read."""
    assert under(outcome) == (Outcome.UNKNOWN, "no_evidence")


@pytest.mark.parametrize("outcome", [Outcome.UNKNOWN, Outcome.NOT_YET_EFFECTIVE])
def test_what_claims_nothing_needs_no_evidence(outcome: Outcome) -> None:
    """`unknown`, and what is not in force yet, stay what they are."""
    assert under(outcome) == (outcome, "own")
    assert under(outcome, evidence(Grade.PREDICTED, OLD)) == (outcome, "own")


@pytest.mark.parametrize("outcome", [*GOOD, *BAD])
def test_fresh_and_accepted_evidence_leaves_the_answer(outcome: Outcome) -> None:
    """Whatever it is."""
    assert under(outcome, evidence()) == (outcome, "own")


@pytest.mark.parametrize("outcome", [*GOOD, *BAD])
def test_one_grade_that_is_not_accepted_spoils_the_chain(outcome: Outcome) -> None:
    """A chain is as good as its weakest link."""
    terms = EvidenceTerms(accept=(Grade.DOCUMENTED,))
    chain = (evidence(), evidence(Grade.DECODED))
    assert under(outcome, *chain, terms=terms) == (Outcome.UNKNOWN, "grade_not_accepted")
    assert under(outcome, *chain) == (outcome, "own")


def test_a_rule_decides_on_grades_before_the_policy() -> None:
    """In both directions."""
    strict = EvidenceTerms(accept=(Grade.DOCUMENTED,))
    decoded = evidence(Grade.DECODED)
    lenient = rule("DR-01", accept=(Grade.DECODED,))
    assert under(Outcome.PASS, decoded, wanted=lenient, terms=strict)[0] is Outcome.PASS
    assert under(Outcome.PASS, evidence(), wanted=lenient)[0] is Outcome.UNKNOWN


def test_a_prediction_never_passes() -> None:
    """Not even where a policy accepts it, nor beside better evidence."""
    terms = EvidenceTerms(accept=tuple(Grade), max_age_days={str(grade): 9 for grade in Grade})
    assert under(Outcome.PASS, evidence(Grade.PREDICTED), terms=terms) == (Outcome.UNKNOWN, "grade_not_accepted")
    both = (evidence(), evidence(Grade.PREDICTED))
    assert under(Outcome.PASS, *both, terms=terms) == (Outcome.UNKNOWN, "grade_not_accepted")


@pytest.mark.parametrize("outcome", [*GOOD, *BAD])
def test_evidence_from_the_future_proves_nothing(outcome: Outcome) -> None:
    """Five minutes of a wrong clock are forgiven, no more."""
    just = evidence(at=NOW + timedelta(minutes=5))
    beyond = evidence(at=NOW + timedelta(minutes=5, seconds=1))
    assert under(outcome, just) == (outcome, "own")
    assert under(outcome, evidence(), beyond) == (Outcome.UNKNOWN, "evidence_from_the_future")


@pytest.mark.parametrize("outcome", GOOD)
def test_a_good_answer_grows_stale(outcome: Outcome) -> None:
    """By its oldest evidence, to the second."""
    assert under(outcome, evidence(), evidence(at=OLD)) == (Outcome.STALE, "evidence_too_old")
    assert under(outcome, evidence(at=OLD + timedelta(seconds=1))) == (outcome, "own")


@pytest.mark.parametrize("outcome", BAD)
def test_a_bad_answer_stays_bad(outcome: Outcome) -> None:
    """Age never improved a setting."""
    assert under(outcome, evidence(at=OLD)) == (outcome, "own")


@pytest.mark.parametrize(
    ("grade", "days"),
    [(Grade.DOCUMENTED, 2), (Grade.DECODED, 2), (Grade.ATTESTED, 30), (Grade.INFERRED, 180)],
)
def test_each_grade_has_its_own_limit(grade: Grade, days: int) -> None:
    """The documented defaults."""
    assert under(Outcome.PASS, evidence(grade, NOW - timedelta(days=days)))[0] is Outcome.PASS
    assert under(Outcome.PASS, evidence(grade, NOW - timedelta(days=days, seconds=1)))[0] is Outcome.STALE


def test_a_rule_sets_limits_grade_by_grade() -> None:
    """What it does not name keeps the policy's limit."""
    longer = rule("DR-01", max_age_days={"documented": 10})
    assert under(Outcome.PASS, evidence(at=OLD), wanted=longer)[0] is Outcome.PASS
    assert under(Outcome.PASS, evidence(Grade.DECODED, OLD), wanted=longer)[0] is Outcome.STALE
    shorter = rule("DR-01", max_age_days={"documented": 1})
    assert under(Outcome.PASS, evidence(at=NOW - timedelta(days=2)), wanted=shorter)[0] is Outcome.STALE


def test_evidence_is_listed_strongest_first_and_once() -> None:
    """Then by time."""
    decoded, documented, older = evidence(Grade.DECODED), evidence(), evidence(at=OLD)
    assert strongest_first((decoded, documented, older, documented)) == (older, documented, decoded)


def test_what_a_decoder_reads_wants_an_agreement_as_good_as_any_attestation() -> None:
    """Where the policy wants a second person or a screenshot of one; what no person agreed with has none to want."""
    terms = EvidenceTerms(second_person=Severity.INFO)
    alone = replace(evidence(Grade.DECODED), attested_by="anna@acme.example")
    assert under(Outcome.PASS, alone, terms=terms) == (Outcome.UNKNOWN, "second_person_missing")
    assert under(Outcome.PASS, replace(alone, confirmed_by="bert@acme.example"), terms=terms)[0] is Outcome.PASS
    assert under(Outcome.PASS, evidence(Grade.DECODED), terms=terms)[0] is Outcome.PASS
    assert under(Outcome.PASS, replace(alone, grade=Grade.INFERRED), terms=terms)[0] is Outcome.PASS


@pytest.mark.parametrize(
    ("word", "days", "wanted", "told"),
    [
        ("blocked", 30, rule("AI-01"), "not_exposed"),
        ("blocked", 31, rule("AI-01"), "stale"),
        ("allowed", 31, rule("AI-01"), "exposed"),
        ("blocked", 31, rule("AI-01", max_age_days={"attested": 60}), "not_exposed"),
        ("blocked", 3, rule("AI-01", max_age_days={"attested": 2}), "stale"),
        ("blocked", 3, rule("AI-01", max_age_days={"attested": 2}, where=Where(app=("jira-software",))), "not_exposed"),
        ("blocked", 3, rule("DR-01", max_age_days={"attested": 2}), "not_exposed"),
    ],
)
def test_an_effective_answer_grows_stale_with_its_finding(word: str, days: int, wanted: Rule, told: str) -> None:
    """Stale where the finding is, with the value beside it; what is bad stays so."""
    seen = observed(names.AI_ACCESS, app(), word, grade=Grade.ATTESTED, at=NOW - timedelta(days=days))
    state = state_of(*facts(app(), type_key="confluence"), seen)
    assert effective_of(state, app(), names.EFFECTIVE_AI).known
    state.evidence_terms = evidence_terms(policy_of(wanted), checks.ALL)
    answer = effective_of(state, app(), names.EFFECTIVE_AI)
    assert (answer.value or answer.outcome) == told
    if told == "stale":
        assert answer.code == "evidence_too_old"
        assert answer.reason.startswith(f"not exposed, but that was seen {days} days ago; the policy accepts attested ")


def test_a_moment_past_the_limit_does_not_read_like_the_limit() -> None:
    """ "Seen 30 days ago; the policy accepts 30" would be no reason."""
    seen = observed(names.AI_ACCESS, app(), "blocked", grade=Grade.ATTESTED, at=NOW - timedelta(days=30, hours=1))
    state = state_of(*facts(app(), type_key="confluence"), seen)
    state.evidence_terms = evidence_terms(policy_of(rule("AI-01")), checks.ALL)
    assert effective_of(state, app(), names.EFFECTIVE_AI).reason.startswith(
        "not exposed, but that was seen more than 30 days ago; the policy accepts attested evidence for 30 days"
    )


PERSON = Attester("anna@acme.example")
CONFIRMED = Attester("anna@acme.example", confirmed_by="bert@acme.example")
PICTURED = Attester("anna@acme.example", screenshot=True)
JIRA_ONLY = Where(app=("jira-software",))


@pytest.mark.parametrize(
    ("word", "grade", "who", "wanted", "terms", "told"),
    [
        ("blocked", Grade.ATTESTED, PERSON, rule("AI-01"), {}, "not_exposed"),
        ("blocked", Grade.ATTESTED, PERSON, rule("AI-01"), {"accept": (Grade.DOCUMENTED,)}, "grade_not_accepted"),
        ("allowed", Grade.ATTESTED, PERSON, rule("AI-01"), {"accept": (Grade.DOCUMENTED,)}, "grade_not_accepted"),
        ("blocked", Grade.INFERRED, PERSON, rule("AI-01", accept=(Grade.DOCUMENTED,)), {}, "grade_not_accepted"),
        ("blocked", Grade.ATTESTED, PERSON, rule("AI-01"), {"screenshot": Severity.HIGH}, "screenshot_missing"),
        ("allowed", Grade.ATTESTED, PERSON, rule("AI-01"), {"screenshot": Severity.HIGH}, "exposed"),
        ("blocked", Grade.ATTESTED, PICTURED, rule("AI-01"), {"screenshot": Severity.HIGH}, "not_exposed"),
        ("blocked", Grade.ATTESTED, PERSON, rule("AI-01"), {"second_person": Severity.INFO}, "second_person_missing"),
        ("blocked", Grade.ATTESTED, CONFIRMED, rule("AI-01"), {"second_person": Severity.INFO}, "not_exposed"),
        (
            "blocked",
            Grade.ATTESTED,
            PERSON,
            rule("AI-01", severity=Severity.LOW),
            {"second_person": Severity.HIGH},
            "not_exposed",
        ),
        (
            "blocked",
            Grade.ATTESTED,
            PERSON,
            rule("AI-01", severity=Severity.CRITICAL),
            {"second_person": Severity.CRITICAL},
            "second_person_missing",
        ),
        ("blocked", Grade.ATTESTED, PERSON, rule("AI-01", accept=(), where=JIRA_ONLY), {}, "not_exposed"),
    ],
)  # fmt: skip
def test_an_effective_answer_is_known_on_the_terms_of_its_finding(
    word: str, grade: Grade, who: Attester, wanted: Rule, terms: dict[str, Any], told: str
) -> None:
    """By grade, screenshot and second person too, at the severity of the rule that judges it."""
    seen = replace(observed(names.AI_ACCESS, app(), word, grade=grade), witness=who)
    state = state_of(*facts(app(), type_key="confluence"), seen)
    policy = policy_of(wanted, evidence=EvidenceTerms(**terms))
    state.evidence_terms = evidence_terms(policy, checks.ALL)
    answer = effective_of(state, app(), names.EFFECTIVE_AI)
    assert (answer.value or answer.code) == told
    if wanted.where == Where():
        case = CheckContext(app(), state, wanted, policy)
        verdict = apply_terms(by_id(checks.ALL)["AI-01"].judge(case), case)
        assert verdict.outcome == {"not_exposed": Outcome.PASS, "exposed": Outcome.FAIL}.get(told, Outcome.UNKNOWN)
        assert answer.value or verdict.reason_code == told


@pytest.mark.parametrize("setting", [names.EFFECTIVE_AI, names.EFFECTIVE_AI_PROCESSING])
def test_what_is_told_of_an_organization_falls_under_the_rule_of_its_apps(setting: SettingId) -> None:
    """No check of its own has it as its verdict."""
    seen = replace(observed(names.AI_ACCESS, app(), "blocked", grade=Grade.ATTESTED), witness=PERSON)
    state = state_of(*facts(app(), type_key="confluence"), seen)
    organization = organization_subject(app().organization)
    wanted = rule("AI-01", severity=Severity.CRITICAL)
    state.evidence_terms = evidence_terms(policy_of(wanted), checks.ALL)
    assert effective_of(state, organization, setting).value in ("not_exposed", "none")
    strict = EvidenceTerms(screenshot=Severity.CRITICAL)
    state.evidence_terms = evidence_terms(policy_of(wanted, evidence=strict), checks.ALL)
    assert effective_of(state, organization, setting).code == "screenshot_missing"
