"""AI access of each app: Rovo (AI-01, AI-03, AI-20), a site's Jira apps (AI-02), other switches (AI-04, AI-05, AI-08).

AI-04 checks apps with an AI switch in their own administration, AI-05 apps with their own workspaces outside the
organization's sites, and AI-08 the help portal. The functions above the checks are shared with other families.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from contribaudit.catalogue import ai_access as ai
from contribaudit.catalogue import ai_tools as tools
from contribaudit.checks.reading import (
    apps_of,
    apps_shown,
    attested_choice,
    code_of,
    compared,
    fragile_in_trial,
    list_evidence,
    none_among_apps,
    of_apps,
    plan_of,
    plan_unclear,
    unless_no_screen,
    unread,
)
from contribaudit.core.judge.baseline import uncovered
from contribaudit.core.judge.check import ATTESTED, Check, CheckContext, Expectation, Shape, Verdict, check
from contribaudit.core.model import names
from contribaudit.core.model.finding import Evidence, Outcome
from contribaudit.core.model.observation import Grade, Observation, Observed, Value
from contribaudit.core.model.rulebook import Plan
from contribaudit.core.model.setting import Setting
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.core.resolve.ai_sources import BLOCKED, LIMITED, OPENNESS, WITNESSES
from contribaudit.core.resolve.aliases import alias_of, called
from contribaudit.core.resolve.effective_ai import (
    EXPOSED,
    NOT_EXPOSED,
    ai_of_app,
    alone,
    jira_apps_without_site,
    no_plan_has_ai,
    trial_with_ai,
    why_app_not_known,
)
from contribaudit.core.resolve.effective_ai import ai as effective_ai
from contribaudit.core.resolve.inventory import sites_of
from contribaudit.core.resolve.reasons import VALUE, Effective, never_recorded, observed_in
from contribaudit.core.resolve.reasons import most_severe as most_severe_answer
from contribaudit.core.resolve.rovo import access as access_by_all
from contribaudit.core.resolve.state import State, once_per_state, screen_for

_SWITCHES = {one.id: one for one in (ai.ACCESS, tools.OWN_SETTING)}
_FAMILY_CODES = ("jira_family_not_blocked", "jira_family_blocked")


in_rovo_access = of_apps(lambda app: app.rovo_block not in ("none", "elsewhere"))
"""False only for an app that the rulebook places outside Rovo access."""


def on_its_screen(state: State, subject: Subject) -> bool:
    """Whether Rovo access can be set for the app.

    False for an app outside Rovo access, and for one of a known type that no screen lists and nobody has recorded.
    """
    shown = screen_for(state, subject, ai.ACCESS.id) is not None or state.app(subject) is None
    return in_rovo_access(state, subject) and (shown or not never_recorded(state, subject, ai.ACCESS.id))


def nothing_to_ask(setting: Setting, expected: Value = None) -> Verdict:
    """`unknown` for a question about every app when the organization has no app that the question covers."""
    reason = "the organization has no app that this check covers, so nothing was checked"
    return Verdict(Outcome.UNKNOWN, "nothing_looked_at", reason, setting.id, expected)


def access_read(case: CheckContext, app: Subject, expected: Value = None) -> tuple[str, tuple[Evidence, ...]] | Verdict:
    """The app's Rovo access from all its sources, with the evidence; a verdict when no source gives it."""
    answer = access_by_all(case.state, app, case.state.app(app))
    if isinstance(answer, tuple):
        word, links = answer
        return word, Evidence.of(*observed_in(links))
    seen = answer.reason.observation if answer is not None else None
    recorded = attested_choice(case.state, app, ai.ACCESS, expected)
    if answer is None or seen is None or (seen.setting == ai.ACCESS.id and isinstance(recorded, Verdict)):
        return recorded if isinstance(recorded, Verdict) else unread(case.state.read(app, ai.ACCESS.id), expected)
    return Verdict(answer.outcome, answer.code, answer.reason.sentence, ai.ACCESS.id, expected, None, Evidence.of(seen))


def no_more_than(case: CheckContext, setting: Setting, default: str) -> Verdict:
    """`pass` when the attested word opens AI no further than the rule's `expect`, or than `default` without one."""
    widest = case.word or default
    if widest not in setting.folded_words:
        reason = f"the rule expects {widest!r}, which is not one of {', '.join(setting.words)}"
        return Verdict(Outcome.UNKNOWN, "policy_word_unknown", reason, setting.id, widest)
    word = attested_choice(case.state, case.subject, setting, widest)
    if isinstance(word, Verdict):
        return word
    outcome = Outcome.PASS if OPENNESS[word] <= OPENNESS[widest] else Outcome.FAIL
    reason = f"{setting.title}: {word}"
    reason += "" if outcome is Outcome.PASS else f"; the policy wants {widest}"
    evidence = case.evidence(setting.id)
    return Verdict(outcome, code_of(setting, word), reason, setting.id, widest, word, evidence)


