"""What decides before any switch: the highest plan (DC-06), trials (DC-07, DC-08) and the exemption (DC-20).

Further questions: whether a value was chosen (DC-05), whether evidence is older than a plan change (DC-09), and whether
the right screen was read (DC-24).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC

from contribaudit.catalogue import data_contribution as contribution
from contribaudit.catalogue import find
from contribaudit.catalogue import organization as catalogue
from contribaudit.checks.contributed import contributed, once_in_force, worded
from contribaudit.checks.reading import (
    apps_of,
    attested_choice,
    beyond,
    fragile,
    fragile_in_deciding_trial,
    fragile_where,
    highest_plan,
    list_evidence,
    most_severe,
    plan_of,
    policy_evidence,
    unread,
)
from contribaudit.core.judge.check import ATTESTED, Check, CheckContext, Expectation, Parameter, Shape, Verdict, check
from contribaudit.core.judge.selectors import Attributes, rule_for
from contribaudit.core.model import names
from contribaudit.core.model.finding import Evidence, Outcome
from contribaudit.core.model.observation import Observed, Value
from contribaudit.core.model.policy import Decision
from contribaudit.core.model.rulebook import Plan
from contribaudit.core.model.setting import Setting, same_value
from contribaudit.core.model.subject import Subject
from contribaudit.core.model.times import parse_utc
from contribaudit.core.resolve.aliases import alias_of, called
from contribaudit.core.resolve.contribution_scope import NOT_ON_EVERY_APP, ON_NO_APP, exempt
from contribaudit.core.resolve.effective_contribution import (
    CONTRIBUTED,
    NOT_CONTRIBUTED,
    content_of_no_app,
    in_app,
    metadata,
)
from contribaudit.core.resolve.exposure import newest_decision
from contribaudit.core.resolve.plans import possible_plans, trial_behind

_TRIAL = catalogue.TRIAL
_TRIAL_ENDS = catalogue.TRIAL_ENDS


@check(
    "DC-06",
    "plan-matches-policy",
    reads=(names.HIGHEST_PLAN, names.PLAN, names.APP_STATUS),
    outcomes={Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN, Outcome.STALE},
    expectation=Expectation(
        Shape.WORD,
        "plans",
        means="plan that the policy was written for",
        default="the policy file's `written_for_plan`; unknown where both are missing",
        example='"enterprise"',
    ),
    settings_of_policy=(
        Parameter(
            "written_for_plan",
            "Plan that the whole policy was written for",
            "one of the known plans",
            "none",
            'written_for_plan = "enterprise"',
        ),
    ),
)
def highest_plan_as_written(case: CheckContext) -> Verdict:
    """DC-06: the highest active plan is the plan that the policy was written for."""
    seen = case.state.read(case.subject, names.HIGHEST_PLAN)
    expect = case.rule.expect if isinstance(case.rule.expect, str) else case.policy.written_for_plan
    if expect is None:
        reason = "the policy does not say for which plan it was written"
        observed = case.state.word(case.subject, names.HIGHEST_PLAN) or None
        return Verdict(Outcome.UNKNOWN, "policy_names_no_plan", reason, names.HIGHEST_PLAN, None, observed)
    expected = case.state.rulebook.plan(expect)
    if not isinstance(seen, Observed):
        return _surely_too_high(case, expect, expected) or unread(seen, expect)
    about = names.HIGHEST_PLAN, expect, seen.value, Evidence.of(seen)
    highest = case.state.rulebook.plan(str(seen.value))
    reason = f"the highest active plan is {highest.name if highest is not None else seen.value}"
    if expected is None or expected.name.casefold() != seen.value:
        reason += f"; the policy was written for {expected.name if expected is not None else expect}"
        return Verdict(Outcome.FAIL, "other_plan", reason, *about)
    verdict = Verdict(Outcome.PASS, "plan_as_expected", reason, *about)
    return fragile(verdict, trial_behind(case.state, case.subject.organization))


def _surely_too_high(case: CheckContext, expect: str, expected: Plan | None) -> Verdict | None:
    """`fail` when the highest plan is unknown but certainly higher than the wanted plan; None in every other case."""
    organization = case.subject.organization
    possible = possible_plans(case.state, organization)
    if expected is None or not possible or possible[0].rank <= expected.rank:
        return None
    least = possible[0].name
    reason = f"the highest active plan is at least {least}; the policy was written for {expected.name}"
    evidence = list_evidence(case.state, organization, names.WORKSPACES)
    return Verdict(Outcome.FAIL, "plan_above_expected", reason, names.HIGHEST_PLAN, expect, least.casefold(), evidence)


@check(
    "DC-07",
    "trials-approved",
    reads=(_TRIAL.id, names.PLAN),
    expectation=Expectation(
        Shape.WORDS,
        means="apps on which a trial is approved",
        default="none is approved",
        example='["app:acme.atlassian.net/jira-software"]',
    ),
)
def no_trial(case: CheckContext) -> Verdict:
    """DC-07: no trial is running, except on apps that the rule's `expect` approves.

    A missing attestation counts only for apps that can change the defaults: those on the plan that the policy was
    written for, on a higher plan, or on an unknown plan. For other apps, only a recorded trial counts.
    """
    approved = case.listed
    trials = _trials(case)
    if isinstance(trials, Verdict):
        return trials
    running, unclear, evidence = trials
    wild = [app for app in running if beyond(case, (app.id,), approved)]
    observed = tuple(alias_of(case.state, app) for app in wild or running)
    if wild:
        reason, evidence = f"trials are running without approval: {', '.join(observed)}", _trial_evidence(case, wild)
        return Verdict(Outcome.FAIL, "trial_running", reason, _TRIAL.id, approved, observed, evidence)
    if unclear is not None:
        return unclear
    about = _TRIAL.id, approved, observed, evidence
    if running:
        return Verdict(Outcome.PASS, "trials_approved", "every running trial is approved", *about)
    return Verdict(Outcome.PASS, "no_trial", "no trial is running", *about)


@check(
    "DC-08",
    "trial-end-known",
    reads=(_TRIAL.id, _TRIAL_ENDS.id, names.PLAN),
    outcomes=(ATTESTED - {Outcome.FAIL}) | {Outcome.PENDING},
)
def trial_end(case: CheckContext) -> Verdict:
    """DC-08: the end of every running trial is known and still ahead: `pending` with the date until then.

    What passes during a trial of a higher plan may be impossible the day after the trial ends.
    """
    trials = _trials(case)
    if isinstance(trials, Verdict):
        return trials
    running, unclear, evidence = trials
    ends = [_trial_end(case, app) for app in running]
    worst = most_severe([one for one in ends if one.outcome is not Outcome.PENDING] + ([unclear] if unclear else []))
    if worst is not None:
        return worst
    if ends:
        return min(ends, key=lambda one: one.due_at or case.as_of)
    return Verdict(Outcome.PASS, "no_trial", "no trial is running, so none ends", _TRIAL.id, None, (), evidence)


def _trial_end(case: CheckContext, app: Subject) -> Verdict:
    seen = case.state.read(app, _TRIAL_ENDS.id)
    if not isinstance(seen, Observed) or seen.value is None:
        return unread(seen)
    ends = parse_utc(seen.value)
    about = _TRIAL_ENDS.id, None, seen.value, Evidence.of(case.state.read(app, _TRIAL.id), seen)
    if ends is None:
        return Verdict(Outcome.UNKNOWN, "unknown_word", f"{seen.value!r} is not a date", *about)
    name = called(case.state, app)
    if ends.date() < case.as_of.astimezone(UTC).date():
        reason = f"the trial of {name} ended on {ends:%Y-%m-%d}; check again everything that it may have changed"
        return Verdict(Outcome.STALE, "trial_ended", reason, *about)
    reason = f"the trial of {name} ends on {ends:%Y-%m-%d}; check again then"
    return Verdict(Outcome.PENDING, "trial_ends", reason, *about, due_at=ends)


def _trials(case: CheckContext) -> tuple[list[Subject], Verdict | None, tuple[Evidence, ...]] | Verdict:
    """The apps on trial, the verdict that leaves the question open, and the evidence that no other app is on trial.

    The second item is None when trials are known for every app that can change the defaults. Returns only a verdict
    when the list of apps is incomplete.
    """
    apps = apps_of(case, _TRIAL)
    if isinstance(apps, Verdict):
        return apps
    words = {app: attested_choice(case.state, app, _TRIAL, "none") for app in apps}
    running = [app for app, word in words.items() if word == "running"]
    unclear = [word for app, word in words.items() if isinstance(word, Verdict) and _can_move_defaults(case, app)]
    looked_at = [app for app, word in words.items() if not isinstance(word, Verdict)]
    listed = list_evidence(case.state, case.subject.organization, names.WORKSPACES)
    return running, most_severe(unclear), (*listed, *_trial_evidence(case, looked_at))


def _can_move_defaults(case: CheckContext, app: Subject) -> bool:
    policy_plan = case.state.rulebook.plan(_plan_of_policy(case) or "")
    plan = plan_of(case.state, app)
    return policy_plan is None or not isinstance(plan, Plan) or plan.rank >= policy_plan.rank


def _plan_of_policy(case: CheckContext) -> str | None:
    """The plan that the policy expects in this organization: the `expect` of DC-06, else `written_for_plan`."""
    organization = case.subject.organization
    rule = rule_for(case.policy, "DC-06", Attributes(organization, case.state.organization_name(organization)))
    return rule.expect if rule is not None and isinstance(rule.expect, str) else case.policy.written_for_plan


def _trial_evidence(case: CheckContext, apps: Sequence[Subject]) -> tuple[Evidence, ...]:
    return Evidence.of(*(case.state.read(app, _TRIAL.id) for app in apps))


@check(
    "DC-09",
    "evidence-newer-than-plan-change",
    reads=(names.HIGHEST_PLAN, contribution.METADATA.id, contribution.IN_APP.id),
    outcomes=ATTESTED - {Outcome.FAIL},
)
def newer_than_plan_change(case: CheckContext) -> Verdict:
    """DC-09: the contribution settings were read under the current plan."""
    plan = highest_plan(case)
    if isinstance(plan, Verdict):
        return plan
    switches = [contribution.IN_APP, *([contribution.METADATA] if plan.metadata.changeable else [])]
    words = [attested_choice(case.state, case.subject, setting) for setting in switches]
    worst = most_severe(word for word in words if isinstance(word, Verdict))
    if worst is not None:
        return worst
    evidence = case.evidence(*(setting.id for setting in switches))
    reason = f"the contribution settings were checked under the current plan, {plan.name}"
    return Verdict(Outcome.PASS, "seen_under_this_plan", reason, switches[0].id, None, None, evidence)


def decision_on(case: CheckContext, setting: Setting, value: Value = None) -> Decision | None:
    """The policy's newest decision on a setting, dated today or earlier; None when it chose a different `value`."""
    newest = newest_decision(case.policy.decisions, setting.id, case.as_of)
    if newest is None or value is None or same_value(find(setting.id), newest.value, value):
        return newest
    return None


