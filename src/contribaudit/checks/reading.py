"""Shared by many checks: observations as evidence, attested words and lists, and the verdicts that precede an answer.

An observation without a usable value becomes a verdict of its own, and a trial makes a pass fragile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from contribaudit import catalogue
from contribaudit.catalogue import organization as organization_settings
from contribaudit.core.judge.check import CheckContext, Judge, Verdict
from contribaudit.core.model import names
from contribaudit.core.model.finding import Evidence, Outcome
from contribaudit.core.model.observation import (
    CONFLICT_CODES,
    STALE_CODES,
    Grade,
    Observation,
    Observed,
    SettingId,
    Value,
)
from contribaudit.core.model.rulebook import App, Plan, Rulebook
from contribaudit.core.model.setting import Setting
from contribaudit.core.model.subject import Kind, Subject, organization_subject
from contribaudit.core.resolve.effective_ai import app_known
from contribaudit.core.resolve.plans import trial_behind, trial_running
from contribaudit.core.resolve.reasons import never_recorded
from contribaudit.core.resolve.state import State, once_per_state, screen_for, shown_on


def list_evidence(state: State, organization: str, collector: str) -> tuple[Evidence, ...]:
    """Evidence that an entry is absent from a list that was read to its end; empty when it was not."""
    place = state.organizations[organization]
    if not place.completed(collector):
        return ()
    return (Evidence(Grade.DOCUMENTED, f"{collector}, read to the end", place.collections[collector].started_at),)


def rulebook_evidence(case: CheckContext) -> tuple[Evidence, ...]:
    """The rulebook as evidence dated now, because every run reads it; GV-06 asks how old its review is."""
    rulebook = case.state.rulebook
    return (Evidence(Grade.DOCUMENTED, f"rulebook {rulebook.version}", case.as_of, rulebook.sha256),)


def policy_evidence(case: CheckContext, what: str) -> tuple[Evidence, ...]:
    """The policy file, which records people's decisions, as evidence dated now, because every run reads it."""
    return (Evidence(Grade.DOCUMENTED, f"policy {case.policy.name}: {what}", case.as_of, case.policy.sha256),)


def unread(observation: Observation, expected: Value = None) -> Verdict:
    """The verdict when a setting was not read or is null: `unknown`, or `stale` or `conflict` for such attestations."""
    setting = catalogue.find(observation.setting)
    if isinstance(observation, Observed):
        about = setting.id, expected, observation.value, Evidence.of(observation)
        return Verdict(Outcome.UNKNOWN, "null", f"{setting.title}: the API gives no value", *about)
    code, reason, outcome = observation.code, observation.reason, Outcome.UNKNOWN
    if observation.missing_scope and observation.missing_scope not in reason:
        reason += f"; the scope {observation.missing_scope} would let the key read it"
    if code in STALE_CODES or code in CONFLICT_CODES:
        outcome = Outcome.STALE if code in STALE_CODES else Outcome.CONFLICT
    elif code == "not_read" and setting.attestable:
        reason = "not attested yet"
    else:
        reason = f"not read; {reason}"
    return Verdict(outcome, code, f"{setting.title}: {reason}", setting.id, expected)


def not_verifiable(setting: SettingId | None, why: str) -> Judge:
    """A judge for a question that no source answers today."""

    def judge(_case: CheckContext) -> Verdict:
        return Verdict(Outcome.UNKNOWN, "not_verifiable_today", why, setting)

    return judge


def of_apps(fits: Callable[[App], bool]) -> Callable[[State, Subject], bool]:
    """An `applies` function from a test of the rulebook's app; apps that the rulebook does not know always apply."""

    def applies(state: State, subject: Subject) -> bool:
        app = state.app(subject)
        return app is None or fits(app)

    return applies


def unknown_app(case: CheckContext, what: str) -> Verdict:
    """`unknown` when the rulebook does not know whether the app has `what`, or when the app's type was not read."""
    seen = case.state.read(case.subject, names.APP_TYPE_KEY)
    if not isinstance(seen, Observed) or not isinstance(seen.value, str):
        return unread(seen)
    reason = f"the rulebook does not know whether {seen.value} has {what}"
    return Verdict(Outcome.UNKNOWN, "unknown_app", reason, seen.setting, None, seen.value, Evidence.of(seen))


def may_be_sandbox(state: State, app: Subject) -> bool:
    """False for an app that is known not to be a sandbox."""
    return state.word(app, names.APP_SANDBOX) != "none"


def plan_of(state: State, subject: Subject) -> Plan | Observation:
    """The app's plan, or the observation that leaves it open: unread, null, several words or an unknown word."""
    seen = state.read(subject, names.PLAN)
    if isinstance(seen, Observed) and isinstance(seen.value, str):
        plan = state.rulebook.plan(seen.value)
        if plan is not None:
            return plan
    return seen


def plan_unclear(seen: Observation) -> Verdict:
    """`unknown` for an app whose plan is unknown."""
    if isinstance(seen, Observed) and seen.value is not None:
        words = ", ".join(seen.value) if isinstance(seen.value, tuple) else str(seen.value)
        reason = f"the rulebook does not know which plan {words!r} is"
        return Verdict(Outcome.UNKNOWN, "unknown_plan_word", reason, seen.setting, None, seen.value, Evidence.of(seen))
    return unread(seen)


