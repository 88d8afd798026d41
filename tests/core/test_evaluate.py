"""Which rule holds for which subject, and what is said where none does."""

from __future__ import annotations

from typing import Any

import pytest

from contribaudit import checks
from contribaudit.core.judge.evaluate import Selection
from contribaudit.core.judge.selectors import attributes_of
from contribaudit.core.model import names
from contribaudit.core.model.finding import Finding, Outcome, Severity
from contribaudit.core.model.observation import Unavailable, Value
from contribaudit.core.model.policy import AuditPolicy, Where
from contribaudit.core.model.subject import COMPANY, Subject, organization_subject
from contribaudit.core.resolve.resolve import SeenOrganization, resolve
from contribaudit.core.resolve.state import OrganizationState, State
from contribaudit.errors import UsageError
from tests.builders import (
    ABSENT,
    NOW,
    ORG,
    OTHER_ORG,
    PROMISES,
    RULEBOOK,
    UNREAD,
    Gone,
    app,
    collection,
    collections,
    evaluated,
    facts,
    observed,
    policy_list,
    policy_of,
    rule,
    snapshot,
    state_of,
)

US_HOST, EU_HOST = "acme-us.atlassian.net", "acme.atlassian.net"
AMERICAN, EUROPEAN = app("us"), app("eu")
WIDE = rule("DR-01", origin="pack", expect=("EU",))
FOR_US = rule("DR-01", origin="policy.toml:7", expect=("US",), where=Where(site=("acme-us*",)))
OFF_FOR_US = rule("DR-01", origin="policy.toml:7", enabled=False, reason="x", where=Where(site=("acme-us*",)))


def two_apps(**american: Any) -> State:
    """One app in the EU, one in the US."""
    return state_of(
        *facts(AMERICAN, **{"realm": "US", "host": US_HOST, **american}),
        *facts(EUROPEAN, host=EU_HOST),
        policy_list("p-eu"),
    )


def outcomes(state: State, policy: AuditPolicy) -> dict[str, Outcome]:
    """The outcome of each finding, by the subject's ID."""
    return {one.subject.id: one.outcome for one in evaluated(state, policy).findings}


def of(state: State, policy: AuditPolicy, subject: str) -> Finding:
    """The one finding on a subject."""
    (found,) = [one for one in evaluated(state, policy).findings if one.subject.id == subject]
    return found


def test_the_last_matching_rule_holds() -> None:
    """Subject by subject; in the other order the wide rule wins."""
    assert outcomes(two_apps(), policy_of(WIDE, FOR_US)) == {AMERICAN.id: Outcome.PASS, EUROPEAN.id: Outcome.PASS}
    assert outcomes(two_apps(), policy_of(FOR_US, WIDE)) == {AMERICAN.id: Outcome.FAIL, EUROPEAN.id: Outcome.PASS}


def test_a_rule_that_is_off_is_reported_as_off() -> None:
    """Its subjects have no finding, and a warning counts them."""
    found = evaluated(two_apps(), policy_of(WIDE, OFF_FOR_US))
    assert [one.subject for one in found.findings] == [EUROPEAN]
    assert found.warnings == ('The policy switches "App data is in an allowed location" (DR-01) off for 1 subject.',)


@pytest.mark.parametrize(
    ("where", "unread"),
    [
        (Where(site=("acme-us*",)), {"host": UNREAD}),
        (Where(site=("acme-us*",)), {"host": None}),
        (Where(sandbox=True), {"sandbox": UNREAD}),
        (Where(sandbox=True), {"sandbox": None}),
        (Where(sandbox=True), {"sandbox": "COPY"}),
        (Where(plan=("standard",)), {"plan": UNREAD}),
        (Where(plan=("standard",)), {"plan": ("Standard", "Premium")}),
        (Where(organization=("acme",)), {}),
    ],
)
def test_an_attribute_that_was_not_read_lets_nobody_off(where: Where, unread: dict[str, Value | Gone]) -> None:
    """A rule that is off needs to match surely: null, unread and unknown words do not."""
    off = rule("DR-01", enabled=False, reason="x", where=where)
    assert outcomes(two_apps(**unread), policy_of(WIDE, off))[AMERICAN.id] is Outcome.FAIL


def test_a_rule_that_may_not_hold_does_not_make_a_pass() -> None:
    """The site was not read, so the laxer rule matches; the stricter one below it would fail."""
    found = of(two_apps(host=UNREAD), policy_of(WIDE, FOR_US), AMERICAN.id)
    assert (found.outcome, found.reason_code) == (Outcome.UNKNOWN, "rule_not_certain")
    assert "site" in found.reason
    assert "pack" in found.reason