def undone_by(case: CheckContext) -> str:
    """What may undo the in-app switch's off: a trial, or that off is only the plan's default; "" for nothing.

    Off is more than a default once a decision of the policy says that it was chosen.
    """
    answer = content_of_no_app(case.state, case.subject.organization)
    if answer.value != NOT_CONTRIBUTED:
        return ""
    if trial_behind(case.state, case.subject.organization) or decision_on(case, contribution.IN_APP, "off") is None:
        return answer.fragile_because
    return ""


fragile_by_switch = fragile_where(undone_by)
"""Marks a pass as fragile when the in-app switch is off and something would undo that."""


def choosable(plan: Plan) -> tuple[Setting, ...]:
    """The contribution switches that the plan lets people change."""
    both = ((contribution.METADATA, plan.metadata.changeable), (contribution.IN_APP, plan.in_app.changeable))
    return tuple(setting for setting, changeable in both if changeable)


@check(
    "DC-05",
    "contribution-matches-decisions",
    reads=(contribution.METADATA.id, contribution.IN_APP.id, names.INCLUDED, names.HIGHEST_PLAN, names.EXEMPTION),
    outcomes=ATTESTED | {Outcome.NOT_YET_EFFECTIVE, Outcome.EXEMPT},
    decisions=(contribution.IN_APP.id, contribution.METADATA.id, contribution.INCLUDED.id),
)
@fragile_in_deciding_trial
@once_in_force(contribution.IN_APP)
def explicit_choice(case: CheckContext) -> Verdict:
    """DC-05: each switch that the plan makes changeable is set as the policy's decision says."""
    plan = highest_plan(case)
    if isinstance(plan, Verdict):
        return plan
    answers = [_choice_verdict(case, setting) for setting in choosable(plan)]
    worst = most_severe(answers)
    if worst is None or worst.outcome is not Outcome.PASS:
        reason = f"there is nothing to choose on the {plan.name} plan"
        return worst or Verdict(Outcome.UNKNOWN, "nothing_to_choose", reason)
    evidence = tuple(evidence for answer in answers for evidence in answer.evidence)
    reason = " and ".join(answer.reason for answer in answers)
    last = answers[-1]
    return Verdict(Outcome.PASS, "as_decided", reason, last.setting, last.expected, last.observed, evidence)


