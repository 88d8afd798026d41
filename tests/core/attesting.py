"""A small organization with two signals and four settings, and people who look at it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from contribaudit.core.model.attestation import Anchor, Attestation, Signature
from contribaudit.core.model.observation import Grade, Observation, Observed, SettingId, Value
from contribaudit.core.model.rulebook import Rulebook, SignalRule
from contribaudit.core.model.setting import Family, Setting
from contribaudit.core.model.snapshot import Collection
from contribaudit.core.model.subject import Kind, Subject, organization_subject
from contribaudit.core.resolve.attested import AttestationHistory, AttestedValues
from contribaudit.core.resolve.plans import highest_plan
from contribaudit.core.resolve.signals import revision_of, settled_of
from contribaudit.core.resolve.state import OrganizationState, State
from tests.builders import NOW, ORG, RULEBOOK, Gone, app, collections, facts, observed

ORGANIZATION = organization_subject(ORG)
USE = SettingId("signal.policy.use")
HIPAA = SettingId("signal.policy.hipaa")
FAMILY = Family.DATA_CONTRIBUTION
_BOTH = (Kind.ORGANIZATION, Kind.APP)
_SAID = ("Named after it.", "https://x.example", "C")
RULES = replace(
    RULEBOOK,
    signals=(
        SignalRule(USE, FAMILY, "policies", _BOTH, *_SAID),
        SignalRule(HIPAA, FAMILY, "policies", (Kind.ORGANIZATION,), *_SAID),
        SignalRule(SettingId("signal.policy.other"), Family.AI_ACCESS, "policies", _BOTH, *_SAID),
    ),
)
_SHAPE = Setting(SettingId(""), FAMILY, (Kind.ORGANIZATION,), "", Grade.ATTESTED, "", attestable=True)
SWITCH = replace(_SHAPE, id=SettingId("x.switch"), kinds=_BOTH, ignores_case=True)
METADATA = replace(_SHAPE, id=SettingId("x.metadata"))
EXCLUDED = replace(_SHAPE, id=SettingId("x.excluded"), unordered=True, is_list=True)
ELSEWHERE = replace(_SHAPE, id=SettingId("y.search"), family=Family.GOVERNANCE)
SETTINGS = (SWITCH, METADATA, EXCLUDED, ELSEWHERE)
BY_ID = {one.id: one for one in SETTINGS}
ANNA, BERT = "anna@acme.example", "bert@acme.example"

States = Mapping[SettingId, tuple[str, ...] | None]
A: States = {USE: ("a",), HIPAA: None}
B: States = {USE: ("b",), HIPAA: None}
C: States = {USE: ("c",), HIPAA: ("h",)}


def days(ago: float) -> datetime:
    """So many days before now."""
    return NOW - timedelta(days=ago)


def signed(by: str = ANNA, at: datetime = NOW) -> Signature:
    return Signature(by, at, "account", "host")


def anchors(states: States, revision: str = "") -> tuple[Anchor, ...]:
    """The organization's signals as they were."""
    return tuple(
        Anchor(signal, ORGANIZATION, state, revision if state is not None else "") for signal, state in states.items()
    )


def look(value: Value, ago: float, states: States | None = A, setting: Setting = SWITCH, **more: Any) -> Attestation:
    """What Anna saw so many days ago, while the signals stood so; None leaves it without anchors."""
    at = days(ago)
    usual: dict[str, Any] = {
        "id": f"{setting.id} {value} {ago} {more}",
        "by": ANNA,
        "recorded": signed(at=at),
        "look": "look",
        "anchors": anchors(states) if states is not None else (),
        "unanchored_reason": "" if states is not None else "the signals were not read",
        "highest_plan": "standard",
        "plan_words": ("Standard",),
    }
    return Attestation(setting=setting.id, subject=ORGANIZATION, value=value, observed_at=at, **usual | more)


def screen(switch: str, ago: float, states: States = A, *, metadata: str = "on", excluded: Value = ()) -> Any:
    """One look at everything that there is."""
    seen = ((SWITCH, switch), (METADATA, metadata), (EXCLUDED, excluded))
    return [look(value, ago, states, setting) for setting, value in seen]


def state_of(
    states: States = A,
    *,
    plan: Value | Gone = "Standard",
    revision: str = "",
    unsettled: Iterable[SettingId] = (),
    runs: tuple[Collection, ...] | None = None,
    more: Sequence[Observation] = (),
    as_of: datetime = NOW,
    rules: Rulebook = RULES,
) -> State:
    """The organization with its one app, as a run found it."""
    found: list[Observation] = [*facts(app(), plan=plan), *more]
    for signal, held in states.items():
        if held is not None:
            found.append(observed(signal, ORGANIZATION, held))
            found.extend([observed(revision_of(signal), ORGANIZATION, revision)] if revision else [])
    found.extend(observed(settled_of(signal), ORGANIZATION, False) for signal in unsettled)
    by_name = {one.collector: one for one in (runs if runs is not None else collections())}
    place = OrganizationState(ORG, "Acme", by_name)
    state = State(as_of=as_of, rulebook=rules, organizations=[place], observations=found)
    state.add(highest_plan(state, ORG))
    return state


def heard(
    attestations: Iterable[Attestation], state: State, **testimony: Any
) -> dict[tuple[Subject, str], Observation]:
    """What the attestations are worth, by subject and setting."""
    told = AttestationHistory(tuple(attestations), **testimony)
    found = list(AttestedValues(state, ORG, told, BY_ID.__getitem__, SETTINGS).observations())
    assert len({(one.subject, one.setting) for one in found}) == len(found)
    return {(one.subject, one.setting): one for one in found}


def worth(
    attestations: Iterable[Attestation], state: State, setting: Setting = SWITCH, **testimony: Any
) -> Observation:
    """What they are worth for the organization's setting."""
    return heard(attestations, state, **testimony)[ORGANIZATION, setting.id]


def said(found: Observation) -> str:
    """In one line: "attested on, anchored", "inferred off", "!signal_moved"."""
    if not isinstance(found, Observed):
        return f"!{found.code}"
    held = ", anchored" if found.witness is not None and found.witness.anchored else ""
    return f"{found.grade} {found.value}{held}"
