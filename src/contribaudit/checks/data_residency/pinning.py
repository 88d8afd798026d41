"""Whether an app is pinned to its realm (DR-02), the state of moves (DR-04), and where new apps start (DR-05).

Also the Marketplace apps inside an app (DR-07, DR-08).
"""

from __future__ import annotations

from dataclasses import replace

from contribaudit.catalogue.data_residency import (
    APP_POLICIES,
    DEFAULT_REALM,
    MARKETPLACE_UNPINNED,
    MOVE_ENDS_AT,
    MOVE_SCHEDULED_FOR,
    MOVE_STARTS_AT,
    MOVE_TICKET,
    POLICY_REALMS,
)
from contribaudit.checks.data_residency.realm import allowed_realms, realm_of, realm_unclear, realms, without_residency
from contribaudit.checks.reading import (
    fragile_in_own_trial,
    fragile_in_trial,
    list_evidence,
    none_among_apps,
    not_verifiable,
    of_apps,
    only_approved,
    plan_of,
    plan_unclear,
    unless_no_screen,
    unread,
)
from contribaudit.core.judge.check import ATTESTED, Check, CheckContext, Expectation, Shape, Verdict, check
from contribaudit.core.model import names
from contribaudit.core.model.finding import Evidence, Outcome
from contribaudit.core.model.observation import Observation, Observed, SettingId
from contribaudit.core.model.rulebook import Move, Plan
from contribaudit.core.model.subject import Kind, Subject, organization_subject
from contribaudit.core.resolve.state import State

may_have_residency = of_apps(lambda app: app.residency != "none")
"""False only for an app that the rulebook places outside data residency."""


def in_no_policy(state: State, app: Subject) -> bool:
    """True when the policy list was read to its end and no residency policy lists the app."""
    unseen = state.read(app, names.MOVE)
    return (
        not isinstance(unseen, Observed)
        and unseen.code == "not_read"
        and bool(list_evidence(state, app.organization, names.POLICIES))
    )


none_within = none_among_apps("can have data residency", Outcome.NO_SUCH_SETTING)
"""`no_such_setting` when the rulebook places every app of an organization outside data residency."""


@check(
    "DR-02",
    "app-location-pinned",
    Kind.APP,
    reads=(names.REALM, names.MOVE, names.PINNED, POLICY_REALMS.id, names.PLAN),
    outcomes=ATTESTED | {Outcome.NOT_ACHIEVABLE, Outcome.PENDING, Outcome.NO_SUCH_SETTING},
    applies=may_have_residency,
    when_none=none_within,
)
@fragile_in_own_trial
def pinned(case: CheckContext) -> Verdict:
    """DR-02: an applied residency policy pins the app to the realm that it reports, and its plan includes residency.

    A realm alone proves nothing: Global shows regions too, and an app with a location may still move. A policy alone
    proves nothing either: it may remain from before a downgrade, so an unknown plan leaves the question open.
    """
    verdict = _by_policy(case)
    if verdict.outcome not in (Outcome.PASS, Outcome.PENDING):
        return verdict
    seen = case.state.read(case.subject, names.PLAN)
    if not _all_with_residency(case.state, seen):
        return plan_unclear(seen)
    return replace(verdict, evidence=(*verdict.evidence, *Evidence.of(seen)))


def _all_with_residency(state: State, seen: Observation) -> bool:
    """True when every plan word is known and belongs to a plan with data residency."""
    value = seen.value if isinstance(seen, Observed) else None
    words = value if isinstance(value, tuple) else (value,) if isinstance(value, str) else ()
    plans = [state.rulebook.plan(word) for word in words]
    return bool(plans) and all(plan is not None and plan.residency for plan in plans)


