"""Combines the sources on an app's main AI switch: Atlassian's gateway, the AI policy item, and people.

- **Yes is proof.** A field of the gateway that says "enabled" opens the app, on every plan.
- **No is an answer to one account.** It closes the app where no plan of the organization can limit Rovo by group, or
  where a confirmed item says off too. With an attested block, the attestation counts.
- **The item** counts while something confirms our reading of it: see `policy_items`.
- **Sources that contradict each other** make a conflict, never the better of the two answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from contribaudit.core.model import names
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.observation import SOURCES_DIFFER, Observed, SettingId
from contribaudit.core.model.rulebook import App
from contribaudit.core.model.subject import Subject
from contribaudit.core.resolve.ai_sources import (
    BLOCKED,
    CALLED,
    LIMITED,
    OPENNESS,
    Answer,
    explained_by_family,
    gateway,
    is_shut,
    main_switch,
    nobody_alone,
    policy_item,
    recorded,
)
from contribaudit.core.resolve.policy_items import BY_PERSON, CONFIRMED
from contribaudit.core.resolve.reasons import NEVER_RECORDED, Reason, Stop, fact, rank_of
from contribaudit.core.resolve.state import State

NOT_FOR_THIS_ACCOUNT = "not_for_this_account"
"""Code of a no from the gateway that may be about the token's account alone."""
SOME_OR_ALL = "limited_or_allowed"
"""Code of an app that is open, but not known for whom, where the policy accepts limited access."""
_OPEN = frozenset((OPENNESS[LIMITED], OPENNESS["allowed"]))
_TO_ALL = frozenset((OPENNESS["allowed"],))
_SHUT = frozenset((OPENNESS[BLOCKED],))


@dataclass(frozen=True, slots=True)
class Position:
    """The position of a switch: whether it lets AI in further than the question allows."""

    exposed: bool
    links: tuple[Reason, ...]
    """What shows it; the last link decides."""


@dataclass(frozen=True, slots=True)
class _SwitchEvidence:
    """What every source says about one app's main switch."""

    switch: SettingId
    attested: tuple[str, Observed] | Stop
    answer: Answer | None
    item: tuple[bool, Observed] | None
    """Whether the item reads as on, with its observation; None where it is absent or reads as neither."""
    counts: str
    """How far the item's reading counts; "" where there is none."""
    not_by_group: Reason | None
    """Why Rovo cannot be limited to groups; None where it may be, and where the plan is not known."""

    @property
    def attested_link(self) -> Reason:
        if isinstance(self.attested, Stop):
            return self.attested.reason
        return fact(f"{CALLED[self.switch]} is {self.attested[0]}", self.attested[1])

    @property
    def item_link(self) -> Reason:
        assert self.item is not None
        return fact(f"the app's AI policy item is {'on' if self.item[0] else 'off'}", self.item[1])


@dataclass(frozen=True, slots=True)
class _Proof:
    """One or more facts that alone show how far AI is let in."""

    open_to: frozenset[int]
    """Every openness that the proof leaves possible."""
    links: tuple[Reason, ...]


def position(state: State, app: Subject, entry: App | None, most: str = BLOCKED) -> Position | Stop | None:
    """The position of the main switch: whether it is open further than `most`, or why that is not known.

    None where no source says anything: no attestation, no usable answer of the gateway, no item that counts.
    """
    evidence = _switch_evidence(state, app, main_switch(entry))
    differ = _contradiction(evidence) or (_against_plan(evidence) if most == LIMITED else None)
    if differ is not None:
        return differ
    proofs = list(_proofs(evidence))
    for proof in proofs:
        sides = {openness > OPENNESS[most] for openness in proof.open_to}
        if len(sides) == 1:
            return Position(sides.pop(), (*_other_links(evidence, proof), *proof.links))
    return _open_question(evidence, proofs)


def access(state: State, app: Subject, entry: App | None) -> tuple[str, tuple[Reason, ...]] | Stop | None:
    """How far the main switch lets AI in, by all sources: `blocked`, `limited` or `allowed`, and the links to it.

    None as for `position`.
    """
    links: tuple[Reason, ...] = ()
    for word in (BLOCKED, LIMITED):
        answer = position(state, app, entry, word)
        if not isinstance(answer, Position):
            return answer
        links = answer.links
        if not answer.exposed:
            return word, links
    return "allowed", links


def _switch_evidence(state: State, app: Subject, switch: SettingId) -> _SwitchEvidence:
    attested = recorded(state, app, switch)
    answer, item = gateway(state, app), policy_item(state, app)
    shut = (item is not None and not item[0]) or (not isinstance(attested, Stop) and is_shut(attested[0]))
    if answer is not None and shut and explained_by_family(state, app, answer):
        answer = None
    counts = state.value(app, names.AI_POLICY_ITEM_COUNTS)
    return _SwitchEvidence(
        switch,
        attested,
        answer,
        item,
        str(counts.value) if counts is not None and item is not None else "",
        nobody_alone(state, app.organization),
    )


