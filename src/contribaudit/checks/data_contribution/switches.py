"""What the organization contributes: metadata (DC-01, DC-02), in-app data (DC-03) and site-wide configuration (DC-15).

For the list that applies to the switch's position: what it includes again (DC-04), and whether it is current (DC-13).
"""

from __future__ import annotations

from dataclasses import replace

from contribaudit.catalogue import data_contribution as contribution
from contribaudit.checks.contributed import BEFORE, contributed, once_in_force, worded
from contribaudit.checks.data_contribution.plans import decision_on, fragile_by_switch
from contribaudit.checks.reading import (
    attested_choice,
    attested_list,
    code_of,
    fragile,
    fragile_in_deciding_trial,
    highest_plan,
    only_approved,
)
from contribaudit.core.judge.check import ATTESTED, Check, CheckContext, Expectation, Shape, Verdict, check
from contribaudit.core.model import names
from contribaudit.core.model.finding import Evidence, Outcome
from contribaudit.core.model.observation import Observed
from contribaudit.core.model.rulebook import Plan
from contribaudit.core.model.setting import Setting
from contribaudit.core.model.subject import organization_subject
from contribaudit.core.resolve.effective_contribution import CONTRIBUTED, content_of_no_app, in_app, metadata
from contribaudit.core.resolve.plans import trial_behind

_METADATA = contribution.METADATA
_IN_APP = contribution.IN_APP
_LISTS = (_IN_APP.id, names.INCLUDED, names.HIGHEST_PLAN, names.EXEMPTION, names.APP_TYPE_KEY)


@check(
    "DC-01",
    "metadata-contribution-off",
    reads=(_METADATA.id, names.HIGHEST_PLAN, names.EXEMPTION),
    outcomes=ATTESTED | BEFORE | {Outcome.NOT_ACHIEVABLE},
    answers=names.EFFECTIVE_METADATA,
)
def metadata_off(case: CheckContext) -> Verdict:
    """DC-01, DC-02: no metadata is contributed; `not_achievable` on plans that always contribute it.

    Both checks share this judge: DC-01 asks every organization, DC-02 those on the plan whose default is On.
    """
    organization = organization_subject(case.subject.organization)
    answer = metadata(case.state, organization)
    verdict = contributed(answer, "off")
    if answer.code == "plan_always_contributes":
        able = case.state.rulebook.plan_with("metadata.changeable") or "no plan"
        reason = f"{answer.reason}; {able} has the switch"
        seen = case.state.value(organization, _METADATA.id)
        observed = seen.value if seen is not None else None
        return worded(replace(verdict, setting=_METADATA.id, observed=observed), "plan_without_switch", reason)
    if answer.code != "switch" or not isinstance(verdict.observed, str):
        return verdict
    word = verdict.observed.strip().casefold()
    plan = highest_plan(case)
    offered = f"although the {plan.name} plan has one" if isinstance(plan, Plan) else "whatever the plan"
    reason = {
        "off": "metadata contribution is off",
        "on": "metadata contribution is on, the default of plans that have the switch",
        "always": f"the console offers no switch, {offered}",
    }[word]
    outcome = Outcome.NOT_ACHIEVABLE if word == "always" else verdict.outcome
    verdict = worded(replace(verdict, outcome=outcome, observed=word), code_of(_METADATA, word), reason)
    return fragile(verdict, answer.fragile_because)


metadata_default_off = replace(metadata_off, id="DC-02", slug="metadata-default-turned-off", answers=None)


@check(
    "DC-03",
    "in-app-contribution-off",
    reads=_LISTS,
    outcomes=ATTESTED | BEFORE,
    decisions=(_IN_APP.id,),
    answers=names.EFFECTIVE_IN_APP,
)
def in_app_off(case: CheckContext) -> Verdict:
    """DC-03: no in-app data is contributed, neither by the switch nor by the include list while the switch is off.

    A pass is fragile while a trial supports the setting, and when off is, or may be, only the plan's default and no
    decision of the policy says that it was chosen.
    """
    answer = in_app(case.state, organization_subject(case.subject.organization))
    verdict = contributed(answer, "off")
    if answer.value == CONTRIBUTED and answer.code == "switch":
        reason = "in-app data contribution is on: titles, pages and comments are used"
        return worded(verdict, "in_app_on", reason)
    if answer.value == CONTRIBUTED:
        reason = f"in-app data contribution is off, but {answer.reason}, which is contributed"
        return worded(replace(verdict, expected=()), "opened_by_list", reason)
    if verdict.outcome is not Outcome.PASS:
        return verdict
    reason = f"in-app data contribution is off, and {answer.reason}"
    verdict = worded(replace(verdict, setting=_IN_APP.id, observed="off", fragile=False), "in_app_off", reason)
    if trial_behind(case.state, case.subject.organization):
        return fragile(verdict, answer.fragile_because)
    plan = highest_plan(case)
    chosen = decision_on(case, _IN_APP, "off") is not None
    if chosen or (isinstance(plan, Plan) and plan.in_app.default != "off"):
        return verdict
    whose = f"the default of the {plan.name} plan" if isinstance(plan, Plan) else "perhaps only the plan's default"
    reason = f"{reason}; off is {whose}, and no decision says that it was chosen"
    return worded(replace(verdict, fragile=True), "off_by_default", reason)


