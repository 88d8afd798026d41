"""The two switches of the organization: metadata (DC-01, DC-02) and in-app data (DC-03, DC-15)."""

from __future__ import annotations

from contribaudit.catalogue import data_contribution as contribution
from contribaudit.checks.answers import (
    ATTESTED,
    code_of,
    compared,
    fragile_in_trial,
    highest_plan,
    not_in_force_or_exempt,
    word_of,
)
from contribaudit.checks.data_contribution.choices import decision_on
from contribaudit.checks.parts import evidence_of
from contribaudit.core import names
from contribaudit.core.check import Case, Check, Verdict
from contribaudit.core.finding import Outcome
from contribaudit.core.rules import Plan
from contribaudit.core.setting import Family
from contribaudit.core.subject import Kind

_METADATA = contribution.METADATA
_IN_APP = contribution.IN_APP


def metadata_off(case: Case) -> Verdict:
    """DC-01, DC-02: metadata contribution is off, as somebody saw it. On plans without the switch nobody can have that.

    The same for both: DC-01 asks every organization, DC-02 minds the plan on which the default is On.
    """
    above = not_in_force_or_exempt(case, _METADATA, "off")
    if above is not None:
        return above
    plan = highest_plan(case, "off")
    if isinstance(plan, Verdict):
        return plan
    plan_seen = case.state.read(case.subject, names.HIGHEST_PLAN)
    word = word_of(case.state, case.subject, _METADATA, "off")
    if not plan.metadata_changeable:
        reason = f"on the {plan.name} plan metadata is always contributed, {_plan_with_switch(case)} has a switch"
        observed = None if isinstance(word, Verdict) else word
        evidence = evidence_of(plan_seen)
        return Verdict(Outcome.NOT_ACHIEVABLE, "plan_without_switch", reason, _METADATA.id, "off", observed, evidence)
    if isinstance(word, Verdict):
        return word
    evidence = evidence_of(case.state.read(case.subject, _METADATA.id), plan_seen)
    outcome, reason = {
        "off": (Outcome.PASS, "metadata contribution is off"),
        "on": (Outcome.FAIL, "metadata contribution is on, which is the default where the plan has the switch"),
        "always": (Outcome.NOT_ACHIEVABLE, f"the console offers no switch, though the {plan.name} plan has one"),
    }[word]
    return Verdict(outcome, code_of(_METADATA, word), reason, _METADATA.id, "off", word, evidence)


def _plan_with_switch(case: Case) -> str:
    return next((plan.name for plan in case.state.rulebook.plans if plan.metadata_changeable), "no plan")


def in_app_off(case: Case) -> Verdict:
    """DC-03: in-app contribution is off, as somebody saw it.

    Fragile where off is, or may be, only the plan's default and no decision of the policy says that it was chosen.
    """
    above = not_in_force_or_exempt(case, _IN_APP, "off")
    if above is not None:
        return above
    says = {"off": "in-app contribution is off", "on": "in-app contribution is on: titles, pages, comments are used"}
    verdict = compared(case, _IN_APP, "off", says)
    if verdict.outcome is not Outcome.PASS or decision_on(case, _IN_APP, "off") is not None:
        return verdict
    plan = highest_plan(case)
    if isinstance(plan, Plan) and plan.in_app_default != "off":
        return verdict
    whose = f"the default of the {plan.name} plan" if isinstance(plan, Plan) else "perhaps only the plan's default"
    reason = f"in-app contribution is off, which is {whose}: no decision says that it was chosen"
    return Verdict(Outcome.PASS, "off_by_default", reason, _IN_APP.id, "off", "off", verdict.evidence, fragile=True)


def site_configuration(case: Case) -> Verdict:
    """DC-15: site-wide configuration, which belongs to no space or app, follows the organization's switch alone."""
    above = not_in_force_or_exempt(case, _IN_APP, "off")
    if above is not None:
        return above
    says = {
        "off": "the switch is off, and site-wide configuration follows it",
        "on": "the switch is on: names in site-wide configuration are used, whatever the exclude list holds",
    }
    return compared(case, _IN_APP, "off", says)


_BEFORE = frozenset((Outcome.NOT_YET_EFFECTIVE, Outcome.EXEMPT))

DC_01 = Check(
    id="DC-01",
    family=Family.DATA_CONTRIBUTION,
    kind=Kind.ORGANIZATION,
    reads=(_METADATA.id, names.HIGHEST_PLAN, names.EXEMPTION),
    outcomes=ATTESTED | _BEFORE | {Outcome.NOT_ACHIEVABLE},
    judge=fragile_in_trial(metadata_off),
)
DC_02 = Check(
    id="DC-02",
    family=Family.DATA_CONTRIBUTION,
    kind=Kind.ORGANIZATION,
    reads=(_METADATA.id, names.HIGHEST_PLAN, names.EXEMPTION),
    outcomes=ATTESTED | _BEFORE | {Outcome.NOT_ACHIEVABLE},
    judge=fragile_in_trial(metadata_off),
)
DC_03 = Check(
    id="DC-03",
    family=Family.DATA_CONTRIBUTION,
    kind=Kind.ORGANIZATION,
    reads=(_IN_APP.id, names.HIGHEST_PLAN, names.EXEMPTION),
    outcomes=ATTESTED | _BEFORE,
    judge=fragile_in_trial(in_app_off),
)
DC_15 = Check(
    id="DC-15",
    family=Family.DATA_CONTRIBUTION,
    kind=Kind.ORGANIZATION,
    reads=(_IN_APP.id, names.EXEMPTION),
    outcomes=ATTESTED | _BEFORE,
    judge=fragile_in_trial(site_configuration),
)
