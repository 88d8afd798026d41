"""What the lists can and cannot do: for platform apps (DC-14), connectors (DC-16)."""

from __future__ import annotations

from dataclasses import replace

from contribaudit.catalogue import connectors
from contribaudit.catalogue import data_contribution as contribution
from contribaudit.checks.contributed import contributed, not_in_force_or_exempt, worded
from contribaudit.checks.data_contribution.choices import fragile_by_switch
from contribaudit.checks.parts import evidence_of
from contribaudit.checks.reading import ATTESTED, beyond, fragile_in_trial, identity, list_of, word_of
from contribaudit.core.judge.check import Case, Check, Expectation, Shape, Verdict
from contribaudit.core.model import names
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.setting import Family
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.core.resolve.effective_contribution import CONTRIBUTED, in_app

_IN_APP = contribution.IN_APP


def platform_apps(case: Case) -> Verdict:
    """DC-14: nobody relies on excluding a platform app, which follows the organization's switch alone.

    A claim is an entry of the exclude list, or an app that the rule's `expect` names as excluded.
    """
    above = not_in_force_or_exempt(case, _IN_APP, "off")
    if above is not None:
        return above
    claimed = case.rule.expect if isinstance(case.rule.expect, tuple) else ()
    switch = word_of(case.state, case.subject, _IN_APP, "off")
    if isinstance(switch, Verdict):
        return switch
    evidence = evidence_of(case.state.read(case.subject, _IN_APP.id))
    if switch == "off":
        reason = "the switch is off, and platform apps follow it"
        return Verdict(Outcome.PASS, "switch_off", reason, _IN_APP.id, "off", switch, evidence)
    rulebook = case.state.rulebook
    by_policy = [word for word in claimed if (app := rulebook.app(word)) and app.contribution == "organization"]
    excluded = list_of(case.state, case.subject, contribution.EXCLUDED, ())
    by_list = [] if isinstance(excluded, Verdict) else [text for text in excluded if _platform(case, text)]
    if by_policy or by_list:
        evidence += evidence_of(case.state.read(case.subject, contribution.EXCLUDED.id)) if by_list else ()
        reason = f"no platform app can be excluded while the switch is on: {', '.join([*by_policy, *by_list])}"
        return Verdict(Outcome.NOT_ACHIEVABLE, "platform_app_excluded", reason, _IN_APP.id, "off", switch, evidence)
    if isinstance(excluded, Verdict):
        return excluded
    evidence += evidence_of(case.state.read(case.subject, contribution.EXCLUDED.id))
    reason = "the switch is on, so platform apps contribute, and nobody claims otherwise"
    return Verdict(Outcome.PASS, "not_claimed", reason, contribution.EXCLUDED.id, (), (), evidence)


def _platform(case: Case, text: str) -> bool:
    """True for an entry that names a platform app, by the app itself or by its type key."""
    bare = identity(case, text)
    app = Subject(case.subject.organization, Kind.APP, bare)
    type_key = case.state.recall(app, names.APP_TYPE_KEY) or bare.removeprefix("app:").rpartition("/")[2]
    known = case.state.rulebook.app(type_key)
    return known is not None and known.contribution == "organization"


def connector_kept_out(case: Case) -> Verdict:
    """DC-16: a connector that can contribute is excluded, or not included, unless the rule's `expect` approves it."""
    above = not_in_force_or_exempt(case, connectors.OFFERED, case.rule.expect)
    if above is not None:
        return above
    approved = case.rule.expect if isinstance(case.rule.expect, tuple) else ()
    offered = word_of(case.state, case.subject, connectors.OFFERED)
    if isinstance(offered, Verdict):
        return offered
    evidence = evidence_of(case.state.read(case.subject, connectors.OFFERED.id))
    if offered == "no":
        reason = "the lists do not offer this connector, so it cannot contribute today"
        return Verdict(Outcome.PASS, "not_offered", reason, connectors.OFFERED.id, approved, offered, evidence)
    answer = in_app(case.state, case.subject)
    verdict = contributed(answer, approved)
    verdict = replace(verdict, evidence=(*evidence, *verdict.evidence))
    if verdict.outcome is Outcome.PASS:
        return worded(verdict, "kept_out", verdict.reason)
    if answer.value != CONTRIBUTED:
        return verdict
    name = f"connector:{case.subject.id}"
    if not beyond(case, (name,), approved) or not beyond(case, (case.subject.id,), approved):
        reason = "the connector contributes, which the policy approves"
        return worded(replace(verdict, outcome=Outcome.PASS), "approved", reason)
    return worded(verdict, "connector_contributes", verdict.reason)


_BEFORE = frozenset((Outcome.NOT_YET_EFFECTIVE, Outcome.EXEMPT))
_LISTS = (_IN_APP.id, names.INCLUDED, names.EXCLUDED, names.EXEMPTION)

DC_14 = Check(
    id="DC-14",
    family=Family.DATA_CONTRIBUTION,
    kind=Kind.ORGANIZATION,
    reads=(_IN_APP.id, names.EXCLUDED, names.EXEMPTION),
    outcomes=(ATTESTED - {Outcome.FAIL}) | _BEFORE | {Outcome.NOT_ACHIEVABLE},
    judge=fragile_in_trial(fragile_by_switch(platform_apps)),
    expectation=Expectation(Shape.WORDS, "apps"),
)
DC_16 = Check(
    id="DC-16",
    family=Family.DATA_CONTRIBUTION,
    kind=Kind.CONNECTOR,
    reads=(connectors.OFFERED.id, *_LISTS),
    outcomes=ATTESTED | _BEFORE,
    judge=fragile_in_trial(connector_kept_out),
    expectation=Expectation(Shape.WORDS, means="connectors that may contribute", example='["Figma"]'),
)
