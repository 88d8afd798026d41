"""From findings to the exit code, and what is newly bad."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from contribaudit.core.advise.verdict import (
    count_outcomes,
    count_severities,
    exit_code,
    headline,
    newly_bad,
    nothing_read,
    rest_on,
)
from contribaudit.core.model.change import Change
from contribaudit.core.model.finding import Finding, Outcome, Severity
from contribaudit.core.model.observation import Grade, SettingId
from contribaudit.core.model.snapshot import CollectionStatus, Snapshot
from tests.builders import NOW, OTHER_ORG, app, collection, collections, finding, snapshot

ALL_FORBIDDEN = snapshot(runs=tuple(collection(one.collector, "forbidden") for one in collections()))
REFUSED = snapshot(runs=collections(collection("workspaces", "key_refused")))
UNKNOWN_ORGANIZATION = snapshot(runs=collections(collection("organization", "organization_not_found")))
WHOLE = snapshot()
HALF = snapshot(runs=collections(collection("workspaces", "forbidden")))
FAIL, UNKNOWN = finding(Outcome.FAIL), finding(Outcome.UNKNOWN)


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        (Outcome.PASS, 0),
        (Outcome.WAIVED, 0),
        (Outcome.EXEMPT, 0),
        (Outcome.NO_SUCH_SETTING, 0),
        (Outcome.NOT_YET_EFFECTIVE, 0),
        (Outcome.PENDING, 0),
        (Outcome.FAIL, 1),
        (Outcome.CONFLICT, 1),
        (Outcome.NOT_ACHIEVABLE, 1),
        (Outcome.UNKNOWN, 3),
        (Outcome.STALE, 3),
    ],
)
def test_each_outcome_has_its_exit_code(outcome: Outcome, code: int) -> None:
    """All eleven; at or above the severity asked for, else 0."""
    assert exit_code([finding(outcome)], Severity.HIGH, [WHOLE]) == code
    assert exit_code([finding(outcome, Severity.CRITICAL)], Severity.HIGH, [WHOLE]) == code
    assert exit_code([finding(outcome, Severity.MEDIUM)], Severity.HIGH, [WHOLE]) == 0


@pytest.mark.parametrize(
    ("findings", "snapshots", "code"),
    [
        ([FAIL, UNKNOWN], [WHOLE, ALL_FORBIDDEN, UNKNOWN_ORGANIZATION], 2),
        ([FAIL, UNKNOWN], [WHOLE, ALL_FORBIDDEN], 4),
        ([FAIL, UNKNOWN], [REFUSED], 4),
        ([], [REFUSED], 4),
        ([FAIL, UNKNOWN], [WHOLE, HALF], 1),
        ([UNKNOWN, FAIL], [], 1),
        ([UNKNOWN, finding(Outcome.FAIL, Severity.LOW)], [HALF], 3),
        ([finding(Outcome.PASS)], [HALF], 0),
        ([], [], 0),
    ],
)
def test_the_most_severe_code_wins(findings: list[Finding], snapshots: list[Snapshot], code: int) -> None:
    """Precedence 2, 4, 1, 3, 0; one readable call is enough for a key to count as one that works."""
    assert exit_code(findings, Severity.HIGH, snapshots) == code


def test_newly_bad_is_what_was_another_outcome_before() -> None:
    """Without a run before nothing is new; a new subject is."""
    bad = finding(Outcome.FAIL)
    assert newly_bad([bad], []) == ()
    assert newly_bad([bad], [{}]) == (bad,)
    assert newly_bad([bad], [{bad.id: "pass"}]) == (bad,)
    assert newly_bad([bad], [{bad.id: "unknown"}]) == (bad,)
    assert newly_bad([bad], [{bad.id: "fail"}]) == ()
    assert newly_bad([bad], [{bad.id: "fail"}, {bad.id: "unknown"}]) == ()
    assert newly_bad([finding(Outcome.WAIVED)], [{bad.id: "fail"}]) == ()
    assert newly_bad([finding(Outcome.STALE)], [{bad.id: "pass"}]) == (finding(Outcome.STALE),)


def test_passes_rest_on_their_weakest_evidence() -> None:
    """One pass counts once, under the weakest grade; two people stand behind it only if they do behind every look."""
    passes = [
        [(Grade.DOCUMENTED, False), (Grade.ATTESTED, True)],
        [(Grade.ATTESTED, True), (Grade.ATTESTED, False)],
        [(Grade.DOCUMENTED, False)],
        [],
    ]
    assert rest_on(passes) == ({Grade.DOCUMENTED: 1, Grade.ATTESTED: 2, None: 1}, 1)
    assert rest_on([]) == ({}, 0)


def test_half_a_character_in_a_name_has_an_identity_too() -> None:
    """JSON may hold an unpaired surrogate, which UTF-8 does not."""
    assert re.fullmatch("[0-9a-f]{16}", replace(finding(Outcome.PASS), subject=app("ari:\ud800")).id)
    moved = Change(app("a"), SettingId("signal.policy.\ud800"), None, "x", False, True, NOW, None)
    assert re.fullmatch("[0-9a-f]{12}", moved.id)


def test_a_findings_identity_is_check_organization_and_subject() -> None:
    """The outcome, the severity and the words are no part of it."""
    one = finding(Outcome.FAIL)
    assert one.id == finding(Outcome.PASS, Severity.LOW, reason="else", title="else").id
    others = {
        one.id,
        finding(check="DR-02").id,
        finding(subject=app("two")).id,
        finding(subject=app("one", OTHER_ORG)).id,
    }
    assert len(others) == 4


def test_counts_name_only_what_occurs() -> None:
    """Severities in their order, outcomes by name."""
    found = [UNKNOWN, FAIL, FAIL, finding(Outcome.PASS, Severity.CRITICAL)]
    assert count_outcomes(found) == {"fail": 2, "pass": 1, "unknown": 1}
    assert list(count_severities(found).items()) == [("critical", {"pass": 1}), ("high", {"fail": 2, "unknown": 1})]


@pytest.mark.parametrize(
    ("fail_on", "counts", "sentence"),
    [
        ("high", {}, "PASS (high and above)"),
        (
            "high",
            {"medium": {"fail": 2, "unknown": 2, "stale": 1}},
            "PASS (high and above); 2 medium findings fail, 3 are unverified",
        ),
        ("high", {"medium": {"fail": 1, "pass": 9}}, "PASS (high and above); 1 medium finding fails"),
        ("critical", {"high": {"stale": 1}}, "PASS (critical and above); 1 high finding is unverified"),
        (
            "high",
            {"medium": {"conflict": 1}, "low": {"not_achievable": 1, "unknown": 1}},
            "PASS (high and above); 1 medium and 1 low finding fail, 1 low is unverified",
        ),
        (
            "high",
            {"critical": {"fail": 1}, "high": {"unknown": 4}, "info": {"fail": 1}},
            "FAIL (high and above); 1 critical finding fails, 4 high are unverified; below that, 1 info finding fails",
        ),
        ("low", {"low": {"unknown": 2}}, "UNVERIFIED (low and above); 2 low findings are unverified"),
        ("info", {"info": {"fail": 1, "unknown": 1}}, "FAIL (info and above); 1 info finding fails, 1 is unverified"),
    ],
)
def test_the_headline_holds_threshold_and_counts(
    fail_on: str, counts: dict[str, dict[str, int]], sentence: str
) -> None:
    """What counts for the exit code first, what lies below the threshold in the same sentence."""
    found = [
        finding(Outcome(word), Severity(severity))
        for severity, outcomes in counts.items()
        for word, number in outcomes.items()
        for _ in range(number)
    ]
    code = exit_code(found, Severity(fail_on), [WHOLE])
    assert headline(code, Severity(fail_on), count_severities(found)) == sentence


@pytest.mark.parametrize(
    ("selection", "said"),
    [
        ("--only DR-10 to DR-14", "; limited by --only DR-10 to DR-14"),
        ("--skip AI-06", "; limited by --skip AI-06"),
        ("", ""),
    ],
)
def test_the_headline_names_the_checks_that_a_run_leaves_out(selection: str, said: str) -> None:
    counts = {"medium": {"fail": 1}}
    assert headline(0, Severity.HIGH, counts, selection) == f"PASS (high and above){said}; 1 medium finding fails"


def test_a_source_that_was_not_read_is_named_where_no_finding_is_grave_enough() -> None:
    """The headline says why the run is unverified although nothing at the threshold is."""
    said = headline(3, Severity.CRITICAL, {"high": {"unknown": 2}})
    assert said == (
        "UNVERIFIED (critical and above); a source that the policy needs was not read completely; "
        "2 high findings are unverified"
    )


@pytest.mark.parametrize(
    ("code", "nothing"),
    [("dns", True), ("tls", True), ("timeout", True), ("server_failed", True), ("rate_limited", True),
     ("unexpected_answer", True), ("key_refused", False), ("forbidden", False)],
)  # fmt: skip
def test_nothing_read(code: str, nothing: bool) -> None:
    """Every call failed, and the key is not to blame; one call that was answered is something."""
    every = tuple(replace(collection(one.collector, code), status=CollectionStatus.FAILED) for one in collections())
    assert nothing_read(snapshot(runs=every)) is nothing
    assert not nothing_read(snapshot(runs=(*every[1:], collection(every[0].collector))))
