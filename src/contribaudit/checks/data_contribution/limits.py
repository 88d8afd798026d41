"""Beyond the switch: platform apps (DC-14), connectors (DC-16), aggregated patterns (DC-17), the past, and deletion.

DC-21 is about the time before an opt-out, DC-22 about deletion after it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC

from contribaudit.catalogue import ai_access as ai
from contribaudit.catalogue import ai_tools as tools
from contribaudit.catalogue import data_contribution as contribution
from contribaudit.checks.ai_access.apps import exposure
from contribaudit.checks.contributed import BEFORE, contributed, once_in_force, worded
from contribaudit.checks.data_contribution.plans import decision_on, fragile_by_switch
from contribaudit.checks.reading import (
    attested_choice,
    attested_list,
    connector_approved,
    fragile,
    fragile_in_deciding_trial,
    identity,
    in_trial,
    policy_evidence,
)
from contribaudit.core.judge.check import ATTESTED, Check, CheckContext, Expectation, Shape, Verdict, check
from contribaudit.core.model import names
from contribaudit.core.model.finding import Evidence, Outcome
from contribaudit.core.model.policy import Decision
from contribaudit.core.model.setting import Setting
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.core.resolve.effective_contribution import CONTRIBUTED, NOT_CONTRIBUTED, in_app, metadata
from contribaudit.core.resolve.exposure import CALLED, DeletionClock, clocks_of, exposure_window, residue_until
from contribaudit.core.resolve.reasons import Effective

_IN_APP = contribution.IN_APP


@check(
    "DC-17",
    "prompts-not-aggregated",
    reads=(contribution.METADATA.id, names.HIGHEST_PLAN, ai.ACCESS.id, tools.OWN_SETTING.id, names.EXEMPTION),
    outcomes=ATTESTED | BEFORE | {Outcome.NO_SUCH_SETTING},
)
@once_in_force(contribution.METADATA, "off")
def common_patterns(case: CheckContext) -> Verdict:
    """DC-17: chat prompts are not used for aggregated patterns: metadata is off, or Rovo is blocked everywhere.

    Search queries and configuration names are used as long as metadata is contributed; turning in-app data off stops
    none of it.
    """
    answer = metadata(case.state, case.subject)
    if answer.value == NOT_CONTRIBUTED:
        reason = "metadata contribution is off, and aggregated patterns are part of it"
        verdict = worded(replace(contributed(answer, "off"), observed="off"), "metadata_off", reason)
        return fragile(verdict, answer.fragile_because)
    blocked = exposure(case, case.subject)
    if blocked.outcome is Outcome.FAIL and not answer.known:
        return contributed(answer, "off")
    if blocked.outcome is Outcome.FAIL:
        return replace(blocked, reason_code="ai_on")
    if blocked.outcome is not Outcome.PASS:
        return blocked
    reason = (
        "Rovo is blocked everywhere, so there are no prompts; search queries and configuration names "
        "still count as metadata"
    )
    verdict = Verdict(Outcome.PASS, "rovo_blocked", reason, ai.ACCESS.id, "blocked", "blocked", blocked.evidence)
    return fragile(verdict, in_trial(case))


@check("DC-21", "off-before-data-use", reads=(_IN_APP.id, names.INCLUDED, names.EXEMPTION), outcomes=ATTESTED | BEFORE)
@fragile_in_deciding_trial
@once_in_force(_IN_APP, "off")
def off_from_the_start(case: CheckContext) -> Verdict:
    """DC-21: in-app contribution was seen off before the day from which data is used, and is still off.

    An attestation shows the switch on its own day, not when it was set, and a decision does not show that it was
    carried out. The reason gives the exposure window as far back as the recorded attestations reach.
    """
    answer = in_app(case.state, case.subject)
    verdict = contributed(answer, "off")
    effective = case.state.rulebook.effective
    if answer.value == CONTRIBUTED:
        reason = f"{_current_state(answer)}: more data is contributed every day since {effective}"
        return worded(verdict, "still_on", reason)
    if verdict.outcome is not Outcome.PASS:
        return verdict
    verdict = replace(verdict, setting=_IN_APP.id, observed="off")
    looks = [one for one in answer.rests_on if one.setting in (_IN_APP.id, names.INCLUDED)]
    if all(one.observed_at.astimezone(UTC).date() < effective for one in looks):
        reason = (
            f"in-app data contribution and its include list were already set so before {effective}; "
            "nothing has changed since"
        )
        return fragile(worded(verdict, "off_before_effective_date", reason), answer.fragile_because)
    _, window = exposure_window(case.state, case.subject.organization)
    reason = f"in-app data contribution is off now; nothing shows that it was off on {effective}; {window.sentence}"
    return worded(replace(verdict, outcome=Outcome.UNKNOWN), "day_of_change_not_known", reason)


def _current_state(answer: Effective) -> str:
    """A clause that says that in-app data is contributed today, and how."""
    if answer.code == "switch":
        return "in-app data contribution is on"
    return f"in-app data contribution is off, but {answer.reason}"


@check(
    "DC-22",
    "deletion-after-opt-out-tracked",
    reads=(_IN_APP.id, names.INCLUDED, contribution.METADATA.id, names.HIGHEST_PLAN, names.EXEMPTION),
    outcomes=(ATTESTED - {Outcome.PASS}) | BEFORE | {Outcome.PENDING},
    decisions=(_IN_APP.id, contribution.METADATA.id),
)
@once_in_force(_IN_APP, "off")
def deletion(case: CheckContext) -> Verdict:
    """DC-22: after an opt-out, Atlassian's deletion periods run: `pending` until the last ends, then `unknown`.

    In-app data and metadata have separate periods. Each starts on the day of the policy's decision on its switch,
    because an attestation does not show that day. Nobody outside Atlassian can verify the deletion, and aggregated data
    may be kept for years.
    """
    answer = in_app(case.state, case.subject)
    if answer.value == CONTRIBUTED:
        reason = f"{_current_state(answer)}: no deletion is due while it stays on"
        return worded(contributed(answer, "off"), "still_on", reason)
    metadata_answer = metadata(case.state, case.subject)
    for switch_answer in (answer, metadata_answer):
        if switch_answer.value is None:
            return contributed(switch_answer, "off")
    parts = [_opt_out(case, _IN_APP)]
    if metadata_answer.value == NOT_CONTRIBUTED:
        parts.append(_opt_out(case, contribution.METADATA))
    return _deletion_of(case, parts, Evidence.of(*answer.rests_on, *metadata_answer.rests_on))


@dataclass(frozen=True, slots=True)
class _OptOut:
    """One switch that was seen off, and the policy's decision about it."""

    setting: Setting
    decision: Decision | None
    clocks: tuple[DeletionClock, ...]
    """Empty without a decision, or when it was made before data use began."""
    sentence: str


