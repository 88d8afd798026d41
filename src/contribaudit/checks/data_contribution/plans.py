"""What moves the defaults: the highest plan (DC-06), trials (DC-07, DC-08), and evidence from before (DC-09)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date

from contribaudit.catalogue import data_contribution as contribution
from contribaudit.catalogue import organization as catalogue
from contribaudit.checks.contributed import fragile
from contribaudit.checks.parts import WORKSPACES, evidence_of, list_evidence, plan_of, unread
from contribaudit.checks.reading import ATTESTED, apps_of, beyond, gravest, highest_plan, word_of
from contribaudit.core.alias import alias_of
from contribaudit.core.effective_plan import trial_behind
from contribaudit.core.judge.check import Case, Check, Expectation, Shape, Verdict
from contribaudit.core.model import names
from contribaudit.core.model.finding import Evidence, Outcome
from contribaudit.core.model.observation import Observed, SettingId
from contribaudit.core.model.rulebook import Plan
from contribaudit.core.model.setting import Family
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.core.model.times import parse_utc
from contribaudit.core.resolve.plans import possible_plans

_TRIAL = catalogue.TRIAL
_ENDS = catalogue.TRIAL_ENDS


def highest_plan_as_written(case: Case) -> Verdict:
    """DC-06: the highest active plan is the one that the policy was written for."""
    seen = case.state.read(case.subject, names.HIGHEST_PLAN)
    wanted = case.rule.expect if isinstance(case.rule.expect, str) else case.policy.written_for_plan
    if wanted is None:
        reason = "the policy does not say for which plan it was written: set written_for_plan in it"
        return Verdict(Outcome.UNKNOWN, "policy_names_no_plan", reason, names.HIGHEST_PLAN, None, _value(seen))
    expected = case.state.rulebook.plan(wanted)
    if not isinstance(seen, Observed):
        return _at_least(case, wanted, expected) or unread(seen, wanted)
    met = expected is not None and expected.name.casefold() == seen.value
    verdict = Verdict(
        Outcome.PASS if met else Outcome.FAIL,
        "plan_as_expected" if met else "other_plan",
        f"the highest active plan is {seen.value}" + ("" if met else f", the policy was written for {wanted}"),
        names.HIGHEST_PLAN,
        wanted,
        seen.value,
        evidence_of(seen),
    )
    trial = trial_behind(case.state, case.subject.organization)
    return fragile(verdict, trial) if met and trial else verdict


def _at_least(case: Case, wanted: str, expected: Plan | None) -> Verdict | None:
    """The `fail` of a highest plan that is not known, and surely higher than the wanted one; None for any other."""
    organization = case.subject.organization
    possible = possible_plans(case.state, organization)
    if expected is None or not possible or possible[0].rank <= expected.rank:
        return None
    least = possible[0].name
    reason = f"the highest active plan is at least {least}, the policy was written for {wanted}"
    evidence = list_evidence(case.state, organization, WORKSPACES)
    return Verdict(Outcome.FAIL, "plan_above_expected", reason, names.HIGHEST_PLAN, wanted, least.casefold(), evidence)


def _value(seen: object) -> str | None:
    return seen.value if isinstance(seen, Observed) and isinstance(seen.value, str) else None


def no_trial(case: Case) -> Verdict:
    """DC-07: no trial runs but on apps that the rule's `expect` approves.

    Asked of every app that can move the defaults: one on the plan that the policy was written for, on a higher one,
    or on a plan that is not known. Of the others a trial counts only if somebody recorded it.
    """
    approved = case.rule.expect if isinstance(case.rule.expect, tuple) else ()
    found = _trials(case)
    if isinstance(found, Verdict):
        return found
    running, unclear, evidence = found
    wild = [app for app in running if beyond(case, (app.id,), approved)]
    if wild:
        called = tuple(alias_of(case.state, app) for app in wild)
        reason = f"a trial runs that nobody approved: {', '.join(called)}"
        return Verdict(Outcome.FAIL, "trial_running", reason, _TRIAL.id, approved, called, _seen(case, wild, _TRIAL.id))
    if unclear is not None:
        return unclear
    reason = "every trial that runs is approved" if running else "no trial runs"
    observed = tuple(alias_of(case.state, app) for app in running)
    return Verdict(
        Outcome.PASS, "trials_approved" if running else "no_trial", reason, _TRIAL.id, approved, observed, evidence
    )


def trial_end(case: Case) -> Verdict:
    """DC-08: the end of every running trial is known, and still ahead: `pending` until then, with the date.

    What passes during a trial of a higher plan may be impossible on the day after it.
    """
    found = _trials(case)
    if isinstance(found, Verdict):
        return found
    running, unclear, evidence = found
    ends = [_end_of(case, app) for app in running]
    worst = gravest([one for one in ends if one.outcome is not Outcome.PENDING] + ([unclear] if unclear else []))
    if worst is not None:
        return worst
    if ends:
        return min(ends, key=lambda one: one.due_at or case.as_of)
    return Verdict(Outcome.PASS, "no_trial", "no trial runs, so none ends", _TRIAL.id, None, (), evidence)


def _end_of(case: Case, app: Subject) -> Verdict:
    seen = case.state.read(app, _ENDS.id)
    if not isinstance(seen, Observed) or seen.value is None:
        return unread(seen)
    ends = parse_utc(seen.value)
    evidence = evidence_of(case.state.read(app, _TRIAL.id), seen)
    if ends is None:
        reason = f"{seen.value!r} is no date"
        return Verdict(Outcome.UNKNOWN, "unknown_word", reason, _ENDS.id, None, seen.value, evidence)
    called = alias_of(case.state, app)
    if ends.date() < _today(case):
        reason = f"the trial of {called} ended on {ends:%Y-%m-%d}: look at everything again that it may have moved"
        return Verdict(Outcome.STALE, "trial_ended", reason, _ENDS.id, None, seen.value, evidence)
    reason = f"the trial of {called} ends on {ends:%Y-%m-%d}: look again then"
    return Verdict(Outcome.PENDING, "trial_ends", reason, _ENDS.id, None, seen.value, evidence, due_at=ends)


def _trials(case: Case) -> tuple[list[Subject], Verdict | None, tuple[Evidence, ...]] | Verdict:
    """Apps on trial; why that is open for an app that can move the defaults; and the evidence that no other is."""
    apps = apps_of(case, _TRIAL)
    if isinstance(apps, Verdict):
        return apps
    words = {app: word_of(case.state, app, _TRIAL, "none") for app in apps}
    running = [app for app, word in words.items() if word == "running"]
    unclear = [word for app, word in words.items() if isinstance(word, Verdict) and _can_move_defaults(case, app)]
    looked_at = [app for app, word in words.items() if not isinstance(word, Verdict)]
    evidence = (*list_evidence(case.state, case.subject.organization, WORKSPACES), *_seen(case, looked_at, _TRIAL.id))
    return running, gravest(unclear), evidence


def _can_move_defaults(case: Case, app: Subject) -> bool:
    written = case.state.rulebook.plan(case.policy.written_for_plan or "")
    plan = plan_of(case.state, app)
    return written is None or not isinstance(plan, Plan) or plan.rank >= written.rank


def _seen(case: Case, apps: Sequence[Subject], setting: SettingId) -> tuple[Evidence, ...]:
    return evidence_of(*(case.state.read(app, setting) for app in apps))


def _today(case: Case) -> date:
    return case.as_of.astimezone(UTC).date()


def newer_than_plan_change(case: Case) -> Verdict:
    """DC-09: what was seen of contribution was seen under the plan of today."""
    plan = highest_plan(case)
    if isinstance(plan, Verdict):
        return plan
    wanted = [contribution.IN_APP, *([contribution.METADATA] if plan.metadata_changeable else [])]
    words = [word_of(case.state, case.subject, setting) for setting in wanted]
    worst = gravest(word for word in words if isinstance(word, Verdict))
    if worst is not None:
        return worst
    evidence = evidence_of(*(case.state.read(case.subject, setting.id) for setting in wanted))
    reason = f"the contribution settings were looked at under the {plan.name} plan of today"
    return Verdict(Outcome.PASS, "seen_under_this_plan", reason, wanted[0].id, None, None, evidence)


DC_06 = Check(
    id="DC-06",
    family=Family.DATA_CONTRIBUTION,
    kind=Kind.ORGANIZATION,
    reads=(names.HIGHEST_PLAN, names.PLAN, names.APP_STATUS),
    outcomes=frozenset((Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN, Outcome.STALE)),
    judge=highest_plan_as_written,
    expectation=Expectation(Shape.WORD, "plans"),
)
DC_07 = Check(
    id="DC-07",
    family=Family.DATA_CONTRIBUTION,
    kind=Kind.ORGANIZATION,
    reads=(_TRIAL.id, names.PLAN),
    outcomes=ATTESTED,
    judge=no_trial,
    expectation=Expectation(
        Shape.WORDS, means="apps on which a trial is approved", example='["app:acme.atlassian.net/jira-software"]'
    ),
)
DC_08 = Check(
    id="DC-08",
    family=Family.DATA_CONTRIBUTION,
    kind=Kind.ORGANIZATION,
    reads=(_TRIAL.id, _ENDS.id, names.PLAN),
    outcomes=(ATTESTED - {Outcome.FAIL}) | {Outcome.PENDING},
    judge=trial_end,
)
DC_09 = Check(
    id="DC-09",
    family=Family.DATA_CONTRIBUTION,
    kind=Kind.ORGANIZATION,
    reads=(names.HIGHEST_PLAN, contribution.METADATA.id, contribution.IN_APP.id),
    outcomes=ATTESTED - {Outcome.FAIL},
    judge=newer_than_plan_change,
)