def exposure(case: CheckContext, subject: Subject, most: str = BLOCKED) -> Verdict:
    """The verdict on whether AI access to an app, or to any app of the organization, stays within `most`.

    `most` is "blocked" or "limited". Every switch, sibling app and plan that decides is evidence, so its age and grade
    count.
    """
    state = case.state
    answer = ai_of_app(state, subject, most) if subject.kind is Kind.APP else effective_ai(state, subject)
    if not answer.known:
        return stopped_by(answer, most)
    evidence = Evidence.of(*answer.rests_on)
    if answer.value != EXPOSED and (answer.code in _FAMILY_CODES or subject.kind is not Kind.APP):
        evidence += list_evidence(state, subject.organization, names.WORKSPACES)
    if answer.outcome != VALUE:
        return replace(stopped_by(answer, most), evidence=evidence)
    outcome = Outcome.FAIL if answer.value == EXPOSED else Outcome.PASS
    seen = answer.chain[-1].observation
    reason = _switch_sentences(answer)
    switch = _SWITCHES.get(seen.setting) if seen is not None and seen.subject == subject else None
    if switch is None or not isinstance(seen, Observed) or not isinstance(seen.value, str):
        return Verdict(outcome, answer.code, reason, names.EFFECTIVE_AI, NOT_EXPOSED, answer.value, evidence)
    word = seen.value.strip().casefold()
    return Verdict(outcome, code_of(switch, word), reason, switch.id, _switch_word(switch, most), word, evidence)


def _switch_sentences(answer: Effective) -> str:
    """The subject's own switches when they decide, else the deciding fact; for an organization, also how many apps."""
    own = [
        link.sentence
        for link in answer.chain
        if link.decisive
        and link.observation is not None
        and link.observation.subject == answer.subject
        and link.observation.setting in (*_SWITCHES, *WITNESSES)
    ]
    last = answer.chain[-1]
    if answer.subject.kind is Kind.APP:
        return ", ".join(own) if own and last.observation is not None else last.sentence
    if answer.value == EXPOSED:
        return f"{answer.chain[0].sentence}: {last.sentence}"
    return last.sentence


def stopped_by(answer: Effective, most: str = BLOCKED) -> Verdict:
    """The verdict for an answer without a value, in the words of the setting that left it open."""
    assert isinstance(answer.outcome, Outcome)
    seen = answer.chain[-1].observation
    switch = _SWITCHES.get(seen.setting) if seen is not None else None
    if switch is None:
        setting = seen.setting if seen is not None else names.EFFECTIVE_AI
        setting = ai.ACCESS.id if setting in WITNESSES else setting  # the setting that a person can look up
        evidence = Evidence.of(*answer.rests_on)
        return Verdict(answer.outcome, answer.code, answer.reason, setting, NOT_EXPOSED, None, evidence)
    assert seen is not None
    expected = _switch_word(switch, most)
    reason = _unread_switch_reason(answer, seen, expected)
    observed = seen.value if isinstance(seen, Observed) else None
    return Verdict(answer.outcome, answer.code, reason, switch.id, expected, observed, Evidence.of(seen))


def _unread_switch_reason(answer: Effective, seen: Observation, expected: str) -> str:
    """Why a switch gives no answer; for another app's switch, the sentence that names that app."""
    if seen.subject != answer.subject or (isinstance(seen, Observed) and seen.value is not None):
        return answer.reason
    return unread(seen, expected).reason


def _switch_word(switch: Setting, most: str) -> str:
    """The switch's own word for `most`."""
    return next(word for word in switch.words if OPENNESS[word] == OPENNESS[most])


@check(
    "AI-01",
    "rovo-access-matches-policy",
    Kind.APP,
    reads=(ai.ACCESS.id, tools.OWN_SETTING.id, names.APP_TYPE_KEY),
    outcomes=ATTESTED | {Outcome.NO_SUCH_SETTING},
    applies=in_rovo_access,
    expectation=Expectation(
        Shape.WORD,
        words=ai.ACCESS.words,
        means="the widest Rovo access that an app may have",
        default="blocked",
        example='"limited"',
    ),
    answers=names.EFFECTIVE_AI,
)
@fragile_in_trial
def access(case: CheckContext) -> Verdict:
    """AI-01: AI access to the app is no wider than the rule's `expect`, or `blocked` without one.

    When the rule allows any access (`allowed`), no other switch and no sibling app could widen it.
    """
    widest = case.word or BLOCKED
    narrow = widest in (BLOCKED, LIMITED)
    answer = exposure(case, case.subject, widest) if narrow else no_more_than(case, ai.ACCESS, BLOCKED)
    return unless_no_screen(case, ai.ACCESS, answer)