def none_among_apps(what: str, outcome: Outcome = Outcome.PASS) -> Callable[[State, str], Verdict | None]:
    """`outcome` when a complete, non-empty inventory holds no app that `what` describes; otherwise None (`unknown`)."""

    def answer(state: State, organization: str) -> Verdict | None:
        evidence = list_evidence(state, organization, names.WORKSPACES)
        if not evidence or not state.subjects(Kind.APP, organization):
            return None
        return Verdict(outcome, "none_among_apps", f"no app {what}", evidence=evidence)

    return answer


_MOST_SEVERE_FIRST = (
    Outcome.FAIL,
    Outcome.NOT_ACHIEVABLE,
    Outcome.CONFLICT,
    Outcome.STALE,
    Outcome.UNKNOWN,
    Outcome.PENDING,
)


def attested_choice(state: State, subject: Subject, setting: Setting, expected: Value = None) -> str | Verdict:
    """The setting's word in lower case; a verdict when it was not read, is null, or is an unknown word."""
    seen = state.read(subject, setting.id)
    if not isinstance(seen, Observed) or seen.value is None:
        return unread(seen, expected)
    word = seen.value.casefold() if isinstance(seen.value, str) else ""
    return word if word in setting.folded_words else _unexpected_word(seen, setting, expected)


def attested_list(
    case: CheckContext, setting: Setting, expected: Value = None, subject: Subject | None = None
) -> tuple[str, ...] | Verdict:
    """The setting's list, which may be empty; a verdict when it was not read, is null, or is not a list.

    `subject` is the list's owner when that is not the case's subject.
    """
    seen = case.state.read(subject or case.subject, setting.id)
    if not isinstance(seen, Observed) or seen.value is None:
        return unread(seen, expected)
    return seen.value if isinstance(seen.value, tuple) else _unexpected_word(seen, setting, expected)


def _unexpected_word(seen: Observed, setting: Setting, expected: Value) -> Verdict:
    reason = f"{setting.title}: {seen.value!r}, which this version does not know"
    return Verdict(Outcome.UNKNOWN, "unknown_word", reason, setting.id, expected, seen.value, Evidence.of(seen))


def compared(case: CheckContext, setting: Setting, wanted: str, says: Mapping[str, str]) -> Verdict:
    """`pass` for the wanted word, `fail` for any other, each with its sentence from `says`; the code names the word."""
    word = attested_choice(case.state, case.subject, setting, wanted)
    if isinstance(word, Verdict):
        return word
    outcome = Outcome.PASS if word == wanted else Outcome.FAIL
    evidence = case.evidence(setting.id)
    return Verdict(outcome, code_of(setting, word), says[word], setting.id, wanted, word, evidence)


def code_of(setting: Setting, word: str) -> str:
    """The reason code for a setting's word, such as "web_search_off"."""
    return f"{setting.id.rpartition('.')[2]}_{word}"


def most_severe(verdicts: Iterable[Verdict]) -> Verdict | None:
    """The most severe verdict among the parts of a question; None when there are no parts."""
    order = {outcome: rank for rank, outcome in enumerate(_MOST_SEVERE_FIRST)}
    return min(verdicts, key=lambda verdict: order.get(verdict.outcome, len(order)), default=None)


def highest_plan(case: CheckContext, expected: Value = None) -> Plan | Verdict:
    """The organization's highest active plan; a verdict when it is unknown."""
    seen = case.state.read(organization_subject(case.subject.organization), names.HIGHEST_PLAN)
    return case.state.rulebook.plan(case.state.word(seen.subject, seen.setting)) or unread(seen, expected)


def apps_of(case: CheckContext, setting: Setting) -> list[Subject] | Verdict:
    """Every app of the organization; a verdict when the list of apps is incomplete or empty."""
    organization = case.subject.organization
    apps = case.state.once(("apps", organization), lambda: case.state.subjects(Kind.APP, organization))
    place = case.state.organizations[organization]
    if apps and place.completed(names.WORKSPACES):
        return apps
    reason = place.why_not(names.WORKSPACES) or "the list of apps is empty"
    return Verdict(Outcome.UNKNOWN, "apps_unread", f"the list of apps is incomplete: {reason}", setting.id)


def apps_shown(rulebook: Rulebook, setting: Setting) -> frozenset[str]:
    """Type keys of the apps for which a console screen shows this setting; empty when no screen names any."""
    return frozenset(key for screen in rulebook.screens if setting.id in screen.settings for key in screen.apps)


def unless_no_screen(case: CheckContext, setting: Setting, verdict: Verdict) -> Verdict:
    """The verdict, or `no_such_setting` when it waits for a look at a screen that does not exist.

    That is the case when nobody recorded the setting, and screens show it, but none of them for an app of this known
    type.
    """
    state, subject = case.state, case.subject
    app = app_known(state, subject)
    if (
        verdict.outcome is not Outcome.UNKNOWN
        or app is None
        or not never_recorded(state, subject, setting.id)
        or not shown_on(state, setting.id)
        or screen_for(state, subject, setting.id) is not None
    ):
        return verdict
    reason = f"{app.title} has no such setting: no console screen shows it for this app ({setting.title})"
    evidence = (*Evidence.of(state.read(subject, names.APP_TYPE_KEY)), *rulebook_evidence(case))
    return Verdict(Outcome.NO_SUCH_SETTING, "no_screen", reason, setting.id, verdict.expected, None, evidence)