@check(
    "DC-15",
    "site-configuration-not-contributed",
    reads=(_IN_APP.id, names.EXEMPTION),
    outcomes=ATTESTED | BEFORE,
    decisions=(_IN_APP.id,),
)
@fragile_by_switch
def site_configuration(case: CheckContext) -> Verdict:
    """DC-15: site-wide configuration, which belongs to no space or app, follows only the organization's switch."""
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


_INCLUDED = contribution.INCLUDED


def switch_and_list(case: CheckContext) -> tuple[str, Setting, tuple[str, ...], tuple[Evidence, ...]] | Verdict:
    """The switch's word, the list setting that applies to it, the list's entries, and the evidence of both.

    A verdict when the switch or the list has no usable value.
    """
    organization = organization_subject(case.subject.organization)
    switch = attested_choice(case.state, organization, _IN_APP)
    if isinstance(switch, Verdict):
        return switch
    setting = _INCLUDED if switch == "off" else contribution.EXCLUDED
    entries = attested_list(case, setting, subject=organization)
    if isinstance(entries, Verdict):
        return entries
    evidence = Evidence.of(case.state.read(organization, _IN_APP.id), case.state.read(organization, setting.id))
    return switch, setting, entries, evidence


@check(
    "DC-04",
    "include-list-approved",
    reads=(_IN_APP.id, _INCLUDED.id, names.EXEMPTION),
    outcomes=ATTESTED | BEFORE,
    expectation=Expectation(
        Shape.WORDS,
        means="spaces, apps and connectors that may be included",
        default="none",
        example='["app:acme.atlassian.net/jira-software"]',
    ),
)
@fragile_in_deciding_trial
@once_in_force(_INCLUDED)
def include_list(case: CheckContext) -> Verdict:
    """DC-04: while the switch is off, every entry of the include list is approved in the rule's `expect`.

    The switch alone would look fine. While it is on, everything contributes, whatever the list holds.
    """
    switch = attested_choice(case.state, case.subject, _IN_APP, "off")
    if isinstance(switch, Verdict):
        return switch
    switch_seen = case.state.read(case.subject, _IN_APP.id)
    if switch == "on":
        reason = "the switch is on, so everything that is not excluded contributes"
        return Verdict(Outcome.FAIL, "switch_on", reason, _IN_APP.id, "off", switch, Evidence.of(switch_seen))
    return only_approved(
        case,
        _INCLUDED,
        ("included_not_approved", "the include list opens items that are not approved"),
        ("nothing_unapproved", "every entry of the include list is approved"),
        "the include list is empty",
        evidence=Evidence.of(switch_seen),
    )


@check(
    "DC-13",
    "list-checked-after-switch",
    reads=(_IN_APP.id, _INCLUDED.id, names.EXCLUDED, names.EXEMPTION),
    outcomes=(ATTESTED - {Outcome.FAIL}) | BEFORE,
)
@fragile_in_deciding_trial
@once_in_force(_IN_APP)
def list_of_this_position(case: CheckContext) -> Verdict:
    """DC-13: the list that applies to the switch's current position was checked no earlier than the switch.

    Flipping the switch reverses the meaning of the lists: yesterday's exclude list is not today's include list.
    """
    switch_list = switch_and_list(case)
    if isinstance(switch_list, Verdict):
        return switch_list
    switch, list_setting, entries, evidence = switch_list
    switch_seen = case.state.read(case.subject, _IN_APP.id)
    list_seen = case.state.read(case.subject, list_setting.id)
    assert isinstance(switch_seen, Observed)
    assert isinstance(list_seen, Observed)
    if list_seen.observed_at < switch_seen.observed_at:
        reason = (
            f"the switch was {switch} on {switch_seen.observed_at:%Y-%m-%d}, after its list was last checked "
            f"on {list_seen.observed_at:%Y-%m-%d}; whether it was flipped in between is unknown"
        )
        return Verdict(Outcome.STALE, "list_older_than_switch", reason, list_setting.id, None, entries, evidence)
    reason = f"the switch is {switch}, and its list was checked at the same time or later"
    return Verdict(Outcome.PASS, "list_of_this_position", reason, list_setting.id, None, entries, evidence)


ALL: tuple[Check, ...] = (
    metadata_off,
    metadata_default_off,
    in_app_off,
    include_list,
    list_of_this_position,
    site_configuration,
)
