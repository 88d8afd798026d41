"""What the organization contributes: metadata (DC-01, DC-02), in-app data (DC-03), what follows the switch (DC-15)."""

from __future__ import annotations

from dataclasses import replace

from contribaudit.catalogue import data_contribution as contribution
from contribaudit.checks.contributed import contributed, passing, worded
from contribaudit.checks.data_contribution.choices import decision_on, fragile_by_switch
from contribaudit.checks.reading import ATTESTED, code_of, highest_plan
from contribaudit.core.effective_plan import trial_behind
from contribaudit.core.judge.check import Case, Check, Verdict
from contribaudit.core.model import names
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.rulebook import Plan
from contribaudit.core.model.setting import Family
from contribaudit.core.model.subject import Kind, organization_subject
from contribaudit.core.resolve.effective_contribution import CONTRIBUTED, content_of_no_app, in_app, metadata

_METADATA = contribution.METADATA
_IN_APP = contribution.IN_APP
_LISTS = (_IN_APP.id, names.INCLUDED, names.HIGHEST_PLAN, names.EXEMPTION, names.APP_TYPE_KEY)


def metadata_off(case: Case) -> Verdict:
    """DC-01, DC-02: no metadata is contributed. On plans that always contribute it nobody can have that.

    The same for both: DC-01 asks every organization, DC-02 minds the plan on which the default is On.
    """
    organization = organization_subject(case.subject.organization)
    answer = metadata(case.state, organization)
    verdict = contributed(answer, "off")
    if answer.code == "plan_always_contributes":
        reason = f"{answer.reason}; {_plan_with_switch(case)} has a switch"
        seen = case.state.value(organization, _METADATA.id)
        observed = seen.value if seen is not None else None
        return worded(replace(verdict, setting=_METADATA.id, observed=observed), "plan_without_switch", reason)
    if answer.code != "switch" or not isinstance(verdict.observed, str):
        return verdict
    word = verdict.observed.strip().casefold()
    plan = highest_plan(case)
    offered = f"though the {plan.name} plan has one" if isinstance(plan, Plan) else "on whichever plan it is"
    reason = {
        "off": "metadata contribution is off",
        "on": "metadata contribution is on, which is the default where the plan has the switch",
        "always": f"the console offers no switch, {offered}",
    }[word]
    outcome = Outcome.NOT_ACHIEVABLE if word == "always" else verdict.outcome
    verdict = worded(replace(verdict, outcome=outcome, observed=word), code_of(_METADATA, word), reason)
    return passing(verdict, answer)


def _plan_with_switch(case: Case) -> str:
    return next((plan.name for plan in case.state.rulebook.plans if plan.metadata_changeable), "no plan")


def in_app_off(case: Case) -> Verdict:
    """DC-03: no in-app data is contributed, neither by the switch nor through the include list while it is off.

    Fragile where a trial props the switch, and where off is, or may be, only the plan's default and no decision of the
    policy says that it was chosen.
    """
    answer = in_app(case.state, organization_subject(case.subject.organization))
    verdict = contributed(answer, "off")
    if answer.value == CONTRIBUTED and answer.code == "switch":
        reason = "in-app contribution is on: titles, pages, comments are used"
        return worded(verdict, "in_app_on", reason)
    if answer.value == CONTRIBUTED:
        reason = f"in-app contribution is off, yet {answer.reason}: that is contributed"
        return worded(replace(verdict, expected=()), "opened_by_list", reason)
    if verdict.outcome is not Outcome.PASS:
        return verdict
    reason = f"in-app contribution is off, and {answer.reason}"
    verdict = worded(replace(verdict, setting=_IN_APP.id, observed="off", fragile=False), "in_app_off", reason)
    if trial_behind(case.state, case.subject.organization):
        return passing(verdict, answer)
    plan = highest_plan(case)
    chosen = decision_on(case, _IN_APP, "off") is not None
    if chosen or (isinstance(plan, Plan) and plan.in_app_default != "off"):
        return verdict
    whose = f"the default of the {plan.name} plan" if isinstance(plan, Plan) else "perhaps only the plan's default"
    reason = f"{reason}; off is {whose}, and no decision says that it was chosen"
    return worded(replace(verdict, fragile=True), "off_by_default", reason)


def site_configuration(case: Case) -> Verdict:
    """DC-15: site-wide configuration, which belongs to no space or app, follows the organization's switch alone."""
    answer = content_of_no_app(case.state, case.subject.organization)
    verdict = contributed(answer, "off")
    if answer.value is None:
        return verdict
    on = answer.value == CONTRIBUTED
    reason = (
        "the switch is on: names in site-wide configuration are used, whatever the exclude list holds"
        if on
        else "the switch is off, and site-wide configuration follows it"
    )
    return worded(replace(verdict, fragile=False), code_of(_IN_APP, "on" if on else "off"), reason)


_BEFORE = frozenset((Outcome.NOT_YET_EFFECTIVE, Outcome.EXEMPT))

DC_01 = Check(
    id="DC-01",
    family=Family.DATA_CONTRIBUTION,
    kind=Kind.ORGANIZATION,
    reads=(_METADATA.id, names.HIGHEST_PLAN, names.EXEMPTION),
    outcomes=ATTESTED | _BEFORE | {Outcome.NOT_ACHIEVABLE},
    judge=metadata_off,
)
DC_02 = Check(
    id="DC-02",
    family=Family.DATA_CONTRIBUTION,
    kind=Kind.ORGANIZATION,
    reads=(_METADATA.id, names.HIGHEST_PLAN, names.EXEMPTION),
    outcomes=ATTESTED | _BEFORE | {Outcome.NOT_ACHIEVABLE},
    judge=metadata_off,
)
DC_03 = Check(
    id="DC-03",
    family=Family.DATA_CONTRIBUTION,
    kind=Kind.ORGANIZATION,
    reads=_LISTS,
    outcomes=ATTESTED | _BEFORE,
    judge=in_app_off,
)
DC_15 = Check(
    id="DC-15",
    family=Family.DATA_CONTRIBUTION,
    kind=Kind.ORGANIZATION,
    reads=(_IN_APP.id, names.EXEMPTION),
    outcomes=ATTESTED | _BEFORE,
    judge=fragile_by_switch(site_configuration),
)
