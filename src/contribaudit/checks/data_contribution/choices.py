"""Whether what stands there was chosen (DC-05), exempts (DC-20), and was seen on the right screen (DC-24)."""

from __future__ import annotations

from collections.abc import Callable

from contribaudit.catalogue import data_contribution as contribution
from contribaudit.catalogue import find
from contribaudit.checks.contributed import contributed, fragile, not_in_force_or_exempt, worded
from contribaudit.checks.parts import evidence_of, policy_evidence
from contribaudit.checks.reading import ATTESTED, fragile_in_trial, gravest, highest_plan, word_of
from contribaudit.core.deletion import newest_decision
from contribaudit.core.effective_plan import trial_behind
from contribaudit.core.judge.check import Case, Check, Expectation, Shape, Verdict
from contribaudit.core.model import names
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.observation import Observed, Value
from contribaudit.core.model.policy import Decision
from contribaudit.core.model.rulebook import Plan
from contribaudit.core.model.setting import Family, Setting, same_value
from contribaudit.core.model.subject import Kind
from contribaudit.core.resolve.effective_contribution import (
    CONTRIBUTED,
    NOT_CONTRIBUTED,
    content_of_no_app,
    in_app,
    metadata,
)
from contribaudit.core.resolve.exemption import NOT_ON_EVERY_APP, ON_NO_APP, exempt


def decision_on(case: Case, setting: Setting, value: Value = None) -> Decision | None:
    """The newest decision of the policy on a setting, of today or before; None where it chose another `value`."""
    newest = newest_decision(case.policy.decisions, setting.id, case.as_of)
    if newest is None or value is None or same_value(find(setting.id), newest.value, value):
        return newest
    return None


def undone_by(case: Case) -> str:
    """What would undo that the in-app switch is off: a trial, or that off is only the plan's default; "" for nothing.

    Off is no mere default once a decision of the policy says that it was chosen.
    """
    answer = content_of_no_app(case.state, case.subject.organization)
    if answer.value != NOT_CONTRIBUTED:
        return ""
    if trial_behind(case.state, case.subject.organization) or decision_on(case, contribution.IN_APP, "off") is None:
        return answer.fragile_because
    return ""


def fragile_by_switch(judge: Callable[[Case], Verdict]) -> Callable[[Case], Verdict]:
    """The same judge, whose passes are fragile where the switch is off and something would undo that."""

    def judged(case: Case) -> Verdict:
        verdict = judge(case)
        if verdict.outcome is not Outcome.PASS or verdict.fragile:
            return verdict
        because = undone_by(case)
        return fragile(verdict, because) if because else verdict

    return judged


def choosable(plan: Plan) -> tuple[Setting, ...]:
    """The contribution switches that the plan lets people change."""
    both = ((contribution.METADATA, plan.metadata_changeable), (contribution.IN_APP, plan.in_app_changeable))
    return tuple(setting for setting, changeable in both if changeable)


def explicit_choice(case: Case) -> Verdict:
    """DC-05: each switch that the plan lets people change stands as a decision of the policy says."""
    above = not_in_force_or_exempt(case, contribution.IN_APP)
    if above is not None:
        return above
    plan = highest_plan(case)
    if isinstance(plan, Verdict):
        return plan
    answers = [_chosen(case, setting) for setting in choosable(plan)]
    worst = gravest(answers)
    if worst is None or worst.outcome is not Outcome.PASS:
        reason = f"on the {plan.name} plan there is nothing to choose"
        return worst or Verdict(Outcome.UNKNOWN, "nothing_to_choose", reason)
    evidence = tuple(evidence for answer in answers for evidence in answer.evidence)
    reason = " and ".join(answer.reason for answer in answers)
    last = answers[-1]
    return Verdict(Outcome.PASS, "as_decided", reason, last.setting, last.expected, last.observed, evidence)


def _chosen(case: Case, setting: Setting) -> Verdict:
    decision = decision_on(case, setting)
    word = word_of(case.state, case.subject, setting, decision.value if decision else None)
    if isinstance(word, Verdict):
        return word
    evidence = evidence_of(case.state.read(case.subject, setting.id))
    if decision is None:
        reason = f"{setting.id} is {word}, and no decision of the policy says that it was chosen"
        return Verdict(Outcome.FAIL, "no_decision", reason, setting.id, None, word, evidence)
    if not same_value(setting, decision.value, word):
        reason = f"{setting.id} is {word}, and the decision of {decision.date} says {decision.value}"
        return Verdict(Outcome.FAIL, "other_than_decided", reason, setting.id, decision.value, word, evidence)
    undone = _undone(case, setting, word)
    if undone is not None:
        return undone
    reason = f"{setting.id} is {word}, as decided on {decision.date}"
    return Verdict(
        Outcome.PASS, "as_decided", reason, setting.id, word, word, (*evidence, *policy_evidence(case, decision.origin))
    )