def _proofs(evidence: _SwitchEvidence) -> Iterator[_Proof]:
    """Yield what each source proves, strongest first."""
    not_by_group = (evidence.not_by_group,) if evidence.not_by_group is not None else ()
    yes = evidence.answer.yes if evidence.answer is not None else None
    if evidence.answer is not None and yes:
        yield _Proof(_OPEN, (evidence.answer.link,))
        if not_by_group:
            yield _Proof(_TO_ALL, (*not_by_group, evidence.answer.link))
    if evidence.answer is not None and yes is False:
        if not_by_group:
            yield _Proof(_SHUT, (*not_by_group, evidence.answer.link))
        elif evidence.item is not None and not evidence.item[0] and evidence.counts == CONFIRMED:
            yield _Proof(_SHUT, (evidence.answer.link, evidence.item_link))
    if not isinstance(evidence.attested, Stop):
        yield _Proof(frozenset((OPENNESS[evidence.attested[0]],)), (evidence.attested_link,))
    if evidence.item is not None and evidence.counts == CONFIRMED:
        yield _Proof(_OPEN if evidence.item[0] else _SHUT, (evidence.item_link,))
        if evidence.item[0] and not_by_group:
            yield _Proof(_TO_ALL, (*not_by_group, evidence.item_link))


def _contradiction(evidence: _SwitchEvidence) -> Stop | None:
    """The conflict where one source says open and another shut; None where none does."""
    sides: list[tuple[bool, Reason]] = []
    if not isinstance(evidence.attested, Stop):
        sides.append((not is_shut(evidence.attested[0]), evidence.attested_link))
    answer = evidence.answer
    speaks = answer is not None and (bool(answer.yes) or (answer.yes is False and evidence.not_by_group is not None))
    # An unconfirmed item contradicts the gateway, unless a person who looked has contradicted the item.
    if evidence.item is not None and (evidence.counts == CONFIRMED or (speaks and evidence.counts != BY_PERSON)):
        sides.append((evidence.item[0], evidence.item_link))
    if answer is not None and speaks:
        sides.append((bool(answer.yes), answer.link))
    yes = [link for is_open, link in sides if is_open]
    no = [link for is_open, link in sides if not is_open]
    if not yes or not no:
        return None
    sentence = f"the sources disagree: {yes[-1].sentence}; {no[-1].sentence}"
    other, last = (yes[-1], no[-1]) if no[-1] is sides[-1][1] else (no[-1], yes[-1])
    return Stop(Outcome.CONFLICT, SOURCES_DIFFER, replace(last, sentence=sentence), before=(other,))


def _against_plan(evidence: _SwitchEvidence) -> Stop | None:
    """The conflict where access is attested as limited but no possible plan can limit it by group."""
    if evidence.not_by_group is None or evidence.switch != names.AI_ACCESS or isinstance(evidence.attested, Stop):
        return None
    if evidence.attested[0] != LIMITED:
        return None
    link = evidence.attested_link
    sentence = f"the sources disagree: {link.sentence}, but {evidence.not_by_group.sentence}"
    return Stop(Outcome.CONFLICT, SOURCES_DIFFER, replace(link, sentence=sentence), before=(evidence.not_by_group,))


def _other_links(evidence: _SwitchEvidence, proof: _Proof) -> Iterator[Reason]:
    """The links from other sources, which the answer does not need."""
    used = {id(link.observation) for link in proof.links}
    links: list[Reason] = []
    if not isinstance(evidence.attested, Stop) or evidence.attested.code not in NEVER_RECORDED:
        links.append(evidence.attested_link)
    if evidence.item is not None:
        links.append(evidence.item_link)
    if evidence.answer is not None:
        links.append(evidence.answer.link)
    return (replace(link, decisive=False) for link in links if id(link.observation) not in used)


def _open_question(evidence: _SwitchEvidence, proofs: Sequence[_Proof]) -> Stop | None:
    """The most serious reason why no source decides; among equals the proof's, then the gateway's, then a person's."""
    stops: list[Stop] = []
    if proofs:
        link = proofs[0].links[-1]
        sentence = f"{link.sentence}; whether for everyone or only for some groups is unknown"
        stops.append(Stop(Outcome.UNKNOWN, SOME_OR_ALL, replace(link, sentence=sentence)))
    if evidence.answer is not None and evidence.answer.yes is False:
        sentence = f"{evidence.answer.link.sentence}; a group may have access"
        stops.append(Stop(Outcome.UNKNOWN, NOT_FOR_THIS_ACCOUNT, replace(evidence.answer.link, sentence=sentence)))
    if isinstance(evidence.attested, Stop) and evidence.attested.code not in NEVER_RECORDED:
        stops.append(evidence.attested)
    return min(stops, key=lambda stop: rank_of(stop.outcome), default=None)
