"""Trials, plans and regions where the gateway tells them beside the organization's own API and people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from contribaudit import catalogue
from contribaudit.attestations.due import rows
from contribaudit.core.advise.forecast import plan_becomes, trials_end
from contribaudit.core.model import names
from contribaudit.core.model.attestation import Attestation
from contribaudit.core.model.observation import Grade, Observation, Observed, SettingId, Unavailable, Value
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.core.resolve.attested import AttestationHistory
from contribaudit.core.resolve.effective_ai import ai
from contribaudit.core.resolve.effective_contribution import metadata
from contribaudit.core.resolve.plans import trial_running
from contribaudit.core.resolve.resolve import SeenOrganization, resolve
from contribaudit.core.resolve.state import OrganizationState, State
from tests.builders import (
    NOW,
    ORG,
    OTHER_ORG,
    PROMISES,
    RULEBOOK,
    app,
    evaluated,
    facts,
    observed,
    policy_of,
    rule,
    snapshot,
    unavailable,
)
from tests.checks.attested import ORGANIZATION
from tests.core.attesting import signed

HOST = "acme.example"
SITE = Subject(ORG, Kind.SITE, HOST)
JIRA = app("jira")


def jira(**values: Any) -> list[Observation]:
    return facts(JIRA, **{"type_key": "jira-software", "host": HOST, "alias": "app:Jira", "plan": "Premium", **values})


def told(**values: Value) -> list[Observation]:
    """What the gateway says of Jira: `edition`, `trial`, `trial_ends_on`, `regions`, `rovo`."""
    return [observed(SettingId(f"gateway.{name}"), JIRA, value) for name, value in values.items()]


def recorded(setting: SettingId, value: Value, days_ago: float = 1) -> Attestation:
    at = NOW - timedelta(days=days_ago)
    return Attestation(
        id=f"{setting} {value}",
        setting=setting,
        subject=JIRA,
        value=value,
        observed_at=at,
        by="ann@acme.example",
        recorded=signed(at=at),
        look="look",
        anchors=(),
        unanchored_reason="no signal",
        highest_plan="premium",
        plan_words=("Premium",),
    )


def resolved(found: Iterable[Observation], *attestations: Attestation) -> State:
    one = SeenOrganization(OrganizationState(ORG, "Acme"), snapshot(found), recorded=AttestationHistory(attestations))
    return resolve([one], RULEBOOK, NOW, PROMISES, catalogue.ALL)


def word(state: State, setting: SettingId, subject: Subject = JIRA) -> Value:
    """The value, or the code of why there is none."""
    seen = state.read(subject, setting)
    return seen.value if isinstance(seen, Observed) else seen.code


def outcome(state: State, check: str, **values: Any) -> str:
    """The most severe outcome of the check."""
    findings = evaluated(state, policy_of(rule(check, **values))).findings
    return str(min(findings, key=lambda one: (not one.outcome.violates, not one.outcome.unproven)).outcome)


@pytest.mark.parametrize(
    ("gateway", "attested", "trial", "dc07"),
    [
        ("none", [], "none", "pass"),
        ("NONE", [], "none", "pass"),
        ("premium", [], "running", "fail"),
        ("trial", [], "running", "fail"),
        (None, [], "not_read", "unknown"),
        (None, ["none"], "none", "pass"),
        ("none", ["none"], "none", "pass"),
        ("premium", ["running"], "running", "fail"),
        ("none", ["running"], "sources_differ", "conflict"),
        ("premium", ["none"], "sources_differ", "conflict"),
    ],
)
def test_the_gateway_answers_for_trials(gateway: str | None, attested: list[str], trial: str, dc07: str) -> None:
    state = resolved([*jira(), *told(trial=gateway)], *(recorded(names.TRIAL, one) for one in attested))
    assert word(state, names.TRIAL) == trial
    assert outcome(state, "DC-07") == dc07
    seen = state.read(JIRA, names.TRIAL)
    if gateway and not attested:
        assert isinstance(seen, Observed)
        assert seen.grade is Grade.DOCUMENTED
    assert bool(trial_running(state, ORG)) == (gateway in ("premium", "trial") or (not gateway and trial == "running"))


@pytest.mark.parametrize(
    ("gateway", "attested", "ai01"),
    [
        ("none", [], "pass"),
        ("none", ["none"], "pass"),
        ("premium", [], "pass"),
        (None, [], "pass"),
        ("none", ["running"], "unknown"),
        ("premium", ["none"], "unknown"),
        ("trial", [], "unknown"),
        (None, ["running"], "unknown"),
        ("enterprise", [], "unknown"),
    ],
)
def test_a_trial_that_may_limit_rovo_by_group_leaves_the_no_of_the_gateway_open(
    gateway: str | None, attested: list[str], ai01: str
) -> None:
    """Below Enterprise "not enabled" is so for everybody, unless a trial, contested or of no known plan, may be it."""
    state = resolved([*jira(), *told(trial=gateway, rovo=False)], *(recorded(names.TRIAL, one) for one in attested))
    assert outcome(state, "AI-01", expect="blocked") == ai01


def test_a_recorded_trial_that_is_over_contradicts_nobody() -> None:
    looks = recorded(names.TRIAL, "running", 20), recorded(names.TRIAL_ENDS, "2026-11-10", 20)
    assert word(resolved([*jira(), *told(trial="none")], *looks), names.TRIAL) == "none"
    later = looks[0], recorded(names.TRIAL_ENDS, "2026-12-10", 20)
    assert word(resolved([*jira(), *told(trial="none")], *later), names.TRIAL) == "sources_differ"


@pytest.mark.parametrize(
    ("attested", "ends"), [(None, "2026-12-24"), ("2026-12-24", "2026-12-24"), ("2026-12-31", "sources_differ")]
)
def test_the_end_of_a_trial_comes_with_it(attested: str | None, ends: str) -> None:
    looks = [recorded(names.TRIAL_ENDS, attested)] if attested else []
    state = resolved([*jira(), *told(trial="premium", trial_ends_on="2026-12-24")], *looks)
    assert word(state, names.TRIAL_ENDS) == ends
    assert outcome(state, "DC-08") == ("pending" if ends != "sources_differ" else "conflict")


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ({}, {"trial", "trial.ends_on"}),
        ({"trial": None}, {"trial", "trial.ends_on"}),
        ({"trial": "none"}, set()),
        ({"trial": "premium"}, {"trial.ends_on"}),
        ({"trial": "premium", "trial_ends_on": "2026-12-24"}, set()),
    ],
)
def test_nobody_is_asked_for_what_the_gateway_told(said: dict[str, Value], asked: set[str]) -> None:
    state = resolved([*jira(), *told(**said)])
    listed = {row.setting.id for row in rows(state, (), policy_of()) if row.subject == JIRA}
    assert listed & {"trial", "trial.ends_on"} == asked


def test_where_the_sources_disagree_somebody_looks_again() -> None:
    look = recorded(names.TRIAL, "none")
    state = resolved([*jira(), *told(trial="premium")], look)
    assert "trial" in {row.setting.id for row in rows(state, (look,), policy_of())}


@pytest.mark.parametrize(
    ("api", "gateway", "regions", "dr01"),
    [
        (("eu-central-1", "eu-west-1"), ("eu-west-1", "EU-CENTRAL-1"), ("eu-central-1", "eu-west-1"), "pass"),
        (("eu-central-1", "eu-west-1"), ("eu-central-1",), "sources_differ", "conflict"),
        (("eu-central-1",), ("us-east-1",), "sources_differ", "conflict"),
        (("eu-central-1",), None, ("eu-central-1",), "pass"),
        ((), ("us-east-1",), (), "conflict"),
        ((), ("eu-west-1",), (), "pass"),
        (("us-east-1",), None, ("us-east-1",), "conflict"),
        (("eu-west-1", "US-WEST-2"), None, ("eu-west-1", "US-WEST-2"), "conflict"),
        (("eu-west-9",), None, ("eu-west-9",), "unknown"),
        (("eu-west-1", "sa-east-1"), None, ("eu-west-1", "sa-east-1"), "unknown"),
        (("eu-west-1,us-east-1",), None, ("eu-west-1,us-east-1",), "unknown"),
        ((), ("eu-north-1",), (), "unknown"),
        (("eu-west-9", "us-east-1"), None, ("eu-west-9", "us-east-1"), "conflict"),
        (("eu",), ("eu-central-1",), ("eu",), "pass"),
        (("us-gov-west-1",), ("us-east-1",), "sources_differ", "conflict"),
    ],
)
def test_regions_have_two_witnesses(api: Value, gateway: Value, regions: Value, dr01: str) -> None:
    found = [*jira(realm="EU"), observed(names.REGIONS, JIRA, api), *told(regions=gateway)]
    state = resolved(found)
    assert word(state, names.REGIONS) == regions
    assert outcome(state, "DR-01", expect=("EU",)) == dr01


@pytest.mark.parametrize(
    ("plan", "said", "highest"),
    [
        ("Premium", {"edition": "premium"}, "premium"),
        ("Premium", {"edition": "ENTERPRISE"}, "sources_differ"),
        ("Premium", {"edition": "standard"}, "sources_differ"),
        ("Premium", {"edition": "standard", "trial": "none"}, "sources_differ"),
        ("Premium", {"edition": "standard", "trial": "premium"}, "premium"),
        ("Premium", {"edition": "standard", "trial": "trial"}, "premium"),
        ("Premium", {"edition": "standard", "trial": "enterprise"}, "sources_differ"),
        ("Standard", {"edition": "standard", "trial": "enterprise"}, "enterprise"),
        ("Standard", {"edition": "standard", "trial": "ultimate"}, "unknown_plan_word"),
        ("Premium", {"edition": "gold"}, "premium"),
        ("Business + AI", {"edition": "premium"}, "premium"),
        ("Business + AI", {"edition": "gold"}, "unknown_plan_word"),
        ("Business + AI", {}, "unknown_plan_word"),
        (None, {"edition": "standard"}, "standard"),
        (None, {}, "plan_not_told"),
    ],
)
def test_a_plan_has_two_witnesses(plan: Value, said: dict[str, Value], highest: str) -> None:
    state = resolved([*jira(plan=plan), *told(**said)])
    assert word(state, names.HIGHEST_PLAN, ORGANIZATION) == highest


def test_a_known_higher_word_stands_beside_unknown_ones_and_disagreements() -> None:
    wiki = facts(app("wiki"), type_key="confluence", plan="Enterprise", host=HOST)
    for others in (jira(plan="Business + AI"), [*jira(), *told(edition="standard")]):
        assert word(resolved([*others, *wiki]), names.HIGHEST_PLAN, ORGANIZATION) == "enterprise"


@pytest.mark.parametrize(
    ("shown", "contributed", "blocked"),
    [("always", "contributed", "not_exposed"), ("off", "not_contributed", None), ("on", "contributed", None)],
)
def test_the_console_decides_which_apps_count(shown: str, contributed: str, blocked: str | None) -> None:
    """Trello alone is on Enterprise: a switch for metadata shows that it counts, none shows that it does not."""
    trello = facts(app("boards"), type_key="trello", plan="Enterprise", alias="app:Trello")
    found = [*jira(), *trello, *told(rovo=False)]
    assert word(resolved(found), names.HIGHEST_PLAN, ORGANIZATION) == "plan_may_not_count"
    assert (metadata(resolved(found), ORGANIZATION).value, ai(resolved(found), JIRA).value) == (None, None)
    screen = replace(
        recorded(names.METADATA, shown),
        subject=ORGANIZATION,
        highest_plan=None,
        plan_words=("Enterprise", "Premium"),
    )
    state = resolved(found, screen)
    assert metadata(state, ORGANIZATION).value == contributed
    assert ai(state, JIRA).value == blocked


@pytest.mark.parametrize(
    ("owner", "counts"),
    [(ORG, True), (f"ari:cloud:platform::org/{ORG.upper()}", True), (OTHER_ORG, False), (None, True)],
)
def test_nothing_of_a_site_counts_that_is_not_ours(owner: str | None, counts: bool) -> None:
    found = [*jira(), *told(rovo=True, edition="enterprise", trial="premium", regions=("us-east-1",))]
    found += [observed(names.GATEWAY_ROVO, SITE, True), observed(names.GATEWAY_ORGANIZATION, SITE, owner)]
    state = resolved([*found, observed(names.REGIONS, JIRA, ("eu-central-1",))])
    assert ai(state, JIRA).value == ("exposed" if counts else None)
    assert ai(state, SITE).value == ("exposed" if counts else None)
    assert word(state, names.REGIONS) == ("sources_differ" if counts else ("eu-central-1",))
    assert word(state, names.TRIAL) == ("running" if counts else "not_read")
    if not counts:
        seen = state.read(JIRA, names.GATEWAY_ROVO)
        assert isinstance(seen, Unavailable)
        assert OTHER_ORG in seen.reason


def test_what_the_gateway_did_not_tell_leaves_everything_as_it_was() -> None:
    found = [*jira(), *(unavailable(SettingId(f"gateway.{name}"), JIRA) for name in ("edition", "trial", "regions"))]
    state = resolved(found, recorded(names.TRIAL, "none"))
    assert (word(state, names.TRIAL), word(state, names.PLAN)) == ("none", "Premium")
    assert word(state, names.HIGHEST_PLAN, ORGANIZATION) == "premium"


def test_a_forecast_of_another_plan_does_without_the_words_of_this_one() -> None:
    one = SeenOrganization(
        OrganizationState(ORG, "Acme"), snapshot([*jira(), *told(edition="premium", trial="premium")])
    )
    now = resolve([one], RULEBOOK, NOW, PROMISES, catalogue.ALL)
    standard = RULEBOOK.plan("standard")
    assert standard is not None
    for assumed in (plan_becomes([one], now, standard), trials_end([one], now)):
        then = resolve(assumed.seen, RULEBOOK, NOW, PROMISES, catalogue.ALL, assumed.plans)
        assert word(then, names.PLAN) in ("Standard", "plan_after_trial")
        assert word(then, names.HIGHEST_PLAN, ORGANIZATION) != "premium"
        assert not [one for one in then.of(JIRA) if one.setting == names.GATEWAY_EDITION]