def fragile(verdict: Verdict, because: str) -> Verdict:
    """The verdict; a pass is marked as fragile, and its reason says what would undo it, unless that is ""."""
    if verdict.outcome is not Outcome.PASS or not because:
        return verdict
    return replace(verdict, reason=f"{verdict.reason}; {because}", fragile=True)


def fragile_where(because: Callable[[CheckContext], str]) -> Callable[[Judge], Judge]:
    """Decorates a judge so that its passes are fragile when `because` says what would undo them; "" leaves them."""

    def of(judge: Judge) -> Judge:
        def judged(case: CheckContext) -> Verdict:
            verdict = judge(case)
            if verdict.outcome is not Outcome.PASS or verdict.fragile:
                return verdict
            return fragile(verdict, because(case))

        return judged

    return of


def in_trial(case: CheckContext) -> str:
    """What the end of a running trial may change; "" when no trial is known to run."""
    return trial_running(case.state, case.subject.organization)


def _in_own_trial(case: CheckContext) -> str:
    if attested_choice(case.state, case.subject, organization_settings.TRIAL) != "running":
        return ""
    less = ", ".join(plan.name for plan in case.state.rulebook.plans if not plan.residency)
    after = f"its plan may be {less}, which has no data residency" if less else "its plan may be a different one"
    return f"a trial is running on it: when it ends, {after}"


fragile_in_trial = fragile_where(in_trial)
"""Marks a pass as fragile while a trial is known to run, because its end may change what was seen."""
fragile_in_deciding_trial = fragile_where(lambda case: trial_behind(case.state, case.subject.organization))
"""Marks a pass as fragile while a trial gives, or may give, the highest plan, which its end may lower."""
fragile_in_own_trial = fragile_where(_in_own_trial)
"""Marks a pass as fragile while the app's own plan is a trial, because the plan after it may offer less."""


def beyond(case: CheckContext, listed: Iterable[str], approved: Value) -> tuple[str, ...]:
    """Entries of a list that are not approved, sorted. Apps are compared by identity, texts without case.

    An app is named by alias or ARI; an alias that two apps share names neither.
    """
    approved_identities = {identity(case, text) for text in approved} if isinstance(approved, tuple) else set()
    return tuple(sorted(text for text in listed if identity(case, text) not in approved_identities))


def connector_approved(case: CheckContext) -> bool:
    """Whether the rule's `expect` names the connector that is the case's subject, with or without its kind."""
    return any(not beyond(case, (name,), case.listed) for name in (case.subject.id, f"connector:{case.subject.id}"))


def only_approved(
    case: CheckContext,
    setting: Setting,
    over: tuple[str, str],
    within: tuple[str, str],
    empty: str = "",
    *,
    subject: Subject | None = None,
    evidence: tuple[Evidence, ...] = (),
    any_by_default: bool = False,
) -> Verdict:
    """`fail` when an attested list holds entries that the rule's `expect` does not approve, else `pass`.

    `over` and `within` are the code and the reason of `fail` and `pass`; unapproved entries follow the reason. `empty`
    is the reason for an empty list. `evidence` led to the list. `subject` owns the list when that is not the case's
    subject. With `any_by_default`, a rule without `expect` approves every entry.
    """
    subject = subject or case.subject
    unlimited = any_by_default and case.rule.expect is None
    entries = attested_list(case, setting, None if unlimited else case.listed, subject)
    if isinstance(entries, Verdict):
        return entries
    approved = entries if unlimited else case.listed
    about = setting.id, approved, entries, (*evidence, *Evidence.of(case.state.read(subject, setting.id)))
    unapproved = beyond(case, entries, approved)
    if unapproved:
        return Verdict(Outcome.FAIL, over[0], f"{over[1]}: {', '.join(unapproved)}", *about)
    return Verdict(Outcome.PASS, within[0], within[1] if entries else empty or within[1], *about)


def identity(case: CheckContext, text: str) -> str:
    """The ID of the app that a list's entry names, else the entry itself in lower case."""
    organization = case.subject.organization
    bare = text.strip().removeprefix(f"{organization}:").casefold()
    return _ids_by_alias(case.state, organization).get(bare, bare)


@once_per_state
def _ids_by_alias(state: State, organization: str) -> dict[str, str]:
    ids: dict[str, str] = {}
    shared: set[str] = set()
    for app in state.subjects(Kind.APP, organization):
        alias = state.recall(app, names.APP_ALIAS).casefold()
        if alias in ids:
            shared.add(alias)
        ids |= {alias: app.id, app.id.casefold(): app.id, f"app:{app.id}".casefold(): app.id}
    return {text: app for text, app in ids.items() if text and text not in shared}