def _by_policy(case: CheckContext) -> Verdict:
    state, app = case.state, case.subject
    plan = plan_of(state, app)
    if isinstance(plan, Plan) and not plan.residency:
        evidence, reason = Evidence.of(state.read(app, names.PLAN)), without_residency(state, plan)
        return Verdict(Outcome.NOT_ACHIEVABLE, "no_residency", reason, names.PINNED, True, False, evidence)
    realm, seen = realm_of(state, app)
    if realm is None:
        return realm_unclear(seen)
    if in_no_policy(state, app):
        evidence = (*Evidence.of(seen), *list_evidence(state, app.organization, names.POLICIES))
        if not realm.pinned_to_a_place:
            reason = f"stored in {realm.code}, which may move, and no residency policy lists the app"
            return Verdict(Outcome.FAIL, "not_pinned", reason, names.PINNED, True, False, evidence)
        reason = (
            f"stored in {realm.code}, but no residency policy lists the app, so nothing shows that it is pinned there"
        )
        return Verdict(Outcome.UNKNOWN, "located_not_pinned", reason, names.PINNED, True, None, evidence)
    pin_reading = state.read(app, names.PINNED)
    evidence = Evidence.of(seen, pin_reading)
    if not isinstance(pin_reading, Observed):
        move = state.read(app, names.MOVE)
        return unread(pin_reading if isinstance(move, Observed) else move, True)
    if pin_reading.value is not True:
        return _unpinned_verdict(case, evidence)
    policy_realms = state.read(app, POLICY_REALMS.id)
    if not isinstance(policy_realms, Observed) or not isinstance(policy_realms.value, tuple):
        return unread(policy_realms, True)
    named = [state.rulebook.realm(word) for word in policy_realms.value]
    codes = {one.code for one in named if one is not None}
    listed = ", ".join(policy_realms.value) or "no location"
    if not named or None in named:
        reason = f"its residency policy names {listed}, which the rulebook does not fully know"
        return Verdict(Outcome.UNKNOWN, "unknown_realm", reason, names.PINNED, True, None, evidence)
    if realm.code not in codes:
        reason = f"a residency policy pins it to {listed}, but it reports {realm.code}"
        return Verdict(Outcome.CONFLICT, "policy_and_realm_differ", reason, names.PINNED, True, None, evidence)
    if len(codes) > 1:
        reason = f"its residency policy names {listed}, so nothing shows that it is pinned to {realm.code}"
        return Verdict(Outcome.UNKNOWN, "several_realms", reason, names.PINNED, True, None, evidence)
    if not realm.pinned_to_a_place:
        reason = f"its residency policy names {realm.code}, which may move"
        return Verdict(Outcome.FAIL, "not_pinned", reason, names.PINNED, True, False, evidence)
    reason = f"pinned to {realm.code} by a residency policy"
    return Verdict(Outcome.PASS, "pinned", reason, names.PINNED, True, True, evidence)


def _unpinned_verdict(case: CheckContext, evidence: tuple[Evidence, ...]) -> Verdict:
    move = _move(case)
    if move is not None and move.meaning == "moving":
        return _awaited(case, MOVE_ENDS_AT.id, "a move is in progress", "moving", evidence)
    reasons = {
        "scheduled": "a move is scheduled and can still be cancelled; nothing pins the app until then",
        "leaving": "it is being unpinned",
        "failed": "the move that would pin it has failed",
    }
    reason = reasons.get(move.meaning if move is not None else "", "no policy pins it")
    return Verdict(Outcome.FAIL, "not_pinned", reason, names.PINNED, True, False, evidence)


def _may_have_move(state: State, app: Subject) -> bool:
    return may_have_residency(state, app) and not in_no_policy(state, app)


def _no_moves(state: State, organization: str) -> Verdict | None:
    """`pass` when no residency policy names an app.

    Policies may name apps that are missing from an incomplete list of apps, so those count too.
    """
    if not no_policy_at_all(state, organization):
        return None
    if any(state.value(app, APP_POLICIES.id) for app in state.apps_named_anywhere(organization)):
        return None
    reason = "no residency policy lists an app, so no move is open"
    evidence = list_evidence(state, organization, names.POLICIES)
    return Verdict(Outcome.PASS, "no_moves", reason, names.MOVE, "applied", None, evidence)


@check(
    "DR-04",
    "residency-moves-complete",
    Kind.APP,
    reads=(names.MOVE, MOVE_SCHEDULED_FOR.id, MOVE_STARTS_AT.id, MOVE_ENDS_AT.id, MOVE_TICKET.id),
    outcomes={Outcome.PASS, Outcome.FAIL, Outcome.PENDING, Outcome.UNKNOWN, Outcome.STALE},
    applies=_may_have_move,
    when_none=_no_moves,
)
@fragile_in_own_trial
def moves_done(case: CheckContext) -> Verdict:
    """DR-04: the app's residency policy is applied; an open move is `pending` until its window ends."""
    state, app = case.state, case.subject
    seen = state.read(app, names.MOVE)
    if not isinstance(seen, Observed) or not isinstance(seen.value, str):
        return unread(seen, "applied")
    move = _move(case)
    evidence = Evidence.of(seen)
    about = names.MOVE, "applied", seen.value, evidence
    if move is None:
        reason = f"the rulebook does not know the state {seen.value!r}"
        return Verdict(Outcome.UNKNOWN, "unknown_word", reason, *about)
    if move.meaning == "held":
        return Verdict(Outcome.PASS, "applied", "its residency policy is applied", *about)
    if move.meaning == "moving":
        return _awaited(case, MOVE_ENDS_AT.id, "a move is in progress", "moving", evidence)
    if move.meaning == "scheduled":
        start = MOVE_STARTS_AT.id if state.value(app, MOVE_STARTS_AT.id) else MOVE_SCHEDULED_FOR.id
        return _awaited(case, start, "a move is scheduled and can still be cancelled", "scheduled", evidence)
    ticket = state.value(app, MOVE_TICKET.id)
    named = f"; ticket {ticket.value}" if ticket is not None and ticket.value else ""
    reason = f"the move failed{named}" if move.meaning == "failed" else "it is being unpinned"
    code = "move_failed" if move.meaning == "failed" else "pin_lifted"
    return Verdict(Outcome.FAIL, code, reason, *about)