def test_a_pass_under_every_rule_that_may_hold_is_a_pass() -> None:
    """Which of them holds makes no difference then."""
    lax = rule("DR-01", expect=("EU", "US"), where=Where(site=("acme-us*",)))
    both = rule("DR-01", origin="pack", expect=("US", "EU"))
    assert of(two_apps(host=UNREAD), policy_of(both, lax), AMERICAN.id).outcome is Outcome.PASS


@pytest.mark.parametrize("realm", ["US", "DE"])
def test_the_most_severe_rule_that_may_hold_gives_the_severity(realm: str) -> None:
    """A finding cannot sink below --fail-on because its site was not read."""
    low = rule("DR-01", expect=("US",), where=Where(site=("acme-us*",)), severity=Severity.LOW)
    critical = rule("DR-01", origin="pack", expect=("EU",), severity=Severity.CRITICAL)
    policy = policy_of(critical, low)
    assert of(two_apps(realm=realm), policy, AMERICAN.id).severity is Severity.LOW
    unclear = of(two_apps(realm=realm, host=UNREAD), policy, AMERICAN.id)
    assert unclear.severity is Severity.CRITICAL
    assert unclear.outcome is (Outcome.UNKNOWN if realm == "US" else Outcome.FAIL)


def test_severity_is_the_rules_or_the_checks_own() -> None:
    """The check's own comes from the rulebook."""
    own = of(two_apps(), policy_of(WIDE), EUROPEAN.id)
    assert own.severity is RULEBOOK.words["DR-01"].severity is Severity.CRITICAL
    low = rule("DR-01", expect=("EU",), severity=Severity.LOW)
    assert of(two_apps(), policy_of(low), EUROPEAN.id).severity is Severity.LOW


def test_a_rule_that_selects_nobody_is_a_warning_and_no_pass() -> None:
    """A misspelt site must not look like an organization in order."""
    typo = rule("DR-01", origin="policy.toml:3", expect=("EU",), where=Where(site=("amce*",)))
    found = evaluated(two_apps(), policy_of(typo))
    assert [(one.subject.id, one.outcome, one.reason_code) for one in found.findings] == [
        (ORG, Outcome.UNKNOWN, "nothing_looked_at")
    ]
    assert found.warnings == ("The rule DR-01 (policy.toml:3) matches nothing.",)


@pytest.mark.parametrize(("name", "known"), [("Acme", True), ("acme*", True), (ORG, True), ("Acme Ltd", False)])
def test_a_statement_for_an_organization_that_is_not_there_is_a_warning(name: str, *, known: bool) -> None:
    """Else a stricter statement would end unnoticed on the day on which somebody renames the organization."""
    where = Where(organization=(name,))
    stricter = rule("DR-01", origin="policy.toml:8", expect=("DE",), where=where, expands="location")
    state = state_of(
        *facts(EUROPEAN, host=EU_HOST), observed(names.ORGANIZATION_NAME, organization_subject(ORG), "Acme")
    )
    warnings = evaluated(state, policy_of(WIDE, stricter)).warnings
    assert ("location (policy.toml:8) is for Acme Ltd, which matches no organization." in warnings) is not known
    assert not known or not any("matches no" in one for one in warnings)


@pytest.mark.parametrize(
    ("where", "said"),
    [
        (Where(site=("acme-us.atlasian.net",)), "; did you mean acme-us.atlassian.net?"),
        (Where(site=("ACME-UK.atlassian.net",)), "; did you mean acme-us.atlassian.net?"),
        (Where(app=("confluense",)), "; did you mean confluence?"),
        (Where(site=("acme-us.atlassian.net",), app=("conflunce",)), "; did you mean confluence?"),
        (Where(site=("somewhere.example",)), ""),
        (Where(sandbox=True), ""),
    ],
)
def test_the_warning_names_what_is_nearest(where: Where, said: str) -> None:
    typo = rule("DR-01", origin="policy.toml:3", expect=("EU",), where=where)
    found = evaluated(two_apps(host="acme-us.atlassian.net", type_key="confluence"), policy_of(typo))
    assert found.warnings == (f"The rule DR-01 (policy.toml:3) matches nothing{said}.",)


def test_zero_checks_are_an_error() -> None:
    """An empty policy, rules that are off, and a selection that leaves none."""
    off = rule("DR-01", enabled=False, reason="x")
    for policy, selection in (
        (policy_of(), Selection()),
        (policy_of(off), Selection()),
        (policy_of(WIDE), Selection(only=("DR-02",))),
        (policy_of(WIDE), Selection(skip=("DR-01",))),
    ):
        with pytest.raises(UsageError):
            evaluated(two_apps(), policy, selection)


def test_a_selection_is_named_in_the_warnings() -> None:
    """Nobody takes a part for the whole."""
    policy = policy_of(WIDE, rule("DR-03"))
    found = evaluated(two_apps(), policy, Selection(only=("DR-01",)))
    assert {one.check for one in found.findings} == {"DR-01"}
    assert found.warnings == ("This run is limited by --only DR-01.",)

    skipped = evaluated(two_apps(), policy, Selection(skip=("DR-01",)))
    assert {one.check for one in skipped.findings} == {"DR-03"}
    assert "--skip DR-01" in skipped.warnings[0]