_may_be_family = of_apps(lambda app: app.jira_family)


@check(
    "AI-02",
    "jira-apps-blocked-together",
    Kind.APP,
    reads=(ai.ACCESS.id, tools.OWN_SETTING.id, names.APP_TYPE_KEY, names.APP_SITE),
    outcomes=ATTESTED | {Outcome.NO_SUCH_SETTING},
    applies=_may_be_family,
    when_none=none_among_apps("is a Jira app"),
)
@fragile_in_trial
def family_blocked_together(case: CheckContext) -> Verdict:
    """AI-02: all Jira apps of a site are blocked, or none is: one open app keeps search, chat and create available.

    Each app is judged by its own switches: one that is blocked in Rovo access but on in its own administration is open.
    """
    state = case.state
    apps = apps_of(case, ai.ACCESS)
    if isinstance(apps, Verdict):
        return apps
    family = _families(state, case.subject.organization).get(case.subject)
    if family is None:
        reason = "its site was not read, so the Jira apps beside it are not known"
        return Verdict(Outcome.UNKNOWN, "site_not_known", reason, ai.ACCESS.id)
    answers = [alone(state, app, BLOCKED) for app in family]
    still_open = sorted(alias_of(state, one.subject) for one in answers if one.value == EXPOSED)
    blocked = [one for one in answers if one.value == NOT_EXPOSED]
    evidence = Evidence.of(*(seen for one in answers for seen in one.rests_on))
    observed = tuple(sorted({one.value for one in answers if one.value is not None}))
    if still_open and blocked:
        reason = f"some Jira apps of its site are blocked, and these are not: {', '.join(still_open)}"
        return Verdict(Outcome.FAIL, "family_split", reason, names.EFFECTIVE_AI, None, observed, evidence)
    not_known = most_severe_answer(answers)
    if not_known is not None:
        return stopped_by(not_known)
    if not still_open and not blocked:
        return stopped_by(answers[0])
    strange = next((app for app in family if state.app(app) is None), None)
    if strange is not None:
        code, why = why_app_not_known(state, strange)
        reason = f"unknown whether {called(state, strange)} is a Jira app: {why}"
        return Verdict(Outcome.UNKNOWN, code, reason, ai.ACCESS.id, None, observed, evidence)
    elsewhere = [alone(state, app, BLOCKED) for app in jira_apps_without_site(state, case.subject.organization)]
    apart = next((one for one in elsewhere if (one.value == EXPOSED) != bool(still_open) or not one.known), None)
    if apart is not None:
        reason = f"the site of {called(state, apart.subject)} was not read: it may be this one"
        return Verdict(Outcome.UNKNOWN, "site_not_known", reason, names.APP_SITE, None, observed, evidence)
    what = "none of the Jira apps of its site is blocked" if still_open else "all Jira apps of its site are blocked"
    code = "none_blocked" if still_open else "all_blocked"
    return Verdict(Outcome.PASS, code, what, names.EFFECTIVE_AI, None, observed, evidence)


@once_per_state
def _families(state: State, organization: str) -> Mapping[Subject, tuple[Subject, ...]]:
    """For each app, the Jira apps of its site, including apps whose type is unknown."""
    families: dict[Subject, tuple[Subject, ...]] = {}
    for site in sites_of(state, organization):
        family = tuple(app for app in site.apps if _may_be_family(state, app))
        families.update(dict.fromkeys(family, family))
    return families


@check(
    "AI-03",
    "rovo-access-verified",
    Kind.APP,
    reads=(ai.ACCESS.id, names.APP_TYPE_KEY),
    outcomes=(ATTESTED - {Outcome.FAIL}) | {Outcome.NO_SUCH_SETTING},
    applies=in_rovo_access,
)
@fragile_in_trial
def reviewed(case: CheckContext) -> Verdict:
    """AI-03: a person has reviewed the app's Rovo access, whatever its value, because new apps come with AI.

    An approved baseline is the review of everything that it holds; an app outside it has not been reviewed.
    """
    approved = case.state.baseline(case.subject.organization)
    if approved is not None:
        outside = uncovered(case.state, case.subject)
        if outside is not None:
            return Verdict(Outcome.UNKNOWN, outside.code, outside.reason, ai.ACCESS.id)
        signed = approved.baseline.approved
        approval = f"baseline of run {approved.baseline.run}, approved by {signed.by} on {signed.at:%Y-%m-%d}"
        proof = (Evidence(Grade.DOCUMENTED, approval, case.as_of),)
        return Verdict(Outcome.PASS, "in_baseline", f"it is in the {approval}", ai.ACCESS.id, evidence=proof)
    word = attested_choice(case.state, case.subject, ai.ACCESS)
    if isinstance(word, Verdict):
        return unless_no_screen(case, ai.ACCESS, word)
    reason, evidence = f"its Rovo access was checked: {word}", case.evidence(ai.ACCESS.id)
    return Verdict(Outcome.PASS, "reviewed", reason, ai.ACCESS.id, None, word, evidence)


