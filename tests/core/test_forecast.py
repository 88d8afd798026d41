"""Forecasts: the plan tables under another plan, trials that end, and day by day as an evaluation of each day says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contribaudit import catalogue, checks
from contribaudit.core.advise.forecast import MOST_DAYS, Forecast, Ground, Hypothesis, end_of, forecast
from contribaudit.core.model import names
from contribaudit.core.model.attestation import Attestation, Signature
from contribaudit.core.model.observation import Observation, SettingId, Value
from contribaudit.core.model.policy import AuditPolicy, Decision
from contribaudit.core.model.rulebook import Plan
from contribaudit.core.model.subject import Subject
from contribaudit.core.resolve import attested
from contribaudit.core.resolve.resolve import SeenOrganization
from contribaudit.core.resolve.state import OrganizationState
from tests.builders import (
    NOW,
    ORG,
    PROMISES,
    RULEBOOK,
    app,
    collection,
    collections,
    facts,
    policy_of,
    rule,
    snapshot,
    waiver,
)
from tests.checks.attested import ORGANIZATION

ASKED = policy_of(
    *(rule(one) for one in ("DC-01", "DC-03", "DC-05", "DC-07", "DC-08", "DC-09", "DC-21", "DC-22", "DR-03"))
)
PLANS = {plan.name: plan for plan in RULEBOOK.plans}


def said(
    setting: str, value: Value, subject: Subject = ORGANIZATION, *, days_ago: float = 1, plan: str | None = "enterprise"
) -> Attestation:
    """What somebody saw in the console under a plan."""
    at, by = NOW - timedelta(days=days_ago), "ann@acme.example"
    signed = Signature(by, at, "", "")
    return Attestation(
        f"{setting} {subject.id} {value} {days_ago}", SettingId(setting), subject, value, by, at, signed, "",
        highest_plan=plan, plan_words=() if plan else ("Enterprise",), unanchored_reason="nothing was read",
    )  # fmt: skip


BOTH_OFF = (
    said("contribution.metadata", "off"),
    said("contribution.in_app", "off"),
    said("contribution.in_app.included", ()),
    said("contribution.exemption", "none"),
)


def ground(
    *observations: Observation, told: Sequence[Attestation] = BOTH_OFF, policy: AuditPolicy = ASKED, **more: Any
) -> Ground:
    """One organization, by default with one app on Enterprise."""
    kept = snapshot(observations or facts(app(), plan="Enterprise"), **more)
    seen = SeenOrganization(OrganizationState(ORG, "Acme"), kept, recorded=attested.AttestationHistory(tuple(told)))
    return Ground([seen], RULEBOOK, PROMISES, catalogue.ALL, policy, checks.ALL, catalogue.find)


def moved(found: Forecast, check: str = "", setting: str = "") -> list[tuple[str, str]]:
    return [
        (one.before, one.after)
        for one in found.rows
        if one.check == check and one.name != "apps" and (check or one.setting == setting)
    ]


def plan(name: str) -> Hypothesis:
    return Hypothesis(plan=PLANS[name])


def test_the_present_plan_and_now_change_nothing() -> None:
    for name in PLANS:
        there = ground(*facts(app(), plan=name), told=[replace(one, highest_plan=name.casefold()) for one in BOTH_OFF])
        assert forecast(there, plan(name), NOW).rows == ()


def test_a_fall_to_premium_takes_the_metadata_switch() -> None:
    """Attested values become stale by the plan, and metadata is contributed whatever anybody chose."""
    found = forecast(ground(), plan("Premium"), NOW)
    assert found.label == "prediction"
    assert found.assumptions == ("the highest plan becomes Premium",)
    (metadata,) = [one for one in found.rows if one.setting == names.EFFECTIVE_METADATA and one.name != "apps"]
    assert (metadata.before, metadata.after, metadata.predicted) == ("not_contributed", "contributed", None)
    assert moved(found, "DC-01") == [("pass", "not_achievable")]
    assert moved(found, "DC-03") == [("pass", "stale")]
    bare = forecast(ground(told=BOTH_OFF[:3]), plan("Premium"), NOW)
    assert moved(bare, setting=names.EFFECTIVE_METADATA) == [("not_contributed", "contributed")]
    (in_app,) = [one for one in found.rows if one.setting == names.EFFECTIVE_IN_APP and one.name != "apps"]
    assert (in_app.before, in_app.after, in_app.predicted) == ("not_contributed", "stale", "not_contributed")
    assert {one.when for one in found.rows} == {None}
    assert "apps" in {one.name for one in found.rows}


def test_a_fall_to_standard_predicts_another_default() -> None:
    found = forecast(ground(), plan("Standard"), NOW)
    assert {one.predicted for one in found.rows if one.setting == names.EFFECTIVE_IN_APP and one.name != "apps"} == {
        "contributed"
    }


def test_a_fall_to_free_takes_residency_from_every_app() -> None:
    found = forecast(ground(), plan("Free"), NOW)
    assert moved(found, "DR-03") == [("pass", "not_achievable")]


@pytest.mark.parametrize("words", [None, "madeup"])
def test_an_attestation_that_knew_only_plan_words_becomes_stale_too(words: str | None) -> None:
    """The apps' words change with the plan: the same words would carry it on."""
    told = [replace(one, highest_plan=None, plan_words=("Enterprise",)) for one in BOTH_OFF]
    assert moved(forecast(ground(told=told), plan("Premium"), NOW), "DC-03") == [("pass", "stale")]


