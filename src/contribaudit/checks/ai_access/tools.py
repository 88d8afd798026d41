"""Connectors: which are connected (AI-12) or gone (AI-13), and what they let through (AI-14, AI-15)."""

from __future__ import annotations

from datetime import timedelta

from contribaudit.catalogue import connectors
from contribaudit.checks.parts import evidence_of
from contribaudit.checks.reading import ATTESTED, beyond, compared, fragile_in_trial, list_of, word_of
from contribaudit.core.judge.check import Case, Check, Expectation, Shape, Verdict
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.observation import Observed
from contribaudit.core.model.setting import Family
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.core.model.times import later
from contribaudit.core.resolve.state import State

_STATE = connectors.STATE


def approved_connector(case: Case) -> Verdict:
    """AI-12: a connector that is connected, hidden from search or not, is one of the rule's `expect`."""
    approved = case.rule.expect if isinstance(case.rule.expect, tuple) else ()
    word = word_of(case.state, case.subject, _STATE, "disconnected")
    if isinstance(word, Verdict):
        return word
    evidence = evidence_of(case.state.read(case.subject, _STATE.id))
    accepted = any(not beyond(case, (name,), approved) for name in (case.subject.id, f"connector:{case.subject.id}"))
    if word == "disconnected" or accepted:
        code = "disconnected" if word == "disconnected" else "approved"
        return Verdict(Outcome.PASS, code, f"the connector is {word}", _STATE.id, approved, word, evidence)
    if word == "disconnecting":
        return _disconnecting(case, word)
    more = ": hidden from search is still connected" if word == "hidden" else ""
    reason = f"the connector is {word}, and the policy does not approve it{more}"
    return Verdict(Outcome.FAIL, "connector_not_approved", reason, _STATE.id, approved, word, evidence)


def disconnected(case: Case) -> Verdict:
    """AI-13: a connector that was disconnected is seen gone, once the time that Atlassian names has passed."""
    word = word_of(case.state, case.subject, _STATE, "disconnected")
    if isinstance(word, Verdict):
        return word
    if word == "disconnecting":
        return _disconnecting(case, word)
    evidence = evidence_of(case.state.read(case.subject, _STATE.id))
    if word == "disconnected":
        reason = "the connector was seen disconnected"
        return Verdict(Outcome.PASS, "disconnected", reason, _STATE.id, "disconnected", word, evidence)
    reason = f"the connector is {word}: no disconnection of it was seen to run"
    return Verdict(Outcome.UNKNOWN, "not_disconnected", reason, _STATE.id, "disconnected", word, evidence)


def _disconnecting(case: Case, word: str) -> Verdict:
    """`pending` until it should be done, counted from when it was seen running; then somebody looks again."""
    seen = case.state.read(case.subject, _STATE.id)
    assert isinstance(seen, Observed)
    hours = case.state.rulebook.clocks.disconnect_hours.amount
    due = later(seen.observed_at, timedelta(hours=hours))
    if due > case.as_of:
        reason = f"the disconnection runs, which takes {hours} hours for most apps"
        return Verdict(
            Outcome.PENDING, "disconnecting", reason, _STATE.id, "disconnected", word, evidence_of(seen), due_at=due
        )
    reason = f"the disconnection was seen running on {seen.observed_at:%Y-%m-%d}, and nobody looked whether it is done"
    return Verdict(
        Outcome.UNKNOWN, "disconnect_not_seen_done", reason, _STATE.id, "disconnected", word, evidence_of(seen)
    )


def replicates_permissions(case: Case) -> Verdict:
    """AI-14: the connector copies the permissions of its source; one that leaves the word out does not."""
    says = {
        "true": "the connector copies the permissions of its source",
        "false": "the connector does not copy permissions: everybody sees everything that it takes in",
        "omitted": "the connector does not say that it copies permissions, which counts as not copying them",
    }
    return compared(case, connectors.PERMISSIONS, "true", says)


def blocklist(case: Case) -> Verdict:
    """AI-15: the blocklist holds no more than it can, and nothing but addresses; whether each exists nobody checks."""
    setting = connectors.BLOCKLIST
    entries = list_of(case.state, case.subject, setting)
    if isinstance(entries, Verdict):
        return entries
    evidence = evidence_of(case.state.read(case.subject, setting.id))
    most = case.state.rulebook.limits.blocklist_items.amount
    if len(entries) > most:
        reason = f"the blocklist holds {len(entries)} entries, and {most} are the most that count"
        return Verdict(Outcome.FAIL, "too_many_entries", reason, setting.id, None, entries, evidence)
    odd = sorted(entry for entry in entries if not entry.casefold().startswith("https://") or " " in entry.strip())
    if odd:
        reason = f"entries that are no address block nothing: {', '.join(odd)}"
        return Verdict(Outcome.FAIL, "entry_is_no_address", reason, setting.id, None, entries, evidence)
    reason = f"the blocklist holds {len(entries)} entries that look like addresses; whether each exists is not checked"
    return Verdict(Outcome.PASS, "entries_valid", reason, setting.id, None, entries, evidence)


def _may_be_disconnected(state: State, subject: Subject) -> bool:
    return word_of(state, subject, _STATE) not in ("connected", "hidden")


def _may_be_connected(state: State, subject: Subject) -> bool:
    return word_of(state, subject, _STATE) != "disconnected"


AI_12 = Check(
    id="AI-12",
    family=Family.AI_ACCESS,
    kind=Kind.CONNECTOR,
    reads=(_STATE.id,),
    outcomes=ATTESTED | {Outcome.PENDING},
    judge=fragile_in_trial(approved_connector),
    expectation=Expectation(Shape.WORDS, means="approved connectors", example='["Figma"]'),
)
AI_13 = Check(
    id="AI-13",
    family=Family.AI_ACCESS,
    kind=Kind.CONNECTOR,
    reads=(_STATE.id,),
    outcomes=(ATTESTED - {Outcome.FAIL}) | {Outcome.PENDING},
    judge=fragile_in_trial(disconnected),
    applies=_may_be_disconnected,
)
AI_14 = Check(
    id="AI-14",
    family=Family.AI_ACCESS,
    kind=Kind.CONNECTOR,
    reads=(connectors.PERMISSIONS.id, _STATE.id),
    outcomes=ATTESTED,
    judge=fragile_in_trial(replicates_permissions),
    applies=_may_be_connected,
)
AI_15 = Check(
    id="AI-15",
    family=Family.AI_ACCESS,
    kind=Kind.CONNECTOR,
    reads=(connectors.BLOCKLIST.id, _STATE.id),
    outcomes=ATTESTED,
    judge=fragile_in_trial(blocklist),
    applies=_may_be_connected,
)
