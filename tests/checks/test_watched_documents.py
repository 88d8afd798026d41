"""What rests on a provision that changed: no clean pass in any finding or effective answer, and no fail less."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from contribaudit import checks
from contribaudit.core.judge.check import by_id
from contribaudit.core.model import names
from contribaudit.core.model.finding import Finding, Outcome
from contribaudit.core.model.provisions import Archive, Note
from contribaudit.core.model.subject import organization_subject
from contribaudit.core.model.subprocessors import Row, SubprocessorList
from contribaudit.core.resolve.effective import effective_of
from contribaudit.core.resolve.provisions import RULE_UNDER_REVIEW, contradictions, listing_of
from contribaudit.core.resolve.state import State
from tests.builders import NOW, ORG, RULEBOOK, evaluated, policy_of, rule
from tests.checks.test_dead_ends import every_app
from tests.vendors.documents import RULES, SETTINGS, archive_of, page, settings_page, who

ANCHORED = sorted({check for anchor in RULES.anchors for check in anchor.checks})
THEN = NOW + timedelta(days=-1)
REWORDED = {
    "settings-control-use": settings_page(
        sentences=(SETTINGS[0].replace("let you", "no longer let you"), *SETTINGS[1:])
    ),
    "default-premium": settings_page().replace(b"Premium", b"Premium and Plus"),
    "use-begins": settings_page(sentences=SETTINGS[:3]),
    "rovo-plans": page("rovo-access").replace(b"Standard, Premium, and Enterprise", b"all"),
}


REVIEWED_BEFORE = replace(RULEBOOK, terms=replace(RULEBOOK.terms, reviewed=date(2026, 11, 1)))
"""So that these copies came after the review."""


def every_app_under(documents: Archive) -> State:
    return every_app(documents, REVIEWED_BEFORE)


def findings(documents: Archive) -> tuple[State, list[Finding]]:
    state = every_app_under(documents)
    return state, list(evaluated(state, policy_of(*(rule(one) for one in ANCHORED))).findings)


@pytest.fixture(scope="module")
def as_reviewed() -> tuple[State, list[Finding]]:
    return findings(archive_of(THEN))


@pytest.mark.parametrize("anchor", REWORDED)
def test_a_pass_does_not_rest_on_a_provision_that_changed(
    anchor: str, as_reviewed: tuple[State, list[Finding]]
) -> None:
    changed = next(one for one in RULES.anchors if one.id == anchor)
    documents = archive_of(THEN, **{changed.document.replace("-", "_"): REWORDED[anchor]})
    before = {one.id: one for one in as_reviewed[1]}
    state, after = findings(documents)
    touched = 0
    for one in after:
        was = before[one.id]
        if one.check not in changed.checks or was.outcome.unproven or one.check == "DC-19":
            assert one.outcome is was.outcome
        elif was.outcome.violates:
            assert one.outcome is was.outcome
            assert "the rule behind it is under review" in one.reason
        else:
            touched += 1
            assert (one.outcome, one.reason_code) == (Outcome.UNKNOWN, RULE_UNDER_REVIEW)
            assert anchor in one.reason
    assert touched or anchor == "use-begins"  # nothing that rests on it is known here
    for setting in changed.settings:
        subject = organization_subject(ORG)
        if effective_of(as_reviewed[0], subject, setting).known:
            assert effective_of(state, subject, setting).code == RULE_UNDER_REVIEW


def test_findings_and_effective_answers_agree_on_what_is_under_review() -> None:
    """Whichever anchor names an effective answer names the check whose verdict it is."""
    answering = {one.answers: one.id for one in checks.ALL if one.answers is not None}
    for anchor in RULES.anchors:
        for setting in anchor.settings:
            assert answering[setting] in anchor.checks
        assert set(anchor.settings) == {by_id(checks.ALL)[one].answers for one in anchor.checks} - {None}


def test_what_is_not_archived_takes_nothing_away(as_reviewed: tuple[State, list[Finding]]) -> None:
    """The review is the evidence then; only GV-06 and DC-19 ask for more."""
    bare = {one.id: one.outcome for one in findings(Archive())[1]}
    archived = {one.id: one.outcome for one in as_reviewed[1] if one.check != "DC-19"}
    assert {identity: outcome for identity, outcome in bare.items() if identity in archived} == archived


def test_a_past_moment_is_judged_by_the_documents_of_then() -> None:
    changed = archive_of(THEN - timedelta(days=5), data_contribution_settings=REWORDED["use-begins"])
    assert not any(
        one.standing.under_review for one in every_app_under(changed.until(THEN - timedelta(days=5))).anchored
    )
    assert [one.anchor.id for one in every_app_under(changed).under_review("DC-21")] == ["use-begins"]


def test_a_person_takes_the_doubt_away() -> None:
    changed = archive_of(THEN, data_contribution_settings=REWORDED["use-begins"])
    current = changed.current("data-contribution-settings")
    assert current is not None
    note = Note(1, current.document, "use-begins", "", current.text_sha256, True, "Moved to the terms.", who(NOW))
    assert every_app_under(Archive(changed.looks, (note,), changed.read)).under_review("DC-21") == []


def test_the_effective_ai_answer_is_doubted_with_its_check() -> None:
    """App by app, wherever the answer was known before."""
    state, found = findings(archive_of(THEN, rovo_access=REWORDED["rovo-plans"]))
    judged = {one.subject: one for one in found if one.check == "AI-01"}
    known = [one for one in judged if effective_of(every_app_under(Archive()), one, names.EFFECTIVE_AI).known]
    assert known
    for subject in known:
        assert judged[subject].reason_code == RULE_UNDER_REVIEW
        assert effective_of(state, subject, names.EFFECTIVE_AI).code == RULE_UNDER_REVIEW


def test_a_faq_that_names_one_provider_is_overtaken_by_a_list_that_names_four() -> None:
    from tests.flow.archived import LIST, ONE_PROVIDER

    documents = archive_of(THEN, data_contribution_faqs=ONE_PROVIDER, sub_processors=LIST)
    found = contradictions(RULES, documents)
    assert [one.document for one in found] == ["data-contribution-faqs"]
    assert "it names OpenAI" in found[0].statement
    assert "names 4: Anthropic, Google Vertex AI, OpenAI, Vertigo Models" in found[0].against


def test_so_is_one_that_names_fewer_than_an_imported_list() -> None:
    rows = tuple(
        Row(name, "All products with AI", "Generative AI services provider", "", "USA")
        for name in (
            "OpenAI, L.L.C.",
            "Anthropic, PBC",
            "Borealis Hosting, Inc. (Borealis Models)",
            "Vertigo Models LLC",
        )
    )
    imported = SubprocessorList(
        date(2026, 9, 14), (*rows, Row("Mailer, Inc.", "Jira", "E-mail")), "page", "0", who(NOW)
    )
    faq = page("data-contribution-faqs", "Which provider of language models do you use?", "We use Borealis Models.")
    found = contradictions(RULES, archive_of(THEN, data_contribution_faqs=faq), listing_of(imported))
    assert [one.document for one in found] == ["data-contribution-faqs"]
    assert "it names Borealis Models" in found[0].statement
    assert found[0].against.startswith("the imported list of sub-processors, older (2026-09-14), names 4:")
    assert contradictions(RULES, archive_of(THEN, data_contribution_faqs=faq)) == ()


@pytest.mark.parametrize(
    ("sentence", "says"),
    [
        ("Atlassian Intelligence is powered by OpenAI.", "OpenAI is the only provider"),
        ("Your content is never used to train models.", "not used to train"),
        ("AI features are opt-in for every site.", "has to be turned on"),
        ("Admins choose which apps use AI.", ""),
        ("Nothing is said of models here.", ""),
    ],
)
def test_overtaken_statements_are_known_by_their_phrases(sentence: str, says: str) -> None:
    found = contradictions(RULES, archive_of(THEN, rovo_access=page("rovo-access", sentence)))
    assert [says in one.statement for one in found] == ([True] if says else [])