def _opt_out(case: CheckContext, setting: Setting) -> _OptOut:
    rulebook = case.state.rulebook
    decision = decision_on(case, setting, "off")
    called = CALLED[setting.id]
    if decision is None:
        sentence = f"{called} is off; no decision in the policy says since when"
        return _OptOut(setting, None, (), sentence)
    if decision.date < rulebook.effective:
        sentence = f"the opt-out from {called} was decided before {rulebook.effective}; nobody can verify that "
        return _OptOut(setting, decision, (), f"{sentence}nothing was contributed")
    clocks = clocks_of(rulebook.clocks, decision)
    days = " and ".join(f"{one.what} by {one.due_at:%Y-%m-%d}" for one in clocks)
    stay = f"aggregated data may be kept for {rulebook.clocks.residue_years.amount} years"
    until = residue_until(rulebook.clocks, decision.date)
    sentence = f"opted out of {called} on {decision.date}: {days} at the latest; {stay}, until {until} at the earliest"
    return _OptOut(setting, decision, clocks, sentence)


def _deletion_of(case: CheckContext, parts: list[_OptOut], evidence: tuple[Evidence, ...]) -> Verdict:
    """The verdict on all opt-outs: `unknown` when one has no date, else `pending` until the next end of a period."""
    reason = "; ".join(one.sentence for one in parts)
    undated = next((one for one in parts if one.decision is None), None)
    clocks = sorted((clock for one in parts for clock in one.clocks), key=lambda one: one.due_at)
    if undated is not None or not clocks:
        setting = (undated or parts[0]).setting.id
        return Verdict(Outcome.UNKNOWN, "opt_out_not_dated", reason, setting, "off", "off", evidence)
    ahead = [one for one in clocks if one.due_at > case.as_of]
    if not ahead:
        reason += "; these days have passed, and nobody outside Atlassian can verify the deletion"
        return Verdict(
            Outcome.UNKNOWN, "deletion_not_verifiable", reason, clocks[-1].decision.setting, "off", "off", evidence
        )
    evidence += tuple(one for part in parts if part.decision for one in policy_evidence(case, part.decision.origin))
    due = ahead[0]
    return Verdict(
        Outcome.PENDING, "deletion_runs", reason, due.decision.setting, "off", "off", evidence, due_at=due.due_at
    )


