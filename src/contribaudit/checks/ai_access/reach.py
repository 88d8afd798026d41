"""Where AI is off: the effective answer of an app or the organization as a verdict, with the switch as its reason."""

from __future__ import annotations

from dataclasses import replace

from contribaudit.catalogue import ai_access as ai
from contribaudit.catalogue import ai_tools as tools
from contribaudit.checks.parts import WORKSPACES, app_of, evidence_of, list_evidence, unread
from contribaudit.checks.reading import code_of, word_of
from contribaudit.core.effective_ai_switches import BLOCKED, EXPOSED, NOT_EXPOSED, OPENNESS
from contribaudit.core.judge.check import Case, Verdict
from contribaudit.core.model import names
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.observation import Observation, Observed, Value
from contribaudit.core.model.setting import Setting
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.core.resolve.effective_ai import ai as effective_ai
from contribaudit.core.resolve.effective_ai import ai_of_app
from contribaudit.core.resolve.reasons import VALUE, Effective, never_recorded
from contribaudit.core.resolve.screens import screen_for
from contribaudit.core.resolve.state import State

_SWITCHES = {one.id: one for one in (ai.ACCESS, tools.OWN_SETTING)}
_FAMILY_CODES = ("jira_family_not_blocked", "jira_family_blocked")


def in_rovo_access(state: State, subject: Subject) -> bool:
    """False only for an app that the rulebook knows to stand outside Rovo access."""
    app = app_of(state, subject)
    return app is None or app.rovo_block not in ("none", "elsewhere")


def on_its_screen(state: State, subject: Subject) -> bool:
    """False for an app outside Rovo access, and for a known one that its screen does not list: nobody can limit it."""
    shown = screen_for(state, subject, ai.ACCESS.id) is not None or app_of(state, subject) is None
    return in_rovo_access(state, subject) and (shown or not never_recorded(state, subject, ai.ACCESS.id))


def nothing_to_ask(setting: Setting, expected: Value = None) -> Verdict:
    """What a question about every app says where none of them is one that it is about: nothing was looked at."""
    reason = "no app of the organization is one that it could be asked of, so nothing was looked at"
    return Verdict(Outcome.UNKNOWN, "nothing_looked_at", reason, setting.id, expected)


def no_more_than(case: Case, setting: Setting, default: str) -> Verdict:
    """`pass` where the word lets AI in no further than the rule's `expect`, else the check's own expectation."""
    wanted = case.rule.expect.casefold() if isinstance(case.rule.expect, str) else default
    if wanted not in setting.folded_words:
        reason = f"the rule expects {wanted!r}, which is none of {', '.join(setting.words)}"
        return Verdict(Outcome.UNKNOWN, "policy_word_unknown", reason, setting.id, wanted)
    word = word_of(case.state, case.subject, setting, wanted)
    if isinstance(word, Verdict):
        return word
    outcome = Outcome.PASS if OPENNESS[word] <= OPENNESS[wanted] else Outcome.FAIL
    reason = f"{setting.title[0].lower()}{setting.title[1:]}: {word}"
    reason += "" if outcome is Outcome.PASS else f", the policy wants {wanted}"
    evidence = evidence_of(case.state.read(case.subject, setting.id))
    return Verdict(outcome, code_of(setting, word), reason, setting.id, wanted, word, evidence)


def exposure(case: Case, subject: Subject, most: str = BLOCKED) -> Verdict:
    """Whether AI reaches an app, or any app of the organization, no further than `most` ("blocked" or "limited").

    Every switch, sibling and plan that decides is in it, and each is evidence: its age and grade count.
    """
    state = case.state
    answer = ai_of_app(state, subject, most) if subject.kind is Kind.APP else effective_ai(state, subject)
    if not answer.known:
        return stopped_by(answer, most)
    evidence = evidence_of(*answer.rests_on)
    if answer.value != EXPOSED and (answer.code in _FAMILY_CODES or subject.kind is not Kind.APP):
        evidence += list_evidence(state, subject.organization, WORKSPACES)
    if answer.outcome != VALUE:
        return replace(stopped_by(answer, most), evidence=evidence)
    outcome = Outcome.FAIL if answer.value == EXPOSED else Outcome.PASS
    seen = answer.chain[-1].observation
    switch = _SWITCHES.get(seen.setting) if seen is not None and seen.subject == subject else None
    if switch is None or not isinstance(seen, Observed) or not isinstance(seen.value, str):
        return Verdict(outcome, answer.code, _told(answer), names.EFFECTIVE_AI, NOT_EXPOSED, answer.value, evidence)
    word = seen.value.strip().casefold()
    return Verdict(outcome, code_of(switch, word), _told(answer), switch.id, _as_word_of(switch, most), word, evidence)


def _told(answer: Effective) -> str:
    """The switches of the subject itself where they decide, else what does; for an organization, how many apps too."""
    own = [
        link.sentence
        for link in answer.chain
        if link.decisive
        and link.observation is not None
        and link.observation.subject == answer.subject
        and link.observation.setting in _SWITCHES
    ]
    last = answer.chain[-1]
    if answer.subject.kind is Kind.APP:
        return ", ".join(own) if own and last.observation is not None else last.sentence
    if answer.value == EXPOSED:
        return f"{answer.chain[0].sentence}: {last.sentence}"
    return last.sentence


def stopped_by(answer: Effective, most: str = BLOCKED) -> Verdict:
    """The verdict of an answer that is no value, in the words of the setting that stopped it."""
    assert isinstance(answer.outcome, Outcome)
    seen = answer.chain[-1].observation
    switch = _SWITCHES.get(seen.setting) if seen is not None else None
    if switch is None:
        setting = seen.setting if seen is not None else names.EFFECTIVE_AI
        return Verdict(
            answer.outcome, answer.code, answer.reason, setting, NOT_EXPOSED, None, evidence_of(*answer.rests_on)
        )
    assert seen is not None
    wanted = _as_word_of(switch, most)
    reason = _why(answer, seen, wanted)
    observed = seen.value if isinstance(seen, Observed) else None
    return Verdict(answer.outcome, answer.code, reason, switch.id, wanted, observed, evidence_of(seen))


def _why(answer: Effective, seen: Observation, wanted: str) -> str:
    """Why a switch says nothing; where it is another app's, the sentence that names that app."""
    if seen.subject != answer.subject or (isinstance(seen, Observed) and seen.value is not None):
        return answer.reason
    return unread(seen, wanted).reason


def _as_word_of(switch: Setting, most: str) -> str:
    """`most` in the switch's own words."""
    return next(word for word in switch.words if OPENNESS[word] == OPENNESS[most])
