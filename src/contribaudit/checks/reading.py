"""Attested words and lists as checks read them, and what stands above every answer: the date, exemptions, trials."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from contribaudit.catalogue import organization as organization_settings
from contribaudit.checks.parts import WORKSPACES, evidence_of, rulebook_evidence, unread
from contribaudit.core.effective_ai_switches import app_known
from contribaudit.core.judge.check import Case, Verdict
from contribaudit.core.model import names
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.observation import Observed, Value
from contribaudit.core.model.rulebook import Plan, Rulebook
from contribaudit.core.model.setting import Setting
from contribaudit.core.model.subject import Kind, Subject, organization_subject
from contribaudit.core.resolve.reasons import never_recorded
from contribaudit.core.resolve.screens import screen_for, shown_on
from contribaudit.core.resolve.state import State

ATTESTED = frozenset((Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN, Outcome.STALE, Outcome.CONFLICT))
"""What a question can be answered with that a person's look at the console settles."""
_GRAVEST_FIRST = (
    Outcome.FAIL,
    Outcome.NOT_ACHIEVABLE,
    Outcome.CONFLICT,
    Outcome.STALE,
    Outcome.UNKNOWN,
    Outcome.PENDING,
)


def word_of(state: State, subject: Subject, setting: Setting, expected: Value = None) -> str | Verdict:
    """The setting's word without case; a verdict where it was not read, is null, or is a word that nobody knows."""
    seen = state.read(subject, setting.id)
    if not isinstance(seen, Observed) or seen.value is None:
        return unread(seen, expected)
    word = seen.value.casefold() if isinstance(seen.value, str) else ""
    return word if word in setting.folded_words else _odd(seen, setting, expected)


def list_of(state: State, subject: Subject, setting: Setting, expected: Value = None) -> tuple[str, ...] | Verdict:
    """The setting's list, which may be empty; a verdict where it was not read, is null, or is no list."""
    seen = state.read(subject, setting.id)
    if not isinstance(seen, Observed) or seen.value is None:
        return unread(seen, expected)
    return seen.value if isinstance(seen.value, tuple) else _odd(seen, setting, expected)


def _odd(seen: Observed, setting: Setting, expected: Value) -> Verdict:
    reason = f"{setting.id} holds {seen.value!r}, which the catalogue does not know"
    return Verdict(Outcome.UNKNOWN, "unknown_word", reason, setting.id, expected, seen.value, evidence_of(seen))


def compared(case: Case, setting: Setting, wanted: str, says: Mapping[str, str]) -> Verdict:
    """`pass` for the wanted word and `fail` for any other, each with what it says; the code names the word."""
    word = word_of(case.state, case.subject, setting, wanted)
    if isinstance(word, Verdict):
        return word
    outcome = Outcome.PASS if word == wanted else Outcome.FAIL
    evidence = evidence_of(case.state.read(case.subject, setting.id))
    return Verdict(outcome, code_of(setting, word), says[word], setting.id, wanted, word, evidence)


def code_of(setting: Setting, word: str) -> str:
    """The reason code of a word: "web_search_off"."""
    return f"{setting.id.rpartition('.')[2]}_{word}"


def gravest(verdicts: Iterable[Verdict]) -> Verdict | None:
    """The verdict that counts where one question has several parts; None when there is no part."""
    order = {outcome: rank for rank, outcome in enumerate(_GRAVEST_FIRST)}
    return min(verdicts, key=lambda verdict: order.get(verdict.outcome, len(order)), default=None)


def highest_plan(case: Case, expected: Value = None) -> Plan | Verdict:
    """The organization's highest active plan; a verdict where it cannot be told."""
    seen = case.state.read(organization_subject(case.subject.organization), names.HIGHEST_PLAN)
    plan = case.state.rulebook.plan(seen.value) if isinstance(seen, Observed) and isinstance(seen.value, str) else None
    return plan or unread(seen, expected)


def apps_of(case: Case, setting: Setting) -> list[Subject] | Verdict:
    """Every app of the organization; a verdict where the list of apps is not whole, or empty."""
    organization = case.subject.organization
    apps = case.state.once(("apps", organization), lambda: case.state.subjects(Kind.APP, organization))
    place = case.state.organizations[organization]
    if apps and place.completed(WORKSPACES):
        return apps
    reason = place.why_not(WORKSPACES) or "the list of apps is empty"
    return Verdict(Outcome.UNKNOWN, "apps_unread", f"not every app is known: {reason}", setting.id)