def _choice_verdict(case: CheckContext, setting: Setting) -> Verdict:
    decision = decision_on(case, setting)
    word = attested_choice(case.state, case.subject, setting, decision.value if decision else None)
    if isinstance(word, Verdict):
        return word
    evidence = case.evidence(setting.id)
    if decision is None:
        reason = f"{setting.title} is {word}, and no decision in the policy says that it was chosen"
        return Verdict(Outcome.FAIL, "no_decision", reason, setting.id, None, word, evidence)
    if not same_value(setting, decision.value, word):
        reason = f"{setting.title} is {word}; the decision of {decision.date} says {decision.value}"
        return Verdict(Outcome.FAIL, "other_than_decided", reason, setting.id, decision.value, word, evidence)
    undone = _choice_undone(case, setting, word)
    if undone is not None:
        return undone
    evidence += policy_evidence(case, decision.origin)
    reason = f"{setting.title} is {word}, as decided on {decision.date}"
    return Verdict(Outcome.PASS, "as_decided", reason, setting.id, word, word, evidence)


def _choice_undone(case: CheckContext, setting: Setting, word: str) -> Verdict | None:
    """The verdict when a switch is off as decided but data is still contributed, or that is unknown; None otherwise.

    An include list that matches its own decision was chosen too.
    """
    if word != "off":
        return None
    answer = (metadata if setting is contribution.METADATA else in_app)(case.state, case.subject)
    if answer.value == NOT_CONTRIBUTED:
        return None
    verdict = contributed(answer, word)
    if answer.value != CONTRIBUTED:
        return verdict
    included = case.state.value(case.subject, contribution.INCLUDED.id)
    if included is not None and decision_on(case, contribution.INCLUDED, included.value) is not None:
        return None
    return worded(verdict, "other_than_decided", verdict.reason)


