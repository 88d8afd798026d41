"""Deadlines: sorted, complete, and each with the date that its source gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contribaudit import catalogue, checks
from contribaudit.core.advise.deadlines import Deadline, DeadlineKind, deadline_warnings, deadlines, ending_soon, within
from contribaudit.core.model import names
from contribaudit.core.model.attestation import Approved, Baseline, Signature
from contribaudit.core.model.observation import Grade, Observation, SettingId
from contribaudit.core.model.policy import AuditPolicy, Decision
from contribaudit.core.resolve.resolve import SeenOrganization, resolve
from contribaudit.core.resolve.state import OrganizationState
from tests.builders import NOW, ORG, PROMISES, RULEBOOK, app, facts, observed, policy_of, rule, state_of, waiver
from tests.checks.attested import ORGANIZATION, seen

KEY, NEXT = SettingId("api_key.expires_at"), SettingId("api_key.next_expiry")
ESSENTIAL = policy_of(rule("DC-03"), rule("DC-07"))


def found(*observations: Observation, policy: AuditPolicy = ESSENTIAL) -> list[Deadline]:
    return list(deadlines(state_of(*facts(app()), *observations), policy, checks.ALL, catalogue.find))


def of(kind: DeadlineKind, listed: Sequence[Deadline]) -> list[Deadline]:
    return [one for one in listed if one.kind is kind]


def test_every_key_whose_end_is_told() -> None:
    """The one that audits read with, and the first of all where that is another one."""
    own, first = "2026-12-01T00:00:00Z", "2026-11-25T00:00:00Z"
    listed = of(DeadlineKind.API_KEY, found(observed(KEY, ORGANIZATION, own), observed(NEXT, ORGANIZATION, first)))
    assert [one.days_left(NOW) for one in listed] == [3, 9]
    same = found(observed(KEY, ORGANIZATION, own), observed(NEXT, ORGANIZATION, own))
    assert len(of(DeadlineKind.API_KEY, same)) == 1
    (unknown,) = of(DeadlineKind.API_KEY, found())
    assert unknown.ends_at is None
    assert "not known" in unknown.what


def test_an_attested_value_ends_by_the_strictest_rule_that_reads_it() -> None:
    policy = policy_of(rule("DC-03", max_age_days={"attested": 10}), rule("DC-21", max_age_days={"attested": 20}))
    (one,) = of(DeadlineKind.ATTESTATION, found(seen(names.IN_APP, "off", days_ago=12), policy=policy))
    assert (one.check, one.ends_at, one.days_left(NOW)) == ("DC-03", NOW - timedelta(days=2), -2)
    unread = of(DeadlineKind.ATTESTATION, found(seen("ai.web_search", "off", days_ago=12), policy=policy))
    assert [(one.check, one.days_left(NOW)) for one in unread] == [("", 18)]


def test_waivers_and_their_reviews() -> None:
    """The last day still counts; a review after the end, or of one that ended, is none."""
    listed = found(
        policy=policy_of(
            rule("DC-03"),
            waivers=(
                waiver("DC-03", expires=date(2026, 11, 21), review_every_days=15),
                waiver("DR-01", expires=date(2026, 11, 20), review_every_days=5),
                waiver("DR-02", expires=date(2026, 12, 1), review_every_days=90),
            ),
        )
    )
    assert [(one.check, one.days_left(NOW)) for one in of(DeadlineKind.WAIVER, listed)] == [
        ("DR-01", -1),
        ("DC-03", 0),
        ("DR-02", 10),
    ]
    assert [(one.check, one.days_left(NOW)) for one in of(DeadlineKind.WAIVER_REVIEW, listed)] == [("DC-03", -5)]


def test_a_trial_without_a_date_is_listed_last() -> None:
    dated, bare = app("dated"), app("bare")
    listed = found(
        *facts(dated),
        *facts(bare),
        *(seen("trial", "running", one) for one in (dated, bare)),
        seen("trial.ends_on", "2026-12-01", dated),
    )
    trials = of(DeadlineKind.TRIAL, listed)
    assert [(one.subject, one.days_left(NOW)) for one in trials] == [(dated, 10), (bare, None)]
    assert listed.index(trials[1]) > max(listed.index(one) for one in listed if one.ends_at is not None)


def test_a_residency_move() -> None:
    """Scheduled: its day, start and end; moving: its end; without a time it is listed as such."""
    scheduled = state_of(
        *facts(
            app(), move="scheduled", scheduled="2026-12-01", starts="2026-12-01T22:00:00Z", ends="2026-12-02T04:00:00Z"
        )
    )
    moves = of(DeadlineKind.MOVE, deadlines(scheduled, ESSENTIAL, checks.ALL, catalogue.find))
    assert [(one.days_left(NOW), one.whole_day) for one in moves] == [(10, False), (10, True), (10, False)]
    moving = state_of(*facts(app(), move="applying", starts="2026-11-20T22:00:00Z", ends="2026-11-22T04:00:00Z"))
    assert [
        one.days_left(NOW) for one in of(DeadlineKind.MOVE, deadlines(moving, ESSENTIAL, checks.ALL, catalogue.find))
    ] == [0]
    bare = deadlines(state_of(*facts(app(), move="applying")), ESSENTIAL, checks.ALL, catalogue.find)
    assert [one.days_left(NOW) for one in of(DeadlineKind.MOVE, bare)] == [None]


def test_the_sentences_name_apps_and_settings_as_people_do() -> None:
    """Neither an alias nor a setting's ID; a waiver's subject stays as written where it names no app."""
    one, host = app("one"), "acme.atlassian.net"
    named = (
        observed(names.APP_TYPE_KEY, one, "confluence"),
        observed(names.APP_HOST, one, host),
        observed(names.APP_ALIAS, one, f"app:{host}/confluence"),
    )
    by_alias, unknown = waiver("DR-01", subject=f"app:{host}/confluence"), waiver("DR-01", subject="app:gone/jira")
    policy = policy_of(rule("DC-03"), rule("DC-07"), waivers=(by_alias, unknown))
    said = [
        deadline.what
        for deadline in found(
            *named,
            *facts(one, move="scheduled", scheduled="2026-12-01"),
            seen(names.IN_APP, "off"),
            seen("trial", "running", one),
            seen("trial.ends_on", "2026-12-01", one),
            policy=policy,
        )
    ]
    assert [sentence for sentence in said if "app:" in sentence] == [
        "last day of the waiver of DR-01 for app:gone/jira"
    ]
    assert {
        f"last day of the waiver of DR-01 for Confluence on {host}",
        f"last day of the trial of Confluence on {host}",
        f"the residency move of Confluence on {host} is due",
    } <= set(said)
    assert not [sentence for sentence in said if names.IN_APP in sentence or "trial.ends_on" in sentence]


def test_clocks_after_an_opt_out() -> None:
    """In-app 30 and 90 days, what may stay seven years, and no clock while the switch is on."""
    made = Decision(names.IN_APP, "off", "a@x.example", "b@x.example", date(2026, 11, 1), "T-1", "policy.toml:3")
    policy = replace(ESSENTIAL, decisions=(made,))
    off = found(seen(names.IN_APP, "off"), policy=policy)
    ends = [one.ends_at.date() for one in of(DeadlineKind.DELETION, off) if one.ends_at]
    assert ends == [date(2026, 12, 1), date(2027, 1, 30)]
    assert [one.ends_at for one in of(DeadlineKind.RESIDUE, off)] == [datetime(2033, 11, 1, tzinfo=UTC)]
    on = found(seen(names.IN_APP, "on"), policy=policy)
    assert of(DeadlineKind.DELETION, on) == of(DeadlineKind.RESIDUE, on) == []


def test_announced_days_go_when_they_have_passed() -> None:
    ahead = {one.source for one in of(DeadlineKind.ANNOUNCED, found())}
    assert "https://developer.atlassian.com/cloud/admin/organization/event-by-id-deprecation" in ahead
    later = state_of(*facts(app()), as_of=NOW + timedelta(days=40))
    assert ahead - {
        one.source for one in of(DeadlineKind.ANNOUNCED, deadlines(later, ESSENTIAL, checks.ALL, catalogue.find))
    }


def test_a_baseline_and_one_without_an_end() -> None:
    def baselines(run: int, end: datetime | None) -> list[Deadline]:
        signed = Signature("ciso@acme.example", NOW, "", "")
        approved = Approved(Baseline(ORG, run, signed, "reviewed", end), NOW, frozenset(), frozenset(), frozenset())
        state = resolve(
            [SeenOrganization(OrganizationState(ORG, "Acme", approvals=[approved]), None)], RULEBOOK, NOW, PROMISES
        )
        return of(DeadlineKind.BASELINE, deadlines(state, ESSENTIAL, checks.ALL, catalogue.find))

    until = NOW + timedelta(days=3)
    (one,) = baselines(7, until)
    assert (one.ends_at, one.source) == (until, "run 7")
    assert not baselines(8, None)


def test_warnings_are_one_line_for_each_kind_and_only_of_what_is_ahead() -> None:
    listed = found(
        *(seen(setting, "off", days_ago=days) for setting, days in ((names.IN_APP, 25), ("ai.web_search", 29))),
        seen("ai.mcp.api_tokens", "off", days_ago=31),
        seen("ai.beta_features", "off", days_ago=1),
    )
    ends = [(one.kind, one.over_at) for one in listed]
    assert ending_soon(ends, NOW) == ["2 attested values become too old within 14 days; run `contribaudit attest`."]


_DAYS = st.integers(-40, 40)


@given(
    ages=st.lists(st.integers(0, 60), max_size=4),
    strict=st.none() | st.integers(1, 40),
    accepted=st.booleans(),
    key=st.none() | _DAYS,
    ends=st.lists(_DAYS, max_size=2),
)
def test_the_warnings_of_a_report_are_those_of_the_list(
    ages: list[int], strict: int | None, accepted: bool, key: int | None, ends: list[int]
) -> None:
    """Counting without making the sentences comes to the same, under the policy's limit and under a rule's own."""
    terms: dict[str, object] = {} if strict is None else {"max_age_days": {"attested": strict}}
    if not accepted:
        terms["accept"] = (Grade.DOCUMENTED,)
    settings = (names.IN_APP, "ai.web_search", "ai.beta_features", "trial")
    observations: list[Observation] = [
        seen(one, "off", app() if one == "trial" else ORGANIZATION, days_ago=age)
        for one, age in zip(settings, ages, strict=False)
    ]
    if key is not None:
        observations.append(observed(KEY, ORGANIZATION, (NOW + timedelta(days=key)).isoformat()))
    waivers = tuple(waiver("DR-01", expires=(NOW + timedelta(days=end)).date()) for end in ends)
    policy = replace(policy_of(rule("DC-03", **terms), rule("DC-07"), rule("DC-08")), waivers=waivers)
    state = state_of(*facts(app()), *observations)
    found = deadlines(state, policy, checks.ALL, catalogue.find)
    assert deadline_warnings(state, policy, checks.ALL) == ending_soon([(one.kind, one.over_at) for one in found], NOW)


@given(
    ages=st.lists(st.integers(0, 60), max_size=4),
    ends=st.lists(_DAYS, max_size=3),
    key=st.none() | _DAYS,
    trials=st.lists(st.none() | _DAYS, max_size=3),
    span=_DAYS,
)
def test_they_are_sorted_and_complete(
    ages: list[int], ends: list[int], key: int | None, trials: list[int | None], span: int
) -> None:
    """Nothing that went in is lost, dates never fall, IDs are unique, and `within` keeps a beginning of the list."""
    settings = ("ai.web_search", "ai.beta_features", "ai.mcp.api_tokens", "ai.mcp.write")
    apps = [app(f"trial {number}") for number in range(len(trials))]
    observations = [seen(one, "off", days_ago=age) for one, age in zip(settings, ages, strict=False)]
    for one, end in zip(apps, trials, strict=True):
        observations += [*facts(one), seen("trial", "running", one)]  # type: ignore[list-item]
        if end is not None:
            observations.append(seen("trial.ends_on", f"{(NOW + timedelta(days=end)).date()}", one))
    if key is not None:
        observations.append(observed(KEY, ORGANIZATION, (NOW + timedelta(days=key)).isoformat()))
    waivers = tuple(waiver("DR-01", expires=(NOW + timedelta(days=end)).date()) for end in ends)
    listed = found(*observations, policy=replace(ESSENTIAL, waivers=waivers))
    # A trial and its end are attested values too.
    attested = len(ages) + len(trials) + sum(1 for one in trials if one is not None)
    assert len(of(DeadlineKind.ATTESTATION, listed)) == attested
    assert len(of(DeadlineKind.WAIVER, listed)) == len(ends)
    assert len(of(DeadlineKind.TRIAL, listed)) == len(trials)
    assert len(of(DeadlineKind.API_KEY, listed)) == 1
    assert len({one.id for one in listed}) == len(listed)
    dated = [one.over_at for one in listed if one.over_at is not None]
    assert dated == sorted(dated)
    assert [one.over_at is None for one in listed] == sorted(one.over_at is None for one in listed)
    over = [(one.days_left(NOW) or 0) < 0 for one in listed if one.ends_at is not None]
    assert over == sorted(over, reverse=True)
    limit = timedelta(days=span)
    assert within(listed, NOW, limit) == tuple(one for one in listed if one.ends_at and one.ends_at <= NOW + limit)


@pytest.mark.parametrize("later", [1, 30])
def test_an_id_stays_when_the_date_moves(later: int) -> None:
    def one(days_ago: float) -> Deadline:
        return of(DeadlineKind.ATTESTATION, found(seen(names.IN_APP, "off", days_ago=days_ago)))[0]

    assert one(later).id == one(0).id
    assert one(later).ends_at != one(0).ends_at