def _may_lack_rovo(state: State, subject: Subject) -> bool:
    plan = plan_of(state, subject)
    return not isinstance(plan, Plan) or not plan.rovo


@check(
    "AI-20",
    "free-apps-without-rovo",
    Kind.APP,
    reads=(names.PLAN,),
    outcomes={Outcome.NO_SUCH_SETTING, Outcome.PASS, Outcome.UNKNOWN, Outcome.STALE, Outcome.CONFLICT},
    applies=_may_lack_rovo,
    when_none=none_among_apps("is on a plan without Rovo"),
)
def free_plan(case: CheckContext) -> Verdict:
    """AI-20: an app whose plan does not list Rovo. Next to a paid app, no source says that Rovo cannot read it."""
    plan = plan_of(case.state, case.subject)
    if not isinstance(plan, Plan):
        return plan_unclear(plan)
    about = names.PLAN, None, plan.name, case.evidence(names.PLAN)
    organization = case.subject.organization
    trial = trial_with_ai(case.state, organization) if no_plan_has_ai(case.state, organization) else None
    if trial is not None:
        return Verdict(trial.outcome, trial.code, trial.reason.sentence, *about)
    if _no_paid_apps(case.state, organization):
        reason = f"Rovo is not listed for the {plan.name} plan, and no app of the organization is on another"
        return Verdict(Outcome.NO_SUCH_SETTING, "plan_without_rovo", reason, *about)
    reason = f"it is not documented whether Rovo reads a {plan.name} app beside paid ones"
    return Verdict(Outcome.UNKNOWN, "free_beside_paid", reason, *about)


@once_per_state
def _no_paid_apps(state: State, organization: str) -> bool:
    """True when the whole inventory was read and no app is on a plan that lists Rovo."""
    plans = (plan_of(state, app) for app in state.subjects(Kind.APP, organization))
    whole = state.organizations[organization].completed(names.WORKSPACES)
    return whole and all(isinstance(plan, Plan) and not plan.rovo for plan in plans)


def _has_own_setting(state: State, subject: Subject) -> bool:
    app = state.app(subject)
    if app is None:
        return True
    shown = apps_shown(state.rulebook, tools.OWN_SETTING)
    return not app.own_workspaces and (app.type_key in shown or app.rovo_block == "elsewhere")


@check(
    "AI-04",
    "app-ai-settings-match-policy",
    Kind.APP,
    reads=(tools.OWN_SETTING.id,),
    applies=_has_own_setting,
    expectation=Expectation(
        Shape.WORD,
        words=tools.OWN_SETTING.words,
        means="the widest position that the app's own AI switch may have",
        default="off",
        example='"limited"',
    ),
    when_none=none_among_apps("has its own AI settings"),
)
@fragile_in_trial
def own_setting(case: CheckContext) -> Verdict:
    """AI-04, AI-05: the app's own AI switch is no wider than the rule's `expect`, or `off` without one.

    For an app outside Rovo access, the check asks whether AI reaches the app at all; for the others, AI-01 asks that.
    """
    widest = case.word or "off"
    app = case.state.app(case.subject)
    if app is not None and app.rovo_block != "elsewhere":
        return no_more_than(case, tools.OWN_SETTING, "off")
    most = {"off": BLOCKED, LIMITED: LIMITED}.get(widest)
    return exposure(case, case.subject, most) if most is not None else no_more_than(case, tools.OWN_SETTING, "off")


own_workspaces = replace(
    own_setting,
    id="AI-05",
    slug="trello-loom-ai-matches-policy",
    applies=of_apps(lambda app: app.own_workspaces),
    when_none=none_among_apps("has its own workspaces"),
)


def _may_have_portal(state: State, subject: Subject) -> bool:
    app = state.app(subject)
    return app is None or app.type_key in apps_shown(state.rulebook, tools.PORTAL_CUSTOMERS)


@check(
    "AI-08",
    "portal-ai-off",
    Kind.APP,
    reads=(tools.PORTAL_CUSTOMERS.id,),
    applies=_may_have_portal,
    when_none=none_among_apps("has a help portal"),
)
@fragile_in_trial
def portal_customers(case: CheckContext) -> Verdict:
    """AI-08: help portal customers have no AI. The organization's Rovo access does not cover them."""
    says = {"off": "customers in the help portal have no AI", "on": "customers in the help portal have AI"}
    return compared(case, tools.PORTAL_CUSTOMERS, "off", says)


ALL: tuple[Check, ...] = (
    access,
    family_blocked_together,
    reviewed,
    own_setting,
    own_workspaces,
    portal_customers,
    free_plan,
)