def apps_shown(rulebook: Rulebook, setting: Setting) -> frozenset[str]:
    """Type keys of the apps that a console screen shows this setting for; empty when no screen names any."""
    return frozenset(key for screen in rulebook.screens if setting.id in screen.settings for key in screen.apps)


def unless_no_screen(case: Case, setting: Setting, verdict: Verdict) -> Verdict:
    """The verdict; `no_such_setting` in place of one that waits for a look that nobody can take.

    That is so where nobody recorded the setting, and screens show it, but none of them for an app of this known type.
    """
    state, subject = case.state, case.subject
    known = app_known(state, subject)
    if (
        verdict.outcome is not Outcome.UNKNOWN
        or known is None
        or not never_recorded(state, subject, setting.id)
        or not shown_on(state, setting.id)
        or screen_for(state, subject, setting.id) is not None
    ):
        return verdict
    reason = f"{known.title} has no such setting: no screen of the console shows it for this app ({setting.title})"
    evidence = (*evidence_of(state.read(subject, names.APP_TYPE_KEY)), *rulebook_evidence(case))
    return Verdict(Outcome.NO_SUCH_SETTING, "no_screen", reason, setting.id, verdict.expected, None, evidence)


def fragile_in_trial(judge: Callable[[Case], Verdict]) -> Callable[[Case], Verdict]:
    """The same judge, whose passes are fragile while a trial is known to run: its end may move what was seen."""

    def judged(case: Case) -> Verdict:
        verdict = judge(case)
        if verdict.outcome is not Outcome.PASS or verdict.fragile:
            return verdict
        if not trial_runs(case.state, case.subject.organization):
            return verdict
        reason = f"{verdict.reason}, while a trial runs: it may be otherwise when that ends"
        return replace(verdict, reason=reason, fragile=True)

    return judged


def fragile_in_own_trial(judge: Callable[[Case], Verdict]) -> Callable[[Case], Verdict]:
    """The same judge, whose passes are fragile where the app's own plan is a trial: what it falls to may have less."""

    def judged(case: Case) -> Verdict:
        verdict = judge(case)
        if (
            verdict.outcome is not Outcome.PASS
            or word_of(case.state, case.subject, organization_settings.TRIAL) != "running"
        ):
            return verdict
        less = ", ".join(plan.name for plan in case.state.rulebook.plans if not plan.residency)
        after = f"its plan may be {less}, which has no data residency" if less else "its plan may be another"
        return replace(verdict, reason=f"{verdict.reason}; a trial runs on it: when it ends, {after}", fragile=True)

    return judged


def trial_runs(state: State, organization: str) -> bool:
    """True when some app of the organization is known to be on trial."""

    def look() -> bool:
        apps = state.subjects(Kind.APP, organization)
        return any(word_of(state, app, organization_settings.TRIAL) == "running" for app in apps)

    return state.once(("trial runs", organization), look)


def beyond(case: Case, listed: Iterable[str], approved: Value) -> tuple[str, ...]:
    """Entries of a list that the approved one does not hold, sorted. Apps are compared by identity, texts without case.

    An app is named by alias or by ARI; an alias that two apps share names neither.
    """
    held = {identity(case, text) for text in approved} if isinstance(approved, tuple) else set()
    return tuple(sorted(text for text in listed if identity(case, text) not in held))


def identity(case: Case, text: str) -> str:
    """What a list's entry names: an app's ID, else the text itself without case."""
    organization = case.subject.organization
    bare = text.strip().removeprefix(f"{organization}:").casefold()
    return case.state.once(("names", organization), lambda: _names(case.state, organization)).get(bare, bare)


def _names(state: State, organization: str) -> dict[str, str]:
    found: dict[str, str] = {}
    shared: set[str] = set()
    for app in state.subjects(Kind.APP, organization):
        alias = state.recall(app, names.APP_ALIAS).casefold()
        if alias in found:
            shared.add(alias)
        found |= {alias: app.id, app.id.casefold(): app.id, f"app:{app.id}".casefold(): app.id}
    return {text: app for text, app in found.items() if text and text not in shared}