@check(
    "DC-20",
    "exemption-confirmed",
    reads=(names.EXEMPTION, names.HIPAA_TAGGED, names.BYOK, names.HIGHEST_PLAN),
    outcomes=ATTESTED | {Outcome.EXEMPT},
    expectation=Expectation(
        Shape.WORD,
        words=contribution.EXEMPTION.words,
        means="exemption that the company claims",
        default="no claim: whatever the console shows is checked against plan and apps",
        example='"hipaa"',
    ),
)
def exemption_evidenced(case: CheckContext) -> Verdict:
    """DC-20: the exemption that the policy claims is shown in the console, and the plan and apps qualify for it.

    `fail` for an app without the required key or tag, since that can be changed. Without a claim, an organization that
    is not exempt passes, because the switches apply.
    """
    setting = contribution.EXEMPTION
    claimed = case.word
    word = attested_choice(case.state, case.subject, setting, claimed)
    if isinstance(word, Verdict):
        return word
    seen = case.state.read(case.subject, setting.id)
    assert isinstance(seen, Observed)
    about = setting.id, claimed, word
    if word != (claimed or word):
        reason = f"the console shows the exemption {word}; the policy claims {claimed}"
        return Verdict(Outcome.FAIL, "other_exemption", reason, *about, Evidence.of(seen))
    if word == "none":
        reason = "the console shows no exemption, so the switches apply"
        return Verdict(Outcome.PASS, "no_exemption", reason, *about, Evidence.of(seen))
    stop = exempt(case.state, case.subject.organization, word, seen)
    outcome = Outcome.FAIL if stop.code in (ON_NO_APP, NOT_ON_EVERY_APP) else stop.outcome
    links = [one.observation for one in (*stop.before, stop.reason) if one.observation is not None]
    return Verdict(outcome, stop.code, stop.reason.sentence, *about, Evidence.of(*links))


@check("DC-24", "read-on-contribution-screen", reads=(contribution.IN_APP.id,))
def right_screen(case: CheckContext) -> Verdict:
    """DC-24: in-app contribution was read on a screen that shows it, judged by the recorded screen or menu path.

    The audit log has a setting with the same name, so a path that the rulebook does not know proves nothing.
    """
    setting = contribution.IN_APP
    word = attested_choice(case.state, case.subject, setting)
    if isinstance(word, Verdict):
        return word
    seen = case.state.read(case.subject, setting.id)
    look, rulebook = seen.witness if isinstance(seen, Observed) else None, case.state.rulebook
    evidence = Evidence.of(seen)
    path = look.console_path.strip() if look is not None else ""
    if look is None or not (look.screen or path):
        reason = "the screen on which it was read was not recorded; name it with --screen or --console-path"
        return Verdict(Outcome.UNKNOWN, "screen_not_recorded", reason, setting.id, evidence=evidence)
    right = {screen.id for screen in rulebook.screens if setting.id in screen.settings}
    wrong = {screen.id for screen in rulebook.screens} - right
    at_path = {screen.id for screen in rulebook.screens_at(path)} if path else set()
    called = path or look.screen
    about = setting.id, tuple(sorted(right)), called, evidence
    if look.screen in wrong or (at_path and not at_path & right):
        return Verdict(Outcome.FAIL, "other_screen", f"it was read at {called!r}, which shows something else", *about)
    if (path and not at_path) or (look.screen and look.screen not in right):
        reason = f"it was read at {called!r}, which the rulebook does not know"
        return Verdict(Outcome.UNKNOWN, "screen_not_known", reason, *about)
    return Verdict(Outcome.PASS, "right_screen", "it was read on the screen that shows data contribution", *about)


ALL: tuple[Check, ...] = (
    explicit_choice,
    highest_plan_as_written,
    no_trial,
    trial_end,
    newer_than_plan_change,
    exemption_evidenced,
    right_screen,
)
