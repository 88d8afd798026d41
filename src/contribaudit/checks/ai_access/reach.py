"""Where AI is off: by Rovo access, or by the app's own switch where Rovo access does not reach it."""

from __future__ import annotations

from contribaudit.catalogue import ai_access as ai
from contribaudit.catalogue import ai_tools as tools
from contribaudit.checks.answers import apps_of, code_of, gravest, word_of
from contribaudit.checks.parts import WORKSPACES, app_of, evidence_of, list_evidence
from contribaudit.core.alias import alias_of
from contribaudit.core.check import Case, Verdict
from contribaudit.core.finding import Outcome
from contribaudit.core.observation import Value
from contribaudit.core.setting import Setting
from contribaudit.core.state import State
from contribaudit.core.subject import Subject

OPENNESS = {"blocked": 0, "off": 0, "limited": 1, "allowed": 2, "on": 2}
"""How far a word lets AI in."""


def in_rovo_access(state: State, subject: Subject) -> bool:
    """False only for an app that the rulebook knows to stand outside Rovo access."""
    app = app_of(state, subject)
    return app is None or app.rovo_block not in ("none", "elsewhere")


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


def ai_off(case: Case, subject: Subject) -> Verdict | None:
    """Whether AI is off in an app; None for one that the rulebook knows to have none."""
    app = app_of(case.state, subject)
    if app is not None and app.rovo_block == "none":
        return None
    elsewhere = app is not None and app.rovo_block == "elsewhere"
    setting, wanted = (tools.OWN_SETTING, "off") if elsewhere else (ai.ACCESS, "blocked")
    word = word_of(case.state, subject, setting, wanted)
    if isinstance(word, Verdict):
        return word
    off = word == wanted
    reason = f"AI is {'off' if off else word} in {alias_of(case.state, subject)}"
    evidence = evidence_of(case.state.read(subject, setting.id))
    return Verdict(
        Outcome.PASS if off else Outcome.FAIL,
        "ai_off" if off else "ai_on",
        reason,
        setting.id,
        wanted,
        word,
        evidence,
    )


def ai_off_everywhere(case: Case) -> Verdict:
    """Whether AI is off in every app of the organization that can have it."""
    apps = apps_of(case, ai.ACCESS)
    if isinstance(apps, Verdict):
        return apps
    answers = [answer for app in apps if (answer := ai_off(case, app)) is not None]
    worst = gravest(answers)
    if worst is None:
        return nothing_to_ask(ai.ACCESS, "blocked")
    if worst.outcome is not Outcome.PASS:
        return worst
    evidence = (
        *list_evidence(case.state, case.subject.organization, WORKSPACES),
        *(evidence for answer in answers for evidence in answer.evidence),
    )
    reason = f"AI is off in all {len(answers)} apps that can have it"
    return Verdict(Outcome.PASS, "ai_off", reason, ai.ACCESS.id, "blocked", "blocked", evidence)