def test_a_rise_lifts_the_apps_that_have_the_highest_plan() -> None:
    two = [*facts(app("a"), plan="Premium"), *facts(app("b"), plan="Free")]
    told = [replace(one, highest_plan="premium") for one in BOTH_OFF[1:]]
    found = forecast(ground(*two, told=told), plan("Enterprise"), NOW)
    assert moved(found, "DC-03") == [("pass", "stale")]
    assert moved(found, "DR-03") == []
    assert moved(found, "DC-01") == [("not_achievable", "unknown")]


def test_a_plan_that_is_not_known_is_assumed_and_an_unread_list_is_not() -> None:
    unknown = forecast(ground(*facts(app(), plan="madeup")), plan("Premium"), NOW)
    assert moved(unknown, "DC-01") == [("unknown", "not_achievable")]
    partial = collections(collection("workspaces", "count_mismatch"))
    unread = forecast(ground(*facts(app(), plan="Enterprise"), runs=partial), plan("Premium"), NOW)
    assert any("stays unknown" in note for note in unread.notes)
    assert moved(unread, "DC-01") == []


def on_trial(*others: str) -> tuple[list[Observation], list[Attestation]]:
    """An Enterprise trial beside apps on other plans."""
    trial = app("trial")
    rest = [app(f"other {number}") for number in range(len(others))]
    observations = [*facts(trial, plan="Enterprise")]
    for one, word in zip(rest, others, strict=True):
        observations += facts(one, plan=word)
    told = [said("trial", "running", trial), *(said("trial", "none", one) for one in rest)]
    return observations, [*BOTH_OFF, *told]


def test_a_trial_that_alone_holds_the_highest_plan() -> None:
    """The next highest of the others, labelled; what the app on trial falls to stays unknown."""
    observations, told = on_trial("Standard", "Free")
    found = forecast(ground(*observations, told=told), Hypothesis(trial_ends=True), NOW)
    (sentence,) = found.assumptions
    assert "the highest plan is Standard, that of the other apps" in sentence
    assert "not documented" in sentence
    assert moved(found, "DC-01") == [("pass", "not_achievable")]
    assert moved(found, setting=names.EFFECTIVE_METADATA) == [("not_contributed", "contributed")]
    (row,) = [one for one in found.rows if one.check == "DR-03"]
    assert (row.subject, row.before, row.after) == (app("trial"), "pass", "unknown")


def test_a_trial_beside_another_holder_changes_no_default() -> None:
    observations, told = on_trial("Enterprise")
    found = forecast(ground(*observations, told=told), Hypothesis(trial_ends=True), NOW)
    assert "the highest plan stays Enterprise" in found.assumptions[0]
    assert moved(found, "DC-01") == moved(found, "DC-03") == []


def test_with_every_app_on_trial_nothing_is_guessed() -> None:
    observations, told = on_trial()
    found = forecast(ground(*observations, told=told), Hypothesis(trial_ends=True), NOW)
    assert "is not known" in found.assumptions[0]
    assert moved(found, "DC-01") == [("pass", "unknown")]


def test_without_a_known_trial_nothing_is_assumed() -> None:
    found = forecast(ground(), Hypothesis(trial_ends=True), NOW)
    assert (found.assumptions, found.rows) == ((), ())
    assert [note.partition(": ")[2] for note in found.notes] == [
        "whether a trial is running is unknown for 1 app.",
        "no app is known to be on trial, so nothing is assumed.",
    ]


def outcomes(there: Ground, day: date) -> dict[str, str]:
    return {one.id: one.outcome.value for one in there.findings(there.state(end_of(day)))}


_AGES = st.integers(0, 29)
_AHEAD = st.integers(-3, 45)