def with_sister(sister: SeenOrganization) -> State:
    """Acme as above, and another organization."""
    acme = snapshot([*facts(AMERICAN, realm="US"), *facts(EUROPEAN)])
    return resolve([SeenOrganization(OrganizationState(ORG, "Acme"), acme), sister], RULEBOOK, NOW, PROMISES)


UNREAD_SISTER = SeenOrganization(OrganizationState(OTHER_ORG, "Sister", unread_reason="no key"), None)


def test_each_organization_answers_for_itself() -> None:
    """One that was not read is unknown, beside one that was."""
    found = outcomes(with_sister(UNREAD_SISTER), policy_of(WIDE))
    assert found == {AMERICAN.id: Outcome.FAIL, EUROPEAN.id: Outcome.PASS, OTHER_ORG: Outcome.UNKNOWN}
    assert of(with_sister(UNREAD_SISTER), policy_of(WIDE), OTHER_ORG).reason == "no key"
    theirs = app("theirs", OTHER_ORG)
    sister = SeenOrganization(
        OrganizationState(OTHER_ORG, "Sister"), snapshot(facts(theirs, realm="US"), organization=OTHER_ORG)
    )
    assert outcomes(with_sister(sister), policy_of(WIDE))[theirs.id] is Outcome.FAIL


@pytest.mark.parametrize("check", ["DR-01", "DC-06"])
def test_a_rule_for_one_organization_asks_nothing_of_another(check: str) -> None:
    """No finding on the other: the policy requires nothing of it."""
    only_acme = rule(check, expect=("EU",) if check == "DR-01" else "standard", where=Where(organization=(ORG,)))
    found = evaluated(with_sister(UNREAD_SISTER), policy_of(only_acme)).findings
    assert {one.subject.organization for one in found} == {ORG}


def test_a_rule_that_is_off_for_an_organization_is_off_where_it_has_no_apps_either() -> None:
    """And on again where a later rule says so."""
    off = rule("DR-01", enabled=False, reason="sold", where=Where(organization=(OTHER_ORG,)))
    on = rule("DR-01", expect=("EU",), where=Where(organization=(OTHER_ORG,), site=("kept*",)))
    assert OTHER_ORG not in outcomes(with_sister(UNREAD_SISTER), policy_of(WIDE, off))
    assert outcomes(with_sister(UNREAD_SISTER), policy_of(WIDE, off, on))[OTHER_ORG] is Outcome.UNKNOWN


def test_the_company_has_one_finding_over_all_organizations() -> None:
    """DC-10 and GV-06 are not asked organization by organization."""
    found = evaluated(with_sister(UNREAD_SISTER), policy_of(rule("DC-10"), rule("GV-06"))).findings
    assert [(one.check, one.subject) for one in found] == [("DC-10", COMPANY), ("GV-06", COMPANY)]


def test_a_known_app_that_was_not_read_keeps_its_finding() -> None:
    """The row is unknown, with the scope that is missing, and never gone."""
    state = state_of(
        runs=collections(collection("workspaces", "forbidden", scope="read:workspaces:admin")),
        known={"workspaces": facts(EUROPEAN)},
    )
    found = of(state, policy_of(WIDE), EUROPEAN.id)
    assert (found.outcome, found.reason_code) == (Outcome.UNKNOWN, "forbidden")
    assert "read:workspaces:admin" in found.reason


@pytest.mark.parametrize(
    ("sandbox", "value", "unread"),
    [("NONE", False, False), ("none", False, False), ("CHILD", True, False), ("COPY", True, True), (None, None, True)],
)
def test_a_sandbox_word_that_nobody_documents_is_unread(sandbox: str | None, value: bool | None, unread: bool) -> None:
    """Selectors on it match, but not surely."""
    found = attributes_of(two_apps(sandbox=sandbox), AMERICAN)
    assert ("sandbox" in found.unread) is unread
    assert unread or found.sandbox is value


def test_an_organization_has_a_name_or_it_is_unread() -> None:
    """The company has none and reads none."""
    assert attributes_of(two_apps(), organization_subject(ORG)).unread == {"organization_name"}
    assert attributes_of(two_apps(), COMPANY).unread == frozenset()


def test_a_pass_has_no_remediation_and_everything_else_has() -> None:
    """Words come from the rulebook."""
    assert of(two_apps(), policy_of(WIDE), EUROPEAN.id).remediation == ""
    assert of(two_apps(), policy_of(WIDE), AMERICAN.id).remediation == RULEBOOK.words["DR-01"].remediation