def _awaited(case: CheckContext, until: SettingId, what: str, code: str, evidence: tuple[Evidence, ...]) -> Verdict:
    """`pending` until the time that the API gives; `unknown` when it gives none or the time has passed."""
    state = case.state.value(case.subject, names.MOVE)
    observed = state.value if state is not None else None
    due = case.state.last_moment(case.subject, until)
    about = names.MOVE, "applied", observed, evidence
    if due is None:
        reason = f"{what}, and the API gives no date for it"
        return Verdict(Outcome.UNKNOWN, f"{code}_without_time", reason, *about)
    if due < case.as_of:
        reason = f"{what}, although it was due on {due:%Y-%m-%d %H:%M}Z"
        return Verdict(Outcome.UNKNOWN, f"{code}_overdue", reason, *about, due_at=due)
    reason = f"{what}, due on {due:%Y-%m-%d %H:%M}Z"
    return Verdict(Outcome.PENDING, code, reason, *about, due_at=due)


def _move(case: CheckContext) -> Move | None:
    return case.state.rulebook.move(case.state.word(case.subject, names.MOVE))


def no_policy_at_all(state: State, organization: str) -> bool:
    """True when a complete, non-empty policy list shows that there is no residency policy.

    An empty list proves too little, and a policy of an unknown type may be a residency policy by another name.
    """
    if not list_evidence(state, organization, names.POLICIES):
        return False
    shapes = state.value(organization_subject(organization), names.POLICY_SHAPES)
    unknown = shapes.value if shapes is not None and isinstance(shapes.value, tuple) else ()
    read = state.organizations[organization].collections[names.POLICIES].read
    return bool(read) and not any(shape.startswith("type=") for shape in unknown)


@check(
    "DR-05",
    "new-app-location-allowed",
    reads=(DEFAULT_REALM.id,),
    expectation=realms("locations in which new apps may start"),
)
@fragile_in_trial
def default_realm(case: CheckContext) -> Verdict:
    """DR-05: a new app starts in a realm of the rule's `expect`. Existing apps stay where they are: see DR-01."""
    expected, setting = case.listed, DEFAULT_REALM.id
    allowed = allowed_realms(case, setting)
    if isinstance(allowed, Verdict):
        return allowed
    realm, seen = realm_of(case.state, case.subject, setting)
    if realm is None:
        return realm_unclear(seen, expected)
    about = setting, expected, realm.code, Evidence.of(seen)
    reason = f"new apps start in {realm.code} ({realm.title})"
    if realm.code in allowed:
        return Verdict(Outcome.PASS, "realm_allowed", reason, *about)
    reason += f"; the policy allows {', '.join(sorted(allowed))}"
    return Verdict(Outcome.FAIL, "realm_not_allowed", reason, *about)


@check(
    "DR-07",
    "marketplace-apps-pinned",
    Kind.APP,
    reads=(MARKETPLACE_UNPINNED.id, names.APP_TYPE_KEY),
    outcomes=ATTESTED | {Outcome.NO_SUCH_SETTING},
    applies=may_have_residency,
    expectation=Expectation(
        Shape.WORDS,
        means="Marketplace apps that are accepted unpinned",
        default="none is accepted",
        example='["Draw.io"]',
    ),
    when_none=none_among_apps("can be pinned"),
)
@fragile_in_trial
def marketplace_apps(case: CheckContext) -> Verdict:
    """DR-07: every Marketplace app in the app is shown as Pinned, except those that the rule's `expect` accepts."""
    verdict = only_approved(
        case,
        MARKETPLACE_UNPINNED,
        ("marketplace_app_unpinned", "these Marketplace apps are neither pinned nor accepted"),
        ("marketplace_apps_held", "every Marketplace app that is not pinned is accepted"),
        "every Marketplace app is pinned",
    )
    return unless_no_screen(case, MARKETPLACE_UNPINNED, verdict)


forge_apps = check("DR-08", "forge-apps-in-location", reads=(MARKETPLACE_UNPINNED.id,), outcomes={Outcome.UNKNOWN})(
    not_verifiable(
        MARKETPLACE_UNPINNED.id, "the manifests of Forge apps say where their remotes keep data; they are not read"
    )
)


ALL: tuple[Check, ...] = (
    pinned,
    moves_done,
    default_realm,
    marketplace_apps,
    forge_apps,
)
