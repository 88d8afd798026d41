"""What the lists can and cannot do: for spaces (DC-11), platform apps (DC-14), connectors (DC-16)."""

from __future__ import annotations

from contribaudit.catalogue import connectors
from contribaudit.catalogue import data_contribution as contribution
from contribaudit.checks.answers import (
    ATTESTED,
    beyond,
    fragile_in_trial,
    identity,
    list_of,
    not_in_force_or_exempt,
    word_of,
)
from contribaudit.checks.parts import evidence_of
from contribaudit.core import names
from contribaudit.core.check import Case, Check, Expectation, Shape, Verdict
from contribaudit.core.finding import Evidence, Outcome
from contribaudit.core.setting import Family, Setting
from contribaudit.core.subject import Kind, Subject, organization_subject

_IN_APP = contribution.IN_APP


def _switch_and_list(case: Case) -> tuple[str, Setting, tuple[str, ...], tuple[Evidence, ...]] | Verdict:
    """The switch, the list that belongs to its position, what that holds, and the evidence of both."""
    organization = organization_subject(case.subject.organization)
    switch = word_of(case.state, organization, _IN_APP)
    if isinstance(switch, Verdict):
        return switch
    setting = contribution.INCLUDED if switch == "off" else contribution.EXCLUDED
    held = list_of(case.state, organization, setting)
    if isinstance(held, Verdict):
        return held
    evidence = evidence_of(case.state.read(organization, _IN_APP.id), case.state.read(organization, setting.id))
    return switch, setting, held, evidence


def sensitive_spaces(case: Case) -> Verdict:
    """DC-11: no space that the rule's `expect` names contributes, by its own entry or by that of its app.

    The rule names the spaces as `space:HOST/TYPEKEY/KEY`, archived and personal ones too: no list of spaces is read.
    """
    above = not_in_force_or_exempt(case, contribution.EXCLUDED, case.rule.expect)
    if above is not None:
        return above
    sensitive = case.rule.expect if isinstance(case.rule.expect, tuple) else ()
    if not sensitive:
        reason = "the policy names no sensitive space: set expect in its rule"
        return Verdict(Outcome.UNKNOWN, "policy_names_no_space", reason, contribution.EXCLUDED.id)
    found = _switch_and_list(case)
    if isinstance(found, Verdict):
        return found
    switch, setting, held, evidence = found
    listed = {identity(case, text) for text in held}
    named = [space for space in sensitive if identity(case, space) in listed or _app_of_space(case, space) in listed]
    open_ones = [space for space in sensitive if (space in named) is (switch == "off")]
    if open_ones:
        how = "excluded" if switch == "on" else "kept out of the include list"
        reason = f"the switch is {switch}, and these are not {how}: {', '.join(open_ones)}"
        return Verdict(Outcome.FAIL, "sensitive_space_contributes", reason, setting.id, sensitive, held, evidence)
    reason = f"the switch is {switch}, and none of the {len(sensitive)} sensitive spaces contributes in-app data"
    return Verdict(Outcome.PASS, "sensitive_spaces_kept_out", reason, setting.id, sensitive, held, evidence)


def _app_of_space(case: Case, space: str) -> str:
    app = space.strip().casefold().removeprefix("space:").rpartition("/")[0]
    return identity(case, f"app:{app}") if app else ""


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
    found = _switch_and_list(case)
    if isinstance(found, Verdict):
        return found
    switch, setting, held, more = found
    name = f"connector:{case.subject.id}"
    in_list = not beyond(case, (name,), held) or not beyond(case, (case.subject.id,), held)
    contributes = in_list if switch == "off" else not in_list
    accepted = not beyond(case, (name,), approved) or not beyond(case, (case.subject.id,), approved)
    evidence += more
    if contributes and not accepted:
        reason = (
            f"the switch is {switch}, and the connector is {'in' if in_list else 'not in'} its list: it contributes"
        )
        return Verdict(Outcome.FAIL, "connector_contributes", reason, setting.id, approved, held, evidence)
    code, reason = (
        ("approved", "the connector contributes, which the policy approves")
        if contributes
        else ("kept_out", f"the switch is {switch}, and the list keeps the connector out")
    )
    return Verdict(Outcome.PASS, code, reason, setting.id, approved, held, evidence)


_BEFORE = frozenset((Outcome.NOT_YET_EFFECTIVE, Outcome.EXEMPT))
_LISTS = (_IN_APP.id, names.INCLUDED, names.EXCLUDED, names.EXEMPTION)

DC_11 = Check(
    id="DC-11",
    family=Family.DATA_CONTRIBUTION,
    kind=Kind.ORGANIZATION,
    reads=_LISTS,
    outcomes=ATTESTED | _BEFORE,
    judge=fragile_in_trial(sensitive_spaces),
    expectation=Expectation(Shape.WORDS),
)
DC_14 = Check(
    id="DC-14",
    family=Family.DATA_CONTRIBUTION,
    kind=Kind.ORGANIZATION,
    reads=(_IN_APP.id, names.EXCLUDED, names.EXEMPTION),
    outcomes=(ATTESTED - {Outcome.FAIL}) | _BEFORE | {Outcome.NOT_ACHIEVABLE},
    judge=fragile_in_trial(platform_apps),
    expectation=Expectation(Shape.WORDS, "apps"),
)
DC_16 = Check(
    id="DC-16",
    family=Family.DATA_CONTRIBUTION,
    kind=Kind.CONNECTOR,
    reads=(connectors.OFFERED.id, *_LISTS),
    outcomes=ATTESTED | _BEFORE,
    judge=fragile_in_trial(connector_kept_out),
    expectation=Expectation(Shape.WORDS),
)