@check(
    "DC-14",
    "platform-app-exclusion-not-claimed",
    reads=(_IN_APP.id, names.EXCLUDED, names.EXEMPTION),
    outcomes=(ATTESTED - {Outcome.FAIL}) | BEFORE | {Outcome.NOT_ACHIEVABLE},
    decisions=(_IN_APP.id,),
    expectation=Expectation(
        Shape.WORDS,
        "apps",
        means="platform apps that the company says are excluded",
        default="none",
        example='["rovo"]',
    ),
)
@fragile_in_deciding_trial
@fragile_by_switch
@once_in_force(_IN_APP, "off")
def platform_apps(case: CheckContext) -> Verdict:
    """DC-14: nobody relies on excluding a platform app, which follows only the organization's switch.

    Entries of the exclude list and apps that the rule's `expect` names as excluded show that somebody does.
    """
    switch = attested_choice(case.state, case.subject, _IN_APP, "off")
    if isinstance(switch, Verdict):
        return switch
    evidence = case.evidence(_IN_APP.id)
    if switch == "off":
        reason = "the switch is off, and platform apps follow it"
        return Verdict(Outcome.PASS, "switch_off", reason, _IN_APP.id, "off", switch, evidence)
    by_policy = [word for word in case.listed if _is_platform_app(case, word)]
    excluded = attested_list(case, contribution.EXCLUDED, ())
    by_list = [] if isinstance(excluded, Verdict) else [text for text in excluded if _names_platform_app(case, text)]
    if by_policy or by_list:
        evidence += case.evidence(contribution.EXCLUDED.id) if by_list else ()
        reason = f"platform apps cannot be excluded while the switch is on: {', '.join([*by_policy, *by_list])}"
        return Verdict(Outcome.NOT_ACHIEVABLE, "platform_app_excluded", reason, _IN_APP.id, "off", switch, evidence)
    if isinstance(excluded, Verdict):
        return excluded
    evidence += case.evidence(contribution.EXCLUDED.id)
    reason = "the switch is on, so platform apps contribute; nobody claims otherwise"
    return Verdict(Outcome.PASS, "not_claimed", reason, contribution.EXCLUDED.id, (), (), evidence)


def _names_platform_app(case: CheckContext, text: str) -> bool:
    """True for an entry that names a platform app by its name, ID or type key."""
    bare = identity(case, text)
    app = Subject(case.subject.organization, Kind.APP, bare)
    type_key = case.state.recall(app, names.APP_TYPE_KEY) or bare.removeprefix("app:").rpartition("/")[2]
    return _is_platform_app(case, type_key)


def _is_platform_app(case: CheckContext, word: str) -> bool:
    app = case.state.rulebook.app(word)
    return app is not None and app.contribution == "organization"


_LISTS = (_IN_APP.id, names.INCLUDED, names.EXCLUDED, names.EXEMPTION)


@check(
    "DC-16",
    "connectors-not-contributed",
    Kind.CONNECTOR,
    reads=(tools.CONNECTOR_OFFERED.id, *_LISTS),
    outcomes=ATTESTED | BEFORE,
    expectation=Expectation(Shape.WORDS, means="connectors that may contribute", default="none", example='["Figma"]'),
)
@fragile_in_deciding_trial
@once_in_force(tools.CONNECTOR_OFFERED)
def connector_kept_out(case: CheckContext) -> Verdict:
    """DC-16: a connector that can contribute is kept out by the lists, unless the rule's `expect` approves it."""
    approved = case.listed
    offered = attested_choice(case.state, case.subject, tools.CONNECTOR_OFFERED)
    if isinstance(offered, Verdict):
        return offered
    evidence = case.evidence(tools.CONNECTOR_OFFERED.id)
    if offered == "no":
        reason = "the lists do not offer this connector, so it cannot contribute today"
        return Verdict(Outcome.PASS, "not_offered", reason, tools.CONNECTOR_OFFERED.id, approved, offered, evidence)
    answer = in_app(case.state, case.subject)
    verdict = contributed(answer, approved)
    verdict = replace(verdict, evidence=(*evidence, *verdict.evidence))
    if verdict.outcome is Outcome.PASS:
        return worded(verdict, "kept_out", verdict.reason)
    if answer.value != CONTRIBUTED:
        return verdict
    if connector_approved(case):
        reason = "the connector contributes; the policy approves it"
        return worded(replace(verdict, outcome=Outcome.PASS), "approved", reason)
    return worded(verdict, "connector_contributes", verdict.reason)


ALL: tuple[Check, ...] = (
    platform_apps,
    connector_kept_out,
    common_patterns,
    off_from_the_start,
    deletion,
)