@settings(max_examples=40)
@given(
    ages=st.tuples(_AGES, _AGES),
    read=st.integers(0, 3),
    trial=_AHEAD,
    decided=_AHEAD,
    waived=_AHEAD,
    length=st.integers(0, 25),
)
def test_each_day_is_as_an_evaluation_of_that_day_says(
    ages: tuple[int, int], read: int, trial: int, decided: int, waived: int, length: int
) -> None:
    """Every change stands on its very day, none is left out, and the days before a later end are the same."""
    today = NOW.date()
    one = app()
    told = [
        said("contribution.metadata", "off", days_ago=ages[0]),
        said("contribution.in_app", "on", days_ago=ages[1]),
        said("trial", "running", one),
        said("trial.ends_on", f"{today + timedelta(days=trial)}", one),
    ]
    policy = replace(
        ASKED,
        decisions=(
            Decision(names.METADATA, "off", "a@x", "b@x", today + timedelta(days=decided), "", "policy.toml:1"),
        ),
        waivers=(waiver("DC-03", expires=today + timedelta(days=waived)),),
    )
    at = NOW - timedelta(days=read)
    move = {"move": "scheduled", "starts": (NOW + timedelta(days=trial, hours=13)).isoformat()}
    there = ground(*facts(one, plan="Enterprise", **move), told=told, policy=policy, at=at, runs=collections(at=at))
    found = forecast(there, Hypothesis(until=today + timedelta(days=length)), NOW)
    running = {one.id: one.outcome.value for one in there.findings(there.state(NOW))}
    for number in range(length + 1):
        day = today + timedelta(days=number)
        now = outcomes(there, day)
        changes = {
            (running.get(key, "not_asked"), now.get(key, "not_asked"))
            for key in {*running, *now}
            if running.get(key) != now.get(key)
        }
        rows = [row for row in found.rows if row.when == day and row.check]
        assert {(row.before, row.after) for row in rows} == changes, day
        running = now
    shorter = forecast(there, Hypothesis(until=today + timedelta(days=length // 2)), NOW)
    assert shorter.rows == tuple(
        row for row in found.rows if row.when and row.when <= today + timedelta(days=length // 2)
    )


def test_a_plan_and_a_date_together() -> None:
    """First what the plan changes, then what time does under it."""
    both = Hypothesis(PLANS["Premium"], until=NOW.date() + timedelta(days=90))
    found = forecast(ground(), both, NOW)
    assert [one for one in found.rows if one.when is None] == list(forecast(ground(), plan("Premium"), NOW).rows)
    assert any(one.when for one in found.rows)


def test_before_the_first_day_of_use() -> None:
    """That day is among those looked at."""
    now = datetime(2026, 8, 10, 12, tzinfo=UTC)
    told = [replace(one, observed_at=now, recorded=Signature("a@x", now, "", "")) for one in BOTH_OFF]
    there = ground(*facts(app(), plan="Enterprise"), told=told, at=now, runs=collections(at=now))
    found = forecast(there, Hypothesis(until=date(2026, 8, 20)), now)
    row = next(one for one in found.rows if one.check == "DC-03")
    assert (row.before, row.when) == ("not_yet_effective", date(2026, 8, 17))


def test_a_long_walk_is_capped_and_says_so() -> None:
    """The last day is always looked at."""
    waivers = tuple(waiver("DR-01", expires=NOW.date() + timedelta(days=number)) for number in range(100))
    until = NOW.date() + timedelta(days=200)
    found = forecast(ground(policy=replace(ASKED, waivers=waivers)), Hypothesis(until=until), NOW)
    assert len(found.days) == MOST_DAYS
    assert found.days[-1] == until
    assert any(f"only the first {MOST_DAYS} were checked" in note for note in found.notes)


def _known(plans: dict[str, Plan]) -> st.SearchStrategy[str]:
    return st.sampled_from(sorted(plans))


@settings(max_examples=40)
@given(present=st.lists(_known(PLANS), min_size=1, max_size=3), assumed=_known(PLANS), first=st.booleans())
def test_a_forecast_says_what_an_audit_under_that_plan_would(present: list[str], assumed: str, first: bool) -> None:
    """Judging the organization with its apps on the assumed plan gives what was predicted, and no pass besides."""
    apps = [app(f"{number}") for number in range(len(present))]
    highest = max(present, key=lambda name: PLANS[name].rank)
    told = [replace(one, highest_plan=highest.casefold()) for one in BOTH_OFF[: 2 if first else 3]]
    there = ground(*(one for a, word in zip(apps, present, strict=True) for one in facts(a, plan=word)), told=told)
    capped = [assumed if PLANS[word].rank > PLANS[assumed].rank or word == highest else word for word in present]
    really = ground(*(one for a, word in zip(apps, capped, strict=True) for one in facts(a, plan=word)), told=told)
    found = forecast(there, plan(assumed), NOW)
    before = {one.id: one for one in there.findings(there.state(NOW))}
    after = {one.id: one for one in really.findings(really.state(NOW))}
    changed = {
        (one.check, one.subject, one.outcome.value, after[key].outcome.value)
        for key, one in before.items()
        if one.outcome is not after[key].outcome
    }
    assert {(row.check, row.subject, row.before, row.after) for row in found.rows if row.check} == changed
