"""The cause of a change: the order of proof, what counts as an event of it, and that nothing is made up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contribaudit.core.advise.causes import ChangeContext, SubjectIdentifiers, explain
from contribaudit.core.model.audit_log import (
    ActionFamily,
    AuditEvent,
    AuditLog,
    EventAction,
    LogReading,
    LogRules,
    VendorDate,
)
from contribaudit.core.model.change import CauseKind, Change, Match, RunInterval
from contribaudit.core.model.observation import SettingId, Value
from contribaudit.core.model.subject import COMPANY, Kind, Subject, organization_subject

ORG = "a1b2c3"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ARI, CLOUD_ID = "ari:cloud:jira::site/1111-2222", "1111-2222"
SIBLING = "ari:cloud:jira-servicedesk::site/1111-2222"
APP, OTHER = Subject(ORG, Kind.APP, ARI), Subject(ORG, Kind.APP, "ari:cloud:confluence::site/9999")
SIGNAL = "signal.policy.generative-ai"
RULES = LogRules(
    retention_days=180,
    latency_hours=24,
    rollout_subjects=3,
    review_days=90,
    ignored=("viewed",),
    families=(
        ActionFamily("ai", ("rovo", "ai"), ("ai.", SIGNAL), follows_plan=True),
        ActionFamily("plan", ("plan",), ("plan", "plan.highest")),
        ActionFamily("app", ("app",), ("app.",), kinds=(Kind.APP,)),
        ActionFamily("residency", ("residency",), ("residency.",)),
    ),
)
ACTIONS = (EventAction("rovo_blocked"), EventAction("plan_changed"), EventAction("app_added"))


def at(hours: float) -> datetime:
    return NOON + timedelta(hours=hours)


def frame(run: int, **other: str) -> RunInterval:
    """Run `run` begins at that hour and takes a quarter of one."""
    told = {"tool_version": "1", "policy_sha256": "p1", "rulebook_sha256": "r1"} | other
    return RunInterval(run, at(run), at(run + 0.25), frozenset(("workspaces", "policies")), **told)


def reading(run: int, start: float, end: float, code: str = "", read: int = 5) -> LogReading:
    return LogReading(run, at(start), at(end), code, code and f"because of {code}", ACTIONS, read, 0)


def event(
    hours: float, named: Sequence[str] = (ARI,), action: str = "rovo_blocked", who: str = "ann@acme"
) -> AuditEvent:
    identity = f"{action}-{hours}-{who}"
    return AuditEvent(identity, at(hours), None, action, who, "", who, "", tuple(named), "")


def change(
    setting: str = SIGNAL, subject: Subject = APP, before: Value = "a", after: Value = "b", **more: bool
) -> Change:
    """Of a value last seen as `before` by run 1, and as `after` by run 2."""
    there, stays = more.get("there", True), more.get("stays", True)
    last = at(1) if there else None
    return Change(subject, SettingId(setting), before, after, there, stays, at(2), last, collector="workspaces")


def naming(one: Change) -> SubjectIdentifiers:
    exact = {one.subject.id.casefold()} | ({"policy-ai"} if one.subject.kind is Kind.ORGANIZATION else set())
    return SubjectIdentifiers(frozenset(exact), frozenset((CLOUD_ID, ORG)) - exact)


WHOLE = (reading(1, 0, 1.1), reading(2, 1.1, 2.1))


def scene(
    *events: AuditEvent,
    readings: Sequence[LogReading] = WHOLE,
    frames: Sequence[RunInterval] = (),
    rules: LogRules = RULES,
) -> ChangeContext:
    return ChangeContext(AuditLog(events, readings), frames or (frame(1), frame(2)), naming, rules)


def told(stage: ChangeContext, *changes: Change) -> Change:
    """The first of the changes, explained among the others."""
    return explain(changes, {ORG: stage})[0]


PLAIN, MOVED = scene(), change()


@dataclass(frozen=True)
class Case:
    name: str
    kind: CauseKind
    changes: tuple[Change, ...] = (MOVED,)
    stage: ChangeContext = PLAIN
    actor: str | None = None
    says: str = ""

    def __str__(self) -> str:
        return self.name


PLAN_MOVED = change("plan", OTHER, "Standard", "Premium")
NEW_APP = change("app.type_key", APP, None, "jira", there=False)
THREE = tuple(change(subject=Subject(ORG, Kind.APP, f"app-{number}")) for number in range(3))
DATED = replace(RULES, dates=(VendorDate(date(2026, 11, 21), ("ai",), "Rovo is on for all", "https://x.y", "A"),))
NIGHT = (reading(1, 0, 1.1), reading(2, 1.1, 24.1))

CASES = (
    Case(
        "an event is the first proof", CauseKind.EVENT, stage=scene(event(1.5)), actor="ann@acme", says="rovo_blocked"
    ),
    Case(
        "before a plan change",
        CauseKind.EVENT,
        (change(), PLAN_MOVED),
        scene(event(1.5), event(1.4, (OTHER.id,), "plan_changed")),
        "ann@acme",
    ),
    Case("an event during the run that saw it", CauseKind.EVENT, stage=scene(event(2.1)), actor="ann@acme"),
    Case(
        "an event that names its site",
        CauseKind.EVENT,
        stage=scene(event(1.5, (CLOUD_ID,))),
        actor="ann@acme",
        says="only",
    ),
    Case(
        "the exact one beats one of its site",
        CauseKind.EVENT,
        stage=scene(event(1.5), event(1.9, (CLOUD_ID,), who="bob@acme")),
        actor="ann@acme",
    ),
    Case(
        "several of one actor",
        CauseKind.EVENT,
        stage=scene(event(1.2), event(1.5)),
        actor="ann@acme",
        says="rovo_blocked-1.5-ann@acme, the last of 2",
    ),
    Case("several actors", CauseKind.SEVERAL_EVENTS, stage=scene(event(1.2), event(1.5, who="bob@acme"))),
    Case("a change of plan", CauseKind.PLAN_CHANGE, (change(), PLAN_MOVED), says="Standard to Premium"),
    Case(
        "what does not follow the plan",
        CauseKind.NO_EVENT_FOUND,
        (change("residency.realm"), PLAN_MOVED),
        says="no action",
    ),
    Case(
        "the highest plan by the app's event",
        CauseKind.PLAN_CHANGE,
        (change("plan.highest", organization_subject(ORG), "standard", "premium"), PLAN_MOVED),
        scene(event(1.5, (OTHER.id,), "plan_changed")),
        "ann@acme",
    ),
    Case("a new app", CauseKind.NEW_SUBJECT, (change("residency.realm", there=False), NEW_APP)),
    Case("the app itself", CauseKind.NO_EVENT_FOUND, (NEW_APP,)),
    Case(
        "the app itself, by its event", CauseKind.EVENT, (NEW_APP,), scene(event(1.5, action="app_added")), "ann@acme"
    ),
    Case(
        "a policy about a new app",
        CauseKind.NEW_SUBJECT,
        (change(there=False), NEW_APP),
        scene(event(1.5, action="app_added")),
    ),
    Case(
        "a policy about a new app, by its own event",
        CauseKind.EVENT,
        (change(there=False), NEW_APP),
        scene(event(1.2, action="app_added"), event(1.5, who="bob@acme")),
        "bob@acme",
    ),
    Case("many at once in a readable log", CauseKind.VENDOR, THREE, says="3 of the same kind"),
    Case("many at once in one with a hole", CauseKind.NO_EVENT_FOUND, THREE, scene(readings=WHOLE[:1])),
    Case("many at once, one by an event", CauseKind.EVENT, THREE, scene(event(1.5, ("app-0",))), "ann@acme"),
    Case(
        "a dated entry",
        CauseKind.VENDOR,
        (replace(change(), first_seen=at(24)),),
        scene(readings=NIGHT, rules=DATED),
        says="Rovo is on for all",
    ),
    Case("on another day", CauseKind.NO_EVENT_FOUND, stage=scene(rules=DATED)),
    Case(
        "the policy",
        CauseKind.POLICY_EDIT,
        (Change(COMPANY, SettingId("policy.sha256"), "p1", "p2", True, True, at(2), at(1)),),
    ),
    Case(
        "a policy edit explains no setting",
        CauseKind.NO_EVENT_FOUND,
        stage=scene(frames=(frame(1), frame(2, policy_sha256="p2"))),
    ),
    Case(
        "a rulebook that ranks plans otherwise",
        CauseKind.RULEBOOK_EDIT,
        (change("plan.highest", organization_subject(ORG)),),
        scene(frames=(frame(1), frame(2, rulebook_sha256="r2"))),
    ),
    Case("another version", CauseKind.TOOL_CHANGE, stage=scene(frames=(frame(1), frame(2, tool_version="2")))),
    Case(
        "another shape",
        CauseKind.SHAPE_CHANGE,
        (change(), change("shapes.workspaces", organization_subject(ORG), (), ("status=x",))),
        says="no event found",
    ),
    Case("the catalogue", CauseKind.SHAPE_CHANGE, (change("organization.event_actions", organization_subject(ORG)),)),
    Case("nothing", CauseKind.NO_EVENT_FOUND, says="log read without gaps; it reaches back 180 days; a late event may"),
    Case("what the log calls otherwise", CauseKind.NO_EVENT_FOUND, stage=scene(event(1.5, action="plan_changed"))),
    Case("an event of another app", CauseKind.NO_EVENT_FOUND, stage=scene(event(1.5, (OTHER.id,)))),
    Case("an event that names nothing", CauseKind.NO_EVENT_FOUND, stage=scene(event(1.5, ())), says="1 event of"),
    Case(
        "the organization's signal beside an app's event",
        CauseKind.NO_EVENT_FOUND,
        (change(subject=organization_subject(ORG)),),
        replace(scene(event(1.5)), apps=frozenset((ARI,))),
        says="; perhaps by an event about an app of this organization: ann@acme, rovo_blocked on 2026-11-20 13:30Z",
    ),
    Case(
        "beside several",
        CauseKind.NO_EVENT_FOUND,
        (change(subject=organization_subject(ORG)),),
        replace(scene(event(1.2), event(1.5, who="bob@acme")), apps=frozenset((ARI,))),
        says="; perhaps by the last of 2 events about an app of this organization: bob@acme",
    ),
    Case(
        "beside an event of another app on its site",
        CauseKind.NO_EVENT_FOUND,
        stage=replace(scene(event(1.5, (SIBLING,))), apps=frozenset((SIBLING,)), sites=frozenset((CLOUD_ID,))),
        says="; perhaps by an event about another app of its site: ann@acme",
    ),
    Case("an event at the last look", CauseKind.NO_EVENT_FOUND, stage=scene(event(1))),
    Case("an event after the run", CauseKind.NO_EVENT_FOUND, stage=scene(event(2.3))),
    Case("a log never read", CauseKind.NO_EVENT_FOUND, stage=scene(readings=()), says="never read"),
    Case(
        "a log that refuses",
        CauseKind.NO_EVENT_FOUND,
        stage=scene(readings=(LogReading(2, None, None, "forbidden", "403", (), 0, 0),)),
        says="could not be read: 403",
    ),
    Case(
        "a log that was always empty",
        CauseKind.NO_EVENT_FOUND,
        stage=scene(readings=(reading(2, 0, 2.1, read=0),)),
        says="never shown an event",
    ),
    Case(
        "a log with a hole",
        CauseKind.NO_EVENT_FOUND,
        stage=scene(readings=(reading(1, 0, 1.2), reading(2, 1.7, 2.1, "cursor_refused"))),
        says="was not read from 2026-11-20 13:12Z to 2026-11-20 13:42Z",
    ),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_order_of_proof(case: Case) -> None:
    found = told(case.stage, *case.changes)
    assert found.why is not None
    assert (found.why.kind, found.actor) == (case.kind, case.actor), found.cause
    assert found.cause == found.why.sentence
    assert case.says in found.cause
    assert found.explained is (case.kind is not CauseKind.NO_EVENT_FOUND)
    assert (found.event_id is None) == (found.actor is None)


def test_a_match_says_how_well_it_names_the_subject() -> None:
    exact, site = told(scene(event(1.5)), change()).why, told(scene(event(1.5, (ORG,))), change()).why
    assert exact is not None
    assert site is not None
    assert (exact.match, site.match) == (Match.EXACT, Match.SITE)


def test_the_organizations_policy_names_its_own_signal() -> None:
    mine = change(subject=organization_subject(ORG))
    assert told(scene(event(1.5, ("policy-ai",))), mine).actor == "ann@acme"


@pytest.mark.parametrize(
    "beside",
    [
        event(1.5, (SIBLING,), action="plan_changed"),
        event(1.5, (OTHER.id,)),
        event(0.9, (SIBLING,)),
        event(2.3, (SIBLING,)),
    ],
    ids=["of another kind", "on another site", "before the last look", "after the run"],
)
def test_what_happened_elsewhere_is_not_told_beside_a_change(beside: AuditEvent) -> None:
    stage = replace(scene(beside), apps=frozenset((SIBLING, OTHER.id)), sites=frozenset((CLOUD_ID, "9999")))
    assert "perhaps" not in str(told(stage, change()).cause)


def test_what_happened_beside_a_change_explains_nothing() -> None:
    """The change stays among those without a known cause: another hand may have used the moment."""
    stage = replace(scene(event(1.5, (SIBLING,))), apps=frozenset((SIBLING,)), sites=frozenset((CLOUD_ID,)))
    found = told(stage, change())
    assert not found.explained
    assert found.actor is None
    assert found.why is not None
    assert found.why.others == ("rovo_blocked-1.5-ann@acme",)


def test_several_actors_are_all_listed_and_none_is_named() -> None:
    found = told(scene(event(1.2), event(1.5, who="bob@acme")), change())
    assert found.event_id is None
    assert found.why is not None
    assert found.why.others == ("rovo_blocked-1.2-ann@acme", "rovo_blocked-1.5-bob@acme")


def test_where_no_run_saw_it_before_nobody_is_named() -> None:
    found = told(scene(event(1.5), frames=(frame(2),)), replace(change(), last_seen=None, existed_before=False))
    assert found.actor is None
    assert "no run saw the value before" in str(found.cause)


EVENTS = st.lists(
    st.builds(
        event,
        st.sampled_from([0.5, 1.0, 1.1, 1.5, 1.9, 2.0, 2.25, 2.5]),
        st.sampled_from([(ARI,), (CLOUD_ID,), (OTHER.id,), ()]),
        st.sampled_from(["rovo_blocked", "plan_changed", "rovo_viewed", "unheard_of"]),
        st.sampled_from(["ann@acme", "bob@acme"]),
    ),
    max_size=6,
    unique_by=lambda one: one.id,
)


@given(EVENTS, st.randoms(use_true_random=False))
def test_the_order_in_which_events_are_kept_changes_nothing(events: list[AuditEvent], random: object) -> None:
    shuffled = list(events)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert told(scene(*events), change()) == told(scene(*shuffled), change())


@given(EVENTS)
def test_who_is_named_did_what_could_have_changed_it_in_time(events: list[AuditEvent]) -> None:
    found = told(scene(*events), change())
    if found.event_id is not None:
        done = next(one for one in events if one.id == found.event_id)
        assert at(1) < done.time <= at(2.25)
        assert done.action == "rovo_blocked"
        assert done.named in ((ARI,), (CLOUD_ID,))
        assert done.actor == found.actor
        rivals = [e for e in events if e.named == done.named and e.action == done.action and at(1) < e.time <= at(2.25)]
        assert {one.actor for one in rivals} == {found.actor}


@given(st.lists(st.tuples(st.floats(0, 3), st.floats(0, 3)), max_size=4))
def test_a_roll_out_is_only_claimed_where_the_log_covers_the_interval(spans: list[tuple[float, float]]) -> None:
    readings = [reading(number, min(span), max(span)) for number, span in enumerate(spans)]
    found = told(scene(readings=readings), *THREE)
    assert found.why is not None
    minutes = [1 + number / 60 for number in range(61)]
    whole = all(any(min(span) - 0.001 <= m <= max(span) + 0.001 for span in spans) for m in minutes)
    assert found.why.kind is not CauseKind.VENDOR or whole
    assert found.actor is None
