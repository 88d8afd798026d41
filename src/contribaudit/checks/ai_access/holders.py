"""Groups that hold the role for AI: AI-07."""

from __future__ import annotations

from collections import Counter

from contribaudit.catalogue import ai_access as ai
from contribaudit.checks.ai_access.reach import nothing_to_ask, on_its_screen
from contribaudit.checks.parts import WORKSPACES, evidence_of, list_evidence, unread
from contribaudit.checks.reading import ATTESTED, apps_of, fragile_in_trial, gravest, list_of, word_of
from contribaudit.core.alias import alias_of
from contribaudit.core.judge.check import Case, Check, Expectation, Shape, Verdict
from contribaudit.core.model import names
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.observation import Observed
from contribaudit.core.model.setting import Family
from contribaudit.core.model.subject import Kind, Subject

_ROLE = "atlassian/ai-access"


def approved_holders(case: Case) -> Verdict:
    """AI-07: no group but those of the rule's `expect`, by name or ID, holds the role for AI.

    That others lack the role shows nothing where everybody has access: a pass wants each app of Rovo access attested
    as limited or blocked. Nor is an empty list a proof, unless all of them are blocked. Who holds the role in person,
    no call lists.
    """
    groups = case.state.subjects(Kind.GROUP, case.subject.organization)
    strangers = _not_approved(case, groups)
    holding = [group for group in strangers if _holds(case, group)]
    if holding:
        return _by_strangers(case, holding)
    listed = list_of(case.state, case.subject, ai.ROLE_GROUPS, case.rule.expect)
    if isinstance(listed, Verdict):
        return listed
    unclear = [group for group in strangers if group.id in listed]
    if unclear:
        return _unclear(case, unclear[0])
    apps = apps_of(case, ai.ACCESS)
    if isinstance(apps, Verdict):
        return apps
    words = {app: word_of(case.state, app, ai.ACCESS, "limited") for app in apps if on_its_screen(case.state, app)}
    if not words:
        return nothing_to_ask(ai.ACCESS, case.rule.expect)
    opened = [app for app, word in words.items() if word == "allowed"]
    if opened:
        called = tuple(sorted(alias_of(case.state, app) for app in opened))
        reason = f"Rovo is allowed in {called[0]}: everybody has AI there, with the role or without"
        evidence = evidence_of(*(case.state.read(app, ai.ACCESS.id) for app in opened))
        return Verdict(Outcome.FAIL, "open_to_everyone", reason, ai.ACCESS.id, "limited", called, evidence)
    not_known = gravest(word for word in words.values() if isinstance(word, Verdict))
    if not_known is not None:
        return not_known
    return _closed(case, listed, list(words), blocked=all(word == "blocked" for word in words.values()))


def _closed(case: Case, listed: tuple[str, ...], apps: list[Subject], *, blocked: bool) -> Verdict:
    """The answer where every app is limited or blocked, and no stranger is among the groups."""
    state, approved, setting = case.state, case.rule.expect, ai.ROLE_GROUPS.id
    evidence = (
        *evidence_of(state.read(case.subject, setting)),
        *list_evidence(state, case.subject.organization, WORKSPACES),
        *evidence_of(*(state.read(app, ai.ACCESS.id) for app in apps)),
    )
    if blocked:
        reason = f"Rovo is blocked in all {len(apps)} apps, so the role opens none of them"
        return Verdict(Outcome.PASS, "blocked_everywhere", reason, setting, approved, listed, evidence)
    if not listed:
        reason = "no group is shown to hold the role, as to a key that may see none, though Rovo is limited to some"
        return Verdict(Outcome.UNKNOWN, "no_group_shown", reason, setting, approved, listed, evidence)
    reason = f"all {len(listed)} groups that hold {_ROLE} are approved; who holds it in person, no call lists"
    return Verdict(Outcome.PASS, "approved_groups", reason, setting, approved, listed, evidence)


def _not_approved(case: Case, groups: list[Subject]) -> list[Subject]:
    """Groups that the rule names neither by ID nor by a name that is theirs alone."""
    approved = case.rule.expect if isinstance(case.rule.expect, tuple) else ()
    wanted = {text.strip().casefold() for text in approved}
    called = {group: _name(case, group) for group in groups}
    shared = Counter(called.values())
    return [
        group
        for group, name in called.items()
        if group.id.casefold() not in wanted and not (name and name in wanted and shared[name] == 1)
    ]


def _name(case: Case, group: Subject) -> str:
    """The group's name of this run without case; "" where it was not read, for then nothing is approved by it."""
    seen = case.state.value(group, names.GROUP_NAME)
    return seen.value.strip().casefold() if seen is not None and isinstance(seen.value, str) else ""


def _holds(case: Case, group: Subject) -> bool:
    seen = case.state.value(group, ai.GROUP_ACCESS.id)
    return seen is not None and isinstance(seen.value, tuple) and bool(seen.value)


def _by_strangers(case: Case, holding: list[Subject]) -> Verdict:
    approved, setting = case.rule.expect, ai.ROLE_GROUPS.id
    called = tuple(sorted(case.state.place(group).name for group in holding))
    evidence = evidence_of(*(case.state.read(group, ai.GROUP_ACCESS.id) for group in holding))
    if not isinstance(approved, tuple):
        reason = f"groups hold {_ROLE}, and the policy names none: set expect in its rule"
        return Verdict(Outcome.UNKNOWN, "policy_names_no_group", reason, setting, None, called, evidence)
    reason = f"groups hold {_ROLE} that are not approved: {', '.join(called)}"
    return Verdict(Outcome.FAIL, "group_not_approved", reason, setting, approved, called, evidence)


def _unclear(case: Case, group: Subject) -> Verdict:
    """A group that is listed for the role, and is not seen to hold it on anything."""
    seen, expected = case.state.read(group, ai.GROUP_ACCESS.id), case.rule.expect
    if not isinstance(seen, Observed):
        return unread(seen, expected)
    reason = f"{case.state.place(group).name} is listed for {_ROLE}, and on what it holds it is not shown"
    setting, evidence = ai.GROUP_ACCESS.id, evidence_of(seen)
    return Verdict(Outcome.UNKNOWN, "holding_not_shown", reason, setting, expected, seen.value, evidence)


AI_07 = Check(
    id="AI-07",
    family=Family.AI_ACCESS,
    kind=Kind.ORGANIZATION,
    reads=(ai.ROLE_GROUPS.id, ai.GROUP_NAME.id, ai.GROUP_ACCESS.id, ai.ACCESS.id),
    outcomes=ATTESTED,
    judge=fragile_in_trial(approved_holders),
    expectation=Expectation(Shape.WORDS, means="approved groups, by name or ID", example='["ai-users"]'),
)
