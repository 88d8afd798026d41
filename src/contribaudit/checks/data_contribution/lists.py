"""The list that belongs to the switch's position: what it lets in again (DC-04), and whether it is of today (DC-13)."""

from __future__ import annotations

from contribaudit.catalogue import data_contribution as contribution
from contribaudit.checks.contributed import not_in_force_or_exempt
from contribaudit.checks.parts import evidence_of
from contribaudit.checks.reading import ATTESTED, beyond, fragile_in_trial, list_of, word_of
from contribaudit.core.judge.check import Case, Check, Expectation, Shape, Verdict
from contribaudit.core.model import names
from contribaudit.core.model.finding import Evidence, Outcome
from contribaudit.core.model.observation import Observed
from contribaudit.core.model.setting import Family, Setting
from contribaudit.core.model.subject import Kind, organization_subject

_IN_APP = contribution.IN_APP
_INCLUDED = contribution.INCLUDED


def switch_and_list(case: Case) -> tuple[str, Setting, tuple[str, ...], tuple[Evidence, ...]] | Verdict:
    """The switch, the list that belongs to its position, what that holds, and the evidence of both."""
    organization = organization_subject(case.subject.organization)
    switch = word_of(case.state, organization, _IN_APP)
    if isinstance(switch, Verdict):
        return switch
    setting = _INCLUDED if switch == "off" else contribution.EXCLUDED
    held = list_of(case.state, organization, setting)
    if isinstance(held, Verdict):
        return held
    evidence = evidence_of(case.state.read(organization, _IN_APP.id), case.state.read(organization, setting.id))
    return switch, setting, held, evidence


def include_list(case: Case) -> Verdict:
    """DC-04: while the switch is off, the include list holds nothing that the rule's `expect` does not approve.

    The switch alone looks fine. With the switch on everything contributes, whatever the list holds.
    """
    above = not_in_force_or_exempt(case, _INCLUDED, case.rule.expect)
    if above is not None:
        return above
    approved = case.rule.expect if isinstance(case.rule.expect, tuple) else ()
    switch = word_of(case.state, case.subject, _IN_APP, "off")
    if isinstance(switch, Verdict):
        return switch
    switch_seen = case.state.read(case.subject, _IN_APP.id)
    if switch == "on":
        reason = "the switch is on, so everything contributes that is not excluded"
        return Verdict(Outcome.FAIL, "switch_on", reason, _IN_APP.id, "off", switch, evidence_of(switch_seen))
    included = list_of(case.state, case.subject, _INCLUDED, approved)
    if isinstance(included, Verdict):
        return included
    evidence = evidence_of(switch_seen, case.state.read(case.subject, _INCLUDED.id))
    strangers = beyond(case, included, approved)
    if strangers:
        reason = f"included although the switch is off, and not approved: {', '.join(strangers)}"
        return Verdict(Outcome.FAIL, "included_not_approved", reason, _INCLUDED.id, approved, included, evidence)
    what = f"holds {len(included)} entries, all approved" if included else "is empty"
    return Verdict(
        Outcome.PASS, "nothing_unapproved", f"the include list {what}", _INCLUDED.id, approved, included, evidence
    )


def list_of_this_position(case: Case) -> Verdict:
    """DC-13: the list that belongs to the switch's present position was looked at no earlier than the switch.

    A flip turns the meaning of the lists around: yesterday's exclude list is not today's include list.
    """
    above = not_in_force_or_exempt(case, _IN_APP)
    if above is not None:
        return above
    switch = word_of(case.state, case.subject, _IN_APP)
    if isinstance(switch, Verdict):
        return switch
    belonging = _INCLUDED if switch == "off" else contribution.EXCLUDED
    held = list_of(case.state, case.subject, belonging)
    if isinstance(held, Verdict):
        return held
    switch_seen = case.state.read(case.subject, _IN_APP.id)
    list_seen = case.state.read(case.subject, belonging.id)
    evidence = evidence_of(switch_seen, list_seen)
    assert isinstance(switch_seen, Observed)
    assert isinstance(list_seen, Observed)
    if list_seen.observed_at < switch_seen.observed_at:
        reason = (
            f"the switch was seen {switch} on {switch_seen.observed_at:%Y-%m-%d}, after the last look at its list "
            f"on {list_seen.observed_at:%Y-%m-%d}: whether it was flipped between the two is not known"
        )
        return Verdict(Outcome.STALE, "list_older_than_switch", reason, belonging.id, None, held, evidence)
    reason = f"the switch is {switch}, and its list was looked at no earlier"
    return Verdict(Outcome.PASS, "list_of_this_position", reason, belonging.id, None, held, evidence)


_BEFORE = frozenset((Outcome.NOT_YET_EFFECTIVE, Outcome.EXEMPT))

DC_04 = Check(
    id="DC-04",
    family=Family.DATA_CONTRIBUTION,
    kind=Kind.ORGANIZATION,
    reads=(_IN_APP.id, _INCLUDED.id, names.EXEMPTION),
    outcomes=ATTESTED | _BEFORE,
    judge=fragile_in_trial(include_list),
    expectation=Expectation(
        Shape.WORDS,
        means="spaces, apps and connectors that may be included",
        example='["app:acme.atlassian.net/jira-software"]',
    ),
)
DC_13 = Check(
    id="DC-13",
    family=Family.DATA_CONTRIBUTION,
    kind=Kind.ORGANIZATION,
    reads=(_IN_APP.id, _INCLUDED.id, names.EXCLUDED, names.EXEMPTION),
    outcomes=(ATTESTED - {Outcome.FAIL}) | _BEFORE,
    judge=fragile_in_trial(list_of_this_position),
)