def test_every_check_looks_at_each_app_a_bounded_number_of_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """A question that goes through every app is asked once of an organization, not once of each of its apps."""
    everything = policy_of(*(rule(check.id) for check in checks.ALL))
    looks = 0
    look = State.in_inventory

    def counted(state: State, subject: Subject) -> bool:
        nonlocal looks
        looks += 1
        return look(state, subject)

    monkeypatch.setattr(State, "in_inventory", counted)
    of_one_app = []
    for number in (20, 80):
        state = state_of(*(told for one in range(number) for told in facts(app(f"number {one}"), type_key="jira")))
        looks = 0
        assert len(evaluated(state, everything).findings) > 5 * number
        of_one_app.append(looks / number)
    assert of_one_app[1] <= of_one_app[0]


@pytest.mark.parametrize(
    "said",
    [
        {"move": "applied"},
        {"move": "scheduled", "scheduled": "2027-01-01T00:00:00Z"},
        {"move": "applying", "ends": "2027-01-01T00:00:00Z"},
    ],
)
def test_nothing_good_is_said_of_an_app_that_may_be_another_organizations(said: dict[str, Any]) -> None:
    """A policy of ours may list it all the same; what fails of it still fails."""
    ours = {one.outcome for one in evaluated(two_apps(**said), policy_of(rule("DR-04"))).findings}
    assert not ours & {Outcome.UNKNOWN, Outcome.FAIL}
    denied = [
        Unavailable(setting, AMERICAN, names.OTHER_ORGANIZATION, "another organization owns it", NOW, "POST /somewhere")
        for setting in (names.APP_TYPE_KEY, names.PLAN, names.REALM)
    ]
    stranger = facts(AMERICAN, **said | dict.fromkeys(("type_key", "plan", "realm"), ABSENT))
    state = state_of(*stranger, *denied, *facts(EUROPEAN), policy_list("p-eu"))
    found = of(state, policy_of(rule("DR-04")), AMERICAN.id)
    assert (found.outcome, found.reason_code) == (Outcome.UNKNOWN, "other_organization")
    failed = state_of(*facts(AMERICAN, move="failed"), *denied, *facts(EUROPEAN), policy_list("p-eu"))
    assert of(failed, policy_of(rule("DR-04")), AMERICAN.id).outcome is Outcome.FAIL


@pytest.mark.parametrize(
    ("only", "skip", "text"),
    [
        ((), (), ""),
        (("DC-01", "DC-03"), ("DC-03",), "--only DC-01 --only DC-03 --skip DC-03"),
        (("DC-01", "DC-02"), (), "--only DC-01 --only DC-02"),
        ((), ("AI-01", "DR-07", "DR-08", "DR-09", "DR-11"), "--skip AI-01 --skip DR-07 to DR-09 --skip DR-11"),
        ((), ("DC-25", "AI-01", "AI-02", "AI-03"), "--skip DC-25 --skip AI-01 to AI-03"),
    ],
)
def test_a_selection_names_neighbours_together(only: tuple[str, ...], skip: tuple[str, ...], text: str) -> None:
    """A wildcard that stands for twenty checks makes no line that nobody reads."""
    assert str(Selection(only, skip)) == text


def test_the_warning_says_why_a_selector_can_never_match() -> None:
    where = Where(site=("acme-us.atlassian.net",))
    never = rule("DC-01", origin="policy.toml:3", where=where)
    found = evaluated(two_apps(host="acme-us.atlassian.net"), policy_of(never))
    assert found.warnings == (
        "The rule DC-01 (policy.toml:3) matches nothing: it asks about the organization, which has no site; `where`"
        " takes organization there.",
    )


def test_a_strict_rule_finds_the_app_under_another_of_its_type_keys() -> None:
    strict = rule("DR-01", origin="policy.toml:7", expect=("EU",), where=Where(app=("jira-servicedesk",)))
    lax = rule("DR-01", origin="policy.toml:3", expect=("EU", "US"))
    state = two_apps(type_key="jira-service-management")
    assert outcomes(state, policy_of(lax, strict))[AMERICAN.id] is Outcome.FAIL


def test_an_unknown_plan_word_may_be_that_of_the_strict_rule_or_of_another() -> None:
    strict = rule("DR-01", origin="policy.toml:7", expect=("EU",), where=Where(plan=("enterprise",)))
    lax = rule("DR-01", origin="policy.toml:9", expect=("US",), where=Where(plan=("premium",)))
    state = two_apps(plan="Enterprise Cloud")
    (found,) = (one for one in evaluated(state, policy_of(strict, lax)).findings if one.subject == AMERICAN)
    assert (found.outcome, found.reason_code) == (Outcome.UNKNOWN, "rule_not_certain")
    assert "depends on organization_name, which was not read and on the plan 'Enterprise Cloud'" in found.reason