def _undone(case: Case, setting: Setting, word: str) -> Verdict | None:
    """What undoes a switch that stands off as decided: the include list, or that it was not seen. None where nothing.

    A list that stands as a decision of its own says was chosen too.
    """
    if word != "off":
        return None
    answer = (metadata if setting is contribution.METADATA else in_app)(case.state, case.subject)
    if answer.value == NOT_CONTRIBUTED:
        return None
    verdict = contributed(answer, word)
    included = case.state.value(case.subject, contribution.INCLUDED.id)
    if (
        answer.value == CONTRIBUTED
        and included is not None
        and decision_on(case, contribution.INCLUDED, included.value) is not None
    ):
        return None
    return worded(verdict, "other_than_decided", verdict.reason) if answer.value == CONTRIBUTED else verdict


def exemption_evidenced(case: Case) -> Verdict:
    """DC-20: the exemption that the policy claims is what the console shows, and plan and apps can have it.

    An app without the key or the tag that it needs is a `fail`, since that can be changed. Without a claim, an
    organization that is not exempt passes: then the switches count.
    """
    setting = contribution.EXEMPTION
    claimed = case.rule.expect.casefold() if isinstance(case.rule.expect, str) else None
    word = word_of(case.state, case.subject, setting, claimed)
    if isinstance(word, Verdict):
        return word
    evidence = evidence_of(case.state.read(case.subject, setting.id))
    if word != (claimed or word):
        reason = f"the policy claims the exemption {claimed}, the console shows {word}"
        return Verdict(Outcome.FAIL, "other_exemption", reason, setting.id, claimed, word, evidence)
    if word == "none":
        reason = "the console shows no exemption, so the switches count"
        return Verdict(Outcome.PASS, "no_exemption", reason, setting.id, claimed, word, evidence)
    seen = case.state.read(case.subject, setting.id)
    assert isinstance(seen, Observed)
    stop = exempt(case.state, case.subject.organization, word, seen)
    links = [one.observation for one in (*stop.before, stop.reason) if one.observation is not None]
    lacking = stop.code in (ON_NO_APP, NOT_ON_EVERY_APP)
    outcome = Outcome.FAIL if lacking else stop.outcome
    return Verdict(outcome, stop.code, stop.reason.sentence, setting.id, claimed, word, evidence_of(*links))


def right_screen(case: Case) -> Verdict:
    """DC-24: in-app contribution was read on a screen that shows it, by the screen or the menu path of the look.

    The audit log has a setting of the same name, so a path that the rulebook does not know proves nothing.
    """
    setting = contribution.IN_APP
    word = word_of(case.state, case.subject, setting)
    if isinstance(word, Verdict):
        return word
    seen = case.state.read(case.subject, setting.id)
    look, rulebook = seen.witness if isinstance(seen, Observed) else None, case.state.rulebook
    evidence = evidence_of(seen)
    path = look.console_path.strip() if look is not None else ""
    if look is None or not (look.screen or path):
        reason = "on which screen it was read was not recorded: name it with --screen or --console-path"
        return Verdict(Outcome.UNKNOWN, "screen_not_recorded", reason, setting.id, evidence=evidence)
    right = {screen.id for screen in rulebook.screens if setting.id in screen.settings}
    wrong = {screen.id for screen in rulebook.screens} - right
    at_path = {screen.id for screen in rulebook.screens_at(path)} if path else set()
    expected, called = tuple(sorted(right)), path or look.screen
    if look.screen in wrong or (at_path and not at_path & right):
        reason = f"it was read at {called!r}, which shows something else"
        return Verdict(Outcome.FAIL, "other_screen", reason, setting.id, expected, called, evidence)
    if (path and not at_path) or (look.screen and look.screen not in right):
        reason = f"it was read at {called!r}, which the rulebook does not know"
        return Verdict(Outcome.UNKNOWN, "screen_not_known", reason, setting.id, expected, called, evidence)
    reason = "it was read on the screen that shows data contribution"
    return Verdict(Outcome.PASS, "right_screen", reason, setting.id, expected, called, evidence)


DC_05 = Check(
    id="DC-05",
    family=Family.DATA_CONTRIBUTION,
    kind=Kind.ORGANIZATION,
    reads=(contribution.METADATA.id, contribution.IN_APP.id, names.INCLUDED, names.HIGHEST_PLAN, names.EXEMPTION),
    outcomes=ATTESTED | {Outcome.NOT_YET_EFFECTIVE, Outcome.EXEMPT},
    judge=fragile_in_trial(explicit_choice),
)
DC_20 = Check(
    id="DC-20",
    family=Family.DATA_CONTRIBUTION,
    kind=Kind.ORGANIZATION,
    reads=(names.EXEMPTION, names.HIPAA_TAGGED, names.BYOK, names.HIGHEST_PLAN),
    outcomes=ATTESTED | {Outcome.EXEMPT},
    judge=exemption_evidenced,
    expectation=Expectation(Shape.WORD, words=contribution.EXEMPTION.words),
)
DC_24 = Check(
    id="DC-24",
    family=Family.DATA_CONTRIBUTION,
    kind=Kind.ORGANIZATION,
    reads=(contribution.IN_APP.id,),
    outcomes=ATTESTED,
    judge=right_screen,
)
